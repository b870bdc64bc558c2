//! Labels in the scene: names and values at their machines, crisp, apart from each other and from the
//! machines: what is selected, what is abnormal, and a few key values.
//!
//! Flows in: [`LabelSpec`]s on entities, the state at the playhead. Flows out: chips painted over
//! the scene, and [`PlacedLabels`] for the pointer.

mod placing;

use bevy::prelude::*;
use bevy_egui::egui::{self, Align, Color32, FontId, Stroke, text::LayoutJob, text::TextFormat};
use bevy_egui::{EguiContexts, EguiPrimaryContextPass};

use crate::history::{State, View};
use crate::twin::binding::LabelPart;
use crate::twin::{AssetId, Condition, PropertyId, Twin, ValueType};
use crate::viewer::base::{
    Command, Paint, Palette, Playhead, Scene, SceneRect, Selection, Shown, TwinDefinition,
};
use crate::viewer::scene::bound::LabelSpec;
use crate::viewer::scene::camera::{Bounds, PlantBounds, SceneCamera};
use crate::viewer::time::{Sources, survey};

use placing::{LabelRequest, Placed, Placer};

/// Where this frame's labels are, in logical pixels of the window.
#[derive(Resource, Default)]
pub struct PlacedLabels {
    rects: Vec<(AssetId, egui::Rect)>,
    placer: Placer<Entity>,
}

impl PlacedLabels {
    /// The asset whose label is at that place.
    pub fn at(&self, place: Vec2) -> Option<AssetId> {
        let place = egui::pos2(place.x, place.y);
        self.rects.iter().rev().find(|(_, rect)| rect.contains(place)).map(|(asset, _)| *asset)
    }
}

/// Adds labels.
pub fn plugin(app: &mut App) {
    app.init_resource::<PlacedLabels>()
        .add_systems(EguiPrimaryContextPass, draw.in_set(Paint::Labels));
}

/// Pixels a metre below which a label fades away, and above which it is whole; a label of greater
/// priority is seen from twice as far.
const FADE_PX_PER_M: (f32, f32) = (11.0, 16.0);

#[derive(bevy::ecs::system::SystemParam)]
struct Looking<'w> {
    twin: Res<'w, TwinDefinition>,
    sources: Res<'w, Sources>,
    playhead: Res<'w, Playhead>,
    palette: Res<'w, Palette>,
    selection: Res<'w, Selection>,
    scene: Res<'w, SceneRect>,
    shown: Res<'w, Shown>,
    plant: Res<'w, PlantBounds>,
}

fn draw(
    mut contexts: EguiContexts,
    looking: Looking,
    camera: Single<(&Camera, &GlobalTransform), With<SceneCamera>>,
    labels: Query<(Entity, &LabelSpec, &GlobalTransform, &InheritedVisibility)>,
    mut placed: ResMut<PlacedLabels>,
) -> Result {
    placed.rects.clear();
    if !looking.shown.labels {
        return Ok(());
    }
    let ctx = contexts.ctx_mut()?;
    let free = looking.scene.free();
    let area = egui::Rect::from_min_max(
        egui::pos2(free.min.x, free.min.y),
        egui::pos2(free.max.x, free.max.y),
    );
    let layer = egui::LayerId::new(egui::Order::Background, "labels".into());
    let painter = ctx.layer_painter(layer).with_clip_rect(area);
    let mut requests = Vec::new();
    let mut chips = Vec::new();
    let mut machines = Vec::new();
    for (entity, spec, transform, visible) in &labels {
        if !visible.get() || spec.scene != Scene::MAIN {
            continue;
        }
        let Some((anchor, alpha)) = project(*camera, transform, spec) else { continue };
        if !area.expand(40.0).contains(anchor) {
            continue;
        }
        if let Some(machine) = outline(*camera, looking.plant.by_asset.get(&spec.asset)) {
            machines.push(machine);
        }
        let worst = worst(&looking, spec.asset);
        let (job, stale) = text(&looking, spec, worst);
        let galley = painter.layout_job(job);
        let size = galley.size() + PADDING * 2.0;
        let selected = looking.selection.selected == Some(spec.asset);
        let is_wanted = selected || worst.is_some();
        let worse = worst.map_or(0, |(condition, _)| 100 * condition as i32);
        let priority = spec.priority.saturating_add(if selected { 1000 } else { worse });
        requests.push(LabelRequest { key: entity, anchor, size, priority, is_wanted });
        let alpha = if is_wanted { 1.0 } else { alpha };
        let edge = match (selected, worst) {
            (true, _) => looking.palette.accent,
            (false, Some((condition, _))) => looking.palette.condition(condition),
            (false, None) if stale => looking.palette.stale,
            (false, None) => looking.palette.line,
        };
        chips.push(Chip { asset: spec.asset, galley, alpha, edge });
    }
    let places = placed.placer.place(&requests, &machines, area);
    for (place, chip) in places.iter().zip(&chips) {
        let Some(place) = place else { continue };
        placed.rects.push((chip.asset, place.rect));
        paint(&painter, &looking.palette, place, chip);
    }
    Ok(())
}

/// Share of a machine's box on each side that is counted as free.
const BOX_MARGIN: f32 = 0.12;
const PADDING: egui::Vec2 = egui::vec2(7.0, 3.0);

struct Chip {
    asset: AssetId,
    galley: std::sync::Arc<egui::Galley>,
    alpha: f32,
    edge: Color32,
}

/// Where a label's anchor is in the window, and how much of the label is left at that distance.
fn project(
    (camera, camera_transform): (&Camera, &GlobalTransform),
    transform: &GlobalTransform,
    spec: &LabelSpec,
) -> Option<(egui::Pos2, f32)> {
    let world = transform.translation();
    let at = camera.world_to_viewport(camera_transform, world).ok()?;
    let aside = world + *camera_transform.right();
    let px_per_m = camera.world_to_viewport(camera_transform, aside).ok()?.distance(at);
    let nearer = if spec.priority > 0 { 2.0 } else { 1.0 };
    let (none, whole) = FADE_PX_PER_M;
    let alpha = ((px_per_m * nearer - none) / (whole - none)).clamp(0.0, 1.0);
    (alpha > 0.02).then_some((egui::pos2(at.x, at.y), alpha))
}

/// Where a machine is in the window; `None`: some of it is behind the camera, or nothing is drawn of it.
fn outline(
    (camera, camera_transform): (&Camera, &GlobalTransform),
    bounds: Option<&Bounds>,
) -> Option<egui::Rect> {
    let Bounds { min, max } = *bounds?;
    let mut rect = egui::Rect::NOTHING;
    for corner in 0..8_u32 {
        let part = |bit: u32, low: f32, high: f32| if corner & bit == 0 { low } else { high };
        let at = Vec3::new(part(1, min.x, max.x), part(2, min.y, max.y), part(4, min.z, max.z));
        let at = camera.world_to_viewport(camera_transform, at).ok()?;
        rect.extend_with(egui::pos2(at.x, at.y));
    }
    // The box around a machine is larger than what is seen of it.
    Some(rect.shrink2(rect.size() * BOX_MARGIN))
}

/// The property of an asset that needs attention most, with its condition.
fn worst(looking: &Looking, asset: AssetId) -> Option<(Condition, PropertyId)> {
    let (twin, view) = (&looking.twin.0, looking.playhead.view());
    let of = |id| (survey::condition(&**looking.sources, twin, view, id), id);
    let all =
        twin.properties_of(asset).map(of).filter(|(condition, _)| condition.needs_attention());
    // Of those that are as bad as each other the first.
    all.reduce(|worst, next| if next.0 > worst.0 { next } else { worst })
}

/// A label's text with its colours, and whether a value in it is stale. What needs attention stands in it
/// though the file does not name it.
fn text(
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

fn paint(painter: &egui::Painter, palette: &Palette, place: &Placed, chip: &Chip) {
    let fade = |color: Color32| color.gamma_multiply(chip.alpha);
    let foot = egui::pos2(place.anchor.x.clamp(place.rect.min.x + 6.0, place.rect.max.x - 6.0), {
        if place.rect.center().y < place.anchor.y { place.rect.max.y } else { place.rect.min.y }
    });
    painter.line_segment([place.anchor, foot], Stroke::new(1.0, fade(palette.text_dim)));
    painter.circle_filled(place.anchor, 2.0, fade(palette.text_dim));
    painter.rect(
        place.rect,
        5.0,
        fade(palette.panel),
        Stroke::new(1.0, fade(chip.edge)),
        egui::StrokeKind::Inside,
    );
    let tint = Color32::WHITE.gamma_multiply(chip.alpha);
    painter.add(
        egui::epaint::TextShape::new(place.rect.min + PADDING, chip.galley.clone(), palette.text)
            .with_opacity_factor(f32::from(tint.a()) / 255.0),
    );
}

/// What a click at that place asks for, if a label is there.
pub fn click(placed: &PlacedLabels, at: Vec2) -> Option<Command> {
    placed.at(at).map(|asset| Command::Select(Some(asset)))
}
