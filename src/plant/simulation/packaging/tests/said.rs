//! What the file states: what cannot be is said, and what can be runs.

use proptest::prelude::*;

use super::*;

/// The mistakes of the scene's block with a change.
fn said(change: impl FnOnce(&mut PackagingSpec)) -> String {
    let mut spec = stated();
    change(&mut spec);
    let mut wiring = Wiring::default();
    assert!(spec.build(&mut wiring).is_none(), "it is built");
    wiring.mistakes.iter().map(|(_, what)| what.as_str()).collect::<Vec<_>>().join("\n")
}

fn cell(spec: &mut PackagingSpec) -> &mut crate::plant::simulation::physics::robot::Cell {
    spec.cell.as_mut().expect("a cell")
}

fn route(spec: &mut PackagingSpec) -> &mut crate::plant::simulation::physics::agv::Route {
    spec.route.as_mut().expect("a route")
}

fn packer(spec: &mut PackagingSpec) -> &mut super::super::spec::PackerSpec {
    spec.packer.as_mut().expect("a packer")
}

#[test]
fn what_cannot_be_is_a_mistake_that_says_what_can() {
    type Change = fn(&mut PackagingSpec);
    let wrong: [(Change, &str); 32] = [
        (|spec| spec.gap = 0.0, "`gap` of LINE-201 is 0 m; expected 0.005 to 10 m"),
        (|spec| spec.belt = f64::NAN, "`belt` of LINE-201 is NaN"),
        (|spec| spec.rate = 60_000.0, "carries at most"),
        (|spec| spec.length = 9.0, "beyond the path of 9 m"),
        (|spec| spec.jam_at = Some(6.0), "within FL-201"),
        (|spec| spec.jam_at = Some(60.0), "`jam_at` of LINE-201 is 60 m; expected 0 to 21.3468 m"),
        (|spec| spec.marks = vec![(60.0, 3)], "`marks.0` of LINE-201 is 60 m"),
        (|spec| spec.machines[0].radius = -1.0, "`machines.0.radius` of LINE-201 is -1 m"),
        (|spec| spec.machines[0].enter = 10.6, "expected one after the other"),
        (|spec| spec.machines[0].leave = 14.5, "CP-201 takes bottles at 13.9693 m, before 14.5 m"),
        (|spec| spec.machines[0].pockets = 400, "nearer than bottles"),
        (|spec| spec.machines[0].power_kw = -5.0, "`machines.0.power_kw` of LINE-201 is -5 kW"),
        (|spec| spec.machines[1].stage = 1, "expected more than the 1"),
        (|spec| spec.machines[1].hopper = 3, "expected 0 for none, or 8"),
        (
            |spec| packer(spec).lanes = (4_000_000_000, 4),
            "`packer.lanes` of LINE-201 is 4000000000",
        ),
        (|spec| packer(spec).lanes = (3, 40), "40 bottles 0.0935 m apart need"),
        (
            |spec| spec.crate_line = Some((0.8, 4.75, 0.0, 0.44)),
            "`crate_line` of LINE-201 is 0 m/s",
        ),
        (|spec| cell(spec).stack = [0, 2, 4], "`cell.stack` of LINE-201 is 0; expected 1 to 100"),
        (|spec| cell(spec).stack = [100_000, 2, 4], "`cell.stack` of LINE-201 is 100000"),
        (|spec| cell(spec).stack = [100, 100, 4], "expected at most 1000"),
        (|spec| cell(spec).cycle_s = 0.03, "`cell.cycle_s` of LINE-201 is 0.03 s; expected 1"),
        (|spec| cell(spec).pallet = [9.0, 0.5, 9.0], "cannot reach"),
        (|spec| route(spec).touch_mm = 90.0, "`route.touch_mm` of LINE-201 is 90 mm; expected"),
        (|spec| route(spec).speed = -2.0, "`route.speed` of LINE-201 is -2 m/s"),
        (|spec| route(spec).turn_deg_s = 0.0, "`route.turn_deg_s` of LINE-201"),
        (|spec| route(spec).warehouse_m = 500.0, "less than its length"),
        (|spec| route(spec).points = Vec::new(), "`points` of AGV-301 has 0 places"),
        (|spec| route(spec).points.truncate(6), "back to the stand"),
        (|spec| spec.pallet = None, "`pallet` is missing, which `robot` needs"),
        (|spec| spec.robot = None, "`cell` is stated without `robot`"),
        (
            |spec| (spec.packer, spec.crates, spec.crate_line) = (None, None, None),
            "`robot` is stated without `packer`",
        ),
        (|spec| (spec.agv, spec.route, spec.load) = (None, None, None), "`gate` is stated without"),
    ];
    for (change, expected) in wrong {
        let what = said(change);
        assert!(what.contains(expected), "{expected:?}: {what:?}");
    }
}

#[test]
fn a_mistake_makes_no_others() {
    let mut spec = stated();
    spec.gap = 0.0;
    let mut wiring = Wiring::default();
    wiring.supplies("mains");
    assert!(spec.build(&mut wiring).is_none());
    assert!(wiring.find("R-301.a1").is_some() && wiring.find("PL-302.count").is_some());
    assert!(
        wiring.mistakes.iter().all(|(_, what)| what.contains("`gap`")),
        "{:?}",
        wiring.mistakes
    );
}

#[test]
fn each_part_runs_without_what_comes_after_it() {
    for extent in 0..4 {
        let mut rig = rig(|spec| shortened(spec, extent));
        rig.run(600.0);
        rig.balances_close();
        let rate = rig.number("LINE-201.rate");
        assert!((5400.0..6600.0).contains(&rate), "with {extent} parts it tells {rate}");
        let has = |name: &str| rig.wiring.find(name).is_some();
        let there = ["PK-301.count", "R-301.a1", "AGV-301.pose"].map(has);
        assert_eq!(there, [1, 2, 3].map(|part| part <= extent));
        let bottles = rig.block.balances(&rig.board);
        let bottles = bottles.iter().find(|balance| balance.quantity == "bottles").expect("some");
        assert!(bottles.left > 200, "{bottles:?}");
        let (bytes, before) = (rig.bytes(), rig.number("LINE-201.count_in"));
        rig.run(10.0);
        rig.block.load(&mut Loaded::new(&bytes)).expect("its own");
        rig.run(0.02);
        assert!(rig.number("LINE-201.count_in") <= before + 1.0);
    }
}

#[test]
fn a_vehicle_without_a_gate_needs_none() {
    let mut rig = rig(|spec| spec.gate = None);
    rig.run(600.0);
    assert!(rig.number("AGV-301.pallets") >= 2.0);
    assert!(rig.wiring.commands().iter().all(|known| known.name != "open"));
}

/// The block of the scene as it stands in the file.
fn text() -> String {
    let file = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenes/bottling.ron");
    let text = std::fs::read_to_string(file).expect("the scene is there");
    let from = text.find("Packaging(").expect("the block") + "Packaging".len();
    let mut depth = 0;
    let end = text[from..].find(|c| {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        depth == 0
    });
    let text = &text[from..=from + end.expect("it ends")];
    // Drives and tanks are other blocks.
    text.replace("product_tank: \"TK-102\"", "product_tank: \"outside\"")
}

/// The places of all numbers in a text; those in names are none.
fn numbers(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let (mut quoted, mut at) = (false, 0);
    let bytes = text.as_bytes();
    while at < bytes.len() {
        quoted ^= bytes[at] == b'"';
        let begins = !quoted && (bytes[at].is_ascii_digit() || bytes[at] == b'-');
        let after_name = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
        if begins && !after_name {
            let number = |byte: &u8| byte.is_ascii_digit() || b"-.".contains(byte);
            let length = bytes[at..].iter().take_while(|byte| number(byte)).count();
            found.push(at..at + length);
            at += length;
        } else {
            at += 1;
        }
    }
    found
}

const STRANGE: [&str; 20] = [
    "-1e300",
    "-5",
    "-1",
    "-0.0",
    "0",
    "1e-300",
    "1e-9",
    "0.03",
    "0.5",
    "1",
    "2",
    "3",
    "17",
    "90",
    "500",
    "100000",
    "4000000000",
    "1e18",
    "inf",
    "NaN",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]
    #[test]
    fn whatever_numbers_it_has_it_is_refused_or_runs(
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..STRANGE.len()), 1..4),
        coarse in any::<bool>(),
    ) {
        let mut text = text();
        for (which, value) in changes {
            let places = numbers(&text);
            text.replace_range(which.get(&places).clone(), STRANGE[value]);
        }
        use ron::extensions::Extensions;
        let options = ron::Options::default().with_default_extension(
            Extensions::IMPLICIT_SOME | Extensions::UNWRAP_VARIANT_NEWTYPES,
        );
        let Ok(mut spec) = options.from_str::<PackagingSpec>(&text) else { return Ok(()) };
        spec.product = Source::Number(60.0);
        spec.ambient = Source::Number(22.0);
        (spec.belts, spec.crate_belts) = (Vec::new(), Vec::new());
        let mut wiring = Wiring::default();
        let Some(mut block) = spec.build(&mut wiring) else {
            prop_assert!(!wiring.mistakes.is_empty());
            return Ok(());
        };
        let mut board = wiring.board();
        let dt_us = if coarse { 1_000_000 } else { DT_US };
        for _ in 0..200 {
            board.clock.tick(dt_us);
            let time_s = board.clock.time_us as f64 * 1e-6;
            block.step(&mut board, time_s, dt_us as f64 * 1e-6);
        }
        block.show(&mut board);
        let own = block.balances(&board);
        for balance in by_quantity(board.balances().into_iter().chain(own)) {
            prop_assert_eq!(balance.entered, balance.left + balance.held);
        }
    }
}
