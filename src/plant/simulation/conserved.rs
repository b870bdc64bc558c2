//! What is conserved is conserved whatever the plant is told and whatever breaks.
//!
//! A hundred thousand commands and faults, a million steps, take about twenty seconds (with `--release` less, after
//! a longer build): `TWINSCOPE_CASES=100000 cargo test --no-default-features --lib conserved`

use super::command::{Argument, Command, Takes};
use super::faults::{Fault, FaultSlot, Occurrence};
use super::tests::scene_section;
use super::wiring::keep;
use super::*;
use crate::plant::simulation::noise;

/// Commands and faults unless `TWINSCOPE_CASES` states another number.
const CASES: u64 = 2000;
/// Steps after each.
const STEPS: u64 = 10;

/// A number from 0 to 1 that belongs to a case.
fn draw(case: u64, what: u64) -> f64 {
    noise::uniform(19, what, case)
}

fn pick(case: u64, what: u64, among: usize) -> usize {
    ((draw(case, what) * among as f64) as usize).min(among.saturating_sub(1))
}

impl Simulation {
    /// One step, as [`advance`](Self::advance) takes them, without messages.
    fn step_once(&mut self) {
        self.elapsed_us += self.dt_us;
        self.step(self.warm_up_us + self.elapsed_us);
    }

    /// Some command, with an argument that it takes.
    fn any_command(&self, case: u64) -> (usize, Command) {
        let all = self.orders.known();
        let known = &all[pick(case, 1, all.len())];
        let argument = match known.takes {
            Takes::Nothing => Argument::Nothing,
            Takes::Switch => Argument::Switch(draw(case, 2) < 0.5),
            Takes::Number { low, high, .. } => Argument::Number(low + (high - low) * draw(case, 2)),
            Takes::Word(words) => Argument::Word(words[pick(case, 2, words.len())]),
            Takes::Part => {
                let names: Vec<_> = self.board.parts.names(&known.asset).collect();
                Argument::Word(names.get(pick(case, 2, names.len())).copied().unwrap_or(keep("")))
            }
        };
        let by = if draw(case, 3) < 0.5 { "eva" } else { "tom" }.to_string();
        (known.block, Command { at: known.at, name: known.name, argument, by })
    }

    /// Some fault, of any severity and length.
    fn any_fault(&self, case: u64) -> Occurrence {
        let known: Vec<(FaultSlot, Fault)> =
            self.board.faults.known().map(|(slot, _, fault)| (slot, fault)).collect();
        let (slot, fault) = known[pick(case, 4, known.len())];
        Occurrence {
            severity: draw(case, 5),
            ramp_us: (draw(case, 6) * 5e6) as i64,
            for_us: Some((draw(case, 7) * 60e6) as i64),
            ..Occurrence::usual(slot, fault, self.board.clock.time_us)
        }
    }
}

#[test]
fn balances_close_after_every_step_whatever_is_told_and_breaks() {
    let cases = std::env::var("TWINSCOPE_CASES").ok().and_then(|cases| cases.parse().ok());
    let twin = scene_section("bottling.ron");
    let mut plant = Simulation::new(&twin, 1, Timestamp(0)).expect("a good section");
    let cases = cases.unwrap_or(CASES);
    let mut accepted = 0;
    for case in 0..cases {
        if draw(case, 0) < 0.2 {
            let fault = plant.any_fault(case);
            // Too many at the same time are refused.
            let _full = plant.board.faults.inject(fault);
        } else {
            let (block, command) = plant.any_command(case);
            let answer = plant.blocks[block].command(&mut plant.board, &command);
            accepted += u64::from(!matches!(answer, super::command::Answer::Refused(_)));
        }
        for step in 0..STEPS {
            plant.step_once();
            for balance in plant.balances() {
                assert_eq!(
                    balance.entered,
                    balance.left + balance.held,
                    "after step {step} of case {case}: {balance:?}"
                );
            }
        }
    }
    assert!(accepted > cases / 5, "{accepted} of {cases} commands and faults were accepted");
    // Something came in of each: a balance of nothing says nothing.
    let balances = plant.balances();
    for quantity in ["bottles", "caps", "crates", "energy", "heat", "water"] {
        let balance = balances.iter().find(|balance| balance.quantity == quantity);
        assert!(balance.is_some_and(|balance| balance.entered > 0), "{quantity}: {balances:?}");
    }
}
