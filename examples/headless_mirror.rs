//! Mirrors a plant from its broker and prints what changes, without a picture.
//!
//! `cargo run --no-default-features --example headless_mirror -- scenes/pump_station.ron mqtt://127.0.0.1:1883`

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::RecvTimeoutError;
use twinscope::history::{State, What};
use twinscope::mirror::{Budget, Mirror};
use twinscope::telemetry::ConnectionState;
use twinscope::telemetry::mqtt::{ClientOptions, Source};
use twinscope::twin::{PropertyId, Timestamp, load};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [twin, broker] = &arguments[..] else {
        eprintln!("usage: headless_mirror TWIN.ron mqtt://HOST:PORT");
        return ExitCode::FAILURE;
    };
    match mirror(Path::new(twin), broker, &mut io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Mirrors until the source ends or `out` cannot be written to.
pub fn mirror(twin: &Path, broker: &str, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let twin = Arc::new(load(twin)?.twin);
    // The client connects on a thread of its own, and again whenever the broker was gone.
    let source = Source::spawn(&twin, ClientOptions::from_url(broker)?.with_environment())?;
    let mut mirror = Mirror::new(twin, Budget::default());
    // From here on; any number of others may follow the same log, each by a cursor of its own.
    let mut cursor = mirror.changes().end();
    let mut connection = ConnectionState::Connecting;
    loop {
        match source.batches.recv_timeout(Duration::from_millis(100)) {
            Ok(batch) => mirror.apply(batch),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
        mirror.tick(Timestamp::now());
        if source.status.connection() != connection {
            connection = source.status.connection();
            eprintln!("{}: {}", source.status.broker(), connection.name());
        }
        let unread = mirror.changes().read(&mut cursor);
        if unread.is_behind() {
            eprintln!("{} changes were missed; what is read next is current", unread.missed);
        }
        for change in unread {
            // Late and replaced samples change the past; here the newest value is of interest.
            if let What::New(property) = change.what {
                writeln!(out, "{} {}", change.time, described(&mirror, property))?;
            }
        }
    }
}

/// The property's path and its value at its newest sample.
fn described(mirror: &Mirror, property: PropertyId) -> String {
    let twin = mirror.twin();
    let view = mirror.live_view();
    let newest = mirror.newest(view, property).unwrap_or(view.time);
    let value = match mirror.reading(view.at(newest), property) {
        Some(reading) => twin.property(property).format(&reading.value),
        None => "unknown".into(),
    };
    format!("{} = {value}", twin.property_path(property))
}
