//! How a value stands against its limits: normal, stale, warning, alarm.

use bevy_egui::egui::Color32;

use super::theme::Palette;
use crate::history::Reading;
use crate::twin::{Limits, Quality, Value};

/// How an asset or a property is doing, the worst last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    /// It has no property, or nothing is known yet.
    #[default]
    Unknown,
    /// Within its limits.
    Normal,
    /// Nothing has come for too long, or its source is offline.
    Stale,
    /// It deserves a look.
    Warning,
    /// Out of order, or the source says that the value is wrong.
    Alarm,
}

impl Condition {
    /// One word for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "no data",
            Self::Normal => "normal",
            Self::Stale => "stale",
            Self::Warning => "warning",
            Self::Alarm => "alarm",
        }
    }

    /// Its colour.
    pub const fn color(self, palette: &Palette) -> Color32 {
        match self {
            Self::Unknown => palette.text_faint,
            Self::Normal => palette.good,
            Self::Stale => palette.stale,
            Self::Warning => palette.warning,
            Self::Alarm => palette.alarm,
        }
    }
}

/// How a reading stands against its limits.
pub fn condition_of(reading: Option<&Reading>, limits: &Limits) -> Condition {
    let Some(reading) = reading else { return Condition::Unknown };
    match reading.quality {
        Quality::Stale => return Condition::Stale,
        Quality::Bad => return Condition::Alarm,
        Quality::Good | Quality::Uncertain => {}
    }
    let Value::Number(number) = reading.value else { return Condition::Normal };
    let below = |limit: Option<f64>| limit.is_some_and(|limit| number < limit);
    let above = |limit: Option<f64>| limit.is_some_and(|limit| number > limit);
    if below(limits.low_alarm) || above(limits.high_alarm) {
        Condition::Alarm
    } else if below(limits.low_warning)
        || above(limits.high_warning)
        || reading.quality == Quality::Uncertain
    {
        Condition::Warning
    } else {
        Condition::Normal
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twin::Timestamp;

    fn reading(number: f64, quality: Quality) -> Reading {
        Reading { value: Value::Number(number), time: Timestamp(0), quality }
    }

    #[test]
    fn a_value_beyond_its_limits_is_a_warning_and_then_an_alarm() {
        let limits = Limits {
            low_warning: Some(1.0),
            high_warning: Some(8.0),
            high_alarm: Some(9.0),
            low_alarm: None,
        };
        let condition = |number| condition_of(Some(&reading(number, Quality::Good)), &limits);
        assert_eq!(condition(5.0), Condition::Normal);
        assert_eq!(condition(0.5), Condition::Warning);
        assert_eq!(condition(8.5), Condition::Warning);
        assert_eq!(condition(9.5), Condition::Alarm);
    }

    #[test]
    fn a_stale_value_is_stale_whatever_it_says_and_an_absent_one_is_unknown() {
        let limits = Limits { high_alarm: Some(1.0), ..Limits::default() };
        assert_eq!(condition_of(Some(&reading(9.0, Quality::Stale)), &limits), Condition::Stale);
        assert_eq!(condition_of(Some(&reading(0.0, Quality::Bad)), &limits), Condition::Alarm);
        assert_eq!(condition_of(None, &limits), Condition::Unknown);
    }
}
