//! What is wished of a machine, as a file states it: what may be set, what it costs, which limits
//! hold, and what may be maintained when.

use super::behaviour::{Named, NamedNumber};

/// A goal.
#[derive(Clone, Debug, PartialEq)]
pub struct Goal {
    /// What may be set.
    pub set: Vec<KnobSpec>,
    /// In which money costs are, such as EUR; only printed.
    pub money: Option<String>,
    /// Expressions that cost so much a second.
    pub running: Vec<Named>,
    /// Expression of what is made a second: costs are then stated for one of it.
    pub per: Option<Named>,
    /// Events, and what a whole life costs that ends in them.
    pub wear: Vec<NamedNumber>,
    /// Events, and what the life that is left before them is worth.
    pub life: Vec<NamedNumber>,
    /// Events, and what they cost when they come within the horizon.
    pub failure: Vec<NamedNumber>,
    /// What has to hold.
    pub limits: Vec<LimitSpec>,
    /// The probability with which each limit has to hold.
    pub sure: f64,
    /// What may be maintained, and when.
    pub maintain: Option<MaintainSpec>,
}

/// Something that may be set.
#[derive(Clone, Debug, PartialEq)]
pub struct KnobSpec {
    /// Its name: an input's, unless inputs are stated.
    pub name: Named,
    /// Least value.
    pub from: f64,
    /// Greatest value.
    pub to: f64,
    /// Another value: switched off.
    pub off: Option<f64>,
    /// Inputs that follow, each so many times the value; empty: the one of its name.
    pub inputs: Vec<NamedNumber>,
}

/// A limit.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitSpec {
    /// Of this expression.
    pub of: Named,
    /// Not less.
    pub at_least: Option<f64>,
    /// Not more.
    pub at_most: Option<f64>,
    /// When it has to hold.
    pub when: When,
}

/// When a limit has to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// At every instant.
    #[default]
    Always,
    /// On average over the horizon.
    Mean,
    /// At its end.
    End,
}

/// What may be maintained, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct MaintainSpec {
    /// Seconds from one window to the next; the first comes after as many.
    pub every_s: f64,
    /// How many windows there are.
    pub windows: u32,
    /// How many parts can be maintained in one.
    pub at_once: u32,
    /// The parts.
    pub parts: Vec<UpkeepSpec>,
}

/// A part that may be maintained before it fails.
#[derive(Clone, Debug, PartialEq)]
pub struct UpkeepSpec {
    /// Its name.
    pub name: Named,
    /// The event in which its life ends.
    pub event: Named,
    /// What maintaining it in time costs.
    pub planned: f64,
    /// What its failure costs.
    pub failure: f64,
    /// Seconds that a new one lives, on average.
    pub life_s: f64,
}
