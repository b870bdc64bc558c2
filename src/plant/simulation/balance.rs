//! What is conserved: water and its heat between stores, energy on buses.
//!
//! It moves only by transfers that take here and give there, in whole nanolitres and microjoules, so
//! that a balance closes exactly and not only nearly: what entered = what left + what is held.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::reading::figure;

/// Nanolitres in a cubic metre.
const NL: f64 = 1e12;
/// Microjoules in a joule.
const UJ: f64 = 1e6;
/// Heat of a cubic metre of water, J/(m³ K). The heat of a store counts from 0 °C.
pub const HEAT_J: f64 = 4.18e6;
/// Temperature of what comes from outside where none is stated, °C.
const OUTSIDE_C: f64 = 12.0;
/// The largest store, m³.
const LARGEST_M3: f64 = 100_000.0;
/// A store with less than this has no temperature of its own, nl (a millilitre).
const TRACE_NL: i64 = 1_000_000;

/// Where water is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Beyond the plant: it has everything and takes everything.
    Outside,
    /// The store of that number.
    Store(usize),
}

/// Water on its way, which must arrive: what is dropped is missing from the balance.
#[must_use = "what is not given to a place is missing from the balance"]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    nl: i64,
    heat_uj: i128,
}

impl Parcel {
    /// Its volume, m³.
    pub fn m3(&self) -> f64 {
        self.nl as f64 / NL
    }

    /// Its volume, nanolitres.
    pub fn nl(&self) -> i64 {
        self.nl
    }

    /// Its heat above 0 °C, microjoules.
    pub fn heat_uj(&self) -> i128 {
        self.heat_uj
    }

    /// Whether there is nothing in it, neither water nor heat.
    pub fn is_empty(&self) -> bool {
        self.nl == 0 && self.heat_uj == 0
    }

    /// Its temperature, °C; `None` for less than a millilitre.
    pub fn celsius(&self) -> Option<f64> {
        (self.nl >= TRACE_NL).then(|| self.heat_uj as f64 / UJ / (self.m3() * HEAT_J))
    }

    /// Puts another one into this one, mixed.
    pub fn mix(&mut self, other: Self) {
        self.nl += other.nl;
        self.heat_uj += other.heat_uj;
    }

    /// Takes so many nanolitres out of it, at most what is there, with their share of its heat.
    pub fn split(&mut self, nl: i64) -> Self {
        let nl = nl.clamp(0, self.nl.max(0));
        let heat_uj = if nl == self.nl {
            self.heat_uj
        } else {
            self.heat_uj * i128::from(nl) / i128::from(self.nl)
        };
        self.nl -= nl;
        self.heat_uj -= heat_uj;
        Self { nl, heat_uj }
    }

    /// Passes heat (J, of either sign) from this one to another.
    pub fn pass_heat(&mut self, to: &mut Self, joule: f64) {
        let heat = (joule * UJ).round() as i128;
        self.heat_uj -= heat;
        to.heat_uj += heat;
    }

    fn of(m3: f64, celsius: f64) -> Self {
        let nl = nanolitres(m3);
        Self { nl, heat_uj: (nl as f64 / NL * HEAT_J * celsius * UJ).round() as i128 }
    }
}

/// A volume in nanolitres; what is no volume is none.
pub fn nanolitres(m3: f64) -> i64 {
    if m3 > 0.0 { (m3.min(LARGEST_M3) * NL).round() as i64 } else { 0 }
}

/// What passed a store since the start, nl.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    /// Given to it.
    pub given_nl: i64,
    /// Taken from it.
    pub taken_nl: i64,
    /// Wanted from it and not there.
    pub short_nl: i64,
}

/// A store of water.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Store {
    capacity_nl: i64,
    content: Parcel,
    passed: Passed,
    /// Last known while there was something in it, °C.
    celsius: f64,
}

/// The ledger of what passed the plant's boundary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Ledger {
    entered: i128,
    left: i128,
}

/// What entered, left and is held of a quantity: entered = left + held, exactly, when the blocks'
/// are added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// Such as `water` (nl), `heat` (µJ above 0 °C), `energy` (µJ), `bottles`, `crates`.
    pub quantity: &'static str,
    /// Since the start, with what was there at the start.
    pub entered: i128,
    /// Since the start.
    pub left: i128,
    /// Now.
    pub held: i128,
}

/// All stores of water.
#[derive(Clone, Debug, Default)]
pub struct Stores {
    names: BTreeMap<String, usize>,
    state: StoresState,
}

/// What snapshots keep of the stores.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StoresState {
    stores: Vec<Store>,
    water: Ledger,
    heat: Ledger,
}

impl Stores {
    /// Adds a store; `Err` says what of it is none.
    pub(super) fn add(
        &mut self,
        name: &str,
        capacity_m3: f64,
        level_m3: f64,
        celsius: f64,
    ) -> Result<usize, String> {
        let is_volume = |m3: f64| (0.0..=LARGEST_M3).contains(&m3);
        if !is_volume(capacity_m3) || !is_volume(level_m3) || level_m3 > capacity_m3 {
            return Err(format!(
                "the store {name} of {} m³ with {} m³ in it cannot be: expected a content from 0 to the \
                 capacity, and at most {LARGEST_M3} m³",
                figure(capacity_m3),
                figure(level_m3)
            ));
        }
        if !(-50.0..=300.0).contains(&celsius) {
            return Err(format!("the content of {name} cannot have {celsius} °C"));
        }
        let next = self.state.stores.len();
        if self.names.insert(name.to_string(), next).is_some() {
            return Err(format!("there are two stores named {name:?}; give one another asset"));
        }
        let content = self.bring(level_m3, celsius);
        self.state.stores.push(Store {
            capacity_nl: nanolitres(capacity_m3),
            content,
            passed: Passed::default(),
            celsius,
        });
        Ok(next)
    }

    pub(super) fn find(&self, name: &str) -> Option<Place> {
        match name {
            "outside" => Some(Place::Outside),
            _ => self.names.get(name).map(|at| Place::Store(*at)),
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    /// Takes water of a stated temperature from outside.
    pub fn bring(&mut self, m3: f64, celsius: f64) -> Parcel {
        let parcel = Parcel::of(m3, celsius);
        self.state.water.entered += i128::from(parcel.nl);
        self.count_heat(parcel.heat_uj);
        parcel
    }

    fn count_heat(&mut self, heat_uj: i128) {
        if heat_uj >= 0 {
            self.state.heat.entered += heat_uj;
        } else {
            self.state.heat.left -= heat_uj;
        }
    }

    /// Takes so much from a place, at most what is there; from outside it has 12 °C.
    pub fn take(&mut self, from: Place, m3: f64) -> Parcel {
        match from {
            Place::Outside => self.bring(m3, OUTSIDE_C),
            Place::Store(at) => {
                let store = &mut self.state.stores[at];
                let wanted = nanolitres(m3);
                let parcel = store.content.split(wanted);
                store.passed.taken_nl += parcel.nl;
                store.passed.short_nl += wanted - parcel.nl;
                store.celsius = store.content.celsius().unwrap_or(store.celsius);
                parcel
            }
        }
    }

    /// Gives a parcel to a place; hands back what found no room.
    pub fn give(&mut self, to: Place, mut parcel: Parcel) -> Parcel {
        match to {
            Place::Outside => {
                self.state.water.left += i128::from(parcel.nl);
                self.count_heat(-parcel.heat_uj);
                Parcel::default()
            }
            Place::Store(at) => {
                let store = &mut self.state.stores[at];
                let fits = parcel.split(store.capacity_nl - store.content.nl);
                store.passed.given_nl += fits.nl;
                store.content.mix(fits);
                store.celsius = store.content.celsius().unwrap_or(store.celsius);
                parcel
            }
        }
    }

    /// Adds heat (J; negative: takes it) to a store's content from outside; nothing to a dry store.
    pub fn warm(&mut self, place: Place, joule: f64) {
        let Place::Store(at) = place else { return };
        if self.state.stores[at].content.nl < TRACE_NL {
            return;
        }
        let heat = (joule * UJ).round() as i128;
        self.count_heat(heat);
        let store = &mut self.state.stores[at];
        store.content.heat_uj += heat;
        store.celsius = store.content.celsius().unwrap_or(store.celsius);
    }

    /// Adds heat (J; negative: takes it) to a parcel from outside.
    pub fn warm_parcel(&mut self, parcel: &mut Parcel, joule: f64) {
        let heat = (joule * UJ).round() as i128;
        self.count_heat(heat);
        parcel.heat_uj += heat;
    }

    /// What is in a store, m³; outside there is always enough.
    pub fn volume_m3(&self, place: Place) -> f64 {
        match place {
            Place::Outside => LARGEST_M3,
            Place::Store(at) => self.state.stores[at].content.m3(),
        }
    }

    /// What passed a store since the start; of outside nothing is counted here.
    pub fn passed(&self, place: Place) -> Passed {
        match place {
            Place::Outside => Passed::default(),
            Place::Store(at) => self.state.stores[at].passed,
        }
    }

    /// What still fits into a store, m³.
    pub fn room_m3(&self, place: Place) -> f64 {
        match place {
            Place::Outside => LARGEST_M3,
            Place::Store(at) => {
                let store = &self.state.stores[at];
                (store.capacity_nl - store.content.nl) as f64 / NL
            }
        }
    }

    /// The temperature of a place's content, of a dry store the last one, °C.
    pub fn celsius(&self, place: Place) -> f64 {
        match place {
            Place::Outside => OUTSIDE_C,
            Place::Store(at) => self.state.stores[at].celsius,
        }
    }

    /// Of water in nanolitres and of its heat in microjoules.
    pub fn balances(&self) -> Vec<Balance> {
        let s = &self.state;
        let held = |of: fn(&Parcel) -> i128| s.stores.iter().map(|store| of(&store.content)).sum();
        vec![
            Balance {
                quantity: "water",
                entered: s.water.entered,
                left: s.water.left,
                held: held(|parcel| i128::from(parcel.nl)),
            },
            Balance {
                quantity: "heat",
                entered: s.heat.entered,
                left: s.heat.left,
                held: held(|parcel| parcel.heat_uj),
            },
        ]
    }

    /// The state for snapshots.
    pub fn state(&self) -> &StoresState {
        &self.state
    }

    /// Puts back what [`state`](Self::state) gave; `false` when the number of stores is another.
    pub fn restore(&mut self, state: StoresState) -> bool {
        let fits = state.stores.len() == self.state.stores.len();
        if fits {
            self.state = state;
        }
        fits
    }
}

/// A supply of energy that several share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bus(usize);

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct BusState {
    /// Of the nominal supply, 0 to 1.
    share: f64,
    /// Drawn since its source settled it last, µJ.
    pending_uj: i64,
}

/// All buses and meters.
#[derive(Clone, Debug, Default)]
pub struct Meters {
    buses: BTreeMap<String, usize>,
    /// By bus: a block supplies it. Without one it is supplied from outside.
    has_source: Vec<bool>,
    state: MetersState,
}

/// What snapshots keep of the meters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MetersState {
    buses: Vec<BusState>,
    meters_uj: Vec<i64>,
    imported_uj: i128,
}

impl Meters {
    pub(super) fn bus(&mut self, name: &str) -> Bus {
        let next = self.state.buses.len();
        let at = *self.buses.entry(name.to_string()).or_insert(next);
        if at == next {
            self.state.buses.push(BusState { share: 1.0, pending_uj: 0 });
            self.has_source.push(false);
        }
        Bus(at)
    }

    /// Marks a bus as supplied by a block; `false` when one does already.
    pub(super) fn source(&mut self, bus: Bus) -> bool {
        !std::mem::replace(&mut self.has_source[bus.0], true)
    }

    pub(super) fn is_supplied(&self, name: &str) -> bool {
        self.buses.get(name).is_some_and(|at| self.has_source[*at])
    }

    pub(super) fn meter(&mut self) -> usize {
        self.state.meters_uj.push(0);
        self.state.meters_uj.len() - 1
    }

    /// Draws `kw` (at full supply) from a bus for a step, and counts it at a meter; gives the share of
    /// the supply that there is, 0 to 1.
    pub fn use_energy(&mut self, bus: Bus, meter: usize, kw: f64, dt_s: f64) -> f64 {
        let share = self.state.buses[bus.0].share;
        let uj = microjoules(kw * share, dt_s);
        self.draw(bus, uj);
        self.consume(meter, uj);
        share
    }

    /// Draws energy from a bus that is counted elsewhere, such as by a supply that passes it on.
    pub fn draw(&mut self, bus: Bus, uj: i64) {
        if self.has_source[bus.0] {
            self.state.buses[bus.0].pending_uj += uj;
        } else {
            self.import(uj);
        }
    }

    /// Counts energy at a meter that was drawn elsewhere, such as losses.
    pub fn consume(&mut self, meter: usize, uj: i64) {
        self.state.meters_uj[meter] += uj;
    }

    /// Counts energy that comes into the plant.
    pub fn import(&mut self, uj: i64) {
        self.state.imported_uj += i128::from(uj);
    }

    /// What was drawn from a bus since this was asked last, µJ: its source must supply it.
    pub fn settle(&mut self, bus: Bus) -> i64 {
        std::mem::take(&mut self.state.buses[bus.0].pending_uj)
    }

    /// Sets how much of the nominal supply a bus has, 0 to 1.
    pub fn supply(&mut self, bus: Bus, share: f64) {
        self.state.buses[bus.0].share = if share > 0.0 { share.min(1.0) } else { 0.0 };
    }

    /// How much of the nominal supply a bus has, 0 to 1.
    pub fn share(&self, bus: Bus) -> f64 {
        self.state.buses[bus.0].share
    }

    /// Counted at a meter since the start, µJ.
    pub fn metered_uj(&self, meter: usize) -> i64 {
        self.state.meters_uj[meter]
    }

    /// Of energy, µJ. What sources have not settled yet is owed, and counts as held below zero.
    pub fn balances(&self) -> Vec<Balance> {
        let s = &self.state;
        vec![Balance {
            quantity: "energy",
            entered: s.imported_uj,
            left: s.meters_uj.iter().map(|uj| i128::from(*uj)).sum(),
            held: -s.buses.iter().map(|bus| i128::from(bus.pending_uj)).sum::<i128>(),
        }]
    }

    /// The state for snapshots.
    pub fn state(&self) -> &MetersState {
        &self.state
    }

    /// Puts back what [`state`](Self::state) gave; `false` when the numbers are others.
    pub fn restore(&mut self, state: MetersState) -> bool {
        let fits = state.buses.len() == self.state.buses.len()
            && state.meters_uj.len() == self.state.meters_uj.len();
        if fits {
            self.state = state;
        }
        fits
    }
}

/// The energy of a power over a step, µJ.
pub fn microjoules(kw: f64, dt_s: f64) -> i64 {
    (kw * 1e3 * dt_s * UJ).round() as i64
}

/// Adds up balances by quantity.
pub fn by_quantity(all: impl IntoIterator<Item = Balance>) -> Vec<Balance> {
    let mut sums: BTreeMap<&'static str, Balance> = BTreeMap::new();
    for balance in all {
        match sums.get_mut(balance.quantity) {
            None => drop(sums.insert(balance.quantity, balance)),
            Some(sum) => {
                sum.entered += balance.entered;
                sum.left += balance.left;
                sum.held += balance.held;
            }
        }
    }
    sums.into_values().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn closes(balances: Vec<Balance>) {
        for Balance { quantity, entered, left, held } in by_quantity(balances) {
            assert_eq!(entered, left + held, "{quantity}");
        }
    }

    fn two() -> (Stores, [Place; 2]) {
        let mut stores = Stores::default();
        let a = stores.add("A", 2.0, 1.5, 60.0).expect("a store");
        let b = stores.add("B", 1.0, 0.0, 20.0).expect("a store");
        (stores, [Place::Store(a), Place::Store(b)])
    }

    #[test]
    fn an_empty_store_gives_what_it_has_and_a_full_one_hands_back_the_rest() {
        let (mut stores, [a, b]) = two();
        let parcel = stores.take(a, 5.0);
        assert_eq!((parcel.m3(), stores.volume_m3(a)), (1.5, 0.0));
        let rest = stores.give(b, parcel);
        assert_eq!((rest.m3(), stores.volume_m3(b), stores.room_m3(b)), (0.5, 1.0, 0.0));
        assert!((stores.celsius(b) - 60.0).abs() < 1e-9 && (stores.celsius(a) - 60.0).abs() < 1e-9);
        assert!(stores.give(Place::Outside, rest).is_empty());
        closes(stores.balances());
    }

    #[test]
    fn what_is_mixed_has_the_temperature_between() {
        let (mut stores, [a, _]) = two();
        let cold = stores.bring(0.5, 20.0);
        assert!(stores.give(a, cold).is_empty());
        assert!((stores.celsius(a) - 50.0).abs() < 1e-9, "{}", stores.celsius(a));
        stores.warm(a, -2.0 * HEAT_J * 10.0);
        assert!((stores.celsius(a) - 40.0).abs() < 1e-9, "{}", stores.celsius(a));
        closes(stores.balances());
    }

    #[test]
    fn a_store_that_cannot_be_is_refused() {
        let mut stores = Stores::default();
        assert!(stores.add("A", 1.0, 2.0, 20.0).is_err());
        assert!(stores.add("A", f64::NAN, 0.0, 20.0).is_err());
        assert!(stores.add("A", 1.0, 0.5, 20.0).is_ok());
        assert!(stores.add("A", 1.0, 0.5, 20.0).expect_err("twice").contains("two stores"));
    }

    #[test]
    fn energy_is_owed_until_the_source_settles_it() {
        let mut meters = Meters::default();
        let (main, loads) = (meters.bus("mains"), [meters.meter(), meters.meter()]);
        assert!(meters.source(main) && !meters.source(main));
        meters.supply(main, 0.5);
        assert_eq!(meters.use_energy(main, loads[0], 10.0, 0.02), 0.5);
        meters.use_energy(main, loads[1], 1.0, 0.02);
        assert_eq!(meters.metered_uj(loads[0]), 100_000_000);
        closes(meters.balances());
        let owed = meters.settle(main);
        assert_eq!(owed, 110_000_000);
        meters.import(owed);
        closes(meters.balances());
        let grid = meters.bus("grid");
        meters.use_energy(grid, loads[1], 1.0, 0.02);
        closes(meters.balances());
    }

    proptest! {
        #[test]
        fn every_transfer_closes_the_balance(
            moves in prop::collection::vec((0usize..3, 0usize..3, -1.0..3.0f64, -1e9..1e9f64), 0..60),
        ) {
            let (mut stores, [a, b]) = two();
            let places = [Place::Outside, a, b];
            for (from, to, m3, joule) in moves {
                let parcel = stores.take(places[from], m3);
                let rest = stores.give(places[to], parcel);
                let none = stores.give(Place::Outside, rest);
                prop_assert!(none.is_empty());
                stores.warm(places[to], joule);
                for Balance { quantity, entered, left, held } in stores.balances() {
                    prop_assert!(entered == left + held, "{}", quantity);
                }
                prop_assert!(stores.volume_m3(a) >= 0.0 && stores.room_m3(b) >= 0.0);
            }
        }
    }
}
