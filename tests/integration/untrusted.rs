//! The bodies of the fuzz targets, run on committed files that a seeded mutator has changed: the same
//! cases in every run and on every machine.
//!
//! Each target runs as many cases as it has seeds, unchanged, and [`CASES`] changed ones;
//! `TWINSCOPE_UNTRUSTED_CASES=100000` runs more, the first ones being the same. A case stands in
//! `target/tmp/untrusted/TARGET` while it runs, and stays there when it fails or ends the process.

#[path = "../support/untrusted.rs"]
mod bodies;
mod mutator;

use std::path::{Path, PathBuf};

use mutator::Mutator;
use twinscope::twin::payload::{FORMATS, PayloadFormat};

use crate::programs::repository;

/// Changed cases of a target: all targets together take seconds in a development build.
const CASES: u64 = 1_500;

fn cases() -> u64 {
    match std::env::var("TWINSCOPE_UNTRUSTED_CASES") {
        Ok(text) => text.parse().expect("TWINSCOPE_UNTRUSTED_CASES is a number of cases"),
        Err(_) => CASES,
    }
}

/// The case that runs; its file stays when its run fails.
struct Case {
    file: PathBuf,
    number: u64,
}

impl Drop for Case {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("case {} fails: {}", self.number, self.file.display());
        } else {
            // It may not have been written yet.
            let _ = std::fs::remove_file(&self.file);
        }
    }
}

/// Runs a body on all seeds and on what the mutator makes of them.
fn run(target: &str, seeds: Vec<Vec<u8>>, body: impl Fn(&[u8])) {
    assert!(!seeds.is_empty());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("untrusted");
    std::fs::create_dir_all(&folder).expect("a folder for the case that runs");
    let mut case = Case { file: folder.join(target), number: 0 };
    let mut mutator = Mutator::new(&seeds);
    let changed = (0..cases()).map(|_| mutator.next_case());
    for bytes in seeds.iter().cloned().chain(changed) {
        std::fs::write(&case.file, &bytes).expect("the case is written");
        body(&bytes);
        case.number += 1;
    }
}

fn text(body: impl Fn(&str)) -> impl Fn(&[u8]) {
    move |bytes| body(&String::from_utf8_lossy(bytes))
}

fn all<const N: usize>(seeds: [&str; N]) -> Vec<Vec<u8>> {
    seeds.map(|seed| seed.as_bytes().to_vec()).into()
}

/// Committed files with that ending, in order of their names, none larger than `most` bytes.
fn files(folder: &str, ending: &str, most: usize) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(repository(folder)).expect("the folder is there");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let has_ending = |path: &&PathBuf| path.extension().is_some_and(|found| found == ending);
    let read = |path: &PathBuf| std::fs::read(path).expect("a file");
    let files = paths.iter().filter(has_ending).map(read);
    files.filter(|bytes| bytes.len() <= most).collect()
}

/// The first lines of a committed file.
fn head(file: &str, lines: usize) -> Vec<u8> {
    let text = std::fs::read_to_string(repository(file)).expect("a file");
    text.lines().take(lines).flat_map(|line| [line, "\n"]).collect::<String>().into_bytes()
}

/// Payloads of the recorded plant, and one for each mapping of the target's twin, in every format that
/// can hold them.
fn payloads() -> Vec<Vec<u8>> {
    let recorded = head("tests/data/bottling.jsonl", 40);
    let reader = twinscope::telemetry::recording::Reader::new(&recorded).expect("a recording");
    let mut payloads: Vec<_> = reader.flatten().map(|message| message.payload).collect();
    payloads.extend(all([
        r#"{"t": 1772366400.5, "q": "ok", "n": 12.5, "nq": "old", "a": [{"s": true}, "note"],
            "p": {"position": [1, 2, 3], "rotation": [0, 0, 0, 1]},
            "i/j": [{"id": 1, "at_m": 0.5, "stage": 2}]}"#,
        r#"{"t": 1772366400.5, "q": "ok", "n": 12.5, "nq": "old"}"#,
        r#"{"t": 1772366400000, "s": [{"n": 1, "p": [1, 2, 3]}, {"n": "2"}, 3]}"#,
        r#"{"device": "D-1", "t": "2026-03-01T13:00:00", "m": [{"name": "speed", "v": 5}, {"v": [1, 2, 3]}]}"#,
        r#""{\"device\": \"D-1\", \"m\": [{\"v\": \"unavailable\"}]}""#,
        "{\"t\": 1772366400000, \"s\": []}\n{\"s\": [{\"n\": NaN}]}",
        r#"[{"bn": "D-1", "bt": 1772366400, "bv": 20, "bu": "Cel", "n": "speed", "v": 5, "t": -5}, {"n": "speed"}]"#,
        r#"{"e": [{"bn": "D-1", "bver": 10, "n": "speed", "v": 5, "bs": 1e3}, {"bn": "D-2", "t": 0}, {"x_": 1}]}"#,
        r#"{"s": "online"}"#,
        r#"{"time": "2026-03-01T12:00:00Z", "rate": 1}"#,
    ]));
    let in_format = |format: &&'static PayloadFormat| {
        let written: Vec<_> =
            payloads.iter().filter_map(|json| bodies::payload_of(format, json)).collect();
        assert!(!written.is_empty(), "{} has no seed: add one that it can hold", format.name);
        written
    };
    FORMATS.iter().flat_map(in_format).collect()
}

#[test]
fn every_payload_of_every_format_is_decoded_or_answered() {
    run("document_decoder", payloads(), bodies::document_decoder);
}

#[test]
fn every_bare_payload_is_decoded_or_answered() {
    let seeds = all([
        "21.125",
        "-3e-7",
        "true",
        "1",
        "running",
        "grün",
        r#"{"position": [1, 2, 3], "rotation": [0, 0.6, 0, 0.8]}"#,
        r#"[{"id": 7, "at_m": 1.25, "stage": 0}]"#,
    ]);
    run("scalar_decoder", seeds, bodies::scalar_decoder);
}

#[test]
fn every_time_that_is_read_is_read_again_from_what_is_printed() {
    let seeds = all([
        "2026-03-01T12:00:00Z",
        "2026-03-01T13:00:00.25+01:00",
        "2024-02-29 23:59:60",
        "01.03.2026 12:00:00",
        "Sun, 01 Mar 2026 12:00:00 GMT",
        "/Date(1772366400000+0100)/",
        "20260301T120000",
        "1772366400000000000",
        "1772366400",
        "1772366400.000001",
        "1772366400000",
        "1772366400000000",
        "-62135596800",
        "1e18",
    ]);
    run("time_parser", seeds, text(bodies::time_parser));
}

#[test]
fn every_topic_that_is_routed_has_been_subscribed_to() {
    let seeds = all([
        "scalar/number/D-1",
        "scalar/items/D-1",
        "samples/D-1/a/b",
        "samples/D-1",
        "json",
        "clock",
        "status",
        "time/epoch_us",
        "$SYS/broker/uptime",
        "a//b/",
    ]);
    run("topic_router", seeds, text(bodies::topic_router));
}

#[test]
fn every_twin_file_is_loaded_or_answered() {
    let mut seeds = files("scenes", "ron", 8_192);
    seeds.extend(files("scenes/classes", "ron", 16_384));
    run("twin_file", seeds, text(bodies::twin_file));
}

#[test]
fn every_model_is_inspected_or_answered() {
    let models = files("assets/models", "glb", 32_768);
    assert!(models.len() > 3);
    let [_, binary] = chunks(&models[0]);
    // A changed description in a sound container, else most would be answered for their length alone.
    let mut seeds: Vec<_> = models.iter().map(|model| chunks(model)[0].to_vec()).collect();
    seeds.extend(models.iter().cloned());
    run("model", seeds, |bytes| {
        bodies::model(bytes);
        bodies::model(&container(bytes, binary));
    });
}

/// JSON and binary chunk of a GLB of two chunks.
fn chunks(glb: &[u8]) -> [&[u8]; 2] {
    let length = |at: usize| u32::from_le_bytes(glb[at..at + 4].try_into().expect("4 bytes"));
    let json = 20 + length(12) as usize;
    [&glb[20..json], &glb[json + 8..]]
}

/// A GLB of these two chunks.
fn container(json: &[u8], binary: &[u8]) -> Vec<u8> {
    let mut json = json.to_vec();
    json.resize(json.len().next_multiple_of(4), b' ');
    let mut glb = b"glTF\x02\0\0\0".to_vec();
    glb.extend((28 + json.len() as u32 + binary.len() as u32).to_le_bytes());
    for (kind, chunk) in [(b"JSON", json.as_slice()), (b"BIN\0", binary)] {
        glb.extend((chunk.len() as u32).to_le_bytes());
        glb.extend(kind);
        glb.extend(chunk);
    }
    glb
}

#[test]
fn every_line_of_a_recording_is_taken_or_told_and_written_as_it_was_read() {
    let recorded = head("tests/data/bottling.jsonl", 12);
    let mut seeds = vec![recorded];
    seeds.extend(all([
        "{\"at\":\"2026-03-01T12:00:00Z\",\"topic\":\"t\",\"qos\":0,\"payload\":\"1\"}\n",
        "{\"at\":\"2026-03-01T12:00:00Z\",\"topic\":\"t\",\"qos\":2,\"payload_base64\":\"/wCA\"}\n",
    ]));
    run("recording", seeds, bodies::recording);
}

#[test]
fn every_row_of_a_table_is_taken_or_told() {
    let seeds = all([
        "2026-03-01T12:00:00Z,1,on,a\n2026-03-01T12:00:01Z,2,off,b\n",
        "time,a.v [L/s],a.s,a.n\n1772366400,1.5,1,\"a \"\"note\"\"\"\n,,,\n",
        "timestamp;a.v;a.n\n01.03.2026 12:00;1,5;x\n",
        "2026-03-01T12:00:00Z,NaN,standby,\r\n2026-02-30T12:00:00Z,1e400,on,\u{feff}\r\n",
    ]);
    run("table", seeds, bodies::table);
}

#[test]
fn every_machine_goal_log_and_course_is_read_or_answered() {
    let mut seeds = files("scenes/machines", "ron", 8_192);
    seeds.push(head("tests/data/prognostics/dcmotor_sp.csv", 6));
    seeds.extend(all([
        "t,u_v,u_t_l\n0,10,0.1\n1,11,0.1\n2,9,0\n",
        "t,part,who\n35990,impeller,Eva\n",
        r#"(Rs: 0.07, "Cb1": 2000)"#,
        r#"(set: {"v": (from: 5, to: 12)}, running: ["v ^ 2"], limits: [(of: "i", at_most: 2)])"#,
    ]));
    run("machine", seeds, bodies::machine);
}

/// Packets of a client that reads and of one that writes, one after the other, of MQTT 3.1.1 and 5.
fn client_packets() -> Vec<Vec<u8>> {
    let connect = b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01a";
    let connect5 = b"\x10\x13\0\x04MQTT\x05\x02\0\x3c\x05\x11\0\0\0\0\0\x01a";
    let rest: [&[u8]; 8] = [
        b"\x82\x0c\0\x01\0\x07plant/#\0",
        b"\x40\x02\0\x01\x50\x02\0\x02\x70\x02\0\x02",
        b"\xa2\x05\0\x02\0\x01a",
        b"\xc0\0\xe0\0",
        b"\x30\x04\0\x01ax",
        b"\x32\x06\0\x01a\0\x01x",
        b"\x82\x0e\0\x01\0\x09$share/g/\0",
        b"\x10\x12\0\x04MQTT\x04\x06\0\x3c\0\x01a\0\x01w\0\0",
    ];
    let with = |connect: &[u8], rest: &[u8]| [connect, rest, b"\xc0\0"].concat();
    rest.iter().flat_map(|rest| [with(connect, rest), with(connect5, rest)]).collect()
}

#[test]
fn whatever_passes_from_a_page_to_the_broker_only_reads() {
    run("page_packets", client_packets(), bodies::page_packets);
}

#[test]
fn every_packet_of_a_broker_is_taken_or_ends_the_session() {
    let mut seeds = client_packets();
    let parts: [&[u8]; 5] = [
        b"\x90\x03\0\x01\0",
        b"\x30\x17\0\x11scalar/number/D-112.5",
        b"\x32\x10\0\x06status\0\x09online",
        b"\x62\x02\0\x09",
        b"\xd0\0\x20\x02\0\x05",
    ];
    seeds.extend(parts.map(<[u8]>::to_vec));
    seeds.push(parts.concat());
    run("broker_packets", seeds, bodies::broker_packets);
}

#[test]
fn a_host_that_is_taken_for_this_computer_is_one() {
    let seeds = all([
        "localhost:8080\nhttp://localhost:8080",
        "LOCALHOST.\nhttps://localhost:443",
        "127.0.0.1:80\nhttp://127.0.0.1",
        "[::1]:9001\nhttp://[0:0:0:0:0:0:0:1]:9001",
        "[::ffff:127.0.0.1]\nnull",
        "plant.localhost:1\nhttp://evil.example",
        "127.0.0.1.evil.example@localhost:80\nhttp://evil.example:80/localhost",
    ]);
    run("http_guard", seeds, text(bodies::http_guard));
}

#[test]
fn every_message_to_a_plant_is_answered_and_none_ends_it() {
    let seeds = all([
        "p/P-1/set/mode manual\np/P-1/set/speed {\"value\": 1200, \"id\": \"a\", \"by\": \"eva\"}\np/P-1/set/stop \n",
        "p/P-1/set/lockout {\"value\": true, \"by\": \"eva\"}\np/P-1/set/maintain bearing\np/D/set/running 0\n",
        "p/instructor/fault {\"fault\": \"bearing\", \"on\": \"P-1\", \"severity\": 0.8, \"ramp_s\": 60}\np/instructor/clear \n",
        "p/instructor/snapshot before\np/instructor/restore {\"name\": \"before\"}\np/instructor/freeze true\np/instructor/freeze false\np/instructor/speed 20\n",
    ]);
    run("plant_command", seeds, bodies::plant_command);
}

#[test]
fn a_snapshot_that_is_none_changes_nothing() {
    run("plant_snapshot", vec![bodies::plant_state()], bodies::plant_snapshot);
}
