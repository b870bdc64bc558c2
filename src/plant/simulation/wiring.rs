//! Named signals: what the blocks of the simulated plant pass to each other and to messages.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;

use super::balance::{Bus, Meters, Place, Stores};
pub use super::board::{Acting, Board, Clock, Input, Signal};
use super::command::Takes;
use super::faults::{Fault, FaultSlot, Faults};
use super::parts::{PartSlot, Parts, WearSpec};
use super::permits::{InterlockSlot, PermitSlot, Permits};
use super::places::Entry;
use super::reading::{Reader, figure};
use super::tap::transmitters::Transmitter;
use crate::twin::{Pose, Unit, nearest};

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

/// A text of the file that lives as long as the program: units and words are few, and each is kept
/// once however often a plant is built.
pub fn keep(text: &str) -> &'static str {
    static KEPT: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = kept.get(text).copied() {
        return known;
    }
    let new: &'static str = Box::leak(text.to_string().into_boxed_str());
    kept.insert(new);
    new
}

/// Words of the file that live as long as the program, for [`Takes::Word`].
pub fn keep_words(words: &[&'static str]) -> &'static [&'static str] {
    static KEPT: Mutex<BTreeSet<&'static [&'static str]>> = Mutex::new(BTreeSet::new());
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = kept.get(words).copied() {
        return known;
    }
    let new: &'static [&'static str] = Box::leak(words.to_vec().into_boxed_slice());
    kept.insert(new);
    new
}

/// A command that a block knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// The machine's name.
    pub asset: String,
    /// The command's name.
    pub name: &'static str,
    /// Number of the block, in the order of the file.
    pub block: usize,
    /// Number of the machine within its block.
    pub at: usize,
    /// What comes with it.
    pub takes: Takes,
    /// Plant time within which it is done, s.
    pub within_s: f64,
}

/// What feeds all that names no supply.
const OUTSIDE: &str = "outside";

/// Collects what blocks share while they are built.
#[derive(Debug, Default)]
pub struct Wiring {
    names: BTreeMap<String, usize>,
    kinds: Vec<Option<Kind>>,
    /// By slot: number of the block that sets it.
    owners: Vec<usize>,
    /// Slots that no instrument measures.
    hidden: BTreeSet<usize>,
    /// By slot of a signal that blocks measure: where its instrument tells them its reading, and of which
    /// property that is.
    measured: BTreeMap<usize, (Acting, Option<String>)>,
    /// By name of a signal: what acts on other blocks in its place.
    acting: BTreeMap<String, Acting>,
    /// The instruments by which blocks measure.
    pub transmitters: Vec<Transmitter>,
    /// Slots that the section names as what a block reads.
    named: BTreeSet<usize>,
    stores: Stores,
    meters: Meters,
    parts: Parts,
    faults: Faults,
    permits: Permits,
    commands: Vec<Known>,
    wear: WearSpec,
    seed: u64,
    /// What fields read.
    pub(super) readers: Vec<Reader>,
    /// By slot of a word: what it can be.
    words: BTreeMap<usize, &'static [&'static str]>,
    /// By slot of a signal that is read: the first entry that does.
    asked: BTreeMap<usize, Entry>,
    /// Assets of blocks that supply others.
    feeders: BTreeSet<String>,
    /// Who names what as its supply.
    fed: Vec<Fed>,
    /// Pairs of blocks of which it is noted that they set the same.
    clashes: BTreeSet<(usize, usize)>,
    /// Assets of blocks that could not be built: that nothing sets their signals follows from that.
    quiet: BTreeSet<String>,
    /// From which mistake on they are about which entry of the section.
    about: Vec<(usize, Option<Entry>)>,
    /// Number of the block that is being built.
    pub block: usize,
    /// Its asset, for messages.
    pub asset: String,
    /// What is wrong so far: the text to point at, and the message.
    pub mistakes: Vec<(String, String)>,
    /// What may be meant but is doubtful: the entry, the text to point at, and the message.
    pub notices: Vec<(Option<Entry>, String, String)>,
}

/// A block that names its supply.
#[derive(Clone, Debug)]
struct Fed {
    asset: String,
    supply: String,
    entry: Option<Entry>,
}

impl Wiring {
    /// Nothing yet; the seed chooses the lives of parts.
    pub fn new(seed: u64, wear: WearSpec) -> Self {
        let mut wiring = Self { seed, parts: Parts::new(seed, &wear), ..Self::default() };
        if !(0.0..=1e6).contains(&wear.ageing) {
            let what = format!("`ageing` is {}; expected 0 to 1000000", wear.ageing);
            wiring.mistakes.push(("ageing".into(), what));
        }
        wiring.wear = wear;
        wiring
    }

    fn slot(&mut self, name: &str) -> usize {
        let next = self.kinds.len();
        let slot = *self.names.entry(name.to_string()).or_insert(next);
        if slot == next {
            self.kinds.push(None);
            self.owners.push(0);
        }
        slot
    }

    /// Declares a signal that a block sets.
    pub fn output(&mut self, asset: &str, signal: &str, kind: Kind) -> usize {
        let slot = self.slot(&format!("{asset}.{signal}"));
        if self.kinds[slot].replace(kind).is_some() {
            let what =
                format!("{asset}.{signal} is set by two blocks; give one of them another asset");
            self.clash(self.owners[slot], asset, what);
        }
        self.owners[slot] = self.block;
        slot
    }

    /// Notes once that two blocks set or obey the same.
    fn clash(&mut self, other: usize, asset: &str, what: String) {
        if self.clashes.insert((other, self.block)) {
            self.mistakes.push((asset.to_string(), what));
        }
    }

    /// Declares a word that a block sets, and all that it can be.
    pub fn words(&mut self, asset: &str, signal: &str, words: &'static [&'static str]) -> usize {
        let slot = self.output(asset, signal, Kind::Word);
        self.words.insert(slot, words);
        slot
    }

    /// What a word can be.
    pub fn words_of(&self, slot: usize) -> &'static [&'static str] {
        self.words.get(&slot).copied().unwrap_or_default()
    }

    /// What kind of thing a signal is; `None` when no block sets it.
    pub(super) fn kind(&self, slot: usize) -> Option<Kind> {
        self.kinds[slot]
    }

    /// From here on mistakes are about an entry of the section, or about none that is known.
    pub fn enter(&mut self, entry: Option<Entry>) {
        self.about.push((self.mistakes.len(), entry));
    }

    /// The entry that is looked at.
    pub fn entry(&self) -> Option<&Entry> {
        self.about.last().and_then(|(_, entry)| entry.as_ref())
    }

    /// The entry that a mistake is about, by its number.
    pub fn entry_of(&self, mistake: usize) -> Option<&Entry> {
        let after = self.about.partition_point(|(from, _)| *from <= mistake);
        self.about.get(after.checked_sub(1)?)?.1.as_ref()
    }

    /// Nothing is said of the signals of an asset whose block could not be built.
    pub fn hush(&mut self, asset: &str) {
        self.quiet.insert(asset.to_string());
    }

    /// Whether a signal is of a block that could not be built.
    pub fn is_hushed(&self, signal: &str) -> bool {
        signal.rsplit_once('.').is_some_and(|(asset, _)| self.quiet.contains(asset))
    }

    /// Declares a number that no instrument measures: other blocks read it by [`secret`](Self::secret),
    /// and neither a property nor the section can.
    pub fn hidden(&mut self, asset: &str, signal: &str, unit: &'static str) -> usize {
        let slot = self.number(asset, signal, unit);
        self.hidden.insert(slot);
        slot
    }

    /// Looks up a number that another block may hide.
    pub fn secret(&mut self, asset: &str, signal: &str) -> Input {
        Input::Slot(self.slot(&format!("{asset}.{signal}")))
    }

    /// Declares a number; adds a mistake when its unit is none.
    pub fn number(&mut self, asset: &str, signal: &str, unit: &'static str) -> usize {
        if let Err(error) = Unit::parse(unit) {
            let near = error.suggestion.map(|near| format!("; nearest: {near:?}"));
            let what = format!(
                "the signal {asset}.{signal}: {unit:?} is no UCUM unit{}",
                near.unwrap_or_default()
            );
            // A block with two signals of this unit has one mistake.
            if self.mistakes.last().is_none_or(|(last, _)| last != unit) {
                self.mistakes.push((unit.to_string(), what));
            }
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
            Source::Signal(name) => Input::Slot(self.named(name)),
            Source::Sum(sources) => {
                Input::Sum(sources.iter().map(|source| self.input(source)).collect())
            }
        }
    }

    /// The slot of a signal that the section names.
    pub(super) fn named(&mut self, name: &str) -> usize {
        let slot = self.slot(name);
        self.named.insert(slot);
        if let Some(entry) = self.entry().cloned() {
            self.asked.entry(slot).or_insert(entry);
        }
        slot
    }

    /// What a property's instrument tells of a signal, for blocks that measure it.
    pub(super) fn measured_slot(&mut self, slot: usize) -> Acting {
        if let Some((told, _)) = self.measured.get(&slot) {
            return *told;
        }
        let told = self.nameless();
        self.measured.insert(slot, (told, None));
        told
    }

    /// Where the instrument of a property tells its reading of a signal, when a block measures it and no
    /// other property's does already; and whether it is new.
    pub fn transmits(&mut self, slot: usize, property: &str) -> Option<(Acting, bool)> {
        let (told, by) = self.measured.get_mut(&slot)?;
        let is_new = by.is_none();
        (by.get_or_insert_with(|| property.to_string()) == property).then_some((*told, is_new))
    }

    /// What acts on other blocks in the place of the signal of that name.
    pub fn acting_for(&mut self, name: &str) -> Acting {
        if let Some(acting) = self.acting.get(name) {
            return *acting;
        }
        let acting = self.nameless();
        self.acting.insert(name.to_string(), acting);
        acting
    }

    /// Two numbers that only blocks know.
    fn nameless(&mut self) -> Acting {
        let first = self.kinds.len();
        for slot in [first, first + 1] {
            self.kinds.push(Some(Kind::Number("1")));
            self.owners.push(self.block);
            self.hidden.insert(slot);
        }
        Acting::new(first)
    }

    /// Declares a command: `at` tells the machines of one block apart, and it is done within `within_s`
    /// of plant time or has failed.
    pub fn command(
        &mut self,
        asset: &str,
        at: usize,
        name: &'static str,
        takes: Takes,
        within_s: f64,
    ) {
        let is_it = |known: &&Known| known.asset == asset && known.name == name;
        if let Some(other) = self.commands.iter().find(is_it).map(|known| known.block) {
            let what =
                format!("two blocks obey {asset}/set/{name}; give one of them another asset");
            self.clash(other, asset, what);
            return;
        }
        let (asset, block) = (asset.to_string(), self.block);
        self.commands.push(Known { asset, name, block, at, takes, within_s });
    }

    /// All commands so far.
    pub fn commands(&self) -> &[Known] {
        &self.commands
    }

    /// Declares that a machine, or an instrument as `asset.property`, can have a fault.
    pub fn fault(&mut self, on: &str, fault: Fault) -> FaultSlot {
        self.faults.add(on, fault)
    }

    /// What can have faults so far.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Declares a part that wears: its median life under a stress of 1, in hours, and the deviation of
    /// lives by their mean.
    pub fn part(&mut self, asset: &str, name: &'static str, life_h: f64, spread: f64) -> PartSlot {
        match self.parts.add(asset, name, (life_h, spread), &self.wear) {
            Ok(slot) => slot,
            Err(what) => {
                if !self.clashes.iter().any(|(_, block)| *block == self.block) {
                    self.mistakes.push((asset.to_string(), what));
                }
                self.parts.spare()
            }
        }
    }

    /// The parts so far.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Declares a store of water.
    pub fn store(
        &mut self,
        asset: &str,
        capacity_m3: f64,
        level_m3: f64,
        temperature_c: f64,
    ) -> Place {
        match self.stores.add(asset, capacity_m3, level_m3, temperature_c) {
            Ok(at) => Place::Store(at),
            Err(what) => {
                self.mistakes.push((asset.to_string(), what));
                Place::Outside
            }
        }
    }

    /// Looks up a store by its asset, or `outside`. Blocks that have stores come before in the file.
    pub fn place(&mut self, name: &str) -> Place {
        let found = self.stores.find(name);
        found.unwrap_or_else(|| {
            let near = nearest(name, self.stores.names());
            let near = near.map(|near| format!("; nearest: {near:?}")).unwrap_or_default();
            let what = format!(
                "no block before this one keeps water as {name:?}{near}; name a tank, or \"outside\""
            );
            self.mistakes.push((name.to_string(), what));
            Place::Outside
        })
    }

    /// Looks up a bus by the asset that supplies it. One that no block supplies is supplied from outside.
    pub fn bus(&mut self, name: &str) -> Bus {
        self.meters.bus(name)
    }

    /// The bus that feeds the block which is being built: that of a Mains or an Ups anywhere in the
    /// file, or of the outside.
    pub fn supply(&mut self, name: Option<&str>) -> Bus {
        let name = name.unwrap_or(OUTSIDE);
        if name != OUTSIDE {
            let (asset, entry) = (self.asset.clone(), self.entry().cloned());
            self.fed.push(Fed { asset, supply: name.to_string(), entry });
        }
        self.meters.bus(name)
    }

    /// Declares that a block supplies a bus.
    pub fn supplies(&mut self, name: &str) -> Bus {
        let bus = self.meters.bus(name);
        self.feeders.insert(name.to_string());
        if !self.meters.source(bus) {
            let what = format!("two blocks supply {name:?}; give one of them another asset");
            self.mistakes.push((name.to_string(), what));
        }
        bus
    }

    /// Whether a block supplies that bus.
    pub fn is_supplied(&self, name: &str) -> bool {
        self.meters.is_supplied(name)
    }

    /// Declares a meter of energy.
    pub fn meter(&mut self) -> usize {
        self.meters.meter()
    }

    /// The permit of a machine, for the block that runs it.
    pub fn permit(&mut self, asset: &str) -> PermitSlot {
        self.permits.permit(asset)
    }

    /// Whether a block asks for the permit of that machine.
    pub fn has_permit(&self, asset: &str) -> bool {
        self.permits.asked().any(|asked| asked == asset)
    }

    /// A reason for which a machine may be stopped, for the block that watches over it.
    pub fn interlock(&mut self, asset: &str, reason: &str) -> InterlockSlot {
        self.permits.interlock(asset, reason)
    }

    /// The signal with that name, if a block sets it and does not hide it.
    pub fn find(&self, name: &str) -> Option<(usize, Kind)> {
        let slot = *self.names.get(name)?;
        if self.hidden.contains(&slot) {
            return None;
        }
        Some((slot, self.kinds[slot]?))
    }

    /// The names of all signals that blocks set.
    pub fn outputs(&self) -> Vec<String> {
        let set = self.names.iter().filter(|(_, slot)| self.kinds[**slot].is_some());
        set.map(|(name, _)| name.clone()).collect()
    }

    /// Whether a block sets that signal and hides it.
    pub fn is_hidden(&self, name: &str) -> bool {
        self.names.get(name).is_some_and(|slot| self.hidden.contains(slot))
    }

    /// The blocks that show the items and poses among some slots.
    pub fn shown_by(&self, slots: impl Iterator<Item = usize>) -> Vec<usize> {
        let is_shown = |slot: &usize| matches!(self.kinds[*slot], Some(Kind::Items | Kind::Pose));
        slots
            .filter(is_shown)
            .map(|slot| self.owners[slot])
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect()
    }

    fn is_shown(&self, slot: usize) -> bool {
        self.kinds[slot].is_some() && !self.hidden.contains(&slot)
    }

    /// The signal most like a name.
    pub fn nearest(&self, name: &str) -> Option<String> {
        let set = self.names.iter().filter(|(_, slot)| self.is_shown(**slot));
        nearest(name, set.map(|(known, _)| known.as_str()))
    }

    /// The board with every signal at rest; adds a mistake for each name that stands for nothing.
    pub fn board(&mut self) -> Board {
        self.check_signals();
        self.check_names();
        self.check_supplies();
        let vias = self.vias();
        let rest = |kind: &Option<Kind>| match kind {
            Some(Kind::Word) => Signal::Word(""),
            Some(Kind::Items) => Signal::Items(Arc::from([])),
            Some(Kind::Pose) => Signal::Pose(Pose::IDENTITY),
            _ => Signal::Number(0.0),
        };
        Board {
            signals: self.kinds.iter().map(rest).collect(),
            stores: self.stores.clone(),
            meters: self.meters.clone(),
            parts: self.parts.clone(),
            faults: self.faults.clone(),
            permits: self.permits.clone(),
            vias,
            words: (0..self.kinds.len()).map(|slot| self.words_of(slot)).collect(),
            clock: Clock { seed: self.seed, ..Clock::default() },
            ..Board::default()
        }
    }

    /// Signals that are read and never set, or that the section names and nothing measures.
    fn check_signals(&mut self) {
        let mut wrong = Vec::new();
        for (name, slot) in &self.names {
            let near = || {
                self.nearest(name).map(|near| format!("; nearest: {near:?}")).unwrap_or_default()
            };
            let what = if self.kinds[*slot].is_none() && !self.is_hushed(name) {
                format!("no block sets the signal {name:?}{}", near())
            } else if self.hidden.contains(slot) && self.named.contains(slot) {
                format!("{name:?} is hidden: no instrument measures it")
            } else {
                continue;
            };
            wrong.push((self.asked.get(slot).cloned(), name.clone(), what));
        }
        for (entry, name, what) in wrong {
            self.enter(entry);
            self.mistakes.push((name, what));
        }
        self.enter(None);
    }

    /// Supplies that are none, and those that feed themselves.
    fn check_supplies(&mut self) {
        let mut wrong = Vec::new();
        let mut told: BTreeSet<&str> = BTreeSet::new();
        for fed in &self.fed {
            let Fed { asset, supply, entry } = fed;
            if !self.feeders.contains(supply) {
                let known: Vec<&str> = self.feeders.iter().map(String::as_str).collect();
                let what = format!(
                    "`supply` of {asset} is {supply:?}, which is no Mains and no Ups{}",
                    match nearest(supply, known.iter().copied()) {
                        Some(near) => format!("; nearest: {near:?}"),
                        None if known.is_empty() =>
                            "; there is none: leave `supply` out, and it is fed from outside".into(),
                        None => format!("; there are {}", known.join(", ")),
                    }
                );
                wrong.push((entry.clone(), "supply".to_string(), what));
                continue;
            }
            // What feeds it, what feeds that, and so on; an asset is fed by one.
            let next = |name: &str| self.fed.iter().find(|other| other.asset == name);
            let mut round = vec![asset.as_str()];
            let mut at = supply.as_str();
            while let Some(other) = next(at).filter(|_| !round.contains(&at)) {
                round.push(at);
                at = &other.supply;
            }
            if at == asset && self.feeders.contains(asset) && !told.contains(at) {
                let what = if round.len() == 1 {
                    format!("{asset} is its own `supply`; name the Mains or the Ups that feeds it")
                } else {
                    format!(
                        "{} feed each other in a round; let one have a Mains as its `supply`",
                        round.join(", ")
                    )
                };
                wrong.push((entry.clone(), "supply".to_string(), what));
                told.extend(round);
            }
        }
        for (entry, word, what) in wrong {
            self.enter(entry);
            self.mistakes.push((word, what));
        }
        self.enter(None);
    }

    /// Parts and machines that the section names and that nothing has.
    fn check_names(&mut self) {
        let mut wrong = Vec::new();
        let parts: Vec<String> =
            self.parts.iter().map(|(_, part)| format!("{}.{}", part.asset, part.name)).collect();
        let stated = self.wear.start.iter().map(|(name, worn)| (name, *worn, 1.0, "worn"));
        let paces = self.wear.pace.iter().map(|(name, pace)| (name, *pace, 1e6, "at a pace of"));
        for (name, value, most, what) in stated.chain(paces) {
            if !(0.0..=most).contains(&value) {
                let (value, most) = (figure(value), figure(most));
                wrong.push((
                    name.clone(),
                    format!("{name} is {what} {value}; expected 0 to {most}"),
                ));
            }
            if !parts.contains(name) {
                let near = nearest(name, parts.iter().map(String::as_str));
                let near = near.map(|near| format!("; nearest: {near:?}")).unwrap_or_default();
                wrong.push((name.clone(), format!("no machine has the part {name:?}{near}")));
            }
        }
        for name in self.permits.unasked() {
            let near = nearest(name, self.permits.asked());
            let near = near.map(|near| format!("; nearest: {near:?}")).unwrap_or_default();
            let what = format!("an interlock cannot stop {name:?}: no block runs it{near}");
            wrong.push((name.to_string(), what));
        }
        self.mistakes.extend(wrong);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_cannot_be_read_by_the_section_and_is_not_suggested() {
        let mut w = Wiring::default();
        let slot = w.hidden("P-1", "head", "m");
        assert!(matches!(w.secret("P-1", "head"), Input::Slot(found) if found == slot));
        w.board();
        assert!(w.mistakes.is_empty(), "{:?}", w.mistakes);
        assert!(w.find("P-1.head").is_none() && w.is_hidden("P-1.head"));
        assert_eq!(w.nearest("P-1.heat"), None);
        w.input(&Source::Signal("P-1.head".into()));
        w.board();
        assert!(w.mistakes[0].1.contains("is hidden"), "{:?}", w.mistakes);
    }

    #[test]
    fn names_of_parts_places_machines_and_commands_that_are_none_are_mistakes() {
        let start = BTreeMap::from([("P-1.bering".to_string(), 0.5)]);
        let mut w = Wiring::new(1, WearSpec { start, ..WearSpec::default() });
        w.part("P-1", "bearing", 1000.0, 0.3);
        w.part("P-1", "bearing", 1000.0, 0.3);
        let tank = w.store("TK-1", 1.0, 0.5, 20.0);
        assert_eq!((w.place("TK-1"), w.place("outside")), (tank, Place::Outside));
        assert_eq!(w.place("TK-2"), Place::Outside);
        w.permit("P-1");
        w.interlock("P-2", "the tank is empty");
        w.command("P-1", 0, "run", Takes::Switch, 5.0);
        w.command("P-1", 1, "run", Takes::Switch, 5.0);
        w.supplies("mains");
        w.supplies("mains");
        w.board();
        let said: Vec<&str> = w.mistakes.iter().map(|(_, message)| message.as_str()).collect();
        let expected = [
            "two parts named \"P-1.bearing\"",
            "keeps water as \"TK-2\"; nearest: \"TK-1\"",
            "two blocks obey P-1/set/run",
            "two blocks supply \"mains\"",
            "no machine has the part \"P-1.bering\"; nearest: \"P-1.bearing\"",
            "cannot stop \"P-2\": no block runs it; nearest: \"P-1\"",
        ];
        assert_eq!(said.len(), expected.len(), "{said:#?}");
        for (said, expected) in said.iter().zip(expected) {
            assert!(said.contains(expected), "{said}");
        }
    }

    #[test]
    fn a_word_is_kept_once() {
        assert!(std::ptr::eq(keep("a word"), keep(&String::from("a word"))));
        let words = ["a", "b"].map(keep);
        assert!(std::ptr::eq(keep_words(&words), keep_words(&words)));
    }
}
