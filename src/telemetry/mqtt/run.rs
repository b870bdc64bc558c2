//! The client's loop: connect, subscribe, take messages, and begin again after a break.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::{Duration, Instant};

use rumqttc::mqttbytes::Error as PacketError;
use rumqttc::{
    AsyncClient, ConnectReturnCode, ConnectionError, Event, EventLoop, MqttOptions, Packet,
    Publish, QoS, StateError, SubscribeFilter, SubscribeReasonCode, Transport,
};

use super::{ClientOptions, ClientOptionsError, Scheme, Stop, tls};
use crate::telemetry::backoff::Backoff;
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
        Scheme::Ws | Scheme::Wss => options.broker(),
        _ => options.host.clone(),
    };
    let mut mqtt = MqttOptions::new(&options.client_id, host, options.port);
    mqtt.set_keep_alive(options.keep_alive.max(Duration::from_secs(1)));
    mqtt.set_clean_session(!options.persistent_session);
    mqtt.set_max_packet_size(options.max_packet, 1 << 20);
    if let Some(user) = &options.user {
        mqtt.set_credentials(user, options.password.as_deref().unwrap_or_default());
    }
    let config = || tls::config(options.ca_file.as_deref()).map(Into::into);
    mqtt.set_transport(match options.scheme {
        Scheme::Mqtt => Transport::Tcp,
        Scheme::Ws => Transport::Ws,
        Scheme::Mqtts => Transport::tls_with_config(config()?),
        Scheme::Wss => Transport::wss_with_config(config()?),
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
    /// Filters that were requested and not yet answered, in order.
    requested: Vec<String>,
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
            requested: Vec::new(),
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
                () = tokio::time::sleep(LOOK) => self.renew(client),
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
            Event::Incoming(Packet::ConnAck(_)) => self.connected(client),
            Event::Incoming(Packet::SubAck(answer)) => self.subscribed(&answer.return_codes),
            _ => {}
        }
        true
    }

    fn connected(&mut self, client: &AsyncClient) {
        if std::mem::replace(&mut self.connected_before, true) {
            self.status.counters.reconnects.add(1);
        }
        self.backoff = Backoff::default();
        self.status.set_refused_filters(Vec::new());
        self.status.set_connection(ConnectionState::Connected);
        // Also with a session that the broker kept: it may be from an older twin file.
        self.requested.clear();
        self.subscribe(client);
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
        self.subscribe(client);
    }

    fn subscribe(&mut self, client: &AsyncClient) {
        self.requested.extend(self.subscriptions.iter().map(|wanted| wanted.filter.clone()));
        for chunk in self.subscriptions.chunks(FILTERS_PER_PACKET) {
            let filters = chunk.iter().map(|wanted| {
                SubscribeFilter::new(wanted.filter.clone(), quality_of_service(wanted.qos))
            });
            if let Err(error) = client.try_subscribe_many(filters) {
                log::error!("cannot subscribe: {error}");
            }
        }
    }

    fn subscribed(&mut self, codes: &[SubscribeReasonCode]) {
        let answered = self.requested.drain(..codes.len().min(self.requested.len()));
        let refused: Vec<String> = answered
            .zip(codes)
            .filter(|(_, code)| matches!(code, SubscribeReasonCode::Failure))
            .map(|(filter, _)| filter)
            .collect();
        if !refused.is_empty() {
            log::warn!("the broker refuses to send {}", refused.join(", "));
            let mut all = self.status.refused_filters();
            all.extend(refused);
            self.status.set_refused_filters(all);
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
        let retry_in = self.backoff.next();
        let reason = explain(error, self.status.broker());
        log::info!("{reason}; trying again in {} ms", retry_in.as_millis());
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

/// What happened and what to do, for people.
fn explain(error: &ConnectionError, broker: &str) -> String {
    match error {
        ConnectionError::ConnectionRefused(code) => match code {
            ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized => format!(
                "{broker} does not accept the user or the password; set TWINSCOPE_MQTT_USER and \
                 TWINSCOPE_MQTT_PASSWORD or name a credentials file"
            ),
            ConnectReturnCode::BadClientId => {
                format!("{broker} does not accept the client identifier")
            }
            ConnectReturnCode::RefusedProtocolVersion => {
                format!("{broker} does not accept MQTT 3.1.1")
            }
            _ => format!("{broker} is not ready for clients"),
        },
        ConnectionError::Io(error) => match error.kind() {
            std::io::ErrorKind::ConnectionRefused => {
                format!("nothing listens at {broker}; is the broker running?")
            }
            _ => format!("{broker}: {error}"),
        },
        ConnectionError::NetworkTimeout => format!("{broker} does not answer"),
        ConnectionError::MqttState(StateError::ConnectionAborted) => {
            format!("{broker} closed the connection")
        }
        ConnectionError::Tls(error) => tls_failed(broker, error),
        other => match tls_error(other) {
            Some(error) => tls_failed(broker, error),
            None => format!("{broker}: {other}"),
        },
    }
}

fn tls_failed(broker: &str, error: &dyn std::error::Error) -> String {
    format!("{broker}: TLS failed: {error}; a private CA must be named as CA file")
}

/// The error of TLS, where it lies within another error: the WebSocket's wraps it.
fn tls_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    std::iter::successors(Some(error), |error| error.source()).find_map(|error| {
        error.downcast_ref::<std::io::Error>()?.get_ref()?.downcast_ref::<rustls::Error>()
    })
}
