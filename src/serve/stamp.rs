//! What a file was when it was looked at, so that a later version is told from it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Files up to this size are known by their content too: two saves may fall into one tick of the
/// file system's clock, and may be of one length.
const HASHED_BYTES: u64 = 1 << 20;

/// A version of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Stamp {
    /// When it was saved, to the file system's resolution.
    modified: SystemTime,
    bytes: u64,
    /// Number of the file on its disk, and when that was changed in any way, where the system has them.
    inode: u64,
    changed_ns: i64,
    /// Hash of the content of a small file.
    content: Option<u64>,
}

impl Stamp {
    /// The version that is there; `None`: there is no regular file.
    pub fn of(file: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(file).ok().filter(std::fs::Metadata::is_file)?;
        let (inode, changed_ns) = identity(&metadata);
        let content = (metadata.len() <= HASHED_BYTES)
            .then(|| crate::twin::read_regular(file, HASHED_BYTES).ok())
            .flatten()
            .map(|bytes| {
                let mut hasher = DefaultHasher::new();
                bytes.hash(&mut hasher);
                hasher.finish()
            });
        let modified = metadata.modified().ok()?;
        Some(Self { modified, bytes: metadata.len(), inode, changed_ns, content })
    }

    /// Whole seconds of the time at which it was saved: what Last-Modified says.
    pub fn second(&self) -> u64 {
        self.modified.duration_since(UNIX_EPOCH).map_or(0, |span| span.as_secs())
    }

    /// As an entity tag. It is a weak one, for the file may be sent compressed.
    pub fn tag(&self) -> String {
        Self::tag_of(&[Some(*self)])
    }

    /// As the entity tag of one file that lies there in several forms, such as compressed ones.
    pub fn tag_of(forms: &[Option<Self>]) -> String {
        let mut hasher = DefaultHasher::new();
        for form in forms {
            match form {
                Some(Self { content: Some(content), bytes, .. }) => {
                    (content, bytes).hash(&mut hasher);
                }
                other => other.hash(&mut hasher),
            }
        }
        format!("W/\"{:016x}\"", hasher.finish())
    }
}

#[cfg(unix)]
fn identity(metadata: &std::fs::Metadata) -> (u64, i64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.ino(), metadata.ctime().saturating_mul(1_000_000_000) + metadata.ctime_nsec())
}

#[cfg(not(unix))]
fn identity(_metadata: &std::fs::Metadata) -> (u64, i64) {
    (0, 0)
}

/// Whether an If-None-Match names this tag; compared weakly, as RFC 9110 says for it.
pub(super) fn names(if_none_match: &str, tag: &str) -> bool {
    let opaque = |tag: &'_ str| tag.trim().trim_start_matches("W/").to_owned();
    if_none_match.split(',').any(|one| one.trim() == "*" || opaque(one) == opaque(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_saves_of_one_length_in_one_instant_are_two_versions() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.ron");
        std::fs::write(&file, "one").expect("it is written");
        let modified = std::fs::metadata(&file).and_then(|data| data.modified()).expect("a time");
        let first = Stamp::of(&file).expect("it is there");
        std::fs::write(&file, "two").expect("it is written");
        let opened = std::fs::File::options().write(true).open(&file).expect("it opens");
        opened.set_modified(modified).expect("its time is set");
        let second = Stamp::of(&file).expect("it is there");
        assert_eq!(first.second(), second.second());
        assert_ne!((first, first.tag()), (second, second.tag()));
        assert_eq!(Stamp::of(&folder.path().join("b.ron")), None);
        assert_eq!(Stamp::of(folder.path()), None);
    }

    #[test]
    fn a_tag_is_found_in_a_list_and_weakly() {
        assert!(
            names("\"a\", W/\"b\"", "W/\"b\"") && names("\"b\"", "W/\"b\"") && names("*", "\"b\"")
        );
        assert!(!names("\"a\"", "W/\"b\"") && !names("", "W/\"b\""));
    }
}
