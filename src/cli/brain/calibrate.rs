//! The command `calibrate`.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use twinscope::estimate::calibrate::{
    Calibrated, Calibration, CalibrationSetup, Chosen, Course, Fitted, Loss,
};
use twinscope::estimate::{FilterSetup, Unscented};
use twinscope::model::Machine;
use twinscope::terminal::number;

use super::super::failure::{Failure, Outcome};
use super::super::files::print;
use super::args::Calibrate;
use super::input::{machine, reported, wrong};
use super::rejections::{CHECKED, Rejections};
use super::rows::Rows;
use super::series::{Line, RowPolicy, Series};

/// Finds parameters with which a model comes nearest to what was measured.
pub fn calibrate(args: &Calibrate) -> Outcome {
    let (mut machine, behaviour) = machine(&args.machine)?;
    // What a filter of this machine would take is what is compared.
    let filter = FilterSetup::of(&behaviour, &machine).map_err(reported)?;
    let mut setup = CalibrationSetup::usual(machine.model.clone(), &filter.noise, &[]);
    setup.parameters.clone_from(&machine.parameters);
    setup.chosen = args.fit.iter().map(|name| Chosen::named(name.trim())).collect();
    setup.method = machine.method;
    if args.robust {
        setup.options.loss = Loss::ROBUST;
    }
    for path in &args.samples {
        let policy = RowPolicy { is_late: args.unordered, is_strict: args.strict };
        let series = Series::read(path, &machine, &filter, policy)?.in_order();
        machine.step_s = series.with_steps_that_hold(&machine, path)?.step_s;
        note_units(&filter, &series);
        let values = |line: &Line| {
            line.sample.outputs.iter().map(|value| value.unwrap_or(f64::NAN)).collect()
        };
        setup.courses.push(Course {
            initial: machine.initial.clone(),
            // As in any course: the first row is the state to begin with, whenever that is.
            start_s: series.lines[0].sample.time_s,
            times_s: series.lines.iter().map(|line| line.sample.time_s).collect(),
            measured: series.lines.iter().map(values).collect(),
            load: Arc::new(series.load().map_err(|error| wrong(path, error))?),
        });
    }
    setup.step_s = machine.step_s;
    let found = Calibration::new(setup).and_then(Calibration::finish).map_err(Failure::input)?;
    if let Some(path) = &args.params_out {
        write(path, &parameters(&machine, &found))?;
    }
    match &args.out {
        Some(path) => {
            write(path, &if args.json { as_json(&found).to_string() } else { as_csv(&found) })
        }
        None => print(if args.json { as_json(&found).to_string() } else { as_table(&found) }),
    }
}

fn write(path: &Path, text: &str) -> Outcome {
    let mut rows = Rows::create(path)?;
    rows.line(text)?;
    rows.end()
}

/// Notes outputs whose first values are hardly in the model's unit, as a filter of the machine would.
fn note_units(setup: &FilterSetup, series: &Series) {
    let mut rejections = Rejections::new(setup);
    let inputs = &series.lines[0].sample.inputs;
    let Ok(mut filter) = Unscented::new(setup.clone(), series.begin_s, inputs) else { return };
    for line in series.lines.iter().take(CHECKED as usize) {
        if let Ok(update) = filter.observe(&line.sample) {
            rejections.record(line, &update, setup);
        }
    }
}

/// The parameters that were found, as `--params` takes them. Initial states that were found are none of
/// them: they are noted as `--initial` takes them.
fn parameters(machine: &Machine, found: &Calibrated) -> String {
    let about = machine.model.about();
    let is_parameter =
        |value: &&Fitted| about.parameters.iter().any(|parameter| parameter.name == value.name);
    let (parameters, states): (Vec<_>, Vec<_>) = found.fit.values.iter().partition(is_parameter);
    let pair = |value: &&Fitted| format!("{:?}: {}", value.name, value.value);
    let mut text = String::new();
    if !states.is_empty() {
        let states: Vec<String> = states.iter().map(pair).collect();
        let note = format!(
            "initial states are no parameters and are stated by --initial: {{{}}}",
            states.join(", ")
        );
        eprintln!("note: {note}");
        text = format!("// {note}\n");
    }
    let parameters: Vec<String> =
        parameters.iter().map(|value| format!("    {},", pair(value))).collect();
    text + &format!("{{\n{}\n}}", parameters.join("\n"))
}

fn as_csv(found: &Calibrated) -> String {
    let cell = |number: Option<f64>| number.map(|number| number.to_string()).unwrap_or_default();
    let each = found.fit.values.iter().map(|value| {
        let (low, high) = value.interval.unzip();
        let cells = [Some(value.value), value.error, low, high].map(cell);
        format!("\n{},{},{}", value.name, cells.join(","), value.unit)
    });
    "name,value,error,low_95,high_95,unit".to_owned() + &each.collect::<String>()
}

fn as_table(found: &Calibrated) -> String {
    let fit = &found.fit;
    let mut text = format!("{:<16} {:>22} {:>12}  {:<30} unit", "name", "value", "error", "95 %");
    for value in &fit.values {
        let error = value.error.map_or("?".to_owned(), |error| number(error, 3));
        let interval = match (value.interval, value.at_bound) {
            (_, Some(_)) => "held by its bound".to_owned(),
            (Some((low, high)), _) => format!("{} to {}", number(low, 7), number(high, 7)),
            (None, _) => "not known".to_owned(),
        };
        let (name, number, unit) = (&value.name, value.value, &value.unit);
        text += &format!("\n{name:<16} {number:>22} {error:>12}  {interval:<30} {unit}");
    }
    text += &format!(
        "\n\n{} measurements, {} missing; {} steps, {} runs of the model; cost {} (before {})",
        found.measurements,
        found.missing,
        fit.iterations,
        fit.evaluations,
        number(fit.cost, 7),
        number(fit.cost_before, 7)
    );
    if let Some(scatter) = fit.scatter {
        text += &format!("; residuals scatter by {scatter:.3} of the stated noise");
    }
    for warning in &fit.warnings {
        text += &format!("\nwarning: {warning}");
    }
    text
}

fn as_json(found: &Calibrated) -> serde_json::Value {
    let fit = &found.fit;
    let known = |rows: &[Vec<f64>]| -> Vec<Vec<Option<f64>>> {
        let row = |row: &Vec<f64>| row.iter().map(|v| v.is_finite().then_some(*v)).collect();
        rows.iter().map(row).collect()
    };
    json!({
        "model": found.model,
        "values": fit.values,
        "covariance": known(&fit.covariance),
        "correlation": known(&fit.correlation),
        "cost_before": fit.cost_before,
        "cost": fit.cost,
        "scatter": fit.scatter,
        "measurements": found.measurements,
        "missing": found.missing,
        "iterations": fit.iterations,
        "evaluations": fit.evaluations,
        "ending": fit.ending,
        "warnings": fit.warnings,
    })
}
