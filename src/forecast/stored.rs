//! Forecasts that are stored until their events have come.
//!
//! Flows in: forecasts, as lines of JSON, and when events came. Flows out: tracks to be scored, and
//! cases from which corrections are learnt. The last field of a line is the checksum of what stands before
//! it (`,"crc32":"…"}` in place of the closing brace), so that a line that was torn or changed is known.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::correction::{Correction, PastForecast};
use super::error::StoreError;
use super::event::EventForecast;
use super::result::Forecast;
use super::score::Track;

/// Most times of an event that a kept forecast holds.
const TIMES: usize = 200;

/// The present form of a line. Lines without a number are of the first, which had neither it nor the
/// model, the seed and the times before a correction; the second had no checksum.
pub const VERSION: u32 = 3;
/// The first form with a checksum.
const CHECKED: u32 = 3;
/// What stands before the checksum's eight digits, and what after them.
const CHECKSUM: (&str, &str) = (",\"crc32\":\"", "\"}");

/// A forecast as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredForecast {
    /// The form of the line.
    #[serde(default = "first_version")]
    pub version: u32,
    /// Of which machine.
    pub machine: String,
    /// By which model; empty: not kept.
    #[serde(default)]
    pub model: String,
    /// The seed that chose its chance.
    #[serde(default)]
    pub seed: u64,
    /// When it was made, in seconds.
    pub made_s: f64,
    /// How far it looked, in seconds after that.
    pub horizon_s: f64,
    /// The forecast of each event.
    pub events: BTreeMap<String, StoredEvent>,
}

fn first_version() -> u32 {
    1
}

/// The stored forecast of an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredEvent {
    /// Times in seconds at which it was to happen, in order, each as probable.
    pub times_s: Vec<f64>,
    /// Of so many; the others are beyond the horizon.
    pub members: usize,
    /// The same times as the model gave them, where they were corrected: corrections are
    /// learnt from these, so that a correction in use is not taken for the model's own merit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_s: Option<Vec<f64>>,
}

/// When an event happened to a machine.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRecord {
    /// The machine.
    pub machine: String,
    /// The event.
    pub event: String,
    /// Seconds.
    pub time_s: f64,
}

/// The forecasts of one event of one machine that has come, to be scored.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoredTrack {
    /// What came.
    pub came: EventRecord,
    /// The forecasts whose horizon reached it, as they were given.
    pub track: Track,
    /// The same as the model had them, before any correction.
    pub raw: Track,
    /// Forecasts whose horizon was nearer than the event.
    pub too_short: usize,
}

impl StoredForecast {
    /// What is kept of a forecast.
    pub fn of(machine: &str, forecast: &Forecast) -> Self {
        let event = |event: &EventForecast| {
            let (times_s, members) = thin(&event.times_s, event.members);
            let raw_s = event.raw.as_ref().map(|raw| thin(&raw.times_s, event.members).0);
            (event.name.clone(), StoredEvent { times_s, members, raw_s })
        };
        Self {
            version: VERSION,
            machine: machine.into(),
            model: forecast.model.clone(),
            seed: forecast.seed,
            made_s: forecast.begin_s,
            horizon_s: forecast.horizon_s,
            events: forecast.events.iter().map(event).collect(),
        }
    }

    /// As one line of JSON, with its checksum.
    ///
    /// # Errors
    /// When a number is none.
    pub fn line(&self) -> Result<String, StoreError> {
        let not_written = |error: serde_json::Error| StoreError::NotWritten(error.to_string());
        let text = serde_json::to_string(self).map_err(not_written)?;
        let (before, after) = CHECKSUM;
        let sum = crc32fast::hash(text.as_bytes());
        // In place of the brace that closes the line.
        let open = text.strip_suffix('}').unwrap_or(&text);
        Ok(format!("{open}{before}{sum:08x}{after}"))
    }

    /// All kept forecasts of a text, line by line.
    ///
    /// # Errors
    /// With the number of the line that is none, or whose checksum is that of another text.
    pub fn read(text: &str) -> Result<Vec<Self>, StoreError> {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let read = |(at, text): (usize, &str)| {
            let line = at + 1;
            let (text, sums) = unchecked(text.trim());
            let none = |error: serde_json::Error| StoreError::NoForecast {
                line,
                reason: error.to_string(),
            };
            if let Some((stated, is)) = sums
                && stated != is
            {
                return Err(StoreError::Damaged { line });
            }
            let mut kept: Self = serde_json::from_str(&text).map_err(none)?;
            if kept.version > VERSION {
                let (form, latest) = (kept.version, VERSION);
                return Err(StoreError::LaterForm { line, form, latest });
            }
            if kept.version >= CHECKED && sums.is_none() {
                return Err(StoreError::Damaged { line });
            }
            for (name, event) in &mut kept.events {
                for times_s in std::iter::once(&mut event.times_s).chain(&mut event.raw_s) {
                    if times_s.len() > event.members {
                        return Err(StoreError::TooManyTimes { line, event: name.clone() });
                    }
                    times_s.sort_by(f64::total_cmp);
                }
            }
            Ok(kept)
        };
        lines.map(read).collect()
    }

    /// The same of a text whose last line may be torn, since it was being written when a program ended or a
    /// disk was full: whether there is such a line. It has no end, and is left out.
    ///
    /// # Errors
    /// As for [`Self::read`], of all other lines.
    pub fn read_whole_lines(text: &str) -> Result<(Vec<Self>, bool), StoreError> {
        let (whole, last) = text.rsplit_once('\n').map_or(("", text), |(all, last)| (all, last));
        let is_torn = !last.trim().is_empty() && !Self::is_line(last);
        Ok((Self::read(if is_torn { whole } else { text })?, is_torn))
    }

    /// Whether a text is a whole line.
    pub fn is_line(text: &str) -> bool {
        Self::read(text).is_ok_and(|read| read.len() == 1)
    }

    /// The forecast of an event that came since, as it was given and as the model had it; `None` where
    /// there is none, it was made afterwards, or the event had come at `before` in between: it was
    /// then a forecast of that time.
    fn past(
        &self,
        came: &EventRecord,
        before: Option<f64>,
    ) -> Option<(PastForecast, PastForecast)> {
        let event = self.events.get(&came.event)?;
        let of_this = self.made_s < came.time_s && before.is_none_or(|time| self.made_s >= time);
        let past = |times_s: &[f64]| PastForecast {
            remaining_s: times_s.iter().map(|time_s| time_s - self.made_s).collect(),
            members: event.members,
            horizon_s: self.horizon_s,
            came_s: came.time_s - self.made_s,
        };
        let raw_s = event.raw_s.as_ref().unwrap_or(&event.times_s);
        (self.machine == came.machine && of_this).then(|| (past(&event.times_s), past(raw_s)))
    }
}

/// A line without its checksum; that, and what it should be.
fn unchecked(line: &str) -> (Cow<'_, str>, Option<(u32, u32)>) {
    let (before, after) = CHECKSUM;
    let found = line.strip_suffix(after).and_then(|line| line.rsplit_once(before));
    let Some((open, digits)) = found.filter(|(_, digits)| digits.len() == 8) else {
        return (line.into(), None);
    };
    let Ok(stated) = u32::from_str_radix(digits, 16) else { return (line.into(), None) };
    let text = format!("{open}}}");
    let is = crc32fast::hash(text.as_bytes());
    (text.into(), Some((stated, is)))
}

/// Times that are as probable, thinned to [`TIMES`] members at most.
fn thin(times_s: &[f64], members: usize) -> (Vec<f64>, usize) {
    if members <= TIMES {
        return (times_s.to_vec(), members);
    }
    let place = |at: usize| at * (members - 1) / (TIMES - 1);
    ((0..TIMES).map_while(|at| times_s.get(place(at)).copied()).collect(), TIMES)
}

/// Assigns stored forecasts to the events that came. An event that comes to a machine again is another
/// one: the forecasts made since the one before are its own.
pub fn judge(kept: &[StoredForecast], came: &[EventRecord]) -> Vec<ScoredTrack> {
    let before = |this: &EventRecord| {
        let same =
            |other: &&EventRecord| other.machine == this.machine && other.event == this.event;
        let times = came.iter().filter(same).map(|other| other.time_s);
        times.filter(|time| *time < this.time_s).max_by(f64::total_cmp)
    };
    let one = |came: &EventRecord| {
        let (mut given, mut raw) = (Vec::new(), Vec::new());
        let (mut too_short, before) = (0, before(came));
        for each in kept {
            match each.past(came, before) {
                Some((past, _)) if past.came_s > past.horizon_s => too_short += 1,
                Some((past, model)) => {
                    given.push((each.made_s, past));
                    raw.push((each.made_s, model));
                }
                None => {}
            }
        }
        let track = |mut forecasts: Vec<(f64, PastForecast)>| {
            forecasts.sort_by(|a, b| a.0.total_cmp(&b.0));
            Track { came_s: came.time_s, forecasts }
        };
        ScoredTrack { came: came.clone(), track: track(given), raw: track(raw), too_short }
    };
    came.iter().map(one).collect()
}

/// How the forecasts of each event have to be corrected: learnt from one forecast a machine, the one
/// half-way to the event, as the model had it. An event of which too few have come is left out, and why.
pub fn learn(judged: &[ScoredTrack]) -> (BTreeMap<String, Correction>, Vec<String>) {
    let mut cases: BTreeMap<&str, Vec<PastForecast>> = BTreeMap::new();
    for each in judged {
        let past = each.raw.at(0.5).map(|(_, past)| past.clone());
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

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(machine: &str, made_s: f64, said_s: f64) -> StoredForecast {
        let event = StoredEvent { times_s: vec![said_s; 10], members: 10, raw_s: None };
        let events = BTreeMap::from([("Wear".to_owned(), event)]);
        let (version, model, seed) = (VERSION, "centrifugal_pump".to_owned(), 7);
        StoredForecast {
            version,
            machine: machine.into(),
            model,
            seed,
            made_s,
            horizon_s: 1e4,
            events,
        }
    }

    #[test]
    fn a_kept_forecast_is_read_as_it_was_written() {
        let text = format!(
            "{}\n\n{}\n",
            kept("P1", 0.0, 100.0).line().expect("numbers"),
            kept("P2", 5.0, 0.1 + 0.2).line().expect("numbers")
        );
        assert_eq!(
            StoredForecast::read(&text),
            Ok(vec![kept("P1", 0.0, 100.0), kept("P2", 5.0, 0.1 + 0.2)])
        );
        let error = StoredForecast::read(&format!("{text}{{\"machine\":1}}"))
            .expect_err("no forecast")
            .to_string();
        assert!(error.starts_with("line 4: not a kept forecast"), "{error}");
    }

    #[test]
    fn a_line_that_was_changed_is_known_by_its_checksum_and_a_torn_one_by_its_end() {
        let line = kept("P1", 0.0, 100.0).line().expect("numbers");
        let damaged =
            |text: &str| StoredForecast::read(text) == Err(StoreError::Damaged { line: 1 });
        assert!(damaged(&line.replacen("100", "101", 1)));
        // Without its checksum a line of this form is not whole either.
        let (open, _) = line.rsplit_once(",\"crc32\"").expect("a checksum");
        assert!(damaged(&format!("{open}}}")));
        for length in 1..line.len() {
            let torn = &line[..length];
            assert!(!StoredForecast::is_line(torn), "{torn}");
            let text = format!("{line}\n{torn}");
            let (read, is_torn) = StoredForecast::read_whole_lines(&text).expect("one is whole");
            assert_eq!((read.len(), is_torn), (1, true), "{torn}");
        }
        // A line of the second form had none.
        let second = line.replacen("\"version\":3", "\"version\":2", 1);
        let (open, _) = second.rsplit_once(",\"crc32\"").expect("a checksum");
        assert_eq!(StoredForecast::read(&format!("{open}}}")).map(|read| read.len()), Ok(1));
    }

    #[test]
    fn only_forecasts_made_before_of_that_machine_are_judged() {
        let all = [
            kept("P1", 50.0, 100.0),
            kept("P1", 0.0, 100.0),
            kept("P1", 120.0, 200.0),
            kept("P2", 0.0, 90.0),
            StoredForecast { horizon_s: 10.0, ..kept("P1", 60.0, 100.0) },
        ];
        let came = EventRecord { machine: "P1".into(), event: "Wear".into(), time_s: 110.0 };
        let judged = judge(&all, &[came]);
        let made: Vec<f64> = judged[0].track.forecasts.iter().map(|(made, _)| *made).collect();
        assert_eq!((made, judged[0].too_short), (vec![0.0, 50.0], 1));
    }

    #[test]
    fn a_line_of_the_first_form_still_opens_and_one_of_a_later_is_told_of() {
        let old = r#"{"machine":"P1","made_s":0.0,"horizon_s":10.0,"events":{"Wear":{"times_s":[2.0,1.0],"members":3}}}"#;
        let read = StoredForecast::read(old).expect("the first form");
        assert_eq!((read[0].version, &*read[0].model), (1, ""));
        assert_eq!(read[0].events["Wear"].times_s, [1.0, 2.0]);
        let later = StoredForecast { version: VERSION + 1, ..kept("P1", 0.0, 1.0) };
        let later = later.line().expect("numbers");
        let error = StoredForecast::read(&later).expect_err("a later form").to_string();
        assert!(error.starts_with("line 1: its form is 4"), "{error}");
    }

    #[test]
    fn after_an_event_only_forecasts_made_since_are_set_beside_the_next() {
        let made = [0.0, 50.0, 110.0, 150.0];
        let all = made.map(|made_s| kept("P1", made_s, made_s + 60.0));
        let came = |time_s| EventRecord { machine: "P1".into(), event: "Wear".into(), time_s };
        let judged = judge(&all, &[came(200.0), came(110.0)]);
        let made = |at: usize| -> Vec<f64> {
            judged[at].track.forecasts.iter().map(|(made, _)| *made).collect()
        };
        assert_eq!((made(0), made(1)), (vec![110.0, 150.0], vec![0.0, 50.0]));
    }

    #[test]
    fn a_correction_in_use_is_learnt_again_and_not_unlearnt() {
        // The model says twice the time, and was corrected to what came.
        let one = |at: usize| {
            let mut kept = kept(&format!("P{at}"), 0.0, 100.0);
            let event = kept.events.get_mut("Wear").expect("it is there");
            event.raw_s = Some(vec![200.0; 10]);
            kept
        };
        let all: Vec<StoredForecast> = (0..12).map(one).collect();
        let came =
            |at| EventRecord { machine: format!("P{at}"), event: "Wear".into(), time_s: 100.0 };
        let judged = judge(&all, &(0..12).map(came).collect::<Vec<_>>());
        let (learnt, _) = learn(&judged);
        assert!((learnt["Wear"].factor - 0.5).abs() < 0.01, "{learnt:?}");
        let said = &judged[0].track.forecasts[0].1;
        assert_eq!(said.relative_accuracy(), Some(1.0), "what was said is scored");
    }

    #[test]
    fn a_large_ensemble_is_thinned_and_keeps_its_quantiles() {
        let times: Vec<f64> = (0..5_000).map(f64::from).collect();
        let (thinned, members) = thin(&times, 10_000);
        assert_eq!((members, thinned.len()), (200, 100));
        assert!((thinned[50] - 2_512.0).abs() < 2.0, "{}", thinned[50]);
    }

    #[test]
    fn what_has_come_often_enough_teaches_a_correction() {
        let machine = |at: usize| format!("P{at}");
        let all: Vec<StoredForecast> = (0..12).map(|at| kept(&machine(at), 0.0, 200.0)).collect();
        let came = |at| EventRecord { machine: machine(at), event: "Wear".into(), time_s: 100.0 };
        let came: Vec<EventRecord> = (0..12).map(came).collect();
        let (learnt, notes) = learn(&judge(&all, &came));
        assert!((learnt["Wear"].factor - 0.5).abs() < 0.01 && notes.is_empty(), "{learnt:?}");
        let (learnt, notes) = learn(&judge(&all, &came[..3]));
        assert!(learnt.is_empty() && notes[0].starts_with("Wear: no correction"), "{notes:?}");
    }
}
