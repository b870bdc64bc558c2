//! Diagnosis: which of several hypotheses explains best what is measured.
//!
//! Each hypothesis is a filter that may explain the samples in its own way: this one by a wear rate,
//! that one by a sensor that drifts. The likelihood of the samples under each gives its probability
//! (multiple-model estimation: D. T. Magill, IEEE Trans. Automatic Control 10, 1965).
//!
//! All are judged by the same numbers: every output that is measured counts for every hypothesis. One
//! that a filter refuses counts with its density at the gate, a likelihood that is clipped there as
//! Huber's is bent (P. J. Huber, Annals of Math. Statistics 35, 1964), so that one bad sample decides
//! nothing and a hypothesis does not gain by what it refuses. As densities of the same outputs are
//! compared, the ranking is the same in whatever units they are.

use super::error::{BankError, MaintenanceError};
use super::estimated::Estimated;
use super::sample::{Measured, MeasurementUpdate, ObserveError};
use super::unscented::{Belief, Unscented};
use crate::twin::behaviour::Behaviour;

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
pub struct Bank {
    candidates: Vec<Candidate>,
    /// Share by which a sample counts.
    share: f64,
}

struct Candidate {
    name: String,
    filter: Unscented,
    /// Logarithm of prior × likelihood; −∞ once its filter has diverged.
    evidence: f64,
}

impl Bank {
    /// Begins with what a filter believes; each hypothesis changes its setup.
    ///
    /// # Errors
    /// When a changed setup does not fit its model, or there is no hypothesis.
    pub fn new(filter: &Unscented, all: &[Hypothesis]) -> Result<Self, BankError> {
        Self::since(filter, filter.belief(), all)
    }

    /// Begins with what a filter believed earlier.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn since(
        filter: &Unscented,
        belief: &Belief,
        all: &[Hypothesis],
    ) -> Result<Self, BankError> {
        if all.is_empty() {
            return Err(BankError::NoHypothesis);
        }
        let base = filter.setup();
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
            let own = Unscented::succeeding(setup, filter, &belief, belief.time_s);
            let filter = own.map_err(|error| BankError::Hypothesis {
                hypothesis: hypothesis.name.clone(),
                error,
            })?;
            let evidence = libm::log(hypothesis.prior);
            Ok(Candidate { name: hypothesis.name.clone(), filter, evidence })
        };
        let candidates = all.iter().map(candidate).collect::<Result<_, _>>()?;
        Ok(Self { candidates, share: 1.0 })
    }

    /// Counts each sample by this share only, from 0 to 1: a likelihood to a power below 1. Where a
    /// model errs in the same way for many samples, they are not independent
    /// (P. Grünwald, T. van Ommen, Bayesian Analysis 12, 2017).
    #[must_use]
    pub fn tempered(mut self, share: f64) -> Self {
        self.share = share.clamp(0.0, 1.0);
        self
    }

    /// Updates every hypothesis by a sample; the update of the one that was most probable before. One
    /// whose filter diverges is out.
    ///
    /// # Errors
    /// When all have diverged, the last one's error; or when the sample fits none of them.
    pub fn observe(&mut self, sample: &Measured) -> Result<MeasurementUpdate, ObserveError> {
        let (mut last, mut most) = (None, (f64::NEG_INFINITY, MeasurementUpdate::default()));
        let share = self.share;
        for candidate in
            self.candidates.iter_mut().filter(|candidate| candidate.evidence.is_finite())
        {
            let before = candidate.evidence;
            match candidate.filter.observe(sample) {
                Ok(update) => {
                    candidate.evidence += share * update.log_clipped;
                    if before > most.0 {
                        most = (before, update);
                    }
                }
                // One whose own estimates bear no such step explains nothing; others may.
                Err(error @ (ObserveError::Diverged { .. } | ObserveError::StepTooLong(_))) => {
                    candidate.evidence = f64::NEG_INFINITY;
                    last = Some(error);
                }
                // Such a sample is for none of them.
                Err(error) => return Err(error),
            }
        }
        match last {
            Some(error) if self.candidates.iter().all(|each| !each.evidence.is_finite()) => {
                Err(error)
            }
            _ => Ok(most.1),
        }
    }

    /// A part was replaced: what is believed of it begins anew under every hypothesis.
    ///
    /// # Errors
    /// See [`super::FilterSetup::new_part`].
    pub fn replaced(&mut self, behaviour: &Behaviour, part: &str) -> Result<(), MaintenanceError> {
        for candidate in &mut self.candidates {
            let new = candidate.filter.setup().new_part(behaviour, part)?;
            candidate.filter.replaced(&new);
        }
        Ok(())
    }

    /// All hypotheses, the most probable first.
    pub fn ranking(&self) -> Vec<Ranked> {
        let most =
            self.candidates.iter().map(|each| each.evidence).fold(f64::NEG_INFINITY, f64::max);
        let weight = |each: &Candidate| {
            if each.evidence.is_finite() { libm::exp(each.evidence - most) } else { 0.0 }
        };
        let sum: f64 = self.candidates.iter().map(weight).sum();
        let mut ranking: Vec<Ranked> = self
            .candidates
            .iter()
            .map(|each| Ranked { name: each.name.clone(), probability: weight(each) / sum })
            .collect();
        ranking.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        ranking
    }

    /// The filter of a hypothesis.
    pub fn filter(&self, name: &str) -> Option<&Unscented> {
        self.candidates.iter().find(|each| each.name == name).map(|each| &each.filter)
    }
}
