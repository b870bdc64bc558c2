//! The load of a pump: blocks of constant commanded voltage with ramps between them, as planned and as
//! realised, and the climate of its site.

use super::figures::*;
use super::random::{Purpose, Random};

/// One block of load.
#[derive(Clone, Copy, Debug)]
struct Block {
    start_s: f64,
    ramp_s: f64,
    volts: f64,
}

/// Commanded voltage over time, which begins again after its end.
#[derive(Clone, Debug)]
pub struct Schedule {
    blocks: Vec<Block>,
    length_s: f64,
}

impl Schedule {
    /// What is planned for a unit, and what its operators make of it.
    pub fn planned_and_realised(seed: u64, unit: usize) -> (Self, Self) {
        let mut r = Random::stream(seed, unit, Purpose::Schedule);
        let (mut planned, mut realised) = (Vec::new(), Vec::new());
        let mut start_s = 0.0;
        while start_s < PLAN_S {
            // The mean of two draws: the middle of the range is commoner than its ends.
            let volts = 0.5 * (r.uniform(LEVEL[0], LEVEL[1]) + r.uniform(LEVEL[0], LEVEL[1]));
            let block = Block { start_s, ramp_s: r.uniform(RAMP_S[0], RAMP_S[1]), volts };
            planned.push(block);
            let late = if start_s > 0.0 { START_JITTER_S * r.inspected() } else { 0.0 };
            let volts = volts * (1.0 + LEVEL_TRIM * r.inspected());
            realised.push(Block { start_s: start_s + late, volts, ..block });
            start_s += r.uniform(BLOCK_S[0], BLOCK_S[1]);
        }
        (Self { blocks: planned, length_s: start_s }, Self { blocks: realised, length_s: start_s })
    }

    /// Plan and realisation in steadier service: the planned levels lie so many times as far from the
    /// middle of the range as they did. What operators make of the plan, by how much and when they are
    /// off, stays as it is.
    #[must_use]
    pub fn steadier(planned: &Self, realised: &Self, times: f64) -> (Self, Self) {
        let (mut planned, mut realised) = (planned.clone(), realised.clone());
        let middle = 0.5 * (LEVEL[0] + LEVEL[1]);
        for (plan, real) in planned.blocks.iter_mut().zip(&mut realised.blocks) {
            let trim = real.volts / plan.volts;
            plan.volts = middle + times * (plan.volts - middle);
            real.volts = plan.volts * trim;
        }
        (planned, realised)
    }

    /// Commanded voltage, V, at `t_s` after the start.
    pub fn volts(&self, t_s: f64) -> f64 {
        let t = t_s.rem_euclid(self.length_s);
        let i = self.blocks.partition_point(|b| b.start_s <= t).max(1) - 1;
        let now = self.blocks[i];
        let before = match i.checked_sub(1) {
            Some(j) => self.blocks[j].volts,
            None if t_s < self.length_s => now.volts,
            None => self.blocks[self.blocks.len() - 1].volts,
        };
        let share = ((t - now.start_s) / now.ramp_s).clamp(0.0, 1.0);
        before + share * (now.volts - before)
    }
}

/// The climate of a unit's site.
#[derive(Clone, Debug)]
pub struct Climate {
    mean: f64,
    day: f64,
    /// Time of day at the start of the run, s.
    clock_s: f64,
}

impl Climate {
    /// The climate of some site, and some time of day.
    pub fn somewhere(r: &mut Random) -> Self {
        Self {
            mean: r.uniform(SITE_MEAN[0], SITE_MEAN[1]),
            day: r.uniform(SITE_DAY[0], SITE_DAY[1]),
            clock_s: r.uniform(0.0, 24.0 * HOUR),
        }
    }

    /// Normal ambient temperature, K, at `t_s` after the start: warmest at three in the afternoon.
    pub fn normal(&self, t_s: f64) -> f64 {
        let turn = (self.clock_s + t_s - 15.0 * HOUR) / (24.0 * HOUR);
        self.mean + self.day * (std::f64::consts::TAU * turn).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_load_stays_in_its_range_and_ramps_rather_than_jumps() {
        let (planned, realised) = Schedule::planned_and_realised(5, 3);
        for s in [&planned, &realised] {
            let mut last = s.volts(0.0);
            for i in 1..600_000 {
                let v = s.volts(f64::from(i) * 2.0);
                assert!((LEVEL[0] * 0.99..=LEVEL[1] * 1.01).contains(&v), "{v}");
                assert!((v - last).abs() < 5.0, "{last} to {v} at {i}");
                last = v;
            }
        }
    }

    #[test]
    fn what_is_realised_differs_from_the_plan_but_slightly() {
        let (planned, realised) = Schedule::planned_and_realised(5, 3);
        let off: Vec<f64> = (0..40_000)
            .map(|i| realised.volts(f64::from(i) * 10.0) / planned.volts(f64::from(i) * 10.0) - 1.0)
            .collect();
        let rms = (off.iter().map(|x| x * x).sum::<f64>() / off.len() as f64).sqrt();
        assert!((0.002..0.015).contains(&rms), "{rms}");
    }

    #[test]
    fn steadier_service_narrows_the_plan_and_leaves_what_operators_make_of_it() {
        let (planned, realised) = Schedule::planned_and_realised(5, 3);
        let (narrow, done) = Schedule::steadier(&planned, &realised, 0.25);
        for (at, block) in planned.blocks.iter().enumerate() {
            let narrow = narrow.blocks[at];
            assert!((narrow.volts - 510.0 - 0.25 * (block.volts - 510.0)).abs() < 1e-9);
            let trims =
                (done.blocks[at].volts / narrow.volts, realised.blocks[at].volts / block.volts);
            assert!((trims.0 - trims.1).abs() < 1e-12, "{trims:?}");
            assert_eq!(done.blocks[at].start_s, realised.blocks[at].start_s);
        }
    }

    #[test]
    fn no_two_units_have_the_same_plan() {
        let (a, _) = Schedule::planned_and_realised(5, 3);
        let (b, _) = Schedule::planned_and_realised(5, 4);
        assert_ne!(a.volts(1e4), b.volts(1e4));
    }
}
