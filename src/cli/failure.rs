//! Why a command ends early, and with which exit status.

use std::io::Write;
use std::path::Path;

use twinscope::terminal;

/// Longest line of a message, in characters; a line of a foreign file may be of megabytes.
const LONGEST_LINE: usize = 1_000;

/// Why a command ended early, and with which exit status.
#[derive(Debug)]
pub enum Failure {
    /// Status 1: a file or an argument is wrong. The text is for the person who wrote it.
    Input(String),
    /// Status 2: the environment is wrong: no broker, no display, no right to write.
    Environment(String),
    /// Status 1, and what is wrong was printed already.
    Reported,
    /// Status 0: whoever read the output (`| head`) has seen enough.
    ReaderGone,
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

    /// The output cannot be written to.
    pub fn output(error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::ReaderGone,
            _ => Self::Environment(format!("cannot write the output: {error}")),
        }
    }
}

/// A file as messages name it: in one line, whatever its name.
pub fn path_text(path: &Path) -> String {
    terminal::line(&path.to_string_lossy()).into_owned()
}

/// What a command ends with.
pub type Outcome = Result<(), Failure>;

/// Writes a message for the person at the terminal; whether anybody reads it changes nothing.
pub fn tell(text: std::fmt::Arguments<'_>) {
    let mut out = Vec::new();
    let mut writer = terminal::Writer::with_longest(&mut out, LONGEST_LINE);
    let _ = writeln!(writer, "{text}");
    let _ = std::io::stderr().lock().write_all(&out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_break_in_a_file_s_name_begins_no_line_of_a_message() {
        assert_eq!(path_text(Path::new("a\nerror: none.glb")), "a\\u000aerror: none.glb");
    }
}
