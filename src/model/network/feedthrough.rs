//! Which outputs follow an input at once, without a state between them.

use crate::model::kernel::{Kernel, Model};
use crate::model::machine::Machine;
use crate::model::noise::RandomStream;

/// How far an input is moved to see what follows, as a share of its size.
const MOVED: f64 = 0.01;
/// So many states and inputs are tried besides the stated and the usual ones.
const TRIED: usize = 64;

/// For each output of a machine, the inputs it follows at once, in whatever state it may come to.
///
/// It is found by trial, so that a model need not state it: each input in turn becomes NaN, which
/// spreads through all that is computed from it, and is moved a little up and down, because a
/// comparison drops NaN. One state is not enough: the flow out of an empty tank is 0, whatever the
/// demand. So this is done in the state that is stated, in the usual one and in many others, and what
/// follows in any of them counts.
pub(super) fn followed(machine: &Machine) -> Vec<Vec<usize>> {
    let about = machine.model.about();
    let mut followed = vec![Vec::new(); about.outputs.len()];
    for (x, u) in instants(machine) {
        let outputs = |u: &[f64]| outputs(&*machine.model, &x, u, &machine.parameters);
        let before = outputs(&u);
        for input in 0..u.len() {
            let size = u[input].abs().max(1e-6);
            let tried = [f64::NAN, u[input] + MOVED * size, u[input] - MOVED * size];
            let after = tried.map(|value| {
                let mut u = u.clone();
                u[input] = value;
                outputs(&u)
            });
            for (output, followed) in followed.iter_mut().enumerate() {
                let is_same =
                    |after: &Vec<f64>| after[output].to_bits() == before[output].to_bits();
                // A state that cannot be has outputs that are no numbers, whatever is moved.
                let is_usable = before[output].is_finite() && !followed.contains(&input);
                if is_usable && !after.iter().all(is_same) {
                    followed.push(input);
                }
            }
        }
    }
    followed
}

/// States and inputs in which outputs are looked at; the same each time.
fn instants(machine: &Machine) -> Vec<(Vec<f64>, Vec<f64>)> {
    let about = machine.model.about();
    let states: Vec<f64> = about.states.iter().map(|state| state.usual).collect();
    let inputs = about.usual_inputs();
    let mut all = vec![(machine.initial.clone(), inputs.clone()), (states.clone(), inputs.clone())];
    let mut random = RandomStream::new(0, 0);
    for _ in 0..TRIED {
        let x = machine.initial.iter().zip(&states).map(|(stated, usual)| {
            let size = if *stated == 0.0 { *usual } else { *stated };
            anywhere(size, &mut random)
        });
        let x = x.collect();
        all.push((x, inputs.iter().map(|usual| anywhere(*usual, &mut random)).collect()));
    }
    for (x, u) in &mut all {
        Kernel::<f64>::start(&*machine.model, u, &machine.parameters, x);
    }
    all
}

/// A number up to twice a size; where that is 0, one of any sign and size.
fn anywhere(size: f64, random: &mut RandomStream) -> f64 {
    if size != 0.0 {
        return 2.0 * size * random.uniform();
    }
    let sign = if random.uniform() < 0.5 { -1.0 } else { 1.0 };
    sign * libm::pow(10.0, 8.0 * random.uniform() - 6.0)
}

fn outputs(model: &dyn Model, x: &[f64], u: &[f64], p: &[f64]) -> Vec<f64> {
    let mut z = vec![0.0; model.about().outputs.len()];
    model.output(x, u, p, &mut z);
    z
}
