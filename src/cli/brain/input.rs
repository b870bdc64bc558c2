//! What the commands about models read: machines, numbers, texts and tables.

use std::io::Read;
use std::path::Path;

use twinscope::estimate::HEALTHY;
use twinscope::model::network::Network;
use twinscope::model::table::Table;
use twinscope::model::{Machine, registry};
use twinscope::twin::behaviour::{Behaviour, NamedNumber};
use twinscope::twin::{
    Diagnostics, Disk, MAX_DEFINITION_BYTES, is_twin, load_behaviour, load_numbers, load_text,
};

use super::super::failure::{Failure, path_text};
use super::super::files;
use super::args::MachineArgs;

/// The machine of the arguments, and what its file states, with steps that it bears under what its file lets
/// act on it.
pub fn machine(args: &MachineArgs) -> Result<(Machine, Behaviour), Failure> {
    let (mut machine, behaviour) = machine_as_stated(args)?;
    if let Some(before_s) = machine.shorten_step().map_err(Failure::input)? {
        eprintln!("{}", note_shortened(&machine, machine.step_s, before_s, "as it is stated"));
    }
    Ok((machine, behaviour))
}

/// The note that steps of a machine are shorter than usual.
pub fn note_shortened(machine: &Machine, step_s: f64, before_s: f64, why: &str) -> String {
    let name = &machine.model.about().name;
    format!(
        "note: steps of {step_s} s are taken: `{name}` does not bear its usual ones of {before_s} s {why}"
    )
}

/// The machine of the arguments, and what its file states; whether it bears its steps is not looked at.
pub fn machine_as_stated(args: &MachineArgs) -> Result<(Machine, Behaviour), Failure> {
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
        let is_stated = behaviour.faults.iter().any(|other| other.name.text == *fault);
        // Without any fault is as the file states it.
        if is_stated || fault != HEALTHY {
            behaviour.suppose(fault).map_err(Failure::Input)?;
        }
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
    String::from_utf8(files::read(path, MAX_DEFINITION_BYTES)?).map_err(|_| {
        Failure::Input(format!("cannot read {}: it is no text in UTF-8", path_text(path)))
    })
}

/// What is in a file, or comes from standard input for `-`.
pub fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    if is_standard(path) {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(Failure::environment)?;
        return Ok(bytes);
    }
    files::recording(path)
}

/// A table from a file, or from standard input for `-`; cells that are no finite numbers are noted.
pub fn table(path: &Path) -> Result<Table, Failure> {
    let table = Table::read(&bytes(path)?).map_err(|error| wrong(path, error))?;
    if let Some(invalid) = table.invalid() {
        eprintln!("note: {}: {invalid}", shown(path));
    }
    Ok(table)
}

/// Whether a path stands for standard input or output.
pub fn is_standard(path: &Path) -> bool {
    path == Path::new("-")
}

/// The name of an input for messages.
pub fn shown(path: &Path) -> String {
    if is_standard(path) { "standard input".into() } else { path_text(path) }
}

/// The failure that something is wrong with an input.
pub fn wrong(path: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::Input(format!("{}: {error}", shown(path)))
}
