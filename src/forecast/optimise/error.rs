//! Why no settings can be found.

use super::optimum::Losses;
use crate::forecast::ForecastError;

/// Why no settings can be found.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum OptimiseError {
    /// The forecast cannot be carried out.
    #[error(transparent)]
    Forecast(#[from] ForecastError),
    /// The ensembles that are compared are too large.
    #[error(
        "settings are compared over {most} members at most, not {members}: a few hundred already give means within some per cent"
    )]
    TooManyMembers {
        /// Members of an ensemble.
        members: usize,
        /// The most that there may be.
        most: usize,
    },
    /// Nothing may be set.
    #[error("nothing may be set: state `set: {{\"input\": (from: …, to: …)}}`")]
    NothingSet,
    /// More may be switched off than can be tried.
    #[error("{knobs} knobs may be switched off; every choice of these is tried, so {most} at most")]
    TooManySwitches {
        /// Knobs that may be switched off.
        knobs: usize,
        /// The most that there may be.
        most: usize,
    },
    /// No settings have a cost that can be compared.
    #[error("no settings can be compared: {losses}{}", named(.nearest))]
    NothingCompares {
        /// What those lose that lose fewest members, and why.
        losses: Losses,
        /// The settings of which that is said, by name.
        nearest: Option<Vec<(String, f64)>>,
    },
    /// No settings keep all limits.
    #[error(
        "no settings keep all limits: widen what may be set, or ask for less{}",
        named(.nearest)
    )]
    NothingKeeps {
        /// The settings that come nearest to it, by name.
        nearest: Option<Vec<(String, f64)>>,
    },
}

fn named(settings: &Option<Vec<(String, f64)>>) -> String {
    let Some(settings) = settings else { return String::new() };
    let each: Vec<String> =
        settings.iter().map(|(name, value)| format!("{name} {value:.4}")).collect();
    format!("; the nearest are {}", each.join(", "))
}
