//! Expressions of goals: a text over what a machine is and does at an instant.
//!
//! Their functions come from the `libm` crate, as those of models do: a goal costs the same to the
//! bit natively and in the browser.

use exmex::{
    BinOp, Express, FlatEx, MakeOperators, MatchLiteral, Operator, literal_matcher_from_pattern,
};

use crate::model::{About, Machine, position};
use crate::twin::Diagnostic;
use crate::twin::behaviour::Named;

literal_matcher_from_pattern!(Number, r"^(\.?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?)");
type Flat = FlatEx<f64, Operators, Number>;

/// What expressions may compute: `+ - * / ^`, `min`, `max`, `atan2`, and functions of one number.
#[derive(Clone, Debug)]
struct Operators;

impl MakeOperators<f64> for Operators {
    fn make<'a>() -> Vec<Operator<'a, f64>> {
        let bin = |apply: fn(f64, f64) -> f64, prio: i64, is_commutative: bool| BinOp {
            apply,
            prio,
            is_commutative,
        };
        let one = |name: &'a str, of: fn(f64) -> f64| Operator::make_unary(name, of);
        vec![
            Operator::make_bin("^", bin(libm::pow, 4, false)),
            Operator::make_bin("*", bin(|a, b| a * b, 2, true)),
            Operator::make_bin("/", bin(|a, b| a / b, 3, false)),
            Operator::make_bin_unary("+", bin(|a, b| a + b, 0, true), |a| a),
            Operator::make_bin_unary("-", bin(|a, b| a - b, 1, false), |a| -a),
            Operator::make_bin("atan2", bin(libm::atan2, 0, false)),
            Operator::make_bin("min", bin(|a, b| if b < a { b } else { a }, 0, false)),
            Operator::make_bin("max", bin(|a, b| if a < b { b } else { a }, 0, false)),
            one("abs", f64::abs),
            one("signum", f64::signum),
            one("sin", libm::sin),
            one("cos", libm::cos),
            one("tan", libm::tan),
            one("asin", libm::asin),
            one("acos", libm::acos),
            one("atan", libm::atan),
            one("sinh", libm::sinh),
            one("cosh", libm::cosh),
            one("tanh", libm::tanh),
            one("asinh", libm::asinh),
            one("acosh", libm::acosh),
            one("atanh", libm::atanh),
            one("floor", libm::floor),
            one("round", libm::round),
            one("ceil", libm::ceil),
            one("trunc", libm::trunc),
            one("fract", |a| a - libm::trunc(a)),
            one("exp", libm::exp),
            one("sqrt", f64::sqrt),
            one("cbrt", libm::cbrt),
            one("ln", libm::log),
            one("log2", libm::log2),
            one("log10", libm::log10),
            one("log", libm::log),
            Operator::make_constant("PI", std::f64::consts::PI),
            Operator::make_constant("π", std::f64::consts::PI),
            Operator::make_constant("E", std::f64::consts::E),
            Operator::make_constant("e", std::f64::consts::E),
            Operator::make_constant("TAU", std::f64::consts::TAU),
            Operator::make_constant("τ", std::f64::consts::TAU),
        ]
    }
}

/// Where an expression's variable is found.
#[derive(Clone, Copy)]
enum Slot {
    Output(usize),
    Input(usize),
    State(usize),
    Event(usize),
    Parameter(usize),
}

/// An expression over what a machine is and does.
#[derive(Clone)]
pub(super) struct Expression {
    /// Its text.
    pub text: String,
    flat: Flat,
    slots: Vec<Slot>,
}

/// A machine at an instant.
pub(super) struct Instant<'a> {
    pub x: &'a [f64],
    pub u: &'a [f64],
    pub p: &'a [f64],
    pub z: &'a [f64],
    pub es: &'a [f64],
}

impl Expression {
    /// Reads a text.
    ///
    /// # Errors
    /// What is no expression, and names that the machine does not have.
    pub fn new(named: &Named, machine: &Machine) -> Result<Self, Box<Diagnostic>> {
        let about = machine.model.about();
        let flat = Flat::parse(&named.text).map_err(|error| {
            Box::new(named.wrong(format!("`{}` is no expression: {error}", named.text)))
        })?;
        let slot = |name: &String| {
            let name = &**name;
            let variable = |all, slot: fn(usize) -> Slot| position(all, name).map(slot);
            let events = || about.events.iter().position(|event| event.name == name);
            let parameters = || about.parameters.iter().position(|p| p.name == name);
            variable(&about.outputs, Slot::Output)
                .or_else(|| variable(&about.inputs, Slot::Input))
                .or_else(|| variable(&about.states, Slot::State))
                .or_else(|| events().map(Slot::Event))
                .or_else(|| parameters().map(Slot::Parameter))
                .ok_or_else(|| {
                    let all = [&about.outputs, &about.inputs, &about.states].into_iter().flatten();
                    let names = all.map(|variable| &*variable.name);
                    let names = names.chain(about.events.iter().map(|event| &*event.name));
                    let names = names.chain(about.parameters.iter().map(|p| &*p.name));
                    Box::new(named.part(name).unknown("name", names))
                })
        };
        let slots = flat.var_names().iter().map(slot).collect::<Result<Vec<_>, _>>()?;
        if slots.is_empty() {
            let value = flat.eval(&[]).unwrap_or(f64::NAN);
            if !value.is_finite() {
                let message = format!("`{}` is {value}: expected a finite number", named.text);
                return Err(Box::new(named.wrong(message)));
            }
        }
        Ok(Self { text: named.text.clone(), flat, slots })
    }

    /// Its unit, where all that it adds up has the same one and nothing is multiplied; empty otherwise.
    pub fn unit(&self, about: &About) -> String {
        let unit = |slot: &Slot| match *slot {
            Slot::Output(at) => &*about.outputs[at].unit,
            Slot::Input(at) => &*about.inputs[at].unit,
            Slot::State(at) => &*about.states[at].unit,
            Slot::Event(_) => "1",
            Slot::Parameter(at) => &*about.parameters[at].unit,
        };
        let mut units = self.slots.iter().map(unit);
        let first = units.next().unwrap_or_default();
        // Names in braces may hold any sign.
        let signs: String = self.text.split(['{', '}']).step_by(2).collect();
        let only_adds = !signs.contains(['*', '/', '^', '(']);
        let same = only_adds && units.all(|other| other == first);
        if same { first.to_owned() } else { String::new() }
    }

    /// Its value at an instant.
    pub fn at(&self, now: &Instant) -> f64 {
        let value = |slot: &Slot| match *slot {
            Slot::Output(at) => now.z[at],
            Slot::Input(at) => now.u[at],
            Slot::State(at) => now.x[at],
            Slot::Event(at) => now.es[at],
            Slot::Parameter(at) => now.p[at],
        };
        let values: Vec<f64> = self.slots.iter().map(value).collect();
        self.flat.eval(&values).unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> f64 {
        Flat::parse(text).and_then(|flat| flat.eval(&[])).expect("an expression of numbers")
    }

    #[test]
    fn expressions_compute_what_they_say_by_the_usual_precedence() {
        assert_eq!(value("1 + 2 * 3 ^ 2"), 19.0);
        assert_eq!(value("8 / 4 / 2 - 3"), -2.0);
        assert_eq!(value("-2^2"), 4.0, "a sign binds more tightly than a power");
        assert_eq!(value("(1 max 2) + (3 min 2.5e0)"), 4.5);
        // To the bit what models compute, too.
        assert_eq!(value("1.7 ^ 2.3").to_bits(), libm::pow(1.7, 2.3).to_bits());
        assert_eq!(
            value("exp(0.3) * sin(PI / 5)"),
            libm::exp(0.3) * libm::sin(std::f64::consts::PI / 5.0)
        );
        assert_eq!(value("fract(2.75) + trunc(-1.5) + cbrt(27)"), 2.75);
    }
}
