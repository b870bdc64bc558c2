//! Whole scenes without a window: models from disk, samples in, transforms and tags out.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use bevy::ecs::system::RunSystemOnce;
use bevy::mesh::MeshTag;
use bevy::prelude::*;

use super::*;
use crate::history::View;
use crate::mirror::Budget;
use crate::telemetry::Status;
use crate::telemetry::{Batch, Update as SampleUpdate};
use crate::twin::{Quality, Timestamp, Value, load};
use crate::viewer::app::watch;
use crate::viewer::base::{
    AssetRoot, Palette, PartOf, Playhead, Scene, Selection, ThemeChoice, TwinDefinition, workers,
};
use crate::viewer::scene::binding;
use crate::viewer::scene::bound::{Bound, LabelSpec};
use crate::viewer::scene::look::{self, STALE};
use crate::viewer::scene::outline;
use crate::viewer::time::{Sources, TelemetryLink};

const START: Timestamp = Timestamp(1_000_000_000_000_000);

const TWIN: &str = r#"Twin(
    schema: 2,
    name: "test",
    classes: {
        "Pump": (
            model: "pump.glb",
            properties: {
                "turns": (unit: "{rev}"),
                "heat": (unit: "Cel", range: (0, 100), interval: "1s"),
            },
            mappings: [],
            bindings: [
                Rotate(node: "rotor", axis: x, by: "turns"),
                Color(node: "casing", by: "heat", map: viridis, range: (0, 100)),
                Label(text: "{asset}", at: (0, 1.5, 0)),
                Rotate(node: "rotr", axis: x, by: "turns"),
            ],
        ),
        "Lost": (model: "lost.glb", properties: {}, mappings: [], bindings: []),
    },
    assets: [
        (name: "hall", at: (10, 0, 0)),
        (name: "P-1", class: "Pump", parent: "hall", at: (1, 0, 0)),
        (name: "P-2", class: "Pump", parent: "hall", at: (2, 0, 0)),
        (name: "L-1", class: "Lost", at: (0, 0, 5)),
    ],
)"#;

/// A model that needs what is not read.
const PACKED: &str = r#"{
    "asset": {"version": "2.0"},
    "extensionsUsed": ["KHR_draco_mesh_compression"],
    "extensionsRequired": ["KHR_draco_mesh_compression"]
}"#;

/// A folder with the twin file and its model, and an app that shows it without a renderer.
fn app(folder: &Path) -> App {
    let file = folder.join("test.ron");
    fs::write(&file, TWIN).expect("the folder can be written");
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/models/pump_skid.glb");
    fs::copy(model, folder.join("pump.glb")).expect("the model is there");
    fs::write(folder.join("lost.glb"), PACKED).expect("as above");
    let twin = Arc::new(load(&file).unwrap_or_else(|error| panic!("{error}")).twin);
    let mut app = App::new();
    app.add_plugins((MinimalPlugins, TransformPlugin))
        .insert_resource(Palette::of(ThemeChoice::Dark))
        .insert_resource(Sources::new(twin.clone(), Budget::default()))
        .insert_resource(TwinDefinition(twin))
        .insert_resource(TelemetryLink {
            batches: crossbeam_channel::never(),
            status: Arc::new(Status::new("nowhere")),
        })
        .init_resource::<crate::viewer::time::Playback>()
        .insert_resource(Playhead { following: true, ..default() })
        .add_systems(Update, follow.in_set(Round::Playhead));
    workers::plugin(&mut app);
    Round::chain(&mut app);
    systems(&mut app);
    watch::plugin(&mut app);
    outline::systems(&mut app);
    app.add_plugins(binding::plugin);
    app
}

fn follow(sources: Res<Sources>, mut playhead: ResMut<Playhead>, mut views: ResMut<SceneViews>) {
    if playhead.following {
        playhead.time = sources.live().live_view().time;
    }
    views.set(Scene::MAIN, playhead.view(), playhead.following);
}

/// Runs frames until something holds.
fn until(app: &mut App, what: &str, holds: impl Fn(&mut World) -> bool) {
    for _ in 0..3000 {
        app.update();
        if holds(app.world_mut()) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("it never came that {what}");
}

fn loaded(app: &mut App) {
    until(app, "everything is loaded", |world| {
        let progress = world.resource::<LoadProgress>();
        progress.models_total == 2 && progress.is_complete()
    });
}

/// One sample, and plant time so much later that it is what the scene shows.
fn say(app: &mut App, path: &str, at_s: i64, value: f64) {
    let twin = app.world().resource::<TwinDefinition>().0.clone();
    let property = twin.property_by_path(path).expect("the property is there");
    let time = START.plus_micros(at_s * 1_000_000);
    let update = SampleUpdate {
        property,
        time: Some(time),
        value: Some(Value::Number(value)),
        quality: Quality::Good,
    };
    let mut sources = app.world_mut().resource_mut::<Sources>();
    let mirror = sources.live_mut();
    mirror.tick(time);
    let batch = Batch { arrival: time, updates: vec![update], ..Batch::default() };
    mirror.apply(batch);
    mirror.tick(time + twin.display_delay);
    app.update();
}

/// What drives the rotor of an asset: the placed entity below its root with a binding.
fn turned(app: &mut App, asset: &str) -> Quat {
    turned_in(app, Scene::MAIN, asset)
}

fn turned_in(app: &mut App, scene: Scene, asset: &str) -> Quat {
    let twin = app.world().resource::<TwinDefinition>().0.clone();
    let asset = twin.asset_by_name[asset];
    let mut query = app.world_mut().query_filtered::<(&Bound, &Transform), Without<AssetRoot>>();
    let here = |bound: &Bound| bound.asset == asset && bound.scene == scene;
    let moved = query.iter(app.world()).filter(|(bound, _)| here(bound));
    moved.map(|(_, transform)| transform.rotation).fold(Quat::IDENTITY, |all, one| all * one)
}

fn problems(app: &mut App) -> Vec<String> {
    let read = |mut reader: MessageReader<Notice>| {
        reader.read().map(|problem| problem.text.clone()).collect::<Vec<_>>()
    };
    app.world_mut().run_system_once(read).expect("the system runs")
}

#[test]
fn instances_of_a_class_share_their_meshes_and_surfaces() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut app = app(folder.path());
    loaded(&mut app);
    let mut query = app.world_mut().query::<(&PartOf, &Mesh3d, &MeshMaterial3d<TwinPbr>)>();
    let mut parts = |asset: u32| {
        let own = query.iter(app.world()).filter(|(part, _, _)| part.0.0 == asset);
        let mut ids: Vec<_> = own.map(|(_, m, s)| (m.id(), s.id())).collect();
        ids.sort();
        ids
    };
    let (first, second) = (parts(1), parts(2));
    assert!(first.len() > 10 && first == second);
    let labels = app.world_mut().query::<&LabelSpec>().iter(app.world()).count();
    assert_eq!(labels, 2);
}

#[test]
fn a_missing_model_and_a_missing_node_are_reported_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut app = app(folder.path());
    let mut reported = Vec::new();
    for _ in 0..3000 {
        app.update();
        reported.extend(problems(&mut app));
        let progress = app.world().resource::<LoadProgress>();
        if progress.models_total == 2 && progress.is_complete() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    reported.sort();
    reported.dedup();
    let lost =
        reported.iter().find(|text| text.contains("lost.glb")).expect("the model is reported");
    // It says what to do.
    assert!(lost.contains("KHR_draco_mesh_compression"), "{lost}");
    assert!(lost.contains("gltf-transform copy"), "{lost}");
    let node = reported.iter().find(|text| text.contains("`rotr`")).expect("the node is reported");
    assert!(node.contains("pump_skid/rotor") && node.contains("test.ron:"), "{node}");
    let mut missing = app.world_mut().query::<(&PartOf, &MeshTag)>();
    let boxes: Vec<_> =
        missing.iter(app.world()).filter(|(_, tag)| tag.0 & look::MISSING != 0).collect();
    assert_eq!(boxes.len(), 1);
    assert_eq!(boxes[0].0.0.0, 3);
}

#[test]
fn a_sample_turns_the_rotor_of_its_asset_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut app = app(folder.path());
    loaded(&mut app);
    say(&mut app, "hall/P-1.turns", 1, 0.25);
    let quarter = Quat::from_rotation_x(std::f32::consts::FRAC_PI_2);
    assert!(turned(&mut app, "P-1").abs_diff_eq(quarter, 1e-5), "{}", turned(&mut app, "P-1"));
    assert!(turned(&mut app, "P-2").abs_diff_eq(Quat::IDENTITY, 1e-5));
}

#[test]
fn the_same_instant_gives_the_same_scene_however_one_comes_to_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut app = app(folder.path());
    loaded(&mut app);
    say(&mut app, "hall/P-1.turns", 1, 0.0);
    say(&mut app, "hall/P-1.turns", 2, 0.25);
    let live = turned(&mut app, "P-1");
    let seek = |app: &mut App, at_us: i64| {
        let mut playhead = app.world_mut().resource_mut::<Playhead>();
        playhead.following = false;
        playhead.time = START.plus_micros(at_us);
        app.update();
        turned(app, "P-1")
    };
    let half = seek(&mut app, 1_500_000);
    let eighth = Quat::from_rotation_x(std::f32::consts::FRAC_PI_4);
    assert!(half.abs_diff_eq(eighth, 1e-5), "half way between the samples: {half}");
    assert!(seek(&mut app, 2_000_000).abs_diff_eq(live, 1e-5));
    assert_eq!(seek(&mut app, 1_500_000), half);
}

#[test]
fn a_value_colours_the_bound_node_and_a_stale_one_marks_the_asset() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut app = app(folder.path());
    loaded(&mut app);
    say(&mut app, "hall/P-1.heat", 1, 100.0);
    let coloured = |app: &mut App, bit: u32| {
        let mut query = app.world_mut().query::<(&PartOf, &MeshTag)>();
        let own = query.iter(app.world()).filter(|(part, tag)| part.0.0 == 1 && tag.0 & bit != 0);
        own.count()
    };
    let strength = 31 << 16;
    let casing = coloured(&mut app, strength);
    assert!(casing > 0, "the casing has a colour");
    assert_eq!(coloured(&mut app, STALE), 0);
    // Long after its interval the same value is stale, and all of the asset shows it.
    let late = START.plus_micros(60_000_000);
    app.world_mut().resource_mut::<Sources>().live_mut().tick(late);
    // In the very frame whose time it is.
    app.update();
    let mut query = app.world_mut().query::<(&PartOf, &MeshTag)>();
    let mut own = query.iter(app.world()).filter(|(part, _)| part.0.0 == 1);
    assert!(own.all(|(_, tag)| tag.0 & STALE != 0), "the asset looks stale");
    assert_eq!(coloured(&mut app, strength), casing, "its last colour stays");
}

#[test]
fn where_nothing_is_known_the_node_is_at_rest_and_the_asset_does_not_look_current() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut app = app(folder.path());
    loaded(&mut app);
    let stale = |app: &mut App, asset: u32| {
        let mut query = app.world_mut().query::<(&PartOf, &MeshTag)>();
        let mut own = query.iter(app.world()).filter(|(part, _)| part.0.0 == asset);
        own.all(|(_, tag)| tag.0 & STALE != 0)
    };
    assert!(!stale(&mut app, 1), "nothing at all is known yet");
    say(&mut app, "hall/P-1.turns", 10, 0.25);
    assert!(!stale(&mut app, 1) && stale(&mut app, 2), "nothing is known of the second pump");
    // Before its first sample it stands as it does at rest, and not as it was drawn last.
    let mut playhead = app.world_mut().resource_mut::<Playhead>();
    (playhead.following, playhead.time) = (false, START);
    app.update();
    assert!(turned(&mut app, "P-1").abs_diff_eq(Quat::IDENTITY, 1e-5));
    assert!(stale(&mut app, 1));
}

#[test]
fn the_selection_of_a_group_marks_all_in_it_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut app = app(folder.path());
    loaded(&mut app);
    let twin = app.world().resource::<TwinDefinition>().0.clone();
    let mut marked = |selected: &str| {
        app.world_mut().resource_mut::<Selection>().selected = Some(twin.asset_by_name[selected]);
        app.update();
        let mut query = app.world_mut().query_filtered::<&ChildOf, With<outline::Mark>>();
        let parts = query.iter(app.world()).map(|mark| mark.parent());
        let mut assets: Vec<u32> =
            parts.filter_map(|part| app.world().get::<PartOf>(part)).map(|part| part.0.0).collect();
        assets.dedup();
        assets.sort();
        assets.dedup();
        assets
    };
    assert_eq!(marked("hall"), [1, 2]);
    assert_eq!(marked("P-2"), [2]);
}

#[test]
fn a_twin_file_saved_anew_moves_its_assets_and_keeps_selection_and_state() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut app = app(folder.path());
    loaded(&mut app);
    say(&mut app, "hall/P-2.turns", 1, 0.25);
    let twin = app.world().resource::<TwinDefinition>().0.clone();
    let selected = twin.asset_by_name["P-2"];
    app.world_mut().resource_mut::<Selection>().selected = Some(selected);
    // A new asset before the others moves every index.
    let saved = TWIN.replace("(name: \"hall\"", "(name: \"yard\"), (name: \"hall\"");
    fs::write(folder.path().join("test.ron"), saved).expect("the file can be written");
    until(&mut app, "the new definition is shown", |world| {
        world.resource::<TwinDefinition>().0.assets.len() == 5
            && world.resource::<LoadProgress>().is_complete()
    });
    app.update();
    let twin = app.world().resource::<TwinDefinition>().0.clone();
    let now = app.world().resource::<Selection>().selected.expect("still selected");
    assert_eq!(&*twin.asset(now).path, "hall/P-2");
    let quarter = Quat::from_rotation_x(std::f32::consts::FRAC_PI_2);
    assert!(turned(&mut app, "P-2").abs_diff_eq(quarter, 1e-5), "its state is kept");
}

#[test]
fn a_twin_file_saved_with_errors_leaves_the_scene_and_says_what_is_wrong() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut app = app(folder.path());
    loaded(&mut app);
    problems(&mut app);
    let before = app.world().resource::<TwinDefinition>().0.clone();
    let saved = TWIN.replace("class: \"Pump\", parent: \"hall\", at: (1", "class: \"Pum\", at: (1");
    fs::write(folder.path().join("test.ron"), saved).expect("the file can be written");
    let reported = (0..3000).find_map(|_| {
        app.update();
        std::thread::sleep(std::time::Duration::from_millis(5));
        problems(&mut app).into_iter().find(|text| text.contains("Pum"))
    });
    assert!(reported.is_some_and(|text| text.contains("did you mean `Pump`")));
    assert!(Arc::ptr_eq(&before, &app.world().resource::<TwinDefinition>().0));
}

#[test]
fn a_model_saved_anew_replaces_its_instances() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut app = app(folder.path());
    loaded(&mut app);
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/models");
    fs::copy(models.join("pallet.glb"), folder.path().join("lost.glb")).expect("as above");
    until(&mut app, "the model that was lost is there", |world| {
        let mut query = world.query::<(&PartOf, &MeshTag)>();
        let own: Vec<_> = query.iter(world).filter(|(part, _)| part.0.0 == 3).collect();
        own.len() > 1 && own.iter().all(|(_, tag)| tag.0 & look::MISSING == 0)
    });
}

/// A definition that is to be shown in the next frame.
#[derive(Resource)]
struct Next(Option<crate::twin::Loaded>);

#[test]
fn nothing_of_a_larger_twin_outlives_the_frame_in_which_a_smaller_one_is_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut app = app(folder.path());
    app.add_systems(
        Update,
        (|mut next: ResMut<Next>, mut definition: crate::viewer::app::definition::Definition| {
            if let Some(loaded) = next.0.take() {
                definition.show(Ok(loaded), "shown".into());
            }
        })
        .before(Round::Ingest),
    );
    app.insert_resource(Next(None));
    loaded(&mut app);
    let small = r#"Twin(schema: 2, name: "small", classes: {"A": (properties: {"v": ()})},
        assets: [(name: "only", class: "A")])"#;
    let small = crate::twin::load_text(Path::new("small.ron"), small, &crate::twin::NoFiles);
    app.insert_resource(Next(Some(small.expect("it is right"))));
    app.update();
    let world = app.world_mut();
    let roots: Vec<_> = world.query::<&AssetRoot>().iter(world).map(|root| root.0.0).collect();
    assert_eq!(roots, [0]);
    assert_eq!(world.query::<&LabelSpec>().iter(world).count(), 0);
    assert_eq!(world.query::<&PartOf>().iter(world).count(), 0);
}

#[test]
fn a_recording_is_seen_beside_the_live_plant_and_both_go_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut app = app(folder.path());
    loaded(&mut app);
    say(&mut app, "P-1.turns", 0, 0.5);
    let table = "time,P-1.turns\n2001-09-09T01:46:40Z,0\n2001-09-09T01:46:50Z,1\n";
    let mut sources = app.world_mut().resource_mut::<Sources>();
    let opened = sources.open("table.csv", table.into(), Budget::default());
    let source = opened.unwrap_or_else(|wrong| panic!("{wrong}"));
    sources.read_on(|| false);
    let at = |tenths: i64| View { source, ..View::live(START.plus_micros(tenths * 100_000)) };
    let mut views = app.world_mut().resource_mut::<SceneViews>();
    let second = views.open(at(25), false).expect("there is room");
    until(&mut app, "the second scene is there", |world| {
        world.resource::<LoadProgress>().is_complete()
            && world.query::<&Bound>().iter(world).any(|bound| bound.scene == second)
    });
    let quarter = Quat::from_rotation_x(std::f32::consts::FRAC_PI_2);
    let near = |a: Quat, b: Quat| a.angle_between(b) < 1e-3;
    let half = quarter * quarter;
    assert!(near(turned(&mut app, "P-1"), half));
    assert!(near(turned_in(&mut app, second, "P-1"), quarter));
    // Each goes on by itself.
    say(&mut app, "P-1.turns", 1, 0.25);
    assert!(near(turned(&mut app, "P-1"), quarter));
    assert!(near(turned_in(&mut app, second, "P-1"), quarter));
    app.world_mut().resource_mut::<SceneViews>().set(second, at(50), false);
    app.update();
    assert!(near(turned(&mut app, "P-1"), quarter));
    assert!(near(turned_in(&mut app, second, "P-1"), half));
    // The meshes are shared, and only the main scene's parts are measured, picked and labelled.
    let mut parts = app.world_mut().query::<(&PartOf, &Mesh3d, Option<&Scene>)>();
    let of = |app: &App, parts: &mut QueryState<(&PartOf, &Mesh3d, Option<&Scene>)>, scene| {
        let own = parts.iter(app.world()).filter(|(_, _, of)| of.copied() == scene);
        let mut ids: Vec<_> = own.map(|(part, mesh, _)| (part.0.0, mesh.id())).collect();
        ids.sort();
        ids
    };
    assert_eq!(of(&app, &mut parts, None), of(&app, &mut parts, Some(second)));
    app.world_mut().resource_mut::<SceneViews>().close(second);
    app.update();
    let world = app.world_mut();
    assert!(world.query::<&Bound>().iter(world).all(|bound| bound.scene == Scene::MAIN));
}
