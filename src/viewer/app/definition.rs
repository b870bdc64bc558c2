//! Another definition on screen: a twin file that was saved anew, or one that was dropped.

use std::sync::Arc;

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

use crate::twin::{self, AssetId, Diagnostics, Loaded};
use crate::viewer::base::{Notice, Selection, Severity, TwinDefinition};
use crate::viewer::time::{Sources, TelemetryLink};

/// All that a definition is in.
#[derive(SystemParam)]
pub struct Definition<'w> {
    twin: ResMut<'w, TwinDefinition>,
    sources: ResMut<'w, Sources>,
    link: Res<'w, TelemetryLink>,
    selection: ResMut<'w, Selection>,
    problems: MessageWriter<'w, Notice>,
}

impl Definition<'_> {
    /// Shows what was read; of a file with errors only what is wrong with it, and the scene stays
    /// as it was. `news` is what the log says of it.
    pub fn show(&mut self, loaded: Result<Loaded, Diagnostics>, news: String) {
        let diagnostics = match loaded {
            Ok(Loaded { twin: fresh, diagnostics }) => {
                let fresh = Arc::new(fresh);
                let same = |asset: Option<AssetId>| {
                    fresh.asset_by_name.get(&self.twin.0.asset(asset?).path).copied()
                };
                let kept = Selection { selected: same(self.selection.selected), hovered: None };
                self.sources.redefine(&fresh, self.link.status.redefine(&fresh));
                self.twin.0 = fresh;
                *self.selection = kept;
                self.say(Severity::Info, news);
                diagnostics
            }
            Err(diagnostics) => diagnostics,
        };
        for diagnostic in diagnostics.iter() {
            let severity = match diagnostic.severity {
                twin::Severity::Notice => Severity::Info,
                twin::Severity::Warning => Severity::Warning,
                twin::Severity::Error => Severity::Error,
            };
            self.say(severity, diagnostic.to_string());
        }
    }

    /// Writes a notice about files.
    pub fn say(&mut self, severity: Severity, text: String) {
        self.problems.write(Notice::new(severity, text));
    }
}
