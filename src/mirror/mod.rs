//! The live twin without a picture: telemetry flows into state and history.
//!
//! Flows in: batches from the telemetry channel, within a time budget. Flows out: the state in any
//! view, what changed, the plant's present time, counters. The viewer, `watch` and the tests stand
//! on it; it is above `telemetry` and `history`, which do not know each other.
