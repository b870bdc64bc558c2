//! The simulated plant at work: plant time from wall time, and messages to a broker.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rumqttc::{Client, Event, LastWill, MqttOptions, Outgoing, Packet, QoS, RecvTimeoutError};

use super::{Message, MessageSource, Unfit};
use crate::telemetry::backoff::Rarely;
use crate::telemetry::mqtt;
use crate::twin::{Timestamp, Twin};

/// How often the physics catches up with the clock.
const TICK: Duration = Duration::from_millis(20);
/// Messages waiting for the connection; what is more is dropped and counted.
const QUEUE: usize = 20_000;
/// Pauses before a new attempt to connect.
const BACKOFF: [u64; 5] = [100, 200, 500, 1000, 2000];

/// How the simulated plant runs.
#[derive(Clone, Debug)]
pub struct PlantOptions {
    /// Which broker, and as whom.
    pub broker: mqtt::ClientOptions,
    /// The same seed gives the same messages.
    pub seed: u64,
    /// Plant seconds that pass in one second.
    pub speed: f64,
}

/// Why the simulated plant did not run.
#[derive(Debug, thiserror::Error)]
pub enum PlantError {
    /// The speed or the twin file's `simulation` section is wrong.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The connection cannot be set up.
    #[error(transparent)]
    Broker(#[from] mqtt::ClientOptionsError),
    /// No thread could be started.
    #[error("no thread for the plant: {0}")]
    Thread(#[from] std::io::Error),
}

/// Runs the simulated plant of a twin against a broker until `stop` is set. It waits for the broker
/// when it is not there, and connects again when it is lost.
///
/// # Errors
/// If the twin file's simulation section or the speed is wrong, or a certificate cannot be read.
pub fn run(twin: &Twin, options: &PlantOptions, stop: &Arc<AtomicBool>) -> Result<(), PlantError> {
    let mut source = MessageSource::new(twin, options.seed, Timestamp::now(), options.speed)?;
    let connection = mqtt_options(twin, options, source.will())?;
    let (client, connection) = Client::new(connection, QUEUE);
    let birth = source.birth().to_vec();
    let poller = {
        let (client, stop) = (client.clone(), stop.clone());
        std::thread::Builder::new()
            .name("plant-mqtt".into())
            .spawn(move || poll(connection, &client, &birth, &stop))?
    };
    let mut dropped = 0u64;
    let mut before = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        let now = Instant::now();
        source.advance(now.duration_since(before), &mut |message| {
            dropped += u64::from(!send(&client, message));
        });
        before = now;
        std::thread::sleep(TICK);
    }
    for message in source.will() {
        send(&client, message.clone());
    }
    if client.try_disconnect().is_err() {
        log::debug!("the plant stops without disconnecting: the queue to the broker is full");
    }
    if poller.join().is_err() {
        log::error!("the plant's connection panicked");
    }
    if dropped > 0 {
        log::warn!(
            "{dropped} messages of the plant were dropped because the broker did not take them"
        );
    }
    Ok(())
}

/// Hands a message to the connection without waiting; `false` when there is no room.
fn send(client: &Client, message: Message) -> bool {
    let qos = match message.qos {
        0 => QoS::AtMostOnce,
        1 => QoS::AtLeastOnce,
        _ => QoS::ExactlyOnce,
    };
    client.try_publish(message.topic, qos, message.retain, message.payload).is_ok()
}

fn mqtt_options(
    twin: &Twin,
    options: &PlantOptions,
    will: &[Message],
) -> Result<MqttOptions, PlantError> {
    let mut broker = options.broker.clone();
    if !broker.is_id_stated {
        broker.client_id = format!("plant-{}-{}-{}", twin.name, options.seed, std::process::id());
    }
    let mut mqtt = mqtt::mqtt_options(&broker)?;
    mqtt.set_keep_alive(Duration::from_secs(5)).set_max_packet_size(1 << 20, 16 << 20);
    mqtt.set_inflight(500);
    // MQTT has one will a client; the other assets go stale.
    if let Some(will) = will.first().cloned() {
        mqtt.set_last_will(LastWill::new(will.topic, will.payload, QoS::AtLeastOnce, true));
    }
    Ok(mqtt)
}

/// Keeps the connection going until the plant has disconnected.
fn poll(
    mut connection: rumqttc::Connection,
    client: &Client,
    birth: &[Message],
    stop: &AtomicBool,
) {
    let mut failures = 0;
    let (mut reported, began) = (Rarely::default(), Instant::now());
    let mut stopped_at = None::<Instant>;
    loop {
        if stop.load(Ordering::Relaxed) {
            let since = *stopped_at.get_or_insert_with(Instant::now);
            if since.elapsed() > Duration::from_secs(2) {
                return;
            }
        }
        match connection.recv_timeout(Duration::from_millis(200)) {
            Ok(Ok(Event::Incoming(Packet::ConnAck(_)))) => {
                failures = 0;
                for message in birth {
                    send(client, message.clone());
                }
            }
            Ok(Ok(Event::Outgoing(Outgoing::Disconnect))) | Err(RecvTimeoutError::Disconnected) => {
                return;
            }
            Ok(Ok(_)) | Err(RecvTimeoutError::Timeout) => {}
            Ok(Err(error)) => {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                // On change, then rarely: a broker may be away for days.
                if reported.is_due(&error.to_string(), began.elapsed()) {
                    log::warn!("the plant has lost its broker ({error}) and keeps trying");
                }
                let pause = BACKOFF[failures.min(BACKOFF.len() - 1)];
                failures += 1;
                std::thread::sleep(Duration::from_millis(pause));
            }
        }
    }
}
