//! The command `score`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use serde_json::json;
use twinscope::forecast::{
    Correction, EventRecord, Score as Scored, ScoredTrack, StoredForecast, Wanted, judge, learn,
};
use twinscope::output;
use twinscope::table::{LogEntry, TableError, read_log};

use super::super::failure::{Failure, Outcome, path_text};
use super::super::files::{print, recording};
use super::args::Score;
use super::input::{text, wrong};
use super::plot::span;

/// Judges kept forecasts by what came.
pub fn score(args: &Score) -> Outcome {
    let mut kept = Vec::new();
    for path in &args.kept {
        // The end may be torn within a character; whole lines have their checksums.
        let bytes = recording(path)?;
        let (read, is_torn) = StoredForecast::read_whole_lines(&String::from_utf8_lossy(&bytes))
            .map_err(|error| wrong(path, error))?;
        kept.extend(read);
        if is_torn {
            eprintln!("note: {}: its last line is torn, and left out", path_text(path));
        }
    }
    let came = came(&args.came)?;
    for (name, value) in [("alpha", args.alpha), ("beta", args.beta), ("lambda", args.lambda)] {
        if !(0.0..=1.0).contains(&value) {
            return Err(Failure::Input(format!("--{name} is a share from 0 to 1, not {value}")));
        }
    }
    let wanted =
        Wanted { alpha: args.alpha, beta: args.beta, lambda: args.lambda, ..Wanted::default() };
    let judged = judge(&kept, &came);
    let learnt = args.learn.as_deref().map_or(Ok(()), |path| write_learnt(path, &judged));
    let all: Vec<(&ScoredTrack, Option<Scored>)> =
        judged.iter().map(|each| (each, each.track.score(&wanted))).collect();
    if args.json {
        print(as_json(&all, &wanted))?;
    } else {
        print(as_table(&all, &wanted))?;
    }
    learnt
}

/// Writes how future forecasts are to be corrected. What was learnt before of events of which nothing is
/// learnt now stays; where nothing is learnt at all, the file stays as it is.
fn write_learnt(path: &Path, judged: &[ScoredTrack]) -> Outcome {
    let (mut learnt, notes) = learn(judged);
    notes.iter().for_each(|note| eprintln!("note: {note}"));
    if learnt.is_empty() {
        let text = match path.exists() {
            true => "nothing could be learnt: the file stays as it was",
            false => "nothing could be learnt, and no file is written",
        };
        return Err(wrong(path, text));
    }
    let before = match path.is_file() {
        true => serde_json::from_str::<BTreeMap<String, Correction>>(&text(path)?),
        false => Ok(BTreeMap::new()),
    };
    let before = before.map_err(|error| {
        let text = format!("not what `score --learn` writes, so it is not replaced: {error}");
        wrong(path, text)
    })?;
    for (event, correction) in before {
        if let Entry::Vacant(place) = learnt.entry(event) {
            eprintln!(
                "note: {}: the correction of {} stays as it was",
                path_text(path),
                place.key()
            );
            place.insert(correction);
        }
    }
    let text = serde_json::to_string_pretty(&learnt).map_err(Failure::environment)? + "\n";
    output::write(path, text.as_bytes())
        .map_err(|error| Failure::Environment(format!("cannot write {}: {error}", path_text(path))))
}

/// What came, from a table; a file that states no machine or event in a row is wrong.
fn came(path: &Path) -> Result<Vec<EventRecord>, Failure> {
    let columns = ["machine", "event"];
    let entries = read_log(&recording(path)?, &columns).map_err(|error| wrong(path, error))?;
    let record = |LogEntry { line, time_s, cells }: LogEntry| {
        if let Some(at) = cells.iter().position(String::is_empty) {
            let heading = columns[at].to_owned();
            return Err(wrong(path, TableError::EmptyCell { line, heading }));
        }
        let mut cells = cells.into_iter();
        let mut next = || cells.next().unwrap_or_default();
        Ok(EventRecord { machine: next(), event: next(), time_s })
    };
    entries.into_iter().map(record).collect()
}

fn share(part: usize, whole: usize) -> String {
    let percent = 100.0 * part as f64 / whole.max(1) as f64;
    format!("{part} of {whole} ({percent:.1} %)")
}

fn as_table(all: &[(&ScoredTrack, Option<Scored>)], wanted: &Wanted) -> String {
    let mut text =
        format!("{:<20} {:<24} forecasts  at λ  α-λ   horizon   CRA    CRPS\n", "machine", "event");
    for (judged, score) in all {
        text += &format!("{:<20} {:<24} ", judged.came.machine, judged.came.event);
        let Some(score) = score else {
            let short = judged.too_short;
            text += &match short {
                0 => "no forecast was made before\n".to_owned(),
                _ => format!("{short} forecasts, all too short to reach it\n"),
            };
            continue;
        };
        let horizon = score.prognostic_horizon_s.map_or("none".into(), span);
        let accuracy =
            score.cumulative_relative_accuracy.map_or("-".into(), |value| format!("{value:.2}"));
        let mark = if score.alpha_lambda { "holds" } else { "fails" };
        let mass = format!("{:.0} %", 100.0 * score.mass_within_alpha);
        let crps = span(score.crps_s);
        text += &format!(
            "{:>9}  {mass:>5} {mark:>5} {horizon:>8}  {accuracy:>5}  {crps}\n",
            score.forecasts
        );
    }
    let scores = || all.iter().filter_map(|(_, score)| score.as_ref());
    let count = scores().count();
    let holds = scores().filter(|score| score.alpha_lambda).count();
    let forecasts: usize = scores().map(|score| score.forecasts).sum();
    let covered: f64 = scores().map(|score| score.coverage * score.forecasts as f64).sum();
    text += &format!(
        "\nalpha-lambda (α {}, β {}, λ {}) holds for {}\n{:.0} % intervals held the time in {}",
        wanted.alpha,
        wanted.beta,
        wanted.lambda,
        share(holds, count),
        100.0 * wanted.interval,
        share(covered.round() as usize, forecasts)
    );
    text
}

fn as_json(all: &[(&ScoredTrack, Option<Scored>)], wanted: &Wanted) -> serde_json::Value {
    let each = all.iter().map(|(judged, score)| {
        let EventRecord { machine, event, time_s } = &judged.came;
        let short = judged.too_short;
        json!({"machine": machine, "event": event, "came_s": time_s, "too_short": short, "score": score})
    });
    json!({"wanted": wanted, "scores": each.collect::<Vec<_>>()})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<EventRecord>, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("came.csv");
        std::fs::write(&path, text).expect("it can be written");
        came(&path).map_err(|failure| match failure {
            Failure::Input(text) | Failure::Environment(text) => text,
            Failure::Reported | Failure::ReaderGone => String::new(),
        })
    }

    #[test]
    fn what_came_has_its_times_in_whatever_unit_the_heading_states() {
        let (machine, event) = ("P-1".to_owned(), "EOD".to_owned());
        let expected = vec![EventRecord { machine, event, time_s: 5400.0 }];
        assert_eq!(read("note,machine,event,t [h],note\na,P-1,EOD,1.5,b\n"), Ok(expected.clone()));
        assert_eq!(read("t,machine,event\n5400,P-1,EOD\n"), Ok(expected));
    }

    #[test]
    fn a_row_without_machine_event_or_time_is_refused_with_its_line() {
        let error = |text: &str| read(text).expect_err("it is wrong");
        assert!(error("machine,event,t\nP-1,,5\n").contains("line 2: the column `event` is empty"));
        assert!(error("machine,event,t\nP-1,EOD,\n").contains("line 2: `` is no time in seconds"));
        assert!(error("machine,event\nP-1,EOD\n").contains("expected a column `t` with times"));
    }
}
