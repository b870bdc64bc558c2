//! The commands `record` and `replay`: MQTT traffic into a file, and a file into a mirror.

use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crossbeam_channel::{RecvTimeoutError, bounded};
use twinscope::mirror;
use twinscope::telemetry::ConnectionState;
use twinscope::telemetry::mqtt;
use twinscope::telemetry::recording;

use super::args::{Record, Replay};
use super::failure::{Failure, Outcome};
use super::{files, live, stop};

/// Messages that wait for the disk at most.
const WAITING: usize = 65_536;
/// How long a broker may take to be reached before that is an error.
const REACH_TIMEOUT: Duration = Duration::from_secs(5);

/// Records until the time is over or it is interrupted.
pub fn record(args: &Record) -> Outcome {
    let stop = stop::flag();
    let twin = files::open(&args.twin)?;
    let mut out = BufWriter::new(create(&args.out)?);
    let failed = |error: std::io::Error| {
        Failure::Environment(format!("cannot write {}: {error}", args.out.display()))
    };
    writeln!(out, "{}", recording::header(&twin.name)).map_err(failed)?;
    let (tap, messages) = bounded(WAITING);
    let link = mqtt::Source::spawn_with_tap(&twin, live::connection(&args.broker)?, tap)
        .map_err(Failure::input)?;
    let begun = Instant::now();
    let mut count = 0_u64;
    while !stop.load(Ordering::Relaxed) && args.span.is_none_or(|span| begun.elapsed() < span) {
        // What is decoded is not wanted here; what arrives is.
        link.batches.try_iter().for_each(drop);
        match messages.recv_timeout(Duration::from_millis(20)) {
            Ok(message) => {
                writeln!(out, "{}", message.line()).map_err(failed)?;
                count += 1;
            }
            Err(RecvTimeoutError::Timeout) => {
                // Nothing more comes at the moment: a good one to be safe.
                out.flush().map_err(failed)?;
                if count == 0 && begun.elapsed() > REACH_TIMEOUT {
                    reachable(&link)?;
                }
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    for message in messages.try_iter() {
        writeln!(out, "{}", message.line()).map_err(failed)?;
        count += 1;
    }
    out.flush().map_err(failed)?;
    files::print(format!("{count} messages in {}", args.out.display()))?;
    match link.status.counters.unrecorded.get() {
        0 => Ok(()),
        lost => Err(Failure::Environment(format!(
            "{lost} messages came faster than the disk took them and are not in the recording"
        ))),
    }
}

fn create(path: &Path) -> Result<File, Failure> {
    File::create_new(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::Input(format!(
            "{} exists already; name another file, or remove it first",
            path.display()
        )),
        _ => Failure::Environment(format!("cannot write {}: {error}", path.display())),
    })
}

/// A recording without a broker would be empty: that is an error.
fn reachable(link: &mqtt::Link) -> Outcome {
    match link.status.connection() {
        ConnectionState::Disconnected { reason, .. } | ConnectionState::Rejected { reason, .. } => {
            Err(Failure::Environment(format!("nothing can be recorded: {reason}")))
        }
        _ => Ok(()),
    }
}

/// What could not be used and is told one by one; the JSON has more.
const TOLD: usize = 20;

/// Replays a recording and prints what came of it as JSON; what could not be used is told besides, with
/// file, line and column.
pub fn replay(args: &Replay) -> Outcome {
    let twin = files::open(&args.twin)?;
    let bytes = files::recording(&args.recording)?;
    let name = args.recording.display();
    let done =
        mirror::replay(&twin, bytes).map_err(|error| Failure::Input(format!("{name}: {error}")))?;
    done.notes.iter().for_each(|note| eprintln!("{name}: {note}"));
    done.unused.iter().take(TOLD).for_each(|bad| eprintln!("{name}: {bad}"));
    let more = done.unused.len().saturating_sub(TOLD) as u64 + done.more_unused;
    if more > 0 {
        eprintln!("{name}: and {more} more that could not be used");
    }
    files::print(serde_json::json!(done))?;
    match done.samples {
        0 if done.faults + done.bad_lines > 0 => {
            Err(Failure::Input(format!("{name}: nothing of it could be used")))
        }
        _ => Ok(()),
    }
}
