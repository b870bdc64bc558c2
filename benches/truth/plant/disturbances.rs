//! What acts on a pump and is in no plan: weather, other consumers, bearing load, air movement, roughness.

use super::figures::*;
use super::random::{Purpose, Random, Wander, Wandering};
use super::unit::Unit;

/// Departures from nominal, relative but for the ambient temperature, which is in K.
#[derive(Clone)]
pub struct Disturbances {
    random: Random,
    pub weather: Wander,
    pub draught: Wander,
    pub demand: Wander,
    pub suction: Wander,
    pub grid: Wander,
    pub pipe: Wander,
    pub thrust: Wander,
    pub radial: Wander,
    pub air: Wander,
    /// Of the logarithm of the wear rates.
    pub wear: Wander,
    /// Phase of the suction tank, rad.
    pub tank: f64,
}

impl Disturbances {
    /// Those of a unit at its start.
    pub fn new(unit: &Unit) -> Self {
        let mut random = Random::stream(unit.seed, unit.index, Purpose::Process);
        let mut wander = |w: Wandering| {
            let w = Wandering { sigma: unit.unrest * w.sigma, ..w };
            Wander::new(w, STEP_S * STEPS_PER_DRAW as f64, &mut random)
        };
        Self {
            weather: wander(WEATHER),
            draught: wander(DRAUGHT),
            demand: wander(DEMAND),
            suction: wander(SUCTION),
            grid: wander(GRID),
            pipe: wander(PIPE),
            thrust: wander(THRUST_LOAD),
            radial: wander(RADIAL_LOAD),
            air: wander(AIR),
            wear: wander(Wandering { sigma: unit.wear_sigma, tau_s: WEAR_TAU_S }),
            tank: random.uniform(0.0, std::f64::consts::TAU),
            random,
        }
    }

    /// Goes on by other draws than it would have.
    pub fn diverge(&mut self, unit: &Unit, future: u64) {
        let seed = unit.seed ^ (future + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.random = Random::stream(seed, unit.index, Purpose::Process);
    }

    /// Draws the next values.
    pub fn step(&mut self) {
        let all = [
            &mut self.weather,
            &mut self.draught,
            &mut self.demand,
            &mut self.suction,
            &mut self.grid,
            &mut self.pipe,
            &mut self.thrust,
            &mut self.radial,
            &mut self.air,
            &mut self.wear,
        ];
        for wander in all {
            wander.step(&mut self.random);
        }
    }
}
