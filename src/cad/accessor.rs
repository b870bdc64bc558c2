//! Numbers out of accessors, whatever their component type, stride, normalisation or sparseness.
//!
//! Read here and not by the `gltf` crate, whose iterators slice without checking bounds, and panic or
//! end early on views that are too short; its types say what an accessor is.

use gltf::json::accessor::{ComponentType, Type};
use gltf::json::validation::Checked;

use super::Error;
use super::file::File;

/// The elements of an accessor.
pub(super) struct Elements<'a> {
    /// How many there are.
    pub count: usize,
    /// Numbers of each.
    pub width: usize,
    component: Component,
    /// Without any, all numbers are 0.
    bytes: Option<&'a [u8]>,
    offset: usize,
    stride: usize,
    sparse: Option<Sparse<'a>>,
    what: String,
}

/// Elements that stand for others.
struct Sparse<'a> {
    /// Which element is replaced by which value, in order.
    places: Vec<(u32, u32)>,
    values: &'a [u8],
    size: usize,
}

/// Which elements are read, in which order.
pub(super) enum Order<'a> {
    /// All of them.
    All,
    /// These.
    Picked(&'a [u32]),
}

/// Opens an accessor that must have one of these widths; reads nothing yet.
pub(super) fn open<'a>(
    file: &'a File,
    at: usize,
    what: &str,
    widths: &[usize],
) -> Result<Elements<'a>, Error> {
    let accessors = &file.document.root.accessors;
    let accessor = accessors.get(at).ok_or_else(|| Error::Index {
        what: what.to_owned(),
        kind: "accessor",
        index: at,
        count: accessors.len(),
    })?;
    if let Some(reason) = file.document.unread("accessors", at) {
        return Err(Error::Invalid(format!("{what}: accessor {at} cannot be read: {reason}")));
    }
    let Checked::Valid(ty) = accessor.type_ else {
        let text = format!("{what}: accessor {at} has a type that glTF does not know");
        return Err(Error::Invalid(text));
    };
    let width = match ty {
        Type::Scalar => 1,
        Type::Vec2 => 2,
        Type::Vec3 => 3,
        Type::Vec4 | Type::Mat2 => 4,
        Type::Mat3 => 9,
        Type::Mat4 => 16,
    };
    if !widths.contains(&width) {
        return Err(Error::Invalid(format!(
            "{what}: accessor {at} holds {width} numbers for each element, expected {widths:?}"
        )));
    }
    let Checked::Valid(component) = accessor.component_type else {
        return Err(Error::Invalid(format!(
            "{what}: accessor {at} has a component type that glTF does not know, expected 5120 to 5126"
        )));
    };
    let component = Component { ty: component.0, normalized: accessor.normalized };
    let count = usize::try_from(accessor.count.0).unwrap_or(usize::MAX);
    let size = width * component.size();
    let (mut bytes, mut stride) = (None, size);
    let offset = position(accessor.byte_offset);
    if let Some(from) = accessor.buffer_view {
        let view = file.view(from.value(), what)?;
        stride = view.stride.unwrap_or(size).max(size);
        if !reaches(view.bytes, offset, stride, count, size) {
            return Err(Error::Truncated(format!("{what}: accessor {at} reaches beyond its view")));
        }
        bytes = Some(view.bytes);
    }
    let sparse = match &accessor.sparse {
        None => None,
        Some(sparse) => Some(replaced(file, sparse, at, count, (size, what))?),
    };
    let what = format!("{what}: accessor {at}");
    Ok(Elements { count, width, component, bytes, offset, stride, sparse, what })
}

fn replaced<'a>(
    file: &'a File,
    sparse: &gltf::json::accessor::sparse::Sparse,
    at: usize,
    count: usize,
    (size, what): (usize, &str),
) -> Result<Sparse<'a>, Error> {
    let short = || Error::Truncated(format!("{what}: the sparse part of accessor {at}"));
    let Checked::Valid(index) = sparse.indices.component_type else { return Err(short()) };
    let index = Component { ty: index.0, normalized: false };
    let many = usize::try_from(sparse.count.0).unwrap_or(usize::MAX);
    let begin = |offset: gltf::json::validation::USize64| usize::try_from(offset.0).ok();
    let places = file.view(sparse.indices.buffer_view.value(), what)?.bytes;
    let places = begin(sparse.indices.byte_offset).and_then(|from| places.get(from..));
    let values = file.view(sparse.values.buffer_view.value(), what)?.bytes;
    let values = begin(sparse.values.byte_offset).and_then(|from| values.get(from..));
    let (Some(places), Some(values)) = (places, values) else { return Err(short()) };
    let fits = reaches(places, 0, index.size(), many, index.size())
        && reaches(values, 0, size, many, size)
        && many <= count;
    if !fits {
        return Err(short());
    }
    file.budget.take_all(many, 8, || what.to_owned())?;
    let read = |row: usize| index.decode(&places[row * index.size()..][..index.size()]) as u32;
    let mut places: Vec<(u32, u32)> = (0..many).map(|row| (read(row), row as u32)).collect();
    places.sort_unstable();
    if places.last().is_some_and(|(place, _)| *place as usize >= count) {
        return Err(short());
    }
    Ok(Sparse { places, values, size })
}

fn position(offset: Option<gltf::json::validation::USize64>) -> usize {
    offset.map_or(0, |offset| usize::try_from(offset.0).unwrap_or(usize::MAX))
}

/// Whether so many elements lie within the bytes.
fn reaches(bytes: &[u8], offset: usize, stride: usize, count: usize, size: usize) -> bool {
    let Some(last) = count.checked_sub(1) else { return true };
    let end = last.checked_mul(stride).and_then(|at| at.checked_add(offset)?.checked_add(size));
    end.is_some_and(|end| end <= bytes.len())
}

impl Elements<'_> {
    /// The numbers of an element; those that it does not have are 0.
    fn row<const N: usize>(&self, element: usize) -> [f64; N] {
        let size = self.width * self.component.size();
        let start = self.offset + element * self.stride;
        let mut bytes = self.bytes.map(|bytes| &bytes[start..start + size]);
        if let Some(sparse) = &self.sparse {
            let found = sparse.places.binary_search_by_key(&element, |(place, _)| *place as usize);
            if let Ok(found) = found {
                let from = sparse.places[found].1 as usize * sparse.size;
                bytes = Some(&sparse.values[from..from + sparse.size]);
            }
        }
        let mut out = [0.0; N];
        if let Some(bytes) = bytes {
            let parts = bytes.chunks_exact(self.component.size());
            for (entry, part) in out.iter_mut().zip(parts) {
                *entry = self.component.decode(part);
            }
        }
        out
    }

    /// Elements as another type, in that order; places in it must be below the count.
    pub fn read<const N: usize, T>(
        &self,
        file: &File,
        order: &Order,
        of: impl Fn([f64; N]) -> T,
    ) -> Result<Vec<T>, Error> {
        let count = match order {
            Order::All => self.count,
            Order::Picked(places) => places.len(),
        };
        file.budget.take_all(count, size_of::<T>(), || self.what.clone())?;
        Ok(match order {
            Order::All => (0..count).map(|at| of(self.row(at))).collect(),
            Order::Picked(places) => places.iter().map(|at| of(self.row(*at as usize))).collect(),
        })
    }

    /// All elements as f32.
    pub fn f32s<const N: usize>(&self, file: &File, order: &Order) -> Result<Vec<[f32; N]>, Error> {
        self.read(file, order, |row: [f64; N]| row.map(|entry| entry as f32))
    }
}

#[derive(Clone, Copy)]
struct Component {
    ty: ComponentType,
    normalized: bool,
}

impl Component {
    fn size(self) -> usize {
        self.ty.size()
    }

    fn decode(self, b: &[u8]) -> f64 {
        use ComponentType::{F32, I8, I16, U8, U16, U32};
        let signed = |value: f64, max: f64| {
            if self.normalized { (value / max).max(-1.0) } else { value }
        };
        let unsigned = |value: f64, max: f64| if self.normalized { value / max } else { value };
        match (self.ty, b) {
            (I8, &[a]) => signed(f64::from(a as i8), 127.0),
            (U8, &[a]) => unsigned(f64::from(a), 255.0),
            (I16, &[a, b]) => signed(f64::from(i16::from_le_bytes([a, b])), 32767.0),
            (U16, &[a, b]) => unsigned(f64::from(u16::from_le_bytes([a, b])), 65535.0),
            (U32, &[a, b, c, d]) => f64::from(u32::from_le_bytes([a, b, c, d])),
            (F32, &[a, b, c, d]) => f64::from(f32::from_le_bytes([a, b, c, d])),
            _ => 0.0,
        }
    }
}
