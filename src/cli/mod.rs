//! Reads the command line, runs a command, and turns its outcome into an exit status.

mod args;
mod brain;
mod demo;
mod files;
mod live;
mod record;
mod serve;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use args::{Cli, Command};

/// Why a command ended early, and with which exit status.
#[derive(Debug)]
pub enum Failure {
    /// Status 1: a file or an argument is wrong. The text is for the person who wrote it.
    Input(String),
    /// Status 2: the environment is wrong: no broker, no display, no right to write.
    Environment(String),
    /// Status 1, and what is wrong was printed already.
    Told,
}

impl Failure {
    /// An environment that does not do.
    pub fn environment(error: impl std::fmt::Display) -> Self {
        Self::Environment(error.to_string())
    }

    /// An input that does not do.
    pub fn input(error: impl std::fmt::Display) -> Self {
        Self::Input(error.to_string())
    }
}

type Outcome = Result<(), Failure>;

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A reader that went away (`| head`) is no reason to complain.
            let _ = error.print();
            let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            return if asked { ExitCode::SUCCESS } else { ExitCode::from(1) };
        }
    };
    let command = cli.command.unwrap_or_else(|| Command::Demo(args::Demo::default()));
    if !draws(&command) {
        // The viewer brings a logger of its own.
        env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn")).init();
    }
    match run(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Told) => ExitCode::from(1),
        Err(Failure::Input(text)) => tell(&text, 1),
        Err(Failure::Environment(text)) => tell(&text, 2),
    }
}

fn tell(text: &str, status: u8) -> ExitCode {
    eprintln!("twinscope: {text}");
    ExitCode::from(status)
}

fn draws(command: &Command) -> bool {
    match command {
        Command::Demo(_) => cfg!(feature = "viewer"),
        #[cfg(feature = "viewer")]
        Command::View(_) | Command::Render(_) => true,
        _ => false,
    }
}

fn run(command: Command) -> Outcome {
    match command {
        Command::Demo(args) => demo::run(args),
        #[cfg(feature = "viewer")]
        Command::View(args) => live::view(&args),
        #[cfg(feature = "viewer")]
        Command::Render(args) => live::render(&args),
        Command::Watch(args) => live::watch(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Broker(args) => live::broker(&args),
        Command::Plant(args) => live::plant(&args),
        Command::Record(args) => record::record(&args),
        Command::Replay(args) => record::replay(&args),
        Command::Check(args) => files::check(&args),
        Command::Inspect(args) => files::inspect(&args),
        Command::Models(args) => brain::models(&args),
        Command::Simulate(args) => brain::simulate(&args),
        Command::Calibrate(args) => brain::calibrate(&args),
        Command::Detect(args) => brain::detect(&args),
        Command::Diagnose(args) => brain::diagnose(&args),
        Command::Estimate(args) => brain::estimate(&args),
        Command::Forecast(args) => brain::forecast(&args),
        Command::Monitor(args) => brain::monitor(&args),
        Command::Optimise(args) => brain::optimise(&args),
        Command::Score(args) => brain::score(&args),
    }
}
