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
use super::failure::{Failure, Outcome, path_text};
use super::{files, live, stop};

/// Messages that wait for the disk at most.
const WAITING: usize = 65_536;
/// How long a broker may take to be reached before that is an error.
const REACH_TIMEOUT: Duration = Duration::from_secs(5);

/// Records until the time is over or it is interrupted. A file with nothing in it is left nowhere.
pub fn record(args: &Record) -> Outcome {
    let stop = stop::flag();
    let twin = files::open(&args.twin)?;
    let connection = live::connection(&args.broker)?;
    let mut file = Recording::create(&args.out, recording::header(&twin.name))?;
    let (tap, messages) = bounded(WAITING);
    let link = mqtt::Source::spawn_with_tap(&twin, connection, tap).map_err(Failure::input)?;
    let begun = Instant::now();
    while !stop.load(Ordering::Relaxed) && args.span.is_none_or(|span| begun.elapsed() < span) {
        // What is decoded is not wanted here; what arrives is.
        link.batches.try_iter().for_each(drop);
        match messages.recv_timeout(Duration::from_millis(20)) {
            Ok(message) => file.add(&message.line())?,
            Err(RecvTimeoutError::Timeout) => {
                // Nothing more comes at the moment: a good one to be safe.
                file.flush()?;
                if file.count == 0 && begun.elapsed() > REACH_TIMEOUT {
                    reachable(&link)?;
                }
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    for message in messages.try_iter() {
        file.add(&message.line())?;
    }
    file.flush()?;
    let refused = link.status.refused_filters();
    if file.count == 0 {
        if refused.is_empty() {
            reachable(&link)?;
            return Err(Failure::Environment(format!(
                "nothing came from {}, and no file is written; does the plant send, and on the topics of {}?",
                link.status.broker(),
                path_text(&args.twin)
            )));
        }
    } else {
        files::print(format!("{} messages in {}", file.count, path_text(&args.out)))?;
    }
    let lost = link.status.counters.unrecorded.get();
    if lost > 0 {
        return Err(Failure::Environment(format!(
            "{lost} messages came faster than the disk took them and are not in the recording"
        )));
    }
    if !refused.is_empty() {
        return Err(Failure::Environment(format!(
            "the broker {} refuses to send {}; that is not in the recording",
            link.status.broker(),
            refused.join(", ")
        )));
    }
    Ok(())
}

/// The file of a recording; it is removed again where no message came to be in it.
struct Recording<'a> {
    path: &'a Path,
    out: BufWriter<File>,
    count: u64,
}

impl<'a> Recording<'a> {
    fn create(path: &'a Path, header: impl std::fmt::Display) -> Result<Self, Failure> {
        let file = File::create_new(path).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => Failure::Input(format!(
                "{} exists already; name another file, or remove it first",
                path_text(path)
            )),
            _ => Failure::Environment(format!("cannot write {}: {error}", path_text(path))),
        })?;
        let mut recording = Self { path, out: BufWriter::new(file), count: 0 };
        let written = writeln!(recording.out, "{header}");
        written.map_err(|error| recording.failed(&error))?;
        Ok(recording)
    }

    fn add(&mut self, line: &impl std::fmt::Display) -> Outcome {
        writeln!(self.out, "{line}").map_err(|error| self.failed(&error))?;
        self.count += 1;
        Ok(())
    }

    fn flush(&mut self) -> Outcome {
        self.out.flush().map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &std::io::Error) -> Failure {
        Failure::Environment(format!("cannot write {}: {error}", path_text(self.path)))
    }
}

impl Drop for Recording<'_> {
    fn drop(&mut self) {
        if self.count == 0
            && let Err(error) = std::fs::remove_file(self.path)
        {
            log::warn!("{} is empty and cannot be removed: {error}", path_text(self.path));
        }
    }
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
    let name = path_text(&args.recording);
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
