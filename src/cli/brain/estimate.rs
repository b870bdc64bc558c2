//! The command `estimate`.

use serde_json::json;
use twinscope::estimate::{Filter, Heard, Measured, Setup};

use super::super::Outcome;
use super::args::Estimate;
use super::feed::run;
use super::{Rows, is_standard, machine, shown};

/// Estimates what is not measured from what is, and writes it row by row; of what comes through a pipe
/// as soon as it comes.
pub fn estimate(args: &Estimate) -> Outcome {
    let (machine, behaviour) = machine(&args.machine)?;
    let mut rows = Rows::create(&args.out)?;
    let mut headed = args.json;
    let is_live = is_standard(&args.samples);
    let filter =
        run(&machine, &behaviour, &args.filter, &args.samples, |filter, sample, heard| {
            if !headed {
                rows.line(&headings(filter.setup()).join(","))?;
                headed = true;
            }
            rows.line(&if args.json {
                as_json(filter, sample, heard).to_string()
            } else {
                cells(filter, sample, heard)
            })?;
            if is_live { rows.flush() } else { Ok(()) }
        })?;
    if let Err(doubt) = filter.trust() {
        eprintln!("warning: {}: {doubt}", shown(&args.samples));
    }
    rows.end()
}

fn names(setup: &Setup) -> Vec<String> {
    (0..setup.estimated.len()).map(|at| setup.name(at)).collect()
}

fn headings(setup: &Setup) -> Vec<String> {
    let about = setup.model.about();
    let names = names(setup);
    let mut all = vec!["t".to_owned()];
    all.extend(about.inputs.iter().map(|input| format!("u_{}", input.name)));
    all.extend(names.iter().map(|name| format!("mean_{name}")));
    for row in &names {
        all.extend(names.iter().map(|column| format!("P_{row}_{column}")));
    }
    for prefix in ["residual", "sd"] {
        all.extend(about.outputs.iter().map(|output| format!("{prefix}_{}", output.name)));
    }
    // When the row was measured; squares of the innovations that were taken, by their covariance, and how
    // many; whether the filter has lost its machine.
    all.extend(["t_sample", "nis", "taken", "lost"].map(String::from));
    all
}

fn cells(filter: &Filter, sample: &Measured, heard: &Heard) -> String {
    let belief = filter.belief();
    let mut cells = vec![belief.time_s.to_string()];
    cells.extend(sample.inputs.iter().chain(&belief.mean).map(f64::to_string));
    cells.extend(belief.covariance.values().iter().map(f64::to_string));
    let residual = |off: &Option<f64>| off.map_or(String::new(), |off| off.to_string());
    cells.extend(heard.innovation.iter().map(residual));
    cells.extend(heard.deviation.iter().map(f64::to_string));
    let lost = u8::from(filter.trust().is_err());
    let (time_s, nis, taken) = (sample.time_s, heard.squared, taken(heard));
    cells.extend([time_s.to_string(), nis.to_string(), taken.to_string(), lost.to_string()]);
    cells.join(",")
}

/// How many outputs were taken.
fn taken(heard: &Heard) -> usize {
    heard.taken.iter().filter(|taken| **taken).count()
}

fn as_json(filter: &Filter, sample: &Measured, heard: &Heard) -> serde_json::Value {
    let setup = filter.setup();
    let estimates = (0..setup.estimated.len()).map(|at| {
        let (mean, deviation) = filter.estimate(at);
        let scale = setup.estimated[at].scale;
        let value = scale.to_value(mean);
        let low = scale.to_value(mean - 1.96 * deviation);
        let high = scale.to_value(mean + 1.96 * deviation);
        (setup.name(at), json!({"value": value, "low_95": low, "high_95": high}))
    });
    let outputs = setup.model.about().outputs.iter().enumerate().map(|(at, output)| {
        let residual = heard.innovation[at];
        let told =
            json!({"residual": residual, "sd": heard.deviation[at], "taken": heard.taken[at]});
        (output.name.clone(), told)
    });
    json!({
        "t": filter.belief().time_s,
        "t_sample": sample.time_s,
        "estimates": estimates.collect::<serde_json::Map<_, _>>(),
        "outputs": outputs.collect::<serde_json::Map<_, _>>(),
        "log_likelihood": heard.log_likelihood,
        "nis": heard.squared,
        "taken": taken(heard),
        "lost": filter.trust().err().map(|doubt| doubt.to_string()),
    })
}
