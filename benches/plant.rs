//! How fast the simulated plant is: the physics of `scenes/bottling.ron` alone, with its messages made, and with
//! them written to a recording, as multiples of real time; and what of that others need for the same
//! bytes: `BufWriter` to write them, `serde_json` to serialise the payloads that are JSON.
//!
//! `CARGO_PROFILE_DEV_OPT_LEVEL=3 cargo bench --profile dev --no-default-features --bench plant`
//!
//! It writes at most 125 MiB at a time into the folder for temporary files, and removes them.

// What a bench measures is its output.
#![allow(clippy::print_stdout)]

#[path = "../tests/support/programs.rs"]
#[allow(dead_code, missing_docs)]
mod programs;

use std::fs::File;
use std::hint::black_box;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use programs::{folder, scene};
use twinscope::plant::simulation::{Message, MessageSource, Setup, record};
use twinscope::twin::{Timestamp, Twin};

/// Plant time of each measurement.
const SPAN: Duration = Duration::from_secs(240);
const ROUNDS: usize = 5;
/// The largest file, bytes.
const LARGEST: usize = 125 << 20;
/// Plant time in one go.
const TOGETHER: Duration = Duration::from_secs(1);
/// Longer than any plant runs: with it each message is sent once.
const NEVER: Duration = Duration::from_secs(1 << 30);

/// One turn of everything, s.
#[derive(Clone, Copy, Default)]
struct Turn {
    physics: f64,
    made: f64,
    written: f64,
    plain_write: f64,
    plain_json: f64,
    steps: f64,
    messages: f64,
    documents: f64,
    bytes: f64,
}

fn main() -> io::Result<()> {
    let twin = scene("bottling.ron");
    let folder = folder();
    let mut turns = Vec::new();
    // In turns, so that all meet the same weather of the machine.
    for _ in 0..ROUNDS {
        turns.push(turn(&twin, folder.path())?);
    }
    let of = |value: &dyn Fn(&Turn) -> f64| median(turns.iter().map(value).collect());
    let span_s = SPAN.as_secs_f64();
    let size = |t: &Turn| t.bytes / t.messages;
    println!(
        "{:.0} bytes a message in a recording, {:.0} messages in a second of plant time; median of {ROUNDS} turns",
        of(&size),
        of(&|t| t.messages / span_s)
    );
    println!();
    println!("| what | a second | × real time | share of the physics' speed |");
    println!("|---|---|---|---|");
    let row = |what: &str, unit: &str, count: &dyn Fn(&Turn) -> f64, s: &dyn Fn(&Turn) -> f64| {
        let (rate, speed) = (of(&|t| count(t) / s(t)), of(&|t| span_s / s(t)));
        let share = of(&|t| t.physics / s(t));
        println!("| {what} | {rate:.0} {unit} | {speed:.0} | {share:.2} |");
    };
    row("physics alone", "steps", &|t| t.steps, &|t| t.physics);
    row("with its messages made", "messages", &|t| t.messages, &|t| t.made);
    row("and written to a recording", "messages", &|t| t.messages, &|t| t.written);
    println!();
    println!("| peer | a second | × as fast as the recording is made |");
    println!("|---|---|---|");
    let write = of(&|t| t.written / t.plain_write);
    let megabytes = of(&|t| t.bytes / 1e6 / t.plain_write);
    println!("| the same bytes, BufWriter alone | {megabytes:.0} MB | {write:.1} |");
    let json = of(&|t| (t.documents / t.plain_json) / (t.messages / t.written));
    let documents = of(&|t| t.documents / t.plain_json);
    println!(
        "| the same payloads, serde_json::to_vec alone | {documents:.0} messages | {json:.1} |"
    );
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn turn(twin: &Twin, folder: &Path) -> io::Result<Turn> {
    let mut turn = Turn::default();
    let mut still = source(twin).thinned(NEVER);
    turn.steps = SPAN.as_secs_f64() / still.step().as_secs_f64();
    turn.physics = run(&mut still, &mut |message| drop(black_box(message)));
    turn.made = run(&mut source(twin), &mut |message| drop(black_box(message)));

    let (path, copy) = (folder.join("plant.jsonl"), folder.join("copy.jsonl"));
    let mut plant = source(twin);
    let mut file = BufWriter::new(File::create(&path)?);
    let mut room = LARGEST;
    let write = |lines: &[u8]| {
        room = room.checked_sub(lines.len()).ok_or(io::ErrorKind::FileTooLarge)?;
        file.write_all(lines)
    };
    let begin = Instant::now();
    let count = record(&mut plant, SPAN, &AtomicBool::new(false), write, &mut |_| ())?;
    file.flush()?;
    turn.written = begin.elapsed().as_secs_f64();
    turn.messages = count as f64;

    let bytes = std::fs::read(&path)?;
    std::fs::remove_file(&path)?;
    turn.bytes = bytes.len() as f64;
    let begin = Instant::now();
    let mut file = BufWriter::new(File::create(&copy)?);
    // In pieces as a plant gives them.
    for piece in bytes.chunks((bytes.len() / SPAN.as_secs() as usize).max(1)) {
        file.write_all(piece)?;
    }
    file.flush()?;
    turn.plain_write = begin.elapsed().as_secs_f64();
    std::fs::remove_file(&copy)?;
    (turn.documents, turn.plain_json) = serialise(twin);
    Ok(turn)
}

fn source(twin: &Twin) -> MessageSource {
    let setup = Setup { seed: 1, start: Timestamp(0), story: false };
    MessageSource::new(twin, setup, 1.0).unwrap_or_else(|unfit| panic!("{unfit}"))
}

/// Seconds for the whole plant time.
fn run(source: &mut MessageSource, sink: &mut dyn FnMut(Message)) -> f64 {
    let begin = Instant::now();
    while source.elapsed() < SPAN {
        source.advance_plant(TOGETHER, sink);
    }
    begin.elapsed().as_secs_f64()
}

/// How many documents there were in the first minute, and the seconds to serialise them.
fn serialise(twin: &Twin) -> (f64, f64) {
    let mut plant = source(twin);
    let mut documents: Vec<serde_json::Value> = Vec::new();
    while plant.elapsed() < Duration::from_secs(60) {
        plant.advance_plant(TOGETHER, &mut |message| {
            documents.extend(serde_json::from_slice(&message.payload));
        });
    }
    let begin = Instant::now();
    for document in &documents {
        let _written = black_box(serde_json::to_vec(document));
    }
    (documents.len() as f64, begin.elapsed().as_secs_f64())
}
