//! Valves, heat exchangers and controllers.

use serde::{Deserialize, Serialize};

use super::panel::{self, TRUTH, truth};
use super::{Block, CELSIUS, FLOW_M3_H, LIVES_H, ModeSpec, UNDERVOLTAGE, set_all};
use crate::plant::simulation::balance::{Bus, Place};
use crate::plant::simulation::command::{Answer, Command, Progress, Takes};
use crate::plant::simulation::faults::{Fault, FaultSlot};
use crate::plant::simulation::parts::PartSlot;
use crate::plant::simulation::permits::PermitSlot;
use crate::plant::simulation::physics::control::{Controller, Pi};
use crate::plant::simulation::physics::exchanger::{self, Holdup};
use crate::plant::simulation::physics::starter::Mode;
use crate::plant::simulation::physics::{lag, valve, wear};
use crate::plant::simulation::reading::{LARGEST, figure};
use crate::plant::simulation::snapshot::{Damaged, Loaded, Saved};
use crate::plant::simulation::wiring::{Acting, Board, Input, Source, Wiring, keep};

/// What who decides are called in commands.
const MODES: Takes = Takes::Word(panel::MODES);

fn by_controller(what: &str) -> Answer {
    Answer::Refused(format!("it is in automatic, where {what}; set mode to manual first"))
}

/// A control valve. Signals: command, position, kv, state, mode.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValveSpec {
    pub(super) asset: String,
    /// In automatic, %.
    command: Source,
    /// Flow coefficient when open, m³/h.
    kvs: f64,
    /// Time constant of the actuator.
    stroke_s: f64,
    /// Pressure drop by which its seat wears, bar.
    #[serde(default = "one")]
    drop: Source,
    #[serde(default)]
    life_h: ValveLives,
}

fn one() -> Source {
    Source::Number(1.0)
}

/// Median lives of its parts, h: of the seat half shut at 2 bar, of the packing at a whole stroke a
/// minute.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ValveLives {
    seat: f64,
    packing: f64,
}

impl Default for ValveLives {
    fn default() -> Self {
        Self { seat: 15_000.0, packing: 2_000.0 }
    }
}

struct Valve {
    inputs: [Input; 2],
    kvs: f64,
    stroke_s: f64,
    outputs: [usize; 3],
    words: [usize; 2],
    /// What lets through, m³/h: its seat's leak is in it, and in no message.
    acting: Acting,
    /// Withheld, its stem stands where it is.
    permit: PermitSlot,
    stiction: FaultSlot,
    /// Seat and packing.
    parts: [PartSlot; 2],
    state: ValveState,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct ValveState {
    stem: valve::Valve,
    /// Position that somebody set, %; `None`: automatic.
    manual: Option<f64>,
    /// Way of the stem since the last whole second, %.
    moved: f64,
}

impl ValveSpec {
    pub(super) fn build(&self, w: &mut Wiring) -> Box<dyn Block> {
        let asset = &self.asset;
        let stroke_s = w.check("stroke_s", self.stroke_s, 0.01..=3600.0, "s");
        let lives = [
            w.check("life_h.seat", self.life_h.seat, LIVES_H, "h"),
            w.check("life_h.packing", self.life_h.packing, LIVES_H, "h"),
        ];
        let within_s = 6.0 * stroke_s + 5.0;
        let takes = Takes::Number { unit: "%", low: 0.0, high: 100.0 };
        w.command(asset, 0, "position", takes, within_s);
        w.command(asset, 0, "mode", MODES, 1.0);
        Box::new(Valve {
            inputs: [
                w.read("command", &self.command, 0.0..=100.0, "%"),
                w.read("drop", &self.drop, 0.0..=1e4, "bar"),
            ],
            kvs: w.check("kvs", self.kvs, 1e-3..=1e5, "m3/h"),
            stroke_s,
            outputs: w.numbers(asset, [("command", "%"), ("position", "%"), ("kv", "m3/h")]),
            words: [
                w.words(asset, "state", &["closed", "control", "open"]),
                w.words(asset, "mode", panel::MODES),
            ],
            acting: w.acting_for(&format!("{asset}.kv")),
            permit: w.permit(asset),
            stiction: w.fault(asset, Fault::Stiction),
            parts: [w.part(asset, "seat", lives[0], 0.4), w.part(asset, "packing", lives[1], 0.4)],
            state: ValveState { stem: valve::Valve::new(50.0), manual: None, moved: 0.0 },
        })
    }
}

impl Block for Valve {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        let [wanted, drop] = b.read_all(&self.inputs);
        let s = &mut self.state;
        let command = s.manual.unwrap_or(wanted).clamp(0.0, 100.0);
        let packing = b.worn(self.parts[1]).max(b.fault(self.stiction));
        if b.withheld(self.permit).is_none() {
            s.moved += s.stem.step(dt_s, command, self.stroke_s, packing);
        }
        let seat = b.worn(self.parts[0]);
        self.acting.set(b, s.stem.kv(self.kvs, seat));
        set_all(b, &self.outputs, [command, s.stem.position, s.stem.kv(self.kvs, 0.0)]);
        b.set_word(self.words[0], s.stem.state());
        let mode = if s.manual.is_some() { Mode::Manual } else { Mode::Automatic };
        b.set_word(self.words[1], mode.name());
        if b.second().is_some() {
            b.wear(self.parts[0], wear::seat(seat, s.stem.position, drop), 1.0);
            b.wear(self.parts[1], wear::packing(s.moved, 1.0), 1.0);
            s.moved = 0.0;
        }
    }

    fn command(&mut self, b: &mut Board, command: &Command) -> Answer {
        let now = b.number(self.outputs[0]);
        match (command.name, &mut self.state.manual) {
            ("mode", manual) if command.argument.word() == "manual" => {
                manual.get_or_insert(now);
                Answer::Done
            }
            ("mode", manual) => {
                *manual = None;
                Answer::Done
            }
            ("position", Some(position)) => {
                if let Some(reason) = b.withheld(self.permit) {
                    return Answer::Refused(reason.to_string());
                }
                *position = command.argument.number();
                Answer::Accepted
            }
            ("position", None) => by_controller("its controller sets the position"),
            (other, _) => Answer::Refused(format!("it knows no {other}")),
        }
    }

    fn progress(&self, _b: &Board, command: &Command) -> Progress {
        let away = (self.state.stem.position - command.argument.number()).abs();
        if command.name == "position" && away > 1.0 { Progress::Going } else { Progress::Done }
    }

    fn save(&self, out: &mut Saved) {
        out.put(&self.state);
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        self.state = from.take()?;
        Ok(())
    }
}

/// A plate heat exchanger. Signals: product_in, product_out, medium_in, medium_out, duty,
/// effectiveness, medium_flow.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExchangerSpec {
    pub(super) asset: String,
    /// Of the product, m³/h, where no circuit flows into it.
    #[serde(default)]
    flow: Option<Source>,
    /// Of the product, °C.
    inlet: Source,
    /// m³/h.
    medium_flow: Source,
    /// °C.
    medium_inlet: Source,
    /// Heat transfer at 20 m³/h, kW/K.
    ua: f64,
    /// Where the product flows to that a circuit brings: a tank, or `outside`.
    #[serde(default)]
    to: Option<String>,
    /// Median life of its plates until they are fouled, h at 20 m³/h.
    #[serde(default)]
    life_h: ExchangerLives,
}

/// Median lives of its parts, h.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ExchangerLives {
    plates: f64,
}

impl Default for ExchangerLives {
    fn default() -> Self {
        Self { plates: 2_000.0 }
    }
}

/// Water between the plates on each side, m³.
const HOLDUP_M3: f64 = 0.05;
/// Flow for which the heat transfer is stated, m³/h.
const RATED_FLOW: f64 = 20.0;

struct Exchanger {
    /// inlet, medium flow, medium inlet.
    inputs: [Input; 3],
    product: Product,
    ua: f64,
    outputs: [usize; 7],
    /// Withheld, the medium passes it by.
    permit: PermitSlot,
    fouling: FaultSlot,
    plates: PartSlot,
    /// The product where it stands for itself, and the medium; `None` before the first step.
    state: Option<[Holdup; 2]>,
}

/// Where the product is.
enum Product {
    /// It only shows what a flow would become.
    Flow(Input),
    /// It is a store through which the water goes to another place.
    Through(Place, Place),
}

impl ExchangerSpec {
    pub(super) fn build(&self, w: &mut Wiring) -> Box<dyn Block> {
        let outputs = [
            ("product_in", "Cel"),
            ("product_out", "Cel"),
            ("medium_in", "Cel"),
            ("medium_out", "Cel"),
            ("duty", "kW"),
            ("effectiveness", "%"),
            ("medium_flow", "m3/h"),
        ];
        let life_h = w.check("life_h.plates", self.life_h.plates, LIVES_H, "h");
        let product = match (&self.flow, &self.to) {
            (Some(flow), None) => Product::Flow(w.read("flow", flow, FLOW_M3_H, "m3/h")),
            (None, Some(to)) => {
                let to = w.place(to);
                // Twice as much fits in, so that whatever a step brings has room.
                Product::Through(w.store(&self.asset, 2.0 * HOLDUP_M3, HOLDUP_M3, 22.0), to)
            }
            _ => {
                let what = format!(
                    "the exchanger {} states {} of `flow` and `to`; state `to` when a circuit \
                     flows into it, else `flow`",
                    self.asset,
                    if self.flow.is_some() { "both" } else { "none" }
                );
                w.mistakes.push((self.asset.clone(), what));
                Product::Flow(Input::Number(0.0))
            }
        };
        Box::new(Exchanger {
            inputs: [
                w.read("inlet", &self.inlet, CELSIUS, "Cel"),
                w.read("medium_flow", &self.medium_flow, FLOW_M3_H, "m3/h"),
                w.read("medium_inlet", &self.medium_inlet, CELSIUS, "Cel"),
            ],
            product,
            ua: w.check("ua", self.ua, 1e-3..=1e6, "kW/K"),
            outputs: w.numbers(&self.asset, outputs),
            permit: w.permit(&self.asset),
            fouling: w.fault(&self.asset, Fault::Fouling),
            plates: w.part(&self.asset, "plates", life_h, 0.4),
            state: None,
        })
    }
}

impl Exchanger {
    /// What flows in, m³/h.
    fn flow(&self, b: &Board, dt_s: f64) -> f64 {
        match &self.product {
            Product::Flow(flow) => b.read(flow),
            Product::Through(here, _) => {
                (b.stores.volume_m3(*here) - HOLDUP_M3).max(0.0) / dt_s * 3600.0
            }
        }
    }
}

impl Block for Exchanger {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        let [inlet, medium_flow, medium_inlet] = b.read_all(&self.inputs);
        let is_bypassed = b.withheld(self.permit).is_some();
        let medium_flow = if is_bypassed { 0.0 } else { medium_flow };
        let flow = self.flow(b, dt_s);
        let fouled = b.worn(self.plates).max(b.fault(self.fouling));
        let ua = exchanger::conductance(self.ua, flow, fouled);
        let side = |temperature_c| Holdup { volume_m3: HOLDUP_M3, temperature_c };
        let [product, medium] = self.state.get_or_insert_with(|| [inlet, medium_inlet].map(side));
        let standing = exchanger::standing_kw(flow.min(medium_flow), product, medium, ua, dt_s);
        // Each side is one mixed volume: in counter-flow the medium may leave colder than the product does,
        // and yet nothing flows back from the colder inlet to the warmer one.
        let flows_back = standing * (medium_inlet - inlet) < 0.0;
        let duty = exchanger::duty_kw((flow, inlet), (medium_flow, medium_inlet), ua)
            + if flows_back { 0.0 } else { standing };
        match self.product {
            Product::Flow(_) => {
                product.step(dt_s, (flow, inlet), duty);
            }
            Product::Through(here, to) => {
                b.stores.warm(here, duty * 1000.0 * dt_s);
                product.temperature_c = b.stores.celsius(here);
                let parcel = b.take(here, flow * dt_s / 3600.0);
                let rest = b.give(to, parcel);
                let _nothing = b.give(Place::Outside, rest);
            }
        }
        medium.step(dt_s, (medium_flow, medium_inlet), -duty);
        let (warmed, span) = (product.temperature_c - inlet, medium_inlet - inlet);
        let effectiveness = if span.abs() > 0.5 { 100.0 * warmed / span } else { 0.0 };
        let values = [
            inlet,
            product.temperature_c,
            medium_inlet,
            medium.temperature_c,
            duty,
            effectiveness,
            medium_flow,
        ];
        set_all(b, &self.outputs, values);
        if b.second().is_some() {
            let fouled = b.worn(self.plates);
            b.wear(self.plates, wear::fouling(fouled, flow / RATED_FLOW), 1.0);
        }
    }

    fn save(&self, out: &mut Saved) {
        out.put(&self.state);
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        self.state = from.take()?;
        Ok(())
    }
}

/// A PI controller. Signals: measured and setpoint in `unit`, output in %, mode, and `live`: true
/// while it has its supply.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlSpec {
    pub(super) asset: String,
    measured: Source,
    setpoint: Source,
    /// Of what it measures.
    unit: String,
    pi: Pi,
    /// Least and greatest setpoint that commands may set.
    #[serde(default = "percent")]
    limits: (f64, f64),
    /// Of the setpoint, a second; 0: at once.
    #[serde(default)]
    ramp: f64,
    /// The asset that supplies it: without supply it stands still.
    #[serde(default)]
    supply: Option<String>,
    /// At the start.
    #[serde(default)]
    mode: ModeSpec,
}

/// Time constant of the filter of what a controller measures, s.
const FILTER_S: f64 = 0.5;

fn percent() -> (f64, f64) {
    (0.0, 100.0)
}

struct Control {
    inputs: [Input; 2],
    pi: Pi,
    ramp: f64,
    bus: Bus,
    outputs: [usize; 3],
    words: [usize; 2],
    state: ControlState,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct ControlState {
    controller: Controller,
    /// Setpoint that somebody set.
    setpoint: Option<f64>,
    /// What it was told, filtered; `None` before the first step.
    measured: Option<f64>,
}

impl ControlSpec {
    pub(super) fn build(&self, w: &mut Wiring) -> Box<dyn Block> {
        let (asset, unit) = (&self.asset, keep(&self.unit));
        let (low, high) = w.span("limits", self.limits, unit);
        if let Source::Number(setpoint) = self.setpoint {
            if self.limits == (low, high) && !(low..=high).contains(&setpoint) {
                let [setpoint, low, high] = [setpoint, low, high].map(figure);
                let what = format!(
                    "`setpoint` of {asset} is {setpoint}, beyond its `limits` ({low}, {high}), in {unit}; state \
                     `limits` around it"
                );
                w.mistakes.push(("setpoint".into(), what));
            }
            w.command(asset, 0, "setpoint", Takes::Number { unit, low, high }, 3600.0);
        }
        if self.pi.gain == 0.0 {
            let what = "`pi.gain` is 0, so that the controller never acts; state one above 0, or below 0 where more \
                        output lowers what is measured";
            w.mistakes.push(("gain".into(), what.into()));
        }
        let (low, high) = w.span("pi.low, pi.high", (self.pi.low, self.pi.high), "%");
        let pi = Pi {
            gain: w.check("pi.gain", self.pi.gain, -1e6..=1e6, "1"),
            integral_s: w.check("pi.integral_s", self.pi.integral_s, 1e-3..=1e9, "s"),
            low,
            high,
            integral: w.check("pi.integral", self.pi.integral, -1e6..=1e6, "%"),
        };
        w.command(asset, 0, "output", Takes::Number { unit: "%", low, high }, 1.0);
        w.command(asset, 0, "mode", MODES, 1.0);
        let mut controller = Controller::new(&pi);
        if self.mode.mode() == Mode::Manual {
            controller.manual = Some(controller.output);
        }
        Box::new(Control {
            inputs: [
                w.read_measured("measured", &self.measured, -LARGEST..=LARGEST, unit),
                w.read("setpoint", &self.setpoint, -LARGEST..=LARGEST, unit),
            ],
            pi,
            ramp: w.check("ramp", self.ramp, 0.0..=LARGEST, unit),
            bus: w.supply(self.supply.as_deref()),
            outputs: w.numbers(asset, [("measured", unit), ("setpoint", unit), ("output", "%")]),
            words: [w.words(asset, "mode", panel::MODES), w.words(asset, "live", TRUTH)],
            state: ControlState { controller, setpoint: None, measured: None },
        })
    }
}

impl Block for Control {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        let live = b.meters.share(self.bus) >= UNDERVOLTAGE;
        b.set_word(self.words[1], truth(live));
        let manual = self.state.controller.manual.is_some();
        b.set_word(self.words[0], if manual { Mode::Manual } else { Mode::Automatic }.name());
        if !live {
            return;
        }
        let [told, stated] = b.read_all(&self.inputs);
        let goal = self.state.setpoint.unwrap_or(stated);
        let measured = lag(self.state.measured.unwrap_or(told), told, FILTER_S, dt_s);
        self.state.measured = Some(measured);
        let c = &mut self.state.controller;
        let output = c.step(&self.pi, dt_s, measured, goal, self.ramp);
        set_all(b, &self.outputs, [measured, c.setpoint.unwrap_or(goal), output]);
    }

    fn command(&mut self, b: &mut Board, command: &Command) -> Answer {
        if b.meters.share(self.bus) < UNDERVOLTAGE {
            return Answer::Refused("it has no supply".into());
        }
        let c = &mut self.state.controller;
        match command.name {
            "setpoint" => {
                self.state.setpoint = Some(command.argument.number());
                Answer::Accepted
            }
            "output" if c.manual.is_none() => by_controller("it sets its output itself"),
            "output" => {
                c.manual = Some(command.argument.number());
                Answer::Done
            }
            "mode" => {
                let manual = command.argument.word() == "manual";
                c.manual = manual.then(|| c.manual.unwrap_or(c.output));
                Answer::Done
            }
            other => Answer::Refused(format!("it knows no {other}")),
        }
    }

    fn progress(&self, _b: &Board, command: &Command) -> Progress {
        let now = self.state.controller.setpoint.unwrap_or(0.0);
        let reached = (now - command.argument.number()).abs() < 1e-9;
        if command.name != "setpoint" || reached { Progress::Done } else { Progress::Going }
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
    use crate::plant::simulation::parts::WearSpec;

    const LEVEL: &str = r#"[
        Tank(asset: "TK", area: 2, height: 2, level: 1, outflow: 6),
        Control(asset: "LIC", measured: "TK.percent", setpoint: 50, unit: "%", ramp: 0.5,
                pi: (gain: 12, integral_s: 120, low: 0, high: 100, integral: 50)),
        Valve(asset: "CV", command: "LIC.output", kvs: 40, stroke_s: 2),
        Transfer(asset: "supply", from: "outside", to: "TK", flow: "CV.kv"),
    ]"#;

    #[test]
    fn a_setpoint_is_ramped_and_the_level_follows() {
        let mut bench = Bench::new(LEVEL);
        bench.run(600.0);
        assert!((bench.number("TK.percent") - 50.0).abs() < 0.5, "{}", bench.number("TK.percent"));
        let to = Argument::Number(60.0);
        assert_eq!(bench.command("LIC", "setpoint", to), Answer::Accepted);
        bench.run(10.0);
        assert!((bench.number("LIC.setpoint") - 55.0).abs() < 1e-6);
        assert_eq!(bench.progress("LIC", "setpoint", to), Progress::Going);
        bench.run(600.0);
        assert_eq!(bench.progress("LIC", "setpoint", to), Progress::Done);
        assert!((bench.number("TK.percent") - 60.0).abs() < 0.5);
        bench.check_balances();
    }

    #[test]
    fn a_valve_in_manual_goes_where_it_is_told_and_no_longer_where_its_controller_says() {
        let mut bench = Bench::new(LEVEL);
        bench.run(60.0);
        let to = Argument::Number(80.0);
        assert!(matches!(bench.command("CV", "position", to), Answer::Refused(_)));
        bench.command("CV", "mode", Argument::Word("manual"));
        assert_eq!(bench.command("CV", "position", to), Answer::Accepted);
        bench.run(30.0);
        assert_eq!(bench.progress("CV", "position", to), Progress::Done);
        assert!((bench.number("CV.position") - 80.0).abs() < 0.1);
    }

    #[test]
    fn a_valve_that_sticks_stands_and_jumps_and_the_level_hunts() {
        let wave = r#"Wave(asset: "demand", signal: "flow", unit: "m3/h", mean: 6, amplitude: 1, period_s: 200),"#;
        let text = LEVEL.replace("outflow: 6", "outflow: \"demand.flow\"").replacen(
            '[',
            &format!("[{wave}"),
            1,
        );
        let mut bench = Bench::new(&text);
        bench.run(900.0);
        // The range of the level, and the share of seconds in which the stem stands.
        let look = |bench: &mut Bench| {
            let (mut low, mut high, mut stands) = (f64::MAX, f64::MIN, 0);
            for _ in 0..600 {
                let before = bench.number("CV.position");
                bench.run(1.0);
                stands += u32::from(bench.number("CV.position") == before);
                let level = bench.number("TK.percent");
                (low, high) = (low.min(level), high.max(level));
            }
            (high - low, f64::from(stands) / 600.0)
        };
        let (well, sticks) = (look(&mut bench), {
            bench.fault("stiction", "CV", 1.0);
            look(&mut bench)
        });
        assert!(well.1 < 0.05 && sticks.1 > 0.6, "{well:?} {sticks:?}");
        assert!(sticks.0 > 1.2 * well.0, "{well:?} {sticks:?}");
    }

    #[test]
    fn a_leaking_seat_shows_in_the_flow_and_not_in_the_coefficient_that_is_told() {
        let text = r#"[
            Valve(asset: "CV", command: 0, kvs: 40, stroke_s: 2),
            Transfer(asset: "T", from: "outside", to: "outside", flow: "CV.kv"),
            Follow(asset: "F", signal: "kv", unit: "m3/h", of: "CV.kv"),
        ]"#;
        let start = [("CV.seat".to_string(), 0.5)].into();
        let mut bench = Bench::with(text, WearSpec { ageing: 0.0, start, ..WearSpec::default() });
        bench.run(60.0);
        assert_eq!((bench.number("CV.kv"), bench.number("F.kv")), (0.0, 0.0));
        assert!((bench.number("T.flow") - 0.8).abs() < 1e-3, "{}", bench.number("T.flow"));
    }

    #[test]
    fn while_somebody_works_on_it_a_valve_stands_and_an_exchanger_warms_nothing() {
        let inner = |text: &str| text.trim().trim_matches(['[', ']']).to_string();
        let text = format!("[{} {}]", inner(LEVEL), inner(HEATING));
        let mut bench = Bench::new(&text);
        bench.run(120.0);
        for (asset, part) in [("CV", "seat"), ("HX", "plates")] {
            let answer = bench.command(asset, "maintain", Argument::Word(part));
            assert_eq!(answer, Answer::Accepted);
        }
        bench.run(1.5);
        let position = bench.number("CV.position");
        bench.command("LIC", "setpoint", Argument::Number(80.0));
        bench.run(120.0);
        assert_eq!(bench.number("CV.position"), position);
        assert!(bench.number("HX.product_out") < 15.0 && bench.number("HX.medium_flow") == 0.0);
        bench.command("CV", "mode", Argument::Word("manual"));
        let refused = bench.command("CV", "position", Argument::Number(10.0));
        assert!(matches!(&refused, Answer::Refused(why) if why.contains("works on it")));
        bench.run(3600.0);
        assert!(bench.number("HX.product_out") > 25.0);
    }

    const HEATING: &str = r#"[
        Tank(asset: "A", area: 3, height: 5, level: 4, temperature: 13, loss_s: 1e9),
        Tank(asset: "B", area: 3, height: 5, level: 1, temperature: 20, loss_s: 1e9),
        Exchanger(asset: "HX", to: "B", inlet: "A.temperature", medium_flow: 14, medium_inlet: 62, ua: 14),
        Transfer(asset: "feed", from: "A", to: "HX", flow: 20),
    ]"#;

    #[test]
    fn an_exchanger_warms_what_passes_and_its_heat_closes() {
        let mut bench = Bench::new(HEATING);
        bench.run(120.0);
        let out = bench.number("HX.product_out");
        assert!((30.0..50.0).contains(&out), "{out}");
        // 20 m³/h · 4180 kJ/(m³ K) · ΔT / 3600 s.
        let expected = 20.0 * 4180.0 * (out - 13.0) / 3600.0;
        assert!((bench.number("HX.duty") / expected - 1.0).abs() < 0.01);
        bench.check_balances();
        bench.fault("fouling", "HX", 1.0);
        bench.run(60.0);
        assert!(bench.number("HX.product_out") < out - 3.0);
        bench.check_balances();
    }

    #[test]
    fn an_exchanger_states_either_a_flow_or_where_it_goes() {
        let mistakes = Bench::mistakes(&HEATING.replace("to: \"B\", inlet", "inlet"));
        assert!(mistakes.iter().any(|m| m.contains("none of `flow` and `to`")), "{mistakes:?}");
    }
}
