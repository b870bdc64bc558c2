//! The app's workers, which all long work beside the frame shares: models that load, estimators,
//! forecasts.

use std::time::Duration;

use bevy::prelude::*;

use super::state::Round;
use crate::worker::Workers;

/// Who does long work beside the frame.
#[derive(Resource, Default)]
pub struct Work(pub Workers);

/// Time of a frame for work that no thread does.
const SLICE: Duration = Duration::from_millis(8);

/// Makes the workers; where there are no threads, gives them a slice of each frame.
pub fn plugin(app: &mut App) {
    app.init_resource::<Work>()
        .add_systems(Update, run_slice.after(Round::Ingest).before(Round::Sample));
}

/// Work that no thread does is done here.
pub fn run_slice(work: Res<Work>) {
    work.0.run_slice(SLICE);
}
