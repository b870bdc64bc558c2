//! A forecast as text: a table for people, JSON for scripts.

use serde_json::{Map, Value, json};
use twinscope::estimate::Filter;
use twinscope::forecast::{EventForecast, Forecast, LEVELS};

use super::believe::Believed;
use super::diagnose::Found;
use super::plot::{bars, histogram, span};

/// Width of a histogram.
const PARTS: usize = 48;

/// From whom it is: so many members, or points.
pub fn by(done: &Forecast) -> String {
    let count = done.members;
    match done.is_unscented {
        true => format!("{count} points of the unscented transform"),
        false => format!("{count} members"),
    }
}

/// What an event's probability is the probability of.
pub fn meant(event: &EventForecast, done: &Forecast) -> &'static str {
    let ends = done.ends.contains(&event.name);
    match done.ends.len() {
        0 => "happens within that time",
        1 if ends => "happens within that time",
        _ if ends => "is what fails first, within that time",
        _ => "happens within that time, and nothing fails before it",
    }
}

/// The first failure, where more than one kind competes.
pub fn competing(done: &Forecast) -> Option<&EventForecast> {
    done.failure.as_ref().filter(|_| done.ends.len() > 1)
}

/// When it happens: the time that remains, with the interval that holds it in 90 %. What is not so
/// probable within the horizon comes later, or never where something else fails before it.
pub fn remaining(event: &EventForecast) -> String {
    let late = || "later or never".to_owned();
    let at = |probability: f64| event.remaining_s(probability).map_or_else(late, span);
    let [early, middle, late] = [0.05, 0.5, 0.95].map(at);
    format!("{middle} (90 %: {early} to {late})")
}

/// That times are corrected and the rest is not, where that is so.
pub fn note(done: &Forecast) -> Option<&'static str> {
    let corrected = done.events.iter().any(|event| event.raw.is_some());
    corrected.then_some(
        "Times of events are corrected by the errors of past forecasts; courses and bands are as the \
         model has them.",
    )
}

/// Events of which it is not known when they happen.
pub fn undetermined(done: &Forecast) -> Option<String> {
    let names = done.undetermined.join(", ");
    (!names.is_empty()).then(|| {
        format!(
            "{names}: happens to some points and not to others before the horizon, so its distribution \
             cannot be computed; choose a longer horizon, or make an ensemble"
        )
    })
}

/// A table with small plots.
pub fn as_table(done: &Forecast) -> String {
    let (by, begin_s, ahead) = (by(done), done.begin_s, span(done.horizon_s));
    let mut text = format!("{by}, from {begin_s} s on, {ahead} ahead");
    if !done.diverged.is_empty() {
        let lost = done.diverged.len();
        text += &format!("; {lost} of them diverged and are left out");
    }
    for note in &done.notes {
        text += &format!("\n{note}");
    }
    if let Some(failure) = competing(done) {
        text += &paragraph("any failure", "happens within that time", failure, done);
    }
    for event in &done.events {
        text += &paragraph(&event.name, meant(event, done), event, done);
    }
    for note in undetermined(done).into_iter().chain(note(done).map(str::to_owned)) {
        text += &format!("\n\n{note}");
    }
    text
}

fn paragraph(name: &str, meant: &str, event: &EventForecast, done: &Forecast) -> String {
    let sure = 100.0 * event.probability_before(f64::INFINITY);
    let mut text = format!("\n\n{name}: {meant} with a probability of {sure:.1} %");
    if event.times_s.is_empty() {
        return text;
    }
    text += &format!("\n  remaining: {}", remaining(event));
    if let Some(raw) = &event.raw {
        let before = EventForecast { times_s: raw.times_s.clone(), ..event.clone() };
        text += &format!("\n  corrected; the model says {}", remaining(&before));
    }
    let (low, high) = (done.begin_s, done.begin_s + done.horizon_s);
    let counts = histogram(&event.times_s, low, high, PARTS);
    text += &format!("\n  now ▕{}▏ {}", bars(&counts), span(done.horizon_s));
    text
}

/// All of it for scripts.
pub fn as_json(done: &Forecast, believed: &Believed) -> Value {
    let events = done.events.iter().map(|event| {
        let mut json = event_as_json(event);
        json["ends_course"] = done.ends.contains(&event.name).into();
        (event.name.clone(), json)
    });
    let bands = done.bands.iter().map(|band| (band.name.clone(), json!(band.quantiles)));
    let kept =
        done.kept.iter().map(|member| json!({"number": member.number, "course": member.course}));
    let names: Vec<&str> = done.bands.iter().map(|band| &*band.name).collect();
    json!({
        "model": done.model,
        "seed": done.seed,
        "method": if done.is_unscented { "unscented" } else { "ensemble" },
        "begin_s": done.begin_s,
        "horizon_s": done.horizon_s,
        "members": done.members,
        "diverged": done.diverged.len(),
        "estimated": believed.filter.as_ref().map(estimated),
        "diagnosis": believed.diagnosis.as_ref().map(Found::as_json),
        "fault": believed.fault,
        "notes": done.notes,
        "failure": done.failure.as_ref().map(event_as_json),
        "events": events.collect::<Map<_, _>>(),
        "untold": done.undetermined,
        "instants_s": done.instants_s,
        "going": done.going,
        "levels": LEVELS,
        "bands": bands.collect::<Map<_, _>>(),
        "bands_corrected": false,
        "kept": {"variables": names, "members": kept.collect::<Vec<_>>(), "medoid": done.medoid},
    })
}

fn estimated(filter: &Filter) -> Map<String, Value> {
    let setup = filter.setup();
    let each = (0..setup.estimated.len()).map(|at| {
        let (mean, deviation) = filter.estimate(at);
        (setup.name(at), json!({"mean": mean, "deviation": deviation}))
    });
    each.collect()
}

fn event_as_json(event: &EventForecast) -> Value {
    let quantile = |p: &f64| json!({"probability": p, "time_s": event.quantile_s(*p)});
    let corrected = event.raw.as_ref().map(|raw| {
        let before = EventForecast { times_s: raw.times_s.clone(), ..event.clone() };
        json!({"by": raw.by, "remaining_median_s_before": before.remaining_s(0.5)})
    });
    json!({
        "probability": event.probability_before(f64::INFINITY),
        "probability_first": event.probability_first(),
        "mean_s": event.mean_s(),
        "quantiles": LEVELS.iter().map(quantile).collect::<Vec<_>>(),
        "remaining_median_s": event.remaining_s(0.5),
        "corrected": corrected,
        "step_ends_s": event.step_ends_s,
    })
}
