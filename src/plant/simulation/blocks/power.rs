//! The mains and the supplies that bridge their gaps.

use serde::{Deserialize, Serialize};

use super::{Block, CELSIUS, LIVES_H, SWITCH, UNDERVOLTAGE, room, set_all};
use crate::plant::simulation::balance::{Balance, Bus, microjoules};
use crate::plant::simulation::command::{Answer, Command, Progress, Takes};
use crate::plant::simulation::faults::{Fault, FaultSlot};
use crate::plant::simulation::parts::PartSlot;
use crate::plant::simulation::permits::PermitSlot;
use crate::plant::simulation::physics::electrical::{Around, NOMINAL_V, Ups, UpsPlate};
use crate::plant::simulation::physics::{lag, wear};
use crate::plant::simulation::snapshot::{Damaged, Loaded, Saved};
use crate::plant::simulation::wiring::{Board, Input, Source, Wiring};

/// The mains: what names it as its supply stops when it dips. Signals: voltage, power, energy.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MainsSpec {
    pub(super) asset: String,
}

struct Mains {
    bus: Bus,
    dip: FaultSlot,
    outputs: [usize; 3],
    state: MainsState,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct MainsState {
    voltage: f64,
    power_kw: f64,
    /// Since the start, µJ.
    energy_uj: i64,
}

impl MainsSpec {
    pub(super) fn build(&self, w: &mut Wiring) -> Box<dyn Block> {
        let outputs = [("voltage", "V"), ("power", "kW"), ("energy", "kW.h")];
        Box::new(Mains {
            bus: w.supplies(&self.asset),
            dip: w.fault(&self.asset, Fault::Dip),
            outputs: w.numbers(&self.asset, outputs),
            state: MainsState { voltage: NOMINAL_V, power_kw: 0.0, energy_uj: 0 },
        })
    }
}

impl Block for Mains {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        let drawn = b.meters.settle(self.bus);
        b.meters.import(drawn);
        let share = 1.0 - b.fault(self.dip);
        b.meters.supply(self.bus, share);
        let s = &mut self.state;
        s.energy_uj += drawn;
        s.voltage = lag(s.voltage, NOMINAL_V * share, 0.08, dt_s);
        s.power_kw = lag(s.power_kw, drawn as f64 * 1e-9 / dt_s, 0.2, dt_s);
        set_all(b, &self.outputs, [s.voltage, s.power_kw, s.energy_uj as f64 / 3.6e12]);
    }

    fn save(&self, out: &mut Saved) {
        out.put(&self.state);
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        self.state = from.take()?;
        Ok(())
    }
}

/// An uninterruptible supply. Signals: load, power, charge, energy, battery_voltage,
/// mains_voltage, battery_temperature, minutes, battery_power, output, state.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpsSpec {
    pub(super) asset: String,
    /// Beside what names it as its supply, kW.
    #[serde(default)]
    load: Source,
    rated_kw: f64,
    capacity_kwh: f64,
    /// Above 0.5 the mains are away.
    #[serde(default)]
    mains_lost: Source,
    /// °C.
    #[serde(default = "room")]
    ambient: Source,
    /// The asset that supplies it; without one it is supplied from outside.
    #[serde(default)]
    supply: Option<String>,
    #[serde(default)]
    life_h: UpsLives,
}

/// Median lives of its parts at 25 °C, h.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct UpsLives {
    battery: f64,
}

impl Default for UpsLives {
    fn default() -> Self {
        Self { battery: 26_000.0 }
    }
}

/// Length of a test of the battery, s.
const TEST_S: f64 = 10.0;
/// Charge that a test needs, %.
const TEST_PERCENT: f64 = 50.0;

struct UpsBlock {
    plate: UpsPlate,
    inputs: [Input; 3],
    outputs: [usize; 10],
    /// Withheld, it is in bypass.
    permit: PermitSlot,
    word: usize,
    /// What supplies it, and what it supplies.
    buses: [Bus; 2],
    /// Of its own load, and of its losses.
    meters: [usize; 2],
    fault: FaultSlot,
    battery: PartSlot,
    /// In the battery at the start, µJ.
    brought: i64,
    state: UpsState,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct UpsState {
    ups: Ups,
    /// Rest of a test, s.
    test_s: f64,
}

impl UpsSpec {
    pub(super) fn build(&self, w: &mut Wiring) -> Box<dyn Block> {
        let outputs = [
            ("load", "%"),
            ("power", "kW"),
            ("charge", "%"),
            ("energy", "kW.h"),
            ("battery_voltage", "V"),
            ("mains_voltage", "V"),
            ("battery_temperature", "Cel"),
            ("minutes", "min"),
            ("battery_power", "kW"),
            ("output", "1"),
        ];
        let plate = UpsPlate {
            rated_kw: w.check("rated_kw", self.rated_kw, 0.01..=1e4, "kW"),
            capacity_kwh: w.check("capacity_kwh", self.capacity_kwh, 1e-3..=1e5, "kW.h"),
        };
        let life_h = w.check("life_h.battery", self.life_h.battery, LIVES_H, "h");
        let ups = Ups::new(&plate, 0.97);
        w.command(&self.asset, 0, "test", Takes::Nothing, TEST_S + 5.0);
        Box::new(UpsBlock {
            plate,
            inputs: [
                w.read("load", &self.load, 0.0..=1e4, "kW"),
                w.read("mains_lost", &self.mains_lost, SWITCH, "1"),
                w.read("ambient", &self.ambient, CELSIUS, "Cel"),
            ],
            permit: w.permit(&self.asset),
            outputs: w.numbers(&self.asset, outputs),
            word: w.words(&self.asset, "state", &["mains", "charging", "battery", "empty"]),
            buses: [w.supply(self.supply.as_deref()), w.supplies(&self.asset)],
            meters: [w.meter(), w.meter()],
            fault: w.fault(&self.asset, Fault::Battery),
            battery: w.part(&self.asset, "battery", life_h, 0.25),
            brought: ups.energy_uj,
            state: UpsState { ups, test_s: 0.0 },
        })
    }
}

impl Block for UpsBlock {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        let [own_kw, lost, ambient_c] = b.read_all(&self.inputs);
        let s = &mut self.state;
        // What it carried in the last step, and what it carries beside that in this one.
        let own = if s.ups.carries { microjoules(own_kw.max(0.0), dt_s) } else { 0 };
        b.meters.consume(self.meters[0], own);
        let load = b.meters.settle(self.buses[1]) + own;
        let mains = b.meters.share(self.buses[0]) * if lost > 0.5 { 0.4 } else { 1.0 };
        s.test_s = (s.test_s - dt_s).max(0.0);
        let worn = b.worn(self.battery).max(b.fault(self.fault));
        let bypass = b.withheld(self.permit).is_some();
        let around = Around { mains, test: s.test_s > 0.0, bypass, worn, ambient_c };
        let flows = s.ups.step(&self.plate, dt_s, load, around);
        b.meters.draw(self.buses[0], flows.drawn);
        b.meters.consume(self.meters[1], flows.lost);
        let output = f64::from(u8::from(s.ups.carries));
        b.meters.supply(self.buses[1], output);
        let (u, plate, load_kw) = (&s.ups, &self.plate, load as f64 * 1e-9 / dt_s);
        let values = [
            100.0 * load_kw / plate.rated_kw,
            load_kw,
            u.charge_percent(plate),
            u.energy_kwh(),
            u.battery_v(plate),
            u.mains_v,
            u.battery_c,
            u.minutes(load_kw),
            u.battery_kw,
            output,
        ];
        set_all(b, &self.outputs, values);
        b.set_word(self.word, u.state(plate));
        if b.second().is_some() {
            let drawn = (-u.battery_kw).max(0.0) / plate.rated_kw;
            b.wear(self.battery, wear::battery(u.battery_c, drawn), 1.0);
        }
    }

    fn command(&mut self, b: &mut Board, command: &Command) -> Answer {
        let u = &self.state.ups;
        if command.name != "test" {
            return Answer::Refused(format!("it knows no {}", command.name));
        }
        if let Some(reason) = b.withheld(self.permit) {
            return Answer::Refused(reason.to_string());
        }
        if u.on_battery() || b.meters.share(self.buses[0]) < UNDERVOLTAGE {
            return Answer::Refused("the mains are away: it is on its battery".into());
        }
        let charge = u.charge_percent(&self.plate);
        if charge < TEST_PERCENT {
            return Answer::Refused(format!(
                "its battery is charged to {charge:.0} %; a test needs {TEST_PERCENT} %"
            ));
        }
        self.state.test_s = TEST_S;
        Answer::Accepted
    }

    fn progress(&self, _b: &Board, _command: &Command) -> Progress {
        match &self.state {
            s if s.ups.energy_uj <= 0 => Progress::Failed("its battery is empty".into()),
            s if s.test_s > 0.0 => Progress::Going,
            _ => Progress::Done,
        }
    }

    fn balances(&self, _b: &Board) -> Vec<Balance> {
        vec![Balance {
            quantity: "energy",
            entered: i128::from(self.brought),
            left: 0,
            held: i128::from(self.state.ups.energy_uj),
        }]
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

    const POWER: &str = r#"[
        Mains(asset: "MAINS"),
        Ups(asset: "UPS", supply: "MAINS", load: 4, rated_kw: 15, capacity_kwh: 0.1),
        Tank(asset: "TK", area: 2, height: 2, level: 1, outflow: 6),
        Control(asset: "LIC", measured: "TK.percent", setpoint: 50, unit: "%", supply: "UPS",
                pi: (gain: 4, integral_s: 60, low: 0, high: 100, integral: 50)),
        Drive(asset: "CV", speed: 0.42, rated_kw: 0.75, rated_speed: 0.5, supply: "MAINS"),
    ]"#;

    #[test]
    fn a_dip_runs_on_the_battery_until_it_is_empty_and_then_the_controls_stand_still() {
        let mut bench = Bench::new(POWER);
        bench.run(30.0);
        assert_eq!((bench.word("UPS.state"), bench.word("LIC.live")), ("charging", "true"));
        bench.fault("dip", "MAINS", 1.0);
        bench.run(2.0);
        assert_eq!((bench.word("UPS.state"), bench.word("LIC.live")), ("battery", "true"));
        assert_eq!(bench.word("CV.cause"), "undervoltage", "what is not on it stops");
        bench.check_balances();
        let empty = bench.until(600.0, |b| b.word("UPS.state") == "empty").expect("it empties");
        // 0.1 kWh · 0.97 · 0.94 / 4 kW.
        assert!((empty - 82.0).abs() < 8.0, "{empty} s");
        bench.run(1.0);
        assert_eq!((bench.number("UPS.output"), bench.word("LIC.live")), (0.0, "false"));
        let output = bench.number("LIC.output");
        bench.run(20.0);
        assert_eq!(bench.number("LIC.output"), output);
        assert_eq!(bench.number("UPS.power"), 0.0);
        bench.check_balances();
        bench.mend();
        bench.run(10.0);
        assert_eq!((bench.word("UPS.state"), bench.word("LIC.live")), ("charging", "true"));
        assert_eq!(bench.word("CV.cause"), "none", "it starts again by itself");
        bench.check_balances();
    }

    #[test]
    fn the_mains_give_what_is_used_charged_and_lost() {
        let mut bench = Bench::new(POWER);
        bench.run(600.0);
        let expected = bench.number("CV.power") + 4.0 / 0.96;
        assert!((bench.number("MAINS.power") - expected).abs() < 0.05);
        bench.check_balances();
    }

    #[test]
    fn a_test_takes_the_battery_for_ten_seconds_and_an_old_one_shows() {
        let mut bench = Bench::new(POWER);
        bench.run(300.0);
        assert_eq!(bench.command("UPS", "test", Argument::Nothing), Answer::Accepted);
        bench.run(5.0);
        assert_eq!(bench.word("UPS.state"), "battery");
        assert_eq!(bench.progress("UPS", "test", Argument::Nothing), Progress::Going);
        let new = bench.number("UPS.battery_voltage");
        bench.run(10.0);
        assert_eq!(bench.progress("UPS", "test", Argument::Nothing), Progress::Done);
        bench.run(300.0);
        bench.fault("battery", "UPS", 0.7);
        bench.command("UPS", "test", Argument::Nothing);
        bench.run(5.0);
        assert!(bench.number("UPS.battery_voltage") < new - 5.0);
        bench.check_balances();
    }
}
