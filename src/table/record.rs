//! A row of a table.

/// A row: its cells, without spaces around them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The line on which it begins, from 1.
    pub line: u64,
    pub(super) text: String,
    /// Where each cell ends in the text.
    pub(super) ends: Vec<usize>,
}

impl Record {
    /// A cell; `None` beyond the last.
    pub fn get(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)?;
        let begin = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(self.text[begin..end].trim())
    }

    /// All cells.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|at| self.get(at))
    }

    /// How many cells there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// How many cells there are up to the last with any text.
    pub(super) fn filled(&self) -> usize {
        (0..self.len())
            .rfind(|at| self.get(*at).is_some_and(|cell| !cell.is_empty()))
            .map_or(0, |at| at + 1)
    }

    /// A row of these cells.
    pub(super) fn of<'a>(line: u64, cells: impl IntoIterator<Item = &'a str>) -> Self {
        let mut record = Self { line, ..Self::default() };
        cells.into_iter().for_each(|cell| record.end(cell));
        record
    }

    /// Ends a cell after its last piece.
    pub(super) fn end(&mut self, piece: &str) {
        self.text.push_str(piece);
        self.ends.push(self.text.len());
    }
}
