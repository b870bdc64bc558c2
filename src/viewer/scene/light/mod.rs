//! Light, ground and background: what makes a model look as if it stood somewhere.
//!
//! Flows in: the palette, the plant's bounds. Flows out: an environment light on the scene's
//! camera, one sun with cascaded shadows sized to the plant, the ground plane and the backdrop.

mod ground;
mod occlusion;
mod studio;

use bevy::light::{CascadeShadowConfig, CascadeShadowConfigBuilder, DirectionalLightShadowMap};
use bevy::prelude::*;

use crate::viewer::base::{Palette, Round, TwinDefinition};
use crate::viewer::scene::camera::{Orbit, PlantBounds, SceneCamera, orbit_of};
pub use ground::view_cover;
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
        .add_systems(Update, (aim_sun, follow_palette, size_shadows).in_set(Round::Present));
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
    commands.spawn((
        Sun,
        DirectionalLight { shadow_maps_enabled: true, shadow_normal_bias: 1.2, ..default() },
        CascadeShadowConfigBuilder::default().build(),
        Transform::default(),
    ));
}

/// The sun stands to the right of whoever looks from the twin's first viewpoint, a little behind
/// them: a sun at one's back would hide each shadow behind what casts it. It then stays there,
/// wherever the camera goes.
fn aim_sun(twin: Option<Res<TwinDefinition>>, mut sun: Query<&mut Transform, With<Sun>>) {
    let Some(twin) = twin.filter(|twin| twin.is_changed()) else { return };
    let eye = twin.0.viewpoints.first().map_or_else(Orbit::default, orbit_of);
    let towards = towards_sun(eye.yaw);
    for mut sun in &mut sun {
        sun.set_if_neq(Transform::from_translation(towards).looking_at(Vec3::ZERO, Vec3::Y));
    }
}

/// Direction to the sun of a scene that is first seen from this heading, in radians.
fn towards_sun(heading: f32) -> Vec3 {
    const TO_THE_RIGHT: f32 = 1.15;
    const HEIGHT: f32 = 0.9;
    Quat::from_euler(EulerRot::YXZ, heading + TO_THE_RIGHT, -HEIGHT, 0.0) * Vec3::Z
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sun_stands_high_on_the_right_and_behind_the_eye() {
        // An eye in +Z looks along −Z and has +X on its right.
        let sun = towards_sun(0.0);
        assert!(sun.x > 0.5 && sun.y > 0.7 && sun.z > 0.0, "{sun}");
        // An eye in +X has −Z on its right.
        let sun = towards_sun(std::f32::consts::FRAC_PI_2);
        assert!(sun.z < -0.5 && sun.y > 0.7 && sun.x > 0.0, "{sun}");
    }
}
