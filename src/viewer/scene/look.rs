//! The one material of everything in a twin, and what is said of a single instance.
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

/// Colours of what is selected and what is under the pointer.
#[derive(Asset, AsBindGroup, TypePath, Clone, Debug, PartialEq)]
pub struct TwinMaterial {
    /// Linear colour of what is selected.
    #[uniform(100)]
    pub selected: LinearRgba,
    /// Linear colour of what is under the pointer.
    #[uniform(100)]
    pub hovered: LinearRgba,
}

impl MaterialExtension for TwinMaterial {
    fn fragment_shader() -> ShaderRef {
        "embedded://twinscope/twin.wgsl".into()
    }
}

/// The instance is selected.
pub const SELECTED: u32 = 1 << 26;
/// The pointer is over the instance.
pub const HOVERED: u32 = 1 << 27;
/// What it shows is stale.
pub const STALE: u32 = 1 << 28;
/// It stands for a model that is missing.
pub const MISSING: u32 = 1 << 29;
const FLAGS: u32 = SELECTED | HOVERED | STALE | MISSING;
/// Brightness of the strongest glow, in multiples of white; the shader has the same number.
const MAX_GLOW: f64 = 16.0;

/// Colour and glow of a surface, as its bindings want it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Look {
    /// sRGB, 0 to 1; of the glow where there is one.
    pub color: [f32; 3],
    /// Share of the colour, 0 to 1.
    pub strength: f64,
    /// Brightness in multiples of white.
    pub glow: f64,
}

impl Look {
    fn bits(&self) -> u32 {
        let part = |value: f64, max: f64| (value.clamp(0.0, 1.0) * max).round() as u32;
        let [r, g, b] = self.color.map(f64::from);
        let glow = (self.glow.max(0.0) / MAX_GLOW).sqrt();
        part(r, 31.0)
            | part(g, 63.0) << 5
            | part(b, 31.0) << 11
            | part(self.strength, 31.0) << 16
            | part(glow, 31.0) << 21
    }
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
        let red = Look { color: [1.0, 0.0, 0.0], strength: 1.0, glow: 0.0 };
        let tag = with_look(SELECTED | STALE, &red);
        assert_eq!(tag, SELECTED | STALE | 31 | 31 << 16);
        assert_eq!(with_flag(tag, STALE, false), SELECTED | 31 | 31 << 16);
        assert_eq!(with_look(tag, &Look::default()), SELECTED | STALE);
    }

    #[test]
    fn the_strongest_glow_fits_and_more_than_it_stays_there() {
        let bright = Look { glow: 16.0, ..Look::default() };
        let brighter = Look { glow: 1e9, ..bright };
        assert_eq!(with_look(0, &bright), 31 << 21);
        assert_eq!(with_look(0, &brighter), 31 << 21);
    }
}
