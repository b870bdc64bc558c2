//! The silhouettes of what is marked, and the line around them.

use bevy::asset::{load_internal_asset, uuid_handle};
use bevy::camera::visibility::{NoFrustumCulling, RenderLayers, VisibilitySystems};
use bevy::camera::{ImageRenderTarget, RenderTarget};
use bevy::core_pipeline::tonemapping::{DebandDither, Tonemapping};
use bevy::light::{NotShadowCaster, NotShadowReceiver, SimulationLightSystems};
use bevy::mesh::MeshVertexBufferLayoutRef;
use bevy::pbr::{MaterialPipeline, MaterialPipelineKey};
use bevy::prelude::*;
use bevy::render::render_resource::{
    AsBindGroup, CompareFunction, Extent3d, RenderPipelineDescriptor, SpecializedMeshPipelineError,
    TextureFormat,
};
use bevy::shader::{Shader, ShaderRef};

use crate::viewer::base::Palette;
use crate::viewer::scene::camera::SceneCamera;
use crate::viewer::scene::light::view_cover;

/// The layer that the silhouettes' camera sees, and no other; scenes have those from 8 on.
pub(super) const LAYER: usize = 1;
/// Widths of the lines, in logical pixels.
const SELECTED_WIDTH: f32 = 2.5;
const HOVERED_WIDTH: f32 = 1.5;
/// After everything that can be looked through, in metres before the eye.
const IN_FRONT: f32 = 1e9;

const SILHOUETTE_SHADER: Handle<Shader> = uuid_handle!("0d6a4f0e-8a55-4f0b-9a0e-3a1f3f5e7c44");
const LINE_SHADER: Handle<Shader> = uuid_handle!("b7b1c0de-54a1-4d2f-8f39-6f2f1f0c9d55");

pub(super) fn load_shaders(app: &mut App) {
    load_internal_asset!(app, SILHOUETTE_SHADER, "silhouette.wgsl", Shader::from_wgsl);
    load_internal_asset!(app, LINE_SHADER, "line.wgsl", Shader::from_wgsl);
    // The silhouettes have no shadows: no shadow of the plant is worked out for their camera.
    let before = SimulationLightSystems::UpdateDirectionalLightCascades;
    app.add_systems(
        PostUpdate,
        (
            set_active(false).before(before.clone()),
            set_active(true).after(before).before(VisibilitySystems::CheckVisibility),
        ),
    );
}

/// The mesh of a part once more, for its silhouette: a child of the part.
#[derive(Component)]
pub struct Mark;

/// The surface of all marks: flat, by their tags.
#[derive(Asset, AsBindGroup, TypePath, Clone, Default)]
pub(super) struct SilhouetteMaterial {}

/// The one surface of all marks.
#[derive(Resource)]
pub(super) struct Silhouette(pub Handle<SilhouetteMaterial>);

impl FromWorld for Silhouette {
    fn from_world(world: &mut World) -> Self {
        let mut materials = world.resource_mut::<Assets<SilhouetteMaterial>>();
        Self(materials.add(SilhouetteMaterial::default()))
    }
}

impl Material for SilhouetteMaterial {
    fn fragment_shader() -> ShaderRef {
        SILHOUETTE_SHADER.into()
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
        _layout: &MeshVertexBufferLayoutRef,
        _key: MaterialPipelineKey<Self>,
    ) -> Result<(), SpecializedMeshPipelineError> {
        // The inside of an open shape belongs to it.
        descriptor.primitive.cull_mode = None;
        Ok(())
    }
}

/// The line around the silhouettes, over the whole view.
#[derive(Asset, AsBindGroup, TypePath, Clone, PartialEq)]
pub(super) struct LineMaterial {
    /// Linear colour around what is selected; the width in pixels in place of alpha.
    #[uniform(0)]
    selected: LinearRgba,
    /// The same around what is under the pointer.
    #[uniform(0)]
    hovered: LinearRgba,
    #[texture(1)]
    #[sampler(2)]
    silhouettes: Handle<Image>,
}

impl Material for LineMaterial {
    fn vertex_shader() -> ShaderRef {
        LINE_SHADER.into()
    }

    fn fragment_shader() -> ShaderRef {
        LINE_SHADER.into()
    }

    fn alpha_mode(&self) -> AlphaMode {
        AlphaMode::Blend
    }

    fn depth_bias(&self) -> f32 {
        IN_FRONT
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
        if let Some(depth) = &mut descriptor.depth_stencil {
            depth.depth_compare = Some(CompareFunction::Always);
        }
        Ok(())
    }
}

/// Draws the silhouettes; `wanted` while there are any.
#[derive(Component)]
pub(super) struct SilhouetteCamera {
    wanted: bool,
}

#[derive(Component)]
pub(super) struct Line;

pub(super) fn make(
    mut commands: Commands,
    mut images: ResMut<Assets<Image>>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut lines: ResMut<Assets<LineMaterial>>,
) {
    let format = TextureFormat::Rgba8UnormSrgb;
    let silhouettes = images.add(Image::new_target_texture(1, 1, format, None));
    let target = ImageRenderTarget { handle: silhouettes.clone(), scale_factor: 1.0 };
    commands.spawn((
        SilhouetteCamera { wanted: false },
        Camera3d::default(),
        Camera {
            order: -1,
            is_active: false,
            clear_color: ClearColorConfig::Custom(Color::NONE),
            ..default()
        },
        RenderTarget::Image(target),
        RenderLayers::layer(LAYER),
        (Msaa::Sample4, Tonemapping::None, DebandDither::Disabled),
    ));
    let (selected, hovered) = (LinearRgba::NONE, LinearRgba::NONE);
    commands.spawn((
        Line,
        Mesh3d(meshes.add(view_cover())),
        MeshMaterial3d(lines.add(LineMaterial { selected, hovered, silhouettes })),
        Visibility::Hidden,
        (NoFrustumCulling, NotShadowCaster, NotShadowReceiver),
    ));
}

type OfScene = (With<SceneCamera>, Without<SilhouetteCamera>);

/// The silhouettes are seen as the scene is; without a mark nothing is drawn.
pub(super) fn follow(
    marks: Query<(), With<Mark>>,
    scene: Query<(&Camera, &Transform, &Projection), OfScene>,
    mut cameras: Query<(&mut SilhouetteCamera, &mut Camera, &mut Transform, &mut Projection)>,
    mut lines: Query<(&mut Visibility, &MeshMaterial3d<LineMaterial>), With<Line>>,
    palette: Res<Palette>,
    mut materials: ResMut<Assets<LineMaterial>>,
    mut images: ResMut<Assets<Image>>,
) {
    let (Ok((seen, eye, projection)), Ok((mut own, mut camera, mut at, mut own_projection))) =
        (scene.single(), cameras.single_mut())
    else {
        return;
    };
    let Ok((mut visibility, line)) = lines.single_mut() else { return };
    let size = seen.physical_viewport_size().filter(|size| size.min_element() > 0);
    let size = size.filter(|_| seen.is_active && !marks.is_empty());
    own.wanted = size.is_some();
    let shown = if own.wanted { Visibility::Visible } else { Visibility::Hidden };
    visibility.set_if_neq(shown);
    let Some(size) = size else { return };
    at.set_if_neq(*eye);
    *own_projection = projection.clone();
    camera.sub_camera_view = seen.sub_camera_view;
    let scale = seen.target_scaling_factor().unwrap_or(1.0);
    let Some(before) = materials.get(&line.0) else { return };
    let colored = |color: Color, width: f32| LinearRgba { alpha: width * scale, ..color.into() };
    let now = LineMaterial {
        selected: colored(palette.scene.selected, SELECTED_WIDTH),
        hovered: colored(palette.scene.hovered, HOVERED_WIDTH),
        silhouettes: before.silhouettes.clone(),
    };
    let is_resized = images.get(&now.silhouettes).is_some_and(|image| image.size() != size);
    if is_resized && let Some(mut image) = images.get_mut(&now.silhouettes) {
        image.resize(Extent3d { width: size.x, height: size.y, depth_or_array_layers: 1 });
    }
    // With another size the picture is another texture, which the material takes up when it is written.
    if (is_resized || *before != now)
        && let Some(mut material) = materials.get_mut(&line.0)
    {
        *material = now;
    }
}

/// The camera draws while it is wanted, and while `active`.
fn set_active(active: bool) -> impl FnMut(Query<(&SilhouetteCamera, &mut Camera)>) {
    move |mut cameras| {
        for (own, mut camera) in &mut cameras {
            camera.bypass_change_detection().is_active = own.wanted && active;
        }
    }
}
