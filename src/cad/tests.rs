//! Tests with small models made by hand, whose answers are plain to see.

use proptest::prelude::*;
use serde_json::{Value, json};

use gltf::json::mesh::Mode;

use super::mesh::plain;
use super::*;

/// A GLB of that JSON and binary chunk.
pub(super) fn glb(json: &Value, binary: &[u8]) -> Vec<u8> {
    let mut text = json.to_string().into_bytes();
    text.resize(text.len().next_multiple_of(4), b' ');
    let mut binary = binary.to_vec();
    binary.resize(binary.len().next_multiple_of(4), 0);
    let mut out = b"glTF".to_vec();
    out.extend(2_u32.to_le_bytes());
    out.extend((12 + 8 + text.len() as u32 + 8 + binary.len() as u32).to_le_bytes());
    out.extend((text.len() as u32).to_le_bytes());
    out.extend(b"JSON");
    out.extend(text);
    out.extend((binary.len() as u32).to_le_bytes());
    out.extend(b"BIN\0");
    out.extend(binary);
    out
}

pub(super) fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// A unit square in the xy-plane as a strip of two triangles, on a node that is moved and turned.
pub(super) fn square() -> (Value, Vec<u8>) {
    let json = json!({
        "asset": {"version": "2.0", "generator": "by hand"},
        "scenes": [{"nodes": [0]}],
        "nodes": [
            {"name": "skid", "translation": [10, 0, 0], "children": [1, 2, 3]},
            {"name": "rotor", "rotation": [0, 0, 1, 1], "mesh": 0},
            {"name": "bolt", "mesh": 0},
            {"name": "bolt", "scale": [2, 2, 2], "mesh": 0},
        ],
        "meshes": [{"name": "square", "primitives": [{"attributes": {"POSITION": 0}, "mode": 5}]}],
        "accessors": [{"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3"}],
        "bufferViews": [{"buffer": 0, "byteLength": 48}],
        "buffers": [{"byteLength": 48}],
    });
    (json, floats(&[0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0]))
}

/// The square with an animation `open` that turns its rotor: a quarter turn about z in two seconds.
pub(super) fn turning() -> (Value, Vec<u8>) {
    let (mut json, mut binary) = square();
    let half = std::f32::consts::FRAC_1_SQRT_2;
    binary.extend(floats(&[0.0, 2.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, half, half]));
    json["buffers"][0]["byteLength"] = json!(88);
    push(&mut json["bufferViews"], json!({"buffer": 0, "byteOffset": 48, "byteLength": 8}));
    push(&mut json["bufferViews"], json!({"buffer": 0, "byteOffset": 56, "byteLength": 32}));
    push(
        &mut json["accessors"],
        json!({"bufferView": 1, "componentType": 5126, "count": 2, "type": "SCALAR"}),
    );
    push(
        &mut json["accessors"],
        json!({"bufferView": 2, "componentType": 5126, "count": 2, "type": "VEC4"}),
    );
    json["animations"] = json!([{
        "name": "open",
        "channels": [{"sampler": 0, "target": {"node": 1, "path": "rotation"}}],
        "samplers": [{"input": 1, "output": 2}],
    }]);
    (json, binary)
}

pub(super) fn model(json: &Value, binary: &[u8]) -> Model {
    Model::parse(&glb(json, binary)).expect("the model is sound")
}

/// Adds to a list in the JSON.
pub(super) fn push(list: &mut Value, entry: Value) {
    list.as_array_mut().expect("it is a list").push(entry);
}

pub(super) fn error(json: &Value, binary: &[u8]) -> String {
    Model::parse(&glb(json, binary)).expect_err("the model is unsound").to_string()
}

#[test]
fn a_strip_becomes_triangles_that_face_the_same_side() {
    let (json, binary) = square();
    let model = model(&json, &binary);
    assert_eq!(model.meshes[0].primitives[0].indices, [0, 1, 2, 2, 1, 3]);
}

#[test]
fn fans_loops_and_incomplete_lists_become_plain_lists() {
    let (triangles, lines) = (Topology::Triangles, Topology::Lines);
    assert_eq!(plain(Mode::TriangleFan, &[7, 1, 2, 3]), (triangles, vec![1, 2, 7, 2, 3, 7]));
    assert_eq!(plain(Mode::LineLoop, &[4, 5, 6]), (lines, vec![4, 5, 5, 6, 6, 4]));
    assert_eq!(plain(Mode::LineStrip, &[4, 5, 6]), (lines, vec![4, 5, 5, 6]));
    assert_eq!(plain(Mode::Triangles, &[0, 1, 2, 3]), (triangles, vec![0, 1, 2]));
    assert_eq!(plain(Mode::TriangleFan, &[]), (triangles, vec![]));
}

#[test]
fn placements_multiply_down_the_tree_and_bounds_follow_them() {
    let (json, binary) = square();
    let model = model(&json, &binary);
    let rotor = &model.nodes[model.find_node("rotor").expect("it is there")];
    // A quarter turn about z takes the square from x, y in 0..1 to x in −1..0, y in 0..1.
    let bounds = rotor.bounds.expect("it has a shape");
    for (found, expected) in bounds.min.iter().zip([9.0, 0.0, 0.0]) {
        assert!((found - expected).abs() < 1e-12, "{bounds:?}");
    }
    let all = model.bounds.expect("it has shapes");
    assert!((all.max[0] - 12.0).abs() < 1e-12 && (all.max[1] - 2.0).abs() < 1e-12, "{all:?}");
}

#[test]
fn siblings_of_one_name_get_numbers_and_ambiguous_names_are_refused() {
    let (json, binary) = square();
    let model = model(&json, &binary);
    assert_eq!(model.nodes[3].path, "skid/bolt#2");
    assert_eq!(model.find_node("skid/bolt"), Ok(2));
    assert_eq!(model.find_node("bolt"), Ok(2), "the other one is called bolt#2");
    let missing = model.find_node("rotr").expect_err("no such node");
    assert_eq!(missing.nearest.first().map(String::as_str), Some("skid/rotor"));
    assert!(missing.to_string().contains("`rotr` is not there; the nearest are `skid/rotor`"));
}

#[test]
fn normalised_integers_and_strides_are_read_as_the_format_says() {
    // Positions as unsigned normalised bytes in rows of four, as KHR_mesh_quantization allows.
    let json = json!({
        "asset": {"version": "2.0"},
        "extensionsUsed": ["KHR_mesh_quantization"],
        "extensionsRequired": ["KHR_mesh_quantization"],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "accessors": [{"bufferView": 0, "componentType": 5121, "normalized": true, "count": 3, "type": "VEC3"}],
        "bufferViews": [{"buffer": 0, "byteLength": 12, "byteStride": 4}],
        "buffers": [{"byteLength": 12}],
    });
    let model = model(&json, &[0, 0, 0, 9, 255, 0, 0, 9, 0, 51, 0, 9]);
    let positions = &model.meshes[0].primitives[0].positions;
    assert_eq!(positions, &[[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.2, 0.0]]);
}

#[test]
fn instances_become_nodes() {
    let (mut json, mut binary) = square();
    binary.extend(floats(&[0.0, 0.0, 0.0, 0.0, 0.0, 5.0]));
    push(
        &mut json["accessors"],
        json!({"bufferView": 1, "componentType": 5126, "count": 2, "type": "VEC3"}),
    );
    push(&mut json["bufferViews"], json!({"buffer": 0, "byteOffset": 48, "byteLength": 24}));
    json["buffers"][0]["byteLength"] = json!(72);
    json["extensionsRequired"] = json!(["EXT_mesh_gpu_instancing"]);
    json["nodes"][1]["extensions"] =
        json!({"EXT_mesh_gpu_instancing": {"attributes": {"TRANSLATION": 1}}});
    let model = model(&json, &binary);
    let second = &model.nodes[model.find_node("rotor/instance 1").expect("it is there")];
    assert_eq!((second.mesh, second.parent_from_node.origin), (Some(0), [0.0, 0.0, 5.0]));
    assert_eq!(model.nodes[1].mesh, None);
}

#[test]
fn an_animation_gives_the_pose_at_any_instant() {
    let (json, binary) = turning();
    let model = model(&json, &binary);
    let animation = &model.animations[model.find_animation("open").expect("it is there")];
    assert_eq!(animation.duration_s, 2.0);
    let pose = animation.sample(1.0)[0];
    let angle = 2.0 * pose.rotation.expect("it turns")[2].asin();
    assert!((angle - std::f64::consts::FRAC_PI_4).abs() < 1e-6, "{angle}");
    assert_eq!(animation.sample(9.0), animation.sample(2.0));
    assert_eq!(animation.sample(-1.0)[0].rotation, Some([0.0, 0.0, 0.0, 1.0]));
}

#[test]
fn what_cannot_be_read_is_refused_with_what_to_do() {
    let (json, binary) = square();
    let mut packed = json.clone();
    packed["extensionsRequired"] = json!(["KHR_draco_mesh_compression"]);
    let told = error(&packed, &binary);
    assert!(
        told.contains("KHR_draco_mesh_compression") && told.contains("gltf-transform"),
        "{told}"
    );
    let mut looped = json.clone();
    looped["nodes"][1]["children"] = json!([0]);
    let told = error(&looped, &binary);
    assert!(told.ends_with("circle: node `skid` → node `rotor` → node `skid`"), "{told}");
    let mut huge = json.clone();
    huge["accessors"][0]["count"] = json!(u64::MAX);
    assert!(error(&huge, &binary).contains("accessor 0 reaches beyond its view"));
    huge["accessors"][0]["bufferView"] = Value::Null;
    assert!(error(&huge, &binary).contains("too large"));
    let mut outside = json;
    outside["buffers"][0]["uri"] = json!("../../etc/passwd");
    assert!(error(&outside, &binary).contains("only files beside the model"));
}

#[test]
fn what_is_wrong_beside_good_parts_is_left_out_and_said() {
    let (json, binary) = square();
    let remarks = |json: &Value| {
        let model = model(json, &binary);
        model.remarks.iter().map(Remark::to_string).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(remarks(&json), "");
    let mut stray = json.clone();
    stray["nodes"][1]["mesh"] = json!(5);
    let told = remarks(&stray);
    assert!(told.contains("node `rotor`: it refers to mesh 5, but the file has only 1"), "{told}");
    let mut twice = json.clone();
    twice["nodes"][2]["children"] = json!([1]);
    assert!(remarks(&twice).contains("node `rotor`: it stands twice"), "{}", remarks(&twice));
    let mut parts = json.clone();
    let bad = json!({"attributes": {"POSITION": 0}, "indices": 0});
    push(&mut parts["meshes"][0]["primitives"], bad);
    let told = remarks(&parts);
    assert!(
        told.contains("mesh `square`, primitive 1: it is left out: indices: accessor 0 holds 3"),
        "{told}"
    );
    let mut material = json;
    material["materials"] = json!([{"name": "steel", "alphaMode": 3}]);
    assert!(remarks(&material).contains("`materials[0]`: it is passed over"));
}

#[test]
fn an_entry_that_cannot_be_read_is_named_with_its_reason_wherever_it_is_wanted() {
    let (json, binary) = square();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut changed = json.clone();
        change(&mut changed);
        error(&changed, &binary)
    };
    let told = with(&|json| json["bufferViews"][0]["byteLength"] = json!(-1));
    assert!(told.contains("buffer view 0 cannot be read: invalid value: integer `-1`"), "{told}");
    let told = with(&|json| json["accessors"][0]["count"] = json!("many"));
    assert!(told.contains("accessor 0 cannot be read: invalid type: string"), "{told}");
    let told = with(&|json| json["meshes"][0]["primitives"] = json!(5));
    assert!(told.contains("mesh 0 cannot be read: invalid type: integer `5`"), "{told}");
    let told = with(&|json| json["nodes"] = json!([{"mesh": 0, "scale": ["a", 1, 1]}]));
    assert!(told.contains("`nodes[0]` cannot be read: invalid type"), "{told}");
    let told = with(&|json| json["nodes"] = json!("none"));
    assert!(told.contains("`nodes` cannot be read: it is no list"), "{told}");
}

#[test]
fn what_lies_beyond_all_measure_is_left_out_and_no_number_without_sense_is_stated() {
    let (json, binary) = square();
    let told = |change: &dyn Fn(&mut Value)| {
        let mut changed = json.clone();
        change(&mut changed);
        inspect(&glb(&changed, &binary), &mut |_| Err(String::new()))
            .expect("it is glTF")
            .to_string()
    };
    let far = told(&|json| json["nodes"] = json!([{"mesh": 0, "scale": [1e300, 1e300, 1e300]}]));
    assert!(far.contains("its placement is not of finite numbers up to 1e12"), "{far}");
    let chain = told(&|json| {
        let node = |at: usize| json!({"children": [at + 1], "scale": [1e11, 1e11, 1e11]});
        json["nodes"] = (0..40).map(node).chain([json!({"mesh": 0})]).collect();
        json["scenes"] = json!([{"nodes": [0]}]);
    });
    assert!(chain.contains("node `node 0/node 1`: with those above it"), "{chain}");
    let point = told(&|json| json["nodes"] = json!([{"mesh": 0, "scale": [0, 0, 0]}]));
    assert!(point.contains("it has no size"), "{point}");
    for text in [&far, &chain, &point] {
        assert!(!text.contains("inf") && !text.contains("NaN"), "{text}");
        assert!(text.lines().all(|line| line.len() < 250), "{text}");
    }
    let scene = told(&|json| json["scene"] = json!(18_446_744_073_709_551_615_u64));
    assert!(scene.contains("its default scene 18446744073709551615 is not there"), "{scene}");
    let scene = told(&|json| json["scene"] = json!(1.5));
    assert!(scene.contains("its default scene 1.5 is not there"), "{scene}");
    let many = told(&|json| json["extensionsUsed"] = (0..999).map(|at| format!("E{at}")).collect());
    assert!(many.contains("E98, E99 and 899 more\n"), "{many}");
}

#[test]
fn a_child_that_is_none_costs_itself_alone() {
    let (mut json, binary) = square();
    json["nodes"][0]["children"] = json!([1, -1, null, 2]);
    json["scenes"] = json!([{"nodes": [0, -1]}]);
    let model = model(&json, &binary);
    let names: Vec<_> = model.nodes.iter().map(|node| node.path.as_str()).collect();
    assert_eq!(names, ["skid", "skid/rotor", "skid/bolt"]);
    let told = model.remarks.iter().map(Remark::to_string).collect::<Vec<_>>().join("\n");
    assert!(told.contains("`nodes[0]`: `children` names -1 or null"), "{told}");
    assert!(told.contains("`scenes[0]`: `nodes` names -1 or null"), "{told}");
}

#[test]
fn instances_at_what_is_no_accessor_are_said_to_be_missing() {
    let (json, binary) = square();
    for at in [json!(-1), json!(1.5), json!("0")] {
        let mut instanced = json.clone();
        let attributes = json!({"attributes": {"TRANSLATION": at}});
        instanced["nodes"][1]["extensions"] = json!({"EXT_mesh_gpu_instancing": attributes});
        let model = model(&instanced, &binary);
        let told = model.remarks.iter().map(Remark::to_string).collect::<String>();
        assert!(told.contains("once instead of its instances: TRANSLATION is "), "{told}");
    }
}

#[test]
fn channels_that_move_no_node_cost_themselves_alone() {
    let (mut json, binary) = square();
    json["animations"] = json!([
        {"name": "light", "samplers": [{"input": 0, "output": 0}], "channels": [
            {"sampler": 0, "target": {"path": "pointer", "extensions": {}}}]},
        {"name": "broken", "samplers": 5, "channels": []},
    ]);
    let model = model(&json, &binary);
    let names = model.animations.iter().map(|one| (one.name.as_str(), one.channels.len()));
    assert_eq!(names.collect::<Vec<_>>(), [("light", 0)]);
    let told = model.remarks.iter().map(Remark::to_string).collect::<Vec<_>>().join("\n");
    assert!(told.contains("`animations[0]`: 1 of its 1 channels move no node"), "{told}");
    assert!(told.contains("`animations[1]`: it is passed over"), "{told}");
}

#[test]
fn nothing_is_shown_of_a_json_file_that_is_no_model() {
    let error = Model::parse(br#"{"password": "secret""#).expect_err("it is cut").to_string();
    assert!(error.contains("line 1 column") && !error.contains("secret"), "{error}");
    let cut = br#"{"asset": {"version": "2.0"}, "nodes": [5"#;
    let error = Model::parse(cut).expect_err("it is cut").to_string();
    assert!(error.contains("near `"), "{error}");
}

#[test]
fn data_in_the_text_is_read_as_well() {
    let (mut json, _) = square();
    json["nodes"] = json!([{"mesh": 0}]);
    json["scenes"] = json!([]);
    json["accessors"][0]["count"] = json!(1);
    json["bufferViews"][0]["byteLength"] = json!(12);
    // 1.0, 2.0, 3.0 as little-endian f32.
    json["buffers"] =
        json!([{"byteLength": 12, "uri": "data:application/octet-stream;base64,AACAPwAAAEAAAEBA"}]);
    json["meshes"][0]["primitives"][0]["mode"] = json!(0);
    let model = Model::parse(json.to_string().as_bytes()).expect("it is sound");
    assert_eq!(model.meshes[0].primitives[0].positions, [[1.0, 2.0, 3.0]]);
}

#[test]
fn an_inspection_tells_of_a_file_that_cannot_be_drawn() {
    let (mut json, binary) = square();
    json["extensionsRequired"] = json!(["EXT_meshopt_compression"]);
    let found = inspect(&glb(&json, &binary), &mut |_| Err(String::new())).expect("it is glTF");
    assert_eq!((found.meshes, found.generator.as_deref()), (1, Some("by hand")));
    assert!(found.problem.is_some_and(|problem| problem.contains("gltf")));
    let (json, binary) = square();
    let found = inspect(&glb(&json, &binary), &mut |_| Err(String::new())).expect("it is glTF");
    assert_eq!((found.triangles, found.triangles_drawn), (2, 6));
    assert!(found.to_string().contains("\n    rotor  2 triangles  at (10.000, 0.000, 0.000)"));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_without_a_panic(bytes: Vec<u8>) {
        let _ = Model::parse(&bytes);
    }

    #[test]
    fn a_damaged_model_is_read_or_refused_without_a_panic(
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let (json, binary) = square();
        let mut bytes = glb(&json, &binary);
        for (place, byte) in damage {
            let at = place.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = inspect(&bytes, &mut |_| Err(String::new()));
    }

    #[test]
    fn a_placement_without_shear_is_its_translation_rotation_and_scale(
        translation: [i16; 3], q in [-1.0..1.0_f64, -1.0..1.0, -1.0..1.0, 0.1..1.0_f64],
        scale in [0.1..9.0_f64, 0.1..9.0, 0.1..9.0],
    ) {
        let trs = Trs { translation: translation.map(f64::from), rotation: q, scale };
        let matrix = Affine::from_trs(&trs);
        let again = Affine::from_trs(&matrix.to_trs());
        for (a, b) in matrix.columns.iter().flatten().zip(again.columns.iter().flatten()) {
            prop_assert!((a - b).abs() < 1e-9);
        }
        prop_assert!(matrix.has_no_shear());
    }
}
