//! Named signals: what the blocks of the simulated plant pass to each other and to messages.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use crate::twin::{Item, Pose, Unit, nearest};

/// Where a block reads a number.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Source {
    /// A constant.
    Number(f64),
    /// A signal, as `asset.signal`.
    Signal(String),
    /// The sum of several.
    Sum(Vec<Source>),
}

impl Default for Source {
    fn default() -> Self {
        Self::Number(0.0)
    }
}

/// What a signal holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Signal {
    /// In the signal's unit.
    Number(f64),
    /// One of a list of names.
    Word(&'static str),
    /// Things on a path.
    Items(Arc<[Item]>),
    /// A placement.
    Pose(Pose),
}

/// A [`Source`] with its signals looked up.
#[derive(Clone, Debug)]
pub enum Input {
    /// A constant.
    Number(f64),
    /// Position on the board.
    Slot(usize),
    /// The sum of several.
    Sum(Vec<Input>),
}

/// The present value of every signal.
#[derive(Debug, Default)]
pub struct Board(pub Vec<Signal>);

impl Board {
    /// The number at an input; a word counts as 0.
    pub fn read(&self, input: &Input) -> f64 {
        match input {
            Input::Number(number) => *number,
            Input::Slot(slot) => match &self.0[*slot] {
                Signal::Number(number) => *number,
                _ => 0.0,
            },
            Input::Sum(inputs) => inputs.iter().map(|input| self.read(input)).sum(),
        }
    }

    /// The numbers at several inputs.
    pub fn read_all<const N: usize>(&self, inputs: &[Input; N]) -> [f64; N] {
        std::array::from_fn(|at| self.read(&inputs[at]))
    }

    /// Sets a number.
    pub fn set(&mut self, slot: usize, number: f64) {
        self.0[slot] = Signal::Number(number);
    }

    /// Sets a word.
    pub fn set_word(&mut self, slot: usize, word: &'static str) {
        self.0[slot] = Signal::Word(word);
    }
}

/// What kind of thing a signal is: a number with its unit, or something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number in this unit (UCUM).
    Number(&'static str),
    /// One of some names.
    Word,
    /// Things on a path.
    Items,
    /// A placement.
    Pose,
}

/// A text of the file that lives as long as the program: units and words are few.
pub fn keep(text: &str) -> &'static str {
    Box::leak(text.to_string().into_boxed_str())
}

/// Collects the signals while the blocks are built.
#[derive(Debug, Default)]
pub struct Wiring {
    names: BTreeMap<String, usize>,
    kinds: Vec<Option<Kind>>,
    /// What is wrong so far: the text to point at, and the message.
    pub mistakes: Vec<(String, String)>,
}

impl Wiring {
    fn slot(&mut self, name: &str) -> usize {
        let next = self.kinds.len();
        let slot = *self.names.entry(name.to_string()).or_insert(next);
        if slot == next {
            self.kinds.push(None);
        }
        slot
    }

    /// Declares a signal that a block sets.
    pub fn output(&mut self, asset: &str, signal: &str, kind: Kind) -> usize {
        let slot = self.slot(&format!("{asset}.{signal}"));
        if self.kinds[slot].replace(kind).is_some() {
            let what =
                format!("{asset}.{signal} is set by two blocks; give one of them another asset");
            self.mistakes.push((asset.to_string(), what));
        }
        slot
    }

    /// Declares a number; adds a mistake when its unit is none.
    pub fn number(&mut self, asset: &str, signal: &str, unit: &'static str) -> usize {
        if let Err(error) = Unit::parse(unit) {
            let near = error.suggestion.map(|near| format!("; nearest: {near:?}"));
            let what = format!(
                "the signal {asset}.{signal}: {unit:?} is no UCUM unit{}",
                near.unwrap_or_default()
            );
            self.mistakes.push((unit.to_string(), what));
        }
        self.output(asset, signal, Kind::Number(unit))
    }

    /// Declares several numbers with their units.
    pub fn numbers<const N: usize>(
        &mut self,
        asset: &str,
        signals: [(&str, &'static str); N],
    ) -> [usize; N] {
        signals.map(|(signal, unit)| self.number(asset, signal, unit))
    }

    /// Looks up what a block reads.
    pub fn input(&mut self, source: &Source) -> Input {
        match source {
            Source::Number(number) => Input::Number(*number),
            Source::Signal(name) => Input::Slot(self.slot(name)),
            Source::Sum(sources) => {
                Input::Sum(sources.iter().map(|source| self.input(source)).collect())
            }
        }
    }

    /// The signal with that name, if a block sets it.
    pub fn find(&self, name: &str) -> Option<(usize, Kind)> {
        let slot = *self.names.get(name)?;
        Some((slot, self.kinds[slot]?))
    }

    /// The signal most like a name.
    pub fn nearest(&self, name: &str) -> Option<String> {
        let set = self.names.iter().filter(|(_, slot)| self.kinds[**slot].is_some());
        nearest(name, set.map(|(known, _)| known.as_str()))
    }

    /// The board with every signal at rest; adds a mistake for each signal that is read and never
    /// set.
    pub fn board(&mut self) -> Board {
        let unset: Vec<_> = self
            .names
            .iter()
            .filter(|(_, slot)| self.kinds[**slot].is_none())
            .map(|(n, _)| n.clone())
            .collect();
        for name in unset {
            let near =
                self.nearest(&name).map(|near| format!("; nearest: {near:?}")).unwrap_or_default();
            self.mistakes.push((name.clone(), format!("no block sets the signal {name:?}{near}")));
        }
        let rest = |kind: &Option<Kind>| match kind {
            Some(Kind::Word) => Signal::Word(""),
            Some(Kind::Items) => Signal::Items(Arc::from([])),
            Some(Kind::Pose) => Signal::Pose(Pose::IDENTITY),
            _ => Signal::Number(0.0),
        };
        Board(self.kinds.iter().map(rest).collect())
    }
}
