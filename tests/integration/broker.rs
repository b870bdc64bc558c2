//! The embedded broker against clients that are not ours: mosquitto's and mqtt.js.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::programs::{eventually, tools};
use rumqttc::{Client, ConnectReturnCode, ConnectionError, Event, LastWill, MqttOptions, Packet};
use rumqttc::{Publish, QoS};
use twinscope::plant::broker::{Broker, BrokerOptions, Login};

const RETAINED: usize = 5_000;
/// Only what ends a broken test.
const TIMEOUT: Duration = Duration::from_secs(60);

fn options(broker: &Broker, name: &str) -> MqttOptions {
    let address = broker.tcp_address();
    let mut options = MqttOptions::new(name, address.ip().to_string(), address.port());
    options.set_max_packet_size(16 << 20, 16 << 20);
    options
}

/// Publishes and waits until the broker has acknowledged every message.
fn publish_acknowledged(broker: &Broker, messages: impl Iterator<Item = (String, String)>) {
    let (client, mut connection) = Client::new(options(broker, "publisher"), 100);
    let messages: Vec<_> = messages.collect();
    let count = messages.len();
    let sender = std::thread::spawn(move || {
        for (topic, payload) in messages {
            client.publish(topic, QoS::AtLeastOnce, true, payload).unwrap();
        }
        client
    });
    let mut acknowledged = 0;
    while acknowledged < count {
        let event = connection.recv_timeout(TIMEOUT).expect("an event in time").expect("online");
        acknowledged += usize::from(matches!(event, Event::Incoming(Packet::PubAck(_))));
    }
    sender.join().unwrap().disconnect().unwrap();
}

fn with_retained_messages() -> Broker {
    let free = ([127, 0, 0, 1], 0).into();
    let options = BrokerOptions { websocket: Some(free), ..BrokerOptions::default() };
    let broker = Broker::start(options).unwrap();
    let messages = (0..RETAINED).map(|n| (format!("plant/area{}/{n}", n % 7), n.to_string()));
    publish_acknowledged(&broker, messages);
    broker
}

/// The next message of a client that has subscribed.
fn next_publish(connection: &mut rumqttc::Connection) -> Publish {
    loop {
        let event = connection.recv_timeout(TIMEOUT).expect("an event in time").expect("online");
        if let Event::Incoming(Packet::Publish(publish)) = event {
            return publish;
        }
    }
}

#[test]
fn a_new_mosquitto_client_gets_all_of_5000_retained_messages_over_tcp() {
    let broker = with_retained_messages();
    for version in ["311", "5"] {
        let port = broker.tcp_address().port().to_string();
        let output = Command::new("mosquitto_sub")
            .args(["-h", "127.0.0.1", "-p", &port, "-V", version, "-t", "#", "-q", "1", "-v"])
            .args(["-C", &RETAINED.to_string(), "-W", "60"])
            .output()
            .expect("mosquitto_sub is installed (package mosquitto-clients)");
        let text = String::from_utf8(output.stdout).unwrap();
        let mut lines: Vec<_> = text.lines().collect();
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(lines.len(), RETAINED, "MQTT {version}");
        for line in lines {
            let (topic, payload) = line.split_once(' ').unwrap();
            assert_eq!(topic.rsplit('/').next(), Some(payload), "MQTT {version}");
        }
    }
}

#[test]
fn a_new_mqtt_js_client_gets_all_of_5000_retained_messages_over_websocket() {
    let broker = with_retained_messages();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/subscribe.mjs");
    for version in ["4", "5"] {
        let output = Command::new("node")
            .arg(&script)
            .args([&broker.websocket_url().unwrap(), "#", &RETAINED.to_string(), version])
            .env("TWINSCOPE_TEST_TOOLS", tools())
            .stderr(Stdio::inherit())
            .output()
            .expect("node is installed");
        let answer = String::from_utf8(output.stdout).unwrap();
        let expected = format!("{{\"topics\":{RETAINED},\"wrong\":0}}");
        assert_eq!(answer.trim(), expected, "protocol level {version}");
    }
}

#[test]
fn a_client_that_vanishes_leaves_its_last_will() {
    let broker = Broker::start(BrokerOptions::default()).unwrap();
    let mut doomed = options(&broker, "doomed");
    doomed.set_last_will(LastWill::new("plant/status", "offline", QoS::AtLeastOnce, true));
    let (_client, mut doomed) = Client::new(doomed, 10);
    while !matches!(doomed.recv_timeout(TIMEOUT), Ok(Ok(Event::Incoming(Packet::ConnAck(_))))) {}

    let (watcher, mut watched) = Client::new(options(&broker, "watcher"), 10);
    watcher.subscribe("plant/status", QoS::AtLeastOnce).unwrap();
    loop {
        let event = watched.recv_timeout(TIMEOUT).expect("an event in time").expect("online");
        if matches!(event, Event::Incoming(Packet::SubAck(_))) {
            break;
        }
    }
    // Closes the socket without a goodbye.
    drop(doomed);
    let will = next_publish(&mut watched);
    assert_eq!((will.topic.as_str(), &*will.payload), ("plant/status", &b"offline"[..]));

    let (late, mut late_events) = Client::new(options(&broker, "late"), 10);
    late.subscribe("#", QoS::AtLeastOnce).unwrap();
    assert!(next_publish(&mut late_events).retain, "the will stays as a retained message");
}

#[test]
fn a_wrong_password_is_refused_and_the_right_one_admitted() {
    let login = Login { user: "operator".into(), password: "correct horse".into() };
    let open = ([0, 0, 0, 0], 0).into();
    let options = BrokerOptions {
        tcp: open,
        websocket: Some(open),
        login: Some(login),
        ..BrokerOptions::default()
    };
    let broker = Broker::start(options).unwrap();
    let attempt = |login: Option<(&str, &str)>| {
        let mut options = MqttOptions::new("a", "127.0.0.1", broker.tcp_address().port());
        if let Some((user, password)) = login {
            options.set_credentials(user, password);
        }
        let (_client, mut connection) = Client::new(options, 10);
        match connection.recv_timeout(TIMEOUT).expect("an answer in time") {
            Ok(Event::Incoming(Packet::ConnAck(answer))) => answer.code,
            Err(ConnectionError::ConnectionRefused(code)) => code,
            other => panic!("{other:?}"),
        }
    };
    let refused = [None, Some(("operator", "wrong")), Some(("nobody", "correct horse"))];
    for login in refused {
        let code = attempt(login);
        assert!(
            matches!(
                code,
                ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized
            ),
            "{login:?}: {code:?}"
        );
    }
    assert_eq!(attempt(Some(("operator", "correct horse"))), ConnectReturnCode::Success);
}

#[test]
fn any_number_of_wrong_logins_shuts_nobody_else_out() {
    let login = Login { user: "operator".into(), password: "correct horse".into() };
    let options = BrokerOptions { login: Some(login), ..BrokerOptions::default() };
    let broker = Broker::start(options).unwrap();
    let connect = |password: &str| {
        let mut options = self::options(&broker, "a client");
        options.set_credentials("operator", password);
        Client::new(options, 10)
    };
    let strangers: Vec<_> = (0..40)
        .map(|n| {
            let (client, mut connection) = connect(&format!("guess {n}"));
            std::thread::spawn(move || {
                let answer = connection.recv_timeout(TIMEOUT);
                drop(client);
                matches!(answer, Ok(Err(ConnectionError::ConnectionRefused(_))))
            })
        })
        .collect();
    let is_let_in = || {
        let since = Instant::now();
        let (_client, mut connection) = connect("correct horse");
        let answer = connection.recv_timeout(TIMEOUT).expect("an answer in time");
        assert!(matches!(answer, Ok(Event::Incoming(Packet::ConnAck(_)))), "{answer:?}");
        assert!(since.elapsed() < Duration::from_millis(1_500), "{:?}", since.elapsed());
    };
    // While the strangers wait for their answers, and after they have had them.
    is_let_in();
    assert!(strangers.into_iter().all(|stranger| stranger.join().unwrap()));
    is_let_in();
    assert_eq!(broker.refused().logins, 40);
}

#[test]
fn a_client_that_fills_its_room_with_retained_messages_is_refused_and_others_are_not() {
    let broker = Broker::start(BrokerOptions::default()).unwrap();
    let (client, mut connection) = Client::new(options(&broker, "flood"), 4);
    let sender = std::thread::spawn(move || {
        // 160 MiB, of which one client may keep 128: the broker has each twice.
        for n in 0..160 {
            let sent =
                client.publish(format!("flood/{n}"), QoS::AtLeastOnce, true, vec![0; 1 << 20]);
            if sent.is_err() {
                break;
            }
        }
    });
    let mut kept = 0;
    while let Ok(Ok(event)) = connection.recv_timeout(TIMEOUT) {
        kept += usize::from(matches!(event, Event::Incoming(Packet::PubAck(_))));
    }
    drop(connection);
    sender.join().unwrap();
    assert!((120..=128).contains(&kept), "{kept} messages of 1 MiB are kept");
    assert!(broker.refused().messages > 0);
    publish_acknowledged(&broker, [("other".to_owned(), "1".to_owned())].into_iter());
}

#[test]
fn what_a_client_does_not_take_is_held_up_to_a_bound_and_then_refused() {
    let broker = Broker::start(BrokerOptions::default()).unwrap();
    // Subscribes, and reads nothing after the first answer.
    let (idle, mut idle_events) = Client::new(options(&broker, "idle"), 4);
    idle.subscribe("#", QoS::AtMostOnce).unwrap();
    while !matches!(
        idle_events.recv_timeout(TIMEOUT).expect("an answer in time"),
        Ok(Event::Incoming(Packet::SubAck(_)))
    ) {}
    let (client, mut connection) = Client::new(options(&broker, "flood"), 4);
    let sender = std::thread::spawn(move || {
        // 400 MiB, of which 256 are held for one publisher.
        for _ in 0..100 {
            client.publish("flood", QoS::AtLeastOnce, false, vec![0; 4 << 20]).unwrap();
        }
    });
    let mut answers = 0;
    while answers < 100 {
        let event = connection.recv_timeout(TIMEOUT).expect("an answer in time").expect("online");
        answers += usize::from(matches!(event, Event::Incoming(Packet::PubAck(_))));
    }
    sender.join().unwrap();
    let refused = broker.refused().messages;
    assert!((20..=60).contains(&refused), "{:?}", broker.refused());
    drop((idle, idle_events));
    let is_taken = || {
        let before = broker.refused().messages;
        publish_acknowledged(&broker, [("later".to_owned(), "1".to_owned())].into_iter());
        broker.refused().messages == before
    };
    assert!(eventually(TIMEOUT, is_taken), "what nobody waits for any more makes room");
}

#[test]
fn a_websocket_is_opened_by_its_own_pages_and_by_programs_alone() {
    let free = ([127, 0, 0, 1], 0).into();
    let options = BrokerOptions {
        websocket: Some(free),
        origins: vec!["https://grafana.example".into()],
        ..BrokerOptions::default()
    };
    let broker = Broker::start(options).unwrap();
    let address = broker.websocket_address().expect("it listens");
    let status = |host: &str, origin: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        let origin =
            if origin.is_empty() { String::new() } else { format!("Origin: {origin}\r\n") };
        write!(
            stream,
            "GET /mqtt HTTP/1.1\r\nHost: {host}\r\n{origin}Connection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: mqtt\r\n\r\n"
        )
        .unwrap();
        let mut first = [0; 12];
        stream.read_exact(&mut first).unwrap();
        String::from_utf8_lossy(&first[9..]).into_owned()
    };
    let own = address.to_string();
    assert_eq!(status(&own, ""), "101");
    assert_eq!(status(&own, &format!("http://{own}")), "101");
    assert_eq!(status(&own, "https://grafana.example"), "101");
    for foreign in ["http://evil.example", "null", "http://127.0.0.1:1"] {
        assert_eq!(status(&own, foreign), "403", "{foreign}");
    }
    assert_eq!(status("evil.example", "http://evil.example"), "403", "a name that leads here");
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET /mqtt HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    // The command `broker` has no such option.
    assert!(answer.contains("127.0.0.1 and [::1] alone") && !answer.contains("--host"), "{answer}");
}

#[test]
fn a_message_of_ten_megabytes_passes() {
    let broker = Broker::start(BrokerOptions::default()).unwrap();
    let payload = "x".repeat(10_000_000);
    publish_acknowledged(&broker, std::iter::once(("big".to_string(), payload.clone())));
    let (client, mut connection) = Client::new(options(&broker, "reader"), 10);
    client.subscribe("#", QoS::AtMostOnce).unwrap();
    assert!(next_publish(&mut connection).payload == payload.as_bytes(), "the same bytes");
}
