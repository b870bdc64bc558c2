//! Which rows of a history are remembered.
//!
//! Three ways together: the rows with the least and the greatest value of each channel, as in the
//! multivariate state estimation technique (R. M. Singer, K. C. Gross, J. P. Herzog, R. W. King,
//! S. Wegerich: Model-Based Nuclear Power Plant Monitoring and Fault Detection, 1997); then always
//! the row farthest from all remembered ones (T. F. Gonzalez: Clustering to Minimize the Maximum
//! Intercluster Distance, 1985), which leaves no mode out; then rows evenly along their distance
//! from the centre ("vector ordering"), so that more are remembered where the machine is more often.

/// The numbers of the rows to remember, at most `most`, in order. Rows are given as slices of the
/// same length without gaps.
pub(super) fn select(rows: &[&[f64]], most: usize) -> Vec<usize> {
    if rows.len() <= most {
        return (0..rows.len()).collect();
    }
    let mut is_chosen = vec![false; rows.len()];
    let mut chosen = Vec::new();
    let mut choose = |at: usize, chosen: &mut Vec<usize>| {
        if chosen.len() < most && !std::mem::replace(&mut is_chosen[at], true) {
            chosen.push(at);
        }
    };
    for at in extremes(rows) {
        choose(at, &mut chosen);
    }
    let spread_out = chosen.len() + (most - chosen.len()) / 2;
    for at in farthest(rows, &chosen, spread_out) {
        choose(at, &mut chosen);
    }
    for at in ordered(rows, most - chosen.len()) {
        choose(at, &mut chosen);
    }
    chosen.sort_unstable();
    chosen
}

/// Rows with the least and the greatest value of each channel.
fn extremes(rows: &[&[f64]]) -> Vec<usize> {
    let channels = rows.first().map_or(0, |row| row.len());
    let by = |channel: usize| {
        move |a: &usize, b: &usize| rows[*a][channel].total_cmp(&rows[*b][channel])
    };
    let both = |channel| [(0..rows.len()).min_by(by(channel)), (0..rows.len()).max_by(by(channel))];
    (0..channels).flat_map(both).flatten().collect()
}

/// Always the row farthest from all chosen ones, until there are so many.
fn farthest(rows: &[&[f64]], chosen: &[usize], most: usize) -> Vec<usize> {
    let mut nearest = vec![f64::INFINITY; rows.len()];
    let come_nearer = |nearest: &mut Vec<f64>, chosen: usize| {
        for (row, nearest) in rows.iter().zip(nearest) {
            *nearest = nearest.min(squared(row, rows[chosen]));
        }
    };
    for &at in chosen {
        come_nearer(&mut nearest, at);
    }
    let mut more = Vec::new();
    while chosen.len() + more.len() < most {
        let farthest = (0..rows.len()).max_by(|a, b| nearest[*a].total_cmp(&nearest[*b]));
        let Some(at) = farthest.filter(|at| nearest[*at] > 0.0) else {
            break;
        };
        come_nearer(&mut nearest, at);
        more.push(at);
    }
    more
}

/// So many rows, evenly along their distance from the centre.
fn ordered(rows: &[&[f64]], many: usize) -> Vec<usize> {
    let norm = |row: &[f64]| row.iter().map(|value| value * value).sum::<f64>();
    let mut order: Vec<(f64, usize)> =
        rows.iter().enumerate().map(|(at, row)| (norm(row), at)).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    (0..many).map(|at| order[(2 * at + 1) * rows.len() / (2 * many)].1).collect()
}

fn squared(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_and_rare_modes_are_remembered() {
        let mut rows: Vec<[f64; 2]> = (0..500).map(|at| [f64::from(at % 50) * 0.01, 0.0]).collect();
        rows[123] = [0.2, 9.0];
        rows[321] = [0.25, -4.0];
        let slices: Vec<&[f64]> = rows.iter().map(|row| row.as_slice()).collect();
        let chosen = select(&slices, 20);
        assert!(chosen.contains(&123) && chosen.contains(&321), "{chosen:?}");
        assert!(chosen.len() <= 20 && chosen.is_sorted());
        assert!(chosen.iter().any(|at| rows[*at] == [0.49, 0.0]));
        assert_eq!(select(&slices[..7], 20), [0, 1, 2, 3, 4, 5, 6]);
    }
}
