//! The bottle line, its machines, the packer and the crates.

use super::*;

#[test]
fn what_comes_in_is_packed_and_stacked_and_everything_runs() {
    let mut rig = running();
    let before = rig.number("PK-301.count");
    rig.run(72.0);
    let crates = rig.number("PK-301.count") - before;
    // 6000 bottles an hour fill a crate of twelve every 7.2 s.
    assert!((9.0..=11.0).contains(&crates), "{crates} crates in 72 s");
    for asset in ["FL-201", "CP-201", "PK-301", "LINE-301"] {
        assert_eq!(rig.word(&format!("{asset}.state")), "running", "{asset}");
    }
    assert_eq!(rig.number("LINE-201.rejects"), 0.0);
    rig.balances_close();
}

#[test]
fn the_line_stops_and_starts_as_one() {
    let mut rig = running();
    let took = rig.done("LINE-201", "run", Argument::Switch(false));
    assert!((0.2..5.0).contains(&took), "{took} s");
    let counts = ["LINE-201.count_in", "FL-201.count", "CP-201.count", "PK-301.count"];
    let before = counts.map(|name| rig.number(name));
    rig.run(20.0);
    assert_eq!(counts.map(|name| rig.number(name)), before);
    for asset in ["LINE-201", "FL-201", "CP-201", "PK-301"] {
        assert_eq!(rig.word(&format!("{asset}.state")), "stopped", "{asset}");
    }
    rig.done("LINE-201", "start", Argument::Nothing);
    rig.run(60.0);
    let after = counts.map(|name| rig.number(name));
    assert!(after.iter().zip(before).all(|(after, before)| *after > before), "{after:?}");
}

#[test]
fn a_jam_stops_the_filler_and_then_the_packer() {
    let mut rig = running();
    rig.break_it(Fault::Jam, "LINE-201");
    // 1.6 m of belt before the jam hold some 23 bottles, of which a third are there already.
    let filler = rig.until(60.0, |rig| rig.word("FL-201.state") == "blocked");
    let capper = rig.until(60.0, |rig| rig.word("CP-201.state") == "starved");
    let packer = rig.until(90.0, |rig| rig.word("PK-301.state") == "starved");
    assert!((4.0..20.0).contains(&filler), "the filler after {filler} s");
    assert!(packer > 10.0, "the packer {packer} s after the capper's {capper} s");
    assert_eq!((rig.word("LINE-201.state"), rig.word("FL-201.state")), ("jammed", "blocked"));
    let out = rig.number("LINE-201.count_out");
    rig.run(30.0);
    assert_eq!(rig.number("LINE-201.count_out"), out);
    rig.done("LINE-201", "reset", Argument::Nothing);
    let rejects = rig.number("LINE-201.rejects");
    rig.run(40.0);
    assert!((1.0..=4.0).contains(&rig.number("LINE-201.rejects")), "{rejects}");
    assert_ne!(rig.word("LINE-201.state"), "jammed", "the same jam does not come twice");
    assert!(rig.number("LINE-201.count_out") > out);
    assert!(rig.refused("LINE-201", "reset", Argument::Nothing).contains("not jammed"));
    rig.balances_close();
}

#[test]
fn a_jam_that_is_over_is_cleared_by_those_who_cleared_it() {
    let mut rig = running();
    rig.break_it(Fault::Jam, "LINE-201");
    rig.run(20.0).mend();
    rig.run(10.0);
    assert_ne!(rig.word("LINE-201.state"), "jammed");
    rig.balances_close();
}

#[test]
fn without_caps_the_hopper_runs_out_and_the_capper_stops_before_a_bottle_passes_without_one() {
    let mut rig = running();
    rig.break_it(Fault::NoCaps, "CP-201");
    let took = rig.until(80.0, |rig| rig.word("CP-201.state") == "no caps");
    // 60 caps at 100 a minute.
    assert!((25.0..45.0).contains(&took), "{took} s");
    rig.until(60.0, |rig| rig.word("FL-201.state") == "blocked");
    rig.done("CP-201", "fill caps", Argument::Nothing);
    rig.run(5.0);
    assert_eq!(rig.word("CP-201.state"), "running");
    rig.mend();
    rig.run(60.0);
    assert_eq!(rig.number("LINE-201.rejects"), 0.0);
    assert!(rig.number("CP-201.caps") > 50.0);
    rig.balances_close();
}

#[test]
fn a_broken_crate_stops_its_conveyor_until_it_is_taken_away() {
    let mut rig = running();
    rig.break_it(Fault::BrokenCrate, "LINE-301");
    rig.run(0.1).mend();
    assert_eq!(rig.word("LINE-301.state"), "tripped");
    assert_eq!(rig.word("LINE-301.cause"), "crate");
    rig.until(120.0, |rig| rig.word("PK-301.state") == "blocked");
    assert!(rig.refused("LINE-301", "reset", Argument::Nothing).contains("acknowledge"));
    rig.done("LINE-301", "acknowledge", Argument::Nothing);
    rig.done("LINE-301", "reset", Argument::Nothing);
    rig.run(30.0);
    assert_eq!(rig.number("LINE-301.broken"), 1.0);
    assert_eq!(rig.number("LINE-201.rejects"), 12.0);
    assert_eq!(rig.word("LINE-301.state"), "running");
    rig.balances_close();
}

#[test]
fn a_machine_that_is_locked_out_starves_what_follows_and_does_not_start() {
    let mut rig = running();
    rig.done("CP-201", "mode", Argument::Word("manual"));
    assert!(rig.refused("CP-201", "lockout", Argument::Switch(true)).contains("stop it first"));
    rig.done("CP-201", "run", Argument::Switch(false));
    rig.done("CP-201", "lockout", Argument::Switch(true));
    let filler = rig.until(60.0, |rig| rig.word("FL-201.state") == "blocked");
    rig.until(90.0, |rig| rig.word("PK-301.state") == "starved");
    assert!(filler > 5.0, "{filler} s");
    assert!(rig.refused("CP-201", "start", Argument::Nothing).contains("eva"));
    assert_eq!((rig.word("CP-201.state"), rig.word("CP-201.lockout")), ("locked", "true"));
    let tom = rig.command("CP-201", "lockout", Argument::Switch(false), "tom");
    assert!(matches!(rig.block.command(&mut rig.board, &tom), Answer::Refused(_)));
    rig.done("CP-201", "lockout", Argument::Switch(false));
    rig.done("CP-201", "start", Argument::Nothing);
    rig.until(90.0, |rig| rig.word("PK-301.state") == "running");
}

#[test]
fn the_rate_is_ramped_and_kept() {
    let mut rig = running();
    let took = rig.done("LINE-201", "rate", Argument::Number(3000.0));
    assert!((5.0..20.0).contains(&took), "{took} s");
    rig.run(60.0);
    let before = rig.number("LINE-201.count_in");
    rig.run(120.0);
    let bottles = rig.number("LINE-201.count_in") - before;
    assert!((98.0..=102.0).contains(&bottles), "{bottles} in two minutes");
}

#[test]
fn a_dip_of_the_mains_stops_everything_and_it_comes_back_one_after_the_other() {
    let mut rig = running();
    let bus = rig.bus;
    rig.board.meters.supply(bus, 0.3);
    rig.run(5.0);
    for asset in ["FL-201", "CP-201", "PK-301", "LINE-301", "R-301"] {
        assert_eq!(rig.word(&format!("{asset}.cause")), "undervoltage", "{asset}");
    }
    assert!(rig.number("LINE-201.speed") < 0.01);
    rig.board.meters.supply(bus, 1.0);
    let first = rig.until(20.0, |rig| rig.word("FL-201.cause") == "none");
    let last = rig.until(20.0, |rig| rig.word("R-301.cause") == "none");
    assert!(first > 1.0 && last > 5.0, "{first} s, then {last} s");
    rig.run(60.0);
    assert_eq!(rig.word("PK-301.state"), "running");
    rig.balances_close();
}

#[test]
fn each_drive_of_a_belt_is_a_condition_of_the_line() {
    let mut rig = rig(|spec| spec.belts = vec!["CV-1".into(), "CV-2".into()]);
    let slots = ["CV-1", "CV-2"].map(|drive| rig.wiring.secret(drive, "available"));
    let slots = slots.map(|input| match input {
        Input::Slot(slot) => slot,
        other => panic!("{other:?}"),
    });
    slots.iter().for_each(|slot| rig.board.set(*slot, 1.0));
    rig.run(30.0);
    assert!(rig.number("LINE-201.speed") > 0.4);
    rig.board.set(slots[1], 0.0);
    rig.run(5.0);
    assert!(rig.number("LINE-201.speed") < 0.01);
    assert_eq!(rig.word("LINE-201.cause"), "belt");
    assert!(rig.refused("LINE-201", "start", Argument::Nothing).contains("CV-2 of its belt is st"));
    for (signal, word, why) in [
        ("cause", "overload", "has tripped (overload); acknowledge and reset it first"),
        ("lockout", "true", "is locked out"),
    ] {
        let Input::Slot(slot) = rig.wiring.secret("CV-2", signal) else { panic!("a slot") };
        rig.board.signals[slot] = Signal::Word(word);
        let said = rig.refused("LINE-201", "start", Argument::Nothing);
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn the_filler_empties_the_tank_bottle_by_bottle_and_what_gets_no_water_is_rejected() {
    let mut wiring = Wiring::default();
    let tank = wiring.store("TK-1", 1.0, 0.0305, 20.0);
    let mut rig = rig_on(wiring, |spec| spec.product_tank = "TK-1".into());
    rig.run(200.0);
    let filled = rig.number("FL-201.count");
    // 30.5 L less the half litre that a whole bottle might not get.
    assert_eq!(filled, 60.0);
    let volume = rig.board.stores.volume_m3(tank);
    assert!((volume - (0.0305 - 60.0 * 0.0005)).abs() < 1e-9, "{volume} m³ left");
    let rejects = rig.number("LINE-201.rejects");
    assert!(rejects > 20.0, "{rejects} rejected");
    rig.balances_close();
}

#[test]
fn the_output_is_what_leaves_and_a_jam_ends_it() {
    let mut rig = running();
    for name in ["LINE-201.rate", "FL-201.rate", "CP-201.rate"] {
        let rate = rig.number(name);
        assert!((5700.0..6300.0).contains(&rate), "{name} tells {rate}");
    }
    rig.break_it(Fault::Jam, "LINE-201");
    rig.run(100.0);
    assert_eq!(rig.number("LINE-201.rate"), 0.0);
    assert_eq!(rig.number("FL-201.rate"), 0.0);
}

#[test]
fn a_machine_without_bottles_stands_after_some_seconds_and_runs_when_they_come() {
    let mut rig = running();
    let working = rig.number("CP-201.power");
    rig.break_it(Fault::Jam, "LINE-201");
    rig.until(60.0, |rig| rig.word("CP-201.state") == "starved");
    rig.run(1.0);
    assert!(rig.number("CP-201.speed") > 1.0, "it runs on for a while");
    rig.run(10.0);
    assert_eq!(rig.number("CP-201.speed"), 0.0);
    assert!(rig.number("CP-201.power") < 0.3 * working);
    rig.mend();
    rig.until(30.0, |rig| rig.word("CP-201.state") == "running");
    rig.run(30.0);
    assert!(rig.number("CP-201.speed") > 1.0);
    rig.balances_close();
}

#[test]
fn the_flow_to_the_filler_is_that_of_its_bottles_and_ends_when_it_stands() {
    let mut rig = running();
    let flow = rig.number("FL-201.flow");
    // 6000 half litres an hour.
    assert!((2.7..3.3).contains(&flow), "{flow} m³/h");
    rig.done("LINE-201", "stop", Argument::Nothing);
    rig.until(10.0, |rig| rig.number("FL-201.speed") == 0.0);
    assert_eq!(rig.number("FL-201.flow"), 0.0);
}

#[test]
fn a_hopper_is_fed_neither_without_voltage_nor_when_its_machine_is_locked_out() {
    let mut rig = running();
    rig.break_it(Fault::NoCaps, "CP-201");
    rig.run(12.0);
    rig.done("CP-201", "mode", Argument::Word("manual"));
    rig.done("CP-201", "stop", Argument::Nothing);
    rig.done("CP-201", "lockout", Argument::Switch(true));
    rig.mend();
    let caps = rig.number("CP-201.caps");
    assert!(caps < 50.0, "{caps}");
    rig.run(10.0);
    assert_eq!(rig.number("CP-201.caps"), caps);
    rig.done("CP-201", "lockout", Argument::Switch(false));
    let bus = rig.bus;
    rig.board.meters.supply(bus, 0.2);
    rig.run(10.0);
    assert_eq!(rig.number("CP-201.caps"), caps);
    rig.board.meters.supply(bus, 1.0);
    rig.run(10.0);
    assert!(rig.number("CP-201.caps") > caps);
}

#[test]
fn a_start_that_fails_is_not_carried_out_later() {
    let mut rig = rig(|spec| spec.belts = vec!["CV-1".into()]);
    let Input::Slot(belt) = rig.wiring.secret("CV-1", "available") else { panic!("a slot") };
    rig.board.set(belt, 1.0);
    rig.run(10.0);
    rig.done("LINE-201", "stop", Argument::Nothing);
    assert_eq!(rig.tell("LINE-201", "start", Argument::Nothing), Answer::Accepted);
    rig.run(0.1);
    rig.board.set(belt, 0.0);
    rig.run(0.1);
    let progress = rig.progress("LINE-201", "start", Argument::Nothing);
    assert!(matches!(&progress, Progress::Failed(why) if why.contains("CV-1")), "{progress:?}");
    rig.board.set(belt, 1.0);
    rig.run(30.0);
    assert_eq!((rig.number("LINE-201.speed"), rig.word("LINE-201.run")), (0.0, "false"));
    let bus = rig.bus;
    rig.board.meters.supply(bus, 0.3);
    rig.run(1.0);
    assert_eq!(rig.word("LINE-201.cause"), "undervoltage");
    assert!(rig.refused("LINE-201", "start", Argument::Nothing).contains("mains is down to 30 %"));
}

#[test]
fn a_crate_that_breaks_while_its_conveyor_has_tripped_has_to_be_taken_away_as_well() {
    let mut rig = running();
    rig.break_it(Fault::Trip, "LINE-301");
    rig.run(0.1);
    rig.break_it(Fault::BrokenCrate, "LINE-301");
    rig.run(0.1).mend();
    assert_eq!(rig.word("LINE-301.cause"), "overload");
    rig.run(5.0);
    for cause in ["overload", "crate"] {
        assert_eq!(rig.word("LINE-301.cause"), cause);
        rig.done("LINE-301", "acknowledge", Argument::Nothing);
        rig.done("LINE-301", "reset", Argument::Nothing);
        rig.run(1.0);
    }
    assert_eq!((rig.word("LINE-301.cause"), rig.number("LINE-301.broken")), ("none", 1.0));
    rig.balances_close();
}

#[test]
fn bottles_that_stand_do_not_jam() {
    let mut rig = running();
    rig.done("LINE-201", "stop", Argument::Nothing);
    rig.break_it(Fault::Jam, "LINE-201");
    rig.run(5.0);
    assert_eq!(rig.word("LINE-201.state"), "stopped");
    rig.done("LINE-201", "start", Argument::Nothing);
    assert_eq!(rig.word("LINE-201.state"), "jammed");
}
