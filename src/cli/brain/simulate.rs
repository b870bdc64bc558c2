//! The command `simulate`.

use std::sync::Arc;

use twinscope::model::load::{Held, Hold, Load};
use twinscope::model::simulation::{Happened, Noise, Setup, Simulation};
use twinscope::model::{About, Machine, table};
use twinscope::twin::Diagnostics;

use super::super::{Failure, Outcome};
use super::args::Simulate;
use super::{Rows, machine, numbers, told, wrong};

/// Steps beyond which a course that waits for an event is given up.
const MOST_STEPS: u64 = 1_000_000_000;

/// Simulates a machine and writes its course.
pub fn simulate(args: &Simulate) -> Outcome {
    let (machine, _) = machine(&args.machine)?;
    let about = machine.model.about().clone();
    let load = load(args, &about)?;
    let until = Until::of(args, &about, load.end_s())?;
    let every = match args.every {
        Some(every) if every >= args.dt / 2.0 => (every / args.dt).round() as u64,
        Some(every) => {
            let text = format!("rows every {every} s need steps of {every} s or less: see --dt");
            return Err(Failure::Input(text));
        }
        None => 1,
    };
    let setup = Setup {
        noise: noise(args, &machine)?,
        parameters: machine.parameters,
        initial: machine.initial,
        start_s: 0.0,
        dt_s: args.dt,
        method: args.solver,
        load,
        model: machine.model,
    };
    let mut simulation = Simulation::new(setup).map_err(Failure::Input)?;
    let mut rows = Rows::create(&args.out)?;
    rows.line(&table::headings(&about).join(","))?;
    rows.line(&table::row(&simulation).join(","))?;
    for step in 1..=MOST_STEPS {
        if until.is_reached(simulation.time_s(), args.dt) {
            break;
        }
        let happened = simulation
            .step()
            .map_err(|error| Failure::Input(format!("at {} s: {error}", simulation.time_s())))?;
        tell(&about, &happened);
        let is_last = until.ends(&happened) || until.is_reached(simulation.time_s(), args.dt);
        if step % every == 0 || is_last {
            rows.line(&table::row(&simulation).join(","))?;
        }
        if is_last {
            break;
        }
    }
    rows.end()
}

fn tell(about: &About, happened: &[Happened]) {
    for happened in happened {
        eprintln!(
            "{} at {} s (in the step that ends at {} s)",
            about.events[happened.event].name, happened.time_s, happened.step_end_s
        );
    }
}

fn load(args: &Simulate, about: &About) -> Result<Arc<dyn Load>, Failure> {
    let Some(path) = &args.inputs else { return Ok(Arc::new(Held(about.usual_inputs()))) };
    let table = super::table(path)?;
    let (schedule, notes) =
        table::load(&table, about, args.hold).map_err(|error| wrong(path, &error))?;
    for note in notes {
        eprintln!("note: {}: {note}", path.display());
    }
    let step_s = schedule.usual_step_s();
    if args.hold == Hold::End && step_s.is_some_and(|step_s| step_s > 1.5 * args.dt) {
        eprintln!(
            "note: {}: rows are further apart than steps; a row's inputs act until its time. For a \
             schedule, whose rows act from their time on: --hold start",
            path.display()
        );
    }
    Ok(Arc::new(schedule))
}

fn noise(args: &Simulate, machine: &Machine) -> Result<Option<Noise>, Failure> {
    let all = numbers("--noise", args.noise.as_deref())?;
    if all.is_empty() {
        return Ok(None);
    }
    let mut strength = Machine { initial: vec![0.0; machine.initial.len()], ..machine.clone() };
    Diagnostics::unless_empty(strength.set_initial(&all)).map_err(told)?;
    Ok(Some(Noise { strength: strength.initial, seed: args.seed }))
}

/// When a course ends.
struct Until {
    time_s: Option<f64>,
    /// Any event, or this one.
    event: Option<Option<usize>>,
}

impl Until {
    fn of(args: &Simulate, about: &About, end_s: Option<f64>) -> Result<Self, Failure> {
        let any = (!about.events.is_empty()).then_some(None);
        let until = match args.until.as_deref() {
            None => Self { time_s: end_s, event: any },
            Some("event") => Self { time_s: None, event: any },
            Some(text) => match text.parse::<f64>() {
                Ok(time_s) => Self { time_s: Some(time_s), event: None },
                Err(_) => {
                    let found = about.events.iter().position(|event| event.name == text);
                    let names: Vec<_> = about.events.iter().map(|event| &*event.name).collect();
                    let at = found.ok_or_else(|| {
                        let known = names.join(", ");
                        let name = &about.name;
                        Failure::Input(format!(
                            "--until {text}: expected seconds, `event`, or an event of `{name}`: {known}"
                        ))
                    })?;
                    Self { time_s: None, event: Some(Some(at)) }
                }
            },
        };
        if until.time_s.is_none() && until.event.is_none() {
            let text = "it would never end: state --inputs, or --until and a time in seconds";
            return Err(Failure::Input(text.into()));
        }
        Ok(until)
    }

    fn is_reached(&self, time_s: f64, dt_s: f64) -> bool {
        self.time_s.is_some_and(|end_s| time_s >= end_s - dt_s / 2.0)
    }

    fn ends(&self, happened: &[Happened]) -> bool {
        match self.event {
            Some(Some(at)) => happened.iter().any(|happened| happened.event == at),
            Some(None) => !happened.is_empty(),
            None => false,
        }
    }
}
