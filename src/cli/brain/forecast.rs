//! The command `forecast`.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use twinscope::forecast::{
    self, Correction, ForecastSetup, Forecasting, StoredForecast, UnscentedForecasting,
};
use twinscope::model::Machine;
use twinscope::output;
use twinscope::worker::{Budget, Step, step};

use super::super::failure::{Failure, Outcome, path_text};
use super::super::files::print;
use super::args::{Forecast, Method};
use super::believe::{Believed, believe};
use super::forecast_page::page;
use super::input::{machine, reported, text, wrong};
use super::scheduled::{Scheduled, note_unplanned};
use super::{forecast_text, member};

/// Forecasts what will happen to a machine, and when.
pub fn forecast(args: &Forecast) -> Outcome {
    let (machine, mut behaviour) = machine(&args.machine)?;
    let picked = member::picked(args, machine.model.about())?;
    let believed =
        believe(&machine, &mut behaviour, &args.machine, &args.filter, args.samples.as_deref())
            .map_err(no_forecast)?;
    let (load, planned) = match &args.plan {
        Some(path) => {
            let plan = Scheduled::read(path, args.hold, &machine)?;
            let planned = plan.span_s().map(|span_s| (path, span_s));
            (plan.load(&machine), planned)
        }
        None => (believed.load.clone(), None),
    };
    let horizon_s = args.horizon.as_secs_f64();
    let mut setup = ForecastSetup::of(&behaviour, &machine, load, horizon_s).map_err(reported)?;
    (setup.members, setup.seed) = (args.members, args.seed);
    match (&believed.filter, args.method) {
        (Some(filter), Method::Ensemble) => setup.from_filter(filter),
        // Points are chosen from mean and covariance, which a cloud of particles has, too.
        (Some(filter), Method::Unscented) => {
            setup.from_belief(filter.belief().clone(), &filter.setup().estimated);
        }
        // Without samples it begins as uncertain as the machine's file states.
        (None, _) => setup.from_prior(&behaviour, &machine).map_err(reported)?,
    }
    if let Some((path, span_s)) = planned {
        note_unplanned(path, span_s, (setup.begin_s, setup.begin_s + horizon_s));
    }
    setup.notes.clone_from(&believed.notes);
    if !machine.is_step_stated {
        setup.check().map_err(Failure::input)?;
        setup.shorten_step().map_err(|error| no_forecast(Failure::input(error)))?;
    }
    let setup = Arc::new(setup);
    let done = match args.method {
        Method::Ensemble => carry_out(setup.clone())?,
        Method::Unscented => unscented(&setup)?,
    };
    let done = done.corrected(&corrections(args)?);
    let name = args.name.as_deref().unwrap_or(&args.machine.model);
    // Whatever of it cannot be written, the forecast is printed, and the exit status tells.
    let kept = args.keep.as_deref().map(|path| keep(path, &StoredForecast::of(name, &done)));
    let page = args.html.as_deref().map(|path| report(path, name, &machine, &done, &believed));
    let written = [kept, page].into_iter().flatten().collect::<Outcome>();
    if let (Some(pick), Some(out)) = (picked, &args.out) {
        member::write(args, &setup, &done, pick, out)?;
        if out == Path::new("-") {
            return written;
        }
    }
    if args.json {
        print(forecast_text::as_json(&done, &believed))?;
    } else {
        print(forecast_text::as_table(&done))?;
    }
    written
}

fn report(
    path: &Path,
    name: &str,
    machine: &Machine,
    done: &forecast::Forecast,
    believed: &Believed,
) -> Outcome {
    let page = page(name, machine.model.about(), done, believed.filter.as_ref());
    let page = page.map_err(|error| Failure::Environment(format!("no report: {error}")))?;
    output::write(path, page.as_bytes()).map_err(|error| cannot_write(path, &error))
}

/// The failure that there is no forecast, and why.
fn no_forecast(failure: Failure) -> Failure {
    match failure {
        Failure::Input(why) if why.starts_with("no forecast: ") => Failure::Input(why),
        Failure::Input(why) => Failure::Input(format!("no forecast: {why}")),
        other => other,
    }
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Environment(format!("cannot write {}: {error}", path_text(path)))
}

fn keep(path: &Path, kept: &StoredForecast) -> Outcome {
    let line = kept.line().map_err(Failure::environment)?;
    let cut = output::append_line(path, &line, StoredForecast::is_line)
        .map_err(|error| cannot_write(path, &error))?;
    if let Some(bytes) = cut {
        eprintln!(
            "note: {}: its last line was torn, as when a disk is full or a program is ended while it writes: \
             {bytes} bytes are cut off",
            path_text(path)
        );
    }
    Ok(())
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
