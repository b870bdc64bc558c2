//! Rows and headings of tables, and what of them is refused.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::telemetry::sample_twin;
use crate::twin::mapping::Mapping;
use crate::twin::{PropertyKind, Unit, Value};

fn twin() -> Twin {
    let topic = sample_twin::template("plant/{asset}/{property}");
    sample_twin::twin(2, Mapping { topic, payload: sample_twin::scalar(None), qos: 0 })
}

fn rows(text: &str) -> Vec<Row> {
    table(text).collect()
}

fn table(text: &str) -> Table {
    Table::new(&twin(), text.as_bytes().to_vec()).expect("a table")
}

fn values(row: &Row) -> Vec<(u32, Value)> {
    let value = |update: &Update| Some((update.property.0, update.value.clone()?));
    row.updates.iter().filter_map(value).collect()
}

#[test]
fn a_wide_table_has_a_column_a_property() {
    let rows = rows(
        "time,P-0.speed,P-1.state,P-1.note\n\
         2026-11-23T12:00:00Z,1.5,running,\"hello, all\"\n\
         2026-11-23 12:00:01.25,,2,\n",
    );
    assert_eq!(rows[0].time, Some(Timestamp(1_795_435_200_000_000)));
    let note = Value::Text("hello, all".into());
    let first = [(0, Value::Number(1.5)), (6, Value::Enumeration(1)), (7, note)];
    assert_eq!(values(&rows[0]), first);
    assert_eq!(rows[1].time, Some(Timestamp(1_795_435_201_250_000)));
    assert_eq!(values(&rows[1]), [(6, Value::Enumeration(2))]);
}

#[test]
fn a_long_table_has_a_row_a_sample() {
    let rows = rows(
        "timestamp;property;value;quality\n\
         1795435200;P-0.speed;1,5;uncertain\n\
         1795435201000;P-1.state;tripped;\n\
         1795435202000;P-1.sped;4;\n\
         1795435203000;P-1.speed;4;fine\n",
    );
    assert_eq!(values(&rows[0]), [(0, Value::Number(1.5))]);
    assert_eq!(rows[0].updates[0].quality, Quality::Uncertain);
    assert_eq!(rows[1].time, Some(Timestamp(1_795_435_201_000_000)));
    assert_eq!(values(&rows[1]), [(6, Value::Enumeration(2))]);
    assert!(rows[2].faults[0].to_string().starts_with("line 4, column 2:"), "{rows:?}");
    assert!(rows[2].faults[0].reason.contains("nearest is `P-1.speed`"), "{rows:?}");
    assert!(rows[3].faults[0].reason.contains("no quality"), "{rows:?}");
}

#[test]
fn what_cannot_be_used_is_reported_with_its_place_and_the_rest_is_taken() {
    let mut table = table("time,P-0.speed,P-0.sped,P-0.pose,P-1.speed\n0,x,1,2,3\nnoon,1,1,1,1\n");
    assert_eq!(table.notes().len(), 2);
    assert!(table.notes()[0].contains("line 1, column 3"), "{:?}", table.notes());
    let row = table.next().expect("a row");
    assert_eq!(values(&row), [(5, Value::Number(3.0))]);
    assert_eq!((row.faults[0].line, row.faults[0].column), (2, 2));
    let row = table.next().expect("a row");
    assert_eq!((row.time, row.faults[0].line), (None, 3));
    assert!(table.next().is_none());
}

#[test]
fn a_table_without_times_or_known_columns_is_refused_with_what_was_expected() {
    let refused =
        |text: &str| Table::new(&twin(), text.as_bytes().to_vec()).err().expect("no table").reason;
    assert!(refused("speed,flow\n1,2\n").contains("heading `time`"));
    assert!(refused("time,P-9.speed\n1,2\n").contains("nearest is"));
    assert!(refused("").contains("heading `time`"));
}

#[test]
fn the_usual_step_is_known_before_the_rows_are_read() {
    let mut table = table("time,P-0.speed\n0,1\n60,2\n120,3\n600,4\n");
    assert_eq!(table.step_us(), 60_000_000);
    assert_eq!(table.next().and_then(|row| row.time), Some(Timestamp(0)));
    assert_eq!(table.by_ref().count(), 3);
    assert_eq!(table.share(), 1.0);
}

#[test]
fn rows_after_a_redefinition_are_read_by_name_in_the_new_unit() {
    let in_unit = |unit: &str| {
        let mut twin = twin();
        let speed = Arc::make_mut(&mut twin.classes[0].properties[0]);
        speed.unit = Unit::parse(unit).expect("a unit");
        twin
    };
    let text = "time,P-1.speed [Cel],P-0.state\n0,1,stopped\n1,2,running\n2,3,tripped\n";
    let mut table = Table::new(&in_unit("Cel"), text.into()).expect("a table");
    let row = table.next().expect("a row");
    assert_eq!(values(&row), [(5, Value::Number(1.0)), (1, Value::Enumeration(0))]);
    let mut other = in_unit("K");
    other.classes[0].properties.rotate_left(1);
    table.redefine(&other);
    let row = table.next().expect("a row");
    assert_eq!(values(&row), [(9, Value::Number(275.15)), (0, Value::Enumeration(1))]);
    assert!(table.notes().is_empty());
    // What a definition does not have is noted, and the rest is read.
    Arc::make_mut(&mut other.classes[0].properties[4]).name = "rate".into();
    table.redefine(&other);
    assert!(table.notes()[0].starts_with("line 1, column 2: "), "{:?}", table.notes());
    assert_eq!(values(&table.next().expect("a row")), [(0, Value::Enumeration(2))]);
}

#[test]
fn an_estimate_is_no_column_and_no_row_since_no_table_sets_it() {
    let mut twin = twin();
    Arc::make_mut(&mut twin.classes[0].properties[0]).kind = PropertyKind::Estimate;
    let wide = Table::new(&twin, b"time,P-0.speed,P-0.state\n0,1,running\n".to_vec());
    let mut wide = wide.expect("a table");
    assert!(wide.notes()[0].contains("estimated by a model"), "{:?}", wide.notes());
    assert_eq!(values(&wide.next().expect("a row")), [(1, Value::Enumeration(1))]);
    let long = Table::new(&twin, b"time,property,value\n0,P-0.speed,1\n".to_vec());
    let row = long.expect("a table").next().expect("a row");
    assert!(row.updates.is_empty());
    assert!(row.faults[0].to_string().starts_with("line 2, column 3: this property is estimated"));
}

#[test]
fn a_row_with_another_number_of_cells_is_told_with_its_line_and_not_taken() {
    let rows = rows("time,P-0.speed,P-1.speed\r\n\r\n0,1,5,2\r\n1,3\r\n2,4,5\r\n");
    assert!(rows[0].time.is_none() && rows[1].updates.is_empty());
    assert_eq!((rows[0].faults[0].line, rows[1].faults[0].line), (3, 4));
    assert_eq!(rows[0].faults[0].reason.split(';').next(), Some("4 cells, but 3 headings"));
    assert_eq!(rows[2].updates.len(), 2);
}

#[test]
fn a_long_table_has_units_by_row_and_for_all_values() {
    let of = |unit: &str| {
        let mut twin = twin();
        Arc::make_mut(&mut twin.classes[0].properties[0]).unit = Unit::parse(unit).expect("a unit");
        twin
    };
    let text = "time,property,value [L/h],Unit\n0,P-0.speed,1000,\n1,P-0.speed,2,m3/h\n\
                2,P-0.speed,3,bar\n3,P-0.speed,4,litres\n4,P-0.state,running,-\n";
    let rows: Vec<Row> = Table::new(&of("m3/h"), text.into()).expect("a table").collect();
    assert_eq!(values(&rows[0]), [(0, Value::Number(1.0))]);
    assert_eq!(values(&rows[1]), [(0, Value::Number(2.0))]);
    assert_eq!((rows[2].faults[0].line, rows[2].faults[0].column), (4, 4));
    assert!(rows[2].faults[0].reason.contains("to which bar does not convert"), "{rows:?}");
    assert!(rows[3].faults[0].reason.contains("expected a unit such as `m3/h`"), "{rows:?}");
    assert_eq!(values(&rows[4]), [(1, Value::Enumeration(1))]);
}

#[test]
fn a_value_that_is_lost_or_cannot_be_read_is_bad_from_then_on() {
    let rows =
        rows("time,P-0.speed,P-0.state,P-0.note\n0,NaN,n/a,NaN\n1,#N/A,bad,-\n2,x,y,z\n3,,,\n");
    let of = |row: &Row| -> Vec<(bool, Quality)> {
        row.updates.iter().map(|update| (update.value.is_some(), update.quality)).collect()
    };
    let (lost, text) = ((false, Quality::Bad), (true, Quality::Good));
    for row in &rows[..3] {
        assert_eq!(of(row), [lost, lost, text]);
    }
    assert!(rows[0].faults.is_empty() && rows[1].faults.is_empty());
    assert_eq!(rows[2].faults.len(), 2);
    assert!(rows[3].updates.is_empty(), "an empty cell says nothing");
    let long = self::rows(
        "time,property,value,quality\n0,P-0.speed,,bad\n1,P-0.speed,2,fine\n2,P-0.speed,,good\n",
    );
    assert_eq!(long.iter().map(of).collect::<Vec<_>>(), [vec![lost], vec![lost], vec![]]);
}

#[test]
fn a_row_that_is_not_later_than_one_before_is_reported_once_and_taken() {
    // A clock that shows local time is set back in autumn.
    let text =
        "time,P-0.speed\n2026-10-25 02:59:00,1\n2026-10-25 02:00:00,2\n2026-10-25 02:00:00,3\n";
    let rows = rows(text);
    assert!(rows[0].faults.is_empty() && rows[2].faults.is_empty(), "{rows:?}");
    let told = rows[1].faults[0].to_string();
    assert!(
        told.starts_with("line 3, column 1: this time is not later than that of line 2"),
        "{told}"
    );
    assert!(rows.iter().all(|row| row.updates.len() == 1));
}

#[test]
fn a_row_of_units_beneath_the_headings_counts() {
    let mut twin = twin();
    Arc::make_mut(&mut twin.classes[0].properties[0]).unit = Unit::parse("m3/h").expect("a unit");
    let table = Table::new(&twin, b"time;P-0.speed;P-0.state\nUTC;L/h;-\n0;1000;1\n".to_vec());
    let rows: Vec<Row> = table.expect("a table").collect();
    assert_eq!(rows.len(), 1);
    assert_eq!(values(&rows[0]), [(0, Value::Number(1.0)), (1, Value::Enumeration(1))]);
    let unknown =
        Table::new(&twin, b"time;P-0.speed;P-1.speed\n;furlongs;m3/h\n0;1000;1\n".to_vec());
    let mut unknown = unknown.expect("a table");
    assert!(unknown.notes()[0].contains("`furlongs` is not a UCUM unit"), "{:?}", unknown.notes());
    assert_eq!(values(&unknown.next().expect("a row")), [(5, Value::Number(1.0))]);
}

#[test]
fn titles_before_the_headings_and_times_without_a_zone_are_noted() {
    let text = "Export of plant 4\n# 2026-11-23\n\nTime;P-0.speed\n23.11.2026 06:00;1,5\n";
    let mut table = table(text);
    assert_eq!(table.notes().len(), 2, "{:?}", table.notes());
    assert!(table.notes()[0].contains("taken as UTC"), "{:?}", table.notes());
    assert!(table.notes()[1].contains("before the headings on line 4"), "{:?}", table.notes());
    let row = table.next().expect("a row");
    assert_eq!(row.time, Some(Timestamp(1_795_413_600_000_000)));
    assert_eq!(values(&row), [(0, Value::Number(1.5))]);
}

#[test]
fn a_separator_at_the_end_of_rows_is_no_cell_and_a_cell_beyond_the_headings_is_told() {
    for text in [
        "time;P-0.speed;\n0;1;\n",
        "time;P-0.speed\n0;1;\n",
        "time;P-0.speed;\n0;1\n",
        "time,P-0.speed,\n0,1,\n",
        "time,P-0.speed,,\n0,1\n",
    ] {
        assert_eq!(values(&rows(text)[0]), [(0, Value::Number(1.0))], "{text}");
    }
    for text in ["time,P-0.speed\n0,5,\n", "time,P-0.speed,\n0,1,5\n", "time;P-0.speed;\n0;1;5\n"] {
        let rows = rows(text);
        assert!(
            rows[0].time.is_none() && rows[0].faults[0].reason.contains("2 headings"),
            "{rows:?}"
        );
    }
}

#[test]
fn a_second_column_of_times_is_told_as_not_used() {
    let table = table("time,P-0.speed,ts,t\n0,1,2,3\n");
    assert_eq!(table.notes().len(), 2);
    let told = &table.notes()[0];
    assert!(told.starts_with("line 1, column 3: ") && told.contains("column `time`"), "{told}");
}

#[test]
fn places_are_those_of_the_headings_however_far_down_they_stand() {
    let wrong = Table::new(&twin(), b"\n\nspeed,flow\n1,2\n".to_vec()).err().expect("no times");
    assert_eq!(wrong.line, 3);
}

proptest! {
    #[test]
    fn a_table_says_the_same_in_every_way_of_writing_it(
        numbers in prop::collection::vec((-90_000_i32..90_000, 0_u8..100), 1..12),
        style in 0_usize..3, blanks in 0_usize..3, end in prop::sample::select(vec!["\n", "\r\n"]),
    ) {
        let (delimiter, mark) = [(",", "."), (";", ","), ("\t", ".")][style];
        let mut text = format!("time{delimiter}P-0.speed{end}");
        let mut expected = Vec::new();
        for (at, (whole, cents)) in numbers.iter().enumerate() {
            text.push_str(&end.repeat(blanks));
            text.push_str(&format!("{at}{delimiter}{whole}{mark}{cents:02}{end}"));
            let number: f64 = format!("{whole}.{cents:02}").parse().expect("a number");
            expected.push(Value::Number(number));
        }
        let read: Vec<Value> =
            rows(&text).into_iter().flat_map(|row| row.updates).filter_map(|u| u.value).collect();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn no_bytes_make_it_fail(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut text = b"time,P-0.speed,P-0.state\n".to_vec();
        text.extend(bytes);
        let _ = Table::new(&twin(), text).expect("headings").count();
    }
}
