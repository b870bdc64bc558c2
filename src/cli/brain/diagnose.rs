//! The command `diagnose`.

use std::iter::Peekable;
use std::vec::IntoIter;

use serde_json::json;
use twinscope::estimate::{Bank, Doubt, Entry, Heard, Hypothesis, Lost, Ranked, Setup, Unscented};
use twinscope::twin::behaviour::Behaviour;

use super::super::files::print;
use super::super::{Failure, Outcome};
use super::args::Diagnose;
use super::series::{Line, Series};
use super::summary::Summary;
use super::{Rows, machine, shown, told, wrong};

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
    doubt: Option<Doubt>,
}

/// What has come so far, before and after something may be wrong.
struct Judge<'a> {
    args: &'a Diagnose,
    behaviour: &'a Behaviour,
    summary: Summary,
    log: Peekable<IntoIter<Entry>>,
}

impl Judge<'_> {
    /// Parts that were replaced before a sample.
    fn replaced(
        &mut self,
        line: &Line,
        mut replace: impl FnMut(&Behaviour, &str) -> Result<(), String>,
    ) -> Outcome {
        while let Some(entry) = self.log.next_if(|entry| entry.time_s <= line.sample.time_s) {
            replace(self.behaviour, &entry.part)
                .map_err(|error| self.args.feed.wrong_entry(&entry, &error))?;
        }
        Ok(())
    }

    /// Counts what a sample said; one that cannot be taken is left out, unless that is not wished.
    fn heard(
        &mut self,
        line: &Line,
        heard: Result<Heard, Lost>,
        setup: &Setup,
    ) -> Result<bool, Failure> {
        match heard {
            Ok(heard) => {
                self.summary.hear(line, &heard, setup);
                Ok(true)
            }
            Err(lost @ (Lost::Late { .. } | Lost::Gap { .. } | Lost::NoNumber { .. }))
                if !self.args.feed.strict =>
            {
                self.summary.leave_out(line.line, &lost);
                Ok(false)
            }
            Err(lost) => Err(wrong(&self.args.samples, &format!("line {}: {lost}", line.line))),
        }
    }
}

fn judge(args: &Diagnose) -> Result<Found, Failure> {
    let (machine, behaviour) = machine(&args.machine)?;
    let setup = Setup::of(&behaviour, &machine).map_err(told)?;
    let hypotheses = Hypothesis::all_of(&behaviour, &machine).map_err(told)?;
    let series = Series::read(&args.samples, &setup, args.feed.manner())?.in_order();
    let complain = |error: String| wrong(&args.samples, &error);
    let since_s = args.since.unwrap_or(series.begin_s);
    let (healthy, judged) =
        series.lines.split_at(series.lines.partition_point(|line| line.sample.time_s <= since_s));
    let mut judge = Judge {
        args,
        behaviour: &behaviour,
        summary: Summary::new(&setup),
        log: args.feed.log()?.into_iter().peekable(),
    };
    let first = &series.lines[0].sample.inputs;
    let mut filter = Unscented::new(setup.clone(), series.begin_s, first).map_err(complain)?;
    let mut learnt_from = 0;
    for line in healthy {
        judge.replaced(line, |behaviour, part| {
            filter.replaced(&setup.new_part(behaviour, part)?);
            Ok(())
        })?;
        let heard = filter.observe(&line.sample);
        learnt_from += usize::from(judge.heard(line, heard, &setup)?);
    }
    if let Err(doubt) = filter.trust() {
        eprintln!("warning: {}: until {since_s} s, {doubt}", shown(&args.samples));
    }
    let mut bank = Bank::new(filter.setup(), filter.belief(), &hypotheses).map_err(complain)?;
    let mut judged_by = 0;
    for line in judged {
        judge.replaced(line, |behaviour, part| bank.replaced(behaviour, part))?;
        let heard = bank.observe(&line.sample);
        judged_by += usize::from(judge.heard(line, heard, &setup)?);
    }
    judge.summary.tell(&args.samples, &setup);
    let ranking = bank.ranking();
    let best = ranking.first().and_then(|best| bank.filter(&best.name));
    let doubt = best.and_then(|filter| filter.trust().err());
    Ok(Found { learnt_from, judged_by, ranking, doubt })
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
