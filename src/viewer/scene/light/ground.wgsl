// The ground outside the hall: a calm plane with fine lines that fade before they could flicker,
// and that runs out into the background without an edge.

#import bevy_pbr::{
    forward_io::{VertexOutput, FragmentOutput},
    mesh_view_bindings::view,
    pbr_fragment::pbr_input_from_standard_material,
    pbr_functions::{apply_pbr_lighting, main_pass_post_lighting_processing},
}
#import twinscope::backdrop::backdrop_color

struct Ground {
    // Colour of the lines, linear; w: strength.
    line: vec4<f32>,
    backdrop_top: vec4<f32>,
    backdrop_bottom: vec4<f32>,
    // Middle of the plant (x, z), radius at which the fading begins, radius at which it ends.
    fade: vec4<f32>,
}
@group(#{MATERIAL_BIND_GROUP}) @binding(100) var<uniform> ground: Ground;

// How much of a pixel a grid of that spacing covers: exact for a box filter of the pixel's own
// footprint, hence no moiré; fades out when lines come closer than a few pixels.
fn grid(at: vec2<f32>, footprint: vec2<f32>, spacing: f32, width: f32) -> f32 {
    let cell = footprint / spacing;
    let half = max(vec2(width / spacing), cell) * 0.5;
    let away = abs(fract(at / spacing - 0.5) - 0.5);
    let cover = clamp((half - away) / max(cell, vec2(1e-6)) + 0.5, vec2(0.0), vec2(1.0));
    let thin = min(vec2(width / spacing) / max(cell, vec2(1e-6)), vec2(1.0));
    let calm = 1.0 - smoothstep(vec2(0.08), vec2(0.35), cell);
    let lines = cover * mix(thin, vec2(1.0), 0.5) * calm;
    return max(lines.x, lines.y);
}

@fragment
fn fragment(in: VertexOutput, @builtin(front_facing) is_front: bool) -> FragmentOutput {
    var pbr = pbr_input_from_standard_material(in, is_front);
    let at = in.world_position.xz;
    let footprint = fwidth(at);
    let minor = grid(at, footprint, 1.0, 0.012) * 0.35;
    let major = grid(at, footprint, 10.0, 0.03);
    let lines = max(minor, major) * ground.line.w;
    let base = mix(pbr.material.base_color.rgb, ground.line.rgb, lines);
    pbr.material.base_color = vec4(base, 1.0);

    var out: FragmentOutput;
    let lit = apply_pbr_lighting(pbr);
    let away = length(at - ground.fade.xy);
    // Seen at a grazing angle the plane turns into background too: that is where it would end.
    let to_eye = normalize(view.world_position - in.world_position.xyz);
    let grazing = select(smoothstep(0.015, 0.16, abs(to_eye.y)), 1.0, view.clip_from_view[3].w == 1.0);
    let share = (1.0 - smoothstep(ground.fade.z, ground.fade.w, away)) * grazing;
    let behind = backdrop_color(in.position.xy, ground.backdrop_top.rgb, ground.backdrop_bottom.rgb);
    out.color = vec4(mix(behind, lit.rgb, share), 1.0);
    out.color = main_pass_post_lighting_processing(pbr, out.color);
    return out;
}
