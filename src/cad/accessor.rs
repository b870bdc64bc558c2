//! Numbers out of accessors, whatever their component type, stride, normalisation or sparseness.

use super::Error;
use super::container::{File, view, view_bytes};

/// No sensible model for a live scene holds more numbers than this in one accessor; a file may
/// claim any count without holding the bytes.
const MAX_NUMBERS: usize = 1 << 27;

/// The numbers of an accessor, `width` for each element.
pub(super) struct Numbers {
    pub width: usize,
    pub values: Vec<f64>,
}

/// Reads an accessor that must have one of these widths.
pub(super) fn read(file: &File, at: usize, what: &str, widths: &[usize]) -> Result<Numbers, Error> {
    let accessors = &file.document.accessors;
    let accessor = accessors.get(at).ok_or_else(|| Error::Index {
        what: what.to_owned(),
        kind: "accessor",
        index: at,
        count: accessors.len(),
    })?;
    let width = match accessor.ty.as_str() {
        "SCALAR" => 1,
        "VEC2" => 2,
        "VEC3" => 3,
        "VEC4" => 4,
        other => {
            return Err(Error::Invalid(format!("{what}: accessor {at} has the type `{other}`")));
        }
    };
    if !widths.contains(&width) {
        return Err(Error::Invalid(format!(
            "{what}: accessor {at} holds {width} numbers for each element, expected {widths:?}"
        )));
    }
    let total = accessor.count.checked_mul(width).filter(|total| *total <= MAX_NUMBERS);
    let total = total
        .ok_or_else(|| Error::TooLarge(format!("accessor {at} has {} elements", accessor.count)))?;
    let component = Component::new(accessor.component_type, accessor.normalized, at)?;
    let mut values = match accessor.buffer_view {
        None if accessor.sparse.is_none() && total > 0 => {
            return Err(Error::Invalid(format!(
                "{what}: accessor {at} has no data; its compression is not supported, export without it"
            )));
        }
        None => vec![0.0; total],
        Some(from) => {
            let view = view(file, from, what)?;
            if let Some(name) = view.extensions.keys().find(|name| name.contains("meshopt")) {
                return Err(Error::Unsupported {
                    extension: name.clone(),
                    hint: "unpack it with `gltf-transform copy in.glb out.glb`",
                });
            }
            let bytes = view_bytes(file, from, what)?;
            let size = width * component.size;
            let stride = view.byte_stride.unwrap_or(size).max(size);
            numbers(bytes, accessor.byte_offset, stride, accessor.count, width, component)
                .ok_or_else(|| Error::Truncated(format!("accessor {at} reaches beyond its view")))?
        }
    };
    if let Some(sparse) = &accessor.sparse {
        let index = Component::new(sparse.indices.component_type, false, at)?;
        let short = || Error::Truncated(format!("the sparse part of accessor {at}"));
        if sparse.count > accessor.count {
            return Err(short());
        }
        let bytes = view_bytes(file, sparse.indices.buffer_view, what)?;
        let offset = sparse.indices.byte_offset;
        let places =
            numbers(bytes, offset, index.size, sparse.count, 1, index).ok_or_else(short)?;
        let bytes = view_bytes(file, sparse.values.buffer_view, what)?;
        let (offset, size) = (sparse.values.byte_offset, width * component.size);
        let patch =
            numbers(bytes, offset, size, sparse.count, width, component).ok_or_else(short)?;
        for (place, patch) in places.iter().zip(patch.chunks_exact(width)) {
            let start = *place as usize * width;
            values.get_mut(start..start + width).ok_or_else(short)?.copy_from_slice(patch);
        }
    }
    Ok(Numbers { width, values })
}

#[derive(Clone, Copy)]
struct Component {
    ty: u32,
    size: usize,
    normalized: bool,
}

impl Component {
    fn new(ty: u32, normalized: bool, at: usize) -> Result<Self, Error> {
        let size = match ty {
            5120 | 5121 => 1,
            5122 | 5123 => 2,
            5125 | 5126 => 4,
            other => {
                return Err(Error::Invalid(format!(
                    "accessor {at} has the component type {other}, expected 5120 to 5126"
                )));
            }
        };
        Ok(Self { ty, size, normalized })
    }

    fn decode(self, b: &[u8]) -> f64 {
        let signed = |value: f64, max: f64| {
            if self.normalized { (value / max).max(-1.0) } else { value }
        };
        let unsigned = |value: f64, max: f64| if self.normalized { value / max } else { value };
        match (self.ty, b) {
            (5120, &[a]) => signed(f64::from(a as i8), 127.0),
            (5121, &[a]) => unsigned(f64::from(a), 255.0),
            (5122, &[a, b]) => signed(f64::from(i16::from_le_bytes([a, b])), 32767.0),
            (5123, &[a, b]) => unsigned(f64::from(u16::from_le_bytes([a, b])), 65535.0),
            (5125, &[a, b, c, d]) => f64::from(u32::from_le_bytes([a, b, c, d])),
            (_, &[a, b, c, d]) => f64::from(f32::from_le_bytes([a, b, c, d])),
            _ => 0.0,
        }
    }
}

/// `None` when the bytes do not reach.
fn numbers(
    bytes: &[u8],
    offset: usize,
    stride: usize,
    count: usize,
    width: usize,
    component: Component,
) -> Option<Vec<f64>> {
    if count == 0 {
        return Some(Vec::new());
    }
    let size = width * component.size;
    let end = (count - 1).checked_mul(stride)?.checked_add(offset)?.checked_add(size)?;
    if end > bytes.len() {
        return None;
    }
    let mut out = Vec::with_capacity(count * width);
    for element in 0..count {
        let start = offset + element * stride;
        for part in bytes[start..start + size].chunks_exact(component.size) {
            out.push(component.decode(part));
        }
    }
    Some(out)
}
