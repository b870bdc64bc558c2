//! What is believed of a machine before something is forecast or planned for it: which fault explains
//! what was measured, what a filter then makes of it, and whether that is to be relied upon.

use std::path::Path;
use std::sync::Arc;

use twinscope::estimate::{Filter, FilterSetup, HEALTHY};
use twinscope::model::Machine;
use twinscope::model::load::{Held, Load};
use twinscope::twin::behaviour::Behaviour;

use super::super::failure::Failure;
use super::args::{FilterArgs, MachineArgs};
use super::diagnose::{Evidence, Found};
use super::filtering::run_series;
use super::input::reported;
use super::scheduled::over_stated;
use super::series::Series;

/// A fault that is more probable than this is taken as given.
const PROBABLE: f64 = 0.5;
/// A hypothesis that is less probable than this leaves room for others.
const CERTAIN: f64 = 0.9;

/// What is believed.
pub struct Believed {
    /// The filter after the last sample; `None`: nothing was measured.
    pub filter: Option<Filter>,
    /// What acts on the machine from now on where nothing else is planned: the measured inputs of the
    /// greatest time (rows that come late may stand after it), others as its file states.
    pub load: Arc<dyn Load>,
    /// What the diagnosis found, where there was one.
    pub diagnosis: Option<Found>,
    /// The fault that is taken as given.
    pub fault: Option<String>,
    /// What is to be known of all that besides.
    pub notes: Vec<String>,
}

/// Runs a machine's filter over what was measured. Where no fault is stated by `--fault`, and the
/// machine's file states some, these are ranked first; one that is more probable than all others is taken
/// as given, also in `behaviour`.
///
/// # Errors
/// Those of the filter, and where what it believes in the end is not to be relied upon.
pub fn believe(
    machine: &Machine,
    behaviour: &mut Behaviour,
    machine_args: &MachineArgs,
    args: &FilterArgs,
    samples: Option<&Path>,
) -> Result<Believed, Failure> {
    let mut believed = Believed {
        filter: None,
        load: Arc::new(machine.load()),
        diagnosis: None,
        fault: machine_args.fault.clone(),
        notes: Vec::new(),
    };
    let Some(path) = samples else { return Ok(believed) };
    let setup = FilterSetup::of(behaviour, machine).map_err(reported)?;
    let series = Series::read(path, machine, &setup, args.samples_args.row_policy())?;
    let machine = &series.with_steps_that_hold(machine, path)?;
    if believed.fault.is_none() && !behaviour.faults.is_empty() {
        let evidence = Evidence {
            machine,
            behaviour,
            path,
            args: &args.samples_args,
            notes_rejections: false,
        };
        let found = evidence.rank(&series, None)?;
        believed.notes.push(note(&found));
        if let Some(fault) = found.explains(PROBABLE).filter(|name| *name != HEALTHY) {
            behaviour.suppose(fault).map_err(Failure::Input)?;
            believed.fault = Some(fault.to_owned());
        }
        believed.diagnosis = Some(found);
    }
    let (mut last_s, mut inputs) = (f64::NEG_INFINITY, machine.model.about().usual_inputs());
    let filter = run_series(machine, behaviour, args, path, &series, |_, sample, _| {
        if sample.time_s >= last_s {
            last_s = sample.time_s;
            inputs.clone_from(&sample.inputs);
        }
        Ok(())
    })?;
    filter.check().map_err(Failure::input)?;
    believed.load = over_stated(machine, Arc::new(Held(inputs)), series.inputs.clone());
    believed.filter = Some(filter);
    Ok(believed)
}

/// What a diagnosis came to, and what follows from it.
fn note(found: &Found) -> String {
    let percent = |probability: f64| format!("{:.1} %", 100.0 * probability);
    let named = |name: &str| match name {
        HEALTHY => "that nothing is wrong".to_owned(),
        fault => format!("`{fault}`"),
    };
    let mut ranking = found.ranking.iter();
    let Some(first) = ranking.next() else { return "nothing explains the samples".into() };
    let (name, sure) = (named(&first.name), percent(first.probability));
    let mut text = match (&*first.name, first.probability > PROBABLE) {
        (HEALTHY, true) => format!("diagnosis: {name} explains the samples best ({sure})"),
        (_, true) => format!(
            "diagnosis: {name} explains the samples best ({sure}) and is taken as given; state --fault to \
             take another one, or --fault {HEALTHY} for none"
        ),
        (_, false) => format!(
            "diagnosis: no single fault is probable ({name} {sure}), and none is taken as given; state \
             --fault to take one"
        ),
    };
    if first.probability < CERTAIN {
        let others = ranking.filter(|other| other.probability > 0.01).take(3);
        let others =
            others.map(|other| format!("{} {}", named(&other.name), percent(other.probability)));
        let others: Vec<String> = others.collect();
        if !others.is_empty() {
            text += &format!("; it may also be {}", others.join(", "));
        }
    }
    text
}
