//! Where setpoints are written.

use super::*;
use crate::twin::{AssetId, PropertyId};

fn wish(fields: &str) -> String {
    class(&format!(
        "properties: {{\"wish\": ({fields})}},\nmappings: [Scalar(topic: \"{{asset}}/is/wish\", property: \"wish\")]"
    ))
}

#[test]
fn a_setpoint_says_where_it_is_written() {
    let text = wish(r#"kind: setpoint, write: "{twin}/{path}/set/{property}""#);
    let twin = good(&text).twin;
    let property = twin.property(PropertyId(0));
    let write = property.write.as_ref().expect("it is written");
    assert_eq!(
        write.topic.topic(&twin, AssetId(0), &property.name).as_deref(),
        Some("x/a/set/wish")
    );
    assert_eq!((&write.value, &write.answer, write.qos), (&None, &None, 1));
    let text = wish(
        r#"kind: setpoint, write: (topic: "{asset}/cmd", value: "/value", answer: "{asset}/answer", qos: 2)"#,
    );
    let twin = good(&text).twin;
    let write = twin.property(PropertyId(0)).write.clone().expect("it is written");
    assert_eq!((write.value.as_deref(), write.qos), (Some("/value"), 2));
    let answer = write.answer.as_ref().and_then(|answer| answer.topic(&twin, AssetId(0), "wish"));
    assert_eq!(answer.as_deref(), Some("a/answer"));
}

#[test]
fn what_cannot_be_written_is_refused_with_what_to_write_instead() {
    for (fields, said, way_out) in [
        (r#"write: "{asset}/cmd""#, "`wish` is no setpoint", "kind: setpoint"),
        (r#"kind: setpoint, write: "{asset}/+/cmd""#, "has a wildcard", "without `+` and `#`"),
        (r#"kind: setpoint, type: pose, write: "{asset}/cmd""#, "cannot be written", "a number"),
    ] {
        let all = load(&wish(fields)).expect_err("it is wrong").to_string();
        assert!(all.contains(said) && all.contains(way_out), "{fields}: {all}");
    }
    let words = errors(&wish(r#"kind: setpoint, write: "{aset}/cmd""#));
    assert!(words.len() == 1 && words[0].contains("aset"), "{words:?}");
}

#[test]
fn a_topic_that_is_read_as_well_or_is_another_asset_s_is_warned_of() {
    let said = |fields: &str| {
        let text =
            wish(fields).replace("(name: \"a\",", "(name: \"b\", class: \"P\"), (name: \"a\",");
        let loaded = good(&text);
        loaded.diagnostics.iter().map(|one| one.message.clone()).collect::<Vec<_>>()
    };
    let read = said(r#"kind: setpoint, write: "{asset}/is/{property}""#);
    assert!(
        read.len() == 1 && read[0].contains("what is wished would be shown as what is"),
        "{read:?}"
    );
    let shared = said(r#"kind: setpoint, write: "all/cmd""#);
    assert!(shared.len() == 1 && shared[0].contains("each would set both"), "{shared:?}");
    assert!(said(r#"kind: setpoint, write: "{asset}/cmd""#).is_empty());
}
