//! The commands that talk MQTT: `view`, `render`, `watch`, `broker`; and how all others do.

use std::path::Path;
#[cfg(feature = "viewer")]
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use twinscope::plant::broker;
use twinscope::plant::broker::{Broker, BrokerError, Login};
use twinscope::plant::simulation::{Obey, PlantError, PlantOptions, Setup};
#[cfg(feature = "viewer")]
use twinscope::telemetry::ConnectionState;
use twinscope::telemetry::mqtt::{self, Link};
use twinscope::terminal;
use twinscope::twin::{Timestamp, Twin};
use twinscope::watch;

use super::args::{self, BrokerArgs, SimulationArgs};
use super::failure::{Failure, Outcome};
use super::{files, stop};

/// How to reach the broker of the arguments; user and password are from the file that was named,
/// else from the address, else from the environment.
pub fn connection(args: &BrokerArgs) -> Result<mqtt::ClientOptions, Failure> {
    let mut options = mqtt::ClientOptions::from_url(&args.broker).map_err(Failure::input)?;
    options = with_credentials(options, args.credentials.as_deref())?;
    let own = args.client_cert.as_deref().zip(args.client_key.as_deref());
    options = with_certificates(options, args.ca.as_deref(), own)?;
    if let Some(id) = &args.client_id {
        if id.is_empty() || id.len() > 65_535 || id.chars().any(char::is_control) {
            return Err(Failure::input(
                "a client identifier has 1 to 65535 bytes and no control characters",
            ));
        }
        options = options.with_client_id(id);
    }
    Ok(options)
}

/// Whom to trust besides the system's authorities, and which certificate to show, by its own file and its key's.
pub fn with_certificates(
    mut options: mqtt::ClientOptions,
    ca: Option<&Path>,
    own: Option<(&Path, &Path)>,
) -> Result<mqtt::ClientOptions, Failure> {
    // Without TLS they would be left aside, and the link be open where its owner thinks otherwise.
    let is_open = matches!(options.scheme, mqtt::Scheme::Mqtt | mqtt::Scheme::Ws);
    if let Some(ca) = ca {
        if is_open {
            return Err(Failure::input(
                "--ca goes with TLS: write the broker as mqtts:// or wss://",
            ));
        }
        options = options.with_ca_file(ca);
    }
    if let Some((certificate, key)) = own {
        if is_open {
            return Err(Failure::input(
                "a client certificate goes with TLS: write the broker as mqtts:// or wss://",
            ));
        }
        options = options.with_client_certificate(certificate, key);
    }
    Ok(options)
}

fn with_credentials(
    options: mqtt::ClientOptions,
    file: Option<&Path>,
) -> Result<mqtt::ClientOptions, Failure> {
    match file {
        Some(file) => options.with_credentials_file(file).map_err(Failure::input),
        None => Ok(options.with_environment()),
    }
}

fn link(twin: &Twin, args: &BrokerArgs) -> Result<Link, Failure> {
    mqtt::Source::spawn(twin, connection(args)?).map_err(Failure::input)
}

/// How the viewer's failures end the program.
#[cfg(feature = "viewer")]
pub fn viewer_failure(failure: twinscope::viewer::Failure) -> Failure {
    match failure {
        twinscope::viewer::Failure::Input(text) => Failure::Input(text),
        twinscope::viewer::Failure::Environment(text) => Failure::Environment(text),
    }
}

/// What the viewer shows: a twin, fed by a link that the caller keeps.
#[cfg(feature = "viewer")]
pub fn viewer_options(twin: Arc<Twin>, link: &Link) -> twinscope::viewer::ViewerOptions {
    twinscope::viewer::ViewerOptions::new(twin, link.batches.clone(), link.status.clone())
}

/// Shows a twin in a window.
#[cfg(feature = "viewer")]
pub fn view(args: &args::View) -> Outcome {
    let twin = files::open(&args.twin)?;
    if let Some(file) = &args.recording.recording {
        return twinscope::viewer::run(recorded(twin, file)?).map_err(viewer_failure);
    }
    let link = link(&twin, &args.broker)?;
    let options = viewer_options(twin, &link);
    twinscope::viewer::run(options).map_err(viewer_failure)
}

/// What the viewer shows of a recording; what is wrong with it is an error now, and not in the scene.
#[cfg(feature = "viewer")]
fn recorded(twin: Arc<Twin>, file: &Path) -> Result<twinscope::viewer::ViewerOptions, Failure> {
    use twinscope::mirror::Replay;
    use twinscope::viewer::{ViewerOptions, app::open::Dropped, time::TelemetryLink};
    let bytes = files::recording(file)?;
    let replay = Replay::open(&twin, "", bytes)
        .map_err(|error| Failure::Input(format!("{}: {error}", super::failure::path_text(file))))?;
    replay
        .notes()
        .iter()
        .for_each(|note| log::warn!("{}: {note}", super::failure::path_text(file)));
    let TelemetryLink { batches, status } = TelemetryLink::none();
    let mut options = ViewerOptions::new(twin, batches, status);
    options.open.push(Dropped::Path(file.to_owned()));
    Ok(options)
}

/// Draws a twin into a file.
#[cfg(feature = "viewer")]
pub fn render(args: &args::Render) -> Outcome {
    let twin = files::open(&args.twin)?;
    if let Some(file) = &args.recording.recording {
        let mut options = recorded(twin, file)?;
        options.at = args.at;
        // An instant stands still: there is nothing to wait for.
        let after = if args.at.is_some() { Duration::ZERO } else { args.after };
        let picture = picture(&mut options, &args.look, &args.png, after);
        return twinscope::viewer::render(options, &picture).map_err(viewer_failure);
    }
    let link = link(&twin, &args.broker)?;
    let mut options = viewer_options(twin, &link);
    let picture = picture(&mut options, &args.look, &args.png, args.after);
    twinscope::viewer::render(options, &picture).map_err(viewer_failure)?;
    drawn_with_data(&link)
}

/// The picture that the arguments ask for; what they say of the scene goes into the options.
#[cfg(feature = "viewer")]
pub fn picture(
    options: &mut twinscope::viewer::ViewerOptions,
    look: &args::LookArgs,
    png: &Path,
    after: Duration,
) -> twinscope::viewer::Picture {
    use twinscope::viewer::ThemeChoice;
    options.camera = look.camera.clone();
    options.select = look.select.clone();
    options.panels = !look.no_ui;
    options.theme = match look.theme {
        args::Theme::Dark => ThemeChoice::Dark,
        args::Theme::Light => ThemeChoice::Light,
    };
    twinscope::viewer::Picture { png: png.into(), size: look.size, scale: look.scale, after }
}

/// A picture of a plant that was never reached shows it at rest: a script needs the exit status.
#[cfg(feature = "viewer")]
fn drawn_with_data(link: &Link) -> Outcome {
    let reason = match link.status.connection() {
        _ if link.status.counters.snapshot().messages > 0 => return Ok(()),
        ConnectionState::Connected | ConnectionState::Ended => {
            log::warn!("The broker {} has said nothing of this plant.", link.status.broker());
            return Ok(());
        }
        ConnectionState::Connecting => "it did not answer".to_owned(),
        ConnectionState::Disconnected { reason, .. } | ConnectionState::Rejected { reason, .. } => {
            reason
        }
    };
    Err(Failure::Environment(format!(
        "the picture is drawn without data: cannot reach the broker {}: {reason}\n\
         Is it running? Give another one with --broker mqtt://HOST:PORT.",
        link.status.broker()
    )))
}

/// Mirrors a plant and prints what it is like.
pub fn watch(args: &args::Watch) -> Outcome {
    let twin = files::open(&args.twin)?;
    let link = link(&twin, &args.broker)?;
    let options = watch::WatchOptions {
        span: Some(args.span),
        json: args.json,
        follow: args.follow,
        width: terminal_width(),
        ..Default::default()
    };
    let mut out = terminal::Writer::new(std::io::stdout().lock());
    watch::run(twin, &link.batches, &link.status, &options, &mut out).map_err(|error| match error {
        watch::WatchError::Write(error) => Failure::output(&error),
        other => Failure::environment(other),
    })
}

/// Columns of the terminal that standard output is, if it is one.
fn terminal_width() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(std::io::stdout())?;
    Some(usize::from(width.0))
}

/// Runs the embedded broker until it is stopped.
pub fn broker(args: &args::Broker) -> Outcome {
    let stop = stop::flag();
    let address =
        mqtt::ClientOptions::from_url("mqtt://localhost").map_err(Failure::environment)?;
    let known = with_credentials(address, args.credentials.as_deref())?;
    let login = known.user.zip(known.password).map(|(user, password)| Login { user, password });
    let options = broker::BrokerOptions {
        tcp: args.tcp,
        websocket: args.websocket,
        origins: args.origin.clone(),
        login,
    };
    let broker = Broker::start(options).map_err(broker_failure)?;
    files::print(broker.url())?;
    if let Some(url) = broker.websocket_url() {
        files::print(url)?;
    }
    while !stop.load(Ordering::Relaxed) && broker.is_running() {
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// How the broker's failures end the program.
pub fn broker_failure(error: BrokerError) -> Failure {
    match error {
        BrokerError::OpenToTheNetwork(_) => Failure::Input(format!(
            "{error}. Set TWINSCOPE_MQTT_USER and TWINSCOPE_MQTT_PASSWORD, or name a file with both: \
             --credentials FILE"
        )),
        BrokerError::EmptyLogin(_) | BrokerError::Origin(_) => Failure::input(error),
        BrokerError::Bind { .. } | BrokerError::Start(_) => Failure::environment(error),
    }
}

/// The options of the simulated plant.
pub fn simulation(args: &SimulationArgs, broker: mqtt::ClientOptions) -> PlantOptions {
    let seed = args.seed.unwrap_or(1);
    let setup = Setup { seed, start: Timestamp::now(), story: args.story };
    let obey = match args.obey {
        args::Obey::All => Obey::All,
        args::Obey::Commands => Obey::Commands,
        args::Obey::Nothing => Obey::Nothing,
    };
    PlantOptions { broker, setup, speed: args.speed.unwrap_or(1.0), obey }
}

/// How the simulated plant's failures end the program.
pub fn plant_failure(error: PlantError) -> Failure {
    match error {
        PlantError::Unfit(_) | PlantError::Broker(_) => Failure::input(error),
        PlantError::Thread(_) => Failure::environment(error),
    }
}
