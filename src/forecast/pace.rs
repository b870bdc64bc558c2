//! What moves by itself as a forecast goes on: shares of the load, parameters, wear rates.

use super::setup::ForecastSetup;
use crate::estimate::{Estimated, Scale, Slot};
use crate::model::noise::RandomStream;
use crate::model::{Lanes, Real, WIDTH};

/// A Gauss–Markov process is held for this part of its memory, and a random walk for this part of the
/// horizon: finer steps would need more random numbers and change hardly anything.
const HELD: f64 = 0.01;

/// By how much something moves, and how often.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pace {
    /// Steps from one move to the next.
    every: u64,
    /// What is kept of where it was.
    keep: f64,
    /// Standard deviation of what is added.
    fresh: f64,
}

impl Pace {
    /// A process of Ornstein and Uhlenbeck by its deviation in the long run; its step is exact.
    pub fn comes_and_goes(deviation: f64, memory_s: f64, dt_s: f64) -> Self {
        let every = stairs(memory_s, dt_s);
        let keep = libm::exp(-(every as f64) * dt_s / memory_s);
        Self { every, keep, fresh: deviation * (1.0 - keep * keep).sqrt() }
    }

    /// As a filter lets it move: by its drift, which grows with √t, back to its mean where it has a
    /// memory.
    fn of(each: &Estimated, setup: &ForecastSetup) -> Self {
        if each.memory_s.is_finite() {
            let deviation = each.drift * (each.memory_s / 2.0).sqrt();
            return Self::comes_and_goes(deviation, each.memory_s, setup.dt_s);
        }
        let every = stairs(setup.horizon_s, setup.dt_s);
        Self { every, keep: 1.0, fresh: each.drift * (every as f64 * setup.dt_s).sqrt() }
    }

    /// Whether it moves before the step after so many.
    pub fn is_due(&self, steps: u64) -> bool {
        steps > 0 && steps.is_multiple_of(self.every)
    }

    /// Steps after so many until it is due.
    pub fn left(&self, steps: u64) -> u64 {
        self.every - steps % self.every
    }

    /// Where it is after a move that begins `off` from its mean.
    pub fn moved(&self, off: Lanes, streams: &mut [RandomStream]) -> Lanes {
        let mut to = off * self.keep;
        if self.fresh > 0.0 {
            for (to, random) in to.0.iter_mut().zip(streams) {
                *to += self.fresh * random.normal();
            }
        }
        to
    }
}

fn stairs(span_s: f64, dt_s: f64) -> u64 {
    libm::floor(HELD * span_s / dt_s).max(1.0) as u64
}

/// A parameter, or a state on a logarithmic scale, that moves.
pub(super) struct Mover {
    slot: Slot,
    scale: Scale,
    pace: Pace,
    /// To which it returns, on its scale.
    mean: Lanes,
    /// How far it is pushed in a move, on its scale.
    push: Lanes,
}

impl Mover {
    /// All that move; `moves` are those of the members' [`super::setup::MemberStart`].
    pub fn all(setup: &ForecastSetup, moves: &[Vec<(f64, f64)>; WIDTH]) -> Vec<Self> {
        let each = setup.movers.iter().enumerate();
        each.map(|(at, each)| {
            let pace = Pace::of(each, setup);
            let own: [(f64, f64); WIDTH] =
                std::array::from_fn(|lane| moves[lane].get(at).copied().unwrap_or_default());
            let span_s = pace.every as f64 * setup.dt_s;
            Self {
                slot: each.slot,
                scale: each.scale,
                mean: Lanes(own.map(|(off, _)| off)) + each.scale.from_value(each.mean),
                push: Lanes(own.map(|(_, push)| push * span_s)),
                pace,
            }
        })
        .collect()
    }

    /// How it moves.
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// What each member has for itself.
    pub fn own(&mut self) -> [&mut Lanes; 2] {
        [&mut self.mean, &mut self.push]
    }

    /// Moves, where that is due.
    pub fn go(&self, steps: u64, x: &mut [Lanes], p: &mut [Lanes], streams: &mut [RandomStream]) {
        if !self.pace.is_due(steps) {
            return;
        }
        let value = match self.slot {
            Slot::State(at) => &mut x[at],
            Slot::Parameter(at) => &mut p[at],
            Slot::Bias(_) | Slot::Trend(_) => return,
        };
        let off = value.each(|value| self.scale.from_value(value)) - self.mean;
        let off = self.pace.moved(off, streams) + self.push;
        *value = self.scale.to_value(off + self.mean);
    }
}
