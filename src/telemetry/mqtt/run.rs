//! The client's loop: connect, subscribe, take messages, and begin again after a break.

use std::collections::{BTreeSet, VecDeque};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::{Duration, Instant};

use rumqttc::mqttbytes::Error as PacketError;
use rumqttc::{
    AsyncClient, ConnectionError, Event, EventLoop, MqttOptions, Outgoing, Packet, Publish, QoS,
    StateError, SubscribeFilter, SubscribeReasonCode, Transport,
};

use super::explain::{self, explain};
use super::probe::{self, Spoken};
use super::{ClientOptions, ClientOptionsError, Scheme, Stop};
use crate::telemetry::backoff::{Backoff, Rarely};
use crate::telemetry::requests::{Again, Asked, Requests, keep_wanted};
use crate::telemetry::{ConnectionState, Delivery, Fault, Feed, Flushed, Status, Subscription};
use crate::twin::Timestamp;

/// How long the client itself waits for a full channel.
const FULL_TIMEOUT: Duration = Duration::from_millis(20);
/// How long decoded samples wait for more, so that the reader is not woken for each message.
const GATHERING: Duration = Duration::from_millis(3);
/// The oldest samples of a batch wait no longer than this.
const OLDEST: Duration = Duration::from_millis(10);
/// How often a client without messages looks whether the definition has changed.
const LOOK: Duration = Duration::from_millis(200);
/// No MQTT packet is larger: four length bytes of seven bits, and the header.
const LARGEST_PACKET: usize = 268_435_455 + 5;
/// Filters in one SUBSCRIBE packet.
const FILTERS_PER_PACKET: usize = 64;

/// Translates the options for rumqttc.
pub(crate) fn mqtt_options(options: &ClientOptions) -> Result<MqttOptions, ClientOptionsError> {
    let host = match options.scheme {
        // For WebSocket rumqttc wants the whole address here.
        Scheme::Ws | Scheme::Wss => options.url(),
        _ => options.host.clone(),
    };
    let mut mqtt = MqttOptions::new(&options.client_id, host, options.port);
    mqtt.set_keep_alive(options.keep_alive.max(Duration::from_secs(1)));
    mqtt.set_clean_session(!options.persistent_session);
    mqtt.set_max_packet_size(options.max_packet, 1 << 20);
    if let Some(user) = &options.user {
        mqtt.set_credentials(user, options.password.as_deref().unwrap_or_default());
    }
    mqtt.set_transport(match (options.scheme, options.tls_config()?) {
        (Scheme::Mqtts, Some(config)) => Transport::tls_with_config(config.into()),
        (Scheme::Wss, Some(config)) => Transport::wss_with_config(config.into()),
        (Scheme::Ws | Scheme::Wss, _) => Transport::Ws,
        (Scheme::Mqtt | Scheme::Mqtts, _) => Transport::Tcp,
    });
    Ok(mqtt)
}

/// The client on its thread.
pub(super) struct Client {
    mqtt: MqttOptions,
    feed: Feed,
    status: Arc<Status>,
    stop: Arc<Stop>,
    subscriptions: Vec<Subscription>,
    max_packet: usize,
    backoff: Backoff,
    connected_before: bool,
    began: Instant,
    /// When the broker accepted the present connection.
    accepted: Option<Instant>,
    /// Filters of each packet that rumqttc is to send, in order; only when it is sent has it an identifier.
    sending: VecDeque<Asked>,
    requests: Requests,
    scheme: Scheme,
    host: String,
    port: u16,
    /// What was found at the port when it did not answer as expected, and when.
    spoken: Option<(Instant, Option<Spoken>)>,
    reported: Rarely,
    /// The channel is full, and what waits for it has QoS 1 or 2: nothing is acknowledged.
    blocked: bool,
    /// QoS and identifiers of messages that wait for their acknowledgement, in order.
    unacknowledged: VecDeque<(QoS, u16)>,
}

impl Client {
    pub(super) fn new(
        mqtt: MqttOptions,
        options: &ClientOptions,
        feed: Feed,
        status: Arc<Status>,
        stop: Arc<Stop>,
    ) -> Self {
        let subscriptions = feed.decoder().router().subscriptions().to_vec();
        let max_packet = options.max_packet;
        Self {
            mqtt,
            feed,
            status,
            stop,
            subscriptions,
            max_packet,
            backoff: Backoff::default(),
            connected_before: false,
            began: Instant::now(),
            accepted: None,
            sending: VecDeque::new(),
            requests: Requests::new(),
            scheme: options.scheme,
            host: options.host.clone(),
            port: options.port,
            spoken: None,
            reported: Rarely::default(),
            blocked: false,
            unacknowledged: VecDeque::new(),
        }
    }

    /// Works until it is stopped or nobody listens.
    pub(super) async fn run(mut self) {
        // Room for a definition that grows while it is watched.
        let requests = self.subscriptions.len() / FILTERS_PER_PACKET + 64;
        let (client, mut events) = AsyncClient::new(self.mqtt.clone(), requests);
        loop {
            let event = self.next(&client, &mut events).await;
            let is_manual = events.state.manual_acks;
            if self.stopped() {
                break;
            }
            let go_on = match event {
                None => false,
                Some(Ok(event)) => self.handle(&client, event, is_manual),
                Some(Err(error)) => {
                    // What was read before the break is still good.
                    let rest: Vec<Event> = events.state.events.drain(..).collect();
                    let all_taken =
                        rest.into_iter().all(|event| self.handle(&client, event, is_manual));
                    // The broker sends again what was not acknowledged on this connection.
                    self.unacknowledged.clear();
                    all_taken && self.flush() && self.broke(&mut events, &error).await
                }
            };
            if !go_on {
                break;
            }
            self.acknowledge(&client);
            self.renew(&client);
            self.ask_again(&client);
            // Only when all that was read has been handled is it certain what was acknowledged.
            if events.state.events.is_empty() {
                events.state.manual_acks = self.blocked || !self.unacknowledged.is_empty();
            }
        }
        self.flush();
        // Sends DISCONNECT, so that the broker need not wait for the keep-alive; not for long.
        if client.try_disconnect().is_ok() {
            let disconnecting = async { while events.poll().await.is_ok() {} };
            tokio::time::timeout(Duration::from_millis(200), disconnecting)
                .await
                .unwrap_or_default();
        }
    }

    fn stopped(&self) -> bool {
        self.stop.asked.load(Ordering::Acquire)
    }

    /// The next event; what has been decoded is handed on after a few milliseconds without one.
    /// `None`: stopped, or nobody listens any more.
    async fn next(
        &mut self,
        client: &AsyncClient,
        events: &mut EventLoop,
    ) -> Option<Result<Event, ConnectionError>> {
        // rumqttc's poll must not be cancelled halfway, so it is tried first and then awaited.
        let mut poll = pin!(events.poll());
        let ready = poll_fn(|context| Poll::Ready(poll.as_mut().poll(context))).await;
        if let Poll::Ready(event) = ready {
            return Some(event);
        }
        let stop = self.stop.clone();
        let mut waits = !self.feed.is_empty() || !self.unacknowledged.is_empty();
        loop {
            tokio::select! {
                biased;
                event = &mut poll => return Some(event),
                () = stop.wake.notified() => return None,
                () = tokio::time::sleep(GATHERING), if waits => {
                    if !self.flush() {
                        return None;
                    }
                    self.acknowledge(client);
                    waits = self.blocked || !self.unacknowledged.is_empty();
                }
                () = tokio::time::sleep(LOOK) => {
                    self.renew(client);
                    self.ask_again(client);
                }
            }
        }
    }

    /// `is_manual`: messages have not been acknowledged when they were read. `false`: nobody listens
    /// any more.
    fn handle(&mut self, client: &AsyncClient, event: Event, is_manual: bool) -> bool {
        match event {
            Event::Incoming(Packet::Publish(publish)) => {
                let qos = publish.qos as u8;
                if is_manual && qos > 0 {
                    self.unacknowledged.push_back((publish.qos, publish.pkid));
                }
                let now = Timestamp::now();
                let delivery = Delivery { qos, retained: publish.retain };
                self.feed.take(&publish.topic, &publish.payload, delivery, now);
                let late = self.feed.age(now) > OLDEST;
                return !(late || self.feed.is_ripe()) || self.flush();
            }
            Event::Incoming(Packet::ConnAck(answer)) => {
                self.connected(client, answer.session_present);
            }
            Event::Incoming(Packet::SubAck(answer)) => {
                let granted = answer
                    .return_codes
                    .iter()
                    .map(|code| !matches!(code, SubscribeReasonCode::Failure));
                self.requests.answered(answer.pkid, granted, self.began.elapsed(), &self.status);
            }
            Event::Outgoing(Outgoing::Subscribe(packet)) => {
                if let Some(filters) = self.sending.pop_front() {
                    self.requests.asked(packet, filters, self.began.elapsed());
                }
            }
            _ => {}
        }
        true
    }

    fn connected(&mut self, client: &AsyncClient, is_session_kept: bool) {
        if std::mem::replace(&mut self.connected_before, true) {
            self.status.counters.reconnects.add(1);
        }
        self.accepted = Some(Instant::now());
        self.spoken = None;
        self.reported.reset();
        // rumqttc sends what it had not sent before the break only to a broker that kept the session.
        if !is_session_kept {
            self.sending.clear();
        }
        let lost = self.status.counters.dropped.get();
        self.requests.begin(lost, self.began.elapsed(), &self.status);
        self.status.set_connection(ConnectionState::Connected);
        // Also with a session that the broker kept: it may be from an older twin file.
        self.subscribe(client, None);
    }

    /// Follows a definition that has changed.
    fn renew(&mut self, client: &AsyncClient) {
        if !self.feed.renew() {
            return;
        }
        let wanted = self.feed.decoder().router().subscriptions().to_vec();
        let before = std::mem::replace(&mut self.subscriptions, wanted);
        if self.status.connection() != ConnectionState::Connected {
            return;
        }
        let still =
            |old: &Subscription| self.subscriptions.iter().any(|new| new.filter == old.filter);
        for old in before.iter().filter(|old| !still(old)) {
            // What comes nevertheless is counted as unmapped.
            if let Err(error) = client.try_unsubscribe(&*old.filter) {
                log::debug!("still subscribed to {}: {error}", old.filter);
            }
        }
        let is_wanted =
            |filter: &str| self.subscriptions.iter().any(|wanted| wanted.filter == filter);
        self.sending.iter_mut().for_each(|filters| keep_wanted(filters, is_wanted));
        self.requests.retain(is_wanted, &self.status);
        self.subscribe(client, None);
    }

    /// Subscribes again to what was refused, and to all when samples were lost and the mirror follows again.
    fn ask_again(&mut self, client: &AsyncClient) {
        if self.accepted.is_none() || self.feed.is_full() {
            return;
        }
        let lost = self.status.counters.dropped.get();
        match self.requests.due(lost, self.began.elapsed(), &self.status) {
            Again::Nothing => {}
            Again::These(filters) => self.subscribe(client, Some(&filters)),
            Again::All => {
                self.status.counters.asked_again.add(self.subscriptions.len() as u64);
                self.subscribe(client, None);
            }
        }
    }

    /// Subscribes to all, or to those of `only` again.
    fn subscribe(&mut self, client: &AsyncClient, only: Option<&BTreeSet<String>>) {
        let all = self.subscriptions.iter();
        let wanted: Vec<&Subscription> = match only {
            Some(only) => all.filter(|one| only.contains(&one.filter)).collect(),
            None => all.collect(),
        };
        if only.is_some() {
            self.status.counters.asked_again.add(wanted.len() as u64);
        }
        for chunk in wanted.chunks(FILTERS_PER_PACKET) {
            let filters = chunk.iter().map(|wanted| {
                SubscribeFilter::new(wanted.filter.clone(), quality_of_service(wanted.qos))
            });
            let names = chunk.iter().map(|wanted| wanted.filter.clone());
            match client.try_subscribe_many(filters) {
                Ok(()) => self.sending.push_back(names.map(Some).collect()),
                Err(error) => {
                    log::error!("cannot subscribe: {error}");
                    self.requests.refuse(names, self.began.elapsed());
                }
            }
        }
    }

    /// Hands on what has been decoded. A full channel is waited for, but only for a moment, since
    /// meanwhile no ping is answered; then QoS 0 is dropped, and QoS 1 and 2 are kept and no
    /// more of it acknowledged until there is room. `false`: nobody listens.
    fn flush(&mut self) -> bool {
        let since = Instant::now();
        loop {
            match self.feed.try_flush() {
                Flushed::Sent => {
                    self.blocked = false;
                    return true;
                }
                Flushed::Closed => return false,
                Flushed::Full if self.blocked || self.stopped() => return true,
                Flushed::Full if since.elapsed() <= FULL_TIMEOUT => {
                    std::thread::sleep(Duration::from_millis(1));
                }
                Flushed::Full if self.feed.must_keep() => {
                    self.blocked = true;
                    return true;
                }
                Flushed::Full => {
                    self.feed.drop_batch();
                    return true;
                }
            }
        }
    }

    /// Acknowledges what was held back, once it has been handed on; in the order in which it came,
    /// as many at a time as the client takes.
    fn acknowledge(&mut self, client: &AsyncClient) {
        if self.blocked {
            return;
        }
        while let Some((qos, pkid)) = self.unacknowledged.front().copied() {
            let mut message = Publish::new("", qos, "");
            message.pkid = pkid;
            if client.try_ack(&message).is_err() {
                return;
            }
            self.unacknowledged.pop_front();
        }
    }

    /// Reports the break and waits before the next attempt. `false`: stopped.
    async fn broke(&mut self, events: &mut EventLoop, error: &ConnectionError) -> bool {
        self.status.counters.connection_errors.add(1);
        if let Some(size) = too_large(error) {
            self.make_room(events, size);
        }
        let accepted = self.accepted.take();
        if let Some(accepted) = accepted {
            self.backoff.held(accepted.elapsed());
        }
        let spoken = match accepted {
            None if explain::is_unclear(error) => tokio::select! {
                () = self.stop.wake.notified() => return false,
                spoken = probe::cached(&mut self.spoken, self.scheme, &self.host, self.port) => spoken,
            },
            _ => None,
        };
        let broker = self.status.broker();
        let mismatch = spoken.and_then(|spoken| explain::mismatch(self.scheme, spoken, broker));
        let reason = mismatch.unwrap_or_else(|| explain(error, broker, accepted.is_some()));
        let retry_in = self.backoff.next();
        // On change, then rarely: a broker may be away for days.
        if self.reported.is_due(&reason, self.began.elapsed()) {
            log::info!("{reason}; trying again in {} ms", retry_in.as_millis());
        }
        self.status.set_connection(match error {
            ConnectionError::ConnectionRefused(_) => ConnectionState::Rejected { reason, retry_in },
            _ => ConnectionState::Disconnected { reason, retry_in },
        });
        tokio::select! {
            () = self.stop.wake.notified() => false,
            () = tokio::time::sleep(retry_in) => !self.stopped(),
        }
    }

    /// A packet above the transport's limit cut the connection. A retained message, or one that the
    /// broker keeps for this session, would do so again and again; so the limit grows with it. It
    /// at least doubles, so that this happens a few times at most.
    fn make_room(&mut self, events: &mut EventLoop, size: usize) {
        self.status.counters.messages.add(1);
        self.status.counters.oversized.add(1);
        let limit = self.max_packet;
        self.status.bad.push(Fault::Oversized, "", b"", Timestamp::now(), || {
            format!("a packet of {size} bytes cut the connection, which took at most {limit}")
        });
        self.max_packet = (2 * limit).max(size + 5).min(LARGEST_PACKET);
        events.mqtt_options.set_max_packet_size(self.max_packet, 1 << 20);
    }
}

fn too_large(error: &ConnectionError) -> Option<usize> {
    match error {
        ConnectionError::MqttState(StateError::Deserialization(
            PacketError::PayloadSizeLimitExceeded(size),
        )) => Some(*size),
        _ => None,
    }
}

fn quality_of_service(level: u8) -> QoS {
    match level {
        0 => QoS::AtMostOnce,
        1 => QoS::AtLeastOnce,
        _ => QoS::ExactlyOnce,
    }
}
