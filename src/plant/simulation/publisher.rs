//! The simulated plant at work: plant time from wall time, and messages to a broker.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use rumqttc::{
    Client, Event, LastWill, MqttOptions, Outgoing, Packet, QoS, RecvTimeoutError, SubscribeFilter,
    SubscribeReasonCode,
};

use super::pace::Pacer;
use super::{LARGEST, Message, MessageSource, Setup, Unfit};
use crate::telemetry::backoff::Rarely;
use crate::telemetry::mqtt;
use crate::twin::Twin;

/// How often the physics catches up with the clock.
const TICK: Duration = Duration::from_millis(20);
/// Messages waiting for the connection; what is more is dropped and counted.
const QUEUE: usize = 20_000;
/// Commands that wait for the plant.
const COMMANDS: usize = 1000;
/// Time for which the connection waits until the plant takes a command; then it is lost, which is logged.
const PATIENCE: Duration = Duration::from_secs(1);
/// Commands that the plant takes before it runs on.
const AT_ONCE: usize = 100;
/// Pauses before a new attempt to connect.
const BACKOFF: [u64; 5] = [100, 200, 500, 1000, 2000];

/// Whom the simulated plant obeys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Obey {
    /// Commands to machines, and an instructor's orders.
    #[default]
    All,
    /// Commands to machines.
    Commands,
    /// Nobody.
    Nothing,
}

/// How the simulated plant runs.
#[derive(Clone, Debug)]
pub struct PlantOptions {
    /// Which broker, and as whom.
    pub broker: mqtt::ClientOptions,
    /// Which plant of the twin file.
    pub setup: Setup,
    /// Plant seconds that pass in one second.
    pub speed: f64,
    /// Whom it obeys.
    pub obey: Obey,
}

/// A message to the plant.
struct Told {
    topic: String,
    payload: Vec<u8>,
    retained: bool,
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
    let source = match MessageSource::unless(twin, options.setup, options.speed, stop) {
        Err(Unfit::Stopped) => return Ok(()),
        source => source?,
    };
    publish(twin, source, options, stop, &mut |_| {})
}

/// Runs a simulated plant that is there already; as [`run`]. `look` sees it whenever some of its time
/// has passed.
///
/// # Errors
/// If a certificate cannot be read.
pub fn publish(
    twin: &Twin,
    mut source: MessageSource,
    options: &PlantOptions,
    stop: &Arc<AtomicBool>,
    look: &mut dyn FnMut(&MessageSource),
) -> Result<(), PlantError> {
    let connection = mqtt_options(twin, options, source.will())?;
    let (client, connection) = Client::new(connection, QUEUE);
    let (commands, told) = crossbeam_channel::bounded(COMMANDS);
    let mut birth = source.birth().to_vec();
    let mut filters = Vec::new();
    if options.obey != Obey::Nothing {
        filters.extend(source.command_filters());
    }
    if options.obey == Obey::All {
        birth.push(source.catalogue());
        filters.extend(source.instructor_filters());
    }
    let queue = Arc::new(Queue { client, waiting: AtomicI64::new(0) });
    let poller = {
        let line = Line { queue: queue.clone(), birth, filters, commands };
        let stop = stop.clone();
        std::thread::Builder::new()
            .name("plant-mqtt".into())
            .spawn(move || line.poll(connection, &stop))?
    };
    let (mut dropped, mut strange, begun) = (0u64, Rarely::default(), Instant::now());
    let mut pacer = Pacer::new(&source);
    let mut before = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        let mut sink = |message: Message| dropped += u64::from(!queue.send(message));
        for Told { topic, payload, retained } in told.try_iter().take(AT_ONCE) {
            let is_known = source.command(&topic, &payload, retained);
            if !is_known && !source.sends(&topic) && strange.is_due("strange", begun.elapsed()) {
                log::warn!("the plant does not know what was sent to it on {topic:.200}");
            }
            source.speak(Duration::ZERO, &mut sink);
            // However many come, the plant runs on between them, and ends when it is asked to.
            if source.is_costly(&topic) || queue.is_half_full() || stop.load(Ordering::Relaxed) {
                break;
            }
        }
        source.speak(before.elapsed(), &mut sink);
        before = Instant::now();
        let has_caught_up = pacer.pace(&mut source, &mut |source, plant| {
            // Faster than real time it waits for the broker; in real time it loses what a plant would.
            let waits = source.speed() > 1.0 && queue.is_half_full();
            if !waits && !stop.load(Ordering::Relaxed) {
                source.advance_plant(plant, &mut sink);
                look(source);
            }
            !waits
        });
        if (has_caught_up && told.is_empty()) || queue.is_half_full() {
            std::thread::sleep(TICK);
        }
    }
    for message in source.will() {
        queue.send(message.clone());
    }
    if queue.client.try_disconnect().is_err() {
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

/// What waits to be sent.
struct Queue {
    client: Client,
    /// Messages in the queue, nearly: what is sent again after a break counts once more.
    waiting: AtomicI64,
}

impl Queue {
    /// Hands a message to the connection without waiting; `false` when there is no room.
    fn send(&self, message: Message) -> bool {
        let qos = match message.qos {
            0 => QoS::AtMostOnce,
            1 => QoS::AtLeastOnce,
            _ => QoS::ExactlyOnce,
        };
        let Message { topic, payload, retain, .. } = message;
        let is_sent = self.client.try_publish(topic, qos, retain, payload).is_ok();
        if is_sent {
            self.waiting.fetch_add(1, Ordering::Relaxed);
        }
        is_sent
    }

    /// A message has left the queue.
    fn has_sent(&self) {
        let less = |waiting: i64| (waiting > 0).then_some(waiting - 1);
        // Nothing to count down is no error.
        let _ = self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    fn is_half_full(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > QUEUE as i64 / 2
    }
}

fn mqtt_options(
    twin: &Twin,
    options: &PlantOptions,
    will: &[Message],
) -> Result<MqttOptions, PlantError> {
    let mut broker = options.broker.clone();
    if !broker.is_id_stated {
        broker.client_id =
            format!("plant-{}-{}-{}", twin.name, options.setup.seed, std::process::id());
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

/// The connection to the broker.
struct Line {
    queue: Arc<Queue>,
    /// Published on every connection.
    birth: Vec<Message>,
    /// Where commands come.
    filters: Vec<String>,
    commands: crossbeam_channel::Sender<Told>,
}

impl Line {
    /// Keeps the connection going until the plant has disconnected.
    fn poll(&self, mut connection: rumqttc::Connection, stop: &AtomicBool) {
        let mut failures = 0;
        let (mut reported, mut crowded, began) =
            (Rarely::default(), Rarely::default(), Instant::now());
        let mut stopped_at = None::<Instant>;
        // Asked for on every connection, again and again while the queue is full.
        let mut is_subscribed = true;
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
                    for message in &self.birth {
                        self.queue.send(message.clone());
                    }
                    is_subscribed = self.subscribe();
                }
                Ok(Ok(Event::Incoming(Packet::Publish(publish)))) => {
                    let rumqttc::Publish { topic, payload, retain, .. } = publish;
                    // What is too long is refused: no more of it is kept than shows that.
                    let payload = payload[..payload.len().min(LARGEST + 1)].to_vec();
                    let told = Told { topic, payload, retained: retain };
                    if self.commands.send_timeout(told, PATIENCE).is_err()
                        && crowded.is_due("crowded", began.elapsed())
                    {
                        log::warn!("commands to the plant are dropped: more come than it can take");
                    }
                }
                Ok(Ok(Event::Outgoing(Outgoing::Publish(_)))) => self.queue.has_sent(),
                Ok(Ok(Event::Incoming(Packet::SubAck(answer)))) => {
                    let refused = answer
                        .return_codes
                        .iter()
                        .filter(|code| **code == SubscribeReasonCode::Failure)
                        .count();
                    if refused > 0 {
                        log::warn!(
                            "the broker lets the plant not subscribe to {refused} of its topics for \
                             commands: these machines obey nobody; allow it to read them"
                        );
                    }
                }
                Ok(Ok(Event::Outgoing(Outgoing::Disconnect)))
                | Err(RecvTimeoutError::Disconnected) => return,
                Ok(Ok(_)) | Err(RecvTimeoutError::Timeout) => {}
                Ok(Err(error)) => {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    is_subscribed = true;
                    // On change, then rarely: a broker may be away for days.
                    if reported.is_due(&error.to_string(), began.elapsed()) {
                        log::warn!("the plant has lost its broker ({error}) and keeps trying");
                    }
                    let pause = BACKOFF[failures.min(BACKOFF.len() - 1)];
                    failures += 1;
                    std::thread::sleep(Duration::from_millis(pause));
                }
            }
            if !is_subscribed {
                is_subscribed = self.subscribe();
            }
        }
    }

    /// Asks for the commands; `false` when the queue has no room for that.
    fn subscribe(&self) -> bool {
        let filter = |path: &String| SubscribeFilter { path: path.clone(), qos: QoS::ExactlyOnce };
        let filters: Vec<_> = self.filters.iter().map(filter).collect();
        filters.is_empty() || self.queue.client.try_subscribe_many(filters).is_ok()
    }
}
