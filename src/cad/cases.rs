//! Models as people have them, each with what must come of it: `tests/data/models`, and large ones that
//! are made here.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::tests::{floats, glb};
use super::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/models")
}

/// What comes of a file.
enum Outcome {
    /// It is drawn, and nothing is remarked.
    Drawn,
    /// It is drawn, with a remark that says this.
    Remarked(&'static str),
    /// It is refused, with a message that says this.
    Refused(&'static str),
}

use Outcome::{Drawn, Refused, Remarked};

const CASES: &[(&str, Outcome)] = &[
    ("anim_catmull.glb", Remarked("animation `move`: it is left out: it has an interpolation")),
    ("anim_cubic.glb", Drawn),
    ("anim_default.glb", Drawn),
    ("anim_empty_sampler.glb", Remarked("animation `move`: it is left out: accessor 4 holds 1")),
    ("anim_linear.glb", Drawn),
    (
        "anim_mismatch.glb",
        Remarked("animation `move`: it is left out: it has 3 times and 2 values"),
    ),
    ("anim_step.glb", Drawn),
    ("anim_unsorted.glb", Remarked("it is left out: it has times that do not ascend")),
    ("animtest_lin.glb", Drawn),
    ("case_mismatch/m.gltf", Remarked("file `Tex.PNG`: it is found as `tex.png`")),
    ("cycle.glb", Refused("circle: node `x` → node `x`")),
    ("datauri_percent.gltf", Drawn),
    ("deep_100.glb", Drawn),
    ("deep_511.glb", Drawn),
    ("deep_512.glb", Drawn),
    ("deep_600.glb", Refused("deeper than 512")),
    ("dotslash/m.gltf", Drawn),
    ("empty.glb", Refused("it is empty")),
    ("first_scene_empty_second_full.glb", Remarked("empty, while scene 1 has 1 nodes")),
    ("found/damaged_png.glb", Remarked("picture `image 0`: it is left out: it is damaged")),
    ("found/instances_65k_long_name.glb", Refused("too large: its node tree")),
    ("found/instances_65k_x400.glb", Refused("too large: its 26214400 instances")),
    ("found/jpeg.glb", Drawn),
    ("found/mirrored.glb", Drawn),
    ("found/missing_texture.gltf", Remarked("picture `missing.png`: it is left out")),
    ("found/nan_uv.glb", Remarked("texture coordinates are not finite")),
    ("found/nan_vertex.glb", Refused("positions that are not finite")),
    ("found/noindices.glb", Drawn),
    ("found/plain.glb", Drawn),
    ("found/png_claims_2g.glb", Remarked("pixels, and 8192 × 8192 are the most")),
    ("found/shear.glb", Drawn),
    ("found/skin_outside.glb", Remarked("without its skin: its joint 0 is not in the scene")),
    ("found/spaces.gltf", Drawn),
    ("found/sparse_1m_x1000.glb", Refused("too large: mesh `mesh 0`")),
    ("found/sparse_44m_x50.glb", Refused("too large: mesh `mesh 0`, primitive 0")),
    ("found/texcoord1.glb", Drawn),
    ("found/textransform_required.glb", Drawn),
    ("found/texture_no_source.glb", Remarked("texture 0 has no picture")),
    ("found/vcolor.glb", Drawn),
    ("found/webp_no_fallback.glb", Drawn),
    ("found/wrap_clamp.glb", Drawn),
    ("found/wrap_mirror.glb", Drawn),
    ("found/wrap_repeat.glb", Drawn),
    ("found/zeroscale.glb", Drawn),
    ("georeferenced_10000.glb", Remarked("it stands 10.0 km from its origin")),
    ("georeferenced_100000.glb", Remarked("it stands 100.0 km from its origin")),
    ("georeferenced_node.glb", Remarked("it stands 5423.1 km from its origin")),
    ("glb_cut.glb", Refused("the header speaks of 2212 bytes, 1106 are there")),
    ("glb_ext_bin/a.glb", Drawn),
    ("glb_json_nul_padded.glb", Drawn),
    ("gltf1.glb", Refused("glTF version 1 is not supported")),
    ("html.glb", Refused("an HTML page")),
    ("http_url/m.gltf", Remarked("nothing is fetched from elsewhere")),
    ("huge_10km.glb", Remarked("export it in metres, not millimetres")),
    ("index_B.glb", Drawn),
    ("index_H.glb", Drawn),
    ("index_I.glb", Drawn),
    ("instancing_child_same_name.glb", Drawn),
    ("instancing_custom_only.glb", Drawn),
    ("instancing_empty.glb", Drawn),
    ("instancing_trs_i8.glb", Drawn),
    ("json_float_exp_count.glb", Drawn),
    ("json_minus_one.glb", Remarked("`mesh` is -1, which is taken for none")),
    ("json_name_number.glb", Drawn),
    ("json_nan.glb", Refused("JSON has no NaN")),
    ("json_null_children.glb", Drawn),
    ("json_null_extensions.glb", Drawn),
    ("json_null_name_extras.glb", Drawn),
    ("json_truncated.glb", Refused("EOF while parsing a value at line 1 column 720")),
    ("latin1.gltf", Remarked("it is read as Latin-1")),
    ("lfs_pointer.glb", Refused("git lfs pull")),
    ("lines_unlit_red.glb", Drawn),
    ("mesh_only_no_nodes.glb", Remarked("nothing of it is seen")),
    ("missing_texture/m.gltf", Remarked("picture `tex.png`: it is left out: No such file")),
    ("mode_0.glb", Drawn),
    ("mode_2.glb", Drawn),
    ("mode_3.glb", Drawn),
    ("mode_9.glb", Refused("a mode that glTF does not know")),
    ("no_asset.glb", Refused("none stated")),
    ("no_minmax.glb", Drawn),
    ("no_scene_no_node.glb", Remarked("nothing of it is seen")),
    ("node_visibility_false.glb", Remarked("node `hidden`: the file hides it")),
    ("normals_nan.glb", Remarked("1 of its 24 normals are no directions")),
    ("normals_zero.glb", Remarked("shaded flat")),
    ("not_georeferenced_sphere.glb", Drawn),
    ("occlusion_png16_gray.glb", Drawn),
    ("one_nan_position_among_good_parts.glb", Remarked("left out: it has positions that are not")),
    (
        "parent_folder/gltf/m.gltf",
        Remarked("picture `../textures/t.png`: it is left out: only files"),
    ),
    ("percent_in_name/m.gltf", Drawn),
    ("plus_and_hash/m.gltf", Drawn),
    ("points_colors.glb", Drawn),
    ("required_CESIUM_RTC.glb", Refused("needs CESIUM_RTC")),
    ("required_EXT_lights_image_based.glb", Refused("needs EXT_lights_image_based")),
    (
        "required_EXT_structural_metadata.glb",
        Remarked("EXT_structural_metadata: it is passed over"),
    ),
    ("required_KHR_materials_common.glb", Refused("needs KHR_materials_common")),
    ("required_KHR_materials_dispersion.glb", Remarked("dispersion: it is passed over")),
    ("required_KHR_meshopt_compression.glb", Refused("gltf-transform copy")),
    ("required_KHR_node_hoverability.glb", Drawn),
    ("required_KHR_node_visibility.glb", Drawn),
    ("required_KHR_techniques_webgl.glb", Refused("needs KHR_techniques_webgl")),
    ("required_KHR_texture_basisu.glb", Refused("its textures are KTX2")),
    ("required_MSFT_texture_dds.glb", Refused("needs MSFT_texture_dds")),
    ("scene_index_out_of_range.glb", Remarked("its default scene 7 is not there")),
    ("shear.glb", Drawn),
    ("skin_node_transform_ignored.glb", Remarked("node `arm`: its skin is drawn as it stands")),
    ("spaces_raw/m.gltf", Drawn),
    ("specgloss_only.glb", Remarked("specular-glossiness is drawn as metallic-roughness")),
    ("tex_jpeg.glb", Drawn),
    ("tex_jpeg_labelled_png.glb", Drawn),
    ("tex_png16_gray.glb", Drawn),
    ("tex_png16_graya.glb", Drawn),
    ("tex_png16_rgb.glb", Drawn),
    ("tex_png8_gray.glb", Drawn),
    ("tex_png8_graya.glb", Drawn),
    ("tex_png8_rgba.glb", Drawn),
    ("tex_png_damaged.glb", Remarked("picture `image 0`: it is left out: it is damaged")),
    ("texcoord1.glb", Drawn),
    ("texture_transform_required.glb", Drawn),
    ("tiny_1mm.glb", Remarked("it is only 1.000 mm in size")),
    ("transmission_hides_content.glb", Remarked("drawn as plain transparency")),
    ("umlaut_percent/m.gltf", Drawn),
    ("umlaut_raw/m.gltf", Drawn),
    ("unknown_required.glb", Refused("needs VENDOR_magic")),
    ("utf8_bom.gltf", Drawn),
    ("version_2.glb", Drawn),
    ("version_21_min20.glb", Drawn),
    ("webp_not_required_no_fallback.glb", Remarked("it is WebP")),
    ("windows_path/m.gltf", Remarked("picture `C:\\work\\t.png`: it is left out: only files")),
    ("zero_indices.glb", Drawn),
];

fn models(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            models(&path, found);
        } else if path.extension().is_some_and(|end| end == "glb" || end == "gltf") {
            found.push(path);
        }
    }
}

#[test]
fn every_case_comes_out_as_stated() {
    let mut wrong = Vec::new();
    for (name, outcome) in CASES {
        let found = Model::open(&folder().join(name));
        let told = match &found {
            Ok(model) => model.remarks.iter().map(|remark| format!("{remark}\n")).collect(),
            Err(error) => error.to_string(),
        };
        let is_right = match outcome {
            Drawn => found.is_ok() && told.is_empty(),
            Remarked(text) => found.is_ok() && told.contains(text),
            Refused(text) => found.is_err() && told.contains(text),
        };
        if !is_right {
            wrong.push(format!("{name}: drawn: {}: {told}", found.is_ok()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_file_of_the_cases_has_its_outcome() {
    let mut files = Vec::new();
    models(&folder(), &mut files);
    let name = |file: &PathBuf| file.strip_prefix(folder()).expect("below").display().to_string();
    let mut names: Vec<String> = files.iter().map(name).collect();
    names.sort();
    let mut stated: Vec<&str> = CASES.iter().map(|(name, _)| *name).collect();
    stated.sort();
    assert_eq!(names, stated);
}

fn open(name: &str) -> Model {
    Model::open(&folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The colour of a pixel of a model's first picture.
fn pixel(model: &Model, x: u32, y: u32) -> [u8; 4] {
    let image = &model.images[0];
    let at = ((y * image.width + x) * 4) as usize;
    [0, 1, 2, 3].map(|part| image.rgba[at + part])
}

#[test]
fn pictures_of_16_bits_are_as_bright_as_those_of_8() {
    let gray = |name| {
        let model = open(name);
        let image = &model.images[0];
        (
            image.width,
            image.height,
            pixel(&model, 0, 0),
            pixel(&model, image.width / 2, image.height / 2),
        )
    };
    assert_eq!(gray("tex_png16_gray.glb"), gray("tex_png8_gray.glb"));
    assert_eq!(gray("tex_png16_graya.glb").2[..3], gray("tex_png8_graya.glb").2[..3]);
    let model = open("tex_jpeg_labelled_png.glb");
    assert_eq!(model.images, open("tex_jpeg.glb").images, "the content counts, not the label");
    assert!(model.materials[0].base_color_texture.is_some());
}

#[test]
fn a_texture_is_placed_as_its_transform_and_its_set_of_coordinates_say() {
    let corners = |model: &Model| {
        let part = &model.meshes[0].primitives[0];
        let texture = model.materials[0].base_color_texture.expect("a texture");
        let uvs = &part.uvs[usize::from(texture.channel)];
        let least = uvs.iter().fold([f32::MAX; 2], |a, b| [a[0].min(b[0]), a[1].min(b[1])]);
        let most = uvs.iter().fold([f32::MIN; 2], |a, b| [a[0].max(b[0]), a[1].max(b[1])]);
        (least, most)
    };
    assert_eq!(corners(&open("texture_transform_required.glb")), ([0.5; 2], [1.0; 2]));
    assert_eq!(corners(&open("texcoord1.glb")), ([0.0; 2], [1.0; 2]));
    let ([left, top], [right, bottom]) = corners(&open("found/textransform_required.glb"));
    assert!((left - 0.1).abs() < 1e-6 && (right - 3.1).abs() < 1e-6, "{left} {right}");
    assert_eq!((top, bottom), (0.0, 3.0));
    assert_eq!(open("found/wrap_mirror.glb").textures[0].wrap, [Wrap::Mirror; 2]);
    assert_eq!(open("found/wrap_clamp.glb").textures[0].wrap, [Wrap::Clamp; 2]);
}

#[test]
fn old_and_clear_materials_are_drawn_near_to_what_they_mean() {
    let material = &open("specgloss_only.glb").materials[0];
    let [r, g, b, a] = material.base_color;
    assert!((r - 0.8).abs() < 0.01 && g < 0.06 && b < 0.06 && a == 1.0, "{material:?}");
    assert!(material.metallic < 0.01 && (material.roughness - 0.5).abs() < 1e-6, "{material:?}");
    let glass = &open("transmission_hides_content.glb").materials[0];
    assert!(glass.alpha == AlphaMode::Blend && glass.base_color[3] < 0.3, "{glass:?}");
}

#[test]
fn a_skin_poses_its_shape_whatever_the_placement_of_its_own_node() {
    let model = open("skin_node_transform_ignored.glb");
    // Its node stands at 50 m and is a hundred times as large; its joints stand at 0 and 1.5 m.
    let arm = &model.nodes[model.find_node("arm").expect("it is there")];
    let bounds = arm.bounds.expect("it has a shape");
    assert!(bounds.min[0] > -0.5 && bounds.max[0] < 2.0, "{bounds:?}");
    assert!(bounds.size()[0] > 1.5 && bounds.size()[2] < 0.5, "{bounds:?}");
}

#[test]
fn what_stands_far_away_is_drawn_about_the_origin_with_its_own_shape() {
    let model = open("georeferenced_node.glb");
    let bounds = model.bounds.expect("it has shapes");
    assert!(
        bounds.min[0] > -5.0 && bounds.max[0] < 5.0 && bounds.min[1].abs() < 1e-6,
        "{bounds:?}"
    );
    // Two nodes 0.6 m apart, which 32 bits cannot tell at 5 400 km.
    let [a, b] = ["p0", "p1"].map(|name| model.find_node(name).expect("it is there"));
    let apart = model.nodes[b].model_from_node.origin[0] - model.nodes[a].model_from_node.origin[0];
    assert!((apart - 0.6).abs() < 1e-6, "{apart}");
    assert_eq!(model.origin[2], 5_400_000.0);
}

#[test]
fn instances_and_their_siblings_have_paths_of_their_own() {
    let model = open("instancing_child_same_name.glb");
    let mut paths: Vec<_> = model.nodes.iter().map(|node| node.path.as_str()).collect();
    paths.sort();
    paths.dedup();
    assert_eq!(paths.len(), model.nodes.len(), "{paths:?}");
    // Without a placement for each there is one, at the node itself.
    for name in ["instancing_custom_only.glb", "instancing_empty.glb"] {
        assert!(open(name).nodes[0].mesh.is_some(), "{name}");
    }
}

#[test]
fn an_inspection_counts_what_it_can_of_what_is_refused() {
    let bytes = std::fs::read(folder().join("unknown_required.glb")).expect("a file");
    let found = inspect(&bytes, &mut |_| Err(String::new())).expect("it is glTF");
    assert_eq!((found.nodes_in_file, found.meshes, found.primitives), (1, 1, 1));
    assert!(found.problem.is_some_and(|problem| problem.contains("VENDOR_magic")));
    let bytes = std::fs::read(folder().join("tex_png_damaged.glb")).expect("a file");
    let found = inspect(&bytes, &mut |_| Err(String::new())).expect("it is glTF");
    assert!(found.problem.is_none() && found.to_string().contains("remark      picture `image 0`"));
}

/// A node with a shape for each name, all beside each other.
fn siblings(names: impl Iterator<Item = String>) -> Vec<u8> {
    let nodes: Vec<_> = names.map(|name| json!({"name": name, "mesh": 0})).collect();
    let all: Vec<usize> = (0..nodes.len()).collect();
    let json = json!({
        "asset": {"version": "2.0"},
        "scenes": [{"nodes": all}],
        "nodes": nodes,
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "accessors": [{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"}],
        "bufferViews": [{"buffer": 0, "byteLength": 36}],
        "buffers": [{"byteLength": 36}],
    });
    glb(&json, &floats(&[0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0]))
}

#[test]
fn a_hundred_thousand_siblings_of_one_name_are_told_apart() {
    // With the names that the numbers give to others among them.
    let names = (0..100_000).map(|at| if at % 2 == 0 { "x".into() } else { format!("x#{at}") });
    let model = Model::parse(&siblings(names)).expect("it is sound");
    let paths: std::collections::HashSet<_> = model.nodes.iter().map(|node| &node.path).collect();
    assert_eq!((model.nodes.len(), paths.len()), (100_000, 100_000));
}

#[test]
fn many_bindings_to_nodes_that_a_large_model_lacks_are_answered_soon() {
    let model = siblings((0..20_000).map(|at| format!("part {at}")));
    let bindings: String = (0..2_000)
        .map(|at| format!("Spin(node: \"prt {at}\", by: \"p\", axis: y), "))
        .chain(["Spin(node: \"part 19999\", by: \"p\", axis: y)".into()])
        .collect();
    let text = format!(
        "Twin(schema: 2, name: \"t\", classes: {{\"C\": (model: \"m.glb\", properties: {{\"p\": (unit: \"Hz\")}}, bindings: [{bindings}])}}, assets: [])"
    );
    let loaded = crate::twin::load_text(Path::new("t.ron"), &text, &crate::twin::NoFiles);
    let twin = loaded.expect("it is right but for the model").twin;
    let since = std::time::Instant::now();
    let problems = check_bindings(&twin, &mut |_| Model::parse(&model));
    assert!(since.elapsed() < std::time::Duration::from_secs(5), "{:?}", since.elapsed());
    let wrong: Vec<_> = problems.iter().filter(|problem| !problem.is_remark).collect();
    assert_eq!(wrong.len(), 2_000, "all but the one that is there");
    assert!(wrong[0].message.contains("part 0"), "{}", wrong[0].message);
}

#[test]
fn small_files_that_ask_for_much_are_refused_before_it_is_taken() {
    let refused = |json: &serde_json::Value, binary: &[u8]| {
        let error = Model::parse(&glb(json, binary)).expect_err("it asks for too much");
        assert!(matches!(error, Error::TooLarge(_)), "{error}");
    };
    let mut json = json!({
        "asset": {"version": "2.0"},
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": []}],
        "accessors": [
            {"bufferView": 0, "componentType": 5121, "count": 1_000_000, "type": "SCALAR"},
            {"componentType": 5126, "count": 1_000_000, "type": "VEC3"},
            {"componentType": 5126, "count": 4_000_000_000_u32, "type": "VEC3"},
        ],
        "bufferViews": [{"buffer": 0, "byteLength": 1_000_000}],
        "buffers": [{"byteLength": 1_000_000}],
    });
    let binary = vec![0; 1_000_000];
    // One list of indices, shared by many parts.
    let part = json!({"attributes": {"POSITION": 1}, "indices": 0});
    json["meshes"][0]["primitives"] = vec![part; 2_000].into();
    refused(&json, &binary);
    json["meshes"][0]["primitives"] = json!([{"attributes": {"POSITION": 2}}]);
    refused(&json, &[]);
    // A shape that many nodes show.
    json["meshes"][0]["primitives"] = json!([{"attributes": {"POSITION": 1}}]);
    json["nodes"] = vec![json!({"mesh": 0}); 10_000].into();
    refused(&json, &[]);
    // A list of what is nothing.
    let text = format!(
        "{{\"asset\": {{\"version\": \"2.0\"}}, \"materials\": [{}{{}}]}}",
        "{},".repeat(4_000_000)
    );
    assert!(matches!(Model::parse(text.as_bytes()), Err(Error::TooLarge(_))));
}

#[test]
fn a_picture_is_left_out_by_its_stated_size_and_many_are_shown_smaller() {
    let header = |width: u32, height: u32| {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        png.extend(width.to_be_bytes());
        png.extend(height.to_be_bytes());
        png.extend([8, 2, 0, 0, 0]);
        png
    };
    let told = |width: u32, height: u32| {
        let png = header(width, height);
        let json = json!({
            "asset": {"version": "2.0"},
            "materials": [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}],
            "textures": [{"source": 0}],
            "images": [{"bufferView": 0}],
            "bufferViews": [{"buffer": 0, "byteLength": png.len()}],
            "buffers": [{"byteLength": png.len()}],
        });
        let model = Model::parse(&glb(&json, &png)).expect("it is drawn");
        model.remarks.iter().map(Remark::to_string).collect::<String>()
    };
    for (width, height) in [(60_000, 60_000), (1_000_000, 1), (8_193, 8_192)] {
        let text = told(width, height);
        assert!(text.contains("it is left out"), "{width} × {height}: {text}");
    }
}
