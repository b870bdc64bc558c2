//! From what a file states to a forecast's setup.

use std::sync::Arc;

use super::setup::{ForecastSetup, LoadSpread, MemberStart, Start};
use crate::estimate::{self, Belief, Estimated, Filter, Scale, Slot};
use crate::model::load::Load;
use crate::model::{Kernel, Machine, position};
use crate::twin::Diagnostics;
use crate::twin::behaviour::Behaviour;

impl ForecastSetup {
    /// A forecast of a machine from the state that it begins with; what a behaviour states of the
    /// load's uncertainty and of the events that end it is in it.
    ///
    /// # Errors
    /// All names that the model does not know.
    pub fn of(
        behaviour: &Behaviour,
        machine: &Machine,
        load: Arc<dyn Load>,
        horizon_s: f64,
    ) -> Result<Self, Diagnostics> {
        let about = machine.model.about();
        let mut wrong = Vec::new();
        let mut setup = Self::usual(machine.model.clone(), load.clone(), machine.step_s, horizon_s);
        if horizon_s > 0.0 {
            // A first step beyond the horizon would show what is not asked for.
            setup.dt_s = setup.dt_s.min(horizon_s);
        }
        setup.parameters.clone_from(&machine.parameters);
        let mut x = machine.initial.clone();
        let mut u = about.usual_inputs();
        load.at(0.0, &x, &mut u);
        Kernel::<f64>::start(&*machine.model, &u, &setup.parameters, &mut x);
        setup.start = Start::Each(vec![x]);
        if !behaviour.ends.is_empty() {
            setup.ends.clear();
        }
        for end in &behaviour.ends {
            match about.events.iter().position(|event| event.name == end.text) {
                Some(at) => setup.ends.push(at),
                None => {
                    wrong.push(end.unknown("event", about.events.iter().map(|e| &*e.name)));
                }
            }
        }
        for spec in &behaviour.load {
            let mut inputs = Vec::new();
            for input in &spec.inputs {
                match position(&about.inputs, &input.text) {
                    Some(at) => inputs.push(at),
                    None => {
                        wrong.push(input.unknown("input", about.inputs.iter().map(|u| &*u.name)));
                    }
                }
            }
            let (level, wander, memory_s) = (spec.level, spec.wander, spec.memory_s);
            setup.load_spread.push(LoadSpread { inputs, level, wander, memory_s, begins: None });
        }
        Diagnostics::unless_empty(wrong)?;
        Ok(setup)
    }

    /// From now on it begins as uncertain as a behaviour states for when nothing is measured.
    ///
    /// # Errors
    /// All names that the model does not know.
    pub fn from_prior(
        &mut self,
        behaviour: &Behaviour,
        machine: &Machine,
    ) -> Result<(), Diagnostics> {
        if behaviour.estimate.is_empty() {
            return Ok(());
        }
        let setup = estimate::FilterSetup::of(behaviour, machine)?;
        let (mean, covariance) = setup.belief();
        let Start::Each(all) = &self.start else { return Ok(()) };
        let states = all[0].clone();
        let belief = Belief { time_s: self.begin_s, mean, covariance, states };
        self.from_belief(belief, &setup.estimated);
        Ok(())
    }

    /// From now on it begins with what a filter believes: its belief, or its particles.
    pub fn from_filter(&mut self, filter: &Filter) {
        let setup = filter.setup();
        self.from_belief(filter.belief().clone(), &setup.estimated);
        if let Filter::Particles(particles) = filter {
            let begin =
                |(states, parameters)| MemberStart { states, parameters, ..MemberStart::default() };
            self.start = Start::Particles(particles.members().into_iter().map(begin).collect());
        }
    }

    /// From now on it begins with a filter's belief, and what is estimated goes on moving by itself
    /// as the filter allowed it to.
    pub fn from_belief(&mut self, belief: Belief, estimated: &[Estimated]) {
        self.begin_s = belief.time_s;
        self.noise = vec![0.0; belief.states.len()];
        self.movers.clear();
        for each in estimated {
            match (each.slot, each.scale) {
                (Slot::State(at), Scale::Linear) => self.noise[at] = each.drift,
                // A state follows the model, and forgets nothing.
                (Slot::State(_), Scale::Log) if each.drift > 0.0 => {
                    self.movers.push(Estimated { memory_s: f64::INFINITY, ..*each });
                }
                (Slot::Parameter(_), _) if each.drift > 0.0 || each.memory_s.is_finite() => {
                    self.movers.push(*each);
                }
                _ => {}
            }
        }
        self.start = Start::Belief { belief: Box::new(belief), estimated: estimated.to_vec() };
    }
}
