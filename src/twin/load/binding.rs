//! Bindings: from values to something seen.

use std::f64::consts::TAU;

use super::super::ValueType;
use super::super::binding::*;
use super::super::tree::Kind;
use super::class::integral_position;
use super::class_file::{ClassFile, Word};
use super::mapping::{braces, enumeration_index, variant};
use super::read::{At, Cx, Fields};

/// Kinds of bindings with their fields.
const KINDS: &[(&str, &[&str])] = &[
    ("Spin", &["node", "axis", "by", "ratio"]),
    ("Rotate", &["node", "axis", "by", "from", "to"]),
    ("Translate", &["node", "axis", "by", "from", "to"]),
    ("Path", &["node", "by", "points", "closed", "corner_radius"]),
    ("Pose", &["node", "by"]),
    ("Items", &["node", "by", "points", "closed", "corner_radius", "models"]),
    ("Fill", &["node", "axis", "by", "range", "min_scale"]),
    ("Color", &["node", "by", "map", "colors", "color", "range", "strength"]),
    ("Glow", &["node", "by", "map", "colors", "color", "range", "intensity"]),
    ("Show", &["node", "by", "is", "within"]),
    ("Animation", &["node", "name", "by", "seconds_per_unit", "repeat"]),
    ("Label", &["node", "text", "at", "priority"]),
];

pub(super) fn binding<'a>(cx: &Cx<'a>, at: At<'a>, file: &mut ClassFile<'a>) {
    let names: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
    let Some(kind) = variant(cx, at, "binding", &names) else { return };
    let known = KINDS.iter().find(|(name, _)| *name == kind).map_or(&[][..], |(_, fields)| fields);
    let Some(fields) = cx.fields(at, "a binding", known) else { return };
    let node = fields.get("node").and_then(|at| cx.text(at)).unwrap_or_default();
    if let Some(effect) = effect(cx, kind, known, &fields, file) {
        file.class.bindings.push(Binding { node, effect, place: at.place().into() });
    }
}

fn effect<'a>(
    cx: &Cx<'a>,
    kind: &str,
    known: &[&str],
    f: &Fields<'a>,
    file: &mut ClassFile<'a>,
) -> Option<Effect> {
    if kind == "Label" {
        return label(cx, f, file);
    }
    let by_at = cx.required(f, "by");
    let axis = match known.contains(&"axis") {
        true => cx.required(f, "axis").and_then(|at| cx.axis(at)),
        false => None,
    };
    let path = if known.contains(&"points") { path(cx, f) } else { None };
    let by_at = by_at?;
    let by = file.property(cx, by_at)?;
    let wanted = match kind {
        "Pose" => Some((ValueType::Pose, "a pose")),
        "Items" => Some((ValueType::Items, "items")),
        "Color" | "Glow" | "Show" => None,
        _ => Some((ValueType::Number, "a number")),
    };
    if let Some((ty, name)) = wanted
        && file.class.properties[by].ty != ty
    {
        cx.error(
            by_at,
            format!(
                "{kind} needs a property that is {name}; `{}` is not",
                file.class.properties[by].name
            ),
        );
        return None;
    }
    let number = |name: &str, usual: f64| f.get(name).map_or(Some(usual), |at| cx.number(at));
    let range = f.get("range").and_then(|at| cx.range(at)).or(file.class.properties[by].range);
    Some(match kind {
        "Spin" => {
            let (by, radians) = turning(cx, by_at, by, file, true)?;
            Effect::Rotate {
                by,
                axis: axis?,
                radians_per_unit: radians * number("ratio", 1.0)?,
                offset_rad: 0.0,
            }
        }
        "Rotate" => match proportion(cx, f, |at| cx.angle(at))? {
            Some((slope, offset)) => Effect::Rotate {
                by: by as u16,
                axis: axis?,
                radians_per_unit: slope,
                offset_rad: offset,
            },
            None => {
                let (by, radians) = turning(cx, by_at, by, file, false)?;
                Effect::Rotate { by, axis: axis?, radians_per_unit: radians, offset_rad: 0.0 }
            }
        },
        "Translate" => match proportion(cx, f, |at| cx.length(at))? {
            Some((slope, offset)) => Effect::Translate {
                by: by as u16,
                axis: axis?,
                metres_per_unit: slope,
                offset_m: offset,
            },
            None => {
                let (by, metres) = travelling(cx, by_at, by, file)?;
                Effect::Translate { by, axis: axis?, metres_per_unit: metres, offset_m: 0.0 }
            }
        },
        "Path" => {
            let (by, metres) = travelling(cx, by_at, by, file)?;
            Effect::Path { by, path: path?, metres_per_unit: metres }
        }
        "Pose" => Effect::Pose { by: by as u16 },
        "Items" => {
            let models = cx.required(f, "models").and_then(|at| cx.list(at))?;
            let models = models.into_iter().filter_map(|at| cx.model(at)).collect();
            Effect::Items { by: by as u16, path: path?, models }
        }
        "Fill" => {
            let Some((empty, full)) = range else { return no_range(cx, f) };
            let min_scale = number("min_scale", 0.001)?;
            Effect::Fill { by: by as u16, axis: axis?, empty, full, min_scale }
        }
        "Color" => {
            let map = color_map(cx, f, by, range, file)?;
            Effect::Color { by: by as u16, map, strength: number("strength", 1.0)? }
        }
        "Glow" => {
            let map = color_map(cx, f, by, range, file)?;
            Effect::Glow { by: by as u16, map, intensity: number("intensity", 1.0)? }
        }
        "Show" => Effect::Show { by: by as u16, when: condition(cx, f, by, file)? },
        "Animation" => {
            let name = cx.required(f, "name").and_then(|at| cx.text(at))?;
            let seconds = file.class.properties[by].unit.factor_to("s").unwrap_or(1.0);
            let seconds_per_unit = number("seconds_per_unit", seconds)?;
            let repeat = f.get("repeat").and_then(|at| cx.boolean(at)).unwrap_or(false);
            Effect::Animation { by: by as u16, name, seconds_per_unit, repeat }
        }
        other => {
            cx.error(
                f.at,
                format!("`{other}` is listed as a binding, but nothing makes one of it"),
            );
            return None;
        }
    })
}

fn no_range<T>(cx: &Cx, f: &Fields) -> Option<T> {
    cx.error(f.at, "neither this nor the property states a `range`");
    None
}

/// Property that holds the angle, and radians for one unit of it.
fn turning(cx: &Cx, at: At, by: usize, file: &mut ClassFile, rates: bool) -> Option<(u16, f64)> {
    let property = file.class.properties[by].clone();
    let unit = &property.unit;
    let turns = matches!(unit.code(), "1" | "{rev}" | "{turn}" | "{turns}" | "{r}");
    if turns || unit.factor_to("rad").is_some() {
        return Some((by as u16, if turns { TAU } else { unit.factor_to("rad")? }));
    }
    let rate = unit.factor_to("{rev}/s").or_else(|| unit.factor_to("rad/s"));
    match unit.integral().filter(|(total, _)| rates && rate.is_some() && total.code() == "{rev}") {
        Some((total, per_second)) => {
            let position = integral_position(file, by, &total, per_second);
            let unit = &file.class.properties[position].unit;
            let radians = unit.factor_to("rad").unwrap_or(TAU);
            Some((position as u16, radians))
        }
        None => {
            let wanted = if rates {
                "a rate of turning ({rev}/min, rad/s, Hz) or an angle"
            } else {
                "an angle; state `from` and `to`"
            };
            cx.error(
                at,
                format!("`{}` is in {}, which is not {wanted}", property.name, unit.code()),
            );
            None
        }
    }
}

/// Property that holds the distance, and metres for one unit of it.
fn travelling(cx: &Cx, at: At, by: usize, file: &mut ClassFile) -> Option<(u16, f64)> {
    let property = file.class.properties[by].clone();
    if let Some(metres) = property.unit.factor_to("m") {
        return Some((by as u16, metres));
    }
    if let Some(per_second) = property.unit.factor_to("m/s") {
        let metre = super::super::Unit::parse("m").ok()?;
        let position = integral_position(file, by, &metre, per_second);
        let metres = file.class.properties[position].unit.factor_to("m").unwrap_or(1.0);
        return Some((position as u16, metres));
    }
    cx.error(
        at,
        format!(
            "`{}` is in {}, which is neither a length nor a speed",
            property.name,
            property.unit.code()
        ),
    );
    None
}

/// Slope and value at 0 of the line through `from` and `to`; `Some(None)` where both are absent.
fn proportion<'a>(
    cx: &Cx<'a>,
    f: &Fields<'a>,
    read: impl Fn(At<'a>) -> Option<f64>,
) -> Option<Option<(f64, f64)>> {
    if f.get("from").is_none() && f.get("to").is_none() {
        return Some(None);
    }
    let (from, to) = (cx.required(f, "from"), cx.required(f, "to"));
    let pair = |at: At<'a>| {
        let parts =
            cx.tuple(at, 2, "(value, place), such as (100, \"30mm\") or (10, \"120deg\")")?;
        Some((cx.number(parts[0])?, read(parts[1])?))
    };
    let ((v0, p0), (v1, p1)) = (pair(from?)?, pair(to?)?);
    if v0 == v1 {
        cx.error(to?, format!("`from` and `to` have the same value {v0}"));
        return None;
    }
    let slope = (p1 - p0) / (v1 - v0);
    Some(Some((slope, p0 - v0 * slope)))
}

fn path<'a>(cx: &Cx<'a>, f: &Fields<'a>) -> Option<Path> {
    let at = cx.required(f, "points")?;
    let points: Vec<[f64; 3]> = cx.list(at)?.into_iter().filter_map(|at| cx.point(at)).collect();
    let closed = f.get("closed").and_then(|at| cx.boolean(at)).unwrap_or(false);
    let corner_radius = f.get("corner_radius").and_then(|at| cx.length(at)).unwrap_or(0.0);
    if points.len() < 2 {
        cx.error(at, "a path has two points at least");
        return None;
    }
    Some(Path { points, closed, corner_radius: corner_radius.max(0.0) })
}

/// A colour by how something is doing.
#[derive(Clone, Copy, PartialEq)]
enum ByCondition {
    OfProperty,
    OfAsset,
}

fn color_map<'a>(
    cx: &Cx<'a>,
    f: &Fields<'a>,
    by: usize,
    range: Option<(f64, f64)>,
    file: &ClassFile,
) -> Option<ColorMap> {
    let property = &file.class.properties[by];
    let map = f.get("map").and_then(|at| match &at.plain().node.kind {
        Kind::Name(name) | Kind::Text(name) if name == "condition" => Some(ByCondition::OfAsset),
        Kind::Name(name) | Kind::Text(name) if name == "limits" => Some(ByCondition::OfProperty),
        _ => None,
    });
    if let Some(entries) = f.get("colors").and_then(|at| cx.map(at)) {
        if let Some(at) = f.get("map").filter(|_| map != Some(ByCondition::OfAsset)) {
            cx.error(at, "beside `colors` there is no other map than `condition`");
            return None;
        }
        let count = if let ValueType::Enumeration(names) = &property.ty { names.len() } else { 0 };
        let mut colors = vec![[0.5; 3]; count];
        for (key, value) in entries {
            let index = enumeration_index(cx, key, &property.ty, &property.name);
            if let (Some(index), Some(color)) = (index, cx.color(value)) {
                colors[usize::from(index)] = color;
            }
        }
        let map = match map {
            Some(_) => ColorMap::Condition(colors),
            None => ColorMap::Names(colors),
        };
        return (count > 0).then_some(map);
    }
    match map {
        Some(ByCondition::OfAsset) => return Some(ColorMap::Condition(Vec::new())),
        Some(ByCondition::OfProperty) => return Some(ColorMap::Limits),
        None => {}
    }
    if property.ty != ValueType::Number {
        cx.error(
            f.at,
            format!("`{}` is no number: state `colors: {{\"name\": \"#rrggbb\"}}`", property.name),
        );
        return None;
    }
    if let Some(at) = f.get("color") {
        let color = cx.color(at)?;
        let Some((low, high)) = range else { return no_range(cx, f) };
        return Some(ColorMap::Single { color, low, high });
    }
    let scales = [
        ("viridis", Some(Scale::Viridis)),
        ("cividis", Some(Scale::Cividis)),
        ("inferno", Some(Scale::Inferno)),
        ("cool_warm", Some(Scale::CoolWarm)),
        ("turbo", Some(Scale::Turbo)),
        // Known above; here so that a misspelt one has its nearest name.
        ("limits", None),
        ("condition", None),
    ];
    let scale = f
        .get("map")
        .map_or(Some(Some(Scale::Viridis)), |at| cx.choice(at, "colour map", &scales))?;
    let name = scale?;
    let Some((low, high)) = range else { return no_range(cx, f) };
    Some(ColorMap::Scale { name, low, high })
}

fn condition<'a>(cx: &Cx<'a>, f: &Fields<'a>, by: usize, file: &ClassFile) -> Option<Condition> {
    let property = &file.class.properties[by];
    if let Some(at) = f.get("is") {
        let names = match at.node.kind {
            Kind::List(_) => cx.list(at)?,
            _ => vec![at],
        };
        let indices =
            names.into_iter().map(|at| enumeration_index(cx, at, &property.ty, &property.name));
        return indices.collect::<Option<Vec<_>>>().map(Condition::OneOf);
    }
    let (low, high) = cx.range(cx.required(f, "within")?)?;
    if property.ty != ValueType::Number {
        cx.error(f.at, format!("`{}` is no number: state `is`", property.name));
        return None;
    }
    Some(Condition::Within(low, high))
}

fn label<'a>(cx: &Cx<'a>, f: &Fields<'a>, file: &mut ClassFile<'a>) -> Option<Effect> {
    let at = cx.required(f, "text")?;
    let text = cx.text(at)?;
    let mut parts = Vec::new();
    for (is_word, text) in braces(cx, at, &text)? {
        parts.push(match text.as_str() {
            _ if !is_word => LabelPart::Literal(text),
            "asset" => LabelPart::Asset,
            "title" => LabelPart::Title,
            word => match file.place(word) {
                Some(position) => LabelPart::Property(position as u16),
                None => {
                    file.words.push(Word { place: at, word: word.to_owned(), in_label: true });
                    LabelPart::Word(text)
                }
            },
        });
    }
    let offset = f.get("at").map_or(Some([0.0, 1.0, 0.0]), |at| cx.point(at))?;
    let priority = f.get("priority").and_then(|at| cx.number(at)).unwrap_or(0.0) as i32;
    Some(Effect::Label { text: parts, offset, priority })
}
