//! Units of measure, in UCUM notation.

use std::fmt;
use std::sync::Arc;

use octofhir_ucum as ucum;

/// A unit, written in the case-sensitive UCUM notation (`m3/h`, `Cel`, `{rev}/min`, `%`, `1`).
///
/// `1` is the unit of a plain number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unit {
    code: Arc<str>,
    symbol: Arc<str>,
}

/// A text that is not a unit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{code}` is not a UCUM unit")]
pub struct UnitError {
    /// What was written.
    pub code: String,
    /// A valid code that was probably meant.
    pub suggestion: Option<String>,
}

/// What people write, and what UCUM calls it.
const COMMON: [(&str, &str); 22] = [
    ("°C", "Cel"),
    ("C", "Cel"),
    ("degC", "Cel"),
    ("°F", "[degF]"),
    ("rpm", "{rev}/min"),
    ("r/min", "{rev}/min"),
    ("rev/min", "{rev}/min"),
    ("RPM", "{rev}/min"),
    ("m³/h", "m3/h"),
    ("m³", "m3"),
    ("m²", "m2"),
    ("kWh", "kW.h"),
    ("Wh", "W.h"),
    ("Ah", "A.h"),
    ("°", "deg"),
    ("µm", "um"),
    ("Ω", "Ohm"),
    ("psi", "[psi]"),
    ("Nm", "N.m"),
    ("rev", "{rev}"),
    ("VA", "V.A"),
    ("hz", "Hz"),
];

impl Unit {
    /// Reads a UCUM unit.
    ///
    /// # Errors
    /// If it is none; with the code that was probably meant.
    pub fn parse(code: &str) -> Result<Self, UnitError> {
        match ucum::analyse(code) {
            Ok(_) => Ok(Self { code: code.into(), symbol: symbol_of(code).into() }),
            Err(error) => {
                let common = COMMON.iter().find(|(written, _)| *written == code);
                let suggestion = match common {
                    Some((_, code)) => Some((*code).to_owned()),
                    None => error.suggestions.into_iter().find(|code| ucum::validate(code).is_ok()),
                };
                Err(UnitError { code: code.to_owned(), suggestion })
            }
        }
    }

    /// Reads a unit as people write it: in UCUM notation, or `°C`, `rpm`, `m³/h` and such.
    ///
    /// # Errors
    /// If it is none; with the code that was probably meant.
    pub fn parse_common(text: &str) -> Result<Self, UnitError> {
        let common = COMMON.iter().find(|(written, _)| *written == text);
        Self::parse(text).or_else(|error| match common {
            Some((_, code)) => Self::parse(code),
            None => Err(error),
        })
    }

    /// As written in the file, in UCUM notation.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// As shown to people: `m³/h`, `°C`, `rpm`; empty for a plain number.
    pub fn symbol(&self) -> &str {
        &self.symbol
    }

    /// `(scale, offset)` such that number × scale + offset is the same quantity in `other`; `None`
    /// where it is not the same kind of quantity, or not in proportion (decibels).
    ///
    /// Turns count as angles when a unit says so: `{rev}/min` converts to `rad/s`.
    pub fn conversion_to(&self, other: &Self) -> Option<(f64, f64)> {
        if self.code == other.code {
            return Some((1.0, 0.0));
        }
        let linear = |from: &str, to: &str| {
            let context = ucum::AdvancedConversionContext::default();
            let result = ucum::convert_with_context(0.0, from, to, &context).ok()?;
            Some((result.factor?.to_f64(), result.offset?.to_f64()))
        };
        linear(&self.code, &other.code)
            .or_else(|| linear(&turns_as_angle(&self.code)?, &other.code))
            .or_else(|| linear(&self.code, &turns_as_angle(&other.code)?))
    }

    /// Factor to a unit of the library's notation.
    pub(super) fn factor_to(&self, code: &str) -> Option<f64> {
        let other = Self::parse(code).ok()?;
        self.conversion_to(&other).filter(|(_, offset)| *offset == 0.0).map(|(scale, _)| scale)
    }

    /// Unit of the integral over time, and how much of it one of this unit makes in a second.
    pub(super) fn integral(&self) -> Option<(Self, f64)> {
        let parse = |code: &str| Self::parse(code).ok();
        if let Some(turns) = self.factor_to("{rev}/s").or_else(|| self.factor_to("circ/s")) {
            let counted = self.code.starts_with('{') && turns_as_angle(&self.code).is_none();
            if !counted {
                return Some((parse("{rev}")?, turns));
            }
        }
        if let Some(metres) = self.factor_to("m/s") {
            return Some((parse("m")?, metres));
        }
        for (per, seconds) in [("/s", 1.0), ("/min", 60.0), ("/h", 3600.0), ("/d", 86400.0)] {
            if let Some(amount) = self.code.strip_suffix(per).filter(|amount| !amount.is_empty()) {
                return Some((parse(amount)?, 1.0 / seconds));
            }
        }
        let hourly = ["W", "A", "V.A"].iter().any(|code| self.factor_to(code).is_some());
        match hourly {
            true => Some((parse(&format!("{}.h", self.code))?, 1.0 / 3600.0)),
            false => Some((parse(&format!("{}.s", self.code))?, 1.0)),
        }
    }
}

/// The code with turns written as full circles; `None` if it has no turns.
fn turns_as_angle(code: &str) -> Option<String> {
    ["{rev}", "{turn}", "{turns}", "{r}"]
        .iter()
        .find(|turns| code.contains(**turns))
        .map(|turns| code.replacen(turns, "circ", 1))
}

fn symbol_of(code: &str) -> String {
    match code {
        "1" => return String::new(),
        "{rev}/min" | "{r}/min" | "{turn}/min" => return "rpm".into(),
        _ => {}
    }
    let mut symbol = String::new();
    let mut word = String::new();
    for c in code.chars() {
        if matches!(c, '.' | '/' | '(' | ')') {
            symbol.push_str(&word_symbol(&word));
            word.clear();
            symbol.push(if c == '.' { '·' } else { c });
        } else {
            word.push(c);
        }
    }
    symbol + &word_symbol(&word)
}

/// One unit with its prefix and exponent.
fn word_symbol(word: &str) -> String {
    if let Some(remark) = word.strip_prefix('{') {
        return remark.trim_end_matches('}').to_owned();
    }
    let word = word.split('{').next().unwrap_or(word);
    let base = word.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-'));
    if base.is_empty() {
        return word.to_owned();
    }
    let exponent = &word[base.len()..];
    let shown = match base {
        "Cel" => "°C".to_owned(),
        "[degF]" => "°F".to_owned(),
        "deg" => "°".to_owned(),
        "um" | "us" | "ug" | "uL" | "uA" | "uV" | "uS" | "uF" | "uW" | "uH" => {
            base.replacen('u', "µ", 1)
        }
        "m[H2O]" | "cm[H2O]" | "mm[H2O]" => base.replace("[H2O]", "H₂O"),
        _ => {
            let plain = base.replace("_i]", "]").replace("_us]", "]").replace("_av]", "]");
            plain.replace("Ohm", "Ω").replace(['[', ']'], "")
        }
    };
    let raised = exponent.chars().map(|c| match c {
        '-' => '⁻',
        '+' => '⁺',
        digit => ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][digit as usize - '0' as usize],
    });
    shown + &raised.collect::<String>()
}

impl Default for Unit {
    fn default() -> Self {
        Self { code: "1".into(), symbol: "".into() }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.symbol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(code: &str) -> Unit {
        Unit::parse(code).expect(code)
    }

    #[test]
    fn units_are_shown_as_people_write_them() {
        let cases = [
            ("Cel", "°C"),
            ("m3/h", "m³/h"),
            ("{rev}/min", "rpm"),
            ("um", "µm"),
            ("kOhm", "kΩ"),
            ("%", "%"),
            ("1", ""),
            ("kW.h", "kW·h"),
            ("[psi]", "psi"),
            ("m.s-2", "m·s⁻²"),
            ("{bottle}/h", "bottle/h"),
        ];
        for (code, symbol) in cases {
            assert_eq!(unit(code).symbol(), symbol);
        }
    }

    #[test]
    fn known_conversions_come_out() {
        let convert = |from, to| unit(from).conversion_to(&unit(to));
        assert_eq!(convert("L/h", "m3/h"), Some((0.001, 0.0)));
        assert_eq!(convert("Cel", "K"), Some((1.0, 273.15)));
        assert_eq!(convert("m", "kg"), None);
        let (scale, offset) = convert("{rev}/min", "rad/s").expect("turns are angles");
        assert!((scale - std::f64::consts::TAU / 60.0).abs() < 1e-12 && offset == 0.0);
    }

    #[test]
    fn what_people_write_instead_is_known() {
        for (written, code) in COMMON {
            if let Err(error) = Unit::parse(written) {
                assert_eq!(error.suggestion.as_deref(), Some(code), "{written}");
            }
            unit(code);
        }
    }

    #[test]
    fn integrals_have_the_units_that_people_expect() {
        let integral = |code: &str| {
            let (unit, per_second) = unit(code).integral().expect(code);
            (unit.code().to_owned(), (per_second * 1e9).round() / 1e9)
        };
        assert_eq!(integral("{rev}/min"), ("{rev}".into(), 0.016666667));
        assert_eq!(integral("rad/s"), ("{rev}".into(), 0.159154943));
        assert_eq!(integral("Hz"), ("{rev}".into(), 1.0));
        assert_eq!(integral("mm/s"), ("m".into(), 0.001));
        assert_eq!(integral("m3/h"), ("m3".into(), 0.000277778));
        assert_eq!(integral("kW"), ("kW.h".into(), 0.000277778));
        assert_eq!(integral("{bottle}/h"), ("{bottle}".into(), 0.000277778));
    }
}
