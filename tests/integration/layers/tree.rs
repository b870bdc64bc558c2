//! Which file imports from which: paths of names followed to the file in which they end.
//!
//! Flows in: files with their texts. Flows out: [`Import`]s between them, and circles among these.
//! A name that is only handed on (`pub use`) leads to the file that defines it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use super::source::File;

/// An import from one file of the tree into another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    /// The importing module, as `viewer::scene::look`; empty for the crate's root.
    pub from: String,
    /// Its file.
    pub file: PathBuf,
    /// Line in it, from 1.
    pub line: usize,
    /// As it is written.
    pub written: String,
    /// Whether the importing file only hands it on (`pub use`).
    pub is_handed_on: bool,
    /// The module that defines what is imported.
    pub to: String,
}

impl std::fmt::Display for Import {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: `{}` is of {}", self.file.display(), self.line, self.written, self.to)
    }
}

/// The modules of a package: a library, and a program beside it that uses it.
pub struct Tree {
    modules: BTreeMap<String, Module>,
    library: String,
}

struct Module {
    file: PathBuf,
    source: File,
    /// `program` for those below `main.rs`.
    root: &'static str,
}

/// Before the names of the program's own root module; its rooms have names of their own.
const PROGRAM: &str = "main";

impl Tree {
    /// Reads files by their paths below `src`; `library` is the library's name for the program.
    pub fn new(library: &str, files: impl IntoIterator<Item = (PathBuf, String)>) -> Self {
        let mut modules = BTreeMap::new();
        for (file, text) in files {
            let name = name_of(&file);
            modules.insert(name, Module { file, source: File::read(&text), root: "" });
        }
        let of_program: Vec<String> = modules
            .get(PROGRAM)
            .map(|root| root.source.modules.iter().cloned().collect())
            .unwrap_or_default();
        for (name, module) in &mut modules {
            if name == PROGRAM || of_program.iter().any(|room| room == room_of(name)) {
                module.root = PROGRAM;
            }
        }
        let tests: BTreeSet<String> = modules
            .iter()
            .flat_map(|(name, module)| {
                module.source.test_modules.iter().map(|test| join(name, test))
            })
            .collect();
        modules.retain(|name, _| {
            !tests.iter().any(|test| name == test || name.starts_with(&format!("{test}::")))
        });
        Self { modules, library: library.to_owned() }
    }

    /// Reads all of a folder.
    pub fn read(library: &str, folder: &Path) -> std::io::Result<Self> {
        let mut files = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(at) = folders.pop() {
            for entry in std::fs::read_dir(at)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|end| end == "rs") {
                    let text = std::fs::read_to_string(&path)?;
                    let below = path.strip_prefix(folder).unwrap_or(&path);
                    files.push((below.to_owned(), text));
                }
            }
        }
        Ok(Self::new(library, files))
    }

    /// Names of all modules with a file.
    pub fn modules(&self) -> impl Iterator<Item = &str> {
        self.modules.keys().map(String::as_str)
    }

    /// All imports from one file into another.
    pub fn imports(&self) -> Vec<Import> {
        let mut imports = Vec::new();
        for (from, module) in &self.modules {
            for path in &module.source.paths {
                let Some(to) = self.follow(from, path.depth, &path.names, 0) else { continue };
                if to != *from && self.modules.contains_key(&to) {
                    imports.push(Import {
                        from: from.clone(),
                        file: Path::new("src").join(&module.file),
                        line: path.line,
                        written: path.names.join("::"),
                        is_handed_on: path.is_handed_on,
                        to,
                    });
                }
            }
        }
        imports.sort();
        imports.dedup();
        imports
    }

    /// The module that defines what a path in a module names; `None`: it is of another crate, or it
    /// is no path of modules at all. `inner` modules within the file stand around the path.
    fn follow(&self, from: &str, inner: usize, names: &[String], hops: usize) -> Option<String> {
        // A name that is handed on in a circle names nothing.
        if hops > 16 {
            return None;
        }
        let module = self.modules.get(from)?;
        let (first, mut rest) = names.split_first()?;
        let mut at = match first.as_str() {
            "crate" => module.root.to_owned(),
            "self" => from.to_owned(),
            "super" if inner > 0 => from.to_owned(),
            "super" => above(from),
            library if library == self.library && module.root == PROGRAM => String::new(),
            name => self.named(from, name, hops)?,
        };
        let mut within = inner.saturating_sub(1);
        while let Some((name, after)) = rest.split_first() {
            at = match name.as_str() {
                "super" if within > 0 => at,
                "super" => above(&at),
                "*" => at,
                name => match self.named(&at, name, hops) {
                    Some(next) => next,
                    // It is defined there, or comes from another crate by way of it.
                    None => return Some(at),
                },
            };
            within = within.saturating_sub(1);
            if !self.modules.contains_key(&at) {
                return Some(at);
            }
            rest = after;
        }
        Some(at)
    }

    /// Where a name leads that stands in a module: to a module below, or where it is imported from.
    fn named(&self, module: &str, name: &str, hops: usize) -> Option<String> {
        let below = if module == PROGRAM { name.to_owned() } else { join(module, name) };
        let source = &self.modules.get(module)?.source;
        if source.modules.contains(name) {
            return Some(below);
        }
        if source.defined.contains(name) {
            return None;
        }
        let imports = source.paths.iter().filter(|path| path.known_as.is_some());
        for path in imports.clone().filter(|path| path.known_as.as_deref() == Some(name)) {
            // `use super::name` in a module of that name would ask for itself.
            if path.names.len() == 1 && path.names[0] == name {
                continue;
            }
            return self.follow(module, path.depth, &path.names, hops + 1);
        }
        for path in imports.filter(|path| path.known_as.as_deref() == Some("*")) {
            let Some(all) = self.follow(module, path.depth, &path.names, hops + 1) else {
                continue;
            };
            let source = self.modules.get(&all).map(|module| &module.source);
            if source.is_some_and(|source| source.defined.contains(name)) {
                return Some(all);
            }
        }
        None
    }
}

/// `viewer::scene::look` of `viewer/scene/look.rs`.
fn name_of(file: &Path) -> String {
    let mut names: Vec<String> =
        file.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if names.last().is_some_and(|last| last == "mod") || names == ["lib"] {
        names.pop();
    }
    names.join("::")
}

fn join(module: &str, name: &str) -> String {
    if module.is_empty() { name.to_owned() } else { format!("{module}::{name}") }
}

fn above(module: &str) -> String {
    module.rsplit_once("::").map_or(String::new(), |(above, _)| above.to_owned())
}

/// The first name: the room.
pub fn room_of(module: &str) -> &str {
    module.split("::").next().unwrap_or_default()
}

/// Circles among imports, each once, as the imports that close it. `key` says what is taken as one:
/// a file, a folder, a room; imports within one are left out, and those without a key. A file that
/// only hands a name on does not need it.
pub fn circles(imports: &[Import], key: impl Fn(&str) -> Option<String>) -> Vec<Vec<&Import>> {
    let mut edges: BTreeMap<String, BTreeMap<String, &Import>> = BTreeMap::new();
    for import in imports.iter().filter(|import| !import.is_handed_on) {
        if let (Some(from), Some(to)) = (key(&import.from), key(&import.to))
            && from != to
        {
            edges.entry(from).or_default().entry(to).or_insert(import);
        }
    }
    let mut known = BTreeSet::new();
    let mut found = Vec::new();
    for start in edges.keys() {
        let Some(circle) = way_back(&edges, start) else { continue };
        let members: BTreeSet<&str> = circle.iter().map(|(from, _)| from.as_str()).collect();
        if known.insert(members.into_iter().map(str::to_owned).collect::<Vec<_>>()) {
            found.push(circle.into_iter().map(|(_, import)| import).collect());
        }
    }
    found
}

/// The shortest way from a node back to itself.
fn way_back<'a>(
    edges: &BTreeMap<String, BTreeMap<String, &'a Import>>,
    start: &str,
) -> Option<Vec<(String, &'a Import)>> {
    let mut came: BTreeMap<&str, (&str, &'a Import)> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for (to, import) in edges.get(at).into_iter().flatten() {
            if !came.contains_key(to.as_str()) {
                came.insert(to, (at, import));
                queue.push_back(to);
            }
        }
        if came.contains_key(start) {
            break;
        }
    }
    let mut way = Vec::new();
    let mut at = start;
    loop {
        let (before, import) = came.get(at)?;
        way.push(((*before).to_owned(), *import));
        at = before;
        if at == start {
            way.reverse();
            return Some(way);
        }
    }
}
