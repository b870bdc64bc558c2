//! What the user can ask for, and nothing else: panels, keys and picking return commands; one
//! system turns each into its effect.

use bevy::prelude::*;

use crate::twin::{AssetId, Timestamp};

/// Something that the user asked for.
#[derive(Message, Clone, Debug, PartialEq)]
pub enum Command {
    /// Select an asset, or nothing.
    Select(Option<AssetId>),
    /// Fly the camera to an asset, and select it.
    FlyTo(AssetId),
    /// Fly the camera to where the whole plant is seen.
    FitAll,
    /// Fly the camera to a viewpoint of the twin, by its position in the file.
    Viewpoint(usize),
    /// Keep the present camera as a viewpoint of the user, under that name.
    SaveViewpoint(String),
    /// Look from a standard direction at what is selected, or at the whole plant.
    Standard(StandardView),
    /// Change between perspective and parallel projection.
    ToggleProjection,
    /// Move the playhead to an instant of plant time; it stops following the present.
    Seek(Timestamp),
    /// Follow the present again.
    Follow,
    /// Light or dark.
    Theme(ThemeChoice),
    /// Show or hide all labels in the scene.
    ToggleLabels,
    /// Show or hide the panels.
    TogglePanels,
    /// Show or hide the list of keys.
    ToggleHelp,
}

/// Standard directions to look from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandardView {
    /// Along −Z.
    Front,
    /// Along +Z.
    Back,
    /// Along +X.
    Left,
    /// Along −X.
    Right,
    /// Down.
    Top,
    /// From front, right and above.
    Isometric,
}

/// Light or dark.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum ThemeChoice {
    /// For control rooms.
    #[default]
    Dark,
    /// For bright offices and print.
    Light,
}
