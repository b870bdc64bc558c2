//! A plant of some blocks for tests: no twin, no messages.

use crate::plant::simulation::balance::{self, Balance};
use crate::plant::simulation::blocks::{self, Block, BlockSpec};
use crate::plant::simulation::board::Announcement;
use crate::plant::simulation::command::{Answer, Argument, Command, Progress, Takes};
use crate::plant::simulation::faults::Occurrence;
use crate::plant::simulation::maintenance::{self, MaintenanceSpec};
use crate::plant::simulation::parts::WearSpec;
use crate::plant::simulation::snapshot::{Loaded, Saved};
use crate::plant::simulation::wiring::{Board, Known, Signal, Wiring};

/// Blocks that step together.
pub struct Bench {
    pub blocks: Vec<Box<dyn Block>>,
    pub board: Board,
    /// What was told of work on machines.
    pub announced: Vec<Announcement>,
    /// Length of a step, µs.
    pub dt_us: i64,
    wiring: Wiring,
}

/// Builds blocks.
fn build(
    text: &str,
    seed: u64,
    wear: WearSpec,
    maintenance: &MaintenanceSpec,
) -> (Vec<Box<dyn Block>>, Wiring) {
    use ron::extensions::Extensions;
    let options = ron::Options::default()
        .with_default_extension(Extensions::IMPLICIT_SOME | Extensions::UNWRAP_VARIANT_NEWTYPES);
    let specs: Vec<BlockSpec> = options.from_str(text).expect("blocks");
    let mut wiring = Wiring::new(seed, wear);
    let mut built = blocks::build_all(&specs, &[], seed, &mut wiring);
    wiring.block = built.len();
    built.extend(maintenance::build(maintenance, &mut wiring));
    (built, wiring)
}

impl Bench {
    /// A plant that steps every 20 ms, whose parts do not wear by themselves.
    pub fn new(text: &str) -> Self {
        Self::with(text, WearSpec { ageing: 0.0, ..WearSpec::default() })
    }

    /// A plant with its wear.
    pub fn with(text: &str, wear: WearSpec) -> Self {
        Self::seeded(text, wear, 1)
    }

    /// A plant with its wear, by a seed.
    pub fn seeded(text: &str, wear: WearSpec, seed: u64) -> Self {
        Self::of(build(text, seed, wear, &MaintenanceSpec::default()))
    }

    /// A plant with those who maintain it, whose parts do not wear by themselves.
    pub fn maintained(text: &str, maintenance: &MaintenanceSpec) -> Self {
        Self::of(build(text, 1, WearSpec { ageing: 0.0, ..WearSpec::default() }, maintenance))
    }

    fn of((blocks, mut wiring): (Vec<Box<dyn Block>>, Wiring)) -> Self {
        let board = wiring.board();
        assert!(wiring.mistakes.is_empty(), "{:#?}", wiring.mistakes);
        Self { blocks, board, announced: Vec::new(), dt_us: 20_000, wiring }
    }

    /// What is wrong with blocks.
    pub fn mistakes(text: &str) -> Vec<String> {
        let (_, mut wiring) = build(text, 1, WearSpec::default(), &MaintenanceSpec::default());
        wiring.board();
        wiring.mistakes.into_iter().map(|(_, message)| message).collect()
    }

    /// One step.
    pub fn step(&mut self) {
        self.board.clock.tick(self.dt_us);
        let time_us = self.board.clock.time_us;
        self.board.faults.advance(time_us);
        for block in &mut self.blocks {
            block.step(&mut self.board, time_us as f64 * 1e-6, self.dt_us as f64 * 1e-6);
        }
        for errand in std::mem::take(&mut self.board.errands) {
            self.command(&errand.asset, errand.name, Argument::Nothing);
        }
        self.announced.append(&mut self.board.announcements);
    }

    /// Steps for so many seconds.
    pub fn run(&mut self, seconds: f64) {
        for _ in 0..(seconds * 1e6 / self.dt_us as f64).round() as u64 {
            self.step();
        }
    }

    /// Steps until something is so; gives after how many seconds, at most `within`.
    pub fn until(&mut self, within: f64, is_so: impl Fn(&Self) -> bool) -> Option<f64> {
        let start = self.board.clock.time_us;
        while ((self.board.clock.time_us - start) as f64) < within * 1e6 {
            self.step();
            if is_so(self) {
                return Some((self.board.clock.time_us - start) as f64 * 1e-6);
            }
        }
        None
    }

    /// A number by its name.
    pub fn number(&self, name: &str) -> f64 {
        let (slot, _) = self.wiring.find(name).unwrap_or_else(|| panic!("no signal {name}"));
        self.board.number(slot)
    }

    /// A word by its name.
    pub fn word(&self, name: &str) -> &'static str {
        let (slot, _) = self.wiring.find(name).unwrap_or_else(|| panic!("no signal {name}"));
        match &self.board.signals[slot] {
            Signal::Word(word) => word,
            other => panic!("{name} is {other:?}"),
        }
    }

    /// Sends a command, as `eva`.
    pub fn command(&mut self, asset: &str, name: &str, argument: Argument) -> Answer {
        let (block, command) = self.find(asset, name, argument);
        self.blocks[block].command(&mut self.board, &command)
    }

    /// How far a command has come.
    pub fn progress(&self, asset: &str, name: &str, argument: Argument) -> Progress {
        let (block, command) = self.find(asset, name, argument);
        self.blocks[block].progress(&self.board, &command)
    }

    /// What a command takes.
    pub fn known(&self, asset: &str, name: &str) -> Takes {
        let is_it = |known: &&Known| known.asset == asset && known.name == name;
        self.wiring.commands().iter().find(is_it).expect("it knows it").takes
    }

    fn find(&self, asset: &str, name: &str, argument: Argument) -> (usize, Command) {
        let known = self.wiring.commands().iter().find(|k| k.asset == asset && k.name == name);
        let known = known.unwrap_or_else(|| panic!("{asset} knows no {name}"));
        let by = "eva".to_string();
        (known.block, Command { at: known.at, name: known.name, argument, by })
    }

    /// Brings a fault at once, until it is cleared.
    pub fn fault(&mut self, fault: &str, on: &str, severity: f64) {
        let (slot, fault) = self.board.faults.look_up(fault, on).expect("a fault");
        let from_us = self.board.clock.time_us;
        let usual = Occurrence::usual(slot, fault, from_us);
        let occurrence = Occurrence { severity, ramp_us: 0, for_us: None, ..usual };
        self.board.faults.inject(occurrence).expect("room");
    }

    /// Ends all faults.
    pub fn mend(&mut self) {
        self.board.faults.clear(None);
    }

    /// Every balance closes.
    pub fn check_balances(&self) {
        for balance in self.balances() {
            assert_eq!(balance.entered, balance.left + balance.held, "{balance:?}");
        }
    }

    /// All balances.
    pub fn balances(&self) -> Vec<Balance> {
        let own = self.blocks.iter().flat_map(|block| block.balances(&self.board));
        balance::by_quantity(self.board.balances().into_iter().chain(own))
    }

    /// The state of all blocks, put into another bench.
    pub fn put_into(&self, other: &mut Self) {
        let mut saved = Saved::default();
        self.blocks.iter().for_each(|block| block.save(&mut saved));
        let bytes = saved.bytes().expect("states");
        let mut loaded = Loaded::new(&bytes);
        for block in &mut other.blocks {
            block.load(&mut loaded).expect("its state");
        }
        assert!(loaded.is_empty());
        let (from, to) = (&self.board, &mut other.board);
        to.signals.clone_from(&from.signals);
        to.clock = from.clock;
        assert!(to.stores.restore(from.stores.state().clone()));
        assert!(to.meters.restore(from.meters.state().clone()));
        assert!(to.parts.restore(&from.parts.state()));
        assert!(to.permits.restore(&from.permits.state()));
        assert!(to.faults.restore(from.faults.present().to_vec(), from.clock.time_us));
    }
}
