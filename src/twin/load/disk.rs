//! The files of this computer: regular ones of a bounded size.

use std::io::Read;
use std::path::Path;

use super::Resolver;

/// Largest definition, include or behaviour in bytes: 100,000 assets stated one by one fit.
pub const MAX_DEFINITION_BYTES: u64 = 64 << 20;

/// The files of this computer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Resolver for Disk {
    fn read(&self, path: &Path) -> Result<String, String> {
        let bytes = read_regular(path, MAX_DEFINITION_BYTES)?;
        String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            format!("it is no text in UTF-8 (byte {at}); save it as UTF-8")
        })
    }

    fn exists(&self, path: &Path) -> bool {
        path.is_file()
    }
}

/// Reads a regular file of at most `most` bytes; a link to one is followed. Pipes and devices are
/// refused without opening them, for they may never end or wait for ever.
///
/// # Errors
/// Why it cannot be read, for people.
pub fn read_regular(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let text = |error: std::io::Error| error.to_string();
    let metadata = std::fs::metadata(path).map_err(text)?;
    if metadata.is_dir() {
        return Err("it is a folder".into());
    }
    if !metadata.is_file() {
        return Err("it is no regular file but a pipe, a socket or a device".into());
    }
    let too_large = || format!("it has more than {} MiB", most.div_ceil(1 << 20));
    if metadata.len() > most {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    // Some files, such as those of /proc, state no size.
    let file = std::fs::File::open(path).map_err(text)?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(text)?;
    if bytes.len() as u64 > most { Err(too_large()) } else { Ok(bytes) }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_of_a_bounded_size_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("a"), "12345").expect("it is written");
        assert_eq!(read_regular(&path("a"), 5), Ok(b"12345".to_vec()));
        assert!(read_regular(&path("a"), 4).is_err_and(|error| error.contains("more than")));
        assert!(read_regular(folder.path(), 5).is_err_and(|error| error.contains("folder")));
        std::os::unix::fs::symlink("/dev/zero", path("zero")).expect("a link");
        let made = std::process::Command::new("mkfifo").arg(path("pipe")).status();
        assert!(made.is_ok_and(|status| status.success()));
        for name in ["zero", "pipe"] {
            let error = read_regular(&path(name), 5).expect_err("it is refused");
            assert!(error.contains("no regular file"), "{error}");
        }
        std::os::unix::fs::symlink(path("a"), path("link")).expect("a link");
        assert!(read_regular(&path("link"), 5).is_ok());
    }

    #[test]
    fn what_is_no_text_is_not_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a");
        std::fs::write(&file, b"secret \xff").expect("it is written");
        let error = Disk.read(&file).expect_err("it is no text");
        assert!(error.contains("UTF-8") && !error.contains("secret"), "{error}");
    }
}
