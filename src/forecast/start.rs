//! With what the members of an ensemble begin: drawn from a belief, or chosen from what is stated.

use super::setup::{ForecastSetup, MemberStart, Start};
use crate::estimate::Slot;
use crate::model::linear::Matrix;
use crate::model::noise::RandomStream;

/// The stream from which an ensemble draws what its members have in common; members have the others.
const COMMON: u64 = u64::MAX;
/// 1 less than the golden ratio: steps of this length around a circle fall more evenly, however many
/// they are, than those of any other (Kronecker's sequence with the least discrepancy).
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// How members begin.
pub(super) struct StartSampler {
    /// The covariance's root, for a belief.
    root: Option<Matrix>,
    /// Where on the circle of all particles the first member stands.
    offset: f64,
}

impl StartSampler {
    pub fn new(setup: &ForecastSetup) -> Self {
        let root = match &setup.start {
            Start::Belief { belief, .. } => belief.covariance.cholesky(),
            Start::Each(_) | Start::Members(_) | Start::Particles(_) => None,
        };
        Self { root, offset: RandomStream::new(setup.seed, COMMON).uniform() }
    }

    /// State and parameters with which a member begins.
    pub fn draw(
        &self,
        setup: &ForecastSetup,
        member: usize,
        random: &mut RandomStream,
    ) -> MemberStart {
        match &setup.start {
            Start::Members(all) => all[member % all.len()].clone(),
            Start::Particles(all) => all[self.particle(member, all.len())].clone(),
            Start::Each(all) => MemberStart {
                states: all[member % all.len()].clone(),
                parameters: setup.parameters.clone(),
                ..MemberStart::default()
            },
            Start::Belief { estimated, .. } => {
                let normal: Vec<f64> = estimated.iter().map(|_| random.normal()).collect();
                let (states, parameters) = self.at(setup, 0, &normal);
                MemberStart { states, parameters, ..MemberStart::default() }
            }
        }
    }

    /// The particle of a member: neighbours descend from the same ancestor, so members are spread over
    /// all of them, and the first few as evenly as many.
    fn particle(&self, member: usize, count: usize) -> usize {
        let turns = self.offset + member as f64 * GOLDEN;
        let share = turns - libm::floor(turns);
        ((share * count as f64) as usize).min(count - 1)
    }

    /// State and parameters of a start, so many deviations off along each direction of the belief's
    /// root; directions that are not named are not gone along.
    pub fn at(&self, setup: &ForecastSetup, start: usize, normal: &[f64]) -> (Vec<f64>, Vec<f64>) {
        match &setup.start {
            Start::Each(all) => (all[start % all.len()].clone(), setup.parameters.clone()),
            Start::Members(all) => both(&all[start % all.len()]),
            Start::Particles(all) => both(&all[start % all.len()]),
            Start::Belief { belief, estimated } => {
                let (mut x, mut p) = (belief.states.clone(), setup.parameters.clone());
                for (row, each) in estimated.iter().enumerate() {
                    let weights = self.root.as_ref().map_or(&[][..], |root| &root.row(row)[..=row]);
                    let off: f64 = weights.iter().zip(normal).map(|(a, b)| a * b).sum();
                    let value = each.scale.to_value(belief.mean[row] + off);
                    match each.slot {
                        Slot::State(at) => x[at] = value,
                        Slot::Parameter(at) => p[at] = value,
                        Slot::Bias(_) | Slot::Trend(_) => {}
                    }
                }
                (x, p)
            }
        }
    }
}

fn both(begin: &MemberStart) -> (Vec<f64>, Vec<f64>) {
    (begin.states.clone(), begin.parameters.clone())
}
