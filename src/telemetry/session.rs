//! An MQTT client without a socket or a clock of its own: bytes in, bytes out, and the time as an argument.
//!
//! Flows in: what a transport received, and when. Flows out: what the transport is to send, and
//! samples through the [`Feed`]. The browser's WebSocket drives it; a test drives it over TCP. As
//! the native client it subscribes anew on every connection, holds back the acknowledgement of
//! what the mirror has not taken, and never publishes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use mqtt_protocol_core::mqtt::common::Cursor;
use mqtt_protocol_core::mqtt::connection::{
    ConnectionOptions, Event, MQTT_PACKET_SIZE_NO_LIMIT, TimerKind,
};
use mqtt_protocol_core::mqtt::packet::v3_1_1::{
    Connack, Connect, Puback, Publish, Pubrec, Suback, Subscribe, Unsubscribe,
};
use mqtt_protocol_core::mqtt::packet::{GenericPacketTrait, Packet, Qos, SubEntry, SubOpts};
use mqtt_protocol_core::mqtt::result_code::{ConnectReturnCode, MqttError};
use mqtt_protocol_core::mqtt::{Connection, Version, role};

use super::backoff::Backoff;
use super::requests::{Again, Requests};
use super::{ConnectionState, Delivery, Fault, Feed, Flushed, Status, Subscription};
use crate::twin::Timestamp;

/// Filters in one SUBSCRIBE packet.
const FILTERS_PER_PACKET: usize = 64;
/// The oldest samples of a batch wait no longer than this.
const OLDEST: Duration = Duration::from_millis(10);
/// How long a broker may take to answer: the first packet, or a ping.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// As whom to connect, and within which limits.
#[derive(Clone)]
pub struct Settings {
    /// MQTT client identifier; a broker cuts the older of two clients that have the same.
    pub client_id: String,
    /// User name, if the broker wants one.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<String>,
    /// A connection that is silent this long is tested.
    pub keep_alive: Duration,
    /// Largest packet that is taken at first, in bytes; far above the decoder's own limit.
    pub max_packet: u32,
}

/// How the client identifiers of pages begin. A page's server passes no others to the broker: a broker cuts
/// the older of two clients that have one identifier, so that a page could cut any other client.
pub const PAGE_IDENTIFIER: &str = "twinscope-page-";

/// Without the password.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { client_id, user, .. } = self;
        f.debug_struct("Settings")
            .field("client_id", client_id)
            .field("user", user)
            .finish_non_exhaustive()
    }
}

/// When something happens, on both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Wall time, which may jump.
    pub wall: Timestamp,
    /// Since any fixed instant, on a clock that only goes forward.
    pub elapsed: Duration,
}

/// What has to be done with the transport.
#[derive(Debug, PartialEq, Eq)]
pub enum Order {
    /// Send these bytes.
    Send(Vec<u8>),
    /// Close the connection; then call [`Session::closed`].
    Close,
}

/// A client of one broker over any number of connections, one after the other.
pub struct Session {
    settings: Settings,
    feed: Feed,
    status: Arc<Status>,
    subscriptions: Vec<Subscription>,
    connection: Option<Connection<role::Client>>,
    orders: VecDeque<Order>,
    timers: BTreeMap<Timer, Duration>,
    backoff: Backoff,
    connected_before: bool,
    /// Why this connection is about to be closed.
    reason: Option<Reason>,
    /// When the broker accepted the present connection.
    accepted: Option<Duration>,
    /// The newest time that is known.
    now: Duration,
    requests: Requests,
    /// Messages that are not acknowledged yet, in order.
    unacknowledged: VecDeque<(Qos, u16)>,
    /// The channel is full, and what waits for it has QoS 1 or 2: nothing is acknowledged.
    blocked: bool,
}

/// What the time runs out for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Answer,
    Ping,
    PingAnswer,
}

/// Why a connection ended.
enum Reason {
    Broken(String),
    Rejected(String),
}

impl Session {
    /// A session that waits for its first connection.
    pub fn new(settings: Settings, feed: Feed, status: Arc<Status>) -> Self {
        let subscriptions = feed.decoder().router().subscriptions().to_vec();
        Self {
            settings,
            feed,
            status,
            subscriptions,
            connection: None,
            orders: VecDeque::new(),
            timers: BTreeMap::new(),
            backoff: Backoff::default(),
            connected_before: false,
            reason: None,
            accepted: None,
            now: Duration::ZERO,
            requests: Requests::new(),
            unacknowledged: VecDeque::new(),
            blocked: false,
        }
    }

    /// Its status.
    pub fn status(&self) -> &Arc<Status> {
        &self.status
    }

    /// Other login data from the next connection on.
    pub fn log_in(&mut self, user: Option<String>, password: Option<String>) {
        (self.settings.user, self.settings.password) = (user, password);
    }

    /// The transport is open: sends CONNECT.
    pub fn opened(&mut self, now: Moment) {
        let options = ConnectionOptions::new().maximum_packet_size_recv(self.settings.max_packet);
        let mut connection = Connection::with_options(Version::V3_1_1, options);
        connection.set_pingresp_recv_timeout(ANSWER_TIMEOUT.as_millis() as u64);
        self.reason = None;
        self.timers.clear();
        self.timers.insert(Timer::Answer, now.elapsed + ANSWER_TIMEOUT);
        match self.connect_packet() {
            Ok(packet) => {
                let events = connection.checked_send(packet);
                self.connection = Some(connection);
                self.handle(events, now);
            }
            Err(error) => self.close(Reason::Rejected(format!(
                "user, password or client identifier cannot be sent: {error}"
            ))),
        }
    }

    fn connect_packet(&self) -> Result<Connect, MqttError> {
        let Settings { client_id, user, password, keep_alive, .. } = &self.settings;
        let keep_alive_s = keep_alive.as_secs().clamp(1, u64::from(u16::MAX)) as u16;
        let mut packet = Connect::builder()
            .client_id(client_id.as_str())?
            .clean_session(true)
            .keep_alive(keep_alive_s);
        if let Some(user) = user {
            packet = packet.user_name(user.as_str())?;
            if let Some(password) = password {
                packet = packet.password(password.as_bytes().to_vec())?;
            }
        }
        packet.build()
    }

    /// Bytes came in; how they are cut does not matter.
    pub fn received(&mut self, bytes: &[u8], now: Moment) {
        let mut cursor = Cursor::new(bytes);
        while let Some(connection) = &mut self.connection
            && self.reason.is_none()
            && cursor.position() < bytes.len() as u64
        {
            let events = connection.recv(&mut cursor);
            self.handle(events, now);
        }
        if self.feed.is_ripe() || self.feed.age(now.wall) > OLDEST {
            self.flush(now);
        }
    }

    /// To be called every few milliseconds, or as often as may be: hands samples on, keeps the
    /// connection alive, and notices when the broker does not answer.
    pub fn tick(&mut self, now: Moment) {
        self.now = now.elapsed;
        self.flush(now);
        self.renew(now);
        self.ask_again(now);
        let due: Vec<_> = self
            .timers
            .iter()
            .filter(|(_, at)| **at <= now.elapsed)
            .map(|(timer, _)| *timer)
            .collect();
        for timer in due {
            self.timers.remove(&timer);
            let Some(connection) = &mut self.connection else { return };
            match timer {
                Timer::Ping => {
                    let events = connection.notify_timer_fired(TimerKind::PingreqSend);
                    self.handle(events, now);
                }
                Timer::Answer | Timer::PingAnswer => {
                    let reason = format!("{} does not answer", self.status.broker());
                    self.close(Reason::Broken(reason));
                }
            }
        }
    }

    /// The next thing to do with the transport, if any.
    pub fn next_order(&mut self) -> Option<Order> {
        self.orders.pop_front()
    }

    /// The transport is closed, or could not be opened, for this reason; after how long the next attempt
    /// should follow.
    pub fn closed(&mut self, reason: &str) -> Duration {
        self.connection = None;
        self.orders.clear();
        self.timers.clear();
        if let Some(accepted) = self.accepted.take() {
            self.backoff.held(self.now.saturating_sub(accepted));
        }
        // The broker sends again what was not acknowledged on this connection.
        self.unacknowledged.clear();
        self.status.counters.connection_errors.add(1);
        let retry_in = self.backoff.next();
        let reason = self.reason.take().unwrap_or_else(|| Reason::Broken(reason.to_owned()));
        self.status.set_connection(match reason {
            Reason::Broken(reason) => ConnectionState::Disconnected { reason, retry_in },
            Reason::Rejected(reason) => ConnectionState::Rejected { reason, retry_in },
        });
        retry_in
    }

    fn close(&mut self, reason: Reason) {
        self.reason.get_or_insert(reason);
        self.orders.push_back(Order::Close);
    }

    fn handle(&mut self, events: Vec<Event>, now: Moment) {
        for event in events {
            match event {
                Event::RequestSendPacket { packet, .. } => {
                    self.orders.push_back(Order::Send(packet.to_continuous_buffer()));
                }
                Event::NotifyPacketReceived(packet) => self.take(&packet, now),
                Event::RequestTimerReset { kind, duration_ms } => {
                    if let Some(timer) = timer(kind) {
                        self.timers.insert(timer, now.elapsed + Duration::from_millis(duration_ms));
                    }
                }
                Event::RequestTimerCancel(kind) => {
                    timer(kind).and_then(|timer| self.timers.remove(&timer));
                }
                Event::NotifyError(MqttError::PacketTooLarge) => self.make_room(now),
                Event::NotifyError(error) => {
                    let broker = self.status.broker();
                    self.close(Reason::Broken(format!("{broker} broke the protocol: {error}")));
                }
                Event::RequestClose => self.orders.push_back(Order::Close),
                Event::NotifyPacketIdReleased(_) => {}
            }
        }
    }

    fn take(&mut self, packet: &Packet, now: Moment) {
        match packet {
            Packet::V3_1_1Connack(answer) => self.connected(answer, now),
            Packet::V3_1_1Suback(answer) => self.subscribed(answer, now),
            Packet::V3_1_1Publish(message) => self.message(message, now),
            _ => {}
        }
    }

    fn message(&mut self, message: &Publish, now: Moment) {
        if let Some(id) = message.packet_id() {
            self.unacknowledged.push_back((message.qos(), id));
        }
        let payload = message.payload().as_slice();
        let delivery = Delivery { qos: message.qos() as u8, retained: message.retain() };
        self.feed.take(message.topic_name(), payload, delivery, now.wall);
        if self.feed.is_ripe() {
            self.flush(now);
        }
    }

    fn connected(&mut self, answer: &Connack, now: Moment) {
        self.timers.remove(&Timer::Answer);
        if answer.return_code() != ConnectReturnCode::Accepted {
            let reason = refusal(answer.return_code(), self.status.broker());
            return self.close(Reason::Rejected(reason));
        }
        if std::mem::replace(&mut self.connected_before, true) {
            self.status.counters.reconnects.add(1);
        }
        (self.now, self.accepted) = (now.elapsed, Some(now.elapsed));
        self.requests.begin(self.status.counters.dropped.get(), now.elapsed, &self.status);
        self.status.set_connection(ConnectionState::Connected);
        self.subscribe(None, now);
    }

    /// Follows a definition that has changed.
    fn renew(&mut self, now: Moment) {
        if !self.feed.renew() {
            return;
        }
        let wanted = self.feed.decoder().router().subscriptions().to_vec();
        let before = std::mem::replace(&mut self.subscriptions, wanted);
        if self.status.connection() == ConnectionState::Connected {
            let still =
                |old: &Subscription| self.subscriptions.iter().any(|new| new.filter == old.filter);
            let gone: Vec<_> =
                before.into_iter().filter(|old| !still(old)).map(|old| old.filter).collect();
            self.unsubscribe(&gone, now);
            let is_wanted =
                |filter: &str| self.subscriptions.iter().any(|wanted| wanted.filter == filter);
            self.requests.retain(is_wanted, &self.status);
            self.subscribe(None, now);
        }
    }

    /// Subscribes again to what was refused, and to all when samples were lost and the mirror follows again.
    fn ask_again(&mut self, now: Moment) {
        if self.status.connection() != ConnectionState::Connected || self.feed.is_full() {
            return;
        }
        let lost = self.status.counters.dropped.get();
        match self.requests.due(lost, now.elapsed, &self.status) {
            Again::Nothing => {}
            Again::These(filters) => self.subscribe(Some(&filters), now),
            Again::All => {
                self.status.counters.asked_again.add(self.subscriptions.len() as u64);
                self.subscribe(None, now);
            }
        }
    }

    fn unsubscribe(&mut self, filters: &[String], now: Moment) {
        for chunk in filters.chunks(FILTERS_PER_PACKET) {
            let Some(connection) = &mut self.connection else { return };
            let packet = connection.acquire_packet_id().and_then(|id| {
                Unsubscribe::builder().packet_id(id).entries(chunk.to_vec())?.build()
            });
            match packet {
                Ok(packet) => {
                    let events = connection.checked_send(packet);
                    self.handle(events, now);
                }
                // What comes nevertheless is counted as unmapped.
                Err(error) => log::debug!("still subscribed to {}: {error}", chunk.join(", ")),
            }
        }
    }

    /// Subscribes to all, or to those of `only` again.
    fn subscribe(&mut self, only: Option<&BTreeSet<String>>, now: Moment) {
        let all = self.subscriptions.iter();
        let wanted: Vec<_> = match only {
            Some(only) => all.filter(|one| only.contains(&one.filter)).cloned().collect(),
            None => all.cloned().collect(),
        };
        if only.is_some() {
            self.status.counters.asked_again.add(wanted.len() as u64);
        }
        for chunk in wanted.chunks(FILTERS_PER_PACKET) {
            let Some(connection) = &mut self.connection else { break };
            let packet = connection.acquire_packet_id().and_then(|id| {
                let entries: Result<Vec<_>, _> = chunk.iter().map(entry).collect();
                Ok((id, Subscribe::builder().packet_id(id).entries(entries?).build()?))
            });
            let filters: Vec<_> = chunk.iter().map(|wanted| wanted.filter.clone()).collect();
            match packet {
                Ok((id, packet)) => {
                    self.requests.asked(id, filters.into_iter().map(Some).collect(), now.elapsed);
                    let events = connection.checked_send(packet);
                    self.handle(events, now);
                }
                Err(error) => {
                    log::error!("cannot subscribe to {}: {error}", filters.join(", "));
                    self.requests.refuse(filters, now.elapsed);
                }
            }
        }
    }

    fn subscribed(&mut self, answer: &Suback, now: Moment) {
        let granted = answer.return_codes().into_iter().map(|code| code.is_success());
        self.requests.answered(answer.packet_id(), granted, now.elapsed, &self.status);
    }

    /// Hands on what has been decoded, then acknowledges it. With a full channel QoS 0 is dropped
    /// and counted; QoS 1 and 2 wait, and so does their acknowledgement.
    fn flush(&mut self, now: Moment) {
        match self.feed.try_flush() {
            Flushed::Sent | Flushed::Closed => self.blocked = false,
            Flushed::Full if self.feed.must_keep() => self.blocked = true,
            Flushed::Full => self.feed.drop_batch(),
        }
        while !self.blocked
            && let Some((qos, id)) = self.unacknowledged.pop_front()
            && let Some(connection) = &mut self.connection
        {
            let events = match qos {
                Qos::ExactlyOnce => match Pubrec::builder().packet_id(id).build() {
                    Ok(packet) => connection.checked_send(packet),
                    Err(error) => vec![Event::NotifyError(error)],
                },
                _ => match Puback::builder().packet_id(id).build() {
                    Ok(packet) => connection.checked_send(packet),
                    Err(error) => vec![Event::NotifyError(error)],
                },
            };
            self.handle(events, now);
        }
    }

    /// A packet above the transport's limit cut the connection. A retained message would do so
    /// again and again; so the limit doubles.
    fn make_room(&mut self, now: Moment) {
        self.status.counters.messages.add(1);
        self.status.counters.oversized.add(1);
        let limit = self.settings.max_packet;
        self.settings.max_packet = limit.saturating_mul(2).min(MQTT_PACKET_SIZE_NO_LIMIT);
        let reason = format!("a packet of more than {limit} bytes cut the connection");
        self.status.bad.push(Fault::Oversized, "", b"", now.wall, || reason.clone());
        self.close(Reason::Broken(reason));
    }
}

fn entry(wanted: &Subscription) -> Result<SubEntry, MqttError> {
    let qos = match wanted.qos {
        0 => Qos::AtMostOnce,
        1 => Qos::AtLeastOnce,
        _ => Qos::ExactlyOnce,
    };
    SubEntry::new(wanted.filter.as_str(), SubOpts::new().set_qos(qos))
}

fn timer(kind: TimerKind) -> Option<Timer> {
    match kind {
        TimerKind::PingreqSend => Some(Timer::Ping),
        TimerKind::PingrespRecv => Some(Timer::PingAnswer),
        // A broker's.
        TimerKind::PingreqRecv => None,
    }
}

/// What the broker does not want and what to do, for people.
fn refusal(code: ConnectReturnCode, broker: &str) -> String {
    match code {
        ConnectReturnCode::BadUserNameOrPassword | ConnectReturnCode::NotAuthorized => {
            format!("{broker} does not accept the user or the password")
        }
        ConnectReturnCode::IdentifierRejected => {
            format!("{broker} does not accept the client identifier")
        }
        ConnectReturnCode::UnacceptableProtocolVersion => {
            format!("{broker} does not accept MQTT 3.1.1, which is what this program speaks")
        }
        _ => format!("{broker} is not ready for clients"),
    }
}
