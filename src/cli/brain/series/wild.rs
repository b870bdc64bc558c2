//! Rows of a table that are left out because their times are wild: far from those around them.

/// Most rows of wild times in a row: more are another part of the series.
const EXCURSION: usize = 8;

/// Rows, in their order in the table, without those of a wild time: such as are further from those before them
/// than a model can be carried, on either side, while the rows after them go on where these were.
///
/// Which of two parts of a table is wild cannot be known where neither goes on: a last row far ahead, or two
/// rows far apart, are kept, and refused by the filter.
pub fn without_wild_times(
    all: Vec<usize>,
    time: impl Fn(usize) -> f64,
    reach_s: f64,
) -> Vec<usize> {
    // What is no number is no jump, and is answered with its line.
    let is_near = |a: usize, b: usize| !((time(a) - time(b)).abs() > reach_s);
    // Parts whose rows are near to each other, one after the other.
    let mut parts: Vec<Vec<usize>> = Vec::new();
    for at in all {
        match parts.last_mut() {
            Some(part) if part.last().is_some_and(|last| is_near(*last, at)) => part.push(at),
            _ => {
                // What goes on after an excursion leaves that out.
                let goes_on =
                    |part: &Vec<usize>| part.last().is_some_and(|last| is_near(*last, at));
                // Beyond so many parts an excursion has too many rows, too.
                let from = parts.len().saturating_sub(EXCURSION + 1);
                match parts[from..].iter().rposition(goes_on).map(|at| from + at) {
                    Some(before) if count(&parts[before + 1..]) <= EXCURSION => {
                        parts.truncate(before + 1);
                        parts[before].push(at);
                    }
                    _ => parts.push(vec![at]),
                }
            }
        }
    }
    // A first row that nothing goes on from, and a last one that lies far back.
    if let [first, second, ..] = &parts[..]
        && first.len() == 1
        && second.len() > 1
    {
        parts.remove(0);
    }
    if let [.., before, last] = &parts[..]
        && last.len() == 1
        && before.len() > 1
        && time(last[0]) < time(before[before.len() - 1])
    {
        parts.pop();
    }
    parts.concat()
}

/// Rows, in order of time, without a first or a last one that is further from its neighbour than a model can
/// be carried; a last one that is the table's last, too, may be right.
pub fn without_wild_ends(
    mut all: Vec<usize>,
    time: impl Fn(usize) -> f64,
    reach_s: f64,
) -> Vec<usize> {
    let is_far = |a: usize, b: usize| time(b) - time(a) > reach_s;
    if let [first, second, third, ..] = all[..]
        && is_far(first, second)
        && !is_far(second, third)
    {
        all.remove(0);
    }
    let of_table = all.iter().max().copied();
    if let [.., third, second, last] = all[..]
        && is_far(second, last)
        && !is_far(third, second)
        && of_table != Some(last)
    {
        all.pop();
    }
    all
}

fn count(parts: &[Vec<usize>]) -> usize {
    parts.iter().map(Vec::len).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_all_far_from_each_other_are_read_in_a_time_that_grows_as_their_number() {
        let since = std::time::Instant::now();
        let rows: Vec<usize> = (0..200_000).collect();
        assert_eq!(without_wild_times(rows.clone(), |at| at as f64 * 1e9, 1e6), rows);
        assert!(since.elapsed().as_secs() < 5);
    }

    #[test]
    fn a_wild_time_is_left_out_and_rows_out_of_order_are_not() {
        let rows = |times: &[f64]| (0..times.len()).collect::<Vec<_>>();
        let kept = |times: &[f64]| without_wild_times(rows(times), |at| times[at], 1e6);
        for wild_s in [1e12, -1e12] {
            assert_eq!(kept(&[0.0, 1.0, wild_s, 2.0, 3.0]), [0, 1, 3, 4]);
            assert_eq!(kept(&[wild_s, 1.0, 2.0]), [1, 2]);
            // Several of them, one after the other or not.
            assert_eq!(kept(&[0.0, 1.0, wild_s, wild_s + 1.0, 2.0, -wild_s, 3.0]), [0, 1, 4, 6]);
        }
        // Whether the last one is wild cannot be known by what follows: the filter refuses the gap. Time
        // does not go back, though.
        assert_eq!(kept(&[0.0, 1.0, 1e12]), [0, 1, 2]);
        assert_eq!(kept(&[0.0, 1.0, -1e12]), [0, 1]);
        // Nor which of two it is.
        assert_eq!(kept(&[1e12, 1.0]), [0, 1]);
        assert_eq!(kept(&[1.0, -1e12]), [0, 1]);
        // A day without samples, and rows that are not in order, are another matter.
        assert_eq!(kept(&[0.0, 1.0, 86_400.0, 2.0]), [0, 1, 2, 3]);
        assert_eq!(kept(&[0.0, 1.0, 86_400.0, 86_401.0]), [0, 1, 2, 3]);
        // Many rows of another time are another part, and none of a glitch.
        let long: Vec<f64> =
            (0..40).map(|at| f64::from(at) + if at < 20 { 0.0 } else { 1e9 }).collect();
        assert_eq!(kept(&long), rows(&long));
    }

    #[test]
    fn of_rows_that_may_be_late_those_at_the_ends_of_time_are_wild() {
        let kept = |times: &[f64]| {
            let mut all: Vec<usize> = (0..times.len()).collect();
            all.sort_by(|a, b| times[*a].total_cmp(&times[*b]));
            without_wild_ends(all, |at| times[at], 1e6)
        };
        assert_eq!(kept(&[0.0, 2.0, 1.0, -1e12, 3.0]), [0, 2, 1, 4]);
        assert_eq!(kept(&[0.0, 2.0, 1e12, 1.0, 3.0]), [0, 3, 1, 4]);
        // The table's last row may be right.
        assert_eq!(kept(&[0.0, 2.0, 1.0, 1e12]), [0, 2, 1, 3]);
        assert_eq!(kept(&[0.0, 2.0, 1.0, 3.0]), [0, 2, 1, 3]);
    }
}
