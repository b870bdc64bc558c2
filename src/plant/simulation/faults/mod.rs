//! What is broken now: faults come at a time, grow, stay and go, whoever asked for them.

mod catalogue;
mod plan;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::catalogue::Fault;
pub use self::plan::{Course, FaultsSpec, Plan};
use crate::twin::nearest;

/// Faults that may be present at the same time.
const MOST: usize = 256;

/// A fault that a block can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultSlot(usize);

/// A fault that comes, and how.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Occurrence {
    /// Which fault of which machine.
    pub slot: FaultSlot,
    /// 0 to 1.
    pub severity: f64,
    /// In the fault's own unit.
    pub size: Option<f64>,
    /// When it comes, since the plant's start, µs.
    pub from_us: i64,
    /// Time in which it grows, and in which it goes, µs.
    pub ramp_us: i64,
    /// Time for which it stays, µs; `None`: until it is cleared.
    pub for_us: Option<i64>,
}

impl Occurrence {
    /// A fault by the catalogue's ramp and duration, from a time on.
    pub fn usual(slot: FaultSlot, fault: Fault, from_us: i64) -> Self {
        let about = fault.about();
        let us = |s: f64| (s * 1e6) as i64;
        Self {
            slot,
            severity: 1.0,
            size: None,
            from_us,
            ramp_us: us(about.ramp_s),
            for_us: about.for_s.map(us),
        }
    }

    /// Its severity at a time; `None` when it is over.
    fn at(&self, now_us: i64) -> Option<f64> {
        let since = now_us.saturating_sub(self.from_us);
        if since < 0 {
            return Some(0.0);
        }
        let ramp = self.ramp_us.max(0);
        let part = |us: i64| if ramp > 0 { (us as f64 / ramp as f64).min(1.0) } else { 1.0 };
        let stays_until = self.for_us.map(|stays| ramp.saturating_add(stays.max(0)));
        match stays_until {
            Some(until) if since >= until.saturating_add(ramp) => None,
            Some(until) if since > until => Some(self.severity * (1.0 - part(since - until))),
            _ => Some(self.severity * part(since)),
        }
    }
}

/// All that can have a fault, and all faults that are present.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    known: Vec<(String, Fault)>,
    index: BTreeMap<Fault, BTreeMap<String, usize>>,
    present: Vec<Occurrence>,
    /// By slot: severity and size of the strongest one now.
    now: Vec<(f64, Option<f64>)>,
}

impl Faults {
    pub(super) fn add(&mut self, on: &str, fault: Fault) -> FaultSlot {
        self.find(on, fault).unwrap_or_else(|| {
            let at = self.known.len();
            self.known.push((on.to_string(), fault));
            self.index.entry(fault).or_default().insert(on.to_string(), at);
            self.now.push((0.0, None));
            FaultSlot(at)
        })
    }

    /// Every fault that something can have.
    pub fn known(&self) -> impl Iterator<Item = (FaultSlot, &str, Fault)> {
        self.known.iter().enumerate().map(|(at, (on, fault))| (FaultSlot(at), &**on, *fault))
    }

    /// The slot of a fault of a machine or instrument.
    pub fn find(&self, on: &str, fault: Fault) -> Option<FaultSlot> {
        self.index.get(&fault)?.get(on).copied().map(FaultSlot)
    }

    /// The slot of a fault by its names.
    ///
    /// # Errors
    /// When there is no such fault, or nothing of that name can have it; names the nearest.
    pub fn look_up(&self, fault: &str, on: &str) -> Result<(FaultSlot, Fault), String> {
        let near = |name: &str, among: &mut dyn Iterator<Item = &str>| {
            nearest(name, among).map(|near| format!("; nearest: {near:?}")).unwrap_or_default()
        };
        let Some(found) = Fault::named(fault) else {
            let mut names = Fault::catalogue().iter().map(|about| about.name);
            return Err(format!("there is no fault {fault:?}{}", near(fault, &mut names)));
        };
        if let Some(slot) = self.find(on, found) {
            return Ok((slot, found));
        }
        let mut able = self.known.iter().filter(|(_, f)| *f == found).map(|(on, _)| on.as_str());
        let near = near(on, &mut able);
        let near = if near.is_empty() {
            let able: Vec<_> = self.known.iter().filter(|(_, f)| *f == found).collect();
            match able.first() {
                None => "; nothing in this plant can".to_string(),
                Some((first, _)) if able.len() == 1 => format!("; only {first:?} can"),
                Some((first, _)) => format!("; {first:?} and {} others can", able.len() - 1),
            }
        } else {
            near
        };
        Err(format!("{on:?} cannot have the fault {fault:?}{near}"))
    }

    /// Adds a fault.
    ///
    /// # Errors
    /// When its severity or size is none, or too many are present.
    pub fn inject(&mut self, occurrence: Occurrence) -> Result<(), String> {
        if !(0.0..=1.0).contains(&occurrence.severity) {
            return Err(format!("the severity is {}; expected 0 to 1", occurrence.severity));
        }
        if occurrence.size.is_some_and(|size| !size.is_finite()) {
            return Err("the size is no number".into());
        }
        if self.present.len() >= MOST {
            return Err(format!("{MOST} faults are present already; clear some first"));
        }
        self.present.push(occurrence);
        Ok(())
    }

    /// Ends a fault at once, or all; gives how many.
    pub fn clear(&mut self, slot: Option<FaultSlot>) -> usize {
        let before = self.present.len();
        self.present.retain(|present| slot.is_some_and(|slot| present.slot != slot));
        for (at, now) in self.now.iter_mut().enumerate() {
            if slot.is_none_or(|slot| slot.0 == at) {
                *now = (0.0, None);
            }
        }
        before - self.present.len()
    }

    /// What is present or to come, in the order in which it was asked for.
    pub fn present(&self) -> &[Occurrence] {
        &self.present
    }

    /// Brings everything to a time; what is over goes.
    pub fn advance(&mut self, now_us: i64) {
        if self.present.is_empty() {
            return;
        }
        for present in &self.present {
            self.now[present.slot.0] = (0.0, None);
        }
        let now = &mut self.now;
        self.present.retain(|present| {
            let Some(severity) = present.at(now_us) else { return false };
            let strongest = &mut now[present.slot.0];
            if severity > strongest.0 {
                *strongest = (severity, present.size);
            }
            true
        });
    }

    /// The present severity of a fault, 0 to 1.
    pub fn severity(&self, fault: FaultSlot) -> f64 {
        self.now[fault.0].0
    }

    /// The size of the strongest present fault, where one is stated.
    pub fn size(&self, fault: FaultSlot) -> Option<f64> {
        self.now[fault.0].1
    }

    /// Puts back what [`present`](Self::present) gave, at a time; `false` when it names what this plant
    /// does not have.
    pub fn restore(&mut self, present: Vec<Occurrence>, now_us: i64) -> bool {
        let is_known = |o: &Occurrence| {
            o.slot.0 < self.known.len()
                && (0.0..=1.0).contains(&o.severity)
                && o.size.is_none_or(f64::is_finite)
        };
        if present.len() > MOST || !present.iter().all(is_known) {
            return false;
        }
        self.present = present;
        self.now.iter_mut().for_each(|now| *now = (0.0, None));
        self.advance(now_us);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults() -> (Faults, FaultSlot) {
        let mut faults = Faults::default();
        let slot = faults.add("P-102", Fault::Bearing);
        assert_eq!(faults.add("P-102", Fault::Bearing), slot, "it is one");
        (faults, slot)
    }

    fn at(faults: &mut Faults, slot: FaultSlot, s: i64) -> f64 {
        faults.advance(s * 1_000_000);
        faults.severity(slot)
    }

    #[test]
    fn a_fault_grows_stays_and_goes() {
        let (mut faults, slot) = faults();
        let (ramp_us, for_us) = (10_000_000, Some(20_000_000));
        let coming = Occurrence {
            slot,
            severity: 0.8,
            size: Some(3.0),
            from_us: 5_000_000,
            ramp_us,
            for_us,
        };
        faults.inject(coming).expect("room");
        let course = [0, 5, 10, 15, 35, 40, 45].map(|s| at(&mut faults, slot, s));
        assert_eq!(course, [0.0, 0.0, 0.4, 0.8, 0.8, 0.4, 0.0]);
        assert!(faults.present().is_empty() && faults.size(slot).is_none());
    }

    #[test]
    fn the_strongest_of_several_counts_and_all_can_be_cleared() {
        let (mut faults, slot) = faults();
        for (severity, size) in [(0.3, None), (0.6, Some(2.0)), (0.5, Some(9.0))] {
            let usual = Occurrence::usual(slot, Fault::Bearing, 0);
            let weak = Occurrence { severity, size, ramp_us: 0, ..usual };
            faults.inject(weak).expect("room");
        }
        assert_eq!(at(&mut faults, slot, 1), 0.6);
        assert_eq!(faults.size(slot), Some(2.0));
        let mut other = faults.clone();
        assert_eq!(other.clear(Some(slot)), 3);
        assert_eq!((other.severity(slot), at(&mut other, slot, 2)), (0.0, 0.0));
        assert!(other.restore(faults.present().to_vec(), 0) && other.severity(slot) == 0.6);
        let foreign = Occurrence { slot: FaultSlot(7), ..faults.present()[0] };
        assert!(!other.restore(vec![foreign], 0));
    }

    #[test]
    fn what_cannot_be_is_refused_with_the_nearest_name() {
        let (mut faults, slot) = faults();
        assert!(
            faults.look_up("bearings", "P-102").expect_err("it is refused").contains("\"bearing\"")
        );
        assert!(
            faults.look_up("bearing", "P-12").expect_err("it is refused").contains("\"P-102\"")
        );
        assert!(
            faults
                .look_up("jam", "P-102")
                .expect_err("it is refused")
                .contains("nothing in this plant")
        );
        assert_eq!(faults.look_up("bearing", "P-102"), Ok((slot, Fault::Bearing)));
        let usual = Occurrence::usual(slot, Fault::Bearing, 0);
        assert!(faults.inject(Occurrence { severity: f64::NAN, ..usual }).is_err());
        for _ in 0..MOST {
            faults.inject(usual).expect("room");
        }
        assert!(faults.inject(usual).expect_err("it is refused").contains("256"));
    }
}
