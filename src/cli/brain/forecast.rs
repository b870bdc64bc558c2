//! The command `forecast`.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde_json::json;
use twinscope::estimate::Unscented;
use twinscope::forecast::{self, Forecasting, LEVELS, Setup};
use twinscope::model::load::{Held, Load};
use twinscope::model::{Machine, table};

use super::super::files::print;
use super::super::{Failure, Outcome};
use super::args::Forecast;
use super::plot::{bars, histogram, span};
use super::{estimate, machine, told, wrong};

/// Width of a histogram.
const PARTS: usize = 48;

/// Forecasts what will happen to a machine, and when.
pub fn forecast(args: &Forecast) -> Outcome {
    let (machine, behaviour) = machine(&args.machine)?;
    let mut last = machine.model.about().usual_inputs();
    let filter = match &args.samples {
        Some(path) => Some(estimate::run(&machine, &behaviour, path, |_, sample, _| {
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
        setup.from_belief(filter.belief().clone(), &filter.setup().estimated);
    }
    let done = carry_out(setup)?;
    if args.json { print(as_json(&done, filter.as_ref())) } else { print(as_table(&done)) }
}

fn plan(args: &Forecast, machine: &Machine, last: Vec<f64>) -> Result<Arc<dyn Load>, Failure> {
    let Some(path) = &args.plan else { return Ok(Arc::new(Held(last))) };
    let table = super::table(path)?;
    let (schedule, notes) = table::load(&table, machine.model.about(), args.hold)
        .map_err(|error| wrong(path, &error))?;
    for note in notes {
        eprintln!("note: {}: {note}", path.display());
    }
    Ok(Arc::new(schedule))
}

fn carry_out(setup: Setup) -> Result<forecast::Forecast, Failure> {
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

fn as_json(done: &forecast::Forecast, filter: Option<&Unscented>) -> serde_json::Value {
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
