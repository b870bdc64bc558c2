//! The one material of everything in a twin, and what differs between single instances.
//!
//! Whatever differs between instances of a mesh is packed into its [`MeshTag`], so that ten
//! thousand pumps in a thousand colours share their meshes and materials and stay in one batch.

use bevy::mesh::MeshTag;
use bevy::pbr::{ExtendedMaterial, MaterialExtension};
use bevy::prelude::*;
use bevy::render::render_resource::AsBindGroup;
use bevy::shader::ShaderRef;

/// The file's own material with what [`MeshTag`] adds to it.
pub type TwinPbr = ExtendedMaterial<StandardMaterial, TwinMaterial>;

/// What the tags say is drawn by a shader of its own, which needs nothing else.
#[derive(Asset, AsBindGroup, TypePath, Clone, Debug, PartialEq)]
pub struct TwinMaterial {}

impl MaterialExtension for TwinMaterial {
    fn fragment_shader() -> ShaderRef {
        "embedded://twinscope/twin.wgsl".into()
    }
}

/// What it shows is stale.
pub const STALE: u32 = 1 << 28;
/// It stands for a model that is missing.
pub const MISSING: u32 = 1 << 29;
const FLAGS: u32 = STALE | MISSING;
/// Colour and glow each have a colour of their own, in fewer steps; the shader has the same layout.
const BOTH: u32 = 1 << 30;
/// Brightness of the strongest glow, in multiples of white; the shader has the same number.
const MAX_GLOW: f64 = 16.0;

/// Colour and glow of a surface, as its bindings want it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Look {
    /// sRGB, 0 to 1, of the surface.
    pub color: [f32; 3],
    /// Share of the colour, 0 to 1.
    pub strength: f64,
    /// sRGB, 0 to 1, of the glow.
    pub glow_color: [f32; 3],
    /// Brightness in multiples of white.
    pub glow: f64,
}

impl Look {
    fn bits(&self) -> u32 {
        let glows = self.glow > 0.0;
        if glows && self.strength > 0.0 && self.color != self.glow_color {
            return self.bits_of_both();
        }
        let [r, g, b] = if glows { self.glow_color } else { self.color }.map(f64::from);
        part(r, 31)
            | part(g, 63) << 5
            | part(b, 31) << 11
            | part(self.strength, 31) << 16
            | part(glow_step(self.glow), 31) << 21
    }

    /// The eye distinguishes fewer steps of a glow's colour than of a surface's: it gets hue and saturation
    /// alone, for its brightness is the glow's.
    fn bits_of_both(&self) -> u32 {
        let [r, g, b] = self.color.map(f64::from);
        let (hue, saturation, value) = hsv(self.glow_color.map(f64::from));
        BOTH | part(r, 15)
            | part(g, 31) << 4
            | part(b, 15) << 9
            | part(self.strength, 7) << 13
            | part(glow_step(self.glow * value.powf(2.2)), 15) << 16
            | ((hue * 16.0).round() as u32 % 16) << 20
            | part(saturation, 3) << 24
    }
}

/// A share in so many steps.
fn part(share: f64, most: u32) -> u32 {
    (share.clamp(0.0, 1.0) * f64::from(most)).round() as u32
}

/// The square root gives fine steps where the eye wants them.
fn glow_step(glow: f64) -> f64 {
    (glow.max(0.0) / MAX_GLOW).sqrt()
}

/// Hue (a share of the circle), saturation and value.
fn hsv([r, g, b]: [f64; 3]) -> (f64, f64, f64) {
    let value = r.max(g).max(b);
    let spread = value - r.min(g).min(b);
    if spread <= 0.0 {
        return (0.0, 0.0, value);
    }
    let sixths = if value == r {
        (g - b) / spread
    } else if value == g {
        2.0 + (b - r) / spread
    } else {
        4.0 + (r - g) / spread
    };
    ((sixths / 6.0).rem_euclid(1.0), spread / value, value)
}

/// The tag with another look and the same flags.
pub fn with_look(tag: u32, look: &Look) -> u32 {
    tag & FLAGS | look.bits()
}

/// The tag with some flags set or cleared.
pub fn with_flag(tag: u32, flag: u32, on: bool) -> u32 {
    if on { tag | flag } else { tag & !flag }
}

/// Writes a tag where it differs, so that only what changed is drawn anew.
pub fn write(tag: &mut Mut<MeshTag>, value: u32) {
    if tag.0 != value {
        tag.0 = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_keeps_the_flags_and_flags_keep_the_look() {
        let red = Look { color: [1.0, 0.0, 0.0], strength: 1.0, ..Look::default() };
        let tag = with_look(MISSING | STALE, &red);
        assert_eq!(tag, MISSING | STALE | 31 | 31 << 16);
        assert_eq!(with_flag(tag, STALE, false), MISSING | 31 | 31 << 16);
        assert_eq!(with_look(tag, &Look::default()), MISSING | STALE);
    }

    #[test]
    fn a_colour_and_a_glow_of_one_surface_keep_their_own_colours() {
        let red = Look { color: [1.0, 0.0, 0.0], strength: 1.0, ..Look::default() };
        let both = Look { glow_color: [0.0, 1.0, 0.0], glow: 16.0, ..red };
        let tag = with_look(STALE, &both);
        let green = 16 / 3 + u32::from(16 % 3 > 1);
        assert_eq!(tag, STALE | BOTH | 15 | 7 << 13 | 15 << 16 | green << 20 | 3 << 24);
        assert_eq!(with_look(tag, &red), STALE | 31 | 31 << 16, "nothing is left of the glow");
        let same = Look { glow_color: red.color, ..both };
        assert_eq!(with_look(0, &same) & BOTH, 0, "one colour has its finest steps");
    }

    #[test]
    fn hue_saturation_and_value_are_those_of_the_textbook() {
        assert_eq!(hsv([1.0, 0.0, 0.0]), (0.0, 1.0, 1.0));
        assert_eq!(hsv([0.0, 0.5, 0.0]), (1.0 / 3.0, 1.0, 0.5));
        assert_eq!(hsv([0.0, 0.0, 1.0]), (2.0 / 3.0, 1.0, 1.0));
        assert_eq!(hsv([0.25, 0.25, 0.25]), (0.0, 0.0, 0.25));
    }

    #[test]
    fn the_strongest_glow_fits_and_more_than_it_stays_there() {
        let bright = Look { glow: 16.0, ..Look::default() };
        let brighter = Look { glow: 1e9, ..bright };
        assert_eq!(with_look(0, &bright), 31 << 21);
        assert_eq!(with_look(0, &brighter), 31 << 21);
    }
}
