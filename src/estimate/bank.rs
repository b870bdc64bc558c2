//! Diagnosis: which of several hypotheses explains best what is measured.
//!
//! Each hypothesis is a filter that may explain the samples in its own way: this one by a wear rate,
//! that one by a sensor that drifts. How likely the samples are under each tells how probable it is
//! (multiple-model estimation: D. T. Magill, IEEE Trans. Automatic Control 10, 1965).

use super::setup::{Estimated, Setup};
use super::unscented::{Belief, Lost, Measured, Unscented};

/// A way in which a machine may go wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypothesis {
    /// Its name.
    pub name: String,
    /// How probable it is before anything is measured; only ratios count.
    pub prior: f64,
    /// What is estimated in another way than usual, or besides. To what is believed of the former
    /// its deviation is added: it may have changed unnoticed.
    pub estimated: Vec<Estimated>,
}

/// A hypothesis and how probable it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// The hypothesis.
    pub name: String,
    /// Its probability among all of the bank.
    pub probability: f64,
}

/// Hypotheses beside each other.
pub struct Bank(Vec<Candidate>);

struct Candidate {
    name: String,
    filter: Unscented,
    /// Logarithm of prior × likelihood; −∞ once its filter was lost.
    evidence: f64,
}

impl Bank {
    /// Begins with what is believed under `base`; each hypothesis changes that setup.
    ///
    /// # Errors
    /// When a changed setup does not fit its model, or there is no hypothesis.
    pub fn new(base: &Setup, belief: &Belief, all: &[Hypothesis]) -> Result<Self, String> {
        if all.is_empty() {
            return Err("there is no hypothesis to choose from".into());
        }
        let candidate = |hypothesis: &Hypothesis| {
            let mut setup = base.clone();
            for each in &hypothesis.estimated {
                match setup.estimated.iter_mut().find(|other| other.slot == each.slot) {
                    Some(other) => *other = *each,
                    None => setup.estimated.push(*each),
                }
            }
            let mut belief = belief.clone();
            for each in &hypothesis.estimated {
                if let Some(at) = base.place(each.slot) {
                    belief.covariance.add(at, at, each.deviation * each.deviation);
                }
            }
            let filter = Unscented::from_belief(setup, &belief, &base.estimated)
                .map_err(|error| format!("{}: {error}", hypothesis.name))?;
            let evidence = libm::log(hypothesis.prior);
            Ok(Candidate { name: hypothesis.name.clone(), filter, evidence })
        };
        all.iter().map(candidate).collect::<Result<_, String>>().map(Self)
    }

    /// Shows a sample to every hypothesis. One whose filter is lost is out.
    ///
    /// # Errors
    /// When all are lost: why the last one was.
    pub fn observe(&mut self, sample: &Measured) -> Result<(), Lost> {
        let mut last = None;
        for candidate in self.0.iter_mut().filter(|candidate| candidate.evidence.is_finite()) {
            match candidate.filter.observe(sample) {
                Ok(heard) => candidate.evidence += heard.log_likelihood,
                Err(lost @ (Lost::Misfit { .. } | Lost::Late { .. } | Lost::NoNumber { .. })) => {
                    return Err(lost);
                }
                Err(lost) => {
                    candidate.evidence = f64::NEG_INFINITY;
                    last = Some(lost);
                }
            }
        }
        match last {
            Some(lost) if self.0.iter().all(|each| !each.evidence.is_finite()) => Err(lost),
            _ => Ok(()),
        }
    }

    /// All hypotheses, the most probable first.
    pub fn ranking(&self) -> Vec<Ranked> {
        let most = self.0.iter().map(|each| each.evidence).fold(f64::NEG_INFINITY, f64::max);
        let weight = |each: &Candidate| {
            if each.evidence.is_finite() { libm::exp(each.evidence - most) } else { 0.0 }
        };
        let sum: f64 = self.0.iter().map(weight).sum();
        let mut ranking: Vec<Ranked> = self
            .0
            .iter()
            .map(|each| Ranked { name: each.name.clone(), probability: weight(each) / sum })
            .collect();
        ranking.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        ranking
    }

    /// The filter of a hypothesis.
    pub fn filter(&self, name: &str) -> Option<&Unscented> {
        self.0.iter().find(|each| each.name == name).map(|each| &each.filter)
    }
}
