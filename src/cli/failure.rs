//! Why a command ends early, and with which exit status.

/// Why a command ended early, and with which exit status.
#[derive(Debug)]
pub enum Failure {
    /// Status 1: a file or an argument is wrong. The text is for the person who wrote it.
    Input(String),
    /// Status 2: the environment is wrong: no broker, no display, no right to write.
    Environment(String),
    /// Status 1, and what is wrong was printed already.
    Reported,
}

impl Failure {
    /// An environment that does not do.
    pub fn environment(error: impl std::fmt::Display) -> Self {
        Self::Environment(error.to_string())
    }

    /// An input that does not do.
    pub fn input(error: impl std::fmt::Display) -> Self {
        Self::Input(error.to_string())
    }
}

/// What a command ends with.
pub type Outcome = Result<(), Failure>;
