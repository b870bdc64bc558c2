//! A page with nothing but the engine and an egui window: what Twinscope's page is compared with in
//! size (`scripts/build-web --bare`). Natively it does nothing.

fn main() {
    #[cfg(target_arch = "wasm32")]
    page::main();
}

#[cfg(target_arch = "wasm32")]
mod page {
    use bevy::prelude::*;
    use bevy_egui::{EguiContexts, EguiPlugin, EguiPrimaryContextPass, egui};

    pub fn main() {
        App::new()
            .add_plugins((DefaultPlugins, EguiPlugin::default()))
            .add_systems(Startup, make_scene)
            .add_systems(EguiPrimaryContextPass, draw_window)
            .run();
    }

    fn make_scene(
        mut commands: Commands,
        mut meshes: ResMut<Assets<Mesh>>,
        mut materials: ResMut<Assets<StandardMaterial>>,
    ) {
        commands.spawn((
            Mesh3d(meshes.add(Cuboid::default())),
            MeshMaterial3d(materials.add(Color::srgb(0.2, 0.5, 0.8))),
        ));
        let light = DirectionalLight { shadow_maps_enabled: true, ..default() };
        commands.spawn((light, Transform::from_xyz(2.0, 4.0, 3.0).looking_at(Vec3::ZERO, Vec3::Y)));
        let eye = Transform::from_xyz(3.0, 2.0, 4.0).looking_at(Vec3::ZERO, Vec3::Y);
        commands.spawn((Camera3d::default(), eye));
    }

    fn draw_window(mut contexts: EguiContexts) -> Result {
        egui::Window::new("Bare").show(contexts.ctx_mut()?, |ui| ui.label("Nothing else"));
        Ok(())
    }
}
