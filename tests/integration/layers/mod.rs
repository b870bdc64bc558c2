//! The order of the rooms, kept: nothing below reaches up, and nothing hangs in a circle.
//!
//! It reads the imports of all files below `src`: what stands after `use`, and paths within code. A
//! name that is only handed on leads to the file that defines it. Code that is compiled for tests
//! alone may import from anywhere, since a test puts pieces together, and is not read.

mod source;
mod tree;

use std::path::{Path, PathBuf};

use tree::{Import, Tree, circles, room_of};

/// The floors of the house, the ground first, as in `DESIGN.md`. A room imports from its own floor
/// and from those below.
const FLOORS: &[&[&str]] = &[
    &["twin", "worker", "output", "terminal", "http"],
    &["table"],
    &["telemetry", "history", "cad", "model"],
    &["mirror", "estimate", "forecast"],
    &["outlook", "alarm", "control", "training", "plant", "jobs"],
    &["viewer", "serve", "watch", "web", "cli"],
];

/// Rooms that know less than their floor would allow: the simulated plant stands in for real
/// equipment and can tell nobody more than its messages do.
const KNOW_ONLY: &[(&str, &[&str])] =
    &[("plant", &["twin", "worker", "terminal", "http", "telemetry"])];

/// The viewer's layers, the ground first: folders below `src/viewer`.
const LAYERS: &[&str] = &["base", "time", "scene", "ui", "app"];

/// Rooms within which no files import each other in a circle. Those that have some still are `false`
/// here, and become `true` when theirs are gone.
const WITHOUT_CIRCLES: &[(&str, bool)] = &[
    ("cad", true),
    ("cli", true),
    ("estimate", true),
    ("forecast", true),
    ("history", true),
    ("http", true),
    ("jobs", true),
    ("mirror", false),
    ("model", false),
    ("output", true),
    ("plant", false),
    ("serve", false),
    ("table", true),
    ("terminal", true),
    ("telemetry", false),
    ("twin", false),
    ("viewer", true),
    ("watch", true),
    ("web", true),
    ("worker", true),
];

fn house() -> Tree {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    Tree::read("twinscope", &folder).expect("the sources are there")
}

/// What is wrong with imports between rooms.
fn between_rooms(imports: &[Import]) -> Vec<String> {
    let floor_of = |room: &str| FLOORS.iter().position(|floor| floor.contains(&room));
    let mut wrong = Vec::new();
    for import in imports {
        let (from, to) = (room_of(&import.from), room_of(&import.to));
        // The roots of library and program only say which rooms there are.
        if from == to || matches!(from, "" | "main") || matches!(to, "" | "main") {
            continue;
        }
        let (Some(own), Some(other)) = (floor_of(from), floor_of(to)) else {
            let room = if floor_of(from).is_none() { from } else { to };
            wrong.push(format!("{import}; `{room}` is a room without a floor: add it to FLOORS"));
            continue;
        };
        if other > own {
            let allowed = FLOORS[..=own].concat().join(", ");
            wrong.push(format!("{import}, which is above; `{from}` may import from: {allowed}"));
        }
        if let Some((_, allowed)) = KNOW_ONLY.iter().find(|(room, _)| *room == from)
            && !allowed.contains(&to)
        {
            let allowed = allowed.join(", ");
            wrong.push(format!("{import}; `{from}` may import from: {allowed}"));
        }
    }
    wrong.extend(said(&circles(imports, |module| {
        Some(room_of(module).to_owned()).filter(|room| !matches!(room.as_str(), "" | "main"))
    })));
    wrong
}

/// What is wrong with imports between the layers of a room.
fn between_layers(imports: &[Import], room: &str, layers: &[&str]) -> Vec<String> {
    let layer_of = |module: &str| {
        let name = module.strip_prefix(room)?.strip_prefix("::")?.split("::").next()?;
        layers.iter().position(|layer| *layer == name)
    };
    let mut wrong = Vec::new();
    for import in imports.iter().filter(|i| room_of(&i.from) == room && room_of(&i.to) == room) {
        // The room's own file only hands on what its layers define.
        let Some(own) = layer_of(&import.from) else { continue };
        if layer_of(&import.to).is_none_or(|other| other > own) {
            let allowed = layers[..=own].join(", ");
            let layer = layers[own];
            wrong.push(format!("{import}, which is above; `{layer}` may import from: {allowed}"));
        }
    }
    wrong
}

/// Circles as sentences.
fn said(circles: &[Vec<&Import>]) -> Vec<String> {
    let text = |circle: &Vec<&Import>| {
        let steps: Vec<_> = circle.iter().map(|import| format!("  {import}")).collect();
        format!("a circle, where imports may run one way only:\n{}", steps.join("\n"))
    };
    circles.iter().map(text).collect()
}

fn without_circles(imports: &[Import], room: &str) -> Vec<String> {
    said(&circles(imports, |module| (room_of(module) == room).then(|| module.to_owned())))
}

fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn no_room_imports_from_one_above_it_and_no_two_import_each_other() {
    assert_none(&between_rooms(&house().imports()));
}

#[test]
fn no_layer_of_the_viewer_imports_from_one_above_it() {
    let house = house();
    let names = house.modules().filter_map(|module| module.strip_prefix("viewer::"));
    for name in names {
        assert!(LAYERS.contains(&room_of(name)), "viewer::{name} is in no layer: {LAYERS:?}");
    }
    assert_none(&between_layers(&house.imports(), "viewer", LAYERS));
}

#[test]
fn no_files_of_a_room_import_each_other_in_a_circle() {
    let house = house();
    for room in house.modules().map(room_of).filter(|room| !matches!(*room, "" | "main")) {
        let is_listed = WITHOUT_CIRCLES.iter().any(|(listed, _)| *listed == room);
        assert!(is_listed, "the room `{room}` is not in WITHOUT_CIRCLES");
    }
    let imports = house.imports();
    let kept = WITHOUT_CIRCLES.iter().filter(|(_, is_kept)| *is_kept);
    let wrong: Vec<_> = kept.flat_map(|(room, _)| without_circles(&imports, room)).collect();
    assert_none(&wrong);
}

#[test]
fn no_folders_of_a_layer_of_the_viewer_import_each_other_in_a_circle() {
    // `viewer::scene::camera::rig` is of `viewer::scene::camera`.
    let folder = |module: &str| {
        let names: Vec<_> = module.split("::").take(3).collect();
        (names.len() == 3 && names[0] == "viewer").then(|| names.join("::"))
    };
    assert_none(&said(&circles(&house().imports(), folder)));
}

#[test]
fn the_dispatcher_alone_reads_what_is_asked_of_the_viewer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut readers = Vec::new();
    let mut folders = vec![folder.join("viewer")];
    while let Some(at) = folders.pop() {
        for entry in std::fs::read_dir(at).expect("the sources are there") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read_to_string(&path)
                .is_ok_and(|text| text.contains("MessageReader<CommandRequest>"))
            {
                readers.push(path.strip_prefix(&folder).expect("below it").to_owned());
            }
        }
    }
    assert_eq!(readers, [Path::new("viewer/app/dispatch.rs")]);
}

/// A small package in order, but for what is changed in it.
fn made_up(change: &[(&str, &str)]) -> Vec<Import> {
    let mut files = vec![
        ("lib.rs", "pub mod twin; pub mod mirror; pub mod viewer; pub mod plant; pub mod history;"),
        ("main.rs", "mod cli; fn main() { cli::main() }"),
        ("cli.rs", "pub fn main() { twinscope::mirror::f() }"),
        ("twin/mod.rs", "mod text; pub use text::Twin;"),
        ("twin/text.rs", "pub struct Twin;"),
        ("history.rs", "use crate::twin::Twin;"),
        ("mirror.rs", "use crate::{twin::Twin, history}; pub fn f() {}"),
        ("plant.rs", "use crate::twin::Twin;"),
        ("viewer/mod.rs", "pub mod base; pub mod ui; pub use base::{Command, Round};"),
        ("viewer/base.rs", "pub struct Round; pub enum Command {}"),
        ("viewer/ui/mod.rs", "mod tree; mod rows; use super::Round; fn f() { tree::show() }"),
        ("viewer/ui/tree.rs", "use super::rows::Row; use crate::viewer::Command; pub fn show() {}"),
        ("viewer/ui/rows.rs", "pub struct Row;"),
    ];
    for (name, text) in change {
        files.retain(|(other, _)| other != name);
        files.push((name, text));
    }
    let files = files.into_iter().map(|(name, text)| (PathBuf::from(name), text.to_owned()));
    Tree::new("twinscope", files).imports()
}

#[test]
fn a_house_in_order_has_nothing_wrong_with_it() {
    let imports = made_up(&[]);
    assert_eq!(between_rooms(&imports), [""; 0]);
    assert_eq!(between_layers(&imports, "viewer", &["base", "ui"]), [""; 0]);
    assert_eq!(without_circles(&imports, "viewer"), [""; 0]);
    // A name that is handed on is of the file that defines it.
    let of_tree: Vec<_> = imports.iter().filter(|i| i.from == "viewer::ui::tree").collect();
    assert_eq!(
        of_tree.iter().map(|i| &*i.to).collect::<Vec<_>>(),
        ["viewer::base", "viewer::ui::rows"]
    );
}

#[test]
fn an_import_from_above_is_found_in_a_use_and_in_code() {
    let up = made_up(&[("twin/text.rs", "pub struct Twin;\nfn f() { crate::mirror::f() }")]);
    let wrong = between_rooms(&up).join("\n");
    assert!(wrong.contains("src/twin/text.rs:2: `crate::mirror::f` is of mirror"), "{wrong}");
    assert!(wrong.contains("`twin` may import from: twin, worker"), "{wrong}");
    let up = made_up(&[("viewer/base.rs", "use super::{\n ui::rows::Row};\npub struct Round;")]);
    let wrong = between_layers(&up, "viewer", &["base", "ui"]).join("\n");
    assert!(wrong.contains("src/viewer/base.rs:2"), "{wrong}");
    assert!(wrong.contains("`base` may import from: base"), "{wrong}");
}

#[test]
fn a_circle_of_rooms_and_one_of_files_are_found() {
    let round = made_up(&[
        ("history.rs", "use crate::model::M; pub struct H;"),
        ("model.rs", "use crate::history::H; pub struct M;"),
        ("lib.rs", "pub mod twin; pub mod mirror; pub mod viewer; pub mod model; pub mod history;"),
    ]);
    let wrong = between_rooms(&round).join("\n");
    assert!(wrong.contains("a circle") && wrong.contains("src/model.rs:1"), "{wrong}");
    let round = made_up(&[("viewer/ui/rows.rs", "pub struct Row;\nuse super::tree::show;")]);
    let wrong = without_circles(&round, "viewer").join("\n");
    assert!(wrong.contains("src/viewer/ui/tree.rs:1"), "{wrong}");
    assert!(wrong.contains("src/viewer/ui/rows.rs:2"), "{wrong}");
    assert!(!wrong.contains("mod.rs"), "{wrong}");
}

#[test]
fn the_simulated_plant_knows_nobody_but_who_carries_its_messages() {
    let wise = made_up(&[("plant.rs", "use crate::history;")]);
    let wrong = between_rooms(&wise).join("\n");
    assert!(
        wrong.contains("`plant` may import from: twin, worker, terminal, http, telemetry"),
        "{wrong}"
    );
}

#[test]
fn a_test_may_import_from_anywhere() {
    let test = made_up(&[
        ("twin/mod.rs", "mod text; #[cfg(test)] mod tests; pub use text::Twin;"),
        ("twin/tests.rs", "use crate::mirror::f;"),
    ]);
    assert_eq!(between_rooms(&test), [""; 0]);
}
