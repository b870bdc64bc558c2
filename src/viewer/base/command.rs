//! What can be asked of the viewer, and nothing else. Panels, keys, picking and remote steering
//! write [`CommandRequest`]s; the dispatcher (`app::dispatch`) alone reads them, asks whether each is
//! allowed, and turns it into its effect.

use bevy::prelude::*;

use crate::twin::{AssetId, Timestamp, Viewpoint};

/// Who asks for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Whoever is at this screen, by panels, keys and pointer.
    User,
    /// A page around the viewer or a dashboard, by requests (`app::remote`).
    Remote,
    /// A test or a bench of the program itself.
    Test,
}

/// A command with who asks for it.
#[derive(Message, Clone, Debug, PartialEq)]
pub struct CommandRequest {
    /// What is asked for.
    pub command: Command,
    /// By whom.
    pub by: Origin,
}

impl Command {
    /// This command, asked for by somebody.
    pub fn by(self, by: Origin) -> CommandRequest {
        CommandRequest { command: self, by }
    }
}

/// Something that can be asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Select an asset, or nothing.
    Select(Option<AssetId>),
    /// Fly the camera to an asset, and select it.
    FlyTo(AssetId),
    /// Fly the camera to where the whole plant is seen.
    FitAll,
    /// Fly the camera to a viewpoint by its number from 0: the twin's come first, then the user's.
    Viewpoint(usize),
    /// Fly the camera to a place that has no name.
    LookFrom(Viewpoint),
    /// Put a link to the present view into the clipboard.
    CopyLink,
    /// Keep the present camera as a viewpoint of the user, under that name.
    SaveViewpoint(String),
    /// Forget the viewpoint of the user with that name.
    ForgetViewpoint(String),
    /// Look from a standard direction at what is selected, or at the whole plant.
    Standard(StandardView),
    /// Change between perspective and parallel projection.
    ToggleProjection,
    /// Move the playhead to an instant of plant time; it stops following the present.
    Seek(Timestamp),
    /// Follow the present again; from a recording back to the plant.
    Follow,
    /// Let the playhead go on by itself, or stop it; a playhead that follows the present leaves it.
    Play(bool),
    /// Plant seconds that pass in a second while the playhead goes on by itself.
    Speed(f64),
    /// Light or dark.
    Theme(ThemeChoice),
    /// Show or hide all labels in the scene.
    ToggleLabels,
    /// Shade corners where light hardly comes, or not.
    ToggleOcclusion,
    /// Show or hide the panels.
    TogglePanels,
    /// Show or hide the list of keys.
    ToggleHelp,
    /// Put all panels where they were at first.
    ResetLayout,
    /// Bring the message log to the front.
    ShowMessages,
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

impl StandardView {
    /// All, in the order of their keys.
    pub const ALL: [Self; 6] =
        [Self::Front, Self::Back, Self::Left, Self::Right, Self::Top, Self::Isometric];

    /// Name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Front => "Front",
            Self::Back => "Back",
            Self::Left => "Left",
            Self::Right => "Right",
            Self::Top => "Top",
            Self::Isometric => "Corner",
        }
    }
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
