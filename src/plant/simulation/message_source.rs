//! All messages of the simulated plant, in order: birth messages, measurements and its clock, and the
//! will. Without a thread, a socket or a clock of its own, so that a broker's client and a page can
//! both publish them.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::{Message, Mistake, Simulation, encode};
use crate::twin::mapping::ClockSource;
use crate::twin::{Timestamp, Twin};

/// Plant time that is caught up at most in one go, per unit of speed: after a suspended computer
/// the plant goes on from now.
const CATCH_UP: Duration = Duration::from_secs(5);
/// Real time from one message of the plant's clock to the next.
const CLOCK_EVERY: Duration = Duration::from_millis(500);

/// Plant seconds that may pass in one second.
pub const SPEEDS: RangeInclusive<f64> = 0.01..=1000.0;

/// Why a plant cannot be simulated.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// The speed is outside of [`SPEEDS`].
    #[error("the speed {0} cannot be used: expected a number from {from} to {to}",
            from = SPEEDS.start(), to = SPEEDS.end())]
    Speed(f64),
    /// The twin file's simulation section is wrong.
    #[error("{}", lines(.0))]
    Simulation(Vec<Mistake>),
}

fn lines(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(Mistake::to_string).collect::<Vec<_>>().join("\n")
}

/// The messages of a simulated plant.
pub struct MessageSource {
    simulation: Simulation,
    speed: f64,
    /// Plant time since the start.
    plant: Duration,
    clock: Option<ClockSource>,
    /// Real time since the last message of its clock; `None`: there was none.
    since_clock: Option<Duration>,
    birth: Vec<Message>,
    will: Vec<Message>,
}

impl MessageSource {
    /// The plant of a twin file; `start` is its plant time now, `speed` the plant seconds that pass
    /// in one second.
    ///
    /// # Errors
    /// If the speed is not in [`SPEEDS`], the twin has no `simulation` section, or with everything
    /// that is wrong in it.
    pub fn new(twin: &Twin, seed: u64, start: Timestamp, speed: f64) -> Result<Self, Unfit> {
        if !SPEEDS.contains(&speed) {
            return Err(Unfit::Speed(speed));
        }
        Ok(Self {
            simulation: Simulation::new(twin, seed, start).map_err(Unfit::Simulation)?,
            speed,
            plant: Duration::ZERO,
            clock: twin.clock.clone(),
            since_clock: None,
            birth: presence(twin, true),
            will: presence(twin, false),
        })
    }

    /// Birth messages, to be published first on every connection: the plant is online.
    pub fn birth(&self) -> &[Message] {
        &self.birth
    }

    /// The will, to be published at the end, also by the broker when the connection breaks: the plant is
    /// offline.
    pub fn will(&self) -> &[Message] {
        &self.will
    }

    /// Lets `elapsed` of real time pass, and hands over the messages that are due.
    pub fn advance(&mut self, elapsed: Duration, sink: &mut dyn FnMut(Message)) {
        self.plant += elapsed.min(CATCH_UP).mul_f64(self.speed);
        self.simulation.advance(self.plant, sink);
        let Some(clock) = &self.clock else { return };
        let since = self.since_clock.map(|since| since + elapsed);
        if since.is_none_or(|since| since >= CLOCK_EVERY) {
            self.since_clock = Some(Duration::ZERO);
            let Some(now) = self.simulation.told_time() else { return };
            let payload = clock_payload(clock, now, self.speed);
            sink(Message { topic: clock.topic.clone(), payload, qos: 0, retain: false });
        } else {
            self.since_clock = since;
        }
    }
}

fn presence(twin: &Twin, online: bool) -> Vec<Message> {
    let message = |presence: &crate::twin::mapping::Presence| {
        let word = if online { &presence.online } else { &presence.offline };
        let payload = if presence.pointer.is_empty() {
            word.clone()
        } else {
            let word = serde_json::Value::String(word.clone());
            encode::fields([(presence.pointer.as_str(), word)]).to_string()
        };
        let topic = presence.topic.clone();
        Message { topic, payload: payload.into_bytes(), qos: 1, retain: true }
    };
    twin.presence.iter().map(message).collect()
}

fn clock_payload(clock: &ClockSource, now: Timestamp, speed: f64) -> Vec<u8> {
    let time = encode::time_value(now, clock.format);
    let rate = clock.rate.as_deref().map(|pointer| (pointer, serde_json::Value::from(speed)));
    if clock.time.is_empty() {
        return match time {
            serde_json::Value::String(text) => text.into_bytes(),
            other => other.to_string().into_bytes(),
        };
    }
    encode::fields([(clock.time.as_str(), time)].into_iter().chain(rate)).to_string().into_bytes()
}
