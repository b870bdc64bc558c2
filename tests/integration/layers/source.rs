//! What a Rust file says of modules: which it declares, what it imports, what it defines.
//!
//! Flows in: a file's text. Flows out: a [`File`], with code that is compiled for tests alone left
//! out. It reads tokens, not syntax: enough for code that compiles.

use std::collections::BTreeSet;

/// A path of names as it is written, with its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// From 1.
    pub line: usize,
    /// `["super", "state", "Round"]`; the last is `*` for all of a module.
    pub names: Vec<String>,
    /// Under which name a `use` makes it known.
    pub known_as: Option<String>,
    /// Whether it is only handed on to others (`pub use`).
    pub is_handed_on: bool,
    /// How many modules within the file it stands in.
    pub depth: usize,
}

/// What a file says of modules.
#[derive(Debug, Default)]
pub struct File {
    /// Modules that it declares, with their own file.
    pub modules: BTreeSet<String>,
    /// Those of them that are compiled for tests alone.
    pub test_modules: BTreeSet<String>,
    /// Names that it defines, of whatever kind.
    pub defined: BTreeSet<String>,
    /// All paths in it: of `use` and within code.
    pub paths: Vec<Path>,
}

#[derive(Clone, Debug, PartialEq)]
struct Token {
    line: usize,
    text: String,
}

impl Token {
    fn is(&self, text: &str) -> bool {
        self.text == text
    }

    fn is_name(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

/// Names, `::` and single signs; no comments, texts, characters, lifetimes and numbers.
fn tokens(text: &str) -> Vec<Token> {
    let text: Vec<char> = text.chars().collect();
    let at = |i: usize| text.get(i).copied().unwrap_or('\0');
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let (mut tokens, mut i, mut line) = (Vec::new(), 0, 1);
    while i < text.len() {
        let begin = i;
        match (at(i), at(i + 1)) {
            ('/', '/') => i = (i..text.len()).find(|i| at(*i) == '\n').unwrap_or(text.len()),
            ('/', '*') => i = end_of_comment(&text, i),
            ('"', _) => i = end_of_text(&text, i + 1),
            ('\'', '\\') => {
                i = (i + 3..text.len()).find(|i| at(*i) == '\'').unwrap_or(text.len()) + 1;
            }
            ('\'', _) if at(i + 2) == '\'' => i += 3,
            ('\'', _) => i += 2,
            (':', ':') => {
                tokens.push(Token { line, text: "::".into() });
                i += 2;
            }
            (c, _) if is_word(c) => {
                let end = (i..text.len()).find(|i| !is_word(at(*i))).unwrap_or(text.len());
                let word: String = text[i..end].iter().collect();
                match (word.as_str(), at(end)) {
                    ("r" | "br" | "cr", '"') => i = end_of_raw(&text, end, 0),
                    ("r" | "br" | "cr", '#') if matches!(at(end + 1), '"' | '#') => {
                        let marks = (end..).take_while(|i| at(*i) == '#').count();
                        i = end_of_raw(&text, end + marks, marks);
                    }
                    ("b" | "c", '"') => i = end,
                    ("b", '\'') => i = end,
                    _ => {
                        if !c.is_ascii_digit() {
                            tokens.push(Token { line, text: word });
                        }
                        i = end;
                    }
                }
            }
            (c, _) => {
                if !c.is_whitespace() {
                    tokens.push(Token { line, text: c.into() });
                }
                i += 1;
            }
        }
        line += text[begin..i.min(text.len())].iter().filter(|c| **c == '\n').count();
    }
    tokens
}

fn end_of_comment(text: &[char], begin: usize) -> usize {
    let (mut depth, mut i) = (0, begin);
    while i < text.len() {
        match (text[i], text.get(i + 1)) {
            ('/', Some('*')) => (depth, i) = (depth + 1, i + 2),
            ('*', Some('/')) => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            return i;
        }
    }
    i
}

fn end_of_text(text: &[char], mut i: usize) -> usize {
    while i < text.len() && text[i] != '"' {
        i += if text[i] == '\\' { 2 } else { 1 };
    }
    i + 1
}

/// `begin` is the opening quote.
fn end_of_raw(text: &[char], begin: usize, marks: usize) -> usize {
    let is_end = |i: &usize| {
        text[*i] == '"' && text[i + 1..].iter().take(marks).filter(|c| **c == '#').count() == marks
    };
    (begin + 1..text.len()).find(is_end).map_or(text.len(), |i| i + 1 + marks)
}

impl File {
    /// Reads a file.
    pub fn read(text: &str) -> Self {
        let mut file = Self::default();
        Reader { tokens: tokens(text), at: 0 }.items(&mut file, 0);
        file
    }
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
}

impl Reader {
    fn text(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", |token| &token.text)
    }

    /// Everything to the end of the block or of the file.
    fn items(&mut self, file: &mut File, depth: usize) {
        let mut open = 0_usize;
        let mut is_test = false;
        while self.at < self.tokens.len() {
            match self.text(0) {
                "#" => {
                    is_test |= self.attribute();
                    continue;
                }
                _ if is_test => {
                    self.skip_item(file);
                    is_test = false;
                    continue;
                }
                "{" => open += 1,
                "}" if open == 0 => return,
                "}" => open -= 1,
                "pub" => {
                    self.at += 1;
                    // Who may see something imports nothing.
                    if self.text(0) == "(" {
                        self.skip_group();
                    }
                    if self.text(0) == "use" {
                        self.at += 1;
                        self.tree(&mut Vec::new(), true, file, depth);
                    }
                    continue;
                }
                "use" => {
                    self.at += 1;
                    self.tree(&mut Vec::new(), false, file, depth);
                    continue;
                }
                "mod" if self.text(2) == ";" => {
                    file.modules.insert(self.text(1).to_owned());
                    self.at += 2;
                }
                "mod" if self.text(2) == "{" => {
                    self.at += 3;
                    self.items(file, depth + 1);
                }
                "fn" | "struct" | "enum" | "trait" | "const" | "static" | "type" | "union"
                    if self.tokens.get(self.at + 1).is_some_and(Token::is_name) =>
                {
                    file.defined.insert(self.text(1).to_owned());
                    self.at += 1;
                }
                _ if self.text(1) == "::" && self.tokens[self.at].is_name() => {
                    self.path(file, depth);
                    continue;
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    /// A path within code.
    fn path(&mut self, file: &mut File, depth: usize) {
        let line = self.tokens[self.at].line;
        let is_continued =
            self.at > 0 && (self.tokens[self.at - 1].is("::") || self.tokens[self.at - 1].is("$"));
        let mut names = vec![self.text(0).to_owned()];
        self.at += 1;
        while self.text(0) == "::" && self.tokens.get(self.at + 1).is_some_and(Token::is_name) {
            names.push(self.text(1).to_owned());
            self.at += 2;
        }
        if self.text(0) == "::" {
            self.at += 1;
        }
        if !is_continued {
            file.paths.push(Path { line, names, known_as: None, is_handed_on: false, depth });
        }
    }

    /// What stands after `use`, with braces in braces.
    fn tree(&mut self, above: &mut Vec<String>, is_handed_on: bool, file: &mut File, depth: usize) {
        let begin = above.len();
        while self.at < self.tokens.len() {
            let token = self.tokens[self.at].clone();
            match token.text.as_str() {
                ";" | "," | "}" => break,
                "{" => {
                    self.at += 1;
                    while !matches!(self.text(0), "}" | "") {
                        self.tree(above, is_handed_on, file, depth);
                        if self.text(0) == "," {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    above.truncate(begin);
                    return;
                }
                "as" => {
                    let known_as = self.text(1).to_owned();
                    self.at += 2;
                    let names = above.clone();
                    file.paths.push(Path {
                        line: token.line,
                        names,
                        known_as: Some(known_as),
                        is_handed_on,
                        depth,
                    });
                    above.truncate(begin);
                    return;
                }
                "::" => {}
                _ => above.push(token.text),
            }
            self.at += 1;
        }
        // `use a::{self}` names the module itself.
        let mut names = above.clone();
        if names.len() > 1 && names.last().is_some_and(|last| last == "self") {
            names.pop();
        }
        let line = self.tokens.get(self.at.saturating_sub(1)).map_or(0, |token| token.line);
        let known_as = names.last().cloned();
        file.paths.push(Path { line, names, known_as, is_handed_on, depth });
        above.truncate(begin);
    }

    /// Skips an attribute; whether what follows is compiled for tests alone.
    fn attribute(&mut self) -> bool {
        let begin = self.at;
        self.at += 1;
        if self.text(0) == "!" {
            self.at += 1;
        }
        self.skip_group();
        let all = &self.tokens[begin..self.at];
        let is_not = |at: usize| at > 1 && all[at - 1].is("(") && all[at - 2].is("not");
        let tests = (0..all.len()).any(|at| all[at].is("test") && !is_not(at));
        let is_cfg = all.get(2).is_some_and(|token| token.is("cfg"));
        tests && (is_cfg || all.len() == 4)
    }

    /// Skips brackets with all in them; the reader is at the opening one.
    fn skip_group(&mut self) {
        let mut open = 0;
        while self.at < self.tokens.len() {
            match self.text(0) {
                "(" | "[" | "{" => open += 1,
                ")" | "]" | "}" => open -= 1,
                _ => {}
            }
            self.at += 1;
            if open <= 0 {
                return;
            }
        }
    }

    /// Skips an item that is compiled for tests alone, to the end of its body or its `;`.
    fn skip_item(&mut self, file: &mut File) {
        if self.text(0) == "mod" && self.text(2) == ";" {
            file.test_modules.insert(self.text(1).to_owned());
        }
        let is_use = self.text(0) == "use";
        while self.at < self.tokens.len() {
            match self.text(0) {
                ";" => {
                    self.at += 1;
                    return;
                }
                "{" => {
                    self.skip_group();
                    if !is_use {
                        return;
                    }
                }
                "(" | "[" => self.skip_group(),
                "}" => return,
                _ => self.at += 1,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        File::read(text).paths.iter().map(|path| path.names.join("::")).collect()
    }

    #[test]
    fn nested_braces_renames_and_paths_in_code_are_all_read() {
        let text =
            "pub use super::{a::{self, B}, c as d};\nfn f() { super::super::g::<crate::H>() }";
        assert_eq!(
            paths(text),
            ["super::a", "super::a::B", "super::c", "super::super::g", "crate::H"]
        );
        let file = File::read(text);
        assert_eq!(file.paths[2].known_as.as_deref(), Some("d"));
        assert_eq!(file.paths[4].line, 2);
    }

    #[test]
    fn comments_texts_characters_and_visibilities_import_nothing() {
        let text = r##"
            //! [`crate::a`]
            /* crate::b /* crate::c */ crate::d */
            pub(in crate::e) const T: &str = "crate::f \" crate::g";
            const R: &str = r#"crate::h " crate::i"#;
            const C: [char; 3] = ['"', '\'', 'x'];
            fn f<'a>(x: &'a str) { crate::seen::f(x) }
        "##;
        assert_eq!(paths(text), ["crate::seen::f"]);
    }

    #[test]
    fn code_that_is_compiled_for_tests_alone_is_left_out() {
        let text = "
            #[cfg(test)] use crate::a;
            #[cfg(all(test, unix))] mod tests;
            #[cfg(not(test))] use crate::b;
            #[cfg(test)] mod inner { use crate::c; }
            #[test] fn f() { crate::d::f() }
            fn g() { crate::e::f() }
        ";
        assert_eq!(paths(text), ["crate::b", "crate::e::f"]);
        assert!(File::read(text).test_modules.contains("tests"));
    }
}
