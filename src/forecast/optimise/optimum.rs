//! What a search comes to: the best settings, and what is gained by them.

use crate::forecast::result::quantile;

/// The best settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimum {
    /// All of them.
    pub settings: Vec<Setting>,
    /// Mean cost over the horizon, or of one of what is made.
    pub cost: f64,
    /// What is gained over what is done now; `None` where either costs no number, since it diverges or
    /// makes nothing. Where what is done now breaks a limit, keeping it may well cost more.
    pub gain: Option<Gain>,
    /// Whether what is done now keeps all limits.
    pub keeps_now: bool,
    /// Whether the best settings keep all limits on members that the search has not seen; they do on those
    /// that it has.
    pub keeps_best: bool,
    /// Of what the cost is that of one, in its unit; `None`: of the whole horizon, or in no unit that is
    /// known.
    pub per: Option<String>,
    /// Each limit, now and then.
    pub limits: Vec<LimitMargin>,
    /// The best of each choice of what is switched off, the cheapest first.
    pub alternatives: Vec<Alternative>,
    /// Ensembles that were carried out.
    pub tried: usize,
}

/// A setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// Its unit: that of the input that is set to it; empty where every input is a multiple of it.
    pub unit: String,
    /// Now.
    pub now: f64,
    /// The best.
    pub best: f64,
}

/// What is gained, over members with the same chance.
#[derive(Clone, Debug, PartialEq)]
pub struct Gain {
    /// Mean cost now.
    pub now: f64,
    /// Mean of what is saved.
    pub mean: f64,
    /// Standard error of that mean.
    pub error: f64,
    /// Bounds that hold what is saved in 90 % of the members.
    pub interval: (f64, f64),
    /// Share of the members that save anything.
    pub probability: f64,
}

/// How far a limit is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitMargin {
    /// The limit.
    pub limit: String,
    /// Its unit; empty where it is not known.
    pub unit: String,
    /// The margin that is kept with the wanted probability now; below 0 it is broken.
    pub now: f64,
    /// The same under the best settings.
    pub best: f64,
}

/// The best of a choice.
#[derive(Clone, Debug, PartialEq)]
pub struct Alternative {
    /// Values of all knobs.
    pub settings: Vec<f64>,
    /// Its mean cost.
    pub cost: f64,
    /// Whether all limits are kept.
    pub keeps: bool,
    /// Why its cost or a limit is no number for some members, where that is so; the cost means nothing then.
    pub trouble: Option<Trouble>,
}

/// Why settings have no cost that can be compared.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Trouble {
    /// The model leaves all numbers, or its solution has broken down.
    #[error("the model diverges")]
    Diverges,
    /// Nothing is made whose cost could be stated.
    #[error("nothing is made: `per` is not above 0")]
    MakesNothing,
    /// An expression is no number.
    #[error("`{text}` is {value}")]
    NoNumber {
        /// The expression.
        text: String,
        /// What it is instead.
        value: f64,
    },
    /// A cost is beyond what is compared.
    #[error("the cost is {cost:e}, beyond what is compared")]
    TooLarge {
        /// The cost.
        cost: f64,
    },
}

impl Gain {
    /// Of members' costs now and then, in the same order.
    pub(super) fn of(now: &[f64], then: &[f64]) -> Self {
        let mut saved: Vec<f64> = now.iter().zip(then).map(|(now, then)| now - then).collect();
        saved.sort_by(f64::total_cmp);
        let count = saved.len().max(1) as f64;
        let mean = saved.iter().sum::<f64>() / count;
        let squares: f64 = saved.iter().map(|value| (value - mean) * (value - mean)).sum();
        Self {
            now: now.iter().sum::<f64>() / count,
            mean,
            error: (squares / (count * (count - 1.0).max(1.0))).sqrt(),
            interval: (quantile(&saved, 0.05), quantile(&saved, 0.95)),
            probability: saved.iter().filter(|saved| **saved > 0.0).count() as f64 / count,
        }
    }
}
