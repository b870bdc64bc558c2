//! The commands about models, as a script uses them, beside the trajectories of an independent
//! implementation.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::programs::{fine, folder, run};
use crate::support::brain::Reference;

const REFERENCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/prognostics");
const MACHINES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenes/machines");

fn json(args: &[&str]) -> Json {
    serde_json::from_str(&fine(args)).expect("JSON")
}

/// A table by its columns.
pub fn columns(text: &str) -> HashMap<String, Vec<f64>> {
    Reference::parse(text).columns
}

/// Compares all columns of `names` within 1e-9, or 1e-12 of a column's range.
fn compare(ours: &str, reference: &str, is_compared: impl Fn(&str) -> bool) -> usize {
    let ours = columns(ours);
    let theirs = Reference::parse(&std::fs::read_to_string(reference).expect("the reference"));
    let mut compared = 0;
    for name in theirs.columns.keys().filter(|name| is_compared(name)) {
        assert_eq!(ours[name].len(), theirs.column(name).len(), "{name}");
        ours[name].iter().enumerate().for_each(|(row, ours)| theirs.compare(name, row, *ours));
        compared += 1;
    }
    compared
}

/// A table of what the sensors of a pump tell of a simulated course, from its second row on. The error
/// of a sensor is `error(row, sensor)`; the sensors are of speed, flow and three temperatures.
pub fn pump_sensors(course: &str, mut error: impl FnMut(usize, usize) -> f64) -> String {
    let columns = columns(course);
    let inputs = ["Tamb", "V", "pdisch", "psuc", "wsync"].map(|name| format!("u_{name}"));
    let outputs = ["w", "Qout", "Tt", "Tr", "To"].map(|name| format!("z_{name}"));
    let mut text = format!("t,{},{}", inputs.join(","), outputs.join(","));
    for row in 1..columns["t"].len() {
        text += &format!("\n{}", columns["t"][row]);
        inputs.iter().for_each(|name| text += &format!(",{}", columns[name][row]));
        for (at, name) in outputs.iter().enumerate() {
            text += &format!(",{}", columns[name][row] + error(row, at));
        }
    }
    text
}

/// A pump whose radial bearing wears, as sensors would tell of it; noise in a fixed pattern.
fn worn_pump(folder: &Path) -> PathBuf {
    let course = fine(&[
        "simulate",
        "centrifugal_pump",
        "--initial",
        "(wRadial: 6e-11)",
        "--until",
        "36000",
        "--every",
        "60",
    ]);
    let noise = [0.2, 4e-4, 0.3, 0.3, 0.3];
    let swing = |row: usize, at: usize| (row as f64 * (1.7 + at as f64)).sin() * noise[at] * 1.4;
    let text = pump_sensors(&course, swing);
    let path = folder.join("measured.csv");
    std::fs::write(&path, text).expect("written");
    path
}

#[test]
fn simulated_courses_are_those_of_the_reference() {
    let inputs = format!("{REFERENCE}/battery_circuit_euler.csv");
    let battery =
        fine(&["simulate", "battery_circuit", "--inputs", &inputs, "--dt", "1", "--every", "10"]);
    assert_eq!(compare(&battery, &inputs, |_| true), 10);
    let reference = format!("{REFERENCE}/pump_default_const.csv");
    let pump =
        fine(&["simulate", "centrifugal_pump", "--until", "5000", "--dt", "1", "--every", "10"]);
    assert_eq!(compare(&pump, &reference, |_| true), 31);
}

#[test]
fn estimates_are_those_of_the_reference() {
    let folder = folder();
    let machine = folder.path().join("battery.ron");
    let text = r#"(
        model: "battery_circuit", noise: {"t": 0.5, "v": 0.02},
        spread: (alpha: 1, beta: 0, kappa: -1), gate: 1000,
        estimate: {
            "tb": (mean: 293, deviation: 1, drift: 0.01),
            "qb": (mean: 7700, deviation: 100, drift: 0.31622776601683794),
            "qcp": (deviation: 0.1, drift: 0.03162277660168379),
            "qcs": (deviation: 0.1, drift: 0.03162277660168379),
        },
    )"#;
    std::fs::write(&machine, text).expect("written");
    let samples = format!("{REFERENCE}/ukf_battery_circuit.csv");
    let machine = machine.to_str().expect("text");
    let out = fine(&["estimate", machine, "--samples", &samples]);
    let mean = |name: &str| name.starts_with("mean_") || name.starts_with("P_qb");
    assert_eq!(compare(&out, &samples, mean), 8);
    let last: Json = fine(&["estimate", machine, "--samples", &samples, "--json"])
        .lines()
        .last()
        .and_then(|line| serde_json::from_str(line).ok())
        .expect("JSON lines");
    assert_eq!(last["t"], 600.0);
}

#[test]
fn calibration_finds_the_known_parameters_and_names_what_it_cannot_find() {
    let machine = format!("{MACHINES}/battery.ron");
    let samples = format!("{REFERENCE}/battery_circuit_euler.csv");
    let found = |fit: &str| {
        let off = "(Rs: 0.07, Cb1: 2000)";
        let args = ["--samples", &samples, "--fit", fit, "--params", off, "--json"];
        json(&[&["calibrate", machine.as_str()], &args[..]].concat())
    };
    let both = found("Rs,Cb1");
    let value = |at: usize| both["values"][at]["value"].as_f64().expect("a number");
    assert!((value(0) / 0.0538926 - 1.0).abs() < 1e-9, "{both}");
    assert!((value(1) / 2079.9 - 1.0).abs() < 1e-9, "{both}");
    let (status, _, errors) =
        run(&["calibrate", &machine, "--samples", &samples, "--fit", "Rs,Rss"]);
    assert_eq!(status, 1);
    assert!(errors.contains("did you mean `Rs`?"), "{errors}");
}

#[test]
fn the_fault_that_a_pump_has_is_ranked_first_and_its_end_is_forecast() {
    let folder = folder();
    let samples = worn_pump(folder.path());
    let samples = samples.to_str().expect("text");
    let machine = format!("{MACHINES}/feed_pump.ron");
    let told = json(&["diagnose", &machine, "--samples", samples, "--since", "7200", "--json"]);
    assert_eq!(told["ranking"][0]["fault"], "radial bearing wears", "{told}");
    assert!(told["ranking"][0]["probability"].as_f64().expect("a number") > 0.9);
    let forecast = |more: &[&str]| {
        let args = ["forecast", &machine, "--samples", samples, "--horizon", "60h", "--json"];
        json(&[&args[..], &["--members", "64"], more].concat())
    };
    let worn = forecast(&["--fault", "radial bearing wears"]);
    let event = &worn["events"]["RadialBearingOverheat"];
    assert!(event["probability"].as_f64().expect("a number") > 0.9, "{event}");
    let quantiles = event["quantiles"].as_array().expect("a list");
    let times: Vec<f64> = quantiles.iter().filter_map(|q| q["time_s"].as_f64()).collect();
    assert!(times.len() > 8 && times.is_sorted(), "{times:?}");
    // The machine itself, without noise.
    let truth = fine(&[
        "simulate",
        "centrifugal_pump",
        "--initial",
        "(wRadial: 6e-11)",
        "--until",
        "RadialBearingOverheat",
        "--every",
        "3600",
    ]);
    let end_s = *columns(&truth)["t"].last().expect("a row");
    let (early, late) = (times[0], *times.last().expect("a time"));
    assert!(early < end_s && end_s < late, "{early} {end_s} {late}");
}

#[test]
fn models_are_described_for_people_and_for_scripts() {
    let all = json(&["models", "--json"]);
    assert!(all.as_array().is_some_and(|all| all.len() >= 10), "{all}");
    let pump = json(&["models", "centrifugal_pump", "--json"]);
    assert_eq!(pump["states"][5]["name"], "A");
    assert_eq!(pump["events"].as_array().map(Vec::len), Some(4));
    let text = fine(&["models", "centrifugal_pump"]);
    assert!(text.contains("Source") && text.contains("wear rate of the impeller"), "{text}");
}

#[test]
fn what_is_wrong_with_an_input_is_told_with_its_place() {
    let folder = folder();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.to_str().expect("text").to_owned()
    };
    let odd = file("odd.csv", "t,u_i\n0,2\n1,two\n");
    let machine = file("odd.ron", "(\n  model: \"battery_circuit\",\n  noise: {\"V\": 0.02},\n)");
    let battery = format!("{MACHINES}/battery.ron");
    let course = folder.path().join("course.csv");
    let course = course.to_str().expect("text");
    let member: &[&str] = &["forecast", "battery_circuit", "--out", course, "--member", "EOL:10"];
    let cases: [(&[&str], &str); 10] = [
        (&["simulate", "batery"], "there are battery_circuit"),
        (&["simulate", "battery_circuit", "--inputs", &odd], "line 3, column `u_i`: `two`"),
        (&["simulate", "battery_circuit", "--params", "(Rz: 1)"], "--params:1:2: error"),
        (&["simulate", "battery_circuit", "--until", "EOL"], "EOD"),
        (&["simulate", "dc_motor"], "it would never end"),
        (&["estimate", &machine, "--samples", &odd], "odd.ron:3:11: error: unknown output `V`"),
        (&["forecast", &machine, "--fault", "rust"], "there is no fault `rust`"),
        (&["forecast", "battery_circuit", "--members", "1000000000"], "100000 members at most"),
        (
            &["estimate", &battery, "--samples", &odd, "--particles", "1000000000"],
            "--particles 1000000000: 100000 is the most",
        ),
        (member, "`battery_circuit` has no event `EOL`: there are EOD"),
    ];
    for (args, wanted) in cases {
        let (status, out, errors) = run(args);
        assert_eq!((status, out.as_str()), (1, ""), "{args:?}: {errors}");
        assert!(errors.contains(wanted), "{args:?}: {errors}");
    }
}

#[test]
fn machines_that_a_twin_wires_run_as_one_and_no_water_is_lost_between_them() {
    let twin = concat!(env!("CARGO_MANIFEST_DIR"), "/scenes/transfer.ron");
    let course = fine(&["simulate", twin, "--until", "3600", "--solver", "rk4", "--every", "600"]);
    let columns = columns(&course);
    let last = |name: &str| *columns[name].last().expect("rows");
    let gained = |name: &str| last(name) - columns[name][0];
    // A pond of 600 m² gives a reservoir of 400 m² what it loses, but for what flows in and out.
    let flow = |name: &str| columns[name][0] * 3600.0;
    let outside = flow("u_TK-1.q_in") - flow("u_TK-2.q_out");
    let off = 600.0 * gained("x_TK-1.h") + 400.0 * gained("x_TK-2.h") - outside;
    assert!(gained("x_TK-2.h") > 0.5 && off.abs() < 1e-6, "{off}");
    // The suction falls with the pond, so the flow does.
    assert!(last("z_P-1.Qout") < columns["z_P-1.Qout"][1]);
    assert!(!course.contains("u_P-1.psuc"), "a wired input is no input");
}

#[test]
fn a_table_tells_a_wired_machine_s_input_by_the_property_that_measures_it() {
    let twin = concat!(env!("CARGO_MANIFEST_DIR"), "/scenes/transfer.ron");
    let folder = folder();
    let inputs = folder.path().join("inputs.csv");
    std::fs::write(&inputs, "t,station/P-1.command\n60,3600\n120,3000\n").expect("a file");
    let inputs = inputs.to_str().expect("UTF-8");
    let options = ["--inputs", inputs, "--until", "120"];
    let course = columns(&fine(&[&["simulate", twin], &options[..]].concat()));
    let synchronous = &course["u_P-1.wsync"];
    let revolution = 2.0 * std::f64::consts::PI / 60.0;
    assert!((synchronous[30] - 3600.0 * revolution).abs() < 1e-9, "{}", synchronous[30]);
    assert!((synchronous[119] - 3000.0 * revolution).abs() < 1e-9, "{}", synchronous[119]);
}

/// What the worn pump's sensors told, with some rows late.
fn shuffled(folder: &Path, path: &Path) -> PathBuf {
    let text = std::fs::read_to_string(path).expect("written");
    let (headings, rows) = text.split_once('\n').expect("rows");
    let mut rows: Vec<&str> = rows.lines().collect();
    // The first row stays: a filter begins there.
    rows[1..].chunks_mut(4).for_each(|four| four.reverse());
    let path = folder.join("late.csv");
    std::fs::write(&path, format!("{headings}\n{}\n", rows.join("\n"))).expect("written");
    path
}

fn last_row(text: &str) -> HashMap<String, f64> {
    columns(text).into_iter().map(|(name, column)| (name, column[column.len() - 1])).collect()
}

#[test]
fn rows_that_come_late_are_taken_when_allowed_and_come_to_the_same_estimate() {
    let folder = folder();
    let (samples, pump) = (worn_pump(folder.path()), format!("{MACHINES}/feed_pump.ron"));
    let late = shuffled(folder.path(), &samples);
    let of = |path: &Path, more: &[&str]| {
        let path = path.to_str().expect("a path");
        let args = [&["estimate", &pump, "--samples", path], more].concat();
        fine(&args)
    };
    let (ordered, late_text) = (of(&samples, &[]), of(&late, &["--late", "10min"]));
    let (ordered, late_row) = (last_row(&ordered), last_row(&late_text));
    for name in ["mean_Tr", "mean_rRadial", "P_Tr_Tr"] {
        assert_eq!(ordered[name], late_row[name], "{name}");
    }
    let late = late.to_str().expect("a path");
    let (status, _, errors) = run(&["estimate", &pump, "--samples", late]);
    assert_eq!(status, 1);
    assert!(errors.contains("does not come after"), "{errors}");
}

#[test]
fn a_new_part_makes_new_what_is_believed_of_it() {
    let folder = folder();
    let (samples, pump) = (worn_pump(folder.path()), format!("{MACHINES}/feed_pump.ron"));
    let samples = samples.to_str().expect("a path");
    let log = folder.path().join("maintenance.csv");
    let estimate = |log: &str| {
        let path = folder.path().join("maintenance.csv");
        std::fs::write(&path, log).expect("written");
        run(&[
            "estimate",
            &pump,
            "--samples",
            samples,
            "--maintenance",
            path.to_str().expect("a path"),
        ])
    };
    let worn = last_row(&fine(&["estimate", &pump, "--samples", samples]));
    let (status, text, errors) = estimate("t,part,who\n35990,radial bearing,Eva\n");
    assert_eq!(status, 0, "{errors}");
    let fresh = last_row(&text);
    // As the machine's file states: 1.8e-6 ± 5e-8; one sample after it tells little.
    assert!(worn["mean_rRadial"] > 1.95e-6, "{}", worn["mean_rRadial"]);
    assert!((fresh["mean_rRadial"] - 1.8e-6).abs() < 1e-7, "{}", fresh["mean_rRadial"]);
    let deviation = fresh["P_rRadial_rRadial"].sqrt();
    assert!((deviation / 5e-8 - 1.0).abs() < 0.2, "{deviation}");
    let (status, _, errors) = estimate("t,part\n100,radial baering\n");
    assert_eq!(status, 1);
    assert!(
        errors.contains("line 2") && errors.contains("did you mean `radial bearing`"),
        "{errors}"
    );
    assert!(errors.contains(log.to_str().expect("a path")), "{errors}");
}

#[test]
fn particles_find_the_charge_of_the_reference() {
    let (battery, samples) =
        (format!("{MACHINES}/battery.ron"), format!("{REFERENCE}/ukf_battery_circuit.csv"));
    let of = |filter: &str| {
        let text = fine(&["estimate", &battery, "--samples", &samples, "--filter", filter]);
        last_row(&text)
    };
    let (sigma, particles) = (of("unscented"), of("particles"));
    let deviation = sigma["P_qb_qb"].sqrt();
    assert!((sigma["mean_qb"] - particles["mean_qb"]).abs() < deviation, "{deviation}");
    assert!((particles["P_qb_qb"].sqrt() / deviation - 1.0).abs() < 0.4, "{deviation}");
}

#[test]
fn forecasts_are_kept_scored_when_their_time_has_come_and_teach_the_next_ones() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name).to_str().expect("a path").to_owned();
    let (kept, came, learnt) = (path("kept.jsonl"), path("came.csv"), path("correction.json"));
    let mut truths = "machine,event,t\n".to_owned();
    // Ten batteries of which each ends a tenth sooner than the model says.
    for at in 0..10 {
        let charge = 6_000 + 150 * at;
        let initial = format!("(qb: {charge})");
        let name = format!("B{at}");
        let done = json(&[
            "forecast",
            "battery_circuit",
            "--initial",
            &initial,
            "--horizon",
            "3h",
            "--members",
            "1",
            "--as",
            &name,
            "--keep",
            &kept,
            "--json",
        ]);
        let end_s = done["events"]["EOD"]["mean_s"].as_f64().expect("it ends");
        truths += &format!("{name},EOD,{}\n", 0.9 * end_s);
    }
    std::fs::write(&came, truths).expect("written");
    let scores = json(&["score", "--kept", &kept, "--came", &came, "--learn", &learnt, "--json"]);
    let scores = scores["scores"].as_array().expect("scores");
    assert_eq!(scores.len(), 10);
    for each in scores {
        let score = &each["score"];
        let accuracy = score["cumulative_relative_accuracy"].as_f64().expect("a median");
        assert!((accuracy - (1.0 - 0.1 / 0.9)).abs() < 1e-3, "{score}");
        assert_eq!(score["alpha_lambda"], true);
    }
    let text = fine(&["score", "--kept", &kept, "--came", &came, "--alpha", "0.05"]);
    assert!(text.contains("holds for 0 of 10"), "{text}");
    let next = |more: &[&str]| {
        let args = ["forecast", "battery_circuit", "--members", "1", "--horizon", "3h", "--json"];
        json(&[&args, more].concat())["events"]["EOD"]["mean_s"].as_f64().expect("it ends")
    };
    let (plain, corrected) = (next(&[]), next(&["--correction", &learnt]));
    assert!((corrected / plain - 0.9).abs() < 0.01, "{corrected} {plain}");
}

#[test]
fn a_report_is_one_page_with_a_plot_for_each_course_and_no_markup_of_strangers() {
    let folder = folder();
    let page = folder.path().join("report.html");
    fine(&[
        "forecast",
        "battery_circuit",
        "--horizon",
        "3h",
        "--members",
        "50",
        "--as",
        "<b>B & 1</b>",
        "--html",
        page.to_str().expect("a path"),
    ]);
    let page = std::fs::read_to_string(page).expect("written");
    assert!(page.starts_with("<!DOCTYPE html>"));
    assert!(page.contains("&lt;b&gt;B &amp; 1&lt;/b&gt;") && !page.contains("<b>B"));
    // The event, two outputs and the event's state.
    assert_eq!(page.matches("<svg").count(), 4);
    assert!(!page.contains("NaN"));
    assert!(!page.contains("<script") && !page.contains("src="));
}

#[test]
fn the_quick_forecast_tells_what_the_ensemble_does() {
    let of = |method: &str| {
        let machine = format!("{MACHINES}/battery.ron");
        let done = json(&[
            "forecast",
            &machine,
            "--horizon",
            "3h",
            "--members",
            "400",
            "--method",
            method,
            "--json",
        ]);
        let times = [0.05, 0.5, 0.95].map(|p| quantile_s(&done["events"]["EOD"], p));
        (done["members"].as_u64().expect("a count"), times)
    };
    let ((many, slow), (few, quick)) = (of("ensemble"), of("unscented"));
    assert!(few < 20 && many == 400, "{few}");
    for (quick, slow) in quick.iter().zip(slow) {
        assert!((quick / slow - 1.0).abs() < 0.02, "{quick} {slow}");
    }
}

/// When an event has happened with a probability, in seconds.
fn quantile_s(event: &Json, probability: f64) -> f64 {
    let quantiles = event["quantiles"].as_array().expect("a list");
    let found = quantiles.iter().find(|each| each["probability"] == probability);
    found.and_then(|each| each["time_s"].as_f64()).expect("it is so probable")
}

#[test]
fn the_member_at_a_percentile_is_written_whole_as_a_course() {
    let folder = folder();
    let (battery, out) = (format!("{MACHINES}/battery.ron"), folder.path().join("course.csv"));
    let out = out.to_str().expect("a path");
    let of = |member: &str| {
        let args = ["forecast", &battery, "--horizon", "3h", "--members", "51", "--json"];
        let done = json(&[&args[..], &["--member", member, "--out", out]].concat());
        (done, columns(&std::fs::read_to_string(out).expect("written")))
    };
    let (done, course) = of("EOD:10");
    let (time_s, end_s) =
        (quantile_s(&done["events"]["EOD"], 0.1), *course["t"].last().expect("rows"));
    assert!((0.0..=1.0).contains(&(end_s - time_s)), "{end_s} {time_s}");
    assert_eq!(course["tm_EOD"].last(), Some(&1.0));
    assert_eq!(course["tm_EOD"].iter().sum::<f64>(), 1.0);
    let simulated =
        columns(&fine(&["simulate", "battery_circuit", "--until", "60", "--every", "60"]));
    let names = |columns: &HashMap<String, Vec<f64>>| {
        let mut names: Vec<String> = columns.keys().cloned().collect();
        names.sort();
        names
    };
    assert_eq!(names(&course), names(&simulated));
    // A member that the forecast keeps is the same course, to the bit.
    let kept = &done["kept"];
    let medoid = &kept["members"][kept["medoid"].as_u64().expect("a place") as usize];
    let (_, course) = of(&medoid["number"].to_string());
    let volts = kept["variables"].as_array().expect("names").iter().position(|name| name == "v");
    for (at, row) in medoid["course"].as_array().expect("rows").iter().enumerate() {
        let Some(told) = row[volts.expect("an output")].as_f64() else { break };
        assert_eq!(course["z_v"][at], told, "instant {at}");
    }
}

#[test]
fn without_samples_members_begin_as_uncertain_as_the_file_says() {
    let folder = folder();
    let machine = folder.path().join("battery.ron");
    let text = r#"(model: "battery_circuit", estimate: {"qb": (mean: 7000, deviation: 350)})"#;
    std::fs::write(&machine, text).expect("written");
    let machine = machine.to_str().expect("a path");
    let done = json(&["forecast", machine, "--horizon", "3h", "--members", "400", "--json"]);
    // The time to the end is about in proportion to the charge.
    let at = |probability| quantile_s(&done["events"]["EOD"], probability);
    let spread = (at(0.95) - at(0.05)) / at(0.5) / (2.0 * 1.645);
    assert!((0.03..0.08).contains(&spread), "{spread}");
}

#[test]
fn the_inputs_of_the_latest_time_are_held_though_a_late_row_stands_after_it() {
    let folder = folder();
    let reference = std::fs::read_to_string(format!("{REFERENCE}/ukf_battery_circuit.csv"));
    let reference = reference.expect("the reference");
    let mut rows: Vec<String> = reference.lines().map(str::to_owned).collect();
    let at = rows[0].split(',').position(|name| name == "u_i").expect("an input");
    // The load doubles in the last sample.
    let last = rows.pop().expect("rows");
    let mut cells: Vec<&str> = last.split(',').collect();
    cells[at] = "4";
    rows.push(cells.join(","));
    let write = |name: &str, rows: &[String]| {
        let path = folder.path().join(name);
        std::fs::write(&path, rows.join("\n") + "\n").expect("written");
        path.to_str().expect("a path").to_owned()
    };
    let ordered = write("ordered.csv", &rows);
    let count = rows.len();
    rows.swap(count - 1, count - 2);
    let late = write("late.csv", &rows);
    let machine = format!("{MACHINES}/battery.ron");
    let of = |samples: &str| {
        let args = ["forecast", &machine, "--samples", samples, "--late", "10min"];
        let done = json(&[&args[..], &["--horizon", "3h", "--members", "20", "--json"]].concat());
        done["events"]["EOD"].clone()
    };
    assert_eq!(of(&ordered), of(&late));
}

#[test]
fn a_correction_in_use_is_scored_as_said_and_learnt_from_what_the_model_says() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name).to_str().expect("a path").to_owned();
    let (came, learnt) = (path("came.csv"), path("correction.json"));
    let mut truths = "machine,event,t\n".to_owned();
    let keep = |kept: &str, more: &[&str], truths: &mut String| {
        truths.truncate("machine,event,t\n".len());
        for at in 0..10 {
            let (name, initial) = (format!("B{at}"), format!("(qb: {})", 6_000 + 150 * at));
            let args = ["forecast", "battery_circuit", "--initial", &initial, "--horizon", "3h"];
            let own = ["--members", "1", "--as", &name, "--keep", kept, "--json"];
            let done = json(&[&args[..], &own, more].concat());
            let end_s = done["events"]["EOD"]["mean_s"].as_f64().expect("it ends");
            *truths += &format!("{name},EOD,{}\n", 0.9 * end_s);
        }
    };
    let factor = |kept: &str| {
        let told = json(&["score", "--kept", kept, "--came", &came, "--learn", &learnt, "--json"]);
        let text = std::fs::read_to_string(&learnt).expect("learnt");
        let learnt: Json = serde_json::from_str(&text).expect("JSON");
        let accuracy = told["scores"][0]["score"]["cumulative_relative_accuracy"].as_f64();
        (learnt["EOD"]["factor"].as_f64().expect("a number"), accuracy.expect("a median"))
    };
    let (plain, corrected) = (path("plain.jsonl"), path("corrected.jsonl"));
    keep(&plain, &[], &mut truths);
    std::fs::write(&came, &truths).expect("written");
    let (first, before) = factor(&plain);
    let mut unused = truths.clone();
    keep(&corrected, &["--correction", &learnt], &mut unused);
    let (second, after) = factor(&corrected);
    assert!((first - 0.9).abs() < 1e-3 && (second - first).abs() < 1e-9, "{first} {second}");
    assert!(before < 0.9 && after > 0.999, "what was said is scored: {before} {after}");
    let line = std::fs::read_to_string(&corrected).expect("kept");
    let line: Json = serde_json::from_str(line.lines().next().expect("a line")).expect("JSON");
    assert_eq!(
        (&line["model"], &line["seed"], &line["version"]),
        (&"battery_circuit".into(), &1.into(), &3.into())
    );
}

#[test]
fn a_sensor_that_drifts_is_detected_without_knowing_a_failure() {
    let folder = folder();
    let write = |name: &str, from: usize, drift: f64| {
        // Three channels that move together, by a load that comes and goes.
        let row = |at: usize| {
            let (t, wiggle) = (at as f64, |k: f64| ((at as f64 * k).sin() * 43_758.547).fract());
            let load = (t / 40.0).sin() + 0.5 * (t / 17.0).cos();
            let gone = drift * (at - from) as f64;
            format!(
                "{},{},{},{}\n",
                60.0 * t,
                10.0 + load + 0.02 * wiggle(12.9898),
                50.0 + 4.0 * load + 0.05 * wiggle(78.233) + gone,
                3.0 - load + 0.02 * wiggle(39.425)
            )
        };
        let rows: String = (from..from + 2_000).map(row).collect();
        let path = folder.path().join(name);
        std::fs::write(&path, format!("t,flow,heat,level\n{rows}")).expect("written");
        path.to_str().expect("a path").to_owned()
    };
    let healthy = write("healthy.csv", 0, 0.0);
    let detect =
        |samples: &str| json(&["detect", "--healthy", &healthy, "--samples", samples, "--json"]);
    let sound = detect(&write("sound.csv", 2_000, 0.0));
    let drifting = detect(&write("drifting.csv", 2_000, 0.002));
    let raised = |found: &serde_json::Value| found.to_string().matches("\"heat\"").count();
    assert!(raised(&drifting) > raised(&sound), "{drifting}");
}

#[test]
fn of_three_pumps_the_best_speeds_and_the_time_of_a_new_impeller_are_found() {
    let scenes = concat!(env!("CARGO_MANIFEST_DIR"), "/scenes");
    let (twin, goal) =
        (format!("{scenes}/three_pumps.ron"), format!("{scenes}/machines/three_pumps_goal.ron"));
    let folder = folder();
    // As in the example, but with fewer windows: a fortnight takes half a minute to simulate.
    let short = folder.path().join("goal.ron");
    let text = std::fs::read_to_string(&goal).expect("the example");
    std::fs::write(
        &short,
        text.replace("every: \"24h\", windows: 14", "every: \"2h\", windows: 2"),
    )
    .expect("written");
    let short = short.to_str().expect("a path");
    let options = ["--horizon", "10min", "--members", "8", "--json"];
    let found = json(&[&["optimise", &*twin, "--goal", short], &options[..]].concat());
    let optimum = &found["optimum"];
    let gain = &optimum["gain"];
    assert!(
        gain["mean"].as_f64().expect("a gain") > 5.0 * gain["error"].as_f64().expect("an error")
    );
    assert!(optimum["limits"][0]["margin_best"].as_f64().expect("a margin") > -1e-3);
    let speed = |pump: &str| optimum["settings"][pump]["best"].as_f64().expect("a speed");
    assert!(speed("P-3") < speed("P-1"), "what wears fast is spared: {optimum}");
    assert_eq!(optimum["alternatives"].as_array().expect("choices").len(), 8);
    assert_eq!(found["maintenance"]["parts"][2]["window"], Json::Null, "nothing fails within 4 h");
    let wrong = folder.path().join("wrong.ron");
    std::fs::write(&wrong, "(set: {\"P-1.speed\": (from: 1, to: 2)}, running: [\"{P-1.w}\"])")
        .expect("written");
    let (status, _, errors) = run(&["optimise", &twin, "--goal", wrong.to_str().expect("a path")]);
    assert_eq!(status, 1);
    assert!(
        errors.contains("wrong.ron:1:8") && errors.contains("unknown input `P-1.speed`"),
        "{errors}"
    );
}
