//! The command `monitor`, on pumps whose sensors are noisy and one of whose sensors drifts.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::brain::{columns, pump_sensors};
use crate::programs::{fine, folder, run};

const PUMP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenes/machines/feed_pump.ron");
/// Place of the thermometer of the thrust bearing among the sensors.
const THRUST_BEARING: usize = 2;
const ONSET_S: f64 = 10.0 * 3600.0;

/// What the sensors of a pump tell in thirty hours, a row a minute; one thermometer may drift from
/// the onset on, by so many kelvins an hour.
fn measured(folder: &Path, name: &str, seed: u64, kelvins_an_hour: f64) -> PathBuf {
    let simulate = ["simulate", "centrifugal_pump", "--until", "108000", "--every", "60"];
    let course = fine(&simulate);
    let times_s = &columns(&course)["t"];
    let noise = [0.2, 4e-4, 0.6, 0.6, 0.5];
    // Sums of twelve even numbers are nearly normal.
    let mut state = seed;
    let mut even = move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let text = pump_sensors(&course, |row, at| {
        let normal = (0..12).map(|_| even()).sum::<f64>() - 6.0;
        let since_h = ((times_s[row] - ONSET_S) / 3600.0).max(0.0);
        let off = if at == THRUST_BEARING { kelvins_an_hour * since_h } else { 0.0 };
        noise[at] * normal + off
    });
    let path = folder.join(name);
    std::fs::write(&path, text).expect("written");
    path
}

#[test]
fn a_thermometer_that_drifts_is_noticed_after_it_begins_to_and_named() {
    let folder = folder();
    let table = |name, seed, drift| {
        measured(folder.path(), name, seed, drift).to_str().expect("a path").to_owned()
    };
    let healthy = [table("a.csv", 1, 0.0), table("b.csv", 2, 0.0)];
    let (well, ill) = (table("c.csv", 3, 0.0), table("d.csv", 4, 0.5));
    let monitor = ["monitor", PUMP, "--healthy", &healthy[0], "--healthy", &healthy[1]];
    let of = |samples: &str| {
        let args = [&monitor[..], &["--samples", samples, "--json"]].concat();
        serde_json::from_str::<Json>(&fine(&args)).expect("JSON")
    };
    let (well, ill) = (of(&well), of(&ill));
    assert_eq!(well["alarm"], Json::Null, "{well}");
    let alarm = &ill["alarm"];
    let time = |name: &str| alarm[name].as_f64().expect("a time");
    assert_eq!((&alarm["output"], &alarm["change"]), (&"Tt".into(), &"Higher".into()));
    assert!(time("time_s") > ONSET_S && time("time_s") < ONSET_S + 8.0 * 3600.0, "{alarm}");
    assert!((time("since_s") - ONSET_S).abs() < 4.0 * 3600.0, "{alarm}");
    let first = &ill["ranking"][0];
    assert_eq!(first["fault"], "thermometer of the thrust bearing drifts", "{ill}");
}

#[test]
fn too_little_healthy_history_is_said_with_what_to_do() {
    let folder = folder();
    let path = measured(folder.path(), "a.csv", 1, 0.0);
    let path = path.to_str().expect("a path");
    let args = ["monitor", PUMP, "--healthy", path, "--samples", path, "--block", "3h"];
    let (status, _, errors) = run(&args);
    assert_eq!(status, 1, "{errors}");
    assert!(errors.contains("20 are the fewest") && errors.contains("--block"), "{errors}");
}
