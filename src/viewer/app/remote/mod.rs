//! The viewer as others steer and watch it: a page around it, a dashboard that embeds the page, a
//! test.
//!
//! Flows in: [`Request`]s, as JSON where they come from a page. Flows out: [`Event`]s, and a
//! [`Report`] where one is asked for. Both go through bounded channels, some a frame; nothing here
//! reaches a plant.

mod channel;
mod protocol;
mod refusals;
mod report;
mod steer;
#[cfg(test)]
mod tests;

use bevy::prelude::*;

pub use channel::{Remote, RemoteHandle, pair};
pub use protocol::{Event, Instant, PropertyReport, Report, Request};

use crate::viewer::base::{Round, Seen};

/// Lets others steer and watch, where [`Remote`] is there.
pub fn plugin(app: &mut App) {
    app.insert_resource(Seen(true))
        .init_resource::<report::ReportRequested>()
        .init_resource::<refusals::Refusals>()
        .add_systems(
            Update,
            steer::take
                .run_if(resource_exists::<Remote>)
                .after(Round::Ingest)
                .before(Round::Commands),
        )
        .add_systems(
            Update,
            report::send_events.run_if(resource_exists::<Remote>).after(Round::Ui),
        );
}
