//! What `detect` found, in words and as JSON.

use std::collections::BTreeMap;

use serde_json::json;
use twinscope::estimate::anomaly::{
    Anomaly, Change, Counters, Drift, Event, FalseAlarmEstimate, Mode,
};

use super::plot::span;

/// Samples in a window of fidelity.
pub const WINDOW: usize = 200;

/// All that `detect` found.
pub struct DetectReport {
    /// Healthy rows.
    pub learnt_from: usize,
    /// How often false alarms are to be expected.
    pub false_alarms: FalseAlarmEstimate,
    /// Names of what is judged.
    pub channels: Vec<String>,
    /// What happened, and when, in seconds.
    pub events: Vec<(f64, Event)>,
    /// How well what is measured goes with what is expected, at the end.
    pub fidelity: Option<f64>,
    /// When watching began, in seconds.
    pub begin_s: f64,
    /// What became of all rows.
    pub counters: Counters,
    /// Why tests paused.
    pub pauses: Pauses,
}

/// Why tests paused: each kind of reason with how often it came, when first, and its words then.
#[derive(Clone, Debug, Default)]
pub struct Pauses(BTreeMap<&'static str, (u64, f64, String)>);

impl Pauses {
    /// Counts a row's mode. `reason` are its words, where tests pause.
    pub fn count(&mut self, time_s: f64, mode: &Mode, reason: Option<String>) {
        if let Some(reason) = reason {
            let entry = self.0.entry(mode_word(mode)).or_insert_with(|| (0, time_s, reason));
            entry.0 += 1;
        }
    }
}

/// A mode in one word.
pub fn mode_word(mode: &Mode) -> &'static str {
    match mode {
        Mode::Steady => "steady",
        Mode::Starting { .. } => "starting",
        Mode::Transient { .. } => "transient",
        Mode::Settling { .. } => "settling",
        Mode::Unknown { .. } => "unknown mode",
        Mode::Missing => "missing values",
    }
}

impl DetectReport {
    fn name(&self, anomaly: &Anomaly) -> &str {
        self.channels.get(anomaly.channel).map_or("?", String::as_str)
    }

    /// For scripts.
    pub fn as_json(&self) -> serde_json::Value {
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
            "watched": self.counters.rows,
            "tested": self.counters.tested,
            "paused": self.paused(),
            "gaps": self.counters.gaps,
            "missing_values": self.counters.missing_values,
            "false_alarms": {
                "wished_every_h": self.false_alarms.wished_h,
                "expected_every_h": self.false_alarms.expected_h,
                "promised_every_h": self.false_alarms.at_least_h,
                "is_kept": self.false_alarms.meets_design(),
            },
            "events": self.events.iter().map(event).collect::<Vec<_>>(),
            "fidelity": self.fidelity,
        })
    }

    /// For people.
    pub fn in_words(&self) -> String {
        let mut text = format!(
            "learnt from {} healthy rows of {} channels: {}",
            self.learnt_from,
            self.channels.len(),
            self.false_alarms
        );
        for (time_s, event) in &self.events {
            let at = format!("after {}", span(time_s - self.begin_s));
            text += &format!("\n  {at:<16} {}", self.event_in_words(event));
        }
        let Counters { rows, tested, gaps, .. } = &self.counters;
        match (self.events.is_empty(), tested) {
            (_, 0) => {
                text += &format!("\nnone of {rows} rows could be tested: nothing is known of them")
            }
            (true, _) => text += &format!("\nnothing unusual in {tested} tested rows of {rows}"),
            (false, _) => text += &format!("\n{tested} of {rows} rows were tested"),
        }
        for (word, (count, time_s, reason)) in &self.pauses.0 {
            let at = span(time_s - self.begin_s);
            text += &format!("\n  {count} paused ({word}), first after {at}: {reason}");
        }
        if *gaps > 0 {
            text += &format!("\n  {gaps} gaps between rows, after each of which tests begin anew");
        }
        match self.fidelity {
            Some(fidelity) => {
                text + &format!("\nfidelity at the end: {fidelity:.2} (1: as healthy)")
            }
            None => text + &format!("\nfidelity: needs {WINDOW} rows that can be judged"),
        }
    }

    fn paused(&self) -> serde_json::Value {
        let each = self.pauses.0.iter().map(|(word, (count, time_s, reason))| {
            (word.to_string(), json!({"rows": count, "first": time_s, "reason": reason}))
        });
        each.collect::<serde_json::Map<_, _>>().into()
    }

    fn event_in_words(&self, event: &Event) -> String {
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
