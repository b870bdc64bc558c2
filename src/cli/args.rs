//! The words of the command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

use super::brain::args::{
    Calibrate, Detect, Diagnose, Estimate, Forecast, Models, Monitor, Optimise, Score, Simulate,
};
use twinscope::twin::Timestamp;

use super::values::{duration, instant, scale, size, span, speed};

/// A live 3D digital twin of a plant.
///
/// Without a command it runs the demo: a bottling plant with its own broker, in one window.
#[derive(Parser, Debug)]
#[command(
    name = "twinscope",
    version,
    after_help = "Examples:\n  twinscope\n  twinscope view scenes/pump_station.ron --broker mqtt://localhost\n\nExit status: 0 fine, 1 the input is wrong, 2 the environment is wrong (no broker, no display)."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Run an embedded broker, a simulated plant and the viewer, joined only by MQTT
    #[command(
        after_help = "Examples:\n  twinscope demo\n  twinscope demo --headless plant.png --size 1920x1080\n  twinscope demo --twin scenes/pump_station.ron --speed 10"
    )]
    Demo(Demo),
    /// View a twin, fed by any broker
    #[cfg(feature = "viewer")]
    #[command(
        after_help = "Example:\n  TWINSCOPE_MQTT_USER=eva TWINSCOPE_MQTT_PASSWORD=… twinscope view plant.ron --broker mqtts://broker.example:8883"
    )]
    View(View),
    /// Draw a twin into a PNG file, without a window or a display
    #[cfg(feature = "viewer")]
    #[command(
        after_help = "Examples:\n  twinscope render scenes/bottling.ron --png plant.png --size 3840x2160 --scale 2 --after 10s --camera filling\n  twinscope render plant.ron --png fault.png --recording shift.csv --at 2026-11-23T06:02:00Z --select P-101 --camera 12,8,9,0,1,0"
    )]
    Render(Render),
    /// Mirror a plant without drawing it, and print the state of each property
    #[command(
        after_help = "Examples:\n  twinscope watch scenes/bottling.ron --for 5s\n  twinscope watch plant.ron --broker ws://localhost:9001 --json | jq ."
    )]
    Watch(Watch),
    /// Record what a broker sends of a plant, message by message
    #[command(
        after_help = "Example:\n  twinscope record scenes/bottling.ron --for 60s --out morning.jsonl"
    )]
    Record(Record),
    /// Replay a recording as fast as it can be read, and print counts and a hash of the state
    #[command(after_help = "Example:\n  twinscope replay scenes/bottling.ron morning.jsonl")]
    Replay(Replay),
    /// Check twin files, the plants that they simulate and the models that they name
    #[command(after_help = "Example:\n  twinscope check scenes/*.ron")]
    Check(Check),
    /// List what is in a glTF model
    #[command(after_help = "Example:\n  twinscope inspect assets/models/pump_skid.glb --json")]
    Inspect(Inspect),
    /// Serve the plant to browsers: the page, the twin and the broker
    #[command(
        after_help = "Examples:\n  twinscope serve\n  twinscope serve plant.ron --broker mqtt://broker.example --http 127.0.0.1:8090\n  TWINSCOPE_MQTT_USER=eva TWINSCOPE_MQTT_PASSWORD=… twinscope serve --http 0.0.0.0:8080"
    )]
    Serve(Serve),
    /// Run the embedded broker alone
    #[command(
        after_help = "Examples:\n  twinscope broker\n  TWINSCOPE_MQTT_USER=eva TWINSCOPE_MQTT_PASSWORD=… twinscope broker --tcp 0.0.0.0:1883 --websocket 0.0.0.0:9001"
    )]
    Broker(Broker),
    /// Run the simulated plant of a twin alone
    #[command(
        after_help = "Examples:\n  twinscope plant scenes/bottling.ron --broker mqtt://localhost:1883 --speed 60\n  twinscope plant scenes/pump_station.ron --out day.jsonl --for 24h --every 5s"
    )]
    Plant(Plant),
    /// Describe the equipment models
    #[command(
        after_help = "Examples:\n  twinscope models\n  twinscope models centrifugal_pump --json"
    )]
    Models(Models),
    /// Simulate a machine under a load, and write its course
    #[command(
        after_help = "Examples:\n  twinscope simulate battery_circuit --until event\n  twinscope simulate centrifugal_pump --initial '(wA: 0.01)' --inputs load.csv --hold start --dt 1 --every 60 --out course.csv"
    )]
    Simulate(Simulate),
    /// Find parameters of a machine from what is measured of it
    #[command(
        after_help = "Example:\n  twinscope calibrate scenes/machines/battery.ron --samples discharge.csv --fit Rs,Cb1"
    )]
    Calibrate(Calibrate),
    /// Detect what is not as it was in healthy times; needs no failure to learn from, and no model
    #[command(
        after_help = "Examples:\n  twinscope detect --healthy january.csv --samples today.csv\n  twinscope detect --machine scenes/machines/feed_pump.ron --healthy january.csv --samples february.csv --false-alarm-every 1000h"
    )]
    Detect(Detect),
    /// Diagnose what is wrong with a machine: which of its faults explains best what is measured
    #[command(
        after_help = "Example:\n  twinscope diagnose scenes/machines/feed_pump.ron --samples measured.csv --since 36000"
    )]
    Diagnose(Diagnose),
    /// Monitor a machine from when it was new: since when something is wrong with it, and what
    #[command(
        after_help = "Example:\n  twinscope monitor scenes/machines/feed_pump.ron --healthy p102.csv --healthy p103.csv --samples p101.csv"
    )]
    Monitor(Monitor),
    /// Estimate a machine's state and wear from what is measured of it
    #[command(
        after_help = "Example:\n  twinscope estimate pump.ron --samples measured.csv --out estimates.csv"
    )]
    Estimate(Estimate),
    /// Forecast a machine: what happens when, with its probability
    #[command(
        after_help = "Examples:\n  twinscope forecast battery_circuit --horizon 2h\n  twinscope forecast pump.ron --samples measured.csv --plan next_week.csv --horizon 168h --json"
    )]
    Forecast(Forecast),
    /// Find what should be set, what switched off and what maintained when, so that it costs least
    #[command(
        after_help = "Example:\n  twinscope optimise scenes/three_pumps.ron --goal scenes/machines/three_pumps_goal.ron --horizon 2h"
    )]
    Optimise(Optimise),
    /// Score kept forecasts, now that their events have happened
    #[command(
        after_help = "Example:\n  twinscope score --kept forecasts.jsonl --came failures.csv --learn correction.json"
    )]
    Score(Score),
}

/// Which broker, and how to be let in.
#[derive(Args, Debug, Clone)]
pub struct BrokerArgs {
    /// The broker: mqtt://, mqtts://, ws:// or wss://, with a port where it is not the usual one
    #[arg(long, value_name = "URL", default_value = "mqtt://localhost:1883")]
    pub broker: String,
    /// File with the user on its first line and the password on its second; without it the
    /// variables TWINSCOPE_MQTT_USER and TWINSCOPE_MQTT_PASSWORD are read
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub credentials: Option<PathBuf>,
    /// File with the certificates (PEM) of the authority that signed the broker's, or with the
    /// broker's own if it signed itself
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub ca: Option<PathBuf>,
    /// File with this program's own certificate (PEM), for a broker that asks for one
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "client_key")]
    pub client_cert: Option<PathBuf>,
    /// File with the private key (PEM) of that certificate
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "client_cert")]
    pub client_key: Option<PathBuf>,
    /// MQTT client identifier, for a broker that knows its clients by it; no other client may use
    /// it at the same time
    #[arg(long, value_name = "NAME")]
    pub client_id: Option<String>,
}

/// How the simulated plant runs.
#[derive(Args, Debug, Clone)]
pub struct SimulationArgs {
    /// Chooses the noise and the disturbances; the same seed gives the same plant: 1 unless stated
    /// otherwise
    #[arg(long)]
    pub seed: Option<u64>,
    /// Plant seconds that pass in one second: 1 unless stated otherwise
    #[arg(long, value_parser = speed)]
    pub speed: Option<f64>,
    /// Tell the story of the twin file's simulation, instead of running for days
    #[arg(long)]
    pub story: bool,
    /// Whom the plant obeys: commands to machines and an instructor's orders, commands alone, or nobody
    #[arg(long, value_name = "WHOM", value_enum, default_value_t = Obey::All)]
    pub obey: Obey,
}

/// Whom the simulated plant obeys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Obey {
    /// Commands to machines, and an instructor's orders.
    All,
    /// Commands to machines.
    Commands,
    /// Nobody.
    Nothing,
}

/// Arguments of `demo`.
#[derive(Args, Debug)]
pub struct Demo {
    /// Draw a picture into this file and end, without a window or a display
    #[arg(long, value_name = "FILE.png", value_hint = ValueHint::FilePath)]
    pub headless: Option<PathBuf>,
    /// How long the plant runs before the picture is drawn
    #[arg(long, value_name = "TIME", default_value = "8s", value_parser = duration)]
    pub after: Duration,
    #[command(flatten)]
    pub look: LookArgs,
    /// The twin; the bottling plant unless stated otherwise
    #[arg(long, value_name = "TWIN.ron", value_hint = ValueHint::FilePath)]
    pub twin: Option<PathBuf>,
    #[command(flatten)]
    pub simulation: SimulationArgs,
}

/// How a picture looks.
#[derive(Args, Debug)]
pub struct LookArgs {
    /// Width and height of the picture; one of less than 480x270 has no panels
    #[arg(long, value_name = "WxH", default_value = "1280x720", value_parser = size)]
    pub size: (u32, u32),
    /// Pixels a point, as on a display with that scale factor: 2 draws text and panels twice as large
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = scale)]
    pub scale: f32,
    /// Viewpoint to look from; without it the twin's first one. Or six numbers in metres, where the
    /// camera stands and what it looks at: 12,8,9,0,1,0; `,parallel` after them: without perspective
    #[arg(long, value_name = "NAME|X,Y,Z,X,Y,Z", allow_hyphen_values = true)]
    pub camera: Option<String>,
    /// Asset that is selected, by its name or path
    #[arg(long, value_name = "ASSET")]
    pub select: Option<String>,
    /// Draw the scene alone, without panels and labels
    #[arg(long)]
    pub no_ui: bool,
    /// Colours of the picture
    #[arg(long, value_name = "THEME", value_enum, default_value_t = Theme::Dark)]
    pub theme: Theme,
}

/// Colours of panels and surroundings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Theme {
    /// Light on dark.
    Dark,
    /// Dark on light.
    Light,
}

impl Default for Demo {
    fn default() -> Self {
        Self {
            headless: None,
            look: LookArgs {
                size: (1280, 720),
                scale: 1.0,
                camera: None,
                select: None,
                no_ui: false,
                theme: Theme::Dark,
            },
            after: Duration::from_secs(8),
            twin: None,
            simulation: SimulationArgs { seed: None, speed: None, story: false, obey: Obey::All },
        }
    }
}

/// Arguments of `view`.
#[derive(Args, Debug)]
pub struct View {
    /// The twin file
    #[arg(value_name = "TWIN.ron", value_hint = ValueHint::FilePath)]
    pub twin: PathBuf,
    #[command(flatten)]
    pub broker: BrokerArgs,
    #[command(flatten)]
    pub recording: RecordingArgs,
}

/// What is shown instead of a plant.
#[derive(Args, Debug)]
pub struct RecordingArgs {
    /// Play a recording or a table (CSV) instead of following a broker
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        conflicts_with_all = ["broker", "credentials", "ca", "client_cert", "client_key", "client_id"]
    )]
    pub recording: Option<PathBuf>,
}

/// Arguments of `render`.
#[derive(Args, Debug)]
pub struct Render {
    /// The twin file
    #[arg(value_name = "TWIN.ron", value_hint = ValueHint::FilePath)]
    pub twin: PathBuf,
    /// The file to draw
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub png: PathBuf,
    /// The instant of the recording to draw, such as 2026-11-23T06:02:00Z
    #[arg(
        long,
        value_name = "TIME",
        value_parser = instant,
        requires = "recording",
        conflicts_with = "after"
    )]
    pub at: Option<Timestamp>,
    /// How long to follow the plant before the picture is drawn
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    pub after: Duration,
    #[command(flatten)]
    pub look: LookArgs,
    #[command(flatten)]
    pub broker: BrokerArgs,
    #[command(flatten)]
    pub recording: RecordingArgs,
}

/// Arguments of `watch`.
#[derive(Args, Debug)]
pub struct Watch {
    /// The twin file
    #[arg(value_name = "TWIN.ron", value_hint = ValueHint::FilePath)]
    pub twin: PathBuf,
    #[command(flatten)]
    pub broker: BrokerArgs,
    /// How long to follow the plant
    #[arg(long = "for", value_name = "TIME", default_value = "5s", value_parser = duration)]
    pub span: Duration,
    /// Print JSON lines instead of a table
    #[arg(long)]
    pub json: bool,
    /// Print each change as it comes, too
    #[arg(long)]
    pub follow: bool,
}

/// Arguments of `record`.
#[derive(Args, Debug)]
pub struct Record {
    /// The twin file
    #[arg(value_name = "TWIN.ron", value_hint = ValueHint::FilePath)]
    pub twin: PathBuf,
    #[command(flatten)]
    pub broker: BrokerArgs,
    /// The file to write; one that exists is not overwritten
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub out: PathBuf,
    /// How long to record; until it is interrupted unless stated otherwise
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub span: Option<Duration>,
}

/// Arguments of `replay`.
#[derive(Args, Debug)]
pub struct Replay {
    /// The twin file
    #[arg(value_name = "TWIN.ron", value_hint = ValueHint::FilePath)]
    pub twin: PathBuf,
    /// The recording, or a table (CSV)
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub recording: PathBuf,
}

/// Arguments of `check`.
#[derive(Args, Debug)]
pub struct Check {
    /// The twin files
    #[arg(required = true, value_name = "TWIN.ron", value_hint = ValueHint::FilePath)]
    pub twins: Vec<PathBuf>,
}

/// Arguments of `inspect`.
#[derive(Args, Debug)]
pub struct Inspect {
    /// The model
    #[arg(value_name = "MODEL.glb", value_hint = ValueHint::FilePath)]
    pub model: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `serve`.
#[derive(Args, Debug)]
pub struct Serve {
    /// The twin; the bottling plant unless stated otherwise
    #[arg(value_name = "TWIN.ron", value_hint = ValueHint::FilePath)]
    pub twin: Option<PathBuf>,
    /// Where to listen; an address that others can reach wants a user and a password
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub http: SocketAddr,
    /// Folder with the page, as scripts/build-web makes it
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub bundle: Option<PathBuf>,
    /// A broker of your own; without it an embedded one runs, and the twin's simulated plant
    #[arg(long, value_name = "URL", conflicts_with_all = ["seed", "speed", "story", "obey"])]
    pub broker: Option<String>,
    /// File with the user on its first line and the password on its second; without it the
    /// variables TWINSCOPE_MQTT_USER and TWINSCOPE_MQTT_PASSWORD are read
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub credentials: Option<PathBuf>,
    /// File with the certificates (PEM) of the authority that signed the broker's, or with the
    /// broker's own if it signed itself
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "broker")]
    pub ca: Option<PathBuf>,
    /// File with this program's own certificate (PEM), for a broker that asks for one
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        requires_all = ["client_key", "broker"]
    )]
    pub client_cert: Option<PathBuf>,
    /// File with the private key (PEM) of that certificate
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "client_cert")]
    pub client_key: Option<PathBuf>,
    /// An origin that may embed and steer the page, such as a dashboard's; may be repeated
    #[arg(long, value_name = "ORIGIN")]
    pub embed: Vec<String>,
    /// A name by which a proxy in front of this server calls it, such as plant.example; may be repeated
    #[arg(long, value_name = "NAME")]
    pub host: Vec<String>,
    #[command(flatten)]
    pub simulation: SimulationArgs,
}

/// Arguments of `broker`.
#[derive(Args, Debug)]
pub struct Broker {
    /// Where to listen for MQTT; an address that others can reach wants a user and a password
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:1883")]
    pub tcp: SocketAddr,
    /// Where to listen for MQTT over WebSocket; without it no page reaches the broker
    #[arg(long, value_name = "ADDRESS")]
    pub websocket: Option<SocketAddr>,
    /// An origin whose pages may use the WebSocket, such as http://localhost:3000; may be repeated
    #[arg(long, value_name = "ORIGIN", requires = "websocket")]
    pub origin: Vec<String>,
    /// File with the user on its first line and the password on its second; without it the
    /// variables TWINSCOPE_MQTT_USER and TWINSCOPE_MQTT_PASSWORD are read
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub credentials: Option<PathBuf>,
}

/// Arguments of `plant`.
#[derive(Args, Debug)]
pub struct Plant {
    /// The twin file
    #[arg(value_name = "TWIN.ron", value_hint = ValueHint::FilePath)]
    pub twin: PathBuf,
    #[command(flatten)]
    pub broker: BrokerArgs,
    #[command(flatten)]
    pub simulation: SimulationArgs,
    /// Plant time at the first message; now unless stated otherwise
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub from: Option<Timestamp>,
    /// Go on from a snapshot, by its seed unless another one is stated
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "from")]
    pub restore: Option<PathBuf>,
    /// Folder in which snapshots are kept; without it an instructor's are kept in memory
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub snapshots: Option<PathBuf>,
    /// Keep a snapshot each time that so much plant time has passed
    #[arg(long, value_name = "TIME", value_parser = span, requires = "snapshots")]
    pub snapshot_every: Option<Duration>,
    /// Give the plant the commands of this recording, each at its plant time
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub commands: Option<PathBuf>,
    /// Write what the plant is told into this recording, so that --commands makes the run again
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub journal: Option<PathBuf>,
    /// Write how far each part is worn into this table (CSV), each hour of plant time: what no message
    /// tells
    #[arg(long, value_name = "FILE.csv", value_hint = ValueHint::FilePath)]
    pub truth: Option<PathBuf>,
    /// Write all messages into this recording, as fast as this computer can, and use no broker
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        requires = "span",
        conflicts_with_all = [
            "broker", "credentials", "ca", "client_cert", "client_key", "client_id", "obey", "speed"
        ]
    )]
    pub out: Option<PathBuf>,
    /// How much plant time to record
    #[arg(long = "for", value_name = "TIME", value_parser = span, requires = "out")]
    pub span: Option<Duration>,
    /// Record no machine's message more often than so
    #[arg(long, value_name = "TIME", value_parser = span, requires = "out")]
    pub every: Option<Duration>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn tests_of_a_monitor_are_designed_with_finite_numbers_above_zero_alone() {
        let parsed = |option: &str, value: &str| {
            let healthy = ["twinscope", "monitor", "pump.ron", "--samples", "a", "--healthy", "b"];
            Cli::try_parse_from(healthy.into_iter().chain([option, value])).map(|_| ())
        };
        for option in ["--slack", "--forgive", "--threshold", "--alarm", "--alike"] {
            assert!(parsed(option, "2.5").is_ok(), "{option}");
            for value in ["0", "-1", "nan", "inf", "many"] {
                let error = parsed(option, value).expect_err(value).to_string();
                assert!(error.contains(&format!("'{value}'")), "{error}");
                assert!(error.contains("expected a finite number above 0"), "{error}");
            }
        }
    }

    #[test]
    fn what_an_option_would_not_change_is_refused() {
        let parsed = |line: &str| Cli::try_parse_from(line.split(' ')).map(|_| ());
        for line in [
            "twinscope serve a.ron --broker mqtt://b --story",
            "twinscope serve a.ron --broker mqtt://b --obey nothing",
            "twinscope plant a.ron --out b --for 1h --broker mqtt://c",
            "twinscope plant a.ron --out b --for 1h --obey nothing",
            "twinscope plant a.ron --out b --for 1h --client-id c",
            "twinscope plant a.ron --out b --for 1h --speed 10",
        ] {
            let error = parsed(line).expect_err(line).to_string();
            assert!(error.contains("cannot be used with"), "{error}");
        }
        for line in [
            "twinscope plant a.ron --for 1h",
            "twinscope plant a.ron --out b --for 0s",
            "twinscope plant a.ron --out b --for 1h --every 0s",
            "twinscope plant a.ron --out b --for 1h --every 9999999999999999h",
        ] {
            parsed(line).expect_err(line);
        }
        assert!(parsed("twinscope plant a.ron --out b --for 1d --every 5s").is_ok());
    }

    #[test]
    fn the_command_line_is_consistent_and_every_command_shows_an_example() {
        Cli::command().debug_assert();
        for command in Cli::command().get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("twinscope "), "{} has no example", command.get_name());
        }
    }
}
