//! What a block reads and what its numbers may be: each field has a range, each source a unit.

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use super::board::{Acting, Input, Via};
use super::places::Entry;
use super::wiring::{Kind, Source, Wiring};
use crate::twin::{Unit, nearest};

/// The largest number that a section may state where nothing else bounds it.
pub const LARGEST: f64 = 1e9;
/// Resistance of a line, m/(m³/h)². A signal without a unit can be one, too.
pub const RESISTANCE: &str = "h2/m5";

/// A field that reads a signal, until it is known what the signal is.
#[derive(Clone, Debug)]
pub struct Reader {
    slot: usize,
    acting: Option<Acting>,
    name: String,
    asset: String,
    field: &'static str,
    /// `None`: of any unit.
    unit: Option<&'static str>,
    entry: Option<Entry>,
}

/// What of a signal a field takes.
#[derive(Clone, Copy, Debug)]
enum Takes {
    /// The signal itself.
    Signal,
    /// What the property's instrument tells of it, where a property shows it.
    Measured,
    /// What the block that sets it lets act in its place, if it does.
    Acting,
}

/// A number as people write it: with six digits, and an exponent where it is very large or small.
pub fn figure(number: f64) -> String {
    let rounded: f64 = format!("{number:.5e}").parse().unwrap_or(number);
    let size = rounded.abs();
    if size == 0.0 || !size.is_finite() || (1e-4..1e10).contains(&size) {
        format!("{rounded}")
    } else {
        format!("{rounded:e}")
    }
}

/// A unit as people write it, behind a number; nothing for none.
fn symbol(unit: &str) -> String {
    match unit {
        "1" => String::new(),
        RESISTANCE => " m/(m³/h)²".into(),
        code => Unit::parse(code)
            .map_or_else(|_| format!(" {code}"), |unit| format!(" {}", unit.symbol())),
    }
}

impl Wiring {
    /// Notes a number of a field that is out of its range, which is in `unit` (UCUM), and gives the end
    /// of the range that is nearer: blocks are built with it, and report what else is wrong.
    pub fn check(
        &mut self,
        field: &str,
        value: f64,
        range: RangeInclusive<f64>,
        unit: &str,
    ) -> f64 {
        if range.contains(&value) {
            return value;
        }
        let unit = symbol(unit);
        let mut what = format!("`{field}`");
        if !self.asset.is_empty() {
            let _never = write!(what, " of {}", self.asset);
        }
        let (low, high) = (figure(*range.start()), figure(*range.end()));
        let _never = write!(what, " is {}{unit}; expected {low} to {high}{unit}", figure(value));
        self.mistakes.push((field.to_string(), what));
        if value > *range.end() { *range.end() } else { *range.start() }
    }

    /// Notes two numbers of which the first is not less than the second; gives two that are so.
    pub fn span(&mut self, field: &str, (low, high): (f64, f64), unit: &str) -> (f64, f64) {
        let is_number = |value: &f64| (-LARGEST..=LARGEST).contains(value);
        if low < high && is_number(&low) && is_number(&high) {
            return (low, high);
        }
        let (said, unit) = ([low, high].map(figure), symbol(unit));
        let what = format!(
            "`{field}` of {} are {} and {}{unit}; expected two numbers of which the first is less",
            self.asset, said[0], said[1]
        );
        self.mistakes.push((field.split(',').next().unwrap_or(field).to_string(), what));
        (0.0, 1.0)
    }

    /// Notes machines of a list that are there twice, or are no block of that kind; `false` when there is
    /// one.
    pub fn check_machines<'a>(
        &mut self,
        field: &str,
        names: &[String],
        kind: &str,
        known: impl Iterator<Item = &'a str> + Clone,
    ) -> bool {
        let before = self.mistakes.len();
        if names.is_empty() {
            let what = format!("`{field}` of {} has no {kind}; list one at least", self.asset);
            self.mistakes.push((field.to_string(), what));
        }
        for (at, name) in names.iter().enumerate() {
            if names[..at].contains(name) {
                let what = format!("`{field}` of {} lists {name:?} twice", self.asset);
                self.mistakes.push((name.clone(), what));
            } else if !known.clone().any(|known| known == name) {
                let near = nearest(name, known.clone());
                let near = near.map(|near| format!("; nearest: {near:?}")).unwrap_or_default();
                let what = format!("no block {kind} has the asset {name:?}{near}");
                self.mistakes.push((name.clone(), what));
                self.hush(name);
            }
        }
        self.mistakes.len() == before
    }

    /// Looks up what a field reads, in the field's unit. A constant must be within the range; a signal
    /// that leaves it counts as its end.
    pub fn read(
        &mut self,
        field: &'static str,
        source: &Source,
        range: RangeInclusive<f64>,
        unit: &'static str,
    ) -> Input {
        self.read_as(Takes::Signal, field, source, range, unit)
    }

    /// The same of what a block measures: it is told what the property's instrument tells.
    pub fn read_measured(
        &mut self,
        field: &'static str,
        source: &Source,
        range: RangeInclusive<f64>,
        unit: &'static str,
    ) -> Input {
        self.read_as(Takes::Measured, field, source, range, unit)
    }

    /// The same of what acts on a block, which may be other than what is published of it.
    pub fn read_acting(
        &mut self,
        field: &'static str,
        source: &Source,
        range: RangeInclusive<f64>,
        unit: &'static str,
    ) -> Input {
        self.read_as(Takes::Acting, field, source, range, unit)
    }

    /// Looks up what a field reads, a number of any unit.
    pub fn read_any(&mut self, field: &'static str, source: &Source) -> Input {
        self.read_part(Takes::Signal, field, source, None)
    }

    /// The same of what a block measures.
    pub fn measured_any(&mut self, field: &'static str, source: &Source) -> Input {
        self.read_part(Takes::Measured, field, source, None)
    }

    fn read_as(
        &mut self,
        takes: Takes,
        field: &'static str,
        source: &Source,
        range: RangeInclusive<f64>,
        unit: &'static str,
    ) -> Input {
        match source {
            Source::Number(number) => {
                self.check(field, *number, range, unit);
                Input::Number(*number)
            }
            other => {
                let input = self.read_part(takes, field, other, Some(unit));
                Input::Within(Box::new(input), *range.start(), *range.end())
            }
        }
    }

    fn read_part(
        &mut self,
        takes: Takes,
        field: &'static str,
        source: &Source,
        unit: Option<&'static str>,
    ) -> Input {
        match source {
            Source::Number(number) => {
                self.check(field, *number, -LARGEST..=LARGEST, unit.unwrap_or("1"));
                Input::Number(*number)
            }
            Source::Signal(name) => {
                let slot = self.named(name);
                let acting = match takes {
                    Takes::Signal => None,
                    Takes::Measured => Some(self.measured_slot(slot)),
                    Takes::Acting => Some(self.acting_for(name)),
                };
                let (asset, entry) = (self.asset.clone(), self.entry().cloned());
                let name = name.clone();
                self.readers.push(Reader { slot, acting, name, asset, field, unit, entry });
                Input::Via(self.readers.len() - 1)
            }
            Source::Sum(sources) => {
                let read = |source| self.read_part(takes, field, source, unit);
                Input::Sum(sources.iter().map(read).collect())
            }
        }
    }

    /// How each signal becomes what its field reads; notes those that cannot.
    pub(super) fn vias(&mut self) -> Vec<Via> {
        let readers = std::mem::take(&mut self.readers);
        let mut vias = Vec::with_capacity(readers.len());
        for reader in &readers {
            let (scale, offset) = match self.fit(reader) {
                Ok(fit) => fit,
                Err(what) => {
                    self.enter(reader.entry.clone());
                    let (field, asset, name) = (reader.field, &reader.asset, &reader.name);
                    let what = format!("`{field}` of {asset} reads {name:?}, which {what}");
                    self.mistakes.push((name.clone(), what));
                    (1.0, 0.0)
                }
            };
            vias.push(Via { slot: reader.slot, acting: reader.acting, scale, offset });
        }
        self.enter(None);
        self.readers = readers;
        vias
    }

    /// From the signal's unit to the field's.
    fn fit(&self, reader: &Reader) -> Result<(f64, f64), String> {
        let kind = match self.kind(reader.slot) {
            Some(Kind::Number(unit)) => unit,
            // It is reported that nothing sets it.
            None => return Ok((1.0, 0.0)),
            Some(Kind::Word) => {
                return Err("is a word; a block reads numbers".into());
            }
            Some(Kind::Items | Kind::Pose) => {
                return Err("is drawn in the scene; a block reads numbers".into());
            }
        };
        let Some(expected) = reader.unit else { return Ok((1.0, 0.0)) };
        if expected == RESISTANCE && kind == "1" {
            return Ok((1.0, 0.0));
        }
        // What is no unit is a mistake where it is stated.
        let (Ok(from), Ok(to)) = (Unit::parse(kind), Unit::parse(expected)) else {
            return Ok((1.0, 0.0));
        };
        from.conversion_to(&to).ok_or_else(|| {
            format!(
                "is in {kind:?}; expected {expected:?}, which is another kind of quantity: read a Follow \
                 with `unit: {expected:?}` and the `scale` from one to the other"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::blocks::bench::Bench;
    use super::*;

    #[test]
    fn figures_have_six_digits_at_most() {
        let said = [18.900000000000002, 0.0, 1e300, -0.01, 1e9, 72.5, f64::NAN].map(figure);
        assert_eq!(said, ["18.9", "0", "1e300", "-0.01", "1000000000", "72.5", "NaN"]);
    }

    #[test]
    fn a_signal_of_the_same_kind_of_quantity_is_read_in_the_unit_of_the_field() {
        let mut bench = Bench::new(
            r#"[
                Wave(asset: "W", signal: "k", unit: "K", mean: 345.15),
                Wave(asset: "W", signal: "flow", unit: "L/min", mean: 50),
                Tank(asset: "TK", area: 2, height: 3, level: 1, inflow: "W.flow", inflow_temperature: "W.k"),
                Exchanger(asset: "HX", flow: 20, inlet: 20, medium_flow: ["W.flow", 7], medium_inlet: "W.k", ua: 20),
                Control(asset: "C", measured: "W.k", setpoint: 72, unit: "Cel", pi: (gain: 1, integral_s: 9, low: 0, high: 100)),
            ]"#,
        );
        bench.run(30.0);
        assert!((bench.number("HX.medium_in") - 72.0).abs() < 1e-9);
        assert!((bench.number("HX.medium_flow") - 10.0).abs() < 1e-9, "50 L/min are 3 m³/h");
        assert!((bench.number("C.measured") - 72.0).abs() < 1e-9);
        assert!((bench.number("TK.inflow") - 3.0).abs() < 0.01);
    }

    #[test]
    fn a_signal_of_another_kind_is_a_mistake_that_names_both_units_and_what_to_do() {
        let said = Bench::mistakes(
            r#"[
                Tank(asset: "TK", area: 2, height: 3, level: 1),
                Control(asset: "LIC", measured: "TK.percent", setpoint: 50, unit: "%", pi: (gain: 1, integral_s: 9, low: 0, high: 100)),
                Transfer(asset: "T", from: "outside", to: "TK", flow: "LIC.output"),
                Follow(asset: "F", signal: "x", unit: "1", of: "LIC.mode"),
            ]"#,
        );
        assert_eq!(said.len(), 2, "{said:#?}");
        assert_eq!(
            said[0],
            "`flow` of T reads \"LIC.output\", which is in \"%\"; expected \"m3/h\", which is another kind of \
             quantity: read a Follow with `unit: \"m3/h\"` and the `scale` from one to the other"
        );
        assert!(said[1].contains("`of` of F reads \"LIC.mode\", which is a word"), "{}", said[1]);
    }

    #[test]
    fn a_signal_that_leaves_the_range_of_a_field_counts_as_its_end() {
        let mut bench = Bench::new(
            r#"[
                Wave(asset: "W", signal: "flow", unit: "m3/h", mean: -1e9),
                Transfer(asset: "T", from: "outside", to: "outside", flow: "W.flow"),
            ]"#,
        );
        bench.run(1.0);
        assert_eq!(bench.number("T.wanted"), 0.0);
    }
}
