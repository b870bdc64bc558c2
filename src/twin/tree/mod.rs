//! RON text as a lossless tree: values with their places, comments kept, errors collected.
//!
//! Flows in: any text. Flows out: a [`Tree`], which prints as the same text byte for byte, holds
//! the values that could be read and *all* that is wrong with the rest, and can be edited without
//! touching what stands around the edit.

mod edit;
mod lexer;
mod literal;
mod parser;
#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Range;

pub use edit::{EditError, Step};
pub use lexer::{MOST_TOKENS, Token, TokenKind};

/// Bytes of the text.
pub type Span = Range<usize>;

/// A name with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    /// The name; a field's or variant's.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// What a [`Node`] is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `true` or `false`.
    Bool(bool),
    /// Any number.
    Number(f64),
    /// `'c'`.
    Char(char),
    /// `"text"`.
    Text(String),
    /// `b"bytes"`.
    Bytes(Vec<u8>),
    /// `[a, b]`.
    List(Vec<Node>),
    /// `{a: b}`.
    Map(Vec<(Node, Node)>),
    /// `Name(a: b)` or `(a: b)`.
    Struct(Option<Name>, Vec<(Name, Node)>),
    /// `Name(a, b)` or `(a, b)`, also `()`.
    Tuple(Option<Name>, Vec<Node>),
    /// A bare name.
    Name(String),
    /// Could not be read; what is wrong has been reported.
    Fault,
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq)]
pub struct SyntaxError {
    /// Where.
    pub span: Span,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// RON text, its values and its faults.
#[derive(Clone, Debug)]
pub struct Tree {
    text: String,
    tokens: Vec<Token>,
    root: Node,
    errors: Vec<SyntaxError>,
}

impl Tree {
    /// Reads a text; never fails, see [`Tree::errors`].
    pub fn parse(text: &str) -> Self {
        let tokens = lexer::lex(text);
        let (root, errors) = parser::parse(text, &tokens);
        Self { text: text.to_owned(), tokens, root, errors }
    }

    /// The value of the whole text.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// For changes that keep the places of the text, such as those of a migration.
    pub(super) fn root_mut(&mut self) -> &mut Node {
        &mut self.root
    }

    /// All that is wrong with the text, in its order.
    pub fn errors(&self) -> &[SyntaxError] {
        &self.errors
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The pieces of the text.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tokens.iter().try_for_each(|token| f.write_str(&self.text[token.span.clone()]))
    }
}
