//! Tanks, what moves water between them, and what stops machines at a level.

use serde::{Deserialize, Serialize};

use super::{Block, CELSIUS, FLOW_M3_H, room, set_all};
use crate::plant::simulation::balance::{HEAT_J, Parcel, Place};
use crate::plant::simulation::faults::{Fault, FaultSlot};
use crate::plant::simulation::permits::InterlockSlot;
use crate::plant::simulation::physics::lag;
use crate::plant::simulation::reading::{LARGEST, figure};
use crate::plant::simulation::snapshot::{Damaged, Loaded, Saved};
use crate::plant::simulation::wiring::{Board, Input, Source, Wiring};

/// Room above the overflow, as a share of the content: what comes in faster than the overflow
/// drains within a step.
const RIM: f64 = 0.05;
/// Time constant of the instruments that tell what flows in and out, s: bottles are filled one by
/// one.
const FLOW_S: f64 = 4.0;

/// A tank, which stores water for all that name it. Signals: level, percent, volume, temperature,
/// inflow, outflow, spilled, short.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TankSpec {
    pub(super) asset: String,
    /// m².
    area: f64,
    /// To the overflow, m.
    height: f64,
    /// At the start, m.
    level: f64,
    /// Of the content at the start, °C.
    #[serde(default = "start_temperature")]
    temperature: f64,
    /// From outside, m³/h.
    #[serde(default)]
    inflow: Source,
    /// To the outside, m³/h.
    #[serde(default)]
    outflow: Source,
    /// °C.
    #[serde(default = "room")]
    inflow_temperature: Source,
    /// °C.
    #[serde(default = "room")]
    ambient: Source,
    /// Time constant of the loss of heat.
    #[serde(default = "day")]
    loss_s: f64,
}

struct Tank {
    place: Place,
    area: f64,
    full_m3: f64,
    loss_s: f64,
    inputs: [Input; 4],
    outputs: [usize; 8],
    state: TankState,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct TankState {
    /// Volume that came in and went out up to the last step, nl.
    given_nl: i64,
    taken_nl: i64,
    /// m³/h.
    inflow: f64,
    outflow: f64,
    /// Since the start, m³.
    spilled_m3: f64,
}

fn start_temperature() -> f64 {
    22.0
}
fn day() -> f64 {
    86_400.0
}

impl TankSpec {
    /// The asset that pumps name as what they draw from.
    pub(super) fn asset(&self) -> &str {
        &self.asset
    }

    pub(super) fn build(&self, w: &mut Wiring) -> Box<dyn Block> {
        let outputs = [
            ("level", "m"),
            ("percent", "%"),
            ("volume", "m3"),
            ("temperature", "Cel"),
            ("inflow", "m3/h"),
            ("outflow", "m3/h"),
            ("spilled", "m3"),
            ("short", "m3"),
        ];
        let area = w.check("area", self.area, 1e-3..=1e5, "m2");
        let height = w.check("height", self.height, 0.01..=1e3, "m");
        let level = w.check("level", self.level, 0.0..=height, "m");
        let temperature = w.check("temperature", self.temperature, CELSIUS, "Cel");
        let full_m3 = area * height;
        Box::new(Tank {
            place: w.store(&self.asset, full_m3 * (1.0 + RIM), area * level, temperature),
            area,
            full_m3,
            loss_s: w.check("loss_s", self.loss_s, 1.0..=1e15, "s"),
            inputs: [
                w.read("inflow", &self.inflow, FLOW_M3_H, "m3/h"),
                w.read("outflow", &self.outflow, FLOW_M3_H, "m3/h"),
                w.read("inflow_temperature", &self.inflow_temperature, CELSIUS, "Cel"),
                w.read("ambient", &self.ambient, CELSIUS, "Cel"),
            ],
            outputs: w.numbers(&self.asset, outputs),
            state: TankState::default(),
        })
    }
}

impl Tank {
    /// What passes the tank's boundary to and from outside, and over its rim.
    fn exchange(&mut self, b: &mut Board, dt_s: f64) {
        let [inflow, outflow, inflow_c, ambient_c] = b.read_all(&self.inputs);
        let hours = dt_s / 3600.0;
        if inflow > 0.0 {
            let parcel = b.bring(inflow * hours, inflow_c);
            let rest = b.give(self.place, parcel);
            self.spill(b, rest);
        }
        if outflow > 0.0 {
            let parcel = b.take(self.place, outflow * hours);
            let _nothing = b.give(Place::Outside, parcel);
        }
        let over = b.stores.volume_m3(self.place) - self.full_m3;
        if over > 0.0 {
            let parcel = b.take(self.place, over);
            self.state.taken_nl += parcel.nl();
            self.spill(b, parcel);
        }
        let celsius = b.stores.celsius(self.place);
        let lost = celsius - lag(celsius, ambient_c, self.loss_s, dt_s);
        b.stores.warm(self.place, -lost * b.stores.volume_m3(self.place) * HEAT_J);
    }

    fn spill(&mut self, b: &mut Board, parcel: Parcel) {
        self.state.spilled_m3 += parcel.m3();
        let _nothing = b.give(Place::Outside, parcel);
    }
}

impl Block for Tank {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        self.exchange(b, dt_s);
        let passed = b.stores.passed(self.place);
        let s = &mut self.state;
        let rate = |now: i64, before: i64| (now - before) as f64 * 1e-12 / dt_s * 3600.0;
        s.inflow = lag(s.inflow, rate(passed.given_nl, s.given_nl), FLOW_S, dt_s);
        s.outflow = lag(s.outflow, rate(passed.taken_nl, s.taken_nl), FLOW_S, dt_s);
        (s.given_nl, s.taken_nl) = (passed.given_nl, passed.taken_nl);
        let volume = b.stores.volume_m3(self.place);
        let values = [
            volume / self.area,
            100.0 * volume / self.full_m3,
            volume,
            b.stores.celsius(self.place),
            s.inflow,
            s.outflow,
            s.spilled_m3,
            passed.short_nl as f64 * 1e-12,
        ];
        set_all(b, &self.outputs, values);
    }

    fn save(&self, out: &mut Saved) {
        out.put(&self.state);
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        self.state = from.take()?;
        Ok(())
    }
}

/// A flow from one place to another. Signals: wanted, flow, total.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransferSpec {
    pub(super) asset: String,
    /// A tank, or `outside`.
    from: String,
    /// A tank, or `outside`.
    to: String,
    /// m³/h.
    flow: Source,
    /// Of what comes from outside, °C.
    #[serde(default = "cold")]
    temperature: Source,
}

fn cold() -> Source {
    Source::Number(12.0)
}

struct Transfer {
    from: Place,
    to: Place,
    inputs: [Input; 2],
    faults: [FaultSlot; 2],
    outputs: [usize; 3],
    total_m3: f64,
}

impl TransferSpec {
    pub(super) fn build(&self, w: &mut Wiring) -> Box<dyn Block> {
        let outputs = [("wanted", "m3/h"), ("flow", "m3/h"), ("total", "m3")];
        Box::new(Transfer {
            from: w.place(&self.from),
            to: w.place(&self.to),
            inputs: [
                w.read_acting("flow", &self.flow, FLOW_M3_H, "m3/h"),
                w.read("temperature", &self.temperature, CELSIUS, "Cel"),
            ],
            faults: [Fault::Blockage, Fault::Leak].map(|fault| w.fault(&self.asset, fault)),
            outputs: w.numbers(&self.asset, outputs),
            total_m3: 0.0,
        })
    }
}

impl Block for Transfer {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        let [wanted, celsius] = b.read_all(&self.inputs);
        let [blocked, leaks] = self.faults.map(|fault| b.fault(fault));
        let m3 = wanted.max(0.0) * (1.0 - 0.95 * blocked) * dt_s / 3600.0;
        let mut parcel = match self.from {
            Place::Outside => b.bring(m3, celsius),
            from => b.take(from, m3),
        };
        let leaked = parcel.split((0.2 * leaks * parcel.nl() as f64) as i64);
        let _nothing = b.give(Place::Outside, leaked);
        let arrives = parcel.m3();
        let rest = b.give(self.to, parcel);
        let _nothing = b.give(Place::Outside, rest);
        self.total_m3 += arrives;
        set_all(b, &self.outputs, [wanted, arrives / dt_s * 3600.0, self.total_m3]);
    }

    fn save(&self, out: &mut Saved) {
        out.put(&self.total_m3);
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        self.total_m3 = from.take()?;
        Ok(())
    }
}

/// Stops machines while a number is below or above a limit. Signal: active, 0 or 1.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InterlockSpec {
    pub(super) asset: String,
    of: Source,
    /// It stops them below this.
    #[serde(default)]
    below: Option<f64>,
    /// It stops them above this.
    #[serde(default)]
    above: Option<f64>,
    /// How far back from the limit it lets them run again.
    #[serde(default)]
    hysteresis: f64,
    /// A sentence for whoever wants to start them.
    reason: String,
    /// The machines.
    stops: Vec<String>,
}

struct Interlock {
    of: Input,
    below: f64,
    above: f64,
    hysteresis: f64,
    stops: Vec<InterlockSlot>,
    active: bool,
    output: usize,
}

impl InterlockSpec {
    pub(super) fn build(&self, w: &mut Wiring) -> Box<dyn Block> {
        if self.below.is_none() && self.above.is_none() {
            let what = format!(
                "the interlock {} states no limit: add `below: …` or `above: …`",
                self.asset
            );
            w.mistakes.push((self.asset.clone(), what));
        }
        let all = -LARGEST..=LARGEST;
        let below = self.below.map(|below| w.check("below", below, all.clone(), "1"));
        let above = self.above.map(|above| w.check("above", above, all, "1"));
        if let (Some(below), Some(above)) = (below, above)
            && below >= above
        {
            let [low, high] = [below, above].map(figure);
            let what = format!(
                "the interlock {} stops below {low} and above {high}, which is always; state a `below` that is \
                 less than `above`",
                self.asset
            );
            w.mistakes.push(("below".into(), what));
        }
        Box::new(Interlock {
            of: w.measured_any("of", &self.of),
            below: below.unwrap_or(f64::NEG_INFINITY),
            above: above.unwrap_or(f64::INFINITY),
            hysteresis: w.check("hysteresis", self.hysteresis, 0.0..=LARGEST, "1"),
            stops: self.stops.iter().map(|asset| w.interlock(asset, &self.reason)).collect(),
            active: false,
            output: w.number(&self.asset, "active", "1"),
        })
    }
}

impl Block for Interlock {
    fn step(&mut self, b: &mut Board, _time_s: f64, _dt_s: f64) {
        let of = b.read(&self.of);
        let back = if self.active { self.hysteresis } else { 0.0 };
        self.active = of < self.below + back || of > self.above - back;
        for stop in &self.stops {
            b.withhold(*stop, self.active);
        }
        b.set(self.output, f64::from(u8::from(self.active)));
    }

    fn save(&self, out: &mut Saved) {
        out.put(&self.active);
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        self.active = from.take()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::plant::simulation::blocks::bench::Bench;

    #[test]
    fn what_flows_in_and_out_is_what_the_level_shows() {
        let mut bench = Bench::new(
            r#"[Tank(asset: "TK", area: 2, height: 3, level: 1, inflow: 5, outflow: 3, inflow_temperature: 40)]"#,
        );
        bench.run(3600.0);
        assert!((bench.number("TK.volume") - 4.0).abs() < 1e-6, "2 m³ + 1 h of 2 m³/h");
        assert!((bench.number("TK.level") - 2.0).abs() < 1e-6);
        assert!((bench.number("TK.inflow") - 5.0).abs() < 1e-3);
        bench.check_balances();
    }

    #[test]
    fn nothing_is_lost_when_a_tank_runs_over_or_dry() {
        let mut over =
            Bench::new(r#"[Tank(asset: "TK", area: 2, height: 3, level: 1, inflow: 20)]"#);
        over.run(3600.0);
        assert!((over.number("TK.volume") - 6.0).abs() < 1e-6, "{}", over.number("TK.volume"));
        assert!((over.number("TK.spilled") - 16.0).abs() < 1e-3);
        assert_eq!(over.number("TK.short"), 0.0);
        over.check_balances();
        let mut dry =
            Bench::new(r#"[Tank(asset: "TK", area: 2, height: 3, level: 1, outflow: 20)]"#);
        dry.run(3600.0);
        assert_eq!(dry.number("TK.volume"), 0.0);
        assert!((dry.number("TK.short") - 18.0).abs() < 1e-3, "{}", dry.number("TK.short"));
        dry.check_balances();
    }

    #[test]
    fn a_transfer_gives_what_there_is_and_says_so() {
        let mut bench = Bench::new(
            r#"[
                Tank(asset: "A", area: 1, height: 1, level: 0.5),
                Tank(asset: "B", area: 1, height: 2, level: 0.5, temperature: 50, loss_s: 1e12),
                Transfer(asset: "T", from: "A", to: "B", flow: 6),
            ]"#,
        );
        bench.run(60.0);
        assert!((bench.number("T.flow") - 6.0).abs() < 1e-6);
        bench.run(600.0);
        assert_eq!((bench.number("T.wanted"), bench.number("T.flow")), (6.0, 0.0));
        assert!((bench.number("T.total") - 0.5).abs() < 1e-6);
        assert!((bench.number("B.temperature") - 36.0).abs() < 0.1, "equal parts mix");
        bench.check_balances();
    }

    #[test]
    fn a_leak_loses_a_fifth_and_a_blockage_nearly_all() {
        let mut bench = Bench::new(
            r#"[
                Tank(asset: "A", area: 5, height: 2, level: 2),
                Transfer(asset: "T", from: "A", to: "outside", flow: 6),
            ]"#,
        );
        bench.fault("leak", "T", 1.0);
        bench.run(60.0);
        assert!((bench.number("T.flow") - 4.8).abs() < 1e-6, "{}", bench.number("T.flow"));
        assert!((bench.number("A.outflow") - 6.0).abs() < 1e-3);
        bench.fault("blockage", "T", 1.0);
        bench.run(60.0);
        assert!(bench.number("T.flow") < 0.3);
        bench.check_balances();
    }
}
