//! Perceptually even colour scales.
//!
//! Viridis, Inferno and Cividis run through eleven equidistant colours of matplotlib's tables (van
//! der Walt, Smith; CC0; Cividis after Nuñez, Anderton and Renslow, 2018), mixed linearly between
//! them; Turbo is the polynomial that its author published (Mikhailov, 2019, Apache-2.0); the
//! diverging scale runs through the control points of Moreland's "Diverging Color Maps for
//! Scientific Visualization" (2009), from (59, 76, 192) over (221, 221, 221) to (180, 4, 38).

use crate::twin::binding::Scale;

const VIRIDIS: [u32; 11] = [
    0x440154, 0x482475, 0x414487, 0x355f8d, 0x2a788e, 0x21918c, 0x22a884, 0x44bf70, 0x7ad151,
    0xbddf26, 0xfde725,
];
const INFERNO: [u32; 11] = [
    0x000004, 0x160b39, 0x420a68, 0x6a176e, 0x932667, 0xbc3754, 0xdd513a, 0xf37819, 0xfca50a,
    0xf6d746, 0xfcffa4,
];
const CIVIDIS: [u32; 11] = [
    0x00224e, 0x083370, 0x35456c, 0x4f576c, 0x666970, 0x7d7c78, 0x948e77, 0xaea371, 0xc8b866,
    0xe5cf52, 0xfee838,
];
const COOL_WARM: [u32; 3] = [0x3b4cc0, 0xdddddd, 0xb40426];

/// The sRGB colour at a place from 0 to 1; beyond them the end colours hold.
pub fn scale_color(scale: Scale, at: f64) -> [f32; 3] {
    let at = if at.is_nan() { 0.0 } else { at.clamp(0.0, 1.0) };
    match scale {
        Scale::Viridis => between(&VIRIDIS, at),
        Scale::Inferno => between(&INFERNO, at),
        Scale::Cividis => between(&CIVIDIS, at),
        Scale::CoolWarm => between(&COOL_WARM, at),
        Scale::Turbo => turbo(at),
    }
}

fn between(table: &[u32], at: f64) -> [f32; 3] {
    let place = at * (table.len() - 1) as f64;
    let from = (place as usize).min(table.len() - 2);
    let t = (place - from as f64) as f32;
    let part = |color: u32, shift: u32| (color >> shift & 255) as f32 / 255.0;
    [16, 8, 0].map(|shift| {
        let (a, b) = (part(table[from], shift), part(table[from + 1], shift));
        a + (b - a) * t
    })
}

fn turbo(x: f64) -> [f32; 3] {
    let sum = |c: [f64; 6]| c.iter().rev().fold(0.0, |sum, c| sum * x + c).clamp(0.0, 1.0) as f32;
    [
        sum([0.13572138, 4.61539260, -42.66032258, 132.13108234, -152.94239396, 59.28637943]),
        sum([0.09140261, 2.19418839, 4.84296658, -14.18503333, 4.27729857, 2.82956604]),
        sum([0.10667330, 12.64194608, -60.58204836, 110.36276771, -89.90310912, 27.34824973]),
    ]
}
