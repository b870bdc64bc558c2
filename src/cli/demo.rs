//! The demo: embedded broker, simulated plant and viewer in one process, joined only by MQTT.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use twinscope::plant::broker::{self, Broker};
use twinscope::plant::simulation::{self, MessageSource, PlantError, PlantOptions};
use twinscope::telemetry::mqtt;
use twinscope::twin::Twin;

use super::args::Demo;
use super::failure::{Failure, Outcome};
use super::{files, live};

/// The plant of the demo.
pub(super) const TWIN: &str = "scenes/bottling.ron";

/// Runs the demo.
pub fn run(args: Demo) -> Outcome {
    let path = match &args.twin {
        Some(path) => path.clone(),
        None => find(TWIN)?,
    };
    let twin = files::open(&path)?;
    let broker = Broker::start(broker::BrokerOptions {
        tcp: (Ipv4Addr::LOCALHOST, 0).into(),
        ..Default::default()
    })
    .map_err(Failure::environment)?;
    let connection = mqtt::ClientOptions::from_url(&broker.url()).map_err(Failure::environment)?;
    let options = live::simulation(&args.simulation, connection.clone());
    let plant = Running::start(&twin, options, &AtomicBool::new(false))?;
    let outcome = look(args, twin, connection);
    plant.stop();
    outcome
}

/// A file of the program: below the working directory, beside the program, or where it was built.
pub(super) fn find(name: &str) -> Result<PathBuf, Failure> {
    let beside = std::env::current_exe().ok();
    let above_program = beside.iter().flat_map(|program| program.ancestors().skip(1));
    let here = Path::new("");
    let built = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::iter::once(here)
        .chain(above_program)
        .chain(std::iter::once(built))
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .ok_or_else(|| {
            Failure::Environment(format!(
                "'{name}' is not below the working directory and not beside the program; \
                 run it in a checkout, or name a twin file: twinscope demo --twin FILE.ron"
            ))
        })
}

/// The simulated plant on its own thread.
pub(super) struct Running {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<()>,
}

impl Running {
    /// Starts it; fails when `asked` is set while it warms up.
    pub(super) fn start(
        twin: &Arc<Twin>,
        options: PlantOptions,
        asked: &AtomicBool,
    ) -> Result<Self, Failure> {
        // What is wrong with the simulation is an error now, and not in its thread.
        let source = MessageSource::unless(twin, options.setup, options.speed, asked)
            .map_err(|unfit| live::plant_failure(PlantError::Unfit(unfit)))?;
        let stop = Arc::new(AtomicBool::new(false));
        let (twin, asked) = (twin.clone(), stop.clone());
        let thread = std::thread::Builder::new()
            .name("plant".into())
            .spawn(move || {
                let run = simulation::publish(&twin, source, &options, &asked, &mut |_| {});
                if let Err(error) = run {
                    log::error!("The simulated plant has stopped: {error}");
                }
            })
            .map_err(Failure::environment)?;
        Ok(Self { stop, thread })
    }

    pub(super) fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        if self.thread.join().is_err() {
            log::error!("The simulated plant has panicked");
        }
    }
}

/// The viewer, which reads the plant from the broker alone.
#[cfg(feature = "viewer")]
fn look(args: Demo, twin: Arc<Twin>, connection: mqtt::ClientOptions) -> Outcome {
    use twinscope::viewer;

    use super::failure::path_text;

    let link = mqtt::Source::spawn(&twin, connection).map_err(Failure::environment)?;
    let mut options = live::viewer_options(twin, &link);
    let png = args.headless.clone().unwrap_or_default();
    // In a window too, the plant is first seen from there.
    let picture = live::picture(&mut options, &args.look, &png, args.after);
    match args.headless {
        None => viewer::run(options),
        Some(_) => {
            viewer::render(options, &picture).map_err(live::viewer_failure)?;
            let messages = link.status.counters.snapshot().messages;
            return files::print(format_args!(
                "{}: drawn from {messages} messages through {}",
                path_text(&picture.png),
                link.status.broker()
            ));
        }
    }
    .map_err(live::viewer_failure)
}

/// Without the viewer there is nothing to see, but the broker and the plant run.
#[cfg(not(feature = "viewer"))]
fn look(args: Demo, _twin: Arc<Twin>, connection: mqtt::ClientOptions) -> Outcome {
    if args.headless.is_some() {
        return Err(Failure::Environment(
            "this build has no viewer, so it can draw no picture; build it with the feature 'viewer'".into(),
        ));
    }
    let stop = super::stop::flag();
    files::print(format_args!(
        "The plant is at {}; this build has no viewer. Ctrl-C ends it.",
        connection.broker()
    ))?;
    while !stop.load(Ordering::Relaxed) {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    Ok(())
}
