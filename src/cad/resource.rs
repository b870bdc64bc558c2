//! What a `uri` holds: data in the text itself, or a file beside the model.

use std::borrow::Cow;
use std::str::Utf8Error;

use base64::DecodeError;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, Engine, GeneralPurpose, GeneralPurposeConfig};

use super::Error;
use super::remark::shown;

/// How a file that the model refers to is read; gets the decoded relative path.
pub(super) type Fetch<'a> = &'a mut dyn FnMut(&str) -> Result<Vec<u8>, String>;

/// The bytes of a `uri`.
pub(super) fn resource(uri: &str, fetch: Fetch) -> Result<Vec<u8>, Error> {
    let fail = |reason: String| Error::Resource { uri: shown(uri), reason };
    if let Some(rest) = uri.strip_prefix("data:") {
        let (kind, payload) =
            rest.split_once(',').ok_or_else(|| fail("its data has no comma before it".into()))?;
        if !kind.ends_with(";base64") {
            return Ok(percent_encoding::percent_decode_str(payload).collect());
        }
        return base64(payload).map_err(|error| fail(format!("its base64 is damaged: {error}")));
    }
    let path =
        percent_decoded(uri).map_err(|error| fail(format!("its %-codes are damaged: {error}")))?;
    if path.contains("://") {
        return Err(fail(
            "nothing is fetched from elsewhere: put the file beside the model".into(),
        ));
    }
    let outside = path.split(['/', '\\']).any(|part| part == "..") || path.starts_with(['/', '\\']);
    if outside || path.contains(':') {
        let reason = "only files beside the model or below its folder are read: \
                      put the file there, or export the model as one GLB";
        return Err(fail(reason.into()));
    }
    fetch(&path).map_err(fail)
}

/// The path that a `uri` names, as [`resource`] asks for it; as it stands where it is damaged.
pub(super) fn decoded_path(uri: &str) -> String {
    percent_decoded(uri).map_or_else(|_| uri.to_owned(), Cow::into_owned)
}

/// A `%` that begins no code stands for itself.
fn percent_decoded(uri: &str) -> Result<Cow<'_, str>, Utf8Error> {
    percent_encoding::percent_decode_str(uri).decode_utf8()
}

/// Of either alphabet, with padding or without, in one line or several.
fn base64(text: &str) -> Result<Vec<u8>, DecodeError> {
    static ENGINE: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let code = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).map(|byte| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    });
    ENGINE.decode(code.collect::<Vec<u8>>())
}

/// Reads a regular file: devices and pipes may never end.
///
/// # Errors
/// Why it cannot be read.
#[cfg(not(target_arch = "wasm32"))]
pub fn read_regular(path: &std::path::Path) -> Result<Vec<u8>, String> {
    let about = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !about.is_file() {
        return Err("it is no regular file".into());
    }
    std::fs::read(path).map_err(|error| error.to_string())
}

/// Reads a file below a folder; where only letter case differs from a name that is there, that one,
/// with its name. A model made on one system is opened on another.
///
/// # Errors
/// Why it cannot be read.
#[cfg(not(target_arch = "wasm32"))]
pub fn read_beside(
    folder: &std::path::Path,
    name: &str,
) -> Result<(Vec<u8>, Option<String>), String> {
    let exact = match read_regular(&folder.join(name)) {
        Ok(bytes) => return Ok((bytes, None)),
        Err(error) => error,
    };
    let mut at = folder.to_owned();
    let mut found = Vec::new();
    for part in name.split('/').filter(|part| !part.is_empty() && *part != ".") {
        let same = |entry: &std::fs::DirEntry| {
            entry.file_name().to_string_lossy().to_lowercase() == part.to_lowercase()
        };
        let entries = std::fs::read_dir(&at).into_iter().flatten().flatten();
        let entry = entries.into_iter().find(same).ok_or_else(|| exact.clone())?;
        found.push(entry.file_name().to_string_lossy().into_owned());
        at = entry.path();
    }
    let bytes = read_regular(&at).map_err(|_| exact)?;
    Ok((bytes, Some(found.join("/"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(uri: &str) -> Result<Vec<u8>, String> {
        resource(uri, &mut |path| Ok(path.as_bytes().to_vec())).map_err(|error| error.to_string())
    }

    #[test]
    fn base64_is_read_in_both_alphabets_with_padding_or_without_and_across_lines() {
        for code in ["+/8gIQ==", "-_8gIQ==", "+/8gIQ", "+/8g\r\nIQ==\n", "+/8gIR"] {
            let uri = format!("data:application/octet-stream;base64,{code}");
            assert_eq!(read(&uri), Ok(vec![0xfb, 0xff, 0x20, 0x21]), "{code}");
        }
        let error = read("data:;base64,AA!A").expect_err("no such letter");
        assert!(error.contains("base64 is damaged") && error.contains("offset 2"), "{error}");
        assert!(read("data:;base64,A").is_err(), "six bits are no byte");
    }

    #[test]
    fn data_without_base64_is_read_by_its_percent_codes() {
        assert_eq!(read("data:application/octet-stream,%00%BFa"), Ok(vec![0, 0xbf, b'a']));
        assert!(read("data:nothing").is_err_and(|error| error.contains("comma")));
    }

    #[test]
    fn percent_codes_of_a_uri_are_decoded_and_lead_nowhere_else() {
        let path = |uri: &str| read(uri).map(|path| String::from_utf8(path).expect("a path"));
        assert_eq!(path("a%20b/%C3%A9.bin").as_deref(), Ok("a b/é.bin"));
        assert_eq!(path("at 50%.bin").as_deref(), Ok("at 50%.bin"));
        assert!(path("%ff.bin").is_err_and(|error| error.contains("%-codes are damaged")));
        for uri in ["%2e%2e/secret", "%2Fetc/passwd", "file%3A//x", "C:\\work\\t.png"] {
            let error = path(uri).expect_err("it leads elsewhere");
            assert!(error.contains("beside the model"), "{uri}: {error}");
        }
    }
}
