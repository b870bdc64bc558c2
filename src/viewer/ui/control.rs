//! What can be asked of the panels.

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

use super::dock::Dock;
use crate::viewer::base::Shown;

/// Where the panels are and what is shown, for whoever may change it.
#[derive(SystemParam)]
pub struct PanelControl<'w> {
    dock: ResMut<'w, Dock>,
    /// What is switched on.
    pub shown: ResMut<'w, Shown>,
}

impl PanelControl<'_> {
    /// Brings the message log to the front.
    pub fn show_messages(&mut self) {
        self.dock.show_messages();
        self.shown.panels = true;
    }

    /// Puts all panels where they were at first, and remembers that.
    pub fn reset_layout(&mut self) {
        self.dock.reset();
        self.dock.remember();
        self.shown.panels = true;
    }
}
