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
    assert!((2.6..3.4).contains(&deviation), "{deviation}");
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
fn what_waits_for_the_network_no_longer_than_stated_comes_late() {
    let times = |order: &str| -> Vec<f64> {
        let plant = broken(order);
        plant.points("FT-1.flow").iter().map(|point| point.at_s).collect()
    };
    let within = |times: &[f64], from: f64, to: f64| {
        times.iter().filter(|at| (from..to).contains(*at)).count()
    };
    let lost = times(r#"{"fault":"network loss","on":"FT-1","for_s":10}"#);
    assert_eq!(within(&lost, 30.2, 39.8), 0);
    let late = times(r#"{"fault":"network loss","on":"FT-1","size":4,"for_s":10}"#);
    // A message holds half a second of samples, and is as old as the last of them.
    assert_eq!(within(&late, 30.2, 35.5), 0, "what is older is lost");
    assert!(within(&late, 36.2, 39.8) > 30, "{late:?}");
    assert!(late.windows(2).all(|two| two[0] <= two[1]), "in the order in which it was measured");
}

#[test]
fn a_clock_may_jump_back() {
    let plant = broken(r#"{"fault":"clock jump","on":"FT-1","size":-120}"#);
    let early = plant.points("FT-1.flow").iter().filter(|point| point.at_s < -59.0).count();
    assert!(early > 100, "{early}");
}

#[test]
fn of_two_clock_jumps_the_more_severe_one_counts() {
    let mut plant = Observed::new(scene("pump_station.ron"), 5);
    plant.run(30.0);
    for (on, severity, size) in [("FT-1", 0.6, 100), ("plant", 0.9, 1000)] {
        let order = format!(
            r#"{{"fault":"clock jump","on":"{on}","severity":{severity},"size":{size},"ramp_s":0}}"#
        );
        assert!(plant.simulation.command("pump_station/instructor/fault", order.as_bytes(), false));
    }
    plant.run(30.0);
    let wrong = plant.points("FT-1.flow").iter().filter(|point| point.at_s > 100.0);
    let wrong: Vec<f64> = wrong.map(|point| point.at_s).collect();
    assert!(wrong.len() > 100 && wrong.iter().all(|at| *at > 1000.0), "{wrong:?}");
}

#[test]
fn without_a_network_a_plant_takes_no_command_and_answers_none() {
    let mut plant = Observed::new(scene("pump_station.ron"), 5);
    let tell = |plant: &mut Observed, topic: &str, payload: &str| {
        let topic = format!("pump_station/{topic}");
        assert!(plant.simulation.command(&topic, payload.as_bytes(), false));
    };
    let lose = |plant: &mut Observed, size: f64| {
        let order = format!(r#"{{"fault":"network loss","on":"plant","for_s":20,"size":{size}}}"#);
        tell(plant, "instructor/fault", &order);
    };
    let answers = |plant: &Observed| {
        plant.told.iter().filter(|(_, topic, _)| topic.ends_with("P-1/answer")).count()
    };
    plant.run(10.0);
    lose(&mut plant, 0.0);
    plant.run(1.0);
    tell(&mut plant, "station/P-1/set/mode", "manual");
    plant.run(30.0);
    assert_eq!((answers(&plant), plant.word("P-1.mode")), (0, "automatic"));
    tell(&mut plant, "station/P-1/set/mode", "manual");
    tell(&mut plant, "station/P-1/set/stop", "");
    plant.run(0.1);
    assert_eq!(answers(&plant), 3, "{:?}", plant.told);
    lose(&mut plant, 60.0);
    plant.run(15.0);
    assert_eq!(answers(&plant), 3);
    let state = plant.simulation.snapshot().expect("it can be written");
    plant.run(15.0);
    let last = plant.told.last().expect("an answer");
    assert!(last.2.contains(r#""command":"stop","id":null,"reason":null"#), "{last:?}");
    assert_eq!(answers(&plant), 4, "that it is done comes late");
    let told = plant.told.clone();
    plant.simulation.restore(&state).expect("its own");
    let mut late = 0;
    plant.simulation.advance(std::time::Duration::from_secs_f64(71.1), &mut |message| {
        late += usize::from(message.topic.ends_with("P-1/answer"));
    });
    assert_eq!(late, 1, "a snapshot keeps what waits: {told:?}");
}

#[test]
fn without_a_network_nobody_is_told_that_a_command_is_for_no_machine() {
    let mut plant = Observed::new(scene("pump_station.ron"), 5);
    plant.run(1.0);
    let stray = |plant: &mut Observed| {
        plant.simulation.command("pump_station/station/P-9/set/stop", b"", false);
        plant.run(0.1);
        plant.told.iter().filter(|(_, topic, _)| topic.ends_with("P-9/answer")).count()
    };
    assert_eq!(stray(&mut plant), 1, "{:?}", plant.told);
    let order = br#"{"fault":"network loss","on":"plant","for_s":20,"size":60}"#;
    assert!(plant.simulation.command("pump_station/instructor/fault", order, false));
    plant.run(1.0);
    assert_eq!(stray(&mut plant), 1);
    plant.run(25.0);
    assert_eq!(stray(&mut plant), 2, "nor later");
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

#[test]
fn one_transmitter_tells_a_level_in_three_figures_that_agree_also_when_it_is_wrong() {
    for order in [
        "",
        r#"{"fault":"stuck","on":"TK-1.percent"}"#,
        r#"{"fault":"bias","on":"TK-1.percent","size":-7}"#,
        r#"{"fault":"noise","on":"TK-1.percent","size":3}"#,
    ] {
        let plant = broken(order);
        let numbers = |name: &str| -> Vec<f64> {
            since(&plant, name).iter().map(|point| point.number()).collect()
        };
        let [percent, level, volume] = ["TK-1.percent", "TK-1.level", "TK-1.volume"].map(numbers);
        assert!(percent.len() > 30 && level.len() == percent.len());
        for ((percent, level), volume) in percent.iter().zip(&level).zip(&volume) {
            assert!((percent - level / 0.024).abs() < 0.03, "{order}: {percent} % is {level} m");
            assert!((volume - 3.1 * level).abs() < 0.003, "{order}: {level} m is {volume} m3");
        }
    }
}

#[test]
fn a_fault_too_weak_to_show_is_refused() {
    let mut plant = Observed::new(scene("bottling.ron"), 5);
    plant.run(1.0);
    let mut tell = |order: &str| {
        plant.simulation.command("bottling/instructor/fault", order.as_bytes(), false);
        plant.run(1.0);
        plant.told.last().expect("an answer").2.clone()
    };
    let weak = tell(r#"{"fault":"jam","on":"LINE-201","severity":0.3}"#);
    assert!(weak.contains("refused") && weak.contains("above 0.5"), "{weak}");
    let none = tell(r#"{"fault":"bearing","on":"P-102","severity":0}"#);
    assert!(none.contains("refused") && none.contains("above 0"), "{none}");
    let strong = tell(r#"{"fault":"jam","on":"LINE-201","severity":0.6}"#);
    assert!(strong.contains("done"), "{strong}");
}
