//! Shaded corners: ambient occlusion in screen space, where the machine can.
//!
//! Flows in: what the renderer can, the user's switch. Flows out: the settings of the scene's
//! camera, and [`Occlusion`], by which the camera knows that it must draw into the whole window:
//! the effect reads neighbours by their place in the window, so it knows no viewport.

use bevy::anti_alias::contrast_adaptive_sharpening::ContrastAdaptiveSharpening;
use bevy::anti_alias::taa::TemporalAntiAliasing;
use bevy::core_pipeline::prepass::{DepthPrepass, MotionVectorPrepass, NormalPrepass};
use bevy::pbr::ScreenSpaceAmbientOcclusion;
use bevy::prelude::*;
use bevy::render::camera::{MipBias, TemporalJitter};
use bevy::render::renderer::{RenderAdapterInfo, RenderDevice};
use wgpu::DeviceType;

use crate::viewer::base::{Occlusion, Round, SceneRect, Shown};
use crate::viewer::scene::camera::SceneCamera;

/// Textures that the effect's shaders write at once.
const STORAGE_TEXTURES: u32 = 5;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Occlusion>()
        .add_systems(Startup, find)
        .add_systems(Update, (decide, apply).chain().in_set(Round::Sample));
}

/// Looks at what the renderer can. A processor that draws in software can too, but too slowly to
/// begin with it.
fn find(
    device: Option<Res<RenderDevice>>,
    adapter: Option<Res<RenderAdapterInfo>>,
    mut occlusion: ResMut<Occlusion>,
    mut shown: ResMut<Shown>,
) {
    let textures = device.map_or(0, |device| device.limits().max_storage_textures_per_shader_stage);
    let kind = adapter.map_or(DeviceType::Other, |adapter| adapter.device_type);
    occlusion.supported = is_supported(textures);
    shown.occlusion = occlusion.supported && is_fast(kind);
}

fn is_supported(storage_textures: u32) -> bool {
    // The effect is not made for the browser.
    storage_textures >= STORAGE_TEXTURES && !cfg!(target_arch = "wasm32")
}

fn is_fast(kind: DeviceType) -> bool {
    matches!(kind, DeviceType::DiscreteGpu | DeviceType::IntegratedGpu | DeviceType::VirtualGpu)
}

/// A scene that is wider than the window (for its height) would be cut off at its sides, since what
/// is out of sight is left out by the window's shape.
fn decide(shown: Res<Shown>, scene: Res<SceneRect>, mut occlusion: ResMut<Occlusion>) {
    let window = scene.target.max(Vec2::ONE);
    let fits = scene.aspect() <= 1.001 * window.x / window.y;
    let on = occlusion.supported && shown.occlusion && fits;
    if occlusion.on != on {
        occlusion.on = on;
    }
}

/// Neighbours smooth the noise of the shading from frame to frame, and edges with it; that excludes
/// several samples a pixel.
fn apply(
    occlusion: Res<Occlusion>,
    cameras: Query<(Entity, Has<ScreenSpaceAmbientOcclusion>), With<SceneCamera>>,
    mut commands: Commands,
) {
    for (camera, has) in &cameras {
        if has == occlusion.on {
            continue;
        }
        let mut camera = commands.entity(camera);
        if occlusion.on {
            camera.insert((
                ScreenSpaceAmbientOcclusion::default(),
                TemporalAntiAliasing::default(),
                ContrastAdaptiveSharpening { sharpening_strength: 0.5, ..default() },
                Msaa::Off,
            ));
        } else {
            camera.remove::<(ScreenSpaceAmbientOcclusion, TemporalAntiAliasing)>();
            camera.remove::<(TemporalJitter, MipBias, ContrastAdaptiveSharpening)>();
            camera.remove::<(DepthPrepass, NormalPrepass, MotionVectorPrepass)>();
            camera.insert(Msaa::Sample4);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(occlusion: Occlusion, free: Rect) -> App {
        let mut app = App::new();
        let target = Vec2::new(1600.0, 900.0);
        app.insert_resource(occlusion)
            .insert_resource(Shown { occlusion: true, ..Shown::default() })
            .insert_resource(SceneRect { rect: Some(free), target, covered: false })
            .add_systems(Update, (decide, apply).chain());
        app.world_mut().spawn((SceneCamera, Msaa::Sample4));
        app
    }

    fn look(app: &mut App) -> (bool, Msaa) {
        app.update();
        let world = app.world_mut();
        let mut query = world.query::<(Has<ScreenSpaceAmbientOcclusion>, &Msaa)>();
        let (has, msaa) = query.single(world).expect("there is one camera");
        (has, *msaa)
    }

    const FREE: Rect = Rect { min: Vec2::new(300.0, 40.0), max: Vec2::new(1200.0, 840.0) };

    #[test]
    fn the_switch_puts_the_camera_there_and_back() {
        let mut app = app(Occlusion { supported: true, on: false }, FREE);
        assert_eq!(look(&mut app), (true, Msaa::Off));
        app.world_mut().resource_mut::<Shown>().occlusion = false;
        assert_eq!(look(&mut app), (false, Msaa::Sample4));
    }

    #[test]
    fn where_it_is_not_supported_or_would_cut_the_scene_off_it_stays_off() {
        let mut cannot = app(Occlusion::default(), FREE);
        assert_eq!(look(&mut cannot), (false, Msaa::Sample4));
        let wide = Rect { min: Vec2::new(0.0, 40.0), max: Vec2::new(1600.0, 840.0) };
        let mut wide = app(Occlusion { supported: true, on: false }, wide);
        assert_eq!(look(&mut wide), (false, Msaa::Sample4));
    }

    #[test]
    fn a_software_renderer_does_not_begin_with_it() {
        assert!(is_supported(8) && !is_supported(4));
        assert!(is_fast(DeviceType::DiscreteGpu) && !is_fast(DeviceType::Cpu));
    }
}
