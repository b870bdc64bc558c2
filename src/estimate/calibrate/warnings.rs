//! What the data do not identify, as sentences.

use super::fit::{Fit, Fitted};
use super::identify::{Alike, Identified};
use super::unknown::{Side, Unknown};
use crate::terminal::number;

/// Two values with a stronger correlation can hardly be distinguished.
const TIED: f64 = 0.99;
/// Intervals wider than this share of the value's size are worth a word about what widens them.
const WIDE: f64 = 0.25;

/// What is known beside the fit.
pub(super) struct Known<'a> {
    pub unknowns: &'a [Unknown],
    pub identified: &'a Identified,
    /// Half width of an interval, in standard errors.
    pub quantile: f64,
    /// Whether the stated deviations were taken as they are.
    pub stated: bool,
    /// What to do where the data do not identify a value.
    pub advice: &'a str,
}

/// All sentences, the gravest first.
pub(super) fn of(fit: &Fit, known: &Known) -> Vec<String> {
    let mut all = Vec::new();
    if !fit.ending.has_converged() {
        all.push(fit.ending.sentence().to_owned());
    }
    let names = |members: &[usize]| listed(members.iter().map(|at| &fit.values[*at]));
    let advice = known.advice;
    for at in &known.identified.silent {
        let Fitted { name, value, .. } = &fit.values[*at];
        all.push(format!(
            "`{name}` has no effect on these measurements and stays at {value}: {advice}, or fix it"
        ));
    }
    for alike in &known.identified.alike {
        let (names, together) = (names(&alike.members), together(fit, known, alike));
        let some = if alike.excess == 1 { "one".into() } else { alike.excess.to_string() };
        all.push(format!(
            "{names} cannot be told apart by these data: {together}; {advice}, or fix {some} of them"
        ));
    }
    all.extend(vague(fit, known));
    for value in &fit.values {
        let bound = match value.at_bound {
            Some(Side::Lower) => "smallest",
            Some(Side::Upper) => "largest",
            None => continue,
        };
        all.push(format!(
            "`{}` ended at {}, the {bound} value allowed: the best one may lie beyond; widen its range, or look for what else the model lacks",
            value.name, value.value
        ));
    }
    all.extend(scatter(fit, known));
    all
}

/// What of a combination has no effect.
fn together(fit: &Fit, known: &Known, alike: &Alike) -> String {
    let (&[a, b], &[one, other]) = (&alike.members[..], &alike.direction[..]) else {
        return "they act only together".into();
    };
    let size = |at: usize| {
        let value = fit.values[at].value;
        if value == 0.0 { known.unknowns[at].size } else { value }
    };
    let percent = (other / size(b)) / (one / size(a));
    let verb = if percent < 0.0 { "lowering" } else { "raising" };
    let [first, second] = [a, b].map(|at| &fit.values[at].name);
    format!("raising `{first}` by 1 % is undone by {verb} `{second}` by {:.3} %", percent.abs())
}

/// Values that are known only roughly, alone or because of another.
fn vague(fit: &Fit, known: &Known) -> Vec<String> {
    let n = fit.values.len();
    let mut told = vec![false; n];
    let mut all = Vec::new();
    // Half the width of a value's interval, as a share of its size.
    let width = |at: usize| {
        let value = &fit.values[at];
        let half = value.error.map_or(0.0, |error| known.quantile * error);
        half / known.unknowns[at].size_at(value.value)
    };
    let tied =
        |a: usize, b: usize| fit.correlation[a][b].abs() >= TIED && width(a).max(width(b)) > WIDE;
    for first in 0..n {
        if told[first] {
            continue;
        }
        let mut group = vec![first];
        let mut at = 0;
        while let Some(member) = group.get(at).copied() {
            group.extend(
                (0..n).filter(|b| !group.contains(b) && tied(member, *b)).collect::<Vec<_>>(),
            );
            at += 1;
        }
        group.sort_unstable();
        let correlation = match group[..] {
            [_] => continue,
            [a, b] => format!("correlation {:.4}", fit.correlation[a][b]),
            _ => format!("their correlations are beyond ±{TIED}"),
        };
        group.iter().for_each(|member| told[*member] = true);
        let names = listed(group.iter().map(|at| &fit.values[*at]));
        let advice = known.advice;
        all.push(format!(
            "{names} can hardly be told apart by these data: {correlation}; {advice}, or fix one of them"
        ));
    }
    for at in (0..n).filter(|at| !told[*at] && width(*at) > 1.0) {
        let Fitted { name, unit, value, error, .. } = &fit.values[at];
        let error = error.unwrap_or_default();
        all.push(format!(
            "these data say hardly anything about `{name}`: its standard error of {} {unit} is large beside its value of {} {unit}; {}, or fix it",
            number(error, 4),
            number(*value, 4),
            known.advice
        ));
    }
    all
}

/// Whether the residuals are as large as the stated deviations.
fn scatter(fit: &Fit, known: &Known) -> Option<String> {
    let Some(scatter) = fit.scatter else {
        let (measurements, values) = (fit.residuals.len(), fit.values.len());
        return Some(format!(
            "{measurements} measurements for {values} values leave none to judge them by: measure more"
        ));
    };
    // √(χ²/ν) has a standard deviation of about 1/√(2ν) about 1 (R. A. Fisher, 1925).
    let off = (scatter - 1.0) * (2.0 * fit.freedom as f64).sqrt();
    (known.stated && off > 4.0).then(|| {
        format!(
            "the residuals are {scatter:.2} times as large as the stated deviations: the model lacks something, the deviations are stated too small, or measurements are wild (Huber's loss helps)"
        )
    })
}

/// "`a`, `b` and `c`".
fn listed<'a>(values: impl Iterator<Item = &'a Fitted>) -> String {
    let names: Vec<String> = values.map(|value| format!("`{}`", value.name)).collect();
    match &names[..] {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.join(", "),
    }
}
