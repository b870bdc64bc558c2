//! From the text of a twin file to a checked [`Twin`]: read, migrate, type.

mod asset;
mod behaviour;
mod binding;
#[cfg(test)]
mod bounded;
mod class;
mod class_file;
#[cfg(not(target_arch = "wasm32"))]
mod disk;
mod file;
mod goal;
mod mapping;
mod read;
#[cfg(test)]
mod tests;
mod top;
mod wiring;
mod write;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

pub use behaviour::{load_behaviour, load_numbers};
#[cfg(not(target_arch = "wasm32"))]
pub use disk::{Disk, MAX_DEFINITION_BYTES, read_regular};
pub use goal::load_goal;

use super::diagnostic::{Diagnostic, Diagnostics};
use super::{Severity, Twin};

/// The version of the format that this program writes and reads without changes.
pub const SCHEMA: u32 = 2;

/// A twin, and what is to be said about its file.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The definition.
    pub twin: Twin,
    /// Warnings and notices; no errors.
    pub diagnostics: Diagnostics,
}

/// Where the files are: a disk, a web server's copy, a test's table.
pub trait Resolver {
    /// Text of a file.
    ///
    /// # Errors
    /// Why it cannot be read, for people.
    fn read(&self, path: &Path) -> Result<String, String>;

    /// Whether there is a file, for models; where that is not known, `true`.
    fn exists(&self, path: &Path) -> bool;
}

/// Reads a twin file and what it includes.
///
/// ```
/// let loaded = twinscope::twin::load("scenes/pump_station.ron".as_ref())?;
/// let pump = loaded.twin.asset_by_name["P-1"];
/// assert!(loaded.twin.find_property(pump, "speed").is_some());
/// # Ok::<(), twinscope::twin::Diagnostics>(())
/// ```
///
/// # Errors
/// All that is wrong with them.
#[cfg(not(target_arch = "wasm32"))]
pub fn load(path: &Path) -> Result<Loaded, Diagnostics> {
    match Disk.read(path) {
        Ok(text) => load_text(path, &text, &Disk),
        Err(error) => Err(Diagnostics::unreadable(path, &error)),
    }
}

/// Knows no file: for a twin that is given as text and includes nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFiles;

impl Resolver for NoFiles {
    fn read(&self, path: &Path) -> Result<String, String> {
        Err(format!("{} is not to be had here", path.display()))
    }

    fn exists(&self, _path: &Path) -> bool {
        false
    }
}

/// Reads the text of a twin file; `name` is its path, from which includes and models are found.
///
/// ```
/// use twinscope::twin::{NoFiles, load_text};
///
/// let text = r#"Twin(
///     schema: 2,
///     name: "small",
///     classes: {"Pump": (properties: {"speed": (unit: "{rev}/min")})},
///     assets: [(name: "P-1", class: "Pomp")],
/// )"#;
/// let errors = load_text("small.ron".as_ref(), text, &NoFiles).expect_err("no such class");
/// let first = errors.to_string();
/// assert!(first.starts_with("small.ron:5:35: error:") && first.contains("did you mean `Pump`?"));
/// ```
///
/// # Errors
/// All that is wrong with it and with what it includes.
pub fn load_text(name: &Path, text: &str, resolver: &dyn Resolver) -> Result<Loaded, Diagnostics> {
    let mut diagnostics = Vec::new();
    let sources = file::read_all(name, text, resolver, &mut diagnostics);
    if sources.iter().any(|source| source.is_newer) {
        // What is missing of a file that is not read is no mistake of the others.
        let newer = |d: &Diagnostic| sources.iter().any(|s| s.is_newer && s.name == d.file);
        diagnostics.retain(newer);
        return Err(Diagnostics(diagnostics));
    }
    let cx = read::Cx::new(resolver, diagnostics);
    let twin = top::twin(&cx, &sources);
    let mut diagnostics = cx.finish();
    let order: HashMap<&str, usize> =
        sources.iter().map(|source| source.name.as_str()).zip(0..).collect();
    diagnostics.sort_by_key(|d| (order.get(d.file.as_str()).copied(), d.line, d.column));
    diagnostics.dedup();
    let diagnostics = Diagnostics(diagnostics);
    match twin {
        Some(twin) if !diagnostics.has_errors() => Ok(Loaded { twin, diagnostics }),
        _ => {
            debug_assert!(diagnostics.count(Severity::Error) > 0, "a refusal says why");
            Err(diagnostics)
        }
    }
}

/// Whether a text is a twin's, and not one of the smaller files beside it.
pub fn is_twin(text: &str) -> bool {
    let tree = super::tree::Tree::parse(text);
    match &tree.root().kind {
        super::tree::Kind::Struct(Some(name), _) => name.text == "Twin",
        super::tree::Kind::Struct(None, fields) => {
            fields.iter().any(|(name, _)| matches!(&*name.text, "schema" | "assets" | "classes"))
        }
        _ => false,
    }
}

/// `a/b/../c` is `a/c`, without asking the disk.
fn normal(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut out = PathBuf::new();
    for part in path.components() {
        let parent = part == Component::ParentDir;
        let can_leave = matches!(out.components().next_back(), Some(Component::Normal(_)));
        match part {
            Component::CurDir => {}
            _ if parent && can_leave => drop(out.pop()),
            _ => out.push(part),
        }
    }
    out
}
