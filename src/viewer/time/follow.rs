//! Which properties must be read anew in a frame, for whoever shows many of them.
//!
//! Flows in: a view, and the change log of its source. Flows out: the properties whose state in that
//! view may differ from the frame before, or that all of them may. A frame costs what changed and what
//! grows old in it, and not the number of properties.

use std::collections::VecDeque;

use super::ageing::Ageing;
use crate::history::{Cursor, State, View, What};
use crate::twin::{PropertyId, Timestamp, Twin};

/// Properties at most that one frame hands over because they grow old.
const DUE_A_FRAME: usize = 4096;

/// Instants at most that are kept at which something came or went ahead of the view.
const REVIEWS: usize = 1024;

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
    /// What is read anew when the view comes to a time, the earliest first.
    reviews: VecDeque<(Timestamp, Concerned)>,
    /// The source has no log, or none any more.
    has_no_log: bool,
}

/// Whose state may be another when something came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Concerned {
    /// What hangs on a presence group.
    Group(u32),
    /// Everything.
    All,
}

impl Concerned {
    /// Hands over the properties of a group; whether everything may be another.
    fn hand_over(self, twin: &Twin, changed: &mut impl FnMut(PropertyId)) -> bool {
        if let Self::Group(group) = self {
            let assets = twin.presence.get(group as usize).into_iter().flat_map(|one| &one.assets);
            assets.flat_map(|asset| twin.properties_of(*asset)).for_each(changed);
        }
        self == Self::All
    }
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
        twin: &Twin,
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
        if other_source || back {
            // What was to happen there may happen earlier here; all is read and waits anew.
            self.ageing.forget_all();
        }
        if other_source {
            self.reviews.clear();
        }
        all |= self.read_log(state, twin, view, &mut changed);
        while let Some((_, concerned)) = self.reviews.pop_front_if(|(at, _)| *at <= view.time) {
            all |= concerned.hand_over(twin, &mut changed);
        }
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
        twin: &Twin,
        view: View,
        changed: &mut impl FnMut(PropertyId),
    ) -> bool {
        let Some(log) = state.changes(view.source) else {
            // A source that was closed knows nothing any more.
            return !std::mem::replace(&mut self.has_no_log, true);
        };
        self.has_no_log = false;
        let unread = log.read(&mut self.cursor);
        let mut all = unread.is_behind();
        if all && let Some(now) = state.present(view.source).now {
            // What came or went meanwhile is not known, but it was no later than now.
            self.review(view, now, Concerned::All);
        }
        for change in unread {
            match change.what {
                What::TurnedBack => {
                    self.ageing.forget_all();
                    self.reviews.clear();
                    all = true;
                }
                What::Skew => {
                    self.ageing.forget_all();
                    all = true;
                }
                What::Presence(group) => {
                    all |= self.comes(twin, view, change.time, Concerned::Group(group), changed);
                }
                What::Clock { .. } => {
                    all |= self.comes(twin, view, change.time, Concerned::All, changed);
                }
                what => {
                    let Some(id) = what.property() else { continue };
                    if let What::Dropped(_) = what {
                        self.ageing.forget(id);
                    }
                    changed(id);
                }
            }
        }
        all
    }

    /// Something came or went at a time: it is seen now, for nothing is mixed across it, and again when
    /// the view comes there. Whether everything may be another.
    fn comes(
        &mut self,
        twin: &Twin,
        view: View,
        at: Timestamp,
        concerned: Concerned,
        changed: &mut impl FnMut(PropertyId),
    ) -> bool {
        self.review(view, at, concerned);
        concerned.hand_over(twin, changed)
    }

    /// What is concerned is handed over when the view comes to that time.
    fn review(&mut self, view: View, at: Timestamp, concerned: Concerned) {
        if at <= view.time {
            return;
        }
        let place = self.reviews.partition_point(|(other, _)| *other <= at);
        let is_full = self.reviews.len() >= REVIEWS;
        match self.reviews.back_mut() {
            // Of so many the last ones are looked at together, at the last of their times.
            Some(last) if is_full => *last = (last.0.max(at), Concerned::All),
            Some(last) if last.0 == at && last.1 != concerned => last.1 = Concerned::All,
            Some(last) if *last == (at, concerned) => {}
            _ => self.reviews.insert(place, (at, concerned)),
        }
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
    use std::path::Path;

    use super::*;
    use crate::history::{Answer, ChangeLog};
    use crate::twin::{NoFiles, load_text};

    /// A source with a log and nothing else.
    struct Logged(ChangeLog);

    impl State for Logged {
        fn read(&self, _: View, _: PropertyId) -> Answer {
            Answer::Unknown
        }

        /// Everything grows old ten microseconds after it was seen.
        fn stale_from(&self, view: View, _: PropertyId) -> Option<Timestamp> {
            Some(view.time.plus_micros(10))
        }

        fn changes(&self, _: crate::history::SourceId) -> Option<&ChangeLog> {
            Some(&self.0)
        }
    }

    /// Two motors with three properties each, each with a presence topic of its own.
    fn twin() -> Twin {
        let loaded = load_text(
            Path::new("t.ron"),
            r#"Twin(schema: 2, name: "t", classes: {"A": (properties: {"u": (), "v": (), "w": ()})},
                assets: [(name: "a", class: "A"), (name: "b", class: "A")],
                presence: [(topic: "a/s", online: "1", offline: "0", assets: ["a"]),
                           (topic: "b/s", online: "1", offline: "0", assets: ["b"])])"#,
            &NoFiles,
        );
        loaded.unwrap_or_else(|wrong| panic!("{wrong}")).twin
    }

    fn advance(
        follower: &mut Follower,
        state: &Logged,
        time: i64,
        follows: bool,
    ) -> Option<Vec<u32>> {
        let mut these = Vec::new();
        let view = View::live(Timestamp(time));
        match follower.advance(state, &twin(), view, follows, |id| these.push(id.0)) {
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
    fn a_device_that_goes_is_looked_at_now_and_when_the_view_comes_there_and_no_other_device() {
        let mut state = Logged(ChangeLog::new(4));
        let mut follower = Follower::new(6);
        advance(&mut follower, &state, 9, true);
        state.0.push(What::Presence(0), Timestamp(20));
        assert_eq!(advance(&mut follower, &state, 10, true), Some(vec![0, 1, 2]));
        // The second one does not put off the first.
        state.0.push(What::Presence(1), Timestamp(25));
        assert_eq!(advance(&mut follower, &state, 15, true), Some(vec![3, 4, 5]));
        assert_eq!(advance(&mut follower, &state, 19, true), Some(vec![]));
        assert_eq!(advance(&mut follower, &state, 20, true), Some(vec![0, 1, 2]));
        assert_eq!(advance(&mut follower, &state, 25, true), Some(vec![3, 4, 5]));
        assert_eq!(advance(&mut follower, &state, 26, true), Some(vec![]));
        state.0.push(What::Clock { known: false }, Timestamp(30));
        assert_eq!(advance(&mut follower, &state, 27, true), None);
        assert_eq!(advance(&mut follower, &state, 30, true), None);
        assert_eq!(advance(&mut follower, &state, 31, true), Some(vec![]));
    }

    #[test]
    fn a_look_at_the_past_does_not_make_it_forget_what_is_ahead_of_the_live_view() {
        let mut state = Logged(ChangeLog::new(4));
        let mut follower = Follower::new(6);
        advance(&mut follower, &state, 9, true);
        state.0.push(What::Presence(0), Timestamp(20));
        assert_eq!(advance(&mut follower, &state, 10, true), Some(vec![0, 1, 2]));
        assert_eq!(advance(&mut follower, &state, 5, false), None, "it went back");
        assert_eq!(advance(&mut follower, &state, 12, true), None, "it follows again");
        assert_eq!(advance(&mut follower, &state, 20, true), Some(vec![0, 1, 2]));
    }

    #[test]
    fn what_came_and_went_ahead_of_the_view_is_bounded_and_none_of_it_is_lost() {
        let mut state = Logged(ChangeLog::new(4));
        let mut follower = Follower::new(6);
        advance(&mut follower, &state, 0, true);
        for at in 1..=2 * REVIEWS as i64 {
            state.0.push(What::Presence(0), Timestamp(at));
        }
        advance(&mut follower, &state, 0, true);
        assert_eq!(follower.reviews.len(), REVIEWS);
        assert_eq!(advance(&mut follower, &state, 1, true), Some(vec![0, 1, 2]));
        assert_eq!(advance(&mut follower, &state, 2 * REVIEWS as i64, true), None);
    }

    #[test]
    fn when_time_is_turned_back_a_property_is_due_by_its_new_time() {
        let mut state = Logged(ChangeLog::new(4));
        let mut follower = Follower::new(6);
        advance(&mut follower, &state, 1000, true);
        let view = |time| View::live(Timestamp(time));
        follower.fresh(&state, view(1000), PropertyId(0));
        state.0.push(What::TurnedBack, Timestamp(100));
        assert_eq!(advance(&mut follower, &state, 100, true), None);
        follower.fresh(&state, view(100), PropertyId(0));
        assert_eq!(advance(&mut follower, &state, 109, true), Some(vec![]));
        assert_eq!(advance(&mut follower, &state, 110, true), Some(vec![0]));
    }

    #[test]
    fn a_source_that_was_closed_is_read_once_more() {
        struct Closed;
        impl State for Closed {
            fn read(&self, _: View, _: PropertyId) -> Answer {
                Answer::Unknown
            }
        }
        let state = Logged(ChangeLog::new(4));
        let mut follower = Follower::new(6);
        advance(&mut follower, &state, 1, true);
        let (twin, view) = (twin(), View::live(Timestamp(1)));
        let mut next = || follower.advance(&Closed, &twin, view, true, |_| {});
        assert_eq!([next(), next()], [Anew::All, Anew::These]);
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
