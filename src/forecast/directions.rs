//! The points of the unscented transform of a forecast: on both sides of the mean along each direction
//! in which something is uncertain.

use super::setup::{ForecastSetup, LoadSpread, MemberStart, Start};
use super::start::StartSampler;
use crate::estimate::Estimated;

/// The middle of each start: what is believed, under the load that is planned.
pub(super) fn middles(setup: &ForecastSetup) -> Vec<MemberStart> {
    let sampler = StartSampler::new(setup);
    let one = |start: usize| {
        // No deviation along any direction.
        let (states, parameters) = sampler.at(setup, start, &[]);
        let levels = Some(vec![0.0; setup.load_spread.len()]);
        MemberStart { states, parameters, levels, ..MemberStart::default() }
    };
    (0..setup.starts()).map(one).collect()
}

/// Directions in which something is uncertain.
pub(super) struct Directions {
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
    /// All of a setup whose courses last so long.
    pub fn of(setup: &ForecastSetup, span_s: f64) -> Self {
        let level = |spread: &LoadSpread| {
            let wanders = spread.wander * averaged(spread.memory_s, span_s);
            (spread.level * spread.level + wanders * wanders).sqrt()
        };
        let moves = |mover: &Estimated| {
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
                Start::Each(_) | Start::Members(_) | Start::Particles(_) => 0,
            },
            levels: setup.load_spread.iter().map(level).collect(),
            noise: setup.noise.iter().map(|noise| noise * span_s.sqrt()).collect(),
            moves: setup.movers.iter().map(moves).collect(),
        }
    }

    /// Points on both sides along each direction; the middle where there is none.
    pub fn members(&self, setup: &ForecastSetup, span_s: f64) -> Vec<MemberStart> {
        let sampler = StartSampler::new(setup);
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
                let (states, parameters) = sampler.at(setup, start, &normal);
                let mut begin = MemberStart { states, parameters, ..MemberStart::default() };
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
