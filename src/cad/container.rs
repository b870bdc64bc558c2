//! From a file's bytes to its JSON text and its binary chunk.
//!
//! GLB is taken apart here and not by the `gltf` crate: its `Glb::from_slice` panics on a stated
//! length below 12, reads beyond the stated length, refuses chunks that it does not know (the format
//! says to pass them over), and its errors do not say how many bytes are missing.

use std::borrow::Cow;

use super::Error;
use super::remark::Remarks;

/// JSON text and binary chunk of a GLB, or the whole file as JSON.
pub(super) struct Container<'a> {
    /// Without a byte order mark, padding, or bytes that are not UTF-8.
    pub json: Cow<'a, str>,
    /// Only a GLB has one.
    pub binary: Option<&'a [u8]>,
}

/// Takes a file apart.
pub(super) fn open<'a>(bytes: &'a [u8], remarks: &Remarks) -> Result<Container<'a>, Error> {
    let (json, binary) = split(bytes)?;
    let json = json.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(json);
    // Some programs fill up with zeros where the format wants spaces.
    let end = json.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    Ok(Container { json: text(&json[..end], remarks), binary })
}

/// Text of bytes that should be UTF-8; others are taken for Latin-1, as old programs write them.
fn text<'a>(bytes: &'a [u8], remarks: &Remarks) -> Cow<'a, str> {
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return Cow::Borrowed(text),
        Err(error) => error,
    };
    let at = error.valid_up_to();
    remarks.add(
        "the JSON",
        format_args!("it is not UTF-8 (byte {:#04x} at {at}); it is read as Latin-1", bytes[at]),
    );
    let mut out = String::with_capacity(bytes.len() + bytes.len() / 8);
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|byte| char::from(*byte)));
    }
    Cow::Owned(out)
}

fn split(bytes: &[u8]) -> Result<(&[u8], Option<&[u8]>), Error> {
    if !bytes.starts_with(b"glTF") {
        return match other(bytes) {
            None => Ok((bytes, None)),
            Some(what) => Err(Error::NotGltf(what)),
        };
    }
    let version = word(bytes, 4)?;
    if version != 2 {
        return Err(Error::Version(version.to_string()));
    }
    let length = word(bytes, 8)? as usize;
    if length > bytes.len() {
        return Err(Error::Truncated(format!(
            "the header speaks of {length} bytes, {} are there",
            bytes.len()
        )));
    }
    let bytes = &bytes[..length];
    let (mut at, mut json, mut binary) = (12, None, None);
    while at + 8 <= bytes.len() {
        let size = word(bytes, at)? as usize;
        let chunk = at.checked_add(8).and_then(|start| bytes.get(start..start.checked_add(size)?));
        let chunk = chunk.ok_or_else(|| Error::Truncated(format!("the chunk at byte {at}")))?;
        match &bytes[at + 4..at + 8] {
            b"JSON" if json.is_none() => json = Some(chunk),
            b"BIN\0" if binary.is_none() => binary = Some(chunk),
            _ => {}
        }
        at += 8 + size;
    }
    let json = json.ok_or_else(|| Error::NotGltf("the GLB has no JSON chunk".into()))?;
    Ok((json, binary))
}

/// What a file is that is neither GLB nor JSON; `None` for what may be JSON.
fn other(bytes: &[u8]) -> Option<String> {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    let begins = |what: &str| {
        text.get(..what.len()).is_some_and(|head| head.eq_ignore_ascii_case(what.as_bytes()))
    };
    let told = match text {
        [] => "it is empty",
        [b'{', ..] => return None,
        _ if begins("version https://git-lfs") => {
            "it is a Git LFS pointer and not the model itself: fetch it with `git lfs pull`"
        }
        _ if begins("<!doctype html") || begins("<html") => {
            "it is an HTML page, perhaps the answer of a server that did not find the model"
        }
        _ if begins("<?xml") || begins("<collada") => "it is XML: export it as GLB",
        _ if begins("ISO-10303-21") => "it is a STEP file: export it as GLB",
        _ if begins("Kaydara FBX") => "it is an FBX file: export it as GLB",
        _ if begins("solid ") => "it is an STL file: export it as GLB",
        _ if begins("PK\x03\x04") => "it is a ZIP archive: unpack it",
        _ if begins("\x1f\u{8b}") || text.starts_with(&[0x1f, 0x8b]) => {
            "it is compressed with gzip: unpack it"
        }
        _ if text.starts_with(&[0xff, 0xfe]) || text.starts_with(&[0xfe, 0xff]) => {
            "it is UTF-16 text: save it as UTF-8"
        }
        _ if begins("# ") || begins("mtllib") || begins("v ") => {
            "it begins like a Wavefront OBJ file: export it as GLB"
        }
        _ => "it begins with something else",
    };
    Some(told.to_owned())
}

fn word(bytes: &[u8], at: usize) -> Result<u32, Error> {
    match bytes.get(at..at + 4) {
        Some(&[a, b, c, d]) => Ok(u32::from_le_bytes([a, b, c, d])),
        _ => Err(Error::Truncated("the GLB header".into())),
    }
}
