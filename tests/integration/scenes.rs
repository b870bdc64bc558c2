//! The committed scenes and models: what a newcomer opens must be without fault.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use twinscope::cad::{self, Model};
use twinscope::twin::binding::Effect;
use twinscope::twin::{self, Asset, AssetId, Level, Severity, Twin};

use crate::programs::{repository, scene};

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no .{extension} in {}", folder.display());
    files
}

/// Every scene with its definition; a scene that cannot be used ends the test with its errors.
fn scenes() -> Vec<(PathBuf, twin::Loaded)> {
    let load = |path: PathBuf| match twin::load(&path) {
        Ok(loaded) => (path, loaded),
        Err(errors) => panic!("{errors}"),
    };
    files(&repository("scenes"), "ron").into_iter().map(load).collect()
}

fn bottling() -> Twin {
    scene("bottling.ron")
}

/// The area that an asset stands in.
fn area_of(twin: &Twin, asset: &Asset) -> Option<String> {
    let up = |asset: &&Asset| asset.parent.map(|parent| twin.asset(parent));
    std::iter::successors(Some(asset), up)
        .find(|asset| asset.level == Level::Area)
        .map(|area| area.name.to_string())
}

#[test]
fn every_scene_loads_without_an_error_a_warning_or_a_notice() {
    let scenes = scenes();
    assert!(scenes.len() >= 2, "bottling and pump_station");
    for (path, loaded) in scenes {
        assert_eq!(loaded.diagnostics.to_string(), "", "{}", path.display());
        assert_eq!(loaded.diagnostics.count(Severity::Warning), 0);
    }
}

#[test]
fn the_bottling_line_has_the_equipment_of_three_areas() {
    let twin = bottling();
    let areas: BTreeSet<_> = twin.assets.iter().filter_map(|asset| area_of(&twin, asset)).collect();
    assert_eq!(areas, ["filling", "palletising", "utilities"].map(String::from).into());
    let equipment = twin.assets.iter().filter(|asset| asset.class.is_some()).count();
    assert!(equipment >= 40, "{equipment} assets with a class");
    assert!(twin.property_count() >= 250, "{} properties", twin.property_count());
    let count = |area: &str, class: &str| {
        // An asset with mappings or bindings of its own has a class of its own, of the same title.
        let of = |id: &AssetId| {
            let found = twin.class_of(*id);
            found.is_some_and(|found| &*found.name == class || found.title == class)
        };
        let ids = twin.asset_ids().filter(of);
        ids.filter(|id| area_of(&twin, twin.asset(*id)).as_deref() == Some(area)).count()
    };
    let wanted = [
        ("utilities", "Tank", 2),
        ("utilities", "Pump", 3),
        ("utilities", "HeatExchanger", 1),
        ("utilities", "ControlValve", 1),
        ("utilities", "Ups", 1),
        ("filling", "BottleLine", 1),
        ("filling", "Filler", 1),
        ("filling", "Capper", 1),
        ("palletising", "Robot", 1),
        ("palletising", "Pallet", 1),
        ("palletising", "Agv", 1),
    ];
    for (area, class, least) in wanted {
        let found = count(area, class);
        assert!(found >= least, "{area}: {found} of class {class}, at least {least} expected");
    }
}

#[test]
fn every_model_is_there_and_has_every_node_and_animation_that_is_bound() {
    for (path, loaded) in scenes() {
        let problems = cad::check_bindings(&loaded.twin, &mut |file| Model::open(file));
        let told: Vec<_> = problems.iter().map(cad::Problem::to_string).collect();
        assert!(told.is_empty(), "{}: {told:#?}", path.display());
    }
}

#[test]
fn bottles_look_different_when_they_are_filled_capped_and_labelled() {
    let twin = bottling();
    let line = twin.classes.iter().find(|class| &*class.name == "BottleLine").unwrap();
    let models = line.bindings.iter().find_map(|binding| match &binding.effect {
        Effect::Items { models, .. } => Some(models.clone()),
        _ => None,
    });
    let parts = |path: &PathBuf| {
        let model = Model::open(path).expect("a model");
        model.nodes.iter().map(|node| node.name.clone()).collect::<BTreeSet<_>>()
    };
    let parts: Vec<_> = models.unwrap().iter().map(parts).collect();
    let has: Vec<_> = parts
        .iter()
        .map(|parts| ["glass", "liquid", "cap", "label"].map(|part| parts.contains(part)))
        .collect();
    let stages = [
        [true, false, false, false],
        [true, true, false, false],
        [true, true, true, false],
        [true, true, true, true],
    ];
    assert_eq!(has, stages);
}

#[test]
fn all_models_together_are_smaller_than_15_megabytes() {
    let models = files(&repository("assets/models"), "glb");
    let bytes: u64 = models.iter().map(|path| path.metadata().unwrap().len()).sum();
    assert!(bytes < 15_000_000, "{bytes} bytes");
}

#[test]
fn every_committed_model_can_be_read_and_has_a_size() {
    for path in files(&repository("assets/models"), "glb") {
        let model = Model::open(&path);
        assert!(model.is_ok_and(|model| model.bounds.is_some()), "{}", path.display());
    }
}
