//! Tables and recordings that people brought, with what is right for each: read, or told.

use std::sync::Arc;

use twinscope::history::State;
use twinscope::mirror::{Budget, Replay, replay};
use twinscope::telemetry::table::{Row, Table};
use twinscope::twin::{Quality, Timestamp, Twin, Value};

use crate::programs::{folder, repository, run};

fn twin(name: &str) -> Arc<Twin> {
    match twinscope::twin::load(&repository("tests/data/found").join(name)) {
        Ok(loaded) => Arc::new(loaded.twin),
        Err(errors) => panic!("{errors}"),
    }
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(repository("tests/data/found").join(name)).expect(name)
}

/// A table of pumps: its rows and its notes.
fn table(name: &str) -> (Vec<Row>, Vec<String>) {
    let table = Table::new(&twin("pumps.ron"), bytes(name)).expect(name);
    let notes = table.notes().to_vec();
    (table.collect(), notes)
}

/// The numbers of all samples, in order.
fn numbers(name: &str) -> Vec<f64> {
    let number = |value: &Option<Value>| match value {
        Some(Value::Number(number)) => *number,
        Some(Value::Enumeration(index)) => f64::from(*index),
        other => panic!("{name}: {other:?}"),
    };
    let (rows, _) = table(name);
    rows.iter().flat_map(|row| &row.updates).map(|update| number(&update.value)).collect()
}

fn times(name: &str) -> Vec<String> {
    let (rows, _) = table(name);
    rows.iter().filter_map(|row| row.time).map(|time| time.to_string()[..19].to_owned()).collect()
}

fn faults(name: &str) -> Vec<String> {
    let (rows, _) = table(name);
    rows.iter().flat_map(|row| &row.faults).map(ToString::to_string).collect()
}

#[test]
fn a_long_table_s_units_are_converted_and_other_columns_are_told() {
    assert_eq!(numbers("long_table_unknown_columns/unit.csv"), [1.0, 2.0]);
    assert_eq!(numbers("heading_units/value_unit.csv"), [1.0]);
    assert_eq!(numbers("long_table_unknown_columns/same_hash_as_both.csv"), [1000.0, 2000.0]);
    let (_, notes) = table("long_table_unknown_columns/quality_typo.csv");
    assert!(
        notes[0].starts_with("line 1, column 4: `qualty` is not used")
            && notes[0].contains("`quality`"),
        "{notes:?}"
    );
}

#[test]
fn a_row_with_another_number_of_cells_than_headings_is_told_and_not_taken() {
    let name = "row_longer_than_headings/decimal_comma.csv";
    assert!(numbers(name).is_empty());
    let told = faults(name);
    assert!(told[0].starts_with("line 2, column 1: 5 cells, but 3 headings"), "{told:?}");
    assert!(told[0].contains("decimal commas") && told[1].starts_with("line 3"), "{told:?}");
    assert_eq!(numbers("row_longer_than_headings/taken_as.csv"), [1000.0, 5.0, 1000.0, 5.0]);
}

#[test]
fn times_are_read_right_or_refused() {
    let begin = ["2026-11-23T12:00:00", "2026-11-23T12:00:10"];
    assert_eq!(times("table_times_misread/ns.csv"), begin);
    assert_eq!(times("table_times_misread/compact.csv"), begin);
    let told = faults("table_times_misread/zone.csv");
    assert!(told.len() == 2 && told[0].starts_with("line 2, column 1: "), "{told:?}");
    assert!(told[0].contains("write the offset"), "{told:?}");
    let on = ["2026-07-01T12:00:00", "2026-07-01T12:00:10"];
    assert_eq!(times("table_times_misread/zone_taken_as.csv"), on);
    let seconds = ["2026-11-23T06:00:00", "2026-11-23T06:00:10", "2026-11-23T06:00:20"];
    assert_eq!(times("table_times_misread/datetime2.csv"), seconds);
    let (_, notes) = table("table_times_misread/datetime2.csv");
    assert!(notes.len() == 1 && notes[0].contains("taken as UTC"), "{notes:?}");
    let (rows, _) = table("table_times_misread/semi_dectime.csv");
    let read: Vec<_> = rows.iter().map(|row| row.time).collect();
    assert_eq!(read, [Some(Timestamp(500_000)), Some(Timestamp(1_500_000))]);
    assert_eq!(numbers("table_times_misread/semi_dectime.csv"), [1000.5, 10.5, 2000.5, 20.5]);
}

#[test]
fn numbers_are_read_as_their_table_writes_them_or_refused() {
    assert_eq!(numbers("guesses_of_locale/thousands_comma.csv"), [1234.5, 1234.0]);
    assert!(numbers("guesses_of_locale/thousands_dot.csv").is_empty());
    let told = faults("guesses_of_locale/thousands_dot.csv");
    assert!(told[0].contains("may be 1 or 1000"), "{told:?}");
    assert_eq!(numbers("guesses_of_locale/comma_in_heading.csv"), [1000.5, 2000.5]);
    assert_eq!(numbers("guesses_of_locale/excel_true.csv"), [1.0, 0.0]);
}

#[test]
fn an_open_quote_costs_its_row_and_a_heading_that_stands_there_twice_is_not_guessed() {
    let told = faults("guesses_of_locale/open_quote.csv");
    assert!(
        told.len() == 1 && told[0].starts_with("line 3, column 2: a quote is opened"),
        "{told:?}"
    );
    assert_eq!(times("guesses_of_locale/open_quote.csv").len(), 3);
    let twice = Table::new(&twin("pumps.ron"), bytes("guesses_of_locale/same_heading_twice.csv"));
    let told = twice.err().expect("which one?").to_string();
    assert!(told.starts_with("line 1, column 3: ") && told.contains("neither is used"), "{told}");
}

#[test]
fn units_and_names_in_brackets_are_told_apart_from_the_outside() {
    for name in ["heading_units/heading_f1.csv", "heading_units/heading_f2.csv"] {
        let read = numbers(name);
        assert!(read.len() == 1 && (read[0] - 20.0).abs() < 1e-9, "{name}: {read:?}");
    }
    assert_eq!(numbers("heading_units/heading_bracket.csv"), [50.0, 60.0]);
}

#[test]
fn the_last_row_of_a_file_is_what_is_shown_at_its_end() {
    let lab = twin("last_row_never_shown/lab.ron");
    let state = lab.property_by_path("A-1.state").expect("it has a state");
    for (file, last) in [("last.csv", 2), ("onerow.csv", 2), ("s2.csv", 0), ("last.jsonl", 2)] {
        let read = bytes(&format!("last_row_never_shown/{file}"));
        let mut replay = Replay::open(&lab, file, read).expect(file);
        let mut mirror = replay.mirror(lab.clone(), Budget::default());
        assert!(replay.step(&mut mirror, || false), "{file}");
        let reading = mirror.reading(mirror.live_view(), state).expect(file);
        let shown = (reading.value, reading.quality);
        assert_eq!(shown, (Value::Enumeration(last), Quality::Good), "{file}");
    }
    let hash = |file: &str| {
        replay(&lab, bytes(&format!("last_row_never_shown/{file}"))).expect(file).state_hash
    };
    assert_ne!(hash("s1.csv"), hash("s2.csv"));
}

#[test]
fn a_mark_of_the_byte_order_does_not_make_a_recording_a_table() {
    let lab = twin("last_row_never_shown/lab.ron");
    let done = replay(&lab, bytes("misc/rbom.jsonl")).expect("a recording");
    assert_eq!((done.samples, done.bad_lines), (3, 0));
}

#[test]
fn replay_tells_line_and_column_of_what_it_could_not_use() {
    let file = "tests/data/found/replay_does_not_tell/bad.csv";
    let (status, out, told) = run(&["replay", "tests/data/found/pumps.ron", file]);
    assert_eq!(status, 0);
    assert!(told.contains(&format!("{file}: line 2, column 2: `oops` is no number")), "{told}");
    assert!(told.contains(&format!("{file}: line 3, column 1: `not a time`: expected")), "{told}");
    let out: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&out["unused"][0]["line"], &out["unused"][0]["column"]), (&2.into(), &2.into()));
    assert_eq!(out["unused"][1]["line"], 3);
    let nothing = "tests/data/found/row_longer_than_headings/decimal_comma.csv";
    let (status, _, told) = run(&["replay", "tests/data/found/pumps.ron", nothing]);
    assert!(status == 1 && told.contains("nothing of it could be used"), "{told}");
}

#[test]
fn tables_of_a_machine_count_lines_as_an_editor_does() {
    for (file, line) in [("lf", 3), ("crlf", 3), ("blank", 5), ("blankcrlf", 5)] {
        let file = format!("tests/data/found/crlf_and_blank_lines/{file}.csv");
        let machine = "tests/data/found/battery.ron";
        let (_, _, told) = run(&["estimate", machine, "--samples", &file, "--out", "-"]);
        let expected = format!("line {line}, column `z_t`: `oops` is no number");
        assert!(told.contains(&expected), "{file}: {told}");
    }
}

#[test]
fn a_text_that_goes_on_over_lines_of_windows_is_read_and_absurd_numbers_are_refused() {
    let (status, _, told) = run(&["check", "tests/data/found/misc/contCRLF.ron"]);
    assert_eq!(status, 0, "{told}");
    for name in ["atinf", "big", "e20", "scale", "yaw"] {
        let file = format!("tests/data/found/numbers_not_finite/inf_{name}.ron");
        let (status, _, told) = run(&["check", &file]);
        assert!(status == 1 && told.contains(&format!("{file}:3:")), "{name}: {told}");
    }
}

#[test]
fn a_course_ends_where_it_is_to_end() {
    let last = |args: &[&str]| {
        let (status, course, told) = run(&[&["simulate", "battery_circuit"], args].concat());
        assert_eq!(status, 0, "{told}");
        let row = course.lines().last().expect("a row").split(',').next().map(str::to_owned);
        row.expect("a time")
    };
    assert_eq!(last(&["--until", "10", "--dt", "1.5"]), "10");
    let long = ["--dt", "0.1", "--begin", "1795435200", "--until", "1795438800", "--every", "600"];
    assert_eq!(last(&long), "1795438800");
    let (status, _, told) =
        run(&["simulate", "battery_circuit", "--until", "1", "--set", "(i: 2, i: 3)"]);
    assert!(status == 1 && told.contains("`i` is stated twice"), "{told}");
}

#[test]
fn what_a_machine_s_file_states_of_its_inputs_counts_where_a_table_has_no_column() {
    let folder = folder();
    let file = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("written");
        folder.path().join(name).to_str().expect("a path").to_owned()
    };
    let machine = file(
        "b.ron",
        "(model: \"battery_circuit\", noise: {\"t\": 0.5, \"v\": 0.02},
          estimate: {\"qb\": (mean: 7700, deviation: 100, drift: 0.3)},
          inputs: {\"i\": [(0, 3.0), (15, 4.0)]})",
    );
    let rows = file("b.csv", "time;z_t;z_v\n10;292,5;4,01\n20;292,6;3,98\n30;292,7;3,95\n");
    let (status, out, told) = run(&["estimate", &machine, "--samples", &rows, "--out", "-"]);
    assert!(status == 0 && !told.contains("there is no column"), "{told}");
    let currents: Vec<&str> =
        out.lines().skip(1).map(|row| row.split(',').nth(1).expect("i")).collect();
    assert_eq!(currents, ["3", "4", "4"]);
    let plan = file("plan.csv", "t,other\n0,1\n20,1\n");
    let (_, out, _) = run(&["simulate", &machine, "--inputs", &plan, "--until", "20", "--dt", "1"]);
    let current = out.lines().last().expect("a row").split(',').nth(1).map(str::to_owned);
    assert_eq!(current.as_deref(), Some("4"));
}

#[test]
fn a_column_that_may_be_the_time_or_a_variable_is_not_guessed() {
    let folder = folder();
    let machine = "tests/data/found/battery.ron";
    let of = |text: &str| {
        let path = folder.path().join("t.csv");
        std::fs::write(&path, text).expect("written");
        run(&["estimate", machine, "--samples", path.to_str().expect("a path"), "--out", "-"])
    };
    let (status, _, told) = of("t,i,v\n10,2,4.01\n20,2,3.98\n");
    assert!(status == 1 && told.contains("`t` may be the time or the "), "{told}");
    for (headings, is_noted) in [("t,u_i,z_v", true), ("t [s],i,v", true), ("time,i,v", false)] {
        let (status, out, told) = of(&format!("{headings}\n10,2,4.01\n20,2,3.98\n"));
        assert_eq!((status, out.lines().count()), (0, 3), "{headings}: {told}");
        assert_eq!(told.contains("`t` is the time"), is_noted, "{headings}: {told}");
    }
}

#[test]
fn a_time_that_leaves_nothing_to_judge_by_is_refused() {
    let samples = "examples/tables/pump_drifting.csv";
    let machine = "scenes/machines/feed_pump.ron";
    let (status, _, told) = run(&["diagnose", machine, "--samples", samples, "--since", "1e9"]);
    assert_eq!(status, 1);
    assert!(told.contains("nothing to judge by") && told.contains("at 108000 s"), "{told}");
}

#[test]
fn healthy_and_watched_tables_may_both_begin_at_0() {
    let pump = "scenes/machines/feed_pump.ron";
    let healthy = "examples/tables/pump_new_1.csv";
    let samples = "examples/tables/pump_drifting.csv";
    let detect = ["detect", "--machine", pump, "--healthy", healthy, "--samples", samples];
    let (status, out, told) = run(&detect);
    assert!(status == 0 && told.contains("so it is another run"), "{told}");
    assert!(out.contains("Tt is higher than it should be"), "{out}");
}

#[test]
fn calibrate_tells_a_table_in_another_unit_and_states_that_it_found() {
    let folder = folder();
    let text = std::fs::read_to_string(repository("examples/tables/battery.csv")).expect("a table");
    let celsius = |row: &str| {
        let mut cells: Vec<String> = row.split(',').map(str::to_owned).collect();
        let kelvins: f64 = cells[2].parse().expect("a temperature");
        cells[2] = (kelvins - 273.15).to_string();
        cells.join(",")
    };
    let rows: Vec<String> = text.lines().skip(1).map(celsius).collect();
    let path = folder.path().join("celsius.csv");
    std::fs::write(&path, format!("t,u_i,z_t,z_v\n{}\n", rows.join("\n"))).expect("written");
    let battery = "scenes/machines/battery.ron";
    let path = path.to_str().expect("a path");
    let (_, _, told) = run(&["calibrate", battery, "--samples", path, "--fit", "Rs"]);
    assert!(told.contains("say so in its heading: `z_t [Cel]`"), "{told}");
    let (right, found) = ("examples/tables/battery.csv", folder.path().join("p.ron"));
    let found = found.to_str().expect("a path");
    let fit = ["calibrate", battery, "--samples", right, "--fit", "Rs,qb", "--params-out", found];
    let (status, _, told) = run(&fit);
    assert!(status == 0 && told.contains("--initial: {\"qb\": "), "{told}");
}
