//! Pictures: from PNG or JPEG to pixels, within bounds that are read from their headers first.
//!
//! They are decoded here and not in the viewer, by the `image` crate that Bevy has anyway, so that
//! `inspect` and `check` find the same damage as the screen does, and so that decoding happens where
//! models are read: off the frame, in a page in its worker. It costs the program without the viewer
//! two decoders and no more.

use std::collections::BTreeMap;
use std::io::Cursor;

use image::{ImageFormat, ImageReader, Limits};
use serde::{Deserialize, Serialize};

use super::Error;
use super::file::File;
use super::remark::{left_out, shown};
use super::resource::{Fetch, resource};

/// Longest side of a picture that is decoded.
const LONGEST: u32 = 1 << 15;
/// Most pixels of a picture that is decoded: those of a square of 8192.
const MOST_PIXELS: u64 = 1 << 26;
/// Pixels of a model that are decoded in all, which bounds the time; and how many more for each byte of its
/// pictures, of which real ones seldom have more, up to the most.
const ALL_DECODED: u64 = 1 << 27;
const DECODED_FOR_EACH: u64 = 16;
const MOST_DECODED: u64 = 1 << 28;
/// Pixels of a model that are kept in all, 4 bytes each, for all copies on the screen.
const ALL_KEPT: u64 = 1 << 26;

/// A picture, decoded.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Name in the file, or its number.
    pub name: String,
    /// Pixels along u.
    pub width: u32,
    /// Pixels along v.
    pub height: u32,
    /// Red, green, blue and alpha of each pixel, row by row from the top.
    #[serde(with = "serde_bytes")]
    pub rgba: Vec<u8>,
}

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Image({:?}, {} × {})", self.name, self.width, self.height)
    }
}

impl Image {
    /// Half as wide and half as high.
    #[must_use]
    pub fn halved(&self) -> Self {
        let (width, height) = ((self.width / 2).max(1), (self.height / 2).max(1));
        let pixel = |x: u32, y: u32, part: usize| {
            let (x, y) = (x.min(self.width - 1) as usize, y.min(self.height - 1) as usize);
            u32::from(self.rgba[(y * self.width as usize + x) * 4 + part])
        };
        let mut rgba = Vec::with_capacity(width as usize * height as usize * 4);
        for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (2 * y, 2 * x))) {
            for part in 0..4 {
                let sum = pixel(x, y, part)
                    + pixel(x + 1, y, part)
                    + pixel(x, y + 1, part)
                    + pixel(x + 1, y + 1, part);
                rgba.push(((sum + 2) / 4) as u8);
            }
        }
        Self { name: self.name.clone(), width, height, rgba }
    }
}

/// Which pictures of a file are decoded, and how large they are kept.
pub(super) struct Plan {
    /// Pictures that are still to be decoded, the last one first: their index and where they lie.
    waiting: Vec<Encoded>,
    /// Longest side that is kept.
    side: u32,
}

struct Encoded {
    index: usize,
    name: String,
    bytes: Vec<u8>,
    format: ImageFormat,
}

/// The form of a picture by its first bytes, or what else it is.
fn format(bytes: &[u8]) -> Result<ImageFormat, &'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Ok(ImageFormat::Png),
        [0xFF, 0xD8, ..] => Ok(ImageFormat::Jpeg),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Err(
            "it is WebP, which is not read: convert it to PNG, as in `gltf-transform png in.glb out.glb`",
        ),
        [0xAB, b'K', b'T', b'X', ..] => Err(
            "it is KTX, which is not read: convert it to PNG, as in `gltf-transform ktxdecompress in.glb out.glb`",
        ),
        [b'D', b'D', b'S', b' ', ..] => Err("it is DDS, which is not read: convert it to PNG"),
        [b'G', b'I', b'F', b'8', ..] => Err("it is GIF, which is not read: convert it to PNG"),
        [b'B', b'M', ..] => Err("it is BMP, which is not read: convert it to PNG"),
        [0x49, 0x49, 0x2A, 0, ..] | [0x4D, 0x4D, 0, 0x2A, ..] => {
            Err("it is TIFF, which is not read: convert it to PNG")
        }
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => {
            Err("it is AVIF or HEIF, which is not read: convert it to PNG")
        }
        [] => Err("it is empty"),
        _ if bytes.starts_with(b"version https://git-lfs") => {
            Err("it is a Git LFS pointer and not the picture itself: fetch it with `git lfs pull`")
        }
        [b'<', ..] => Err("it is text, perhaps the answer of a server that did not find it"),
        _ => Err("it is neither PNG nor JPEG"),
    }
}

fn reader(bytes: &[u8], format: ImageFormat) -> ImageReader<Cursor<&[u8]>> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST);
    limits.max_image_height = Some(LONGEST);
    // 16 bits a channel, and as much again for rows that are being unpacked.
    limits.max_alloc = Some(MOST_PIXELS * 8 + (64 << 20));
    reader.limits(limits);
    reader
}

impl Plan {
    /// Reads the headers of the pictures that are shown; what cannot be shown is remarked.
    ///
    /// # Errors
    /// [`Error::TooLarge`] alone.
    pub fn new(file: &File, copies: &BTreeMap<usize, usize>, fetch: Fetch) -> Result<Self, Error> {
        let (mut waiting, mut sizes, mut decoded) = (Vec::new(), Vec::new(), 0);
        let mut may_be_decoded = ALL_DECODED;
        for (&index, &copies) in copies {
            let Some(source) = file.document.root.images.get(index) else { continue };
            let name = File::name(&source.name.clone().or(short(&source.uri)), "image", index);
            let place = format!("picture `{}`", shown(&name));
            let leave_out =
                |why: String| file.remarks.add(&place, format_args!("it is left out: {why}"));
            let bytes = match (&source.uri, source.buffer_view) {
                (Some(uri), _) => resource(uri, &mut *fetch),
                (None, Some(view)) => {
                    file.view(view.value(), &place).map(|view| view.bytes.to_vec())
                }
                (None, None) => Err(Error::Invalid("the file has no data for it".into())),
            };
            let bytes = match bytes {
                Ok(bytes) => bytes,
                Err(error) => {
                    file.remarks.add(&place, left_out(&place, &error));
                    continue;
                }
            };
            file.budget.take(bytes.len() as u64, || place.clone())?;
            let format = match format(&bytes) {
                Ok(format) => format,
                Err(what) => {
                    leave_out(what.into());
                    continue;
                }
            };
            // Only the header is read: no limit but those below.
            let mut header = ImageReader::with_format(Cursor::new(bytes.as_slice()), format);
            header.no_limits();
            let (width, height) = match header.into_dimensions() {
                Ok(size) => size,
                Err(error) => {
                    leave_out(format!("it is damaged: {error}"));
                    continue;
                }
            };
            let pixels = u64::from(width) * u64::from(height);
            if width > LONGEST || height > LONGEST || pixels > MOST_PIXELS {
                let side = MOST_PIXELS.isqrt();
                leave_out(format!(
                    "it has {width} × {height} pixels, and {side} × {side} are the most"
                ));
                continue;
            }
            may_be_decoded += DECODED_FOR_EACH * bytes.len() as u64;
            if decoded + pixels > may_be_decoded.min(MOST_DECODED) {
                leave_out("the pictures of the model have more pixels than are read in all".into());
                continue;
            }
            decoded += pixels;
            sizes.push((width, height, copies));
            waiting.push(Encoded { index, name, bytes, format });
        }
        let kept = |side: u32| -> u64 {
            let one = |(width, height, copies): &(u32, u32, usize)| {
                let steps = halvings(*width, *height, side);
                (u64::from(*width) >> steps).max(1)
                    * (u64::from(*height) >> steps).max(1)
                    * *copies as u64
            };
            sizes.iter().map(one).sum()
        };
        let mut side = LONGEST;
        while kept(side) > ALL_KEPT && side > 1 {
            side /= 2;
        }
        if sizes.iter().any(|(width, height, _)| halvings(*width, *height, side) > 0) {
            let text = format!(
                "they are too large for memory together, and shown with {side} pixels a side"
            );
            file.remarks.add("the pictures", text);
        }
        waiting.reverse();
        Ok(Self { waiting, side })
    }

    /// How many are left.
    pub fn left(&self) -> usize {
        self.waiting.len()
    }

    /// Decodes the next picture; its index in the file comes with it. Others are remarked.
    pub fn decode_next(&mut self, file: &File) -> Option<(usize, Image)> {
        let Encoded { index, name, bytes, format } = self.waiting.pop()?;
        let decoded = match reader(&bytes, format).decode() {
            Ok(decoded) => decoded.into_rgba8(),
            Err(error) => {
                let text = format!("it is left out: it is damaged: {error}");
                file.remarks.add(format_args!("picture `{}`", shown(&name)), text);
                return None;
            }
        };
        let (width, height) = decoded.dimensions();
        let mut image = Image { name, width, height, rgba: decoded.into_raw() };
        for _ in 0..halvings(width, height, self.side) {
            image = image.halved();
        }
        Some((index, image))
    }
}

/// How often a picture is halved until no side is longer.
fn halvings(width: u32, height: u32, side: u32) -> u32 {
    let longest = width.max(height);
    (0..32).find(|steps| longest >> steps <= side).unwrap_or(31)
}

/// The name of a picture's file.
fn short(uri: &Option<String>) -> Option<String> {
    let uri = uri.as_ref().filter(|uri| !uri.starts_with("data:"))?;
    Some(super::resource::decoded_path(uri))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_halved_picture_is_the_mean_of_its_pixels() {
        let rgba = [0, 0, 0, 255, 255, 255, 255, 255, 0, 0, 0, 255, 255, 255, 255, 255];
        let image = Image { name: String::new(), width: 2, height: 2, rgba: rgba.to_vec() };
        let half = image.halved();
        assert_eq!((half.width, half.height, half.rgba), (1, 1, vec![128, 128, 128, 255]));
        assert_eq!((halvings(8192, 10, 4096), halvings(4096, 10, 4096)), (1, 0));
    }
}
