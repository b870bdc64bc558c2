//! How samples become something seen, as the twin file states it.
//!
//! A binding is a pure function from the state at the playhead to a picture. What spins or travels
//! reads an integrated property (turns, metres): the reader of the file turns a binding to a speed
//! into one to that speed's integral, adding the derived property where the class has none.

use std::sync::Arc;

/// One binding of a class.
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// Path of the node in the class's model (`skid/rotor`, or a name that is unique in the model);
    /// empty: the whole asset.
    pub node: String,
    /// What is done to it.
    pub effect: Effect,
    /// Line and column (1-based) of the binding, and its file, for messages about the model.
    pub place: Arc<str>,
}

/// What a binding does to its node. `by` is the position of a property in the class.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Turns about an axis through the node's origin: angle = value × `radians_per_unit` + `offset_rad`.
    Rotate {
        /// Property that holds the angle.
        by: u16,
        /// Unit vector in the node's own frame.
        axis: [f64; 3],
        /// Radians for one unit of the property (2π for turns).
        radians_per_unit: f64,
        /// Angle at value 0.
        offset_rad: f64,
    },
    /// Slides along a direction in the node's own frame: shift = value × `metres_per_unit` + `offset_m`.
    Translate {
        /// Property that holds the distance.
        by: u16,
        /// Unit vector in the node's own frame.
        axis: [f64; 3],
        /// Metres for one unit of the property.
        metres_per_unit: f64,
        /// Shift at value 0.
        offset_m: f64,
    },
    /// Puts the node (or the asset) on a path in the frame of the asset's parent, facing along it.
    Path {
        /// Property that holds the distance travelled.
        by: u16,
        /// The path.
        path: Path,
        /// Metres for one unit of the property.
        metres_per_unit: f64,
    },
    /// Places the node (or the asset) by a pose in the frame of the asset's parent.
    Pose {
        /// Property of type pose.
        by: u16,
    },
    /// Draws a model for each item of a list on a path in the asset's frame.
    Items {
        /// Property of type items.
        by: u16,
        /// The path.
        path: Path,
        /// GLB file for each stage; the last serves all later stages.
        models: Vec<std::path::PathBuf>,
    },
    /// Stretches the node along an axis: `empty` → `min_scale`, `full` → 1.
    Fill {
        /// Property that holds the level.
        by: u16,
        /// Unit vector in the node's own frame, along which it grows from its origin.
        axis: [f64; 3],
        /// Value at which it is empty.
        empty: f64,
        /// Value at which it is full.
        full: f64,
        /// Scale at empty, a little above 0.
        min_scale: f64,
    },
    /// Colours the surface by a value.
    Color {
        /// Property that chooses the colour.
        by: u16,
        /// From value to colour.
        map: ColorMap,
        /// Share of the colour, 0 (the material's own) to 1.
        strength: f64,
    },
    /// Makes the surface shine by a value.
    Glow {
        /// Property that chooses colour and strength.
        by: u16,
        /// From value to colour.
        map: ColorMap,
        /// Brightness at full, in multiples of white paper in full light.
        intensity: f64,
    },
    /// Shows the node while a condition holds.
    Show {
        /// Property of the condition.
        by: u16,
        /// The condition.
        when: Condition,
    },
    /// Plays an animation of the GLB: seconds into it = value × `seconds_per_unit`, repeated.
    Animation {
        /// Property that holds the place in the animation.
        by: u16,
        /// Name of the animation in the model.
        name: String,
        /// Seconds for one unit of the property.
        seconds_per_unit: f64,
        /// Starts again at the end instead of stopping there.
        repeat: bool,
    },
    /// A text that stands at the node.
    Label {
        /// Text and property values in turn.
        text: Vec<LabelPart>,
        /// Metres above the node's origin.
        offset: [f64; 3],
        /// Labels of greater priority are placed first where there is no room for all.
        priority: i32,
    },
}

impl Effect {
    /// Position in the class of the property that it reads; a label reads several.
    pub fn by(&self) -> Option<u16> {
        match self {
            Self::Rotate { by, .. }
            | Self::Translate { by, .. }
            | Self::Path { by, .. }
            | Self::Pose { by }
            | Self::Items { by, .. }
            | Self::Fill { by, .. }
            | Self::Color { by, .. }
            | Self::Glow { by, .. }
            | Self::Show { by, .. }
            | Self::Animation { by, .. } => Some(*by),
            Self::Label { .. } => None,
        }
    }
}

/// A piece of a label.
#[derive(Clone, Debug, PartialEq)]
pub enum LabelPart {
    /// As it stands.
    Literal(String),
    /// A property's value with its display unit.
    Property(u16),
    /// The asset's name.
    Asset,
    /// The asset's title.
    Title,
    /// Another word of the asset, see [`Twin::word`](super::Twin::word).
    Word(String),
}

/// A line through points, straight or rounded, open or closed.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// Metres.
    pub points: Vec<[f64; 3]>,
    /// The last point joins the first.
    pub closed: bool,
    /// Radius in metres by which corners are rounded.
    pub corner_radius: f64,
}

/// When a [`Effect::Show`] holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// The number lies within, both ends included.
    Within(f64, f64),
    /// The enumeration has one of these indices.
    OneOf(Vec<u16>),
}

/// From a value to a colour.
#[derive(Clone, Debug, PartialEq)]
pub enum ColorMap {
    /// A perceptually even scale between two values; outside them the end colours hold.
    Scale {
        /// Which scale.
        name: Scale,
        /// Value of the first colour.
        low: f64,
        /// Value of the last colour.
        high: f64,
    },
    /// A colour for each index of an enumeration (sRGB, 0 to 1).
    Names(Vec<[f32; 3]>),
    /// One colour, whose strength goes from 0 at `low` to 1 at `high` (sRGB, 0 to 1).
    Single {
        /// The colour.
        color: [f32; 3],
        /// Value at which it is absent.
        low: f64,
        /// Value at which it is full.
        high: f64,
    },
    /// The colour of the property's own condition: green while it is normal, amber in a warning, red in an
    /// alarm, violet when its value is doubtful.
    Limits,
    /// A status lamp: the colour of the asset's condition when it is not normal; while it is, one for each
    /// index of an enumeration (sRGB, 0 to 1), or green where there are none.
    Condition(Vec<[f32; 3]>),
}

/// The perceptually even colour scales.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scale {
    /// Dark violet, green, yellow.
    Viridis,
    /// Dark blue, grey, yellow; for colour-blind readers.
    Cividis,
    /// Black, violet, orange, yellow; for heat.
    Inferno,
    /// Blue, grey, red, for what differs from a middle.
    CoolWarm,
    /// Rainbow without its false edges.
    Turbo,
}
