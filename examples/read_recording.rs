//! Reads a recording or a table and prints what was known of the plant at an instant.
//!
//! `cargo run --no-default-features --example read_recording -- scenes/bottling.ron tests/data/bottling.jsonl`
//!
//! The instant is plant time, such as `2026-11-23T16:32:33Z`; without one it is the newest there is.

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use twinscope::history::{Answer, Lane, State, View};
use twinscope::mirror::{Budget, Mirror, Sources};
use twinscope::twin::{Timestamp, load};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (twin, file, instant) = match &arguments[..] {
        [twin, file] => (twin, file, None),
        [twin, file, instant] => (twin, file, Some(instant.as_str())),
        _ => {
            eprintln!("usage: read_recording TWIN.ron RECORDING.jsonl|TABLE.csv [INSTANT]");
            return ExitCode::FAILURE;
        }
    };
    match read(Path::new(twin), Path::new(file), instant, &mut io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes the state of each property that was known at an instant.
pub fn read(
    twin: &Path,
    file: &Path,
    instant: Option<&str>,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let twin = Arc::new(load(twin)?.twin);
    let bytes = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    // The live plant stands beside the recording; here nothing ever comes from it.
    let mut sources = Sources::new(Mirror::new(twin.clone(), Budget::default()));
    let name = file.display().to_string();
    let id = sources
        .open(&name, bytes, Budget::default())
        .map_err(|error| format!("{name}: {error}"))?;
    // All of it at once; a program with a picture would end each call when its time is up.
    sources.read_on(|| false);
    for note in sources.find(id).map_or(&[][..], |opened| opened.notes()) {
        eprintln!("{name}: {note}");
    }
    let span =
        sources.span(id).ok_or_else(|| format!("{name}: no property of this twin is in it"))?;
    let time = match instant {
        Some(text) => instant_of(text)?,
        None => span.to,
    };
    let view = View { source: id, time, lane: Lane::Measured };
    writeln!(out, "from {} to {}, at {time}:", span.from, span.to)?;
    for property in twin.property_ids() {
        let value = match sources.read(view, property) {
            Answer::Known(reading) | Answer::AsBefore(reading) => {
                let value = twin.property(property).format(&reading.value);
                format!("{value} ({})", reading.quality.name())
            }
            Answer::Unknown => continue,
            Answer::Loading => "not in memory yet".into(),
        };
        writeln!(out, "  {} = {value}", twin.property_path(property))?;
    }
    Ok(())
}

fn instant_of(text: &str) -> Result<Timestamp, String> {
    let instant: jiff::Timestamp =
        text.parse().map_err(|_| format!("{text:?} is no instant such as 2026-11-23T12:00:00Z"))?;
    Ok(Timestamp(instant.as_microsecond()))
}
