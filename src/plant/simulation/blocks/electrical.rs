//! Geared motors and cabinets.

use serde::{Deserialize, Serialize};

use super::panel::Panel;
use super::{Block, CELSIUS, LIVES_H, SECONDS, UNDERVOLTAGE, room, set_all};
use crate::plant::simulation::balance::Bus;
use crate::plant::simulation::command::{Answer, Command, Progress, starting};
use crate::plant::simulation::faults::{Fault, FaultSlot};
use crate::plant::simulation::parts::PartSlot;
use crate::plant::simulation::permits::PermitSlot;
use crate::plant::simulation::physics::drive::{Drive, DrivePlate};
use crate::plant::simulation::physics::starter::{Cause, Mode, Starter};
use crate::plant::simulation::physics::{lag, ramp, wear};
use crate::plant::simulation::snapshot::{Damaged, Loaded, Saved};
use crate::plant::simulation::wiring::{Board, Input, Source, Wiring};

/// A geared motor that drives a belt. Signals: speed, travel, power, current, temperature, hours,
/// available, state, and those of its panel.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DriveSpec {
    pub(super) asset: String,
    /// Of the belt, m/s.
    speed: Source,
    rated_kw: f64,
    /// m/s.
    rated_speed: f64,
    /// °C.
    #[serde(default = "room")]
    ambient: Source,
    /// The asset that supplies it; without one it is supplied from outside.
    #[serde(default)]
    supply: Option<String>,
    /// How long after an undervoltage it is ready again by itself.
    #[serde(default = "two")]
    restart_s: f64,
    #[serde(default)]
    life_h: DriveLives,
}

/// From the rated speed to standstill, and back, s.
const RAMP_S: f64 = 1.0;

fn two() -> f64 {
    2.0
}

/// Median lives of its parts at rated speed, h.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct DriveLives {
    idlers: f64,
}

impl Default for DriveLives {
    fn default() -> Self {
        Self { idlers: 20_000.0 }
    }
}

struct DriveBlock {
    /// Speed of its line, ambient.
    inputs: [Input; 2],
    plate: DrivePlate,
    outputs: [usize; 7],
    word: usize,
    panel: Panel,
    permit: PermitSlot,
    /// Idlers and trip.
    faults: [FaultSlot; 2],
    idlers: PartSlot,
    bus: Bus,
    meter: usize,
    restart_s: f64,
    state: DriveState,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct DriveState {
    drive: Drive,
    starter: Starter,
    /// Of the belt, m/s.
    speed: f64,
    was_tripping: bool,
    /// How long the supply has been back, s.
    waited_s: f64,
}

impl DriveSpec {
    pub(super) fn build(&self, w: &mut Wiring) -> Box<dyn Block> {
        let asset = &self.asset;
        let outputs = [
            ("speed", "m/s"),
            ("travel", "m"),
            ("power", "kW"),
            ("current", "A"),
            ("temperature", "Cel"),
            ("hours", "h"),
            ("available", "1"),
        ];
        starting::wire(w, asset, 0, 10.0);
        let plate = DrivePlate {
            rated_kw: w.check("rated_kw", self.rated_kw, 1e-3..=1e4, "kW"),
            rated_speed: w.check("rated_speed", self.rated_speed, 1e-3..=100.0, "m/s"),
        };
        // More than any belt is driven beyond its rated speed.
        let most = 10.0 * plate.rated_speed;
        let life_h = w.check("life_h.idlers", self.life_h.idlers, LIVES_H, "h");
        Box::new(DriveBlock {
            inputs: [
                w.read("speed", &self.speed, -most..=most, "m/s"),
                w.read("ambient", &self.ambient, CELSIUS, "Cel"),
            ],
            plate,
            outputs: w.numbers(asset, outputs),
            word: w.words(asset, "state", &["running", "stopped", "tripped"]),
            panel: Panel::wire(w, asset, &["none", "overload", "undervoltage"]),
            permit: w.permit(asset),
            faults: [Fault::Idler, Fault::Trip].map(|fault| w.fault(asset, fault)),
            idlers: w.part(asset, "idlers", life_h, 0.4),
            bus: w.supply(self.supply.as_deref()),
            meter: w.meter(),
            restart_s: w.check("restart_s", self.restart_s, SECONDS, "s"),
            state: DriveState {
                drive: Drive::new(22.0),
                starter: Starter::new(Mode::Automatic),
                speed: 0.0,
                was_tripping: false,
                waited_s: 0.0,
            },
        })
    }
}

impl DriveBlock {
    fn protect(&mut self, b: &Board, dt_s: f64) {
        let s = &mut self.state;
        let tripping = b.fault(self.faults[1]) > 0.5;
        if tripping && !s.was_tripping || s.drive.overloaded() {
            s.starter.trip(Cause::Overload);
        }
        s.was_tripping = tripping;
        let powered = b.meters.share(self.bus) >= UNDERVOLTAGE;
        if !powered {
            s.starter.trip(Cause::Undervoltage);
        }
        let waits = powered && s.starter.mode() == Mode::Automatic;
        s.waited_s = if waits { s.waited_s + dt_s } else { 0.0 };
        if waits && s.waited_s >= self.restart_s {
            s.starter.reset_undervoltage();
        }
    }
}

impl Block for DriveBlock {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        self.protect(b, dt_s);
        let [wanted, ambient_c] = b.read_all(&self.inputs);
        let idlers = b.worn(self.idlers).max(b.fault(self.faults[0]));
        let withheld = b.withheld(self.permit).is_some();
        let s = &mut self.state;
        // In automatic it turns with its line, which asks whether it can.
        let runs = s.starter.runs(true, withheld);
        let powered = b.meters.share(self.bus) >= UNDERVOLTAGE;
        let target = if powered && runs { wanted } else { 0.0 };
        s.speed = ramp(s.speed, target, self.plate.rated_speed / RAMP_S, dt_s);
        s.drive.step(&self.plate, dt_s, (s.speed, powered && runs), idlers, ambient_c);
        let share = b.use_energy(self.bus, self.meter, s.drive.power_kw, dt_s);
        let (d, speed) = (&s.drive, s.speed);
        let values = [
            speed,
            d.travel_m,
            d.power_kw * share,
            d.current_a(),
            d.temperature_c,
            d.hours,
            f64::from(u8::from(runs)),
        ];
        set_all(b, &self.outputs, values);
        let state = match () {
            () if s.starter.cause().is_some() => "tripped",
            () if speed.abs() > 1e-3 => "running",
            () => "stopped",
        };
        b.set_word(self.word, state);
        self.panel.set(b, &s.starter);
        if b.second().is_some() {
            b.wear(self.idlers, wear::idlers(speed / self.plate.rated_speed), 1.0);
        }
    }

    fn command(&mut self, b: &mut Board, command: &Command) -> Answer {
        let s = &mut self.state;
        let powered = b.meters.share(self.bus) >= UNDERVOLTAGE;
        let is = starting::Condition {
            standing: b.number(self.outputs[0]).abs() < 1e-3,
            cause_is_gone: powered && !s.was_tripping,
            withheld: b.withheld(self.permit),
        };
        starting::obey(&mut s.starter, command, is)
            .unwrap_or_else(|| Answer::Refused(format!("it knows no {}", command.name)))
    }

    fn progress(&self, b: &Board, command: &Command) -> Progress {
        let s = &self.state;
        let standing = b.number(self.outputs[0]).abs() < 1e-3;
        let does = (s.starter.is_switched_on(), standing);
        starting::progress(&s.starter, command, does).unwrap_or(Progress::Done)
    }

    fn save(&self, out: &mut Saved) {
        out.put(&self.state);
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        self.state = from.take()?;
        Ok(())
    }
}

/// A cabinet. Signals: power, current, temperature, fan, state.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CabinetSpec {
    pub(super) asset: String,
    /// kW.
    load: Source,
    /// Share of the load that warms it.
    losses: f64,
    /// °C.
    #[serde(default = "room")]
    ambient: Source,
    /// The asset from which it takes its losses; without one they are counted nowhere.
    #[serde(default)]
    supply: Option<String>,
}

struct Cabinet {
    inputs: [Input; 2],
    losses: f64,
    supply: Option<(Bus, usize)>,
    outputs: [usize; 3],
    words: [usize; 2],
    state: CabinetState,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct CabinetState {
    temperature: f64,
    fan: bool,
}

impl CabinetSpec {
    pub(super) fn build(&self, w: &mut Wiring) -> Box<dyn Block> {
        let outputs = [("power", "kW"), ("current", "A"), ("temperature", "Cel")];
        Box::new(Cabinet {
            inputs: [
                w.read("load", &self.load, 0.0..=1e5, "kW"),
                w.read("ambient", &self.ambient, CELSIUS, "Cel"),
            ],
            losses: w.check("losses", self.losses, 0.0..=1.0, "1"),
            supply: self.supply.as_deref().map(|supply| (w.supply(Some(supply)), w.meter())),
            outputs: w.numbers(&self.asset, outputs),
            words: [
                w.words(&self.asset, "fan", &["on", "off"]),
                w.words(&self.asset, "state", &["ok", "hot"]),
            ],
            state: CabinetState { temperature: 25.0, fan: false },
        })
    }
}

impl Block for Cabinet {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        let [load, ambient] = b.read_all(&self.inputs);
        let s = &mut self.state;
        let lost_kw = 0.12 + self.losses * load;
        if let Some((bus, meter)) = self.supply {
            b.use_energy(bus, meter, lost_kw, dt_s);
        }
        // Losses warm the cabinet by 14 K a kilowatt with the fan, by 30 K without it.
        let rise = lost_kw * if s.fan { 14.0 } else { 30.0 };
        s.temperature = lag(s.temperature, ambient + rise, 500.0, dt_s);
        s.fan = s.temperature > if s.fan { 31.0 } else { 35.0 };
        let current = load * 1000.0 / (3f64.sqrt() * 400.0 * 0.9);
        set_all(b, &self.outputs, [load, current, s.temperature]);
        b.set_word(self.words[0], if s.fan { "on" } else { "off" });
        b.set_word(self.words[1], if s.temperature > 48.0 { "hot" } else { "ok" });
    }

    fn save(&self, out: &mut Saved) {
        out.put(&self.state);
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        self.state = from.take()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::plant::simulation::blocks::bench::Bench;
    use crate::plant::simulation::command::{Answer, Argument, Progress};

    #[test]
    fn hard_rollers_take_current_then_heat_and_then_the_drive_trips_and_tells_its_line() {
        let mut bench =
            Bench::new(r#"[Drive(asset: "CV", speed: 0.42, rated_kw: 0.75, rated_speed: 0.5)]"#);
        bench.run(5.0);
        let (current, warm) = (bench.number("CV.current"), bench.number("CV.temperature"));
        bench.fault("idler", "CV", 1.0);
        bench.run(1.0);
        assert!(bench.number("CV.current") > 1.3 * current);
        assert!(bench.number("CV.temperature") < warm + 0.5);
        bench.until(120.0, |b| b.word("CV.state") == "tripped").expect("it trips");
        assert!(bench.number("CV.temperature") > warm + 2.0);
        assert_eq!((bench.number("CV.available"), bench.word("CV.cause")), (0.0, "overload"));
        let reset = |bench: &mut Bench| bench.command("CV", "reset", Argument::Nothing);
        assert!(matches!(reset(&mut bench), Answer::Refused(why) if why.contains("acknowledge")));
        bench.command("CV", "acknowledge", Argument::Nothing);
        bench.mend();
        bench.run(1.5);
        assert_eq!(bench.number("CV.speed"), 0.0, "it has run down");
        assert!(bench.number("CV.power") < 0.02);
        assert_eq!(reset(&mut bench), Answer::Done);
        bench.run(2.0);
        assert!((bench.number("CV.speed") - 0.42).abs() < 1e-9);
        assert_eq!(bench.number("CV.available"), 1.0);
    }

    #[test]
    fn a_belt_that_is_stopped_by_hand_stands_and_can_be_locked_and_takes_nothing_without_mains() {
        let mut bench = Bench::new(
            r#"[
                Mains(asset: "MAINS"),
                Drive(asset: "CV", speed: 0.42, rated_kw: 0.75, rated_speed: 0.5, supply: "MAINS"),
            ]"#,
        );
        bench.run(3.0);
        bench.command("CV", "mode", Argument::Word("manual"));
        assert_eq!(bench.command("CV", "stop", Argument::Nothing), Answer::Accepted);
        bench.run(0.2);
        assert_eq!(bench.progress("CV", "stop", Argument::Nothing), Progress::Going);
        bench.run(1.0);
        assert_eq!(bench.progress("CV", "stop", Argument::Nothing), Progress::Done);
        let (travel, state) = (bench.number("CV.travel"), bench.word("CV.state"));
        bench.run(5.0);
        assert_eq!((bench.number("CV.travel"), state), (travel, "stopped"));
        assert_eq!(bench.command("CV", "lockout", Argument::Switch(true)), Answer::Done);
        bench.fault("dip", "MAINS", 1.0);
        bench.run(1.0);
        assert_eq!((bench.number("CV.power"), bench.number("CV.current")), (0.0, 0.0));
    }
}
