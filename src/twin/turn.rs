//! What a rotation is between two others; one for histories, models' animations and pictures.
//!
//! `glam::DQuat::slerp` differs from it in the last bits (in 96 of 100 random pairs), which would
//! change the hash of a state. It also takes sine and arc cosine from the standard library, which
//! does not promise the same bits on every machine; its feature `libm` would change that, but for
//! all of Bevy's mathematics too, because one glam is compiled for the whole program.

/// Along the shorter great circle, at constant angular speed, a `share` (0 to 1) of the way between
/// two unit quaternions (x, y, z, w).
pub fn slerp(from: [f64; 4], to: [f64; 4], share: f64) -> [f64; 4] {
    let dot: f64 = from.iter().zip(to).map(|(a, b)| a * b).sum();
    // A quaternion and its negative are the same turn: take the nearer one.
    let sign = if dot < 0.0 { -1.0 } else { 1.0 };
    // The same to the bit on every machine, which the standard library does not promise.
    let angle = libm::acos(dot.abs().min(1.0));
    let (keep, go) = if angle < 1e-6 {
        (1.0 - share, share)
    } else {
        (
            libm::sin((1.0 - share) * angle) / libm::sin(angle),
            libm::sin(share * angle) / libm::sin(angle),
        )
    };
    let mut mixed = from;
    for (component, to) in mixed.iter_mut().zip(to) {
        *component = *component * keep + to * sign * go;
    }
    let length = mixed.iter().map(|component| component * component).sum::<f64>().sqrt();
    if length.is_normal() { mixed.map(|component| component / length) } else { from }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_a_quarter_turn_is_an_eighth_turn_whichever_sign_the_quaternion_has() {
        let quarter = [0.0, 0.5_f64.sqrt(), 0.0, 0.5_f64.sqrt()];
        let eighth =
            [0.0, (std::f64::consts::PI / 8.0).sin(), 0.0, (std::f64::consts::PI / 8.0).cos()];
        for to in [quarter, quarter.map(|c| -c)] {
            let mixed = slerp([0.0, 0.0, 0.0, 1.0], to, 0.5);
            for (got, expected) in mixed.iter().zip(eighth) {
                assert!((got - expected).abs() < 1e-12, "{mixed:?}");
            }
        }
    }
}
