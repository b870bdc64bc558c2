//! How the plant is doing as a whole: every property by its one judgement, counted, and each asset by
//! the worst of its own.
//!
//! Flows in: the view of the main scene and the change log of its source. Flows out: how many
//! properties are in which condition, and the worst of them. Only what changed is judged anew, so that
//! a frame costs the same for a thousand properties and for a million; after a jump in time all are, a
//! part in each frame.

use std::cmp::Reverse;
use std::collections::{BTreeSet, VecDeque};

use bevy::prelude::*;

use super::follow::{Anew, Follower};
use super::rollup::Rollup;
use super::sources::Sources;
use crate::history::{State, View};
use crate::twin::{AssetId, Beyond, Condition, PropertyId, Twin, ValueType};
use crate::viewer::base::{Playhead, Round, TwinDefinition};

/// Properties that are judged in a frame.
pub const A_FRAME: usize = 2048;

/// How a property is doing in a view.
pub fn condition(state: &dyn State, twin: &Twin, view: View, id: PropertyId) -> Condition {
    let property = twin.property(id);
    let view = view.of_kind(property.kind);
    if state.unread(view, id).is_some() {
        return Condition::Bad;
    }
    // Of what has no limits and no abnormal states the quality alone counts, and its value may be long.
    if property.ty != ValueType::Number && !property.has_abnormal_values() {
        let quality = state.quality(view, id);
        return quality.map_or(Condition::Unknown, |quality| Condition::of(Beyond::None, quality));
    }
    state
        .reading(view, id)
        .map_or(Condition::Unknown, |reading| property.condition(&reading.value, reading.quality))
}

/// The worst condition of an asset's own properties in a view.
pub fn asset_condition(state: &dyn State, twin: &Twin, view: View, asset: AssetId) -> Condition {
    let own = twin.properties_of(asset).map(|id| condition(state, twin, view, id));
    own.max().unwrap_or_default()
}

/// Whether there is a value that is not too old, whatever it says.
fn is_current(condition: Condition) -> bool {
    !matches!(condition, Condition::Unknown | Condition::Stale)
}

/// In which lines a property waits to be judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Waits {
    /// In [`Survey::changed`].
    changed: bool,
    /// In [`Survey::going`].
    goes: bool,
}

/// How the plant is doing; see the module.
#[derive(Resource, Debug, Default)]
pub struct Survey {
    follower: Follower,
    conditions: Vec<Condition>,
    counts: [usize; Condition::ALL.len()],
    /// How many are current of those that are expected in time; `None`: none is expected.
    expected: Option<usize>,
    /// What needs attention, the worst first.
    attention: BTreeSet<(Reverse<Condition>, PropertyId)>,
    /// Properties that changed and wait to be judged, each once.
    changed: VecDeque<PropertyId>,
    /// Those that are on their way to a sample that the view has not come to, and are judged again and
    /// again meanwhile; each once.
    going: VecDeque<PropertyId>,
    waits: Vec<Waits>,
    /// The next property of a round through all, and how many are left in it.
    next: usize,
    left: usize,
    equipment: usize,
    rollup: Rollup,
}

impl Survey {
    /// Of a plant of which nothing is known yet.
    pub fn new(twin: &Twin) -> Self {
        let count = twin.property_count();
        let mut counts = [0; Condition::ALL.len()];
        counts[Condition::Unknown as usize] = count;
        let mut ids = (0..count as u32).map(PropertyId);
        Self {
            expected: ids.any(|id| twin.property(id).interval.is_some()).then_some(0),
            follower: Follower::new(count),
            conditions: vec![Condition::Unknown; count],
            counts,
            waits: vec![Waits::default(); count],
            equipment: twin.equipment_count(),
            rollup: Rollup::new(twin),
            ..Self::default()
        }
    }

    /// How many assets are equipment, and not groups.
    pub fn equipment(&self) -> usize {
        self.equipment
    }

    /// How many properties are in that condition.
    pub fn count(&self, condition: Condition) -> usize {
        self.counts[condition as usize]
    }

    /// How many properties need attention: they are abnormal, or their source does not stand by them.
    pub fn attention(&self) -> usize {
        self.attention.len()
    }

    /// Whether something is stale and nothing is current of what is expected in time; where nothing is
    /// expected, nothing at all. What was set once and stays counts for nothing among what is expected.
    pub fn is_out_of_date(&self) -> bool {
        let of_all =
            self.conditions.len() - self.count(Condition::Unknown) - self.count(Condition::Stale);
        let current = self.expected.unwrap_or(of_all);
        current == 0 && self.count(Condition::Stale) > 0
    }

    /// The worst condition of an asset's own properties, as they were last judged.
    pub fn own(&self, asset: AssetId) -> Condition {
        self.rollup.own(asset)
    }

    /// The property of an asset that needs attention most, with its condition; of those that are as bad as each
    /// other the first.
    pub fn worst_of(&self, twin: &Twin, asset: AssetId) -> Option<(Condition, PropertyId)> {
        let own = Some(self.own(asset)).filter(|condition| condition.needs_attention())?;
        let is_worst = |id: &PropertyId| self.conditions.get(id.0 as usize) == Some(&own);
        twin.properties_of(asset).find(is_worst).map(|id| (own, id))
    }

    /// Whether everything was judged since the view jumped last.
    pub fn is_through(&self) -> bool {
        self.left == 0
    }

    /// As [`Self::worst_of`] in that view, also while not everything was judged in it: then the asset's properties
    /// are judged here, as long as no more than `budget` are, of which they are taken; beyond, only the one
    /// that was the worst.
    pub fn worst_in(
        &self,
        state: &dyn State,
        twin: &Twin,
        view: View,
        asset: AssetId,
        budget: &mut usize,
    ) -> Option<(Condition, PropertyId)> {
        let last = self.worst_of(twin, asset);
        if self.is_through() {
            return last;
        }
        let judged = |id: PropertyId| (condition(state, twin, view, id), id);
        let worst = match budget.checked_sub(twin.asset(asset).properties.len()) {
            Some(left) => {
                *budget = left;
                let worse = |worst: (Condition, PropertyId), one: (Condition, PropertyId)| {
                    if one.0 > worst.0 { one } else { worst }
                };
                twin.properties_of(asset).map(judged).reduce(worse)
            }
            None => last.map(|(_, id)| judged(id)),
        };
        worst.filter(|(condition, _)| condition.needs_attention())
    }

    /// The worst condition of all that is below an asset.
    pub fn below(&self, asset: AssetId) -> Condition {
        self.rollup.below(asset)
    }

    /// The assets whose own condition turned in the last round; one may stand there twice.
    pub fn turned(&self) -> &[AssetId] {
        self.rollup.turned()
    }

    /// What needs attention, the worst first.
    pub fn worst(&self) -> impl Iterator<Item = (PropertyId, Condition)> + '_ {
        self.attention.iter().map(|(Reverse(condition), id)| (*id, *condition))
    }

    /// Whether everything is judged in the present view; after a jump it takes some frames, and so it does
    /// where more changes than a frame has time for.
    pub fn is_complete(&self) -> bool {
        self.left == 0 && self.changed.is_empty() && self.going.len() <= A_FRAME
    }

    /// Judges what changed since the frame before, and a part of the rest after a jump.
    pub fn advance(&mut self, state: &impl State, twin: &Twin, view: View, follows: bool) {
        self.rollup.begin();
        let Self { follower, changed, waits, .. } = self;
        let anew = follower.advance(state, twin, view, follows, |id| {
            if let Some(waits) = waits.get_mut(id.0 as usize)
                && !std::mem::replace(&mut waits.changed, true)
            {
                changed.push_back(id);
            }
        });
        if anew == Anew::All {
            self.left = self.conditions.len();
        }
        for _ in 0..self.left.min(A_FRAME) {
            self.next = if self.next + 1 < self.conditions.len() { self.next + 1 } else { 0 };
            self.left -= 1;
            let id = PropertyId(self.next as u32);
            self.judge(state, twin, view, id);
        }
        // What changed comes first: what is on its way is judged anew as often as there is time.
        let count = self.changed.len().min(A_FRAME);
        for _ in 0..count {
            let Some(id) = self.changed.pop_front() else { break };
            self.waits[id.0 as usize].changed = false;
            self.judge(state, twin, view, id);
        }
        for _ in 0..self.going.len().min(A_FRAME - count) {
            let Some(id) = self.going.pop_front() else { break };
            self.waits[id.0 as usize].goes = false;
            self.judge(state, twin, view, id);
        }
    }

    fn judge(&mut self, state: &impl State, twin: &Twin, view: View, id: PropertyId) {
        let now = condition(state, twin, view, id);
        let of_kind = view.of_kind(twin.property(id).kind);
        if is_current(now) {
            self.follower.fresh(state, of_kind, id);
        }
        // On its way to a sample that the view has not come to it may pass a limit, or become known,
        // without a further change.
        let goes = &mut self.waits[id.0 as usize].goes;
        if !*goes && self.follower.goes_on(state, of_kind, id) {
            *goes = true;
            self.going.push_back(id);
        }
        let before = std::mem::replace(&mut self.conditions[id.0 as usize], now);
        if now == before {
            return;
        }
        self.counts[before as usize] -= 1;
        self.counts[now as usize] += 1;
        if let Some(current) =
            self.expected.as_mut().filter(|_| twin.property(id).interval.is_some())
        {
            *current -= usize::from(is_current(before));
            *current += usize::from(is_current(now));
        }
        if before.needs_attention() {
            self.attention.remove(&(Reverse(before), id));
        }
        if now.needs_attention() {
            self.attention.insert((Reverse(now), id));
        }
        let owner = twin.owner(id);
        let of_asset = twin.asset(owner).properties.clone();
        let of_asset = self.conditions.get(of_asset.start as usize..of_asset.end as usize);
        let worst = of_asset.into_iter().flatten().max().copied().unwrap_or_default();
        self.rollup.set(owner, worst);
    }
}

/// Adds the survey of the plant on screen.
pub fn plugin(app: &mut App) {
    app.init_resource::<Survey>().add_systems(Update, advance.in_set(Round::Sample));
}

/// Judges what changed for the main scene.
pub fn advance(
    twin: Res<TwinDefinition>,
    sources: Res<Sources>,
    playhead: Res<Playhead>,
    mut survey: ResMut<Survey>,
) {
    if !std::sync::Arc::ptr_eq(sources.live().twin(), &twin.0) {
        return;
    }
    if twin.is_changed() || survey.conditions.len() != twin.0.property_count() {
        *survey = Survey::new(&twin.0);
    }
    survey.advance(&**sources, &twin.0, playhead.view(), playhead.following);
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::mirror::{Budget, Mirror};
    use crate::telemetry::{Batch, Update};
    use crate::twin::{NoFiles, Quality, Timestamp, Value, load_text};

    const NOW: Timestamp = Timestamp(1_772_366_400_000_000);

    fn twin(assets: usize) -> Arc<Twin> {
        let assets: String =
            (0..assets).map(|at| format!("(name: \"a{at}\", class: \"A\"),")).collect();
        let text = format!(
            r#"Twin(schema: 2, name: "t", display_delay: "0s",
            classes: {{"A": (properties: {{"v": (high_warning: 5, high_alarm: 9, interval: "1s")}},
                mappings: [Scalar(topic: "{{asset}}/v", property: "v")])}},
            assets: [{assets}])"#
        );
        let loaded = load_text(Path::new("t.ron"), &text, &NoFiles);
        Arc::new(loaded.unwrap_or_else(|wrong| panic!("{wrong}")).twin)
    }

    fn take(mirror: &mut Mirror, at: Timestamp, values: &[(u32, f64)]) {
        let update = |(id, number): &(u32, f64)| Update {
            property: PropertyId(*id),
            time: Some(at),
            value: Some(Value::Number(*number)),
            quality: Quality::Good,
        };
        let updates = values.iter().map(update).collect();
        mirror.apply(Batch { arrival: at, updates, ..Batch::default() });
        mirror.tick(at);
    }

    /// The same, by looking at every property.
    fn counted(mirror: &Mirror, view: View) -> [usize; Condition::ALL.len()] {
        let mut counts = [0; Condition::ALL.len()];
        for id in mirror.twin().property_ids() {
            counts[condition(mirror, mirror.twin(), view, id) as usize] += 1;
        }
        counts
    }

    #[test]
    fn what_is_counted_is_what_looking_at_every_property_finds() {
        let twin = twin(50);
        let mut mirror = Mirror::new(twin.clone(), Budget::default());
        let mut survey = Survey::new(&twin);
        for round in 0..120_u32 {
            let at = NOW.plus_micros(i64::from(round) * 100_000);
            let values: Vec<_> =
                (0..7).map(|n| ((round * 13 + n * 5) % 40, f64::from((round + n) % 12))).collect();
            take(&mut mirror, at, &values);
            let view = mirror.live_view();
            survey.advance(&mirror, &twin, view, true);
            assert_eq!(survey.counts, counted(&mirror, view), "in round {round}");
            for asset in twin.asset_ids() {
                let own = asset_condition(&mirror, &twin, view, asset);
                assert_eq!(survey.own(asset), own);
                let worst = survey.worst_of(&twin, asset).map(|(condition, _)| condition);
                assert_eq!(worst, own.needs_attention().then_some(own));
            }
            assert!(survey.worst().is_sorted_by(|a, b| a.1 >= b.1));
            let beyond = survey.count(Condition::Warning) + survey.count(Condition::Alarm);
            assert_eq!(survey.worst().count(), beyond);
            assert_eq!(survey.attention(), beyond);
        }
        // Silence makes them stale, and a look at the past counts as it was.
        mirror.tick(NOW.plus_micros(60_000_000));
        survey.advance(&mirror, &twin, mirror.live_view(), true);
        assert_eq!(survey.count(Condition::Stale), 40);
        let past = View::live(NOW.plus_micros(500_000));
        survey.advance(&mirror, &twin, past, false);
        assert_eq!(survey.counts, counted(&mirror, past));
    }

    #[test]
    fn what_was_set_once_keeps_no_plant_up_to_date() {
        let text = r#"Twin(schema: 2, name: "t", display_delay: "0s", classes: {"A": (properties: {
            "measured": (interval: "1s"), "set": (kind: setpoint)})}, assets: [(name: "a", class: "A")])"#;
        let loaded = load_text(Path::new("t.ron"), text, &NoFiles);
        let twin = Arc::new(loaded.unwrap_or_else(|wrong| panic!("{wrong}")).twin);
        let mut mirror = Mirror::new(twin.clone(), Budget::default());
        let mut survey = Survey::new(&twin);
        take(&mut mirror, NOW, &[(0, 1.0), (1, 1.0)]);
        survey.advance(&mirror, &twin, mirror.live_view(), true);
        assert!(!survey.is_out_of_date());
        mirror.tick(NOW.plus_micros(60_000_000));
        survey.advance(&mirror, &twin, mirror.live_view(), true);
        assert_eq!(survey.count(Condition::Normal), 1, "the setpoint stands as it was set");
        assert!(survey.is_out_of_date());
    }

    #[test]
    fn what_changes_is_judged_before_the_many_that_are_on_their_way() {
        let count = 3 * A_FRAME as u32;
        let twin = twin(count as usize);
        let mut mirror = Mirror::new(twin.clone(), Budget::default());
        let ahead = NOW.plus_micros(1_000_000);
        take(&mut mirror, ahead, &(0..count).map(|id| (id, 10.0)).collect::<Vec<_>>());
        let (mut survey, view) = (Survey::new(&twin), View::live(NOW));
        for _ in 0..9 {
            survey.advance(&mirror, &twin, view, true);
        }
        assert!(!survey.is_complete(), "more are on their way than a frame has time for");
        take(&mut mirror, NOW, &[(count - 1, 10.0)]);
        survey.advance(&mirror, &twin, view, true);
        assert_eq!(survey.count(Condition::Alarm), 1);
    }

    #[test]
    fn what_a_view_comes_to_after_a_jump_is_judged_when_it_is_there() {
        let twin = twin(5);
        let mut mirror = Mirror::new(twin.clone(), Budget::default());
        take(&mut mirror, NOW, &[(0, 1.0), (1, 6.0), (2, 10.0)]);
        let mut survey = Survey::new(&twin);
        let view = |before_us: i64| View::live(NOW.plus_micros(-before_us));
        // It stands in the past, follows again a little behind the samples, and comes to them.
        for (before_us, follows) in [(1_000_000, false), (100_000, true), (50_000, true)] {
            survey.advance(&mirror, &twin, view(before_us), follows);
            assert_eq!(survey.count(Condition::Unknown), 5);
        }
        survey.advance(&mirror, &twin, view(0), true);
        assert_eq!(survey.counts, counted(&mirror, view(0)));
        assert_eq!(survey.count(Condition::Alarm), 1);
    }

    #[test]
    fn after_a_jump_the_worst_of_an_asset_is_that_of_the_view_before_all_is_judged() {
        let twin = twin(3 * A_FRAME);
        let mut mirror = Mirror::new(twin.clone(), Budget::default());
        let all =
            |value: f64| -> Vec<_> { (0..3 * A_FRAME as u32).map(|id| (id, value)).collect() };
        let later = NOW.plus_micros(1_000_000);
        take(&mut mirror, NOW, &all(10.0));
        take(&mut mirror, later, &all(6.0));
        let mut survey = Survey::new(&twin);
        (0..3).for_each(|_| survey.advance(&mirror, &twin, View::live(later), false));
        assert!(survey.is_through());
        let past = View::live(NOW);
        survey.advance(&mirror, &twin, past, false);
        assert!(!survey.is_through());
        let assets: Vec<AssetId> = twin.asset_ids().collect();
        let last = assets[assets.len() - 1];
        for asset in [assets[0], last] {
            let id = twin.properties_of(asset).next().expect("it has one");
            let found = survey.worst_in(&mirror, &twin, past, asset, &mut 1);
            assert_eq!(found, Some((Condition::Alarm, id)));
            // Where no budget is left, what was the worst is judged anew.
            assert_eq!(survey.worst_in(&mirror, &twin, past, asset, &mut 0), found);
        }
        let before = View::live(NOW.plus_micros(-1_000_000));
        survey.advance(&mirror, &twin, before, false);
        assert_eq!(survey.worst_in(&mirror, &twin, before, last, &mut 0), None);
    }

    #[test]
    fn a_frame_judges_a_bounded_number_and_says_that_it_is_not_done() {
        let twin = twin(3 * A_FRAME);
        let mut mirror = Mirror::new(twin.clone(), Budget::default());
        let all: Vec<_> = (0..3 * A_FRAME as u32).map(|id| (id, 10.0)).collect();
        take(&mut mirror, NOW, &all);
        let mut survey = Survey::new(&twin);
        survey.advance(&mirror, &twin, mirror.live_view(), true);
        assert!(!survey.is_complete());
        (0..2).for_each(|_| survey.advance(&mirror, &twin, mirror.live_view(), true));
        assert!(survey.is_complete());
        assert_eq!(survey.count(Condition::Alarm), 3 * A_FRAME);
    }
}
