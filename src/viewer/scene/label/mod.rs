//! Labels in the scene: names and values at their machines, crisp, apart from each other and from the
//! machines: what is selected, what is abnormal, and a few key values.
//!
//! Flows in: [`LabelSpec`]s on entities, the state at the playhead. Flows out: chips painted over
//! the scene, and [`PlacedLabels`] for the pointer.

mod cover;
mod looking;
mod placing;
mod text;

use std::cmp::Reverse;

use bevy::prelude::*;
use bevy_egui::egui::{self, Color32, FontId, Stroke};
use bevy_egui::{EguiContexts, EguiPrimaryContextPass};

use crate::twin::{AssetId, Condition, PropertyId};
use crate::viewer::base::{Command, Paint, Palette, Scene};
use crate::viewer::scene::bound::LabelSpec;
use crate::viewer::scene::camera::{Bounds, SceneCamera};

use cover::Cover;
use looking::Looking;
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
/// Labels at most that are tried of those that are selected or abnormal: more have no room in any window.
const MOST_WANTED: usize = 200;
/// The same of all others, of which far fewer are placed.
const MOST_TRIED: usize = 48;
/// Properties that a frame judges for labels while the survey is not through with all.
const MOST_JUDGED: usize = 4096;

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
    let mut candidates = Vec::new();
    let mut machines = Cover::of(area);
    let mut budget = MOST_JUDGED;
    for (entity, spec, transform, visible) in &labels {
        if !visible.get() || spec.scene != Scene::MAIN {
            continue;
        }
        let Some((anchor, alpha)) = project(*camera, transform, spec) else { continue };
        if !area.expand(40.0).contains(anchor) {
            continue;
        }
        if let Some(machine) = outline(*camera, looking.plant.by_asset.get(&spec.asset)) {
            machines.add(machine);
        }
        let worst = looking.worst_of(spec.asset, &mut budget);
        let is_selected = looking.selection.selected == Some(spec.asset);
        candidates.push(Candidate { entity, spec, anchor, alpha, worst, is_selected });
    }
    machines.close();
    let left_out = placed.placer.choose(&mut candidates);
    let (requests, chips): (Vec<_>, Vec<_>) =
        candidates.iter().map(|candidate| candidate.lay_out(&looking, &painter)).unzip();
    let places = placed.placer.place(&requests, &machines, area);
    let mut without_room = left_out;
    for ((place, chip), request) in places.iter().zip(&chips).zip(&requests) {
        let Some(place) = place else {
            without_room += usize::from(request.is_wanted);
            continue;
        };
        placed.rects.push((chip.asset, place.rect));
        paint(&painter, &looking.palette, place, chip);
    }
    if without_room > 0 {
        let text = format!("{without_room} more labels have no room");
        let at = area.left_bottom() + egui::vec2(10.0, -8.0);
        let font = FontId::proportional(12.0);
        painter.text(at, egui::Align2::LEFT_BOTTOM, text, font, looking.palette.text_dim);
    }
    Ok(())
}

/// A label that is in the window and wants a place.
struct Candidate<'a> {
    entity: Entity,
    spec: &'a LabelSpec,
    anchor: egui::Pos2,
    alpha: f32,
    worst: Option<(Condition, PropertyId)>,
    is_selected: bool,
}

impl Candidate<'_> {
    /// It is placed before others that nothing asks for.
    fn is_wanted(&self) -> bool {
        self.is_selected || self.worst.is_some()
    }

    fn priority(&self) -> i32 {
        let worse = self.worst.map_or(0, |(condition, _)| 100 * condition as i32);
        self.spec.priority.saturating_add(if self.is_selected { 1000 } else { worse })
    }

    fn lay_out(&self, looking: &Looking, painter: &egui::Painter) -> (LabelRequest<Entity>, Chip) {
        let (job, stale) = text::text(looking, self.spec, self.worst);
        let galley = painter.layout_job(job);
        let (is_wanted, priority) = (self.is_wanted(), self.priority());
        let palette = &looking.palette;
        let edge = match (self.is_selected, self.worst) {
            (true, _) => palette.accent,
            (false, Some((condition, _))) => palette.condition(condition),
            (false, None) if stale => palette.stale,
            (false, None) => palette.line,
        };
        let (key, anchor, size) = (self.entity, self.anchor, galley.size() + PADDING * 2.0);
        let alpha = if is_wanted { 1.0 } else { self.alpha };
        let chip = Chip { asset: self.spec.asset, galley, alpha, edge };
        (LabelRequest { key, anchor, size, priority, is_wanted }, chip)
    }
}

impl Placer<Entity> {
    /// Leaves the most important ones alone, so that a frame costs the same however many are in the window;
    /// returns how many that something asks for are not among them.
    fn choose(&self, candidates: &mut Vec<Candidate>) -> usize {
        // Those that have a place stay before others of the same priority, so that labels do not jump.
        candidates.sort_by_cached_key(|candidate| {
            let is_new = !self.has(candidate.entity);
            (!candidate.is_wanted(), Reverse(candidate.priority()), is_new, candidate.entity)
        });
        let wanted = candidates.partition_point(Candidate::is_wanted);
        candidates.truncate(wanted + MOST_TRIED);
        let left_out = wanted.saturating_sub(MOST_WANTED);
        candidates.drain(wanted - left_out..wanted);
        left_out
    }
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
