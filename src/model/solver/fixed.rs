//! Solvers with one step an interval.

use super::{Dense, Problem};

/// Euler's method, or the classical Runge–Kutta method.
pub struct Fixed {
    fourth_order: bool,
    rates: [Vec<f64>; 4],
    begin: Vec<f64>,
    within: Vec<f64>,
}

impl Fixed {
    pub fn euler(states: usize) -> Self {
        Self::new(states, false)
    }

    pub fn rk4(states: usize) -> Self {
        Self::new(states, true)
    }

    fn new(states: usize, fourth_order: bool) -> Self {
        let room = || vec![0.0; states];
        Self { fourth_order, rates: std::array::from_fn(|_| room()), begin: room(), within: room() }
    }

    pub fn advance(
        &mut self,
        problem: Problem,
        x: &mut [f64],
        dt_s: f64,
        dense: &mut Dense,
        watch: &mut dyn FnMut(&Dense),
    ) {
        self.begin.copy_from_slice(x);
        if self.fourth_order {
            self.runge_kutta(problem, x, dt_s);
        } else {
            problem.rates(&self.begin, &mut self.rates[0]);
            for (x, rate) in x.iter_mut().zip(&self.rates[0]) {
                *x += rate * dt_s;
            }
        }
        dense.line(0.0, dt_s, &self.begin, x);
        if self.fourth_order {
            problem.rates(x, &mut self.rates[3]);
            dense.bend(&self.rates[0], &self.rates[3]);
        }
        watch(dense);
    }

    fn runge_kutta(&mut self, problem: Problem, x: &mut [f64], dt_s: f64) {
        problem.rates(&self.begin, &mut self.rates[0]);
        for (stage, share) in [(1, 0.5), (2, 0.5), (3, 1.0)] {
            for at in 0..x.len() {
                self.within[at] = self.begin[at] + self.rates[stage - 1][at] * (dt_s * share);
            }
            let Self { within, rates, .. } = self;
            problem.rates(within, &mut rates[stage]);
        }
        let [k1, k2, k3, k4] = &self.rates;
        for at in 0..x.len() {
            x[at] += dt_s / 6.0 * (k1[at] + 2.0 * k2[at] + 2.0 * k3[at] + k4[at]);
        }
    }
}
