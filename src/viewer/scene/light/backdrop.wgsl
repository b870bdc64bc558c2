// Draws the background: a mesh that covers the view, behind everything.

#import twinscope::backdrop::backdrop_color

struct Backdrop {
    top: vec4<f32>,
    bottom: vec4<f32>,
}
@group(#{MATERIAL_BIND_GROUP}) @binding(0) var<uniform> backdrop: Backdrop;

struct Corner {
    @builtin(position) position: vec4<f32>,
}

// Three vertices far outside the view cover it; depth 0 is behind everything.
@vertex
fn vertex(@location(0) position: vec3<f32>) -> Corner {
    return Corner(vec4(position.xy, 0.0, 1.0));
}

@fragment
fn fragment(in: Corner) -> @location(0) vec4<f32> {
    return vec4(backdrop_color(in.position.xy, backdrop.top.rgb, backdrop.bottom.rgb), 1.0);
}
