//! From a file's bytes to its JSON and its buffers.

use std::borrow::Cow;
use std::str::Utf8Error;

use base64::DecodeError;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, Engine, GeneralPurpose, GeneralPurposeConfig};

use super::Error;
use super::schema::{BufferView, Document};

/// How a file that the model refers to is read; gets the decoded relative path.
pub(super) type Fetch<'a> = &'a mut dyn FnMut(&str) -> Result<Vec<u8>, String>;

/// The JSON of a file and the bytes that it speaks of.
pub(super) struct File {
    pub document: Document,
    pub buffers: Vec<Vec<u8>>,
}

/// Extensions without which a file can still be read, or that are handled.
const SUPPORTED: &[&str] = &[
    "KHR_mesh_quantization",
    "EXT_mesh_gpu_instancing",
    "KHR_materials_unlit",
    "KHR_materials_emissive_strength",
    "KHR_texture_transform",
    "KHR_materials_ior",
    "KHR_materials_specular",
    "KHR_materials_clearcoat",
    "KHR_materials_transmission",
    "KHR_materials_volume",
    "KHR_materials_sheen",
    "KHR_materials_variants",
    "KHR_materials_anisotropy",
    "KHR_materials_iridescence",
    "KHR_lights_punctual",
    "KHR_xmp_json_ld",
];

/// Reads the container and its buffers, and refuses what cannot be understood.
pub(super) fn open(bytes: &[u8], fetch: Fetch) -> Result<File, Error> {
    let (json, binary) = split(bytes)?;
    let document = parse(json)?;
    for extension in &document.extensions_required {
        if !SUPPORTED.contains(&extension.as_str()) {
            let hint = hint(extension);
            return Err(Error::Unsupported { extension: extension.clone(), hint });
        }
    }
    let mut buffers = Vec::new();
    for (at, buffer) in document.buffers.iter().enumerate() {
        let mut data = match &buffer.uri {
            Some(uri) => resource(uri, fetch)?,
            None if at == 0 => binary.unwrap_or_default().to_vec(),
            None => return Err(Error::Invalid(format!("buffer {at} has neither data nor a uri"))),
        };
        if data.len() < buffer.byte_length {
            return Err(Error::Truncated(format!(
                "buffer {at} should hold {} bytes, {} are there",
                buffer.byte_length,
                data.len()
            )));
        }
        data.truncate(buffer.byte_length);
        buffers.push(data);
    }
    Ok(File { document, buffers })
}

/// The JSON alone, for inspection; extensions that cannot be drawn are no hindrance.
pub(super) fn parse_json(bytes: &[u8]) -> Result<Document, Error> {
    parse(split(bytes)?.0)
}

fn parse(json: &[u8]) -> Result<Document, Error> {
    let document: Document =
        serde_json::from_slice(json).map_err(|error| Error::Json(error.to_string()))?;
    let version = document.asset.min_version.as_ref().unwrap_or(&document.asset.version);
    if !version.starts_with("2.") {
        let told = if version.is_empty() { "(none stated)".to_owned() } else { version.clone() };
        return Err(Error::Version(told));
    }
    Ok(document)
}

fn hint(extension: &str) -> &'static str {
    match extension {
        "EXT_meshopt_compression" | "KHR_meshopt_compression" => {
            "unpack it with `gltf-transform copy in.glb out.glb`, or with `gltfpack -i in.glb -o out.glb -noq`"
        }
        "KHR_draco_mesh_compression" => {
            "unpack it with `gltf-transform copy in.glb out.glb`, or export without compression"
        }
        "KHR_texture_basisu" | "EXT_texture_webp" | "EXT_texture_avif" => {
            "convert its textures to PNG, as in `gltf-transform png in.glb out.glb`"
        }
        _ => "export the model without it",
    }
}

/// JSON chunk and binary chunk of a GLB, or the whole file as JSON.
fn split(bytes: &[u8]) -> Result<(&[u8], Option<&[u8]>), Error> {
    if !bytes.starts_with(b"glTF") {
        let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        return match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{') => Ok((text, None)),
            Some(_) => Err(Error::NotGltf("it begins with something else".into())),
            None => Err(Error::NotGltf("it is empty".into())),
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

fn word(bytes: &[u8], at: usize) -> Result<u32, Error> {
    match bytes.get(at..at + 4) {
        Some(&[a, b, c, d]) => Ok(u32::from_le_bytes([a, b, c, d])),
        _ => Err(Error::Truncated("the GLB header".into())),
    }
}

/// What a `uri` holds: data in the text itself, or a file beside the model.
pub(super) fn resource(uri: &str, fetch: Fetch) -> Result<Vec<u8>, Error> {
    let fail = |reason: String| Error::Resource { uri: shortened(uri), reason };
    if let Some(rest) = uri.strip_prefix("data:") {
        let (_, payload) =
            rest.split_once(";base64,").ok_or_else(|| fail("only base64 data is read".into()))?;
        return base64(payload).map_err(|error| fail(format!("its base64 is damaged: {error}")));
    }
    let path =
        percent_decoded(uri).map_err(|error| fail(format!("its %-codes are damaged: {error}")))?;
    let outside = path.split(['/', '\\']).any(|part| part == "..") || path.starts_with(['/', '\\']);
    if outside || path.contains(':') {
        return Err(fail("only files beside the model or below its folder are read".into()));
    }
    fetch(&path).map_err(fail)
}

/// The path that a `uri` names, as [`resource`] asks for it; as it stands where it is damaged.
pub(super) fn decoded_path(uri: &str) -> String {
    percent_decoded(uri).map_or_else(|_| uri.to_owned(), Cow::into_owned)
}

fn shortened(uri: &str) -> String {
    if uri.len() <= 80 { uri.to_owned() } else { uri.chars().take(80).chain(['…']).collect() }
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

/// The bytes of a buffer view.
pub(super) fn view_bytes<'a>(file: &'a File, at: usize, what: &str) -> Result<&'a [u8], Error> {
    let view = view(file, at, what)?;
    let count = file.buffers.len();
    let buffer = file.buffers.get(view.buffer).ok_or_else(|| Error::Index {
        what: format!("buffer view {at}"),
        kind: "buffer",
        index: view.buffer,
        count,
    })?;
    let end = view.byte_offset.checked_add(view.byte_length);
    end.and_then(|end| buffer.get(view.byte_offset..end))
        .ok_or_else(|| Error::Truncated(format!("buffer view {at} reaches beyond its buffer")))
}

/// A buffer view.
pub(super) fn view<'a>(file: &'a File, at: usize, what: &str) -> Result<&'a BufferView, Error> {
    let views = &file.document.buffer_views;
    views.get(at).ok_or_else(|| Error::Index {
        what: what.to_owned(),
        kind: "buffer view",
        index: at,
        count: views.len(),
    })
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
    fn percent_codes_of_a_uri_are_decoded_and_lead_nowhere_else() {
        let path = |uri: &str| read(uri).map(|path| String::from_utf8(path).expect("a path"));
        assert_eq!(path("a%20b/%C3%A9.bin").as_deref(), Ok("a b/é.bin"));
        assert_eq!(path("at 50%.bin").as_deref(), Ok("at 50%.bin"));
        assert!(path("%ff.bin").is_err_and(|error| error.contains("%-codes are damaged")));
        for uri in ["%2e%2e/secret", "%2Fetc/passwd", "file%3A//x"] {
            assert!(path(uri).is_err_and(|error| error.contains("beside the model")), "{uri}");
        }
    }
}
