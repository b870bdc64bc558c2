//! The surroundings that light the plant and are mirrored in it: a large, bright hall with soft
//! light panels, computed at the start. No file and no compute shader, so it is the same in a
//! browser.
//!
//! Flows in: nothing. Flows out: two cube maps, the light that falls on a matt surface and what a
//! more or less polished one mirrors.

use bevy::asset::RenderAssetUsages;
use bevy::image::Image;
use bevy::math::{Vec2, Vec3};
use bevy::render::render_resource::{
    Extent3d, TextureDimension, TextureFormat, TextureViewDescriptor, TextureViewDimension,
};

/// Edge of the sharpest mirror image, in texels.
const MIRROR_SIZE: u32 = 128;
/// Steps from polished to matt, each half the size of the one before.
const MIRROR_STEPS: u32 = 6;
/// Edge of the light on matt surfaces, in texels.
const MATT_SIZE: u32 = 16;

/// A panel of light, seen from the middle of the scene.
struct Panel {
    /// Unit vector to its middle.
    towards: Vec3,
    /// Half its width and height, as tangents of the angles.
    half: Vec2,
    /// Width of its soft edge, likewise.
    edge: f32,
    /// Radiance; 1 is the hall's walls.
    light: Vec3,
}

/// What is around the scene.
pub struct Studio {
    panels: Vec<Panel>,
}

impl Default for Studio {
    fn default() -> Self {
        let warm = Vec3::new(1.0, 0.95, 0.88);
        let cool = Vec3::new(0.90, 0.96, 1.0);
        let panel = |towards: [f32; 3], half: [f32; 2], edge, light| Panel {
            towards: Vec3::from(towards).normalize(),
            half: Vec2::from(half),
            edge,
            light,
        };
        Self {
            panels: vec![
                // The key, high on the right; its side shapes cylinders.
                panel([0.75, 0.75, 0.6], [0.42, 0.62], 0.12, warm * 7.5),
                // A wide, weak fill on the left.
                panel([-0.95, 0.35, 0.45], [0.55, 0.45], 0.25, cool * 2.6),
                // A narrow strip behind, for the rim of dark machines.
                panel([-0.35, 0.45, -1.0], [0.9, 0.10], 0.08, cool * 5.0),
                // Two rows of lamps along the hall's roof.
                panel([-0.38, 1.0, 0.05], [0.09, 0.95], 0.05, cool * 5.0),
                panel([0.34, 1.0, 0.05], [0.09, 0.95], 0.05, cool * 5.0),
            ],
        }
    }
}

impl Studio {
    /// Radiance from a direction, its edges softened by `blur` (0 sharp, 1 matt).
    pub fn radiance(&self, towards: Vec3, blur: f32) -> Vec3 {
        let zenith = Vec3::new(0.62, 0.68, 0.78);
        let wall = Vec3::new(1.02, 1.0, 0.97);
        let floor = Vec3::new(0.34, 0.335, 0.33);
        let up = towards.y;
        let above = wall.lerp(zenith, up.max(0.0).powf(0.7));
        let below = floor * (1.0 - 0.25 * (-up).max(0.0));
        let soft = 0.04 + 0.3 * blur;
        let hall = below.lerp(above, smoothstep(-soft, soft, up + 0.02));
        self.panels
            .iter()
            .fold(hall, |light, panel| light + panel.light * panel.cover(towards, blur))
    }

    /// The light that falls on a matt surface facing each direction.
    pub fn matt_map(&self) -> Image {
        let around = hemisphere(384);
        let texel = |normal: Vec3, _step| {
            let frame = frame_about(normal);
            let sum: Vec3 = around
                .iter()
                .map(|&(u, v)| {
                    // Cosine-weighted, so that the mean is the answer.
                    let (radius, angle) = (u.sqrt(), std::f32::consts::TAU * v);
                    let local =
                        Vec3::new(radius * angle.cos(), radius * angle.sin(), (1.0 - u).sqrt());
                    self.radiance(frame(local), 0.5)
                })
                .sum();
            sum / around.len() as f32
        };
        cube_map(MATT_SIZE, 1, texel)
    }

    /// What is mirrored by ever rougher surfaces, one step a mip level.
    pub fn mirror_map(&self) -> Image {
        let around = hemisphere(64);
        let texel = |normal: Vec3, step: u32| {
            if step == 0 {
                return self.radiance(normal, 0.0);
            }
            let roughness = step as f32 / (MIRROR_STEPS - 1) as f32;
            let frame = frame_about(normal);
            let (mut sum, mut weight) = (Vec3::ZERO, 0.0);
            for &(u, v) in &around {
                let half = ggx_half_vector(u, v, roughness * roughness);
                let local = 2.0 * half.z * half - Vec3::Z;
                if local.z > 0.0 {
                    sum += self.radiance(frame(local), roughness * 0.5) * local.z;
                    weight += local.z;
                }
            }
            sum / f32::max(weight, 1e-6)
        };
        cube_map(MIRROR_SIZE, MIRROR_STEPS, texel)
    }
}

impl Panel {
    /// Share of the panel's light that comes from that direction.
    fn cover(&self, towards: Vec3, blur: f32) -> f32 {
        let ahead = towards.dot(self.towards);
        if ahead <= 0.05 {
            return 0.0;
        }
        let across = self.towards.cross(Vec3::Y).normalize_or(Vec3::X);
        let along = across.cross(self.towards);
        let at = Vec2::new(towards.dot(across), towards.dot(along)) / ahead;
        let edge = self.edge + 0.35 * blur;
        let inside = |at: f32, half: f32| 1.0 - smoothstep(half - edge, half + edge, at.abs());
        inside(at.x, self.half.x) * inside(at.y, self.half.y)
    }
}

fn smoothstep(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Evenly spread pairs in the unit square (the Hammersley sequence).
fn hemisphere(count: u32) -> Vec<(f32, f32)> {
    (0..count)
        .map(|i| {
            let mirrored = i.reverse_bits() as f32 / 4_294_967_296.0;
            ((i as f32 + 0.5) / count as f32, mirrored)
        })
        .collect()
}

/// A micro-surface normal about +Z, distributed as GGX has it.
fn ggx_half_vector(u: f32, v: f32, alpha: f32) -> Vec3 {
    let cos = ((1.0 - u) / (1.0 + (alpha * alpha - 1.0) * u)).sqrt();
    let sin = (1.0 - cos * cos).max(0.0).sqrt();
    let angle = std::f32::consts::TAU * v;
    Vec3::new(sin * angle.cos(), sin * angle.sin(), cos)
}

/// Turns +Z to that direction.
fn frame_about(normal: Vec3) -> impl Fn(Vec3) -> Vec3 {
    let (across, along) = normal.any_orthonormal_pair();
    move |local| across * local.x + along * local.y + normal * local.z
}

/// A cube map from a function of the world's direction and the mip level.
fn cube_map(size: u32, steps: u32, texel: impl Fn(Vec3, u32) -> Vec3) -> Image {
    let mut data = Vec::new();
    for face in 0..6 {
        for step in 0..steps {
            let edge = size >> step;
            for y in 0..edge {
                for x in 0..edge {
                    let to_unit = |i: u32| 2.0 * (i as f32 + 0.5) / edge as f32 - 1.0;
                    let light = texel(direction(face, to_unit(x), to_unit(y)), step);
                    for channel in [light.x, light.y, light.z, 1.0] {
                        data.extend_from_slice(&half_float(channel).to_le_bytes());
                    }
                }
            }
        }
    }
    let extent = Extent3d { width: size, height: size, depth_or_array_layers: 6 };
    let mut image = Image::new_uninit(
        extent,
        TextureDimension::D2,
        TextureFormat::Rgba16Float,
        RenderAssetUsages::RENDER_WORLD,
    );
    image.data = Some(data);
    image.texture_descriptor.mip_level_count = steps;
    image.texture_view_descriptor = Some(TextureViewDescriptor {
        dimension: Some(TextureViewDimension::Cube),
        ..Default::default()
    });
    image
}

/// The world's direction of a texel; `u` to the right and `v` down, −1 to 1. Cube maps are
/// left-handed, so Z is mirrored.
fn direction(face: u32, u: f32, v: f32) -> Vec3 {
    let in_cube = match face {
        0 => Vec3::new(1.0, -v, -u),
        1 => Vec3::new(-1.0, -v, u),
        2 => Vec3::new(u, 1.0, v),
        3 => Vec3::new(u, -1.0, -v),
        4 => Vec3::new(u, -v, 1.0),
        _ => Vec3::new(-u, -v, -1.0),
    };
    (in_cube * Vec3::new(1.0, 1.0, -1.0)).normalize()
}

/// IEEE half precision of a number from 0 to 65504, rounded down; smaller ones than 2⁻¹⁴ become 0.
fn half_float(value: f32) -> u16 {
    let bits = value.clamp(0.0, 65504.0).to_bits();
    let exponent = (bits >> 23) as i32 - 127 + 15;
    if exponent <= 0 { 0 } else { (exponent as u16) << 10 | ((bits >> 13) & 0x3ff) as u16 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_floats_have_the_bits_that_the_standard_says() {
        let known = [(0.0, 0), (1.0, 0x3c00), (0.5, 0x3800), (1.5, 0x3e00), (65504.0, 0x7bff)];
        for (value, bits) in known {
            assert_eq!(half_float(value), bits, "{value}");
        }
    }

    #[test]
    fn a_cube_map_holds_six_square_faces_of_half_floats() {
        let image = cube_map(4, 1, |_, _| Vec3::splat(0.25));
        let data = image.data.expect("the map has texels");
        assert_eq!(u16::from_le_bytes([data[0], data[1]]), half_float(0.25));
        assert_eq!(data.len(), 6 * 16 * 8);
    }

    #[test]
    fn light_comes_from_above_and_from_the_keys_side() {
        let studio = Studio::default();
        let (up, down) = (studio.radiance(Vec3::Y, 0.0), studio.radiance(Vec3::NEG_Y, 0.0));
        assert!(up.x > 1.5 * down.x);
        let key = studio.radiance(Vec3::new(0.75, 0.75, 0.6).normalize(), 0.0);
        let bare_wall = studio.radiance(Vec3::new(0.0, 0.1, 1.0).normalize(), 0.0);
        assert!(key.x > 4.0 * bare_wall.x, "{key} against {bare_wall}");
    }
}
