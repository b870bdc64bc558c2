// What is behind everything: a soft gradient from the top of the picture to its bottom, the same
// in perspective and in parallel projection.

#define_import_path twinscope::backdrop

#import bevy_pbr::mesh_view_bindings::view

fn backdrop_color(position: vec2<f32>, top: vec3<f32>, bottom: vec3<f32>) -> vec3<f32> {
    let at = (position - view.viewport.xy) / view.viewport.zw;
    let down = smoothstep(0.0, 1.0, at.y);
    // A little darker in the corners, as a lens would have it.
    let corner = distance(at, vec2(0.5, 0.45));
    return mix(top, bottom, down) * (1.0 - 0.22 * corner * corner);
}
