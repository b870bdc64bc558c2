//! The viewer's manual, `docs/viewer.md`, names what the program has, and its pictures are there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use twinscope::twin::{Condition, Quality};

use crate::programs::repository;
#[cfg(feature = "viewer")]
use crate::programs::run;

/// Bytes that a picture of a document may have, so that a clone stays small.
const PICTURE_BYTES: u64 = 200_000;

fn text(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn manual() -> String {
    text(repository("docs/viewer.md"))
}

/// README and all documents.
fn documents() -> Vec<PathBuf> {
    let listed = std::fs::read_dir(repository("docs")).expect("the documents");
    let files = listed.map(|entry| entry.expect("a file").path());
    let documents = files.filter(|path| path.extension().is_some_and(|end| end == "md"));
    documents.chain([repository("README.md")]).collect()
}

/// Where the links of a text lead that begin with these letters.
fn links<'a>(text: &'a str, begin: &str) -> Vec<&'a str> {
    let parts = text.split(begin).skip(1);
    parts.filter_map(|part| part.split_once(')').map(|(link, _)| link)).collect()
}

#[test]
fn each_condition_and_each_quality_has_its_word_in_the_manual() {
    let manual = manual();
    for condition in Condition::ALL {
        let row = format!("| `{}` | ", condition.name());
        assert!(manual.contains(&row), "no row {row}");
    }
    for quality in [Quality::Good, Quality::Uncertain, Quality::Stale, Quality::Bad] {
        assert!(manual.contains(&format!("`{}`", quality.name())), "{quality:?}");
    }
}

/// The part of an address that GitHub makes from a heading.
fn anchor(heading: &str) -> String {
    let letters = heading
        .to_lowercase()
        .chars()
        .map(|letter| if letter == ' ' { '-' } else { letter })
        .collect::<String>();
    letters
        .chars()
        .filter(|letter| letter.is_alphanumeric() || *letter == '-' || *letter == '_')
        .collect()
}

#[test]
fn what_the_manual_refers_to_within_itself_is_there() {
    let manual = manual();
    let headings: BTreeSet<String> = manual
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches('#').trim()))
        .collect();
    let wanted = links(&manual, "](#");
    assert!(wanted.len() > 12, "{wanted:?}");
    for link in wanted {
        assert!(headings.contains(link), "no heading for #{link} among {headings:?}");
    }
}

#[test]
fn each_picture_of_the_documents_is_there_and_small_and_drawn_by_the_script() {
    let script = text(repository("scripts/draw-pictures"));
    let mut seen = BTreeSet::new();
    for document in documents() {
        let folder = document.parent().expect("a folder");
        for link in links(&text(&document), "](").into_iter().filter(|link| link.ends_with(".png"))
        {
            let picture = folder.join(link);
            let size = std::fs::metadata(&picture).map(|found| found.len());
            let size = size.unwrap_or_else(|error| panic!("{}: {error}", picture.display()));
            assert!(size <= PICTURE_BYTES, "{} has {size} bytes", picture.display());
            let name = picture.file_stem().expect("a name").to_string_lossy().into_owned();
            assert!(
                script.contains(&format!(" {name}\n")),
                "scripts/draw-pictures does not draw {name}"
            );
            seen.insert(name);
        }
    }
    let listed = std::fs::read_dir(repository("docs/pictures")).expect("the pictures");
    for entry in listed {
        let path = entry.expect("a file").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        assert!(seen.contains(&name), "no document shows {name}");
    }
}

#[cfg(feature = "viewer")]
#[test]
fn each_option_of_the_viewer_s_commands_has_its_row_in_the_manual_and_no_other() {
    let manual = manual();
    let rows = |from: &str, to: &str| -> BTreeSet<String> {
        let (_, part) = manual.split_once(from).expect("the section");
        let (part, _) = part.split_once(to).expect("its end");
        let rows = part.lines().filter(|line| line.starts_with("| `--"));
        let cells = rows.filter_map(|row| row.split('|').nth(1)).flat_map(|cell| cell.split(','));
        cells.map(|name| name.trim().trim_matches('`').to_owned()).collect()
    };
    let of_program = |command: &str| -> BTreeSet<String> {
        let (_, help, _) = run(&[command, "--help"]);
        let lines = help.lines().filter_map(|line| line.trim_start().split_once("--"));
        let options = lines.filter(|(before, _)| before.is_empty() || *before == "-h, ");
        options
            .filter_map(|(_, rest)| rest.split_whitespace().next())
            .map(|name| format!("--{name}"))
            .collect()
    };
    let view = rows("### `twinscope view", "### `twinscope render");
    assert_eq!(view, of_program("view"));
    let render: BTreeSet<String> =
        rows("### `twinscope render", "### What a link says").union(&view).cloned().collect();
    assert_eq!(render, of_program("render"));
}

#[cfg(feature = "viewer")]
#[test]
fn the_words_of_a_link_in_the_manual_are_those_that_the_program_reads() {
    use twinscope::viewer::app::link::Link;
    let manual = manual();
    let (_, part) = manual.split_once("### What a link says").expect("the section");
    let rows = part.lines().filter(|line| line.starts_with("| `"));
    let words: Vec<&str> = rows.filter_map(|row| row.split('`').nth(1)).collect();
    assert!(words.len() >= 6, "{words:?}");
    for word in words {
        let (link, _) = Link::parse(&format!("{word}=x"));
        assert!(link.others.is_empty(), "`{word}` means nothing");
    }
}
