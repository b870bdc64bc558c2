//! The command `monitor`: condition monitoring of one machine, from when it was new to what is wrong.

use std::path::Path;

use serde_json::json;
use twinscope::estimate::{
    Block, ConditionMonitor, Detection, FilterSetup, Hypothesis, MonitorSetup, ObserveError,
    Ranked, scatter,
};
use twinscope::model::Machine;

use super::super::failure::{Failure, Outcome};
use super::super::files::print;
use super::args::Monitor;
use super::input::{machine, reported, shown, wrong};
use super::series::{Line, RowPolicy, Series};

/// Fewest healthy blocks from which a scatter is learnt.
const FEWEST: usize = 20;

/// Monitors a machine: since when something is wrong with it, and what.
pub fn monitor(args: &Monitor) -> Outcome {
    let (machine, behaviour) = machine(&args.machine)?;
    let setup = FilterSetup::of(&behaviour, &machine).map_err(reported)?;
    let hypotheses = Hypothesis::all_of(&behaviour, &machine).map_err(reported)?;
    let outputs = setup.noise.len();
    let mut monitor_setup = MonitorSetup {
        setup,
        hypotheses,
        learn_s: args.learn.as_secs_f64(),
        block_s: args.block.as_secs_f64(),
        scatter: vec![f64::INFINITY; outputs],
        cusum_slack: args.slack,
        cusum_threshold: args.threshold,
        share: 1.0 / args.alike.max(1.0),
        reach_s: args.reach.as_secs_f64(),
    };
    let mut blocks = Vec::new();
    for path in &args.healthy {
        blocks.extend(watch(&machine, &monitor_setup, path)?.blocks);
    }
    if blocks.len() < FEWEST {
        let count = blocks.len();
        return Err(Failure::Input(format!(
            "--healthy: {count} blocks of {} s come after the time of learning; {FEWEST} are the fewest from \
             which their scatter can be computed: give more tables, or shorter times with --learn and --block",
            monitor_setup.block_s
        )));
    }
    monitor_setup.scatter = scatter(&blocks);
    let watched = watch(&machine, &monitor_setup, &args.samples)?;
    if args.json { print(watched.as_json()) } else { print(watched.in_words()) }
}

/// What became of a machine.
struct Watched {
    blocks: Vec<Block>,
    detection: Option<Detection>,
    /// Name of the output in which a change was detected.
    output: String,
    ranking: Vec<Ranked>,
    last_s: f64,
}

fn watch(machine: &Machine, monitor_setup: &MonitorSetup, path: &Path) -> Result<Watched, Failure> {
    let policy = RowPolicy { is_late: false, is_strict: false };
    let series = Series::read(path, machine, &monitor_setup.setup, policy)?;
    let first = &series.lines[0].sample;
    let monitor = ConditionMonitor::new(monitor_setup.clone(), series.begin_s, &first.inputs);
    let mut monitor = monitor.map_err(|error| wrong(path, error))?;
    let mut blocks = Vec::new();
    let mut left_out: Vec<(u64, ObserveError)> = Vec::new();
    for Line { line, sample } in &series.lines {
        match monitor.observe(sample) {
            Ok(block) => blocks.extend(block),
            Err(error @ (ObserveError::Diverged { .. } | ObserveError::StepTooLong(_))) => {
                return Err(wrong(path, format!("line {line}: {error}")));
            }
            Err(error) => left_out.push((*line, error)),
        }
    }
    if let Some((line, error)) = left_out.first() {
        let count = left_out.len();
        eprintln!(
            "note: {}: {count} rows are left out, the first in line {line}: {error}",
            shown(path)
        );
    }
    let detection = monitor.detection();
    let outputs = &monitor_setup.setup.model.about().outputs;
    Ok(Watched {
        output: detection.map_or(String::new(), |found| outputs[found.output].name.clone()),
        ranking: monitor.bank().map_or(Vec::new(), |bank| bank.ranking()),
        last_s: series.lines.last().map_or(0.0, |line| line.sample.time_s),
        detection,
        blocks,
    })
}

impl Watched {
    fn as_json(&self) -> serde_json::Value {
        let alarm = self.detection.map(|detection| {
            json!({
                "time_s": detection.time_s,
                "since_s": detection.since_s,
                "output": self.output,
                "change": detection.change,
            })
        });
        let each = self.ranking.iter();
        let each = each.map(|one| json!({"fault": one.name, "probability": one.probability}));
        json!({ "alarm": alarm, "watched_until_s": self.last_s, "ranking": each.collect::<Vec<_>>() })
    }

    fn in_words(&self) -> String {
        let Some(detection) = self.detection else {
            let count = self.blocks.len();
            return format!("nothing unusual in {count} blocks, until {} s", self.last_s);
        };
        let mut text = format!(
            "change detected at {} s: {} is {} than it should be, since about {} s",
            detection.time_s,
            self.output,
            format!("{:?}", detection.change).to_lowercase(),
            detection.since_s
        );
        for one in &self.ranking {
            text += &format!("\n  {:5.1} %  {}", one.probability * 100.0, one.name);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use twinscope::estimate::anomaly::Change;

    use super::*;

    #[test]
    fn a_detection_is_reported_as_a_change_and_not_as_an_alarm() {
        let (time_s, since_s) = (7200.0, 3600.0);
        let detection = Detection { time_s, since_s, output: 0, change: Change::Higher };
        let watched = Watched {
            blocks: Vec::new(),
            detection: Some(detection),
            output: "Tt".into(),
            ranking: Vec::new(),
            last_s: 9000.0,
        };
        let expected =
            "change detected at 7200 s: Tt is higher than it should be, since about 3600 s";
        assert_eq!(watched.in_words(), expected);
    }
}
