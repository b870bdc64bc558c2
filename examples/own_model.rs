//! A model of one's own and its forecast: a tank with a leak of which only the order of size is
//! known. When will it be empty?
//!
//! `cargo run --no-default-features --example own_model`

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use twinscope::forecast::{ForecastSetup, Forecasting, MemberStart, Start};
use twinscope::model::load::Held;
use twinscope::model::{About, Equations, Real, model};

/// An upright tank with a hole in its bottom.
pub struct LeakyTank;

impl Equations for LeakyTank {
    fn about() -> About {
        About::new("leaky_tank", "Tank with a leak")
            .source("E. Torricelli, De motu gravium (1643): outflow under a head of liquid")
            .validity("Constant cross-section, a thin-walled hole, no friction.")
            .state("h", "m", 2.0, "level above the hole")
            .input("q_in", "m3/s", 0.0, "inflow")
            .output("h", "m", "level above the hole")
            .event("Empty", "the level is below a twentieth of the usual one")
            .parameter("A", "m2", 1.0, (0.01, 1e4), "cross-section of the tank")
            .parameter("a", "m2", 2e-4, (1e-7, 1.0), "cross-section of the hole")
    }

    fn derivative<R: Real>(x: &[R], u: &[R], p: &[R], dx: &mut [R]) {
        // 0.61: contraction of the jet behind a sharp edge; 9.80665 m/s²: standard gravity.
        let leak = p[1] * 0.61 * (x[0].max(R::of(0.0)) * (2.0 * 9.80665)).sqrt();
        dx[0] = (u[0] - leak) / p[0];
    }

    fn output<R: Real>(x: &[R], _: &[R], _: &[R], z: &mut [R]) {
        z[0] = x[0];
    }

    fn event_state<R: Real>(x: &[R], _: &[R], _: &[R], es: &mut [R]) {
        es[0] = ((x[0] - 0.1) / 1.9).min(R::of(1.0));
    }
}

fn main() -> ExitCode {
    match forecast(&mut io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Forecasts the tank and writes when it is likely to be empty.
pub fn forecast(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    // No inflow for four hours, in steps of 5 s.
    let load = Arc::new(Held(vec![0.0]));
    let mut setup = ForecastSetup::usual(model::<LeakyTank>(), load, 5.0, 4.0 * 3600.0);
    // What is known of it now: the level is 2 m, the hole is from 1 to 3 cm² wide.
    setup.members = 200;
    let start = |number: usize| {
        let hole_m2 = 1e-4 + 2e-4 * (number as f64 + 0.5) / 200.0;
        let parameters = vec![1.0, hole_m2];
        MemberStart { states: vec![2.0], parameters, ..MemberStart::default() }
    };
    setup.start = Start::Members((0..setup.members).map(start).collect());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let making = Forecasting::new(setup)?;
    let forecast = making.on_threads(threads, &AtomicBool::new(false), &|_| {});
    let forecast = forecast.ok_or("the forecast was cancelled")??;
    let empty = forecast.event("Empty").ok_or("the model has no event `Empty`")?;
    for hours in 1..=4 {
        let probability = empty.probability_before(f64::from(hours) * 3600.0);
        writeln!(out, "empty within {hours} h: {:3.0} %", 100.0 * probability)?;
    }
    match empty.quantile_s(0.5) {
        Some(middle_s) => writeln!(out, "as likely before as after {:.0} min", middle_s / 60.0)?,
        None => writeln!(out, "more likely not within four hours")?,
    }
    Ok(())
}
