// A line around the shapes of a picture of silhouettes, over the whole view.

#import bevy_pbr::mesh_view_bindings::view

// Colours in rgb, widths in pixels in a.
struct Line {
    selected: vec4<f32>,
    hovered: vec4<f32>,
}

@group(#{MATERIAL_BIND_GROUP}) @binding(0) var<uniform> line: Line;
@group(#{MATERIAL_BIND_GROUP}) @binding(1) var silhouettes: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(2) var silhouettes_sampler: sampler;

const DIRECTIONS: i32 = 12;

struct Corner {
    @builtin(position) position: vec4<f32>,
}

// Three vertices far outside the view cover it.
@vertex
fn vertex(@location(0) position: vec3<f32>) -> Corner {
    return Corner(vec4(position.xy, 1.0, 1.0));
}

// Shares of a pixel that what is selected and what is hovered cover.
fn covered(pixel: vec2<f32>) -> vec2<f32> {
    return textureSampleLevel(silhouettes, silhouettes_sampler, pixel / view.viewport.zw, 0.0).rg;
}

@fragment
fn fragment(in: Corner) -> @location(0) vec4<f32> {
    let pixel = in.position.xy - view.viewport.xy;
    let own = covered(pixel);
    var near = vec2(0.0);
    for (var at = 0; at < DIRECTIONS; at += 1) {
        let angle = f32(at) * 6.2831853 / f32(DIRECTIONS);
        let towards = vec2(cos(angle), sin(angle));
        // Half way too: what is thinner than the line is wide would slip through.
        let selected = max(covered(pixel + towards * line.selected.a).r, covered(pixel + towards * 0.5 * line.selected.a).r);
        let hovered = max(covered(pixel + towards * line.hovered.a).g, covered(pixel + towards * 0.5 * line.hovered.a).g);
        near = max(near, vec2(selected, hovered));
    }
    let edge = near * (1.0 - own);
    let color = mix(line.hovered.rgb, line.selected.rgb, step(edge.g, edge.r));
    return vec4(color, max(edge.r, edge.g));
}
