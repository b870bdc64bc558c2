//! From the start of `twinscope render` to the finished picture, beside a minimal Bevy program that
//! loads the same models with Bevy's own loader, places them alike and writes a picture of the same
//! size; in turns in one run.
//!
//! Bevy's loader is compiled in for this bench alone, hence its feature:
//! `cargo bench --profile dev --features bevy_gltf --bench start`
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use bevy::asset::{AssetMetaCheck, UnapprovedPathMode};
use bevy::camera::{Hdr, RenderTarget};
use bevy::gltf::GltfAssetLabel;
use bevy::log::LogPlugin;
use bevy::prelude::*;
use bevy::render::RenderPlugin;
use bevy::render::pipelined_rendering::PipelinedRenderingPlugin;
use bevy::render::render_resource::{TextureFormat, TextureUsages};
use bevy::render::view::screenshot::{Screenshot, ScreenshotCaptured};
use bevy::winit::WinitPlugin;
use bevy::world_serialization::{WorldAssetRoot, WorldInstanceReady};
use twinscope::plant::broker::{Broker, BrokerOptions};

const TURNS: usize = 5;
const SIZE: (u32, u32) = (1280, 720);
/// The variable with the file to draw; where it is set, this program is the minimal one.
const MINIMAL: &str = "TWINSCOPE_BENCH_MINIMAL";

fn main() {
    let Some(png) = std::env::var_os(MINIMAL) else { return compare() };
    minimal(&PathBuf::from(png));
}

fn compare() {
    println!("twin           ours [s]  plain [s]  ratio");
    for name in ["pump_station", "bottling"] {
        let broker = Broker::start(BrokerOptions::default()).unwrap();
        greet(&broker, name);
        let folder = tempfile::tempdir().unwrap();
        let (png, plain_png) = (folder.path().join("a.png"), folder.path().join("b.png"));
        let (mut ours, mut plain) = (Vec::new(), Vec::new());
        // In turns, so that both meet the same load of the computer; the first turn fills caches.
        for turn in 0..=TURNS {
            let mut command = Command::new(env!("CARGO_BIN_EXE_twinscope"));
            command.args(["render", &twin_file(name), "--broker", &broker.url(), "--after", "0s"]);
            let own = timed(command.args(["--no-ui", "--size", "1280x720", "--png"]).arg(&png));
            let mut command = Command::new(std::env::current_exe().unwrap());
            let other = timed(command.arg(name).env(MINIMAL, &plain_png));
            if turn > 0 {
                ours.push(own);
                plain.push(other);
            }
        }
        assert!(png.is_file() && plain_png.is_file(), "both have drawn");
        let mut ratios: Vec<_> =
            ours.iter().zip(&plain).map(|(a, b)| a.as_secs_f64() / b.as_secs_f64()).collect();
        ratios.sort_by(f64::total_cmp);
        let best = |times: &[Duration]| times.iter().min().unwrap().as_secs_f64();
        let (a, b) = (best(&ours), best(&plain));
        println!("{name:<14} {a:>8.2}  {b:>9.2}  {:>5.2}", ratios[TURNS / 2]);
    }
}

/// One retained message, so that the program finds the plant alive at once.
fn greet(broker: &Broker, name: &str) {
    let address = broker.tcp_address();
    let options = rumqttc::MqttOptions::new("greeter", address.ip().to_string(), address.port());
    let (client, mut connection) = rumqttc::Client::new(options, 10);
    let clock = format!("{{\"now\": \"{}\", \"rate\": 1}}", twinscope::twin::Timestamp::now());
    let send = |topic: String, payload: String| {
        client.publish(topic, rumqttc::QoS::AtLeastOnce, true, payload).unwrap();
    };
    send(format!("{name}/clock"), clock);
    send(format!("{name}/status"), "online".into());
    send(format!("{name}/station/W-1/temperature"), "18.5".into());
    send(format!("{name}/utilities/PI-101/pressure"), "2.5".into());
    let acknowledged =
        |event| matches!(event, Ok(Ok(rumqttc::Event::Incoming(rumqttc::Packet::PubAck(_)))));
    let mut missing = 4;
    while missing > 0 {
        missing -= u32::from(acknowledged(connection.recv_timeout(Duration::from_secs(10))));
    }
}

fn twin_file(name: &str) -> String {
    format!("{}/scenes/{name}.ron", env!("CARGO_MANIFEST_DIR"))
}

fn timed(command: &mut Command) -> Duration {
    let begin = Instant::now();
    let status = command.stdout(Stdio::null()).status().expect("the program starts");
    assert!(status.success(), "{command:?}");
    begin.elapsed()
}

#[derive(Resource, Default)]
struct Loaded(usize);

/// The least that loads the models of a twin, places them, and writes a picture.
fn minimal(png: &Path) {
    let name = std::env::args().nth(1).expect("the twin");
    let twin = twinscope::twin::load(twin_file(&name).as_ref()).unwrap().twin;
    let mut app = App::new();
    let plugins = DefaultPlugins
        .set(AssetPlugin {
            file_path: "/".into(),
            meta_check: AssetMetaCheck::Never,
            unapproved_path_mode: UnapprovedPathMode::Allow,
            ..default()
        })
        .set(WindowPlugin {
            primary_window: None,
            exit_condition: bevy::window::ExitCondition::DontExit,
            ..default()
        })
        .set(RenderPlugin { synchronous_pipeline_compilation: true, ..default() })
        .set(LogPlugin { filter: "error".into(), ..default() })
        .disable::<WinitPlugin>()
        .disable::<PipelinedRenderingPlugin>();
    app.add_plugins(plugins).init_resource::<Loaded>();
    // This project's Bevy is built without the feature that registers all types by itself.
    app.register_type::<Transform>()
        .register_type::<GlobalTransform>()
        .register_type::<bevy::transform::components::TransformTreeChanged>()
        .register_type::<Visibility>()
        .register_type::<InheritedVisibility>()
        .register_type::<ViewVisibility>()
        .register_type::<bevy::camera::visibility::VisibilityClass>()
        .register_type::<bevy::camera::primitives::Aabb>()
        .register_type::<Name>()
        .register_type::<ChildOf>()
        .register_type::<Children>()
        .register_type::<Mesh3d>()
        .register_type::<MeshMaterial3d<StandardMaterial>>()
        .register_type::<bevy::gltf::GltfExtras>()
        .register_type::<bevy::gltf::GltfSceneExtras>()
        .register_type::<bevy::gltf::GltfMeshExtras>()
        .register_type::<bevy::gltf::GltfSceneName>()
        .register_type::<bevy::gltf::GltfMeshName>()
        .register_type::<bevy::gltf::GltfMaterialExtras>()
        .register_type::<bevy::gltf::GltfMaterialName>()
        .register_type::<bevy::animation::AnimationPlayer>()
        .register_type::<bevy::animation::AnimationTargetId>();
    while app.plugins_state() == bevy::app::PluginsState::Adding {
        bevy::tasks::tick_global_task_pools_on_main_thread();
    }
    app.finish();
    app.cleanup();
    let target = camera_and_light(app.world_mut());
    let count = place(app.world_mut(), &twin);
    while app.world().resource::<Loaded>().0 < count {
        app.update();
        std::thread::sleep(Duration::from_millis(1));
    }
    write(png, &capture(&mut app, target));
}

fn camera_and_light(world: &mut World) -> Handle<Image> {
    let format = TextureFormat::Rgba8UnormSrgb;
    let mut target = Image::new_target_texture(SIZE.0, SIZE.1, format, None);
    target.texture_descriptor.usage |= TextureUsages::COPY_SRC;
    let target = world.resource_mut::<Assets<Image>>().add(target);
    world.spawn((
        Camera3d::default(),
        // Drawn once, when everything is there.
        Camera { is_active: false, ..default() },
        RenderTarget::from(target.clone()),
        Hdr,
        Msaa::Sample4,
        Transform::from_xyz(4.5, 4.2, 8.5).looking_at(Vec3::new(0.2, 0.9, -0.8), Vec3::Y),
    ));
    world.spawn((
        DirectionalLight { shadow_maps_enabled: true, ..default() },
        Transform::from_xyz(1.0, 3.0, 2.0).looking_at(Vec3::ZERO, Vec3::Y),
    ));
    target
}

/// Places each asset's model; how many.
fn place(world: &mut World, twin: &twinscope::twin::Twin) -> usize {
    let mut count = 0;
    for asset in &twin.assets {
        let class = asset.class.map(|class| &twin.classes[class.0 as usize]);
        let Some(model) = class.and_then(|class| class.model.as_ref()) else { continue };
        let file = model.canonicalize().unwrap();
        let scene = GltfAssetLabel::Scene(0).from_asset(file);
        let scene = world.resource::<AssetServer>().load(scene);
        let at = asset.parent_from_asset.position;
        world
            .spawn((
                WorldAssetRoot(scene),
                Transform::from_xyz(at[0] as f32, at[1] as f32, at[2] as f32),
            ))
            .observe(|_: On<WorldInstanceReady>, mut loaded: ResMut<Loaded>| loaded.0 += 1);
        count += 1;
    }
    count
}

fn capture(app: &mut App, target: Handle<Image>) -> Image {
    let mut cameras = app.world_mut().query::<&mut Camera>();
    cameras.iter_mut(app.world_mut()).for_each(|mut camera| camera.is_active = true);
    let (hand_over, taken) = channel();
    app.world_mut().spawn(Screenshot::image(target)).observe(
        move |captured: On<ScreenshotCaptured>| hand_over.send(captured.image.clone()).unwrap(),
    );
    app.update();
    // As ours does: no more is drawn while the picture is on its way.
    let mut cameras = app.world_mut().query::<&mut Camera>();
    cameras.iter_mut(app.world_mut()).for_each(|mut camera| camera.is_active = false);
    loop {
        app.update();
        if let Ok(image) = taken.try_recv() {
            return image;
        }
    }
}

fn write(path: &Path, image: &Image) {
    let file = std::fs::File::create(path).unwrap();
    let file = std::io::BufWriter::new(file);
    let mut encoder = png::Encoder::new(file, image.width(), image.height());
    encoder.set_color(png::ColorType::Rgba);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(image.data.as_ref().unwrap()).unwrap();
}
