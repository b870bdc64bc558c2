//! What was done to a machine: parts that were replaced, and when.
//!
//! Flows in: a log of maintenance, and the parts that a machine's file states. Flows out: which numbers
//! begin anew, with what, and when.

use super::error::MaintenanceError;
use super::estimated::{Scale, Slot};
use super::setup::FilterSetup;
use crate::model::position;
use crate::table::{self, LogEntry};
use crate::twin::behaviour::{Behaviour, PartNumber};
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

/// Reads a log: CSV with the columns `t` (seconds, or the unit of time that its heading states) and
/// `part`; others are for people.
///
/// # Errors
/// With the line that cannot be read.
pub fn read_log(bytes: &[u8]) -> Result<Vec<Entry>, MaintenanceError> {
    let entry = |LogEntry { line, time_s, cells }: LogEntry| match cells.into_iter().next() {
        Some(part) if !part.is_empty() => Ok(Entry { time_s, part, line }),
        _ => Err(MaintenanceError::NoPart { line }),
    };
    let entries = table::read_log(bytes, &["part"])?;
    let mut all: Vec<Entry> = entries.into_iter().map(entry).collect::<Result<_, _>>()?;
    all.sort_by(|a, b| a.time_s.total_cmp(&b.time_s));
    Ok(all)
}

/// What a new part makes new.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewPart {
    /// Of what is estimated: its place, what it is then believed to be, and how far off that may be (a
    /// standard deviation), both on its scale.
    pub estimated: Vec<(usize, f64, f64)>,
    /// States that the model carries on without their being estimated: their place, and what they are
    /// then, in their own unit.
    pub states: Vec<(usize, f64)>,
}

impl FilterSetup {
    /// What a new part makes new, of those that the behaviour states, or of the estimated number of that
    /// name. Where it is not stated what new means, a state is as the model usually begins, and a rate
    /// (estimated on a logarithmic scale), a parameter or a sensor's error as this setup begins.
    ///
    /// # Errors
    /// When there is no such part, it names what the model does not have, or nothing changes.
    pub fn new_part(&self, behaviour: &Behaviour, part: &str) -> Result<NewPart, MaintenanceError> {
        let own: Vec<String> = (0..self.estimated.len()).map(|at| self.name(at)).collect();
        let mut new = NewPart::default();
        let Some(spec) = behaviour.parts.iter().find(|spec| spec.name.text == part) else {
            if let Some(at) = own.iter().position(|name| name == part) {
                new.estimated.push(self.anew(at, None, None));
                return Ok(new);
            }
            let parts = behaviour.parts.iter().map(|spec| spec.name.text.clone());
            let known: Vec<String> = parts.chain(own).collect();
            let nearest = nearest(part, known.iter().map(String::as_str));
            return Err(MaintenanceError::UnknownPart { part: part.to_owned(), known, nearest });
        };
        for number in &spec.numbers {
            match own.iter().position(|name| *name == number.name.text) {
                Some(at) => new.estimated.push(self.anew(at, number.mean, number.deviation)),
                None => self.carried(part, number, &mut new)?,
            }
        }
        if new == NewPart::default() {
            let numbers = spec.numbers.iter().map(|number| number.name.text.clone()).collect();
            let part = part.to_owned();
            return Err(MaintenanceError::NothingChanges { part, numbers, estimated: own });
        }
        Ok(new)
    }

    /// What is estimated at a place, as in a new part.
    fn anew(&self, at: usize, mean: Option<f64>, deviation: Option<f64>) -> (usize, f64, f64) {
        let each = &self.estimated[at];
        let usual = match (each.slot, each.scale) {
            (Slot::State(state), Scale::Linear) => self.model.about().states[state].usual,
            _ => each.mean,
        };
        let mean = each.scale.from_value(mean.unwrap_or(usual));
        (at, mean, deviation.unwrap_or(each.deviation))
    }

    /// What is not estimated, as in a new part: a state, or nothing.
    fn carried(
        &self,
        part: &str,
        number: &PartNumber,
        new: &mut NewPart,
    ) -> Result<(), MaintenanceError> {
        let (about, name) = (self.model.about(), &number.name.text);
        if let Some(at) = position(&about.states, name) {
            let (usual, initial) = (about.states[at].usual, self.initial[at]);
            if number.mean.is_none() && usual == 0.0 && initial != 0.0 {
                let (part, state) = (part.to_owned(), name.clone());
                return Err(MaintenanceError::UnknownBeginning { part, state, initial });
            }
            new.states.push((at, number.mean.unwrap_or(usual)));
            return Ok(());
        }
        let is_parameter = about.parameters.iter().any(|parameter| parameter.name == *name);
        let of_sensor = ["bias_", "trend_"].iter().find_map(|prefix| name.strip_prefix(prefix));
        let is_error = of_sensor.is_some_and(|name| position(&about.outputs, name).is_some());
        match (is_parameter || is_error, number.mean) {
            // Nothing was learnt of it, so there is nothing to forget.
            (true, None) => Ok(()),
            (true, Some(_)) => {
                let (part, name) = (part.to_owned(), name.clone());
                Err(MaintenanceError::NotEstimated { part, name })
            }
            (false, _) => Err(MaintenanceError::UnknownName(Box::new(number.name.wrong(format!(
                "the part `{part}` names `{name}`, which `{}` has neither as a state nor as a \
                 parameter",
                about.name
            ))))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::model::Machine;
    use crate::twin::load_behaviour;

    /// A pump that is worn, of whose impeller only the area is estimated, and its file's parts.
    fn worn(parts: &str) -> (FilterSetup, Behaviour) {
        let text = format!(
            "(model: \"centrifugal_pump\", initial: (A: 10.2, wA: 4e-4, rThrust: 3e-6), \
             noise: {{\"w\": 1}}, estimate: {{\"A\": (deviation: 0.1), \
             \"wRadial\": (scale: log, mean: 5e-11, deviation: 1)}}, parts: {parts})"
        );
        let behaviour = load_behaviour(Path::new("m.ron"), &text).expect("it is right");
        let machine = Machine::of(&behaviour).expect("a machine");
        (FilterSetup::of(&behaviour, &machine).expect("a setup"), behaviour)
    }

    fn new(parts: &str, part: &str) -> Result<NewPart, MaintenanceError> {
        let (setup, behaviour) = worn(parts);
        setup.new_part(&behaviour, part)
    }

    #[test]
    fn a_new_part_is_as_the_model_usually_begins_and_not_as_worn_as_the_old_one() {
        let new =
            new("{\"impeller\": [\"A\"], \"bearings\": [\"rThrust\", \"wRadial\"]}", "impeller");
        assert_eq!(new, Ok(NewPart { estimated: vec![(0, 12.7084, 0.1)], states: vec![] }));
    }

    #[test]
    fn rates_are_believed_as_at_first_and_states_that_are_not_estimated_are_new_too() {
        let new = new("{\"bearings\": [\"rThrust\", \"wRadial\"]}", "bearings").expect("a part");
        assert_eq!(new.estimated, [(1, libm::log(5e-11), 1.0)]);
        assert_eq!(new.states, [(7, 1.4e-6)]);
    }

    #[test]
    fn a_file_states_what_new_means() {
        let new =
            new("{\"impeller\": {\"A\": (12, 0.05), \"wA\": 1e-4}}", "impeller").expect("a part");
        assert_eq!(new, NewPart { estimated: vec![(0, 12.0, 0.05)], states: vec![(9, 1e-4)] });
    }

    #[test]
    fn what_is_new_in_no_clear_way_is_asked_for() {
        let error = |parts: &str| new(parts, "impeller").expect_err("unclear").to_string();
        assert!(
            error("{\"impeller\": [\"A\", \"wA\"]}").contains("what is `wA` in a new `impeller`?")
        );
        assert!(error("{\"impeller\": {\"A\": 12, \"c\": 1}}").contains("cannot change `c`"));
        assert!(error("{\"impeller\": [\"bias_Tt\"]}").contains("changes nothing"));
        assert!(error("{\"impeller\": [\"area\"]}").contains("neither as a state"));
    }

    #[test]
    fn a_log_is_read_in_order_of_time_whatever_else_it_tells() {
        let log = b"t,part,who\n90,bearing,Eva\n30,impeller\n";
        let all = read_log(log).expect("a log");
        let all: Vec<_> =
            all.iter().map(|entry| (entry.time_s, &*entry.part, entry.line)).collect();
        assert_eq!(all, [(30.0, "impeller", 3), (90.0, "bearing", 2)]);
    }

    #[test]
    fn a_log_states_the_unit_of_its_times_and_other_columns_do_not_matter() {
        let times = |log: &str| -> Vec<f64> {
            read_log(log.as_bytes()).expect(log).iter().map(|entry| entry.time_s).collect()
        };
        assert_eq!(times("t [h],part\n0.5,impeller\n"), [1800.0]);
        assert_eq!(times("t [min],part\n2,impeller\n"), [120.0]);
        assert_eq!(times("note,t,,part,note,\nx,30,,impeller,y,\n"), [30.0]);
        let error = read_log(b"t [K],part\n1,impeller\n").expect_err("no time").to_string();
        assert!(error.contains("`t [K]`: `K` cannot be converted to `s`"), "{error}");
    }

    #[test]
    fn what_is_wrong_with_a_log_is_told_with_its_line() {
        let wrong = |log: &str| read_log(log.as_bytes()).expect_err("wrong").to_string();
        assert_eq!(wrong("t,what\n"), "line 1: expected a column `part`; there are t, what");
        assert_eq!(wrong("t,part\n1,a\nsoon,b\n"), "line 3: `soon` is no time in seconds");
        assert_eq!(wrong("t,part\n1,\n"), "line 2: which part was replaced?");
    }
}
