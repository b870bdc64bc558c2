//! What faults of instruments, of the network and of clocks tell, and that the rest goes on.

use twinscope::twin::{Quality, Value};

use super::observed::{Observed, Point};
use crate::programs::scene;

/// The pump station after half a minute, in which something was broken then, and half a minute later.
fn broken(order: &str) -> Observed {
    let mut plant = Observed::new(scene("pump_station.ron"), 5);
    plant.run(30.0);
    if !order.is_empty() {
        assert!(plant.simulation.command("pump_station/instructor/fault", order.as_bytes(), false));
    }
    plant.run(30.0);
    plant
}

fn since<'a>(plant: &'a Observed, name: &str) -> Vec<&'a Point> {
    plant.points(name).iter().filter(|point| point.at_s > 31.0).collect()
}

#[test]
fn an_instrument_that_is_stuck_tells_one_value_and_the_others_go_on() {
    let plant = broken(r#"{"fault":"stuck","on":"FT-1.flow"}"#);
    let flow = since(&plant, "FT-1.flow");
    assert!(flow.len() > 100 && flow.iter().all(|point| point.value == flow[0].value));
    let pump = since(&plant, "P-1.flow");
    assert!(pump.iter().any(|point| point.value != pump[0].value));
    assert_eq!(plant.faulty, Vec::<String>::new());
}

#[test]
fn a_bias_a_drift_and_noise_have_their_size() {
    let usual = broken("");
    let mean = |plant: &Observed, from: f64| plant.mean("FT-1.flow", from, from + 5.0);
    let off = |order: &str, from: f64| mean(&broken(order), from) - mean(&usual, from);
    let bias = off(r#"{"fault":"bias","on":"FT-1.flow","size":7}"#, 40.0);
    assert!((bias - 7.0).abs() < 0.2, "{bias}");
    let drift = r#"{"fault":"drift","on":"FT-1.flow","size":10,"ramp_s":20}"#;
    let course = [32.0, 37.5, 53.0].map(|from| off(drift, from));
    assert!((course[0] - 2.25).abs() < 1.0 && (course[1] - 5.0).abs() < 1.0, "{course:?}");
    assert!((course[2] - 10.0).abs() < 0.2, "{course:?}");
    let noisy = broken(r#"{"fault":"noise","on":"FT-1.flow","size":3}"#);
    let middle = noisy.mean("FT-1.flow", 31.0, 60.0);
    let numbers: Vec<f64> = since(&noisy, "FT-1.flow").iter().map(|p| p.number()).collect();
    let variance = numbers.iter().map(|n| (n - middle) * (n - middle)).sum::<f64>();
    let deviation = (variance / numbers.len() as f64).sqrt();
    assert!((2.0..4.2).contains(&deviation), "{deviation}");
}

#[test]
fn a_value_that_is_missing_is_bad_and_no_fault_of_the_message() {
    let plant = broken(r#"{"fault":"dropout","on":"FT-1.flow","severity":0.5}"#);
    let flow = since(&plant, "FT-1.flow");
    let missing = flow.iter().filter(|point| point.value.is_none()).count() as f64;
    assert!((0.35..0.65).contains(&(missing / flow.len() as f64)), "{missing} of {}", flow.len());
    let bad = |point: &&Point| (point.value.is_none()) == (point.quality == Quality::Bad);
    assert!(flow.iter().all(bad));
    assert_eq!(plant.faulty, Vec::<String>::new());
}

#[test]
fn a_transmitter_in_another_unit_is_off_by_its_factor() {
    let (usual, wrong) = (broken(""), broken(r#"{"fault":"unit","on":"P-1.pressure"}"#));
    let mean = |plant: &Observed| plant.mean("P-1.pressure", 40.0, 60.0);
    let factor = mean(&wrong) / mean(&usual);
    assert!((factor - 14.5).abs() < 0.2, "{factor}");
}

#[test]
fn a_network_that_is_lost_is_silent_and_a_clock_that_jumps_is_wrong() {
    let silent = broken(r#"{"fault":"network loss","on":"FT-1","for_s":900}"#);
    assert!(since(&silent, "FT-1.flow").is_empty() && !since(&silent, "P-1.flow").is_empty());
    let wrong = broken(r#"{"fault":"clock jump","on":"FT-1","size":120}"#);
    let late = wrong.points("FT-1.flow").iter().filter(|point| point.at_s > 140.0).count();
    assert!(late > 100, "{late}");
    assert!(wrong.points("P-1.flow").iter().all(|point| point.at_s < 61.0));
}

#[test]
fn a_stopped_pump_does_not_vibrate_below_zero() {
    let mut plant = Observed::new(scene("bottling.ron"), 5);
    plant.run(30.0);
    let stopped = plant.points("P-103.vibration");
    let number = |point: &Point| match point.value {
        Some(Value::Number(number)) => number,
        _ => panic!("{point:?}"),
    };
    assert_eq!(plant.word("P-103.state"), "stopped");
    assert!(
        stopped.len() > 100 && stopped.iter().all(|point| (0.0..0.05).contains(&number(point)))
    );
}
