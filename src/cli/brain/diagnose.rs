//! The command `diagnose`.

use std::iter::Peekable;
use std::vec::IntoIter;

use serde_json::json;
use twinscope::estimate::{
    Bank, Entry, FilterSetup, Hypothesis, Inconsistency, MaintenanceError, MeasurementUpdate,
    ObserveError, Ranked, Unscented,
};
use twinscope::twin::behaviour::Behaviour;

use super::super::failure::{Failure, Outcome};
use super::super::files::print;
use super::args::Diagnose;
use super::input::{machine, reported, shown, wrong};
use super::rejections::Rejections;
use super::rows::Rows;
use super::series::{Line, Series};

/// Width of a bar for certainty.
const BAR: f64 = 30.0;

/// Ranks the faults of a machine by how well they explain what was measured.
pub fn diagnose(args: &Diagnose) -> Outcome {
    let found = judge(args)?;
    let text = if args.json { found.as_json().to_string() } else { found.in_words() };
    match &args.out {
        None => print(text),
        Some(path) => {
            let mut rows = Rows::create(path)?;
            rows.line(&if args.json { text } else { found.as_csv() })?;
            rows.end()
        }
    }
}

/// What was found.
struct Found {
    learnt_from: usize,
    judged_by: usize,
    ranking: Vec<Ranked>,
    /// Why even the most probable hypothesis does not explain what is measured.
    inconsistency: Option<Inconsistency>,
}

/// What has come so far, before and after something may be wrong.
struct Judge<'a> {
    args: &'a Diagnose,
    behaviour: &'a Behaviour,
    rejections: Rejections,
    log: Peekable<IntoIter<Entry>>,
}

impl Judge<'_> {
    /// Parts that were replaced before a sample.
    fn replaced(
        &mut self,
        line: &Line,
        mut replace: impl FnMut(&Behaviour, &str) -> Result<(), MaintenanceError>,
    ) -> Outcome {
        while let Some(entry) = self.log.next_if(|entry| entry.time_s <= line.sample.time_s) {
            replace(self.behaviour, &entry.part)
                .map_err(|error| self.args.samples_args.wrong_entry(&entry, error))?;
        }
        Ok(())
    }

    /// Counts an update by a sample; one that cannot be taken is left out, unless `--strict` is given.
    fn count(
        &mut self,
        line: &Line,
        update: Result<MeasurementUpdate, ObserveError>,
        setup: &FilterSetup,
    ) -> Result<bool, Failure> {
        match update {
            Ok(update) => {
                self.rejections.record(line, &update, setup);
                Ok(true)
            }
            Err(
                error @ (ObserveError::Late { .. }
                | ObserveError::Gap { .. }
                | ObserveError::NoNumber { .. }),
            ) if !self.args.samples_args.strict => {
                self.rejections.leave_out(line.line, &error);
                Ok(false)
            }
            Err(error) => Err(wrong(&self.args.samples, format!("line {}: {error}", line.line))),
        }
    }
}

fn judge(args: &Diagnose) -> Result<Found, Failure> {
    let (machine, behaviour) = machine(&args.machine)?;
    let setup = FilterSetup::of(&behaviour, &machine).map_err(reported)?;
    let hypotheses = Hypothesis::all_of(&behaviour, &machine).map_err(reported)?;
    let series =
        Series::read(&args.samples, &machine, &setup, args.samples_args.row_policy())?.in_order();
    let since_s = args.since.unwrap_or(series.begin_s);
    let (healthy, judged) =
        series.lines.split_at(series.lines.partition_point(|line| line.sample.time_s <= since_s));
    let mut judge = Judge {
        args,
        behaviour: &behaviour,
        rejections: Rejections::new(&setup),
        log: args.samples_args.log()?.into_iter().peekable(),
    };
    let first = &series.lines[0].sample.inputs;
    let mut filter = Unscented::new(setup.clone(), series.begin_s, first)
        .map_err(|error| wrong(&args.samples, error))?;
    let mut learnt_from = 0;
    for line in healthy {
        judge.replaced(line, |behaviour, part| {
            filter.replaced(&setup.new_part(behaviour, part)?);
            Ok(())
        })?;
        let update = filter.observe(&line.sample);
        learnt_from += usize::from(judge.count(line, update, &setup)?);
    }
    if let Err(inconsistency) = filter.check_consistency() {
        eprintln!("warning: {}: until {since_s} s, {inconsistency}", shown(&args.samples));
    }
    let mut bank = Bank::new(filter.setup(), filter.belief(), &hypotheses)
        .map_err(|error| wrong(&args.samples, error))?;
    let mut judged_by = 0;
    for line in judged {
        judge.replaced(line, |behaviour, part| bank.replaced(behaviour, part))?;
        let update = bank.observe(&line.sample);
        judged_by += usize::from(judge.count(line, update, &setup)?);
    }
    judge.rejections.note(&args.samples, &setup);
    if judged_by == 0 {
        let last_s = series.lines.last().map_or(0.0, |line| line.sample.time_s);
        let text = format!(
            "no sample from {since_s} s on can be judged by; the last is at {last_s} s: see --since"
        );
        return Err(wrong(&args.samples, text));
    }
    let ranking = bank.ranking();
    let best = ranking.first().and_then(|best| bank.filter(&best.name));
    let inconsistency = best.and_then(|filter| filter.check_consistency().err());
    Ok(Found { learnt_from, judged_by, ranking, inconsistency })
}

impl Found {
    fn as_json(&self) -> serde_json::Value {
        let each = self
            .ranking
            .iter()
            .map(|ranked| json!({"fault": ranked.name, "probability": ranked.probability}));
        json!({
            "learnt_from": self.learnt_from,
            "judged_by": self.judged_by,
            "ranking": each.collect::<Vec<_>>(),
            "doubt": self.inconsistency.as_ref().map(Inconsistency::to_string),
        })
    }

    fn as_csv(&self) -> String {
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let each = self.ranking.iter();
        let each = each.map(|ranked| format!("\n{},{}", quoted(&ranked.name), ranked.probability));
        "fault,probability".to_owned() + &each.collect::<String>()
    }

    fn in_words(&self) -> String {
        let mut text =
            format!("learnt from {} samples, judged by {}", self.learnt_from, self.judged_by);
        for ranked in &self.ranking {
            let bar = "█".repeat((ranked.probability * BAR).round() as usize);
            text += &format!("\n  {:5.1} %  {:<24} {bar}", ranked.probability * 100.0, ranked.name);
        }
        if let Some(inconsistency) = &self.inconsistency {
            text +=
                &format!("\nnone of these explains it well: even for the first, {inconsistency}");
        }
        text
    }
}
