//! Tests of what values do, with answers worked out by hand or published elsewhere.

use std::f64::consts::TAU;

use bevy::prelude::*;

use super::*;
use crate::twin::binding::{ColorMap, Condition, Effect, Path, Scale};
use crate::twin::{self, Beyond, Quality, Value};
use crate::viewer::scene::track::Track;

fn near(a: Vec3, b: Vec3) {
    assert!(a.distance(b) < 1e-5, "{a} is not {b}");
}

#[test]
fn a_quarter_of_a_turn_about_x_takes_y_to_z() {
    let effect =
        Effect::Rotate { by: 0, axis: [1.0, 0.0, 0.0], radians_per_unit: TAU, offset_rad: 0.0 };
    for turns in [0.25, 12_345_678.25, -0.75] {
        let turned = node_transform(&effect, turns).expect("it turns");
        near(turned.transform_point(Vec3::Y), Vec3::Z);
    }
}

#[test]
fn two_movements_of_one_node_compose_in_the_order_of_the_file() {
    let slide =
        Effect::Translate { by: 0, axis: [1.0, 0.0, 0.0], metres_per_unit: 0.5, offset_m: 1.0 };
    let turn =
        Effect::Rotate { by: 0, axis: [0.0, 0.0, 1.0], radians_per_unit: 1.0, offset_rad: 0.0 };
    let both = node_transform(&slide, 2.0).expect("it slides")
        * node_transform(&turn, TAU / 4.0).expect("it turns");
    near(both.transform_point(Vec3::X), Vec3::new(2.0, 1.0, 0.0));
}

#[test]
fn a_level_stretches_along_its_axis_alone_and_stays_within_its_ends() {
    let fill =
        Effect::Fill { by: 0, axis: [0.0, 1.0, 0.0], empty: 10.0, full: 30.0, min_scale: 0.1 };
    let scale = |value: f64| node_transform(&fill, value).expect("it fills").scale;
    near(scale(20.0), Vec3::new(1.0, 0.55, 1.0));
    near(scale(-5.0), Vec3::new(1.0, 0.1, 1.0));
    near(scale(99.0), Vec3::ONE);
}

#[test]
fn a_condition_holds_at_both_ends_of_its_span_and_for_its_names_alone() {
    let span = Condition::Within(1.0, 2.0);
    let hold = [1.0, 2.0, 2.1].map(|number| holds(&span, &Value::Number(number)));
    assert_eq!(hold, [true, true, false]);
    let names = Condition::OneOf(vec![2]);
    assert!(holds(&names, &Value::Enumeration(2)) && !holds(&names, &Value::Enumeration(1)));
    assert!(!holds(&names, &Value::Number(2.0)));
}

#[test]
fn a_lamp_has_the_colours_of_the_file_while_all_is_normal_and_else_those_of_the_condition() {
    let shade = |condition: twin::Condition| [condition as u8 as f32; 3];
    let lamp = ColorMap::Condition(vec![[0.1; 3], [0.2; 3]]);
    let of = |map: &ColorMap, condition| color(map, 1.0, condition, shade).0;
    for condition in twin::Condition::ALL {
        assert_eq!(of(&ColorMap::Limits, condition), shade(condition));
        assert_eq!(of(&ColorMap::Condition(Vec::new()), condition), shade(condition));
        let normal = condition == twin::Condition::Normal;
        assert_eq!(of(&lamp, condition), if normal { [0.2; 3] } else { shade(condition) });
    }
    let tripped = twin::Condition::of(Beyond::Alarm, Quality::Good);
    assert_eq!(of(&lamp, tripped), shade(twin::Condition::Alarm));
}

#[test]
fn the_scales_end_in_their_published_colours() {
    let bytes = |scale, at| scale_color(scale, at).map(|part| (part * 255.0).round() as u8);
    // matplotlib: viridis(0), viridis(255), inferno(255), cividis(0).
    assert_eq!(bytes(Scale::Viridis, 0.0), [68, 1, 84]);
    assert_eq!(bytes(Scale::Viridis, 1.0), [253, 231, 37]);
    assert_eq!(bytes(Scale::Inferno, 1.0), [252, 255, 164]);
    assert_eq!(bytes(Scale::Cividis, 0.0), [0, 34, 78]);
    // Moreland: the middle of the diverging scale.
    assert_eq!(bytes(Scale::CoolWarm, 0.5), [221, 221, 221]);
    assert_eq!(bytes(Scale::Viridis, -7.0), bytes(Scale::Viridis, 0.0));
    assert_eq!(bytes(Scale::Turbo, f64::NAN), bytes(Scale::Turbo, 0.0));
}

fn square(closed: bool, corner_radius: f64) -> Track {
    let points = vec![[0.0, 0.0, 0.0], [2.0, 0.0, 0.0], [2.0, 0.0, 2.0], [0.0, 0.0, 2.0]];
    Track::new(&Path { points, closed, corner_radius })
}

#[test]
fn a_distance_on_a_path_is_a_place_that_faces_along_it() {
    let track = square(false, 0.0);
    assert_eq!(track.length_m(), 6.0);
    let place = track.at(3.0);
    near(place.translation, Vec3::new(2.0, 0.0, 1.0));
    near(place.rotation * Vec3::X, Vec3::Z);
    near(place.rotation * Vec3::Y, Vec3::Y);
    near(track.at(99.0).translation, Vec3::new(0.0, 0.0, 2.0));
    near(track.at(f64::NAN).translation, Vec3::ZERO);
}

#[test]
fn a_closed_path_goes_round() {
    let track = square(true, 0.0);
    assert_eq!(track.length_m(), 8.0);
    near(track.at(8.0 + 1.0).translation, Vec3::new(1.0, 0.0, 0.0));
    near(track.at(-1.0).translation, Vec3::new(0.0, 0.0, 1.0));
}

#[test]
fn a_rounded_corner_is_a_quarter_circle() {
    let track = square(false, 0.5);
    // Three legs of 2 m, two corners cut by twice 0.5 m each, two quarters of a circle of 0.5 m.
    let expected = 6.0 - 2.0 + 2.0 * 0.5 * TAU / 4.0;
    assert!((track.length_m() - expected).abs() < 2e-3, "{}", track.length_m());
    let middle = track.at(1.5 + 0.5 * TAU / 8.0).translation;
    let expected = Vec3::new(1.5, 0.0, 0.5) + Vec3::new(1.0, 0.0, -1.0).normalize() * 0.5;
    assert!(middle.distance(expected) < 1e-3, "{middle}");
}

#[test]
fn a_path_of_one_point_or_none_is_a_place() {
    let path = |points| Track::new(&Path { points, closed: true, corner_radius: 1.0 });
    near(path(vec![[1.0, 2.0, 3.0]]).at(5.0).translation, Vec3::new(1.0, 2.0, 3.0));
    near(path(Vec::new()).at(5.0).translation, Vec3::ZERO);
}

const LAMP: &str = r#"Twin(schema: 2, name: "t",
    classes: {"A": (properties: {"state": (type: enumeration(["off", "on"])), "heat": (high_alarm: 9)},
        bindings: [Glow(node: "lamp", by: "state", map: condition)])},
    assets: [(name: "a", class: "A")])"#;

#[test]
fn a_lamp_that_appears_when_its_machine_is_in_alarm_already_is_lit_though_its_own_value_is_unknown()
{
    use std::sync::Arc;

    use bevy::mesh::MeshTag;

    use crate::history::View;
    use crate::mirror::Budget;
    use crate::telemetry::{Batch, Update};
    use crate::twin::{AssetId, NoFiles, PropertyId, Timestamp, load_text};
    use crate::viewer::base::{Palette, Playhead, Scene, SceneViews, ThemeChoice, TwinDefinition};
    use crate::viewer::scene::bound::{Bound, Paints};
    use crate::viewer::scene::models::Models;
    use crate::viewer::time::{Sources, Survey};

    let loaded = load_text(std::path::Path::new("t.ron"), LAMP, &NoFiles);
    let twin = Arc::new(loaded.unwrap_or_else(|wrong| panic!("{wrong}")).twin);
    let mut sources = Sources::new(twin.clone(), Budget::default());
    let time = Timestamp(1_772_366_400_000_000);
    let (property, value) = (PropertyId(1), Some(Value::Number(10.0)));
    let updates = vec![Update { property, time: Some(time), value, quality: Quality::Good }];
    sources.live_mut().apply(Batch { arrival: time, updates, ..Batch::default() });
    sources.live_mut().tick(time);
    let mut views = SceneViews::default();
    views.set(Scene::MAIN, View::live(time), false);
    let mut app = App::new();
    app.insert_resource(Survey::new(&twin))
        .insert_resource(TwinDefinition(twin))
        .insert_resource(sources)
        .insert_resource(views)
        .insert_resource(Playhead { time, ..default() })
        .insert_resource(Palette::of(ThemeChoice::Dark))
        .init_resource::<Models>()
        .add_plugins((survey::plugin, plugin));
    Round::chain(&mut app);
    (0..3).for_each(|_| app.update());
    let survey = app.world().resource::<Survey>();
    assert_eq!(survey.count(twin::Condition::Alarm), 1, "it has settled before the lamp is there");
    let part = app.world_mut().spawn(MeshTag(0)).id();
    let rest = Transform::IDENTITY;
    let lamp = Bound::new((Scene::MAIN, AssetId(0)), vec![0], rest, rest, false, None, Vec::new());
    app.world_mut().spawn((lamp, Paints(vec![part]), rest, Visibility::default()));
    app.update();
    let tag = app.world().get::<MeshTag>(part).map(|tag| tag.0);
    assert_ne!(tag, Some(0), "it is dark");
}
