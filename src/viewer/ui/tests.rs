//! Panels without Bevy: what is drawn is asked for by its label and pressed.

use std::sync::Arc;
use std::time::Duration;

use bevy_egui::egui;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use proptest::prelude::*;

use super::data::{Health, PanelData, Views};
use super::liveness::Liveness;
use super::outline::Outline;
use super::{health_bar, property_panel, timeline, tree, view_menu};
use crate::history::{Estimate, Presence};
use crate::mirror::{Budget, Mirror};
use crate::telemetry::{Batch, ConnectionState, Update};
use crate::twin::binding::ColorMap;
use crate::twin::{self, AssetId, Condition, Quality, Timestamp, Twin, Value};
use crate::viewer::base::{Command, Palette, Playhead, Selection, Shown, ThemeChoice};
use crate::viewer::scene::binding::color;
use crate::viewer::scene::camera::SavedViewpoint;
use crate::viewer::time::{Survey, playback, survey};

const TWIN: &str = r#"Twin(
    schema: 2,
    name: "test",
    title: "Test plant",
    presence: [(topic: "test/online", online: "1", offline: "0", assets: ["hall"])],
    classes: {
        "Pump": (
            title: "Pump",
            properties: {
                "flow": (title: "Flow", unit: "m3/h", range: (0, 40), high_alarm: 30, interval: "5s"),
                "state": (title: "State", type: enumeration(["stopped", "running"])),
                "wear": (title: "Wear", kind: estimate, unit: "mm", range: (0, 2), decimals: 2),
            },
            mappings: [Scalar(topic: "test/{asset}/{property}")],
        ),
    },
    viewpoints: [(name: "Gate", eye: (9, 4, 9), target: (0, 1, 0))],
    assets: [
        (name: "hall", title: "Hall", level: area),
        (name: "P-1", title: "First pump", class: "Pump", parent: "hall"),
        (name: "P-2", title: "Second pump", class: "Pump", parent: "hall"),
    ],
)"#;

/// What a panel needs, owned.
struct Scene {
    mirror: Mirror,
    outline: Outline,
    survey: Survey,
    palette: Palette,
    health: Health,
    playhead: Playhead,
    selection: Selection,
    saved: Vec<SavedViewpoint>,
    commands: Vec<Command>,
    recording: bool,
}

impl Scene {
    fn new() -> Self {
        Self::of(definition())
    }

    /// Of a twin with the assets of [`TWIN`] and perhaps others.
    fn of(twin: Arc<Twin>) -> Self {
        let start = Timestamp(1_772_366_400_000_000);
        let mut mirror = Mirror::new(twin, Budget::default());
        mirror.tick(start);
        let flow = mirror.twin().property_by_path("P-1.flow").expect("it is in the file");
        for second in 0..5 {
            let time = start + Duration::from_secs(second);
            let value = Value::Number(35.0);
            let update = Update {
                property: flow,
                time: Some(time),
                value: Some(value),
                quality: Quality::Good,
            };
            mirror.apply(Batch { arrival: time, updates: vec![update], ..Batch::default() });
            mirror.tick(time);
        }
        let live = start + Duration::from_secs(4);
        Self {
            survey: Survey::new(mirror.twin()),
            outline: Outline::new(mirror.twin()),
            mirror,
            palette: Palette::of(ThemeChoice::Dark),
            health: Health::default(),
            playhead: Playhead { time: live, live, following: true, ..Playhead::default() },
            selection: Selection::default(),
            saved: Vec::new(),
            commands: Vec::new(),
            recording: false,
        }
    }

    /// What a frame does before its panels are drawn.
    fn advance(&mut self) {
        let (view, follows) = (self.playhead.view(), self.playhead.following);
        self.survey.advance(&self.mirror, self.mirror.twin(), view, follows);
    }

    fn data(&self) -> PanelData<'_> {
        PanelData {
            twin: self.mirror.twin(),
            outline: &self.outline,
            state: &self.mirror,
            survey: &self.survey,
            playhead: self.playhead,
            selection: self.selection,
            palette: &self.palette,
            health: &self.health,
            shown: Shown::default(),
            views: Views { saved: &self.saved, ..Views::default() },
            playback: self.recording.then_some(playback::Shown {
                name: "shift.jsonl",
                share: 1.0,
                has_plant: true,
            }),
        }
    }

    fn asset(&self, name: &str) -> AssetId {
        self.mirror.twin().asset_by_name[name]
    }
}

fn definition() -> Arc<Twin> {
    defined(TWIN)
}

fn defined(text: &str) -> Arc<Twin> {
    let loaded = twin::load_text("test.ron".as_ref(), text, &twin::NoFiles);
    Arc::new(loaded.expect("the file is right").twin)
}

type Draw = fn(&mut egui::Ui, &PanelData, &mut State) -> Vec<Command>;

/// What the panels remember.
#[derive(Default)]
struct State {
    tree: tree::TreeState,
    properties: property_panel::PropertyPanelState,
}

/// One panel of the scene, drawn again and again; commands gather in the scene.
fn harness(scene: Scene, draw: Draw) -> Harness<'static, Scene> {
    sized(egui::vec2(420.0, 640.0), scene, draw)
}

/// The same in another size.
fn sized(size: egui::Vec2, scene: Scene, draw: Draw) -> Harness<'static, Scene> {
    let mut state = State::default();
    Harness::builder().with_size(size).build_ui_state(
        move |ui, scene: &mut Scene| {
            scene.advance();
            let commands = draw(ui, &scene.data(), &mut state);
            scene.commands.extend(commands);
        },
        scene,
    )
}

fn draw_tree(ui: &mut egui::Ui, data: &PanelData, state: &mut State) -> Vec<Command> {
    tree::show(ui, data, &mut state.tree)
}

fn draw_properties(ui: &mut egui::Ui, data: &PanelData, state: &mut State) -> Vec<Command> {
    property_panel::show(ui, data, &mut state.properties)
}

#[test]
fn a_click_in_the_tree_selects_the_asset() {
    let mut harness = harness(Scene::new(), draw_tree);
    harness.get_by_label("P-2").click();
    harness.run();
    let pump = harness.state().asset("P-2");
    assert_eq!(harness.state().commands, [Command::Select(Some(pump))]);
}

#[test]
fn the_search_leaves_what_matches_and_what_it_is_part_of() {
    let mut harness = harness(Scene::new(), |ui, data, state| {
        state.tree.search = "second".into();
        tree::show(ui, data, &mut state.tree)
    });
    harness.run();
    assert!(harness.query_by_label("P-2").is_some());
    assert!(harness.query_by_label("hall").is_some());
    assert!(harness.query_by_label("P-1").is_none());
}

#[test]
fn an_open_property_shows_its_name_its_topic_and_its_unit() {
    let mut scene = Scene::new();
    scene.selection.selected = Some(scene.asset("P-1"));
    let mut harness = harness(scene, draw_properties);
    harness.get_by_label("Flow").click();
    harness.run();
    for text in ["hall/P-1.flow", "test/P-1/flow", "m3/h"] {
        assert!(harness.query_by_label(text).is_some(), "{text} is not shown");
    }
}

#[test]
fn the_fly_to_button_of_the_selection_asks_for_the_flight() {
    let mut scene = Scene::new();
    let pump = scene.asset("P-1");
    scene.selection.selected = Some(pump);
    let mut harness = harness(scene, draw_properties);
    harness.get_by_label("Fly to").click();
    harness.run();
    assert_eq!(harness.state().commands, [Command::FlyTo(pump)]);
}

#[test]
fn with_nothing_selected_the_overview_counts_what_needs_attention() {
    let mut harness = harness(Scene::new(), draw_properties);
    harness.run();
    assert!(harness.query_by_label("Test plant").is_some());
    assert!(harness.query_by_label("need attention").is_some());
    let data_condition = {
        let scene = harness.state();
        let flow = scene.mirror.twin().property_by_path("P-1.flow").expect("it is in the file");
        scene.data().property_condition(flow)
    };
    assert_eq!(data_condition, crate::twin::Condition::Alarm);
    let unknown = harness.state().data().survey.count(crate::twin::Condition::Unknown);
    assert!(unknown > 0, "of some properties nothing came");
    assert!(harness.query_by_label(&format!("{unknown} properties without data")).is_some());
}

/// What the panels, the tree, the counts and the lamp make of two values of one pump.
fn all_say(flow: (f64, Quality), state: (u16, Quality)) {
    let states = r#"enumeration(["stopped", "running", "slow", "tripped"]), alarm_values: ["tripped"], warning_values: ["slow"]"#;
    let text = TWIN.replace(r#"enumeration(["stopped", "running"])"#, states);
    let mut scene = Scene::of(defined(&text));
    let time = scene.playhead.time + Duration::from_secs(1);
    let twin = scene.mirror.twin().clone();
    let sent = [
        ("P-1.flow", Value::Number(flow.0), flow.1),
        ("P-1.state", Value::Enumeration(state.0), state.1),
    ];
    let mut conditions = Vec::new();
    let mut updates = Vec::new();
    for (name, value, quality) in sent {
        let property = twin.property_by_path(name).expect("it is in the file");
        conditions.push(twin.property(property).condition(&value, quality));
        updates.push(Update { property, time: Some(time), value: Some(value), quality });
    }
    scene.mirror.apply(Batch { arrival: time, updates, ..Batch::default() });
    scene.mirror.tick(time);
    (scene.playhead.time, scene.playhead.live) = (time, time);
    scene.advance();
    let (data, pump) = (scene.data(), scene.asset("P-1"));
    let worst = *conditions.iter().max().expect("there are two");
    assert_eq!(data.asset_condition(pump), worst, "the panel");
    assert_eq!(data.worst_condition(pump), worst, "the tree");
    assert_eq!(data.worst_condition(scene.asset("hall")), worst, "its group in the tree");
    let attention: Vec<_> = conditions.iter().filter(|at| at.needs_attention()).collect();
    assert_eq!(data.survey.attention(), attention.len(), "the count");
    let listed = data.survey.worst().next().map(|(_, condition)| condition);
    assert_eq!(listed, (!attention.is_empty()).then_some(worst), "the list");
    let of_asset = survey::asset_condition(&scene.mirror, &twin, data.view(), pump);
    let lamp = ColorMap::Condition(vec![[-1.0; 3]; 4]);
    let (shade, _) = color(&lamp, f64::from(state.0), of_asset, |at| [at as u8 as f32; 3]);
    let normal = worst == Condition::Normal;
    assert_eq!(shade, if normal { [-1.0; 3] } else { [worst as u8 as f32; 3] }, "the lamp");
}

proptest! {
    #[test]
    fn panel_tree_count_and_lamp_say_the_same_of_any_values(
        flow in 0.0..60.0_f64, state in 0_u16..4, of_flow in 0_usize..3, of_state in 0_usize..3,
    ) {
        let qualities = [Quality::Good, Quality::Uncertain, Quality::Bad];
        all_say((flow, qualities[of_flow]), (state, qualities[of_state]));
    }
}

#[test]
fn only_a_plant_that_is_connected_and_current_is_live() {
    let mut scene = Scene::new();
    scene.advance();
    let live = |scene: &Scene| Liveness::of(&scene.data());
    assert_eq!(live(&scene), Liveness::Connecting, "nothing has answered yet");
    scene.health.connection = ConnectionState::Connected;
    assert_eq!(live(&scene), Liveness::Live);
    scene.health.behind = Duration::from_secs(9);
    assert_eq!(live(&scene), Liveness::Late, "it is taken in nine seconds later");
    scene.health.behind = Duration::from_secs(1);
    assert_eq!(live(&scene), Liveness::Live);
    let known = std::mem::replace(&mut scene.survey, Survey::new(scene.mirror.twin()));
    assert_eq!(live(&scene), Liveness::Waiting, "no value has come");
    scene.survey = known;
    let (reason, retry_in) = ("no route".to_owned(), Duration::from_secs(1));
    scene.health.connection = ConnectionState::Disconnected { reason, retry_in };
    assert_eq!(live(&scene), Liveness::Offline);
    scene.health.connection = ConnectionState::Connected;
    let later = scene.playhead.time + Duration::from_secs(3600);
    scene.mirror.tick(later);
    (scene.playhead.time, scene.playhead.live) = (later, later);
    scene.advance();
    assert_ne!(live(&scene), Liveness::Live, "no value is current");
    for liveness in [
        Liveness::Connecting,
        Liveness::Offline,
        Liveness::Silent,
        Liveness::Late,
        Liveness::Waiting,
        Liveness::Stale,
    ] {
        assert_ne!(liveness.color(&scene.data()), scene.palette.live);
    }
}

#[test]
fn the_playhead_has_its_date() {
    assert_eq!(timeline::stamp_text(Timestamp(1_772_366_400_000_000)), "2026-03-01 12:00:00");
    let bar = egui::vec2(900.0, timeline::HEIGHT);
    let mut harness = sized(bar, Scene::new(), draw_timeline);
    harness.run();
    assert!(harness.query_by_label("2026-03-01 12:00:04").is_some());
}

fn draw_timeline(ui: &mut egui::Ui, data: &PanelData, _: &mut State) -> Vec<Command> {
    timeline::show(ui, data)
}

#[test]
fn a_button_stops_the_scene_and_lets_it_go_on() {
    let bar = egui::vec2(900.0, timeline::HEIGHT);
    let mut harness = sized(bar, Scene::new(), draw_timeline);
    harness.get_by_label("Stop").click();
    harness.run();
    harness.state_mut().playhead.following = false;
    harness.run();
    harness.get_by_label("Play").click();
    harness.run();
    assert_eq!(harness.state().commands, [Command::Play(false), Command::Play(true)]);
}

#[test]
fn a_recording_has_its_own_span_and_leads_back_to_the_plant() {
    let mut scene = Scene::new();
    (scene.recording, scene.playhead.following) = (true, false);
    let bar = egui::vec2(900.0, timeline::HEIGHT);
    let mut harness = sized(bar, scene, draw_timeline);
    harness.run();
    assert!(harness.query_by_label("recorded, UTC").is_some());
    harness.get_by_label("Back to live").click();
    harness.run();
    assert_eq!(harness.state().commands, [Command::Follow]);
}

#[test]
fn in_the_past_a_button_leads_back_to_the_present() {
    let mut scene = Scene::new();
    scene.playhead.following = false;
    scene.playhead.time = scene.playhead.live - Duration::from_secs(2);
    let mut harness = harness(scene, draw_timeline);
    harness.get_by_label("Back to live").click();
    harness.run();
    assert_eq!(harness.state().commands, [Command::Follow]);
}

fn draw_menu(ui: &mut egui::Ui, data: &PanelData, _: &mut State) -> Vec<Command> {
    let mut commands = Vec::new();
    view_menu::show(ui, data, &mut commands);
    commands
}

fn kept(name: &str) -> SavedViewpoint {
    let (name, orthographic) = (name.to_owned(), false);
    SavedViewpoint { name, eye: [1.0, 2.0, 3.0], target: [0.0; 3], orthographic }
}

#[test]
fn the_users_viewpoints_follow_the_twins_and_have_the_next_numbers() {
    let mut scene = Scene::new();
    scene.saved.push(kept("My corner"));
    let mut harness = harness(scene, draw_menu);
    harness.get_by_label("1   Gate").click();
    harness.run();
    harness.get_by_label("2   My corner").click();
    harness.run();
    assert_eq!(harness.state().commands, [Command::Viewpoint(0), Command::Viewpoint(1)]);
}

#[test]
fn a_viewpoint_of_the_user_can_be_forgotten_and_one_of_the_twin_cannot() {
    let mut scene = Scene::new();
    scene.saved.push(kept("My corner"));
    let mut harness = harness(scene, draw_menu);
    // There is one such button, though two viewpoints.
    harness.get_by_label("Forget").click();
    harness.run();
    assert_eq!(harness.state().commands, [Command::ForgetViewpoint("My corner".into())]);
}

#[test]
fn the_present_view_is_saved_under_the_name_that_was_typed() {
    let mut harness = harness(Scene::new(), draw_menu);
    let field = harness.get_by_role(egui::accesskit::Role::TextInput);
    field.focus();
    field.type_text("Pump bay");
    harness.run();
    harness.get_by_label("Save").click();
    harness.run();
    assert_eq!(harness.state().commands, [Command::SaveViewpoint("Pump bay".into())]);
    harness.get_by_label("Save").click();
    harness.run();
    assert_eq!(harness.state().commands.len(), 1, "without a name nothing is saved");
}

#[test]
fn shaded_corners_can_be_chosen_only_where_the_machine_can() {
    let mut harness = harness(Scene::new(), draw_menu);
    harness.run();
    // It is seen that there is such a thing, and a click does nothing.
    harness.get_by_label("Shaded corners").click();
    harness.run();
    harness.get_by_label("Parallel projection").click();
    harness.run();
    assert_eq!(harness.state().commands, [Command::ToggleProjection]);
}

#[test]
fn new_problems_stand_in_the_health_bar_and_lead_to_the_messages() {
    let mut scene = Scene::new();
    scene.health.problems = 2;
    let bar = egui::vec2(1000.0, health_bar::HEIGHT);
    let mut harness = sized(bar, scene, |ui, data, _| health_bar::show(ui, data));
    harness.get_by_label("2 problems").click();
    harness.run();
    assert_eq!(harness.state().commands, [Command::ShowMessages]);
}

#[test]
fn what_a_model_estimates_is_seen_in_the_panel_with_how_sure_it_is() {
    let mut scene = Scene::new();
    let wear = scene.mirror.twin().property_by_path("P-1.wear").expect("it is in the file");
    let time = scene.playhead.time;
    let value = Value::Number(0.5);
    let estimate = Estimate { time, value, deviation: Some(0.1), quality: Quality::Good };
    assert!(scene.mirror.estimate(wear, estimate).changed());
    scene.selection.selected = Some(scene.asset("P-1"));
    let mut harness = harness(scene, draw_properties);
    harness.run();
    let data = harness.state().data();
    let reading = data.reading(wear).expect("it is estimated");
    assert_eq!(data.twin.property(wear).format(&reading.value), "0.50\u{a0}mm");
    let note = super::property_row::note(&data, wear, data.twin.property(wear), Some(&reading));
    assert_eq!(note, "now · good · estimate · 0.30 to 0.70 (95 %)");
    assert_eq!(data.property_condition(wear), crate::twin::Condition::Normal);
}

#[test]
fn a_panel_that_shows_the_past_says_whether_the_source_was_online_then() {
    let mut scene = Scene::new();
    let asset = scene.asset("P-1");
    let offline = |scene: &Scene| scene.data().state.presence(scene.playhead.view(), asset);
    assert_eq!(offline(&scene), Presence::Unknown, "nothing states it");
    let group = |online| crate::telemetry::PresenceChange { presence: 0, online };
    let start = scene.playhead.time;
    for (second, online) in [(1, true), (3, false)] {
        let arrival = start + Duration::from_secs(second);
        let presence = vec![group(online)];
        scene.mirror.apply(Batch { arrival, presence, ..Batch::default() });
        scene.mirror.tick(arrival);
    }
    scene.playhead.time = start + Duration::from_secs(2);
    assert!(!scene.data().is_offline(asset), "it was online then");
    scene.playhead.time = start + Duration::from_secs(3);
    assert!(scene.data().is_offline(asset));
}

#[test]
fn the_tree_clears_what_it_set_as_hovered_and_nothing_else() {
    let [row, other] = [1, 2].map(|asset| Some(AssetId(asset)));
    let after = super::hovered_after;
    assert_eq!(after(None, None, row, false), row);
    assert_eq!(after(row, row, row, false), row);
    assert_eq!(after(row, row, other, false), other);
    assert_eq!(after(row, row, None, false), None);
    assert_eq!(after(other, row, None, false), other, "somebody else has set it");
    assert_eq!(after(row, None, None, false), row);
    assert_eq!(after(row, row, None, true), row, "it is under the pointer in the scene too");
}

#[test]
fn a_group_lists_the_assets_in_it_and_a_click_selects_one() {
    let mut scene = Scene::new();
    scene.selection.selected = Some(scene.asset("hall"));
    let mut harness = harness(scene, draw_properties);
    harness.run();
    assert!(harness.query_by_label("A group of 2").is_some());
    harness.get_by_label("P-2").click();
    harness.run();
    let pump = harness.state().asset("P-2");
    assert_eq!(harness.state().commands, [Command::Select(Some(pump))]);
}

#[test]
fn of_a_large_group_the_rows_in_sight_are_drawn_and_no_others() {
    let more: String = (3..2000)
        .map(|number| format!("(name: \"P-{number}\", class: \"Pump\", parent: \"hall\"),"))
        .collect();
    let end = TWIN.rfind("],").expect("the list of assets ends");
    let mut scene = Scene::of(defined(&format!("{}{more}{}", &TWIN[..end], &TWIN[end..])));
    scene.selection.selected = Some(scene.asset("hall"));
    let mut harness = harness(scene, draw_properties);
    harness.run();
    assert!(harness.query_by_label("A group of 1999").is_some());
    assert!(harness.query_by_label("P-1").is_some());
    assert!(harness.query_by_label("P-1500").is_none());
    let rows = harness.query_all_by_label_contains("P-").count();
    assert!((10..60).contains(&rows), "{rows} rows");
}

#[test]
fn the_hint_and_its_button_stay_in_a_narrow_scene() {
    for width in [200.0, 420.0, 560.0, 1100.0] {
        let room = egui::Rect::from_min_size(egui::pos2(190.0, 38.0), egui::vec2(width, 500.0));
        let window = egui::vec2(width + 440.0, 600.0);
        let palette = Palette::of(ThemeChoice::Dark);
        let mut harness = Harness::builder().with_size(window).build_ui(move |ui| {
            super::help::hint(ui.ctx(), &palette, room);
        });
        harness.run();
        let button = harness.get_by_label("Got it").rect();
        assert!(room.contains_rect(button), "{button} at a width of {width}");
        let area = harness.ctx.memory(|memory| memory.area_rect("hint")).expect("it is shown");
        assert!(room.contains_rect(area), "{area} at a width of {width}");
    }
}

#[test]
fn the_tiles_of_the_overview_keep_their_names_on_one_line_in_a_narrow_panel() {
    let heights = [180.0, 250.0, 420.0].map(|width| {
        let mut harness = sized(egui::vec2(width, 640.0), Scene::new(), draw_properties);
        harness.run();
        harness.get_by_label("properties").rect().height()
    });
    assert_eq!(heights[0], heights[2]);
    assert_eq!(heights[1], heights[2]);
}
