//! Pumps and their motors.

use serde::{Deserialize, Serialize};

use super::panel::Panel;
use super::{
    Block, BlockSpec, CELSIUS, LIVES_H, ModeSpec, SECONDS, SPEED_RPM, SWITCH, UNDERVOLTAGE, room,
    set_all,
};
use crate::plant::simulation::balance::Bus;
use crate::plant::simulation::command::{Answer, Command, Progress, Takes, starting};
use crate::plant::simulation::faults::{Fault, FaultSlot};
use crate::plant::simulation::parts::PartSlot;
use crate::plant::simulation::permits::PermitSlot;
use crate::plant::simulation::physics::pump::{
    self, Acting, Condition, FULL_CAVITATION_M, Pump, PumpPlate,
};
use crate::plant::simulation::physics::starter::{Cause, Mode, Starter};
use crate::plant::simulation::physics::wear;
use crate::plant::simulation::snapshot::{Damaged, Loaded, Saved};
use crate::plant::simulation::wiring::{Board, Input, Source, Wiring};

/// Signals by which a pump tells its circuit its curve.
pub(super) const CURVE: [&str; 2] = ["h0", "slope"];
const RPM: &str = "{rev}/min";
/// What a pump does.
const STATES: &[&str] = &["stopped", "starting", "running", "stopping", "tripped"];
/// What a pump trips for.
const CAUSES: &[&str] = &[
    "none",
    "bearing hot",
    "winding hot",
    "vibration",
    "dry running",
    "no flow",
    "overload",
    "undervoltage",
];
/// Temperature to which a bearing and a winding that were too hot must cool, °C.
const COOL_C: [f64; 2] = [70.0, 100.0];
/// Filling of the tank below which a pump draws air, %.
const AIR_PERCENT: f64 = 3.0;

/// A pump and its motor. Signals: speed, turns, power, current, bearing, winding, vibration, hours,
/// available, setpoint, state, and those of its panel; flow and pressure come from its
/// circuit.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PumpSpec {
    pub(super) asset: String,
    pub(super) plate: PumpPlate,
    /// Speed in automatic, r/min; that of its group unless stated.
    #[serde(default)]
    command: Option<Source>,
    /// Above 0.5 it trips, once.
    #[serde(default)]
    trip: Source,
    /// °C.
    #[serde(default = "room")]
    ambient: Source,
    /// The asset that supplies it; without one it is supplied from outside.
    #[serde(default)]
    supply: Option<String>,
    /// At the start.
    #[serde(default)]
    mode: ModeSpec,
    /// Speed in manual at the start, r/min; the rated one unless stated.
    #[serde(default)]
    speed: Option<f64>,
    /// How long after an undervoltage it starts again by itself.
    #[serde(default = "two")]
    restart_s: f64,
    #[serde(default)]
    life_h: PumpLives,
}

fn two() -> f64 {
    2.0
}

/// Median lives of its parts at the rated point, h.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PumpLives {
    impeller: f64,
    bearing: f64,
}

impl Default for PumpLives {
    fn default() -> Self {
        Self { impeller: 20_000.0, bearing: 12_000.0 }
    }
}

struct PumpBlock {
    plate: PumpPlate,
    /// command, trip, ambient, flow, level (m) and filling (%) of what it draws from.
    inputs: [Input; 6],
    outputs: [usize; 10],
    /// h0 and slope of its curve, whether it runs by hand, and whether it comes back by itself.
    hidden: [usize; 4],
    word: usize,
    panel: Panel,
    permit: PermitSlot,
    faults: PumpFaults,
    /// Impeller and bearing.
    parts: [PartSlot; 2],
    bus: Bus,
    meter: usize,
    restart_s: f64,
    state: PumpState,
}

struct PumpFaults {
    bearing: FaultSlot,
    impeller: FaultSlot,
    misalignment: FaultSlot,
    cavitation: FaultSlot,
    blockage: FaultSlot,
    trip: FaultSlot,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct PumpState {
    pump: Pump,
    starter: Starter,
    /// Setpoint in manual, r/min.
    speed: f64,
    /// The `trip` source or the fault was on.
    was_tripping: bool,
    /// It tripped by the `trip` source, which resets it again.
    by_source: bool,
    /// How long it has been ready to be reset by itself, s.
    waited_s: f64,
}

impl PumpSpec {
    pub(super) fn build(&self, all: &[BlockSpec], w: &mut Wiring) -> Box<dyn Block> {
        let Self { asset, trip, ambient, .. } = self;
        let plate = &self.checked_plate(w);
        let command = &self.command(all, w);
        let restart_s = w.check("restart_s", self.restart_s, SECONDS, "s");
        let speed = self.speed.map(|speed| w.check("speed", speed, 0.0..=plate.rated_speed, RPM));
        let lives = [
            w.check("life_h.impeller", self.life_h.impeller, LIVES_H, "h"),
            w.check("life_h.bearing", self.life_h.bearing, LIVES_H, "h"),
        ];
        let flow = Source::Signal(format!("{asset}.flow"));
        let suction = self.suction(all);
        let of_suction = |signal: &str, without: f64| match suction {
            Some(tank) => Source::Signal(format!("{tank}.{signal}")),
            None => Source::Number(without),
        };
        let (level, percent) = (of_suction("level", 0.0), of_suction("percent", 100.0));
        let outputs = [
            ("speed", "{rev}/min"),
            ("turns", "{rev}"),
            ("power", "kW"),
            ("current", "A"),
            ("bearing", "Cel"),
            ("winding", "Cel"),
            ("vibration", "mm/s"),
            ("hours", "h"),
            ("available", "1"),
            ("setpoint", "{rev}/min"),
        ];
        starting::wire(w, asset, 0, 3.0 * plate.ramp_s + 10.0);
        let takes = Takes::Number { unit: "{rev}/min", low: 0.0, high: plate.rated_speed };
        w.command(asset, 0, "speed", takes, 3.0 * plate.ramp_s + 10.0);
        Box::new(PumpBlock {
            plate: plate.clone(),
            inputs: [
                w.read("command", command, SPEED_RPM, RPM),
                w.read("trip", trip, SWITCH, "1"),
                w.read("ambient", ambient, CELSIUS, "Cel"),
                w.input(&flow),
                w.input(&level),
                w.input(&percent),
            ],
            outputs: w.numbers(asset, outputs),
            hidden: [(CURVE[0], "m"), (CURVE[1], "m"), ("by_hand", "1"), ("returns", "1")]
                .map(|(name, unit)| w.hidden(asset, name, unit)),
            word: w.words(asset, "state", STATES),
            panel: Panel::wire(w, asset, CAUSES),
            permit: w.permit(asset),
            faults: PumpFaults {
                bearing: w.fault(asset, Fault::Bearing),
                impeller: w.fault(asset, Fault::Impeller),
                misalignment: w.fault(asset, Fault::Misalignment),
                cavitation: w.fault(asset, Fault::Cavitation),
                blockage: w.fault(asset, Fault::Blockage),
                trip: w.fault(asset, Fault::Trip),
            },
            parts: [
                w.part(asset, "impeller", lives[0], 0.2),
                w.part(asset, "bearing", lives[1], 0.5),
            ],
            bus: w.supply(self.supply.as_deref()),
            meter: w.meter(),
            restart_s,
            state: PumpState {
                pump: Pump::new(22.0),
                starter: Starter::new(self.mode.mode()),
                speed: speed.unwrap_or(plate.rated_speed),
                was_tripping: false,
                by_source: false,
                waited_s: 0.0,
            },
        })
    }

    /// The name plate, with what cannot be noted and taken to the end of its range.
    fn checked_plate(&self, w: &mut Wiring) -> PumpPlate {
        let plate = &self.plate;
        let rated_head = w.check("plate.rated_head", plate.rated_head, 0.1..=1e4, "m");
        PumpPlate {
            rated_speed: w.check("plate.rated_speed", plate.rated_speed, 1.0..=1e5, RPM),
            rated_flow: w.check("plate.rated_flow", plate.rated_flow, 1e-3..=1e4, "m3/h"),
            rated_head,
            // A curve that does not fall has no meeting point with the line.
            shutoff_head: w.check(
                "plate.shutoff_head",
                plate.shutoff_head,
                1.001 * rated_head..=2e4,
                "m",
            ),
            ramp_s: w.check("plate.ramp_s", plate.ramp_s, 0.01..=3600.0, "s"),
            efficiency: w.check("plate.efficiency", plate.efficiency, 0.05..=1.0, "1"),
        }
    }

    /// Where its speed comes from: from its group, where a `Duty` lists it.
    fn command(&self, all: &[BlockSpec], w: &mut Wiring) -> Source {
        let lists = |block: &BlockSpec| matches!(block, BlockSpec::Duty(duty) if duty.pumps.contains(&self.asset));
        let group = format!("{}.command", self.asset);
        match &self.command {
            None if all.iter().any(lists) => Source::Signal(group),
            None => Source::default(),
            Some(Source::Signal(signal)) if *signal == group => Source::Signal(group),
            Some(other) => {
                if all.iter().any(lists) {
                    let what = format!(
                        "a Duty runs {}, and its `command` is something else; leave `command` out, or state \
                         {group:?}",
                        self.asset
                    );
                    w.mistakes.push(("command".into(), what));
                }
                other.clone()
            }
        }
    }

    /// The tank that it draws from: the one from which its circuit takes.
    fn suction<'a>(&self, all: &'a [BlockSpec]) -> Option<&'a str> {
        let from = all.iter().find_map(|block| match block {
            BlockSpec::Circuit(circuit) if circuit.pumps.contains(&self.asset) => {
                circuit.from.as_deref()
            }
            _ => None,
        })?;
        let is_tank = |block: &BlockSpec| matches!(block, BlockSpec::Tank(t) if t.asset() == from);
        all.iter().any(is_tank).then_some(from)
    }
}

impl PumpBlock {
    /// Trips and resets by itself what does so.
    fn protect(&mut self, b: &Board, dt_s: f64, trip: f64, powered: bool) {
        let s = &mut self.state;
        let by_source = trip > 0.5;
        let tripping = by_source || b.fault(self.faults.trip) > 0.5;
        if tripping && !s.was_tripping {
            s.by_source = by_source && s.starter.cause().is_none();
            s.starter.trip(Cause::Overload);
        }
        s.was_tripping = tripping;
        if let Some(cause) = s.pump.trouble() {
            s.starter.trip(cause);
        }
        let turns = s.pump.speed > 0.0 || s.starter.is_switched_on();
        if !powered && turns {
            s.starter.trip(Cause::Undervoltage);
        }
        s.by_source &= s.starter.cause() == Some(Cause::Overload);
        // What the source trips it resets when it is over; an undervoltage is over with the supply.
        let (waits, for_s) = match s.starter.cause() {
            Some(Cause::Undervoltage) => (
                powered && s.starter.mode() == Mode::Automatic && s.pump.speed <= 0.0,
                self.restart_s,
            ),
            Some(_) if s.by_source => (!tripping && s.pump.speed <= 0.0, 5.0),
            _ => (false, 0.0),
        };
        s.waited_s = if waits { s.waited_s + dt_s } else { 0.0 };
        if waits && s.waited_s >= for_s {
            s.starter.reset_undervoltage();
            if s.by_source && s.starter.acknowledge().is_ok() {
                s.by_source = s.starter.reset(true, true).is_err();
            }
            s.waited_s = 0.0;
        }
    }

    /// Whether what it tripped for is over.
    fn cause_is_gone(&self, b: &Board) -> bool {
        let s = &self.state;
        match s.starter.cause() {
            Some(Cause::BearingHot) => s.pump.bearing_c < COOL_C[0],
            Some(Cause::WindingHot) => s.pump.winding_c < COOL_C[1],
            Some(Cause::DryRunning) => b.read(&self.inputs[5]) > AIR_PERCENT,
            Some(Cause::Undervoltage) => b.meters.share(self.bus) >= UNDERVOLTAGE,
            Some(Cause::Overload) => !s.was_tripping,
            _ => true,
        }
    }

    /// Whom it obeys, and the speed at which it is to run, r/min.
    fn setpoint(&self, b: &Board) -> f64 {
        match self.state.starter.mode() {
            Mode::Automatic => b.read(&self.inputs[0]).clamp(0.0, self.plate.rated_speed * 1.2),
            Mode::Manual => self.state.speed,
        }
    }

    fn acting(&self, b: &Board, command: f64, coasts: bool) -> Acting {
        let [_, _, ambient_c, flow, level, percent] = b.read_all(&self.inputs);
        let f = &self.faults;
        let share = flow / self.plate.rated_flow;
        // Of itself, a fault of the suction lets it lack so much.
        let lacks = FULL_CAVITATION_M * b.fault(f.cavitation);
        let npsh = pump::npsh_available(level, b.fault(f.blockage), share);
        let least = if lacks > 0.0 { self.plate.npsh_required(flow) - lacks } else { npsh };
        Acting {
            command,
            coasts,
            flow,
            ambient_c,
            npsh_m: npsh.min(least),
            primed: (percent / AIR_PERCENT).clamp(0.0, 1.0),
            condition: Condition {
                impeller: b.worn(self.parts[0]).max(b.fault(f.impeller)),
                bearing: b.worn(self.parts[1]).max(b.fault(f.bearing)),
                misalignment: b.fault(f.misalignment),
            },
        }
    }

    /// Wears its parts by what they did in a second.
    fn wear(&self, b: &mut Board, acting: &Acting) {
        let p = &self.state.pump;
        if p.speed < 1.0 {
            return;
        }
        let load = p.power_kw / self.plate.rated_power();
        b.wear(self.parts[0], wear::impeller(acting.flow / self.plate.rated_flow), 1.0);
        let strained = 1.0 + 2.0 * acting.condition.misalignment;
        b.wear(self.parts[1], strained * wear::bearing(acting.condition.bearing, load), 1.0);
    }
}

impl Block for PumpBlock {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        let trip = b.read(&self.inputs[1]);
        let powered = b.meters.share(self.bus) >= UNDERVOLTAGE;
        self.protect(b, dt_s, trip, powered);
        let setpoint = self.setpoint(b);
        let withheld = b.withheld(self.permit).is_some();
        let s = &mut self.state;
        let runs = s.starter.runs(setpoint > 0.0, withheld);
        let coasts = !powered || s.starter.cause().is_some();
        let command = if runs { setpoint } else { 0.0 };
        let acting = self.acting(b, command, coasts);
        let s = &mut self.state;
        s.pump.step(&self.plate, dt_s, &acting);
        let share = b.use_energy(self.bus, self.meter, s.pump.power_kw, dt_s);
        let (p, ready) = (&s.pump, s.starter.is_ready() && !withheld);
        let automatic = s.starter.mode() == Mode::Automatic;
        let values = [
            p.speed,
            p.turns,
            p.power_kw * share,
            p.current_a(),
            p.bearing_c,
            p.winding_c,
            p.vibration_mm_s,
            p.hours,
            f64::from(u8::from(ready && automatic)),
            setpoint,
        ];
        set_all(b, &self.outputs, values);
        let curve = p.curve(&self.plate);
        let by_hand = f64::from(u8::from(!automatic && runs));
        let returns = s.by_source || s.starter.cause() == Some(Cause::Undervoltage);
        let returns = f64::from(u8::from(returns && automatic));
        set_all(b, &self.hidden, [curve.h0_m, curve.slope, by_hand, returns]);
        b.set_word(self.word, p.state(s.starter.cause().is_some(), command));
        self.panel.set(b, &s.starter);
        if b.second().is_some() {
            self.wear(b, &acting);
        }
    }

    fn command(&mut self, b: &mut Board, command: &Command) -> Answer {
        let is = starting::Condition {
            standing: self.state.pump.speed <= 0.0,
            cause_is_gone: self.cause_is_gone(b),
            withheld: b.withheld(self.permit),
        };
        if let Some(answer) = starting::obey(&mut self.state.starter, command, is) {
            return answer;
        }
        if self.state.starter.mode() == Mode::Automatic {
            return Answer::Refused(
                "it is in automatic, where its group sets the speed; set mode to manual first"
                    .into(),
            );
        }
        self.state.speed = command.argument.number();
        Answer::Accepted
    }

    fn progress(&self, b: &Board, command: &Command) -> Progress {
        let s = &self.state;
        let away = (s.pump.speed - self.setpoint(b)).abs();
        let does = (s.pump.speed > 0.0 && away < 5.0, s.pump.speed <= 0.0);
        starting::progress(&s.starter, command, does).unwrap_or({
            let reached = !s.starter.is_switched_on() || away < 5.0;
            if reached { Progress::Done } else { Progress::Going }
        })
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
mod tests;
