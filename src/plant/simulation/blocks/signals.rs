//! Blocks that set one signal of any name: events, waves, lagged sums, integrals, words.

use serde::{Deserialize, Serialize};

use super::{Block, Damaged, Loaded, SECONDS, Saved};
use crate::plant::simulation::noise;
use crate::plant::simulation::physics::Lag;
use crate::plant::simulation::physics::delay::{self, Delay};
use crate::plant::simulation::reading::LARGEST;
use crate::plant::simulation::wiring::{Board, Input, Source, Wiring, keep, keep_words};

/// Something that happens now and then. Signal: active, 0 or 1.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventSpec {
    pub(super) asset: String,
    first_s: f64,
    every_s: f64,
    for_s: f64,
}

struct Event {
    seed: u64,
    stream: u64,
    first_s: f64,
    every_s: f64,
    for_s: f64,
    output: usize,
}

impl EventSpec {
    pub(super) fn build(&self, seed: u64, w: &mut Wiring) -> Box<dyn Block> {
        Box::new(Event {
            seed,
            stream: noise::stream(&self.asset),
            first_s: w.check("first_s", self.first_s, 0.0..=LARGEST, "s"),
            every_s: w.check("every_s", self.every_s, 1.0..=LARGEST, "s"),
            for_s: w.check("for_s", self.for_s, 0.0..=LARGEST, "s"),
            output: w.number(&self.asset, "active", "1"),
        })
    }
}

impl Block for Event {
    fn step(&mut self, b: &mut Board, time_s: f64, _dt_s: f64) {
        // Each occurrence comes up to a fifth of the period later than its turn, by the seed.
        let turn = ((time_s - self.first_s) / self.every_s).floor();
        let active = turn >= 0.0 && {
            let late = 0.2 * self.every_s * noise::uniform(self.seed, self.stream, turn as u64);
            let since = time_s - self.first_s - turn * self.every_s - late;
            (0.0..self.for_s).contains(&since)
        };
        b.set(self.output, if active { 1.0 } else { 0.0 });
    }

    fn save(&self, _out: &mut Saved) {
        // It depends on the time alone.
    }

    fn load(&mut self, _from: &mut Loaded<'_>) -> Result<(), Damaged> {
        Ok(())
    }
}

/// mean + amplitude · sin(2π (t / period + phase)). Signal: `signal` in `unit`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaveSpec {
    pub(super) asset: String,
    pub(super) signal: String,
    unit: String,
    mean: f64,
    #[serde(default)]
    amplitude: f64,
    #[serde(default = "minute")]
    period_s: f64,
    /// In periods.
    #[serde(default)]
    phase: f64,
}

struct Wave {
    mean: f64,
    amplitude: f64,
    period_s: f64,
    phase: f64,
    output: usize,
}

fn minute() -> f64 {
    60.0
}

impl WaveSpec {
    pub(super) fn build(&self, w: &mut Wiring) -> Box<dyn Block> {
        let unit = keep(&self.unit);
        Box::new(Wave {
            mean: w.check("mean", self.mean, -LARGEST..=LARGEST, unit),
            amplitude: w.check("amplitude", self.amplitude, -LARGEST..=LARGEST, unit),
            period_s: w.check("period_s", self.period_s, 1e-3..=LARGEST, "s"),
            phase: w.check("phase", self.phase, -1e6..=1e6, "1"),
            output: w.number(&self.asset, &self.signal, keep(&self.unit)),
        })
    }
}

impl Block for Wave {
    fn step(&mut self, b: &mut Board, time_s: f64, _dt_s: f64) {
        let angle = std::f64::consts::TAU * (time_s / self.period_s + self.phase);
        b.set(self.output, self.mean + self.amplitude * libm::sin(angle));
    }

    fn save(&self, _out: &mut Saved) {
        // It depends on the time alone.
    }

    fn load(&mut self, _from: &mut Loaded<'_>) -> Result<(), Damaged> {
        Ok(())
    }
}

/// offset + scale · of, lagged. For instruments and sums. Signal: `signal` in `unit`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FollowSpec {
    pub(super) asset: String,
    pub(super) signal: String,
    unit: String,
    of: Source,
    #[serde(default = "one")]
    scale: f64,
    #[serde(default)]
    offset: f64,
    #[serde(default)]
    lag_s: f64,
    /// Time after which it follows, at most 60 s.
    #[serde(default)]
    dead_s: f64,
}

struct Follow {
    of: Input,
    scale: f64,
    offset: f64,
    lag: Lag,
    dead_s: f64,
    state: FollowState,
    output: usize,
}

fn one() -> f64 {
    1.0
}

/// What of it changes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct FollowState {
    value: Option<f64>,
    delay: Delay,
}

impl FollowSpec {
    pub(super) fn build(&self, w: &mut Wiring) -> Box<dyn Block> {
        Box::new(Follow {
            of: w.read_any("of", &self.of),
            scale: w.check("scale", self.scale, -LARGEST..=LARGEST, "1"),
            offset: w.check("offset", self.offset, -LARGEST..=LARGEST, "1"),
            lag: Lag::new(w.check("lag_s", self.lag_s, SECONDS, "s")),
            dead_s: w.check("dead_s", self.dead_s, 0.0..=delay::LONGEST_S, "s"),
            state: FollowState::default(),
            output: w.number(&self.asset, &self.signal, keep(&self.unit)),
        })
    }
}

impl Block for Follow {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        let mut now = self.offset + self.scale * b.read(&self.of);
        let FollowState { value, delay } = &mut self.state;
        if self.dead_s > 0.0 {
            now = delay.step(dt_s, self.dead_s, now);
        }
        let shown = self.lag.towards(value.unwrap_or(now), now, dt_s);
        *value = Some(shown);
        b.set(self.output, shown);
    }

    fn save(&self, out: &mut Saved) {
        out.put(&self.state);
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        self.state = from.take()?;
        Ok(())
    }
}

/// One of two words. Signal: `signal`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WordSpec {
    pub(super) asset: String,
    pub(super) signal: String,
    of: Source,
    above: f64,
    then: String,
    otherwise: String,
}

struct Word {
    of: Input,
    above: f64,
    words: [&'static str; 2],
    output: usize,
}

impl WordSpec {
    pub(super) fn build(&self, w: &mut Wiring) -> Box<dyn Block> {
        let words = [keep(&self.then), keep(&self.otherwise)];
        Box::new(Word {
            of: w.read_any("of", &self.of),
            above: w.check("above", self.above, -LARGEST..=LARGEST, "1"),
            words,
            output: w.words(&self.asset, &self.signal, keep_words(&words)),
        })
    }
}

impl Block for Word {
    fn step(&mut self, b: &mut Board, _time_s: f64, _dt_s: f64) {
        let word = self.words[usize::from(b.read(&self.of) <= self.above)];
        b.set_word(self.output, word);
    }

    fn save(&self, _out: &mut Saved) {
        // It depends on what it reads alone.
    }

    fn load(&mut self, _from: &mut Loaded<'_>) -> Result<(), Damaged> {
        Ok(())
    }
}

/// The integral of a number. Signal: `signal` in `unit`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TotalSpec {
    pub(super) asset: String,
    pub(super) signal: String,
    unit: String,
    of: Source,
    /// How much of `unit` one of the number makes in a second.
    per_second: f64,
}

struct Total {
    of: Input,
    per_second: f64,
    value: f64,
    output: usize,
}

impl TotalSpec {
    pub(super) fn build(&self, w: &mut Wiring) -> Box<dyn Block> {
        Box::new(Total {
            of: w.read_any("of", &self.of),
            per_second: w.check("per_second", self.per_second, -LARGEST..=LARGEST, "1"),
            value: 0.0,
            output: w.number(&self.asset, &self.signal, keep(&self.unit)),
        })
    }
}

impl Block for Total {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        self.value += b.read(&self.of) * self.per_second * dt_s;
        b.set(self.output, self.value);
    }

    fn save(&self, out: &mut Saved) {
        out.put(&self.value);
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        self.value = from.take()?;
        Ok(())
    }
}
