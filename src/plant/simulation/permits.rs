//! Permits: what keeps a machine from running, each reason with its sentence.

use std::collections::BTreeMap;

/// The reason for which a machine must not run while somebody works on it.
pub const AT_WORK: &str = "somebody works on it; wait until the maintenance is done";

/// A machine that runs only while nothing is withheld.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PermitSlot(usize);

/// One reason for which one machine may be stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterlockSlot(usize, usize);

#[derive(Clone, Debug, Default)]
struct Permit {
    asset: String,
    /// Some block asks for it.
    is_asked: bool,
    reasons: Vec<(String, bool)>,
}

/// The permits of all machines.
#[derive(Clone, Debug, Default)]
pub struct Permits {
    by_asset: BTreeMap<String, usize>,
    permits: Vec<Permit>,
}

impl Permits {
    fn find(&mut self, asset: &str) -> usize {
        let next = self.permits.len();
        let at = *self.by_asset.entry(asset.to_string()).or_insert(next);
        if at == next {
            self.permits.push(Permit { asset: asset.to_string(), ..Permit::default() });
        }
        at
    }

    /// The permit of a machine, for the block that runs it.
    pub(super) fn permit(&mut self, asset: &str) -> PermitSlot {
        let at = self.find(asset);
        self.permits[at].is_asked = true;
        PermitSlot(at)
    }

    /// A reason for which a machine may be stopped, for the block that watches over it.
    pub(super) fn interlock(&mut self, asset: &str, reason: &str) -> InterlockSlot {
        let at = self.find(asset);
        let reasons = &mut self.permits[at].reasons;
        reasons.push((reason.to_string(), false));
        InterlockSlot(at, reasons.len() - 1)
    }

    /// Machines that an interlock names and that ask for no permit.
    pub(super) fn unasked(&self) -> impl Iterator<Item = &str> {
        self.permits.iter().filter(|permit| !permit.is_asked).map(|permit| &*permit.asset)
    }

    /// Machines that can be stopped by an interlock.
    pub(super) fn asked(&self) -> impl Iterator<Item = &str> {
        self.permits.iter().filter(|permit| permit.is_asked).map(|permit| &*permit.asset)
    }

    /// Withholds a permit for a reason, or grants it again.
    pub fn withhold(&mut self, interlock: InterlockSlot, withheld: bool) {
        self.permits[interlock.0].reasons[interlock.1].1 = withheld;
    }

    /// The first reason for which a machine must not run, that somebody works on it before all others;
    /// `None` when it may.
    pub fn withheld(&self, permit: PermitSlot) -> Option<&str> {
        let reasons = self.permits[permit.0].reasons.iter();
        let mut held = reasons.filter(|(_, withheld)| *withheld).map(|(reason, _)| reason.as_str());
        let first = held.next()?;
        Some(held.find(|reason| *reason == AT_WORK).unwrap_or(first))
    }

    /// Which reasons hold now, in the order in which they were wired: the state for snapshots.
    pub fn state(&self) -> Vec<bool> {
        self.permits.iter().flat_map(|p| p.reasons.iter().map(|(_, withheld)| *withheld)).collect()
    }

    /// Puts back what [`state`](Self::state) gave; `false` when the number of reasons is another.
    pub fn restore(&mut self, state: &[bool]) -> bool {
        let mut reasons: Vec<_> =
            self.permits.iter_mut().flat_map(|permit| &mut permit.reasons).collect();
        if reasons.len() != state.len() {
            return false;
        }
        for (reason, withheld) in reasons.iter_mut().zip(state) {
            reason.1 = *withheld;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_may_run_when_no_reason_holds() {
        let mut permits = Permits::default();
        let low = permits.interlock("P-1", "the tank is empty");
        let hot = permits.interlock("P-1", "the room is hot");
        let (pump, other) = (permits.permit("P-1"), permits.permit("P-2"));
        assert_eq!(permits.withheld(pump), None);
        permits.withhold(hot, true);
        permits.withhold(low, true);
        assert_eq!(permits.withheld(pump), Some("the tank is empty"));
        permits.withhold(low, false);
        assert_eq!(permits.withheld(pump), Some("the room is hot"));
        assert_eq!(permits.withheld(other), None);
        let mut copy = permits.clone();
        copy.withhold(hot, false);
        assert!(copy.restore(&permits.state()) && !copy.restore(&[]));
        assert_eq!(copy.withheld(pump), Some("the room is hot"));
    }
}
