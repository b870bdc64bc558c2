//! The command `forecast`.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use twinscope::forecast::{
    self, Correction, ForecastSetup, Forecasting, StoredForecast, UnscentedForecasting,
};
use twinscope::model::Machine;
use twinscope::model::load::{Held, Hold, Load};
use twinscope::worker::{Budget, Step, step};

use super::super::failure::{Failure, Outcome};
use super::super::files::print;
use super::args::{Forecast, Method};
use super::filtering::run;
use super::forecast_page::page;
use super::input::{machine, planned, reported, text, wrong};
use super::{forecast_text, member};

/// Forecasts what will happen to a machine, and when.
pub fn forecast(args: &Forecast) -> Outcome {
    let (machine, behaviour) = machine(&args.machine)?;
    let picked = member::picked(args, machine.model.about())?;
    // The inputs of the greatest time: rows that come late may stand after it.
    let (mut last_s, mut last) = (f64::NEG_INFINITY, machine.model.about().usual_inputs());
    let filter = match &args.samples {
        Some(path) => Some(
            run(&machine, &behaviour, &args.filter, path, |_, sample, _| {
                if sample.time_s >= last_s {
                    last_s = sample.time_s;
                    last.clone_from(&sample.inputs);
                }
                Ok(())
            })
            .map_err(no_forecast)?,
        ),
        None => None,
    };
    let load = plan(args, &machine, last)?;
    let horizon_s = args.horizon.as_secs_f64();
    let mut setup = ForecastSetup::of(&behaviour, &machine, load, horizon_s).map_err(reported)?;
    (setup.members, setup.seed) = (args.members, args.seed);
    if let Some(filter) = &filter {
        // No forecast is made from an inconsistent filter.
        filter
            .check_consistency()
            .map_err(|inconsistency| no_forecast(Failure::Input(inconsistency.to_string())))?;
    }
    match (&filter, args.method) {
        (Some(filter), Method::Ensemble) => setup.from_filter(filter),
        // Points are chosen from mean and covariance, which a cloud of particles has, too.
        (Some(filter), Method::Unscented) => {
            setup.from_belief(filter.belief().clone(), &filter.setup().estimated);
        }
        // Without samples it begins as uncertain as the machine's file states.
        (None, _) => setup.from_prior(&behaviour, &machine).map_err(reported)?,
    }
    let setup = Arc::new(setup);
    let done = match args.method {
        Method::Ensemble => carry_out(setup.clone())?,
        Method::Unscented => unscented(&setup)?,
    };
    let done = done.corrected(&corrections(args)?);
    let name = args.name.as_deref().unwrap_or(&args.machine.model);
    if let Some(path) = &args.keep {
        keep(path, &StoredForecast::of(name, &done))?;
    }
    if let Some(path) = &args.html {
        let page = page(name, machine.model.about(), &done, filter.as_ref());
        let page = page.map_err(|error| Failure::Environment(format!("no report: {error}")))?;
        std::fs::write(path, page).map_err(|error| cannot_write(path, &error))?;
    }
    if let (Some(pick), Some(out)) = (picked, &args.out) {
        member::write(args, &setup, &done, pick, out)?;
        if out == Path::new("-") {
            return Ok(());
        }
    }
    if args.json {
        print(forecast_text::as_json(&done, filter.as_ref()))
    } else {
        print(forecast_text::as_table(&done))
    }
}

/// The failure that there is no forecast, and why.
fn no_forecast(failure: Failure) -> Failure {
    match failure {
        Failure::Input(why) => Failure::Input(format!("no forecast: {why}")),
        other => other,
    }
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Environment(format!("cannot write {}: {error}", path.display()))
}

fn keep(path: &Path, kept: &StoredForecast) -> Outcome {
    let line = kept.line().map_err(Failure::environment)?;
    let file = OpenOptions::new().create(true).append(true).open(path);
    // One write, so that two programs that keep at once do not mix their lines.
    let written = file.and_then(|mut file| file.write_all((line + "\n").as_bytes()));
    written.map_err(|error| cannot_write(path, &error))
}

fn corrections(args: &Forecast) -> Result<BTreeMap<String, Correction>, Failure> {
    let Some(path) = &args.correction else { return Ok(BTreeMap::new()) };
    serde_json::from_str(&text(path)?)
        .map_err(|error| wrong(path, format!("not what `score --learn` writes: {error}")))
}

/// The points of the unscented transform as an ensemble.
fn unscented(setup: &ForecastSetup) -> Result<forecast::Forecast, Failure> {
    let mut run = UnscentedForecasting::new(setup).map_err(Failure::input)?;
    match step(&mut run, &Budget::until(&|| false)) {
        Step::Done(done) => Ok(done.map_err(Failure::Input)?.forecast),
        Step::More(_) => Err(Failure::Environment("the forecast was given up".into())),
    }
}

fn plan(args: &Forecast, machine: &Machine, last: Vec<f64>) -> Result<Arc<dyn Load>, Failure> {
    match &args.plan {
        Some(path) => schedule_of(path, args.hold, machine),
        // Without samples nothing is known of what acts on it but what its file states.
        None if args.samples.is_none() => Ok(Arc::new(machine.load())),
        None => Ok(Arc::new(Held(last))),
    }
}

/// The load that a table plans.
pub fn schedule_of(path: &Path, hold: Hold, machine: &Machine) -> Result<Arc<dyn Load>, Failure> {
    Ok(planned(path, hold, machine)?.load)
}

/// Makes a forecast on all cores.
pub fn carry_out(setup: impl Into<Arc<ForecastSetup>>) -> Result<forecast::Forecast, Failure> {
    let run = Forecasting::new(setup).map_err(Failure::input)?;
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let is_seen = std::io::stderr().is_terminal();
    let progress = |share: f32| {
        if is_seen {
            let _ = write!(std::io::stderr(), "\r{:3.0} %\r", share * 100.0);
        }
    };
    let done = run.on_threads(threads, &AtomicBool::new(false), &progress);
    match done {
        Some(done) => done.map_err(Failure::input),
        None => Err(Failure::Environment("the forecast was given up".into())),
    }
}
