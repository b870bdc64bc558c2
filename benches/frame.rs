//! What a frame of the viewer costs on the CPU, beside a plain Bevy app that draws the same boxes
//! and moves the same nodes from an array, in turns in one run.
//!
//! A tenth of all properties changes every 100 ms; one asset in five has a node that moves. Both
//! apps draw into 64×64 pixels. Timed are the main schedule, extraction and preparation of a frame:
//! what follows is recording and the renderer's own work, which is waited for outside the time.
//!
//! `CARGO_PROFILE_DEV_OPT_LEVEL=3 cargo bench --profile dev --bench frame`
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine};
use bevy::camera::{Hdr, RenderTarget};
use bevy::light::CascadeShadowConfig;
use bevy::log::LogPlugin;
use bevy::prelude::*;
use bevy::render::pipelined_rendering::PipelinedRenderingPlugin;
use bevy::render::render_resource::{PollType, TextureFormat};
use bevy::render::renderer::RenderDevice;
use bevy::render::{Render, RenderApp, RenderPlugin, RenderSystems};
use bevy::winit::WinitPlugin;
use crossbeam_channel::{Sender, bounded};
use twinscope::telemetry::{Batch, Status, Update as SampleUpdate};
use twinscope::twin::{PropertyId, Quality, Timestamp, Twin, Value, load};
use twinscope::viewer::app::headless;
use twinscope::viewer::scene::camera::SceneCamera;
use twinscope::viewer::scene::models::LoadProgress;
use twinscope::viewer::time::WallClock;

const PER_ASSET: usize = 10;
/// One asset in so many has a node that moves.
const MOVING: usize = 5;
/// Frames of each kind in a turn; the first turn warms up.
const FRAMES: usize = 40;
const TURNS: usize = 4;
const PIXELS: u32 = 64;
/// Plant time from one frame to the next, however long the software renderer takes.
const FRAME_US: i64 = 16_667;
/// Frames in which a tenth of all properties changes once: 100 ms.
const ROUND: u32 = 6;

fn main() {
    println!(
        "properties  moving  |  ours: idle  values  all [ms]  |  plain: idle  all [ms]  |  frame ratio  | us/property  us/node  plain us/node"
    );
    // `-- 10000` measures that many assets alone, for a profiler.
    let only: Option<usize> = std::env::args().find_map(|word| word.parse().ok());
    for assets in only.map_or(vec![100, 1_000, 10_000], |assets| vec![assets]) {
        measure(assets);
    }
}

fn measure(assets: usize) {
    let folder = tempfile::tempdir().unwrap();
    let mut ours = Ours::new(folder.path(), assets);
    let mut plain = Plain::new(assets, ours.sight());
    let moving = assets / MOVING;
    let mut times = [const { Vec::new() }; 5];
    // In turns, so that what else the machine does concerns both alike.
    for turn in 0..TURNS {
        for (at, change) in [Change::Nothing, Change::Values, Change::All].into_iter().enumerate() {
            let (frames, changed) = ours.frames(change, turn == 0);
            times[at].extend(frames);
            ours.changed[at] += changed;
        }
        for (at, moves) in [(3, false), (4, true)] {
            times[at].extend(plain.frames(moves, turn == 0));
        }
    }
    let [idle, values, all, plain_idle, plain_all] = times.map(|mut times| {
        times.sort();
        times[times.len() / 2].as_secs_f64() * 1e3
    });
    let per_frame = ours.changed[1] as f64 / ((TURNS - 1) * FRAMES) as f64;
    println!(
        "{:>10}  {moving:>6}  |  {idle:>10.3}  {values:>6.3}  {all:>8.3}  |  {plain_idle:>11.3}  {plain_all:>8.3}  |  {:>11.2}  | {:>11.2}  {:>7.2}  {:>13.2}",
        assets * PER_ASSET,
        all / plain_all,
        (values - idle) * 1e3 / per_frame,
        (all - values) * 1e3 / moving as f64,
        (plain_all - plain_idle) * 1e3 / moving as f64,
    );
}

/// What is fed to the viewer.
#[derive(Clone, Copy, PartialEq)]
enum Change {
    Nothing,
    /// A tenth of the properties, none of which moves anything.
    Values,
    /// A tenth of the properties, those of the moving nodes among them.
    All,
}

/// When the last frame was prepared, in nanoseconds since the start.
#[derive(Resource, Clone)]
struct Prepared(Arc<AtomicU64>, Instant);

impl Prepared {
    fn watch(app: &mut App) -> Self {
        let prepared = Self(Arc::new(AtomicU64::new(0)), Instant::now());
        let render = app.sub_app_mut(RenderApp);
        render.insert_resource(prepared.clone()).add_systems(
            Render,
            (|prepared: Res<Prepared>| {
                prepared.0.store(prepared.1.elapsed().as_nanos() as u64, Ordering::Relaxed);
            })
            .after(RenderSystems::Prepare)
            .before(RenderSystems::Render),
        );
        prepared
    }

    /// Runs a frame; how long it took until all was prepared.
    fn time(&self, app: &mut App) -> Duration {
        let begin = self.1.elapsed();
        app.update();
        let end = Duration::from_nanos(self.0.load(Ordering::Relaxed));
        let device = app.sub_app(RenderApp).world().resource::<RenderDevice>();
        device.poll(PollType::wait_indefinitely()).expect("the renderer works");
        end - begin
    }
}

struct Ours {
    app: App,
    prepared: Prepared,
    samples: Sender<Batch>,
    assets: usize,
    now: Timestamp,
    frame: u32,
    changed: [usize; 3],
}

impl Ours {
    fn new(folder: &Path, assets: usize) -> Self {
        let twin = twin(folder, assets);
        assert_eq!(twin.property_count(), assets * PER_ASSET);
        let (samples, batches) = bounded(10_000);
        let status = Arc::new(Status::new("bench"));
        let mut options = twinscope::viewer::ViewerOptions::new(twin, batches, status);
        options.panels = false;
        let mut app = headless::build(options, (PIXELS, PIXELS), 1.0).expect("a renderer");
        let prepared = Prepared::watch(&mut app);
        while !app.world().resource::<LoadProgress>().is_complete() {
            app.update();
        }
        Self { app, prepared, samples, assets, now: Timestamp::now(), frame: 0, changed: [0; 3] }
    }

    /// From where it looks and how its shadows are laid out, so that both draw as much.
    fn sight(&mut self) -> Sight {
        // The shadows are laid out when the plant's size is known, some frames after its models.
        (0..10).for_each(|_| self.app.update());
        let world = self.app.world_mut();
        let mut cameras = world.query_filtered::<(&Transform, &Projection), With<SceneCamera>>();
        let (eye, projection) = cameras.single(world).expect("a camera");
        let (eye, projection) = (*eye, projection.clone());
        let cascades = world.query::<&CascadeShadowConfig>().single(world).expect("a sun").clone();
        Sight { eye, projection, cascades }
    }

    /// Times of frames, and how many samples were fed meanwhile.
    fn frames(&mut self, change: Change, warm_up: bool) -> (Vec<Duration>, usize) {
        let mut fed = 0;
        let mut one = || {
            self.now = self.now.plus_micros(FRAME_US);
            self.app.insert_resource(WallClock::At(self.now));
            if change != Change::Nothing {
                fed += self.feed(change);
            }
            self.frame += 1;
            self.prepared.time(&mut self.app)
        };
        let times = (0..FRAMES).map(|_| one()).collect();
        if warm_up { (Vec::new(), 0) } else { (times, fed) }
    }

    /// What changes in a frame: a sixth of what changes in 100 ms, spread evenly.
    fn feed(&self, change: Change) -> usize {
        let total = self.assets * PER_ASSET / 10;
        let moving = if change == Change::All { self.assets / MOVING } else { 0 };
        let (round, part) = ((self.frame / ROUND) as usize, (self.frame % ROUND) as usize);
        let turned = self.now.0.rem_euclid(60_000_000) as f64 / 1e6;
        let sample = |property: usize, value: f64| SampleUpdate {
            property: PropertyId(property as u32),
            time: Some(self.now),
            value: Some(Value::Number(value)),
            quality: Quality::Good,
        };
        let is_now = |at: &usize| at % ROUND as usize == part;
        let nodes = (0..moving).filter(is_now);
        let nodes = nodes.map(|at| sample(at * MOVING * PER_ASSET, turned));
        let others = (0..total - moving).filter(is_now).map(|at| {
            // Properties 1 to 9 of each asset in turn: the first moves the node.
            let asset = (at + round * 7) % self.assets;
            let property = 1 + (at / self.assets + round) % (PER_ASSET - 1);
            sample(asset * PER_ASSET + property, (at % 100) as f64)
        });
        let all: Vec<_> = nodes.chain(others).collect();
        for updates in all.chunks(1_000) {
            let batch = Batch { arrival: self.now, updates: updates.to_vec(), ..Batch::default() };
            self.samples.send(batch).expect("the viewer takes samples");
        }
        all.len()
    }
}

/// Assets in rows of a hundred, each a fixed box with a second one above it.
fn twin(folder: &Path, assets: usize) -> Arc<Twin> {
    std::fs::write(folder.join("boxes.gltf"), model()).unwrap();
    let others: String =
        (1..PER_ASSET).map(|at| format!("\"p{at}\": (range: (0, 100)),")).collect();
    let in_row = assets.min(100);
    let rows: String = (0..assets / in_row)
        .map(|row| {
            format!("(name: \"R{row}-{{n}}\", count: {in_row}, class: \"Device\", at: (0, 0, {row}), step: (1, 0, 0)),")
        })
        .collect();
    let text = format!(
        r#"Twin(schema: 2, name: "bench", classes: {{"Device": (model: "boxes.gltf",
            properties: {{"turns": (unit: "{{rev}}"), {others}}},
            bindings: [Rotate(node: "upper", axis: y, by: "turns"),
                       Color(node: "lower", by: "p1", map: viridis)])}},
            assets: [{rows}],
            viewpoints: [(name: "all", eye: (50, 70, 130), target: (50, 0, 50))])"#
    );
    let file = folder.join("bench.ron");
    std::fs::write(&file, text).unwrap();
    Arc::new(load(&file).unwrap_or_else(|errors| panic!("{errors}")).twin)
}

/// Two boxes, in one small file.
fn model() -> String {
    let positions: Vec<u8> = CORNERS.iter().flatten().flat_map(|c| c.to_le_bytes()).collect();
    let indices: Vec<u8> = FACES.iter().flatten().flat_map(|i| i.to_le_bytes()).collect();
    let bytes = [positions, indices].concat();
    let buffer = BASE64_STANDARD.encode(&bytes);
    format!(
        r#"{{"asset": {{"version": "2.0"}}, "scene": 0, "scenes": [{{"nodes": [0]}}],
        "nodes": [{{"name": "device", "children": [1, 2]}}, {{"name": "lower", "mesh": 0}},
                  {{"name": "upper", "mesh": 0, "translation": [0, 0.5, 0]}}],
        "meshes": [{{"primitives": [{{"attributes": {{"POSITION": 0}}, "indices": 1}}]}}],
        "accessors": [{{"bufferView": 0, "componentType": 5126, "count": 8, "type": "VEC3",
                        "min": [-0.2, -0.2, -0.2], "max": [0.2, 0.2, 0.2]}},
                      {{"bufferView": 1, "componentType": 5125, "count": 36, "type": "SCALAR"}}],
        "bufferViews": [{{"buffer": 0, "byteLength": 96}},
                        {{"buffer": 0, "byteOffset": 96, "byteLength": 144}}],
        "buffers": [{{"byteLength": 240, "uri": "data:application/octet-stream;base64,{buffer}"}}]}}"#
    )
}

const C: f32 = 0.2;
const CORNERS: [[f32; 3]; 8] = [
    [-C, -C, -C],
    [C, -C, -C],
    [-C, C, -C],
    [C, C, -C],
    [-C, -C, C],
    [C, -C, C],
    [-C, C, C],
    [C, C, C],
];
const FACES: [[u32; 6]; 6] = [
    [0, 4, 6, 0, 6, 2],
    [1, 3, 7, 1, 7, 5],
    [0, 1, 5, 0, 5, 4],
    [2, 6, 7, 2, 7, 3],
    [0, 2, 3, 0, 3, 1],
    [4, 5, 7, 4, 7, 6],
];

struct Sight {
    eye: Transform,
    projection: Projection,
    cascades: CascadeShadowConfig,
}

/// The same boxes in a plain Bevy app.
struct Plain {
    app: App,
    prepared: Prepared,
    turned: f32,
}

/// Places of the moving nodes, in the order of their entities, and whether they move.
#[derive(Resource)]
struct Places {
    array: Vec<Transform>,
    moves: bool,
}

#[derive(Component)]
struct Mover(usize);

impl Plain {
    fn new(assets: usize, sight: Sight) -> Self {
        let mut app = App::new();
        let plugins = DefaultPlugins
            .set(WindowPlugin {
                primary_window: None,
                exit_condition: bevy::window::ExitCondition::DontExit,
                ..default()
            })
            .set(RenderPlugin { synchronous_pipeline_compilation: true, ..default() })
            .disable::<WinitPlugin>()
            .disable::<PipelinedRenderingPlugin>()
            .disable::<bevy::app::TerminalCtrlCHandlerPlugin>()
            .disable::<LogPlugin>();
        app.add_plugins(plugins);
        while app.plugins_state() == bevy::app::PluginsState::Adding {
            bevy::tasks::tick_global_task_pools_on_main_thread();
        }
        app.finish();
        app.cleanup();
        let prepared = Prepared::watch(&mut app);
        spawn(app.world_mut(), assets, sight);
        app.add_systems(Update, write);
        (0..5).for_each(|_| app.update());
        Self { app, prepared, turned: 0.0 }
    }

    fn frames(&mut self, moves: bool, warm_up: bool) -> Vec<Duration> {
        let mut one = || {
            let mut places = self.app.world_mut().resource_mut::<Places>();
            places.moves = moves;
            if moves {
                self.turned += FRAME_US as f32 * 1e-6;
                let turn = Quat::from_rotation_y(self.turned);
                places.array.iter_mut().for_each(|place| place.rotation = turn);
            }
            self.prepared.time(&mut self.app)
        };
        let times = (0..FRAMES).map(|_| one()).collect();
        if warm_up { Vec::new() } else { times }
    }
}

/// The plain system: transforms from an array.
fn write(places: Res<Places>, mut nodes: Query<(&mut Transform, &Mover)>) {
    if places.moves {
        for (mut transform, mover) in &mut nodes {
            *transform = places.array[mover.0];
        }
    }
}

fn spawn(world: &mut World, assets: usize, sight: Sight) {
    let target = Image::new_target_texture(PIXELS, PIXELS, TextureFormat::Rgba8UnormSrgb, None);
    let target = world.resource_mut::<Assets<Image>>().add(target);
    let mesh = world.resource_mut::<Assets<Mesh>>().add(Cuboid::from_length(2.0 * C));
    let material =
        world.resource_mut::<Assets<StandardMaterial>>().add(StandardMaterial::default());
    world.spawn((
        Camera3d::default(),
        RenderTarget::from(target),
        Hdr,
        Msaa::Sample4,
        sight.projection,
        sight.eye,
    ));
    world.spawn((
        DirectionalLight { shadow_maps_enabled: true, ..default() },
        sight.cascades,
        Transform::from_xyz(1.0, 3.0, 2.0).looking_at(Vec3::ZERO, Vec3::Y),
    ));
    let in_row = assets.min(100);
    let mut array = Vec::new();
    for at in 0..assets {
        let place = Vec3::new((at % in_row) as f32, 0.0, (at / in_row) as f32);
        let look = || (Mesh3d(mesh.clone()), MeshMaterial3d(material.clone()));
        let root = world.spawn((Transform::from_translation(place), Visibility::default())).id();
        world.spawn((look(), ChildOf(root)));
        let above = Transform::from_xyz(0.0, 0.5, 0.0);
        let mut upper = world.spawn((look(), above, ChildOf(root)));
        if at % MOVING == 0 {
            upper.insert(Mover(array.len()));
            array.push(above);
        }
    }
    world.insert_resource(Places { array, moves: false });
}
