//! RON text into tokens that cover every byte of it.

use std::ops::Range;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// White space or a comment.
    Trivia,
    /// `#![enable(...)]`.
    Attribute,
    /// A name: of a field, of an enum variant, `true`, `inf`.
    Name,
    /// A number with its sign and suffix.
    Number,
    /// `"…"`, `r"…"`, `b"…"`.
    Text,
    /// `'c'`.
    Char,
    /// One of `( ) [ ] { } : ,`.
    Mark(char),
    /// What has no place in RON.
    Unknown,
}

/// A piece of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its bytes.
    pub span: Range<usize>,
    /// Why it is not as it should be (an open comment, an open text).
    pub fault: Option<&'static str>,
}

/// Tokens of a text at most; they take more memory than the text. 100,000 assets stated one by one fit.
pub const MOST_TOKENS: usize = 6_000_000;

/// Cuts `text` into tokens: together they are the text, byte for byte. What is beyond [`MOST_TOKENS`] is one
/// that has its place nowhere.
pub fn lex(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    // A text that nothing closes was sought to the end of the file. Those behind it end with their lines,
    // so that the file is not read through for each of them.
    let mut is_torn = false;
    while at < text.len() {
        if tokens.len() == MOST_TOKENS {
            let fault = Some("the file has more names, numbers and marks than any twin's");
            tokens.push(Token { kind: TokenKind::Unknown, span: at..text.len(), fault });
            break;
        }
        let (kind, length, fault) = next(&text[at..], is_torn);
        is_torn |= fault == Some(OPEN_TEXT);
        tokens.push(Token { kind, span: at..at + length, fault });
        at += length;
    }
    tokens
}

/// What is wrong with a text without an end.
const OPEN_TEXT: &str = "this text has no closing `\"`";

fn next(rest: &str, in_line: bool) -> (TokenKind, usize, Option<&'static str>) {
    let Some(first) = rest.chars().next() else { return (TokenKind::Unknown, 0, None) };
    let width = first.len_utf8();
    if first.is_whitespace() || first == '\u{feff}' {
        let length = run(rest, |c| c.is_whitespace() || c == '\u{feff}');
        return (TokenKind::Trivia, length, None);
    }
    if rest.starts_with("//") {
        return (TokenKind::Trivia, rest.find('\n').unwrap_or(rest.len()), None);
    }
    if rest.starts_with("/*") {
        return block_comment(rest);
    }
    if rest.starts_with("#![") {
        let length = rest.find(']').map(|end| end + 1);
        let fault = length.is_none().then_some("this attribute has no `]`");
        return (TokenKind::Attribute, length.unwrap_or(rest.len()), fault);
    }
    match first {
        '(' | ')' | '[' | ']' | '{' | '}' | ':' | ',' => (TokenKind::Mark(first), width, None),
        '"' => quoted(rest, 0, in_line),
        'b' if rest.starts_with("b\"") => quoted(rest, 1, in_line),
        'r' | 'b' if raw_hashes(rest).is_some() => raw(rest),
        '\'' => character(rest),
        '0'..='9' => (TokenKind::Number, number_length(rest), None),
        '+' | '-' | '.' if starts_number(&rest[1..]) => {
            (TokenKind::Number, number_length(rest), None)
        }
        '-' if rest[1..].starts_with(|c: char| c.is_alphabetic()) => {
            (TokenKind::Name, 1 + run(&rest[1..], is_name), None)
        }
        c if c == '_' || c.is_alphabetic() => (TokenKind::Name, run(rest, is_name), None),
        _ => (TokenKind::Unknown, width, None),
    }
}

fn is_name(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn starts_number(rest: &str) -> bool {
    rest.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        || rest.starts_with("inf")
        || rest.starts_with("NaN")
}

fn run(rest: &str, wanted: impl Fn(char) -> bool) -> usize {
    rest.find(|c| !wanted(c)).unwrap_or(rest.len())
}

fn number_length(rest: &str) -> usize {
    let sign = usize::from(rest.starts_with(['+', '-']));
    let body = &rest[sign..];
    let based = body.starts_with("0x") || body.starts_with("0b") || body.starts_with("0o");
    let mut before = ' ';
    let length = body
        .char_indices()
        .find(|&(_, c)| {
            let exponent_sign = !based && matches!(before, 'e' | 'E') && matches!(c, '+' | '-');
            let inside = c.is_ascii_alphanumeric() || c == '_' || c == '.' || exponent_sign;
            before = c;
            !inside
        })
        .map_or(body.len(), |(at, _)| at);
    sign + length
}

fn block_comment(rest: &str) -> (TokenKind, usize, Option<&'static str>) {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return (TokenKind::Trivia, at, None);
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    (TokenKind::Trivia, rest.len(), Some("this comment has no `*/`"))
}

/// A text behind its prefix; `in_line`: it is sought no further than its line goes.
fn quoted(rest: &str, prefix: usize, in_line: bool) -> (TokenKind, usize, Option<&'static str>) {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(prefix + 1) {
        match c {
            '\n' if in_line => break,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return (TokenKind::Text, at + 1, None),
            _ => {}
        }
    }
    // An open text ends with its line, so that the rest of the file can still be read.
    let end = rest.find('\n').unwrap_or(rest.len());
    (TokenKind::Text, end, Some(OPEN_TEXT))
}

/// Number of `#` of a raw text at the start of `rest`, and the length of its opening.
fn raw_hashes(rest: &str) -> Option<(usize, usize)> {
    let prefix = if rest.starts_with("br") { 2 } else { usize::from(rest.starts_with('r')) };
    if prefix == 0 {
        return None;
    }
    let hashes = run(&rest[prefix..], |c| c == '#');
    rest[prefix + hashes..].starts_with('"').then_some((hashes, prefix + hashes + 1))
}

fn raw(rest: &str) -> (TokenKind, usize, Option<&'static str>) {
    let Some((hashes, opening)) = raw_hashes(rest) else { return (TokenKind::Unknown, 1, None) };
    let closing = format!("\"{}", "#".repeat(hashes));
    match rest[opening..].find(&closing) {
        Some(end) => (TokenKind::Text, opening + end + closing.len(), None),
        None => (TokenKind::Text, rest.len(), Some("this raw text is not closed")),
    }
}

fn character(rest: &str) -> (TokenKind, usize, Option<&'static str>) {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '\n' => break,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\'' if at > 1 => return (TokenKind::Char, at + 1, None),
            _ => {}
        }
    }
    let end = rest.find('\n').unwrap_or(rest.len());
    (TokenKind::Char, end, Some("this character has no closing `'`"))
}
