//! Long series made short for the screen, without losing their peaks.

use crate::twin::{Quality, Timestamp};

/// What a chart draws in one column of pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Time of the first sample in it.
    pub time: Timestamp,
    /// Value of the first sample in it.
    pub first: f64,
    /// Value of the last sample in it.
    pub last: f64,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// The worst quality.
    pub quality: Quality,
}

/// Sorts samples (in order of time) into `count` spans of equal length from `from` to `to`; spans
/// without a sample are left out, so a gap stays a gap. Samples outside are ignored.
///
/// ```
/// use twinscope::history::decimate;
/// use twinscope::twin::{Quality, Timestamp};
///
/// let peak = |at| if at == 777 { 9.0 } else { 1.0 };
/// let samples = (0..1_000).map(|at| (Timestamp(at), peak(at), Quality::Good));
/// let buckets = decimate(samples, Timestamp(0), Timestamp(1_000), 10);
/// assert_eq!(buckets.len(), 10);
/// assert_eq!((buckets[7].min, buckets[7].max), (1.0, 9.0));
/// ```
pub fn decimate(
    samples: impl Iterator<Item = (Timestamp, f64, Quality)>,
    from: Timestamp,
    to: Timestamp,
    count: usize,
) -> Vec<Bucket> {
    let mut buckets: Vec<Bucket> = Vec::new();
    let width = (i128::from(to.0) - i128::from(from.0)).max(1);
    let mut current = None;
    for (time, value, quality) in samples.filter(|(time, ..)| (from..=to).contains(time)) {
        let offset = i128::from(time.0) - i128::from(from.0);
        let place = (offset * count as i128 / width).min(count as i128 - 1);
        match buckets.last_mut().filter(|_| current == Some(place)) {
            Some(bucket) => {
                bucket.last = value;
                bucket.min = bucket.min.min(value);
                bucket.max = bucket.max.max(value);
                bucket.quality = bucket.quality.max(quality);
            }
            None => {
                let (first, last, min, max) = (value, value, value, value);
                buckets.push(Bucket { time, first, last, min, max, quality });
                current = Some(place);
            }
        }
    }
    buckets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_of_one_sample_survives_and_a_gap_stays_a_gap() {
        let samples = (0..1000_i64)
            .filter(|at| !(400..600).contains(at))
            .map(|at| (Timestamp(at), if at == 123 { 9.0 } else { 1.0 }, Quality::Good));
        let buckets = decimate(samples, Timestamp(0), Timestamp(1000), 10);
        assert_eq!(buckets.len(), 8);
        assert_eq!((buckets[1].time, buckets[1].min, buckets[1].max), (Timestamp(100), 1.0, 9.0));
        assert_eq!(buckets[4].time, Timestamp(600));
    }
}
