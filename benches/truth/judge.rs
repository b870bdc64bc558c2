//! The judge, who knows the truth.

use std::fmt;

use super::minutes::Minutes;
use super::plant::{Fault, Unit};
use super::watch::{Commissioned, Watch};

/// A diagnosis is judged so long after the alarm.
const DIAGNOSED_AFTER_S: f64 = 6.0 * 3600.0;
/// How far a forecast looks.
const HORIZON_S: f64 = 45.0 * 3600.0;

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

pub fn judge(unit: &Unit, healthy: &Commissioned) -> Verdict {
    let event_s = unit.time_of_event().map(|(_, time_s)| time_s);
    let onset_s = unit.onset_s;
    let half_s = onset_s.zip(event_s).map(|(onset, event)| 0.5 * (onset + event));
    let mut minutes = Minutes::of(unit).peekable();
    let mut watch = Watch::new(minutes.peek().unwrap());
    let mut verdict = Verdict {
        fault: unit.fault,
        healthy_h: 0.0,
        false_alarms: 0,
        onset_s,
        event_s,
        noticed_s: None,
        diagnosed: None,
        forecast: None,
    };
    let mut end_s = 0.0;
    for minute in minutes {
        let t_s = minute.time_s;
        let alarms = watch.alarms_s.len();
        watch.minute(&minute, Some(healthy));
        if watch.alarms_s.len() > alarms {
            if onset_s.is_some_and(|onset| t_s >= onset) {
                verdict.noticed_s.get_or_insert(t_s);
            } else {
                verdict.false_alarms += 1;
                watch.acquit();
            }
        }
        let due = verdict.noticed_s.is_some_and(|noticed| t_s <= noticed + DIAGNOSED_AFTER_S);
        if due && let Some(bank) = &watch.bank {
            let first = bank.ranking().swap_remove(0);
            verdict.diagnosed = Some((first.name, first.probability));
        }
        if verdict.forecast.is_none() && half_s.is_some_and(|half| t_s >= half) {
            verdict.forecast = watch.forecast(unit, HORIZON_S).and_then(|forecast| {
                let event = forecast.event(unit.fault.event()?.name())?;
                let truth_s = event_s? - forecast.begin_s;
                let remaining = event.times_s.iter().map(|time| time - forecast.begin_s);
                let remaining: Vec<f64> = remaining.collect();
                Some(Judged::of(truth_s, &remaining, event.members, |p| event.remaining_s(p)))
            });
        }
        end_s = t_s;
    }
    verdict.healthy_h = onset_s.unwrap_or(end_s) / 3600.0;
    verdict
}

impl Judged {
    fn of(
        truth_s: f64,
        remaining_s: &[f64],
        members: usize,
        quantile: impl Fn(f64) -> Option<f64>,
    ) -> Self {
        let near = |time: &&f64| (*time - truth_s).abs() <= 0.2 * truth_s;
        let all = members as f64;
        // Members without an event count as ones at the horizon.
        let padded: Vec<f64> = remaining_s
            .iter()
            .copied()
            .chain(std::iter::repeat_n(HORIZON_S, members.saturating_sub(remaining_s.len())))
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
            quantiles_h: [0.05, 0.5, 0.95].map(|p| quantile(p).map(|time| time / 3600.0)),
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
