//! Panels around the scene.

use bevy::prelude::*;

/// Adds the panels.
pub fn plugin(_app: &mut App) {}
