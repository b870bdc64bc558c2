//! Tests: a fault costs what it is in and no more, and is told in a few words however long the file's are.

use serde_json::{Value, json};

use super::tests::{error, floats, glb, model, push, square, turning};
use super::*;

fn texts(model: &Model) -> String {
    model.remarks.iter().map(|remark| format!("{remark}\n")).collect()
}

#[test]
fn a_shape_that_its_placement_takes_beyond_all_bounds_is_left_out_alone() {
    let (mut json, _) = square();
    let binary = floats(&[0.0, 0.0, 0.0, 4.0, 0.0, 0.0, 0.0, 4.0, 0.0, 4.0, 4.0, 0.0]);
    json["nodes"][3]["scale"] = json!([1e12, 1e12, 1e12]);
    let found = model(&json, &binary);
    let meshes: Vec<_> = found.nodes.iter().map(|node| node.mesh).collect();
    assert_eq!(meshes, [None, Some(0), Some(0), None]);
    assert!(found.bounds.expect("two are left").max[0] < 20.0, "{:?}", found.bounds);
    let told = "node `skid/bolt#2`: its shape is left out: it reaches beyond 1e12 m";
    assert!(texts(&found).contains(told), "{}", texts(&found));
    json["nodes"][0]["scale"] = json!([1e12, 1e12, 1e12]);
    json["nodes"][3]["scale"] = json!([1, 1, 1]);
    let told = error(&json, &binary);
    assert!(told.contains("its shape reaches beyond 1e12 m"), "nothing is left: {told}");
}

#[test]
fn an_animation_that_goes_beyond_all_bounds_is_left_out() {
    let (mut json, mut binary) = turning();
    json["animations"][0]["channels"][0]["target"]["path"] = json!("translation");
    json["accessors"][2]["type"] = json!("VEC3");
    binary[56..80].copy_from_slice(&floats(&[0.0, 0.0, 0.0, 3e38, 0.0, 0.0]));
    let found = model(&json, &binary);
    assert!(found.animations.is_empty());
    let told = "animation `open`: it is left out: it moves to 3.0e38, and 1e12 is the most";
    assert!(texts(&found).contains(told), "{}", texts(&found));
}

#[test]
fn a_channel_that_moves_no_node_is_left_out_alone() {
    let (mut json, binary) = turning();
    let channels = &mut json["animations"][0]["channels"];
    push(channels, json!({"sampler": 0, "target": {"node": -1, "path": "rotation"}}));
    push(channels, json!({"sampler": 0, "target": {"path": "rotation"}}));
    push(channels, json!({"sampler": 0, "target": {"node": null, "path": "rotation"}}));
    let found = model(&json, &binary);
    assert_eq!(found.animations[0].channels.len(), 1);
    let told = "`animations[0]`: 3 of its 4 channels move no node";
    assert!(texts(&found).contains(told), "{}", texts(&found));
}

#[test]
fn a_texture_or_an_attribute_that_is_none_is_left_out_alone() {
    let (mut json, binary) = square();
    json["materials"] = json!([{
        "pbrMetallicRoughness": {"baseColorFactor": [1, 0, 0, 1], "baseColorTexture": {"index": -1}},
        "normalTexture": {"index": -1},
    }]);
    let part = &mut json["meshes"][0]["primitives"][0];
    part["material"] = json!(0);
    part["attributes"]["NORMAL"] = json!(-1);
    part["targets"] = json!([{"POSITION": -1}]);
    let found = model(&json, &binary);
    assert_eq!(found.meshes[0].primitives[0].positions.len(), 4);
    assert_eq!(found.materials[0].base_color, [1.0, 0.0, 0.0, 1.0]);
    for key in ["baseColorTexture", "normalTexture", "NORMAL", "POSITION"] {
        let told = format!("`{key}` is -1, which is taken for none");
        assert!(texts(&found).contains(&told), "{}", texts(&found));
    }
}

/// What is told of a file, and what is done to it before.
type Fault<'a> = (&'static str, &'a dyn Fn(&mut Value));

#[test]
fn no_text_of_a_file_makes_a_message_long() {
    let long = Value::from("ü\u{1b}".repeat(500_000));
    let (sound, binary) = square();
    let faults: [Fault; 9] = [
        ("invalid type: string", &|json| json["accessors"][0]["count"] = long.clone()),
        ("invalid type: string", &|json| json["meshes"][0]["primitives"] = long.clone()),
        ("invalid type: string", &|json| json["nodes"][1]["mesh"] = long.clone()),
        ("invalid type: string", &|json| json["materials"] = json!([long])),
        ("default scene", &|json| json["scene"] = long.clone()),
        ("-1", &|json| {
            json["nodes"][1]["extensions"] = json!({long.as_str().unwrap_or(""): {"index": -1}})
        }),
        ("glTF version", &|json| json["asset"]["version"] = long.clone()),
        ("the file needs", &|json| json["extensionsRequired"] = json!([long])),
        ("circle", &|json| {
            let node = |at: usize| json!({"name": "ü".repeat(60), "children": [(at + 1) % 400]});
            json["nodes"] = (0..400).map(node).collect();
        }),
    ];
    for (told, spoil) in faults {
        let mut json = sound.clone();
        spoil(&mut json);
        let bytes = glb(&json, &binary);
        let shown = match inspect(&bytes, &mut |_| Err("there is none".into())) {
            Ok(inspection) => inspection.to_string(),
            Err(error) => error.to_string(),
        };
        let (count, begin) = (shown.len(), shown.chars().take(2_000).collect::<String>());
        assert!(count < 4_000 && shown.contains(told), "{count} bytes for {told}: {begin}");
        assert!(!shown.contains('\u{1b}'), "{told}");
    }
    let text = Model::parse(&glb(&json!(format!("\"asset\"{}", long)), &[])).expect_err("no map");
    assert!(text.to_string().len() < 1_000);
    let missing =
        model(&sound, &binary).find_node(&"x".repeat(1 << 20)).expect_err("there is none");
    assert!(missing.to_string().len() < 1_000);
}

#[test]
fn the_bounds_of_a_small_model_are_shown_as_they_are() {
    let (mut json, binary) = square();
    json["nodes"][0]["children"] = json!([2]);
    json["nodes"][0]["translation"] = json!([-0.0005, 0, 0]);
    json["nodes"][0]["scale"] = json!([0.001, 0.001, 0.001]);
    let bytes = glb(&json, &binary);
    let told = inspect(&bytes, &mut |_| Err("there is none".into())).expect("it is drawn");
    let told = told.to_string();
    let expected =
        "0.001000 × 0.001000 × 0.000000 m, from (-0.000500, 0.000000, 0.000000) to (0.000500,";
    assert!(told.contains(expected), "{told}");
}
