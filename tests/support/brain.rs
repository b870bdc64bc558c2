//! What the tests and benches of models, filters and forecasts share: the loads, samples and settings
//! of the reference runs in tests/data/prognostics.

use std::collections::HashMap;
use std::f64::consts::PI;
use std::sync::Arc;

use twinscope::estimate::{
    Estimated, FilterSetup as Filter, Hypothesis, Measured, Scale, Slot, Spread,
};
use twinscope::forecast::{ForecastSetup as Outlook, LoadSpread, Start};
use twinscope::model::load::{Follows, Held, Load, Profile};
use twinscope::model::registry;

/// A table of numbers by column.
pub struct Reference {
    pub columns: HashMap<String, Vec<f64>>,
}

impl Reference {
    /// Reads that table of tests/data/prognostics.
    pub fn read(name: &str) -> Self {
        let path = format!("{}/tests/data/prognostics/{name}.csv", env!("CARGO_MANIFEST_DIR"));
        Self::parse(&std::fs::read_to_string(path).expect("the reference table is there"))
    }

    /// Reads a table of numbers under headings.
    pub fn parse(text: &str) -> Self {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let names = reader.headers().expect("it has headings").clone();
        let mut columns: Vec<Vec<f64>> = vec![Vec::new(); names.len()];
        for row in reader.records() {
            for (column, text) in columns.iter_mut().zip(&row.expect("a row")) {
                column.push(text.parse().expect("a number"));
            }
        }
        Self { columns: names.iter().map(String::from).zip(columns).collect() }
    }

    /// A column that it has.
    pub fn column(&self, name: &str) -> &[f64] {
        self.columns.get(name).unwrap_or_else(|| panic!("there is no column {name}"))
    }

    /// Compares a number: within 1e-9 relative, or 1e-12 of the column's range.
    pub fn compare(&self, name: &str, row: usize, ours: f64) {
        let column = self.column(name);
        let theirs = column[row];
        let high = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let low = column.iter().copied().fold(f64::INFINITY, f64::min);
        let allowed = (1e-9 * theirs.abs()).max(1e-12 * (high - low));
        assert!(
            (ours - theirs).abs() <= allowed,
            "{name}, row {row}: {ours} is not {theirs}; off by {:e} of {allowed:e}",
            (ours - theirs).abs()
        );
    }
}

/// The current of the battery's references, in amperes.
pub fn currents(t_s: f64) -> f64 {
    match t_s {
        t if t < 600.0 => 2.0,
        t if t < 900.0 => 1.0,
        t if t < 1800.0 => 4.0,
        t if t < 3000.0 => 2.0,
        _ => 3.0,
    }
}

/// The same as a load.
pub fn battery_load() -> Arc<dyn Load> {
    Arc::new(Profile(|t_s: f64, u: &mut [f64]| u[0] = currents(t_s)))
}

/// The inputs of a pump at a voltage: its speed goes with it, all else is as usual.
pub fn pump_inputs(volts: f64) -> Vec<f64> {
    vec![290.0, volts, 928_654.0, 239_179.0, 0.8 * volts]
}

/// The cycle of an hour under which the reference's pump wears.
pub fn pump_cycle() -> Arc<dyn Load> {
    Arc::new(Profile(|t_s: f64, u: &mut [f64]| {
        let t = t_s % 3600.0;
        let volts = match t {
            t if t < 1800.0 => 471.2389,
            t if t < 1900.0 => 471.2389 + (t - 1800.0),
            t if t < 3500.0 => 571.2389,
            t => 471.2398 - (t - 3600.0),
        };
        u.copy_from_slice(&pump_inputs(volts));
    }))
}

/// The voltage and the fan of the reference's motor.
pub fn motor_with_fan() -> Arc<dyn Load> {
    Arc::new(Follows(|t_s: f64, x: &[f64], u: &mut [f64]| {
        u[0] = 10.0 + 2.0 * libm::sin(2.0 * PI * 0.5 * t_s);
        u[1] = 1e-5 * x[1] * x[1];
    }))
}

/// The filter of the references.
pub fn battery_filter() -> Filter {
    let model = registry::find("battery_circuit").expect("a model");
    let roots = |squares: [f64; 4]| squares.map(f64::sqrt);
    let deviation = roots([1.0, 1e4, 0.01, 0.01]);
    let drift = roots([1e-4, 0.1, 1e-3, 1e-3]);
    let mut setup = Filter::usual(model, &deviation, &drift, &[0.5, 0.02]);
    for (each, mean) in setup.estimated.iter_mut().zip([293.0, 7700.0, 0.0, 0.0]) {
        each.mean = mean;
    }
    setup.spread = Spread { alpha: 1.0, beta: 0.0, kappa: -1.0 };
    setup
}

/// A row of `ukf_battery_circuit` as a sample.
pub fn battery_sample<'a>(column: impl Fn(&str) -> &'a [f64], row: usize) -> Measured {
    let at = |name: &str| column(name)[row];
    let outputs = vec![Some(at("meas_t")), Some(at("meas_v"))];
    Measured { time_s: at("t"), inputs: vec![at("u_i")], outputs }
}

/// A quantity that does not change of itself, or wanders for ever, as a filter estimates it.
pub fn estimated(slot: Slot, mean: f64, deviation: f64, drift: f64) -> Estimated {
    Estimated { slot, scale: Scale::Linear, mean, deviation, drift, memory_s: f64::INFINITY }
}

/// A hypothesis that is as likely as the others before any sample.
pub fn hypothesis(name: &str, estimated: Vec<Estimated>) -> Hypothesis {
    Hypothesis { name: name.into(), prior: 1.0, estimated }
}

/// The battery that the references forecast.
pub fn battery_outlook() -> Outlook {
    let model = registry::find("battery_circuit").expect("a model");
    Outlook::usual(model, battery_load(), 1.0, 10_000.0)
}

/// The states from which the references' members begin, a member a row.
pub fn battery_starts<'a>(column: impl Fn(&str) -> &'a [f64]) -> Vec<Vec<f64>> {
    let states = ["x_tb", "x_qb", "x_qcp", "x_qcs"].map(column);
    (0..states[0].len()).map(|row| states.map(|state| state[row]).to_vec()).collect()
}

/// A pump whose bearing will overheat within hours, with noise and an uncertain load.
pub fn pump_outlook(members: usize) -> Outlook {
    let model = registry::find("centrifugal_pump").expect("a model");
    let load = Arc::new(Held(model.about().usual_inputs()));
    let mut setup = Outlook { members, ..Outlook::usual(model, load, 1.0, 7_000.0) };
    if let Start::Each(all) = &mut setup.start {
        all[0][9] = 0.06;
    }
    setup.noise = vec![0.0, 0.0, 0.01, 0.01, 0.0, 1e-4, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    let (level, wander, memory_s) = (0.01, 0.01, 600.0);
    setup.load_spread =
        vec![LoadSpread { inputs: vec![1, 4], level, wander, memory_s, begins: None }];
    setup
}
