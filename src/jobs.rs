//! All kinds of jobs that can be done elsewhere, by their names: a line each.

use crate::cad::DecodeModel;
use crate::forecast::MakeForecast;
use crate::worker::Job;
use crate::worker::remote::{Work, written};

/// Begins the work of that kind from its job's bytes.
///
/// # Errors
/// When there is no such kind, or the bytes are no such job.
pub fn begin(kind: &str, job: &[u8]) -> Result<Work, String> {
    match kind {
        DecodeModel::KIND => written::<DecodeModel>(job),
        MakeForecast::KIND => written::<MakeForecast>(job),
        other => Err(format!("there is no work of the kind `{other}` here")),
    }
}
