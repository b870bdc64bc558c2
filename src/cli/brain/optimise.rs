//! The command `optimise`.

use std::io::{IsTerminal, Write};
use std::sync::atomic::AtomicBool;

use serde_json::{Value, json};
use twinscope::forecast::optimise::{
    Gain, Losses, Optimum, Problem, Schedule, Setting, optimise as search, schedule,
};
use twinscope::forecast::{Forecast, ForecastSetup};
use twinscope::model::Machine;
use twinscope::terminal::number;
use twinscope::twin::goal::Goal;
use twinscope::twin::load_goal;

use super::super::failure::{Failure, Outcome};
use super::super::files::print;
use super::args::Optimise;
use super::believe::believe;
use super::diagnose::Found;
use super::forecast::carry_out;
use super::input::{machine, note_shortened, reported, text};
use super::plot::span;
use super::scheduled::{Scheduled, note_unplanned};

/// Looks for what should be set, and when what should be maintained.
pub fn optimise(args: &Optimise) -> Outcome {
    let (machine, mut behaviour) = machine(&args.machine)?;
    let goal = load_goal(&args.goal, &text(&args.goal)?).map_err(reported)?;
    let money = goal.money.as_deref().unwrap_or_default();
    let believed =
        believe(&machine, &mut behaviour, &args.machine, &args.filter, args.samples.as_deref())
            .map_err(no_plan)?;
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
    match &believed.filter {
        Some(filter) => setup.from_filter(filter),
        // Without samples it begins as uncertain as the machine's file states.
        None => setup.from_prior(&behaviour, &machine).map_err(reported)?,
    }
    if let Some((path, span_s)) = planned {
        note_unplanned(path, span_s, (setup.begin_s, setup.begin_s + horizon_s));
    }
    setup.notes.clone_from(&believed.notes);
    setup.check().map_err(Failure::input)?;
    let mut problem = Problem::new(&goal, &machine, setup).map_err(reported)?;
    if !machine.is_step_stated {
        problem.shorten_step().map_err(|error| no_plan(Failure::input(error)))?;
    }
    let notes = problem.notes().to_vec();
    let optimum = if goal.set.is_empty() { None } else { Some(settings(&problem)?) };
    let plan = maintenance(&goal, &problem, optimum.as_ref(), &machine, args.seed)?;
    if args.json {
        return print(json!({
            "optimum": optimum.as_ref().map(|optimum| as_json(optimum, money)),
            "maintenance": plan.as_ref().map(|plan| plan_as_json(plan, money)),
            "diagnosis": believed.diagnosis.as_ref().map(Found::as_json),
            "fault": believed.fault,
            "notes": notes,
        }));
    }
    let optimum = optimum.iter().map(|optimum| as_table(optimum, money, horizon_s));
    let plan = plan.iter().map(|plan| plan_as_table(plan, money));
    let text = (!notes.is_empty()).then(|| notes.join("\n")).into_iter().chain(optimum).chain(plan);
    print(text.collect::<Vec<_>>().join("\n\n"))
}

/// The failure that there is no plan, and why.
fn no_plan(failure: Failure) -> Failure {
    match failure {
        Failure::Input(why) => Failure::Input(format!("no plan: {why}")),
        other => other,
    }
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
    machine: &Machine,
    seed: u64,
) -> Result<Option<Schedule>, Failure> {
    let Some(spec) = &goal.maintain else { return Ok(None) };
    let best = |optimum: &Optimum| optimum.settings.iter().map(|setting| setting.best).collect();
    let settings: Vec<f64> = optimum.map(best).unwrap_or_default();
    let mut setup = problem.under(&settings);
    setup.horizon_s = spec.every_s * f64::from(spec.windows);
    (setup.seed, setup.recorded) = (seed.wrapping_add(1), 0);
    let about = setup.model.clone();
    if !machine.is_step_stated {
        setup.check().map_err(Failure::input)?;
        if let Some(before_s) =
            setup.shorten_step().map_err(|error| no_plan(Failure::input(error)))?
        {
            let why = "under what is planned until the last window";
            eprintln!("{}", note_shortened(machine, setup.dt_s, before_s, why));
        }
    }
    let forecast: Forecast = carry_out(setup)?;
    schedule(spec, about.about(), &forecast).map(Some).map_err(reported)
}

fn gain_in_words(gain: &Gain, unit: &str) -> String {
    let share = if gain.now.abs() > 0.0 {
        format!(" ({:.1} %)", 100.0 * gain.mean / gain.now.abs())
    } else {
        String::new()
    };
    let (low, high) = gain.interval;
    format!(
        "saves {} ± {}{unit}{share}; 90 % of the members save {} to {}, {:.0} % save anything",
        significant(gain.mean),
        significant(1.96 * gain.error),
        significant(low),
        significant(high),
        100.0 * gain.probability
    )
}

/// A number with five significant digits.
fn significant(value: f64) -> String {
    number(value, 5)
}

/// Of what a cost is that of one, after the unit of money.
fn cost_unit(optimum: &Optimum, money: &str) -> String {
    match (&optimum.per, money) {
        (None, money) => money.to_owned(),
        (Some(per), "") => format!("per {per}"),
        (Some(per), money) => format!("{money} per {per}"),
    }
}

fn as_table(optimum: &Optimum, money: &str, horizon_s: f64) -> String {
    let mut text = format!("{:<28} {:>12} {:>12}  unit", "set", "now", "best");
    for setting in &optimum.settings {
        let Setting { name, unit, now, best } = setting;
        let (now, best) = (significant(*now), significant(*best));
        text += &format!("\n{name:<28} {now:>12} {best:>12}  {unit}");
    }
    let mut unit = cost_unit(optimum, money);
    if optimum.per.is_none() {
        unit += &format!("{}in {}", if unit.is_empty() { "" } else { " " }, span(horizon_s));
    }
    let [now, best] = [optimum.cost_now, optimum.cost].map(cost_in_words);
    text += &format!("\n{:<28} {now:>12} {best:>12}  {unit}", "cost");
    for (which, losses) in [("now", &optimum.losses_now), ("best", &optimum.losses)] {
        if let Some(losses) = losses {
            text += &format!("\n\n{which}: {losses}; the cost is {}", cost_of(losses));
        }
    }
    if !optimum.keeps_best && optimum.losses.is_none() {
        text += "\n\nThe best settings break a limit on members that the search has not seen: take more \
                 --members, or leave more room in the limit.";
    }
    if optimum.stays {
        text += "\n\nAll other settings that were found lose members that the search has not seen, and what is \
                 done now loses none: it is the best. Take more --members, so that the search sees more of them.";
    }
    match &optimum.gain {
        Some(_) if optimum.stays => {}
        Some(gain) => {
            text += &format!("\n\n{}", gain_in_words(gain, &format!(" {unit}")));
            if !optimum.keeps_now {
                text += "; what is done now breaks a limit";
            }
        }
        None => text += "\n\nwhat is saved cannot be stated where members are lost",
    }
    for limit in &optimum.limits {
        let unit = &limit.unit;
        let state = |margin: f64| match margin {
            margin if margin == f64::NEG_INFINITY => "not known, as members are lost".to_owned(),
            margin if margin < 0.0 => format!("BROKEN by {} {unit}", number(-margin, 4)),
            margin if margin.is_nan() => "not a number".to_owned(),
            margin => format!("{} {unit} to spare", number(margin, 4)),
        };
        text += &format!(
            "\n  {}\n    now {}, then {}",
            limit.limit,
            state(limit.now),
            state(limit.best)
        );
    }
    let names: Vec<&str> = optimum.settings.iter().map(|setting| &*setting.name).collect();
    text += &format!(
        "\n\nchoices ({} ensembles), {}, and what they cost:",
        optimum.tried,
        names.join(", ")
    );
    for (at, each) in optimum.alternatives.iter().enumerate() {
        let values: Vec<String> =
            each.settings.iter().map(|value| format!("{:>8}", significant(*value))).collect();
        let (cost, state) = (cost_in_words(each.cost), state_of(optimum, at));
        text += &format!("\n  {}   {cost}{state}", values.join(" "));
    }
    text
}

/// Whether a choice keeps its limits, and on which members.
fn state_of(optimum: &Optimum, at: usize) -> String {
    let alternative = &optimum.alternatives[at];
    match (&alternative.losses, alternative.keeps, at) {
        (Some(losses), ..) => format!("  {losses}"),
        (None, false, _) => "  BREAKS A LIMIT".into(),
        (None, true, 0) if !optimum.keeps_best => {
            "  BREAKS A LIMIT on members that the search has not seen".into()
        }
        (None, true, _) => String::new(),
    }
}

/// A mean cost; `-` where there is none.
fn cost_in_words(cost: f64) -> String {
    if cost.is_finite() { significant(cost) } else { "-".into() }
}

/// Of which members a cost is the mean, where some are lost.
fn cost_of(losses: &Losses) -> String {
    match losses.members - losses.lost {
        0 => "not known".into(),
        rest => format!("the mean of the other {rest}"),
    }
}

fn losses_as_json(losses: &Option<Losses>) -> Value {
    losses.as_ref().map_or(Value::Null, |losses| {
        let reason = losses.trouble.to_string();
        json!({"lost": losses.lost, "members": losses.members, "reason": reason})
    })
}

fn plan_as_table(plan: &Schedule, money: &str) -> String {
    let mut text =
        format!("{:<28} {:>14} {:>14} {:>14}", "maintain", "after", "fails before", "left alone");
    for part in &plan.parts {
        let after = part.after_s.map_or("not yet".into(), span);
        let percent = |share: f64| format!("{:.1} %", 100.0 * share);
        let (before, otherwise) = (percent(part.fails_before), percent(part.fails_otherwise));
        text += &format!("\n{:<28} {after:>14} {before:>14} {otherwise:>14}", part.part);
    }
    let unit = if money.is_empty() { String::new() } else { format!(" {money}") };
    text + "\n\ncompared with running to failure it " + &gain_in_words(&plan.gain, &unit)
}

fn gain_as_json(gain: &Gain) -> Value {
    json!({
        "now": gain.now, "mean": gain.mean, "error": gain.error,
        "interval_90": [gain.interval.0, gain.interval.1], "probability": gain.probability,
    })
}

fn as_json(optimum: &Optimum, money: &str) -> Value {
    let settings = optimum.settings.iter().map(|setting| {
        let Setting { name, unit, now, best } = setting;
        (name.clone(), json!({"now": now, "best": best, "unit": unit}))
    });
    let limits = optimum.limits.iter().map(|limit| {
        json!({"limit": limit.limit, "unit": limit.unit, "margin_now": limit.now, "margin_best": limit.best})
    });
    let alternatives = optimum.alternatives.iter().enumerate().map(|(at, each)| {
        let cost = each.cost.is_finite().then_some(each.cost);
        let keeps = each.keeps && (at > 0 || optimum.keeps_best);
        let trouble = each.losses.as_ref().map(|losses| losses.trouble.to_string());
        json!({
            "settings": each.settings, "cost": cost, "keeps_limits": keeps, "trouble": trouble,
            "losses": losses_as_json(&each.losses),
        })
    });
    json!({
        "settings": settings.collect::<serde_json::Map<_, _>>(),
        "cost": optimum.cost.is_finite().then_some(optimum.cost),
        "cost_now": optimum.cost_now.is_finite().then_some(optimum.cost_now),
        "losses": losses_as_json(&optimum.losses),
        "losses_now": losses_as_json(&optimum.losses_now),
        "cost_unit": cost_unit(optimum, money),
        "stays": optimum.stays,
        "best_keeps_limits": optimum.keeps_best,
        "gain": optimum.gain.as_ref().map(gain_as_json),
        "now_keeps_limits": optimum.keeps_now,
        "limits": limits.collect::<Vec<_>>(),
        "alternatives": alternatives.collect::<Vec<_>>(),
        "ensembles": optimum.tried,
    })
}

fn plan_as_json(plan: &Schedule, money: &str) -> Value {
    let parts = plan.parts.iter().map(|part| {
        json!({
            "part": part.part, "window": part.window, "after_s": part.after_s,
            "fails_before": part.fails_before, "fails_otherwise": part.fails_otherwise, "cost": part.cost,
        })
    });
    json!({
        "parts": parts.collect::<Vec<_>>(), "gain": gain_as_json(&plan.gain), "cost_unit": money,
    })
}
