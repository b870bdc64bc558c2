//! The commands that look at files: `check` and `inspect`; and how all others open a twin.

use std::collections::HashMap;
use std::fmt::Display;
use std::fs::{File, Metadata};
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use twinscope::cad::{self, Model, Problem};
use twinscope::model::network::Network;
use twinscope::plant::simulation::Checked;
use twinscope::terminal;
use twinscope::twin::{self, Severity, Twin};

use super::args::{Check, Inspect};
use super::failure::{Failure, Outcome, path_text};

/// Bytes that a recording or a table may have.
const MOST_RECORDED: u64 = 4 << 30;

/// Reads a twin; what is wrong with it is printed, file, line and column.
pub fn open(path: &Path) -> Result<Arc<Twin>, Failure> {
    match twin::load(path) {
        Ok(loaded) => {
            for warning in loaded.diagnostics.iter() {
                eprintln!("{warning}");
            }
            Ok(Arc::new(loaded.twin))
        }
        Err(diagnostics) => {
            eprintln!("{diagnostics}");
            Err(Failure::Reported)
        }
    }
}

/// Bytes of a recording or a table.
pub fn recording(path: &Path) -> Result<Vec<u8>, Failure> {
    read(path, MOST_RECORDED)
}

/// Bytes of a file or a pipe, of which there may be so many.
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    let wrong =
        |error: &dyn Display| Failure::Input(format!("cannot read {}: {error}", path_text(path)));
    let metadata = std::fs::metadata(path).map_err(|error| wrong(&error))?;
    if metadata.is_dir() {
        return Err(wrong(&"it is a folder"));
    }
    if is_device(&metadata) {
        return Err(wrong(&"it is a device, which may never end"));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| wrong(&error))?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(|error| wrong(&error))?;
    match bytes.len() as u64 > most {
        true => Err(wrong(&format!("it has more than {} MiB", most >> 20))),
        false => Ok(bytes),
    }
}

#[cfg(unix)]
fn is_device(metadata: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    kind.is_char_device() || kind.is_block_device()
}

#[cfg(not(unix))]
fn is_device(_: &Metadata) -> bool {
    false
}

/// Prints to standard output; a reader that has gone away ends the program quietly.
pub fn print(text: impl std::fmt::Display) -> Outcome {
    let mut out = terminal::Writer::new(BufWriter::new(std::io::stdout().lock()));
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(|error| Failure::output(&error))
}

/// Checks twin files, the plants that they simulate and the models that they name.
pub fn check(args: &Check) -> Outcome {
    let mut wrong = 0;
    for path in &args.twins {
        if !check_one(path)? {
            wrong += 1;
        }
    }
    if wrong == 0 { Ok(()) } else { Err(Failure::Reported) }
}

fn has_behaviours(twin: &Twin) -> bool {
    !twin.wiring.is_empty() || twin.classes.iter().any(|class| class.behaviour.is_some())
}

/// Whether one twin file is in order; reports all that is wrong with it.
fn check_one(path: &Path) -> Result<bool, Failure> {
    let loaded = match twin::load(path) {
        Ok(loaded) => loaded,
        Err(diagnostics) => {
            eprintln!("{diagnostics}");
            return Ok(false);
        }
    };
    for diagnostic in loaded.diagnostics.iter() {
        eprintln!("{diagnostic}");
    }
    let warnings = loaded.diagnostics.count(Severity::Warning);
    let network = has_behaviours(&loaded.twin).then(|| Network::of(&loaded.twin));
    if let Some(Err(diagnostics)) = network {
        eprintln!("{diagnostics}");
        return Ok(false);
    }
    let simulated = Checked::of(&loaded.twin);
    for notice in &simulated.notices {
        eprintln!("{}: warning: {}", notice.place, notice.message);
    }
    for mistake in &simulated.mistakes {
        eprintln!("{}: error: {}", mistake.place, mistake.message);
    }
    let models = cad::check_bindings(&loaded.twin, &mut |path| Model::open(path));
    // A missing model was reported above, where the file names it; one that is there and cannot be read
    // is an error.
    let of_class: HashMap<&str, &PathBuf> = loaded
        .twin
        .classes
        .iter()
        .filter_map(|class| Some((&*class.name, class.model.as_ref()?)))
        .collect();
    let is_there = |class: &str| of_class.get(class).is_some_and(|model| model.is_file());
    let is_new = |problem: &&Problem| {
        problem.is_remark || !problem.place.is_empty() || is_there(&problem.class)
    };
    let models: Vec<_> = models.iter().filter(is_new).collect();
    for problem in &models {
        eprintln!("{problem}");
    }
    let remarks = models.iter().filter(|problem| problem.is_remark).count();
    let errors = models.len() - remarks + simulated.mistakes.len();
    let warnings = warnings + remarks + simulated.notices.len();
    let twin = &loaded.twin;
    print(format_args!(
        "{}: {}: {} assets of {} classes, {} properties, {errors} errors, {warnings} warnings",
        path_text(path),
        if errors == 0 { "fine" } else { "wrong" },
        twin.equipment_count(),
        twin.classes.len(),
        twin.property_count(),
    ))?;
    Ok(errors == 0)
}

/// Lists what is in a model.
pub fn inspect(args: &Inspect) -> Outcome {
    let bytes = cad::read_regular(&args.model)
        .map_err(|error| Failure::input(format!("{}: {error}", path_text(&args.model))))?;
    let folder = args.model.parent().unwrap_or(Path::new(""));
    let mut found = Vec::new();
    let mut beside = |name: &str| {
        let (bytes, other) = cad::read_beside(folder, name)?;
        found.extend(other.map(|other| cad::Remark::other_case(name, &other)));
        Ok(bytes)
    };
    let mut inspection = cad::inspect(&bytes, &mut beside)
        .map_err(|error| Failure::input(format!("{}: {error}", path_text(&args.model))))?;
    inspection.remarks.append(&mut found);
    let problem = inspection.problem.clone();
    if args.json {
        let text = serde_json::to_string_pretty(&inspection).map_err(Failure::environment)?;
        print(text)?;
    } else {
        print(inspection)?;
    }
    match problem {
        None => Ok(()),
        Some(problem) => Err(Failure::input(format!("{}: {problem}", path_text(&args.model)))),
    }
}
