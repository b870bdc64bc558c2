//! The models that come with the program, a file each. A new one needs its file and a line in
//! [`super::registry`].

mod battery;
mod dc_motor;
mod pump;

pub use battery::Battery;
pub use dc_motor::{DcMotor, ThreePhaseMotor};
pub use pump::CentrifugalPump;
