//! A plant without a broker, as fast as the computer can: its messages as a recording.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{Message, MessageSource};
use crate::telemetry::recording;
use crate::twin::Timestamp;

/// Plant time whose messages are written together.
const TOGETHER: Duration = Duration::from_secs(1);
/// Such bunches that wait for being written at most.
const WAITING: usize = 8;

/// Runs a plant for so much plant time, or until `stop` is set or its script lets its time stand still for
/// good, and hands the lines of a recording to `write`, in a thread of its own. `look` sees the plant each
/// second of its time. Gives how many messages there were. Where the plant is put back, the times of the
/// lines go on, as they would for whoever records it.
///
/// # Errors
/// When `write` fails.
pub fn record(
    source: &mut MessageSource,
    span: Duration,
    stop: &AtomicBool,
    mut write: impl FnMut(&[u8]) -> io::Result<()> + Send,
    look: &mut dyn FnMut(&MessageSource),
) -> io::Result<u64> {
    let (bunches, waiting) = crossbeam_channel::bounded::<Vec<(Timestamp, Message)>>(WAITING);
    std::thread::scope(|scope| {
        let writer = scope.spawn(move || {
            let (mut lines, mut count) = (Vec::new(), 0u64);
            for bunch in waiting {
                lines.clear();
                for (at, Message { topic, payload, qos, retain }) in &bunch {
                    recording::write_line(&mut lines, *at, topic, (*qos, *retain), payload);
                }
                count += bunch.len() as u64;
                write(&lines)?;
            }
            Ok::<u64, io::Error>(count)
        });
        let begin = source.now();
        let mut bunch: Vec<_> =
            source.birth().iter().map(|message| (begin, message.clone())).collect();
        let (base, goal) = (source.start() + source.elapsed(), source.passed() + span);
        let from = source.passed();
        while source.passed() < goal && !stop.load(Ordering::Relaxed) {
            let until = (source.passed() + TOGETHER).min(goal);
            while source.passed() < until && !source.is_frozen() {
                let step = source.step().min(until - source.passed());
                // A message that a step sends was measured at its end.
                let at = base + (source.passed() - from + step);
                source.advance_plant(step, &mut |message| bunch.push((at, message)));
            }
            // It ends early where it cannot be written.
            if bunches.send(std::mem::take(&mut bunch)).is_err() {
                break;
            }
            look(source);
            if source.is_frozen() {
                log::warn!(
                    "the recording ends at {}: there a command lets the plant's time stand still, and none \
                     lets it go on",
                    source.now()
                );
                break;
            }
        }
        drop(bunches);
        writer.join().unwrap_or_else(|_| Err(io::Error::other("the writing thread panicked")))
    })
}
