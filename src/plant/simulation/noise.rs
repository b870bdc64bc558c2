//! Random numbers that depend on nothing but the seed, a name and a count, so that every message is
//! a pure function of the plant's time.

/// A well-mixed number from three.
pub fn hash(seed: u64, stream: u64, count: u64) -> u64 {
    let mut mixed = seed ^ stream.rotate_left(25) ^ count.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    for _ in 0..2 {
        mixed = mixed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
    }
    mixed
}

/// A number for a name (FNV-1a).
pub fn stream(name: &str) -> u64 {
    name.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

/// Evenly spread over 0 to 1.
pub fn uniform(seed: u64, stream: u64, count: u64) -> f64 {
    (hash(seed, stream, count) >> 11) as f64 / (1u64 << 53) as f64
}

/// Normal, mean 0 and deviation 1 (the sum of twelve even ones: no logarithm whose last digit could
/// differ between computers; never beyond 6).
pub fn normal(seed: u64, stream: u64, count: u64) -> f64 {
    (0..12).map(|k| uniform(seed, stream ^ (k + 1), count)).sum::<f64>() - 6.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_numbers_have_mean_zero_and_deviation_one() {
        let numbers: Vec<f64> = (0..20_000).map(|count| normal(7, stream("a.b"), count)).collect();
        let mean = numbers.iter().sum::<f64>() / 20_000.0;
        let variance = numbers.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
    }
}
