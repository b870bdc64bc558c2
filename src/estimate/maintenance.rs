//! What was done to a machine: parts that were replaced, and when.
//!
//! Flows in: a log of maintenance, and the parts that a machine's file states. Flows out: which of
//! the estimated numbers begin anew, and when.

use super::setup::Setup;
use crate::twin::behaviour::Behaviour;
use crate::twin::nearest;

/// An entry of a log.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// When it was done, in seconds.
    pub time_s: f64,
    /// Which part was replaced.
    pub part: String,
    /// Line of the log.
    pub line: u64,
}

/// Reads a log: CSV with the columns `t` (seconds) and `part`; others are for people.
///
/// # Errors
/// With the line that cannot be read.
pub fn read_log(bytes: &[u8]) -> Result<Vec<Entry>, String> {
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(bytes);
    let headings = reader.headers().map_err(|error| format!("line 1: {error}"))?.clone();
    let place = |name: &str| {
        let bare = |heading: &str| heading.trim_start_matches('\u{feff}') == name;
        let headed = || headings.iter().collect::<Vec<_>>().join(", ");
        let missing = || format!("line 1: expected a column `{name}`; there are {}", headed());
        headings.iter().position(bare).ok_or_else(missing)
    };
    let (time, part) = (place("t")?, place("part")?);
    let entry = |row: Result<csv::StringRecord, csv::Error>| {
        let row = row.map_err(|error| error.to_string())?;
        let line = row.position().map_or(0, csv::Position::line);
        let cell = |at: usize| row.get(at).unwrap_or_default();
        let time_s = cell(time).parse().ok().filter(|time_s: &f64| time_s.is_finite());
        let time_s =
            time_s.ok_or_else(|| format!("line {line}: `{}` is no time in seconds", cell(time)))?;
        if cell(part).is_empty() {
            return Err(format!("line {line}: which part was replaced?"));
        }
        Ok(Entry { time_s, part: cell(part).to_owned(), line })
    };
    let mut all: Vec<Entry> = reader.records().map(entry).collect::<Result<_, String>>()?;
    all.sort_by(|a, b| a.time_s.total_cmp(&b.time_s));
    Ok(all)
}

impl Setup {
    /// Places of what is estimated and begins anew with a part: those of the part that the behaviour
    /// states, or the one of that name.
    ///
    /// # Errors
    /// When there is no such part, or nothing of it is estimated.
    pub fn places_of(&self, behaviour: &Behaviour, part: &str) -> Result<Vec<usize>, String> {
        let own: Vec<String> = (0..self.estimated.len()).map(|at| self.name(at)).collect();
        let Some(spec) = behaviour.parts.iter().find(|spec| spec.name.text == part) else {
            if let Some(at) = own.iter().position(|name| name == part) {
                return Ok(vec![at]);
            }
            let parts = behaviour.parts.iter().map(|spec| &*spec.name.text);
            let known: Vec<&str> = parts.chain(own.iter().map(String::as_str)).collect();
            let near = nearest(part, known.iter().copied());
            let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            return Err(format!(
                "there is no part `{part}`: the machine's file states parts as parts: {{\"name\": \
                 [\"state\", …]}}; there are {}{near}",
                known.join(", ")
            ));
        };
        let numbers = || spec.numbers.iter().map(|name| &*name.text);
        let places: Vec<usize> =
            numbers().filter_map(|number| own.iter().position(|name| name == number)).collect();
        if places.is_empty() {
            return Err(format!(
                "a new `{part}` changes nothing: none of {} is estimated; estimated are {}",
                numbers().collect::<Vec<_>>().join(", "),
                own.join(", ")
            ));
        }
        Ok(places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_read_in_order_of_time_whatever_else_it_tells() {
        let log = b"t,part,who\n90,bearing,Eva\n30,impeller\n";
        let all = read_log(log).expect("a log");
        let all: Vec<_> =
            all.iter().map(|entry| (entry.time_s, &*entry.part, entry.line)).collect();
        assert_eq!(all, [(30.0, "impeller", 3), (90.0, "bearing", 2)]);
    }

    #[test]
    fn what_is_wrong_with_a_log_is_told_with_its_line() {
        let wrong = |log: &str| read_log(log.as_bytes()).expect_err("wrong");
        assert_eq!(wrong("t,what\n"), "line 1: expected a column `part`; there are t, what");
        assert_eq!(wrong("t,part\n1,a\nsoon,b\n"), "line 3: `soon` is no time in seconds");
        assert_eq!(wrong("t,part\n1,\n"), "line 2: which part was replaced?");
    }
}
