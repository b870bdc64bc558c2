//! What a plant is told to do: commands by their names and arguments, and what becomes of them.

pub mod orders;
pub mod payload;
pub mod starting;
pub mod stray;
pub mod topics;

/// What a command takes with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Takes {
    /// Nothing: it is done when it comes.
    Nothing,
    /// On or off.
    Switch,
    /// A number in a range.
    Number {
        /// UCUM.
        unit: &'static str,
        /// The smallest.
        low: f64,
        /// The largest.
        high: f64,
    },
    /// One of these words.
    Word(&'static [&'static str]),
    /// The name of a part of the machine.
    Part,
}

/// What came with a command: as the command takes it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Argument {
    /// Nothing.
    Nothing,
    /// On or off.
    Switch(bool),
    /// A number within the range.
    Number(f64),
    /// One of the words, or the name of a part.
    Word(&'static str),
}

/// A command to a block: what it takes has been checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// Number of the machine within its block, as it was wired.
    pub at: usize,
    /// Its name.
    pub name: &'static str,
    /// What came with it.
    pub argument: Argument,
    /// Who sent it; empty when nobody says so.
    pub by: String,
}

/// What a block says to a command at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It does it, and is asked for its progress until it is done.
    Accepted,
    /// It is done already.
    Done,
    /// It does not: why, and what to do.
    Refused(String),
}

/// How far an accepted command has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It is being done.
    Going,
    /// It is done.
    Done,
    /// It could not be done: why.
    Failed(String),
}

impl Argument {
    /// On or off; `false` for what is no switch.
    pub fn is_on(self) -> bool {
        self == Self::Switch(true)
    }

    /// The number; 0 for what is none.
    pub fn number(self) -> f64 {
        match self {
            Self::Number(number) => number,
            _ => 0.0,
        }
    }

    /// The word; empty for what is none.
    pub fn word(self) -> &'static str {
        match self {
            Self::Word(word) => word,
            _ => "",
        }
    }
}

impl From<Result<(), String>> for Answer {
    /// Done, or refused with the reason.
    fn from(result: Result<(), String>) -> Self {
        result.map_or_else(Self::Refused, |()| Self::Done)
    }
}
