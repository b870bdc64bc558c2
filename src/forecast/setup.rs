//! What is forecast: a machine, what is believed of it now, and what it will have to do.

use std::sync::Arc;

use super::error::ForecastError;
use super::limits::{MOST_MEMBER_STEPS, MOST_MEMBERS, MOST_NUMBERS, MOST_STEPS};
use crate::estimate::{Belief, Estimated};
use crate::model::load::Load;
use crate::model::{Kernel, Model, WIDTH};

/// What is forecast, and how far: the checkpoint from which every member can be simulated again.
#[derive(Clone)]
pub struct ForecastSetup {
    /// The model.
    pub model: Arc<dyn Model>,
    /// Its parameters, where they are not uncertain.
    pub parameters: Vec<f64>,
    /// What is known of it at the beginning.
    pub start: Start,
    /// Time of the beginning in seconds.
    pub begin_s: f64,
    /// How far to look: seconds after the beginning.
    pub horizon_s: f64,
    /// Length of a step in seconds.
    pub dt_s: f64,
    /// What the machine will have to do.
    pub load: Arc<dyn Load>,
    /// How far the load may be off.
    pub load_spread: Vec<LoadSpread>,
    /// Process noise: for each state a standard deviation after one second; empty: none.
    pub noise: Vec<f64>,
    /// Parameters, and states on a logarithmic scale, that go on moving as a filter allowed them to:
    /// by their drift and memory. Those that hold still, and errors of sensors, have no place here.
    pub movers: Vec<Estimated>,
    /// Members of the ensemble.
    pub members: usize,
    /// Chooses all chance.
    pub seed: u64,
    /// Events, by place, that end a member's course; without any it goes on to the horizon.
    pub ends: Vec<usize>,
    /// Instants at which courses are kept, evenly over the horizon.
    pub instants: usize,
    /// Members whose courses are kept for the bands; events are kept of all.
    pub recorded: usize,
    /// What is to be known of the forecast besides, in words.
    pub notes: Vec<String>,
}

/// What is known of a machine at the beginning.
#[derive(Clone, Debug)]
pub enum Start {
    /// A state for each member; members beyond them begin with the first again.
    Each(Vec<Vec<f64>>),
    /// State and parameters for each member; members beyond them begin with the first again.
    Members(Vec<MemberStart>),
    /// Particles of a filter, as probable each: every member draws one of all, so that few members
    /// stand for the whole cloud, and another seed takes others.
    Particles(Arc<[MemberStart]>),
    /// A filter's belief, and what its numbers mean.
    Belief {
        /// The belief.
        belief: Box<Belief>,
        /// What is estimated, in its order.
        estimated: Vec<Estimated>,
    },
}

/// With what a member begins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemberStart {
    /// Its state.
    pub states: Vec<f64>,
    /// Its parameters.
    pub parameters: Vec<f64>,
    /// For each spread of the load, the share by which it is off all the time; `None`: drawn.
    pub levels: Option<Vec<f64>>,
    /// For each state, how much is added in a second; empty: nothing.
    pub push: Vec<f64>,
    /// For each of the setup's movers, on its scale, by how much the mean to which it returns is
    /// off, and how much is added in a second; empty: nothing.
    pub moves: Vec<(f64, f64)>,
}

/// How far inputs may be off from the load that is planned, in common.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadSpread {
    /// Inputs, by place, that are off by the same share.
    pub inputs: Vec<usize>,
    /// Standard deviation of a share by which a member is off from beginning to end.
    pub level: f64,
    /// Standard deviation of a share that comes and goes.
    pub wander: f64,
    /// Time in seconds after which what wanders has mostly forgotten itself.
    pub memory_s: f64,
    /// The share by which what wanders is off at the beginning, where that is known.
    pub begins: Option<f64>,
}

impl ForecastSetup {
    /// A forecast of a usual machine, one member, an event of any kind ends it.
    pub fn usual(model: Arc<dyn Model>, load: Arc<dyn Load>, dt_s: f64, horizon_s: f64) -> Self {
        let about = model.about();
        let mut x: Vec<f64> = about.states.iter().map(|state| state.usual).collect();
        let (p, mut u) = (about.usual_parameters(), about.usual_inputs());
        load.at(0.0, &x, &mut u);
        Kernel::<f64>::start(&*model, &u, &p, &mut x);
        Self {
            parameters: p,
            start: Start::Each(vec![x]),
            begin_s: 0.0,
            horizon_s,
            dt_s,
            load,
            load_spread: Vec::new(),
            noise: Vec::new(),
            movers: Vec::new(),
            members: 1,
            seed: 1,
            ends: (0..about.events.len()).collect(),
            instants: 100,
            recorded: 1_000,
            notes: Vec::new(),
            model,
        }
    }

    /// States that members begin with: one, unless they are stated one by one.
    pub(super) fn starts(&self) -> usize {
        match &self.start {
            Start::Each(all) => all.len(),
            Start::Members(all) => all.len(),
            Start::Particles(all) => all.len(),
            Start::Belief { .. } => 1,
        }
    }

    /// Numbers of courses that are kept for the bands, when no course ends early.
    fn numbers_kept(&self) -> usize {
        let about = self.model.about();
        let width = about.outputs.len() + about.events.len();
        let members = self.recorded.min(self.members).saturating_add(WIDTH);
        let instants = (self.instants as u64).min(self.steps()) as usize + 1;
        members.saturating_mul(instants).saturating_mul(width)
    }

    /// Steps from the beginning to the horizon.
    pub fn steps(&self) -> u64 {
        libm::ceil(self.horizon_s / self.dt_s - 1e-9) as u64
    }

    /// Steps between two kept instants.
    pub fn steps_an_instant(&self) -> u64 {
        self.steps().div_ceil(self.instants.max(1) as u64).max(1)
    }

    /// Whether everything fits the model and can be carried out.
    ///
    /// # Errors
    /// What does not fit.
    pub fn check(&self) -> Result<(), ForecastError> {
        let about = self.model.about();
        let fit = |what, is: usize, wanted: usize| about.count(what, is, wanted);
        fit("parameters", self.parameters.len(), about.parameters.len())?;
        if !self.noise.is_empty() {
            fit("states that noise may act on", self.noise.len(), about.states.len())?;
        }
        match &self.start {
            Start::Each(all) => {
                let first = all.first().ok_or(ForecastError::NoState)?;
                fit("states", first.len(), about.states.len())?;
                if let Some(at) = all.iter().position(|x| x.len() != first.len()) {
                    let (state, numbers) = (at + 1, all[at].len());
                    return Err(ForecastError::StateLength { state, numbers });
                }
                if let Some(at) = all.iter().position(|x| x.iter().any(|x| !x.is_finite())) {
                    return Err(ForecastError::StateNotFinite { state: at + 1 });
                }
            }
            Start::Members(all) => self.check_each(all)?,
            Start::Particles(all) => self.check_each(all)?,
            Start::Belief { belief, estimated } => {
                fit("states", belief.states.len(), about.states.len())?;
                let (numbers, estimated) = (belief.mean.len(), estimated.len());
                if numbers != estimated {
                    return Err(ForecastError::BeliefSize { numbers, estimated });
                }
                if belief.covariance.cholesky().is_none() {
                    return Err(ForecastError::Covariance);
                }
            }
        }
        for (what, span_s) in [("a step", self.dt_s), ("a horizon", self.horizon_s)] {
            if !(span_s > 0.0 && span_s.is_finite()) {
                return Err(ForecastError::Span { what, span_s });
            }
        }
        if self.members == 0 {
            return Err(ForecastError::NoMembers);
        }
        if self.members > MOST_MEMBERS {
            return Err(ForecastError::TooManyMembers { members: self.members });
        }
        let numbers = self.numbers_kept();
        if numbers > MOST_NUMBERS {
            let (members, instants) = (self.recorded.min(self.members), self.instants);
            return Err(ForecastError::TooManyNumbers { members, instants, numbers });
        }
        let Self { horizon_s, dt_s, members, .. } = *self;
        let steps = horizon_s / dt_s;
        if !(steps <= MOST_STEPS as f64) {
            return Err(ForecastError::TooManySteps { horizon_s, steps, dt_s });
        }
        let steps = steps * members as f64;
        if steps > MOST_MEMBER_STEPS as f64 {
            return Err(ForecastError::TooManyMemberSteps { members, horizon_s, steps, dt_s });
        }
        Ok(())
    }

    fn check_each(&self, all: &[MemberStart]) -> Result<(), ForecastError> {
        let about = self.model.about();
        if all.is_empty() {
            return Err(ForecastError::NoStart);
        }
        for (at, begin) in all.iter().enumerate() {
            let member = at + 1;
            let lengths = [
                ("states", begin.states.len(), about.states.len()),
                ("parameters", begin.parameters.len(), about.parameters.len()),
            ];
            if let Some((what, is, wanted)) =
                lengths.into_iter().find(|(_, is, wanted)| is != wanted)
            {
                return Err(ForecastError::MemberLength { member, what, is, wanted });
            }
            if !begin.states.iter().chain(&begin.parameters).all(|value| value.is_finite()) {
                return Err(ForecastError::MemberNotFinite { member });
            }
        }
        Ok(())
    }
}
