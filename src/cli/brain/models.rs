//! The command `models`.

use serde_json::json;
use twinscope::model::{About, Variable, registry};

use super::super::failure::{Failure, Outcome};
use super::super::files::print;
use super::args::Models;

/// Lists the models, or describes one.
pub fn models(args: &Models) -> Outcome {
    match &args.name {
        Some(name) => {
            let model = registry::find(name).map_err(Failure::Input)?;
            let about = model.about();
            print(if args.json { pretty(&as_json(about))? } else { described(about) })
        }
        None => {
            let all = registry::models().iter().map(|model| model.about());
            if args.json {
                return print(pretty(&all.map(as_json).collect::<Vec<_>>().into())?);
            }
            let lines = all.map(|about| format!("{:<22} {}", about.name, about.title));
            print(lines.collect::<Vec<_>>().join("\n"))
        }
    }
}

fn pretty(value: &serde_json::Value) -> Result<String, Failure> {
    serde_json::to_string_pretty(value).map_err(Failure::environment)
}

fn as_json(about: &About) -> serde_json::Value {
    let variables = |all: &[Variable], usual: bool| -> Vec<serde_json::Value> {
        let each = all.iter().map(|v| {
            let mut value = json!({"name": v.name, "unit": v.unit, "meaning": v.meaning});
            if usual {
                value["usual"] = v.usual.into();
            }
            value
        });
        each.collect()
    };
    let parameters = about.parameters.iter().map(|p| {
        json!({"name": p.name, "unit": p.unit, "meaning": p.meaning, "usual": p.usual,
               "range": [p.range.0, p.range.1]})
    });
    let events =
        about.events.iter().map(|event| json!({"name": event.name, "meaning": event.meaning}));
    json!({
        "name": about.name, "title": about.title, "source": about.source, "validity": about.validity,
        "states": variables(&about.states, true), "inputs": variables(&about.inputs, true),
        "outputs": variables(&about.outputs, false), "events": events.collect::<Vec<_>>(),
        "parameters": parameters.collect::<Vec<_>>(),
        "solver": about.method.name(), "step_s": about.step_s,
    })
}

fn described(about: &About) -> String {
    let mut text = format!("{}: {}\n\n{}\n", about.name, about.title, wrapped(&about.validity));
    text += &format!(
        "\nSteps of {} s by the solver `{}`, unless a machine's file states others\n",
        about.step_s,
        about.method.name()
    );
    let variables = |heading: &str, all: &[Variable], usual: bool| {
        let mut text = format!("\n{heading}\n");
        for v in all {
            let number = if usual { v.usual.to_string() } else { String::new() };
            text += &format!("  {:<14} {:>14} {:<18} {}\n", v.name, number, v.unit, v.meaning);
        }
        text
    };
    text += &variables("States, and what they begin with", &about.states, true);
    text += &variables("Inputs, and what is usual", &about.inputs, true);
    text += &variables("Outputs", &about.outputs, false);
    if !about.events.is_empty() {
        text += "\nEvents\n";
        for event in &about.events {
            text += &format!("  {:<47} {}\n", event.name, event.meaning);
        }
    }
    text += "\nParameters, what is usual, and what makes sense\n";
    for p in &about.parameters {
        let range = format!("{} to {}", p.range.0, p.range.1);
        let (name, unit) = (&p.name, &p.unit);
        text += &format!("  {name:<14} {:>14} {unit:<18} {} ({range})\n", p.usual, p.meaning);
    }
    text + &format!("\nSource\n{}", wrapped(&about.source))
}

/// In lines of a readable width.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("one at least");
        if line.chars().count() + word.chars().count() > 90 {
            lines.push(format!("  {word}"));
        } else {
            if line.is_empty() {
                line.push(' ')
            }
            line.push(' ');
            line.push_str(word);
        }
    }
    lines.join("\n")
}
