//! What lies inside a step: the state as a polynomial of the share of the step that has passed.

/// A step that was taken, and what lies inside it.
///
/// The form is Hairer's: x(θ) = r₁ + θ(r₂ + (1−θ)(r₃ + θ(r₄ + (1−θ) r₅))); see E. Hairer,
/// S. P. Nørsett, G. Wanner: Solving Ordinary Differential Equations I, section II.6.
#[derive(Clone, Debug, Default)]
pub struct Dense {
    /// Seconds since the interval's start at which the step begins.
    pub begin_s: f64,
    /// Length of the step in seconds.
    pub length_s: f64,
    r: [Vec<f64>; 5],
}

impl Dense {
    /// Room for so many states.
    pub fn new(states: usize) -> Self {
        Self { begin_s: 0.0, length_s: 0.0, r: std::array::from_fn(|_| vec![0.0; states]) }
    }

    /// A straight line between both ends.
    pub fn line(&mut self, begin_s: f64, length_s: f64, x0: &[f64], x1: &[f64]) {
        (self.begin_s, self.length_s) = (begin_s, length_s);
        self.r[0].copy_from_slice(x0);
        for at in 0..x0.len() {
            self.r[1][at] = x1[at] - x0[at];
        }
        self.r[2..].iter_mut().for_each(|r| r.fill(0.0));
    }

    /// Bends the line so that it begins and ends with these rates: a cubic, exact to the third
    /// order.
    pub fn bend(&mut self, f0: &[f64], f1: &[f64]) {
        for at in 0..f0.len() {
            let line = self.r[1][at];
            let first = self.length_s * f0[at] - line;
            self.r[2][at] = first;
            self.r[3][at] = line - self.length_s * f1[at] - first;
        }
    }

    /// The part of fourth order.
    pub fn quartic(&mut self) -> &mut [f64] {
        &mut self.r[4]
    }

    /// The state at a share of the step, from 0 to 1.
    pub fn at(&self, share: f64, x: &mut [f64]) {
        let rest = 1.0 - share;
        for (at, x) in x.iter_mut().enumerate() {
            let [r1, r2, r3, r4, r5] = [0, 1, 2, 3, 4].map(|k| self.r[k][at]);
            *x = r1 + share * (r2 + rest * (r3 + share * (r4 + rest * r5)));
        }
    }
}
