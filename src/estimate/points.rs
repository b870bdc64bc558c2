//! Sigma points: a belief as a handful of samples, carried through the model side by side.

use smallvec::{SmallVec, smallvec};

use super::estimated::Slot;
use super::setup::{FilterSetup, Weights};
use crate::model::linear::Matrix;
use crate::model::{Kernel, Lanes, Real, WIDTH, nearest_angle};

/// Samples side by side: a block is [`WIDTH`] of them.
#[derive(Clone)]
pub(super) struct Points {
    count: usize,
    blocks: Vec<Block>,
    u: Vec<Lanes>,
    next: Vec<Lanes>,
    single: Single,
    /// States that are angles within a turn, and how much a turn is.
    angles: SmallVec<[(usize, f64); 2]>,
}

/// The only sample of a block, as the last of 2n + 1 is for n = 4, 8, …: computed as single numbers,
/// which gives the same bits with an eighth of the work.
#[derive(Clone)]
struct Single {
    x: Vec<f64>,
    p: Vec<f64>,
    z: Vec<f64>,
    next: Vec<f64>,
}

impl Single {
    fn take(&mut self, block: &Block) {
        self.x.iter_mut().zip(&block.x).for_each(|(x, lanes)| *x = lanes.0[0]);
        self.p.iter_mut().zip(&block.p).for_each(|(p, lanes)| *p = lanes.0[0]);
    }

    fn advance(&mut self, model: &dyn Kernel<f64>, block: &mut Block, u: &[f64], by: (u64, f64)) {
        self.take(block);
        for _ in 0..by.0 {
            model.step(&self.x, u, &self.p, by.1, &mut self.next);
            std::mem::swap(&mut self.x, &mut self.next);
        }
        block.x.iter_mut().zip(&self.x).for_each(|(lanes, x)| lanes.0[0] = *x);
    }

    fn measure(&mut self, model: &dyn Kernel<f64>, block: &mut Block, u: &[f64]) {
        self.take(block);
        model.output(&self.x, u, &self.p, &mut self.z);
        block.z.iter_mut().zip(&self.z).for_each(|(lanes, z)| lanes.0[0] = *z);
    }
}

#[derive(Clone)]
struct Block {
    /// On the scales of what is estimated.
    estimated: Vec<Lanes>,
    x: Vec<Lanes>,
    p: Vec<Lanes>,
    z: Vec<Lanes>,
}

impl Points {
    pub fn new(setup: &FilterSetup, count: usize) -> Self {
        let zero = |count: usize| vec![Lanes::default(); count];
        let about = setup.model.about();
        let block = Block {
            estimated: zero(setup.estimated.len()),
            x: zero(about.states.len()),
            p: setup.parameters.iter().map(|value| Lanes::of(*value)).collect(),
            z: zero(about.outputs.len()),
        };
        Self {
            count,
            blocks: vec![block; count.div_ceil(WIDTH)],
            u: zero(about.inputs.len()),
            next: zero(about.states.len()),
            angles: (about.states.iter().enumerate())
                .filter_map(|(at, state)| Some((at, state.turn?)))
                .collect(),
            single: Single {
                x: vec![0.0; about.states.len()],
                p: setup.parameters.clone(),
                z: vec![0.0; about.outputs.len()],
                next: vec![0.0; about.states.len()],
            },
        }
    }

    /// Draws the points of a belief; what is not estimated is as in `x`. `None` when the
    /// covariance is not one.
    pub fn draw(
        &mut self,
        setup: &FilterSetup,
        weights: Weights,
        mean: &[f64],
        covariance: &Matrix,
        x: &[f64],
    ) -> Option<()> {
        let root = covariance.scaled(weights.stretch).cholesky()?;
        let n = mean.len();
        for (row, mean) in mean.iter().enumerate() {
            // Lanes that are left over repeat the middle.
            for block in &mut self.blocks {
                block.estimated[row] = Lanes::of(*mean);
            }
            for (column, off) in root.row(row)[..=row].iter().enumerate() {
                let (up, down) = (1 + column, 1 + n + column);
                self.blocks[up / WIDTH].estimated[row].0[up % WIDTH] = mean + off;
                self.blocks[down / WIDTH].estimated[row].0[down % WIDTH] = mean - off;
            }
        }
        self.set_state(x);
        self.apply(setup);
        Some(())
    }

    /// Sets the state of all.
    pub fn set_state(&mut self, x: &[f64]) {
        for block in &mut self.blocks {
            for (lanes, value) in block.x.iter_mut().zip(x) {
                *lanes = Lanes::of(*value);
            }
        }
    }

    /// Sets one state variable of all.
    pub fn set_variable(&mut self, state: usize, value: f64) {
        for block in &mut self.blocks {
            block.x[state] = Lanes::of(value);
        }
    }

    /// States and parameters that are estimated become what is estimated.
    pub fn apply(&mut self, setup: &FilterSetup) {
        for block in &mut self.blocks {
            for (each, value) in setup.estimated.iter().zip(&block.estimated) {
                match each.slot {
                    Slot::State(at) => block.x[at] = each.scale.to_value(*value),
                    Slot::Parameter(at) => block.p[at] = each.scale.to_value(*value),
                    Slot::Bias(_) | Slot::Trend(_) => {}
                }
            }
        }
    }

    /// What is estimated, of one.
    pub fn estimated(&mut self, at: usize, row: usize) -> &mut f64 {
        &mut self.blocks[at / WIDTH].estimated[row].0[at % WIDTH]
    }

    /// An output of one, as measured by [`Points::measure`].
    pub fn output(&self, at: usize, row: usize) -> f64 {
        self.blocks[at / WIDTH].z[row].0[at % WIDTH]
    }

    /// State and parameters of one.
    pub fn one(&self, at: usize) -> (Vec<f64>, Vec<f64>) {
        let (block, lane) = (&self.blocks[at / WIDTH], at % WIDTH);
        let of = |all: &[Lanes]| all.iter().map(|lanes| lanes.0[lane]).collect();
        (of(&block.x), of(&block.p))
    }

    /// Each becomes the one whose place stands for it.
    pub fn pick(&mut self, places: &[usize]) {
        let before = self.blocks.clone();
        for (at, from) in places.iter().enumerate() {
            let (to, lane) = (&mut self.blocks[at / WIDTH], at % WIDTH);
            let from = (&before[from / WIDTH], from % WIDTH);
            let copy = |to: &mut [Lanes], source: &[Lanes]| {
                to.iter_mut().zip(source).for_each(|(to, source)| to.0[lane] = source.0[from.1]);
            };
            copy(&mut to.estimated, &from.0.estimated);
            copy(&mut to.x, &from.0.x);
            copy(&mut to.p, &from.0.p);
        }
    }

    /// Carries all points on.
    pub fn advance(&mut self, setup: &FilterSetup, u: &[f64], dt_s: f64) {
        for (lanes, value) in self.u.iter_mut().zip(u) {
            *lanes = Lanes::of(*value);
        }
        let steps = libm::ceil(dt_s / setup.step_s - 1e-9).max(1.0);
        let (count, step_s) = (steps as u64, dt_s / steps);
        let kernel: &dyn Kernel<Lanes> = &*setup.model;
        for (number, block) in self.blocks.iter_mut().enumerate() {
            if number * WIDTH + 1 == self.count {
                self.single.advance(&*setup.model, block, u, (count, step_s));
            } else {
                for _ in 0..count {
                    kernel.step(&block.x, &self.u, &block.p, step_s, &mut self.next);
                    std::mem::swap(&mut block.x, &mut self.next);
                }
            }
        }
        self.unwrap_angles();
        for block in &mut self.blocks {
            for (place, each) in setup.estimated.iter().enumerate() {
                let scale = each.scale;
                if each.forgets() {
                    let kept = libm::exp(-dt_s / each.memory_s);
                    let mean = scale.from_value(each.mean);
                    block.estimated[place] = (block.estimated[place] - mean) * kept + mean;
                }
                if let Slot::State(at) = each.slot {
                    block.estimated[place] = block.x[at].each(|value| scale.from_value(value));
                } else if let Slot::Trend(output) = each.slot
                    && let Some(bias) = setup.place(Slot::Bias(output))
                {
                    let growth = scale.to_value(block.estimated[place]) * dt_s;
                    block.estimated[bias] = block.estimated[bias] + growth;
                }
            }
        }
    }

    /// Angles within a turn become as near as can be to that of the first point: means and
    /// covariances are then those of what lies together on the circle.
    fn unwrap_angles(&mut self) {
        for (at, turn) in &self.angles {
            let middle = self.blocks[0].x[*at].0[0];
            for block in &mut self.blocks {
                block.x[*at] = block.x[*at].each(|angle| nearest_angle(angle, middle, *turn));
            }
        }
    }

    /// What would be measured at each point.
    pub fn measure(&mut self, setup: &FilterSetup, u: &[f64]) {
        for (lanes, value) in self.u.iter_mut().zip(u) {
            *lanes = Lanes::of(*value);
        }
        let kernel: &dyn Kernel<Lanes> = &*setup.model;
        for (number, block) in self.blocks.iter_mut().enumerate() {
            if number * WIDTH + 1 == self.count {
                self.single.measure(&*setup.model, block, u);
            } else {
                kernel.output(&block.x, &self.u, &block.p, &mut block.z);
            }
            for (each, value) in setup.estimated.iter().zip(&block.estimated) {
                if let Slot::Bias(at) = each.slot {
                    block.z[at] = block.z[at] + each.scale.to_value(*value);
                }
            }
        }
    }

    /// Weighted mean of a variable over all points, summed in fours and these after each other: one long
    /// sum of temperatures of 300 K has a rounding error as large as their covariances.
    fn mean_of(&self, weights: Weights, of: impl Fn(&Block) -> &Lanes) -> f64 {
        let (mut mean, mut left) = (0.0, self.count);
        let mut first = weights.middle_mean;
        for block in &self.blocks {
            for values in of(block).0.chunks(4) {
                let mut four = 0.0;
                for value in values.iter().take(left) {
                    four += first * value;
                    first = weights.other;
                }
                mean += four;
                left = left.saturating_sub(4);
            }
        }
        mean
    }

    /// Means of what is estimated, on the scales.
    pub fn means(&self, weights: Weights, out: &mut [f64]) {
        for (row, out) in out.iter_mut().enumerate() {
            *out = self.mean_of(weights, |block| &block.estimated[row]);
        }
    }

    /// Means of all states.
    pub fn states(&self, weights: Weights, out: &mut [f64]) {
        for (row, out) in out.iter_mut().enumerate() {
            *out = self.mean_of(weights, |block| &block.x[row]);
        }
    }

    /// Means of all outputs.
    pub fn outputs(&self, weights: Weights, out: &mut [f64]) {
        for (row, out) in out.iter_mut().enumerate() {
            *out = self.mean_of(weights, |block| &block.z[row]);
        }
    }

    /// Covariance of what is estimated.
    pub fn covariance(&self, weights: Weights, mean: &[f64]) -> Matrix {
        self.spread(
            weights,
            (mean, |block, row| block.estimated[row]),
            (mean, |block, row| block.estimated[row]),
        )
    }

    /// Covariance of the outputs at these places.
    pub fn of_outputs(&self, weights: Weights, mean: &[f64], places: &[usize]) -> Matrix {
        let output = |block: &Block, row: usize| block.z[places[row]];
        self.spread(weights, (mean, output), (mean, output))
    }

    /// Covariance of what is estimated (rows) with the outputs at these places (columns).
    pub fn across(
        &self,
        weights: Weights,
        mean: &[f64],
        outputs: &[f64],
        places: &[usize],
    ) -> Matrix {
        self.spread(
            weights,
            (mean, |block, row| block.estimated[row]),
            (outputs, |block, row| block.z[places[row]]),
        )
    }

    fn spread(
        &self,
        weights: Weights,
        (mean_a, a): (&[f64], impl Fn(&Block, usize) -> Lanes),
        (mean_b, b): (&[f64], impl Fn(&Block, usize) -> Lanes),
    ) -> Matrix {
        let mut out = Matrix::zero(mean_a.len(), mean_b.len());
        let mut off_b: SmallVec<[f64; 8]> = smallvec![0.0; mean_b.len()];
        for at in 0..self.count {
            let (block, lane) = (&self.blocks[at / WIDTH], at % WIDTH);
            let weight = if at == 0 { weights.middle_covariance } else { weights.other };
            for (column, (off, mean)) in off_b.iter_mut().zip(mean_b).enumerate() {
                *off = b(block, column).0[lane] - mean;
            }
            for (row, mean) in mean_a.iter().enumerate() {
                let off = weight * (a(block, row).0[lane] - mean);
                for (out, off_b) in out.row_mut(row).iter_mut().zip(&off_b) {
                    *out += off * off_b;
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;
    use crate::model::registry;

    #[test]
    fn angles_on_both_sides_of_a_whole_turn_have_their_mean_and_spread_there() {
        let model = registry::find("dc_motor_three_phase").expect("a model");
        let setup = FilterSetup::usual(model, &[1e-3; 5], &[0.0; 5], &[1.0; 2]);
        let weights = setup.spread.weights(5);
        let mut points = Points::new(&setup, 11);
        for angle in [0.02, 1.0, TAU - 0.02] {
            let mean = [0.0, 0.0, 0.0, 0.0, angle];
            let covariance = Matrix::diagonal(&[1e-6, 1e-6, 1e-6, 1e-6, 0.01]);
            points.draw(&setup, weights, &mean, &covariance, &mean).expect("a covariance");
            points.advance(&setup, &[0.0; 4], 1e-4);
            let mut means = [0.0; 5];
            points.means(weights, &mut means);
            assert!((nearest_angle(means[4], angle, TAU) - angle).abs() < 1e-3, "{means:?}");
            let spread = points.covariance(weights, &means).get(4, 4);
            assert!((spread / 0.01 - 1.0).abs() < 1e-3, "{angle}: {spread}");
        }
    }
}
