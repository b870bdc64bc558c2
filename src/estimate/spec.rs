//! From what a file states to a filter's setup.

use super::bank::Hypothesis;
use super::estimated::{Estimated, Scale, Slot};
use super::setup::{FilterSetup, Spread};
use crate::model::{About, Machine, position};
use crate::twin::behaviour::{Behaviour, EstimateSpec};
use crate::twin::{Diagnostic, Diagnostics};

/// Name of the hypothesis that nothing is wrong.
pub const HEALTHY: &str = "healthy";
/// Deviations and drifts of states that nobody stated, as a share of the state's usual size.
const USUAL_DEVIATION: f64 = 0.01;
const USUAL_DRIFT: f64 = 1e-4;

impl FilterSetup {
    /// The filter that a behaviour states for a machine. Without anything that is stated to be
    /// estimated, all states are, by a hundredth of their size.
    ///
    /// Outputs whose noise is not stated have an infinite one ([`FilterSetup::is_measured`]).
    ///
    /// # Errors
    /// All names that the model does not know, and values that cannot be.
    pub fn of(behaviour: &Behaviour, machine: &Machine) -> Result<Self, Diagnostics> {
        let about = machine.model.about();
        let mut wrong = Vec::new();
        let mut noise = vec![f64::INFINITY; about.outputs.len()];
        for (name, value) in &behaviour.noise {
            match position(&about.outputs, &name.text) {
                Some(at) if *value > 0.0 => noise[at] = *value,
                Some(_) => wrong.push(name.wrong("noise has to be above 0")),
                None => {
                    wrong.push(name.unknown("output", about.outputs.iter().map(|z| &*z.name)));
                }
            }
        }
        let stated = behaviour.estimate.iter().map(|spec| estimated(spec, machine));
        let mut all: Vec<Estimated> =
            stated.filter_map(|each| each.map_err(|error| wrong.push(*error)).ok()).collect();
        if behaviour.estimate.is_empty() {
            all = usual(machine);
        }
        if all.is_empty() && wrong.is_empty() {
            wrong.push(behaviour.model.wrong("nothing is to be estimated: state `estimate: {…}`"));
        }
        Diagnostics::unless_empty(wrong)?;
        Ok(Self {
            model: machine.model.clone(),
            parameters: machine.parameters.clone(),
            initial: machine.initial.clone(),
            estimated: all,
            noise,
            step_s: machine.step_s,
            spread: behaviour.spread.map_or(Spread::default(), |(alpha, beta, kappa)| Spread {
                alpha,
                beta,
                kappa,
            }),
            gate: behaviour.gate,
        })
    }

    /// Whether an output's noise is known, so that its measurements can be taken.
    pub fn is_measured(&self, output: usize) -> bool {
        self.noise[output].is_finite()
    }
}

impl Hypothesis {
    /// The faults that a behaviour states for a machine, and that nothing is wrong, as probable as
    /// all of them together unless it is stated as a fault named `healthy`.
    ///
    /// # Errors
    /// All names that the model does not know.
    pub fn all_of(behaviour: &Behaviour, machine: &Machine) -> Result<Vec<Self>, Diagnostics> {
        let mut wrong = Vec::new();
        let mut all = Vec::new();
        for fault in &behaviour.faults {
            let stated = fault.estimate.iter().map(|spec| estimated(spec, machine));
            let estimated = stated.filter_map(|each| each.map_err(|error| wrong.push(*error)).ok());
            let (name, prior) = (fault.name.text.clone(), fault.prior);
            all.push(Self { name, prior, estimated: estimated.collect() });
        }
        if all.is_empty() {
            let text = "no faults are stated: faults: {\"name\": (estimate: {…})}";
            wrong.push(behaviour.model.wrong(text));
        }
        Diagnostics::unless_empty(wrong)?;
        if all.iter().all(|fault| fault.name != HEALTHY) {
            let prior = all.iter().map(|fault| fault.prior).sum();
            all.insert(0, Self { name: HEALTHY.into(), prior, estimated: Vec::new() });
        }
        Ok(all)
    }
}

fn estimated(spec: &EstimateSpec, machine: &Machine) -> Result<Estimated, Box<Diagnostic>> {
    let about = machine.model.about();
    let (slot, usual) = slot(spec, machine).ok_or_else(|| {
        let names = about.states.iter().map(|state| state.name.clone());
        let names = names.chain(about.parameters.iter().map(|parameter| parameter.name.clone()));
        let errors = ["bias", "trend"].into_iter().flat_map(|prefix| {
            about.outputs.iter().map(move |output| format!("{prefix}_{}", output.name))
        });
        let names = names.chain(errors);
        let names: Vec<String> = names.collect();
        Box::new(
            spec.name.unknown("state, parameter, bias or trend", names.iter().map(String::as_str)),
        )
    })?;
    let mean = spec.mean.unwrap_or(usual);
    if spec.log && !(mean > 0.0) {
        return Err(Box::new(spec.name.wrong(format!(
            "`{}` is estimated on a logarithmic scale: state a `mean` above 0, not {mean}",
            spec.name.text
        ))));
    }
    if !(spec.deviation > 0.0) || !(spec.drift >= 0.0) {
        let text = "a deviation has to be above 0, and a drift not below it";
        return Err(Box::new(spec.name.wrong(text)));
    }
    let scale = if spec.log { Scale::Log } else { Scale::Linear };
    let (deviation, drift) = (spec.deviation, spec.drift);
    if let (Slot::State(_), Some(_)) = (slot, spec.memory_s) {
        let text = format!(
            "`{}` is a state: it follows its model and forgets nothing; state a `drift` instead of a \
             `memory`",
            spec.name.text
        );
        return Err(Box::new(spec.name.wrong(text)));
    }
    let memory_s = spec.memory_s.unwrap_or(f64::INFINITY);
    // With a memory and no drift of its own, it comes and goes by its deviation.
    let drift = match spec.memory_s {
        Some(memory_s) if drift == 0.0 => deviation * (2.0 / memory_s).sqrt(),
        _ => drift,
    };
    Ok(Estimated { slot, scale, mean, deviation, drift, memory_s })
}

/// Where a name belongs, and what is usual there.
fn slot(spec: &EstimateSpec, machine: &Machine) -> Option<(Slot, f64)> {
    let about: &About = machine.model.about();
    let name = &spec.name.text;
    if let Some(at) = position(&about.states, name) {
        return Some((Slot::State(at), machine.initial[at]));
    }
    if let Some(at) = about.parameters.iter().position(|parameter| parameter.name == *name) {
        return Some((Slot::Parameter(at), machine.parameters[at]));
    }
    let output = |name| position(&about.outputs, name);
    match (name.strip_prefix("bias_"), name.strip_prefix("trend_")) {
        (Some(name), _) => Some((Slot::Bias(output(name)?), 0.0)),
        (_, Some(name)) => Some((Slot::Trend(output(name)?), 0.0)),
        _ => None,
    }
}

fn usual(machine: &Machine) -> Vec<Estimated> {
    let each = machine.initial.iter().enumerate().filter(|(_, mean)| **mean != 0.0);
    each.map(|(at, mean)| Estimated {
        slot: Slot::State(at),
        scale: Scale::Linear,
        mean: *mean,
        deviation: USUAL_DEVIATION * mean.abs(),
        drift: USUAL_DRIFT * mean.abs(),
        memory_s: f64::INFINITY,
    })
    .collect()
}
