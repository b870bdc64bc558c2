//! The MQTT session of the browser, driven over TCP against Debian's mosquitto.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use twinscope::telemetry::session::{Moment, Order, Session, Settings};
use twinscope::telemetry::{Batch, ConnectionState, Decoder, Fault, Feed, Status, Update};
use twinscope::twin::{Timestamp, Value};

use crate::mqtt::{elsewhere, twin};
use crate::programs::{Mosquitto, publish};

const SECONDS: fn(u64) -> Duration = Duration::from_secs;

/// A session and the socket that carries it, as a page would have them.
struct Page {
    session: Session,
    batches: Receiver<Batch>,
    status: Arc<Status>,
    socket: Option<TcpStream>,
    began: Instant,
    next_attempt: Instant,
}

fn settings() -> Settings {
    Settings {
        client_id: "page".into(),
        user: None,
        password: None,
        keep_alive: SECONDS(1),
        max_packet: 1 << 20,
    }
}

impl Page {
    fn new(settings: Settings, capacity: usize) -> Self {
        let status = Arc::new(Status::new("the broker"));
        let (feed, batches) = Feed::new(Decoder::new(&twin()), status.clone(), capacity);
        let session = Session::new(settings, feed, status.clone());
        let now = Instant::now();
        Self { session, batches, status, socket: None, began: now, next_attempt: now }
    }

    /// Does what is due with the socket, once.
    fn pump(&mut self, broker: &Mosquitto) {
        let now = Moment { wall: Timestamp::now(), elapsed: self.began.elapsed() };
        if self.socket.is_none() && self.next_attempt <= Instant::now() {
            match TcpStream::connect((Ipv4Addr::LOCALHOST, broker.port)) {
                Ok(socket) => {
                    socket.set_nonblocking(true).expect("a socket that does not block");
                    self.socket = Some(socket);
                    self.session.opened(now);
                }
                Err(error) => self.close(&error.to_string()),
            }
        }
        let mut bytes = [0; 4096];
        while let Some(socket) = &mut self.socket {
            match socket.read(&mut bytes) {
                Ok(0) => self.close("closed by the broker"),
                Ok(count) => self.session.received(&bytes[..count], now),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => self.close(&error.to_string()),
            }
        }
        self.session.tick(now);
        while let Some(order) = self.session.next_order() {
            match (order, &mut self.socket) {
                (Order::Send(bytes), Some(socket)) => {
                    if let Err(error) = socket.write_all(&bytes) {
                        self.close(&error.to_string());
                    }
                }
                (Order::Close, Some(_)) => self.close("closed"),
                (_, None) => {}
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }

    fn close(&mut self, reason: &str) {
        self.socket = None;
        self.next_attempt = Instant::now() + self.session.closed(reason);
    }

    /// Pumps until it is so; panics after ten seconds.
    fn until(&mut self, broker: &Mosquitto, mut is_so: impl FnMut(&Self) -> bool) {
        let since = Instant::now();
        while !is_so(self) {
            self.pump(broker);
            assert!(since.elapsed() < SECONDS(10), "{:?}", self.status.connection());
        }
    }

    fn connect(&mut self, broker: &Mosquitto) {
        self.until(broker, |page| page.status.connection() == ConnectionState::Connected);
        // A retained value proves that the subscription is in place.
        publish(broker, &["-r", "-t", "t/scalar", "-m", "1"]);
        self.updates(broker, 1);
        publish(broker, &["-r", "-n", "-t", "t/scalar"]);
    }

    fn updates(&mut self, broker: &Mosquitto, count: usize) -> Vec<Update> {
        let mut all = Vec::new();
        let batches = self.batches.clone();
        self.until(broker, |_| {
            let updates = batches.try_iter().flat_map(|batch| batch.updates);
            all.extend(updates.filter(|update| update.value.is_some()));
            all.len() >= count
        });
        all
    }
}

#[test]
fn what_a_foreign_publisher_sends_arrives_exactly() {
    let broker = Mosquitto::start();
    let mut page = Page::new(settings(), Feed::CAPACITY);
    page.connect(&broker);
    publish(&broker, &["-t", "t/scalar", "-m", "2.5"]);
    publish(&broker, &["-t", "t/nested", "-m", r#"{"a":[{"v":7}],"note":"hot"}"#]);
    publish(
        &broker,
        &["-t", "t/batch", "-m", r#"{"s":[{"t":1000000,"v":1},{"t":2000000,"v":2}]}"#],
    );
    let updates = page.updates(&broker, 5);
    let values: Vec<_> = updates.iter().filter_map(|update| update.value.clone()).collect();
    let number = Value::Number;
    assert_eq!(values[..2], [number(2.5), number(7.0)]);
    assert_eq!(values[2], Value::Text("hot".into()));
    assert_eq!(values[3..], [number(1.0), number(2.0)]);
    assert_eq!(updates[3].time, Some(Timestamp(1_000_000)));
}

#[test]
fn another_definition_is_subscribed_to_and_its_batches_say_so() {
    let broker = Mosquitto::start();
    let mut page = Page::new(settings(), Feed::CAPACITY);
    page.connect(&broker);
    publish(&broker, &["-r", "-t", "new/scalar", "-m", "5"]);
    publish(&broker, &["-t", "t/scalar", "-m", "2.5"]);
    assert_eq!(page.updates(&broker, 1)[0].value, Some(Value::Number(2.5)));
    assert_eq!(page.status.redefine(&std::sync::Arc::new(elsewhere())), 1);
    let mut batch = None;
    let batches = page.batches.clone();
    page.until(&broker, |_| {
        batch = batches.try_recv().ok();
        batch.is_some()
    });
    let batch = batch.expect("the retained value comes");
    assert_eq!((batch.edition, batch.updates[0].value.clone()), (1, Some(Value::Number(5.0))));
    // It no longer listens there.
    publish(&broker, &["-t", "t/scalar", "-m", "7"]);
    publish(&broker, &["-t", "new/scalar", "-m", "8"]);
    assert_eq!(page.updates(&broker, 1)[0].value, Some(Value::Number(8.0)));
    assert_eq!(page.status.counters.unmapped.get(), 0);
}

#[test]
fn it_comes_back_after_each_restart_of_the_broker_and_subscribes_again() {
    let mut broker = Mosquitto::start();
    let mut page = Page::new(settings(), Feed::CAPACITY);
    page.connect(&broker);
    for round in 1..=3 {
        broker.restart();
        let status = page.status.clone();
        page.until(&broker, |_| status.counters.reconnects.get() == round);
        page.connect(&broker);
    }
    assert!(page.status.counters.connection_errors.get() >= 3);
}

#[test]
fn a_silent_connection_is_kept_alive() {
    let broker = Mosquitto::start();
    let mut page = Page::new(settings(), Feed::CAPACITY);
    page.connect(&broker);
    // The broker cuts a client that is silent for one and a half of its keep-alive of a second.
    let since = Instant::now();
    page.until(&broker, |_| since.elapsed() > SECONDS(4));
    assert_eq!(page.status.counters.connection_errors.get(), 0);
    assert_eq!(page.status.connection(), ConnectionState::Connected);
}

#[test]
fn a_wrong_password_is_told_and_the_right_one_is_taken_without_a_restart() {
    let broker = Mosquitto::with_login("eva", "secret");
    let mut page = Page::new(settings(), Feed::CAPACITY);
    page.session.log_in(Some("eva".into()), Some("wrong".into()));
    page.until(&broker, |page| {
        matches!(page.status.connection(), ConnectionState::Rejected { reason, .. }
            if reason.contains("the password"))
    });
    page.session.log_in(Some("eva".into()), Some("secret".into()));
    page.until(&broker, |page| page.status.connection() == ConnectionState::Connected);
}

#[test]
fn a_packet_above_the_limit_cuts_the_connection_is_counted_and_fits_at_last() {
    let broker = Mosquitto::start();
    let large = broker.folder().join("large");
    std::fs::write(&large, vec![b'7'; 3 << 20]).expect("a file");
    let mut page = Page::new(settings(), Feed::CAPACITY);
    page.connect(&broker);
    publish(&broker, &["-r", "-t", "t/scalar", "-f", large.to_str().expect("a path")]);
    // 1 MiB, 2 MiB, and 4 MiB are enough for the transport; the decoder's limit is its own.
    let status = page.status.clone();
    page.until(&broker, |_| {
        let counts = status.counters.snapshot();
        counts.connection_errors == 2 && status.connection() == ConnectionState::Connected
    });
    publish(&broker, &["-t", "t/batch", "-m", r#"{"s":[{"t":1000000,"v":5}]}"#]);
    let seen = page.updates(&broker, 1);
    assert!(seen.iter().any(|update| update.value == Some(Value::Number(5.0))));
    assert!(page.status.bad.snapshot().iter().any(|bad| bad.fault == Fault::Oversized));
}

#[test]
fn what_was_promised_waits_for_a_full_channel_and_nothing_of_it_is_lost() {
    let broker = Mosquitto::start();
    let mut page = Page::new(settings(), 1);
    page.connect(&broker);
    // Each is flushed by itself, so the channel of one batch is full at once.
    for value in 0..5 {
        publish(&broker, &["-t", "t/scalar", "-m", &value.to_string()]);
        for _ in 0..20 {
            page.pump(&broker);
        }
    }
    let values: Vec<_> =
        page.updates(&broker, 5).into_iter().filter_map(|update| update.value).collect();
    assert_eq!(values, (0..5).map(|value| Value::Number(f64::from(value))).collect::<Vec<_>>());
    assert_eq!(page.status.counters.dropped.get(), 0);
}
