//! The judge, who knows the truth.

use std::collections::BTreeMap;
use std::fmt;

use twinscope::forecast::{Correction, EventForecast, PastForecast};

use super::minutes::Minutes;
use super::plant::{Event, Fault, Unit, futures};
use super::watch::{Commissioned, Watch};

/// A diagnosis is judged so long after the alarm.
const DIAGNOSED_AFTER_S: f64 = 6.0 * 3600.0;
/// How far a forecast looks, as a share of the longest run.
const HORIZON: f64 = 0.75;

/// What became of a unit.
#[derive(Debug)]
pub struct Verdict {
    pub fault: Fault,
    /// Hours before its onset, or all if it has none.
    pub healthy_h: f64,
    pub false_alarms: usize,
    pub onset_s: Option<f64>,
    pub event_s: Option<f64>,
    /// When its fault was noticed.
    pub noticed_s: Option<f64>,
    /// The most probable fault, some time after.
    pub diagnosed: Option<(String, f64)>,
    /// The forecast at half of its life from the onset on.
    pub forecast: Option<Judged>,
    /// Logarithm of the wear rate that was believed then over the true one, and what it was said to
    /// be uncertain by: a standard deviation.
    pub rate: Option<(f64, f64)>,
    /// What a forecast would say that knew all but the future: so many runs of the plant itself.
    pub bound: Option<Judged>,
    /// The same as it was before the correction, for the next fleet to learn from.
    pub past: Option<PastForecast>,
}

/// What a fleet that has run to failure has taught: a correction for each event.
#[derive(Debug, Default)]
pub struct Taught(BTreeMap<&'static str, Correction>);

impl Taught {
    /// By the forecasts of a fleet.
    pub fn by(verdicts: &[Verdict]) -> Self {
        let mut past: BTreeMap<&'static str, Vec<PastForecast>> = BTreeMap::new();
        for verdict in verdicts {
            if let (Some(event), Some(case)) = (verdict.fault.event(), &verdict.past) {
                past.entry(event.name()).or_default().push(case.clone());
            }
        }
        let learn =
            |(name, past): (_, Vec<PastForecast>)| Some((name, Correction::learn(&past).ok()?));
        Self(past.into_iter().filter_map(learn).collect())
    }

    fn apply(&self, event: Event, forecast: &EventForecast) -> EventForecast {
        match self.0.get(event.name()) {
            Some(correction) => forecast.corrected(correction),
            None => forecast.clone(),
        }
    }
}

impl fmt::Display for Taught {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for (name, Correction { factor, spread, cases }) in &self.0 {
            writeln!(f, "| {name} | {factor:.3} | {spread:.2} | {cases} |")?;
        }
        Ok(())
    }
}

/// A forecast beside the truth.
#[derive(Debug)]
pub struct Judged {
    /// True remaining hours.
    pub truth_h: f64,
    /// Quantiles of 5, 50 and 95 %, in hours.
    pub quantiles_h: [Option<f64>; 3],
    /// Probability that was given to within a fifth of the truth.
    pub within: f64,
    /// Continuous ranked probability score, in hours.
    pub crps_h: f64,
}

pub fn judge(unit: &Unit, healthy: &Commissioned, taught: &Taught, runs: u64) -> Verdict {
    let event_s = unit.time_of_event().map(|(_, time_s)| time_s);
    let (onset_s, horizon_s) = (unit.onset_s, HORIZON * unit.span_s);
    let half_s = onset_s.zip(event_s).map(|(onset, event)| 0.5 * (onset + event));
    let mut minutes = Minutes::of(unit).peekable();
    let mut watch = Watch::new(minutes.peek().unwrap(), healthy);
    let mut verdict = Verdict {
        fault: unit.fault,
        healthy_h: 0.0,
        false_alarms: 0,
        onset_s,
        event_s,
        noticed_s: None,
        diagnosed: None,
        forecast: None,
        rate: None,
        bound: None,
        past: None,
    };
    let mut end_s = 0.0;
    for minute in minutes {
        let t_s = minute.time_s;
        let stood = watch.monitor.detection().is_some();
        watch.minute(&minute);
        if watch.monitor.detection().is_some() && !stood {
            if onset_s.is_some_and(|onset| t_s >= onset) {
                verdict.noticed_s.get_or_insert(t_s);
            } else {
                verdict.false_alarms += 1;
                watch.monitor.clear();
            }
        }
        let due = verdict.noticed_s.is_some_and(|noticed| t_s <= noticed + DIAGNOSED_AFTER_S);
        if due && let Some(bank) = watch.monitor.bank() {
            let first = bank.ranking().swap_remove(0);
            verdict.diagnosed = Some((first.name, first.probability));
        }
        if verdict.forecast.is_none() && half_s.is_some_and(|half| t_s >= half) {
            let told = watch.forecast(unit, horizon_s).and_then(|forecast| {
                let event = unit.fault.event()?;
                Some((event_s? - forecast.begin_s, event, forecast.event(event.name())?.clone()))
            });
            if let Some((truth_s, event, told)) = told {
                verdict.rate = watch.rate(unit);
                verdict.forecast =
                    Some(Judged::of(truth_s, &taught.apply(event, &told), horizon_s));
                verdict.past = Some(PastForecast {
                    remaining_s: told.times_s.iter().map(|time| time - told.begin_s).collect(),
                    members: told.members,
                    horizon_s,
                    came_s: truth_s,
                });
            }
        }
        end_s = t_s;
        // A machine that is well is watched to its end, for false alarms.
        let diagnosed = verdict.noticed_s.is_some_and(|noticed| t_s > noticed + DIAGNOSED_AFTER_S);
        if diagnosed && (event_s.is_none() || verdict.forecast.is_some()) {
            break;
        }
    }
    if let (Some(half_s), Some(event_s), 1..) = (half_s, event_s, runs) {
        verdict.bound = Some(bound(unit, half_s, event_s, runs));
    }
    verdict.healthy_h = onset_s.unwrap_or(end_s) / 3600.0;
    verdict
}

/// The judgement of a forecast that knows the plant exactly.
fn bound(unit: &Unit, half_s: f64, event_s: f64, runs: u64) -> Judged {
    let mut times_s: Vec<f64> = futures(unit, half_s, runs).into_iter().flatten().collect();
    times_s.sort_by(f64::total_cmp);
    let known = EventForecast {
        begin_s: half_s,
        times_s,
        members: runs as usize,
        ..EventForecast::default()
    };
    Judged::of(event_s - half_s, &known, HORIZON * unit.span_s)
}

impl Judged {
    fn of(truth_s: f64, event: &EventForecast, horizon_s: f64) -> Self {
        let remaining_s = event.times_s.iter().map(|time| time - event.begin_s);
        let (remaining_s, members): (Vec<f64>, _) = (remaining_s.collect(), event.members);
        let near = |time: &&f64| (*time - truth_s).abs() <= 0.2 * truth_s;
        let all = members as f64;
        // Members without an event count as ones at the horizon.
        let padded: Vec<f64> = remaining_s
            .iter()
            .copied()
            .chain(std::iter::repeat_n(horizon_s, members.saturating_sub(remaining_s.len())))
            .collect();
        let off = padded.iter().map(|time| (time - truth_s).abs()).sum::<f64>() / all;
        let spread: f64 = padded
            .iter()
            .enumerate()
            .map(|(at, time)| (2.0 * at as f64 - all + 1.0) * time)
            .sum::<f64>()
            / (all * all);
        Self {
            truth_h: truth_s / 3600.0,
            quantiles_h: [0.05, 0.5, 0.95].map(|p| event.remaining_s(p).map(|s| s / 3600.0)),
            within: remaining_s.iter().filter(near).count() as f64 / all,
            crps_h: (off - spread) / 3600.0,
        }
    }

    /// Whether the truth lies in the interval of 90 %.
    fn covers(&self) -> bool {
        let [low, _, high] = self.quantiles_h;
        low.is_some_and(|low| low <= self.truth_h) && high.is_none_or(|high| self.truth_h <= high)
    }
}

/// All verdicts together.
pub struct Report<'a>(&'a [Verdict]);

impl<'a> Report<'a> {
    pub fn of(verdicts: &'a [Verdict]) -> Self {
        Self(verdicts)
    }

    fn share(&self, of: impl Fn(&Verdict) -> bool, whose: impl Fn(&Verdict) -> bool) -> String {
        let all = self.0.iter().filter(|verdict| whose(verdict)).count();
        let good = self.0.iter().filter(|verdict| whose(verdict) && of(verdict)).count();
        format!("{good} of {all} ({:.1} %)", 100.0 * good as f64 / all.max(1) as f64)
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn is_right(verdict: &Verdict) -> bool {
    let fault = match verdict.fault {
        Fault::SensorDrift(sensor) => format!("SensorDrift {sensor:?}"),
        fault => fault.name().to_owned(),
    };
    verdict.diagnosed.as_ref().is_some_and(|(name, _)| *name == fault)
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let wears = |verdict: &Verdict| verdict.event_s.is_some();
        let is_faulty = |verdict: &Verdict| verdict.onset_s.is_some();
        let covered = |verdict: &Verdict| verdict.forecast.as_ref().is_some_and(Judged::covers);
        let near = |verdict: &Verdict| verdict.forecast.as_ref().is_some_and(|j| j.within >= 0.5);
        let hours: f64 = self.0.iter().map(|verdict| verdict.healthy_h).sum();
        let alarms: usize = self.0.iter().map(|verdict| verdict.false_alarms).sum();
        let lead = |verdict: &Verdict| Some((verdict.event_s? - verdict.noticed_s?) / 3600.0);
        let leads: Vec<f64> = self.0.iter().filter_map(lead).collect();
        let scores = self.0.iter().filter_map(|verdict| Some(verdict.forecast.as_ref()?.crps_h));
        writeln!(f, "| what | outcome | aim |\n|---|---|---|")?;
        let row = |f: &mut fmt::Formatter, what: &str, is: String, aim: &str| {
            writeln!(f, "| {what} | {is} | {aim} |")
        };
        row(
            f,
            "90 % interval of the time of event at half-life holds the truth",
            self.share(covered, wears),
            "85 to 95 %",
        )?;
        row(
            f,
            "alpha-lambda (α 0.2, β 0.5) at half-life holds",
            self.share(near, wears),
            "90 % at least",
        )?;
        let bound = |v: &Verdict| v.bound.as_ref().is_some_and(|judged| judged.within >= 0.5);
        row(
            f,
            "the same for the plant itself, its state and wear known exactly: no forecast can do better",
            self.share(bound, wears),
            "",
        )?;
        row(
            f,
            "continuous ranked probability score, median",
            format!("{:.2} h", median(scores.collect())),
            "",
        )?;
        row(f, "faults that are noticed", self.share(|v| v.noticed_s.is_some(), is_faulty), "")?;
        row(
            f,
            "lead of the notice before the event, median",
            format!("{:.1} h", median(leads)),
            "",
        )?;
        row(
            f,
            "false alarms",
            format!("{alarms} in {hours:.0} h ({:.2} in 1,000 h)", 1000.0 * alarms as f64 / hours),
            "1 in 1,000 h at most",
        )?;
        row(
            f,
            "the injected fault is ranked first, 6 h after the notice",
            self.share(is_right, is_faulty),
            "90 % at least",
        )?;
        for name in
            ["ImpellerWear", "ThrustBearingWear", "RadialBearingWear", "SensorDrift", "Blockage"]
        {
            let these = |verdict: &Verdict| verdict.fault.name() == name;
            let parts = [
                format!("noticed {}", self.share(|v| v.noticed_s.is_some(), these)),
                format!("ranked first {}", self.share(is_right, these)),
            ];
            let wear = self.0.iter().any(|verdict| these(verdict) && wears(verdict));
            let parts = match wear {
                true => [
                    &parts[..],
                    &[
                        format!("interval holds {}", self.share(covered, these)),
                        format!("alpha-lambda {}", self.share(near, these)),
                        format!("of the plant itself {}", self.share(bound, these)),
                    ],
                ]
                .concat(),
                false => parts.to_vec(),
            };
            row(f, &format!("{name} alone"), parts.join("; "), "")?;
        }
        Ok(())
    }
}
