//! Units of measure, in UCUM notation.

use std::fmt;
use std::sync::Arc;

/// A unit, written in the case-sensitive UCUM notation (`m3/h`, `Cel`, `{rev}/min`, `%`, `1`).
///
/// `1` is the unit of a plain number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unit {
    code: Arc<str>,
    symbol: Arc<str>,
}

impl Unit {
    /// As written in the file, in UCUM notation.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// As shown to people: `m³/h`, `°C`, `rpm`; empty for a plain number.
    pub fn symbol(&self) -> &str {
        &self.symbol
    }
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
