//! The command `monitor`: condition monitoring of one machine, from when it was new to what is wrong.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueHint};
use serde_json::json;
use twinscope::estimate::{
    Alarm, Block, ConditionMonitor, Hypothesis, Lost, Ranked, Setup, Watching, scatter,
};

use super::super::args::duration;
use super::super::files::print;
use super::super::{Failure, Outcome};
use super::args::MachineArgs;
use super::series::{Line, Manner, Series};
use super::{machine, shown, told, wrong};

/// Fewest healthy blocks from which a scatter is learnt.
const FEWEST: usize = 20;

/// Arguments of `monitor`.
#[derive(Args, Debug)]
pub struct Monitor {
    #[command(flatten)]
    machine: MachineArgs,
    /// What was measured since the machine was new, as for `estimate`
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath)]
    samples: PathBuf,
    /// The same of machines of this make that were well; may be given many times
    #[arg(long, value_name = "CSV", required = true, value_hint = ValueHint::FilePath)]
    healthy: Vec<PathBuf>,
    /// How long a machine is learnt before it is watched
    #[arg(long, value_name = "TIME", default_value = "4h", value_parser = duration)]
    learn: Duration,
    /// Residuals are averaged over so long before they are tested
    #[arg(long, value_name = "TIME", default_value = "30min", value_parser = duration)]
    block: Duration,
    /// Deviations of healthy averages that are forgiven
    #[arg(long, value_name = "COUNT", default_value_t = 2.5)]
    forgive: f64,
    /// Deviations beyond these that have to add up for an alarm
    #[arg(long, value_name = "COUNT", default_value_t = 9.5)]
    alarm: f64,
    /// So many samples in a row err alike, and count as one in the diagnosis
    #[arg(long, value_name = "COUNT", default_value_t = 5.0)]
    alike: f64,
    /// How far the diagnosis looks back at most
    #[arg(long, value_name = "TIME", default_value = "96h", value_parser = duration)]
    reach: Duration,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Watches a machine; tells since when something is wrong with it, and what.
pub fn monitor(args: &Monitor) -> Outcome {
    let (machine, behaviour) = machine(&args.machine)?;
    let setup = Setup::of(&behaviour, &machine).map_err(told)?;
    let hypotheses = Hypothesis::all_of(&behaviour, &machine).map_err(told)?;
    let outputs = setup.noise.len();
    let mut watching = Watching {
        setup,
        hypotheses,
        learn_s: args.learn.as_secs_f64(),
        block_s: args.block.as_secs_f64(),
        scatter: vec![f64::INFINITY; outputs],
        forgiven: args.forgive,
        speaks: args.alarm,
        share: 1.0 / args.alike.max(1.0),
        reach_s: args.reach.as_secs_f64(),
    };
    let mut blocks = Vec::new();
    for path in &args.healthy {
        blocks.extend(watch(&watching, path)?.blocks);
    }
    if blocks.len() < FEWEST {
        let count = blocks.len();
        return Err(Failure::Input(format!(
            "--healthy: {count} blocks of {} s come after the time of learning; {FEWEST} are the fewest to \
             tell how they scatter: give more tables, or shorter times with --learn and --block",
            watching.block_s
        )));
    }
    watching.scatter = scatter(&blocks);
    let watched = watch(&watching, &args.samples)?;
    if args.json { print(watched.as_json()) } else { print(watched.in_words()) }
}

/// What became of a machine.
struct Watched {
    blocks: Vec<Block>,
    alarm: Option<Alarm>,
    /// The alarm's output.
    output: String,
    ranking: Vec<Ranked>,
    last_s: f64,
}

fn watch(watching: &Watching, path: &Path) -> Result<Watched, Failure> {
    let manner = Manner { is_late: false, is_strict: false };
    let series = Series::read(path, &watching.setup, manner)?;
    let first = &series.lines[0].sample;
    let monitor = ConditionMonitor::new(watching.clone(), series.begin_s, &first.inputs);
    let mut monitor = monitor.map_err(|error| wrong(path, &error))?;
    let mut blocks = Vec::new();
    let mut left_out: Vec<(u64, Lost)> = Vec::new();
    for Line { line, sample } in &series.lines {
        match monitor.observe(sample) {
            Ok(block) => blocks.extend(block),
            Err(lost @ Lost::Diverged { .. }) => {
                return Err(wrong(path, &format!("line {line}: {lost}")));
            }
            Err(lost) => left_out.push((*line, lost)),
        }
    }
    if let Some((line, lost)) = left_out.first() {
        let count = left_out.len();
        eprintln!(
            "note: {}: {count} rows are left out, the first in line {line}: {lost}",
            shown(path)
        );
    }
    let alarm = monitor.alarm();
    let outputs = &watching.setup.model.about().outputs;
    Ok(Watched {
        output: alarm.map_or(String::new(), |alarm| outputs[alarm.output].name.clone()),
        ranking: monitor.bank().map_or(Vec::new(), |bank| bank.ranking()),
        last_s: series.lines.last().map_or(0.0, |line| line.sample.time_s),
        alarm,
        blocks,
    })
}

impl Watched {
    fn as_json(&self) -> serde_json::Value {
        let alarm = self.alarm.map(|alarm| {
            json!({
                "time_s": alarm.time_s,
                "since_s": alarm.since_s,
                "output": self.output,
                "change": alarm.change,
            })
        });
        let each = self.ranking.iter();
        let each = each.map(|one| json!({"fault": one.name, "probability": one.probability}));
        json!({ "alarm": alarm, "watched_until_s": self.last_s, "ranking": each.collect::<Vec<_>>() })
    }

    fn in_words(&self) -> String {
        let Some(alarm) = self.alarm else {
            let count = self.blocks.len();
            return format!("nothing unusual in {count} blocks, until {} s", self.last_s);
        };
        let mut text = format!(
            "alarm at {} s: {} is {} than it should be, since about {} s",
            alarm.time_s,
            self.output,
            format!("{:?}", alarm.change).to_lowercase(),
            alarm.since_s
        );
        for one in &self.ranking {
            text += &format!("\n  {:5.1} %  {}", one.probability * 100.0, one.name);
        }
        text
    }
}
