//! The simulated plant in the page: its messages go by loopback to the decoders that a broker's go
//! to, as topic and bytes.

use std::sync::Arc;
use std::time::Duration;

use super::socket::moment;
use super::source::Driven;
use crate::plant::simulation::{Message, MessageSource, Setup};
use crate::telemetry::{ConnectionState, Feed, Flushed, Router, Status};
use crate::twin::{Timestamp, Twin};

/// Plant seconds in a second: beyond that a page's pictures would wait for its plant.
const FASTEST: f64 = 1000.0;

/// A plant in the page.
pub struct InPage {
    source: MessageSource,
    /// Answers and announcements are for others than this page's decoders.
    router: Router,
    feed: Feed,
    before: Option<Duration>,
}

impl InPage {
    /// The plant of the twin, which is there at once.
    ///
    /// # Errors
    /// What is wrong with the speed or the twin file's `simulation` section.
    pub fn new(
        twin: &Twin,
        (seed, story): (u64, bool),
        speed: f64,
        mut feed: Feed,
        status: Arc<Status>,
    ) -> Result<Self, String> {
        if speed > FASTEST {
            return Err(format!("the speed {speed} cannot be used in a page: at most {FASTEST}"));
        }
        let setup = Setup { seed, start: Timestamp::now(), story };
        let source = MessageSource::new(twin, setup, speed);
        let source = source.map_err(|unfit| unfit.to_string())?;
        status.set_connection(ConnectionState::Connected);
        source.birth().iter().for_each(|message| hand(&mut feed, message, Timestamp::now()));
        Ok(Self { source, router: Router::new(twin), feed, before: None })
    }
}

fn hand(feed: &mut Feed, message: &Message, arrival: Timestamp) {
    feed.feed(&message.topic, &message.payload, message.qos, arrival);
}

impl Driven for InPage {
    fn tick(&mut self) {
        let now = moment();
        let elapsed = now.elapsed.saturating_sub(self.before.unwrap_or(now.elapsed));
        self.before = Some(now.elapsed);
        // This plant knows one definition; what another wants of it comes where the topics match.
        self.feed.renew();
        let (feed, router) = (&mut self.feed, &self.router);
        self.source.advance(elapsed, &mut |message| {
            if !router.route(&message.topic).is_empty() {
                hand(feed, &message, now.wall);
            }
        });
        if self.feed.try_flush() == Flushed::Full && !self.feed.must_keep() {
            self.feed.drop_batch();
        }
    }
}
