//! What a search comes to: the best settings, and what is gained by them.

use crate::forecast::result::quantile;
use crate::model::stability::StepTooLong;

/// The best settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimum {
    /// All of them.
    pub settings: Vec<Setting>,
    /// Mean cost over the horizon, or of one of what is made, of the members that are not lost; not a number
    /// where all are.
    pub cost: f64,
    /// Mean cost of what is done now, likewise.
    pub cost_now: f64,
    /// Members that are lost under the best settings, where there are any.
    pub losses: Option<Losses>,
    /// Members that are lost under what is done now, where there are any.
    pub losses_now: Option<Losses>,
    /// What is gained over what is done now; `None` where either loses members. Where what is done now breaks
    /// a limit, keeping it may well cost more.
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
    /// The best of each choice of what is switched off, the cheapest first; before them what is done now, where
    /// that is the best.
    pub alternatives: Vec<Alternative>,
    /// Whether what is done now is the best because it loses no members, and all others that were found do.
    pub stays: bool,
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
    /// Its mean cost, of the members that are not lost; not a number where all are.
    pub cost: f64,
    /// Whether no member is lost and all limits are kept.
    pub keeps: bool,
    /// Members that are lost, where there are any.
    pub losses: Option<Losses>,
}

/// Members of an ensemble that have no cost or keep no limit that could be stated.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{lost} of {members} members were lost: {trouble}")]
pub struct Losses {
    /// How many are lost.
    pub lost: usize,
    /// Members of the ensemble.
    pub members: usize,
    /// Why the first of them is.
    pub trouble: Trouble,
}

impl Losses {
    /// The share of the members that are lost.
    pub fn share(&self) -> f64 {
        self.lost as f64 / self.members as f64
    }
}

/// Why settings have no cost that can be compared.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Trouble {
    /// The model leaves all numbers, or its solution has broken down.
    #[error("the model diverges")]
    Diverges,
    /// The model does not bear the steps under these settings.
    #[error(transparent)]
    StepTooLong(#[from] Box<StepTooLong>),
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
