//! What is refused of topics and pointers, what is warned of, and what to write instead.

use super::*;

fn twin(classes: &str, assets: &str) -> String {
    format!("Twin(schema: 2, name: \"x\", classes: {{{classes}}},\nassets: [{assets}])")
}

/// `line:column message` of each warning.
fn warnings(text: &str) -> Vec<String> {
    let loaded = good(text);
    loaded.diagnostics.iter().map(|d| format!("{}:{} {}", d.line, d.column, d.message)).collect()
}

/// The same class, of which there are two assets.
fn two(inside: &str) -> String {
    class(inside).replace("(name: \"a\",", "(name: \"b\", class: \"P\"), (name: \"a\",")
}

/// With a speed and a state.
fn two_pumps(inside: &str) -> String {
    two(&format!("{SPEED}\n{inside}"))
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
fn topics_that_mix_up_properties_or_devices_are_refused_with_what_to_write_instead() {
    let mapping = |topic: &str, pointer: &str| {
        format!(
            "{SPEED}\nmappings: [Json(topic: \"{topic}\", values: {{\"speed\": \"{pointer}\"}})]"
        )
    };
    for (topic, said) in [
        (
            "m/{asset}/{property}",
            "4:24 `{property}` in the topic of a Json mapping names no property",
        ),
        ("$share/g/m/{asset}", "4:24 `$share/g/m/{asset}` is a shared subscription"),
        ("$queue/m/{asset}", "4:24 `$queue/m/{asset}` is a shared subscription"),
        ("m/all", "4:12 the topic `m/all` is the same for `b` and `a`"),
        ("m/+/all", "4:12 the topic `m/+/all` is the same for `b` and `a`"),
    ] {
        let found = errors(&two(&mapping(topic, "/v")));
        assert!(found.len() == 1 && found[0].starts_with(said), "{topic}: {found:?}");
        let why = load(&two(&mapping(topic, "/v"))).expect_err("it is wrong").to_string();
        assert!(why.contains("expected") || why.contains("help"), "{why}");
    }
    for (topic, pointer) in [("m/{asset}", "/v"), ("m/all", "/{asset}/v"), ("m/{path}/+", "/v")] {
        good(&two(&mapping(topic, pointer)));
    }
    good(&class(&mapping("m/+/all", "/v")));
    assert!(errors(&two(&mapping("m/all", "/{asst}/v")))[0].contains("placeholder"));
    refused(&two(&mapping("$share/g/m/{asset}", "/v")), 4, "shared", "\"m/{asset}\"");
    let presence =
        "Twin(schema: 2, name: \"x\", presence: [(topic: \"$share/g/online\", assets: [\"*\"])])";
    refused(presence, 1, "shared subscription", "\"online\"");
}

#[test]
fn pointers_are_filled_in_for_each_asset_and_escaped() {
    let inside = format!(
        "{SPEED}\nmappings: [Json(topic: \"m\", values: {{\"speed\": \"/{{tag}}/{{{{x}}}}/{{asset}}\"}})]"
    );
    let text = class(&inside).replace("class: \"P\")", "class: \"P\", vars: {\"tag\": \"u/~1\"})");
    let twin = good(&text).twin;
    let asset = twin.asset_by_name["a"];
    let payload = twin.classes[0].mappings[0].payload.filled(&twin, asset).into_owned();
    let Payload::Document { fields, .. } = payload else { panic!("a document") };
    assert_eq!(fields[0].pointer, "/u~1~01/{x}/a");
}

#[test]
fn what_is_not_filled_not_reached_or_caught_besides_is_warned_of() {
    let speed = "\"speed\": (range: (0, 100), high_alarm: 200), \"on\": (type: boolean)";
    let inside = |mapping: &str| format!("properties: {{{speed}}},\nmappings: [{mapping}]");
    let both = "Json(topic: \"m/{asset}\", values: {\"speed\": \"/v\", \"on\": \"/o\"})";
    let limit = "3:53 `high_alarm` (200) is outside the range (0, 100)";
    assert_eq!(warnings(&class(&inside(both))), [limit]);
    let one = "Scalar(topic: \"m/{asset}\", property: \"speed\")";
    let unfilled = "3:59 no mapping fills `on`: it will stay unknown";
    assert_eq!(warnings(&class(&inside(one))), [limit, unfilled]);
    assert_eq!(warnings(&class(&inside("Scalar(topic: \"m/{asset}/{property}\")"))), [limit]);
    let other =
        "\"Q\": (properties: {\"p\": ()}, mappings: [Scalar(topic: \"m/+\", property: \"p\")]),";
    let text = class(&inside(both)).replace("{\"P\"", &format!("{{{other}\"P\""));
    let text = text.replace("assets: [", "assets: [(name: \"q\", class: \"Q\"), ");
    let found = warnings(&text);
    assert!(found[0].ends_with("the topic `m/+` also catches `m/a` of the class `P`"), "{found:?}");
    let on_boolean = inside(both).replace("boolean)", "boolean, high_alarm: 1)");
    assert_eq!(
        errors(&class(&on_boolean)),
        [
            "3:93 `on` is no number, and only a number has limits; state `alarm_values` or `warning_values`"
        ]
    );
}

#[test]
fn a_topic_that_is_the_same_for_two_assets_is_refused_with_each_way_out() {
    let inside = "mappings: [Json(topic: \"all\", values: {\"speed\": \"/speed\"})]";
    for way_out in ["`{asset}`", "\"/{asset}/speed\"", "where: {"] {
        refused(&two_pumps(inside), 4, "the same for `b` and `a`", way_out);
    }
    let scalar = "mappings: [Scalar(topic: \"all\", property: \"speed\")]";
    refused(&two_pumps(scalar), 4, "the same for `b` and `a`", "`{asset}`");
    let wild = "mappings: [Json(topic: \"all/+\", values: {\"speed\": \"/speed\"})]";
    refused(&two_pumps(wild), 4, "the same for `b` and `a`", "`{asset}`");
    // One value by the asset's name does not tell whose the other is.
    let half = "mappings: [Json(topic: \"all\", values: {\"speed\": \"/{asset}/speed\", \"state\": \"/state\"})]";
    refused(&two_pumps(half), 4, "the same for `b` and `a`", "`{asset}`");
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
        assert!(!warnings(&two_pumps(inside)).iter().any(of_topics), "{inside}");
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
fn a_topic_that_catches_those_of_another_mapping_of_its_class_is_warned_of() {
    let scalar = |topic: &str, property: &str| {
        format!("Scalar(topic: \"{topic}\", property: \"{property}\")")
    };
    let json = |topic: &str, property: &str, pointer: &str| {
        format!("Json(topic: \"{topic}\", values: {{\"{property}\": \"{pointer}\"}})")
    };
    for (one, other, is_caught) in [
        (scalar("x/{asset}/#", "speed"), scalar("x/{asset}/t", "t"), true),
        (scalar("x/{asset}/t", "t"), scalar("x/{asset}/+", "speed"), true),
        (json("x/{asset}/+", "speed", "/v"), json("x/{asset}/t", "t", "/v"), true),
        (json("x/{asset}/+", "speed", "/v"), json("x/{asset}/t", "t", "/t"), false),
        (json("x/{asset}/+", "speed", "/v"), json("x/{asset}/+", "t", "/t"), false),
        (scalar("x/{asset}/+", "speed"), scalar("y/{asset}/t", "t"), false),
    ] {
        let class = format!(
            "\"P\": (properties: {{\"speed\": (unit: \"1\"), \"t\": (unit: \"1\")}},\nmappings: [{one}, {other}])"
        );
        let found = warnings(&twin(&class, "(name: \"a\", class: \"P\")"));
        let is_said = found.iter().any(|warning| warning.contains("of another mapping"));
        assert_eq!(is_said, is_caught, "{one} {other}: {found:#?}");
    }
}

#[test]
fn a_zone_is_a_fixed_offset_and_belongs_to_times_that_are_written() {
    let with = |time: &str| {
        two_pumps(&format!(
            "mappings: [Json(topic: \"{{asset}}\", time: {time}, values: {{\"speed\": \"/v\"}})]"
        ))
    };
    for zone in ["UTC", "Z", "+01:00", "-09:30"] {
        good(&with(&format!("(pointer: \"/t\", zone: \"{zone}\")")));
    }
    for zone in ["Europe/Berlin", "CET", "1", "+1:00", "+25:00", ""] {
        refused(
            &with(&format!("(pointer: \"/t\", zone: \"{zone}\")")),
            4,
            "fixed offset",
            "+01:00",
        );
    }
    refused(
        &with("(pointer: \"/t\", format: epoch_s, zone: \"UTC\")"),
        4,
        "only a time in `iso8601` has a zone",
        "",
    );
}
