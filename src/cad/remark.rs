//! What is wrong with a model, or passed over, without keeping it from being drawn.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::{Deserialize, Serialize};

/// Remarks of one model that are kept; more are counted.
const MOST: usize = 64;
/// Letters of a name that are shown.
const NAME: usize = 80;

/// Something of a model that is not drawn as the file has it, with the reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// Where in the model, such as ``material `steel` ``; empty for the model as a whole.
    pub place: String,
    /// What is wrong there, and what was done about it.
    pub text: String,
}

impl Remark {
    /// A file beside the model was found by another letter case than it is called by.
    pub fn other_case(name: &str, found: &str) -> Self {
        let text = format!("it is found as `{}`: elsewhere, letter case may count", shown(found));
        Self { place: format!("file `{}`", shown(name)), text }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() {
            return write!(f, "{}", self.text);
        }
        write!(f, "{}: {}", self.place, self.text)
    }
}

/// The remarks of a model that is being read.
#[derive(Default)]
pub(super) struct Remarks {
    list: RefCell<Vec<Remark>>,
    more: Cell<usize>,
}

impl Remarks {
    /// Adds one; what was said of the same place is not said again.
    pub fn add(&self, place: impl fmt::Display, text: impl fmt::Display) {
        let remark = Remark { place: place.to_string(), text: text.to_string() };
        let mut list = self.list.borrow_mut();
        if list.contains(&remark) {
            return;
        }
        if list.len() < MOST {
            list.push(remark);
        } else {
            self.more.set(self.more.get() + 1);
        }
    }

    /// All of them, the last one saying how many more there are.
    pub fn all(&self) -> Vec<Remark> {
        let mut list = self.list.borrow().clone();
        if self.more.get() > 0 {
            let text = format!("{} more remarks of this kind are not shown", self.more.get());
            list.push(Remark { place: String::new(), text });
        }
        list
    }
}

/// Why something is left out, where the error begins with its place as well.
pub(super) fn left_out(place: &str, error: &super::Error) -> String {
    if let super::Error::Resource { reason, .. } = error {
        return format!("it is left out: {reason}");
    }
    let text = error.to_string();
    match text.strip_prefix(place) {
        Some(rest) if rest.starts_with(' ') => format!("it is left out: it{rest}"),
        Some(rest) => format!("it is left out: {}", rest.trim_start_matches([':', ',', ' '])),
        None => format!("it is left out: {text}"),
    }
}

/// A length with so many decimals; one that is too long to be read so, with an exponent.
pub(super) fn length_text(length: f64, decimals: usize) -> String {
    match length.abs() < 1e9 {
        true => format!("{length:.decimals$}"),
        false => format!("{length:.3e}"),
    }
}

/// A reason as it is shown, which may quote a text of the file in full: of a long one the begin, and the end, which
/// says what was expected.
pub(super) fn reason(text: &str) -> String {
    const BEGIN: usize = 160;
    const END: usize = 120;
    let (begin, end) = (text.floor_char_boundary(BEGIN), text.len().saturating_sub(END));
    let end = text.ceil_char_boundary(end);
    let parts = if begin < end { [&text[..begin], " … ", &text[end..]] } else { [text, "", ""] };
    let mut out = String::new();
    parts.into_iter().flat_map(str::chars).for_each(|letter| push(&mut out, letter));
    out
}

/// Adds a letter, or how it is written if it steers a terminal.
fn push(out: &mut String, letter: char) {
    if letter.is_control() {
        out.extend(letter.escape_default());
    } else {
        out.push(letter);
    }
}

/// A text from a file as it is shown: not too long, and without characters that steer a terminal.
pub(super) fn shown(text: &str) -> String {
    let mut out = String::new();
    for (at, letter) in text.chars().enumerate() {
        if at == NAME {
            out.push('…');
            break;
        }
        push(&mut out, letter);
    }
    out
}
