//! The native MQTT client: rumqttc on its own thread.
//!
//! Flows in: packets of a broker. Flows out: batches on a bounded channel, and a [`Status`]. When
//! the channel is full, messages of QoS 1 and 2 wait and are not acknowledged, so that the broker's
//! flow control holds the next ones back; those of QoS 0 are dropped after a moment and counted. The
//! connection stays alive all the time. It never publishes.

mod address;
mod error;
mod explain;
mod options;
mod probe;
mod run;
mod tls;
mod tls_words;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender};

pub use error::ClientOptionsError;
pub use options::{ClientOptions, Scheme};
pub(crate) use run::mqtt_options;
pub(crate) use tls_words::in_words;

use super::recording::Recorded;
use super::{Batch, ConnectionState, Decoder, Feed, Status};
use crate::twin::Twin;

/// Starts the client.
#[derive(Debug)]
pub struct Source;

/// A running client. Dropping it stops the client and waits for its end.
#[derive(Debug)]
pub struct Link {
    /// What arrives.
    pub batches: Receiver<Batch>,
    /// What is known about the connection.
    pub status: Arc<Status>,
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

/// Asks the thread to end.
#[derive(Debug, Default)]
struct Stop {
    asked: AtomicBool,
    wake: tokio::sync::Notify,
}

impl Source {
    /// Connects to a broker in the background and subscribes to all that the twin maps. A broker
    /// that cannot be reached is no error here: it is shown in the status and tried again.
    ///
    /// # Errors
    /// When the options cannot be used: a missing certificate file, a thread that cannot be started.
    pub fn spawn(twin: &Twin, options: ClientOptions) -> Result<Link, ClientOptionsError> {
        Self::start(twin, options, None)
    }

    /// The same, and every message goes to `tap` besides, as it arrived. What finds no room there is
    /// counted as dropped.
    ///
    /// # Errors
    /// As [`Source::spawn`].
    pub fn spawn_with_tap(
        twin: &Twin,
        options: ClientOptions,
        tap: Sender<Recorded>,
    ) -> Result<Link, ClientOptionsError> {
        Self::start(twin, options, Some(tap))
    }

    fn start(
        twin: &Twin,
        options: ClientOptions,
        tap: Option<Sender<Recorded>>,
    ) -> Result<Link, ClientOptionsError> {
        let mqtt = mqtt_options(&options)?;
        let decoder = Decoder::new(twin).with_max_payload(options.max_payload);
        let status = Arc::new(Status::new(options.broker()));
        let (mut feed, batches) = Feed::new(decoder, status.clone(), options.capacity);
        if let Some(tap) = tap {
            feed = feed.with_tap(tap);
        }
        let stop = Arc::new(Stop::default());
        let client = run::Client::new(mqtt, &options, feed, status.clone(), stop.clone());
        let ended = status.clone();
        let thread = std::thread::Builder::new().name("mqtt".into()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            match runtime {
                Ok(runtime) => runtime.block_on(client.run()),
                Err(error) => log::error!("the MQTT client cannot start: {error}"),
            }
            ended.set_connection(ConnectionState::Ended);
        });
        let thread = thread.map_err(|error| ClientOptionsError::File {
            what: "the thread of the MQTT client",
            path: "mqtt".into(),
            error,
        })?;
        Ok(Link { batches, status, stop, thread: Some(thread) })
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.stop.asked.store(true, Ordering::Release);
        self.stop.wake.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("the MQTT client ended with a panic");
        }
    }
}
