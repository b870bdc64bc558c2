//! What the blocks of the simulated plant share while they step: signals, and what must stay in balance.

use std::sync::Arc;

use super::balance::{Balance, Bus, Meters, Parcel, Place, Stores};
use super::faults::{FaultSlot, Faults};
use super::parts::{PartSlot, Parts};
use super::permits::{InterlockSlot, PermitSlot, Permits};
use crate::twin::{Item, Pose, Timestamp};

/// What a signal holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Signal {
    /// In the signal's unit.
    Number(f64),
    /// One of a list of names.
    Word(&'static str),
    /// Things on a path.
    Items(Arc<[Item]>),
    /// A placement.
    Pose(Pose),
}

/// A [`Source`](super::wiring::Source) with its signals looked up.
#[derive(Clone, Debug)]
pub enum Input {
    /// A constant.
    Number(f64),
    /// Position on the board.
    Slot(usize),
    /// A signal in the unit of the field that reads it: a position among [`Board::vias`].
    Via(usize),
    /// The sum of several.
    Sum(Vec<Input>),
    /// What stays between two numbers.
    Within(Box<Input>, f64, f64),
}

/// How a signal becomes what a field reads: signal × `scale` + `offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Via {
    /// Position on the board.
    pub slot: usize,
    /// What acts in its place, once it is set.
    pub acting: Option<Acting>,
    /// See above.
    pub scale: f64,
    /// See above.
    pub offset: f64,
}

/// A number that acts on blocks in the place of a signal, once it is set: two positions on the board, of
/// its value and of whether it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acting(usize);

/// An instrument told nothing when it was asked last; its last value stands.
const MISSING: f64 = 2.0;

impl Acting {
    /// Two positions from the first of them.
    pub fn new(first: usize) -> Self {
        Self(first)
    }

    /// Sets it.
    pub fn set(self, board: &mut Board, value: f64) {
        board.set(self.0, value);
        board.set(self.0 + 1, 1.0);
    }

    /// Notes that there is no new value: the last one stands.
    pub fn miss(self, board: &mut Board) {
        if board.number(self.0 + 1) > 0.5 {
            board.set(self.0 + 1, MISSING);
        }
    }

    /// What was told last, `None` inside where that was nothing; `None` where nothing was set yet.
    pub fn told(self, board: &Board) -> Option<Option<f64>> {
        let state = board.number(self.0 + 1);
        (state > 0.5).then(|| (state < MISSING).then(|| board.number(self.0)))
    }

    /// The last value; `None` where nothing was set yet.
    fn value(self, board: &Board) -> Option<f64> {
        (board.number(self.0 + 1) > 0.5).then(|| board.number(self.0))
    }
}

/// The plant's time, and what its random numbers depend on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    /// Chooses the noise, the lives of the parts and what goes wrong.
    pub seed: u64,
    /// Time since the plant's start, which includes what passed before the first message, µs.
    pub time_us: i64,
    /// Length of the present step, µs.
    pub dt_us: i64,
}

impl Clock {
    /// Begins the next step.
    pub fn tick(&mut self, dt_us: i64) {
        self.dt_us = dt_us;
        self.time_us += dt_us;
    }

    /// In the first step of each whole second of plant time, that second; else `None`. What needs no
    /// step of milliseconds (wear, drift, rates) runs on these.
    pub fn second(&self) -> Option<u64> {
        let second = self.time_us.div_euclid(1_000_000);
        let before = (self.time_us - self.dt_us).div_euclid(1_000_000);
        (second != before).then_some(second.max(0) as u64)
    }
}

/// The present state of everything that blocks share.
#[derive(Debug, Default)]
pub struct Board {
    /// The value of every signal.
    pub signals: Vec<Signal>,
    /// How fields read signals.
    pub vias: Vec<Via>,
    /// By signal that is a word: what it can be.
    pub words: Vec<&'static [&'static str]>,
    /// Water, where it is kept.
    pub stores: Stores,
    /// Energy, by bus and by consumer.
    pub meters: Meters,
    /// The worn parts: no instrument reads them.
    pub parts: Parts,
    /// What is broken on purpose or by chance.
    pub faults: Faults,
    /// What keeps machines from running.
    pub permits: Permits,
    /// The plant's time.
    pub clock: Clock,
    /// What the crew does at machines, after the step.
    pub errands: Vec<Errand>,
    /// What has begun and ended, told after the step.
    pub announcements: Vec<Announcement>,
}

/// A command without an argument that the crew gives at a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errand {
    /// The machine.
    pub asset: String,
    /// The command.
    pub name: &'static str,
}

/// Work on a machine begins or is done.
#[derive(Clone, Debug, PartialEq)]
pub struct Announcement {
    /// The machine.
    pub asset: String,
    /// What is replaced.
    pub part: &'static str,
    /// It is done; else it begins.
    pub is_done: bool,
    /// It was on the plan.
    pub planned: bool,
    /// Who does it.
    pub by: String,
    /// How long it takes, s.
    pub takes_s: f64,
}

impl Announcement {
    /// What is sent at a time of the plant.
    pub fn payload(&self, now: Timestamp) -> Vec<u8> {
        serde_json::json!({
            "ts": now.to_string(),
            "asset": self.asset,
            "part": self.part,
            "maintenance": if self.is_done { "done" } else { "begun" },
            "planned": self.planned,
            "by": self.by,
            "takes_s": self.takes_s,
        })
        .to_string()
        .into_bytes()
    }
}

impl Board {
    /// The number at an input; a word counts as 0.
    pub fn read(&self, input: &Input) -> f64 {
        match input {
            Input::Number(number) => *number,
            Input::Slot(slot) => self.number(*slot),
            Input::Via(at) => {
                let Via { slot, acting, scale, offset } = self.vias[*at];
                let value = acting.and_then(|acting| acting.value(self));
                value.unwrap_or_else(|| self.number(slot)) * scale + offset
            }
            Input::Within(input, low, high) => self.read(input).clamp(*low, *high),
            Input::Sum(inputs) => inputs.iter().map(|input| self.read(input)).sum(),
        }
    }

    /// The number in a slot; anything else counts as 0.
    pub fn number(&self, slot: usize) -> f64 {
        match &self.signals[slot] {
            Signal::Number(number) => *number,
            _ => 0.0,
        }
    }

    /// The numbers at several inputs.
    pub fn read_all<const N: usize>(&self, inputs: &[Input; N]) -> [f64; N] {
        std::array::from_fn(|at| self.read(&inputs[at]))
    }

    /// Sets a number, which is finite.
    pub fn set(&mut self, slot: usize, number: f64) {
        debug_assert!(number.is_finite(), "the signal in slot {slot} becomes {number}");
        self.signals[slot] = Signal::Number(number);
    }

    /// Sets several numbers.
    pub fn set_all<const N: usize>(&mut self, slots: &[usize; N], values: [f64; N]) {
        slots.iter().zip(values).for_each(|(slot, value)| self.set(*slot, value));
    }

    /// Sets a word, which is one that was declared.
    pub fn set_word(&mut self, slot: usize, word: &'static str) {
        debug_assert!(self.words[slot].contains(&word), "slot {slot}: {word:?} is not declared");
        self.signals[slot] = Signal::Word(word);
    }

    /// Takes so much from a place, at most what is there.
    pub fn take(&mut self, from: Place, m3: f64) -> Parcel {
        self.stores.take(from, m3)
    }

    /// Takes water of a stated temperature from outside.
    pub fn bring(&mut self, m3: f64, celsius: f64) -> Parcel {
        self.stores.bring(m3, celsius)
    }

    /// Gives a parcel to a place; hands back what found no room, which the caller gives elsewhere.
    pub fn give(&mut self, to: Place, parcel: Parcel) -> Parcel {
        self.stores.give(to, parcel)
    }

    /// Draws `kw` (at full supply) from a bus for a step, and counts it at a meter; gives the share of
    /// the supply that there is, 0 to 1.
    pub fn use_energy(&mut self, bus: Bus, meter: usize, kw: f64, dt_s: f64) -> f64 {
        self.meters.use_energy(bus, meter, kw, dt_s)
    }

    /// How far a part is worn, 0 (new) to 1 (done).
    pub fn worn(&self, part: PartSlot) -> f64 {
        self.parts.worn(part)
    }

    /// Wears a part by a stress (1 is what its stated life is for) that lasts for `dt_s`.
    pub fn wear(&mut self, part: PartSlot, stress: f64, dt_s: f64) {
        self.parts.wear(part, stress, dt_s);
    }

    /// The present severity of a fault, 0 (none) to 1.
    pub fn fault(&self, fault: FaultSlot) -> f64 {
        self.faults.severity(fault)
    }

    /// The size of the strongest present fault, in the fault's own unit, where one is stated.
    pub fn size(&self, fault: FaultSlot) -> Option<f64> {
        self.faults.size(fault)
    }

    /// Withholds a machine's permit, or grants it again.
    pub fn withhold(&mut self, interlock: InterlockSlot, withheld: bool) {
        self.permits.withhold(interlock, withheld);
    }

    /// Why a machine must not run; `None` when it may.
    pub fn withheld(&self, permit: PermitSlot) -> Option<&str> {
        self.permits.withheld(permit)
    }

    /// In the first step of each whole second of plant time, that second.
    pub fn second(&self) -> Option<u64> {
        self.clock.second()
    }

    /// What entered, left and is held of what the board keeps itself.
    pub fn balances(&self) -> Vec<Balance> {
        let mut balances = self.stores.balances();
        balances.extend(self.meters.balances());
        balances
    }
}
