//! What acts on a machine within a piece of its course: a few sets of inputs that stand for all of them.
//!
//! A plan may change more often than steps can be looked at. The inputs of a piece are then those that act
//! longest and those that are at an end of an input's range there, each for as long as it and what is nearest
//! to it acts. What acts after the end of a course is not looked at.

use crate::model::load::Load;

/// Most parts of a piece that are looked at: beyond, of each stretch one.
const MOST_PARTS: f64 = 16_384.0;
/// Parts of a piece of which it is not known when inputs change.
const UNKNOWN_PARTS: f64 = 16.0;
/// Most inputs whose ranges' ends are looked at, of those that change in a piece: the first ones.
const MOST_CHANGING: usize = 16;

/// Inputs that act in a piece.
#[derive(Clone, Debug, PartialEq)]
pub struct Acting {
    /// The inputs.
    pub inputs: Vec<f64>,
    /// How long they act, all in all, in seconds.
    pub total_s: f64,
    /// How long they act at a time, at most, in seconds.
    pub longest_s: f64,
}

/// A load of which what acts just before an end goes on for ever.
pub struct UntilEnd<'a> {
    load: &'a dyn Load,
    /// The end, in seconds.
    end_s: f64,
    /// The last instant before it, in seconds.
    last_s: f64,
}

impl<'a> UntilEnd<'a> {
    /// Of a course between two times in seconds.
    pub fn new(load: &'a dyn Load, (begin_s, end_s): (f64, f64)) -> Self {
        Self { load, end_s, last_s: end_s.next_down().max(begin_s) }
    }
}

impl Load for UntilEnd<'_> {
    fn at(&self, t_s: f64, x: &[f64], u: &mut [f64]) {
        self.load.at(t_s.min(self.last_s), x, u);
    }
    fn follows_state(&self) -> bool {
        self.load.follows_state()
    }
    fn holds_until(&self, t_s: f64) -> f64 {
        match self.load.holds_until(t_s) {
            until_s if t_s < self.last_s && until_s < self.end_s => until_s,
            _ => f64::INFINITY,
        }
    }
    fn changes_after(&self, t_s: f64) -> Option<f64> {
        let change_s = self.load.changes_after(t_s).filter(|_| t_s < self.last_s);
        // A line ends there, and is no longer one.
        change_s.map(|change_s| change_s.min(self.end_s))
    }
}

/// Until when that is held which acts from a time on; `None`: it changes all the time, or in a way that is not
/// known.
pub fn held_until(load: &dyn Load, from_s: f64) -> Option<f64> {
    let change_s = load.changes_after(from_s);
    // At the time of a row itself the inputs may still be those before it.
    let look_s = change_s.map_or(from_s, |change_s| from_s + 0.5 * (change_s - from_s));
    (load.holds_until(look_s) > look_s).then(|| change_s.unwrap_or(f64::INFINITY))
}

/// What acts from one time to another, on a machine in that state; one at least.
pub fn acting_within(
    load: &dyn Load,
    x: &[f64],
    mut inputs: Vec<f64>,
    (from_s, to_s): (f64, f64),
) -> Vec<Acting> {
    let mut parts: Vec<(Vec<f64>, f64)> = Vec::new();
    let least_s = (to_s - from_s) / MOST_PARTS;
    let mut at_s = from_s;
    while at_s < to_s {
        let (held_s, change_s) = (held_until(load, at_s), load.changes_after(at_s));
        let part_s = at_s + (to_s - from_s) / UNKNOWN_PARTS;
        let end_s = held_s.or(change_s).unwrap_or(part_s).max(at_s + least_s).min(to_s);
        if !(end_s > at_s) {
            break;
        }
        // On a straight line the largest and the smallest are at its ends.
        let middle_s = at_s + 0.5 * (end_s - at_s);
        let is_line = held_s.is_none() && change_s.is_some();
        let looks = if is_line { vec![at_s, end_s] } else { vec![middle_s] };
        for look_s in &looks {
            load.at(*look_s, x, &mut inputs);
            parts.push((inputs.clone(), (end_s - at_s) / looks.len() as f64));
        }
        at_s = end_s;
    }
    if parts.is_empty() {
        load.at(from_s, x, &mut inputs);
        parts.push((inputs, to_s - from_s));
    }
    standing_for(&parts)
}

/// The inputs on average.
pub fn mean(all: &[Acting]) -> Vec<f64> {
    let Some(first) = all.first().filter(|_| all.len() > 1) else {
        return all.first().map_or_else(Vec::new, |only| only.inputs.clone());
    };
    let span_s: f64 = all.iter().map(|acting| acting.total_s).sum();
    let of = |at: usize| {
        let each = all.iter().map(|acting| acting.inputs[at] * acting.total_s);
        each.sum::<f64>() / span_s
    };
    (0..first.inputs.len()).map(of).collect()
}

/// Those of some parts of time that stand for all of them.
fn standing_for(parts: &[(Vec<f64>, f64)]) -> Vec<Acting> {
    let last = |best: usize, at: usize, is_more: bool| if is_more { at } else { best };
    let longest = (1..parts.len()).fold(0, |best, at| last(best, at, parts[at].1 > parts[best].1));
    let (mut chosen, mut ranges) = (vec![longest], Vec::new());
    for input in 0..parts[0].0.len() {
        let value = |at: usize| parts[at].0[input];
        let high = (1..parts.len()).fold(0, |best, at| last(best, at, value(at) > value(best)));
        let low = (1..parts.len()).fold(0, |best, at| last(best, at, value(at) < value(best)));
        let range = value(high) - value(low);
        ranges.push(range);
        if !(range > 0.0) || ranges.iter().filter(|range| **range > 0.0).count() > MOST_CHANGING {
            continue;
        }
        for end in [high, low] {
            if chosen.iter().all(|other: &usize| parts[*other].0 != parts[end].0) {
                chosen.push(end);
            }
        }
    }
    let far = |a: &[f64], b: &[f64]| -> f64 {
        let each = a.iter().zip(b).zip(&ranges).filter(|(_, range)| **range > 0.0);
        each.map(|((a, b), range)| (a - b).abs() / range).sum()
    };
    let acting = |at: &usize| Acting { inputs: parts[*at].0.clone(), total_s: 0.0, longest_s: 0.0 };
    let mut all: Vec<Acting> = chosen.iter().map(acting).collect();
    let (mut before, mut run_s) = (usize::MAX, 0.0);
    for (inputs, part_s) in parts {
        let nearer = |best: usize, at: usize| {
            last(best, at, far(inputs, &all[at].inputs) < far(inputs, &all[best].inputs))
        };
        let nearest = (1..all.len()).fold(0, nearer);
        run_s = if nearest == before { run_s + part_s } else { *part_s };
        before = nearest;
        let acting = &mut all[nearest];
        acting.total_s += part_s;
        acting.longest_s = acting.longest_s.max(run_s);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::load::{Held, Hold, Profile, Schedule};

    fn of(load: &dyn Load, to_s: f64) -> Vec<(f64, f64, f64)> {
        let all = acting_within(load, &[], vec![0.0], (0.0, to_s));
        let near = |value: f64| (value * 1e6).round() / 1e6;
        all.iter().map(|each| (each.inputs[0], near(each.total_s), near(each.longest_s))).collect()
    }

    #[test]
    fn what_is_held_acts_all_the_time() {
        assert_eq!(of(&Held(vec![3.0]), 50.0), [(3.0, 50.0, 50.0)]);
    }

    #[test]
    fn one_row_of_thousands_is_not_overlooked() {
        let value = |at: u32| if at == 77 { 9.0 } else { f64::from(at % 2) };
        let rows: Vec<_> = (0..300).map(|at| (f64::from(at), vec![value(at)])).collect();
        let plan = Schedule::new(&rows, Hold::Start).expect("a plan");
        let all = of(&plan, 300.0);
        assert!(all.contains(&(9.0, 1.0, 1.0)), "{all:?}");
        let sum: f64 = all.iter().map(|(_, total_s, _)| total_s).sum();
        assert!((sum - 300.0).abs() < 1e-6, "{all:?}");
    }

    #[test]
    fn points_of_straight_lines_and_waves_of_which_nothing_is_known_are_looked_at() {
        let rows = [(0.0, vec![0.0]), (10.0, vec![5.0]), (20.0, vec![0.0])];
        let lines = Schedule::new(&rows, Hold::Linear).expect("a plan");
        assert!(of(&lines, 20.0).iter().any(|(value, ..)| *value == 5.0));
        let wave = Profile(|t_s: f64, u: &mut [f64]| u[0] = libm::sin(t_s));
        assert!(of(&wave, 6.3).iter().any(|(value, ..)| *value > 0.95));
    }

    #[test]
    fn so_many_changes_that_no_one_could_look_at_all_cost_no_more_than_some() {
        let rows: Vec<_> =
            (0..200_000).map(|at| (f64::from(at), vec![f64::from(at % 7)])).collect();
        let plan = Schedule::new(&rows, Hold::Start).expect("a plan");
        let all = of(&plan, 200_000.0);
        assert!((2..=3).contains(&all.len()), "{all:?}");
    }

    #[test]
    fn the_ends_of_every_input_s_range_are_looked_at() {
        // Each input has one row in which it is highest, and another in which it is lowest.
        let count = MOST_CHANGING;
        let row = |at: usize| {
            let value = |input: usize| match at {
                at if at == 2 * input => 9.0,
                at if at == 2 * input + 1 => -9.0,
                at => (at % 2) as f64,
            };
            (at as f64, (0..count).map(value).collect::<Vec<f64>>())
        };
        let rows: Vec<_> = (0..1_000).map(row).collect();
        let plan = Schedule::new(&rows, Hold::Start).expect("a plan");
        let all = acting_within(&plan, &[], vec![0.0; count], (0.0, 1_000.0));
        for input in 0..count {
            for end in [9.0, -9.0] {
                assert!(all.iter().any(|each| each.inputs[input] == end), "{input}: {end}");
            }
        }
        assert!(all.len() <= 2 * count + 1, "{}", all.len());
    }

    #[test]
    fn what_acts_just_before_an_end_goes_on_whatever_comes_after() {
        let rows = [(0.0, vec![1.0]), (5.0, vec![2.0]), (10.0, vec![3.0]), (20.0, vec![4.0])];
        // Until the end of a row, from its beginning on, and on a line.
        for (hold, value) in [(Hold::End, 3.0), (Hold::Start, 2.0), (Hold::Linear, 3.0)] {
            let plan = Schedule::new(&rows, hold).expect("a plan");
            let until = UntilEnd::new(&plan, (0.0, 10.0));
            for time_s in [10.0, 12.0, 25.0, 1e6] {
                let mut u = [0.0];
                until.at(time_s, &[], &mut u);
                assert!((u[0] - value).abs() < 1e-9, "{hold:?} {time_s}: {u:?}");
                assert_eq!(until.holds_until(time_s), f64::INFINITY);
                assert_eq!(until.changes_after(time_s), None);
            }
            assert_eq!(until.changes_after(1.0), Some(5.0));
            let longer = UntilEnd::new(&plan, (0.0, 12.0));
            assert_eq!(longer.changes_after(11.0), Some(12.0));
        }
    }
}
