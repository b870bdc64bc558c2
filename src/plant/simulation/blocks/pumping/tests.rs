//! Pumps, their group and their line together.

use crate::plant::simulation::blocks::bench::Bench;
use crate::plant::simulation::command::{Answer, Argument, Progress, Takes};

const STATION: &str = r#"[
    Mains(asset: "MAINS"),
    Duty(asset: "GROUP", pumps: ["P-1", "P-2"], running: 1, speed: 2600),
    Pump(asset: "P-1", command: "P-1.command", supply: "MAINS", speed: 2600,
         plate: (rated_speed: 2900, rated_flow: 20, rated_head: 30, shutoff_head: 42)),
    Pump(asset: "P-2", command: "P-2.command", supply: "MAINS", speed: 2600,
         plate: (rated_speed: 2900, rated_flow: 20, rated_head: 30, shutoff_head: 42)),
    Tank(asset: "LOW", area: 10, height: 2, level: 1.5),
    Tank(asset: "HIGH", area: 2, height: 5, level: 1),
    Circuit(asset: "line", pumps: ["P-1", "P-2"], from: "LOW", to: "HIGH", static_head: 14, resistance: 0.0025),
    Interlock(asset: "LSL", of: "LOW.percent", below: 4, hysteresis: 6, reason: "LOW is below 4 %", stops: ["P-1", "P-2"]),
]"#;

fn station() -> Bench {
    let mut bench = Bench::new(STATION);
    bench.run(20.0);
    bench
}

fn refused(answer: Answer) -> String {
    match answer {
        Answer::Refused(why) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_a_pump_lifts_arrives() {
    let mut bench = station();
    let (low, high) = (bench.number("LOW.volume"), bench.number("HIGH.volume"));
    bench.run(60.0);
    let moved = bench.number("HIGH.volume") - high;
    assert!((moved - bench.number("line.flow") / 60.0).abs() < 1e-4, "{moved}");
    assert!((low - bench.number("LOW.volume") - moved).abs() < 1e-9);
    bench.check_balances();
}

#[test]
fn one_obeys_in_manual_and_says_in_automatic_whom_to_ask() {
    let mut bench = station();
    let on = Argument::Switch(true);
    assert!(refused(bench.command("P-1", "speed", Argument::Number(2000.0))).contains("manual"));
    assert_eq!(bench.command("P-1", "mode", Argument::Word("manual")), Answer::Done);
    bench.run(1.0);
    assert_eq!(bench.word("P-1.run"), "true", "what runs goes on");
    assert_eq!(bench.command("P-1", "speed", Argument::Number(2000.0)), Answer::Accepted);
    let going = bench.progress("P-1", "speed", Argument::Number(2000.0));
    assert_eq!(going, Progress::Going);
    bench.run(5.0);
    assert_eq!(bench.number("P-1.speed"), 2000.0);
    let done = bench.progress("P-1", "speed", Argument::Number(2000.0));
    assert_eq!(done, Progress::Done);
    assert_eq!(bench.command("P-1", "stop", Argument::Nothing), Answer::Accepted);
    bench.run(15.0);
    assert_eq!(bench.word("P-1.state"), "stopped");
    assert_eq!(bench.command("P-1", "lockout", on), Answer::Done);
    assert!(refused(bench.command("P-1", "start", Argument::Nothing)).contains("eva"));
}

#[test]
fn a_hot_bearing_trips_and_is_reset_only_when_it_is_cool_and_acknowledged() {
    let mut bench = station();
    bench.fault("bearing", "P-1", 1.0);
    let after = bench.until(600.0, |b| b.word("P-1.state") == "tripped").expect("it trips");
    assert!(after > 30.0, "{after} s");
    assert_eq!(bench.word("P-1.cause"), "bearing hot");
    bench.run(5.0);
    assert_eq!(bench.word("P-2.state"), "running", "the other one takes over");
    let reset = |bench: &mut Bench| bench.command("P-1", "reset", Argument::Nothing);
    assert!(refused(reset(&mut bench)).contains("acknowledge"));
    assert_eq!(bench.command("P-1", "acknowledge", Argument::Nothing), Answer::Done);
    bench.mend();
    assert!(refused(reset(&mut bench)).contains("bearing hot"));
    bench.run(120.0);
    assert_eq!(reset(&mut bench), Answer::Done);
    bench.step();
    assert_eq!(bench.word("P-1.cause"), "none");
}

#[test]
fn a_throttled_suction_cavitates_before_it_trips() {
    let mut bench = station();
    let (vibration, current) = (bench.number("P-1.vibration"), bench.number("P-1.current"));
    bench.fault("cavitation", "P-1", 1.0);
    bench.run(5.0);
    assert_eq!(bench.word("P-1.state"), "running");
    assert!(bench.number("P-1.vibration") > 2.0 * vibration);
    assert!(bench.number("P-1.current") < current);
    bench.until(60.0, |b| b.word("P-1.state") == "tripped").expect("it trips");
    assert_eq!(bench.word("P-1.cause"), "vibration");
}

#[test]
fn a_tank_that_empties_stops_its_pumps_by_the_interlock_and_says_why() {
    let mut bench = station();
    bench.until(7200.0, |b| b.number("LSL.active") > 0.5).expect("it empties");
    bench.run(20.0);
    assert_eq!(bench.word("P-1.state"), "stopped");
    bench.command("P-1", "mode", Argument::Word("manual"));
    let why = refused(bench.command("P-1", "start", Argument::Nothing));
    assert_eq!(why, "LOW is below 4 %");
    bench.check_balances();
}

#[test]
fn a_pump_without_its_interlock_runs_dry_and_trips_by_underload() {
    let text = STATION.replace("below: 4", "below: -1");
    let mut bench = Bench::new(&text);
    bench.until(7200.0, |b| b.word("P-1.state") == "tripped").expect("it trips");
    assert_eq!(bench.word("P-1.cause"), "dry running");
    assert!(bench.number("LOW.percent") < 3.0);
    bench.check_balances();
}

#[test]
fn a_leak_shows_between_the_pumps_and_the_line_and_a_blockage_in_the_pressure() {
    let mut bench = station();
    let pressure = bench.number("line.pressure");
    bench.fault("leak", "line", 1.0);
    bench.run(10.0);
    let lost = bench.number("P-1.flow") - bench.number("line.flow");
    assert!(lost > 2.0 && bench.number("line.pressure") < pressure, "{lost}");
    bench.mend();
    bench.fault("blockage", "line", 1.0);
    bench.run(10.0);
    assert!(bench.number("line.flow") < 6.0 && bench.number("line.pressure") > pressure);
    bench.check_balances();
}

#[test]
fn a_dip_of_the_mains_trips_what_turns_and_automatic_starts_it_again() {
    let mut bench = station();
    bench.fault("dip", "MAINS", 1.0);
    bench.run(1.0);
    assert_eq!(bench.word("P-1.cause"), "undervoltage");
    assert_eq!(bench.number("P-1.power"), 0.0);
    bench.run(10.0);
    bench.mend();
    bench.run(20.0);
    assert_eq!(bench.word("P-1.state"), "running");
    bench.check_balances();
}

#[test]
fn a_swap_starts_one_and_then_stops_the_other() {
    let mut bench = station();
    let swap = Argument::Word("P-1>P-2");
    assert_eq!(bench.command("GROUP", "swap", swap), Answer::Accepted);
    bench.run(2.0);
    assert_eq!((bench.word("P-1.state"), bench.word("P-2.state")), ("running", "starting"));
    bench.run(20.0);
    assert_eq!((bench.word("P-1.state"), bench.word("P-2.state")), ("stopped", "running"));
    assert_eq!(bench.progress("GROUP", "swap", swap), Progress::Done);
}

#[test]
fn a_swap_whose_newcomer_does_not_deliver_fails_and_the_group_goes_on() {
    // P-2 is ready, but cannot lift its check valve against the others.
    let plate = "rated_head: 30, shutoff_head: 42)),\n    Tank";
    let weak = "rated_head: 5, shutoff_head: 7)),\n    Tank";
    let mut bench = Bench::new(&STATION.replace(plate, weak));
    bench.run(20.0);
    let swap = Argument::Word("P-1>P-2");
    assert_eq!(bench.command("GROUP", "swap", swap), Answer::Accepted);
    bench.run(30.0);
    assert_eq!(bench.progress("GROUP", "swap", swap), Progress::Going);
    assert!(refused(bench.command("GROUP", "swap", swap)).contains("another swap is under way"));
    let why = refused(bench.command("GROUP", "running", Argument::Number(1.0)));
    assert!(why.contains("a swap is under way"), "{why}");
    bench.run(21.0);
    assert!(matches!(bench.progress("GROUP", "swap", swap), Progress::Failed(_)));
    assert_eq!((bench.word("P-1.state"), bench.number("P-2.command")), ("running", 0.0));
    assert_eq!(bench.command("GROUP", "running", Argument::Number(1.0)), Answer::Accepted);
    assert_eq!(bench.progress("GROUP", "running", Argument::Number(1.0)), Progress::Done);
    assert_eq!(bench.command("GROUP", "swap", swap), Answer::Accepted, "and so is another one");
    // Who was to stop trips: the change-over replaces it while the swap is under way.
    bench.fault("trip", "P-1", 1.0);
    bench.run(1.0);
    assert_eq!(bench.number("P-1.command"), 0.0);
    assert!(bench.number("P-2.command") > 0.0);
}

#[test]
fn a_number_of_pumps_is_done_when_so_many_deliver() {
    let mut bench = station();
    let both = Argument::Number(2.0);
    assert_eq!(bench.command("GROUP", "running", both), Answer::Accepted);
    assert_eq!(bench.progress("GROUP", "running", both), Progress::Going);
    bench.run(20.0);
    assert_eq!(bench.progress("GROUP", "running", both), Progress::Done);
    assert_eq!((bench.word("P-1.state"), bench.word("P-2.state")), ("running", "running"));
    bench.fault("trip", "P-2", 1.0);
    bench.run(5.0);
    let Progress::Failed(why) = bench.progress("GROUP", "running", both) else {
        panic!("one cannot run");
    };
    assert!(why.contains("1 of 2 pumps can run"), "{why}");
}

#[test]
fn without_change_over_a_tripped_pump_is_not_replaced() {
    let text = STATION.replace(
        "speed: 2600),\n    Pump(asset: \"P-1\"",
        "speed: 2600, changeover: manual),\n    Pump(asset: \"P-1\"",
    );
    let mut bench = Bench::new(&text);
    bench.run(20.0);
    bench.fault("trip", "P-1", 1.0);
    bench.run(30.0);
    assert_eq!((bench.word("P-1.cause"), bench.word("P-2.state")), ("overload", "stopped"));
    assert!(bench.number("line.flow") < 0.1);
    bench.mend();
    bench.command("P-1", "acknowledge", Argument::Nothing);
    bench.run(1.0);
    assert_eq!(bench.command("P-1", "reset", Argument::Nothing), Answer::Done);
    bench.run(20.0);
    assert_eq!(bench.word("P-1.state"), "stopped", "a reset starts nothing");
    bench.command("GROUP", "running", Argument::Number(1.0));
    bench.run(20.0);
    assert_eq!(bench.word("P-1.state"), "running");
    bench.fault("dip", "MAINS", 1.0);
    bench.run(5.0);
    bench.mend();
    bench.run(20.0);
    assert_eq!(bench.word("P-1.state"), "running", "what the dip stopped goes on");
}

#[test]
fn a_group_is_set_no_faster_than_its_pumps_turn_and_is_done_when_they_do() {
    let mut bench = station();
    let known = bench.known("GROUP", "speed");
    assert!(matches!(known, Takes::Number { high: 2900.0, .. }), "{known:?}");
    let slow = Argument::Number(1500.0);
    assert_eq!(bench.command("GROUP", "speed", slow), Answer::Accepted);
    bench.run(1.0);
    assert_eq!(bench.progress("GROUP", "speed", slow), Progress::Going);
    bench.run(5.0);
    assert_eq!(bench.progress("GROUP", "speed", slow), Progress::Done);
    assert_eq!(bench.number("P-1.speed"), 1500.0);
}

#[test]
fn against_a_shut_line_a_pump_trips_for_no_flow_and_not_for_dry_running() {
    let text = STATION.replace("resistance: 0.0025", "resistance: 0.0025, kv: 0");
    let mut bench = Bench::new(&text);
    let after = bench.until(300.0, |b| b.word("P-1.state") == "tripped").expect("it trips");
    assert!(after > 100.0, "{after} s");
    assert_eq!(bench.word("P-1.cause"), "no flow");
}

#[test]
fn behind_its_check_valve_a_slow_pump_has_its_own_pressure_alone() {
    let mut bench = Bench::new(&STATION.replace("running: 1", "running: 2"));
    bench.run(20.0);
    bench.command("P-2", "mode", Argument::Word("manual"));
    bench.command("P-2", "speed", Argument::Number(1000.0));
    bench.run(20.0);
    assert_eq!(bench.number("P-2.flow"), 0.0);
    let own = 42.0 * (1000.0f64 / 2900.0).powi(2) / 10.2;
    assert!((bench.number("P-2.pressure") - own).abs() < 1e-6);
    assert!(bench.number("P-1.pressure") > 2.0 * own);
}

#[test]
fn in_a_sag_the_power_that_is_told_is_the_power_that_is_counted() {
    let mut bench = station();
    bench.fault("dip", "MAINS", 0.2);
    bench.run(10.0);
    assert_eq!(bench.word("P-1.state"), "running");
    let (told, counted) = (bench.number("P-1.power"), bench.number("MAINS.power"));
    assert!((told - counted).abs() < 1e-3, "{told} {counted}");
}

#[test]
fn a_station_put_back_goes_on_as_it_was() {
    let mut one = station();
    one.fault("bearing", "P-1", 0.4);
    one.command("P-2", "mode", Argument::Word("manual"));
    one.command("P-2", "start", Argument::Nothing);
    one.run(7.3);
    let mut other = Bench::new(STATION);
    one.put_into(&mut other);
    one.run(30.0);
    other.run(30.0);
    assert_eq!(one.board.signals, other.board.signals);
    assert_eq!(one.board.stores.state(), other.board.stores.state());
}

#[test]
fn a_circuit_with_half_a_way_is_a_mistake() {
    let mistakes = Bench::mistakes(&STATION.replace(", to: \"HIGH\"", ""));
    assert!(mistakes.iter().any(|m| m.contains("only one of `from` and `to`")), "{mistakes:?}");
    let mistakes = Bench::mistakes(&STATION.replace("to: \"HIGH\"", "to: \"HIHG\""));
    assert!(mistakes.iter().any(|m| m.contains("nearest: \"HIGH\"")), "{mistakes:?}");
}
