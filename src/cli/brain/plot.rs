//! Small plots in a terminal.

/// Heights of an eighth of a line each.
const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Counts as bars beside each other, the highest as high as a line.
pub fn bars(counts: &[usize]) -> String {
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    // What is there at all is seen.
    let height = |count: usize| (count * 8).div_ceil(most);
    counts.iter().map(|count| BARS[height(*count)]).collect()
}

/// How many values lie in each of so many equal parts of a range.
pub fn histogram(values: &[f64], low: f64, high: f64, parts: usize) -> Vec<usize> {
    let mut counts = vec![0; parts];
    for value in values {
        let place = (value - low) / (high - low) * parts as f64;
        if (0.0..=parts as f64).contains(&place) {
            counts[(place as usize).min(parts - 1)] += 1;
        }
    }
    counts
}

/// A time span as people say it.
pub fn span(seconds: f64) -> String {
    let size = seconds.abs();
    match size {
        s if s < 120.0 => format!("{seconds:.1} s"),
        s if s < 7_200.0 => format!("{:.1} min", seconds / 60.0),
        s if s < 172_800.0 => format!("{:.1} h", seconds / 3600.0),
        _ => format!("{:.1} d", seconds / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_high_as_their_counts() {
        assert_eq!(bars(&[0, 1, 8, 4]), " ▁█▄");
        assert_eq!(bars(&[]), "");
        assert_eq!(bars(&[0, 0]), "  ");
        assert_eq!(histogram(&[0.0, 0.4, 1.0, 2.0], 0.0, 1.0, 2), [2, 1]);
    }

    #[test]
    fn spans_are_told_in_fitting_units() {
        assert_eq!(span(90.0), "90.0 s");
        assert_eq!(span(3600.0), "60.0 min");
        assert_eq!(span(36_000.0), "10.0 h");
        assert_eq!(span(864_000.0), "10.0 d");
    }
}
