//! The models that come with the program, a file each. A new one needs its file and a line in
//! [`super::registry`].

mod battery;
mod belt_conveyor;
mod control_valve;
mod dc_motor;
mod machine_line;
mod plate_heat_exchanger;
mod pump;
mod robot_joint;
mod tank;

pub use battery::Battery;
pub use belt_conveyor::BeltConveyor;
pub use control_valve::ControlValve;
pub use dc_motor::{DcMotor, ThreePhaseMotor};
pub use machine_line::MachineLine;
pub use plate_heat_exchanger::PlateHeatExchanger;
pub use pump::CentrifugalPump;
pub use robot_joint::RobotJoint;
pub use tank::Tank;
