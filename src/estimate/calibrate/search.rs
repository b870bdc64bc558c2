//! The search: the method of Levenberg and Marquardt, a point at a time.
//!
//! K. Levenberg (1944), D. W. Marquardt (1963); the scaling of J. J. Moré: The Levenberg–Marquardt
//! Algorithm: Implementation and Theory (1978); the damping after H. B. Nielsen: Damping Parameter
//! in Marquardt's Method (1999); bounds as [`Quadratic::step`] says.

use super::ending::Ending;
use super::error::SearchError;
use super::quadratic::{Quadratic, Room, held};
use super::slopes::Slopes;
use super::unknown::{Differences, SearchOptions, Side, Unknown};

/// Damping at the beginning, and the least, which keeps a step short along what the data do not
/// identify; relative to slopes scaled to length 1.
const DAMPING: (f64, f64) = (1e-3, 1e-16);
/// A step is taken when it lowers the cost by this share of the predicted reduction.
const WORTHWHILE: f64 = 1e-4;

/// What a search waits for.
enum Phase {
    /// The residuals at the start.
    Start,
    /// The slopes at the present point.
    Slopes(Slopes),
    /// The residuals after a step that is predicted to lower the cost by so much.
    Trial { point: Vec<f64>, predicted: f64 },
    /// Nothing: it has ended.
    Over,
}

/// A search under way.
pub struct Search {
    pub(super) unknowns: Vec<Unknown>,
    pub(super) options: SearchOptions,
    phase: Phase,
    pub(super) values: Vec<f64>,
    pub(super) residuals: Vec<f64>,
    pub(super) cost: f64,
    pub(super) cost_before: f64,
    /// The residuals about the present point, once slopes are there.
    pub(super) quadratic: Quadratic,
    central: bool,
    scale: Vec<f64>,
    damping: f64,
    /// By what damping grows when a step fails; above 2 after one that did.
    pub(super) growth: f64,
    pub(super) iterations: usize,
    pub(super) evaluations: usize,
    /// Points at which there were no residuals, and the reason at the last of them.
    pub(super) lost: (usize, String),
    pub(super) ending: Option<Ending>,
}

impl Search {
    /// A search for these values.
    ///
    /// # Errors
    /// When an unknown or an option cannot be.
    pub fn new(unknowns: Vec<Unknown>, options: SearchOptions) -> Result<Self, SearchError> {
        if unknowns.is_empty() {
            return Err(SearchError::NoUnknowns);
        }
        unknowns.iter().try_for_each(Unknown::check)?;
        options.check()?;
        Ok(Self {
            values: unknowns.iter().map(|unknown| unknown.start).collect(),
            scale: vec![0.0; unknowns.len()],
            central: options.differences == Differences::Central,
            unknowns,
            options,
            phase: Phase::Start,
            residuals: Vec::new(),
            cost: f64::INFINITY,
            cost_before: f64::INFINITY,
            quadratic: Quadratic::new(Vec::new(), Vec::new()),
            damping: DAMPING.0,
            growth: 2.0,
            iterations: 0,
            evaluations: 0,
            lost: (0, String::new()),
            ending: None,
        })
    }

    /// Where residuals are wanted, a value for each unknown; `None` once the search has ended.
    pub fn point(&self) -> Option<&[f64]> {
        match &self.phase {
            Phase::Start => Some(&self.values),
            Phase::Slopes(slopes) => Some(slopes.point()),
            Phase::Trial { point, .. } => Some(point),
            Phase::Over => None,
        }
    }

    /// Steps that were taken so far.
    pub fn iterations(&self) -> usize {
        self.iterations
    }

    /// Takes the residuals at [`Search::point`], or why there are none.
    ///
    /// # Errors
    /// When the search cannot go on: there are no residuals at the start, on either side of a
    /// value, or not as many as before.
    pub fn report<E: std::fmt::Display>(
        &mut self,
        residuals: Result<Vec<f64>, E>,
    ) -> Result<(), SearchError> {
        self.evaluations += 1;
        let reported = self.judge(residuals)?;
        match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Start => {
                let Some(residuals) = reported else {
                    let (point, reason) = (self.named(&self.values), self.lost.1.clone());
                    return Err(SearchError::Start { point, reason });
                };
                self.cost = self.options.loss.cost(&residuals);
                self.cost_before = self.cost;
                self.residuals = residuals;
                self.look_around();
            }
            Phase::Slopes(mut slopes) => {
                let Self { unknowns, values, residuals, .. } = self;
                match slopes.report(unknowns, values, residuals, reported) {
                    Ok(Some(columns)) => self.seen(columns),
                    Ok(None) => self.phase = Phase::Slopes(slopes),
                    Err(at) => {
                        return Err(SearchError::NoSlope {
                            name: self.unknowns[at].name.clone(),
                            point: self.named(&self.values),
                            reason: self.lost.1.clone(),
                        });
                    }
                }
            }
            Phase::Trial { point, predicted } => self.tried(point, predicted, reported),
            Phase::Over => return Err(SearchError::Ended),
        }
        Ok(())
    }

    /// The residuals, where they are finite; counts the points without any.
    fn judge<E: std::fmt::Display>(
        &mut self,
        residuals: Result<Vec<f64>, E>,
    ) -> Result<Option<Vec<f64>>, SearchError> {
        let reason = match residuals {
            Ok(residuals) => {
                if residuals.is_empty() {
                    return Err(SearchError::NoResiduals);
                }
                let before = self.residuals.len();
                if before > 0 && before != residuals.len() {
                    let now = residuals.len();
                    return Err(SearchError::ResidualCount { before, now });
                }
                match residuals.iter().position(|r| !r.is_finite()) {
                    None => return Ok(Some(residuals)),
                    Some(at) => format!("residual {} is {}", at + 1, residuals[at]),
                }
            }
            Err(reason) => reason.to_string(),
        };
        self.lost = (self.lost.0 + 1, reason);
        Ok(None)
    }

    fn look_around(&mut self) {
        let Self { unknowns, values, options, central, .. } = self;
        self.phase = Phase::Slopes(Slopes::new(unknowns, values, options.exactness, *central));
    }

    /// Takes the slopes, and proposes a step by them.
    fn seen(&mut self, mut columns: Vec<Vec<f64>>) {
        let weights: Vec<f64> =
            self.residuals.iter().map(|r| self.options.loss.weight(*r).sqrt()).collect();
        let weigh = |values: &mut [f64]| {
            values.iter_mut().zip(&weights).for_each(|(value, weight)| *value *= weight);
        };
        columns.iter_mut().for_each(|column| weigh(column));
        let mut weighed = self.residuals.clone();
        weigh(&mut weighed);
        self.quadratic = Quadratic::new(columns, weighed);
        for (scale, length) in self.scale.iter_mut().zip(&self.quadratic.lengths) {
            *scale = scale.max(*length);
        }
        self.propose();
    }

    /// Proposes a step, or ends.
    fn propose(&mut self) {
        let reach: Vec<(f64, f64)> = self.reach();
        // What no measurement depends on needs some scale, and does not move.
        let scale: Vec<f64> =
            self.scale.iter().map(|scale| if *scale > 0.0 { *scale } else { 1.0 }).collect();
        let room = Room { reach: &reach, scale: &scale, damping: self.damping };
        let step = self.quadratic.step(&room);
        let predicted = self.quadratic.predicted(&step);
        let full = self.quadratic.step(&Room { damping: DAMPING.1, ..room });
        match self.end(&step, predicted, &full) {
            None => {
                let mut point = self.values.clone();
                for (at, value) in point.iter_mut().enumerate() {
                    let (low, high) = self.unknowns[at].range;
                    // A step onto a bound ends exactly on it.
                    *value = match step[at] {
                        s if s <= reach[at].0 => low,
                        s if s >= reach[at].1 => high,
                        s => (*value + s).clamp(low, high),
                    };
                }
                self.phase = Phase::Trial { point, predicted };
            }
            // The last slopes are central ones, and have to say the same.
            Some(_) if !self.central => {
                self.central = true;
                (self.damping, self.growth) = (self.damping.min(DAMPING.0), 2.0);
                self.look_around();
            }
            ending => {
                self.ending = ending;
                self.phase = Phase::Over;
            }
        }
    }

    /// How far each value may fall and rise.
    pub(super) fn reach(&self) -> Vec<(f64, f64)> {
        let each = self.unknowns.iter().zip(&self.values);
        each.map(|(unknown, value)| (unknown.range.0 - value, unknown.range.1 - value)).collect()
    }

    /// A step was tried.
    fn tried(&mut self, point: Vec<f64>, predicted: f64, reported: Option<Vec<f64>>) {
        let cost = reported.as_ref().map_or(f64::INFINITY, |all| self.options.loss.cost(all));
        let ratio = (self.cost - cost) / predicted;
        match reported {
            Some(residuals) if cost < self.cost && ratio > WORTHWHILE => {
                (self.values, self.residuals, self.cost) = (point, residuals, cost);
                self.iterations += 1;
                let bend = 2.0 * ratio - 1.0;
                let less = (1.0 - bend * bend * bend).clamp(0.1, 2.0);
                self.damping = (self.damping * less).max(DAMPING.1);
                self.growth = 2.0;
                self.look_around();
            }
            _ => {
                self.damping *= self.growth;
                self.growth *= 2.0;
                self.propose();
            }
        }
    }

    /// The bound that holds each value, where one does.
    pub(super) fn held(&self) -> Vec<Option<Side>> {
        let gradient = self.quadratic.gradient();
        let each = self.reach().into_iter().zip(gradient).enumerate();
        each.map(|(at, (reach, slope))| {
            self.unknowns[at].side(self.values[at]).filter(|_| held(reach, slope))
        })
        .collect()
    }

    fn named(&self, point: &[f64]) -> String {
        let each = self.unknowns.iter().zip(point);
        let all: Vec<String> =
            each.map(|(unknown, value)| format!("{} = {value}", unknown.name)).collect();
        all.join(", ")
    }
}
