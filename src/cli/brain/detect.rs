//! The command `detect`.

use std::path::Path;

use serde_json::json;
use twinscope::estimate::anomaly::{
    Anomaly, Change, Detector, Drift, Event, Promise, Row, Setup as Watched, Verdict, Wish,
};
use twinscope::estimate::{Beside, Setup, Slot, Tracking, Unscented};
use twinscope::model::table::Table;

use super::super::files::print;
use super::super::{Failure, Outcome};
use super::args::{Detect, MachineArgs};
use super::feed::Series;
use super::plot::span;
use super::{Rows, machine, table, told, wrong};

/// Samples in a window of fidelity.
const WINDOW: usize = 200;

/// Tells what is not as it was in healthy times: beside remembered healthy states, or beside a model.
pub fn detect(args: &Detect) -> Outcome {
    let found = match &args.machine {
        None => by_similarity(args)?,
        Some(model) => by_model(args, model)?,
    };
    if args.json { print(found.as_json()) } else { print(found.in_words()) }
}

/// All that was found.
struct Found {
    learnt_from: usize,
    watched: usize,
    promise: Promise,
    channels: Vec<String>,
    events: Vec<(f64, Event)>,
    fidelity: Option<f64>,
    /// When watching began, in seconds.
    begin_s: f64,
}

/// A row of the file that `--out` names.
struct Line {
    time_s: f64,
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
        let headings: Vec<String> =
            ["t", "score", "fidelity"].map(String::from).into_iter().chain(residuals).collect();
        rows.line(&headings.join(","))?;
        Ok(Self(Some(rows)))
    }

    fn line(&mut self, line: &Line) -> Outcome {
        let Some(rows) = &mut self.0 else { return Ok(()) };
        let cell = |value: &Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        let mut cells = vec![line.time_s.to_string(), line.score.to_string(), cell(&line.fidelity)];
        cells.extend(line.residuals.iter().map(cell));
        rows.line(&cells.join(","))
    }

    fn end(self) -> Outcome {
        self.0.map_or(Ok(()), Rows::end)
    }
}

fn wish(args: &Detect, step_s: f64) -> Wish {
    let false_alarm_every_h = args.false_alarm_every.as_secs_f64() / 3600.0;
    Wish { step_s, false_alarm_every_h, ..Wish::default() }
}

/// Remembers healthy states and judges by those that are alike; needs no model.
fn by_similarity(args: &Detect) -> Result<Found, Failure> {
    let (healthy, watched) = (table(&args.healthy)?, table(&args.samples)?);
    let channels: Vec<String> =
        healthy.headings().iter().filter(|heading| *heading != "t").cloned().collect();
    let complain = |error: String| wrong(&args.healthy, &error);
    let step_s = step(healthy.times().map_err(complain)?);
    let mut setup = Watched::new(channels.clone());
    setup.wish = wish(args, step_s);
    setup.conditions = conditions(args, &channels)?;
    let rows = rows(&healthy, &channels, &args.healthy)?;
    let mut detector =
        Detector::learn(&setup, &rows).map_err(|error| complain(error.to_string()))?;
    let complain = |error: String| wrong(&args.samples, &error);
    let times = watched.times().map_err(complain)?;
    let mut written = Written::create(args, &channels)?;
    let (mut events, mut fidelity) = (Vec::new(), None);
    for (row, time_s) in self::rows(&watched, &channels, &args.samples)?.iter().zip(times) {
        let verdict: Verdict =
            detector.watch(*time_s, row).map_err(|error| complain(error.to_string()))?;
        fidelity = verdict.fidelity.or(fidelity);
        events.extend(verdict.events.into_iter().map(|event| (*time_s, event)));
        written.line(&Line {
            time_s: *time_s,
            score: verdict.score,
            fidelity: verdict.fidelity,
            residuals: verdict.estimate.residuals,
        })?;
    }
    written.end()?;
    Ok(Found {
        learnt_from: rows.len(),
        watched: times.len(),
        promise: detector.promise().clone(),
        begin_s: times[0],
        channels,
        events,
        fidelity,
    })
}

fn conditions(args: &Detect, channels: &[String]) -> Result<Vec<usize>, Failure> {
    let place = |name: &String| {
        channels.iter().position(|channel| channel == name).ok_or_else(|| {
            let known = channels.join(", ");
            wrong(
                &args.healthy,
                &format!("--conditions {name}: there is no such column; there are {known}"),
            )
        })
    };
    args.conditions.iter().map(place).collect()
}

/// The usual time from row to row, in seconds.
fn step(times: &[f64]) -> f64 {
    let mut steps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    steps.sort_by(f64::total_cmp);
    steps.get(steps.len() / 2).copied().filter(|step| *step > 0.0).unwrap_or(1.0)
}

fn rows(table: &Table, channels: &[String], path: &Path) -> Result<Vec<Row>, Failure> {
    let column = |name: &String| {
        table.column(name).ok_or_else(|| {
            let there = table.headings().join(", ");
            wrong(
                path,
                &format!("there is no column `{name}`, which was learnt; there are {there}"),
            )
        })
    };
    let columns: Vec<&[f64]> = channels.iter().map(column).collect::<Result<_, _>>()?;
    let cell = |column: &&[f64], row: usize| Some(column[row]).filter(|value| value.is_finite());
    let row = |row| columns.iter().map(|column| cell(column, row)).collect();
    Ok((0..table.rows()).map(row).collect())
}

/// Learns the machine from its healthy time, then lets the model run beside it.
fn by_model(args: &Detect, model: &str) -> Result<Found, Failure> {
    let asked = MachineArgs { model: model.into(), params: None, initial: None, fault: None };
    let (machine, behaviour) = machine(&asked)?;
    let setup = Setup::of(&behaviour, &machine).map_err(told)?;
    let (healthy, watched) =
        (Series::read(&args.healthy, &setup, false)?, Series::read(&args.samples, &setup, false)?);
    let complain = |error: String| wrong(&args.healthy, &error);
    // A quarter to learn the machine, the rest to learn how the model errs beside it.
    let learnt = healthy.samples.len() / 4;
    let mut filter =
        Unscented::new(setup, healthy.begin_s, &healthy.samples[0].inputs).map_err(complain)?;
    for (row, sample) in healthy.samples[..learnt].iter().enumerate() {
        filter.observe(sample).map_err(|error| complain(format!("line {}: {error}", row + 2)))?;
    }
    let (setup, belief) = (filter.setup(), filter.belief());
    let mut parameters = setup.parameters.clone();
    for (each, mean) in setup.estimated.iter().zip(&belief.mean) {
        if let Slot::Parameter(at) = each.slot {
            parameters[at] = each.scale.to_value(*mean);
        }
    }
    let model = machine.model.clone();
    let beside = Beside::new(model, parameters, belief.states.clone(), belief.time_s, setup.step_s);
    let rest = &healthy.samples[learnt..];
    let times: Vec<f64> = rest.iter().map(|sample| sample.time_s).collect();
    let mut tracking =
        Tracking::learn(beside, rest, &wish(args, step(&times)), WINDOW).map_err(complain)?;
    let about = machine.model.about();
    let channels: Vec<String> = about.outputs.iter().map(|output| output.name.clone()).collect();
    let mut written = Written::create(args, &channels)?;
    let (mut events, mut fidelity) = (Vec::new(), None);
    for (row, sample) in watched.samples.iter().enumerate() {
        let tracked = tracking
            .observe(sample)
            .map_err(|error| wrong(&args.samples, &format!("line {}: {error}", row + 2)))?;
        fidelity = tracked.fidelity.or(fidelity);
        events.extend(tracked.events.into_iter().map(|event| (sample.time_s, event)));
        let (time_s, score) = (sample.time_s, tracked.score);
        let residuals = tracked.residuals;
        written.line(&Line { time_s, score, fidelity: tracked.fidelity, residuals })?;
    }
    written.end()?;
    Ok(Found {
        learnt_from: healthy.samples.len(),
        watched: watched.samples.len(),
        promise: tracking.promise().clone(),
        begin_s: watched.samples[0].time_s,
        channels,
        events,
        fidelity,
    })
}

impl Found {
    fn name(&self, anomaly: &Anomaly) -> &str {
        self.channels.get(anomaly.channel).map_or("?", String::as_str)
    }

    fn as_json(&self) -> serde_json::Value {
        let event = |(time_s, event): &(f64, Event)| match event {
            Event::Raised(anomaly) => json!({
                "t": time_s, "what": "raised", "channel": self.name(anomaly),
                "change": word(anomaly.change), "since": anomaly.since_s,
            }),
            Event::Released { anomaly, .. } => json!({
                "t": time_s, "what": "released", "channel": self.name(anomaly),
            }),
            Event::Drifting(drift) => json!({
                "t": time_s, "what": "fidelity drifts", "per_hour": drift.per_h,
                "since": drift.from_s,
            }),
        };
        json!({
            "learnt_from": self.learnt_from,
            "watched": self.watched,
            "false_alarms": {
                "wished_every_h": self.promise.wished_h,
                "expected_every_h": self.promise.expected_h,
                "promised_every_h": self.promise.at_least_h,
                "is_kept": self.promise.is_kept(),
            },
            "events": self.events.iter().map(event).collect::<Vec<_>>(),
            "fidelity": self.fidelity,
        })
    }

    fn in_words(&self) -> String {
        let mut text = format!(
            "learnt from {} healthy rows of {} channels: {}",
            self.learnt_from,
            self.channels.len(),
            self.promise
        );
        for (time_s, event) in &self.events {
            let at = format!("after {}", span(time_s - self.begin_s));
            text += &format!("\n  {at:<16} {}", self.told(event));
        }
        if self.events.is_empty() {
            text += &format!("\nnothing unusual in {} rows", self.watched);
        }
        match self.fidelity {
            Some(fidelity) => {
                text + &format!("\nfidelity at the end: {fidelity:.2} (1: as healthy)")
            }
            None => text + &format!("\nfidelity: needs {WINDOW} rows that can be judged"),
        }
    }

    fn told(&self, event: &Event) -> String {
        match event {
            Event::Raised(anomaly) => {
                let before_s = anomaly.raised_s - anomaly.since_s;
                let (name, change) = (self.name(anomaly), word(anomaly.change));
                format!("{name} {change}, for {}", span(before_s))
            }
            Event::Released { anomaly, .. } => format!("{} is as usual again", self.name(anomaly)),
            Event::Drifting(Drift { per_h, .. }) => {
                let way = if *per_h < 0.0 { "falls" } else { "rises" };
                format!("fidelity {way} by {:.3} an hour", per_h.abs())
            }
        }
    }
}

fn word(change: Change) -> &'static str {
    match change {
        Change::Higher => "is higher than it should be",
        Change::Lower => "is lower than it should be",
        Change::Wider => "scatters more than it should",
        Change::Narrower => "scatters less than it should",
    }
}
