//! The two cameras, what they draw into, and when they rest.

use bevy::camera::visibility::{RenderLayers, VisibilitySystems};
use bevy::camera::{CameraOutputMode, Hdr, RenderTarget};
use bevy::core_pipeline::tonemapping::{DebandDither, Tonemapping};
use bevy::light::SimulationLightSystems;
use bevy::prelude::*;
use bevy::render::render_resource::BlendState;
use bevy_egui::{EguiContexts, EguiGlobalSettings, PrimaryEguiContext, egui};

use super::options::{Surface, Target};
use crate::viewer::base::{Palette, SceneRect, Seen, ThemeChoice};
use crate::viewer::scene::camera::SceneCamera;

pub(super) fn make_target(app: &mut App, surface: &Surface) {
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
pub(super) fn make_cameras(mut commands: Commands, target: Res<Target>, palette: Res<Palette>) {
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
pub(super) fn spare_panels_camera(app: &mut App) {
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
pub(super) fn rest_unseen(seen: Res<Seen>, mut cameras: Query<&mut Camera, With<SceneCamera>>) {
    cameras.iter_mut().for_each(|mut camera| camera.is_active = seen.0);
}

fn window_color(palette: &Palette) -> Color {
    let [red, green, blue, _] = palette.window.to_array();
    Color::srgb_u8(red, green, blue)
}

/// Gives the panels the style of the palette, and measures what they may fill.
pub(super) fn prepare_panels(
    mut contexts: EguiContexts,
    palette: Res<Palette>,
    cameras: Query<&Camera, With<PrimaryEguiContext>>,
    mut scene: ResMut<SceneRect>,
    mut clear: ResMut<ClearColor>,
    mut styled: Local<bool>,
) -> Result {
    let context = contexts.ctx_mut()?;
    if palette.is_changed() || !*styled {
        *styled = true;
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
