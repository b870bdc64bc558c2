//! Whether what follows the plant shows the plant as it is now, and what is said where it does not.

use std::time::Duration;

use bevy_egui::egui::Color32;

use super::data::PanelData;
use crate::telemetry::ConnectionState;
use crate::twin::Condition;

/// What is taken in further behind the clock on the wall is not the present.
const MOST_BEHIND: Duration = Duration::from_secs(5);

/// How live a scene is that follows the plant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// Connected, the plant's time goes on, and there are current values.
    Live,
    /// The connection is being made.
    Connecting,
    /// There is no connection.
    Offline,
    /// Connected, and the plant's time stands still.
    Silent,
    /// Connected, and what comes is taken in later than [`MOST_BEHIND`].
    Late,
    /// Connected, and no value has come yet.
    Waiting,
    /// Connected, and no value that is expected in time is current.
    Stale,
}

impl Liveness {
    /// Of the source on screen.
    pub fn of(data: &PanelData) -> Self {
        match data.health.connection {
            ConnectionState::Connected => {}
            ConnectionState::Connecting => return Self::Connecting,
            _ => return Self::Offline,
        }
        let (survey, properties) = (data.survey, data.twin.property_count());
        match data.present().goes_on {
            _ if data.health.behind > MOST_BEHIND => Self::Late,
            false => Self::Silent,
            true if survey.is_out_of_date() => Self::Stale,
            true if properties > 0 && survey.count(Condition::Unknown) == properties => {
                Self::Waiting
            }
            true => Self::Live,
        }
    }

    /// The word on the button.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "LIVE",
            Self::Connecting => "CONNECTING",
            Self::Offline => "OFFLINE",
            Self::Silent => "SILENT",
            Self::Late => "LATE",
            Self::Waiting => "WAITING",
            Self::Stale => "STALE",
        }
    }

    /// What it means.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Live => "Following the plant",
            Self::Connecting => "Connecting; this is the last that is known",
            Self::Offline => "Not connected; this is the last that is known",
            Self::Silent => "The plant sends no time any more; this is the last that is known",
            Self::Late => {
                "More comes than this machine takes in, or it draws too slowly: what is seen is some seconds old"
            }
            Self::Waiting => "Connected; no value has come yet",
            Self::Stale => "Connected, but no value is current; this is the last that is known",
        }
    }

    /// Its colour: only what is live has that of the live plant.
    pub fn color(self, data: &PanelData) -> Color32 {
        match self {
            Self::Live => data.palette.live,
            _ => data.palette.stale,
        }
    }
}
