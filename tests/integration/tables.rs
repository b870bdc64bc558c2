//! Tables and recordings that people brought, with what is right for each: read, or told.

use std::sync::Arc;

use twinscope::history::State;
use twinscope::mirror::{Budget, Replay, replay};
use twinscope::telemetry::table::{Row, Table};
use twinscope::twin::{Quality, Timestamp, Twin, Value};

use crate::programs::{repository, run};

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
    assert!(table("table_times_misread/datetime2.csv").1.is_empty());
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
