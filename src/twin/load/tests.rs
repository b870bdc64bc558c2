mod topics;
mod write;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::super::binding::{Effect, LabelPart};
use super::super::mapping::Payload;
use super::super::{Diagnostics, PropertyKind, Severity};
use super::{Loaded, Resolver, load_text};

/// Files in a table; every model exists but `missing.glb`.
#[derive(Default)]
struct Table(HashMap<PathBuf, &'static str>);

impl Resolver for Table {
    fn read(&self, path: &Path) -> Result<String, String> {
        self.0.get(path).map(|text| (*text).to_owned()).ok_or_else(|| "no such file".to_owned())
    }
    fn exists(&self, path: &Path) -> bool {
        !path.ends_with("missing.glb")
    }
}

fn load(text: &str) -> Result<Loaded, Diagnostics> {
    load_text(Path::new("scenes/x.ron"), text, &Table::default())
}

fn good(text: &str) -> Loaded {
    load(text).unwrap_or_else(|errors| panic!("{errors}"))
}

/// `line:column message [suggestion]` of all that is wrong.
fn errors(text: &str) -> Vec<String> {
    let errors = load(text).expect_err("this file is wrong");
    let line = |d: &super::super::Diagnostic| {
        let hint = d.suggestion.as_ref().map(|s| format!(" [{s}]")).unwrap_or_default();
        format!("{}:{} {}{hint}", d.line, d.column, d.message)
    };
    errors.iter().filter(|d| d.severity == Severity::Error).map(line).collect()
}

/// A twin with one class `P` of this inside and one asset of it.
fn class(inside: &str) -> String {
    format!(
        "Twin(schema: 2, name: \"x\",\nclasses: {{\"P\": (\n{inside}\n)}},\nassets: [(name: \"a\", class: \"P\")])"
    )
}

const SPEED: &str = "properties: {\"speed\": (unit: \"{rev}/min\", range: (0, 3600)), \"state\": (type: enumeration([\"off\", \"on\"]))},";

#[test]
fn the_example_of_the_document_loads() {
    let document = include_str!("../../../docs/twin-file.md");
    let example = document.split("```ron\n").nth(1).and_then(|rest| rest.split("```").next());
    let files =
        Table(HashMap::from([(PathBuf::from("scenes/classes/process.ron"), "Classes({})")]));
    let loaded = load_text(Path::new("scenes/x.ron"), example.expect("an example"), &files);
    let twin = loaded.unwrap_or_else(|errors| panic!("{errors}")).twin;
    assert_eq!(twin.assets.len(), 5);
    let pump = twin.asset_by_name["utilities/P-101"];
    let speed = twin.find_property(pump, "speed").expect("speed");
    assert_eq!(twin.property(speed).range, Some((0.0, 1800.0)));
    assert_eq!(twin.presence[0].assets.len(), 5);
    let class = twin.class_of(pump).expect("class");
    assert_eq!(class.model.as_deref(), Some(Path::new("assets/models/pump_skid.glb")));
    let turns = &class.properties[class.property("turns").expect("turns")];
    assert_eq!((turns.kind, turns.unit.code()), (PropertyKind::Derived, "{rev}"));
    let Payload::Document { fields, .. } = &class.mappings[0].payload else { panic!("json") };
    assert_eq!(fields[1].read.scale, 0.001);
    assert_eq!(fields[2].read.names.len(), 3);
    let Effect::Rotate { by, radians_per_unit, .. } = class.bindings[0].effect else {
        panic!("spin")
    };
    assert_eq!(&*class.properties[usize::from(by)].name, "turns");
    assert_eq!(radians_per_unit, std::f64::consts::TAU);
    assert_eq!(&*class.bindings[0].place, "scenes/x.ron:39:17");
    let simulation = twin.simulation.expect("simulation").text;
    assert_eq!(simulation.trim_start(), "(seed: 7)");
    assert_eq!(
        simulation.lines().count(),
        example.expect("").lines().position(|l| l.contains("seed")).expect("") + 1
    );
}

#[test]
fn every_kind_of_mistake_says_where_it_is_and_what_was_probably_meant() {
    let with = |inside: &str| errors(&class(&format!("{SPEED}\n{inside}")));
    let cases: &[(&str, &[&str])] = &[
        ("titel: \"a\"", &["4:1 unknown field of a class `titel` [title]"]),
        (
            "mappings: [Scalar(topic: \"a/{aset}\", property: \"speed\")]",
            &["4:26 unknown placeholder `aset` [asset]"],
        ),
        (
            "mappings: [Scalar(topic: \"a/{area}\", property: \"speed\")]",
            &["4:26 asset `a` is in no area, which this topic needs"],
        ),
        (
            "mappings: [Scalar(topic: \"a\", property: \"sped\")]",
            &["4:41 unknown property `sped` [speed]"],
        ),
        (
            "mappings: [Scalar(topic: \"a\", property: \"speed\", unit: \"m\")]",
            &["4:56 m does not convert to {rev}/min, the unit of `speed`"],
        ),
        ("mappings: [Jason(topic: \"a\")]", &["4:12 unknown mapping `Jason` [Json]"]),
        (
            "mappings: [Json(topic: \"a/#/b\", values: {\"speed\": \"speed\"})]",
            &[
                "4:24 `#` is no level of a topic: `+` stands alone, `#` alone and last",
                "4:51 `speed` is not a JSON pointer [/speed]",
            ],
        ),
        ("bindings: [Spin(axis: w, by: \"speed\")]", &["4:23 unknown axis `w`"]),
        (
            "bindings: [Spin(axis: x, by: \"state\")]",
            &["4:30 Spin needs a property that is a number; `state` is not"],
        ),
        (
            "bindings: [Path(by: \"speed\", points: [(0,0,0), (1,0,0)])]",
            &["4:21 `speed` is in {rev}/min, which is neither a length nor a speed"],
        ),
        (
            "bindings: [Show(by: \"state\", is: \"onn\")]",
            &["4:34 unknown name of `state` `onn` [on]"],
        ),
        (
            "bindings: [Glow(by: \"state\", colors: {\"on\": \"green\"})]",
            &["4:45 the text \"green\" has no place here"],
        ),
        (
            "bindings: [Label(text: \"{sped}\")]",
            &["4:24 unknown property or placeholder `sped` [speed]"],
        ),
        ("extends: \"Q\"", &["4:10 unknown class `Q`"]),
        ("extends: \"P\"", &["4:10 class `P` extends itself, by way of this"]),
        (
            "title: 5, title: \"b\"",
            &["4:8 the number 5 has no place here", "4:11 field `title` is stated twice"],
        ),
    ];
    for (inside, expected) in cases {
        assert_eq!(with(inside), *expected, "{inside}");
    }
    let property = |inside: &str| errors(&class(&format!("properties: {{\"p\": ({inside})}}")));
    assert_eq!(property("range: (5, 1)"), ["3:27 the range is reversed: 5 is not below 1"]);
    assert_eq!(property("unit: \"rpm\""), ["3:26 `rpm` is not a UCUM unit [{rev}/min]"]);
    assert_eq!(property("unit: \"m\", display_unit: \"kg\""), ["3:45 m does not convert to kg"]);
    assert_eq!(
        property("high_warning: 5, high_alarm: 4"),
        ["3:49 `high_alarm` (4) is not above `high_warning` (5)"]
    );
    assert_eq!(property("interval: \"5 parsecs\"").len(), 1);
    let states = "type: enumeration([\"idle\", \"tripped\"])";
    assert_eq!(
        property(&format!("{states}, alarm_values: [\"triped\"]")),
        ["3:75 unknown name of `p` `triped` [tripped]"]
    );
    assert_eq!(
        property(&format!("{states}, alarm_values: [\"idle\"], warning_values: [\"idle\"]")),
        ["3:75 `idle` is stated twice"]
    );
    assert_eq!(
        property("alarm_values: [1]"),
        ["3:34 only an enumeration or a boolean has `alarm_values`; state limits"]
    );
    assert_eq!(
        property("alarm_valus: [1]"),
        ["3:20 unknown field of a property `alarm_valus` [alarm_values]"]
    );
    assert_eq!(
        property("type: boolean, high_alarm: 1"),
        [
            "3:47 `p` is no number, and only a number has limits; state `alarm_values` or `warning_values`"
        ]
    );
    assert_eq!(property("type: numbr"), ["3:26 unknown type `numbr` [number]"]);
}

#[test]
fn a_mapping_to_what_a_model_or_the_twin_computes_is_an_error_with_what_is_expected() {
    let with = |mapping: &str| {
        class(&format!(
            "properties: {{\"speed\": (unit: \"{{rev}}/min\"), \"wish\": (kind: setpoint), \"wear\": (kind: estimate), \"turns\": (integral_of: \"speed\")}},\nmappings: [{mapping}]"
        ))
    };
    let wear = "`wear` is an estimate, which comes from a model and not from messages";
    let turns = "`turns` is derived, which is computed from another property and not from messages";
    let scalar = |name: &str| with(&format!("Scalar(topic: \"a\", property: \"{name}\")"));
    assert_eq!(errors(&scalar("wear")), [format!("4:41 {wear}")]);
    assert_eq!(errors(&scalar("turns")), [format!("4:41 {turns}")]);
    let values = "{\"wear\": \"/w\", \"speed\": \"/s\", \"turns\": (pointer: \"/t\", scale: 2)}";
    let json = with(&format!("Json(topic: \"a\", values: {values})"));
    assert_eq!(errors(&json), [format!("4:38 {wear}"), format!("4:67 {turns}")]);
    let text = load(&scalar("wear")).expect_err("wrong").to_string();
    assert!(text.contains("= expected a property of the kind measurement or setpoint"), "{text}");
    good(&scalar("wish"));
    good(&with("Scalar(topic: \"a/{property}\")"));
}

#[test]
fn mistakes_of_assets_are_found() {
    let with = |assets: &str| {
        errors(&format!(
            "Twin(schema: 2, name: \"x\", classes: {{\"Pump\": ({SPEED})}}, assets: [\n{assets}])"
        ))
    };
    assert_eq!(with("(name: \"a\"), (name: \"a\")"), ["2:21 there are two assets `a`"]);
    assert_eq!(
        with("(name: \"a\"), (name: \"a\"), (name: \"b\", parent: \"a\")"),
        ["2:47 `a` is stated 2 times: give each a name of its own"]
    );
    assert_eq!(with("(name: \"a\", class: \"Pmp\")"), ["2:20 unknown class `Pmp` [Pump]"]);
    assert_eq!(
        with("(name: \"hall\"), (name: \"b\", parent: \"hal\")"),
        ["2:37 unknown asset `hal` [hall]"]
    );
    assert_eq!(with("(name: \"a\", parent: \"b\"), (name: \"b\", parent: \"a\")").len(), 1);
    assert_eq!(
        with("(name: \"a\", class: \"Pump\", properties: {\"sped\": (range: (0, 1))})"),
        ["2:41 unknown property `sped` [speed]"]
    );
    assert_eq!(
        with("(name: \"a\", class: \"Pump\", properties: {\"speed\": (unit: \"Hz\")})"),
        ["2:57 `unit` is fixed by the class; extend the class for another"]
    );
}

#[test]
fn all_errors_of_a_file_and_its_includes_are_reported_at_once() {
    let files = Table(HashMap::from([
        (
            PathBuf::from("scenes/c/a.ron"),
            "Classes(schema: 2, include: [\"b.ron\", \"a.ron\"], classes: {\"A\": (titel: \"x\")})",
        ),
        (PathBuf::from("scenes/c/b.ron"), "Classes({\"B\": (title: 5 5)})"),
    ]));
    let text = "Twin(schema: 2, name: \"x\", include: [\"c/a.ron\", \"none.ron\"], presence: 5)";
    let errors = load_text(Path::new("scenes/x.ron"), text, &files).expect_err("wrong");
    let places: Vec<_> =
        errors.iter().map(|d| format!("{}:{}:{}", d.file, d.line, d.column)).collect();
    assert_eq!(
        places,
        [
            "scenes/x.ron:1:49",
            "scenes/x.ron:1:72",
            "scenes/c/a.ron:1:39",
            "scenes/c/a.ron:1:65",
            "scenes/c/b.ron:1:23",
            "scenes/c/b.ron:1:24",
            "scenes/c/b.ron:1:25",
        ],
        "{errors}"
    );
}

#[test]
fn an_error_is_printed_with_its_line_and_a_caret() {
    let errors =
        load("Twin(schema: 2, name: \"x\",\n  titel: \"a\")").expect_err("wrong").to_string();
    assert!(errors.starts_with(
        "scenes/x.ron:2:3: error: unknown field of a twin `titel`\n   |\n 2 |   titel: \"a\")\n   |   ^^^^^\n   = expected one of"
    ), "{errors}");
    assert!(errors.ends_with("= help: did you mean `title`?"), "{errors}");
}

#[test]
fn an_older_schema_is_read_as_the_present_one_and_says_what_changed() {
    let old = "Twin(schema: 1, name: \"x\", classes: {\"P\": (properties: {\"p\": (every: \"5s\")})},\n assets: [(name: \"a\", class: \"P\", position: (1, 2, 3))])";
    let new = old
        .replace("schema: 1", "schema: 2")
        .replace("every", "interval")
        .replace("position", "at");
    let (old, new) = (good(old), good(&new));
    assert_eq!(old.twin.assets[0].parent_from_asset, new.twin.assets[0].parent_from_asset);
    assert_eq!(
        old.twin.classes[0].properties[0].interval,
        new.twin.classes[0].properties[0].interval
    );
    assert!(new.diagnostics.0.is_empty());
    let notices: Vec<_> = old.diagnostics.iter().map(|d| (d.line, d.column, d.severity)).collect();
    assert_eq!(
        notices,
        [(1, 14, Severity::Notice), (1, 63, Severity::Notice), (2, 35, Severity::Notice)]
    );
    assert!(errors("Twin(schema: 3, name: \"x\")")[0].contains("newer than this program"));
    for wild in ["inf", "1e308", "3.5", "1e400"] {
        let error = errors(&format!("Twin(schema: {wild}, name: \"x\")")).join("\n");
        assert!(error.contains("has no place here") && !error.contains("newer"), "{error}");
    }
}

#[test]
fn a_newer_schema_is_all_that_is_said_of_a_file() {
    let found = errors(
        "Twin(\n  a: 1, b: [1, 2], classes: {\"A\": (colour: 3)},\n  schema: 7,\n  assets: [(nme: \"a\")])",
    );
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("this file has schema 7, which is newer"), "{found:?}");
}

#[test]
fn an_equals_sign_after_a_name_is_told_first_and_where_it_stands() {
    let text = "Twin(schema = 2, name: \"x\", assets: [(name: \"a\")])";
    let found = load(text).expect_err("no RON");
    let first = found.iter().next().expect("an error");
    assert_eq!((first.line, first.column), (1, 13));
    assert!(first.message.contains("expected `:` after `schema`, found `=`"), "{found}");
    assert_eq!(found.count(Severity::Error), 1, "{found}");
}

#[test]
fn what_is_not_finite_or_beyond_any_plant_is_refused_wherever_a_number_stands() {
    let absurd = format!("\"{}m\"", "9".repeat(400));
    for odd in ["inf", "-inf", "NaN", "1e400", "1e20", "-1e9", "\"1e300m\"", &*absurd] {
        for field in [
            "at: (ODD, 0, 0)",
            "at: (0, 0, ODD)",
            "scale: ODD",
            "yaw: ODD",
            "rotation: (0, ODD, 0)",
        ] {
            let field = field.replace("ODD", odd);
            let text = format!("Twin(schema: 2, name: \"x\", assets: [\n(name: \"a\", {field})])");
            let found = load(&text).expect_err(&field);
            let first = found.iter().next().expect("an error");
            assert_eq!((first.line, first.severity), (2, Severity::Error), "{field}: {found}");
        }
    }
    for odd in ["inf", "NaN", "1e40", "-1e300"] {
        for field in ["range: (ODD, 1)", "range: (0, ODD)", "high_alarm: ODD", "low_warning: ODD"] {
            let field = field.replace("ODD", odd);
            let text = format!(
                "Twin(schema: 2, name: \"x\", classes: {{\"A\": (properties: {{\"v\": ({field})}})}}, assets: [])"
            );
            assert!(load(&text).is_err(), "{field}");
        }
    }
    for text in ["at: (100000, -100000, \"5mm\")", "scale: 10000", "yaw: 720", "yaw: \"2rev\""] {
        good(&format!("Twin(schema: 2, name: \"x\", assets: [(name: \"a\", {text})])"));
    }
}

#[test]
fn a_missing_model_is_a_warning() {
    let loaded = good(&class("model: \"../missing.glb\""));
    assert_eq!(loaded.diagnostics.count(Severity::Warning), 1);
    assert_eq!(loaded.twin.classes[0].model.as_deref(), Some(Path::new("missing.glb")));
}

#[test]
fn a_spin_by_a_speed_gets_its_integral() {
    let twin =
        good(&class(&format!("{SPEED} bindings: [Spin(node: \"r\", axis: -x, by: \"speed\")]")))
            .twin;
    let integral = twin.classes[0].properties[2].clone();
    assert_eq!((&*integral.name, integral.kind), ("speed_turns", PropertyKind::Derived));
    assert!((integral.integral_of.expect("integral").per_second - 1.0 / 60.0).abs() < 1e-15);
    assert_eq!(twin.property_count(), 3);
}

#[test]
fn ten_thousand_instances_share_one_class() {
    let text = format!(
        "Twin(schema: 2, name: \"x\", classes: {{\"P\": ({SPEED} mappings: [Scalar(topic: \"p/{{asset}}/{{serial}}/{{property}}\")])}},
        assets: [(name: \"hall\", level: area), (name: \"P-{{n:5}}\", count: 10000, class: \"P\", parent: \"hall\", vars: {{\"serial\": \"{{n}}\"}}, step: (1, 0, 0))])"
    );
    let twin = good(&text).twin;
    assert_eq!((twin.assets.len(), twin.classes.len(), twin.property_count()), (10_001, 1, 20_000));
    let last = twin.asset_by_name["P-10000"];
    assert_eq!(&*twin.asset(last).path, "hall/P-10000");
    assert_eq!(twin.asset(last).parent_from_asset.position[0], 9999.0);
    assert_eq!(twin.word(last, "serial"), Some("10000"));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,100}") {
        let _ = load(&text);
    }

    #[test]
    fn a_spoilt_example_is_read_or_refused_with_reasons(at in 0_usize..4000, cut in 0_usize..40, new in "[\\(\\)\\[\\]\\{\\}:,a\" 0-9]{0,3}") {
        let document = include_str!("../../../docs/twin-file.md");
        let example = document.split("```ron\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap_or("");
        let mut chars: Vec<char> = example.chars().collect();
        let at = at.min(chars.len());
        let end = (at + cut).min(chars.len());
        chars.splice(at..end, new.chars());
        if let Err(errors) = load(&chars.into_iter().collect::<String>()) {
            proptest::prop_assert!(errors.has_errors());
        }
    }
}

#[test]
fn a_property_that_is_stated_anew_is_so_for_the_mappings_and_bindings_of_the_base() {
    let text = r##"Twin(schema: 2, name: "x", classes: {
        "P": (
            properties: {"speed": (unit: "{rev}/min"), "total": (unit: "{rev}", integral_of: "speed")},
            mappings: [Json(topic: "a/{asset}", values: {
                "speed": (pointer: "/s", unit: "{rev}/min"),
            })],
            bindings: [Spin(axis: x, by: "speed")],
        ),
        "Q": (extends: "P", properties: {"speed": (unit: "{rev}/s")}),
    }, assets: [(name: "p", class: "P"), (name: "q", class: "Q")])"##;
    let twin = good(text).twin;
    let scale = |class: usize| match &twin.classes[class].mappings[0].payload {
        Payload::Document { fields, .. } => fields[0].read.scale,
        other => panic!("{other:?}"),
    };
    let class =
        |name: &str| twin.classes.iter().position(|class| &*class.name == name).expect(name);
    assert_eq!((scale(class("P")), twin.classes[class("Q")].mappings.len()), (1.0, 1));
    assert!((scale(class("Q")) - 1.0 / 60.0).abs() < 1e-12);
    let per_second = |class: usize| {
        let total = twin.classes[class].property("total").expect("total");
        twin.classes[class].properties[total].integral_of.expect("an integral").per_second
    };
    assert!((per_second(class("P")) - 1.0 / 60.0).abs() < 1e-12);
    assert!((per_second(class("Q")) - 1.0).abs() < 1e-12);
}

#[test]
fn an_asset_adds_an_integral_by_naming_what_it_is_of() {
    let text = r#"Twin(schema: 2, name: "x",
        classes: {"P": (properties: {"flow": (unit: "m3/h")})},
        assets: [(name: "a", class: "P", properties: {
            "volume": (integral_of: "flow"), "wish": (kind: setpoint), "flow": (title: "Inflow"),
        })])"#;
    let twin = good(text).twin;
    let asset = twin.asset_by_name["a"];
    let volume = twin.find_property(asset, "volume").expect("volume");
    assert!(twin.property(volume).integral_of.is_some());
    let flow = twin.find_property(asset, "flow").expect("flow");
    assert_eq!(twin.property(flow).title, "Inflow");
}

#[test]
fn an_asset_cannot_change_the_unit_of_its_class_even_where_it_adds_something() {
    let text = "Twin(schema: 2, name: \"x\",\nclasses: {\"P\": (properties: {\"flow\": (unit: \"m3/h\")})},\nassets: [(name: \"a\", class: \"P\", model: \"a.glb\",\nproperties: {\"flow\": (unit: \"L/min\")})])";
    let expected = "4:29 `unit` is fixed by the class; extend the class for another";
    assert_eq!(errors(text), [expected]);
}

#[test]
fn a_parent_that_may_be_one_of_several_is_reported_with_their_paths() {
    let text = |parent: &str| {
        format!(
            "Twin(schema: 2, name: \"x\", classes: {{}}, assets: [
(name: \"A\"), (name: \"B\"), (name: \"hall\", parent: \"A\"), (name: \"hall\", parent: \"B\"),
(name: \"cell\", parent: \"A/hall\"), (name: \"cell\", parent: \"B/hall\"),
(name: \"p\", parent: \"{parent}\")])"
        )
    };
    for (parent, paths) in
        [("hall", "`A/hall` or `B/hall`"), ("hall/cell", "`A/hall/cell` or `B/hall/cell`")]
    {
        let wrong = errors(&text(parent));
        assert!(wrong[0].contains(paths), "{wrong:?}");
    }
    for parent in ["A/hall/cell", "B/hall/cell", "B/hall", "A"] {
        let twin = good(&text(parent)).twin;
        assert!(twin.asset_by_name.contains_key(format!("{parent}/p").as_str()), "{parent}");
    }
}

#[test]
fn namesakes_are_counted_by_path_however_many_there_are() {
    let text = |halls: &str, parent: &str| {
        let sites = "(name: \"A\"), (name: \"B\")";
        format!(
            "Twin(schema: 2, name: \"x\", assets: [{sites}, {halls} (name: \"p\", parent: \"{parent}\")])"
        )
    };
    let hall = |site: &str| format!("(name: \"hall\", parent: \"{site}\"),");
    let (of_a, of_b) = (hall("A").repeat(7), hall("B"));
    for (halls, parent, told) in [
        (
            format!("{of_a}{of_b}"),
            "hall",
            "several assets may be meant: write the path of one, `A/hall` or `B/hall`",
        ),
        (
            format!("{of_a}{of_b}"),
            "A/hall",
            "`A/hall` is stated 7 times: give each a name of its own",
        ),
        (of_a.clone(), "hall", "`A/hall` is stated 7 times: give each a name of its own"),
    ] {
        let wrong = errors(&text(&halls, parent));
        assert!(wrong[0].ends_with(told), "{parent}: {wrong:?}");
    }
}

#[test]
fn labels_know_the_words_that_topics_know() {
    let text = |label: &str| {
        format!(
            "Twin(schema: 2, name: \"x\", classes: {{\"P\": (properties: {{\"flow\": ()}},
bindings: [Label(text: \"{label}\")])}},
assets: [(name: \"hall\", level: area), (name: \"a\", class: \"P\", parent: \"hall\", vars: {{\"serial\": \"17\"}})])"
        )
    };
    let twin = good(&text("{asset} {serial} {area} {flow}")).twin;
    let Effect::Label { text: parts, .. } = &twin.classes[0].bindings[0].effect else {
        panic!("a label")
    };
    let words = parts.iter().filter_map(|part| match part {
        LabelPart::Word(word) => twin.word(twin.asset_by_name["a"], word),
        _ => None,
    });
    assert_eq!(words.collect::<Vec<_>>(), ["17", "hall"]);
    assert_eq!(errors(&text("{flwo}")), ["2:24 unknown property or placeholder `flwo` [flow]"]);
    assert_eq!(
        errors(&text("{cell}")),
        ["2:24 asset `hall/a` is in no cell, which this label needs"]
    );
}

#[test]
fn a_class_of_many_properties_that_are_read_from_topics_of_their_own_finds_each() {
    let list = |of: fn(usize) -> String| (0..5_000).map(of).collect::<Vec<_>>().join(", ");
    let properties = list(|at| format!("\"p{at}\": ()"));
    let mappings = list(|at| format!("Scalar(topic: \"tag/{at}\", property: \"p{at}\")"));
    let again = "Scalar(topic: \"tag/4999\", property: \"p4999\")";
    let text = format!("properties: {{{properties}}},\nmappings: [{mappings},\n{again}]");
    let loaded = good(&class(&text));
    let mappings = &loaded.twin.classes[0].mappings;
    for (at, mapping) in mappings.iter().enumerate() {
        let Payload::Scalar { property, .. } = mapping.payload else { panic!("a bare value") };
        assert_eq!(property.map(usize::from), Some(at.min(4_999)));
    }
    let warnings: Vec<_> = loaded.diagnostics.iter().map(|d| (d.line, &*d.message)).collect();
    assert_eq!(warnings, [(5, "another mapping reads the same property from the same topic")]);
}

#[test]
fn a_class_has_no_more_properties_than_mappings_can_name() {
    let properties: String = (0..=65_000).map(|at| format!("\"p{at}\": (),\n")).collect();
    let found = errors(&class(&format!("properties: {{\n{properties}}}")));
    assert_eq!(found, ["65004:1 a class has no more than 65000 properties"]);
}

#[test]
fn a_parent_that_is_unknown_is_reported_at_each_row_and_once_for_its_copies() {
    let rows = "(name: \"hall\"), (name: \"P-{n}\", count: 2000, parent: \"hal\"),\n(name: \"Q\", parent: \"hal\"),\n(name: \"R-{n}\", count: 2, parent: \"row-{n}\")";
    let found = errors(&format!("Twin(schema: 2, name: \"x\", assets: [\n{rows}])"));
    let line =
        |place: &str, name: &str, near: &str| format!("{place} unknown asset `{name}`{near}");
    let expected = [
        line("2:54", "hal", " [hall]"),
        line("3:21", "hal", " [hall]"),
        line("4:35", "row-1", ""),
        line("4:35", "row-2", ""),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_presence_covers_what_it_names_and_all_below_each_once_and_in_order() {
    let twin = good(
        "Twin(schema: 2, name: \"x\", assets: [(name: \"a\"), (name: \"b\", parent: \"a\"), (name: \"c\"), (name: \"d\", parent: \"b\")],
        presence: [(topic: \"all\", assets: [\"*\"]), (topic: \"some\", assets: [\"b\", \"a\"]), (topic: \"one\", assets: [\"d\"])])",
    )
    .twin;
    let covered = |at: usize| -> Vec<&str> {
        twin.presence[at].assets.iter().map(|id| &*twin.asset(*id).name).collect()
    };
    assert_eq!(covered(0), ["a", "b", "c", "d"]);
    assert_eq!((covered(1), covered(2)), (vec!["a", "b", "d"], vec!["d"]));
}

#[test]
fn parts_of_the_same_names_find_their_own_machines_and_a_bare_name_lists_the_first_few() {
    let rows: String = (0..400)
        .map(|at| {
            format!(
                "(name: \"L-{at}\"), (name: \"motor\", parent: \"L-{at}\"), (name: \"bearing\", parent: \"L-{at}/motor\"),\n"
            )
        })
        .collect();
    let twin = good(&format!("Twin(schema: 2, name: \"x\", assets: [\n{rows}])")).twin;
    assert_eq!(twin.assets.len(), 1_200);
    let bearing = twin.asset_by_name["L-399/motor/bearing"];
    let above = twin.asset(bearing).parent.expect("a motor");
    assert_eq!(&*twin.asset(above).path, "L-399/motor");
    let more = "(name: \"shaft\", parent: \"motor\")";
    let wrong = errors(&format!("Twin(schema: 2, name: \"x\", assets: [\n{rows}{more}])"));
    assert!(wrong[0].ends_with("`L-4/motor` or one of 395 more"), "{wrong:?}");
}
