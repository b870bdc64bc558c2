//! The command `optimise`.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde_json::{Value, json};
use twinscope::forecast::optimise::{
    Gain, Optimum, Problem, Schedule, optimise as search, schedule,
};
use twinscope::forecast::{Forecast, ForecastSetup};
use twinscope::model::load::{Held, Load};
use twinscope::twin::goal::Goal;
use twinscope::twin::load_goal;

use super::super::failure::{Failure, Outcome};
use super::super::files::print;
use super::args::Optimise;
use super::filtering::run;
use super::forecast::{carry_out, schedule_of};
use super::input::{machine, reported, text};
use super::plot::span;

/// Looks for what should be set, and when what should be maintained.
pub fn optimise(args: &Optimise) -> Outcome {
    let (machine, behaviour) = machine(&args.machine)?;
    let goal = load_goal(&args.goal, &text(&args.goal)?).map_err(reported)?;
    // The inputs of the greatest time: rows that come late may stand after it.
    let (mut last_s, mut last) = (f64::NEG_INFINITY, machine.model.about().usual_inputs());
    let filter = match &args.samples {
        Some(path) => Some(run(&machine, &behaviour, &args.filter, path, |_, sample, _| {
            if sample.time_s >= last_s {
                last_s = sample.time_s;
                last.clone_from(&sample.inputs);
            }
            Ok(())
        })?),
        None => None,
    };
    let load: Arc<dyn Load> = match (&args.plan, &args.samples) {
        (Some(path), _) => schedule_of(path, args.hold, &machine)?,
        (None, Some(_)) => Arc::new(Held(last)),
        (None, None) => Arc::new(machine.load()),
    };
    let horizon_s = args.horizon.as_secs_f64();
    let mut setup = ForecastSetup::of(&behaviour, &machine, load, horizon_s).map_err(reported)?;
    (setup.members, setup.seed) = (args.members, args.seed);
    match &filter {
        Some(filter) => {
            // No plan is made from an inconsistent filter.
            filter
                .check_consistency()
                .map_err(|error| Failure::Input(format!("no plan: {error}")))?;
            setup.from_filter(filter);
        }
        // Without samples it begins as uncertain as the machine's file states.
        None => setup.from_prior(&behaviour, &machine).map_err(reported)?,
    }
    let problem = Problem::new(&goal, &machine, setup).map_err(reported)?;
    let optimum = if goal.set.is_empty() { None } else { Some(settings(&problem)?) };
    let plan = maintenance(&goal, &problem, optimum.as_ref(), args.seed)?;
    if args.json {
        return print(json!({
            "optimum": optimum.as_ref().map(as_json),
            "maintenance": plan.as_ref().map(plan_as_json),
        }));
    }
    let text = optimum.iter().map(as_table).chain(plan.iter().map(plan_as_table));
    print(text.collect::<Vec<_>>().join("\n\n"))
}

fn settings(problem: &Problem) -> Result<Optimum, Failure> {
    let is_seen = std::io::stderr().is_terminal();
    let progress = |share: f32| {
        if is_seen {
            let _ = write!(std::io::stderr(), "\r{:3.0} %\r", share * 100.0);
        }
    };
    match search(problem, &AtomicBool::new(false), &progress) {
        Some(found) => found.map_err(Failure::input),
        None => Err(Failure::Environment("the search was given up".into())),
    }
}

/// The plan, under the best settings where some were looked for.
fn maintenance(
    goal: &Goal,
    problem: &Problem,
    optimum: Option<&Optimum>,
    seed: u64,
) -> Result<Option<Schedule>, Failure> {
    let Some(spec) = &goal.maintain else { return Ok(None) };
    let best = |optimum: &Optimum| optimum.settings.iter().map(|setting| setting.best).collect();
    let settings: Vec<f64> = optimum.map(best).unwrap_or_default();
    let mut setup = problem.under(&settings);
    setup.horizon_s = spec.every_s * f64::from(spec.windows);
    (setup.seed, setup.recorded) = (seed.wrapping_add(1), 0);
    let about = setup.model.clone();
    let forecast: Forecast = carry_out(setup)?;
    schedule(spec, about.about(), &forecast).map(Some).map_err(reported)
}

fn gain_in_words(gain: &Gain) -> String {
    let share = if gain.now.abs() > 0.0 {
        format!(" ({:.1} %)", 100.0 * gain.mean / gain.now.abs())
    } else {
        String::new()
    };
    let (low, high) = gain.interval;
    format!(
        "saves {:.4} ± {:.4}{share}; 90 % of the members save {low:.4} to {high:.4}, {:.0} % save anything",
        gain.mean,
        1.96 * gain.error,
        100.0 * gain.probability
    )
}

fn as_table(optimum: &Optimum) -> String {
    let mut text = format!("{:<28} {:>12} {:>12}", "set", "now", "best");
    for setting in &optimum.settings {
        text += &format!("\n{:<28} {:>12.4} {:>12.4}", setting.name, setting.now, setting.best);
    }
    let now = optimum.gain.as_ref().map_or("-".into(), |gain| format!("{:.5}", gain.now));
    text += &format!("\n{:<28} {now:>12} {:>12.5}", "cost", optimum.cost);
    match &optimum.gain {
        Some(gain) => {
            text += &format!("\n\n{}", gain_in_words(gain));
            if !optimum.keeps_now {
                text += "; what is done now breaks a limit";
            }
        }
        None => text += "\n\nwhat is done now cannot be measured: it diverges or makes nothing",
    }
    for limit in &optimum.limits {
        let state = |margin: f64| {
            if margin < 0.0 {
                format!("broken by {:.3e}", -margin)
            } else {
                format!("{margin:.3e} to spare")
            }
        };
        text += &format!(
            "\n  {}\n    now {}, then {}",
            limit.limit,
            state(limit.now),
            state(limit.best)
        );
    }
    let names: Vec<&str> = optimum.settings.iter().map(|setting| &*setting.name).collect();
    text += &format!("\n\nchoices ({} ensembles), {}:", optimum.tried, names.join(", "));
    for each in &optimum.alternatives {
        let values: Vec<String> =
            each.settings.iter().map(|value| format!("{value:8.2}")).collect();
        let state = if each.keeps { "" } else { "  breaks a limit" };
        text += &format!("\n  {}   {:.5}{state}", values.join(" "), each.cost);
    }
    text
}

fn plan_as_table(plan: &Schedule) -> String {
    let mut text =
        format!("{:<28} {:>14} {:>14} {:>14}", "maintain", "after", "fails before", "left alone");
    for part in &plan.parts {
        let after = part.after_s.map_or("not yet".into(), span);
        let percent = |share: f64| format!("{:.1} %", 100.0 * share);
        let (before, otherwise) = (percent(part.fails_before), percent(part.fails_otherwise));
        text += &format!("\n{:<28} {after:>14} {before:>14} {otherwise:>14}", part.part);
    }
    text + "\n\nbeside running to failure it " + &gain_in_words(&plan.gain)
}

fn gain_as_json(gain: &Gain) -> Value {
    json!({
        "now": gain.now, "mean": gain.mean, "error": gain.error,
        "interval_90": [gain.interval.0, gain.interval.1], "probability": gain.probability,
    })
}

fn as_json(optimum: &Optimum) -> Value {
    let settings = optimum
        .settings
        .iter()
        .map(|setting| (setting.name.clone(), json!({"now": setting.now, "best": setting.best})));
    let limits = optimum.limits.iter().map(
        |limit| json!({"limit": limit.limit, "margin_now": limit.now, "margin_best": limit.best}),
    );
    let alternatives = optimum.alternatives.iter().map(
        |each| json!({"settings": each.settings, "cost": each.cost, "keeps_limits": each.keeps}),
    );
    json!({
        "settings": settings.collect::<serde_json::Map<_, _>>(),
        "cost": optimum.cost,
        "gain": optimum.gain.as_ref().map(gain_as_json),
        "now_keeps_limits": optimum.keeps_now,
        "limits": limits.collect::<Vec<_>>(),
        "alternatives": alternatives.collect::<Vec<_>>(),
        "ensembles": optimum.tried,
    })
}

fn plan_as_json(plan: &Schedule) -> Value {
    let parts = plan.parts.iter().map(|part| {
        json!({
            "part": part.part, "window": part.window, "after_s": part.after_s,
            "fails_before": part.fails_before, "fails_otherwise": part.fails_otherwise, "cost": part.cost,
        })
    });
    json!({"parts": parts.collect::<Vec<_>>(), "gain": gain_as_json(&plan.gain)})
}
