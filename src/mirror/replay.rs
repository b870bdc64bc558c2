//! A recording through the decoders into a mirror of its own: the same state to the bit on every
//! machine, because only the recording's times are looked at.

use std::sync::Arc;

use serde::Serialize;

use super::{Budget, Counters, Mirror};
use crate::telemetry::recording::{BadLine, Reader};
use crate::telemetry::{Batch, Decoder};
use crate::twin::{Timestamp, Twin};

/// Recorded time from one look at the state to the next.
const LOOK_EVERY_US: i64 = 100_000;

/// What a recording led to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// All states that a scene would have shown, ten a second, as one number in hexadecimal. Two
    /// machines that tell the same have shown the same.
    pub state_hash: String,
    /// Messages that were read.
    pub messages: u64,
    /// Samples in them.
    pub samples: u64,
    /// Messages of which at least a part was not understood, or that no mapping wants.
    pub faults: u64,
    /// Lines that are no message.
    pub bad_lines: u64,
    /// What became of the samples.
    pub mirror: Counters,
}

/// Replays a recording as fast as it can be read.
///
/// # Errors
/// When it is no recording.
pub fn replay(twin: &Arc<Twin>, recording: &[u8]) -> Result<Replayed, BadLine> {
    let decoder = Decoder::new(twin);
    let mut mirror = Mirror::new(twin.clone(), Budget::default());
    let mut done = Replayed::default();
    let mut hash = 0_u64;
    let mut next_look = None::<Timestamp>;
    let mut last = None::<Timestamp>;
    for line in Reader::new(recording)? {
        let Ok(message) = line else {
            done.bad_lines += 1;
            continue;
        };
        // Arrivals never go back, whatever the clock of the recording machine did.
        let at = last.map_or(message.at, |last| last.max(message.at));
        last = Some(at);
        let mut look = next_look.unwrap_or(at);
        // Of a long silence the beginning and the end are looked at.
        if at.0.saturating_sub(look.0) > 600 * LOOK_EVERY_US {
            look = at.plus_micros(-LOOK_EVERY_US);
        }
        while look < at {
            hash = looked(&mut mirror, look, hash);
            look = look.plus_micros(LOOK_EVERY_US);
        }
        next_look = Some(look);
        let mut batch = Batch { arrival: at, ..Batch::default() };
        let decoded = decoder.decode(&message.topic, &message.payload, at, &mut batch);
        done.messages += 1;
        done.samples += decoded.samples as u64;
        done.faults += u64::from(decoded.fault.is_some());
        mirror.apply(batch);
    }
    if let Some(last) = last {
        hash = looked(&mut mirror, last, hash);
    }
    done.state_hash = format!("{hash:016x}");
    done.mirror = *mirror.counters();
    Ok(done)
}

/// The hash after a look at the state at that wall time.
fn looked(mirror: &mut Mirror, wall: Timestamp, before: u64) -> u64 {
    mirror.tick(wall);
    let state = mirror.state_hash(mirror.live_view());
    (before.rotate_left(5) ^ state).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
