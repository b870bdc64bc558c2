//! How a property is doing: its value against its limits, as far as it can be trusted. Panels, labels
//! and colours ask here, so that they agree.

use super::{Limits, Quality, Value};

/// How an asset or a property is doing, the worst last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    /// It has no property, or nothing is known yet.
    #[default]
    Unknown,
    /// Within its limits. A text, an enumeration, a pose or items have none, and are normal also where
    /// their quality is uncertain.
    Normal,
    /// Nothing has come for too long, or its source is offline.
    Stale,
    /// Beyond a limit of warning, or a number of uncertain quality.
    Warning,
    /// Beyond a limit of alarm, or the source says that the value is wrong.
    Alarm,
}

/// Where a number lies against its limits, the worst last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Beyond {
    /// Within all of them.
    #[default]
    None,
    /// Beyond a limit of warning.
    Warning,
    /// Beyond a limit of alarm.
    Alarm,
}

impl Limits {
    /// Where a number of the property's unit lies. A limit itself is within.
    pub fn judge(&self, number: f64) -> Beyond {
        let below = |limit: Option<f64>| limit.is_some_and(|limit| number < limit);
        let above = |limit: Option<f64>| limit.is_some_and(|limit| number > limit);
        if below(self.low_alarm) || above(self.high_alarm) {
            Beyond::Alarm
        } else if below(self.low_warning) || above(self.high_warning) {
            Beyond::Warning
        } else {
            Beyond::None
        }
    }

    /// Whether no limit is stated.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Condition {
    /// All, in their order.
    pub const ALL: [Self; 5] =
        [Self::Unknown, Self::Normal, Self::Stale, Self::Warning, Self::Alarm];

    /// Of a value with its quality.
    pub fn of(value: &Value, quality: Quality, limits: &Limits) -> Self {
        let number = match value {
            Value::Number(number) => Some(*number),
            _ => None,
        };
        Self::of_number(number, quality, limits)
    }

    /// Of a number, or of a value that is none (`None`), with its quality. Uncertain quality is a
    /// warning of a number alone.
    pub fn of_number(number: Option<f64>, quality: Quality, limits: &Limits) -> Self {
        let beyond = number.map(|number| limits.judge(number)).unwrap_or_default();
        match (quality, beyond) {
            (Quality::Stale, _) => Self::Stale,
            (Quality::Bad, _) | (_, Beyond::Alarm) => Self::Alarm,
            (_, Beyond::Warning) => Self::Warning,
            (Quality::Uncertain, Beyond::None) if number.is_some() => Self::Warning,
            _ => Self::Normal,
        }
    }

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
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: Limits = Limits {
        low_warning: Some(1.0),
        high_warning: Some(8.0),
        high_alarm: Some(9.0),
        low_alarm: None,
    };

    fn of(number: f64, quality: Quality) -> Condition {
        Condition::of(&Value::Number(number), quality, &LIMITS)
    }

    #[test]
    fn a_value_beyond_its_limits_is_a_warning_and_then_an_alarm() {
        assert_eq!(of(5.0, Quality::Good), Condition::Normal);
        assert_eq!(of(0.5, Quality::Good), Condition::Warning);
        assert_eq!(of(8.5, Quality::Good), Condition::Warning);
        assert_eq!(of(9.5, Quality::Good), Condition::Alarm);
    }

    #[test]
    fn a_stale_value_is_stale_whatever_it_says_and_a_bad_one_is_an_alarm() {
        assert_eq!(of(9.5, Quality::Stale), Condition::Stale);
        assert_eq!(of(5.0, Quality::Bad), Condition::Alarm);
        assert_eq!(of(5.0, Quality::Uncertain), Condition::Warning);
    }

    #[test]
    fn a_value_that_is_no_number_is_normal_when_it_is_uncertain_and_an_alarm_when_it_is_bad() {
        for value in [Value::Enumeration(1), Value::Text("idle".into())] {
            let of = |quality| Condition::of(&value, quality, &LIMITS);
            assert_eq!(of(Quality::Uncertain), Condition::Normal);
            assert_eq!(of(Quality::Bad), Condition::Alarm);
            assert_eq!(of(Quality::Stale), Condition::Stale);
        }
    }

    proptest! {
        #[test]
        fn a_limit_itself_is_within_and_anything_beyond_it_is_not(limit in -1e9..1e9_f64) {
            let limits = Limits { high_alarm: Some(limit), ..Limits::default() };
            prop_assert_eq!(limits.judge(limit), Beyond::None);
            prop_assert_eq!(limits.judge(limit.next_up()), Beyond::Alarm);
            let limits = Limits { low_warning: Some(limit), ..Limits::default() };
            prop_assert_eq!(limits.judge(limit), Beyond::None);
            prop_assert_eq!(limits.judge(limit.next_down()), Beyond::Warning);
        }
    }
}
