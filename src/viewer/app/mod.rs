//! The app: which plugins it is made of, for a window or for a picture.
//!
//! Flows in: [`Options`]. Flows out: a Bevy app whose frame runs the sets of [`Round`] in order.

mod effects;
#[cfg(not(target_arch = "wasm32"))]
mod icon;
pub mod keys;
#[cfg(not(target_arch = "wasm32"))]
mod machine;
mod window;

pub use effects::EffectSystems;

use std::sync::Arc;

use bevy::asset::{AssetMetaCheck, AssetPlugin, UnapprovedPathMode};
use bevy::camera::visibility::{RenderLayers, VisibilitySystems};
use bevy::camera::{CameraOutputMode, Hdr, RenderTarget};
use bevy::core_pipeline::tonemapping::{DebandDither, Tonemapping};
use bevy::ecs::error::{BevyError, ErrorContext};
use bevy::light::SimulationLightSystems;
use bevy::log::LogPlugin;
use bevy::prelude::*;
use bevy::render::RenderPlugin;
#[cfg(not(target_arch = "wasm32"))]
use bevy::render::pipelined_rendering::PipelinedRenderingPlugin;
use bevy::render::render_resource::BlendState;
use bevy::winit::WinitPlugin;
use bevy_egui::{
    EguiContexts, EguiGlobalSettings, EguiPlugin, EguiPostUpdateSet, EguiPrimaryContextPass,
    PrimaryEguiContext, egui,
};
use crossbeam_channel::Receiver;

use super::camera::{CameraRig, SceneCamera};
use super::command::ThemeChoice;
use super::files::Files;
use super::ingest::TelemetryLink;
use super::open::{Dropped, Opened};
use super::remote::{Remote, Seen};
use super::state::{LinkBase, Paint, Round, SceneRect, Selection, Shown, TwinDefinition};
use super::theme::Palette;
use super::{
    binding, camera, frame_time, ingest, label, light, open, pick, playback, playhead, remote,
    scene, ui,
};
use crate::history::Budget;
use crate::telemetry::{Batch, Status};
use crate::twin::Twin;

/// What the viewer shows.
pub struct Options {
    /// The plant.
    pub twin: Arc<Twin>,
    /// Where its samples come from.
    pub link: TelemetryLink,
    /// Light or dark.
    pub theme: ThemeChoice,
    /// Name of the viewpoint to begin with; the twin's first, or the whole plant, without it.
    pub camera: Option<String>,
    /// Panels around the scene.
    pub panels: bool,
    /// How much of the past is kept in memory.
    pub history: Budget,
    /// Where twin files and models are read.
    pub files: Files,
    /// Who else steers and watches the viewer.
    pub remote: Option<Remote>,
    /// What stands before the `#` of links to a view.
    pub link_base: String,
    /// Files to open at the start, as if they were dropped.
    pub open: Vec<Dropped>,
}

impl Options {
    /// A twin that is fed by decoded messages, as the user sees it at first.
    pub fn new(twin: Arc<Twin>, batches: Receiver<Batch>, status: Arc<Status>) -> Self {
        Self {
            twin,
            link: TelemetryLink { batches, status },
            theme: ThemeChoice::default(),
            camera: None,
            panels: true,
            history: Budget::default(),
            files: Files::default(),
            remote: None,
            link_base: String::new(),
            open: Vec::new(),
        }
    }
}

/// Why the viewer could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// What was asked for does not exist or makes no sense.
    #[error("{0}")]
    Input(String),
    /// The machine lacks something.
    #[error("{0}")]
    Environment(String),
}

/// Where the pictures go.
pub(super) enum Surface {
    /// A window of the desktop, or the page.
    Window,
    /// An image in memory of so many pixels, at that many pixels a point.
    #[cfg_attr(target_arch = "wasm32", expect(dead_code, reason = "pages have a canvas"))]
    Image { width: u32, height: u32, scale: f32 },
}

/// The render target of all cameras.
#[derive(Resource, Clone)]
pub(super) struct Target(pub RenderTarget);

/// Shows the twin in a window until it is closed.
///
/// # Errors
/// If there is no display or nothing to draw with, or the viewpoint does not exist.
pub fn run(options: Options) -> Result<(), Failure> {
    #[cfg(not(target_arch = "wasm32"))]
    {
        machine::check_display()?;
        machine::check_renderer()?;
    }
    match build(options, Surface::Window)?.run() {
        AppExit::Success => Ok(()),
        AppExit::Error(_) => {
            Err(Failure::Environment("drawing has failed; the messages above say why".into()))
        }
    }
}

/// Checks that this machine can draw at all.
///
/// # Errors
/// If there is neither a graphics card nor a software renderer.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn check_renderer() -> Result<(), Failure> {
    machine::check_renderer()
}

/// Puts the app together.
pub(super) fn build(options: Options, surface: Surface) -> Result<App, Failure> {
    let mut app = App::new();
    let first_view = first_view(&options)?;
    let mut rig = match surface {
        Surface::Window => CameraRig::default(),
        Surface::Image { .. } => CameraRig::without_glide(),
    };
    if let Some(viewpoint) = first_view {
        // The view is fitted as soon as its size is known.
        rig.look_from(&viewpoint, camera::VIEWPOINT_ASPECT);
        rig.now = rig.goal;
    }
    app.set_error_handler(report);
    add_engine(&mut app, &options.twin, &surface);
    let mut theme = options.theme;
    if let Surface::Window = surface {
        theme = effects::remembered_theme().unwrap_or(theme);
    } else {
        // A picture must not depend on the user's own layout, and nobody is there to read the hint.
        app.insert_resource(ui::Dock::standard()).insert_resource(ui::UiState::without_hint());
    }
    app.insert_resource(TwinDefinition(options.twin))
        .insert_resource(options.link)
        .insert_resource(options.files)
        .insert_resource(ingest::Keep(options.history))
        .insert_resource(LinkBase(options.link_base))
        .insert_resource(Opened(options.open))
        .insert_resource(Palette::of(theme))
        .insert_resource(Shown { panels: options.panels, ..default() })
        .insert_resource(rig)
        .init_resource::<Selection>()
        .init_resource::<SceneRect>()
        .add_message::<super::Command>();
    if let Some(remote) = options.remote {
        app.insert_resource(remote);
    }
    configure_order(&mut app);
    spare_panels_camera(&mut app);
    make_target(&mut app, &surface);
    app.add_plugins((effects::plugin, keys::plugin, window::plugin))
        .add_plugins((frame_time::plugin, remote::plugin, open::plugin, playback::plugin))
        .add_plugins((ingest::plugin, playhead::plugin, scene::plugin, binding::plugin))
        .add_plugins((camera::plugin, light::plugin, ui::plugin, pick::plugin, label::plugin))
        .add_systems(PreStartup, make_cameras)
        .add_systems(Update, rest_unseen.run_if(resource_exists_and_changed::<Seen>))
        .add_systems(EguiPrimaryContextPass, prepare_panels.in_set(Paint::Prepare));
    Ok(app)
}

/// A system's or a command's own error: said once, and the viewer goes on.
fn report(error: BevyError, context: ErrorContext) {
    error!("{context}: {error}");
}

fn first_view(options: &Options) -> Result<Option<crate::twin::Viewpoint>, Failure> {
    let viewpoints = &options.twin.viewpoints;
    let Some(wanted) = &options.camera else { return Ok(viewpoints.first().cloned()) };
    if let Some(found) = viewpoints.iter().find(|viewpoint| viewpoint.name == *wanted) {
        return Ok(Some(found.clone()));
    }
    let names: Vec<_> = viewpoints.iter().map(|viewpoint| viewpoint.name.as_str()).collect();
    let nearest = names
        .iter()
        .max_by(|a, b| {
            let near = |name| strsim::jaro_winkler(name, wanted);
            near(a).total_cmp(&near(b))
        })
        .map_or(String::new(), |name| format!("; the nearest is `{name}`"));
    Err(Failure::Input(format!(
        "the twin has no viewpoint `{wanted}`{nearest}; it has: {}",
        if names.is_empty() { "none".into() } else { names.join(", ") }
    )))
}

fn add_engine(app: &mut App, twin: &Twin, surface: &Surface) {
    let title = if twin.title.is_empty() { &twin.name } else { &twin.title };
    let folder = std::env::current_dir().unwrap_or_default().to_string_lossy().into_owned();
    let plugins = DefaultPlugins
        .set(AssetPlugin {
            file_path: folder,
            meta_check: AssetMetaCheck::Never,
            // A twin's models may lie anywhere; the twin file is as trusted as the program.
            unapproved_path_mode: UnapprovedPathMode::Allow,
            ..default()
        })
        .set(LogPlugin {
            filter: "warn,twinscope=info,wgpu=error,naga=error,bevy_render::renderer=error".into(),
            ..default()
        })
        .set(window::window_plugin(&format!("{title} · Twinscope"), surface));
    if let Surface::Image { .. } = surface {
        let plugins = plugins
            .set(RenderPlugin { synchronous_pipeline_compilation: true, ..default() })
            .disable::<WinitPlugin>();
        #[cfg(not(target_arch = "wasm32"))]
        let plugins = plugins.disable::<PipelinedRenderingPlugin>();
        app.add_plugins(plugins);
    } else {
        app.add_plugins(plugins);
    }
    app.add_plugins(EguiPlugin::default());
}

fn configure_order(app: &mut App) {
    use Round::*;
    app.configure_sets(Update, (Ingest, Playhead, Sample, Present, Ui).chain())
        .configure_sets(
            EguiPrimaryContextPass,
            (Paint::Prepare, Paint::Panels, Paint::Labels).chain(),
        )
        // Labels stand where this frame's transforms put them.
        .configure_sets(
            PostUpdate,
            EguiPostUpdateSet::EndPass
                .after(TransformSystems::Propagate)
                .after(bevy::camera::CameraUpdateSystems),
        )
        // Letters that are written for the first time reach the renderer in the same frame.
        .configure_sets(
            PostUpdate,
            EguiPostUpdateSet::PostProcessOutput.before(bevy::asset::AssetEventSystems),
        );
}

fn make_target(app: &mut App, surface: &Surface) {
    let target = match *surface {
        Surface::Window => RenderTarget::default(),
        Surface::Image { width, height, scale } => {
            use bevy::render::render_resource::{TextureFormat, TextureUsages};
            let format = TextureFormat::Rgba8UnormSrgb;
            let mut image = Image::new_target_texture(width, height, format, None);
            image.texture_descriptor.usage |= TextureUsages::COPY_SRC;
            let handle = app.world_mut().resource_mut::<Assets<Image>>().add(image);
            RenderTarget::Image(bevy::camera::ImageRenderTarget { handle, scale_factor: scale })
        }
    };
    app.insert_resource(Target(target));
    app.world_mut().resource_mut::<EguiGlobalSettings>().auto_create_primary_context = false;
}

/// One camera for the scene, in the rectangle that the panels leave free, and one for the panels.
fn make_cameras(mut commands: Commands, target: Res<Target>, palette: Res<Palette>) {
    commands.insert_resource(ClearColor(window_color(&palette)));
    commands.spawn((
        SceneCamera,
        Camera3d::default(),
        target.0.clone(),
        Hdr,
        Msaa::Sample4,
        Tonemapping::KhronosPbrNeutral,
        DebandDither::Enabled,
    ));
    commands.spawn((
        PrimaryEguiContext,
        Camera2d,
        target.0.clone(),
        RenderLayers::none(),
        Msaa::Off,
        Camera {
            order: 1,
            output_mode: CameraOutputMode::Write {
                blend_state: Some(BlendState::PREMULTIPLIED_ALPHA_BLENDING),
                clear_color: ClearColorConfig::None,
            },
            clear_color: ClearColorConfig::Custom(Color::NONE),
            ..default()
        },
    ));
}

/// The panels' camera sees no mesh. Where the engine looks for what each camera and its shadows
/// see, it would look through the whole plant a second time.
fn spare_panels_camera(app: &mut App) {
    let set = |active: bool| {
        move |mut cameras: Query<&mut Camera, With<PrimaryEguiContext>>, seen: Res<Seen>| {
            for mut camera in &mut cameras {
                camera.bypass_change_detection().is_active = active && seen.0;
            }
        }
    };
    app.add_systems(
        PostUpdate,
        (
            set(false)
                .before(SimulationLightSystems::UpdateDirectionalLightCascades)
                .before(VisibilitySystems::CheckVisibility),
            set(true)
                .after(SimulationLightSystems::CheckLightVisibility)
                .after(VisibilitySystems::CheckVisibility),
        ),
    );
}

/// While nobody sees the scene it is not drawn.
fn rest_unseen(seen: Res<Seen>, mut cameras: Query<&mut Camera, With<SceneCamera>>) {
    cameras.iter_mut().for_each(|mut camera| camera.is_active = seen.0);
}

fn window_color(palette: &Palette) -> Color {
    let [red, green, blue, _] = palette.window.to_array();
    Color::srgb_u8(red, green, blue)
}

/// Dresses the panels in the palette, and measures what they may fill.
fn prepare_panels(
    mut contexts: EguiContexts,
    palette: Res<Palette>,
    cameras: Query<&Camera, With<PrimaryEguiContext>>,
    mut scene: ResMut<SceneRect>,
    mut clear: ResMut<ClearColor>,
    mut dressed: Local<bool>,
) -> Result {
    let context = contexts.ctx_mut()?;
    if palette.is_changed() || !*dressed {
        *dressed = true;
        context.set_theme(match palette.choice {
            ThemeChoice::Dark => egui::Theme::Dark,
            ThemeChoice::Light => egui::Theme::Light,
        });
        context.all_styles_mut(|style| *style = palette.style());
        clear.0 = window_color(&palette);
    }
    let target = cameras.single()?.logical_target_size().unwrap_or(Vec2::ONE);
    let above_scene = context.pointer_latest_pos().and_then(|at| context.layer_id_at(at));
    let covered = context.egui_is_using_pointer()
        || context.any_popup_open()
        || above_scene.is_some_and(|layer| layer.order != egui::Order::Background);
    scene.set_if_neq(SceneRect { target, covered, ..*scene });
    Ok(())
}
