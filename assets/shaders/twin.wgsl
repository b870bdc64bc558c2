// The surface of everything in a twin: the file's own material, and over it what is said of one
// instance, packed into its mesh tag (see `src/viewer/scene/look.rs`): a colour by value, a glow,
// stale, missing. No storage buffers, so that it runs on WebGL2.

#import bevy_pbr::{
    pbr_fragment::pbr_input_from_standard_material,
    pbr_functions::{alpha_discard, apply_pbr_lighting, main_pass_post_lighting_processing},
    pbr_types::STANDARD_MATERIAL_FLAGS_UNLIT_BIT,
    forward_io::{VertexOutput, FragmentOutput},
    mesh_functions::get_tag,
}

const STALE: u32 = 1u << 28u;
const MISSING: u32 = 1u << 29u;
const BOTH: u32 = 1u << 30u;

fn linear(srgb: vec3<f32>) -> vec3<f32> {
    let low = srgb / 12.92;
    let high = pow((srgb + 0.055) / 1.055, vec3(2.4));
    return select(high, low, srgb <= vec3(0.04045));
}

// A colour of full brightness.
fn hue_color(hue: f32, saturation: f32) -> vec3<f32> {
    let pure = saturate(abs(fract(hue + vec3(0.0, 2.0, 1.0) / 3.0) * 6.0 - 3.0) - 1.0);
    return mix(vec3(1.0), pure, saturation);
}

@fragment
fn fragment(in: VertexOutput, @builtin(front_facing) is_front: bool) -> FragmentOutput {
    let tag = get_tag(in.instance_index);
    let packed = vec3(f32(tag & 31u) / 31.0, f32((tag >> 5u) & 63u) / 63.0, f32((tag >> 11u) & 31u) / 31.0);
    var color = linear(packed);
    var glow_color = color;
    var strength = f32((tag >> 16u) & 31u) / 31.0;
    var glow = f32((tag >> 21u) & 31u) / 31.0;
    if (tag & BOTH) != 0u {
        color = linear(vec3(f32(tag & 15u) / 15.0, f32((tag >> 4u) & 31u) / 31.0, f32((tag >> 9u) & 15u) / 15.0));
        strength = f32((tag >> 13u) & 7u) / 7.0;
        glow = f32((tag >> 16u) & 15u) / 15.0;
        glow_color = linear(hue_color(f32((tag >> 20u) & 15u) / 16.0, f32((tag >> 24u) & 3u) / 3.0));
    }

    var pbr = pbr_input_from_standard_material(in, is_front);
    var base = pbr.material.base_color;
    base = vec4(mix(base.rgb, color, strength), mix(base.a, max(base.a, 0.85), strength));

    // Diagonal bands in the picture, a few pixels wide, the same at any distance.
    let band = fract((in.position.x + in.position.y) / 12.0);
    if (tag & STALE) != 0u {
        let grey = vec3(dot(base.rgb, vec3(0.2126, 0.7152, 0.0722)));
        base = vec4(mix(base.rgb, grey, 0.85) * select(1.0, 0.72, band < 0.25), base.a);
        // A lamp that nobody has heard of for long does not shine as if it were lit.
        glow_color = mix(glow_color, vec3(dot(glow_color, vec3(0.2126, 0.7152, 0.0722))), 0.7) * 0.15;
    }
    if (tag & MISSING) != 0u {
        let wide = fract((in.position.x + in.position.y) / 28.0);
        base = vec4(select(vec3(0.02), base.rgb, wide < 0.5), 1.0);
    }
    pbr.material.base_color = alpha_discard(pbr.material, base);

    var out: FragmentOutput;
    if (pbr.material.flags & STANDARD_MATERIAL_FLAGS_UNLIT_BIT) == 0u {
        out.color = apply_pbr_lighting(pbr);
    } else {
        out.color = pbr.material.base_color;
    }

    // The square law gives fine steps where the eye wants them.
    out.color = vec4(out.color.rgb + glow_color * glow * glow * 16.0, max(out.color.a, glow));
    out.color = main_pass_post_lighting_processing(pbr, out.color);
    return out;
}
