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

use serde::Deserialize;

use super::balance::Balance;
use super::command::{Answer, Command, Progress};
use super::packaging::PackagingSpec;
use super::physics::starter::Mode;
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
        BlockSpec::Packaging(spec) => spec.build(w),
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
