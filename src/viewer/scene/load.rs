//! Models read and prepared off the frame, each once for all instances.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bevy::image::{
    CompressedImageFormats, ImageAddressMode, ImageFilterMode, ImageSampler, ImageType,
};
use bevy::prelude::*;
use bevy::tasks::{IoTaskPool, Task, futures::check_ready};

use super::ModelProblem;
use super::look::{TwinMaterial, TwinPbr};
use super::plan::{GroupPlan, Planned, Planner};
use crate::cad::{self, DecodeModel, Model};
use crate::twin::Class;
use crate::twin::binding::Effect;
use crate::viewer::TwinDefinition;
use crate::viewer::files::Files;
use crate::viewer::theme::Palette;
use crate::viewer::ui::Severity;
use crate::worker::{Ticket, Told, Workers};

/// A model file with the nodes that are driven in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub file: PathBuf,
    pub nodes: Vec<String>,
    pub animations: Vec<String>,
}

impl Key {
    /// The key of a class's own model.
    pub fn of(class: &Class) -> Option<Self> {
        let mut key = Self::plain(class.model.clone()?);
        for binding in &class.bindings {
            if !binding.node.is_empty() {
                key.nodes.push(binding.node.clone());
            }
            if let Effect::Animation { name, .. } = &binding.effect {
                key.animations.push(name.clone());
            }
        }
        key.nodes.sort();
        key.nodes.dedup();
        Some(key)
    }

    /// A model of which nothing is driven.
    pub fn plain(file: PathBuf) -> Self {
        Self { file, nodes: Vec::new(), animations: Vec::new() }
    }
}

/// A group with its meshes where instances can share them.
pub(super) struct Group {
    pub plan: GroupPlan,
    pub parts: Vec<(Handle<Mesh>, Handle<TwinPbr>)>,
}

/// A model that is ready to be spawned.
pub(super) struct Ready {
    pub model: Arc<Model>,
    pub groups: Vec<Group>,
}

/// How far a model is.
pub(super) enum State {
    /// Its bytes are on their way.
    Reading(Task<Result<DecodeModel, String>>),
    /// It is being decoded.
    Decoding(Ticket<Model>),
    /// It is being cut into what moves and what does not.
    Planning(Ticket<Planned>),
    Ready(Arc<Ready>),
    Failed,
}

impl State {
    fn is_under_way(&self) -> bool {
        !matches!(self, Self::Ready(_) | Self::Failed)
    }
}

/// Who does long work beside the frame.
#[derive(Resource, Default)]
pub struct Work(pub Workers);

/// Work that no thread does is done here, a slice a frame.
pub(super) fn work(work: Res<Work>) {
    work.0.run_slice(SLICE);
}

/// Time of a frame for work that no thread does.
const SLICE: Duration = Duration::from_millis(8);

/// All models of the twin.
#[derive(Resource, Default)]
pub struct Models {
    pub(super) by_key: HashMap<Key, State>,
    /// Those of the definition may not all be there.
    pub(super) wanted: bool,
    /// Surfaces without textures that look the same are one material, whatever file they are from.
    shared: HashMap<[u32; 12], Handle<TwinPbr>>,
    pub(super) placeholder: Option<(Handle<Mesh>, Handle<TwinPbr>)>,
}

impl Models {
    /// Meshes and surfaces of a model of which nothing is driven, once it is ready.
    pub(in crate::viewer) fn plain(
        &self,
        file: &Path,
    ) -> Option<Vec<(Handle<Mesh>, Handle<TwinPbr>)>> {
        match self.by_key.get(&Key::plain(file.to_owned()))? {
            State::Ready(ready) => Some(ready.groups.first()?.parts.clone()),
            _ => None,
        }
    }
}

/// How far the models are.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct LoadProgress {
    /// Models that are ready or have failed.
    pub models_done: usize,
    /// Models that the twin has.
    pub models_total: usize,
    /// Files that cannot be used, with the reason.
    pub failed: Vec<(PathBuf, String)>,
    /// Assets that are not on screen yet.
    pub assets_waiting: usize,
}

impl LoadProgress {
    /// Whether everything that can be shown is there.
    pub fn is_complete(&self) -> bool {
        self.models_done == self.models_total && self.assets_waiting == 0
    }
}

/// Model files were saved anew; their instances are made anew.
#[derive(Message, Clone, Debug)]
pub struct ReloadModels(pub Vec<PathBuf>);

/// Starts to read the models that the definition names and that are not there.
pub(super) fn request(twin: Res<TwinDefinition>, files: Res<Files>, mut models: ResMut<Models>) {
    if !models.wanted {
        return;
    }
    models.wanted = false;
    let mut keys = HashSet::new();
    for class in &twin.0.classes {
        let items = class.bindings.iter().filter_map(|binding| match &binding.effect {
            Effect::Items { models, .. } => Some(models),
            _ => None,
        });
        keys.extend(Key::of(class).into_iter().chain(items.flatten().cloned().map(Key::plain)));
    }
    models.by_key.retain(|key, _| keys.contains(key));
    for key in keys {
        let files = files.clone();
        models.by_key.entry(key.clone()).or_insert_with(|| {
            let pool = IoTaskPool::get();
            State::Reading(pool.spawn(async move { read(&key.file, &files).await }))
        });
    }
}

/// Reads a model, and the files beside it that it refers to.
async fn read(file: &Path, files: &Files) -> Result<DecodeModel, String> {
    let bytes = files.read(file).await?;
    let folder = file.parent().unwrap_or(Path::new(""));
    let mut beside = BTreeMap::new();
    // What is wrong with the bytes is told where they are decoded.
    for name in cad::needs(&bytes).unwrap_or_default() {
        let content = files.read(&folder.join(&name)).await;
        beside.insert(name, content);
    }
    Ok(DecodeModel { bytes, beside })
}

/// Cuts a model where its class drives it.
fn planner(key: &Key, model: Model) -> Planner {
    // Names that are not there are told when the class is spawned, with their place in the file.
    let mut driven: Vec<usize> =
        key.nodes.iter().filter_map(|node| model.find_node(node).ok()).collect();
    for animation in key.animations.iter().filter_map(|name| model.find_animation(name).ok()) {
        driven.extend(model.animations[animation].channels.iter().map(|channel| channel.node));
    }
    Planner::new(model, &driven)
}

/// Moves the models on that are not ready: read, decoded, planned.
pub(super) fn advance(
    mut models: ResMut<Models>,
    work: Res<Work>,
    mut progress: ResMut<LoadProgress>,
    mut problems: MessageWriter<ModelProblem>,
) {
    if !models.by_key.values().any(State::is_under_way) {
        return;
    }
    for (key, state) in &mut models.by_key {
        let failed = match state {
            State::Reading(task) => match check_ready(task) {
                Some(Ok(job)) => match work.0.submit(job) {
                    Ok(ticket) => {
                        *state = State::Decoding(ticket);
                        continue;
                    }
                    Err(busy) => busy.to_string(),
                },
                Some(Err(reason)) => reason,
                None => continue,
            },
            State::Decoding(ticket) => match ticket.poll() {
                Told::Done(Ok(model)) => match work.0.carry_out(planner(key, model)) {
                    Ok(ticket) => {
                        *state = State::Planning(ticket);
                        continue;
                    }
                    Err(busy) => busy.to_string(),
                },
                Told::Done(Err(reason)) => reason,
                Told::Working(_) => continue,
            },
            _ => continue,
        };
        problems.write(problem(key, &failed));
        progress.failed.push((key.file.clone(), failed));
        *state = State::Failed;
    }
}

/// What the user is told of a model that cannot be shown.
fn problem(key: &Key, reason: &str) -> ModelProblem {
    let text = format!("the model `{}` cannot be shown: {reason}", key.file.display());
    let file = Some(key.file.clone());
    ModelProblem { asset: None, file, severity: Severity::Error, text }
}

/// Takes what is planned, and counts.
pub(super) fn collect(
    mut models: ResMut<Models>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut materials: ResMut<Assets<TwinPbr>>,
    mut images: ResMut<Assets<Image>>,
    mut progress: ResMut<LoadProgress>,
    mut problems: MessageWriter<ModelProblem>,
    palette: Res<Palette>,
) {
    let counted = (progress.models_done, progress.models_total);
    let under_way = models.by_key.values().filter(|state| state.is_under_way()).count();
    let now = (models.by_key.len() - under_way, models.by_key.len());
    if under_way == 0 && counted == now {
        return;
    }
    let Models { by_key, shared, .. } = &mut *models;
    let highlight = highlight(&palette);
    for (key, state) in by_key.iter_mut() {
        let State::Planning(ticket) = state else { continue };
        let (model, plans) = match ticket.poll() {
            Told::Done(Ok(planned)) => planned,
            Told::Done(Err(reason)) => {
                problems.write(problem(key, &reason));
                progress.failed.push((key.file.clone(), reason));
                *state = State::Failed;
                continue;
            }
            Told::Working(_) => continue,
        };
        let textures = textures(&model, &mut images);
        let mut surface = |material: Option<usize>| {
            let source = material.and_then(|at| model.materials.get(at));
            match source.and_then(share_key) {
                Some(bits) => shared
                    .entry(bits)
                    .or_insert_with(|| materials.add(pbr(source, &textures, &highlight)))
                    .clone(),
                None => materials.add(pbr(source, &textures, &highlight)),
            }
        };
        let surfaces: Vec<_> = (0..model.materials.len()).map(|at| surface(Some(at))).collect();
        let plain = surface(None);
        let groups = plans.into_iter().map(|mut plan| {
            let parts = std::mem::take(&mut plan.parts).into_iter().map(|(mesh, material)| {
                let surface = material.and_then(|at| surfaces.get(at)).unwrap_or(&plain);
                (meshes.add(mesh), surface.clone())
            });
            Group { parts: parts.collect(), plan }
        });
        *state = State::Ready(Arc::new(Ready { groups: groups.collect(), model: model.clone() }));
    }
    let under_way = by_key.values().filter(|state| state.is_under_way()).count();
    let now = (by_key.len() - under_way, by_key.len());
    if counted != now {
        (progress.models_done, progress.models_total) = now;
    }
}

/// What makes two surfaces look the same; `None` for one with textures.
fn share_key(material: &cad::Material) -> Option<[u32; 12]> {
    let textured = material.base_color_texture.is_some()
        || material.metallic_roughness_texture.is_some()
        || material.normal_texture.is_some()
        || material.occlusion_texture.is_some()
        || material.emissive_texture.is_some();
    let [r, g, b, a] = material.base_color.map(f32::to_bits);
    let [er, eg, eb] = material.emissive.map(f32::to_bits);
    let alpha = match material.alpha {
        cad::AlphaMode::Opaque => (0, 0),
        cad::AlphaMode::Blend => (1, 0),
        cad::AlphaMode::Mask(cutoff) => (2, cutoff.to_bits()),
    };
    let flags = alpha.0 | u32::from(material.double_sided) << 2 | u32::from(material.unlit) << 3;
    let (metallic, roughness) = (material.metallic.to_bits(), material.roughness.to_bits());
    (!textured).then_some([r, g, b, a, er, eg, eb, metallic, roughness, alpha.1, flags, 0])
}

/// Colours of what is selected and what is under the pointer.
pub(super) fn highlight(palette: &Palette) -> TwinMaterial {
    let scene = &palette.scene;
    TwinMaterial { selected: scene.selected.into(), hovered: scene.hovered.into() }
}

/// Another theme, other colours.
pub(super) fn recolour(palette: Res<Palette>, mut materials: ResMut<Assets<TwinPbr>>) {
    if palette.is_changed() && !palette.is_added() {
        let now = highlight(&palette);
        for (_, material) in materials.iter_mut() {
            material.extension = now.clone();
        }
    }
}

fn pbr(
    source: Option<&cad::Material>,
    textures: &[[Option<Handle<Image>>; 2]],
    highlight: &TwinMaterial,
) -> TwinPbr {
    let extension = highlight.clone();
    let Some(source) = source else {
        return TwinPbr { base: StandardMaterial::default(), extension };
    };
    let texture = |of: Option<cad::TextureRef>, linear: usize| {
        of.and_then(|of| textures.get(of.0)?[linear].clone())
    };
    let [r, g, b, a] = source.base_color;
    let [er, eg, eb] = source.emissive;
    let base = StandardMaterial {
        base_color: Color::linear_rgba(r, g, b, a),
        base_color_texture: texture(source.base_color_texture, 0),
        metallic: source.metallic,
        perceptual_roughness: source.roughness,
        metallic_roughness_texture: texture(source.metallic_roughness_texture, 1),
        normal_map_texture: texture(source.normal_texture, 1),
        occlusion_texture: texture(source.occlusion_texture, 1),
        emissive: LinearRgba::rgb(er, eg, eb),
        emissive_exposure_weight: 0.0,
        emissive_texture: texture(source.emissive_texture, 0),
        double_sided: source.double_sided,
        cull_mode: (!source.double_sided).then_some(bevy::render::render_resource::Face::Back),
        unlit: source.unlit,
        alpha_mode: match source.alpha {
            cad::AlphaMode::Opaque => AlphaMode::Opaque,
            cad::AlphaMode::Mask(cutoff) => AlphaMode::Mask(cutoff),
            cad::AlphaMode::Blend => AlphaMode::Blend,
        },
        ..StandardMaterial::default()
    };
    TwinPbr { base, extension }
}

/// Each texture as colour and as plain numbers; `None` where the picture cannot be read.
fn textures(model: &Model, images: &mut Assets<Image>) -> Vec<[Option<Handle<Image>>; 2]> {
    let mut read = |texture: &cad::Texture, srgb: bool| {
        let source = model.images.get(texture.image)?;
        let wrap = |repeat: bool| {
            if repeat { ImageAddressMode::Repeat } else { ImageAddressMode::ClampToEdge }
        };
        let mut sampler = ImageSampler::linear();
        let descriptor = sampler.get_or_init_descriptor();
        descriptor.address_mode_u = wrap(texture.repeat[0]);
        descriptor.address_mode_v = wrap(texture.repeat[1]);
        if !texture.smooth {
            descriptor.set_filter(ImageFilterMode::Nearest);
        }
        let decoded = Image::from_buffer(
            &source.bytes,
            ImageType::MimeType(&source.mime),
            CompressedImageFormats::NONE,
            srgb,
            sampler,
            bevy::asset::RenderAssetUsages::default(),
        );
        match decoded {
            Ok(image) => Some(images.add(image)),
            Err(error) => {
                log::warn!("the picture `{}` cannot be read: {error}", source.name);
                None
            }
        }
    };
    model.textures.iter().map(|texture| [read(texture, true), read(texture, false)]).collect()
}
