//! A tank with an outlet that may clog and a level sensor that may drift, simulated by other code.

use super::*;
use crate::estimate::Slot;
use crate::model::noise::RandomStream;
use crate::model::registry;
use crate::support::brain::{estimated, hypothesis};

const HOUR: f64 = 3600.0;
/// When something goes wrong, if it does.
const ONSET_S: f64 = 20.0 * HOUR;

#[derive(Clone, Copy, PartialEq)]
enum Wrong {
    Nothing,
    Outlet,
    Sensor,
}

/// A sample a minute of the level, by Torricelli's law in steps of 10 s.
fn samples(wrong: Wrong, seed: u64, hours: f64) -> impl Iterator<Item = Measured> {
    let mut random = RandomStream::new(seed, 0);
    let (mut level, mut coefficient) = (1.2, 0.62);
    (1..=(hours * 60.0) as usize).map(move |minute| {
        let time_s = 60.0 * minute as f64;
        let since_h = ((time_s - ONSET_S) / HOUR).max(0.0);
        let inflow = 0.0015 * (1.0 + 0.2 * libm::sin(time_s / 9000.0));
        if wrong == Wrong::Outlet {
            coefficient = 0.62 * (1.0 - 0.02 * since_h).max(0.6);
        }
        for _ in 0..6 {
            let out = coefficient * 5e-4 * (2.0 * 9.806_65 * f64::max(level, 0.0)).sqrt();
            level += 10.0 * (inflow - out) / 4.0;
        }
        let off = if wrong == Wrong::Sensor { 0.02 * since_h } else { 0.0 };
        let measured = level + off + 0.005 * random.normal();
        let inputs = vec![inflow, 293.0, 0.0, 1.0, 0.0, 293.0];
        Measured { time_s, inputs, outputs: vec![Some(measured), None, None, None] }
    })
}

fn monitor_setup() -> MonitorSetup {
    let tank = registry::find("tank").expect("a model");
    let coefficient = tank.about().parameters.iter().position(|p| p.name == "C_d");
    let coefficient = coefficient.expect("a parameter");
    let (h, never) = (0, f64::INFINITY);
    let noise = [0.005, never, never, never];
    let mut setup = FilterSetup::usual(tank, &[0.1, 1.0], &[1e-5, 1e-5], &noise);
    setup.step_s = 10.0;
    setup.estimated.push(estimated(Slot::Parameter(coefficient), 0.62, 0.03, 0.0));
    let clogs = vec![estimated(Slot::Parameter(coefficient), 0.62, 0.05, 3e-4)];
    let drifts = vec![
        estimated(Slot::Bias(h), 0.0, 0.01, 1e-5),
        estimated(Slot::Trend(h), 0.0, 0.03 / HOUR, 0.0),
    ];
    MonitorSetup {
        setup,
        hypotheses: vec![
            hypothesis("healthy", vec![]),
            hypothesis("clogs", clogs),
            hypothesis("drifts", drifts),
        ],
        learn_s: 6.0 * HOUR,
        block_s: 0.5 * HOUR,
        scatter: vec![f64::INFINITY; 4],
        cusum_slack: 2.5,
        cusum_threshold: 9.5,
        share: 1.0,
        reach_s: 48.0 * HOUR,
    }
}

fn monitor(monitor_setup: MonitorSetup) -> ConditionMonitor {
    let inputs = [0.0015, 293.0, 0.0, 1.0, 0.0, 293.0];
    ConditionMonitor::new(monitor_setup, 0.0, &inputs).expect("it fits")
}

/// With the scatter that two tanks have shown that were well.
fn commissioned() -> MonitorSetup {
    let blocks = |seed| {
        let mut monitor = monitor(monitor_setup());
        let blocks = samples(Wrong::Nothing, seed, 60.0)
            .filter_map(|sample| monitor.observe(&sample).expect("it goes on"));
        blocks.collect::<Vec<_>>()
    };
    MonitorSetup { scatter: scatter(&[blocks(1), blocks(2)].concat()), ..monitor_setup() }
}

/// The detection and the most probable explanation six hours after it.
fn explained(wrong: Wrong) -> Option<(Detection, String)> {
    let mut monitor = monitor(commissioned());
    for sample in samples(wrong, 3, 60.0) {
        monitor.observe(&sample).expect("it goes on");
        if let (Some(detection), Some(bank)) = (monitor.detection(), monitor.bank())
            && sample.time_s >= detection.time_s + 6.0 * HOUR
        {
            return Some((detection, bank.ranking().swap_remove(0).name));
        }
    }
    None
}

#[test]
fn what_changes_is_noticed_after_its_onset_and_explained_by_what_was_done_to_the_tank() {
    for (wrong, name, change) in
        [(Wrong::Outlet, "clogs", Change::Higher), (Wrong::Sensor, "drifts", Change::Higher)]
    {
        let (detection, first) = explained(wrong).expect("a detection");
        assert_eq!(first, name);
        assert_eq!((detection.output, detection.change), (0, change));
        let delay_s = detection.time_s - ONSET_S;
        assert!(delay_s > 0.0 && delay_s < 12.0 * HOUR, "{detection:?}");
        assert!((detection.since_s - ONSET_S).abs() < 6.0 * HOUR, "{detection:?}");
    }
}

#[test]
fn a_tank_that_is_well_raises_nothing_in_fifty_hours() {
    assert_eq!(explained(Wrong::Nothing), None);
}

#[test]
fn a_detection_that_is_cleared_may_come_again() {
    let mut monitor = monitor(commissioned());
    let mut detections = 0;
    for sample in samples(Wrong::Sensor, 4, 60.0) {
        monitor.observe(&sample).expect("it goes on");
        if monitor.detection().is_some() {
            detections += 1;
            monitor.clear();
            assert!(monitor.detection().is_none() && monitor.bank().is_none());
        }
    }
    assert!(detections > 1, "{detections}");
}

#[test]
fn no_more_of_the_past_is_kept_than_a_diagnosis_may_look_back_to() {
    let mut monitor = monitor(MonitorSetup { reach_s: 10.0 * HOUR, ..commissioned() });
    for sample in samples(Wrong::Nothing, 5, 100.0) {
        monitor.observe(&sample).expect("it goes on");
        assert!(monitor.samples.len() <= 631 && monitor.beliefs.len() <= 22);
    }
    assert!(monitor.samples.len() >= 599);
}

#[test]
fn what_cannot_be_watched_for_is_said_at_the_beginning() {
    let error =
        |setup| ConditionMonitor::new(setup, 0.0, &[0.0; 6]).err().expect("an error").to_string();
    let short = error(MonitorSetup { scatter: vec![1.0], ..monitor_setup() });
    assert!(short.contains("4 outputs"), "{short}");
    let none = error(MonitorSetup { hypotheses: vec![], ..monitor_setup() });
    assert!(none.contains("hypothesis"), "{none}");
    let never = error(MonitorSetup { block_s: 0.0, ..monitor_setup() });
    assert!(never.contains("a block has to be above 0 s"), "{never}");
}
