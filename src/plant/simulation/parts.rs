//! Parts that wear: the plant's hidden truth. No signal and no message tells how far one is worn.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::noise;

/// A part that a block has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartSlot(usize);

/// The `wear` field of the section.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WearSpec {
    /// How many times faster than stated parts wear; 0: not at all.
    pub ageing: f64,
    /// How far a part is worn at the start, 0 to 1, by `asset.part`.
    pub start: BTreeMap<String, f64>,
    /// How many times faster than usual a part wears, by `asset.part`; without it, it is drawn.
    pub pace: BTreeMap<String, f64>,
}

impl Default for WearSpec {
    fn default() -> Self {
        Self { ageing: 1.0, start: BTreeMap::new(), pace: BTreeMap::new() }
    }
}

/// One part.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Of which machine.
    pub asset: String,
    /// Its name, such as `bearing`.
    pub name: &'static str,
    /// Median life under a stress of 1, h.
    pub life_h: f64,
    /// Standard deviation of lives by their mean.
    pub spread: f64,
    /// What of it changes.
    pub state: PartState,
    /// A pace that the section states.
    stated_pace: Option<f64>,
}

/// What of a part changes, for snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartState {
    /// 0 new, 1 done.
    pub worn: f64,
    /// How often it was replaced.
    pub replaced: u32,
    /// How many times faster than usual this one wears.
    pub pace: f64,
}

/// All parts.
#[derive(Clone, Debug)]
pub struct Parts {
    seed: u64,
    ageing: f64,
    parts: Vec<Part>,
}

impl Default for Parts {
    fn default() -> Self {
        Self { seed: 0, ageing: 1.0, parts: Vec::new() }
    }
}

/// The pace of a part: lives are Weibull distributed with median 1 and about this spread.
fn pace(seed: u64, asset: &str, name: &str, replaced: u32, spread: f64) -> f64 {
    if !(spread > 0.0) {
        return 1.0;
    }
    let stream = noise::stream(&format!("{asset}.{name} life"));
    let u = noise::uniform(seed, stream, u64::from(replaced)).clamp(1e-6, 1.0 - 1e-6);
    // The usual approximation of a Weibull distribution's shape by its coefficient of variation.
    let shape = libm::pow(spread, -1.086);
    let life = libm::pow(-libm::log(u) / std::f64::consts::LN_2, 1.0 / shape);
    1.0 / life
}

impl Parts {
    pub(super) fn new(seed: u64, wear: &WearSpec) -> Self {
        Self { seed, ageing: wear.ageing, parts: Vec::new() }
    }

    /// Adds a part; `Err` says what is wrong with it.
    pub(super) fn add(
        &mut self,
        asset: &str,
        name: &'static str,
        (life_h, spread): (f64, f64),
        wear: &WearSpec,
    ) -> Result<PartSlot, String> {
        let full = format!("{asset}.{name}");
        if self.find(asset, name).is_some() {
            return Err(format!("there are two parts named {full:?}; give one another asset"));
        }
        if !(life_h > 0.0 && life_h.is_finite()) {
            return Err(format!("the life of {full:?} is {life_h} h; expected more than 0"));
        }
        let worn = wear.start.get(&full).copied().unwrap_or(0.0);
        if !(0.0..=1.0).contains(&worn) {
            return Err(format!("{full:?} is worn {worn} at the start; expected 0 to 1"));
        }
        let stated_pace = wear.pace.get(&full).copied();
        if stated_pace.is_some_and(|pace| !(0.0..=1e6).contains(&pace)) {
            return Err(format!("the pace of {full:?} is no number from 0 to 1000000"));
        }
        let pace = stated_pace.unwrap_or_else(|| pace(self.seed, asset, name, 0, spread));
        let state = PartState { worn, replaced: 0, pace };
        self.parts.push(Part {
            asset: asset.to_string(),
            name,
            life_h,
            spread,
            state,
            stated_pace,
        });
        Ok(PartSlot(self.parts.len() - 1))
    }

    /// A slot to go on with after a mistake; the plant is not run.
    pub(super) fn spare(&self) -> PartSlot {
        PartSlot(self.parts.len().saturating_sub(1))
    }

    /// The part of that machine and name.
    pub fn find(&self, asset: &str, name: &str) -> Option<PartSlot> {
        let is_it = |part: &Part| part.asset == asset && part.name == name;
        self.parts.iter().position(is_it).map(PartSlot)
    }

    /// Every part, in the order in which the blocks have them.
    pub fn iter(&self) -> impl Iterator<Item = (PartSlot, &Part)> {
        self.parts.iter().enumerate().map(|(at, part)| (PartSlot(at), part))
    }

    /// The names of a machine's parts.
    pub fn names<'a>(&'a self, asset: &'a str) -> impl Iterator<Item = &'static str> + 'a {
        self.parts.iter().filter(move |part| part.asset == asset).map(|part| part.name)
    }

    /// How far a part is worn, 0 to 1.
    pub fn worn(&self, part: PartSlot) -> f64 {
        self.parts[part.0].state.worn
    }

    /// Wears a part.
    pub fn wear(&mut self, part: PartSlot, stress: f64, dt_s: f64) {
        let ageing = self.ageing;
        let Part { state, life_h, .. } = &mut self.parts[part.0];
        let more = stress.max(0.0) * ageing * state.pace * dt_s / (*life_h * 3600.0);
        if more.is_finite() {
            state.worn = (state.worn + more).min(1.0);
        }
    }

    /// Puts a new part in the place of a worn one, with a pace of its own.
    pub fn replace(&mut self, part: PartSlot) {
        let seed = self.seed;
        let Part { asset, name, spread, state, stated_pace, .. } = &mut self.parts[part.0];
        state.worn = 0.0;
        state.replaced += 1;
        state.pace =
            stated_pace.unwrap_or_else(|| pace(seed, asset, name, state.replaced, *spread));
    }

    /// The state for snapshots.
    pub fn state(&self) -> Vec<PartState> {
        self.parts.iter().map(|part| part.state).collect()
    }

    /// Puts back what [`state`](Self::state) gave; `false` when it is none of these parts.
    pub fn restore(&mut self, state: &[PartState]) -> bool {
        let is_state = |s: &PartState| (0.0..=1.0).contains(&s.worn) && s.pace >= 0.0;
        let fits = state.len() == self.parts.len() && state.iter().all(is_state);
        if fits {
            self.parts.iter_mut().zip(state).for_each(|(part, state)| part.state = *state);
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(seed: u64, wear: &WearSpec) -> (Parts, PartSlot) {
        let mut parts = Parts::new(seed, wear);
        let slot = parts.add("P-1", "bearing", (1000.0, 0.3), wear).expect("a part");
        (parts, slot)
    }

    #[test]
    fn lives_have_the_stated_median_and_spread() {
        let wear = WearSpec::default();
        let mut lives: Vec<f64> =
            (0..2000).map(|seed| 1.0 / with(seed, &wear).0.parts[0].state.pace).collect();
        lives.sort_by(f64::total_cmp);
        let mean = lives.iter().sum::<f64>() / 2000.0;
        let variance = lives.iter().map(|life| (life - mean) * (life - mean)).sum::<f64>() / 2000.0;
        assert!((lives[1000] - 1.0).abs() < 0.03, "median {}", lives[1000]);
        assert!(
            (libm::sqrt(variance) / mean - 0.3).abs() < 0.03,
            "{}",
            libm::sqrt(variance) / mean
        );
    }

    #[test]
    fn a_part_wears_by_stress_and_ageing_and_is_new_when_replaced() {
        let pace = BTreeMap::from([("P-1.bearing".into(), 2.0)]);
        let wear = WearSpec { ageing: 10.0, pace, ..WearSpec::default() };
        let (mut parts, slot) = with(1, &wear);
        parts.wear(slot, 0.5, 3600.0);
        assert!((parts.worn(slot) - 0.01).abs() < 1e-12, "{}", parts.worn(slot));
        parts.wear(slot, 1e9, 3600.0);
        assert_eq!(parts.worn(slot), 1.0);
        parts.replace(slot);
        let state = parts.parts[0].state;
        assert_eq!(state, PartState { worn: 0.0, replaced: 1, pace: 2.0 });
        let (mut drawn, slot) = with(1, &WearSpec::default());
        let before = drawn.state();
        drawn.replace(slot);
        assert_ne!(drawn.state()[0].pace, before[0].pace, "the new one has another life");
        assert!(drawn.restore(&before) && drawn.state() == before && !drawn.restore(&[]));
    }
}
