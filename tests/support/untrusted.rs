//! What must hold of every reader of input from outside, whatever the bytes: the bodies of the fuzz
//! targets. libFuzzer calls them with bytes that it makes up (fuzz/), the tests with committed files
//! that are changed in a stated order (tests/integration/untrusted.rs). A body that finds a fault panics.

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use twinscope::cad::inspect;
use twinscope::estimate::{FilterSetup, Hypothesis, read_log};
use twinscope::forecast::optimise::Problem;
use twinscope::forecast::{self, StoredForecast};
use twinscope::http::guard;
use twinscope::model::load::{Held, Hold, Load};
use twinscope::model::table::{Table as Course, load};
use twinscope::model::{Machine, registry};
use twinscope::plant::simulation::{Message, MessageSource, Setup};
use twinscope::serve::read_only::{ReadOnly, Refusal};
use twinscope::telemetry::recording::{Reader, header};
use twinscope::telemetry::session::{Moment, Session, Settings};
use twinscope::telemetry::table::Table;
use twinscope::telemetry::{Batch, Decoder, Feed, Router, Status};
use twinscope::twin::payload::{FORMATS, PayloadFormat};
use twinscope::twin::{
    NoFiles, Timestamp, Twin, Value, load_behaviour, load_goal, load_numbers, load_text,
};

/// A property of every type, and a mapping of every kind; of other payload formats the name stands for
/// `Json`.
const DEVICE: &str = r#"Twin(
    schema: 2,
    name: "fuzz",
    clock: (topic: "clock", time: "/time", rate: "/rate"),
    presence: [(topic: "status", pointer: "/s", assets: ["*"])],
    classes: {"Device": (
        properties: {
            "number": (unit: "m3/h"),
            "state": (type: enumeration(["stopped", "running"])),
            "text": (type: text),
            "pose": (type: pose),
            "items": (type: items),
        },
        mappings: [
            Scalar(topic: "scalar/{property}/{asset}"),
            Json(topic: "json", time: "/t", quality: (pointer: "/q", good: ["ok", 1], uncertain: ["old"]), values: {
                "number": (pointer: "/n", unit: "L/h", offset: 3, quality: "/nq"),
                "state": (pointer: "/a/0/s", names: {0: "stopped", true: "running"}),
                "text": "/a/1", "pose": (pointer: "/p", optional: true), "items": "/i~1j",
            }),
            Json(topic: "list", where: {"/device": "{asset}"}, time: (pointer: "/t", zone: "+01:00"), values: {
                "number": "/m/[name=speed]/v", "state": (pointer: "/m/[0]/v", others: "stopped"), "text": "/m/0/name",
                "pose": "/m/1/v",
            }),
            Json(topic: "records", where: {"/0/bn": "D-1"}, time: (pointer: "/0/t", format: epoch_s),
                values: {"number": "/[n=speed]/v", "text": "/[n=speed]/u"}),
            Json(topic: "records/each", samples: "/e", where: {"/n": "D-1speed"}, time: (pointer: "/t", format: epoch_s),
                values: {"number": "/v", "text": "/bu"}),
            Json(topic: "samples/{asset}/#", samples: "/s", time: (pointer: "^/t", format: epoch_ms),
                values: {"number": "/n", "pose": "/p"}),
            Json(topic: "time/iso8601", time: (pointer: "/t", format: iso8601), values: {"number": "/n"}),
            Json(topic: "time/epoch_s", time: (pointer: "/t", format: epoch_s), values: {"number": "/n"}),
            Json(topic: "time/epoch_ms", time: (pointer: "/t", format: epoch_ms), values: {"number": "/n"}),
            Json(topic: "time/epoch_us", time: (pointer: "/t", format: epoch_us), values: {"number": "/n"}),
            Json(topic: "time/epoch_ns", time: (pointer: "/t", format: epoch_ns), values: {"number": "/n"}),
        ],
    )},
    assets: [(name: "D-1", class: "Device")],
)"#;

/// A plant that can be told something.
const PLANT: &str = r#"Twin(schema: 2, name: "p", assets: [(name: "a")], simulation: (blocks: [
    Tank(asset: "TK-1", area: 3.1, height: 2.4, level: 1.4),
    Duty(asset: "D", pumps: ["P-1"], running: 1, speed: 2600),
    Pump(asset: "P-1", command: "P-1.command", speed: 2600,
         plate: (rated_speed: 2900, rated_flow: 20, rated_head: 30, shutoff_head: 38)),
    Circuit(asset: "line", pumps: ["P-1"], from: "TK-1", to: "outside", static_head: 6, resistance: 0.015),
    Follow(asset: "F", signal: "flow", unit: "m3/h", of: "line.flow", lag_s: 1),
    Packaging(line: "L-1", length: 6, belt: 0.4, gap: 0.07, rate: 6000, bottle_m3: 0.0005, product: "TK-1.percent", product_tank: "TK-1",
        machines: [(asset: "C-1", enter: 1, done: 2, leave: 3, pocket: 1, pockets: 8, radius: 0.27, stage: 1, power_kw: 3, hopper: 60)],
        packer: (asset: "K-1", head: "H-1", lanes: (2, 3), lane: (0.5, 0.09), lane_step: 1, head_steps: (0.1, 0.5), reach: (0.9, -0.6, -0.8), head_at: (0, 1.5, 0)),
        crates: "L-2", crate_line: (0.8, 2, 0.3, 0.44),
        robot: "R-1", pallet: "PL-1", pattern: (0.2, 0.4, 1.5, 3),
        cell: (links: (shoulder_height: 1.15, shoulder_offset: 0.3, upper_arm: 1.05, elbow_offset: 0.15, forearm: 1.05, hand: 0.6),
            pick: (-1.65, 0.75, 0.9), pallet: (0, 0.544, 1.8), stack: (2, 1, 1), pitch: (0.4, 0.32, 0.25), clearance: 0.18, cycle_s: 4),
        agv: "V-1", gate: "G-1", load: "PL-2",
        route: (stand: (0, 0), points: [(0, 3), (2, 3), (2, 1.5), (0, 1.5), (0, 0)], corner_radius: 0.3, warehouse_m: 3, speed: 1,
            slow: 0.5, turn_deg_s: 90, track_m: 0.6, lift_mm: 80, touch_mm: 50)),
]))"#;

/// What a table of samples is read for.
const TABLE: &str = r#"Twin(schema: 2, name: "t", classes: {"A": (properties: {
    "v": (unit: "m3/h"), "s": (type: enumeration(["off", "on"])), "n": (type: text)})},
    assets: [(name: "a", class: "A")])"#;

/// Wall time of every message: 1 March 2026, noon.
const ARRIVAL: Timestamp = Timestamp(1_772_366_400_000_000);

/// The device of one payload format.
struct Device {
    format: &'static PayloadFormat,
    twin: Twin,
    decoder: Decoder,
}

/// The devices of all payload formats.
static DEVICES: LazyLock<Vec<Device>> = LazyLock::new(|| {
    let device = |format: &&'static PayloadFormat| {
        let twin = twin(&DEVICE.replace("Json(", &format!("{}(", format.name)));
        let decoder = Decoder::new(&twin);
        Device { format, twin, decoder }
    };
    FORMATS.iter().map(device).collect()
});
static ROUTER: LazyLock<Router> = LazyLock::new(|| Router::new(&twin(DEVICE)));
static TABLE_TWIN: LazyLock<Twin> = LazyLock::new(|| twin(TABLE));

fn twin(text: &str) -> Twin {
    match load_text(Path::new("fuzz.ron"), text, &NoFiles) {
        Ok(loaded) => loaded.twin,
        Err(errors) => panic!("{errors}"),
    }
}

/// Decodes a message and checks what every decoded message has.
fn decode(Device { twin, decoder, .. }: &Device, topic: &str, payload: &[u8]) -> Batch {
    let mut batch = Batch::default();
    let decoded = decoder.decode(topic, payload, ARRIVAL, &mut batch);
    assert_eq!(decoded.samples, batch.updates.len());
    if decoded.fault.is_some() {
        assert!(!decoded.reason().is_empty());
    }
    for update in &batch.updates {
        let Some(value) = &update.value else {
            assert_eq!(update.quality, twinscope::twin::Quality::Bad);
            continue;
        };
        assert!(value.fits(&twin.property(update.property).ty), "{update:?}");
        if let Value::Number(number) = value {
            assert!(number.is_finite());
        }
    }
    batch
}

/// Payloads of any bytes as documents of every format: every sample is finite, of its property's type,
/// and counted; what is no document is answered with a reason.
pub fn document_decoder(payload: &[u8]) {
    for device in &*DEVICES {
        for topic in ["json", "list", "records", "records/each", "samples/D-1/a", "status", "clock"]
        {
            decode(device, topic, payload);
        }
        if let Err(reason) = (device.format.read)(payload) {
            assert!(!reason.is_empty(), "{:?}", device.format);
        }
    }
}

/// Bare payloads of any bytes, for a property of each type: the same holds.
pub fn scalar_decoder(payload: &[u8]) {
    for property in ["number", "state", "text", "pose", "items"] {
        decode(&DEVICES[0], &format!("scalar/{property}/D-1"), payload);
    }
}

/// The payload of a JSON document in a format; `None` where that cannot hold it.
pub fn payload_of(format: &'static PayloadFormat, json: &[u8]) -> Option<Vec<u8>> {
    if format == PayloadFormat::JSON {
        return Some(json.to_vec());
    }
    let document = (PayloadFormat::JSON.read)(json).ok()?;
    (format.write)(&document).ok()
}

/// Times of any text, as a JSON string or raw, in each payload format and each format of times: what is
/// read is read again from what is printed of it.
pub fn time_parser(text: &str) {
    DEVICES.iter().for_each(|device| times_of(device, text));
}

fn times_of(device: &Device, text: &str) {
    let read = |format: &str, json: &str| {
        let document = format!(r#"{{"n": 1, "t": {json}}}"#);
        let payload = payload_of(device.format, document.as_bytes())?;
        let batch = decode(device, &format!("time/{format}"), &payload);
        batch.updates.first().and_then(|update| update.time)
    };
    let quoted = serde_json::Value::from(text).to_string();
    for format in ["iso8601", "epoch_s", "epoch_ms", "epoch_us", "epoch_ns"] {
        for json in [text, &quoted] {
            let Some(time) = read(format, json) else { continue };
            let printed = format!("\"{time}\"");
            // Epochs reach beyond the years that ISO 8601 can write.
            if !printed.ends_with("µs\"") {
                assert_eq!(read("iso8601", &printed), Some(time), "{format} {json} {printed}");
            }
        }
    }
}

/// Whether a filter matches, as MQTT 3.1.1 says in section 4.7.
fn matches(filter: &str, topic: &str) -> bool {
    let mut levels = topic.split('/');
    for part in filter.split('/') {
        match (part, levels.next()) {
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (part, Some(level)) if part == level => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}

/// Topics of any text: what is routed has been subscribed to.
pub fn topic_router(topic: &str) {
    let routed = !ROUTER.route(topic).is_empty();
    let mut filters = ROUTER.subscriptions().iter();
    assert!(!routed || filters.any(|wanted| matches(&wanted.filter, topic)), "{topic:?}");
}

/// Twin files of any text: errors, not panics.
pub fn twin_file(text: &str) {
    match load_text(Path::new("fuzz.ron"), text, &NoFiles) {
        Ok(loaded) => _ = loaded.diagnostics.to_string(),
        Err(errors) => assert!(!errors.to_string().is_empty()),
    }
}

/// glTF and GLB of any bytes: errors, not panics.
pub fn model(bytes: &[u8]) {
    let nowhere = &mut |name: &str| Err(format!("{name} is not here"));
    match inspect(bytes, nowhere) {
        Ok(inspection) => _ = inspection.to_string(),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Any bytes as a recording: each line is a message or reported, and a message that is written is read
/// alike.
pub fn recording(bytes: &[u8]) {
    if let Ok(reader) = Reader::new(bytes) {
        let _ = reader.count();
    }
    let mut text = header("t").into_bytes();
    text.push(b'\n');
    text.extend(bytes);
    let again: Vec<_> = Reader::new(&text).expect("a header").flatten().collect();
    for message in again {
        let text = format!("{}\n{}\n", header("t"), message.line());
        let read = Reader::new(text.as_bytes()).expect("a header").next();
        assert_eq!(read, Some(Ok(message)));
    }
}

/// Any bytes as a table of samples: each row is taken or reported; what is taken has its time.
pub fn table(bytes: &[u8]) {
    if let Ok(table) = Table::new(&TABLE_TWIN, bytes.to_vec()) {
        let _ = table.count();
    }
    let mut text = b"time,a.v [L/s],a.s,a.n\n".to_vec();
    text.extend(bytes);
    let table = match Table::new(&TABLE_TWIN, text) {
        Ok(table) => table,
        // The first row may be one of units, and of other ones than the columns have.
        Err(error) => return assert!(error.to_string().contains("cannot be converted"), "{error}"),
    };
    for row in table {
        // Without a time nothing is taken; all that is taken has it.
        assert!(row.updates.iter().all(|update| update.time.is_some() && update.time == row.time));
    }
}

/// Any bytes as a machine's file, as a goal, as numbers by name, as kept forecasts, as a log of
/// maintenance and as a table of a course: errors, not panics; a load that is read is finite.
pub fn machine(bytes: &[u8]) {
    let model = registry::find("dc_motor").expect("it is there");
    let _ = read_log(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = load_numbers(Path::new("n"), text);
        if let Ok(behaviour) = load_behaviour(Path::new("m.ron"), text)
            && let Ok(machine) = Machine::of(&behaviour)
        {
            let _ = FilterSetup::of(&behaviour, &machine);
            let _ = Hypothesis::all_of(&behaviour, &machine);
        }
        let _ = StoredForecast::read(text);
        if let Ok(goal) = load_goal(Path::new("g.ron"), text) {
            let machine = Machine::usual(model.clone());
            let load = Arc::new(Held(model.about().usual_inputs()));
            let setup = forecast::ForecastSetup::usual(model.clone(), load, 1.0, 10.0);
            let _ = Problem::new(&goal, &machine, setup);
        }
    }
    if let Ok(table) = Course::read(bytes) {
        for hold in [Hold::End, Hold::Start, Hold::Linear] {
            if let Ok((schedule, _)) = load(&table, model.about(), hold) {
                let mut u = [f64::NAN; 2];
                for t_s in [-1.0, 0.0, 0.5, 1e9] {
                    schedule.at(t_s, &[], &mut u);
                    // Between two rows far apart a straight line may leave all numbers.
                    assert!(hold == Hold::Linear || u.iter().all(|u| u.is_finite()));
                }
            }
        }
    }
}

/// Feeds a page's bytes to the relay's check in pieces; what passed, and why the rest did not.
fn passed(pieces: impl Iterator<Item = impl AsRef<[u8]>>) -> (Vec<u8>, Option<Refusal>) {
    let (mut gate, mut passed) = (ReadOnly::default(), Vec::new());
    for piece in pieces {
        match gate.pass(piece.as_ref()) {
            Ok(bytes) => passed.extend(bytes),
            Err(refusal) => return (passed, Some(refusal)),
        }
    }
    (passed, None)
}

/// Any bytes as the MQTT of a page: whatever passes to the broker is whole packets of a client that
/// reads, in whatever pieces they come.
pub fn page_packets(bytes: &[u8]) {
    let (through, refusal) = passed(bytes.chunks(1));
    let (at_once, same) = passed([bytes].into_iter());
    assert_eq!(refusal, same);
    assert!(bytes.starts_with(&through) && through.starts_with(&at_once));
    let mut rest = through.as_slice();
    while let [first, behind @ ..] = rest {
        // Section 2.2 of MQTT: the length in groups of seven bits, the lowest first.
        let groups = 1 + behind.iter().position(|byte| byte & 0x80 == 0).expect("a whole length");
        let value = |(byte, at): (&u8, usize)| usize::from(byte & 0x7f) << (7 * at);
        let length: usize = behind[..groups].iter().zip(0..).map(value).sum();
        let body = &behind[groups..groups + length];
        let is_first = rest.len() == through.len();
        match first >> 4 {
            // Neither a will nor a session that was there before.
            1 => {
                let name = usize::from(u16::from_be_bytes([body[0], body[1]]));
                assert!(is_first && body[3 + name] & 0b0011_1110 == 2, "{body:?}");
            }
            4 | 5 | 7 | 8 | 10 | 12 | 14 => assert!(!is_first),
            other => panic!("a packet of kind {other} has passed"),
        }
        rest = &behind[groups + length..];
    }
}

/// Any bytes as the MQTT of a broker, behind a right answer to the page's CONNECT and before it: the
/// session goes on or ends, and does not panic.
pub fn broker_packets(bytes: &[u8]) {
    for before in [&[0x20, 2, 0, 0][..], &[]] {
        let status = Arc::new(Status::new("fuzz"));
        let (feed, _batches) = Feed::new(Decoder::new(&DEVICES[0].twin), status.clone(), 8);
        let settings = Settings {
            client_id: "fuzz".into(),
            user: None,
            password: None,
            keep_alive: Duration::from_secs(60),
            max_packet: 1 << 16,
        };
        let mut session = Session::new(settings, feed, status);
        let now = Moment { wall: ARRIVAL, elapsed: Duration::ZERO };
        session.opened(now);
        for piece in [before, bytes] {
            session.received(piece, now);
            while session.next_order().is_some() {}
        }
        session.tick(Moment { wall: ARRIVAL, elapsed: Duration::from_secs(1) });
        session.closed("the end");
    }
}

/// Any text as a Host and, behind a line break, an Origin: what is taken for this computer, or for a page
/// of the host, is one.
pub fn http_guard(text: &str) {
    let (host, origin) = text.split_once('\n').unwrap_or((text, ""));
    let _ = guard::is_origin(origin);
    if guard::is_this_computer(host) {
        // As a browser reads it: no user, no path, and a name that no name server is asked for.
        assert!(!host.contains(['@', '/', '\\', '?', '#', '%', ' ']), "{host:?}");
        let lower = host.to_ascii_lowercase();
        let (name, port) = match lower.strip_prefix('[') {
            Some(v6) => v6.split_once(']').expect("an end of the address"),
            None => lower.split_at(lower.find(':').unwrap_or(lower.len())),
        };
        assert!(port.is_empty() || port[1..].parse::<u16>().is_ok(), "{host:?}");
        let name = name.strip_suffix('.').unwrap_or(name);
        let address = name.parse::<std::net::IpAddr>();
        let is_loopback = address.is_ok_and(|address| address.to_canonical().is_loopback());
        let is_named = name == "localhost" || name.ends_with(".localhost");
        assert!(is_loopback || is_named, "{host:?}");
    }
    if guard::is_of_host(origin, host) {
        let page = origin.split_once("://").expect("a scheme").1;
        assert!(guard::is_of_host(&format!("http://{host}"), host), "{text:?}");
        assert_eq!(guard::is_this_computer(page), guard::is_this_computer(host), "{text:?}");
    }
}

fn plant() -> MessageSource {
    static TWIN: LazyLock<Twin> = LazyLock::new(|| twin(PLANT));
    let setup = Setup { seed: 1, start: ARRIVAL, story: false };
    MessageSource::new(&TWIN, setup, 1.0).expect("a good section")
}

/// Messages to a simulated plant, a line each, topic and payload: each command is answered, as JSON.
pub fn plant_command(bytes: &[u8]) {
    let mut plant = plant();
    for line in bytes.split(|byte| *byte == b'\n').take(32) {
        let (topic, payload) = line.split_at(line.iter().position(|b| *b == b' ').unwrap_or(0));
        let topic = String::from_utf8_lossy(topic);
        let is_taken = plant.command(&topic, payload.trim_ascii(), false);
        let mut answers = 0;
        let mut sink = |message: Message| {
            if message.topic.ends_with("/answer") {
                let json: serde_json::Value =
                    serde_json::from_slice(&message.payload).expect("an answer is JSON");
                assert!(json["answer"].is_string(), "{json}");
                answers += 1;
            }
        };
        plant.speak(Duration::ZERO, &mut sink);
        plant.advance_plant(Duration::from_millis(20), &mut sink);
        assert!(!is_taken || answers > 0, "{topic} is not answered");
    }
}

/// The state of the plant to which commands are given.
pub fn plant_state() -> Vec<u8> {
    let mut plant = plant();
    plant.advance_plant(Duration::from_secs(2), &mut |_| {});
    plant.snapshot().expect("it can be written")
}

/// Snapshots of a simulated plant: what is none is refused and changes nothing, with a check sum that fits
/// as well.
pub fn plant_snapshot(bytes: &[u8]) {
    let mut plant = plant();
    let before = plant.snapshot().expect("it can be written");
    let mut sealed = bytes.to_vec();
    if let Some(states) = sealed.len().checked_sub(4).filter(|states| *states > 16) {
        let sum = check_sum(&sealed[16..states]).to_le_bytes();
        sealed[states..].copy_from_slice(&sum);
    }
    for bytes in [bytes, &sealed] {
        if plant.restore(bytes).is_ok() {
            plant.advance_plant(Duration::from_secs(1), &mut |_| {});
            plant.restore(&before).expect("its own");
        }
        assert!(plant.snapshot().expect("it can be written") == before);
    }
}

/// CRC-32, as snapshots end with it.
fn check_sum(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            if sum & 1 == 1 { (sum >> 1) ^ 0xEDB8_8320 } else { sum >> 1 }
        })
    })
}
