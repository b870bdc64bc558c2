//! Where the commands about models write rows.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use twinscope::output::Output;
use twinscope::terminal;

use super::super::failure::{Failure, Outcome, path_text};
/// Where rows go: a file, or standard output for `-`.
pub struct Rows {
    out: To,
    name: String,
}

impl Rows {
    /// Opens the file, which has its name when it is ended.
    pub fn create(path: &Path) -> Result<Self, Failure> {
        Self::open(path, Output::create)
    }

    /// Opens a file that others read while it is written.
    pub fn create_followed(path: &Path) -> Result<Self, Failure> {
        Self::open(path, Output::create_followed)
    }

    fn open(path: &Path, create: fn(&Path) -> io::Result<Output>) -> Result<Self, Failure> {
        let name = path_text(path);
        if name == "-" {
            let out = BufWriter::new(io::stdout());
            // A pipe gets the rows to the byte; a terminal obeys nothing in them.
            let out: Box<dyn Write> = if io::stdout().is_terminal() {
                Box::new(terminal::Writer::new(out))
            } else {
                Box::new(out)
            };
            return Ok(Self { out: To::Standard(out), name });
        }
        let file = create(path).map_err(|error| cannot_write(&name, &error))?;
        Ok(Self { out: To::File(BufWriter::new(file)), name })
    }

    /// Writes a row.
    pub fn line(&mut self, line: &str) -> Outcome {
        writeln!(self.out.writer(), "{line}").map_err(|error| self.failed(&error))
    }

    /// Makes what was written so far readable.
    pub fn flush(&mut self) -> Outcome {
        self.out.writer().flush().map_err(|error| self.failed(&error))
    }

    /// Ends the file, which has its name from now on.
    pub fn end(mut self) -> Outcome {
        self.flush()?;
        match self.out {
            To::Standard(_) => Ok(()),
            To::File(file) => file
                .into_inner()
                .map_err(|error| error.into_error())
                .and_then(Output::finish)
                .map_err(|error| cannot_write(&self.name, &error)),
        }
    }

    fn failed(&self, error: &io::Error) -> Failure {
        cannot_write(&self.name, error)
    }
}

fn cannot_write(name: &str, error: &io::Error) -> Failure {
    Failure::Environment(format!("cannot write {name}: {error}"))
}

/// What is written to.
enum To {
    Standard(Box<dyn Write>),
    File(BufWriter<Output>),
}

impl To {
    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Self::Standard(out) => out,
            Self::File(out) => out,
        }
    }
}
