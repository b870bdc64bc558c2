//! From a file's bytes to its JSON and its buffers.

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
        return base64(payload).ok_or_else(|| fail("its base64 is damaged".into()));
    }
    let path = percent_decoded(uri).ok_or_else(|| fail("its %-codes are damaged".into()))?;
    let outside = path.split(['/', '\\']).any(|part| part == "..") || path.starts_with(['/', '\\']);
    if outside || path.contains(':') {
        return Err(fail("only files beside the model or below its folder are read".into()));
    }
    fetch(&path).map_err(fail)
}

/// The path that a `uri` names, as [`resource`] asks for it; as it stands where it is damaged.
pub(super) fn decoded_path(uri: &str) -> String {
    percent_decoded(uri).unwrap_or_else(|| uri.to_owned())
}

fn shortened(uri: &str) -> String {
    if uri.len() <= 80 { uri.to_owned() } else { uri.chars().take(80).chain(['…']).collect() }
}

fn percent_decoded(uri: &str) -> Option<String> {
    let mut out = Vec::with_capacity(uri.len());
    let mut bytes = uri.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digit = |b: Option<u8>| char::from(b?).to_digit(16);
            out.push((digit(bytes.next())? * 16 + digit(bytes.next())?) as u8);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0_u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'\r' | b'\n' | b' ' => continue,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    Some(out)
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
