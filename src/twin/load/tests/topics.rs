//! What is refused of topics and pointers, what is warned of, and what to write instead.

use super::*;

/// A twin of pumps `a` and `b`, with this in their class.
fn two(inside: &str) -> String {
    twin(
        &format!("\"P\": ({SPEED}\n{inside})"),
        "(name: \"a\", class: \"P\"), (name: \"b\", class: \"P\")",
    )
}

fn twin(classes: &str, assets: &str) -> String {
    format!("Twin(schema: 2, name: \"x\", classes: {{{classes}}},\nassets: [{assets}])")
}

/// The warnings of a file that loads.
fn warnings(text: &str) -> Vec<String> {
    let line =
        |d: &super::super::super::Diagnostic| format!("{}:{} {}", d.line, d.column, d.message);
    let found = good(text).diagnostics;
    found.iter().filter(|d| d.severity == Severity::Warning).map(line).collect()
}

/// That there is one error, at that line, which says both.
#[track_caller]
fn refused(text: &str, line: usize, says: &str, way_out: &str) {
    let all = load(text).expect_err("this file is wrong");
    let found: Vec<_> = all.iter().filter(|d| d.severity == Severity::Error).collect();
    let expected = found[0].expected.as_deref().unwrap_or_default();
    assert!(found.len() == 1 && found[0].line == line, "{all}");
    assert!(found[0].message.contains(says) && expected.contains(way_out), "{all}");
}

#[test]
fn a_topic_that_is_the_same_for_two_assets_is_refused_with_each_way_out() {
    let inside = "mappings: [Json(topic: \"all\", values: {\"speed\": \"/speed\"})]";
    for way_out in ["`{asset}`", "\"/{asset}/speed\"", "where: {"] {
        refused(&two(inside), 2, "the same for `a` and `b`", way_out);
    }
    let scalar = "mappings: [Scalar(topic: \"all\", property: \"speed\")]";
    refused(&two(scalar), 2, "the same for `a` and `b`", "`{asset}`");
    let wild = "mappings: [Json(topic: \"all/+\", values: {\"speed\": \"/speed\"})]";
    refused(&two(wild), 2, "the same for `a` and `b`", "`{asset}`");
    // One value by the asset's name does not tell whose the other is.
    let half = "mappings: [Json(topic: \"all\", values: {\"speed\": \"/{asset}/speed\", \"state\": \"/state\"})]";
    refused(&two(half), 2, "the same for `a` and `b`", "`{asset}`");
}

#[test]
fn each_way_out_of_a_shared_topic_is_taken() {
    for inside in [
        "mappings: [Json(topic: \"all/{asset}\", values: {\"speed\": \"/speed\"})]",
        "mappings: [Json(topic: \"all\", values: {\"speed\": \"/{asset}/speed\"})]",
        "mappings: [Json(topic: \"all\", values: {\"speed\": \"/[name={asset}]/speed\"})]",
        "mappings: [Json(topic: \"all\", where: {\"/device\": \"{asset}\"}, values: {\"speed\": \"/speed\"})]",
        "mappings: [Json(topic: \"all\", samples: \"/{asset}\", values: {\"speed\": \"/speed\"})]",
    ] {
        let of_topics = |warning: &String| !warning.contains("no mapping fills");
        assert!(!warnings(&two(inside)).iter().any(of_topics), "{inside}");
    }
}

#[test]
fn two_assets_whose_own_mappings_read_the_same_place_are_warned_of() {
    let own = |name: &str, pointer: &str| {
        format!(
            "(name: \"{name}\", class: \"P\", mappings: [Json(topic: \"all\", values: {{\"speed\": \"{pointer}\"}})])"
        )
    };
    let text = |one: &str, other: &str| {
        twin(
            "\"P\": (properties: {\"speed\": (unit: \"{rev}/min\")})",
            &format!("{},\n{}", own("a", one), own("b", other)),
        )
    };
    let found = warnings(&text("/speed", "/speed"));
    assert!(found.len() == 1 && found[0].starts_with("3:"), "{found:#?}");
    assert!(found[0].contains("`speed` of `b`") && found[0].contains("of `a`"), "{found:#?}");
    assert_eq!(warnings(&text("/a/speed", "/b/speed")), Vec::<String>::new());
}

#[test]
fn a_property_level_in_the_topic_of_a_document_is_refused() {
    let inside = "mappings: [Json(topic: \"p/{asset}/{property}\", values: {\"speed\": \"/v\"})]";
    refused(&two(inside), 2, "`{property}` in the topic of a Json mapping", "Scalar(topic:");
}

#[test]
fn a_shared_subscription_is_refused_with_the_topic_that_messages_have() {
    let inside = "mappings: [Scalar(topic: \"$share/group/p/{asset}\", property: \"speed\")]";
    refused(&two(inside), 2, "shared subscription", "\"p/{asset}\"");
    let inside = "mappings: [Scalar(topic: \"$queue/p/{asset}\", property: \"speed\")]";
    refused(&two(inside), 2, "shared subscription", "\"p/{asset}\"");
    let presence =
        "Twin(schema: 2, name: \"x\", presence: [(topic: \"$share/g/online\", assets: [\"*\"])])";
    refused(presence, 1, "shared subscription", "\"online\"");
}

#[test]
fn a_topic_that_catches_those_of_another_class_is_warned_of() {
    let text = |topic: &str, other: &str| {
        let class = |name: &str, topic: &str| {
            format!(
                "\"{name}\": (properties: {{\"speed\": (unit: \"1\")}},\nmappings: [Json(topic: \"{topic}\", values: {{\"speed\": \"/v\"}})])"
            )
        };
        let classes = format!("{}, {}", class("P", topic), class("Q", other));
        twin(&classes, "(name: \"a\", class: \"P\"), (name: \"b\", class: \"Q\")")
    };
    for (topic, other, is_caught) in [
        ("plant/+/telemetry", "plant/{asset}/telemetry", true),
        ("plant/#", "plant/{asset}/state", true),
        ("plant/+/telemetry", "plant/fan/#", true),
        ("plant/+/telemetry", "plant/{asset}/state", false),
        ("plant/{asset}/#", "plant/{asset}/telemetry", false),
    ] {
        let found = warnings(&text(topic, other));
        let is_said = found
            .iter()
            .any(|warning| warning.contains("also catches") && warning.contains("class `Q`"));
        assert_eq!(is_said, is_caught, "{topic} {other}: {found:#?}");
    }
}

#[test]
fn what_no_mapping_fills_and_limits_that_cannot_be_are_said() {
    let with = |properties: &str| {
        let class = format!(
            "\"P\": (\nproperties: {{\n{properties}\n}},\nmappings: [Scalar(topic: \"p/{{asset}}\", property: \"speed\")])"
        );
        twin(&class, "(name: \"a\", class: \"P\")")
    };
    let found = warnings(&with(
        "\"speed\": (unit: \"1\"), \"flow\": (unit: \"m3/h\"), \"wear\": (kind: estimate)",
    ));
    assert_eq!(found, ["3:24 no mapping fills `flow`: it will stay unknown"]);
    let found = warnings(&with("\"speed\": (unit: \"1\", range: (0, 10), high_alarm: 12)"));
    assert_eq!(found, ["3:51 `high_alarm` (12) is outside the range (0, 10)"]);
    let found = errors(&with("\"speed\": (type: boolean, high_alarm: 1)"));
    assert_eq!(found, ["3:39 `speed` is no number, and only a number has limits"]);
}

#[test]
fn a_zone_is_a_fixed_offset_and_belongs_to_times_that_are_written() {
    let with = |time: &str| {
        two(&format!(
            "mappings: [Json(topic: \"{{asset}}\", time: {time}, values: {{\"speed\": \"/v\"}})]"
        ))
    };
    for zone in ["UTC", "Z", "+01:00", "-09:30"] {
        good(&with(&format!("(pointer: \"/t\", zone: \"{zone}\")")));
    }
    for zone in ["Europe/Berlin", "CET", "1", "+1:00", "+25:00", ""] {
        refused(
            &with(&format!("(pointer: \"/t\", zone: \"{zone}\")")),
            2,
            "fixed offset",
            "+01:00",
        );
    }
    refused(
        &with("(pointer: \"/t\", format: epoch_s, zone: \"UTC\")"),
        2,
        "only a time in `iso8601` has a zone",
        "",
    );
}
