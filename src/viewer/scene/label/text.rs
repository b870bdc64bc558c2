//! The words of a label, each in the colour of its condition.

use bevy_egui::egui::{Align, Color32, FontId, text::LayoutJob, text::TextFormat};

use super::looking::Looking;
use crate::history::{State, View};
use crate::twin::binding::LabelPart;
use crate::twin::{Condition, PropertyId, Twin, ValueType};
use crate::viewer::scene::bound::LabelSpec;

/// A label's text with its colours, and whether a value in it is stale. What needs attention stands in it
/// though the file does not name it.
pub(super) fn text(
    looking: &Looking,
    spec: &LabelSpec,
    worst: Option<(Condition, PropertyId)>,
) -> (LayoutJob, bool) {
    let palette = &looking.palette;
    let mut job = LayoutJob::default();
    let mut stale = false;
    let mut add = |text: &str, color: Color32| {
        let format = TextFormat {
            font_id: FontId::proportional(12.0),
            color,
            valign: Align::Center,
            ..TextFormat::default()
        };
        job.append(text, 0.0, format);
    };
    let view = looking.playhead.view();
    for (at, part) in spec.parts.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| spec.parts.get(before));
        if let Some(title) = title_of(&looking.twin.0, spec, before, part) {
            add(&format!("{title} "), palette.text_faint);
        }
        let (text, condition) = part_text(&looking.twin.0, &**looking.sources, view, spec, part);
        stale |= condition == Some(Condition::Stale);
        let color = match condition {
            None => palette.text_dim,
            Some(Condition::Normal) => palette.text,
            Some(other) => palette.condition(other),
        };
        add(&text, color);
    }
    if let Some((condition, id)) = worst.filter(|(_, id)| !names(&looking.twin.0, spec, *id)) {
        add(&format!("  {}", attention_text(looking, condition, id)), palette.condition(condition));
    }
    (job, stale)
}

/// Whether a label shows that property anyway.
fn names(twin: &Twin, spec: &LabelSpec, id: PropertyId) -> bool {
    spec.parts.iter().any(|part| match part {
        LabelPart::Property(at) => twin.property_at(spec.asset, usize::from(*at)) == id,
        _ => false,
    })
}

/// What needs attention about a property: its value, or that the value is doubtful.
fn attention_text(looking: &Looking, condition: Condition, id: PropertyId) -> String {
    let property = looking.twin.0.property(id);
    if matches!(condition, Condition::Bad | Condition::Uncertain) {
        return format!("{} {}", property.title, condition.name());
    }
    let view = looking.playhead.view().of_kind(property.kind);
    let reading = looking.sources.reading(view, id);
    let value = reading.map_or_else(String::new, |reading| property.format(&reading.value));
    if speaks(&property.ty) { value } else { format!("{} {value}", property.title) }
}

/// What a number or a yes or no is of, unless the file's own words stand before it.
fn title_of<'a>(
    twin: &'a Twin,
    spec: &LabelSpec,
    before: Option<&LabelPart>,
    part: &LabelPart,
) -> Option<&'a str> {
    let LabelPart::Property(at) = part else { return None };
    let property = twin.property(twin.property_at(spec.asset, usize::from(*at)));
    let is_named = matches!(before, Some(LabelPart::Literal(text)) if !text.trim().is_empty());
    (!is_named && !speaks(&property.ty)).then_some(property.title.as_str())
}

/// Whether a value of this type says by itself what it is of.
fn speaks(ty: &ValueType) -> bool {
    match ty {
        ValueType::Number => false,
        ValueType::Enumeration(names) => names.first().is_none_or(|name| name != "false"),
        ValueType::Text | ValueType::Pose | ValueType::Items => true,
    }
}

/// The words of one part; with the condition, where it is a value.
fn part_text(
    twin: &Twin,
    state: &impl State,
    view: View,
    spec: &LabelSpec,
    part: &LabelPart,
) -> (String, Option<Condition>) {
    let asset = twin.asset(spec.asset);
    match part {
        LabelPart::Literal(text) => (text.clone(), None),
        LabelPart::Asset => (asset.name.to_string(), None),
        LabelPart::Title => (asset.title.clone(), None),
        LabelPart::Word(word) => (twin.word(spec.asset, word).unwrap_or_default().to_owned(), None),
        LabelPart::Property(at) => {
            let id = twin.property_at(spec.asset, usize::from(*at));
            let property = twin.property(id);
            let view = view.of_kind(property.kind);
            let reading = state.reading(view, id);
            let condition = match &reading {
                Some(reading) => property.condition(&reading.value, reading.quality),
                None if state.unread(view, id).is_some() => Condition::Bad,
                None => Condition::Unknown,
            };
            let text =
                reading.map_or_else(|| "—".into(), |reading| property.format(&reading.value));
            (text, Some(condition))
        }
    }
}
