// What is marked as flat shapes: red what is selected, green what the pointer is over.

#import bevy_pbr::{forward_io::VertexOutput, mesh_functions::get_tag}

@fragment
fn fragment(in: VertexOutput) -> @location(0) vec4<f32> {
    let tag = get_tag(in.instance_index);
    return vec4(f32(tag & 1u), f32((tag >> 1u) & 1u), 0.0, 1.0);
}
