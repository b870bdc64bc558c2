//! The command `simulate`.

use std::path::Path;
use std::sync::Arc;

use twinscope::model::load::{Hold, Load, Schedule};
use twinscope::model::simulation::{
    EventOccurrence, LOCATED, MOST_STEPS, Noise, Simulation, SimulationSetup, steps_s,
};
use twinscope::model::solver::{Method, Tolerance};
use twinscope::model::{About, Machine, table as course};
use twinscope::twin::Diagnostics;
use twinscope::twin::behaviour::NamedNumber;

use super::super::failure::{Failure, Outcome, path_text};
use super::args::Simulate;
use super::input::{machine_as_stated, note_shortened, numbers, reported, wrong};
use super::rows::Rows;
use super::scheduled::Scheduled;

/// Simulates a machine and writes its course.
pub fn simulate(args: &Simulate) -> Outcome {
    let (mut machine, _) = machine_as_stated(&args.machine)?;
    let set = set(args, &mut machine)?;
    let about = machine.model.about().clone();
    let method = method(args, machine.method)?;
    // What the user states of the step, or else the usual one, which may be too long.
    let (usual_s, is_stated) = match args.dt {
        Some(dt_s) => (dt_s, true),
        None => (machine.step_s, machine.is_step_stated),
    };
    let acting = Acting::of(args, &machine, &set, usual_s)?;
    let start_s = args.begin.or(acting.begin_s).unwrap_or(0.0);
    let until = Until::of(args, &about, start_s, acting.load.end_s())?;
    let mut setup = SimulationSetup {
        noise: noise(args, &machine)?,
        method,
        parameters: machine.parameters.clone(),
        initial: machine.initial.clone(),
        start_s,
        ..SimulationSetup::usual(machine.model.clone(), acting.load.clone(), usual_s)
    };
    let span_s = until.time_s.or(acting.load.end_s()).map(|end_s| end_s - start_s);
    let span_s = span_s.filter(|span_s| *span_s > 0.0);
    until.check_steps(start_s, usual_s)?;
    if !is_stated {
        settle_step(args, &machine, &mut setup, span_s)?;
    }
    let dt_s = setup.dt_s;
    until.check_steps(start_s, dt_s)?;
    let every = every(args, dt_s)?;
    if let (Some(path), Some(row_s)) = (&args.inputs, acting.row_s) {
        note_hold(args, path, row_s, dt_s);
    }
    setup.located_s = args.event_tolerance.unwrap_or(LOCATED * dt_s);
    let mut simulation = Simulation::over(setup, span_s).map_err(Failure::Input)?;
    let mut rows = Rows::create(&args.out)?;
    rows.line(&course::headings(&about).join(","))?;
    rows.line(&course::row(&simulation).join(","))?;
    let mut is_over =
        until.holds_at_once(&about, &simulation) || until.is_reached(simulation.time_s());
    if until.is_reached(simulation.time_s()) {
        let now_s = simulation.time_s();
        eprintln!("note: it ends where it begins, at {now_s} s: state a later time with --until");
    }
    let mut step = 0;
    while !is_over && step < MOST_STEPS {
        step += 1;
        let end_s = until.time_s.unwrap_or(f64::INFINITY);
        let happened = simulation.step_until(end_s).map_err(|error| {
            Failure::Input(format!("in the step from {} s on: {error}", simulation.time_s()))
        })?;
        report(&about, &happened);
        is_over = until.ends(&happened) || until.is_reached(simulation.time_s());
        if step % every == 0 || is_over {
            rows.line(&course::row(&simulation).join(","))?;
        }
    }
    rows.end()?;
    match is_over {
        true => Ok(()),
        false => Err(Failure::Input(format!(
            "given up after {MOST_STEPS} steps, at {} s: what it was to go on until has not \
             happened; state a time with --until, or longer steps with --dt",
            simulation.time_s()
        ))),
    }
}

/// Makes a step that nobody stated as short as the machine needs it under what acts on it, and as the rows
/// that are asked for need it.
fn settle_step(
    args: &Simulate,
    machine: &Machine,
    setup: &mut SimulationSetup,
    span_s: Option<f64>,
) -> Outcome {
    if let Some(before_s) = setup.shorten_step(span_s).map_err(Failure::Input)? {
        eprintln!("{}", note_shortened(machine, setup.dt_s, before_s, "under what acts on it"));
    }
    let Some(every_s) = args.every else { return Ok(()) };
    let a_row = every_s / setup.dt_s;
    if a_row < MOST_STEPS as f64 && !is_whole(a_row) {
        setup.dt_s = every_s / a_row.ceil();
        eprintln!("note: steps of {} s are taken, so that rows are {every_s} s apart", setup.dt_s);
    }
    Ok(())
}

/// Whether a number of steps is a whole one above 0, but for rounding.
fn is_whole(steps: f64) -> bool {
    steps.round() > 0.0 && (steps - steps.round()).abs() <= 1e-6
}

/// Steps from row to row.
fn every(args: &Simulate, dt_s: f64) -> Result<u64, Failure> {
    let Some(every_s) = args.every else { return Ok(1) };
    let a_row = every_s / dt_s;
    if a_row < 1.0 - 1e-6 {
        let text = format!("rows every {every_s} s need steps of {every_s} s or less: see --dt");
        return Err(Failure::Input(text));
    }
    let steps = a_row.round() as u64;
    if !is_whole(a_row) {
        let apart_s = steps_s(steps, dt_s);
        eprintln!(
            "note: rows are {apart_s} s apart, {steps} steps of {dt_s} s each: --every {every_s} is no whole \
             number of them"
        );
    }
    Ok(steps)
}

fn method(args: &Simulate, stated: Method) -> Result<Method, Failure> {
    let method = args.solver.unwrap_or(stated);
    let usual = Tolerance::default();
    let tolerance = match args.tolerance[..] {
        [] => return Ok(method),
        [relative] => Tolerance { relative, ..usual },
        [relative, absolute] => Tolerance { relative, absolute },
        _ => {
            let text = "--tolerance: expected one number, or two with a comma: 1e-8,1e-10";
            return Err(Failure::Input(text.into()));
        }
    };
    method.with_tolerance(tolerance).ok_or_else(|| {
        let text = "--tolerance: euler and rk4 take the steps of --dt; take --solver dopri5 or \
                    rosenbrock, which choose their own";
        Failure::Input(text.into())
    })
}

fn report(about: &About, happened: &[EventOccurrence]) {
    for happened in happened {
        eprintln!(
            "{} at {} s (in the step that ends at {} s)",
            about.events[happened.event].name, happened.time_s, happened.step_end_s
        );
    }
}

/// Sets the inputs that are held; their names.
fn set(args: &Simulate, machine: &mut Machine) -> Result<Vec<NamedNumber>, Failure> {
    let stated = args.set.as_deref().map(|text| {
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=')?;
            Some(format!("{:?}: {}", name.trim(), value.trim()))
        };
        let pairs: Option<Vec<String>> = text.split(',').map(pair).collect();
        pairs.map_or_else(|| text.to_owned(), |pairs| format!("{{{}}}", pairs.join(", ")))
    });
    let set = numbers("--set", stated.as_deref())?;
    let wrong = set.iter().filter_map(|(name, value)| machine.set_input(name, vec![(0.0, *value)]));
    Diagnostics::unless_empty(wrong.collect()).map_err(reported)?;
    Ok(set)
}

/// What acts on the machine.
struct Acting {
    load: Arc<dyn Load>,
    /// When the table begins.
    begin_s: Option<f64>,
    /// The usual time between two of its rows.
    row_s: Option<f64>,
}

impl Acting {
    /// The table, over what the machine's file and `--set` state, over the usual inputs.
    fn of(
        args: &Simulate,
        machine: &Machine,
        set: &[NamedNumber],
        usual_s: f64,
    ) -> Result<Self, Failure> {
        let Some(path) = &args.inputs else {
            return Ok(Self { load: Arc::new(machine.load()), begin_s: None, row_s: None });
        };
        let about = machine.model.about();
        let scheduled = Scheduled::read(path, args.hold, machine)?;
        for (name, _) in set {
            if scheduled.inputs.iter().any(|input| about.inputs[*input].name == name.text) {
                let text = format!("`{}` has a column, and --set, too: leave one out", name.text);
                return Err(wrong(path, text));
            }
        }
        let row_s = scheduled.schedule.usual_step_s();
        let begin_s = begin_s(args, &scheduled.schedule, row_s.unwrap_or(usual_s));
        Ok(Self { load: scheduled.load(machine), begin_s, row_s })
    }
}

fn note_hold(args: &Simulate, path: &Path, row_s: f64, dt_s: f64) {
    if args.hold == Hold::End && row_s > 1.5 * dt_s {
        eprintln!(
            "note: {}: rows are further apart than steps; a row's inputs act until its time. For a \
             schedule, whose rows act from their time on: --hold start",
            path_text(path)
        );
    }
}

/// When a table begins. One whose rows are the ends of steps, and whose first row comes no later
/// than one row after 0, leaves the state before its first row out: it begins at 0.
fn begin_s(args: &Simulate, schedule: &Schedule, row_s: f64) -> Option<f64> {
    let first_s = schedule.begin_s()?;
    let ends_the_first = args.hold == Hold::End && first_s > 0.0 && first_s <= 1.000_001 * row_s;
    Some(if ends_the_first { 0.0 } else { first_s })
}

fn noise(args: &Simulate, machine: &Machine) -> Result<Option<Noise>, Failure> {
    let all = numbers("--noise", args.noise.as_deref())?;
    if all.is_empty() {
        return Ok(None);
    }
    let mut strength = Machine { initial: vec![0.0; machine.initial.len()], ..machine.clone() };
    Diagnostics::unless_empty(strength.set_initial(&all)).map_err(reported)?;
    Ok(Some(Noise { strength: strength.initial, seed: args.seed }))
}

/// When a course ends.
struct Until {
    time_s: Option<f64>,
    /// Any event, or this one.
    event: Option<Option<usize>>,
    /// Whether an event is what `--until` names, rather than a time or the end of the inputs.
    is_awaited: bool,
}

impl Until {
    fn of(
        args: &Simulate,
        about: &About,
        start_s: f64,
        end_s: Option<f64>,
    ) -> Result<Self, Failure> {
        let any = (!about.events.is_empty()).then_some(None);
        let until = match args.until.as_deref() {
            None => Self { time_s: end_s, event: any, is_awaited: false },
            Some("event") => Self { time_s: None, event: any, is_awaited: true },
            Some(text) => match text.parse::<f64>() {
                Ok(time_s) => Self { time_s: Some(time_s), event: None, is_awaited: false },
                Err(_) => {
                    let event = Some(Some(named(about, text)?));
                    Self { time_s: None, event, is_awaited: true }
                }
            },
        };
        match until.time_s {
            None if until.event.is_none() => {
                let text = "it would never end: state --inputs, or --until and a time in seconds";
                Err(Failure::Input(text.into()))
            }
            Some(end_s) if !end_s.is_finite() => {
                let text =
                    format!("--until {end_s}: expected a finite time in seconds, or an event");
                Err(Failure::Input(text))
            }
            Some(end_s) if end_s < start_s => {
                let text = format!("it would end at {end_s} s, before it begins at {start_s} s");
                Err(Failure::Input(format!("{text}: see --begin and --until")))
            }
            _ => Ok(until),
        }
    }

    /// Whether there are no more steps than can be taken.
    fn check_steps(&self, start_s: f64, dt_s: f64) -> Outcome {
        let Some(end_s) = self.time_s else { return Ok(()) };
        let count = (end_s - start_s) / dt_s;
        if count <= MOST_STEPS as f64 {
            return Ok(());
        }
        Err(Failure::Input(format!(
            "from {start_s} s to {end_s} s there are {count:.1e} steps of {dt_s} s, and {MOST_STEPS} is the \
             most: see --begin, --until and --dt"
        )))
    }

    /// Reports events that hold at the beginning; whether that is what was waited for.
    fn holds_at_once(&self, about: &About, simulation: &Simulation) -> bool {
        let holding = |event: &usize| simulation.met()[*event];
        let all: Vec<usize> = (0..about.events.len()).filter(holding).collect();
        for event in &all {
            let (name, time_s) = (&about.events[*event].name, simulation.time_s());
            eprintln!("note: {name} holds at the beginning already, at {time_s} s");
        }
        match self.event {
            _ if !self.is_awaited => false,
            Some(Some(event)) => all.contains(&event),
            _ => !all.is_empty(),
        }
    }

    fn is_reached(&self, time_s: f64) -> bool {
        self.time_s.is_some_and(|end_s| time_s >= end_s)
    }

    fn ends(&self, happened: &[EventOccurrence]) -> bool {
        match self.event {
            Some(Some(at)) => happened.iter().any(|happened| happened.event == at),
            Some(None) => !happened.is_empty(),
            None => false,
        }
    }
}

/// The place of an event.
fn named(about: &About, text: &str) -> Result<usize, Failure> {
    about.events.iter().position(|event| event.name == text).ok_or_else(|| {
        let names: Vec<_> = about.events.iter().map(|event| &*event.name).collect();
        let (known, name) = (names.join(", "), &about.name);
        Failure::Input(format!(
            "--until {text}: expected seconds, `event`, or an event of `{name}`: {known}"
        ))
    })
}
