//! Light, ground and background: what makes a model look as if it stood somewhere.
//!
//! Flows in: the palette, the plant's bounds. Flows out: an environment light on the scene's
//! camera, one sun with cascaded shadows sized to the plant, the ground plane and the backdrop.

mod ground;
mod occlusion;
mod studio;

use bevy::light::{CascadeShadowConfig, CascadeShadowConfigBuilder, DirectionalLightShadowMap};
use bevy::prelude::*;

use super::camera::{PlantBounds, SceneCamera};
use super::state::Round;
use super::theme::Palette;
pub use occlusion::Occlusion;
pub use studio::Studio;

/// The one directional light.
#[derive(Component)]
pub struct Sun;

/// Adds light, ground and background.
pub fn plugin(app: &mut App) {
    app.add_plugins((ground::plugin, occlusion::plugin))
        .insert_resource(DirectionalLightShadowMap { size: 2048 })
        .insert_resource(GlobalAmbientLight::NONE)
        .add_systems(Startup, (make_surroundings, make_sun))
        .add_systems(Update, (follow_palette, size_shadows).in_set(Round::Present));
}

#[derive(Resource)]
struct Surroundings {
    matt: Handle<Image>,
    mirror: Handle<Image>,
}

fn make_surroundings(mut commands: Commands, mut images: ResMut<Assets<Image>>) {
    let studio = Studio::default();
    commands.insert_resource(Surroundings {
        matt: images.add(studio.matt_map()),
        mirror: images.add(studio.mirror_map()),
    });
}

fn make_sun(mut commands: Commands) {
    // From high on the right, a little from the front: shadows fall to the left and behind.
    let towards = Vec3::new(0.55, 1.0, 0.42);
    commands.spawn((
        Sun,
        DirectionalLight { shadow_maps_enabled: true, shadow_normal_bias: 1.2, ..default() },
        CascadeShadowConfigBuilder::default().build(),
        Transform::from_translation(towards).looking_at(Vec3::ZERO, Vec3::Y),
    ));
}

/// Gives the camera its surroundings, and all lights their theme's strength.
fn follow_palette(
    palette: Res<Palette>,
    surroundings: Res<Surroundings>,
    mut sun: Query<&mut DirectionalLight, With<Sun>>,
    cameras: Query<(Entity, Has<EnvironmentMapLight>), With<SceneCamera>>,
    mut commands: Commands,
) {
    for (camera, has_light) in &cameras {
        if has_light && !palette.is_changed() {
            continue;
        }
        commands.entity(camera).insert(EnvironmentMapLight {
            diffuse_map: surroundings.matt.clone(),
            specular_map: surroundings.mirror.clone(),
            intensity: palette.scene.surroundings,
            rotation: Quat::IDENTITY,
            affects_lightmapped_mesh_diffuse: true,
        });
    }
    if palette.is_changed() {
        for mut sun in &mut sun {
            sun.color = palette.scene.sun;
            sun.illuminance = palette.scene.sun_lux;
        }
    }
}

/// Spends the shadow maps where the plant is: as far as its far side from the eye, no farther.
fn size_shadows(
    plant: Res<PlantBounds>,
    cameras: Query<&Transform, With<SceneCamera>>,
    mut sun: Query<&mut CascadeShadowConfig, With<Sun>>,
    mut last: Local<f32>,
) {
    let (Some(bounds), Some(camera)) = (plant.all, cameras.iter().next()) else { return };
    let farthest = (camera.translation - bounds.centre()).length() + bounds.radius();
    // In steps, so that the shadow's texels do not crawl while the camera glides.
    let far = 1.25f32.powf(farthest.max(4.0).log(1.25).ceil());
    if far == *last {
        return;
    }
    *last = far;
    let nearest = ((camera.translation - bounds.centre()).length() - bounds.radius()).max(0.1);
    let cascades = if cfg!(all(target_arch = "wasm32", not(feature = "webgpu"))) { 1 } else { 3 };
    for mut config in &mut sun {
        *config = CascadeShadowConfigBuilder {
            num_cascades: cascades,
            minimum_distance: 0.1,
            first_cascade_far_bound: nearest.max(0.22 * far).min(0.6 * far),
            maximum_distance: far,
            overlap_proportion: 0.15,
        }
        .build();
    }
}
