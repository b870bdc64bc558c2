//! What is wrong with a twin file, for the person who wrote it.

use std::fmt;

use crate::terminal::line;

/// Characters of a line that are shown at most.
const SHOWN: usize = 200;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Something was understood, but an older way of writing it.
    Notice,
    /// It can be shown, though probably not as meant.
    Warning,
    /// The file cannot be used.
    Error,
}

impl Severity {
    /// Lower-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing to know about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// File, as it was named.
    pub file: String,
    /// Line, from 1; 0: the file as a whole.
    pub line: usize,
    /// Character in the line, from 1.
    pub column: usize,
    /// The offending text; of a long one its beginning.
    pub text: String,
    /// What is wrong.
    pub message: String,
    /// What was expected.
    pub expected: Option<String>,
    /// The nearest valid choice.
    pub suggestion: Option<String>,
    /// The line, to show it; of a long one what stands around the place.
    pub source_line: String,
    /// Characters of the line that stand before [`Self::source_line`].
    pub skipped: usize,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", line(&self.file))?;
        if self.line > 0 {
            write!(f, "{}:{}:", self.line, self.column)?;
        }
        write!(f, " {}: {}", self.severity.name(), line(&self.message))?;
        if self.line > 0 {
            let number = self.line.to_string();
            let gutter = " ".repeat(number.len());
            // Of a long line what stands around the place.
            let place = (self.column - 1).saturating_sub(self.skipped);
            let skipped = place.saturating_sub(SHOWN / 2);
            let shown: String = self.source_line.chars().skip(skipped).take(SHOWN).collect();
            let before = shown.chars().take(place - skipped);
            let pad: String = before.map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
            let room = shown.chars().count().saturating_sub(place - skipped);
            let width =
                self.text.lines().next().unwrap_or("").chars().count().clamp(1, room.max(1));
            write!(f, "\n {gutter} |\n {number} | {shown}\n {gutter} | ")?;
            write!(f, "{pad}{}", "^".repeat(width))?;
        }
        if let Some(expected) = &self.expected {
            write!(f, "\n   = expected {}", line(expected))?;
        }
        if let Some(suggestion) = &self.suggestion {
            write!(f, "\n   = help: did you mean `{}`?", line(suggestion))?;
        }
        Ok(())
    }
}

/// All that is to be known about a file and what it includes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// That a file cannot be read at all.
    pub fn unreadable(path: &std::path::Path, reason: &str) -> Self {
        Self::whole(path, format!("cannot be read: {reason}"))
    }

    /// An error that is said of a file as a whole.
    pub(super) fn whole(path: &std::path::Path, message: String) -> Self {
        Self(vec![Diagnostic {
            severity: Severity::Error,
            file: path.display().to_string(),
            line: 0,
            column: 0,
            text: String::new(),
            message,
            expected: None,
            suggestion: None,
            source_line: String::new(),
            skipped: 0,
        }])
    }

    /// Whether the file cannot be used.
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// How many are of that severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.0.iter().filter(|diagnostic| diagnostic.severity == severity).count()
    }

    /// One after the other.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, diagnostic) in self.0.iter().enumerate() {
            let gap = if number > 0 { "\n\n" } else { "" };
            write!(f, "{gap}{diagnostic}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}
