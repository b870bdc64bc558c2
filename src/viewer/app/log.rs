//! The lines of the log, as a terminal gets them.

use bevy::log::BoxedFmtLayer;
use bevy::log::tracing_subscriber::fmt::{Layer, format};
use bevy::prelude::App;

use crate::terminal;

/// Records as Bevy's own layer writes them, but that the terminal obeys nothing in their text.
pub(super) fn layer(_: &mut App) -> Option<BoxedFmtLayer> {
    let fields = format::debug_fn(|out, field, value| match field.name() {
        "message" => write!(out, "{}", shown(&format!("{value:?}"))),
        // The place in the source, which comes with records of the `log` crate.
        name if name.starts_with("log.") => Ok(()),
        name => write!(out, " {name}={}", shown(&format!("{value:?}"))),
    });
    Some(Box::new(Layer::default().fmt_fields(fields).with_writer(std::io::stderr)))
}

/// Further lines are indented, so that none passes for a record of its own.
fn shown(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(terminal::line).collect();
    lines.join("\n    ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_text_moves_no_cursor_and_forges_no_record() {
        assert_eq!(
            shown("model \u{1b}[2J\n2026-01-01T00:00:00Z ERROR twinscope: all is well"),
            "model \\u001b[2J\n    2026-01-01T00:00:00Z ERROR twinscope: all is well"
        );
    }
}
