#![no_main]
//! Any bytes as a machine's file, as numbers by name and as a table of a course: errors, not panics.

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use twinscope::estimate::{Hypothesis, Setup};
use twinscope::model::load::{Hold, Load};
use twinscope::model::table::{Table, load};
use twinscope::model::{Machine, registry};
use twinscope::twin::{load_behaviour, load_numbers};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = load_numbers(Path::new("n"), text);
        if let Ok(behaviour) = load_behaviour(Path::new("m.ron"), text)
            && let Ok(machine) = Machine::of(&behaviour)
        {
            let _ = Setup::of(&behaviour, &machine);
            let _ = Hypothesis::all_of(&behaviour, &machine);
        }
    }
    let model = registry::find("dc_motor").expect("it is there");
    if let Ok(table) = Table::read(bytes) {
        for hold in [Hold::End, Hold::Start, Hold::Linear] {
            if let Ok((schedule, _)) = load(&table, model.about(), hold) {
                let mut u = [f64::NAN; 2];
                for t_s in [-1.0, 0.0, 0.5, 1e9] {
                    schedule.at(t_s, &[], &mut u);
                    // Between two rows far apart a straight line may leave all numbers.
                    assert!(hold == Hold::Linear || u.iter().all(|u| u.is_finite()));
                }
            }
        }
    }
});
