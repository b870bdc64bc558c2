//! Which properties must be read anew in a frame, for whoever shows many of them.
//!
//! Flows in: a view, and the change log of its source. Flows out: the properties whose state in that
//! view may differ from the frame before, or that all of them may. A frame costs what changed and what
//! grows old in it, and not the number of properties.

use super::ageing::Ageing;
use crate::history::{Cursor, Present, State, View, What};
use crate::twin::{PropertyId, Timestamp};

/// Properties at most that one frame hands over because they grow old.
const DUE_A_FRAME: usize = 4096;

/// What must be read anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anew {
    /// Everything: the view jumped, or the follower had fallen behind.
    All,
    /// The properties that were handed over.
    These,
}

/// A reader of one view; see the module.
#[derive(Debug, Default)]
pub struct Follower {
    cursor: Cursor,
    view: Option<View>,
    follows: bool,
    /// What becomes stale without a new sample.
    ageing: Ageing,
    /// Everything is read anew when the view comes to this time.
    review_at: Option<Timestamp>,
}

impl Follower {
    /// A reader of a plant with so many properties.
    pub fn new(properties: usize) -> Self {
        Self { ageing: Ageing::new(properties), ..Self::default() }
    }

    /// What may differ in the view of this frame. Each property that may have changed is handed to
    /// `changed`, some of them more than once; with [`Anew::All`] the others may differ as well.
    pub fn advance(
        &mut self,
        state: &impl State,
        view: View,
        follows: bool,
        mut changed: impl FnMut(PropertyId),
    ) -> Anew {
        let before = self.view.replace(view);
        let other_source = before.is_none_or(|last| last.source != view.source);
        if other_source {
            self.cursor = Cursor::default();
        }
        let moved = before != Some(view);
        // Any jump, a change of series and a return to live ask everything anew.
        let back = before.is_none_or(|last| view.time < last.time || view.lane != last.lane);
        let turned = std::mem::replace(&mut self.follows, follows) != follows;
        let mut all = other_source || back || turned || (!follows && moved);
        all |= self.read_log(state, view, &mut changed);
        all |= self.review_at.take_if(|at| *at <= view.time).is_some();
        if all {
            return Anew::All;
        }
        // What becomes stale sends no sample. When a whole plant does, some frames share it.
        for _ in 0..DUE_A_FRAME {
            let Some(id) = self.ageing.next(view.time) else { break };
            changed(id);
        }
        Anew::These
    }

    /// Hands over what the log has; whether everything may be another.
    fn read_log(
        &mut self,
        state: &impl State,
        view: View,
        changed: &mut impl FnMut(PropertyId),
    ) -> bool {
        let Some(log) = state.changes(view.source) else { return false };
        let unread = log.read(&mut self.cursor);
        let mut all = unread.is_behind();
        let mut comes = false;
        for change in unread {
            match change.what {
                What::TurnedBack | What::Skew => all = true,
                // It is seen now, and again when the view comes to where it happened.
                What::Presence(_) | What::Clock { .. } => comes = true,
                what => what.property().into_iter().for_each(&mut *changed),
            }
        }
        if comes {
            let Present { now, .. } = state.present(view.source);
            self.review_at = now.filter(|now| *now > view.time);
        }
        all || comes
    }

    /// A property was read at this frame's view and is not stale there: it is handed over again when
    /// it would become so without a new sample.
    pub fn fresh(&mut self, state: &impl State, view: View, id: PropertyId) {
        if !self.ageing.waits(id) {
            let until = state.stale_from(view, id);
            self.ageing.wait(id, until.map(|at| at.max(view.time.plus_micros(1))));
        }
    }

    /// Whether a property still interpolates towards a sample that the view has not come to.
    pub fn goes_on(&self, state: &impl State, view: View, id: PropertyId) -> bool {
        self.follows && state.newest(view, id).is_some_and(|newest| newest > view.time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Answer, ChangeLog};

    /// A source with a log and nothing else.
    struct Logged(ChangeLog);

    impl State for Logged {
        fn read(&self, _: View, _: PropertyId) -> Answer {
            Answer::Unknown
        }

        fn present(&self, _: crate::history::SourceId) -> Present {
            Present { now: Some(Timestamp(20)), ..Present::default() }
        }

        fn changes(&self, _: crate::history::SourceId) -> Option<&ChangeLog> {
            Some(&self.0)
        }
    }

    fn advance(
        follower: &mut Follower,
        state: &Logged,
        time: i64,
        follows: bool,
    ) -> Option<Vec<u32>> {
        let mut these = Vec::new();
        let view = View::live(Timestamp(time));
        match follower.advance(state, view, follows, |id| these.push(id.0)) {
            Anew::All => None,
            Anew::These => Some(these),
        }
    }

    #[test]
    fn a_follower_reads_everything_once_and_then_what_changed() {
        let mut state = Logged(ChangeLog::new(4));
        let mut follower = Follower::new(4);
        assert_eq!(advance(&mut follower, &state, 1, true), None);
        assert_eq!(advance(&mut follower, &state, 2, true), Some(vec![]));
        state.0.push(What::New(PropertyId(3)), Timestamp(3));
        state.0.push(What::Late(PropertyId(1)), Timestamp(1));
        assert_eq!(advance(&mut follower, &state, 3, true), Some(vec![3, 1]));
        assert_eq!(advance(&mut follower, &state, 2, true), None, "it went back");
        assert_eq!(advance(&mut follower, &state, 3, false), None, "it stopped following");
        assert_eq!(advance(&mut follower, &state, 3, false), Some(vec![]));
        assert_eq!(advance(&mut follower, &state, 4, false), None, "the past is played");
    }

    #[test]
    fn a_device_that_goes_is_looked_at_now_and_when_the_view_comes_there() {
        let mut state = Logged(ChangeLog::new(4));
        let mut follower = Follower::new(4);
        advance(&mut follower, &state, 9, true);
        state.0.push(What::Presence(0), Timestamp(20));
        assert_eq!(advance(&mut follower, &state, 10, true), None);
        assert_eq!(advance(&mut follower, &state, 19, true), Some(vec![]));
        assert_eq!(advance(&mut follower, &state, 20, true), None);
        assert_eq!(advance(&mut follower, &state, 21, true), Some(vec![]));
    }

    #[test]
    fn a_follower_that_fell_behind_reads_everything() {
        let mut state = Logged(ChangeLog::with_capacity(2));
        let mut follower = Follower::new(4);
        advance(&mut follower, &state, 1, true);
        (0..3).for_each(|id| state.0.push(What::New(PropertyId(id)), Timestamp(1)));
        assert_eq!(advance(&mut follower, &state, 1, true), None);
    }
}
