//! How a property is doing: its value against what its definition says is abnormal, as far as the value
//! can be trusted. Panels, labels, lamps and counts ask here, so that they agree.

use super::{Limits, Property, Quality, Value};

/// How an asset or a property is doing, the worst last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    /// It has no property, or nothing is known yet.
    #[default]
    Unknown,
    /// Within its limits, or a state that is not stated as abnormal.
    Normal,
    /// Nothing has come for too long, or its source is offline.
    Stale,
    /// The source doubts the value, which is within its limits as it stands.
    Uncertain,
    /// Beyond a limit of warning, or in a state of warning.
    Warning,
    /// The source says that the value is wrong: what it would be nobody knows.
    Bad,
    /// Beyond a limit of alarm, or in a state of alarm.
    Alarm,
}

/// Where a value lies against its limits or among its states, the worst last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Beyond {
    /// Within all limits, or a normal state.
    #[default]
    None,
    /// Beyond a limit of warning, or a state of warning.
    Warning,
    /// Beyond a limit of alarm, or a state of alarm.
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

impl Property {
    /// Where a value lies: a number against the limits, a state of an enumeration or a boolean by what is
    /// stated of it. A text, a pose and items are never abnormal.
    pub fn judge(&self, value: &Value) -> Beyond {
        match value {
            Value::Number(number) => self.limits.judge(*number),
            Value::Enumeration(index) => {
                self.states.get(usize::from(*index)).copied().unwrap_or_default()
            }
            Value::Text(_) | Value::Pose(_) | Value::Items(_) => Beyond::None,
        }
    }

    /// Whether its values can be abnormal as well as their quality.
    pub fn has_abnormal_values(&self) -> bool {
        !self.limits.is_empty() || self.states.iter().any(|beyond| *beyond > Beyond::None)
    }

    /// How it is doing with this value of this quality.
    pub fn condition(&self, value: &Value, quality: Quality) -> Condition {
        Condition::of(self.judge(value), quality)
    }
}

impl Condition {
    /// All, in their order.
    pub const ALL: [Self; 7] = [
        Self::Unknown,
        Self::Normal,
        Self::Stale,
        Self::Uncertain,
        Self::Warning,
        Self::Bad,
        Self::Alarm,
    ];

    /// Of a value that lies there, of this quality. What is stale or bad says nothing of the plant, so
    /// that where it lies does not count; a value that is only doubted may be an alarm all the same.
    pub const fn of(beyond: Beyond, quality: Quality) -> Self {
        match (quality, beyond) {
            (Quality::Stale, _) => Self::Stale,
            (Quality::Bad, _) => Self::Bad,
            (_, Beyond::Alarm) => Self::Alarm,
            (_, Beyond::Warning) => Self::Warning,
            (Quality::Uncertain, Beyond::None) => Self::Uncertain,
            (Quality::Good, Beyond::None) => Self::Normal,
        }
    }

    /// Whether somebody has to look at it: it is abnormal, or its source does not stand by it.
    pub fn needs_attention(self) -> bool {
        self >= Self::Uncertain
    }

    /// One or two words for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "no data",
            Self::Normal => "normal",
            Self::Stale => "stale",
            Self::Uncertain => "uncertain",
            Self::Warning => "warning",
            Self::Bad => "bad value",
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
        Condition::of(LIMITS.judge(number), quality)
    }

    #[test]
    fn a_value_beyond_its_limits_is_a_warning_and_then_an_alarm() {
        assert_eq!(of(5.0, Quality::Good), Condition::Normal);
        assert_eq!(of(0.5, Quality::Good), Condition::Warning);
        assert_eq!(of(8.5, Quality::Good), Condition::Warning);
        assert_eq!(of(9.5, Quality::Good), Condition::Alarm);
    }

    #[test]
    fn what_is_stale_bad_or_uncertain_is_called_that_and_is_no_limit() {
        assert_eq!(of(9.5, Quality::Stale), Condition::Stale);
        for number in [5.0, 8.5, 9.5] {
            assert_eq!(of(number, Quality::Bad), Condition::Bad);
        }
        assert_eq!(of(5.0, Quality::Uncertain), Condition::Uncertain);
        assert_eq!(of(9.5, Quality::Uncertain), Condition::Alarm, "doubt hides no alarm");
    }

    /// A property of a class with one asset.
    fn property(fields: &str) -> std::sync::Arc<Property> {
        let text = format!(
            r#"Twin(schema: 2, name: "t", classes: {{"C": (properties: {{"p": ({fields})}})}},
            assets: [(name: "a", class: "C")])"#
        );
        let loaded = crate::twin::load_text("t.ron".as_ref(), &text, &crate::twin::NoFiles);
        let twin = loaded.unwrap_or_else(|wrong| panic!("{wrong}")).twin;
        twin.property(crate::twin::PropertyId(0)).clone()
    }

    #[test]
    fn a_state_is_as_abnormal_as_it_is_stated_and_a_boolean_has_states_too() {
        let state = property(
            r#"type: enumeration(["stopped", "starting", "tripped"]), warning_values: ["starting"], alarm_values: ["tripped"]"#,
        );
        let of = |index, quality| state.condition(&Value::Enumeration(index), quality);
        assert_eq!(of(0, Quality::Good), Condition::Normal);
        assert_eq!(of(1, Quality::Good), Condition::Warning);
        assert_eq!(of(2, Quality::Good), Condition::Alarm);
        assert_eq!(of(2, Quality::Bad), Condition::Bad);
        assert_eq!(of(0, Quality::Uncertain), Condition::Uncertain);
        let leak = property("type: boolean, alarm_values: [true]");
        assert_eq!(leak.judge(&Value::Enumeration(1)), Beyond::Alarm);
        assert_eq!(leak.judge(&Value::Enumeration(0)), Beyond::None);
        assert!(!property("type: boolean").has_abnormal_values());
    }

    #[test]
    fn a_value_that_is_no_number_has_the_condition_of_its_quality() {
        let text = property("type: text");
        let of = |quality| text.condition(&Value::Text("idle".into()), quality);
        assert_eq!(of(Quality::Good), Condition::Normal);
        assert_eq!(of(Quality::Uncertain), Condition::Uncertain);
        assert_eq!(of(Quality::Bad), Condition::Bad);
        assert_eq!(of(Quality::Stale), Condition::Stale);
    }

    #[test]
    fn only_a_good_value_in_a_normal_place_is_normal() {
        for quality in [Quality::Good, Quality::Uncertain, Quality::Stale, Quality::Bad] {
            for beyond in [Beyond::None, Beyond::Warning, Beyond::Alarm] {
                let is_normal = Condition::of(beyond, quality) == Condition::Normal;
                assert_eq!(is_normal, quality == Quality::Good && beyond == Beyond::None);
            }
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
