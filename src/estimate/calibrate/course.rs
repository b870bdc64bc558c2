//! The residuals of all courses at a point, some steps at a time.

use super::error::{EvaluationError, NotComputed};
use super::setup::{CalibrationSetup, Place};
use crate::model::Kernel;
use crate::model::solver::{Problem, Solver};

/// Residuals that are being computed.
pub(super) struct Evaluation {
    /// The parameters at the point.
    parameters: Vec<f64>,
    /// The initial state of each course at the point.
    initial: Vec<Vec<f64>>,
    /// The course under way, and the row of measurements that comes next.
    course: usize,
    row: usize,
    /// Steps that were taken since the row before.
    taken: usize,
    x: Vec<f64>,
    u: Vec<f64>,
    z: Vec<f64>,
    solver: Solver,
    residuals: Vec<f64>,
}

impl Evaluation {
    /// Begins at a point: a value for each place.
    pub fn new(setup: &CalibrationSetup, places: &[Place], point: &[f64]) -> Self {
        let about = setup.model.about();
        let (parameters, initial) = placed(setup, places, point);
        let mut evaluation = Self {
            parameters,
            initial,
            course: 0,
            row: 0,
            taken: 0,
            x: Vec::new(),
            u: vec![0.0; about.inputs.len()],
            z: vec![0.0; about.outputs.len()],
            solver: Solver::new(setup.method, about.states.len()),
            residuals: Vec::new(),
        };
        evaluation.begin(setup);
        evaluation
    }

    /// Begins the present course.
    fn begin(&mut self, setup: &CalibrationSetup) {
        (self.row, self.taken) = (0, 0);
        let Some(course) = setup.courses.get(self.course) else { return };
        self.x.clone_from(&self.initial[self.course]);
        course.load.at(course.start_s, &self.x, &mut self.u);
        Kernel::<f64>::start(&*setup.model, &self.u, &self.parameters, &mut self.x);
    }

    /// Takes at most so many steps; the residuals once all courses are over: (measured −
    /// modelled) / deviation, course by course, row by row, output by output, without what is
    /// missing.
    ///
    /// # Errors
    /// When the model diverges; with the run and the time.
    pub fn advance(
        &mut self,
        setup: &CalibrationSetup,
        most: usize,
    ) -> Option<Result<Vec<f64>, EvaluationError>> {
        for _ in 0..most {
            let Some(course) = setup.courses.get(self.course) else {
                return Some(Ok(std::mem::take(&mut self.residuals)));
            };
            let Some(to_s) = course.times_s.get(self.row).copied() else {
                self.course += 1;
                self.begin(setup);
                continue;
            };
            let from_s = match self.row {
                0 => course.start_s,
                row => course.times_s[row - 1],
            };
            if let Err(error) = self.step(setup, from_s, to_s) {
                return Some(Err(error));
            }
        }
        None
    }

    /// A step on the way from one row to the next, which is compared once it is reached.
    fn step(
        &mut self,
        setup: &CalibrationSetup,
        from_s: f64,
        to_s: f64,
    ) -> Result<(), EvaluationError> {
        let course = &setup.courses[self.course];
        let run = self.course + 1;
        // The share of a step that rounding adds does not count.
        let steps = ((to_s - from_s) / setup.step_s - 1e-9).ceil().max(0.0) as usize;
        if self.taken < steps {
            let dt_s = (to_s - from_s) / steps as f64;
            let t_s = from_s + dt_s * self.taken as f64;
            course.load.at(t_s + dt_s / 2.0, &self.x, &mut self.u);
            let problem = Problem { model: &*setup.model, u: &self.u, p: &self.parameters };
            self.solver
                .advance(problem, &mut self.x, dt_s, &mut |_| {})
                .map_err(|error| EvaluationError { run, time_s: t_s, reason: error.into() })?;
            self.taken += 1;
        }
        if self.taken == steps {
            self.compare(setup).map_err(|reason| EvaluationError { run, time_s: to_s, reason })?;
            self.row += 1;
            self.taken = 0;
        }
        Ok(())
    }

    fn compare(&mut self, setup: &CalibrationSetup) -> Result<(), NotComputed> {
        setup.model.output(&self.x, &self.u, &self.parameters, &mut self.z);
        let measured = &setup.courses[self.course].measured[self.row];
        let each = measured.iter().zip(&self.z).zip(&setup.deviation).enumerate();
        for (at, ((measured, modelled), deviation)) in each {
            if measured.is_nan() || deviation.is_infinite() {
                continue;
            }
            let residual = (measured - modelled) / deviation;
            if !residual.is_finite() {
                let output = setup.model.about().outputs[at].name.clone();
                return Err(NotComputed::NoNumber { output, value: *modelled });
            }
            self.residuals.push(residual);
        }
        Ok(())
    }
}

/// All parameters, and the initial state of each course, at a point.
pub(super) fn placed(
    setup: &CalibrationSetup,
    places: &[Place],
    point: &[f64],
) -> (Vec<f64>, Vec<Vec<f64>>) {
    let mut parameters = setup.parameters.clone();
    let mut initial: Vec<Vec<f64>> =
        setup.courses.iter().map(|course| course.initial.clone()).collect();
    for (place, value) in places.iter().zip(point) {
        match *place {
            Place::Parameter(at) => parameters[at] = *value,
            Place::Initial { course, state } => initial[course][state] = *value,
        }
    }
    (parameters, initial)
}
