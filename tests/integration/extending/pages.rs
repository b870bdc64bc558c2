//! What the pages for contributors name and quote is there.

use std::path::Path;

use crate::programs::repository;

fn text(path: &str) -> String {
    std::fs::read_to_string(repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Files and folders of the repository that stand in backticks in a page.
fn named(page: &str) -> Vec<String> {
    const FOLDERS: [&str; 8] =
        ["src", "tests", "benches", "docs", "examples", "scenes", "scripts", "fuzz"];
    let mut paths = Vec::new();
    for line in page.lines() {
        for (at, code) in line.split('`').enumerate() {
            let folder = code.split_once('/').map_or("", |(folder, _)| folder);
            let is_path = at % 2 == 1 && !code.contains([' ', '<', '*']);
            if is_path && FOLDERS.contains(&folder) {
                paths.push(code.to_owned());
            }
        }
    }
    paths
}

#[test]
fn every_file_that_the_pages_for_contributors_name_is_there() {
    let mut wrong = Vec::new();
    for page in ["docs/architecture.md", "docs/extending.md"] {
        let paths = named(&text(page));
        assert!(paths.len() > 10, "{page}: the paths are not found: {paths:?}");
        let missing = paths.into_iter().filter(|path| !Path::new(&repository(path)).exists());
        wrong.extend(missing.map(|path| format!("{page} names {path}, which is not there")));
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// A block of code of a page, and the file that it is quoted from.
struct Quote {
    line: usize,
    file: String,
    lines: Vec<String>,
}

/// A quotation is a block of code below the line `<!-- from FILE -->`. Every block of Rust is one.
fn quotes(page: &str) -> Vec<Quote> {
    let mut all = Vec::new();
    let mut source: Option<String> = None;
    let mut lines = page.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        if let Some(file) = line.strip_prefix("<!-- from ").and_then(|l| l.strip_suffix(" -->")) {
            source = Some(file.to_owned());
        } else if line.starts_with("```") {
            let block = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```");
            let block: Vec<String> = block.map(str::to_owned).collect();
            match source.take() {
                Some(file) => all.push(Quote { line: at + 1, file, lines: block }),
                None => assert_ne!(line, "```rust", "line {}: not quoted from a file", at + 1),
            }
        }
    }
    all
}

/// Lines without the indentation that they have in common.
fn without_indent(lines: &[&str]) -> Vec<String> {
    let indents = lines.iter().filter(|line| !line.trim().is_empty());
    let indent = indents.map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
    lines.iter().map(|line| line.get(indent..).unwrap_or("").trim_end().to_owned()).collect()
}

/// Whether lines stand in a file one after the other, however far they are indented together.
fn stands_in(lines: &[String], file: &[&str]) -> bool {
    let wanted: Vec<&str> = lines.iter().map(String::as_str).collect();
    let wanted = without_indent(&wanted);
    file.windows(wanted.len()).any(|window| without_indent(window) == wanted)
}

#[test]
fn what_the_page_on_extending_quotes_is_what_the_files_have() {
    let quotes = quotes(&text("docs/extending.md"));
    assert!(quotes.len() >= 6, "the quotations are not found");
    for Quote { line, file, lines } in quotes {
        let text = text(&file);
        let source: Vec<&str> = text.lines().collect();
        // `// …` stands for lines that are left out.
        for part in lines.split(|line| line.trim() == "// …").filter(|part| !part.is_empty()) {
            let shown = part.join("\n");
            assert!(stands_in(part, &source), "line {line}: not so in {file}:\n{shown}");
        }
    }
}

#[test]
fn a_quotation_that_differs_by_a_word_is_noticed() {
    let page = "<!-- from a.rs -->\n```rust\nfn a() {\n    b()\n}\n// …\nd();\n```\n";
    let quote = &quotes(page)[0];
    assert_eq!((quote.line, quote.file.as_str(), quote.lines.len()), (2, "a.rs", 5));
    let file = ["  fn a() {", "      b()", "  }", "c();"];
    assert!(stands_in(&quote.lines[..3], &file));
    assert!(!stands_in(&quote.lines[4..], &file));
    let moved = ["fn a() {", "b()", "}"];
    assert!(!stands_in(&quote.lines[..3], &moved));
}
