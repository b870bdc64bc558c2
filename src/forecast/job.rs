//! A forecast as a message: whoever has the text of a machine's file and what a filter believes can
//! have it made by a thread, in slices of frames, or in a Web Worker.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::result::Forecast;
use super::run::Forecasting;
use super::setup::Setup;
use crate::estimate::{self, Belief};
use crate::model::Machine;
use crate::model::linear::Matrix;
use crate::model::load::{Held, Hold, Load, Schedule};
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
    /// What a filter of the machine believes; `None`: what the file says before anything is measured.
    pub belief: Option<Believed>,
    /// What the machine will have to do: times in seconds from which on all inputs of the model are
    /// these. Empty: the usual ones.
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
pub struct Believed {
    /// Seconds.
    pub time_s: f64,
    /// What is estimated, on the scales of the file.
    pub mean: Vec<f64>,
    /// Covariance on these scales, row by row.
    pub covariance: Vec<f64>,
    /// All states.
    pub states: Vec<f64>,
}

impl From<&Belief> for Believed {
    fn from(belief: &Belief) -> Self {
        Self {
            time_s: belief.time_s,
            mean: belief.mean.clone(),
            covariance: belief.covariance.values().to_vec(),
            states: belief.states.clone(),
        }
    }
}

impl Believed {
    fn belief(&self) -> Result<Belief, String> {
        let count = self.mean.len();
        let covariance = Matrix::from_rows(count, count, self.covariance.clone());
        let covariance = covariance.ok_or_else(|| {
            let numbers = self.covariance.len();
            format!("a belief of {count} numbers has a covariance of {count}², not of {numbers}")
        })?;
        let all = self.mean.iter().chain(&self.states).chain([&self.time_s]);
        if !all.copied().all(f64::is_finite) {
            return Err("no forecast: what is believed is not a number".into());
        }
        let (mean, states) = (self.mean.clone(), self.states.clone());
        Ok(Belief { time_s: self.time_s, mean, covariance, states })
    }
}

impl MakeForecast {
    /// The setup that the job's forecast is made from: the same wherever it is asked for.
    ///
    /// # Errors
    /// What is wrong with the file, the belief or the plan.
    pub fn setup(&self) -> Result<Setup, String> {
        let text = |error: crate::twin::Diagnostics| error.to_string();
        let mut behaviour = load_behaviour(Path::new(&self.file), &self.machine).map_err(text)?;
        if let Some(fault) = &self.fault {
            behaviour.suppose(fault)?;
        }
        let machine = Machine::of(&behaviour).map_err(text)?;
        let load = self.load(&machine)?;
        let mut setup = Setup::of(&behaviour, &machine, load, self.horizon_s).map_err(text)?;
        (setup.members, setup.seed) = (self.members, self.seed);
        match &self.belief {
            Some(believed) => {
                let estimated = estimate::Setup::of(&behaviour, &machine).map_err(text)?.estimated;
                setup.from_belief(believed.belief()?, &estimated);
            }
            None => setup.from_prior(&behaviour, &machine).map_err(text)?,
        }
        setup.check()?;
        Ok(setup)
    }

    fn load(&self, machine: &Machine) -> Result<Arc<dyn Load>, String> {
        let about = machine.model.about();
        if self.plan.is_empty() {
            return Ok(Arc::new(Held(about.usual_inputs())));
        }
        let plan = Schedule::new(&self.plan, Hold::Start)?;
        let (is, wanted) = (plan.inputs(), about.inputs.len());
        if is != wanted {
            return Err(format!("`{}` has {wanted} inputs, not {is}", about.name));
        }
        Ok(Arc::new(plan))
    }
}

impl Job for MakeForecast {
    const KIND: &'static str = "forecast";
    type Output = Forecast;
    type Run = Making;

    fn begin(self) -> Making {
        Making::Told(self)
    }
}

/// A forecast that is being made from a message.
pub enum Making {
    /// Nothing is done yet.
    Told(MakeForecast),
    /// Under way.
    Going(Box<Forecasting>),
}

impl Run for Making {
    type Output = Forecast;

    fn piece(&mut self) -> Step<Forecast> {
        match self {
            Self::Going(run) => run.piece(),
            Self::Told(job) => match job.setup().and_then(Forecasting::new) {
                Ok(run) => {
                    *self = Self::Going(Box::new(run));
                    Step::More(0.0)
                }
                Err(error) => Step::Done(Err(error)),
            },
        }
    }
}
