//! Models read and prepared off the frame, each once for all instances.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use bevy::render::renderer::RenderDevice;
use bevy::tasks::{IoTaskPool, Task, futures::check_ready};

use super::plan::{GroupPlan, Planned, Planner};
use super::surfaces::{pbr, share_key, textures};
use crate::cad::{self, DecodeModel, Model};
use crate::twin::Class;
use crate::twin::binding::Effect;
use crate::viewer::base::{Files, Notice, Severity, TwinDefinition, Work};
use crate::viewer::scene::look::TwinPbr;
use crate::worker::{Priority, Progress, Ticket};

/// Remarks of a model that the message log shows; it has room for more than one model.
const REMARKS: usize = 8;

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

/// All models of the twin.
#[derive(Resource, Default)]
pub struct Models {
    pub(super) by_key: HashMap<Key, State>,
    /// Those of the definition may not all be there.
    pub(super) wanted: bool,
    /// Surfaces without textures that look the same are one material, whatever file they are from.
    shared: HashMap<[u32; 12], Handle<TwinPbr>>,
    /// Files whose remarks were shown.
    pub(super) remarked: HashSet<PathBuf>,
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
    // What is wrong with the bytes is reported where they are decoded.
    #[cfg_attr(target_arch = "wasm32", expect(unused_mut, reason = "servers know letter case"))]
    let mut remarks = Vec::new();
    for name in cad::needs(&bytes).unwrap_or_default() {
        let content = files.read(&folder.join(&name)).await;
        #[cfg(not(target_arch = "wasm32"))]
        let content = content.or_else(|_| {
            let (bytes, other) = cad::read_beside(folder, &name)?;
            remarks.extend(other.map(|other| cad::Remark::other_case(&name, &other)));
            Ok(bytes)
        });
        beside.insert(name, content);
    }
    Ok(DecodeModel { bytes, beside, remarks })
}

/// Cuts a model where its class drives it.
fn planner(key: &Key, model: Model) -> Planner {
    // Names that are not there are reported when the class is spawned, with their place in the file.
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
    mut problems: MessageWriter<Notice>,
) {
    if !models.by_key.values().any(State::is_under_way) {
        return;
    }
    for (key, state) in &mut models.by_key {
        let failed = match state {
            State::Reading(task) => match check_ready(task) {
                Some(Ok(job)) => match work.0.submit(Priority::Loading, job) {
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
                Progress::Done(Ok(model)) => {
                    match work.0.carry_out(Priority::Loading, planner(key, model)) {
                        Ok(ticket) => {
                            *state = State::Planning(ticket);
                            continue;
                        }
                        Err(busy) => busy.to_string(),
                    }
                }
                Progress::Done(Err(reason)) => reason,
                Progress::Working(_) => continue,
            },
            _ => continue,
        };
        problems.write(problem(key, &failed));
        progress.failed.push((key.file.clone(), failed));
        *state = State::Failed;
    }
}

/// The notice of a model that cannot be shown.
fn problem(key: &Key, reason: &str) -> Notice {
    let text = format!("the model `{}` cannot be shown: {reason}", key.file.display());
    let file = Some(key.file.clone());
    Notice { asset: None, file, severity: Severity::Error, text }
}

/// Shows what of a model is not drawn as its file has it; of many remarks the first ones.
fn show_remarks(key: &Key, remarks: &[cad::Remark], problems: &mut MessageWriter<Notice>) {
    let file = key.file.display();
    let first = remarks.iter().take(REMARKS).map(|remark| format!("the model `{file}`: {remark}"));
    let more = remarks.len().saturating_sub(REMARKS);
    let more = (more > 0).then(|| {
        format!("the model `{file}` has {more} more remarks: see `twinscope inspect {file}`")
    });
    for text in first.chain(more) {
        // A picture without panels, and a script, have no message log.
        log::warn!("{text}");
        let file = Some(key.file.clone());
        problems.write(Notice { asset: None, file, severity: Severity::Warning, text });
    }
}

/// What goes to the graphics processor.
#[derive(SystemParam)]
pub(super) struct Drawn<'w> {
    meshes: ResMut<'w, Assets<Mesh>>,
    materials: ResMut<'w, Assets<TwinPbr>>,
    images: ResMut<'w, Assets<Image>>,
    device: Option<Res<'w, RenderDevice>>,
}

/// Takes what is planned, and counts.
pub(super) fn collect(
    mut models: ResMut<Models>,
    drawn: Drawn,
    mut progress: ResMut<LoadProgress>,
    mut problems: MessageWriter<Notice>,
) {
    let Drawn { mut meshes, mut materials, mut images, device } = drawn;
    // Without a renderer nothing is too large.
    let longest = device.map_or(u32::MAX, |device| device.limits().max_texture_dimension_2d);
    let counted = (progress.models_done, progress.models_total);
    let under_way = models.by_key.values().filter(|state| state.is_under_way()).count();
    let now = (models.by_key.len() - under_way, models.by_key.len());
    if under_way == 0 && counted == now {
        return;
    }
    let Models { by_key, shared, remarked, .. } = &mut *models;
    for (key, state) in by_key.iter_mut() {
        let State::Planning(ticket) = state else { continue };
        let Planned { model, groups: plans, images: pictures } = match ticket.poll() {
            Progress::Done(Ok(planned)) => planned,
            Progress::Done(Err(reason)) => {
                problems.write(problem(key, &reason));
                progress.failed.push((key.file.clone(), reason));
                *state = State::Failed;
                continue;
            }
            Progress::Working(_) => continue,
        };
        if remarked.insert(key.file.clone()) {
            show_remarks(key, &model.remarks, &mut problems);
        }
        let mut too_large = Vec::new();
        let mut tell = |text: String| too_large.push(text);
        let textures = textures(&model, pictures, longest, &mut images, &mut tell);
        for text in too_large {
            let text = format!("the model `{}`: {text}", key.file.display());
            let file = Some(key.file.clone());
            problems.write(Notice { asset: None, file, severity: Severity::Warning, text });
        }
        let mut surface = |material: Option<usize>| {
            let source = material.and_then(|at| model.materials.get(at));
            match source.and_then(share_key) {
                Some(bits) => shared
                    .entry(bits)
                    .or_insert_with(|| materials.add(pbr(source, &textures)))
                    .clone(),
                None => materials.add(pbr(source, &textures)),
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
