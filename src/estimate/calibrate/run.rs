//! A calibration under way.

use super::course::{Evaluation, placed};
use super::error::CalibrationError;
use super::result::Calibrated;
use super::search::Search;
use super::setup::{CalibrationSetup, Place};
use crate::model::solver::Method;
use crate::worker::{Run, Step};

/// Steps of the model that a piece takes: about a millisecond's work. An adaptive solver may take
/// many of its own in one.
const PIECE: usize = 2048;
const PIECE_ADAPTIVE: usize = 64;

/// A calibration that is made piece by piece.
pub struct Calibration {
    setup: CalibrationSetup,
    places: Vec<Place>,
    search: Search,
    evaluation: Option<Evaluation>,
}

impl Calibration {
    /// Begins it.
    ///
    /// # Errors
    /// When the setup does not fit its model, nothing was measured, a name is unknown, or a search
    /// cannot begin there.
    pub fn new(setup: CalibrationSetup) -> Result<Self, CalibrationError> {
        setup.check()?;
        let (unknowns, places) = setup.unknowns()?;
        let mut options = setup.options.clone();
        options.exactness = setup.exactness();
        let search = Search::new(unknowns, options)?;
        Ok(Self { setup, places, search, evaluation: None })
    }

    /// Does all that is left.
    ///
    /// # Errors
    /// When nothing can be computed at the start or beside a point on the way.
    pub fn finish(mut self) -> Result<Calibrated, CalibrationError> {
        loop {
            if let Some(done) = self.advance() {
                return done;
            }
        }
    }

    fn result(&self) -> Result<Calibrated, CalibrationError> {
        let Self { setup, places, search, .. } = self;
        let fit = search.fit(&setup.advice())?;
        let found: Vec<f64> = fit.values.iter().map(|value| value.value).collect();
        let (parameters, initial) = placed(setup, places, &found);
        let rows = setup.courses.iter().flat_map(|course| &course.measured);
        let each = rows.flat_map(|row| row.iter().zip(&setup.deviation));
        let missing = each.filter(|(value, deviation)| value.is_nan() && deviation.is_finite());
        Ok(Calibrated {
            model: setup.model.about().name.clone(),
            parameters,
            initial,
            measurements: fit.residuals.len(),
            missing: missing.count(),
            fit,
        })
    }
}

impl Calibration {
    /// Takes some steps of the model, or looks at the residuals at one point; the result at the end.
    fn advance(&mut self) -> Option<Result<Calibrated, CalibrationError>> {
        let Self { setup, places, search, evaluation } = self;
        let Some(point) = search.point() else {
            return Some(self.result());
        };
        let going = evaluation.get_or_insert_with(|| Evaluation::new(setup, places, point));
        let most = match setup.method {
            Method::Euler | Method::Rk4 => PIECE,
            Method::DormandPrince(_) | Method::Rosenbrock(_) => PIECE_ADAPTIVE,
        };
        let residuals = going.advance(setup, most)?;
        *evaluation = None;
        search.report(residuals).err().map(|error| Err(error.into()))
    }
}

impl Run for Calibration {
    type Output = Calibrated;

    fn piece(&mut self) -> Step<Calibrated> {
        if let Some(done) = self.advance() {
            return Step::Done(done.map_err(|error| error.to_string()));
        }
        // How many steps a search takes shows only at its end; most take about ten.
        let taken = self.search.iterations() as f32;
        Step::More(taken / (taken + 5.0))
    }
}
