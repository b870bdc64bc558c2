//! All models by name: a line each.

use std::sync::{Arc, LazyLock};

use super::kernel::{Model, model};
use super::library::*;
use crate::twin::nearest;

static MODELS: LazyLock<Vec<Arc<dyn Model>>> = LazyLock::new(|| {
    vec![
        model::<CentrifugalPump>(),
        model::<Battery>(),
        model::<DcMotor>(),
        model::<ThreePhaseMotor>(),
        model::<ControlValve>(),
        model::<Tank>(),
        model::<PlateHeatExchanger>(),
        model::<BeltConveyor>(),
        model::<RobotJoint>(),
        model::<MachineLine>(),
    ]
});

/// Every model.
pub fn models() -> &'static [Arc<dyn Model>] {
    &MODELS
}

/// The model with that name.
///
/// # Errors
/// When there is none; with the names that there are, the nearest one first.
pub fn find(name: &str) -> Result<Arc<dyn Model>, String> {
    let found = models().iter().find(|model| model.about().name == name);
    found.cloned().ok_or_else(|| {
        let mut names: Vec<&str> = models().iter().map(|model| &*model.about().name).collect();
        let near = nearest(name, names.iter().copied());
        // A stable sort: the nearest first, the others in the order of the registry.
        names.sort_by_key(|other| near.as_deref() != Some(*other));
        format!("there is no model `{name}`; there are {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::model::about::About;
    use crate::model::kernel::Kernel;
    use crate::model::real::{Lanes, Real, WIDTH};
    use crate::twin::Unit;

    #[test]
    fn every_model_says_all_of_itself_in_real_units() {
        let mut names = HashSet::new();
        for model in models() {
            let about = model.about();
            assert!(names.insert(&about.name), "{} is there twice", about.name);
            assert!(!about.source.is_empty() && !about.validity.is_empty(), "{}", about.name);
            let variables = [&about.states, &about.inputs, &about.outputs];
            for variable in variables.into_iter().flatten() {
                Unit::parse(&variable.unit).expect(&variable.name);
                assert!(!variable.meaning.is_empty() && variable.usual.is_finite());
            }
            for parameter in &about.parameters {
                Unit::parse(&parameter.unit).expect(&parameter.name);
                let (low, high) = parameter.range;
                assert!(
                    low <= parameter.usual && parameter.usual <= high,
                    "{} {}",
                    about.name,
                    parameter.name
                );
            }
        }
    }

    /// Runs a usual machine for a while; all that it computes.
    fn run<R: Real>(kernel: &dyn Kernel<R>, about: &About) -> Vec<R> {
        let of = |values: Vec<f64>| values.into_iter().map(R::of).collect::<Vec<R>>();
        let mut x = of(about.states.iter().map(|state| state.usual).collect());
        let (u, p) = (of(about.usual_inputs()), of(about.usual_parameters()));
        kernel.start(&u, &p, &mut x);
        let mut next = vec![R::of(f64::NAN); x.len()];
        for _ in 0..50 {
            kernel.euler(&x, &u, &p, 1e-4, &mut next);
            std::mem::swap(&mut x, &mut next);
        }
        let nan = R::of(f64::NAN);
        let (mut z, mut es) = (vec![nan; about.outputs.len()], vec![nan; about.events.len()]);
        let mut margin = es.clone();
        kernel.output(&x, &u, &p, &mut z);
        kernel.event_state(&x, &u, &p, &mut es);
        kernel.margin(&x, &u, &p, &mut margin);
        [x, z, es, margin].concat()
    }

    #[test]
    fn every_model_fills_all_its_slices_and_lanes_agree_with_single_numbers() {
        for model in models() {
            let single: Vec<f64> = run(&**model, model.about());
            let lanes: Vec<Lanes> = run(&**model, model.about());
            for (at, (one, lanes)) in single.iter().zip(&lanes).enumerate() {
                assert!(one.is_finite(), "{}: value {at} is {one}", model.about().name);
                assert_eq!(lanes.0, [*one; WIDTH], "{}: value {at}", model.about().name);
            }
        }
    }

    #[test]
    fn every_model_is_healthy_when_new() {
        for model in models() {
            let about = model.about();
            let x: Vec<f64> = about.states.iter().map(|state| state.usual).collect();
            let mut es = vec![0.0; about.events.len()];
            model.event_state(&x, &about.usual_inputs(), &about.usual_parameters(), &mut es);
            for (event, es) in about.events.iter().zip(es) {
                assert!(es > 0.5, "{} {}: {es}", about.name, event.name);
            }
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest_first() {
        let error = find("centrifugal-pump").expect_err("there is none");
        assert!(error.contains("there are centrifugal_pump, "), "{error}");
    }
}
