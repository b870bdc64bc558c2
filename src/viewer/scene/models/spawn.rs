//! Assets into entities, a slice of each frame, parents first.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use bevy::mesh::MeshTag;
use bevy::platform::time::Instant;
use bevy::prelude::*;

use super::load::{Group, Key, LoadProgress, Models, Ready, ReloadModels, State};
use crate::cad::Affine;
use crate::twin::binding::Effect;
use crate::twin::{AssetId, Twin};
use crate::viewer::base::{
    AssetRoot, Notice, Palette, PartOf, Scene, SceneViews, Severity, TwinDefinition,
};
use crate::viewer::scene::bound::{Bound, LabelSpec, Paints};
use crate::viewer::scene::look::{MISSING, TwinMaterial, TwinPbr};
use crate::viewer::scene::placement::{self, Placed, local};

/// Time of a frame that spawning may take.
const SLICE: Duration = Duration::from_millis(8);

/// The entities of all scenes.
#[derive(Resource, Default)]
pub struct SceneEntities {
    /// By scene the root of each asset, by [`AssetId`].
    roots: HashMap<Scene, Vec<Entity>>,
    /// Where they are put, by [`AssetId`].
    placed: Vec<Placed>,
    waiting: VecDeque<(Scene, AssetId)>,
    reported: std::collections::HashSet<String>,
}

/// Starts afresh when the definition changed or models were saved anew.
pub(super) fn renew(
    twin: Res<TwinDefinition>,
    mut reload: MessageReader<ReloadModels>,
    mut models: ResMut<Models>,
    mut scene: ResMut<SceneEntities>,
    mut progress: ResMut<LoadProgress>,
    roots: Query<Entity, With<AssetRoot>>,
    mut commands: Commands,
) {
    let saved: Vec<_> = reload.read().flat_map(|message| message.0.clone()).collect();
    let is_saved = |key: &Key| saved.contains(&key.file);
    let any = models.by_key.keys().any(is_saved);
    if twin.is_changed() || any {
        models.by_key.retain(|key, state| !is_saved(key) && !matches!(state, State::Failed));
        models.remarked.retain(|file| !saved.contains(file));
        models.wanted = true;
        progress.failed.clear();
        // Those below others go with them.
        roots.iter().for_each(|root| commands.entity(root).try_despawn());
        *scene = SceneEntities::default();
    }
}

/// Begins scenes that were opened and ends those that were closed.
pub(super) fn follow_views(
    twin: Res<TwinDefinition>,
    views: Res<SceneViews>,
    mut scene: ResMut<SceneEntities>,
    mut commands: Commands,
) {
    let is_open = |scene: &Scene| views.get(*scene).is_some();
    for (_, roots) in scene.roots.extract_if(|scene, _| !is_open(scene)) {
        // Those below others go with them.
        roots.iter().for_each(|root| commands.entity(*root).try_despawn());
    }
    scene.waiting.retain(|(scene, _)| is_open(scene));
    for shown in views.iter() {
        if !scene.roots.contains_key(&shown.scene) {
            begin(&twin.0, shown.scene, &mut scene, &mut commands);
        }
    }
}

/// The roots of a scene, in which models are still missing.
fn begin(twin: &Twin, of: Scene, scene: &mut SceneEntities, commands: &mut Commands) {
    if scene.placed.len() != twin.assets.len() {
        scene.placed = placement::roots(twin);
    }
    let mut roots: Vec<Entity> = Vec::with_capacity(twin.assets.len());
    for (asset, placed) in twin.asset_ids().zip(&scene.placed) {
        let root = commands
            .spawn((
                AssetRoot(asset),
                of,
                Name::new(twin.asset(asset).path.to_string()),
                placed.own,
                Visibility::default(),
            ))
            .id();
        if let Some(above) = placed.above {
            commands.entity(root).insert(ChildOf(roots[above.0 as usize]));
        }
        roots.push(root);
        scene.waiting.push_back((of, asset));
    }
    scene.roots.insert(of, roots);
}

/// Where shared meshes and surfaces are kept.
#[derive(bevy::ecs::system::SystemParam)]
pub(super) struct Stock<'w> {
    palette: Res<'w, Palette>,
    meshes: ResMut<'w, Assets<Mesh>>,
    materials: ResMut<'w, Assets<TwinPbr>>,
}

/// Spawns what is ready, within [`SLICE`].
pub(super) fn spawn(
    twin: Res<TwinDefinition>,
    mut models: ResMut<Models>,
    mut scene: ResMut<SceneEntities>,
    mut progress: ResMut<LoadProgress>,
    mut stock: Stock,
    mut problems: MessageWriter<Notice>,
    mut commands: Commands,
) {
    let start = Instant::now();
    for _ in 0..scene.waiting.len() {
        if start.elapsed() > SLICE {
            break;
        }
        let Some((of, asset)) = scene.waiting.pop_front() else { break };
        let root = scene.roots.get(&of).and_then(|roots| roots.get(asset.0 as usize));
        let Some(root) = root.copied() else { continue };
        let Some(class) = twin.0.class_of(asset) else { continue };
        let ready = match Key::of(class).map(|key| models.by_key.get(&key)) {
            Some(Some(State::Ready(ready))) => Some(ready.clone()),
            Some(Some(State::Failed)) => {
                placeholder(&mut commands, root, (of, asset), &mut models, &mut stock);
                None
            }
            Some(_) => {
                scene.waiting.push_back((of, asset));
                continue;
            }
            None => None,
        };
        let Some(placed) = scene.placed.get(asset.0 as usize) else { continue };
        let missing =
            instance(&mut commands, &twin.0, (of, asset), (root, placed), ready.as_deref());
        for text in missing {
            if scene.reported.insert(text.clone()) {
                problems.write(Notice {
                    asset: Some(asset),
                    file: class.model.clone(),
                    severity: Severity::Warning,
                    text,
                });
            }
        }
    }
    if progress.assets_waiting != scene.waiting.len() {
        progress.assets_waiting = scene.waiting.len();
    }
}

/// A banded box of a metre where a model should be.
fn placeholder(
    commands: &mut Commands,
    root: Entity,
    (scene, asset): (Scene, AssetId),
    models: &mut Models,
    stock: &mut Stock,
) {
    let (mesh, material) = models
        .placeholder
        .get_or_insert_with(|| {
            let base = StandardMaterial::from(stock.palette.scene.missing);
            let material = TwinPbr { base, extension: TwinMaterial {} };
            (stock.meshes.add(Cuboid::from_length(1.0)), stock.materials.add(material))
        })
        .clone();
    let mut part = commands.spawn((
        ChildOf(root),
        PartOf(asset),
        Mesh3d(mesh),
        MeshMaterial3d(material),
        MeshTag(MISSING),
        Transform::from_xyz(0.0, 0.5, 0.0),
    ));
    put_in(scene, &mut part);
}

/// A mesh of another scene than the main one is seen by that scene's camera alone.
pub(in crate::viewer::scene) fn put_in(scene: Scene, part: &mut EntityCommands) {
    if let Some(layers) = scene.layers() {
        part.insert((scene, layers));
    }
}

/// Spawns the groups and parts of one asset; returns what its bindings name and the model lacks.
fn instance(
    commands: &mut Commands,
    twin: &Twin,
    (scene, asset): (Scene, AssetId),
    (root, placed): (Entity, &Placed),
    ready: Option<&Ready>,
) -> Vec<String> {
    let none: &[Group] = &[];
    let groups = ready.map_or(none, |ready| &ready.groups);
    let scale = ready.map_or([0.0; 3], |ready| ready.model.origin);
    let scale = asset_from_model(twin.asset(asset), scale);
    let (effects, problems) = assign(twin, asset, ready);
    let mut entities: Vec<Entity> = vec![root];
    // Which group colours the parts of each group: its own effects, or those above.
    let mut painter: Vec<usize> = vec![0];
    let mut paints: Vec<Vec<Entity>> = vec![Vec::new(); groups.len().max(1)];
    let of_group = |at: usize| {
        effects.iter().filter(|(group, _)| *group == at).map(|(_, b)| *b).collect::<Vec<_>>()
    };
    for (at, group) in groups.iter().enumerate() {
        let frame = if at > 0 && group.plan.parent == 0 { scale } else { Affine::IDENTITY };
        let own = of_group(at);
        if at > 0 {
            let placed = local(&frame.then_inner(&group.plan.group_from_node));
            let parent = entities[group.plan.parent];
            entities.push(commands.spawn((ChildOf(parent), placed, Visibility::default())).id());
            let class = twin.class_of(asset);
            let colours = own.iter().any(|b| {
                let effect = class.map(|class| &class.bindings[*b].effect);
                matches!(effect, Some(Effect::Color { .. } | Effect::Glow { .. }))
            });
            painter.push(if colours { at } else { painter[group.plan.parent] });
        }
        let of_part = if at == 0 { local(&scale) } else { Transform::IDENTITY };
        for (mesh, material) in &group.parts {
            let look =
                (PartOf(asset), Mesh3d(mesh.clone()), MeshMaterial3d(material.clone()), MeshTag(0));
            // A group's only part is the group itself: with many assets, each entity counts.
            let mut part = if at > 0 && group.parts.len() == 1 {
                commands.entity(entities[at])
            } else {
                commands.spawn((ChildOf(entities[at]), of_part))
            };
            part.insert(look);
            put_in(scene, &mut part);
            paints[painter[at]].push(part.id());
        }
    }
    let by_node: Vec<(usize, Entity)> = groups
        .iter()
        .zip(&entities)
        .filter_map(|(group, entity)| Some((group.plan.node?, *entity)))
        .collect();
    for (at, entity) in entities.iter().enumerate() {
        let own = of_group(at);
        if let Some(class) = twin.class_of(asset) {
            for binding in &own {
                if let Effect::Label { text, offset, priority } = &class.bindings[*binding].effect {
                    commands.spawn((
                        ChildOf(*entity),
                        Transform::from_translation(Vec3::from(offset.map(|entry| entry as f32))),
                        Visibility::Inherited,
                        LabelSpec { scene, asset, parts: text.clone(), priority: *priority },
                    ));
                }
            }
        }
        if !own.is_empty() {
            let base = groups.get(at).filter(|_| at > 0).map(|group| {
                let frame = if group.plan.parent == 0 { scale } else { Affine::IDENTITY };
                let above = &groups[group.plan.parent].plan.model_from_node;
                (local(&frame.then_inner(&group.plan.group_from_node)), local(above))
            });
            let (base, above) = base.unwrap_or((placed.own, placed.parent));
            let animations = if at == 0 {
                let bases = groups.iter().skip(1).map(|group| {
                    let frame = if group.plan.parent == 0 { scale } else { Affine::IDENTITY };
                    let node_from_group = group.plan.shape.inverse().unwrap_or(Affine::IDENTITY);
                    (frame.then_inner(&group.plan.group_from_base), node_from_group)
                });
                let nodes = by_node.iter().zip(bases);
                nodes.map(|((node, entity), base)| (*node, (*entity, base))).collect()
            } else {
                Vec::new()
            };
            let model = ready.map(|ready| ready.model.clone());
            let mut bound =
                Bound::new((scene, asset), own, base, above, at == 0, model, animations);
            bound.shape = groups
                .get(at)
                .map(|group| group.plan.shape)
                .filter(|shape| *shape != Affine::IDENTITY)
                .map(|shape| Box::new(placement::linear(&shape)));
            commands.entity(*entity).insert(bound);
        }
        if let Some(parts) = paints.get_mut(at).filter(|parts| !parts.is_empty()) {
            commands.entity(*entity).insert(Paints(std::mem::take(parts)));
        }
    }
    problems
}

/// The frame of a model in its asset's. Where a model was moved to its origin, `origin` says from
/// where: it stays moved, unless the twin moves it back itself.
fn asset_from_model(asset: &crate::twin::Asset, origin: [f64; 3]) -> Affine {
    let pose = &asset.parent_from_asset;
    let scaled = origin.map(|entry| entry * asset.scale);
    let parent_from_asset = Affine::from_trs(&crate::cad::Trs {
        translation: pose.position,
        rotation: pose.rotation,
        ..crate::cad::Trs::IDENTITY
    });
    let length = |v: [f64; 3]| v.iter().map(|entry| entry * entry).sum::<f64>().sqrt();
    let moves_back = length(parent_from_asset.point(scaled)) < 0.5 * length(scaled);
    Affine::from_trs(&crate::cad::Trs {
        translation: if moves_back { scaled } else { [0.0; 3] },
        scale: [asset.scale; 3],
        ..crate::cad::Trs::IDENTITY
    })
}

/// Which group each binding drives, and what is not there.
fn assign(
    twin: &Twin,
    asset: AssetId,
    ready: Option<&Ready>,
) -> (Vec<(usize, usize)>, Vec<String>) {
    let (mut effects, mut problems) = (Vec::new(), Vec::new());
    let Some(class) = twin.class_of(asset) else { return (effects, problems) };
    for (at, binding) in class.bindings.iter().enumerate() {
        let group = match (&binding.effect, ready) {
            // An animation moves many nodes, items stand in the asset's frame: both are the asset's.
            (Effect::Animation { name, .. }, Some(ready)) => {
                ready.model.find_animation(name).map(|_| 0)
            }
            (Effect::Items { .. }, _) => Ok(0),
            _ if binding.node.is_empty() => Ok(0),
            (_, Some(ready)) => ready.model.find_node(&binding.node).map(|node| {
                ready.groups.iter().position(|group| group.plan.node == Some(node)).unwrap_or(0)
            }),
            (_, None) => continue,
        };
        match group {
            Ok(group) => effects.push((group, at)),
            Err(error) => problems.push(format!("{}: {error}", binding.place)),
        }
    }
    (effects, problems)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::twin::{NoFiles, load_text};

    #[test]
    fn a_model_that_was_moved_stays_so_unless_its_asset_moves_it_back() {
        let text = r#"Twin(schema: 2, name: "t", assets: [
            (name: "here", at: (10, 0, 0)), (name: "back", at: (-50000, 0, 2))])"#;
        let twin = load_text(Path::new("t.ron"), text, &NoFiles);
        let twin = twin.unwrap_or_else(|wrong| panic!("{wrong}")).twin;
        let origin = [50_000.0, 0.0, 0.0];
        let moved =
            |name: &str| asset_from_model(twin.asset(twin.asset_by_name[name]), origin).origin;
        assert_eq!(moved("here"), [0.0; 3]);
        assert_eq!(moved("back"), origin);
    }
}
