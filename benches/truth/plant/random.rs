//! Random numbers of the plant: splitmix64 spreads a seed, xoshiro256++ draws, Box and Muller make normal
//! deviates. Each purpose has its own stream, so that a change of the sampling never changes the wear.

/// A generator, xoshiro256++ of Blackman and Vigna (2019).
#[derive(Clone, Debug)]
pub struct Random {
    state: [u64; 4],
    spare: Option<f64>,
}

/// What a stream of random numbers is for.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// Which unit gets which fault.
    Fleet = 1,
    /// Spread of the parameters, onset and rate of the fault.
    Making = 2,
    /// The planned and the realised load.
    Schedule = 3,
    /// Weather, pressures and loads while the pump runs.
    Process = 4,
    /// Noise of the sensors.
    Sensors = 5,
}

/// One step of splitmix64.
fn split_mix(x: &mut u64) -> u64 {
    *x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *x;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Random {
    /// The stream of one purpose of one unit.
    pub fn stream(seed: u64, unit: usize, purpose: Purpose) -> Self {
        let mut x = seed;
        let mut y = split_mix(&mut x) ^ (unit as u64).wrapping_mul(0xd134_2543_de82_ef95);
        let mut z = split_mix(&mut y) ^ (purpose as u64).wrapping_mul(0xaf25_1af3_b0f0_25b5);
        Self { state: std::array::from_fn(|_| split_mix(&mut z)), spare: None }
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        let s = &mut self.state;
        let out = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        out
    }

    /// Uniform in `low..high`.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        let unit = (self.bits() >> 11) as f64 / (1u64 << 53) as f64;
        low + (high - low) * unit
    }

    /// Uniform in `0..n`; the bias of the remainder is below 1e-15 here.
    pub fn below(&mut self, n: usize) -> usize {
        (self.bits() % n as u64) as usize
    }

    /// Normal with mean 0 and standard deviation 1.
    pub fn normal(&mut self) -> f64 {
        if let Some(z) = self.spare.take() {
            return z;
        }
        let radius = (-2.0 * (1.0 - self.uniform(0.0, 1.0)).ln()).sqrt();
        let (sin, cos) = (std::f64::consts::TAU * self.uniform(0.0, 1.0)).sin_cos();
        self.spare = Some(radius * sin);
        radius * cos
    }

    /// Normal, cut at two standard deviations: a part outside would not have passed its inspection.
    pub fn inspected(&mut self) -> f64 {
        loop {
            let z = self.normal();
            if z.abs() <= 2.0 {
                return z;
            }
        }
    }

    /// True with the probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.uniform(0.0, 1.0) < p
    }
}

/// How much a quantity wanders, and how long it remembers.
#[derive(Clone, Copy, Debug)]
pub struct Wandering {
    /// Standard deviation, in the unit of the quantity.
    pub sigma: f64,
    /// Time constant, seconds.
    pub tau_s: f64,
}

/// An Ornstein-Uhlenbeck process with mean 0, stepped exactly.
#[derive(Clone, Debug)]
pub struct Wander {
    keep: f64,
    kick: f64,
    /// The present value.
    pub value: f64,
}

impl Wander {
    /// Starts somewhere in its stationary distribution; each step is `dt` seconds.
    pub fn new(w: Wandering, dt: f64, random: &mut Random) -> Self {
        let keep = (-dt / w.tau_s).exp();
        Self { keep, kick: w.sigma * (1.0 - keep * keep).sqrt(), value: w.sigma * random.normal() }
    }

    /// Goes on by one step.
    pub fn step(&mut self, random: &mut Random) -> f64 {
        self.value = self.keep * self.value + self.kick * random.normal();
        self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean and standard deviation.
    fn spread(v: &[f64]) -> (f64, f64) {
        let mean = v.iter().sum::<f64>() / v.len() as f64;
        (mean, (v.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / v.len() as f64).sqrt())
    }

    #[test]
    fn the_first_bits_are_those_of_the_published_generators() {
        // splitmix64 from 0 and xoshiro256++ from the state 1, 2, 3, 4, as their authors' C code prints them.
        assert_eq!(split_mix(&mut 0), 0xe220_a839_7b1d_cdaf);
        let mut r = Random { state: [1, 2, 3, 4], spare: None };
        assert_eq!([r.bits(), r.bits(), r.bits()], [41_943_041, 58_720_359, 3_588_806_011_781_223]);
    }

    #[test]
    fn normal_deviates_have_mean_0_spread_1_and_a_normal_share_in_the_tails() {
        let mut r = Random::stream(1, 2, Purpose::Process);
        let v: Vec<f64> = (0..200_000).map(|_| r.normal()).collect();
        let (mean, sigma) = spread(&v);
        assert!(mean.abs() < 0.01 && (sigma - 1.0).abs() < 0.01, "{mean} {sigma}");
        let tail = v.iter().filter(|z| z.abs() > 1.96).count() as f64 / v.len() as f64;
        assert!((tail - 0.05).abs() < 0.003, "{tail}");
    }

    #[test]
    fn a_wander_keeps_its_spread_and_forgets_within_its_time() {
        let mut r = Random::stream(3, 4, Purpose::Process);
        let mut w = Wander::new(Wandering { sigma: 2.0, tau_s: 100.0 }, 10.0, &mut r);
        let v: Vec<f64> = (0..400_000).map(|_| w.step(&mut r)).collect();
        let (mean, sigma) = spread(&v);
        assert!(mean.abs() < 0.1 && (sigma - 2.0).abs() < 0.05, "{mean} {sigma}");
        let lag: f64 = v.windows(11).map(|p| p[0] * p[10]).sum::<f64>() / v.len() as f64 / 4.0;
        assert!((lag - (-1.0f64).exp()).abs() < 0.03, "{lag}");
    }

    #[test]
    fn streams_of_other_units_and_purposes_differ() {
        let first = |u, p| Random::stream(9, u, p).bits();
        assert_ne!(first(0, Purpose::Process), first(1, Purpose::Process));
        assert_ne!(first(0, Purpose::Process), first(0, Purpose::Sensors));
    }
}
