//! The commands about models: `models`, `simulate`, `calibrate`, `estimate`, `monitor`, `detect`,
//! `diagnose`, `forecast`, `score`, `optimise`.

pub mod args;
mod calibrate;
mod detect;
mod diagnose;
mod estimate;
mod feed;
mod forecast;
mod found;
mod member;
mod models;
mod monitor;
mod optimise;
mod plot;
mod report;
mod score;
mod series;
mod simulate;
mod summary;
mod tell;

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::Path;

pub use calibrate::calibrate;
pub use detect::detect;
pub use diagnose::diagnose;
pub use estimate::estimate;
pub use forecast::forecast;
pub use models::models;
pub use monitor::{Monitor, monitor};
pub use optimise::optimise;
pub use score::score;
pub use simulate::simulate;
use twinscope::model::network::Network;
use twinscope::model::table::Table;
use twinscope::model::{Machine, registry};
use twinscope::twin::behaviour::{Behaviour, NamedNumber};
use twinscope::twin::{Diagnostics, Disk, is_twin, load_behaviour, load_numbers, load_text};

use self::args::MachineArgs;
use super::{Failure, Outcome};

/// The machine that is asked for, and what a file states of it.
fn machine(args: &MachineArgs) -> Result<(Machine, Behaviour), Failure> {
    let path = Path::new(&args.model);
    let (mut machine, mut behaviour) = if path.extension().is_some() || path.is_file() {
        let text = text(path)?;
        match is_twin(&text) {
            true => network(path, &text)?,
            false => single(load_behaviour(path, &text).map_err(told)?)?,
        }
    } else {
        registry::find(&args.model)
            .map_err(|error| Failure::Input(format!("{error}; a machine's file ends in .ron")))?;
        let text = format!("(model: {:?})", args.model);
        single(load_behaviour(Path::new("command line"), &text).map_err(told)?)?
    };
    if let Some(fault) = &args.fault {
        behaviour.suppose(fault).map_err(Failure::Input)?;
    }
    let mut wrong = machine.set_parameters(&numbers("--params", args.params.as_deref())?);
    wrong.extend(machine.set_initial(&numbers("--initial", args.initial.as_deref())?));
    Diagnostics::unless_empty(wrong).map_err(told)?;
    for warning in &machine.warnings {
        eprintln!("{warning}");
    }
    Ok((machine, behaviour))
}

fn single(behaviour: Behaviour) -> Result<(Machine, Behaviour), Failure> {
    Ok((Machine::of(&behaviour).map_err(told)?, behaviour))
}

/// All machines of a twin, wired.
fn network(path: &Path, text: &str) -> Result<(Machine, Behaviour), Failure> {
    let loaded = load_text(path, text, &Disk).map_err(told)?;
    let network = Network::of(&loaded.twin).map_err(told)?;
    Ok((network.machine, network.behaviour))
}

/// Numbers by name: RON itself, or a file with it.
fn numbers(option: &str, stated: Option<&str>) -> Result<Vec<NamedNumber>, Failure> {
    let Some(stated) = stated else { return Ok(Vec::new()) };
    if stated.trim_start().starts_with(['(', '{']) {
        return load_numbers(Path::new(option), stated).map_err(told);
    }
    let path = Path::new(stated);
    load_numbers(path, &text(path)?).map_err(told)
}

fn told(diagnostics: Diagnostics) -> Failure {
    eprintln!("{diagnostics}");
    Failure::Told
}

fn text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::Input(format!("cannot read {}: {error}", path.display())))
}

/// What is in a file, or comes from standard input for `-`.
fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    if is_standard(path) {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(Failure::environment)?;
        return Ok(bytes);
    }
    std::fs::read(path)
        .map_err(|error| Failure::Input(format!("cannot read {}: {error}", path.display())))
}

/// A table from a file, or from standard input for `-`; cells that are no finite numbers are told.
fn table(path: &Path) -> Result<Table, Failure> {
    let table = Table::read(&bytes(path)?).map_err(|error| wrong(path, &error))?;
    if let Some(odd) = table.odd() {
        eprintln!("note: {}: {odd}", shown(path));
    }
    Ok(table)
}

/// Whether a path stands for standard input or output.
fn is_standard(path: &Path) -> bool {
    path == Path::new("-")
}

/// What people call an input.
fn shown(path: &Path) -> String {
    if is_standard(path) { "standard input".into() } else { path.display().to_string() }
}

fn wrong(path: &Path, error: &str) -> Failure {
    Failure::Input(format!("{}: {error}", shown(path)))
}

/// Where rows go: a file, or standard output for `-`.
struct Rows {
    out: Box<dyn Write>,
    name: String,
}

impl Rows {
    fn create(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        if name == "-" {
            return Ok(Self { out: Box::new(BufWriter::new(std::io::stdout())), name });
        }
        let file = File::create(path)
            .map_err(|error| Failure::Environment(format!("cannot write {name}: {error}")))?;
        Ok(Self { out: Box::new(BufWriter::new(file)), name })
    }

    fn line(&mut self, line: &str) -> Outcome {
        writeln!(self.out, "{line}").map_err(|error| self.failed(&error))
    }

    /// What was written so far can be read.
    fn flush(&mut self) -> Outcome {
        self.out.flush().map_err(|error| self.failed(&error))
    }

    fn end(mut self) -> Outcome {
        self.flush()
    }

    fn failed(&self, error: &std::io::Error) -> Failure {
        Failure::Environment(format!("cannot write {}: {error}", self.name))
    }
}
