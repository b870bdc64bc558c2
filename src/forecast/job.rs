//! A forecast as a message: whoever has the text of a machine's file and what a filter believes can
//! have it made by a thread, in slices of frames, or in a Web Worker.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::error::{ForecastError, JobError};
use super::result::Forecast;
use super::run::Forecasting;
use super::setup::ForecastSetup;
use crate::estimate::{self, Belief};
use crate::model::Machine;
use crate::model::linear::Matrix;
use crate::model::load::{Hold, Load, Schedule};
use crate::twin::load_behaviour;
use crate::worker::{Job, Run, Step};

/// Make a forecast.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MakeForecast {
    /// Name of the machine's file, for messages.
    pub file: String,
    /// Its text.
    pub machine: String,
    /// The fault that is taken as given, one of those that the file states.
    pub fault: Option<String>,
    /// What a filter of the machine believes; `None`: what the file states for when nothing is measured.
    pub belief: Option<BeliefMessage>,
    /// What the machine will have to do: times in seconds from which on all inputs of the model are
    /// these. Empty: as the machine's file states, the usual ones where it does not.
    pub plan: Vec<(f64, Vec<f64>)>,
    /// How far to look, in seconds.
    pub horizon_s: f64,
    /// Members of the ensemble.
    pub members: usize,
    /// Chooses all chance.
    pub seed: u64,
}

/// A [`Belief`] as a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BeliefMessage {
    /// Seconds.
    pub time_s: f64,
    /// What is estimated, on the scales of the file.
    pub mean: Vec<f64>,
    /// Covariance on these scales, row by row.
    pub covariance: Vec<f64>,
    /// All states.
    pub states: Vec<f64>,
}

impl From<&Belief> for BeliefMessage {
    fn from(belief: &Belief) -> Self {
        Self {
            time_s: belief.time_s,
            mean: belief.mean.clone(),
            covariance: belief.covariance.values().to_vec(),
            states: belief.states.clone(),
        }
    }
}

impl BeliefMessage {
    fn belief(&self) -> Result<Belief, JobError> {
        let count = self.mean.len();
        let covariance = Matrix::from_rows(count, count, self.covariance.clone());
        let numbers = self.covariance.len();
        let covariance =
            covariance.ok_or(JobError::Covariance { mean: count, covariance: numbers })?;
        let all = self.mean.iter().chain(&self.states).chain([&self.time_s]);
        if !all.copied().all(f64::is_finite) {
            return Err(JobError::BeliefNotFinite);
        }
        let (mean, states) = (self.mean.clone(), self.states.clone());
        Ok(Belief { time_s: self.time_s, mean, covariance, states })
    }
}

impl MakeForecast {
    /// The setup that the job's forecast is made from: the same wherever it is made.
    ///
    /// # Errors
    /// What is wrong with the file, the belief or the plan.
    pub fn setup(&self) -> Result<ForecastSetup, JobError> {
        let mut behaviour = load_behaviour(Path::new(&self.file), &self.machine)?;
        if let Some(fault) = &self.fault {
            behaviour.suppose(fault).map_err(JobError::Fault)?;
        }
        let machine = Machine::of(&behaviour)?;
        let load = self.load(&machine)?;
        let mut setup = ForecastSetup::of(&behaviour, &machine, load, self.horizon_s)?;
        (setup.members, setup.seed) = (self.members, self.seed);
        match &self.belief {
            Some(believed) => {
                let estimated = estimate::FilterSetup::of(&behaviour, &machine)?.estimated;
                setup.from_belief(believed.belief()?, &estimated);
            }
            None => setup.from_prior(&behaviour, &machine)?,
        }
        setup.check()?;
        if !machine.is_step_stated {
            setup.shorten_step().map_err(ForecastError::from)?;
        }
        Ok(setup)
    }

    fn begin_forecast(&self) -> Result<Forecasting, JobError> {
        Ok(Forecasting::new(self.setup()?)?)
    }

    fn load(&self, machine: &Machine) -> Result<Arc<dyn Load>, JobError> {
        let about = machine.model.about();
        if self.plan.is_empty() {
            return Ok(Arc::new(machine.load()));
        }
        let plan = Schedule::new(&self.plan, Hold::Start).map_err(JobError::Plan)?;
        about.count("inputs", plan.inputs(), about.inputs.len())?;
        Ok(Arc::new(plan))
    }
}

impl Job for MakeForecast {
    const KIND: &'static str = "forecast";
    type Output = Forecast;
    type Run = ForecastRun;

    fn begin(self) -> ForecastRun {
        ForecastRun::Waiting(self)
    }
}

/// A forecast that is being made from a message.
pub enum ForecastRun {
    /// Nothing is done yet.
    Waiting(MakeForecast),
    /// Under way.
    Running(Box<Forecasting>),
}

impl Run for ForecastRun {
    type Output = Forecast;

    fn piece(&mut self) -> Step<Forecast> {
        match self {
            Self::Running(run) => run.piece(),
            Self::Waiting(job) => match job.begin_forecast() {
                Ok(run) => {
                    *self = Self::Running(Box::new(run));
                    Step::More(0.0)
                }
                Err(error) => Step::Done(Err(error.to_string())),
            },
        }
    }
}
