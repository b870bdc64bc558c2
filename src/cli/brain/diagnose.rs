//! The command `diagnose`.

use serde_json::json;
use twinscope::estimate::{Bank, Hypothesis, Setup, Unscented};

use super::super::Outcome;
use super::super::files::print;
use super::args::Diagnose;
use super::feed::Series;
use super::{machine, told, wrong};

/// Width of a bar for certainty.
const BAR: f64 = 30.0;

/// Ranks the faults of a machine by how well they explain what was measured.
pub fn diagnose(args: &Diagnose) -> Outcome {
    let (machine, behaviour) = machine(&args.machine)?;
    let setup = Setup::of(&behaviour, &machine).map_err(told)?;
    let hypotheses = Hypothesis::all_of(&behaviour, &machine).map_err(told)?;
    let series = Series::read(&args.samples, &setup, false)?;
    let complain = |error: String| wrong(&args.samples, &error);
    let since_s = args.since.unwrap_or(series.begin_s);
    let healthy = series.samples.partition_point(|sample| sample.time_s <= since_s);
    let mut filter =
        Unscented::new(setup, series.begin_s, &series.samples[0].inputs).map_err(complain)?;
    for (row, sample) in series.samples[..healthy].iter().enumerate() {
        filter.observe(sample).map_err(|error| complain(format!("line {}: {error}", row + 2)))?;
    }
    let mut bank = Bank::new(filter.setup(), filter.belief(), &hypotheses).map_err(complain)?;
    for (row, sample) in series.samples.iter().enumerate().skip(healthy) {
        bank.observe(sample).map_err(|error| complain(format!("line {}: {error}", row + 2)))?;
    }
    let ranking = bank.ranking();
    if args.json {
        let each = ranking
            .iter()
            .map(|ranked| json!({"fault": ranked.name, "probability": ranked.probability}));
        return print(json!({
            "learnt_from": healthy,
            "judged_by": series.samples.len() - healthy,
            "ranking": each.collect::<Vec<_>>(),
        }));
    }
    let mut text =
        format!("learnt from {healthy} samples, judged by {}", series.samples.len() - healthy);
    for ranked in ranking {
        let bar = "█".repeat((ranked.probability * BAR).round() as usize);
        text += &format!("\n  {:5.1} %  {:<24} {bar}", ranked.probability * 100.0, ranked.name);
    }
    print(text)
}
