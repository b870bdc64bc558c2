//! Values as people read them: in the display unit, with as many digits as are of use.

use super::{Property, Value, ValueType};

/// Digits of a number that are enough for people.
const SIGNIFICANT_DIGITS: i32 = 4;
/// A space that keeps a number and its unit on one line.
const UNIT_SPACE: char = '\u{a0}';

impl Property {
    /// A value with its unit, as people read it: `52.5 °C`, `running`, `12 items`.
    pub fn format(&self, value: &Value) -> String {
        match (value, &self.ty) {
            (Value::Number(number), _) => {
                let text = self.format_number(*number);
                let symbol = self.display.unit().symbol();
                if symbol.is_empty() { text } else { format!("{text}{UNIT_SPACE}{symbol}") }
            }
            (Value::Enumeration(index), ValueType::Enumeration(names)) => {
                names.get(usize::from(*index)).cloned().unwrap_or_else(|| format!("#{index}"))
            }
            (Value::Enumeration(index), _) => format!("#{index}"),
            (Value::Text(text), _) => text.to_string(),
            (Value::Pose(pose), _) => {
                let [x, y, z] = pose.position;
                format!("{x:.2}, {y:.2}, {z:.2}{UNIT_SPACE}m")
            }
            (Value::Items(items), _) => match items.len() {
                1 => "1 item".into(),
                count => format!("{count} items"),
            },
        }
    }

    /// A number of this property in its display unit, without the unit.
    pub fn format_number(&self, number: f64) -> String {
        let shown = self.to_display(number);
        let text = format!("{shown:.*}", self.shown_decimals());
        // A small negative number that rounds to nothing is nothing.
        match text.strip_prefix('-') {
            Some(rest) if rest.bytes().all(|byte| matches!(byte, b'0' | b'.')) => rest.to_owned(),
            _ => text,
        }
    }

    /// A number of this property's unit in its display unit.
    pub fn to_display(&self, number: f64) -> f64 {
        self.display.convert(number)
    }

    /// Digits after the decimal point: as stated, else so that the largest value of the range has
    /// four digits.
    pub fn shown_decimals(&self) -> usize {
        if let Some(decimals) = self.decimals {
            return usize::from(decimals);
        }
        let Some((low, high)) = self.range else { return 2 };
        let largest = self.to_display(low).abs().max(self.to_display(high).abs());
        if largest <= 0.0 || !largest.is_finite() {
            return 2;
        }
        let before_point = largest.log10().floor() as i32 + 1;
        (SIGNIFICANT_DIGITS - before_point).clamp(0, 6) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Quality, Unit};
    use super::*;

    fn property(unit: &str, display: &str, range: Option<(f64, f64)>) -> Property {
        let twin = format!(
            r#"Twin(schema: 2, name: "t", classes: {{"C": (properties: {{"p": (unit: "{unit}", display_unit: "{display}"{})}})}},
            assets: [(name: "a", class: "C")])"#,
            range.map_or(String::new(), |(low, high)| format!(", range: ({low:?}, {high:?})"))
        );
        let loaded = super::super::load_text("t.ron".as_ref(), &twin, &super::super::NoFiles);
        let twin = loaded.expect("the file is right").twin;
        (**twin.property(super::super::PropertyId(0))).clone()
    }

    #[test]
    fn a_number_is_shown_in_its_display_unit_with_digits_that_fit_its_range() {
        let temperature = property("K", "Cel", Some((273.15, 373.15)));
        assert_eq!(temperature.format(&Value::Number(325.65)), "52.5\u{a0}°C");
        let flow = property("m3/h", "L/min", None);
        assert_eq!(flow.format(&Value::Number(6.0)), "100.00\u{a0}L/min");
        assert_eq!(Quality::Good.name(), "good");
    }

    #[test]
    fn what_rounds_to_nothing_has_no_sign() {
        let plain = property("1", "1", Some((-100.0, 100.0)));
        assert_eq!(plain.format(&Value::Number(-0.04)), "0.0");
        assert_eq!(plain.unit, Unit::default());
    }
}
