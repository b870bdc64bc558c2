//! The line that pumps in parallel feed.

use serde::Deserialize;

use super::pumping::CURVE;
use super::{Block, BlockSpec, set_all};
use crate::plant::simulation::balance::Place;
use crate::plant::simulation::faults::{Fault, FaultSlot};
use crate::plant::simulation::physics::hydraulics::{self, METRES_PER_BAR};
use crate::plant::simulation::physics::pump::{Curve, PumpPlate};
use crate::plant::simulation::reading::RESISTANCE;
use crate::plant::simulation::snapshot::{Damaged, Loaded, Saved};
use crate::plant::simulation::wiring::{Board, Input, Source, Wiring};

/// Pumps in parallel into one line. Signals: flow, pressure, drop, and the pumps' flow and
/// pressure.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CircuitSpec {
    pub(super) asset: String,
    pub(super) pumps: Vec<String>,
    /// What they draw from: a tank, or `outside`. With `to` it says which water the line moves.
    #[serde(default)]
    pub(super) from: Option<String>,
    /// Where it flows to: a tank, an exchanger, or `outside`.
    #[serde(default)]
    to: Option<String>,
    /// m.
    #[serde(default)]
    static_head: Source,
    /// Of the pipes, m/(m³/h)².
    resistance: Source,
    /// Of the valve, m³/h at 1 bar.
    #[serde(default = "open")]
    kv: Source,
}

struct Circuit {
    /// h0, slope and speed of each pump.
    pumps: Vec<[Input; 3]>,
    curves: Vec<Curve>,
    /// Flow and pressure of each pump.
    flows: Vec<(usize, usize)>,
    way: Option<[Place; 2]>,
    inputs: [Input; 3],
    /// Blockage and leak.
    faults: [FaultSlot; 2],
    /// Rated flow of all pumps and head of the first: what faults are measured by.
    rated: (f64, f64),
    outputs: [usize; 3],
}

fn open() -> Source {
    Source::Number(1000.0)
}

impl CircuitSpec {
    pub(super) fn build(&self, all: &[BlockSpec], w: &mut Wiring) -> Option<Box<dyn Block>> {
        let plate = |name: &String| {
            all.iter().find_map(|block| match block {
                BlockSpec::Pump(pump) if pump.asset == *name => Some(&pump.plate),
                _ => None,
            })
        };
        let plates: Vec<Option<&PumpPlate>> = self.pumps.iter().map(plate).collect();
        let known = all.iter().filter_map(|block| match block {
            BlockSpec::Pump(pump) => Some(&*pump.asset),
            _ => None,
        });
        if !w.check_machines("pumps", &self.pumps, "Pump", known) {
            w.hush(&self.asset);
            self.pumps.iter().for_each(|pump| w.hush(pump));
            return None;
        }
        let way = match (&self.from, &self.to) {
            (Some(from), Some(to)) => Some([w.place(from), w.place(to)]),
            (None, None) => None,
            _ => {
                let what = format!(
                    "the circuit {} states only one of `from` and `to`: what it takes must arrive \
                     somewhere; state both, one of them may be \"outside\"",
                    self.asset
                );
                w.mistakes.push((self.asset.clone(), what));
                None
            }
        };
        let mut pumps = Vec::new();
        for pump in &self.pumps {
            let speed = w.input(&Source::Signal(format!("{pump}.speed")));
            let [h0, slope] = CURVE.map(|name| w.secret(pump, name));
            pumps.push([h0, slope, speed]);
        }
        let flow =
            |pump: &String| (w.number(pump, "flow", "m3/h"), w.number(pump, "pressure", "bar"));
        let flows = self.pumps.iter().map(flow).collect();
        let rated = plates.iter().flatten().map(|plate| plate.rated_flow).sum();
        let head = plates.iter().flatten().map(|plate| plate.rated_head).fold(0.0, f64::max);
        Some(Box::new(Circuit {
            curves: Vec::with_capacity(pumps.len()),
            pumps,
            flows,
            way,
            inputs: [
                w.read("static_head", &self.static_head, -1000.0..=1e4, "m"),
                w.read("resistance", &self.resistance, 0.0..=1e6, RESISTANCE),
                w.read_acting("kv", &self.kv, 0.0..=1e6, "m3/h"),
            ],
            faults: [Fault::Blockage, Fault::Leak].map(|fault| w.fault(&self.asset, fault)),
            rated: (rated, head),
            outputs: w
                .numbers(&self.asset, [("flow", "m3/h"), ("pressure", "bar"), ("drop", "bar")]),
        }))
    }
}

impl Circuit {
    /// The line, with what is in its way and what runs out of it.
    fn line(&self, b: &Board) -> hydraulics::Line {
        let [static_head_m, mut resistance, kv] = b.read_all(&self.inputs);
        let [blocked, leaks] = self.faults.map(|fault| b.fault(fault));
        let (flow, head) = self.rated;
        let left = 1.0 - 0.95 * blocked;
        resistance += 0.3 * head / (flow * flow) * (1.0 / (left * left) - 1.0);
        // A fifth of what the pumps that run deliver at their best point.
        let run = self.curves.iter().filter(|curve| curve.h0_m > 0.0).count() as f64;
        let share = 0.2 * leaks * run / self.curves.len().max(1) as f64;
        let leak_kv = share * flow / (head / METRES_PER_BAR).sqrt();
        hydraulics::Line { static_head_m, resistance, kv, leak_kv }
    }

    /// Moves the water; gives what arrived and what share of the pumps' flow there was.
    fn carry(&self, b: &mut Board, flow: f64, leak: f64, dt_s: f64) -> (f64, f64) {
        let Some([from, to]) = self.way else { return (flow - leak, 1.0) };
        let wanted = flow * dt_s / 3600.0;
        let mut parcel = b.take(from, wanted);
        let share = if wanted > 0.0 { (parcel.m3() / wanted).min(1.0) } else { 1.0 };
        let lost = if flow > 0.0 { leak / flow * parcel.nl() as f64 } else { 0.0 };
        let leaked = parcel.split(lost as i64);
        let _nothing = b.give(Place::Outside, leaked);
        let arrives = parcel.m3() / dt_s * 3600.0;
        let rest = b.give(to, parcel);
        let _nothing = b.give(Place::Outside, rest);
        (arrives, share)
    }
}

impl Block for Circuit {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        self.curves.clear();
        self.curves.extend(
            self.pumps
                .iter()
                .map(|[h0, slope, _]| Curve { h0_m: b.read(h0), slope: b.read(slope) }),
        );
        let line = self.line(b);
        let head = hydraulics::meeting_head(&self.curves, &line);
        // A pump that stands delivers nothing.
        let flow_of = |curve: &Curve| if curve.h0_m > 0.0 { curve.flow(head) } else { 0.0 };
        let total: f64 = self.curves.iter().map(flow_of).sum();
        let leak = line.leak(head).min(total);
        let (arrives, share) = self.carry(b, total, leak, dt_s);
        for ((slots, curve), [.., speed]) in self.flows.iter().zip(&self.curves).zip(&self.pumps) {
            b.set(slots.0, flow_of(curve) * share);
            // Behind its check valve, one that is too weak has no more than its own head.
            let own = head.min(curve.h0_m) / METRES_PER_BAR;
            b.set(slots.1, if b.read(speed) > 1.0 { own } else { 0.0 });
        }
        let through = arrives / line.kv.max(1e-6);
        let drop = if line.kv > 0.0 { through * through } else { head / METRES_PER_BAR };
        set_all(b, &self.outputs, [arrives, head / METRES_PER_BAR, drop]);
    }

    fn save(&self, _out: &mut Saved) {}

    fn load(&mut self, _from: &mut Loaded<'_>) -> Result<(), Damaged> {
        Ok(())
    }
}
