//! Files that appear whole or not at all: an output is written beside its name and takes it when it is
//! finished, so that neither an error nor a signal leaves half of a file, and what had that name before
//! stays until then.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Files that are being written at present.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A file that is being written.
#[derive(Debug)]
pub struct Output {
    file: Option<File>,
    /// Where it is written, and the name that it takes; none for what is no regular file, such as a pipe.
    names: Option<(PathBuf, PathBuf)>,
}

impl Output {
    /// Begins a file. A pipe or a device is written directly, and a link's target is replaced, not the
    /// link.
    ///
    /// # Errors
    /// If nothing can be written there.
    pub fn create(path: &Path) -> io::Result<Self> {
        let known = fs::metadata(path).ok();
        if known.as_ref().is_some_and(|known| !known.is_file()) {
            return Ok(Self { file: Some(File::create(path)?), names: None });
        }
        let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        // Who may not write the file may not replace it either.
        if known.is_some() {
            File::options().write(true).open(&target)?;
        }
        let name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
        let unfinished =
            target.with_file_name(format!(".{name}.{}.unfinished", std::process::id()));
        list().push(unfinished.clone());
        // From here on it is removed if anything fails.
        let mut output = Self { file: None, names: Some((unfinished.clone(), target)) };
        let file = File::create(&unfinished)?;
        if let Some(known) = known {
            file.set_permissions(known.permissions())?;
        }
        output.file = Some(file);
        Ok(output)
    }

    /// Begins a file that others read while it is written: it has its name from its first line on.
    ///
    /// # Errors
    /// If nothing can be written there.
    pub fn create_followed(path: &Path) -> io::Result<Self> {
        Ok(Self { file: Some(File::create(path)?), names: None })
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// If it cannot be written or named; nothing is left of it then.
    pub fn finish(mut self) -> io::Result<()> {
        let Some(mut file) = self.file.take() else { return Ok(()) };
        file.flush()?;
        drop(file);
        match &self.names {
            Some((unfinished, target)) => fs::rename(unfinished, target),
            None => Ok(()),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_mut().map_or(Err(io::ErrorKind::BrokenPipe.into()), |file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.file = None;
        let Some((unfinished, _)) = &self.names else { return };
        // After `finish` there is none of that name.
        let _ = fs::remove_file(unfinished);
        list().retain(|other| other != unfinished);
    }
}

/// Removes what is not finished; for a program that is about to end. Nothing can be finished afterwards.
pub fn remove_unfinished() {
    for unfinished in list().drain(..) {
        // It may have been finished, or not yet begun.
        let _ = fs::remove_file(unfinished);
    }
}

fn list() -> std::sync::MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("it is there");
        entries
            .map(|entry| entry.expect("it is read").file_name().to_string_lossy().into())
            .collect()
    }

    #[test]
    fn a_file_has_its_name_when_it_is_finished_and_not_before() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rows.csv");
        fs::write(&path, "old").expect("it is written");
        let mut output = Output::create(&path).expect("it is begun");
        output.write_all(b"new").expect("it is written");
        assert_eq!(fs::read_to_string(&path).expect("it is there"), "old");
        output.finish().expect("it is finished");
        assert_eq!(fs::read_to_string(&path).expect("it is there"), "new");
        assert_eq!(names(folder.path()), ["rows.csv"]);
    }

    #[test]
    fn nothing_is_left_of_a_file_that_is_not_finished() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut output = Output::create(&folder.path().join("rows.csv")).expect("it is begun");
        output.write_all(b"half").expect("it is written");
        drop(output);
        assert!(names(folder.path()).is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_and_its_target_is_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let [target, link] = ["target.csv", "link.csv"].map(|name| folder.path().join(name));
        fs::write(&target, "old").expect("it is written");
        std::os::unix::fs::symlink(&target, &link).expect("it is linked");
        let mut output = Output::create(&link).expect("it is begun");
        output.write_all(b"new").expect("it is written");
        output.finish().expect("it is finished");
        assert!(fs::symlink_metadata(&link).expect("it is there").is_symlink());
        assert_eq!(fs::read_to_string(&target).expect("it is there"), "new");
    }
}
