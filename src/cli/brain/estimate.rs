//! The command `estimate`.

use serde_json::json;
use twinscope::estimate::{Filter, FilterSetup, Measured, MeasurementUpdate};

use super::super::failure::Outcome;
use super::args::Estimate;
use super::filtering::run;
use super::input::{is_standard, machine, shown};
use super::rows::Rows;

/// Estimates what is not measured from what is, and writes it row by row; of what comes through a pipe
/// as soon as it comes.
pub fn estimate(args: &Estimate) -> Outcome {
    let (machine, behaviour) = machine(&args.machine)?;
    let mut headed = args.json;
    let is_live = is_standard(&args.samples);
    let mut rows =
        if is_live { Rows::create_followed(&args.out)? } else { Rows::create(&args.out)? };
    let filter =
        run(&machine, &behaviour, &args.filter, &args.samples, |filter, sample, update| {
            if !headed {
                rows.line(&headings(filter.setup()).join(","))?;
                headed = true;
            }
            rows.line(&if args.json {
                as_json(filter, sample, update).to_string()
            } else {
                cells(filter, sample, update)
            })?;
            if is_live { rows.flush() } else { Ok(()) }
        })?;
    if let Err(doubt) = filter.check() {
        eprintln!("warning: {}: {doubt}", shown(&args.samples));
    }
    rows.end()
}

fn names(setup: &FilterSetup) -> Vec<String> {
    (0..setup.estimated.len()).map(|at| setup.name(at)).collect()
}

fn headings(setup: &FilterSetup) -> Vec<String> {
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
    // many; whether what the filter believes is not to be relied upon.
    all.extend(["t_sample", "nis", "taken", "lost"].map(String::from));
    all
}

fn cells(filter: &Filter, sample: &Measured, update: &MeasurementUpdate) -> String {
    let belief = filter.belief();
    let mut cells = vec![belief.time_s.to_string()];
    cells.extend(sample.inputs.iter().chain(&belief.mean).map(f64::to_string));
    cells.extend(belief.covariance.values().iter().map(f64::to_string));
    let residual = |off: &Option<f64>| off.map_or(String::new(), |off| off.to_string());
    cells.extend(update.innovation.iter().map(residual));
    cells.extend(update.deviation.iter().map(f64::to_string));
    let lost = u8::from(filter.check().is_err());
    let (time_s, nis, taken) = (sample.time_s, update.squared, taken(update));
    cells.extend([time_s.to_string(), nis.to_string(), taken.to_string(), lost.to_string()]);
    cells.join(",")
}

/// How many outputs were taken.
fn taken(update: &MeasurementUpdate) -> usize {
    update.taken.iter().filter(|taken| **taken).count()
}

fn as_json(filter: &Filter, sample: &Measured, update: &MeasurementUpdate) -> serde_json::Value {
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
        let residual = update.innovation[at];
        let output_json =
            json!({"residual": residual, "sd": update.deviation[at], "taken": update.taken[at]});
        (output.name.clone(), output_json)
    });
    json!({
        "t": filter.belief().time_s,
        "t_sample": sample.time_s,
        "estimates": estimates.collect::<serde_json::Map<_, _>>(),
        "outputs": outputs.collect::<serde_json::Map<_, _>>(),
        "log_likelihood": update.log_likelihood,
        "nis": update.squared,
        "taken": taken(update),
        "lost": filter.check().err().map(|doubt| doubt.to_string()),
    })
}
