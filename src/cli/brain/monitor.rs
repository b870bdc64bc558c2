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
    let watched = watched(args)?;
    if args.json { print(watched.as_json()) } else { print(watched.in_words()) }
}

fn watched(args: &Monitor) -> Result<Watched, Failure> {
    let (mut machine, behaviour) = machine(&args.machine)?;
    let setup = FilterSetup::of(&behaviour, &machine).map_err(reported)?;
    let tables = args.healthy.iter().chain([&args.samples]);
    let tables = tables.map(|path| Samples::read(path, &machine, &setup));
    let tables = tables.collect::<Result<Vec<_>, _>>()?;
    // Residuals are compared, so that the steps are the same for all.
    for Samples { path, series } in &tables {
        machine = series.with_steps_that_hold(&machine, path)?;
    }
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
    // The last table is that of the machine that is watched.
    let healthy = &tables[..args.healthy.len()];
    let mut blocks = Vec::new();
    for samples in healthy {
        blocks.extend(samples.watch(&monitor_setup)?.blocks);
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
    tables[healthy.len()].watch(&monitor_setup)
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

/// What was measured of one machine, and the table that states it.
struct Samples<'a> {
    path: &'a Path,
    series: Series,
}

impl<'a> Samples<'a> {
    fn read(path: &'a Path, machine: &Machine, setup: &FilterSetup) -> Result<Self, Failure> {
        let policy = RowPolicy { is_late: false, is_strict: false };
        Ok(Self { path, series: Series::read(path, machine, setup, policy)? })
    }

    fn watch(&self, monitor_setup: &MonitorSetup) -> Result<Watched, Failure> {
        let Self { path, series } = self;
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
    use clap::Parser;
    use twinscope::estimate::anomaly::Change;

    use super::*;

    /// The arguments of this command alone.
    #[derive(Parser)]
    struct Arguments {
        #[command(flatten)]
        monitor: Monitor,
    }

    #[test]
    fn a_step_that_no_one_stated_is_shortened_where_the_samples_need_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("written");
            path
        };
        // A hold-up of 50 kg is mixed within 10 s by the usual flows of 5 kg/s, and by so large ones at once.
        let table = |name: &str, flow: f64, (hot_k, cold_k): (f64, f64)| {
            let row = |at: u32| {
                let off = 0.1 * (f64::from(at % 7) - 3.0);
                format!("{},{flow},{flow},{},{}\n", 10 * at, hot_k + off, cold_k - off)
            };
            let head = "t,u_m_hot,u_m_cold,z_T_hot,z_T_cold\n".to_owned();
            file(name, &(1..=200).map(row).fold(head, |text, row| text + &row))
        };
        let usual = table("usual.csv", 5.0, (303.0, 331.0));
        let fast = table("fast.csv", 150.0, (329.4, 304.6));
        let machine = |step: &str| {
            let text = format!(
                "(model: \"plate_heat_exchanger\", {step} noise: {{\"T_hot\": 0.2, \"T_cold\": 0.2}}, \
                 estimate: {{\"T_hot\": (deviation: 2), \"T_cold\": (deviation: 2)}}, \
                 faults: {{\"it fouls\": (estimate: {{\"R_f\": (deviation: 1e-5)}})}})"
            );
            file("machine.ron", &text)
        };
        let of = |step: &str, healthy: &Path, samples: &Path| {
            let machine = machine(step);
            let paths = [Path::new("monitor"), &machine, Path::new("--healthy"), healthy];
            let paths = paths.into_iter().chain([Path::new("--samples"), samples]);
            let times = ["--learn", "2min", "--block", "1min"].map(Path::new);
            watched(&Arguments::parse_from(paths.chain(times)).monitor)
        };
        for (healthy, samples) in [(&usual, &usual), (&fast, &usual), (&usual, &fast)] {
            let Ok(watched) = of("", healthy, samples) else { panic!("its steps are shortened") };
            assert!(watched.blocks.len() >= FEWEST, "{}", watched.blocks.len());
        }
        let Err(Failure::Input(error)) = of("step: 1,", &usual, &fast) else {
            panic!("a stated step is not shortened");
        };
        assert!(error.contains("does not bear steps of 1 s"), "{error}");
    }

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
