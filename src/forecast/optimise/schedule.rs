//! When to maintain which part.
//!
//! Maintaining too early wastes life, too late risks a failure. A part that is maintained at T costs
//! its planned price if it lived so long and its failure's price if not; the time that it ran is worth
//! what a new part's life costs a second (renewal with reward: R. E. Barlow, F. Proschan, Mathematical
//! Theory of Reliability, 1965). Windows take only so many parts, so parts are assigned to windows as
//! a whole, at least cost (H. W. Kuhn, Naval Research Logistics Quarterly 2, 1955).

use pathfinding::matrix::Matrix;
use pathfinding::prelude::kuhn_munkres_min;

use super::optimum::Gain;
use crate::forecast::result::Forecast;
use crate::model::About;
use crate::twin::goal::{MaintainSpec, UpkeepSpec};
use crate::twin::{Diagnostic, Diagnostics};

/// Resolution of an assignment's costs: the largest price in so many steps.
const STEPS: f64 = 1e9;

/// Which part is maintained when.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// Parts in the order of the plan.
    pub parts: Vec<Planned>,
    /// What is gained over running every part until it fails.
    pub gain: Gain,
}

/// When a part is maintained.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The part.
    pub part: String,
    /// Number of the window, from 1; `None`: not within them.
    pub window: Option<usize>,
    /// Seconds after the forecast was made.
    pub after_s: Option<f64>,
    /// Probability that it fails before.
    pub fails_before: f64,
    /// Probability that it fails within all windows if it is left alone.
    pub fails_otherwise: f64,
    /// Expected cost of the part by the end of the windows, less the worth of the time it ran.
    pub cost: f64,
}

/// Times of failure of a part, by member; beyond the horizon: infinite.
struct Ends(Vec<f64>);

impl Ends {
    /// Cost of one member when the part is maintained at a time.
    fn cost(part: &UpkeepSpec, end_s: f64, at_s: f64) -> f64 {
        let price = if end_s <= at_s { part.failure } else { part.planned };
        price - part.planned / part.life_s * end_s.min(at_s)
    }

    fn mean(&self, part: &UpkeepSpec, at_s: f64) -> f64 {
        let sum: f64 = self.0.iter().map(|end_s| Self::cost(part, *end_s, at_s)).sum();
        sum / self.0.len() as f64
    }

    fn before(&self, at_s: f64) -> f64 {
        self.0.iter().filter(|end_s| **end_s <= at_s).count() as f64 / self.0.len() as f64
    }
}

/// Assigns parts to windows, by a forecast that reaches to the last window and whose members go on
/// when one part fails.
///
/// # Errors
/// Events that the machine does not have.
pub fn schedule(
    spec: &MaintainSpec,
    about: &About,
    forecast: &Forecast,
) -> Result<Schedule, Diagnostics> {
    let mut wrong: Vec<Diagnostic> = Vec::new();
    let ends: Vec<Ends> = spec
        .parts
        .iter()
        .filter_map(|part| {
            let found = forecast.event(&part.event.text);
            if found.is_none() {
                let known = about.events.iter().map(|event| &*event.name);
                wrong.push(part.event.unknown("event", known));
            }
            let after = |end: &Option<f64>| end.map_or(f64::INFINITY, |end| end - forecast.begin_s);
            // Members that diverged neither fail nor live on.
            let counts = |at: &usize| forecast.diverged.binary_search(at).is_err();
            found.map(|event| {
                let all = event.step_ends_s.iter().enumerate();
                Ends(all.filter(|(at, _)| counts(at)).map(|(_, end)| after(end)).collect())
            })
        })
        .collect();
    Diagnostics::unless_empty(wrong)?;
    let windows = spec.windows as usize;
    let at_s = |window: usize| spec.every_s * (window + 1) as f64;
    let parts = spec.parts.len();
    // Each window stands there as often as it takes parts; then a place "later" for each part.
    let (taken, places) = (spec.at_once as usize, windows * spec.at_once as usize + parts);
    let costs = |(part, ends): (&UpkeepSpec, &Ends)| {
        let by_window: Vec<f64> =
            (0..windows).map(|window| ends.mean(part, at_s(window))).collect();
        (0..places)
            .map(|place| {
                by_window[(place / taken).min(windows - 1)] + later(place >= windows * taken, part)
            })
            .collect::<Vec<f64>>()
    };
    let all: Vec<Vec<f64>> = spec.parts.iter().zip(&ends).map(costs).collect();
    let most = spec.parts.iter().map(|part| part.failure.max(part.planned)).fold(1e-9, f64::max);
    let whole = |cost: f64| (cost / most * STEPS).round() as i64;
    let matrix = Matrix::from_fn(parts, places, |(part, place)| whole(all[part][place]));
    let assigned = if parts == 0 { Vec::new() } else { kuhn_munkres_min(&matrix).1 };
    let window = |place: usize| (place < windows * taken).then_some(place / taken);
    let planned = assigned.iter().enumerate().map(|(at, place)| {
        let (part, ends) = (&spec.parts[at], &ends[at]);
        let window = window(*place);
        let end_s = window.map_or(at_s(windows - 1), at_s);
        Planned {
            part: part.name.text.clone(),
            window: window.map(|window| window + 1),
            after_s: window.map(at_s),
            fails_before: ends.before(end_s),
            fails_otherwise: ends.before(at_s(windows - 1)),
            cost: all[at][*place],
        }
    });
    let planned: Vec<Planned> = planned.collect();
    let gain = gain(spec, &ends, &planned, at_s(windows - 1));
    Ok(Schedule { parts: planned, gain })
}

/// By how much a place beyond all windows costs less than the last window: very little, so that
/// maintenance without any gain is not planned.
fn later(beyond: bool, part: &UpkeepSpec) -> f64 {
    if beyond { -1e-6 * part.planned } else { 0.0 }
}

/// Against maintaining nothing before it fails.
fn gain(spec: &MaintainSpec, ends: &[Ends], planned: &[Planned], last_s: f64) -> Gain {
    let members = ends.first().map_or(0, |ends| ends.0.len());
    let cost = |member: usize, planned: Option<&[Planned]>| -> f64 {
        let each = spec.parts.iter().zip(ends).enumerate();
        each.map(|(at, (part, ends))| {
            let at_s = planned.and_then(|planned| planned[at].after_s).unwrap_or(last_s);
            Ends::cost(part, ends.0[member], at_s)
        })
        .sum()
    };
    let now: Vec<f64> = (0..members).map(|member| cost(member, None)).collect();
    let then: Vec<f64> = (0..members).map(|member| cost(member, Some(planned))).collect();
    Gain::of(&now, &then)
}
