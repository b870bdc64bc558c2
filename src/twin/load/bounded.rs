//! Tests: files of strangers take bounded time and memory, and show nothing of other files.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::super::Diagnostics;
use super::{Loaded, Resolver, load_text};

/// One text for every file; no model exists.
struct Every(&'static str);

impl Resolver for Every {
    fn read(&self, _path: &Path) -> Result<String, String> {
        Ok(self.0.to_owned())
    }
    fn exists(&self, _path: &Path) -> bool {
        false
    }
}

fn load(text: &str, other: &'static str) -> Result<Loaded, Diagnostics> {
    load_text(Path::new("scenes/x.ron"), text, &Every(other))
}

const BEHAVIOUR: &str = "(model: \"battery_circuit\")";
const PUMP: &str = r#"classes: {"Pump": (
    properties: {"speed": (unit: "{rev}/min"), "flow": (unit: "m3/h"), "on": (type: boolean)},
    mappings: [Json(topic: "plant/{asset}", values: {"speed": "/s", "flow": "/f", "on": "/o"})])},"#;

/// A twin with these asset entries, and more fields before them.
fn twin(schema: u32, more: &str, separator: &str, assets: impl Iterator<Item = String>) -> String {
    let assets: Vec<_> = assets.collect();
    let assets = assets.join(separator);
    format!("Twin(schema: {schema}, name: \"t\", {more} assets: [{assets}])")
}

/// So many items of a list.
fn list(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect::<Vec<_>>().join(",\n")
}

/// Twins of `n` parts, of each kind by which loading once took the square of it or might.
fn kinds(n: usize) -> Vec<(&'static str, String)> {
    let pumps = |fields: &'static str| {
        let one = move |i| {
            format!("(name: \"P-{i}\", class: \"Pump\", {fields})").replace('#', &format!("{i}"))
        };
        twin(2, PUMP, ",\n", (0..n).map(one))
    };
    let with = |more: String| {
        twin(
            2,
            &format!("{PUMP} {more}"),
            ",\n",
            (0..n).map(|i| format!("(name: \"P-{i}\", class: \"Pump\")")),
        )
    };
    let one_of = |class: String| {
        twin(
            2,
            &format!("classes: {{\"C\": ({class})}},"),
            ",",
            ["(name: \"c\", class: \"C\")".to_owned()].into_iter(),
        )
    };
    let in_a_line = pumps("titel: \"x\", model: \"m#.glb\"").replace('\n', " ");
    let older = |i| {
        format!(
            "(name: \"P-{i}\", class: \"Pump\", position: ({i}, 0, 0), properties: {{\"flow\": (every: \"5s\")}})"
        )
    };
    let tree = |i| {
        format!(
            "(name: \"S{i}\"), (name: \"B\", parent: \"S{i}\"), (name: \"A\", parent: \"S{i}/B\"), (name: \"C\", parent: \"S{i}/B/A\")"
        )
    };
    let unknown = |i| {
        format!(
            "(name: \"B\", parent: \"S{i}\"), (name: \"A\", parent: \"S{i}/B\"), (name: \"C\", parent: \"T{i}/B/A\")"
        )
    };
    let namesakes = |i| {
        format!(
            "(name: \"S{i}\"), (name: \"P\", parent: \"S{i}\"), (name: \"B{i}\", parent: \"P\"), (name: \"A\", parent: \"P/B{i}\")"
        )
    };
    vec![
        ("missing models", pumps("model: \"m#.glb\"")),
        ("an older schema", twin(1, PUMP, ",\n", (0..n).map(older))),
        ("misspelt fields", pumps("titel: \"x\", placed: (0, 0, 0), tit#: \"x\"")),
        ("mistakes in one line", in_a_line),
        (
            "unknown classes",
            twin(2, PUMP, ",\n", (0..n).map(|i| format!("(name: \"P-{i}\", class: \"Pump{i}\")"))),
        ),
        (
            "one name",
            twin(2, PUMP, ",\n", (0..n).map(|_| "(name: \"P\", class: \"Pump\")".to_owned())),
        ),
        ("parts of the same names", twin(2, PUMP, ",\n", (0..n / 4).map(tree))),
        (
            "parts of the same names and unknown parents",
            twin(2, PUMP, ",\n", (0..n / 3).map(unknown)),
        ),
        (
            "parts of one that has many namesakes",
            twin(2, PUMP, ",\n", (0..n / 4).map(namesakes).chain(["(name: \"P\")".to_owned()])),
        ),
        (
            "own bindings",
            pumps(
                "bindings: [Spin(node: \"r\", by: \"speed\", axis: y), Label(text: \"{asset} {flow}\")]",
            ),
        ),
        (
            "wrong own bindings",
            pumps("bindings: [Spin(node: \"r\", by: \"sped\", axis: y), Label(text: \"{aset}\")]"),
        ),
        ("own mappings", pumps("mappings: [Scalar(topic: \"x/{asset}/+\", property: \"flow\")]")),
        ("own behaviours", pumps("behaviour: \"b.ron\"")),
        (
            "unknown words",
            pumps("mappings: [Scalar(topic: \"x/{word#}/{asset}\", property: \"flow\")]"),
        ),
        (
            "unknown assets of a presence",
            with(format!(
                "presence: [{}],",
                list(n, |i| format!("(topic: \"s/{i}\", assets: [\"Q-{i}\"])"))
            )),
        ),
        (
            "viewpoints",
            with(format!(
                "viewpoints: [{}],",
                list(n, |i| format!("(name: \"v{i}\", eye: (1, 2, 3), target: (0, 0, 0))"))
            )),
        ),
        (
            "an enumeration",
            one_of(format!(
                "properties: {{\"e\": (type: enumeration([{}]))}}",
                list(n, |i| format!("\"n{i}\""))
            )),
        ),
        (
            "turning parts",
            one_of(format!(
                "properties: {{{}}}, bindings: [{}]",
                list(n, |i| format!("\"p{i}\": (unit: \"Hz\")")),
                list(n, |i| format!("Spin(node: \"n{i}\", by: \"p{i}\", axis: y)"))
            )),
        ),
        (
            "codes",
            one_of(format!(
                "properties: {{\"e\": (type: enumeration([\"a\"]))}}, mappings: [Scalar(topic: \"t\", property: \"e\", names: {{{}}})]",
                list(n, |i| format!("{i}: \"a\""))
            )),
        ),
        (
            "a chain of parents",
            twin(
                2,
                PUMP,
                ",\n",
                (0..n).map(|i| format!("(name: \"C{i}\", parent: \"C{}\")", i + 1)),
            ),
        ),
        ("open brackets", "(".repeat(10 * n)),
        ("open texts", format!("(\"{}", "\n\\\"".repeat(10 * n))),
        ("open texts over lines", format!("(\"{}", "\\\n\\\"".repeat(10 * n))),
    ]
}

#[test]
fn loading_takes_a_time_in_proportion_to_what_is_loaded() {
    let time = |text: &str| {
        let once = || {
            let since = Instant::now();
            let _ = load(text, BEHAVIOUR);
            since.elapsed()
        };
        once().min(once())
    };
    let mut wrong = Vec::new();
    for ((name, small), (_, large)) in kinds(5_000).into_iter().zip(kinds(20_000)) {
        let (small, large) = (time(&small), time(&large));
        // In proportion it is 4 times, by the square 16 times.
        if large > small * 9 + Duration::from_millis(200) || large > Duration::from_secs(8) {
            wrong.push(format!("{name}: {small:?} and {large:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_a_few_words_multiply_is_counted_before_it_is_made() {
    let properties = |count| list(count, |i| format!("\"p{i}\": (unit: \"m\")"));
    let rows = |count, fields: &str| {
        let row = |i| format!("(name: \"a{i}-{{n}}\", count: 100000, {fields})");
        (0..count).map(row).collect::<Vec<_>>().into_iter()
    };
    let wide = format!("classes: {{\"C\": (properties: {{{}}})}},", properties(1_000));
    let long = "x".repeat(100_000);
    let derived = list(5_000, |i| format!("\"D{i}\": (extends: \"C\")"));
    let presences = list(1_000, |i| format!("(topic: \"s/{i}\", assets: [\"*\"])"));
    for (text, reason) in [
        (twin(2, "", ",", rows(1_000, "")), "no more than 500000 assets"),
        (twin(2, &wide, ",", rows(2, "class: \"C\"")), "more than 5000000 properties"),
        (
            twin(
                2,
                &format!("classes: {{\"C\": (properties: {{{}}}), {derived}}},", properties(1_000)),
                ",",
                rows(1, ""),
            ),
            "take over more than 300000 properties",
        ),
        (twin(2, "", ",", rows(1, &format!("title: \"{long}\""))), "more than 256 MiB"),
        (twin(2, "", ",", rows(1, &format!("vars: {{\"v\": \"{long}\"}}"))), "more than 256 MiB"),
        (
            twin(
                2,
                "",
                ",",
                rows(1, "parent: \"top\"")
                    .chain([format!("(name: \"top\", vars: {{\"v\": \"{long}\"}})")]),
            ),
            "more than 256 MiB",
        ),
        (
            twin(2, &format!("presence: [{presences}],"), ",", rows(1, "")),
            "more than 5000000 assets together",
        ),
        (
            format!(
                "Twin(schema: 2, name: \"t\", include: [{}], assets: [])",
                list(5_000, |i| format!("\"i{i}.ron\""))
            ),
            "no more than 1000 files",
        ),
    ] {
        let since = Instant::now();
        let errors = load(&text, "Classes({})").expect_err(reason).to_string();
        assert!(errors.contains(reason), "{reason}: {:.300}", errors);
        assert!(since.elapsed() < Duration::from_secs(8), "{reason}: {:?}", since.elapsed());
    }
}

#[test]
fn the_longest_messages_are_cut_and_the_most_of_them_left_out() {
    let long = "x".repeat(1 << 20);
    let errors = load(
        &format!(
            "Twin(schema: 2, name: \"t\", {long}: 1, assets: [{}])",
            list(150_000, |_| "5".into())
        ),
        "",
    );
    let errors = errors.expect_err("all is wrong");
    assert_eq!(errors.0.len(), 100_001);
    assert!(errors.iter().any(|error| error.message.contains("the others are left out")));
    let of = |error: &super::super::Diagnostic| {
        error.message.len() + error.text.len() + error.source_line.len()
    };
    assert!(errors.iter().map(of).max() < Some(4_000));
}

#[test]
fn messages_about_included_files_are_cut_too() {
    let long = "x".repeat(1 << 20);
    let text = format!("Twin(schema: 2, name: \"t\", include: [\"{long}\"], assets: [])");
    let errors = load(&text, "something else").expect_err("it is no file of classes");
    assert!(errors.to_string().len() < 4_000 && errors.0[0].message.len() < 2_100);
}

#[test]
fn a_place_far_in_a_long_line_is_shown_with_what_stands_around_it() {
    let text = format!(
        "Twin(schema: 2, name: \"t\", description: \"{}\", titel: \"ü\")",
        "ü".repeat(100_000)
    );
    let errors = load(&text, "").expect_err("a field is wrong");
    assert_eq!((errors.0[0].line, errors.0[0].column), (1, 100_045));
    let shown = errors.to_string();
    let lines: Vec<&str> = shown.lines().collect();
    let caret = lines[3].chars().position(|c| c == '^').expect("a caret");
    assert_eq!(lines[2].chars().skip(caret).take(5).collect::<String>(), "titel", "{shown}");
    assert!(lines[2].chars().count() < 250, "{shown}");
}

#[test]
fn nothing_of_a_file_that_is_no_part_of_a_twin_is_shown() {
    for secret in [
        "(password: \"hunter2\")",
        "(hunter2)",
        "( \"hunter2\", 5 )",
        "((hunter2: 5",
        "hunter2",
        "{\"p\": \"hunter2\"}",
        "[hunter2",
        "// a note\n/* more */ (key: hunter2)",
        "Secret(key: \"hunter2\")",
        "root:hunter2:0:0\n",
        "-----BEGIN hunter2-----",
        "\"hunter2\"",
        "schema = 2\nkey = hunter2",
    ] {
        let including = "Twin(schema: 2, name: \"t\", include: [\"../other\"], assets: [])";
        let behaving =
            "Twin(schema: 2, name: \"t\", assets: [(name: \"a\", behaviour: \"../other\")])";
        for text in [including, behaving, secret] {
            let errors = load(text, secret).expect_err(secret).to_string();
            assert!(!errors.contains("hunter2"), "{errors}");
            assert!(text == secret || errors.contains("../other"), "it is named: {errors}");
        }
    }
}

#[test]
fn a_text_of_more_pieces_than_any_twin_is_refused() {
    let since = Instant::now();
    let text = format!("Twin(schema: 2, name: \"t\", assets: [{}])", "[],".repeat(4_000_000));
    let errors = load(&text, "").expect_err("it is too large").to_string();
    assert!(errors.contains("more names, numbers and marks"), "{errors:.300}");
    assert!(since.elapsed() < Duration::from_secs(8), "{:?}", since.elapsed());
}

#[test]
fn many_included_files_are_read_once_each() {
    let path = |name: &str| PathBuf::from(name);
    let text = "Twin(schema: 2, name: \"t\", include: [\"a.ron\", \"./a.ron\", \"b/../a.ron\"], assets: [])";
    let loaded = load(text, "Classes({})").expect("it loads");
    assert_eq!(loaded.twin.files, [path("scenes/x.ron"), path("scenes/a.ron")]);
}

#[test]
fn many_faults_of_one_line_are_not_all_shown_with_it() {
    for text in
        ["(".repeat(200_000), ")".repeat(200_000), "a = [".repeat(50_000), "@".repeat(200_000)]
    {
        let errors = load(&text, "").expect_err("it is no twin");
        let shown = errors.to_string();
        assert!(shown.len() < 8_000, "{} bytes: {shown:.500}", shown.len());
    }
    let assets = "(name: @),\n".repeat(50);
    let text = format!("Twin(schema: 2, name: \"t\", assets: [\n{assets}])");
    let lines = load(&text, "").expect_err("it is no twin");
    assert!(lines.0.len() >= 50, "each line has its own: {}", lines.0.len());
}
