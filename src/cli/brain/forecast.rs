//! The command `forecast`.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde_json::json;
use twinscope::estimate::Filter;
use twinscope::forecast::{self, Correction, Forecasting, Kept, LEVELS, Quickly, Setup};
use twinscope::model::load::{Held, Hold, Load};
use twinscope::model::{Machine, table};
use twinscope::worker::{Budget, Step, step};

use super::super::files::print;
use super::super::{Failure, Outcome};
use super::args::{Forecast, Method};
use super::feed::run;
use super::plot::{bars, histogram, span};
use super::report::page;
use super::{machine, text, told, wrong};

/// Width of a histogram.
const PARTS: usize = 48;

/// Forecasts what will happen to a machine, and when.
pub fn forecast(args: &Forecast) -> Outcome {
    let (machine, behaviour) = machine(&args.machine)?;
    let mut last = machine.model.about().usual_inputs();
    let filter = match &args.samples {
        Some(path) => Some(run(&machine, &behaviour, &args.filter, path, |_, sample, _| {
            last.clone_from(&sample.inputs);
            Ok(())
        })?),
        None => None,
    };
    let load = plan(args, &machine, last)?;
    let horizon_s = args.horizon.as_secs_f64();
    let mut setup = Setup::of(&behaviour, &machine, load, horizon_s).map_err(told)?;
    (setup.members, setup.seed) = (args.members, args.seed);
    if let Some(filter) = &filter {
        // Nothing is built on what a lost filter believes.
        filter.trust().map_err(|doubt| Failure::Input(format!("no forecast: {doubt}")))?;
        setup.from_filter(filter);
    }
    let done = match args.method {
        Method::Ensemble => carry_out(setup)?,
        Method::Unscented => quickly(&setup)?,
    };
    let done = done.corrected(&corrections(args)?);
    let name = args.name.as_deref().unwrap_or(&args.machine.model);
    if let Some(path) = &args.keep {
        keep(path, &Kept::of(name, &done))?;
    }
    if let Some(path) = &args.html {
        let page = page(name, machine.model.about(), &done, filter.as_ref());
        let page = page.map_err(|error| Failure::Environment(format!("no report: {error}")))?;
        std::fs::write(path, page).map_err(|error| cannot_write(path, &error))?;
    }
    if args.json { print(as_json(&done, filter.as_ref())) } else { print(as_table(&done)) }
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Environment(format!("cannot write {}: {error}", path.display()))
}

fn keep(path: &Path, kept: &Kept) -> Outcome {
    let line = kept.line().map_err(Failure::Environment)?;
    let file = OpenOptions::new().create(true).append(true).open(path);
    // One write, so that two programs that keep at once do not mix their lines.
    let written = file.and_then(|mut file| file.write_all((line + "\n").as_bytes()));
    written.map_err(|error| cannot_write(path, &error))
}

fn corrections(args: &Forecast) -> Result<BTreeMap<String, Correction>, Failure> {
    let Some(path) = &args.correction else { return Ok(BTreeMap::new()) };
    serde_json::from_str(&text(path)?)
        .map_err(|error| wrong(path, &format!("not what `score --learn` writes: {error}")))
}

/// The points of the unscented transform as an ensemble.
fn quickly(setup: &Setup) -> Result<forecast::Forecast, Failure> {
    let mut run = Quickly::new(setup).map_err(Failure::Input)?;
    match step(&mut run, &Budget::until(&|| false)) {
        Step::Done(done) => Ok(done.map_err(Failure::Input)?.forecast),
        Step::More(_) => Err(Failure::Environment("the forecast was given up".into())),
    }
}

fn plan(args: &Forecast, machine: &Machine, last: Vec<f64>) -> Result<Arc<dyn Load>, Failure> {
    match &args.plan {
        Some(path) => schedule_of(path, args.hold, machine),
        None => Ok(Arc::new(Held(last))),
    }
}

/// The load that a table plans.
pub fn schedule_of(path: &Path, hold: Hold, machine: &Machine) -> Result<Arc<dyn Load>, Failure> {
    let table = super::table(path)?;
    let (schedule, notes) =
        table::load(&table, machine.model.about(), hold).map_err(|error| wrong(path, &error))?;
    for note in notes {
        eprintln!("note: {}: {note}", path.display());
    }
    Ok(Arc::new(schedule))
}

/// Makes a forecast on all cores.
pub fn carry_out(setup: Setup) -> Result<forecast::Forecast, Failure> {
    let run = Forecasting::new(setup).map_err(Failure::Input)?;
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let is_seen = std::io::stderr().is_terminal();
    let tell = |share: f32| {
        if is_seen {
            let _ = write!(std::io::stderr(), "\r{:3.0} %\r", share * 100.0);
        }
    };
    let done = run.on_threads(threads, &AtomicBool::new(false), &tell);
    match done {
        Some(done) => done.map_err(Failure::Input),
        None => Err(Failure::Environment("the forecast was given up".into())),
    }
}

fn as_table(done: &forecast::Forecast) -> String {
    let mut text = format!(
        "{} members, from {} s on, {} ahead",
        done.members,
        done.begin_s,
        span(done.horizon_s)
    );
    if done.lost > 0 {
        text += &format!("; {} of them diverged and are left out", done.lost);
    }
    for event in &done.events {
        let sure = event.probability_before(f64::INFINITY);
        text += &format!("\n\n{}: happens to {:.1} % before then", event.name, 100.0 * sure);
        if event.times_s.is_empty() {
            continue;
        }
        let at = |probability: f64| event.remaining_s(probability).map_or("later".to_owned(), span);
        let [early, middle, late] = [0.05, 0.5, 0.95].map(at);
        text += &format!("\n  remaining: {middle} (90 %: {early} to {late})");
        let (low, high) = (done.begin_s, done.begin_s + done.horizon_s);
        let counts = histogram(&event.times_s, low, high, PARTS);
        text += &format!("\n  now ▕{}▏ {}", bars(&counts), span(done.horizon_s));
    }
    text
}

fn as_json(done: &forecast::Forecast, filter: Option<&Filter>) -> serde_json::Value {
    let events = done.events.iter().map(|event| {
        let quantile = |p: &f64| json!({"probability": p, "time_s": event.quantile_s(*p)});
        let told = json!({
            "probability": event.probability_before(f64::INFINITY),
            "mean_s": event.mean_s(),
            "quantiles": LEVELS.iter().map(quantile).collect::<Vec<_>>(),
            "remaining_median_s": event.remaining_s(0.5),
            "step_ends_s": event.step_ends_s,
        });
        (event.name.clone(), told)
    });
    let bands = done.bands.iter().map(|band| (band.name.clone(), json!(band.quantiles)));
    let kept =
        done.kept.iter().map(|member| json!({"number": member.number, "course": member.course}));
    let names: Vec<&str> = done.bands.iter().map(|band| &*band.name).collect();
    json!({
        "begin_s": done.begin_s,
        "horizon_s": done.horizon_s,
        "members": done.members,
        "diverged": done.lost,
        "estimated": filter.map(|filter| {
            let setup = filter.setup();
            let each = (0..setup.estimated.len()).map(|at| {
                let (mean, deviation) = filter.estimate(at);
                (setup.name(at), json!({"mean": mean, "deviation": deviation}))
            });
            each.collect::<serde_json::Map<_, _>>()
        }),
        "events": events.collect::<serde_json::Map<_, _>>(),
        "instants_s": done.instants_s,
        "going": done.going,
        "levels": LEVELS,
        "bands": bands.collect::<serde_json::Map<_, _>>(),
        "kept": {"variables": names, "members": kept.collect::<Vec<_>>(), "medoid": done.medoid},
    })
}
