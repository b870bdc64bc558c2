//! Forecasts that are kept until what they speak of has come.
//!
//! Flows in: forecasts, as lines of JSON, and when events came. Flows out: tracks to be scored, and
//! cases from which corrections are learnt.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::correction::{Correction, Past};
use super::result::Forecast;
use super::score::Track;

/// Most times of an event that a kept forecast holds.
const TIMES: usize = 200;

/// A forecast as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// Of which machine.
    pub machine: String,
    /// When it was made, in seconds.
    pub made_s: f64,
    /// How far it looked, in seconds after that.
    pub horizon_s: f64,
    /// What it said of each event.
    pub events: BTreeMap<String, KeptEvent>,
}

/// What a kept forecast said of an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptEvent {
    /// Times in seconds at which it was to happen, in order, each as probable.
    pub times_s: Vec<f64>,
    /// Of so many; the others are beyond the horizon.
    pub members: usize,
}

/// When an event came to a machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Came {
    /// The machine.
    pub machine: String,
    /// The event.
    pub event: String,
    /// Seconds.
    pub time_s: f64,
}

/// Forecasts of one event of one machine that has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// What came.
    pub came: Came,
    /// The forecasts that looked so far.
    pub track: Track,
    /// Forecasts whose horizon was nearer than the event.
    pub too_short: usize,
}

impl Kept {
    /// What is kept of a forecast.
    pub fn of(machine: &str, forecast: &Forecast) -> Self {
        let event = |event: &super::EventForecast| {
            let kept = thin(&event.times_s, event.members);
            (event.name.clone(), kept)
        };
        Self {
            machine: machine.into(),
            made_s: forecast.begin_s,
            horizon_s: forecast.horizon_s,
            events: forecast.events.iter().map(event).collect(),
        }
    }

    /// As one line of JSON.
    ///
    /// # Errors
    /// When a number is none.
    pub fn line(&self) -> Result<String, String> {
        serde_json::to_string(self).map_err(|error| error.to_string())
    }

    /// All kept forecasts of a text, line by line.
    ///
    /// # Errors
    /// With the number of the line that is none.
    pub fn read(text: &str) -> Result<Vec<Self>, String> {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let read = |(at, line): (usize, &str)| {
            let wrong = |what: String| format!("line {}: {what}", at + 1);
            let mut kept: Self = serde_json::from_str(line)
                .map_err(|error| wrong(format!("not a kept forecast: {error}")))?;
            for (name, event) in &mut kept.events {
                if event.times_s.len() > event.members {
                    return Err(wrong(format!("`{name}` has more times than members")));
                }
                event.times_s.sort_by(f64::total_cmp);
            }
            Ok(kept)
        };
        lines.map(read).collect()
    }

    /// What it said of an event that came since; `None` where it said nothing of it, or it was made
    /// afterwards.
    fn past(&self, came: &Came) -> Option<Past> {
        let event = self.events.get(&came.event)?;
        (self.machine == came.machine && self.made_s < came.time_s).then(|| Past {
            remaining_s: event.times_s.iter().map(|time_s| time_s - self.made_s).collect(),
            members: event.members,
            horizon_s: self.horizon_s,
            came_s: came.time_s - self.made_s,
        })
    }
}

fn thin(times_s: &[f64], members: usize) -> KeptEvent {
    if members <= TIMES {
        return KeptEvent { times_s: times_s.to_vec(), members };
    }
    let place = |at: usize| at * (members - 1) / (TIMES - 1);
    let kept = (0..TIMES).map_while(|at| times_s.get(place(at)).copied());
    KeptEvent { times_s: kept.collect(), members: TIMES }
}

/// Sets kept forecasts beside what came.
pub fn judge(kept: &[Kept], came: &[Came]) -> Vec<Judged> {
    let one = |came: &Came| {
        let mut forecasts = Vec::new();
        let mut too_short = 0;
        for each in kept {
            match each.past(came) {
                Some(past) if past.came_s > past.horizon_s => too_short += 1,
                Some(past) => forecasts.push((each.made_s, past)),
                None => {}
            }
        }
        forecasts.sort_by(|a, b| a.0.total_cmp(&b.0));
        let track = Track { came_s: came.time_s, forecasts };
        Judged { came: came.clone(), track, too_short }
    };
    came.iter().map(one).collect()
}

/// How the forecasts of each event have to be corrected: learnt from one forecast a machine, the one
/// half-way to the event. An event of which too few have come is left out, and why.
pub fn learn(judged: &[Judged]) -> (BTreeMap<String, Correction>, Vec<String>) {
    let mut cases: BTreeMap<&str, Vec<Past>> = BTreeMap::new();
    for each in judged {
        let past = each.track.at(0.5).map(|(_, past)| past.clone());
        let past = past.filter(|past| !past.remaining_s.is_empty());
        cases.entry(&each.came.event).or_default().extend(past);
    }
    let (mut learnt, mut notes) = (BTreeMap::new(), Vec::new());
    for (event, cases) in cases {
        match Correction::learn(&cases) {
            Ok(correction) => drop(learnt.insert(event.to_owned(), correction)),
            Err(error) => notes.push(format!("{event}: {error}")),
        }
    }
    (learnt, notes)
}

impl Forecast {
    /// Events are corrected by what past forecasts of theirs taught; courses stay as they are.
    pub fn corrected(mut self, corrections: &BTreeMap<String, Correction>) -> Self {
        for event in &mut self.events {
            if let Some(correction) = corrections.get(&event.name) {
                *event = correction.apply(event);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(machine: &str, made_s: f64, said_s: f64) -> Kept {
        let event = KeptEvent { times_s: vec![said_s; 10], members: 10 };
        let events = BTreeMap::from([("Wear".to_owned(), event)]);
        Kept { machine: machine.into(), made_s, horizon_s: 1e4, events }
    }

    #[test]
    fn a_kept_forecast_is_read_as_it_was_written() {
        let text = format!(
            "{}\n\n{}\n",
            kept("P1", 0.0, 100.0).line().expect("numbers"),
            kept("P2", 5.0, 0.1 + 0.2).line().expect("numbers")
        );
        assert_eq!(Kept::read(&text), Ok(vec![kept("P1", 0.0, 100.0), kept("P2", 5.0, 0.1 + 0.2)]));
        let error = Kept::read(&format!("{text}{{\"machine\":1}}")).expect_err("no forecast");
        assert!(error.starts_with("line 4: not a kept forecast"), "{error}");
    }

    #[test]
    fn only_forecasts_made_before_of_that_machine_are_judged() {
        let all = [
            kept("P1", 50.0, 100.0),
            kept("P1", 0.0, 100.0),
            kept("P1", 120.0, 200.0),
            kept("P2", 0.0, 90.0),
            Kept { horizon_s: 10.0, ..kept("P1", 60.0, 100.0) },
        ];
        let came = Came { machine: "P1".into(), event: "Wear".into(), time_s: 110.0 };
        let judged = judge(&all, &[came]);
        let made: Vec<f64> = judged[0].track.forecasts.iter().map(|(made, _)| *made).collect();
        assert_eq!((made, judged[0].too_short), (vec![0.0, 50.0], 1));
    }

    #[test]
    fn a_large_ensemble_is_thinned_and_keeps_its_quantiles() {
        let times: Vec<f64> = (0..5_000).map(f64::from).collect();
        let thinned = thin(&times, 10_000);
        assert_eq!((thinned.members, thinned.times_s.len()), (200, 100));
        assert!((thinned.times_s[50] - 2_512.0).abs() < 2.0, "{}", thinned.times_s[50]);
    }

    #[test]
    fn what_has_come_often_enough_teaches_a_correction() {
        let machine = |at: usize| format!("P{at}");
        let all: Vec<Kept> = (0..12).map(|at| kept(&machine(at), 0.0, 200.0)).collect();
        let came = |at| Came { machine: machine(at), event: "Wear".into(), time_s: 100.0 };
        let came: Vec<Came> = (0..12).map(came).collect();
        let (learnt, notes) = learn(&judge(&all, &came));
        assert!((learnt["Wear"].factor - 0.5).abs() < 0.01 && notes.is_empty(), "{learnt:?}");
        let (learnt, notes) = learn(&judge(&all, &came[..3]));
        assert!(learnt.is_empty() && notes[0].starts_with("Wear: no correction"), "{notes:?}");
    }
}
