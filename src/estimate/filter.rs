//! A filter of either kind.

use super::consistency::Inconsistency;
use super::maintenance::NewPart;
use super::particle::Particles;
use super::plausibility::Doubt;
use super::sample::{Measured, MeasurementUpdate, ObserveError};
use super::setup::FilterSetup;
use super::unscented::{Belief, Unscented};
use crate::model::WIDTH;

/// A filter of either kind.
#[derive(Clone)]
pub enum Filter {
    /// Sigma points: cheap, for beliefs with one mode.
    Unscented(Box<Unscented>),
    /// Particles: for beliefs of any shape.
    Particles(Box<Particles>),
}

impl Filter {
    /// See [`Unscented::observe`].
    ///
    /// # Errors
    /// See [`ObserveError`]; the belief is then what it was.
    pub fn observe(&mut self, sample: &Measured) -> Result<MeasurementUpdate, ObserveError> {
        match self {
            Self::Unscented(filter) => filter.observe(sample),
            Self::Particles(filter) => filter.observe(sample),
        }
    }

    /// What is believed now.
    pub fn belief(&self) -> &Belief {
        match self {
            Self::Unscented(filter) => filter.belief(),
            Self::Particles(filter) => filter.belief(),
        }
    }

    /// See [`Unscented::check_consistency`].
    ///
    /// # Errors
    /// When the filter is not consistent with its machine.
    pub fn check_consistency(&self) -> Result<(), Inconsistency> {
        match self {
            Self::Unscented(filter) => filter.check_consistency(),
            Self::Particles(filter) => filter.check_consistency(),
        }
    }

    /// See [`Unscented::check`].
    ///
    /// # Errors
    /// When what the filter believes is not to be relied upon.
    pub fn check(&self) -> Result<(), Doubt> {
        match self {
            Self::Unscented(filter) => filter.check(),
            Self::Particles(filter) => filter.check(),
        }
    }

    /// The setup.
    pub fn setup(&self) -> &FilterSetup {
        match self {
            Self::Unscented(filter) => filter.setup(),
            Self::Particles(filter) => filter.setup(),
        }
    }

    /// Mean and standard deviation of what is estimated at a place, on its scale.
    pub fn estimate(&self, at: usize) -> (f64, f64) {
        let belief = self.belief();
        (belief.mean[at], belief.covariance.get(at, at).sqrt())
    }

    /// Memory that it takes, in bytes, about.
    pub(super) fn bytes(&self) -> usize {
        let setup = self.setup();
        let about = setup.model.about();
        let n = setup.estimated.len();
        let member = n + about.states.len() + about.parameters.len() + about.outputs.len() + 1;
        let members = match self {
            Self::Unscented(_) => 2 * n + 1,
            Self::Particles(filter) => filter.count(),
        };
        // The covariance is there twice, and the last update.
        let numbers = members.next_multiple_of(WIDTH) * member + 2 * n * n + 1_024;
        numbers * size_of::<f64>()
    }

    /// A part was replaced: see [`Unscented::replaced`].
    pub fn replaced(&mut self, new: &NewPart) {
        match self {
            Self::Unscented(filter) => filter.replaced(new),
            Self::Particles(filter) => filter.replaced(new),
        }
    }
}
