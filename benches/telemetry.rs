//! What the way from the broker to the state costs, as ratios against plain rumqttc subscribers of
//! the same broker in one run.
//!
//! One sample a message against a subscriber that discards the payload; one hundred samples a
//! message against one that parses with serde_json and discards. Ours decodes, and takes into state
//! and history, in frames as the viewer does, every sample. It needs mosquitto:
//!
//! `CARGO_PROFILE_DEV_OPT_LEVEL=3 cargo bench --profile dev --no-default-features --bench telemetry`
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

#[path = "../tests/support/programs.rs"]
#[allow(dead_code)]
mod programs;
#[path = "../tests/support/twins.rs"]
#[allow(dead_code)]
mod twins;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use programs::Mosquitto;
use rumqttc::{Client, Event, MqttOptions, Packet, QoS};
use twins::{class, field, mapping, plant, property, stamp};
use twinscope::mirror::{Budget, Mirror};
use twinscope::telemetry::ConnectionState;
use twinscope::telemetry::mqtt::{ClientOptions, Source};
use twinscope::twin::mapping::{Mapping, Payload, QualitySource, QualityStandard, TimeFormat};
use twinscope::twin::payload::PayloadFormat;
use twinscope::twin::{Timestamp, Twin, Value, ValueType};

const ASSETS: usize = 100;
const ROUNDS: usize = 5;
/// Sixty frames a second, of which at most half goes into taking in what came.
const FRAME: Duration = Duration::from_micros(16_667);
const INGEST: Duration = Duration::from_micros(8_000);
/// Stamps begin this long ago, so that the last one is not ahead of the clock.
const BEGIN_MS: i64 = 30_000;

fn main() {
    println!("what                     ours [points/s]  plain [points/s]  ratio");
    for (what, samples, messages) in
        [("1 sample a message", 1, 200_000), ("100 samples a message", 100, 20_000)]
    {
        let broker = Mosquitto::start();
        let mut ratios = Vec::new();
        let (mut ours, mut plain) = (0.0_f64, 0.0_f64);
        // In turns, so that both meet the same weather of the machine.
        for _ in 0..ROUNDS {
            let points = (samples * messages) as f64;
            let a = points / plain_subscriber(&broker, samples, messages).as_secs_f64();
            let b = points / our_subscriber(&broker, samples, messages).as_secs_f64();
            ratios.push(b / a);
            (plain, ours) = (plain.max(a), ours.max(b));
        }
        ratios.sort_by(f64::total_cmp);
        println!("{what:<24} {ours:>15.0} {plain:>17.0}  {:.2}", ratios[ROUNDS / 2]);
    }
}

/// A message as a device would send it, the `turn`th of its asset: no stamp comes twice.
fn payload(begin_ms: i64, turn: usize, samples: usize) -> String {
    let sample = |at: usize| {
        let number = turn * samples + at;
        let (t, v) = (begin_ms + number as i64, 20.0 + (number % 100) as f64 * 0.37);
        format!(r#"{{"t":{t},"v":{v},"q":"good"}}"#)
    };
    let all: Vec<String> = (0..samples).map(sample).collect();
    format!(r#"{{"samples":[{}]}}"#, all.join(","))
}

/// Publishes on a thread of its own at QoS 0, all packets made beforehand and written in large
/// pieces, so that the publisher takes little of the machine; mosquitto is told to drop nothing.
fn publish(broker: &Mosquitto, samples: usize, messages: usize) -> std::thread::JoinHandle<()> {
    let begin_ms = Timestamp::now().0 / 1_000 - BEGIN_MS;
    let mut packets = b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x00\x00\x03pub".to_vec();
    for at in 0..messages {
        let topic = format!("plant/P-{}/telemetry", at % ASSETS);
        let payload = payload(begin_ms, at / ASSETS, samples);
        packets.push(0x30);
        let mut length = 2 + topic.len() + payload.len();
        while length > 127 {
            packets.push((length % 128) as u8 | 128);
            length /= 128;
        }
        packets.push(length as u8);
        packets.extend((topic.len() as u16).to_be_bytes());
        packets.extend(topic.as_bytes());
        packets.extend(payload.as_bytes());
    }
    packets.extend([0xe0, 0]);
    let mut stream = TcpStream::connect(("127.0.0.1", broker.port)).unwrap();
    std::thread::spawn(move || {
        stream.write_all(&packets).unwrap();
        // Until the broker has taken all of it and hangs up.
        stream.read_to_end(&mut Vec::new()).unwrap();
    })
}

/// Time from the first to the last message of a subscriber that knows no twin.
fn plain_subscriber(broker: &Mosquitto, samples: usize, messages: usize) -> Duration {
    let mut options = MqttOptions::new("plain", "127.0.0.1", broker.port);
    options.set_max_packet_size(64 << 20, 1 << 20);
    let (client, mut connection) = Client::new(options, 100);
    client.subscribe("plant/+/telemetry", QoS::AtMostOnce).unwrap();
    let (mut first, mut count, mut publisher) = (None, 0, None);
    for event in connection.iter() {
        match event.unwrap() {
            Event::Incoming(Packet::SubAck(_)) => {
                publisher = Some(publish(broker, samples, messages));
            }
            Event::Incoming(Packet::Publish(publish)) => {
                first.get_or_insert_with(Instant::now);
                if samples > 1 {
                    let json: serde_json::Value = serde_json::from_slice(&publish.payload).unwrap();
                    std::hint::black_box(json);
                }
                count += 1;
                if count == messages {
                    break;
                }
            }
            _ => {}
        }
    }
    let elapsed = first.unwrap().elapsed();
    publisher.unwrap().join().unwrap();
    elapsed
}

/// The same through routing, decoding, the channel, state and history.
fn our_subscriber(broker: &Mosquitto, samples: usize, messages: usize) -> Duration {
    let options = ClientOptions::from_url(&broker.url()).unwrap();
    let twin = Arc::new(twin());
    let link = Source::spawn(&twin, options).unwrap();
    let mut mirror = Mirror::new(twin.clone(), Budget::default());
    let mut cursor = mirror.changes().end();
    let mut components = vec![0.0; twin.property_count()];
    let connected = || link.status.connection() == ConnectionState::Connected;
    assert!(programs::eventually(Duration::from_secs(10), connected));
    // The subscription's answer follows the connection's at once.
    std::thread::sleep(Duration::from_millis(300));
    let publisher = publish(broker, samples, messages);
    // The plain subscriber's time begins with its first message, too.
    while link.status.counters.messages.get() == 0 {
        std::thread::sleep(Duration::from_micros(100));
    }
    let first = Instant::now();
    let mut elapsed = first.elapsed();
    while (mirror.counters().updates as usize) < samples * messages {
        assert!(first.elapsed() < Duration::from_secs(60), "every sample arrives");
        let frame = Instant::now();
        mirror.ingest(&link.batches, || frame.elapsed() > INGEST);
        mirror.tick(Timestamp::now());
        for id in mirror.changes().read(&mut cursor).filter_map(|change| change.what.property()) {
            if let Some(Value::Number(number)) = mirror.latest(id).map(|reading| reading.value) {
                components[id.0 as usize] = number;
            }
        }
        elapsed = first.elapsed();
        // Until the display wants the next picture.
        std::thread::sleep(FRAME.saturating_sub(frame.elapsed()));
    }
    std::hint::black_box(components);
    assert_eq!(mirror.counters().applied as usize, samples * messages, "{:?}", mirror.counters());
    publisher.join().unwrap();
    elapsed
}

/// One hundred pumps, each with a value in an array of samples.
fn twin() -> Twin {
    let quality = QualitySource {
        pointer: "/q".into(),
        standard: QualityStandard::Any,
        good: vec![],
        uncertain: vec![],
    };
    let payload = Payload::Document {
        format: PayloadFormat::JSON,
        samples: Some("/samples".into()),
        requires: vec![],
        time: stamp(TimeFormat::EpochMillis),
        quality: Some(quality),
        fields: vec![field(0, "/v")],
    };
    let mapping = Mapping { qos: 0, ..mapping("plant/{asset}/telemetry", payload) };
    let class = class("Pump", vec![property("value", ValueType::Number)], vec![mapping]);
    plant(class, (0..ASSETS).map(|at| format!("P-{at}")))
}
