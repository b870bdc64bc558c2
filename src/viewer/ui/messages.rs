//! The message log: notices, and messages of the plant that could not be decoded.

use std::collections::VecDeque;

use bevy::prelude::Resource;
use bevy_egui::egui::{self, Color32, RichText, ScrollArea, Ui};

use super::data::PanelData;
use super::timeline::clock_text;
use crate::telemetry::BadMessage;
use crate::twin::Timestamp;
use crate::viewer::base::Severity;

/// Entries that are kept.
const CAPACITY: usize = 500;

/// One entry of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct LogEntry {
    /// Wall time of the latest occurrence.
    pub time: Timestamp,
    /// How much it matters.
    pub severity: Severity,
    /// What happened and what to do.
    pub text: String,
    /// How often it came in a row.
    pub count: u32,
}

/// The notices; the same text in a row is one entry with a count.
#[derive(Resource, Default, Debug)]
pub struct MessageLog {
    entries: VecDeque<LogEntry>,
    forgotten: u64,
    /// Warnings and errors that nobody has seen yet.
    unseen: usize,
}

impl MessageLog {
    /// Adds a message; the oldest leaves when there is no room.
    pub fn push(&mut self, time: Timestamp, severity: Severity, text: impl Into<String>) {
        let text = text.into();
        if severity > Severity::Info {
            self.unseen += 1;
        }
        if let Some(last) = self.entries.back_mut()
            && last.text == text
        {
            last.count = last.count.saturating_add(1);
            last.time = time;
            return;
        }
        if self.entries.len() == CAPACITY {
            self.entries.pop_front();
            self.forgotten += 1;
        }
        self.entries.push_back(LogEntry { time, severity, text, count: 1 });
    }

    /// The entries, the oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &LogEntry> {
        self.entries.iter()
    }

    /// Warnings and errors since the log was last looked at.
    pub fn unseen(&self) -> usize {
        self.unseen
    }

    /// Somebody looks at the log.
    pub fn seen(&mut self) {
        self.unseen = 0;
    }

    /// The number of entries that had to make room.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }
}

/// Draws the log and the last bad messages, the newest first.
pub fn show(ui: &mut Ui, data: &PanelData, log: &MessageLog, bad: &[BadMessage]) {
    egui::Frame::new().inner_margin(egui::Margin::symmetric(10, 8)).show(ui, |ui| {
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            if log.entries.is_empty() && bad.is_empty() {
                ui.label(RichText::new("No messages.").color(data.palette.text_dim));
            }
            for entry in log.entries().rev() {
                let color = severity_color(data, entry.severity);
                let times =
                    if entry.count > 1 { format!("  ×{}", entry.count) } else { String::new() };
                line(ui, data, entry.time, color, &format!("{}{times}", entry.text));
            }
            if log.forgotten > 0 {
                let text = format!("{} older messages had to make room.", log.forgotten);
                ui.label(RichText::new(text).small().color(data.palette.text_faint));
            }
            for message in bad.iter().rev() {
                bad_message(ui, data, message);
            }
        });
    });
}

fn severity_color(data: &PanelData, severity: Severity) -> Color32 {
    match severity {
        Severity::Info => data.palette.text_dim,
        Severity::Warning => data.palette.warning,
        Severity::Error => data.palette.alarm,
    }
}

fn line(ui: &mut Ui, data: &PanelData, time: Timestamp, color: Color32, text: &str) {
    ui.horizontal_top(|ui| {
        ui.label(
            RichText::new(clock_text(time)).monospace().small().color(data.palette.text_faint),
        );
        let mut text = RichText::new(text).small().color(color);
        if text.text().contains('\n') {
            // It points into a line of a file.
            text = text.monospace();
        }
        ui.add(egui::Label::new(text).wrap().selectable(true));
    });
}

fn bad_message(ui: &mut Ui, data: &PanelData, message: &BadMessage) {
    let title = format!("{}  {}  {}", clock_text(message.arrival), message.topic, message.reason);
    egui::CollapsingHeader::new(RichText::new(title).small().color(data.palette.warning))
        .id_salt((message.arrival.0, &message.topic))
        .show(ui, |ui| {
            let kept = message.payload.len();
            let note = if message.payload_len > kept {
                format!("{} bytes; the first {kept}:", message.payload_len)
            } else {
                format!("{kept} bytes:")
            };
            ui.label(RichText::new(note).small().color(data.palette.text_faint));
            let text = String::from_utf8_lossy(&message.payload).into_owned();
            ui.add(
                egui::Label::new(RichText::new(text).monospace().small()).wrap().selectable(true),
            );
        });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_message_in_a_row_is_counted_and_the_log_stays_bounded() {
        let mut log = MessageLog::default();
        for second in 0..3 {
            log.push(Timestamp(second), Severity::Info, "broker lost");
        }
        assert_eq!(log.entries().next().map(|entry| entry.count), Some(3));
        for number in 0..2 * CAPACITY {
            log.push(Timestamp(0), Severity::Warning, number.to_string());
        }
        assert_eq!(log.entries().count(), CAPACITY);
        assert_eq!(log.forgotten(), (CAPACITY + 1) as u64);
        assert_eq!(log.unseen(), 2 * CAPACITY, "what is only good to know is no problem");
        log.seen();
        assert_eq!(log.unseen(), 0);
    }
}
