//! What acts on a machine in the course of time: its inputs as a function of time.

use std::str::FromStr;
use std::sync::Arc;

use crate::table::usual_step;

/// Inputs by time, and where a machine's load depends on what it does (a fan's torque on its
/// speed), by state.
pub trait Load: Send + Sync {
    /// Writes the inputs at a time in seconds.
    fn at(&self, t_s: f64, x: &[f64], u: &mut [f64]);

    /// Whether the state is looked at; then each sample of an ensemble has a load of its own.
    fn follows_state(&self) -> bool {
        false
    }

    /// Before which time the inputs stay as they are at this one; this one, where nothing is known
    /// of that.
    fn holds_until(&self, t_s: f64) -> f64 {
        t_s
    }

    /// The first time after that at which the inputs, or how they change, become others; `None`: there is none,
    /// or nothing is known of it.
    fn changes_after(&self, t_s: f64) -> Option<f64> {
        Some(self.holds_until(t_s)).filter(|until_s| *until_s > t_s && until_s.is_finite())
    }

    /// When the load is known to end.
    fn end_s(&self) -> Option<f64> {
        None
    }
}

/// A load that a function of time and state gives.
pub struct Follows<F>(pub F);

impl<F: Fn(f64, &[f64], &mut [f64]) + Send + Sync> Load for Follows<F> {
    fn at(&self, t_s: f64, x: &[f64], u: &mut [f64]) {
        (self.0)(t_s, x, u);
    }
    fn follows_state(&self) -> bool {
        true
    }
}

/// A load that a function of time alone gives.
pub struct Profile<F>(pub F);

impl<F: Fn(f64, &mut [f64]) + Send + Sync> Load for Profile<F> {
    fn at(&self, t_s: f64, _: &[f64], u: &mut [f64]) {
        (self.0)(t_s, u);
    }
}

/// The same inputs for ever.
#[derive(Clone, Debug, PartialEq)]
pub struct Held(pub Vec<f64>);

impl Load for Held {
    fn at(&self, _: f64, _: &[f64], u: &mut [f64]) {
        u.copy_from_slice(&self.0);
    }
    fn holds_until(&self, _: f64) -> f64 {
        f64::INFINITY
    }
}

/// Between two rows of a table, what holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hold {
    /// A row's inputs hold until its time: the row is the end of a step, as in trajectories.
    #[default]
    End,
    /// A row's inputs hold from its time on: the row is a change of a schedule.
    Start,
    /// On the straight line between two rows.
    Linear,
}

impl FromStr for Hold {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "end" => Ok(Self::End),
            "start" => Ok(Self::Start),
            "linear" => Ok(Self::Linear),
            other => {
                Err(format!("`{other}` is no way to hold inputs; there are end, start, linear"))
            }
        }
    }
}

/// A table of inputs by time; before its first and after its last row, these hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schedule {
    times_s: Vec<f64>,
    rows: Vec<f64>,
    inputs: usize,
    hold: Hold,
    /// Whether the last row holds for ever, rather than that nothing is known after it.
    is_endless: bool,
}

impl Schedule {
    /// From times that grow and a row of inputs for each.
    ///
    /// # Errors
    /// When there is no row, rows differ in length, or times do not grow; with the row's number.
    pub fn new(rows: &[(f64, Vec<f64>)], hold: Hold) -> Result<Self, String> {
        let Some((_, first)) = rows.first() else {
            return Err("there is no row with inputs".into());
        };
        let inputs = first.len();
        for (at, pair) in rows.windows(2).enumerate() {
            if !(pair[0].0 < pair[1].0) {
                let (now, before) = (pair[1].0, pair[0].0);
                return Err(format!(
                    "row {}: the time {now} s does not come after {before} s",
                    at + 2
                ));
            }
        }
        if let Some(at) = rows.iter().position(|(t, row)| row.len() != inputs || !t.is_finite()) {
            return Err(format!("row {}: expected a time and {inputs} inputs", at + 1));
        }
        Ok(Self {
            times_s: rows.iter().map(|(t, _)| *t).collect(),
            rows: rows.iter().flat_map(|(_, row)| row.iter().copied()).collect(),
            inputs,
            hold,
            is_endless: false,
        })
    }

    /// Inputs of which some change: each with times that grow, and the values that hold from then
    /// on; before its first time the first value holds.
    pub fn of_changes(usual: &[f64], changes: &[(usize, Vec<(f64, f64)>)]) -> Self {
        let mut times_s: Vec<f64> =
            changes.iter().flat_map(|(_, all)| all.iter().map(|(time_s, _)| *time_s)).collect();
        times_s.sort_by(f64::total_cmp);
        times_s.dedup();
        if times_s.is_empty() {
            times_s.push(0.0);
        }
        let mut rows = Vec::with_capacity(times_s.len() * usual.len());
        for time_s in &times_s {
            let mut row = usual.to_vec();
            for (input, all) in changes {
                let reached = all.partition_point(|(at_s, _)| at_s <= time_s);
                if let Some((_, value)) = all.get(reached.saturating_sub(1)) {
                    row[*input] = *value;
                }
            }
            rows.extend(row);
        }
        Self { times_s, rows, inputs: usual.len(), hold: Hold::Start, is_endless: true }
    }

    /// When it begins to say anything, in seconds.
    pub fn begin_s(&self) -> Option<f64> {
        self.times_s.first().copied()
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The usual time between two rows, in seconds.
    pub fn usual_step_s(&self) -> Option<f64> {
        usual_step(&self.times_s)
    }

    fn row(&self, at: usize) -> &[f64] {
        let at = at.min(self.times_s.len() - 1);
        &self.rows[at * self.inputs..][..self.inputs]
    }
}

impl Load for Schedule {
    fn at(&self, t_s: f64, _: &[f64], u: &mut [f64]) {
        // Rows that lie before the time.
        let before = self.times_s.partition_point(|time| *time < t_s);
        let reached = self.times_s.partition_point(|time| *time <= t_s);
        match self.hold {
            Hold::End => u.copy_from_slice(self.row(before)),
            Hold::Start => u.copy_from_slice(self.row(reached.saturating_sub(1))),
            Hold::Linear if reached == 0 || reached == self.times_s.len() => {
                u.copy_from_slice(self.row(reached.saturating_sub(1)));
            }
            Hold::Linear => {
                let (from, to) = (self.times_s[reached - 1], self.times_s[reached]);
                let share = (t_s - from) / (to - from);
                let pair = self.row(reached - 1).iter().zip(self.row(reached));
                for (u, (a, b)) in u.iter_mut().zip(pair) {
                    *u = a + (b - a) * share;
                }
            }
        }
    }

    fn holds_until(&self, t_s: f64) -> f64 {
        // The next row's time; what a line leads to is reached step by step.
        let is_past = |time: &f64| *time < t_s || *time == t_s && self.hold != Hold::End;
        let next = self.times_s.partition_point(is_past);
        match self.times_s.get(next) {
            Some(_) if next > 0 && self.hold == Hold::Linear => t_s,
            Some(time) => *time,
            None => f64::INFINITY,
        }
    }

    fn changes_after(&self, t_s: f64) -> Option<f64> {
        self.times_s.get(self.times_s.partition_point(|time| *time <= t_s)).copied()
    }

    fn end_s(&self) -> Option<f64> {
        self.times_s.last().copied().filter(|_| !self.is_endless)
    }
}

/// A load of which some inputs are those of another one.
pub struct Over {
    /// The load of all others.
    pub base: Arc<dyn Load>,
    /// The load of some inputs.
    pub over: Arc<dyn Load>,
    /// These inputs, by place.
    pub inputs: Vec<usize>,
}

impl Load for Over {
    fn at(&self, t_s: f64, x: &[f64], u: &mut [f64]) {
        let mut over = u.to_vec();
        self.over.at(t_s, x, &mut over);
        self.base.at(t_s, x, u);
        for input in &self.inputs {
            u[*input] = over[*input];
        }
    }
    fn follows_state(&self) -> bool {
        self.base.follows_state() || self.over.follows_state()
    }
    fn holds_until(&self, t_s: f64) -> f64 {
        self.base.holds_until(t_s).min(self.over.holds_until(t_s))
    }
    fn changes_after(&self, t_s: f64) -> Option<f64> {
        let both = [self.base.changes_after(t_s), self.over.changes_after(t_s)];
        both.into_iter().flatten().min_by(f64::total_cmp)
    }
    fn end_s(&self) -> Option<f64> {
        self.over.end_s()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_of_changes_holds_each_value_until_the_next_and_the_last_for_ever() {
        let changes = [(0, vec![(0.0, 2.0), (600.0, 1.0)]), (2, vec![(300.0, 7.0), (600.0, 8.0)])];
        let load = Schedule::of_changes(&[9.0, 5.0, 9.0], &changes);
        let at = |t_s: f64| {
            let mut u = [0.0; 3];
            load.at(t_s, &[], &mut u);
            u
        };
        assert_eq!(at(-1.0), [2.0, 5.0, 7.0]);
        assert_eq!(at(299.0), [2.0, 5.0, 7.0]);
        assert_eq!(at(600.0), [1.0, 5.0, 8.0]);
        assert_eq!((load.holds_until(10.0), load.holds_until(700.0)), (300.0, f64::INFINITY));
        assert_eq!(load.end_s(), None);
        let over =
            Arc::new(Schedule::of_changes(&[0.0; 3], &[(1, vec![(50.0, 3.0), (60.0, 4.0)])]));
        let load = Over { base: Arc::new(load), over, inputs: vec![1] };
        let mut u = [0.0; 3];
        load.at(60.0, &[], &mut u);
        assert_eq!((u, load.holds_until(55.0)), ([2.0, 4.0, 7.0], 60.0));
    }

    fn at(hold: Hold, t_s: f64) -> f64 {
        let rows = [(0.0, vec![2.0]), (10.0, vec![4.0]), (20.0, vec![8.0])];
        let mut u = [0.0];
        Schedule::new(&rows, hold).expect("a schedule").at(t_s, &[], &mut u);
        u[0]
    }

    #[test]
    fn rows_hold_until_or_from_their_time_or_lie_on_a_line() {
        let times = [-1.0, 0.0, 5.0, 10.0, 15.0, 20.0, 25.0];
        assert_eq!(times.map(|t| at(Hold::End, t)), [2.0, 2.0, 4.0, 4.0, 8.0, 8.0, 8.0]);
        assert_eq!(times.map(|t| at(Hold::Start, t)), [2.0, 2.0, 2.0, 4.0, 4.0, 8.0, 8.0]);
        assert_eq!(times.map(|t| at(Hold::Linear, t)), [2.0, 2.0, 3.0, 4.0, 6.0, 8.0, 8.0]);
    }

    #[test]
    fn inputs_stay_as_they_are_until_the_load_says_so() {
        let rows = [(0.0, vec![2.0]), (10.0, vec![4.0]), (20.0, vec![8.0])];
        for hold in [Hold::End, Hold::Start, Hold::Linear] {
            let load = Schedule::new(&rows, hold).expect("a schedule");
            let at = |t_s: f64| {
                let mut u = [0.0];
                load.at(t_s, &[], &mut u);
                u[0]
            };
            for quarter in -8..100 {
                let t_s = f64::from(quarter) * 0.25;
                let until = load.holds_until(t_s);
                assert!(until >= t_s);
                let same =
                    (0..100).map(|part| t_s + (until.min(40.0) - t_s) * 0.0099 * f64::from(part));
                assert!(same.into_iter().all(|later| at(later) == at(t_s)), "{hold:?} {t_s}");
            }
            assert_eq!(load.holds_until(25.0), f64::INFINITY);
        }
    }

    #[test]
    fn rows_out_of_order_are_told_with_their_number() {
        let rows = [(0.0, vec![2.0]), (10.0, vec![4.0]), (10.0, vec![8.0])];
        let error = Schedule::new(&rows, Hold::End).expect_err("time stands still");
        assert!(error.starts_with("row 3: "), "{error}");
    }
}
