//! Facts about the packaging side of the bottling scene, alone on a board.

mod cell;
mod kept;
mod line;
mod said;

use super::super::balance::by_quantity;
use super::super::blocks::BlockSpec;
use super::super::command::Argument;
use super::super::faults::Occurrence;
use super::super::section::read;
use super::super::wiring::{Signal, Source};
use super::state::Whole;
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

/// The block of the scene, supplied by a bus of the rig and with nothing else around it.
fn stated() -> PackagingSpec {
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
    packaging
}

/// The line alone, with the packer, with the robot too (2), or with all (3).
fn shortened(spec: &mut PackagingSpec, extent: u32) {
    if extent < 3 {
        (spec.agv, spec.route, spec.gate, spec.load) = (None, None, None, None);
    }
    if extent < 2 {
        (spec.robot, spec.cell, spec.pallet, spec.pattern) = (None, None, None, None);
    }
    if extent < 1 {
        (spec.packer, spec.crates, spec.crate_line) = (None, None, None);
    }
}

fn rig_on(mut wiring: Wiring, change: impl FnOnce(&mut PackagingSpec)) -> Rig {
    let mut packaging = stated();
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

    fn progress(&self, asset: &str, name: &str, argument: Argument) -> Progress {
        self.block.progress(&self.board, &self.command(asset, name, argument, "eva"))
    }

    /// Puts back its own state with a change; whether it takes it.
    fn alter(&mut self, change: impl FnOnce(&mut Whole)) -> bool {
        let mut whole: Whole = Loaded::new(&self.bytes()).take().expect("its own");
        change(&mut whole);
        let mut saved = Saved::default();
        saved.put(&whole);
        let bytes = saved.bytes().expect("it can be written");
        self.block.load(&mut Loaded::new(&bytes)).is_ok()
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
