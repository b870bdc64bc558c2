//! Robot, gate and vehicle.

use super::*;

#[test]
fn a_robot_that_loses_its_grip_keeps_its_crate_and_goes_on_after_the_reset() {
    let mut rig = running();
    rig.until(60.0, |rig| rig.word("R-301.holding") == "true");
    rig.break_it(Fault::Gripper, "R-301");
    rig.run(5.0);
    assert_eq!((rig.word("R-301.state"), rig.word("R-301.cause")), ("tripped", "gripper"));
    assert_eq!(rig.word("R-301.holding"), "true");
    let cycles = rig.number("R-301.cycles");
    rig.done("R-301", "acknowledge", Argument::Nothing);
    assert!(rig.refused("R-301", "reset", Argument::Nothing).contains("gripper"));
    rig.mend();
    rig.done("R-301", "reset", Argument::Nothing);
    rig.run(8.0);
    assert!(rig.number("R-301.cycles") > cycles);
    rig.balances_close();
}

#[test]
fn a_slower_robot_needs_longer_for_a_crate() {
    let mut rig = rig(|_| {});
    rig.until(200.0, |rig| rig.number("R-301.cycles") >= 1.0);
    rig.done("R-301", "speed", Argument::Number(40.0));
    let before = rig.number("R-301.cycles");
    rig.run(140.0);
    let cycles = rig.number("R-301.cycles") - before;
    // 4 s at full speed are 10 s.
    assert!((12.0..=15.0).contains(&cycles), "{cycles}");
}

#[test]
fn the_gate_opens_only_while_the_robot_stands_and_keeps_it_standing() {
    let mut rig = running();
    rig.until(60.0, |rig| rig.word("R-301.holding") == "true");
    assert!(rig.refused("FG-301", "open", Argument::Switch(true)).contains("R-301 moves"));
    rig.done("R-301", "mode", Argument::Word("manual"));
    rig.done("R-301", "stop", Argument::Nothing);
    rig.done("FG-301", "open", Argument::Switch(true));
    assert_eq!(rig.word("FG-301.state"), "open");
    assert!(rig.refused("R-301", "start", Argument::Nothing).contains("FG-301 is open"));
    rig.done("R-301", "mode", Argument::Word("automatic"));
    assert_eq!(rig.tell("FG-301", "open", Argument::Switch(false)), Answer::Accepted);
    let joints = |rig: &Rig| [1, 2, 3, 5, 6].map(|at| rig.number(&format!("R-301.a{at}")));
    let before = joints(&rig);
    while rig.number("FG-301.angle") > 0.0 {
        assert_eq!(joints(&rig), before, "the gate is {}° open", rig.number("FG-301.angle"));
        rig.step();
    }
    let cycles = rig.number("R-301.cycles");
    rig.run(20.0);
    assert!(rig.number("R-301.cycles") > cycles);
}

#[test]
fn the_vehicle_goes_when_it_is_sent_and_stands_before_an_obstacle() {
    let mut rig = rig(|_| {});
    assert!(rig.refused("AGV-301", "dispatch", Argument::Nothing).contains("no crate"));
    assert!(rig.refused("AGV-301", "reset", Argument::Nothing).contains("when it is empty"));
    rig.until(300.0, |rig| rig.number("PL-301.count") >= 2.0);
    rig.done("AGV-301", "dispatch", Argument::Nothing);
    rig.until(60.0, |rig| rig.number("AGV-301.speed") > 1.0);
    assert!(rig.refused("AGV-301", "dispatch", Argument::Nothing).contains("under way"));
    rig.break_it(Fault::Obstacle, "AGV-301");
    rig.run(10.0);
    assert_eq!((rig.number("AGV-301.speed"), rig.word("AGV-301.state")), (0.0, "blocked"));
    rig.mend();
    rig.until(120.0, |rig| rig.number("AGV-301.delivered") >= 2.0);
    assert_eq!(rig.number("AGV-301.pallets"), 1.0);
    rig.balances_close();
}

#[test]
fn a_worn_gear_draws_more_current_then_is_warmer_then_trips_the_robot() {
    // In a hall of 35 °C.
    let hot = || {
        let mut rig = rig(|spec| spec.ambient = Source::Number(35.0));
        rig.run(150.0);
        rig
    };
    let (mut sound, mut worn) = (hot(), hot());
    worn.break_it(Fault::Gear, "R-301.a1");
    let mean = |rig: &mut Rig| {
        let mut sum = 0.0;
        for _ in 0..6000 {
            rig.step();
            sum += rig.number("R-301.a1_current");
        }
        sum / 6000.0
    };
    let (a, b) = (mean(&mut sound), mean(&mut worn));
    assert!(b > 1.3 * a, "{b} A, sound {a} A");
    assert!(worn.number("R-301.a1_temperature") > sound.number("R-301.a1_temperature") + 3.0);
    let others = [2, 4, 6].map(|at| format!("R-301.a{at}_temperature"));
    assert!(others.iter().all(|name| worn.number(name) == sound.number(name)));
    worn.until(3600.0, |rig| rig.word("R-301.state") == "tripped");
    assert_eq!(worn.word("R-301.cause"), "overload");
}

#[test]
fn a_robot_that_waits_does_not_move() {
    let mut rig = rig(|_| {});
    rig.run(20.0);
    assert_eq!((rig.word("R-301.state"), rig.number("R-301.speed")), ("waiting", 0.0));
    rig.done("FG-301", "open", Argument::Switch(true));
    rig.done("FG-301", "open", Argument::Switch(false));
    rig.until(200.0, |rig| rig.word("R-301.holding") == "true");
    assert_eq!(rig.number("R-301.speed"), 100.0);
}

#[test]
fn a_vehicle_that_cannot_go_says_why_and_one_that_could_not_goes_no_more() {
    let mut rig = rig(|_| {});
    rig.until(300.0, |rig| rig.number("PL-301.count") >= 2.0);
    rig.done("AGV-301", "stop", Argument::Nothing);
    assert!(rig.refused("AGV-301", "dispatch", Argument::Nothing).contains("start it first"));
    rig.done("AGV-301", "start", Argument::Nothing);
    rig.break_it(Fault::Obstacle, "AGV-301");
    rig.run(0.1);
    assert!(rig.refused("AGV-301", "dispatch", Argument::Nothing).contains("in its way"));
    rig.mend();
    rig.run(0.1);
    rig.until(30.0, |rig| rig.number("R-301.speed") > 0.0);
    assert_eq!(rig.tell("AGV-301", "dispatch", Argument::Nothing), Answer::Accepted);
    rig.break_it(Fault::Obstacle, "AGV-301");
    rig.run(59.5);
    let progress = rig.progress("AGV-301", "dispatch", Argument::Nothing);
    assert!(matches!(&progress, Progress::Failed(why) if why.contains("in its way")));
    rig.mend();
    rig.run(20.0);
    assert_eq!((rig.word("AGV-301.state"), rig.number("AGV-301.speed")), ("waiting", 0.0));
}

#[test]
fn an_empty_battery_is_changed_by_a_reset_and_by_nothing_else() {
    let mut rig = running();
    let empty = |whole: &mut Whole| {
        let ride = whole.4.as_mut().expect("a vehicle");
        ride.used_uj += ride.energy_uj;
        ride.energy_uj = 0;
    };
    assert!(rig.alter(empty));
    let bus = rig.bus;
    rig.board.meters.supply(bus, 0.0);
    rig.run(0.1);
    assert_eq!((rig.word("AGV-301.state"), rig.word("AGV-301.cause")), ("empty", "empty"));
    let refused = rig.refused("AGV-301", "start", Argument::Nothing);
    assert!(refused.contains("its battery is empty; reset changes it"), "{refused}");
    assert!(
        rig.refused("AGV-301", "dispatch", Argument::Nothing).contains("its battery holds 0 %")
    );
    rig.done("AGV-301", "reset", Argument::Nothing);
    rig.run(0.1);
    assert!(rig.number("AGV-301.battery") > 99.0);
    rig.done("AGV-301", "start", Argument::Nothing);
    rig.balances_close();
}

#[test]
fn without_voltage_the_gate_stays_where_it_is_and_is_not_told_to_open() {
    let mut rig = rig(|_| {});
    rig.run(20.0);
    assert_eq!(rig.tell("FG-301", "open", Argument::Switch(true)), Answer::Accepted);
    rig.run(1.0);
    let bus = rig.bus;
    rig.board.meters.supply(bus, 0.1);
    rig.run(0.1);
    let angle = rig.number("FG-301.angle");
    assert!((5.0..90.0).contains(&angle), "{angle}");
    let progress = rig.progress("FG-301", "open", Argument::Switch(true));
    assert!(matches!(progress, Progress::Failed(_)));
    rig.run(5.0);
    assert_eq!(rig.number("FG-301.angle"), angle);
    assert!(rig.refused("FG-301", "open", Argument::Switch(true)).contains("down to 10 %"));
    rig.board.meters.supply(bus, 1.0);
    rig.run(10.0);
    assert_eq!(rig.word("FG-301.state"), "closed");
}

#[test]
fn an_axis_that_never_turns_has_no_gear_that_wears() {
    let rig = running();
    let has = |axis: &str| rig.board.faults.find(&format!("R-301.{axis}"), Fault::Gear).is_some();
    assert_eq!(AXES.map(has), [true, true, true, false, true, true]);
    assert_eq!(rig.board.parts.names("R-301").count(), 5);
    assert_eq!(rig.number("R-301.a4"), 0.0);
}

#[test]
fn an_undisturbed_hour_fills_its_rate_and_nothing_is_held_up() {
    let mut rig = rig(|_| {});
    rig.run(600.0);
    let before = rig.number("PK-301.count");
    let (mut blocked, mut hot) = (0, 0.0_f64);
    for _ in 0..180_000 {
        rig.step();
        blocked += u32::from(rig.word("FL-201.state") == "blocked");
        hot = hot.max(rig.number("R-301.a1_temperature"));
    }
    let bottles = 12.0 * (rig.number("PK-301.count") - before);
    assert!(bottles >= 0.98 * 6000.0, "{bottles} of 6000 bottles");
    assert!(blocked < 1800, "the filler was blocked for {} s", blocked / 50);
    assert!(hot < 75.0, "{hot} °C");
    rig.balances_close();
}
