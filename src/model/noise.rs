//! Random numbers that come out the same for the same seed, natively and in the browser.
//!
//! The generator is PCG64 (M. E. O'Neill: PCG: A Family of Simple Fast Space-Efficient
//! Statistically Good Algorithms for Random Number Generation, 2014), one stream a member of an
//! ensemble, so that a member is the same whoever computes it, and when.

use std::f64::consts::TAU;

use rand_core::Rng;
use rand_pcg::Pcg64;

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct RandomStream {
    generator: Pcg64,
    /// The second of a pair of normal numbers, which come in pairs.
    spare: Option<f64>,
}

impl RandomStream {
    /// The stream with that number, of a seed.
    pub fn new(seed: u64, stream: u64) -> Self {
        Self { generator: Pcg64::new(u128::from(seed), u128::from(stream)), spare: None }
    }

    /// Evenly from 0 to below 1.
    pub fn uniform(&mut self) -> f64 {
        (self.generator.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Normal, with mean 0 and standard deviation 1, by the method of Box and Muller.
    pub fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        // 1 − even is never 0.
        let radius = (-2.0 * libm::log(1.0 - self.uniform())).sqrt();
        let (sine, cosine) = libm::sincos(TAU * self.uniform());
        self.spare = Some(radius * sine);
        radius * cosine
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_numbers_have_their_moments() {
        let mut random = RandomStream::new(1, 2);
        let all: Vec<f64> = (0..100_000).map(|_| random.normal()).collect();
        let moment = |k: i32| all.iter().map(|z| z.powi(k)).sum::<f64>() / all.len() as f64;
        for (k, wanted) in [(1, 0.0), (2, 1.0), (3, 0.0), (4, 3.0)] {
            assert!((moment(k) - wanted).abs() < 0.08, "{k}: {}", moment(k));
        }
    }

    #[test]
    fn a_stream_is_the_same_for_its_seed_and_differs_from_the_others() {
        let take = |seed, stream| {
            let mut random = RandomStream::new(seed, stream);
            [(); 5].map(|()| random.uniform())
        };
        assert_eq!(take(7, 1), take(7, 1));
        assert_ne!(take(7, 1), take(7, 2));
        assert_ne!(take(7, 1), take(8, 1));
    }
}
