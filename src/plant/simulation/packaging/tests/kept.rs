//! What snapshots keep, and what is conserved.

use proptest::prelude::*;

use super::*;
use crate::plant::simulation::balance::MetersState;
use crate::plant::simulation::command::Takes;

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
    let other = self::rig(|spec| spec.packer.as_mut().expect("one").lanes = (2, 4)).bytes();
    assert!(rig.block.load(&mut Loaded::new(&other)).is_err());
    for cut in (0..before.len()).step_by(97) {
        assert!(rig.block.load(&mut Loaded::new(&before[..cut])).is_err());
    }
    assert_eq!(rig.bytes(), before);
}

#[test]
fn a_state_that_cannot_be_is_refused_and_changes_nothing() {
    type Change = fn(&mut Whole);
    let wrong: [Change; 20] = [
        |whole| whole.0.hoppers[1].as_mut().expect("one").due = 1e18,
        |whole| whole.0.hoppers[1].as_mut().expect("one").due = f64::NAN,
        |whole| whole.0.due = -1.0,
        |whole| whole.0.rate = f64::INFINITY,
        |whole| whole.0.rate_set = 1e7,
        |whole| whole.0.flow = f64::NAN,
        |whole| whole.0.gate.at = 400.0,
        |whole| whole.0.gate.speed = f64::NAN,
        |whole| whole.0.robot_speed = 500.0,
        |whole| whole.0.back_s = -3.0,
        |whole| whole.0.unfed_s[0] = f64::NAN,
        |whole| whole.0.rates.clear(),
        |whole| whole.0.drives.0[2].temperature_c = f64::NAN,
        |whole| whole.2.as_mut().expect("a packer").1.lift.at = -50.0,
        |whole| whole.3.as_mut().expect("a robot").pace = 7.0,
        |whole| whole.3.as_mut().expect("a robot").joints[1] = f64::NAN,
        |whole| whole.3 = None,
        |whole| whole.4.as_mut().expect("a vehicle").lift_mm = -1.0,
        |whole| whole.4.as_mut().expect("a vehicle").stance.x = f64::NAN,
        |whole| whole.4.as_mut().expect("a vehicle").used_uj = i64::MAX,
    ];
    let mut rig = running();
    let before = rig.bytes();
    for (at, change) in wrong.into_iter().enumerate() {
        assert!(!rig.alter(change), "change {at}");
        assert_eq!(rig.bytes(), before);
    }
    assert!(rig.alter(|_| {}), "its own is taken");
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
