//! What a file was when it was looked at, so that a later version is told from it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Files up to this size are known by their content too: two saves may fall into one tick of the
/// file system's clock, and may be of one length.
const HASHED_BYTES: u64 = 1 << 20;

/// The coarsest clock of a usual file system (FAT): times that lie this far apart differ.
const COARSEST_CLOCK: Duration = Duration::from_secs(2);

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
        Some(Self::unread(file)?.read(file))
    }

    /// What the folder says of the file.
    fn unread(file: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(file).ok().filter(std::fs::Metadata::is_file)?;
        let (inode, changed_ns) = identity(&metadata);
        let modified = metadata.modified().ok()?;
        Some(Self { modified, bytes: metadata.len(), inode, changed_ns, content: None })
    }

    /// The same with the content of a small file.
    fn read(self, file: &Path) -> Self {
        let content = (self.bytes <= HASHED_BYTES)
            .then(|| crate::twin::read_regular(file, HASHED_BYTES).ok())
            .flatten()
            .map(|bytes| {
                let mut hasher = DefaultHasher::new();
                bytes.hash(&mut hasher);
                hasher.finish()
            });
        Self { content, ..self }
    }

    /// Whether whatever is saved from `now` on has another time.
    fn is_settled(&self, now: SystemTime) -> bool {
        let changed = u64::try_from(self.changed_ns).unwrap_or_default();
        let last = self.modified.max(UNIX_EPOCH + Duration::from_nanos(changed));
        now.duration_since(last).is_ok_and(|span| span > COARSEST_CLOCK)
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

/// A version of a file that is looked at again and again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Looked {
    stamp: Stamp,
    /// Whether a later version shows by its time or its length, without being read.
    settled: bool,
}

impl Looked {
    /// The version that is there; `None`: there is no regular file.
    pub fn at(file: &Path) -> Option<Self> {
        let now = SystemTime::now();
        let stamp = Stamp::of(file)?;
        Some(Self { stamp, settled: stamp.is_settled(now) })
    }

    /// The version that is there now, where this one was there before. It is read only where it may be
    /// another one.
    pub fn again(self, file: &Path) -> Option<Self> {
        let now = SystemTime::now();
        let unread = Stamp::unread(file)?;
        let same = unread == Stamp { content: None, ..self.stamp };
        if same && self.settled {
            return Some(self);
        }
        Some(Self { stamp: unread.read(file), settled: unread.is_settled(now) })
    }

    /// Whether it is the same version.
    pub fn is(&self, other: &Self) -> bool {
        self.stamp == other.stamp
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
    fn a_file_is_read_again_only_where_it_may_have_changed() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.ron");
        std::fs::write(&file, "one").expect("it is written");
        let now = Looked::at(&file).expect("it is there");
        assert!(!now.settled, "it was saved just now: another save may have the same time");
        // What is remembered of the content shows whether it was read.
        let unlike = Stamp { content: Some(1), ..now.stamp };
        let unsettled = Looked { stamp: unlike, settled: false };
        let settled = Looked { stamp: unlike, settled: true };
        assert!(!unsettled.again(&file).expect("it is there").is(&unsettled), "it is read");
        assert!(settled.again(&file).expect("it is there").is(&settled), "it is not read");
        std::fs::write(&file, "three").expect("it is written");
        let later = settled.again(&file).expect("it is there");
        assert!(!later.is(&settled) && later.is(&Looked::at(&file).expect("it is there")));
        std::fs::remove_file(&file).expect("it is removed");
        assert!(settled.again(&file).is_none());
    }

    #[test]
    fn a_version_settles_when_the_coarsest_clock_has_moved_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.ron");
        std::fs::write(&file, "one").expect("it is written");
        let stamp = Stamp::of(&file).expect("it is there");
        let after = |span| stamp.is_settled(SystemTime::now() + span);
        assert!(!after(Duration::ZERO) && !after(Duration::from_secs(1)));
        assert!(after(Duration::from_secs(3)));
        // The clock was set back: the file is of the future.
        assert!(!stamp.is_settled(UNIX_EPOCH));
    }

    #[test]
    fn a_tag_is_found_in_a_list_and_weakly() {
        assert!(
            names("\"a\", W/\"b\"", "W/\"b\"") && names("\"b\"", "W/\"b\"") && names("*", "\"b\"")
        );
        assert!(!names("\"a\"", "W/\"b\"") && !names("", "W/\"b\""));
    }
}
