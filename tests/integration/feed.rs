//! Samples as plants send them, through the commands: late, odd, in other units, through a pipe.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::Stdio;

use serde_json::Value as Json;

use crate::programs::{folder, run, twinscope};
use crate::support::brain::Reference;

const REFERENCE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/prognostics/ukf_battery_circuit.csv");
const BATTERY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenes/machines/battery.ron");

fn fine(args: &[&str]) -> (String, String) {
    let (status, out, errors) = run(args);
    assert_eq!(status, 0, "{errors}");
    (out, errors)
}

/// The reference's measurements of a battery: time, current, temperature in kelvins, voltage.
fn measured() -> Vec<[f64; 4]> {
    let reference = Reference::read("ukf_battery_circuit");
    let columns = ["t", "u_i", "meas_t", "meas_v"].map(|name| reference.column(name));
    (0..columns[0].len()).map(|row| columns.map(|column| column[row])).collect()
}

/// A table of these, under a heading, as each row is written.
fn table(folder: &Path, headings: &str, row: impl Fn(usize, &[f64; 4]) -> String) -> String {
    let mut text = headings.to_owned();
    for (at, values) in measured().iter().take(200).enumerate() {
        write!(text, "\n{}", row(at, values)).expect("a text");
    }
    let path = folder.join("measured.csv");
    std::fs::write(&path, text + "\n").expect("written");
    path.to_str().expect("text").to_owned()
}

fn plain(values: &[f64; 4]) -> String {
    values.map(|value| value.to_string()).join(",")
}

fn last(text: &str) -> Json {
    text.lines().last().and_then(|line| serde_json::from_str(line).ok()).expect("JSON lines")
}

fn estimate(samples: &str, more: &[&str]) -> (String, String) {
    let args = ["estimate", BATTERY, "--samples", samples, "--json"];
    fine(&[&args[..], more].concat())
}

fn charge(text: &str) -> f64 {
    last(text)["estimates"]["qb"]["value"].as_f64().expect("a charge")
}

#[test]
fn a_column_in_degrees_celsius_is_converted_where_its_heading_says_so() {
    let folder = folder();
    let kelvin = table(folder.path(), "t,u_i,z_t,z_v", |_, row| plain(row));
    let (kelvin, _) = estimate(&kelvin, &[]);
    let celsius = |[t, i, kelvin, v]: &[f64; 4]| format!("{t},{i},{},{v}", kelvin - 273.15);
    let converted = table(folder.path(), "t [s],u_i,z_t [Cel],z_v [V]", |_, row| celsius(row));
    let (converted, _) = estimate(&converted, &[]);
    assert!((charge(&converted) - charge(&kelvin)).abs() < 1e-6);
    // Without its unit it is wondered at, and what to write is said.
    let bare = table(folder.path(), "t,u_i,z_t,z_v", |_, row| celsius(row));
    let (_, errors) = estimate(&bare, &[]);
    assert!(errors.contains("say so in its heading: `z_t [Cel]`"), "{errors}");
    let wrong = table(folder.path(), "t,u_i,z_t [bar],z_v", |_, row| plain(row));
    let (status, _, errors) = run(&["estimate", BATTERY, "--samples", &wrong]);
    assert_eq!(status, 1);
    assert!(errors.contains("measured.csv: line 1, column `z_t [bar]`"), "{errors}");
    assert!(errors.contains("cannot be converted to `K`"), "{errors}");
}

#[test]
fn rows_that_cannot_be_taken_are_left_out_and_told_unless_that_is_not_wished() {
    let folder = folder();
    let row = |at: usize, row: &[f64; 4]| match at {
        20 => plain(&[row[0], row[1], row[2], f64::NAN]),
        30 => format!("{},two,{},{}", row[0], row[2], row[3]),
        40 => plain(&[row[0], row[1], -5.0, row[3]]),
        50 => plain(&[row[0], row[1], row[2], 90.0]),
        199 => plain(&[1.7e15, row[1], row[2], row[3]]),
        _ => plain(row),
    };
    let samples = table(folder.path(), "t,u_i,z_t,z_v", row);
    let (out, errors) = estimate(&samples, &[]);
    assert_eq!(out.lines().count(), 199);
    for told in [
        "line 22, column `z_v`: `NaN`",
        "line 32, column `u_i`: `two` is no number",
        "1 of 199 values of `t` cannot be and are left out, first on line 42",
        "values of `v` are too far off to be taken, first on line 52",
        "line 201, column `t`: `1700000000000000` looks like microseconds",
    ] {
        assert!(errors.contains(told), "{told}: {errors}");
    }
    let (status, _, errors) = run(&["estimate", BATTERY, "--samples", &samples, "--strict"]);
    assert_eq!(status, 1);
    assert!(errors.contains("line 32, column `u_i`: `two` is no number"), "{errors}");
}

#[test]
fn there_is_no_forecast_from_a_filter_that_has_lost_its_machine() {
    let folder = folder();
    // From the hundredth row on the voltmeter is somewhere else.
    let row = |at: usize, row: &[f64; 4]| match at {
        100.. => plain(&[row[0], row[1], row[2], 1.0 + 0.5 * (at % 2) as f64]),
        _ => plain(row),
    };
    let samples = table(folder.path(), "t,u_i,z_t,z_v", row);
    let forecast = ["forecast", BATTERY, "--samples", &samples, "--members", "8"];
    let (status, _, errors) = run(&forecast);
    assert_eq!(status, 1);
    assert!(errors.contains("no forecast: the filter no longer goes with its machine"), "{errors}");
    let (out, errors) = estimate(&samples, &[]);
    assert!(errors.contains("`v` most of all"), "{errors}");
    assert!(last(&out)["lost"].is_string());
    let sound = table(folder.path(), "t,u_i,z_t,z_v", |_, row| plain(row));
    let (out, _) = estimate(&sound, &[]);
    assert!(last(&out)["lost"].is_null());
}

#[test]
fn rows_of_a_pipe_are_answered_as_they_come() {
    let mut child = twinscope()
        .args(["estimate", BATTERY, "--samples", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    let mut answers = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let rows = measured();
    writeln!(pipe, "t,u_i,z_t,z_v\n{}\n{}", plain(&rows[0]), plain(&rows[1])).expect("a reader");
    let mut next = || answers.next().expect("a line").expect("text");
    assert!(next().starts_with("t,u_i,mean_tb"));
    let time = |line: String| line.split(',').next().map(|cell| cell.parse::<f64>().ok());
    for (at, row) in rows.iter().enumerate().take(5) {
        if at > 1 {
            writeln!(pipe, "{}", plain(row)).expect("a reader");
        }
        // This would wait for ever, were it not written before the next row comes.
        assert_eq!(time(next()), Some(Some(row[0])));
    }
    drop(pipe);
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn a_pipe_comes_to_the_same_estimate_as_a_file() {
    let folder = folder();
    let samples = table(folder.path(), "t,u_i,z_t,z_v", |_, row| plain(row));
    let (of_file, _) = fine(&["estimate", BATTERY, "--samples", &samples]);
    let piped = twinscope()
        .args(["estimate", BATTERY, "--samples", "-"])
        .stdin(std::fs::File::open(&samples).expect("written"))
        .output()
        .expect("the program starts");
    assert_eq!(String::from_utf8(piped.stdout).expect("text"), of_file);
}

#[test]
fn calibrated_parameters_are_written_for_the_other_commands() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name).to_str().expect("text").to_owned();
    let (params, table) = (path("found.ron"), path("found.csv"));
    let course = REFERENCE.replace("ukf_battery_circuit", "battery_circuit_euler");
    let off = "(Rs: 0.07)";
    let args = ["calibrate", BATTERY, "--samples", &course, "--fit", "Rs", "--params", off];
    fine(&[&args[..], &["--params-out", &params, "--out", &table]].concat());
    let text = std::fs::read_to_string(&table).expect("written");
    let row = text.lines().nth(1).expect("a row");
    let value: f64 = row.split(',').nth(1).and_then(|cell| cell.parse().ok()).expect("a value");
    assert!(row.starts_with("Rs,") && (value / 0.0538926 - 1.0).abs() < 1e-9, "{text}");
    let simulate = |params: &str| {
        fine(&["simulate", "battery_circuit", "--until", "60", "--params", params]).0
    };
    let last = |text: String| text.lines().last().map(str::to_owned);
    assert_eq!(last(simulate(&params)), last(simulate(&format!("(Rs: {value})"))));
}

#[test]
fn a_calibration_does_not_depend_on_when_its_table_begins() {
    let folder = folder();
    let course = REFERENCE.replace("ukf_battery_circuit", "battery_circuit_euler");
    let text = std::fs::read_to_string(&course).expect("the reference");
    let mut later = String::new();
    for (at, line) in text.lines().enumerate() {
        let (t, rest) = line.split_once(',').expect("cells");
        match at {
            0 => later += line,
            _ => {
                let t: f64 = t.parse().expect("a time");
                write!(later, "\n{},{rest}", t + 36_000.0).expect("a text");
            }
        }
    }
    let path = folder.path().join("later.csv");
    std::fs::write(&path, later).expect("written");
    let of = |samples: &str| -> f64 {
        let args = ["calibrate", BATTERY, "--samples", samples, "--fit", "Rs", "--json"];
        let found: Json = serde_json::from_str(&fine(&args).0).expect("JSON");
        found["values"][0]["value"].as_f64().expect("a value")
    };
    assert!((of(path.to_str().expect("text")) / of(&course) - 1.0).abs() < 1e-9);
}

#[test]
fn rows_that_were_not_tested_are_not_called_usual() {
    let folder = folder();
    let write = |name: &str, from: usize, load: fn(f64) -> f64| {
        let row = |at: usize| {
            let (t, wiggle) = (at as f64, |k: f64| ((at as f64 * k).sin() * 43_758.547).fract());
            let load = load(t);
            let (flow, heat) = (10.0 + load, 50.0 + 4.0 * load);
            let (flow, heat) = (flow + 0.02 * wiggle(12.9898), heat + 0.05 * wiggle(78.233));
            format!("{},{load},{flow},{heat}\n", 60.0 * t)
        };
        let rows: String = (from..from + 1_500).map(row).collect();
        let path = folder.path().join(name);
        std::fs::write(&path, format!("t,load,flow,heat\n{rows}")).expect("written");
        path.to_str().expect("text").to_owned()
    };
    let healthy = write("healthy.csv", 0, |t| (t / 40.0).sin() + 0.5 * (t / 170.0).cos());
    let beyond = write("beyond.csv", 1_500, |t| 9.0 + (t / 40.0).sin() + 0.5 * (t / 170.0).cos());
    let detect = |more: &[&str]| {
        let args = ["detect", "--healthy", &healthy, "--samples", &beyond, "--conditions", "load"];
        fine(&[&args[..], more].concat()).0
    };
    let words = detect(&[]);
    assert!(words.contains("none of 1500 rows could be tested"), "{words}");
    assert!(words.contains("this operating mode was not learned"), "{words}");
    let json: Json = serde_json::from_str(&detect(&["--json"])).expect("JSON");
    assert_eq!(json["tested"], 0);
    assert!(json["paused"]["unknown mode"]["rows"].as_u64().is_some_and(|rows| rows > 1_400));
    // Time that goes back is told with its line.
    let text = std::fs::read_to_string(&healthy).expect("written");
    std::fs::write(&healthy, text.replacen("\n120,", "\n30,", 1)).expect("written");
    let (status, _, errors) = run(&["detect", "--healthy", &healthy, "--samples", &beyond]);
    assert_eq!(status, 1);
    assert!(
        errors.contains("healthy.csv: line 4: the time 30 s does not come after 60 s"),
        "{errors}"
    );
}
