//! Sigma points: a belief as a handful of samples, carried through the model side by side.

use super::setup::{Setup, Slot, Weights};
use crate::model::linear::Matrix;
use crate::model::{Kernel, Lanes, Real, WIDTH};

/// Samples side by side: a block is [`WIDTH`] of them.
#[derive(Clone)]
pub(super) struct Points {
    count: usize,
    blocks: Vec<Block>,
    u: Vec<Lanes>,
    room: Vec<Lanes>,
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
    pub fn new(setup: &Setup, count: usize) -> Self {
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
            room: zero(about.states.len()),
        }
    }

    /// Draws the points of a belief; what is not estimated is as in `x`. `None` when the
    /// covariance is not one.
    pub fn draw(
        &mut self,
        setup: &Setup,
        weights: Weights,
        mean: &[f64],
        covariance: &Matrix,
        x: &[f64],
    ) -> Option<()> {
        let root = covariance.scaled(weights.stretch).cholesky()?;
        let n = mean.len();
        for at in 0..self.blocks.len() * WIDTH {
            let (block, lane) = (&mut self.blocks[at / WIDTH], at % WIDTH);
            for row in 0..n {
                block.estimated[row].0[lane] = match at {
                    0 => mean[row],
                    at if at <= n => mean[row] + root.get(row, at - 1),
                    at if at <= 2 * n => mean[row] - root.get(row, at - 1 - n),
                    // Lanes that are left over repeat the middle.
                    _ => mean[row],
                };
            }
        }
        self.stand(x);
        self.apply(setup);
        Some(())
    }

    /// All are in this state.
    pub fn stand(&mut self, x: &[f64]) {
        for block in &mut self.blocks {
            for (lanes, value) in block.x.iter_mut().zip(x) {
                *lanes = Lanes::of(*value);
            }
        }
    }

    /// States and parameters that are estimated become what is estimated.
    pub fn apply(&mut self, setup: &Setup) {
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
    pub fn advance(&mut self, setup: &Setup, u: &[f64], dt_s: f64) {
        for (lanes, value) in self.u.iter_mut().zip(u) {
            *lanes = Lanes::of(*value);
        }
        let steps = libm::ceil(dt_s / setup.step_s - 1e-9).max(1.0);
        let kernel: &dyn Kernel<Lanes> = &*setup.model;
        for block in &mut self.blocks {
            for _ in 0..steps as u64 {
                kernel.euler(&mut block.x, &self.u, &block.p, dt_s / steps, &mut self.room);
            }
            for (place, each) in setup.estimated.iter().enumerate() {
                let scale = each.scale;
                if each.memory_s.is_finite() {
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

    /// What would be measured at each point.
    pub fn measure(&mut self, setup: &Setup, u: &[f64]) {
        for (lanes, value) in self.u.iter_mut().zip(u) {
            *lanes = Lanes::of(*value);
        }
        let kernel: &dyn Kernel<Lanes> = &*setup.model;
        for block in &mut self.blocks {
            kernel.output(&block.x, &self.u, &block.p, &mut block.z);
            for (each, value) in setup.estimated.iter().zip(&block.estimated) {
                if let Slot::Bias(at) = each.slot {
                    block.z[at] = block.z[at] + each.scale.to_value(*value);
                }
            }
        }
    }

    /// Weighted mean of what `of` says of each point, summed in fours and these after each other:
    /// beside a temperature of 300 K its covariances are as small as what one long sum rounds off.
    fn mean_of(&self, weights: Weights, of: impl Fn(&Block, usize) -> f64) -> f64 {
        let mut mean = 0.0;
        for begin in (0..self.count).step_by(4) {
            let mut four = 0.0;
            for at in begin..self.count.min(begin + 4) {
                let weight = if at == 0 { weights.middle_mean } else { weights.other };
                four += weight * of(&self.blocks[at / WIDTH], at % WIDTH);
            }
            mean += four;
        }
        mean
    }

    /// Means of what is estimated, on the scales.
    pub fn means(&self, weights: Weights, out: &mut [f64]) {
        for (row, out) in out.iter_mut().enumerate() {
            *out = self.mean_of(weights, |block, lane| block.estimated[row].0[lane]);
        }
    }

    /// Means of all states.
    pub fn states(&self, weights: Weights, out: &mut [f64]) {
        for (row, out) in out.iter_mut().enumerate() {
            *out = self.mean_of(weights, |block, lane| block.x[row].0[lane]);
        }
    }

    /// Means of all outputs.
    pub fn outputs(&self, weights: Weights, out: &mut [f64]) {
        for (row, out) in out.iter_mut().enumerate() {
            *out = self.mean_of(weights, |block, lane| block.z[row].0[lane]);
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
        for at in 0..self.count {
            let (block, lane) = (&self.blocks[at / WIDTH], at % WIDTH);
            let weight = if at == 0 { weights.middle_covariance } else { weights.other };
            for row in 0..mean_a.len() {
                let off = weight * (a(block, row).0[lane] - mean_a[row]);
                for column in 0..mean_b.len() {
                    out.add(row, column, off * (b(block, column).0[lane] - mean_b[column]));
                }
            }
        }
        out
    }
}
