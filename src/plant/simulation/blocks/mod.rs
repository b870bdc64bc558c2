//! The blocks of which a `simulation` section is made, and how each is wired.
//!
//! A block belongs to an asset and sets signals named `asset.signal`. What it reads is a number, a
//! signal, or a list of them to be added. Blocks step in the order of the file. Each file here
//! holds blocks of one concern: what the file states, how it is wired, how it steps.

#[cfg(test)]
pub mod bench;
mod circuit;
mod duty;
mod electrical;
mod panel;
mod power;
mod process;
mod pumping;
mod signals;
mod tank;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use serde::Deserialize;

pub use self::panel::{MODES, TRUTH};
use super::balance::Balance;
use super::command::{Answer, Command, Progress};
use super::packaging::PackagingSpec;
use super::physics::starter::Mode;
use super::places::Entry;
use super::reading::LARGEST;
use super::snapshot::{Damaged, Loaded, Saved};
use super::wiring::{Board, Source, Wiring};

/// A part of the simulated plant that steps.
pub trait Block: Send {
    /// Advances by `dt_s` to `time_s` since the plant's start.
    fn step(&mut self, board: &mut Board, time_s: f64, dt_s: f64);

    /// Sets items and poses, asked for only before they are published: no block reads them.
    fn show(&self, _board: &mut Board) {}

    /// Takes a command that it declared; its argument has been checked.
    fn command(&mut self, _board: &mut Board, command: &Command) -> Answer {
        Answer::Refused(format!("it knows no {}", command.name))
    }

    /// How far a command has come that it accepted.
    fn progress(&self, _board: &Board, _command: &Command) -> Progress {
        Progress::Done
    }

    /// What it holds itself of what is conserved.
    fn balances(&self, _board: &Board) -> Vec<Balance> {
        Vec::new()
    }

    /// Writes its state: all that the steps to come depend on and that is not on the board.
    fn save(&self, out: &mut Saved);

    /// Puts back what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// When it is no state of this block.
    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged>;
}

/// A block as the file states it.
#[derive(Clone, Debug, Deserialize)]
pub enum BlockSpec {
    /// A pump and its motor.
    Pump(pumping::PumpSpec),
    /// Which of some pumps run.
    Duty(duty::DutySpec),
    /// Pumps in parallel into one line.
    Circuit(circuit::CircuitSpec),
    /// A tank.
    Tank(tank::TankSpec),
    /// A flow from one place to another.
    Transfer(tank::TransferSpec),
    /// Stops machines at a limit.
    Interlock(tank::InterlockSpec),
    /// A control valve.
    Valve(process::ValveSpec),
    /// A plate heat exchanger.
    Exchanger(process::ExchangerSpec),
    /// A PI controller.
    Control(process::ControlSpec),
    /// A geared motor that drives a belt.
    Drive(electrical::DriveSpec),
    /// The mains.
    Mains(power::MainsSpec),
    /// An uninterruptible supply.
    Ups(power::UpsSpec),
    /// A cabinet.
    Cabinet(electrical::CabinetSpec),
    /// Something that happens now and then.
    Event(signals::EventSpec),
    /// A sine.
    Wave(signals::WaveSpec),
    /// A lagged sum.
    Follow(signals::FollowSpec),
    /// One of two words.
    Word(signals::WordSpec),
    /// An integral.
    Total(signals::TotalSpec),
    /// Bottles, crates, robot, pallet and vehicle.
    Packaging(Box<PackagingSpec>),
}

/// Hours for which a part may be stated to live.
const LIVES_H: RangeInclusive<f64> = 1.0..=1e9;
/// Temperatures of water and air that can be, °C.
const CELSIUS: RangeInclusive<f64> = -50.0..=300.0;
/// Flows that can be, m³/h.
const FLOW_M3_H: RangeInclusive<f64> = 0.0..=1e5;
/// Speeds of motors that can be, r/min.
const SPEED_RPM: RangeInclusive<f64> = 0.0..=1e5;
/// Times that can be, s.
const SECONDS: RangeInclusive<f64> = 0.0..=1e6;
/// What is compared with 0.5.
const SWITCH: RangeInclusive<f64> = -LARGEST..=LARGEST;

impl BlockSpec {
    /// What it is called in the file, its asset, and the signal that the file names.
    pub fn names(&self) -> (&'static str, Option<&str>, Option<&str>) {
        let named = |kind, asset| (kind, Some(asset), None);
        match self {
            Self::Pump(spec) => named("Pump", &*spec.asset),
            Self::Duty(spec) => ("Duty", spec.asset.as_deref(), None),
            Self::Circuit(spec) => named("Circuit", &*spec.asset),
            Self::Tank(spec) => named("Tank", spec.asset()),
            Self::Transfer(spec) => named("Transfer", &*spec.asset),
            Self::Interlock(spec) => named("Interlock", &*spec.asset),
            Self::Valve(spec) => named("Valve", &*spec.asset),
            Self::Exchanger(spec) => named("Exchanger", &*spec.asset),
            Self::Control(spec) => named("Control", &*spec.asset),
            Self::Drive(spec) => named("Drive", &*spec.asset),
            Self::Mains(spec) => named("Mains", &*spec.asset),
            Self::Ups(spec) => named("Ups", &*spec.asset),
            Self::Cabinet(spec) => named("Cabinet", &*spec.asset),
            Self::Event(spec) => named("Event", &*spec.asset),
            Self::Wave(spec) => ("Wave", Some(&spec.asset), Some(&spec.signal)),
            Self::Follow(spec) => ("Follow", Some(&spec.asset), Some(&spec.signal)),
            Self::Word(spec) => ("Word", Some(&spec.asset), Some(&spec.signal)),
            Self::Total(spec) => ("Total", Some(&spec.asset), Some(&spec.signal)),
            Self::Packaging(spec) => named("Packaging", &*spec.line),
        }
    }
}

/// Builds the blocks of a section in their order; `places` are their entries, as far as they are known.
pub fn build_all(
    specs: &[BlockSpec],
    places: &[Entry],
    seed: u64,
    w: &mut Wiring,
) -> Vec<Box<dyn Block>> {
    let mut built: Vec<Box<dyn Block>> = Vec::with_capacity(specs.len());
    let mut known = BTreeSet::new();
    for (at, spec) in specs.iter().enumerate() {
        w.enter(places.get(at).cloned());
        let names = spec.names();
        let (kind, asset, signal) = names;
        w.asset = asset.unwrap_or(kind).to_string();
        if asset.is_some() && !known.insert(names) {
            let signal =
                signal.map(|signal| format!(" and the signal {signal:?}")).unwrap_or_default();
            let what = format!(
                "there is a {kind} with the asset {:?}{signal} already; give this one another",
                w.asset
            );
            w.mistakes.push(("asset".into(), what));
            continue;
        }
        w.block = built.len();
        built.extend(build(spec, specs, seed, w));
    }
    w.enter(None);
    w.asset.clear();
    built
}

/// Builds a block; `all` finds the plates of pumps. `None`, with a mistake noted, where that is not
/// possible.
pub fn build(
    spec: &BlockSpec,
    all: &[BlockSpec],
    seed: u64,
    w: &mut Wiring,
) -> Option<Box<dyn Block>> {
    match spec {
        BlockSpec::Pump(spec) => Some(spec.build(all, w)),
        BlockSpec::Duty(spec) => Some(spec.build(all, w)),
        BlockSpec::Circuit(spec) => spec.build(all, w),
        BlockSpec::Tank(spec) => Some(spec.build(w)),
        BlockSpec::Transfer(spec) => Some(spec.build(w)),
        BlockSpec::Interlock(spec) => Some(spec.build(w)),
        BlockSpec::Valve(spec) => Some(spec.build(w)),
        BlockSpec::Exchanger(spec) => Some(spec.build(w)),
        BlockSpec::Control(spec) => Some(spec.build(w)),
        BlockSpec::Drive(spec) => Some(spec.build(w)),
        BlockSpec::Mains(spec) => Some(spec.build(w)),
        BlockSpec::Ups(spec) => Some(spec.build(w)),
        BlockSpec::Cabinet(spec) => Some(spec.build(w)),
        BlockSpec::Event(spec) => Some(spec.build(seed, w)),
        BlockSpec::Wave(spec) => Some(spec.build(w)),
        BlockSpec::Follow(spec) => Some(spec.build(w)),
        BlockSpec::Word(spec) => Some(spec.build(w)),
        BlockSpec::Total(spec) => Some(spec.build(w)),
        BlockSpec::Packaging(spec) => {
            let drives = all.iter().filter_map(|block| match block {
                BlockSpec::Drive(drive) => Some(&*drive.asset),
                _ => None,
            });
            spec.check_belts(drives, w);
            spec.build(w)
        }
    }
}

/// Sets several numbers.
fn set_all<const N: usize>(board: &mut Board, slots: &[usize; N], values: [f64; N]) {
    slots.iter().zip(values).for_each(|(slot, value)| board.set(*slot, value));
}

/// Share of the nominal supply below which what it supplies stops.
pub const UNDERVOLTAGE: f64 = 0.7;

/// Who decides, as the file states it.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ModeSpec {
    /// Its group or controller.
    #[default]
    Automatic,
    /// Whoever operates it.
    Manual,
}

impl ModeSpec {
    fn mode(self) -> Mode {
        match self {
            Self::Automatic => Mode::Automatic,
            Self::Manual => Mode::Manual,
        }
    }
}

/// A room's temperature, °C, where the file states none.
fn room() -> Source {
    Source::Number(22.0)
}
