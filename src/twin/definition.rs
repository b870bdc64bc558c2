//! The definition of one plant, as everything above reads it: classes, assets, properties.
//!
//! Flows in: the RON file, through [`super::load`], which has checked every name and unit. Flows
//! out: dense ids. An asset owns a run of consecutive [`PropertyId`]s, one for each property of its
//! class, so that 10,000 instances need no 10,000 definitions and every state is a plain column.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::binding::{Binding, Effect};
use super::mapping::{ClockSource, Mapping, Presence, Write};
use super::unit::Unit;
use super::wiring::{Role, Wire};
use super::{Beyond, Pose, ValueType};

/// Index of a class in [`Twin::classes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassId(pub u32);

/// Index of an asset in [`Twin::assets`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetId(pub u32);

/// Dense index of a property of one asset, from 0 to [`Twin::property_count`].
///
/// Valid for one loaded definition only; what outlives it is the property's path
/// ([`Twin::property_path`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PropertyId(pub u32);

/// The definition of one plant.
#[derive(Clone, Debug, Default)]
pub struct Twin {
    /// Short name, as in topics and file names.
    pub name: String,
    /// What people call the plant.
    pub title: String,
    /// Free text about the plant.
    pub description: String,
    /// The reusable equipment types.
    pub classes: Vec<Class>,
    /// What flows from one machine's model to the next.
    pub wiring: Vec<Wire>,
    /// The equipment; a parent always stands before its children.
    pub assets: Vec<Asset>,
    /// Named camera positions.
    pub viewpoints: Vec<Viewpoint>,
    /// Where the plant's own clock is published; without it plant time is wall time.
    pub clock: Option<ClockSource>,
    /// How far behind the present the live scene is drawn, so that it can interpolate between
    /// samples instead of guessing ahead.
    pub display_delay: Duration,
    /// A source's clock that is off by more than this is reported.
    pub max_clock_skew: Duration,
    /// Which devices report by a retained message and a last will whether they are online.
    pub presence: Vec<Presence>,
    /// The part of the file that only the simulated plant reads, as RON text with its place.
    pub simulation: Option<SimulationSource>,
    /// Every file that was read for this definition, the twin file first; for hot reload.
    pub files: Vec<PathBuf>,
    /// Asset by its path (`utilities/P-101`) and by its name.
    pub asset_by_name: HashMap<Arc<str>, AssetId>,
    /// Owner of each property, by [`PropertyId`].
    pub property_owner: Vec<AssetId>,
}

/// The `simulation` field of a twin file, kept as text: the viewer never looks into it.
#[derive(Clone, Debug)]
pub struct SimulationSource {
    /// File that holds it.
    pub file: PathBuf,
    /// The value's RON text, preceded by as many line breaks and spaces as it needs to keep its
    /// line and column.
    pub text: String,
}

/// A reusable equipment type.
#[derive(Clone, Debug)]
pub struct Class {
    /// Name in the file.
    pub name: Arc<str>,
    /// What people call it.
    pub title: String,
    /// GLB file, absolute or relative to the working directory.
    pub model: Option<PathBuf>,
    /// Which model its instances follow.
    pub behaviour: Option<Arc<Role>>,
    /// What its instances measure.
    pub properties: Vec<Arc<Property>>,
    /// How messages become samples.
    pub mappings: Vec<Mapping>,
    /// How samples become something seen.
    pub bindings: Vec<Binding>,
}

impl Class {
    /// Position of the named property in [`Class::properties`].
    pub fn property(&self, name: &str) -> Option<usize> {
        self.properties.iter().position(|property| &*property.name == name)
    }
}

/// Level of the ISA-95 equipment hierarchy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Level {
    /// The whole plant.
    Site,
    /// A part of it with one purpose, such as *filling*.
    Area,
    /// A production line.
    Line,
    /// A group of machines that work as one.
    Cell,
    /// One piece of equipment.
    #[default]
    Unit,
}

/// One piece of equipment, or a group of it.
#[derive(Clone, Debug)]
pub struct Asset {
    /// Name, unique among its siblings.
    pub name: Arc<str>,
    /// Names from the root to this asset joined by `/`; unique.
    pub path: Arc<str>,
    /// What people call it.
    pub title: String,
    /// Where it stands in the equipment hierarchy.
    pub level: Level,
    /// Its class; a plain group has none.
    pub class: Option<ClassId>,
    /// What it is part of.
    pub parent: Option<AssetId>,
    /// Placement in the parent's frame.
    pub parent_from_asset: Pose,
    /// Uniform scale of its model; 1 as designed.
    pub scale: f64,
    /// Its consecutive property ids, in the order of the class's properties.
    pub properties: Range<u32>,
    /// Properties that this instance defines in its own way (another range, another unit), by
    /// position in the class.
    pub overrides: Vec<(u16, Arc<Property>)>,
    /// Words for topic templates and label texts, such as `serial`.
    pub variables: HashMap<String, String>,
}

/// How a property came to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PropertyKind {
    /// Measured by the plant.
    #[default]
    Measurement,
    /// Can be written to the plant.
    Setpoint,
    /// From a model that is fed with measurements.
    Estimate,
    /// Computed from other properties of the same asset.
    Derived,
}

impl PropertyKind {
    /// Whether the plant states its values. Of the others no message and no table is read: estimates
    /// come from models, derived values from other properties.
    pub const fn comes_from_plant(self) -> bool {
        matches!(self, Self::Measurement | Self::Setpoint)
    }
}

/// What happens between two samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Interpolation {
    /// On the straight line between them (numbers, poses, positions of items).
    #[default]
    Linear,
    /// As the earlier one until the later one.
    Step,
}

/// A typed value that an asset has.
#[derive(Clone, Debug)]
pub struct Property {
    /// Name in the file, unique in its class.
    pub name: Arc<str>,
    /// What people call it.
    pub title: String,
    /// Longer text for the property panel.
    pub description: String,
    /// How it came to be.
    pub kind: PropertyKind,
    /// Its type.
    pub ty: ValueType,
    /// Unit of the stored number.
    pub unit: Unit,
    /// Unit in which people read it, and how a number gets there from `unit`.
    pub display: DisplayUnit,
    /// Digits after the decimal point when shown; `None` chooses by the range.
    pub decimals: Option<u8>,
    /// Smallest and largest value to expect, in `unit`; for bars, colours and axes.
    pub range: Option<(f64, f64)>,
    /// Limits of a number, in `unit`.
    pub limits: Limits,
    /// Of an enumeration or a boolean: how each of its values is to be seen, by index; empty: none is
    /// abnormal.
    pub states: Arc<[Beyond]>,
    /// A sample is expected at least this often; without one the value becomes stale. `None`: never.
    pub interval: Option<Duration>,
    /// What happens between two samples.
    pub interpolation: Interpolation,
    /// For a derived property: the running integral over time of the property at this position of
    /// the same class, in that property's unit × `scale` (a speed in r/min with `scale` 1/60
    /// becomes turns).
    pub integral_of: Option<IntegralOf>,
    /// Of a setpoint: where and how it is written to the plant; `None`: it is only read.
    pub write: Option<Arc<Write>>,
}

/// The unit in which people read a property, and the way there, found once when the twin is loaded.
#[derive(Clone, Debug, PartialEq)]
pub struct DisplayUnit {
    unit: Unit,
    scale: f64,
    offset: f64,
}

impl DisplayUnit {
    /// The property's own unit.
    pub fn same(unit: Unit) -> Self {
        Self { unit, scale: 1.0, offset: 0.0 }
    }

    /// Another unit; `None` when the property's unit does not convert to it.
    pub fn converted(from: &Unit, to: Unit) -> Option<Self> {
        let (scale, offset) = from.conversion_to(&to)?;
        Some(Self { unit: to, scale, offset })
    }

    /// The unit.
    pub fn unit(&self) -> &Unit {
        &self.unit
    }

    /// A number of the property's unit in this one.
    pub fn convert(&self, number: f64) -> f64 {
        number * self.scale + self.offset
    }
}

impl Default for DisplayUnit {
    fn default() -> Self {
        Self::same(Unit::default())
    }
}

/// What a derived property integrates over time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IntegralOf {
    /// Position in the class of the property that is integrated.
    pub property: u16,
    /// Integral per second for one unit of that property.
    pub per_second: f64,
}

/// Values beyond which a number is abnormal, in the property's unit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// Below this it is an alarm.
    pub low_alarm: Option<f64>,
    /// Below this it is a warning.
    pub low_warning: Option<f64>,
    /// Above this it is a warning.
    pub high_warning: Option<f64>,
    /// Above this it is an alarm.
    pub high_alarm: Option<f64>,
}

/// A named place to look from.
#[derive(Clone, Debug, PartialEq)]
pub struct Viewpoint {
    /// Name for the menu and for `--camera`.
    pub name: String,
    /// Where the camera is, in metres.
    pub eye: [f64; 3],
    /// What it looks at, in metres.
    pub target: [f64; 3],
    /// Parallel instead of perspective projection.
    pub orthographic: bool,
}

impl Twin {
    /// Every model file that a class or one of its bindings names, each once.
    pub fn models(&self) -> BTreeSet<PathBuf> {
        let own = self.classes.iter().filter_map(|class| class.model.clone());
        let bindings = self.classes.iter().flat_map(|class| &class.bindings);
        let items = bindings.filter_map(|binding| match &binding.effect {
            Effect::Items { models, .. } => Some(models.iter().cloned()),
            _ => None,
        });
        own.chain(items.flatten()).collect()
    }

    /// Number of properties of all assets.
    pub fn property_count(&self) -> usize {
        self.property_owner.len()
    }

    /// The asset with that id.
    pub fn asset(&self, id: AssetId) -> &Asset {
        &self.assets[id.0 as usize]
    }

    /// The class of an asset, if it has one.
    pub fn class_of(&self, asset: AssetId) -> Option<&Class> {
        self.asset(asset).class.map(|class| &self.classes[class.0 as usize])
    }

    /// The asset that owns a property.
    pub fn owner(&self, property: PropertyId) -> AssetId {
        self.property_owner[property.0 as usize]
    }

    /// The definition of a property: the asset's own where it has one, else its class's.
    ///
    /// # Panics
    /// If the id belongs to another definition.
    pub fn property(&self, id: PropertyId) -> &Arc<Property> {
        let owner = self.asset(self.owner(id));
        let local = id.0 - owner.properties.start;
        let own = owner.overrides.iter().find(|(at, _)| u32::from(*at) == local);
        match own {
            Some((_, property)) => property,
            None => {
                let class = owner.class.expect("only assets with a class own properties");
                &self.classes[class.0 as usize].properties[local as usize]
            }
        }
    }

    /// Ids of an asset's properties.
    pub fn properties_of(&self, asset: AssetId) -> impl Iterator<Item = PropertyId> + use<> {
        self.asset(asset).properties.clone().map(PropertyId)
    }

    /// What `{word}` means in the topics and texts of an asset: `asset`, `path`, `twin`, a level
    /// (name of the nearest asset of that level, from the asset itself upwards), or a variable,
    /// its own or the nearest one above it. A variable cannot have one of the other names.
    pub fn word(&self, asset: AssetId, word: &str) -> Option<&str> {
        let level = match word {
            "asset" => return Some(&self.asset(asset).name),
            "path" => return Some(&self.asset(asset).path),
            "twin" => return Some(&self.name),
            "site" => Some(Level::Site),
            "area" => Some(Level::Area),
            "line" => Some(Level::Line),
            "cell" => Some(Level::Cell),
            _ => None,
        };
        let mut upwards = std::iter::successors(Some(asset), |at| self.asset(*at).parent)
            .map(|at| self.asset(at));
        match level {
            Some(level) => upwards.find(|at| at.level == level).map(|at| &*at.name),
            None => upwards.find_map(|at| at.variables.get(word)).map(String::as_str),
        }
    }

    /// The property at a position of the asset's class.
    pub fn property_at(&self, asset: AssetId, position: usize) -> PropertyId {
        PropertyId(self.asset(asset).properties.start + position as u32)
    }

    /// The property with that name.
    pub fn find_property(&self, asset: AssetId, name: &str) -> Option<PropertyId> {
        let position = self.class_of(asset)?.property(name)?;
        Some(self.property_at(asset, position))
    }

    /// The persistent name of a property, `utilities/P-101.speed`.
    pub fn property_path(&self, id: PropertyId) -> String {
        format!("{}.{}", self.asset(self.owner(id)).path, self.property(id).name)
    }

    /// All names of a property by which [`Twin::property_by_path`] finds it: its persistent name, and
    /// that with the asset's bare name where only this asset is meant by it.
    pub fn property_names(&self, id: PropertyId) -> impl Iterator<Item = String> {
        let owner = self.asset(self.owner(id));
        let is_other = owner.name != owner.path
            && self.asset_by_name.get(&owner.name) == Some(&self.owner(id));
        let bare = is_other.then(|| format!("{}.{}", owner.name, self.property(id).name));
        std::iter::once(self.property_path(id)).chain(bare)
    }

    /// The property with that persistent name; an asset's bare name will do for its path.
    pub fn property_by_path(&self, path: &str) -> Option<PropertyId> {
        let (asset, property) = path.rsplit_once('.')?;
        self.find_property(*self.asset_by_name.get(asset)?, property)
    }

    /// Ids of all assets, parents first.
    pub fn asset_ids(&self) -> impl Iterator<Item = AssetId> + use<> {
        (0..self.assets.len() as u32).map(AssetId)
    }

    /// How many assets are equipment: have a class, and do not only group others.
    pub fn equipment_count(&self) -> usize {
        self.assets.iter().filter(|asset| asset.class.is_some()).count()
    }

    /// Ids of all properties.
    pub fn property_ids(&self) -> impl Iterator<Item = PropertyId> + use<> {
        (0..self.property_owner.len() as u32).map(PropertyId)
    }
}
