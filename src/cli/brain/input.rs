//! What the commands about models read: machines, numbers, texts and tables.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use twinscope::model::load::{Hold, Load, Over, Schedule};
use twinscope::model::network::Network;
use twinscope::model::table::{self as course, Table};
use twinscope::model::{Machine, registry};
use twinscope::twin::behaviour::{Behaviour, NamedNumber};
use twinscope::twin::{Diagnostics, Disk, is_twin, load_behaviour, load_numbers, load_text};

use super::super::failure::Failure;
use super::args::MachineArgs;

/// The machine of the arguments, and what its file states.
pub fn machine(args: &MachineArgs) -> Result<(Machine, Behaviour), Failure> {
    let path = Path::new(&args.model);
    let (mut machine, mut behaviour) = if path.extension().is_some() || path.is_file() {
        let text = text(path)?;
        match is_twin(&text) {
            true => network(path, &text)?,
            false => single(load_behaviour(path, &text).map_err(reported)?)?,
        }
    } else {
        registry::find(&args.model)
            .map_err(|error| Failure::Input(format!("{error}; a machine's file ends in .ron")))?;
        let text = format!("(model: {:?})", args.model);
        single(load_behaviour(Path::new("command line"), &text).map_err(reported)?)?
    };
    if let Some(fault) = &args.fault {
        behaviour.suppose(fault).map_err(Failure::Input)?;
    }
    let mut wrong = machine.set_parameters(&numbers("--params", args.params.as_deref())?);
    wrong.extend(machine.set_initial(&numbers("--initial", args.initial.as_deref())?));
    Diagnostics::unless_empty(wrong).map_err(reported)?;
    for warning in &machine.warnings {
        eprintln!("{warning}");
    }
    Ok((machine, behaviour))
}

fn single(behaviour: Behaviour) -> Result<(Machine, Behaviour), Failure> {
    Ok((Machine::of(&behaviour).map_err(reported)?, behaviour))
}

/// All machines of a twin, wired.
fn network(path: &Path, text: &str) -> Result<(Machine, Behaviour), Failure> {
    let loaded = load_text(path, text, &Disk).map_err(reported)?;
    let network = Network::of(&loaded.twin).map_err(reported)?;
    Ok((network.machine, network.behaviour))
}

/// Numbers by name: RON itself, or a file with it.
pub fn numbers(option: &str, stated: Option<&str>) -> Result<Vec<NamedNumber>, Failure> {
    let Some(stated) = stated else { return Ok(Vec::new()) };
    if stated.trim_start().starts_with(['(', '{']) {
        return load_numbers(Path::new(option), stated).map_err(reported);
    }
    let path = Path::new(stated);
    load_numbers(path, &text(path)?).map_err(reported)
}

/// Reports what is wrong with a file.
pub fn reported(diagnostics: Diagnostics) -> Failure {
    eprintln!("{diagnostics}");
    Failure::Reported
}

/// What is in a file, as text.
pub fn text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::Input(format!("cannot read {}: {error}", path.display())))
}

/// What is in a file, or comes from standard input for `-`.
pub fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    if is_standard(path) {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(Failure::environment)?;
        return Ok(bytes);
    }
    std::fs::read(path)
        .map_err(|error| Failure::Input(format!("cannot read {}: {error}", path.display())))
}

/// A table from a file, or from standard input for `-`; cells that are no finite numbers are noted.
pub fn table(path: &Path) -> Result<Table, Failure> {
    let table = Table::read(&bytes(path)?).map_err(|error| wrong(path, error))?;
    if let Some(invalid) = table.invalid() {
        eprintln!("note: {}: {invalid}", shown(path));
    }
    Ok(table)
}

/// What a table plans for a machine.
pub struct Planned {
    /// The columns of the table, over what the machine's file states.
    pub load: Arc<dyn Load>,
    /// The table alone.
    pub schedule: Schedule,
    /// The inputs that have a column, by place.
    pub inputs: Vec<usize>,
}

/// The load that a table plans: inputs without a column are as the machine's file states, or else usual;
/// the latter are noted.
pub fn planned(path: &Path, hold: Hold, machine: &Machine) -> Result<Planned, Failure> {
    let table = table(path)?;
    let about = machine.model.about();
    let (schedule, notes) =
        course::load(&table, about, hold).map_err(|error| wrong(path, error))?;
    let is_stated = |note: &String| {
        let mut stated = machine.inputs.iter().map(|(input, _)| &about.inputs[*input].name);
        stated.any(|name| note.starts_with(&format!("there is no column `u_{name}`")))
    };
    for note in notes.iter().filter(|note| !is_stated(note)) {
        eprintln!("note: {}: {note}", shown(path));
    }
    let has_column = |input: &usize| table.variable("u", &about.inputs[*input]).is_some();
    let inputs: Vec<usize> = (0..about.inputs.len()).filter(has_column).collect();
    let over: Arc<dyn Load> = Arc::new(schedule.clone());
    let load: Arc<dyn Load> = match inputs.len() == about.inputs.len() {
        true => over,
        false => Arc::new(Over { base: Arc::new(machine.load()), over, inputs: inputs.clone() }),
    };
    Ok(Planned { load, schedule, inputs })
}

/// Whether a path stands for standard input or output.
pub fn is_standard(path: &Path) -> bool {
    path == Path::new("-")
}

/// The name of an input for messages.
pub fn shown(path: &Path) -> String {
    if is_standard(path) { "standard input".into() } else { path.display().to_string() }
}

/// The failure that something is wrong with an input.
pub fn wrong(path: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::Input(format!("{}: {error}", shown(path)))
}
