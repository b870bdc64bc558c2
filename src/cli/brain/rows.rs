//! Where the commands about models write rows.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

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
            return Ok(Self { out: Box::new(BufWriter::new(std::io::stdout())), name });
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
