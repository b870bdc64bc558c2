//! Puts the app together: which plugins it is made of, for a window or for a picture.

use bevy::asset::{AssetMetaCheck, AssetPlugin, UnapprovedPathMode};
use bevy::ecs::error::{BevyError, ErrorContext};
use bevy::log::LogPlugin;
use bevy::prelude::*;
use bevy::render::RenderPlugin;
#[cfg(not(target_arch = "wasm32"))]
use bevy::render::pipelined_rendering::PipelinedRenderingPlugin;
use bevy::winit::WinitPlugin;
use bevy_egui::{EguiPlugin, EguiPostUpdateSet, EguiPrimaryContextPass};

use super::open::Opened;
use super::options::{Failure, Surface, ViewerOptions};
use super::{cameras, dispatch, link, open, remote, viewed, window};
#[cfg(not(target_arch = "wasm32"))]
use super::{machine, watch};
use crate::twin::{AssetId, Timestamp, Twin, nearest};
use crate::viewer::base::{
    LinkBase, Paint, Palette, Round, SceneRect, Seen, Selection, Shown, TwinDefinition, frame_time,
    workers,
};
use crate::viewer::scene::camera::CameraRig;
use crate::viewer::scene::{binding, camera, label, light, models, outline, pick};
use crate::viewer::time::{Keep, ingest, playback, playhead, survey};
use crate::viewer::ui;

/// Shows the twin in a window until it is closed.
///
/// # Errors
/// If there is no display or nothing to draw with, or the viewpoint does not exist.
pub fn run(options: ViewerOptions) -> Result<(), Failure> {
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

/// Puts the app together.
pub(super) fn build(options: ViewerOptions, surface: Surface) -> Result<App, Failure> {
    let mut app = App::new();
    let first_view = first_view(&options)?;
    let selected = selected(&options)?;
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
        theme = Palette::remembered().unwrap_or(theme);
    } else {
        // A picture must not depend on the user's own layout, and nobody is there to read the hint.
        app.insert_resource(ui::Dock::standard()).insert_resource(ui::UiState::without_hint());
    }
    app.insert_resource(TwinDefinition(options.twin))
        .insert_resource(options.link)
        .insert_resource(options.files)
        .insert_resource(Keep(options.history))
        .insert_resource(LinkBase(options.link_base))
        .insert_resource(Opened(options.open))
        .insert_resource(Palette::of(theme))
        .insert_resource(Shown { panels: options.panels, labels: options.panels, ..default() })
        .insert_resource(rig)
        .insert_resource(Selection { selected, hovered: None })
        .insert_resource(AtFirst(options.at))
        .init_resource::<SceneRect>();
    if let Some(remote) = options.remote {
        app.insert_resource(remote);
    }
    configure_order(&mut app);
    cameras::spare_panels_camera(&mut app);
    cameras::make_target(&mut app, &surface);
    app.add_plugins((dispatch::plugin, ui::keys::plugin, window::plugin, viewed::plugin))
        .add_plugins((
            frame_time::plugin,
            workers::plugin,
            remote::plugin,
            open::plugin,
            playback::plugin,
        ))
        .add_plugins((ingest::plugin, playhead::plugin, survey::plugin))
        .add_plugins((models::plugin, binding::plugin, outline::plugin))
        .add_plugins((camera::plugin, light::plugin, ui::plugin, pick::plugin, label::plugin))
        .add_systems(PreStartup, cameras::make_cameras)
        .add_systems(Update, cameras::rest_unseen.run_if(resource_exists_and_changed::<Seen>))
        .add_systems(EguiPrimaryContextPass, cameras::prepare_panels.in_set(Paint::Prepare));
    #[cfg(not(target_arch = "wasm32"))]
    app.add_plugins(watch::plugin);
    Ok(app)
}

/// Logs a system's or a command's own error each time that it occurs; the viewer goes on.
fn report(error: BevyError, context: ErrorContext) {
    // What follows the first line is a backtrace of the engine, which says nothing to who uses it.
    let text = error.to_string();
    error!("{context}: {}", text.lines().next().unwrap_or_default());
}

fn first_view(options: &ViewerOptions) -> Result<Option<crate::twin::Viewpoint>, Failure> {
    let viewpoints = &options.twin.viewpoints;
    let Some(wanted) = &options.camera else { return Ok(viewpoints.first().cloned()) };
    if let Some(found) = viewpoints.iter().find(|viewpoint| viewpoint.name == *wanted) {
        return Ok(Some(found.clone()));
    }
    if let Some(placed) = link::placed(wanted) {
        return Ok(Some(placed));
    }
    if wanted.starts_with(|letter: char| letter.is_ascii_digit() || "+-.".contains(letter)) {
        return Err(Failure::Input(format!(
            "`{wanted}` is no place of a camera: expected six numbers in metres, where it stands and \
             what it looks at, such as 12,8,9,0,1,0; `,parallel` after them draws without perspective"
        )));
    }
    let names: Vec<_> = viewpoints.iter().map(|viewpoint| viewpoint.name.as_str()).collect();
    let nearest = nearest(wanted, names.iter().copied())
        .map_or(String::new(), |name| format!("; the nearest is `{name}`"));
    Err(Failure::Input(format!(
        "the twin has no viewpoint `{wanted}`{nearest}; it has: {}. A place of your own is six numbers in \
         metres, such as 12,8,9,0,1,0",
        if names.is_empty() { "none".into() } else { names.join(", ") }
    )))
}

/// The asset that is selected at first.
fn selected(options: &ViewerOptions) -> Result<Option<AssetId>, Failure> {
    let Some(wanted) = &options.select else { return Ok(None) };
    let twin = &options.twin;
    if let Some(found) = twin.asset_by_name.get(wanted.as_str()) {
        return Ok(Some(*found));
    }
    let names = twin.assets.iter().flat_map(|asset| [&*asset.name, &*asset.path]);
    let nearest =
        nearest(wanted, names).map_or(String::new(), |name| format!("; the nearest is `{name}`"));
    Err(Failure::Input(format!("the twin has no asset `{wanted}`{nearest}")))
}

/// The instant of the recording that a picture shows; without it the recording plays.
#[derive(Resource)]
#[cfg_attr(target_arch = "wasm32", expect(dead_code, reason = "pages draw no picture into a file"))]
pub(super) struct AtFirst(pub Option<Timestamp>);

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
            #[cfg(not(target_arch = "wasm32"))]
            fmt_layer: super::log::layer,
            ..default()
        })
        .set(window::window_plugin(&format!("{title} · Twinscope"), surface));
    // The program decides itself how a signal ends it.
    #[cfg(not(target_arch = "wasm32"))]
    let plugins = plugins.disable::<bevy::app::TerminalCtrlCHandlerPlugin>();
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
    Round::chain(app);
    app.configure_sets(
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
