//! Tests: plants of many machines are wired in a time in proportion to them.

use std::time::{Duration, Instant};

use super::*;

/// So many tanks in a row, each of which gives what the next one draws, wired from the first on.
fn row(count: usize, name: &str) -> Twin {
    let each = |one: &dyn Fn(usize) -> String| (0..count).map(one).collect::<Vec<_>>().join(",\n");
    let assets = each(&|at| format!("(name: \"T-{at}\", class: \"Full\")"));
    let wiring =
        each(&|at| format!("(from: \"T-{}.q_out\", to: \"{name}-{at}.q_out\")", (at + 1) % count));
    // The last one draws what nobody asks for.
    let wiring = wiring.rsplit_once(",\n").map_or("", |(all, _)| all);
    twin("\"Full\": (behaviour: \"tank.ron\")", &assets, wiring).expect("tanks")
}

#[test]
fn wiring_takes_a_time_in_proportion_to_the_machines() {
    // Of wires that lead nowhere one error each.
    for (name, errors) in [("T", 0), ("U", 1)] {
        let time = |count: usize| {
            let twin = row(count, name);
            let since = Instant::now();
            let found = Network::of(&twin).map_or_else(|errors| errors.0.len(), |_| 0);
            assert_eq!(found, errors * (count - 1));
            since.elapsed()
        };
        let (small, large) = (time(1_000).min(time(1_000)), time(4_000).min(time(4_000)));
        // In proportion it is 4 times, by the square 16 times.
        assert!(large < small * 9 + Duration::from_millis(200), "{name}: {small:?} and {large:?}");
    }
}

#[test]
fn machines_that_follow_each_other_at_once_are_ordered_however_they_are_stated() {
    let Network { machine, .. } = Network::of(&row(50, "T")).expect("a row");
    let about = machine.model.about();
    let last = position(&about.inputs, "T-49.q_out").expect("it is free");
    let first = position(&about.outputs, "T-0.q_out").expect("an output");
    let given = |drawn: f64| {
        let mut u = about.usual_inputs();
        u[last] = drawn;
        let mut z = vec![0.0; about.outputs.len()];
        Kernel::<f64>::output(&*machine.model, &machine.initial, &u, &machine.parameters, &mut z);
        z[first]
    };
    assert!((given(0.5) - given(0.25) - 0.25).abs() < 1e-9, "{} {}", given(0.5), given(0.25));
}

#[test]
fn a_long_loop_names_some_of_its_wires() {
    let count = 200;
    let each = |one: &dyn Fn(usize) -> String| (0..count).map(one).collect::<Vec<_>>().join(",");
    let assets = each(&|at| format!("(name: \"T-{at}\", class: \"Full\")"));
    let wiring =
        each(&|at| format!("(from: \"T-{}.q_out\", to: \"T-{at}.q_out\")", (at + 1) % count));
    let classes = "\"Full\": (behaviour: \"tank.ron\")";
    let error = network(classes, &assets, &wiring).expect_err("a loop");
    assert!(
        error.contains("an algebraic loop: each of `T-") && error.contains(", 180 more"),
        "{error}"
    );
}
