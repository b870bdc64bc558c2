//! One whole member of a forecast, for the command `forecast`.

use std::path::Path;
use std::sync::Arc;

use twinscope::forecast::{Course, Forecast, ForecastSetup, Pick, Simulating};
use twinscope::model::{About, table};
use twinscope::worker::{Budget, Step, step};

use super::super::failure::{Failure, Outcome};
use super::args;
use super::rows::Rows;

/// The member that `--member` names, if any.
pub fn picked(args: &args::Forecast, about: &About) -> Result<Option<Pick>, Failure> {
    let Some(text) = &args.member else { return Ok(None) };
    if args.method == args::Method::Unscented {
        let error = "the points of the unscented transform are no members: take --method ensemble";
        return Err(wrong(error));
    }
    pick(text, about).map(Some)
}

/// Simulates a member again, and writes its course.
pub fn write(
    args: &args::Forecast,
    setup: &Arc<ForecastSetup>,
    forecast: &Forecast,
    pick: Pick,
    out: &Path,
) -> Outcome {
    let about = setup.model.about();
    let number = forecast.pick(pick).map_err(wrong)?;
    let steps = match args.every {
        Some(every) if every >= setup.dt_s / 2.0 => (every / setup.dt_s).round() as u64,
        Some(every) => {
            let step_s = setup.dt_s;
            return Err(wrong(format!("rows every {every} s: a step takes {step_s} s already")));
        }
        None => setup.steps_an_instant(),
    };
    let simulating = Simulating::at_every(setup.clone(), number, steps).map_err(wrong)?;
    let course = whole(simulating)?;
    let mut rows = Rows::create(out)?;
    rows.line(&table::headings(about).join(","))?;
    for row in course.rows() {
        rows.line(&row.cells().join(","))?;
    }
    for (event, met) in about.events.iter().zip(&course.met) {
        if let Some(met) = met {
            eprintln!("member {number}: {} at {} s", event.name, met.time_s);
        }
    }
    rows.end()
}

fn wrong(error: impl std::fmt::Display) -> Failure {
    Failure::Input(format!("--member: {error}"))
}

fn whole(mut simulating: Simulating) -> Result<Course, Failure> {
    match step(&mut simulating, &Budget::until(&|| false)) {
        Step::Done(done) => done.map_err(wrong),
        Step::More(_) => Err(Failure::Environment("the course was given up".into())),
    }
}

/// Which member is meant.
fn pick(text: &str, about: &About) -> Result<Pick, Failure> {
    if text == "medoid" {
        return Ok(Pick::Medoid);
    }
    if let Ok(number) = text.parse() {
        return Ok(Pick::Number(number));
    }
    let names = || about.events.iter().map(|event| &*event.name).collect::<Vec<_>>().join(", ");
    let Some((name, percent)) = text.rsplit_once(':') else {
        let events = names();
        return Err(wrong(format!(
            "`{text}`: expected `medoid`, a number, or an event and a percentile such as \
             EVENT:10; events of `{}` are {events}",
            about.name
        )));
    };
    let found = about.events.iter().position(|event| event.name == name);
    let event = found.and_then(|at| u16::try_from(at).ok()).ok_or_else(|| {
        let events = names();
        wrong(format!("`{}` has no event `{name}`: there are {events}", about.name))
    })?;
    let percent: f64 = percent.trim_end_matches('%').parse().unwrap_or(f64::NAN);
    if !(0.0..=100.0).contains(&percent) {
        return Err(wrong(format!(
            "`{text}`: expected a percentile from 0 to 100 after the colon"
        )));
    }
    Ok(Pick::At { event, permille: (10.0 * percent).round() as u16 })
}

#[cfg(test)]
mod tests {
    use twinscope::model::registry;

    use super::*;

    #[test]
    fn members_are_asked_for_by_name_number_or_percentile() {
        let model = registry::find("centrifugal_pump").expect("a model");
        let of = |text: &str| pick(text, model.about());
        assert_eq!(of("medoid").ok(), Some(Pick::Medoid));
        assert_eq!(of("17").ok(), Some(Pick::Number(17)));
        let heat = of("PumpOilOverheat:2.5").ok();
        let at = model.about().events.iter().position(|event| event.name == "PumpOilOverheat");
        assert_eq!(heat, at.map(|at| Pick::At { event: at as u16, permille: 25 }));
        for (text, wanted) in [
            ("median", "expected `medoid`"),
            ("Heat:10", "no event `Heat`: there are Impeller"),
            ("PumpOilOverheat:ten", "a percentile from 0 to 100"),
            ("PumpOilOverheat:101", "a percentile from 0 to 100"),
        ] {
            let Err(Failure::Input(error)) = of(text) else { panic!("{text} is no member") };
            assert!(error.contains(wanted), "{error}");
        }
    }
}
