//! The command `detect`.

use std::path::Path;

use twinscope::estimate::anomaly::{
    Detector, DetectorSetup, Mode, Row, TestDesign, Verdict, with_gaps,
};
use twinscope::estimate::{FilterSetup, ObserveError, OpenLoopModel, Tracking, Unscented};
use twinscope::model::Machine;
use twinscope::model::table::Table;
use twinscope::table::{TableError, usual_step};

use super::super::failure::{Failure, Outcome};
use super::super::files::print;
use super::args::{Detect, MachineArgs};
use super::detect_report::{DetectReport, Pauses, WINDOW, mode_word};
use super::input::{machine, reported, shown, table, wrong};
use super::rows::Rows;
use super::series::{Line as Sample, RowPolicy, Series};

/// By so many first rows of another run its state is estimated, or by a tenth of them all.
const SETTLING: usize = 30;

/// Detects what is not as it was in healthy times: by remembered healthy states, or by a model.
pub fn detect(args: &Detect) -> Outcome {
    let found = match &args.machine {
        None => by_similarity(args)?,
        Some(model) => by_model(args, model)?,
    };
    if args.json { print(found.as_json()) } else { print(found.in_words()) }
}

/// A row of the file that `--out` names.
struct Line<'a> {
    time_s: f64,
    mode: &'a Mode,
    score: f64,
    fidelity: Option<f64>,
    residuals: Row,
}

struct Written(Option<Rows>);

impl Written {
    fn create(args: &Detect, channels: &[String]) -> Result<Self, Failure> {
        let Some(path) = &args.out else { return Ok(Self(None)) };
        let mut rows = Rows::create(path)?;
        let residuals = channels.iter().map(|name| format!("residual_{name}"));
        let headings: Vec<String> = ["t", "mode", "score", "fidelity"]
            .map(String::from)
            .into_iter()
            .chain(residuals)
            .collect();
        rows.line(&headings.join(","))?;
        Ok(Self(Some(rows)))
    }

    fn line(&mut self, line: &Line) -> Outcome {
        let Some(rows) = &mut self.0 else { return Ok(()) };
        let cell = |value: &Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        let (time_s, mode) = (line.time_s.to_string(), mode_word(line.mode).to_owned());
        let mut cells = vec![time_s, mode, line.score.to_string(), cell(&line.fidelity)];
        cells.extend(line.residuals.iter().map(cell));
        rows.line(&cells.join(","))
    }

    fn end(self) -> Outcome {
        self.0.map_or(Ok(()), Rows::end)
    }
}

fn design(args: &Detect, step_s: f64) -> TestDesign {
    let false_alarm_every_h = args.false_alarm_every.as_secs_f64() / 3600.0;
    TestDesign { step_s, false_alarm_every_h, ..TestDesign::default() }
}

/// A table whose times grow, put in order where `--unordered` is given.
fn growing(args: &Detect, path: &Path) -> Result<Table, Failure> {
    let complain = |error: TableError| wrong(path, error);
    let mut table = table(path)?;
    if args.unordered {
        (table, _) = table.by_time().map_err(complain)?;
    }
    table.growing_times().map_err(complain)?;
    Ok(table)
}

/// Remembers healthy states and judges by those that are alike; needs no model.
fn by_similarity(args: &Detect) -> Result<DetectReport, Failure> {
    let (healthy, watched) = (growing(args, &args.healthy)?, growing(args, &args.samples)?);
    let names = healthy.headings().iter().enumerate();
    let channels = names.filter(|(column, _)| !healthy.units().is_time(*column));
    let channels: Vec<String> = channels.map(|(_, name)| name.clone()).collect();
    let times = healthy.times().map_err(|error| wrong(&args.healthy, error))?;
    let step_s = usual_step(times).unwrap_or(1.0);
    let mut setup = DetectorSetup::new(channels.clone());
    setup.design = design(args, step_s);
    setup.conditions = conditions(args, &channels)?;
    // What is set from outside determines the operating mode; without it all channels together do.
    setup.gate.inputs.clone_from(&setup.conditions);
    let learnt = rows(&healthy, &healthy, &channels, &args.healthy)?;
    let mut detector = Detector::learn(&setup, &with_gaps(times, &learnt, step_s))
        .map_err(|error| wrong(&args.healthy, error))?;
    let times = watched.times().map_err(|error| wrong(&args.samples, error))?;
    let mut written = Written::create(args, &channels)?;
    let (mut events, mut fidelity, mut pauses) = (Vec::new(), None, Pauses::default());
    let rows = rows(&watched, &healthy, &channels, &args.samples)?;
    for (row, time_s) in rows.iter().zip(times) {
        let verdict: Verdict =
            detector.watch(*time_s, row).map_err(|error| wrong(&args.samples, error))?;
        fidelity = verdict.fidelity.or(fidelity);
        pauses.count(*time_s, &verdict.mode, verdict.reason);
        events.extend(verdict.events.into_iter().map(|event| (*time_s, event)));
        written.line(&Line {
            time_s: *time_s,
            mode: &verdict.mode,
            score: verdict.score,
            fidelity: verdict.fidelity,
            residuals: verdict.estimate.residuals,
        })?;
    }
    written.end()?;
    Ok(DetectReport {
        learnt_from: learnt.len(),
        false_alarms: detector.false_alarms().clone(),
        begin_s: times[0],
        counters: detector.counters().clone(),
        channels,
        events,
        fidelity,
        pauses,
    })
}

fn conditions(args: &Detect, channels: &[String]) -> Result<Vec<usize>, Failure> {
    let place = |name: &String| {
        channels.iter().position(|channel| channel == name).ok_or_else(|| {
            let known = channels.join(", ");
            wrong(
                &args.healthy,
                format!("--conditions {name}: there is no such column; there are {known}"),
            )
        })
    };
    args.conditions.iter().map(place).collect()
}

/// The rows of a table, in the units of the healthy one.
fn rows(
    table: &Table,
    healthy: &Table,
    channels: &[String],
    path: &Path,
) -> Result<Vec<Row>, Failure> {
    let column = |name: &String| {
        let meaning = format!("`{name}` in the healthy table");
        let linked = table.units().as_in(healthy.units(), name, &meaning);
        let linked = linked.map_err(|error| wrong(path, error))?;
        linked.map(|linked| table.converted(linked)).ok_or_else(|| {
            let there = table.headings().join(", ");
            wrong(path, format!("there is no column `{name}`, which was learnt; there are {there}"))
        })
    };
    let columns: Vec<_> = channels.iter().map(column).collect::<Result<_, _>>()?;
    let row = |row: usize| {
        columns.iter().map(|column| Some(column[row]).filter(|value| value.is_finite())).collect()
    };
    Ok((0..table.rows()).map(row).collect())
}

/// Learns the machine from its healthy time, then judges by the open-loop model.
fn by_model(args: &Detect, model: &str) -> Result<DetectReport, Failure> {
    let asked = MachineArgs { model: model.into(), params: None, initial: None, fault: None };
    let (machine, behaviour) = machine(&asked)?;
    let setup = FilterSetup::of(&behaviour, &machine).map_err(reported)?;
    let policy = RowPolicy { is_late: args.unordered, is_strict: false };
    let healthy = Series::read(&args.healthy, &machine, &setup, policy)?.in_order();
    let watched = Series::read(&args.samples, &machine, &setup, policy)?.in_order();
    // A quarter to learn the machine, the rest to learn the errors of the open-loop model.
    let (first, rest) = healthy.lines.split_at(healthy.lines.len() / 4);
    let inputs = &healthy.lines[0].sample.inputs;
    let mut filter = Unscented::new(setup, healthy.begin_s, inputs)
        .map_err(|error| wrong(&args.healthy, error))?;
    for Sample { line, sample } in first {
        let at_line = |error| wrong(&args.healthy, format!("line {line}: {error}"));
        filter.observe(sample).map_err(at_line)?;
    }
    if let Err(doubt) = filter.check() {
        eprintln!("warning: {}: {doubt}", shown(&args.healthy));
    }
    let model = OpenLoopModel::learned(&filter);
    let rest: Vec<_> = rest.iter().map(|line| line.sample.clone()).collect();
    let times: Vec<f64> = rest.iter().map(|sample| sample.time_s).collect();
    let design = design(args, usual_step(&times).unwrap_or(1.0));
    let mut tracking = Tracking::learn(model, &rest, &design, WINDOW)
        .map_err(|error| wrong(&args.healthy, error))?;
    let healthy_s = healthy.lines.last().map_or(healthy.begin_s, |line| line.sample.time_s);
    let mut judged = &watched.lines[..];
    if judged[0].sample.time_s < healthy_s {
        let (first, rest) = judged.split_at(SETTLING.min(judged.len() / 10));
        tracking.follow(another_run(args, &filter, watched.begin_s, first)?);
        judged = rest;
        eprintln!(
            "note: {}: it begins before the healthy rows end, so it is another run: its state is estimated \
             by the first {} rows, which are not judged",
            shown(&args.samples),
            first.len()
        );
    }
    watch(args, &machine, tracking, judged, healthy.lines.len())
}

/// The model in another run than that by which it was learnt, after the first rows of it.
fn another_run(
    args: &Detect,
    learnt: &Unscented,
    begin_s: f64,
    first: &[Sample],
) -> Result<OpenLoopModel, Failure> {
    let usual = learnt.setup().model.about().usual_inputs();
    let inputs = first.first().map_or(&usual, |line| &line.sample.inputs);
    let filter = learnt.in_another_run(begin_s, inputs);
    let mut filter = filter.map_err(|error| wrong(&args.samples, error))?;
    for Sample { line, sample } in first {
        let at_line = |error| wrong(&args.samples, format!("line {line}: {error}"));
        filter.observe(sample).map_err(at_line)?;
    }
    Ok(OpenLoopModel::learned(&filter))
}

/// Compares the open-loop model with what is to be watched.
fn watch(
    args: &Detect,
    machine: &Machine,
    mut tracking: Tracking,
    watched: &[Sample],
    learnt_from: usize,
) -> Result<DetectReport, Failure> {
    let about = machine.model.about();
    let channels: Vec<String> = about.outputs.iter().map(|output| output.name.clone()).collect();
    let mut written = Written::create(args, &channels)?;
    let (mut events, mut fidelity, mut pauses) = (Vec::new(), None, Pauses::default());
    for Sample { line, sample } in watched {
        let time_s = sample.time_s;
        let tracked = match tracking.observe(sample) {
            Ok(tracked) => tracked,
            Err(error @ (ObserveError::Late { .. } | ObserveError::Gap { .. })) => {
                eprintln!("note: {}: line {line} is left out: {error}", shown(&args.samples));
                continue;
            }
            Err(error) => {
                return Err(wrong(&args.samples, format!("line {line}: {error}")));
            }
        };
        fidelity = tracked.fidelity.or(fidelity);
        let name = |at: usize| about.inputs.get(at).map_or("?".into(), |input| input.name.clone());
        pauses.count(time_s, &tracked.mode, tracked.mode.reason(name));
        events.extend(tracked.events.into_iter().map(|event| (time_s, event)));
        let (mode, score) = (&tracked.mode, tracked.score);
        let residuals = tracked.residuals;
        written.line(&Line { time_s, mode, score, fidelity: tracked.fidelity, residuals })?;
    }
    written.end()?;
    Ok(DetectReport {
        learnt_from,
        false_alarms: tracking.false_alarms().clone(),
        begin_s: watched[0].sample.time_s,
        counters: tracking.counters().clone(),
        channels,
        events,
        fidelity,
        pauses,
    })
}
