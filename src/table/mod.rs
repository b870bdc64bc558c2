//! Tables as CSV: headings with units, rows of numbers, and the usual step between their times.
//!
//! Flows in: bytes of CSV, from a file or a pipe. Flows out: rows of numbers, each with its line, the
//! conversion of each column to the unit that is asked for, and what of the table is no number.
//! Courses and loads, logs of maintenance and tables of samples are read by this room, all by the same
//! rules; it knows nothing of models, plants or samples.

mod dialect;
mod error;
mod heading;
mod headings;
mod log;
mod number;
mod reading;
mod record;
mod records;
mod times;
mod units;
mod written;

pub use dialect::Dialect;
pub(crate) use error::did_you_mean;
pub use error::{HeadingUnitError, TableError, TimeError};
pub use heading::{Heading, unit};
pub use headings::{Headings, LinkedColumn};
pub use log::{LogEntry, read_log};
pub use number::{Cells, Form, Mark, NumberError, Numbers, form};
pub use reading::{Invalid, Reader, Row, Strictness, look};
pub use record::Record;
pub use records::Records;
pub use times::{BareNumbers, Instant, Times};
pub(crate) use written::Written;

/// The usual step between times, in their unit: the median of the differences of neighbours.
/// `None` of fewer than two times, and where the median is not above 0.
pub fn usual_step(times: &[f64]) -> Option<f64> {
    let mut steps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    steps.sort_by(f64::total_cmp);
    steps.get(steps.len() / 2).copied().filter(|step| *step > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_step_is_the_median_and_there_is_none_without_two_times() {
        assert_eq!(usual_step(&[0.0, 1.0, 2.0, 50.0]), Some(1.0));
        assert_eq!(usual_step(&[3.0]), None);
        assert_eq!(usual_step(&[3.0, 3.0]), None);
    }
}
