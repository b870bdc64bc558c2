//! A forecast that is made from bytes, and what is answered when it cannot be.

use super::*;
use crate::worker::Job;
use crate::worker::remote::{Host, Reply, begin, result};

const MACHINE: &str = r#"(
    model: "battery_circuit",
    estimate: {"qb": (mean: 7000, deviation: 100, drift: 0.3)},
    faults: {"fades": (estimate: {"qb": (mean: 5000, deviation: 100)})},
)"#;

fn job() -> MakeForecast {
    MakeForecast {
        file: "battery.ron".into(),
        machine: MACHINE.into(),
        plan: vec![(0.0, vec![2.0]), (600.0, vec![1.0])],
        horizon_s: 10_000.0,
        members: 24,
        seed: 3,
        ..MakeForecast::default()
    }
}

/// Has the job done by a side that is told bytes alone.
fn through_bytes(job: &MakeForecast) -> Result<Forecast, String> {
    let mut host = Host::new(crate::jobs::begin);
    host.receive(&begin(7, job)?)?;
    loop {
        match host.step(&Budget::until(&|| true)).expect("there is work") {
            Reply::Working(..) => {}
            Reply::Done(_, done) => return result::<MakeForecast>(&done?),
        }
    }
}

#[test]
fn a_forecast_through_bytes_is_the_one_that_is_made_here() {
    let setup = job().setup().expect("it fits");
    let belief = Belief {
        time_s: 60.0,
        mean: vec![6_500.0],
        covariance: Matrix::diagonal(&[900.0]),
        states: vec![293.0, 6_500.0, 0.0, 0.0],
    };
    let told = MakeForecast { belief: Some(BeliefMessage::from(&belief)), ..job() };
    let believed = told.setup().expect("it fits");
    assert_eq!((setup.begin_s, believed.begin_s), (0.0, 60.0));
    for (job, setup) in [(job(), setup), (told, believed)] {
        let there = through_bytes(&job).expect("a forecast");
        assert_eq!(format!("{there:?}"), format!("{:?}", whole(setup)));
        assert_eq!(there.event("EOD").expect("it ends").times_s.len(), 24);
    }
}

#[test]
fn what_is_wrong_with_a_job_is_told_with_its_place() {
    let plan = MakeForecast { plan: vec![(0.0, vec![1.0, 2.0])], ..job() };
    let file = MakeForecast { machine: "(model: \"batery_circuit\")".into(), ..job() };
    let fault = MakeForecast { fault: Some("rusts".into()), ..job() };
    let belief = BeliefMessage { time_s: 0.0, mean: vec![1.0], covariance: vec![], states: vec![] };
    let belief = MakeForecast { belief: Some(belief), ..job() };
    for (job, word) in [
        (plan, "1 inputs, not 2"),
        (file, "battery.ron:1:9"),
        (fault, "no fault `rusts`"),
        (belief, "a covariance of 1²"),
    ] {
        let error = through_bytes(&job).map(|_| ()).expect_err("it is wrong");
        assert!(error.contains(word), "{error}");
    }
    assert_eq!(MakeForecast::KIND, "forecast");
}
