//! A model whose steps are taken by another solver than Euler's.
//!
//! Filters and ensembles take one step after the other and ask nothing of how ([`Kernel::step`]). For
//! a model that is too stiff for Euler's steps, a machine's file names a solver; the machine is then
//! the model in this wrapping. Each sample is solved by itself: that is slower a step, and pays where
//! a step may be so much longer.

use std::sync::Arc;

use super::about::About;
use super::kernel::{Kernel, Model};
use super::real::{Lanes, WIDTH};
use super::solver::{Method, Problem, Solver};

/// The model, stepped by a solver; Euler's steps are the model's own.
pub fn stepped(model: Arc<dyn Model>, method: Method) -> Arc<dyn Model> {
    match method {
        Method::Euler => model,
        method => Arc::new(Stepped { model, method }),
    }
}

struct Stepped {
    model: Arc<dyn Model>,
    method: Method,
}

impl Model for Stepped {
    fn about(&self) -> &About {
        self.model.about()
    }

    fn adapts_steps(&self) -> bool {
        self.method.adapts_steps()
    }
}

/// Everything but the step is the model's own.
macro_rules! own {
    ($number:ty) => {
        fn derivative(&self, x: &[$number], u: &[$number], p: &[$number], dx: &mut [$number]) {
            self.model.derivative(x, u, p, dx);
        }
        fn output(&self, x: &[$number], u: &[$number], p: &[$number], z: &mut [$number]) {
            self.model.output(x, u, p, z);
        }
        fn event_state(&self, x: &[$number], u: &[$number], p: &[$number], es: &mut [$number]) {
            self.model.event_state(x, u, p, es);
        }
        fn margin(
            &self,
            x: &[$number],
            u: &[$number],
            p: &[$number],
            margin: &mut [$number],
        ) -> bool {
            self.model.margin(x, u, p, margin)
        }
        fn settle(&self, x: &[$number], u: &[$number], p: &[$number], next: &mut [$number]) {
            self.model.settle(x, u, p, next);
        }
        fn start(&self, u: &[$number], p: &[$number], x: &mut [$number]) {
            self.model.start(u, p, x);
        }
        fn euler(
            &self,
            x: &[$number],
            u: &[$number],
            p: &[$number],
            dt_s: f64,
            next: &mut [$number],
        ) {
            self.model.euler(x, u, p, dt_s, next);
        }
    };
}

impl Kernel<f64> for Stepped {
    own!(f64);

    fn step(&self, x: &[f64], u: &[f64], p: &[f64], dt_s: f64, next: &mut [f64]) {
        next.copy_from_slice(x);
        // A solver of its own each time: a step then hangs on nothing but what it is given.
        let mut solver = Solver::new(self.method, x.len());
        let problem = Problem { model: &*self.model, u, p };
        if solver.advance(problem, next, dt_s, &mut |_| {}).is_err() {
            // Who takes the step sees that it led nowhere, as after one of Euler's.
            next.fill(f64::NAN);
        }
    }
}

impl Kernel<Lanes> for Stepped {
    own!(Lanes);

    fn step(&self, x: &[Lanes], u: &[Lanes], p: &[Lanes], dt_s: f64, next: &mut [Lanes]) {
        let mut one: [Vec<f64>; 3] = [x, u, p].map(|all| vec![0.0; all.len()]);
        let mut out = vec![0.0; x.len()];
        for lane in 0..WIDTH {
            for (one, all) in one.iter_mut().zip([x, u, p]) {
                one.iter_mut().zip(all).for_each(|(one, lanes)| *one = lanes.0[lane]);
            }
            Kernel::<f64>::step(self, &one[0], &one[1], &one[2], dt_s, &mut out);
            next.iter_mut().zip(&out).for_each(|(lanes, value)| lanes.0[lane] = *value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::load::Held;
    use crate::model::real::Real;
    use crate::model::registry;
    use crate::model::simulation::{Simulation, SimulationSetup};

    #[test]
    fn a_stiff_motor_takes_steps_a_hundred_times_longer_than_eulers_longest() {
        // The current of the motor settles within a millisecond; Euler's steps grow beyond all
        // bounds from 2 ms on.
        let model = registry::find("dc_motor").expect("a model");
        let about = model.about();
        let (u, p) = (about.usual_inputs(), about.usual_parameters());
        let implicit = stepped(model.clone(), "rosenbrock".parse().expect("a solver"));
        let (mut x, mut next) = ([0.0; 2], [0.0; 2]);
        for _ in 0..10 {
            Kernel::<f64>::step(&*implicit, &x, &u, &p, 0.2, &mut next);
            x = next;
        }
        // At rest in motion: v = R i + Kt ω and Kt i = B ω.
        let (r, kt, b) = (p[1], p[2], p[4]);
        let speed = 10.0 * kt / (r * b + kt * kt);
        assert!((x[1] / speed - 1.0).abs() < 1e-6, "{x:?} {speed}");
    }

    #[test]
    fn samples_side_by_side_are_stepped_as_each_alone_and_as_a_simulation_is() {
        for (name, solver) in
            [("battery_circuit", "rk4"), ("dc_motor", "rk4"), ("dc_motor", "rosenbrock")]
        {
            let own = registry::find(name).expect("a model");
            let about = own.about().clone();
            let method: Method = solver.parse().expect("a solver");
            let model = stepped(own.clone(), method);
            let mut setup = SimulationSetup::usual(own, Arc::new(Held(about.usual_inputs())), 1e-3);
            setup.method = method;
            let mut simulation = Simulation::new(setup).expect("it fits");
            let lanes = |all: &[f64]| all.iter().map(|v| Lanes::of(*v)).collect::<Vec<_>>();
            let mut x = lanes(simulation.state());
            let (u, p) = (lanes(&about.usual_inputs()), lanes(&about.usual_parameters()));
            let mut next = x.clone();
            for _ in 0..20 {
                model.step(&x, &u, &p, 1e-3, &mut next);
                std::mem::swap(&mut x, &mut next);
                simulation.step().expect("finite");
            }
            for (lanes, alone) in x.iter().zip(simulation.state()) {
                assert!((lanes.0[3] - alone).abs() <= 1e-6 * alone.abs(), "{name} {solver}");
                assert_eq!(lanes.0, [lanes.0[0]; WIDTH]);
            }
        }
    }

    #[test]
    fn a_step_that_cannot_be_solved_leads_to_no_number() {
        let own = registry::find("dc_motor").expect("a model");
        let model = stepped(own.clone(), "dopri5".parse().expect("a solver"));
        let (u, mut p) = (own.about().usual_inputs(), own.about().usual_parameters());
        p[0] = 0.0;
        let mut next = [0.0; 2];
        Kernel::<f64>::step(&*model, &[0.0; 2], &u, &p, 1.0, &mut next);
        assert!(next.iter().all(|value| value.is_nan()));
    }
}
