//! What a table makes act on a machine, over what the machine's file states, over the usual inputs.

use std::path::Path;
use std::sync::Arc;

use twinscope::model::load::{Hold, Load, Over, Schedule};
use twinscope::model::{Machine, table as course};

use super::super::failure::Failure;
use super::input::{shown, table, wrong};

/// The inputs of a table.
pub struct Scheduled {
    /// All inputs of the model, usual ones where there is no column.
    pub schedule: Schedule,
    /// The inputs that have a column, by place.
    pub inputs: Vec<usize>,
}

impl Scheduled {
    /// Reads a table; inputs that neither it nor the machine's file states are noted.
    ///
    /// # Errors
    /// With file, line and column of what cannot be used.
    pub fn read(path: &Path, hold: Hold, machine: &Machine) -> Result<Self, Failure> {
        let table = table(path)?;
        let about = machine.model.about();
        let (schedule, notes) =
            course::load(&table, about, hold).map_err(|error| wrong(path, error))?;
        let has_column = |input: &usize| table.variable("u", &about.inputs[*input]).is_some();
        let inputs = (0..about.inputs.len()).filter(has_column).collect();
        let is_stated = |note: &String| {
            let mut stated = machine.inputs.iter().map(|(input, _)| &about.inputs[*input].name);
            stated.any(|name| note.starts_with(&format!("there is no column `u_{name}`")))
        };
        for note in notes.iter().filter(|note| !is_stated(note)) {
            eprintln!("note: {}: {note}", shown(path));
        }
        Ok(Self { schedule, inputs })
    }

    /// Between which times in seconds it states anything.
    pub fn span_s(&self) -> Option<(f64, f64)> {
        Some((self.schedule.begin_s()?, self.schedule.end_s()?))
    }

    /// As a load of the machine.
    pub fn load(self, machine: &Machine) -> Arc<dyn Load> {
        over_stated(machine, Arc::new(self.schedule), self.inputs)
    }
}

/// Notes where a plan, which states something between two times, states nothing of a part of a forecast.
pub fn note_unplanned(path: &Path, (first_s, last_s): (f64, f64), (begin_s, end_s): (f64, f64)) {
    let what = match () {
        () if first_s >= end_s => "its first row acts all the time",
        () if last_s < begin_s => "its last row acts all the time",
        () => return,
    };
    eprintln!(
        "note: {}: its rows are from {first_s} s to {last_s} s, and the forecast is from {begin_s} s to {end_s} s: \
         {what}",
        shown(path)
    );
}

/// A load of some inputs; all others are as the machine's file states, or as usual.
pub fn over_stated(machine: &Machine, over: Arc<dyn Load>, inputs: Vec<usize>) -> Arc<dyn Load> {
    match inputs.len() == machine.model.about().inputs.len() {
        true => over,
        false => Arc::new(Over { base: Arc::new(machine.load()), over, inputs }),
    }
}
