//! Files that appear whole or not at all: an output is written beside its name and takes it when it is
//! finished, so that neither an error nor a signal leaves half of a file, and what had that name before
//! stays until then. What grows line by line grows by whole lines ([`append_line`]).

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Longest line that is looked for at the end of a file, in bytes.
const LONGEST_LINE: u64 = 1 << 24;

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
        let Some((unfinished, target)) = &self.names else { return Ok(()) };
        // A disk that is full may only say so now.
        file.sync_all()?;
        drop(file);
        fs::rename(unfinished, target)
    }
}

/// Writes a whole file.
///
/// # Errors
/// If it cannot be written; what had that name before is still there then.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut output = Output::create(path)?;
    output.write_all(bytes)?;
    output.finish()
}

/// Whether what was left of a line begins as another one does, in the first eight bytes that both have.
fn alike(torn: &[u8], line: &[u8]) -> bool {
    torn.iter().zip(line).take(8).all(|(torn, byte)| torn == byte)
}

/// Adds a line to a file, or begins one with it. What a torn writing left at the file's end, without an
/// end of line and no whole line by `is_whole`, is cut off first; how many bytes that was.
///
/// # Errors
/// If the line cannot be written; nothing of it is in the file then.
pub fn append_line(
    path: &Path,
    line: &str,
    is_whole: impl Fn(&str) -> bool,
) -> io::Result<Option<u64>> {
    if fs::metadata(path).is_ok_and(|known| !known.is_file()) {
        let mut pipe = File::options().append(true).open(path)?;
        return pipe.write_all(format!("{line}\n").as_bytes()).map(|()| None);
    }
    let mut file =
        File::options().read(true).write(true).create(true).truncate(false).open(path)?;
    // Two programs that add at once wait for each other, where the file system can lock.
    let _ = file.lock();
    let before = file.metadata()?.len();
    let tail = tail(&mut file, before)?;
    let is_torn = !tail.is_empty() && !std::str::from_utf8(&tail).is_ok_and(is_whole);
    if is_torn && !alike(&tail, line.as_bytes()) {
        let text = "its last line has no end and is none of these: is it another file?";
        return Err(io::Error::new(io::ErrorKind::InvalidData, text));
    }
    let end = if is_torn { before - tail.len() as u64 } else { before };
    let first = if !tail.is_empty() && !is_torn { "\n" } else { "" };
    let written = file
        .set_len(end)
        .and_then(|()| file.seek(SeekFrom::Start(end)))
        .and_then(|_| file.write_all(format!("{first}{line}\n").as_bytes()))
        .and_then(|()| file.sync_data());
    if let Err(error) = written {
        // Nothing of the line stays; what was torn is no loss.
        let _ = file.set_len(end);
        return Err(error);
    }
    Ok(is_torn.then_some(tail.len() as u64))
}

/// What stands after the last end of line.
fn tail(file: &mut File, length: u64) -> io::Result<Vec<u8>> {
    let begin = length.saturating_sub(LONGEST_LINE);
    file.seek(SeekFrom::Start(begin))?;
    let mut last = Vec::new();
    file.take(LONGEST_LINE).read_to_end(&mut last)?;
    match last.iter().rposition(|byte| *byte == b'\n') {
        Some(at) => Ok(last.split_off(at + 1)),
        None if begin == 0 => Ok(last),
        None => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("it ends with a line of more than {LONGEST_LINE} bytes"),
        )),
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
    fn a_line_is_added_whole_and_what_was_torn_is_cut_off() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lines");
        let is_whole = |line: &str| line.ends_with('.');
        let read = || fs::read_to_string(&path).expect("it is there");
        let add = |line: &str| append_line(&path, line, is_whole).expect("it is written");
        assert_eq!(add("one."), None);
        assert_eq!(add("two."), None);
        assert_eq!(read(), "one.\ntwo.\n");
        fs::write(&path, "one.\ntwo.\nfou").expect("it is written");
        assert_eq!(add("four."), Some(3));
        assert_eq!(read(), "one.\ntwo.\nfour.\n");
        // A line without an end that began otherwise is somebody else's.
        fs::write(&path, "{\"a\": 1}").expect("it is written");
        assert!(append_line(&path, "four.", is_whole).is_err());
        assert_eq!(read(), "{\"a\": 1}");
        // Only the end of the line is missing, as after an editor.
        fs::write(&path, "one.\ntwo.").expect("it is written");
        assert_eq!(add("three."), None);
        assert_eq!(read(), "one.\ntwo.\nthree.\n");
        // Torn within a character.
        fs::write(&path, b"one long\xff").expect("it is written");
        assert_eq!(add("one longer."), Some(9));
        assert_eq!(read(), "one longer.\n");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error_and_leaves_the_old_file() {
        // Every write to this device says that it is full.
        let error = append_line(Path::new("/dev/full"), "one.", |_| true).expect_err("it is full");
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        let error = write(Path::new("/dev/full"), b"one.").expect_err("it is full");
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
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
