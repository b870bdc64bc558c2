//! What the mirror needs to know of each property, as one dense column.

use std::collections::HashMap;

use super::skew::Source;
use crate::twin::{AssetId, Interpolation, PropertyId, Timestamp, Twin};

/// Expected intervals after which a property without a new sample is stale. Two and a half let
/// one sample get lost and the next one be a little late.
pub const STALE_AFTER_INTERVALS: f64 = 2.5;

/// No such thing, in the columns.
pub(super) const NONE: u32 = u32::MAX;

/// What the mirror needs to know of a property.
#[derive(Clone, Copy, Debug)]
pub(super) struct Traits {
    /// Expected interval, plant microseconds; `i64::MAX`: none.
    pub(super) interval: i64,
    /// Index of its source, whose clock is watched.
    pub(super) source: u32,
    /// Index in [`Layout::groups`] of the presence groups that cover its asset, or [`NONE`].
    pub(super) groups: u32,
    /// Place in [`Layout::integrals`]: of a derived property its own, of another that of the first
    /// integral of it (there is none of a derived one); or [`NONE`].
    pub(super) integral: u32,
    /// It is mixed between samples.
    pub(super) linear: bool,
    /// It is computed here, so that no message may set it.
    pub(super) derived: bool,
}

/// A derived property and what it is the integral of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Integral {
    pub(super) source: PropertyId,
    pub(super) derived: PropertyId,
    pub(super) per_second: f64,
    /// The next integral of the same source, or [`NONE`].
    pub(super) next: u32,
}

/// The definition as dense columns.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) traits: Vec<Traits>,
    pub(super) integrals: Vec<Integral>,
    /// Sets of presence groups that cover the same assets.
    pub(super) groups: Vec<Vec<u32>>,
    /// By presence group, and by source: the properties with integrals that hang on it, each once.
    pub(super) integrated_by_group: Vec<Vec<PropertyId>>,
    pub(super) integrated_by_source: Vec<Vec<PropertyId>>,
    /// Index in `groups` by asset, or [`NONE`].
    pub(super) groups_of_asset: Vec<u32>,
    pub(super) sources: Vec<Source>,
}

impl Layout {
    pub(super) fn new(twin: &Twin) -> Self {
        let (groups, groups_of_asset) = presence_groups(twin);
        let (sources, source_of_property) = sources(twin, &groups, &groups_of_asset);
        let mut layout = Self {
            traits: Vec::with_capacity(twin.property_count()),
            integrals: Vec::new(),
            groups,
            groups_of_asset,
            integrated_by_group: vec![Vec::new(); twin.presence.len()],
            integrated_by_source: vec![Vec::new(); sources.len()],
            sources,
        };
        for id in twin.property_ids() {
            let (property, owner) = (twin.property(id), twin.owner(id).0 as usize);
            let interval = property.interval.and_then(|span| i64::try_from(span.as_micros()).ok());
            layout.traits.push(Traits {
                interval: interval.unwrap_or(i64::MAX),
                source: source_of_property[id.0 as usize],
                groups: layout.groups_of_asset[owner],
                integral: NONE,
                linear: property.interpolation == Interpolation::Linear,
                derived: property.integral_of.is_some(),
            });
        }
        layout.add_integrals(twin);
        layout
    }

    fn add_integrals(&mut self, twin: &Twin) {
        for derived in twin.property_ids() {
            let Some(of) = twin.property(derived).integral_of else { continue };
            let source = twin.property_at(twin.owner(derived), usize::from(of.property));
            let of_source = self.traits[source.0 as usize];
            let (next, own) = (of_source.integral, self.integrals.len() as u32);
            let per_second = of.per_second;
            if next == NONE {
                self.integrated_by_source[of_source.source as usize].push(source);
                for group in self.groups.get(of_source.groups as usize).into_iter().flatten() {
                    self.integrated_by_group[*group as usize].push(source);
                }
            }
            self.traits[source.0 as usize].integral = own;
            self.traits[derived.0 as usize].integral = own;
            self.integrals.push(Integral { source, derived, per_second, next });
            self.traits[derived.0 as usize].source = of_source.source;
            // It is known whenever its source is.
            self.traits[derived.0 as usize].interval = of_source.interval;
        }
    }

    /// Plant microseconds after which the property is stale, when the scene is drawn that many
    /// plant microseconds behind the present.
    #[inline]
    pub(super) fn stale_after(interval: i64, display_delay: i64) -> i64 {
        if interval == i64::MAX {
            return i64::MAX;
        }
        let intervals = (interval as f64 * STALE_AFTER_INTERVALS) as i64;
        intervals.max(interval.saturating_add(display_delay))
    }
}

/// For each asset the presence groups that name it or something that it is part of.
fn presence_groups(twin: &Twin) -> (Vec<Vec<u32>>, Vec<u32>) {
    let mut covered: Vec<Vec<u32>> = vec![Vec::new(); twin.assets.len()];
    for (group, presence) in twin.presence.iter().enumerate() {
        for asset in &presence.assets {
            covered[asset.0 as usize].push(group as u32);
        }
    }
    let mut sets: Vec<Vec<u32>> = Vec::new();
    let mut index = std::collections::HashMap::new();
    let mut set_of_asset = Vec::with_capacity(covered.len());
    for at in 0..covered.len() {
        // A parent stands before its children.
        if let Some(parent) = twin.assets[at].parent {
            let inherited = covered[parent.0 as usize].clone();
            covered[at].extend(inherited);
        }
        let set = &mut covered[at];
        set.sort_unstable();
        set.dedup();
        set_of_asset.push(if set.is_empty() {
            NONE
        } else {
            *index.entry(set.clone()).or_insert_with(|| {
                sets.push(set.clone());
                sets.len() as u32 - 1
            })
        });
    }
    (sets, set_of_asset)
}

/// Whose clocks are watched, and by property which of them. Each mapping with stamps is a source of its own, in each
/// set of presence groups (which is one device) and each asset outside of all: a fast clock of one makes nothing of
/// the others old. What comes without stamps has a source that is never observed.
fn sources(twin: &Twin, groups: &[Vec<u32>], of_asset: &[u32]) -> (Vec<Source>, Vec<u32>) {
    let first_of = |set: &Vec<u32>| {
        let first = set.first().and_then(|group| twin.presence[*group as usize].assets.first());
        Source::new(first.copied().unwrap_or(AssetId(0)), None)
    };
    let mut sources: Vec<Source> = groups.iter().map(first_of).collect();
    let mut of_property = vec![NONE; twin.property_count()];
    let mut by_mapping: HashMap<(u32, u32, u16), u32> = HashMap::new();
    for (set, asset) in of_asset.iter().zip(twin.asset_ids()) {
        let range = twin.asset(asset).properties.clone();
        let (Some(class), false) = (twin.class_of(asset), range.is_empty()) else { continue };
        let (own, device) = match *set {
            NONE => {
                sources.push(Source::new(asset, None));
                (sources.len() as u32 - 1, asset)
            }
            set => (set, sources[set as usize].asset),
        };
        of_property[range.start as usize..range.end as usize].fill(own);
        let class_id = twin.asset(asset).class.map_or(0, |class| class.0);
        for (mapping, number) in class.mappings.iter().zip(0_u16..) {
            let stamped = mapping.payload.stamped();
            if stamped.is_empty() {
                continue;
            }
            let source = *by_mapping.entry((own, class_id, number)).or_insert_with(|| {
                sources.push(Source::new(device, Some(number)));
                sources.len() as u32 - 1
            });
            for property in stamped {
                let slot = &mut of_property[(range.start + u32::from(property)) as usize];
                // Of two mappings the first.
                *slot = if *slot == own { source } else { *slot };
            }
        }
    }
    (sources, of_property)
}

/// Presence that was stated before plant time was known holds since ever.
pub(super) const SINCE_EVER: Timestamp = Timestamp(i64::MIN / 8);
