//! Where the commands about models write rows.

use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::Path;

use twinscope::terminal;

use super::super::failure::{Failure, Outcome};
/// Where rows go: a file, or standard output for `-`.
pub struct Rows {
    out: Box<dyn Write>,
    name: String,
}

impl Rows {
    /// Opens the file.
    pub fn create(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        if name == "-" {
            let out = BufWriter::new(std::io::stdout());
            // A file gets the rows to the byte; a terminal obeys nothing in them.
            let out: Box<dyn Write> = if std::io::stdout().is_terminal() {
                Box::new(terminal::Writer::new(out))
            } else {
                Box::new(out)
            };
            return Ok(Self { out, name });
        }
        let file = File::create(path)
            .map_err(|error| Failure::Environment(format!("cannot write {name}: {error}")))?;
        Ok(Self { out: Box::new(BufWriter::new(file)), name })
    }

    /// Writes a row.
    pub fn line(&mut self, line: &str) -> Outcome {
        writeln!(self.out, "{line}").map_err(|error| self.failed(&error))
    }

    /// Makes what was written so far readable.
    pub fn flush(&mut self) -> Outcome {
        self.out.flush().map_err(|error| self.failed(&error))
    }

    /// Ends the file.
    pub fn end(mut self) -> Outcome {
        self.flush()
    }

    fn failed(&self, error: &std::io::Error) -> Failure {
        Failure::Environment(format!("cannot write {}: {error}", self.name))
    }
}
