//! `twinscope watch` as a program, against mosquitto and publishers that are not ours.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value as Json, json};
use twinscope::twin::Timestamp;

use crate::programs::{Mosquitto, free_port, tools, twinscope};

const TWIN: &str = r#"Twin(
    schema: 2,
    name: "foreign",
    classes: {
        "Meter": (
            properties: {
                "pressure": (unit: "bar", display_unit: "kPa"),
                "flow": (unit: "m3/h"),
                "temperature": (unit: "Cel"),
                "state": (type: enumeration(["stopped", "running"])),
                "note": (type: text),
                "vibration": (unit: "mm/s"),
                "energy": (unit: "kW.h"),
                "silent": (unit: "V"),
            },
            mappings: [
                Scalar(topic: "hall/{asset}/pressure", property: "pressure"),
                Json(
                    topic: "hall/{asset}/process",
                    time: "/at",
                    quality: "/status/quality",
                    values: {
                        "flow": (pointer: "/flow/value", unit: "L/h"),
                        "temperature": "/temperatures/1",
                        "state": (pointer: "/status/code", names: {0: "stopped", 1: "running"}),
                        "note": "/status/a~1b",
                    },
                ),
                Json(
                    topic: "hall/{asset}/vibration",
                    samples: "/samples",
                    time: (pointer: "/t", format: epoch_us),
                    quality: "/q",
                    values: {"vibration": "/v"},
                ),
                Json(
                    topic: "hall/{asset}/energy",
                    samples: "",
                    time: (pointer: "/ts", format: epoch_ms),
                    values: {"energy": "/values/energy"},
                ),
            ],
        ),
    },
    assets: [(name: "M-1", class: "Meter")],
)
"#;

fn watch(twin: &Path, broker: &str, more: &[&str]) -> Output {
    twinscope()
        .arg("watch")
        .arg(twin)
        .args(["--broker", broker])
        .args(more)
        .output()
        .expect("the program starts")
}

/// Runs a publisher with that payload as its standard input.
fn publish(command: &mut Command, payload: &str) {
    let mut child = command.stdin(Stdio::piped()).spawn().expect("the publisher is installed");
    child.stdin.take().unwrap().write_all(payload.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "{command:?}");
}

fn mosquitto_pub(broker: &Mosquitto, topic: &str, payload: &str) {
    let port = broker.port.to_string();
    let mut command = Command::new("mosquitto_pub");
    publish(command.args(["-r", "-q", "1", "-p", &port, "-t", topic, "-s"]), payload);
}

fn paho(broker: &Mosquitto, topic: &str, payload: &str) {
    let mut command = Command::new(tools().join("python/bin/python"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/publish.py");
    publish(command.arg(script).args([&broker.port.to_string(), topic]), payload);
}

fn mqtt_js(broker: &Mosquitto, topic: &str, payload: &str) {
    let mut command = Command::new("node");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/publish.mjs");
    command.arg(script).args([&broker.url(), topic]).env("TWINSCOPE_TEST_TOOLS", tools());
    publish(&mut command, payload);
}

/// What `watch --json` says of a property.
fn state<'a>(lines: &'a [Json], property: &str) -> &'a Json {
    let path = format!("M-1.{property}");
    lines.iter().find(|line| line["property"] == path).unwrap_or_else(|| panic!("no {path}"))
}

#[test]
fn watch_shows_what_foreign_publishers_sent_exactly_with_unit_time_and_quality() {
    let broker = Mosquitto::start();
    let folder = tempfile::tempdir().unwrap();
    let twin = folder.path().join("foreign.ron");
    std::fs::write(&twin, TWIN).unwrap();
    mosquitto_pub(&broker, "hall/M-1/pressure", "0.30000000000000004");
    let process = r#"{"at": "2026-03-01T13:00:00.25+01:00",
        "flow": {"unit": "L/h", "value": 2500}, "temperatures": [1, -40.125, 3],
        "status": {"code": 1, "quality": "uncertain", "a/b": "Größe \"µ\" \u00e9"}}"#;
    mosquitto_pub(&broker, "hall/M-1/process", process);
    let vibration = r#"{"samples": [
        {"t": 1772366400000001, "v": 1.5, "q": "good"},
        {"t": 1772366400000002, "v": 5e-324, "q": "bad"}]}"#;
    paho(&broker, "hall/M-1/vibration", vibration);
    let energy = r#"[{"ts": 1772366400000, "values": {"energy": 1}},
        {"ts": 1772366400123, "values": {"energy": 1.7976931348623157e308}}]"#;
    mqtt_js(&broker, "hall/M-1/energy", energy);

    let before = Timestamp::now().to_string();
    let output = watch(&twin, &broker.url(), &["--for", "2s", "--json"]);
    let after = Timestamp::now().to_string();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    let lines: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();

    let pressure = state(&lines, "pressure");
    assert!(text.contains("0.30000000000000004"), "{text}");
    assert_eq!(pressure["value"], json!(0.1 + 0.2));
    assert_eq!((&pressure["unit"], &pressure["quality"]), (&json!("bar"), &json!("stale")));
    let arrived = pressure["time"].as_str().unwrap();
    assert!(before.as_str() <= arrived && arrived <= after.as_str(), "{arrived}");
    let expected = [
        ("flow", json!(2.5), json!("m3/h"), "2026-03-01T12:00:00.250000Z", "uncertain"),
        ("temperature", json!(-40.125), json!("Cel"), "2026-03-01T12:00:00.250000Z", "uncertain"),
        ("state", json!("running"), Json::Null, "2026-03-01T12:00:00.250000Z", "uncertain"),
        ("note", json!("Größe \"µ\" é"), Json::Null, "2026-03-01T12:00:00.250000Z", "uncertain"),
        ("vibration", json!(5e-324), json!("mm/s"), "2026-03-01T12:00:00.000002Z", "bad"),
        ("energy", json!(f64::MAX), json!("kW.h"), "2026-03-01T12:00:00.123000Z", "good"),
    ];
    for (property, value, unit, time, quality) in expected {
        let line = json!({"property": format!("M-1.{property}"),
            "value": value, "unit": unit, "time": time, "quality": quality});
        assert_eq!(state(&lines, property), &line);
    }
    let silent = json!({"property": "M-1.silent", "value": null, "unit": "V",
        "time": null, "quality": null});
    assert_eq!(state(&lines, "silent"), &silent);
    let counters = &lines.last().unwrap()["counters"];
    let counted = ["messages", "samples", "applied", "malformed", "unmapped", "dropped"]
        .map(|name| counters[name].as_u64());
    assert_eq!(counted, [4, 9, 9, 0, 0, 0].map(Some), "{counters}");
}

#[test]
fn the_exit_status_tells_a_wrong_input_from_an_absent_broker() {
    let nobody = format!("mqtt://127.0.0.1:{}", free_port());
    let folder = tempfile::tempdir().unwrap();
    let twin = folder.path().join("foreign.ron");
    let errors = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();

    let absent = watch(&twin, &nobody, &[]);
    assert_eq!(absent.status.code(), Some(1), "{}", errors(&absent));
    assert!(errors(&absent).contains("foreign.ron"), "{}", errors(&absent));

    std::fs::write(&twin, TWIN.replace("class: \"Meter\"", "class: \"Metre\"")).unwrap();
    let wrong = watch(&twin, &nobody, &[]);
    assert_eq!(wrong.status.code(), Some(1), "{}", errors(&wrong));
    let line = 1 + TWIN.lines().position(|line| line.contains("assets:")).unwrap();
    assert!(errors(&wrong).contains(&format!("foreign.ron:{line}:")), "{}", errors(&wrong));
    assert!(errors(&wrong).contains("Meter"), "the nearest name: {}", errors(&wrong));

    std::fs::write(&twin, TWIN).unwrap();
    let no_url = watch(&twin, "http://127.0.0.1", &[]);
    assert_eq!(no_url.status.code(), Some(1), "{}", errors(&no_url));
    let no_broker = watch(&twin, &nobody, &[]);
    assert_eq!(no_broker.status.code(), Some(2), "{}", errors(&no_broker));
    assert!(errors(&no_broker).contains(&nobody), "{}", errors(&no_broker));
    assert!(no_broker.stdout.is_empty());
}
