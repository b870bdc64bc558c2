#![no_main]
//! Any bytes as a machine's file, as a goal, as numbers by name, as kept forecasts, as a log of
//! maintenance and as a table of a course: errors, not panics.

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use twinscope::estimate::{Hypothesis, FilterSetup, read_log};
use twinscope::forecast::optimise::Problem;
use twinscope::forecast::{self, StoredForecast};
use twinscope::model::load::{Held, Hold, Load};
use twinscope::model::table::{Table, load};
use twinscope::model::{Machine, registry};
use twinscope::twin::{load_behaviour, load_goal, load_numbers};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = load_numbers(Path::new("n"), text);
        if let Ok(behaviour) = load_behaviour(Path::new("m.ron"), text)
            && let Ok(machine) = Machine::of(&behaviour)
        {
            let _ = FilterSetup::of(&behaviour, &machine);
            let _ = Hypothesis::all_of(&behaviour, &machine);
        }
    }
    let model = registry::find("dc_motor").expect("it is there");
    let _ = read_log(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = StoredForecast::read(text);
        if let Ok(goal) = load_goal(Path::new("g.ron"), text) {
            let machine = Machine::usual(model.clone());
            let load = std::sync::Arc::new(Held(model.about().usual_inputs()));
            let setup = forecast::ForecastSetup::usual(model.clone(), load, 1.0, 10.0);
            let _ = Problem::new(&goal, &machine, setup);
        }
    }
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
