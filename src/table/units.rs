//! A row of units beneath the headings, as many programs write it.

use super::heading::{Heading, unit};
use super::number::{Form, form};
use super::record::Record;

/// The headings with the units of the row after them; `None` where that is no row of units: it has no
/// number, no time but perhaps the unit or the zone of times, and at least one of its cells is a unit.
pub(super) fn added(headings: &Record, row: &Record) -> Option<Record> {
    let read: Vec<Heading> = headings.iter().map(Heading::read).collect();
    let cells: Vec<&str> = row.iter().map(bare).collect();
    let is_time = |at: usize| read.get(at).is_some_and(Heading::is_time);
    let is_unit = |text: &str| !text.is_empty() && unit(text).is_ok();
    let may_be_of_times =
        |text: &str| matches!(text, "" | "-") || text.eq_ignore_ascii_case("UTC") || is_unit(text);
    let all = || cells.iter().copied().enumerate();
    let is_none = cells.len() > read.len()
        || !all().any(|(at, _)| is_time(at))
        || all().any(|(at, text)| is_time(at) && !may_be_of_times(text))
        || all().any(|(_, text)| !matches!(form(text), Form::No))
        || !all().any(|(at, text)| !is_time(at) && is_unit(text));
    if is_none {
        return None;
    }
    let merged: Vec<String> = read
        .iter()
        .enumerate()
        .map(|(at, heading)| {
            let (whole, text) = (&heading.whole, cells.get(at).copied().unwrap_or_default());
            // A time beneath which its format stands, such as `UTC`, has no unit.
            let states_one = !matches!(text, "" | "-") && (!heading.is_time() || is_unit(text));
            match states_one && !whole.is_empty() && heading.in_brackets() != Some(text) {
                true => format!("{whole} [{text}]"),
                false => whole.clone(),
            }
        })
        .collect();
    Some(Record::of(headings.line, merged.iter().map(String::as_str)))
}

/// A unit without the brackets around it.
fn bare(cell: &str) -> &str {
    let inner = |open: char, close: char| cell.strip_prefix(open)?.strip_suffix(close);
    inner('[', ']').or_else(|| inner('(', ')')).unwrap_or(cell).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headings: &str, row: &str) -> Option<String> {
        let record = |line, text: &str| Record::of(line, text.split(';'));
        let added = added(&record(1, headings), &record(2, row))?;
        Some(added.iter().collect::<Vec<_>>().join(";"))
    }

    #[test]
    fn a_row_of_units_belongs_to_the_headings() {
        let is = |headings, row, expected: &str| {
            assert_eq!(of(headings, row).as_deref(), Some(expected), "{row}");
        };
        is("time;P-1.flow;P-1.on", "UTC;L/h;", "time;P-1.flow [L/h];P-1.on");
        is("time;P-1.flow;P-1.on", ";[L/h];-", "time;P-1.flow [L/h];P-1.on");
        is("t;z_t;z_v", "(ms);(Cel);V", "t [ms];z_t [Cel];z_v [V]");
        is("t;p [bar];q", "s;bar;l/s", "t [s];p [bar];q [l/s]");
        is("time;a;b", ";bar;furlongs", "time;a [bar];b [furlongs]");
    }

    #[test]
    fn a_row_of_values_or_of_words_is_none_of_units() {
        for row in [
            "0;1;2",
            "2026-11-23;running;on",
            ";1,5;bar",
            "time;x-x;y-y",
            "noon;;",
            "5;m;s",
            "s;m;s;A",
        ] {
            assert_eq!(of("time;a;b", row), None, "{row}");
        }
        assert_eq!(of("a;b", "m;s"), None, "without times it is no table of them");
    }
}
