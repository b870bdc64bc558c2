//! The command `estimate`.

use std::borrow::Cow;
use std::path::Path;

use serde_json::json;
use twinscope::estimate::{Heard, Measured, Setup, Unscented};
use twinscope::model::load::{Hold, Load, Schedule};
use twinscope::model::table::{self, Table};
use twinscope::model::{About, Machine, Variable};
use twinscope::twin::behaviour::Behaviour;

use super::super::{Failure, Outcome};
use super::args::Estimate;
use super::{Rows, machine, told, wrong};

/// Estimates what is not measured from what is, and writes it row by row.
pub fn estimate(args: &Estimate) -> Outcome {
    let (machine, behaviour) = machine(&args.machine)?;
    let mut rows = Rows::create(&args.out)?;
    let mut headed = args.json;
    run(&machine, &behaviour, &args.samples, |filter, sample, heard| {
        if !headed {
            rows.line(&headings(filter.setup()).join(","))?;
            headed = true;
        }
        rows.line(&if args.json {
            as_json(filter, heard).to_string()
        } else {
            cells(filter, sample, heard)
        })
    })?;
    rows.end()
}

/// Feeds a filter with a table, row by row; the filter as it is then.
pub fn run(
    machine: &Machine,
    behaviour: &Behaviour,
    path: &Path,
    mut told_row: impl FnMut(&Unscented, &Measured, &Heard) -> Outcome,
) -> Result<Unscented, Failure> {
    let setup = Setup::of(behaviour, machine).map_err(told)?;
    let complain = |error: String| wrong(path, &error);
    let series = Series::read(path, &setup)?;
    let mut filter =
        Unscented::new(setup, series.begin_s, &series.samples[0].inputs).map_err(complain)?;
    for (row, sample) in series.samples.iter().enumerate() {
        let heard = filter
            .observe(sample)
            .map_err(|error| complain(format!("line {}: {error}", row + 2)))?;
        told_row(&filter, sample, &heard)?;
    }
    Ok(filter)
}

/// What was measured of a machine, from a table.
pub struct Series {
    /// A step before the first sample, in seconds.
    pub begin_s: f64,
    /// The inputs.
    pub load: Schedule,
    /// Row by row; there is one at least.
    pub samples: Vec<Measured>,
}

impl Series {
    /// Reads a table; what of it is not used is told.
    pub fn read(path: &Path, setup: &Setup) -> Result<Self, Failure> {
        let about = setup.model.about();
        let table = super::table(path)?;
        let complain = |error: String| wrong(path, &error);
        let (load, notes) = table::load(&table, about, Hold::End).map_err(complain)?;
        for note in notes.iter().filter(|note| note.starts_with("there is no column")) {
            eprintln!("note: {}: {note}", path.display());
        }
        let measured = measured(&table, setup, about).map_err(complain)?;
        let times = table.times().map_err(complain)?;
        let begin_s = times[0] - load.usual_step_s().unwrap_or(setup.step_s);
        let each = times.iter().enumerate();
        let samples = each.map(|(row, time_s)| sample(&load, &measured, row, *time_s)).collect();
        Ok(Self { begin_s, load, samples })
    }
}

/// The columns of measured outputs.
fn measured<'a>(
    table: &'a Table,
    setup: &Setup,
    about: &About,
) -> Result<Vec<Option<Cow<'a, [f64]>>>, String> {
    let column = |output: &Variable| {
        let prefixed = table.column(&format!("meas_{}", output.name));
        prefixed.map(Cow::from).or_else(|| table.variable("z", output))
    };
    let all: Vec<_> = about.outputs.iter().map(column).collect();
    let known = |at: &usize| all[*at].is_some() && setup.is_measured(*at);
    if !(0..all.len()).any(|at| known(&at)) {
        let names: Vec<&str> = about.outputs.iter().map(|output| &*output.name).collect();
        return Err(format!(
            "no output is measured: state its noise in the machine's file, noise: {{\"{}\": …}}, \
             and its values in a column z_{}; outputs are {}",
            names.first().unwrap_or(&"?"),
            names.first().unwrap_or(&"?"),
            names.join(", ")
        ));
    }
    for (at, output) in about.outputs.iter().enumerate() {
        if all[at].is_some() && !setup.is_measured(at) {
            eprintln!("note: {} is not taken: its noise is not stated", output.name);
        }
    }
    Ok(all)
}

fn sample(
    schedule: &Schedule,
    measured: &[Option<Cow<[f64]>>],
    row: usize,
    time_s: f64,
) -> Measured {
    let mut inputs = vec![0.0; schedule.inputs()];
    schedule.at(time_s, &[], &mut inputs);
    let outputs = measured.iter().map(|column| {
        let value = column.as_ref().map(|column| column[row]);
        value.filter(|value| value.is_finite())
    });
    Measured { time_s, inputs, outputs: outputs.collect() }
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
    all
}

fn cells(filter: &Unscented, sample: &Measured, heard: &Heard) -> String {
    let belief = filter.belief();
    let mut cells = vec![sample.time_s.to_string()];
    cells.extend(sample.inputs.iter().chain(&belief.mean).map(f64::to_string));
    cells.extend(belief.covariance.values().iter().map(f64::to_string));
    let residual = |off: &Option<f64>| off.map_or(String::new(), |off| off.to_string());
    cells.extend(heard.innovation.iter().map(residual));
    cells.extend(heard.deviation.iter().map(f64::to_string));
    cells.join(",")
}

fn as_json(filter: &Unscented, heard: &Heard) -> serde_json::Value {
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
        "estimates": estimates.collect::<serde_json::Map<_, _>>(),
        "outputs": outputs.collect::<serde_json::Map<_, _>>(),
        "log_likelihood": heard.log_likelihood,
    })
}
