//! Facts about the packaging side of the bottling scene, alone on a board.

use proptest::prelude::*;

use super::super::balance::{MetersState, by_quantity};
use super::super::blocks::BlockSpec;
use super::super::command::{Argument, Takes};
use super::super::faults::Occurrence;
use super::super::section::read;
use super::super::wiring::Signal;
use super::*;
use crate::twin::SimulationSource;

const DT_US: i64 = 20_000;

/// The packaging block of the scene, on a board of its own.
struct Rig {
    block: Box<dyn Block>,
    board: Board,
    wiring: Wiring,
    bus: Bus,
}

fn rig(change: impl FnOnce(&mut PackagingSpec)) -> Rig {
    rig_on(Wiring::default(), change)
}

fn rig_on(mut wiring: Wiring, change: impl FnOnce(&mut PackagingSpec)) -> Rig {
    let file = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenes/bottling.ron");
    let text = std::fs::read_to_string(&file).expect("the scene is there");
    let at = text.find("\n    simulation: ").expect("a section") + "\n    simulation: ".len();
    let end = text.rfind(",\n)").expect("the section is the last field");
    let source = SimulationSource { file, text: text[at..end].to_string() };
    let spec = read(&source).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    let packaging = spec.blocks.into_iter().find_map(|block| match block {
        BlockSpec::Packaging(spec) => Some(*spec),
        _ => None,
    });
    let mut packaging = packaging.expect("it has one");
    (packaging.jam, packaging.product) = (Source::Number(0.0), Source::Number(60.0));
    packaging.ambient = Source::Number(22.0);
    packaging.product_tank = "outside".into();
    (packaging.belts, packaging.crate_belts) = (Vec::new(), Vec::new());
    packaging.supply = "mains".into();
    packaging.machines[1].hopper = 60;
    change(&mut packaging);
    let bus = wiring.supplies("mains");
    let block = packaging.build(&mut wiring).expect("a good block");
    let board = wiring.board();
    let unset = wiring.mistakes.iter().filter(|(_, what)| !what.contains("no block sets"));
    assert_eq!(unset.count(), 0, "{:?}", wiring.mistakes);
    Rig { block, board, wiring, bus }
}

impl Rig {
    fn step(&mut self) {
        self.board.clock.tick(DT_US);
        self.board.faults.advance(self.board.clock.time_us);
        let time_s = self.board.clock.time_us as f64 * 1e-6;
        self.block.step(&mut self.board, time_s, 0.02);
    }

    fn run(&mut self, seconds: f64) -> &mut Self {
        (0..(seconds * 50.0) as u32).for_each(|_| self.step());
        self
    }

    /// Seconds until it is so, at most so many.
    fn until(&mut self, most_s: f64, is_so: impl Fn(&Self) -> bool) -> f64 {
        let mut passed = 0.0;
        while !is_so(self) {
            self.step();
            passed += 0.02;
            assert!(passed <= most_s, "not so after {passed} s");
        }
        passed
    }

    fn signal(&self, name: &str) -> &Signal {
        &self.board.signals[self.wiring.find(name).unwrap_or_else(|| panic!("no {name}")).0]
    }

    fn number(&self, name: &str) -> f64 {
        match self.signal(name) {
            Signal::Number(number) => *number,
            other => panic!("{name} is {other:?}"),
        }
    }

    fn word(&self, name: &str) -> &'static str {
        match self.signal(name) {
            Signal::Word(word) => word,
            other => panic!("{name} is {other:?}"),
        }
    }

    fn command(&self, asset: &str, name: &str, argument: Argument, by: &str) -> Command {
        let known = self.wiring.commands().iter().find(|k| k.asset == asset && k.name == name);
        let known = known.unwrap_or_else(|| panic!("{asset} obeys no {name}"));
        Command { at: known.at, name: known.name, argument, by: by.into() }
    }

    fn tell(&mut self, asset: &str, name: &str, argument: Argument) -> Answer {
        let command = self.command(asset, name, argument, "eva");
        self.block.command(&mut self.board, &command)
    }

    fn refused(&mut self, asset: &str, name: &str, argument: Argument) -> String {
        match self.tell(asset, name, argument) {
            Answer::Refused(why) => why,
            other => panic!("{asset} {name}: {other:?}"),
        }
    }

    /// Tells, and lets pass what it takes; gives the seconds.
    fn done(&mut self, asset: &str, name: &str, argument: Argument) -> f64 {
        let command = self.command(asset, name, argument, "eva");
        match self.block.command(&mut self.board, &command) {
            Answer::Done => 0.0,
            Answer::Accepted => {
                self.until(40.0, |rig| rig.block.progress(&rig.board, &command) == Progress::Done)
            }
            Answer::Refused(why) => panic!("{asset} {name}: {why}"),
        }
    }

    fn break_it(&mut self, fault: Fault, on: &str) {
        let slot = self.board.faults.find(on, fault).unwrap_or_else(|| panic!("{on}"));
        let now = self.board.clock.time_us;
        let sudden = Occurrence { ramp_us: 0, for_us: None, ..Occurrence::usual(slot, fault, now) };
        self.board.faults.inject(sudden).expect("room");
    }

    fn mend(&mut self) {
        self.board.faults.clear(None);
    }

    fn balances_close(&self) {
        let all = self.board.balances().into_iter().chain(self.block.balances(&self.board));
        for balance in by_quantity(all) {
            assert_eq!(balance.entered, balance.left + balance.held, "{balance:?}");
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut saved = Saved::default();
        self.block.save(&mut saved);
        saved.bytes().expect("it can be written")
    }
}

/// One that has run for two and a half minutes: some ten crates are on the first pallet.
fn running() -> Rig {
    let mut rig = rig(|_| {});
    rig.run(150.0);
    rig
}

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
    rig.done("FG-301", "open", Argument::Switch(false));
    rig.done("R-301", "start", Argument::Nothing);
    let cycles = rig.number("R-301.cycles");
    rig.run(20.0);
    assert!(rig.number("R-301.cycles") > cycles);
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
    assert!(rig.refused("LINE-201", "start", Argument::Nothing).contains("CV-2"));
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
    let mut sound = running();
    let mut worn = running();
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
fn one_put_back_goes_on_as_the_one_that_was_saved() {
    let disturbed = || {
        let mut rig = running();
        rig.break_it(Fault::Jam, "LINE-201");
        rig.run(7.3);
        rig.done("R-301", "speed", Argument::Number(70.0));
        rig
    };
    let (mut first, second) = (disturbed(), disturbed());
    let mut back = rig(|_| {});
    back.block.load(&mut Loaded::new(&second.bytes())).expect("its own");
    assert_eq!(back.bytes(), second.bytes());
    back.board = second.board;
    first.run(120.0);
    back.run(120.0);
    assert_eq!(back.bytes(), first.bytes());
    assert_eq!(back.board.signals, first.board.signals);
}

#[test]
fn what_is_no_state_of_it_changes_nothing() {
    let mut rig = running();
    let before = rig.bytes();
    let other = self::rig(|spec| spec.packer.lanes = (2, 4)).bytes();
    assert!(rig.block.load(&mut Loaded::new(&other)).is_err());
    for cut in (0..before.len()).step_by(97) {
        assert!(rig.block.load(&mut Loaded::new(&before[..cut])).is_err());
    }
    assert_eq!(rig.bytes(), before);
}

#[test]
fn a_length_that_cannot_be_and_a_jam_within_a_machine_are_mistakes() {
    let said = |change: fn(&mut PackagingSpec)| {
        let mut spec = None;
        rig(|packaging| spec = Some(packaging.clone()));
        let mut spec = spec.expect("it was built");
        change(&mut spec);
        let mut wiring = Wiring::default();
        assert!(spec.build(&mut wiring).is_none());
        wiring.mistakes[0].1.clone()
    };
    assert!(
        said(|spec| spec.gap = 0.0).contains("`gap` of LINE-201 is 0 m; expected 0.01 to 100 m")
    );
    assert!(said(|spec| spec.machines[0].radius = -1.0).contains("radius"));
    assert!(said(|spec| spec.jam_at = Some(6.0)).contains("within FL-201"));
    assert!(
        said(|spec| spec.jam_at = Some(60.0))
            .contains("`jam_at` of LINE-201 is 60 m; expected 0 to 21.3468 m")
    );
}

/// Something that happens: seconds to wait, and a number that chooses what.
fn happening() -> impl Strategy<Value = (u16, u32)> {
    (0..400_u16, any::<u32>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn bottles_crates_caps_and_energy_close_after_every_step(
        happenings in prop::collection::vec(happening(), 1..60),
    ) {
        static WARM: std::sync::OnceLock<(Vec<u8>, MetersState)> = std::sync::OnceLock::new();
        let (bytes, meters) = WARM.get_or_init(|| {
            let rig = running();
            (rig.bytes(), rig.board.meters.state().clone())
        });
        let mut rig = rig(|_| {});
        rig.block.load(&mut Loaded::new(bytes)).expect("its own");
        assert!(rig.board.meters.restore(meters.clone()));
        for (steps, choice) in happenings {
            for _ in 0..steps {
                rig.step();
                rig.balances_close();
            }
            let what = (choice >> 8) as usize;
            match choice % 8 {
                0 => rig.mend(),
                1 | 2 => {
                    let known: Vec<_> =
                        rig.board.faults.known().map(|(slot, _, fault)| (slot, fault)).collect();
                    let (slot, fault) = known[what % known.len()];
                    let now = rig.board.clock.time_us;
                    let _ = rig.board.faults.inject(Occurrence::usual(slot, fault, now));
                }
                3 => {
                    let share = [0.0, 0.5, 0.9, 1.0][what % 4];
                    let bus = rig.bus;
                    rig.board.meters.supply(bus, share);
                }
                _ => {
                    let known = rig.wiring.commands()[what % rig.wiring.commands().len()].clone();
                    let part = f64::from(choice >> 24) / 255.0;
                    let argument = match known.takes {
                        Takes::Nothing => Argument::Nothing,
                        Takes::Switch => Argument::Switch(choice & 0x10 > 0),
                        Takes::Number { low, high, .. } => {
                            Argument::Number(low + part * (high - low))
                        }
                        Takes::Word(words) => Argument::Word(words[what % words.len()]),
                        Takes::Part => continue,
                    };
                    let by = ["eva", "tom", ""][what % 3].to_string();
                    let command = Command { at: known.at, name: known.name, argument, by };
                    rig.block.command(&mut rig.board, &command);
                    rig.block.progress(&rig.board, &command);
                }
            }
        }
    }
}
