//! Which outputs follow an input at once, without a state between them.

use crate::model::kernel::{Kernel, Model};
use crate::model::machine::Machine;

/// How far an input is moved to see what follows, as a share of its usual size.
const MOVED: f64 = 0.01;

/// For each output of a machine, the inputs it follows at once.
///
/// Nothing is asked of who writes a model: each input in turn becomes what is not a number, which
/// spreads through all that is computed from it, and is moved a little up and down, where a
/// comparison would have swallowed it.
pub(super) fn followed(machine: &Machine) -> Vec<Vec<usize>> {
    let about = machine.model.about();
    let usual = about.usual_inputs();
    let mut x = machine.initial.clone();
    Kernel::<f64>::start(&*machine.model, &usual, &machine.parameters, &mut x);
    let outputs = |u: &[f64]| outputs(&*machine.model, &x, u, &machine.parameters);
    let before = outputs(&usual);
    let mut followed = vec![Vec::new(); about.outputs.len()];
    for input in 0..usual.len() {
        let size = usual[input].abs().max(1e-6);
        let tried = [f64::NAN, usual[input] + MOVED * size, usual[input] - MOVED * size];
        let after = tried.map(|value| {
            let mut u = usual.clone();
            u[input] = value;
            outputs(&u)
        });
        for (output, followed) in followed.iter_mut().enumerate() {
            if after.iter().any(|after| after[output].to_bits() != before[output].to_bits()) {
                followed.push(input);
            }
        }
    }
    followed
}

fn outputs(model: &dyn Model, x: &[f64], u: &[f64], p: &[f64]) -> Vec<f64> {
    let mut z = vec![0.0; model.about().outputs.len()];
    model.output(x, u, p, &mut z);
    z
}
