//! Reads the command line, runs a command, and turns its outcome into an exit status.

/// Shadows the standard library's in all commands: nothing foreign is obeyed by the terminal, and a reader that has gone
/// away ends nothing.
macro_rules! eprintln {
    ($($text:tt)*) => {
        $crate::cli::failure::tell(format_args!($($text)*))
    };
}

mod args;
mod brain;
mod demo;
mod failure;
mod files;
mod live;
mod plant;
mod record;
mod serve;
mod stop;
mod values;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use args::{Cli, Command};
use failure::{Failure, Outcome};
use twinscope::terminal;

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
        env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn"))
            .format(|out, record| {
                let (level, target) = (record.level(), record.target());
                let style = out.default_level_style(level);
                let text = record.args().to_string();
                let (time, text) = (out.timestamp(), terminal::line(&text));
                writeln!(out, "[{time} {style}{level:<5}{style:#} {target}] {text}")
            })
            .init();
    }
    match stop::listen().and_then(|()| run(command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Reported) => ExitCode::from(1),
        Err(Failure::ReaderGone) => ExitCode::SUCCESS,
        Err(Failure::Input(text)) => fail(&text, 1),
        Err(Failure::Environment(text)) => fail(&text, 2),
    }
}

/// Reports why the program ends, and its exit status.
fn fail(text: &str, status: u8) -> ExitCode {
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
        Command::Plant(args) => plant::run(&args),
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
