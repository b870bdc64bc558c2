//! The embedded broker against clients that are not ours: mosquitto's and mqtt.js.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::programs::tools;
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
fn a_message_of_ten_megabytes_passes() {
    let broker = Broker::start(BrokerOptions::default()).unwrap();
    let payload = "x".repeat(10_000_000);
    publish_acknowledged(&broker, std::iter::once(("big".to_string(), payload.clone())));
    let (client, mut connection) = Client::new(options(&broker, "reader"), 10);
    client.subscribe("#", QoS::AtMostOnce).unwrap();
    assert!(next_publish(&mut connection).payload == payload.as_bytes(), "the same bytes");
}
