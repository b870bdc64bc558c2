//! The ground outside the hall, and the background that it runs out into.

use bevy::asset::{RenderAssetUsages, load_internal_asset, uuid_handle};
use bevy::camera::visibility::NoFrustumCulling;
use bevy::light::{NotShadowCaster, NotShadowReceiver};
use bevy::mesh::{MeshVertexBufferLayoutRef, PrimitiveTopology};
use bevy::pbr::{
    ExtendedMaterial, MaterialExtension, MaterialPipeline, MaterialPipelineKey, MaterialPlugin,
};
use bevy::prelude::*;
use bevy::render::render_resource::{
    AsBindGroup, RenderPipelineDescriptor, SpecializedMeshPipelineError,
};
use bevy::shader::{Shader, ShaderRef};

use crate::viewer::base::{Palette, Round};
use crate::viewer::scene::camera::PlantBounds;

const COLOR_SHADER: Handle<Shader> = uuid_handle!("5e0d1c4b-6f6e-4a4e-9a52-0a1b6a7f3b11");
const BACKDROP_SHADER: Handle<Shader> = uuid_handle!("c2b8a1f6-93d0-44b3-8c38-5f5f0b8f1d22");
const GROUND_SHADER: Handle<Shader> = uuid_handle!("8f3f6a2e-2b7c-4d0a-bb0e-7e6e1d6a9c33");

/// Metres by which the ground lies below the plant's floor, so that the two never flicker.
const BELOW: f32 = 0.02;
/// Half the ground's edge, in metres.
const REACH: f32 = 4000.0;

pub(super) fn plugin(app: &mut App) {
    load_internal_asset!(app, COLOR_SHADER, "backdrop_color.wgsl", Shader::from_wgsl);
    load_internal_asset!(app, BACKDROP_SHADER, "backdrop.wgsl", Shader::from_wgsl);
    load_internal_asset!(app, GROUND_SHADER, "ground.wgsl", Shader::from_wgsl);
    app.add_plugins((
        MaterialPlugin::<GroundMaterial>::default(),
        MaterialPlugin::<BackdropMaterial>::default(),
    ))
    .add_systems(Startup, make_ground)
    .add_systems(Update, follow.in_set(Round::Present));
}

type GroundMaterial = ExtendedMaterial<StandardMaterial, Ground>;

/// A lit plane with fading lines.
#[derive(Asset, AsBindGroup, TypePath, Clone, Default)]
struct Ground {
    #[uniform(100)]
    line: LinearRgba,
    #[uniform(100)]
    backdrop_top: LinearRgba,
    #[uniform(100)]
    backdrop_bottom: LinearRgba,
    /// Middle of the plant (x, z); metres from there at which the fading begins and ends.
    #[uniform(100)]
    fade: Vec4,
}

impl MaterialExtension for Ground {
    fn fragment_shader() -> ShaderRef {
        GROUND_SHADER.into()
    }
}

/// A gradient over the whole view.
#[derive(Asset, AsBindGroup, TypePath, Clone, Default)]
struct BackdropMaterial {
    #[uniform(0)]
    top: LinearRgba,
    #[uniform(0)]
    bottom: LinearRgba,
}

impl Material for BackdropMaterial {
    fn vertex_shader() -> ShaderRef {
        BACKDROP_SHADER.into()
    }

    fn fragment_shader() -> ShaderRef {
        BACKDROP_SHADER.into()
    }

    fn enable_prepass() -> bool {
        false
    }

    fn enable_shadows() -> bool {
        false
    }

    fn specialize(
        _pipeline: &MaterialPipeline,
        descriptor: &mut RenderPipelineDescriptor,
        layout: &MeshVertexBufferLayoutRef,
        _key: MaterialPipelineKey<Self>,
    ) -> Result<(), SpecializedMeshPipelineError> {
        let position = Mesh::ATTRIBUTE_POSITION.at_shader_location(0);
        descriptor.vertex.buffers = vec![layout.0.get_layout(&[position])?];
        descriptor.primitive.cull_mode = None;
        Ok(())
    }
}

#[derive(Component)]
struct GroundPlane;

fn make_ground(
    mut commands: Commands,
    mut meshes: ResMut<Assets<Mesh>>,
    mut grounds: ResMut<Assets<GroundMaterial>>,
    mut backdrops: ResMut<Assets<BackdropMaterial>>,
) {
    let plane = Plane3d::new(Vec3::Y, Vec2::splat(REACH)).mesh().build();
    let base = StandardMaterial { perceptual_roughness: 0.92, reflectance: 0.25, ..default() };
    commands.spawn((
        GroundPlane,
        Mesh3d(meshes.add(plane)),
        MeshMaterial3d(grounds.add(ExtendedMaterial { base, extension: Ground::default() })),
        Transform::from_xyz(0.0, -BELOW, 0.0),
        NotShadowCaster,
    ));
    commands.spawn((
        Mesh3d(meshes.add(view_cover())),
        MeshMaterial3d(backdrops.add(BackdropMaterial::default())),
        (NoFrustumCulling, NotShadowCaster, NotShadowReceiver),
    ));
}

/// A triangle that covers the whole view, in the view's own coordinates.
pub fn view_cover() -> Mesh {
    let corners = vec![[-1.0, -1.0, 0.0], [3.0, -1.0, 0.0], [-1.0, 3.0, 0.0f32]];
    Mesh::new(PrimitiveTopology::TriangleList, RenderAssetUsages::RENDER_WORLD)
        .with_inserted_attribute(Mesh::ATTRIBUTE_POSITION, corners)
}

/// Takes on the palette's colours, and stays around and below the plant.
fn follow(
    palette: Res<Palette>,
    plant: Res<PlantBounds>,
    mut planes: Query<(&mut Transform, &MeshMaterial3d<GroundMaterial>), With<GroundPlane>>,
    backdrop: Query<&MeshMaterial3d<BackdropMaterial>>,
    mut grounds: ResMut<Assets<GroundMaterial>>,
    mut backdrops: ResMut<Assets<BackdropMaterial>>,
) {
    if !palette.is_changed() && !plant.is_changed() {
        return;
    }
    let scene = &palette.scene;
    for handle in &backdrop {
        if let Some(mut material) = backdrops.get_mut(&handle.0) {
            (material.top, material.bottom) = (scene.backdrop_top, scene.backdrop_bottom);
        }
    }
    for (mut transform, handle) in &mut planes {
        let (centre, radius, floor) = match plant.all {
            Some(bounds) => (bounds.centre(), bounds.radius(), bounds.min.y.min(0.0)),
            None => (Vec3::ZERO, 20.0, 0.0),
        };
        transform.translation.y = floor - BELOW;
        if let Some(mut material) = grounds.get_mut(&handle.0) {
            material.base.base_color = scene.ground;
            material.extension = Ground {
                line: scene.ground_line,
                backdrop_top: scene.backdrop_top,
                backdrop_bottom: scene.backdrop_bottom,
                fade: Vec4::new(centre.x, centre.z, 1.2 * radius + 5.0, 4.0 * radius + 30.0),
            };
        }
    }
}
