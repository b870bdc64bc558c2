//! Tokens into values, going on after an error.

use super::lexer::{Token, TokenKind};
use super::{Kind, Name, Node, Span, SyntaxError, literal};

/// Deeper nesting is refused, so that no text can exhaust the stack.
const MAX_DEPTH: usize = 100;
/// More faults of one file than a person would read.
const MAX_ERRORS: usize = 100;
/// More faults of one line than a person would read: each is shown with its part of the line.
const MAX_ON_LINE: usize = 8;

pub(super) fn parse(text: &str, tokens: &[Token]) -> (Node, Vec<SyntaxError>) {
    let solid = |token: &&Token| !matches!(token.kind, TokenKind::Trivia | TokenKind::Attribute);
    let mut parser = Parser {
        text,
        tokens: tokens.iter().filter(solid).collect(),
        at: 0,
        open: Vec::new(),
        errors: Vec::new(),
        on_line: (Span::default(), 0),
    };
    for token in tokens {
        if let Some(fault) = token.fault {
            parser.error(token.span.clone(), fault, None);
        }
    }
    let root = parser.value();
    if let Some(token) = parser.peek() {
        let span = token.span.clone();
        parser.error(span, "the file goes on after its value", Some("one value a file"));
    }
    parser.errors.sort_by_key(|error| error.span.start);
    (root, parser.errors)
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<&'a Token>,
    at: usize,
    /// Closing marks that are waited for.
    open: Vec<char>,
    errors: Vec<SyntaxError>,
    /// The line of the last fault, and how many it has.
    on_line: (Span, usize),
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at).copied()
    }

    fn mark(&self, mark: char) -> bool {
        self.peek().is_some_and(|token| token.kind == TokenKind::Mark(mark))
    }

    fn take(&mut self, mark: char) -> bool {
        let found = self.mark(mark);
        self.at += usize::from(found);
        found
    }

    fn slice(&self, span: &Span) -> &'a str {
        &self.text[span.clone()]
    }

    fn error(&mut self, span: Span, message: impl Into<String>, help: Option<&str>) {
        if self.errors.len() >= MAX_ERRORS {
            return;
        }
        let (line, errors) = &mut self.on_line;
        if *errors == 0 || !line.contains(&span.start) {
            let begin = self.text[..span.start].rfind('\n').map_or(0, |at| at + 1);
            let end =
                self.text[span.start..].find('\n').map_or(self.text.len(), |at| span.start + at);
            (*line, *errors) = (begin..end + 1, 0);
        }
        *errors += 1;
        if *errors <= MAX_ON_LINE {
            let help = help.map(str::to_owned);
            self.errors.push(SyntaxError { span, message: message.into(), help });
        }
    }

    /// Just behind the last token.
    fn behind(&self) -> usize {
        match self.at {
            0 => 0,
            at => self.tokens[at - 1].span.end,
        }
    }

    fn value(&mut self) -> Node {
        let Some(token) = self.peek() else {
            let end = self.text.trim_end().len();
            self.error(end..end, "expected a value, but the text ends here", None);
            return Node { span: end..end, kind: Kind::Fault };
        };
        let span = token.span.clone();
        let kind = match token.kind {
            TokenKind::Mark('(' | '[' | '{') if self.open.len() >= MAX_DEPTH => {
                self.error(span.clone(), format!("nested deeper than {MAX_DEPTH} levels"), None);
                self.skip_group();
                Kind::Fault
            }
            TokenKind::Mark('(') => self.group(None),
            TokenKind::Mark('[') => self.list(),
            TokenKind::Mark('{') => self.map(),
            TokenKind::Name => self.name(token),
            TokenKind::Number | TokenKind::Text | TokenKind::Char => {
                self.at += 1;
                self.literal(token)
            }
            _ => {
                let found = self.slice(&span);
                self.error(span.clone(), format!("expected a value, found `{found}`"), None);
                // A closing mark that nobody waits for is read over.
                let stray = match token.kind {
                    TokenKind::Mark(close @ (')' | ']' | '}')) => !self.open.contains(&close),
                    kind => kind == TokenKind::Unknown,
                };
                if stray {
                    self.at += 1;
                }
                Kind::Fault
            }
        };
        Node { span: span.start..self.behind().max(span.start), kind }
    }

    fn literal(&mut self, token: &Token) -> Kind {
        if token.fault.is_some() {
            return Kind::Fault;
        }
        let text = self.slice(&token.span);
        let read = match token.kind {
            TokenKind::Number => literal::number(text).map(Kind::Number),
            TokenKind::Char => literal::character(text).map(Kind::Char),
            _ => literal::text(text),
        };
        read.unwrap_or_else(|message| {
            self.error(token.span.clone(), message, None);
            Kind::Fault
        })
    }

    fn name(&mut self, token: &Token) -> Kind {
        self.at += 1;
        let text = self.slice(&token.span);
        if self.mark('(') {
            if self.open.len() >= MAX_DEPTH {
                let message = format!("nested deeper than {MAX_DEPTH} levels");
                self.error(token.span.clone(), message, None);
                self.skip_group();
                return Kind::Fault;
            }
            return self.group(Some(Name { text: text.to_owned(), span: token.span.clone() }));
        }
        match text {
            "true" => Kind::Bool(true),
            "false" => Kind::Bool(false),
            "inf" => Kind::Number(f64::INFINITY),
            "-inf" => Kind::Number(f64::NEG_INFINITY),
            "NaN" | "-NaN" => Kind::Number(f64::NAN),
            _ => Kind::Name(text.to_owned()),
        }
    }

    /// `( … )`: fields when the first thing inside is `name:`, else a tuple.
    fn group(&mut self, name: Option<Name>) -> Kind {
        self.at += 1;
        let named = self.peek().is_some_and(|token| token.kind == TokenKind::Name)
            && self
                .tokens
                .get(self.at + 1)
                .is_some_and(|token| token.kind == TokenKind::Mark(':') || self.is_equals(token));
        if named {
            let fields = self.items(')', |parser| {
                let token = parser.peek()?;
                if token.kind != TokenKind::Name {
                    let found = parser.slice(&token.span);
                    let message = format!("expected the name of a field, found `{found}`");
                    parser.error(token.span.clone(), message, None);
                    return None;
                }
                parser.at += 1;
                let text = parser.slice(&token.span).to_owned();
                let field = Name { text, span: token.span.clone() };
                parser.colon(&field.text)?;
                Some((field, parser.value()))
            });
            Kind::Struct(name, fields)
        } else {
            Kind::Tuple(name, self.items(')', |parser| Some(parser.value())))
        }
    }

    fn list(&mut self) -> Kind {
        self.at += 1;
        Kind::List(self.items(']', |parser| Some(parser.value())))
    }

    fn map(&mut self) -> Kind {
        self.at += 1;
        Kind::Map(self.items('}', |parser| {
            let key = parser.value();
            parser.colon("the key")?;
            Some((key, parser.value()))
        }))
    }

    /// Other formats write `=` between a name and its value.
    fn is_equals(&self, token: &Token) -> bool {
        token.kind == TokenKind::Unknown && self.slice(&token.span) == "="
    }

    fn colon(&mut self, after: &str) -> Option<()> {
        if self.take(':') {
            return Some(());
        }
        if let Some(token) = self.peek().filter(|token| self.is_equals(token)) {
            let message = format!("expected `:` after `{after}`, found `=`");
            self.error(token.span.clone(), message, None);
            self.at += 1;
            return Some(());
        }
        let end = self.behind();
        self.error(end..end, format!("expected `:` after `{after}`"), None);
        None
    }

    fn items<T>(&mut self, close: char, mut item: impl FnMut(&mut Self) -> Option<T>) -> Vec<T> {
        let start = self.at - 1;
        self.open.push(close);
        let mut items = Vec::new();
        loop {
            if self.take(close) {
                break;
            }
            let Some(token) = self.peek() else {
                let span = self.tokens[start].span.clone();
                self.error(span, format!("nothing closes this; expected `{close}`"), None);
                break;
            };
            if let TokenKind::Mark(other @ (')' | ']' | '}')) = token.kind {
                let message = format!("expected `{close}`, found `{other}`");
                self.error(token.span.clone(), message, None);
                // Whoever waits for that mark takes it; if nobody does, it is read over.
                if self.open.contains(&other) {
                    break;
                }
                self.at += 1;
                continue;
            }
            let before = self.at;
            match item(self) {
                Some(item) => items.push(item),
                None => self.skip_to_separator(),
            }
            if self.take(',') || self.peek().is_none() {
                continue;
            }
            let closing =
                self.peek().is_some_and(|t| matches!(t.kind, TokenKind::Mark(')' | ']' | '}')));
            if !closing {
                let end = self.behind();
                self.error(end..end, format!("expected `,` or `{close}`"), Some("a comma"));
                if self.at == before {
                    self.at += 1;
                }
            }
        }
        self.open.pop();
        items
    }

    /// On to the next `,` or closing mark of this level.
    fn skip_to_separator(&mut self) {
        while let Some(token) = self.peek() {
            match token.kind {
                TokenKind::Mark(',' | ')' | ']' | '}') => return,
                TokenKind::Mark('(' | '[' | '{') => self.skip_group(),
                _ => self.at += 1,
            }
        }
    }

    /// Over a whole bracket with all that is in it.
    fn skip_group(&mut self) {
        let mut depth = 0_usize;
        while let Some(token) = self.peek() {
            self.at += 1;
            match token.kind {
                TokenKind::Mark('(' | '[' | '{') => depth += 1,
                TokenKind::Mark(')' | ']' | '}') => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return;
            }
        }
    }
}
