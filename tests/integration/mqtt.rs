//! The native MQTT client against Debian's mosquitto.

use std::collections::BTreeSet;
use std::io::{Read as _, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rumqttc::{Client, Event, MqttOptions, Packet, QoS};
use twinscope::plant::broker;
use twinscope::telemetry::mqtt::{ClientOptions, Link, Source};
use twinscope::telemetry::{Batch, ConnectionState, Fault, Update};
use twinscope::twin::mapping::{TimeFormat, TimeSource};
use twinscope::twin::{Timestamp, Twin, Value, ValueType};

use crate::programs::{Mosquitto, eventually, free_port, publish, publish_to, tools};
use crate::support::twins::{
    class, field, json, mapping, plant, property, scalar, stamp, template,
};

const SECONDS: fn(u64) -> Duration = Duration::from_secs;

/// One asset with a number (property 0) and a text (property 1), which come as a bare value, in
/// a nested document and in a batch of samples with times.
pub fn twin() -> Twin {
    let nested = json(None, TimeSource::Arrival, vec![field(0, "/a/0/v"), field(1, "/note")]);
    let batch = json(Some("/s"), stamp(TimeFormat::EpochMicros), vec![field(0, "/v")]);
    let mappings = vec![
        mapping("t/scalar", scalar(Some(0))),
        mapping("t/nested", nested),
        mapping("t/batch", batch),
    ];
    let properties = vec![property("speed", ValueType::Number), property("note", ValueType::Text)];
    plant(class("Pump", properties, mappings), ["P-1"])
}

/// The same plant after its file was saved anew: the bare value comes on another topic.
pub fn elsewhere() -> Twin {
    let mut twin = twin();
    twin.classes[0].mappings[0].topic = template("new/scalar");
    twin
}

fn connect(options: ClientOptions) -> Link {
    let link = Source::spawn(&twin(), options).expect("the client starts");
    let status = link.status.clone();
    assert!(
        eventually(SECONDS(10), || status.connection() == ConnectionState::Connected),
        "{:?}",
        status.connection()
    );
    link
}

fn options(url: &str) -> ClientOptions {
    ClientOptions::from_url(url).expect("an address")
}

/// Samples with a value that come until there are `count`.
fn updates(link: &Link, count: usize) -> Vec<Update> {
    let mut all = Vec::new();
    while all.len() < count {
        let batch: Batch = link.batches.recv_timeout(SECONDS(10)).expect("samples arrive");
        all.extend(batch.updates.into_iter().filter(|update| update.value.is_some()));
    }
    all
}

/// Proves that the connection is alive: a value published now arrives, on the same connection.
fn still_works(broker: &Mosquitto, link: &Link) {
    publish(broker, &["-t", "t/scalar", "-m", "424242"]);
    assert_eq!(updates(link, 1)[0].value, Some(Value::Number(424_242.0)));
    assert_eq!(link.status.counters.reconnects.get(), 0);
}

/// Subscribing ends a little after the connection; a retained value shows that it has.
fn subscribed(broker: &Mosquitto) -> Link {
    publish(broker, &["-r", "-t", "t/scalar", "-m", "0"]);
    let link = connect(options(&broker.url()));
    updates(&link, 1);
    link
}

#[test]
fn a_scalar_a_nested_document_and_a_batch_of_a_foreign_publisher_arrive_exactly() {
    let broker = Mosquitto::start();
    let link = subscribed(&broker);
    publish(&broker, &["-t", "t/scalar", "-m", "21.125"]);
    publish(&broker, &["-t", "t/nested", "-m", r#"{"a":[{"v":-3e-7}],"note":"grün"}"#]);
    let batch = r#"{"s":[{"t":1772366400000000,"v":1},{"t":1772366400500000,"v":2}]}"#;
    publish(&broker, &["-t", "t/batch", "-m", batch]);
    let seen: Vec<_> = updates(&link, 5)
        .into_iter()
        .filter_map(|u| Some((u.property.0, u.value?, u.time)))
        .collect();
    let at = |micros: i64| Some(Timestamp(1_772_366_400_000_000 + micros));
    let expected = [
        (0, Value::Number(21.125), None),
        (0, Value::Number(-3e-7), None),
        (1, Value::Text("grün".into()), None),
        (0, Value::Number(1.0), at(0)),
        (0, Value::Number(2.0), at(500_000)),
    ];
    assert_eq!(seen, expected);
    assert_eq!(link.status.counters.malformed.get(), 0);
}

#[test]
fn a_definition_that_is_saved_anew_is_subscribed_to_without_a_new_connection() {
    let broker = Mosquitto::start();
    let link = subscribed(&broker);
    publish(&broker, &["-r", "-t", "new/scalar", "-m", "5"]);
    assert_eq!(link.status.redefine(&std::sync::Arc::new(elsewhere())), 1);
    let batch = link.batches.recv_timeout(SECONDS(10)).expect("the retained value comes");
    assert_eq!((batch.edition, batch.updates[0].value.clone()), (1, Some(Value::Number(5.0))));
    publish(&broker, &["-t", "t/scalar", "-m", "7"]);
    publish(&broker, &["-t", "new/scalar", "-m", "8"]);
    assert_eq!(updates(&link, 1)[0].value, Some(Value::Number(8.0)));
    assert_eq!(link.status.counters.reconnects.get(), 0);
}

#[test]
fn a_payload_of_10_mb_is_counted_and_does_not_cut_the_connection() {
    let broker = Mosquitto::start();
    let link = subscribed(&broker);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("large");
    std::fs::write(&file, vec![b'1'; 10_000_000]).unwrap();
    publish(&broker, &["-t", "t/scalar", "-f", file.to_str().unwrap()]);
    assert!(eventually(SECONDS(10), || link.status.counters.oversized.get() == 1));
    let bad = link.status.bad.snapshot();
    assert_eq!((bad[0].fault, bad[0].payload_len), (Fault::Oversized, 10_000_000));
    still_works(&broker, &link);
}

#[test]
fn a_reader_that_rests_loses_neither_the_connection_nor_a_message_of_qos_1() {
    const COUNT: usize = 3_000;
    let broker = Mosquitto::start();
    publish(&broker, &["-r", "-t", "t/scalar", "-m", "0"]);
    let mut options = options(&broker.url());
    (options.capacity, options.keep_alive) = (1, SECONDS(1));
    let link = connect(options);
    assert_eq!(updates(&link, 1).len(), 1);
    let port = broker.port.to_string();
    let mut publisher = Command::new("mosquitto_pub")
        .args(["-q", "1", "-p", &port, "-t", "t/scalar", "-l"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("mosquitto_pub must be installed");
    let mut lines = publisher.stdin.take().unwrap();
    // First two pieces, so that the channel is full, then all others.
    for number in 1..=COUNT {
        writeln!(lines, "{number}").unwrap();
        if number == 10 || number == 20 {
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    drop(lines);
    assert!(publisher.wait().unwrap().success());
    // The broker hangs up on a client from which it hears nothing for one and a half seconds.
    std::thread::sleep(SECONDS(4));
    assert!(link.batches.is_full());
    assert_eq!(link.status.connection(), ConnectionState::Connected);
    let arrived: Vec<Value> =
        updates(&link, COUNT).into_iter().filter_map(|update| update.value).collect();
    let sent: Vec<Value> = (1..=COUNT).map(|number| Value::Number(number as f64)).collect();
    assert_eq!(arrived, sent);
    let counts = link.status.counters.snapshot();
    assert_eq!((counts.dropped, counts.reconnects, counts.connection_errors), (0, 0, 0));
}

#[test]
fn a_retained_packet_above_the_transports_limit_cuts_the_connection_once_and_not_again() {
    let broker = Mosquitto::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("large");
    std::fs::write(&file, vec![b'1'; 3_000_000]).unwrap();
    publish(&broker, &["-r", "-t", "t/nested", "-f", file.to_str().unwrap()]);
    let limited = ClientOptions { max_packet: 1 << 20, ..options(&broker.url()) };
    let link = Source::spawn(&twin(), limited).unwrap();
    // Once as a packet that cut the connection, once as a payload that was taken and not decoded.
    assert!(eventually(SECONDS(10), || link.status.counters.oversized.get() == 2));
    assert_eq!(link.status.counters.reconnects.get(), 1);
    publish(&broker, &["-t", "t/scalar", "-m", "7"]);
    assert_eq!(updates(&link, 1)[0].value, Some(Value::Number(7.0)));
    assert_eq!(link.status.counters.reconnects.get(), 1);
}

#[test]
fn invalid_utf_8_in_a_payload_is_counted_and_in_a_topic_it_disturbs_nobody() {
    let broker = Mosquitto::start();
    let link = subscribed(&broker);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bytes");
    std::fs::write(&file, [0x31, 0xff, 0xfe]).unwrap();
    publish(&broker, &["-t", "t/scalar", "-f", file.to_str().unwrap()]);
    assert!(eventually(SECONDS(10), || link.status.counters.malformed.get() == 1));
    assert!(link.status.bad.snapshot()[0].reason.contains("not UTF-8"));
    // A client that is none of rumqttc's or mosquitto's: CONNECT, then PUBLISH to `t/\xff`.
    let mut raw = TcpStream::connect(("127.0.0.1", broker.port)).unwrap();
    raw.write_all(b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04evil").unwrap();
    raw.write_all(b"\x30\x06\x00\x03t/\xff1").unwrap();
    still_works(&broker, &link);
}

#[test]
fn a_hundred_thousand_unknown_topics_are_counted_and_a_few_kept() {
    let broker = Mosquitto::start();
    // So many assets that the filter is widened, and brings what none of them wants.
    let properties = vec![property("speed", ValueType::Number)];
    let mappings = vec![mapping("t/{asset}", scalar(Some(0)))];
    let names = (0..600).map(|at| format!("P-{at}"));
    let everything = plant(class("Pump", properties, mappings), names);
    let link = Source::spawn(&everything, options(&broker.url())).unwrap();
    publish(&broker, &["-r", "-t", "t/P-5", "-m", "0"]);
    updates(&link, 1);
    let mut mqtt = MqttOptions::new("flood", "127.0.0.1", broker.port);
    mqtt.set_inflight(100);
    let (client, mut connection) = Client::new(mqtt, 100);
    let driver = std::thread::spawn(move || {
        let acknowledged = connection
            .iter()
            .filter(|event| matches!(event, Ok(Event::Incoming(Packet::PubAck(_)))));
        acknowledged.take(100_000).count()
    });
    for topic in 0..100_000 {
        client.publish(format!("t/{topic}"), QoS::AtLeastOnce, false, "1").unwrap();
    }
    assert_eq!(driver.join().unwrap(), 100_000);
    assert!(eventually(SECONDS(30), || link.status.counters.unmapped.get() == 100_000));
    assert!(link.status.bad.snapshot().len() <= 100);
}

#[test]
fn user_and_password_are_wanted_and_their_absence_is_explained() {
    let broker = Mosquitto::with_login("ann", "s3cret");
    let refused = Source::spawn(&twin(), options(&broker.url())).unwrap();
    let rejected = || match refused.status.connection() {
        ConnectionState::Rejected { reason, .. } => reason.contains("TWINSCOPE_MQTT_USER"),
        _ => false,
    };
    assert!(eventually(SECONDS(10), rejected));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("login");
    std::fs::write(&file, "ann\ns3cret\n").unwrap();
    connect(options(&broker.url()).with_credentials_file(&file).unwrap());
}

#[test]
fn tls_needs_the_authority_that_signed_the_brokers_certificate() {
    let (broker, authority) = with_tls();
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, &authority).unwrap();
    let url = format!("mqtts://localhost:{}", broker.port);
    let link = connect(options(&url).with_ca_file(&ca));
    assert_eq!(link.status.broker(), url);
    drop(link);

    let (_, other) = certificates();
    std::fs::write(&ca, other).unwrap();
    let link = Source::spawn(&twin(), options(&url).with_ca_file(&ca)).unwrap();
    let refused = || match link.status.connection() {
        ConnectionState::Disconnected { reason, .. } => reason.contains("TLS failed"),
        _ => false,
    };
    assert!(eventually(SECONDS(10), refused), "{:?}", link.status.connection());
    let missing = options(&url).with_ca_file("/nowhere.pem");
    assert!(Source::spawn(&twin(), missing).unwrap_err().to_string().contains("/nowhere.pem"));
}

#[test]
fn websocket_carries_the_same() {
    let open = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let broker = broker::Broker::start(broker::BrokerOptions {
        tcp: open,
        websocket: Some(open),
        ..Default::default()
    })
    .unwrap();
    let link = connect(options(&broker.websocket_url().unwrap()));
    publish_to(broker.tcp_address().port(), &["-r", "-t", "t/scalar", "-m", "5.5"]);
    assert_eq!(updates(&link, 1)[0].value, Some(Value::Number(5.5)));
}

#[test]
fn websocket_over_tls_carries_the_same_and_checks_the_certificate_too() {
    let secure = free_port();
    let mut authority = String::new();
    // Debian's mosquitto does not start with listeners for WebSocket alone.
    let broker = Mosquitto::with_config(|port, folder| {
        let (lines, own) = tls_listener(folder);
        authority = own;
        format!(
            "allow_anonymous true\nlistener {port} 127.0.0.1\n\
             listener {secure} 127.0.0.1\nprotocol websockets\n{lines}"
        )
    });
    let ca = broker.folder().join("trusted.pem");
    std::fs::write(&ca, &authority).unwrap();
    let url = format!("wss://localhost:{secure}");
    let link = connect(options(&url).with_ca_file(&ca));
    let script = format!(
        "import paho.mqtt.client as paho\n\
         client = paho.Client(paho.CallbackAPIVersion.VERSION2, transport='websockets')\n\
         client.tls_set(ca_certs={:?})\n\
         client.connect('localhost', {})\n\
         client.loop_start()\n\
         client.publish('t/scalar', '7.25', qos=1, retain=True).wait_for_publish(10)\n",
        ca.display().to_string(),
        secure
    );
    let python = Command::new(tools().join("python/bin/python")).args(["-c", &script]).status();
    assert!(python.unwrap().success());
    assert_eq!(updates(&link, 1)[0].value, Some(Value::Number(7.25)));
    drop(link);

    std::fs::write(&ca, certificates().1).unwrap();
    let link = Source::spawn(&twin(), options(&url).with_ca_file(&ca)).unwrap();
    let refused = || match link.status.connection() {
        ConnectionState::Disconnected { reason, .. } => reason.contains("TLS failed"),
        _ => false,
    };
    assert!(eventually(SECONDS(10), refused), "{:?}", link.status.connection());
}

/// What the client says of a broker that it cannot use.
fn failure(options: ClientOptions) -> String {
    let link = Source::spawn(&twin(), options).unwrap();
    let mut text = String::new();
    let failed = || match link.status.connection() {
        ConnectionState::Disconnected { reason, .. } | ConnectionState::Rejected { reason, .. } => {
            text = reason;
            true
        }
        _ => false,
    };
    assert!(eventually(SECONDS(20), failed), "{:?}", link.status.connection());
    text
}

#[test]
fn a_certificate_that_signed_itself_is_trusted_when_it_is_named_and_only_for_its_own_name_and_time()
{
    for is_authority in [false, true] {
        let start = |name: &str, is_old: bool| {
            Mosquitto::with_config(|port, folder| {
                let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
                if is_authority {
                    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
                }
                if is_old {
                    params.not_after = rcgen::date_time_ymd(2020, 1, 1);
                }
                let key = rcgen::KeyPair::generate().unwrap();
                let pem = params.self_signed(&key).unwrap().pem();
                std::fs::write(folder.join("cert.pem"), pem).unwrap();
                std::fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
                let folder = folder.display();
                format!(
                    "listener {port} localhost\nallow_anonymous true\ncertfile {folder}/cert.pem\nkeyfile {folder}/key.pem\n"
                )
            })
        };
        let broker = start("localhost", false);
        let named = |broker: &Mosquitto| {
            options(&format!("mqtts://localhost:{}", broker.port))
                .with_ca_file(broker.folder().join("cert.pem"))
        };
        connect(named(&broker));
        let unnamed = failure(options(&format!("mqtts://localhost:{}", broker.port)));
        assert!(unnamed.contains("--ca"), "{unnamed}");
        let elsewhere = failure(named(&start("elsewhere.example", false)));
        let names = "is issued for elsewhere.example, not for localhost";
        assert!(elsewhere.contains(names) && !elsewhere.contains("--ca"), "{elsewhere}");
        let expired = failure(named(&start("localhost", true)));
        assert!(expired.contains("has expired") && !expired.contains("--ca"), "{expired}");
    }
}

#[test]
fn a_broker_that_wants_a_certificate_of_its_clients_gets_it() {
    let broker = Mosquitto::with_config(|port, folder| {
        let (lines, _) = tls_listener(folder);
        format!(
            "listener {port} localhost\nallow_anonymous true\nrequire_certificate true\n{lines}"
        )
    });
    let file = |name: &str| broker.folder().join(name);
    let url = format!("mqtts://localhost:{}", broker.port);
    let trusting = options(&url).with_ca_file(file("ca.pem"));
    // The broker's own certificate is signed by the authority that it trusts.
    connect(trusting.clone().with_client_certificate(file("cert.pem"), file("key.pem")));
    let refused = failure(trusting.clone());
    assert!(refused.contains("--client-cert"), "{refused}");
    let swapped = trusting.with_client_certificate(file("cert.pem"), file("cert.pem"));
    let error = Source::spawn(&twin(), swapped).unwrap_err().to_string();
    assert!(error.contains("holds no PEM private key"), "{error}");
}

#[test]
fn a_port_that_speaks_something_else_is_told_with_what_to_write() {
    let (tls, _) = with_tls();
    let told = failure(options(&format!("mqtt://localhost:{}", tls.port)));
    assert!(told.contains("write mqtts://"), "{told}");
    let plain = Mosquitto::start();
    let told = failure(options(&format!("mqtts://localhost:{}", plain.port)));
    assert!(told.contains("write mqtt://"), "{told}");
    let http = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = http.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut socket in http.incoming().flatten() {
            let mut bytes = [0; 512];
            let count = socket.read(&mut bytes).unwrap_or(0);
            let line: &[u8] = match &bytes[..count] {
                [b'G', ..] => b"HTTP/1.1 200 OK\r\n\r\n",
                _ => b"HTTP/1.1 400 Bad Request\r\n\r\n",
            };
            socket.write_all(line).unwrap_or_default();
        }
    });
    let told = failure(options(&format!("mqtt://127.0.0.1:{port}")));
    assert!(told.contains("an HTTP server answers"), "{told}");
}

/// A certificate for `localhost` with its key, and the authority that signed it; all PEM.
fn certificates() -> ((String, String), String) {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    // Else both would have rcgen's own name, and the certificate look as if it had signed itself.
    params.distinguished_name.push(rcgen::DnType::CommonName, "test authority");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = params.self_signed(&authority_key).unwrap();
    let issuer = rcgen::Issuer::new(params, authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let own = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let own = own.signed_by(&key, &issuer).unwrap();
    ((own.pem(), key.serialize_pem()), authority.pem())
}

/// Files for a TLS listener in the folder of a broker, its lines of configuration, and the authority.
fn tls_listener(folder: &Path) -> (String, String) {
    let ((certificate, key), authority) = certificates();
    let files = [("cert.pem", &certificate), ("key.pem", &key), ("ca.pem", &authority)];
    for (name, text) in files {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let folder = folder.display();
    let lines =
        format!("cafile {folder}/ca.pem\ncertfile {folder}/cert.pem\nkeyfile {folder}/key.pem\n");
    (lines, authority)
}

fn with_tls() -> (Mosquitto, String) {
    let mut authority = String::new();
    let broker = Mosquitto::with_config(|port, folder| {
        let (lines, own) = tls_listener(folder);
        authority = own;
        format!("listener {port} localhost\nallow_anonymous true\n{lines}")
    });
    (broker, authority)
}

#[test]
fn a_broker_that_is_not_there_is_explained_and_the_client_can_be_stopped() {
    let url = format!("mqtt://127.0.0.1:{}", free_port());
    let link = Source::spawn(&twin(), options(&url)).unwrap();
    let explained = || match link.status.connection() {
        ConnectionState::Disconnected { reason, .. } => reason.contains("is the broker running?"),
        _ => false,
    };
    assert!(eventually(SECONDS(10), explained));
}

/// Publishes numbers at QoS 1, each with its own time, to a broker that comes and goes. It speaks
/// MQTT by hand, one message in flight, so that it knows which number was acknowledged when.
struct Load {
    stop: Arc<AtomicBool>,
    next: Arc<AtomicU64>,
    thread: std::thread::JoinHandle<u64>,
}

impl Load {
    fn start(port: u16) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let next = Arc::new(AtomicU64::new(0));
        let (stopped, number) = (stop.clone(), next.clone());
        let thread = std::thread::spawn(move || {
            let mut acknowledged = 0;
            while !stopped.load(Ordering::Relaxed) {
                // An error is the broker's absence; the number at hand is sent again.
                if Self::publish_until_it_breaks(port, &stopped, &number, &mut acknowledged)
                    .is_err()
                {
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
            acknowledged
        });
        Self { stop, next, thread }
    }

    fn publish_until_it_breaks(
        port: u16,
        stopped: &AtomicBool,
        next: &AtomicU64,
        acknowledged: &mut u64,
    ) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(SECONDS(5)))?;
        stream.write_all(b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04load")?;
        let mut answer = [0; 4];
        stream.read_exact(&mut answer)?;
        while !stopped.load(Ordering::Relaxed) {
            let number = *acknowledged;
            let time = FIRST_TIME + number as i64;
            let text = format!(r#"{{"s":[{{"t":{time},"v":{number}}}]}}"#);
            let mut packet = vec![0x32, (2 + 7 + 2 + text.len()) as u8, 0, 7];
            packet.extend_from_slice(b"t/batch\x00\x01");
            packet.extend_from_slice(text.as_bytes());
            stream.write_all(&packet)?;
            stream.read_exact(&mut answer)?;
            assert_eq!(answer, [0x40, 2, 0, 1], "an acknowledgement");
            *acknowledged += 1;
            next.store(number + 1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// How many numbers were acknowledged.
    fn stop(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

const FIRST_TIME: i64 = 1_772_366_400_000_000;

/// Takes what arrives until a number from `newest` on is among it.
fn receive_until(link: &Link, newest: u64, limit: Duration, seen: &mut BTreeSet<u64>) -> bool {
    eventually(limit, || {
        while let Ok(batch) = link.batches.try_recv() {
            for update in batch.updates {
                let Some(Value::Number(number)) = update.value else { panic!("a number") };
                assert_eq!(update.time, Some(Timestamp(FIRST_TIME + number as i64)));
                seen.insert(number as u64);
            }
        }
        seen.last().is_some_and(|last| *last >= newest)
    })
}

/// Resident memory of this process in KiB.
fn memory_kib() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn the_mirror_is_current_within_2_s_of_each_of_20_returns_of_the_broker_and_loses_nothing_between()
{
    let mut broker = Mosquitto::start();
    let link = connect(options(&broker.url()));
    let load = Load::start(broker.port);
    let mut seen = BTreeSet::new();
    assert!(receive_until(&link, 500, SECONDS(20), &mut seen));
    let memory = memory_kib();
    let mut absences = Vec::new();
    for round in 0..20 {
        let killed = load.next.load(Ordering::Relaxed);
        broker.kill();
        broker.restart();
        let returned = load.next.load(Ordering::Relaxed);
        let current = receive_until(&link, returned, SECONDS(2), &mut seen);
        assert!(current, "round {round}: {:?}", link.status.connection());
        absences.push((killed, returned));
        let more = load.next.load(Ordering::Relaxed) + 8000;
        assert!(receive_until(&link, more, SECONDS(20), &mut seen));
    }
    assert_eq!(link.status.counters.reconnects.get(), 20);
    let last = load.stop() - 1;
    assert!(receive_until(&link, last, SECONDS(10), &mut seen));
    // What is missing was lost in an absence: published while the client was away, or in the hands of
    // the broker that was killed, which had acknowledged and not yet passed it on. A connection
    // keeps the order, so what it passed on before and after shows how far that goes.
    let pairs = seen.iter().zip(seen.iter().skip(1));
    let gaps: Vec<_> = pairs.map(|(a, b)| (a + 1, *b)).filter(|(start, end)| start < end).collect();
    // The number on its way when the broker was killed may have been passed on, and is sent again.
    let in_an_absence = |(start, end): &(u64, u64)| {
        absences.iter().any(|(killed, returned)| *start <= returned + 1 && end >= killed)
    };
    let elsewhere: Vec<_> = gaps.iter().filter(|gap| !in_an_absence(gap)).collect();
    assert!(elsewhere.is_empty(), "lost while connected (from, to): {elsewhere:?}, {absences:?}");
    assert!(gaps.len() <= absences.len(), "more losses than absences: {gaps:?}, {absences:?}");
    assert!(seen.len() as u64 > 20 * 8000 / 2, "only {} of {last} came", seen.len());
    let grown = memory_kib().saturating_sub(memory);
    assert!(grown < 50_000, "memory grew by {grown} KiB");
}

#[test]
fn a_persistent_session_loses_nothing_over_restarts_of_a_broker_that_keeps_sessions() {
    let mut broker = Mosquitto::with_config(|port, folder| {
        let folder = folder.display();
        format!(
            "listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n\
             persistence true\npersistence_location {folder}/\n"
        )
    });
    let kept = ClientOptions {
        persistent_session: true,
        client_id: "kept".into(),
        ..options(&broker.url())
    };
    let link = connect(kept);
    publish(&broker, &["-r", "-t", "t/batch", "-m", r#"{"s":[{"t":1772366400000000,"v":0}]}"#]);
    updates(&link, 1);
    let load = Load::start(broker.port);
    let mut seen = BTreeSet::new();
    for _ in 0..5 {
        let more = load.next.load(Ordering::Relaxed) + 200;
        assert!(receive_until(&link, more, SECONDS(20), &mut seen));
        broker.terminate();
        broker.restart();
    }
    let more = load.next.load(Ordering::Relaxed) + 200;
    assert!(receive_until(&link, more, SECONDS(20), &mut seen));
    let last = load.stop() - 1;
    assert!(receive_until(&link, last, SECONDS(10), &mut seen));
    let lost: Vec<u64> = (0..=last).filter(|number| !seen.contains(number)).collect();
    assert_eq!(lost, [0; 0]);
}
