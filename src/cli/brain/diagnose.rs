//! The command `diagnose`.

use std::iter::Peekable;
use std::path::Path;
use std::vec::IntoIter;

use serde_json::json;
use twinscope::estimate::{
    Bank, Doubt, Entry, FilterSetup, Hypothesis, MaintenanceError, MeasurementUpdate, ObserveError,
    Ranked, Unscented,
};
use twinscope::model::Machine;
use twinscope::twin::behaviour::Behaviour;

use super::super::failure::{Failure, Outcome};
use super::super::files::print;
use super::args::{Diagnose, SamplesArgs};
use super::input::{machine, reported, shown, wrong};
use super::rejections::Rejections;
use super::rows::Rows;
use super::series::{Line, Series};

/// Width of a bar for certainty.
const BAR: f64 = 30.0;

/// Ranks the faults of a machine by how well they explain what was measured.
pub fn diagnose(args: &Diagnose) -> Outcome {
    let (machine, behaviour) = machine(&args.machine)?;
    let setup = FilterSetup::of(&behaviour, &machine).map_err(reported)?;
    let series = Series::read(&args.samples, &machine, &setup, args.samples_args.row_policy())?;
    let machine = &series.with_steps_that_hold(&machine, &args.samples)?;
    let (behaviour, samples_args) = (&behaviour, &args.samples_args);
    let evidence = Evidence {
        machine,
        behaviour,
        path: &args.samples,
        args: samples_args,
        notes_rejections: true,
    };
    let found = evidence.rank(&series, args.since)?;
    if found.judged_by == 0 {
        return Err(wrong(&args.samples, found.nothing_judged(args.since)));
    }
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
pub struct Found {
    learnt_from: usize,
    judged_by: usize,
    /// Time of the last sample, in seconds.
    last_s: f64,
    /// All hypotheses, the most probable first.
    pub ranking: Vec<Ranked>,
    /// Why even the most probable hypothesis does not explain what is measured.
    doubt: Option<Doubt>,
}

/// What has come so far, before and after something may be wrong.
struct Judge<'a> {
    evidence: &'a Evidence<'a>,
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
            replace(self.evidence.behaviour, &entry.part)
                .map_err(|error| self.evidence.args.wrong_entry(&entry, error))?;
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
            ) if !self.evidence.args.strict => {
                self.rejections.leave_out(line.line, &error);
                Ok(false)
            }
            Err(error) => Err(wrong(self.evidence.path, format!("line {}: {error}", line.line))),
        }
    }
}

/// What was measured of a machine whose faults are to be ranked.
pub struct Evidence<'a> {
    /// The machine.
    pub machine: &'a Machine,
    /// What its file states.
    pub behaviour: &'a Behaviour,
    /// The table, for messages.
    pub path: &'a Path,
    /// How samples are taken.
    pub args: &'a SamplesArgs,
    /// Whether what was not taken is noted; not where a filter that is run afterwards does so.
    pub notes_rejections: bool,
}

impl Evidence<'_> {
    /// Ranks the faults by the samples after `since_s`; until then the machine counts as healthy.
    ///
    /// # Errors
    /// When faults or samples cannot be used.
    pub fn rank(&self, series: &Series, since_s: Option<f64>) -> Result<Found, Failure> {
        let Self { machine, behaviour, path, args, .. } = *self;
        let setup = FilterSetup::of(behaviour, machine).map_err(reported)?;
        let hypotheses = Hypothesis::all_of(behaviour, machine).map_err(reported)?;
        let mut lines: Vec<&Line> = series.lines.iter().collect();
        lines.sort_by(|a, b| a.sample.time_s.total_cmp(&b.sample.time_s));
        let since_s = since_s.unwrap_or(series.begin_s);
        let (healthy, judged) =
            lines.split_at(lines.partition_point(|line| line.sample.time_s <= since_s));
        let mut judge = Judge {
            evidence: self,
            rejections: Rejections::new(&setup),
            log: args.log()?.into_iter().peekable(),
        };
        let first = &lines[0].sample.inputs;
        let mut filter = Unscented::new(setup.clone(), series.begin_s, first)
            .map_err(|error| wrong(path, error))?;
        let mut learnt_from = 0;
        for line in healthy {
            judge.replaced(line, |behaviour, part| {
                filter.replaced(&setup.new_part(behaviour, part)?);
                Ok(())
            })?;
            let update = filter.observe(&line.sample);
            learnt_from += usize::from(judge.count(line, update, &setup)?);
        }
        if let Err(doubt) = filter.check() {
            eprintln!("warning: {}: until {since_s} s, {doubt}", shown(path));
        }
        let mut bank = Bank::new(&filter, &hypotheses).map_err(|error| wrong(path, error))?;
        let mut judged_by = 0;
        for line in judged {
            judge.replaced(line, |behaviour, part| bank.replaced(behaviour, part))?;
            let update = bank.observe(&line.sample);
            judged_by += usize::from(judge.count(line, update, &setup)?);
        }
        if self.notes_rejections {
            judge.rejections.note(path, &setup);
        }
        let ranking = bank.ranking();
        let best = ranking.first().and_then(|best| bank.filter(&best.name));
        let doubt = best.and_then(|filter| filter.check().err());
        let last_s = lines.last().map_or(series.begin_s, |line| line.sample.time_s);
        Ok(Found { learnt_from, judged_by, last_s, ranking, doubt })
    }
}

impl Found {
    /// The hypothesis that is more probable than that.
    pub fn explains(&self, probability: f64) -> Option<&str> {
        let first = self.ranking.first().filter(|first| first.probability > probability);
        first.map(|first| &*first.name)
    }

    /// That there was nothing to judge by, and why.
    fn nothing_judged(&self, since_s: Option<f64>) -> String {
        let (learnt, last_s) = (self.learnt_from, self.last_s);
        match since_s {
            Some(since_s) if since_s >= last_s => format!(
                "there is nothing to judge by: --since {since_s} is not before the last sample, at {last_s} s; \
                 the machine counts as healthy in all {learnt} samples"
            ),
            _ => "there is nothing to judge by: no sample could be taken".into(),
        }
    }

    /// For scripts.
    pub fn as_json(&self) -> serde_json::Value {
        let each = self
            .ranking
            .iter()
            .map(|ranked| json!({"fault": ranked.name, "probability": ranked.probability}));
        json!({
            "learnt_from": self.learnt_from,
            "judged_by": self.judged_by,
            "ranking": each.collect::<Vec<_>>(),
            "doubt": self.doubt.as_ref().map(Doubt::to_string),
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
        if let Some(doubt) = &self.doubt {
            text += &format!("\nnone of these explains it well: even for the first, {doubt}");
        }
        text
    }
}
