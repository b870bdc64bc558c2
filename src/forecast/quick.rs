//! A forecast from a handful of chosen members: cheap enough for every machine of a fleet, each
//! time that a sample arrives.
//!
//! The unscented transform carried to an event: M. J. Daigle, K. Goebel, "Improving Computational
//! Efficiency of Prediction in Model-based Prognostics Using the Unscented Transform", PHM (2010).
//! Points lie on both sides of the mean along each direction in which something is uncertain: what
//! is believed, the load's level, what wanders of it or of a parameter averaged over the course, and
//! process noise as a steady push that ends where a random walk of the same variance would.

use super::result::Forecast;
use super::run::Forecasting;
use super::setup::{Begin, Beginning, Setup, Start};
use crate::estimate::calibrate::normal;
use crate::model::noise::Chance;
use crate::worker::{Budget, Run, Step, step};

/// When an event happens, by its moments.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// The event's name.
    pub name: String,
    /// Mean of the time until it, in seconds.
    pub mean_s: f64,
    /// Standard deviation of that time.
    pub deviation_s: f64,
    /// Mean and deviation of its logarithm.
    log: (f64, f64),
}

impl Moments {
    /// Bounds in seconds that hold the time until it with a probability, as a log-normal one.
    pub fn interval_s(&self, probability: f64) -> (f64, f64) {
        let (mean, deviation) = self.log;
        let off = normal(probability) * deviation;
        (libm::exp(mean - off), libm::exp(mean + off))
    }

    /// The time in seconds before which it happens as probably as after.
    pub fn median_s(&self) -> f64 {
        libm::exp(self.log.0)
    }
}

/// What the points say.
#[derive(Clone, Debug, PartialEq)]
pub struct Quick {
    /// All points as an ensemble: its bands are drawn by few members.
    pub forecast: Forecast,
    /// Events that happen to all points.
    pub times: Vec<Moments>,
}

/// A quick forecast that is made piece by piece.
pub struct Quickly {
    run: Forecasting,
}

impl Quickly {
    /// Begins; a first course from the mean tells how long the others are.
    ///
    /// # Errors
    /// When the setup cannot be carried out; with a sentence that says why.
    pub fn new(setup: &Setup) -> Result<Self, String> {
        setup.check()?;
        let middle = Directions::none(setup).members(setup, 0.0);
        let alone = with(setup, middle);
        let mut run = Forecasting::new(alone)?;
        let first = match step(&mut run, &Budget::until(&|| false)) {
            Step::Done(done) => done?,
            Step::More(_) => return Err("a course of one member did not end".into()),
        };
        let ends = setup.ends.iter().filter_map(|at| first.events[*at].times_s.first());
        let end_s = ends.copied().fold(f64::INFINITY, f64::min) - setup.begin_s;
        let span_s = end_s.min(setup.horizon_s).max(setup.dt_s);
        let members = Directions::of(setup, span_s).members(setup, span_s);
        Ok(Self { run: Forecasting::new(with(setup, members))? })
    }
}

impl Run for Quickly {
    type Output = Quick;

    fn piece(&mut self) -> Step<Quick> {
        match self.run.piece() {
            Step::More(share) => Step::More(share),
            Step::Done(done) => Step::Done(done.map(Quick::of)),
        }
    }
}

impl Quick {
    fn of(forecast: Forecast) -> Self {
        let all = forecast.events.iter().filter(|event| event.times_s.len() == forecast.members);
        let times = all.map(|event| {
            let remaining = || event.times_s.iter().map(|time_s| time_s - event.begin_s);
            let (mean_s, deviation_s) = moments(remaining());
            let log = moments(remaining().map(|time_s| libm::log(time_s.max(1e-3))));
            Moments { name: event.name.clone(), mean_s, deviation_s, log }
        });
        let times = times.collect();
        Self { forecast, times }
    }
}

fn moments(all: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = all.clone().count() as f64;
    let mean = all.clone().sum::<f64>() / count;
    (mean, (all.map(|value| (value - mean) * (value - mean)).sum::<f64>() / count).sqrt())
}

/// The setup, carried out by these members alone.
fn with(setup: &Setup, members: Vec<Begin>) -> Setup {
    let mut own = setup.clone();
    own.members = members.len();
    own.recorded = members.len();
    own.noise = Vec::new();
    // Members bring their levels, and nothing wanders.
    own.load_spread.iter_mut().for_each(|spread| (spread.wander, spread.begins) = (0.0, None));
    own.movers.iter_mut().for_each(|mover| mover.drift = 0.0);
    own.start = Start::Members(members);
    own
}

/// Directions in which something is uncertain.
struct Directions {
    /// Numbers that a belief draws.
    believed: usize,
    /// For each spread of the load, the deviation of its mean over the course.
    levels: Vec<f64>,
    /// For each state, the deviation at the end of the course.
    noise: Vec<f64>,
    /// For each mover, the deviation of its mean over the course, or a second's push.
    moves: Vec<(f64, f64)>,
}

/// Deviation of the mean of a process of Ornstein and Uhlenbeck over a span, as a share of its own.
fn averaged(memory_s: f64, span_s: f64) -> f64 {
    let share = memory_s / span_s;
    (2.0 * share * (1.0 - share * (1.0 - libm::exp(-1.0 / share)))).sqrt()
}

impl Directions {
    fn none(setup: &Setup) -> Self {
        Self {
            believed: 0,
            levels: vec![0.0; setup.load_spread.len()],
            noise: Vec::new(),
            moves: Vec::new(),
        }
    }

    fn of(setup: &Setup, span_s: f64) -> Self {
        let level = |spread: &super::setup::LoadSpread| {
            let wanders = spread.wander * averaged(spread.memory_s, span_s);
            (spread.level * spread.level + wanders * wanders).sqrt()
        };
        let moves = |mover: &crate::estimate::Estimated| {
            if mover.memory_s.is_finite() {
                let deviation = mover.drift * (mover.memory_s / 2.0).sqrt();
                (deviation * averaged(mover.memory_s, span_s), 0.0)
            } else {
                // The mean over the course of what is pushed is as uncertain as that of a walk.
                (0.0, mover.drift * 2.0 / (3.0 * span_s).sqrt())
            }
        };
        Self {
            believed: match &setup.start {
                Start::Belief { estimated, .. } => estimated.len(),
                Start::Each(_) | Start::Members(_) => 0,
            },
            levels: setup.load_spread.iter().map(level).collect(),
            noise: setup.noise.iter().map(|noise| noise * span_s.sqrt()).collect(),
            moves: setup.movers.iter().map(moves).collect(),
        }
    }

    /// Points on both sides along each direction; the middle where there is none.
    fn members(&self, setup: &Setup, span_s: f64) -> Vec<Begin> {
        let beginning = Beginning::new(setup);
        let levels: Vec<usize> =
            (0..self.levels.len()).filter(|at| self.levels[*at] > 0.0).collect();
        let noisy: Vec<usize> = (0..self.noise.len()).filter(|at| self.noise[*at] > 0.0).collect();
        let moving = |at: &usize| self.moves[*at] != (0.0, 0.0);
        let moving: Vec<usize> = (0..self.moves.len()).filter(moving).collect();
        let before = self.believed + levels.len() + noisy.len();
        let count = before + moving.len();
        let reach = (count as f64).sqrt();
        let all = setup.starts();
        let mut points = Vec::with_capacity((2 * count).max(1) * all);
        for start in 0..all {
            for point in 0..(2 * count).max(1) {
                let off = if point % 2 == 0 { reach } else { -reach };
                let along = |at: usize| if count > 0 && point / 2 == at { off } else { 0.0 };
                let normal: Vec<f64> = (0..self.believed).map(along).collect();
                // What has no direction draws nothing by chance.
                let mut none = Chance::new(0, 0);
                let (states, parameters) = beginning.at(setup, start, &normal, &mut none);
                let mut begin = Begin { states, parameters, ..Begin::default() };
                begin.levels = Some(vec![0.0; self.levels.len()]);
                if let Some(own) = &mut begin.levels {
                    for (at, level) in levels.iter().enumerate() {
                        own[*level] = self.levels[*level] * along(self.believed + at);
                    }
                }
                begin.push = vec![0.0; if noisy.is_empty() { 0 } else { self.noise.len() }];
                for (at, state) in noisy.iter().enumerate() {
                    let end = self.noise[*state] * along(self.believed + levels.len() + at);
                    begin.push[*state] = end / span_s;
                }
                begin.moves = vec![(0.0, 0.0); self.moves.len()];
                for (at, mover) in moving.iter().enumerate() {
                    let (mean, push) = self.moves[*mover];
                    begin.moves[*mover] = (mean * along(before + at), push * along(before + at));
                }
                points.push(begin);
            }
        }
        points
    }
}
