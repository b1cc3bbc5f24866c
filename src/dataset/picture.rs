//! Pictures: decoded from files to RGB8, upright, with hostile or broken files refused by name.

use super::jpeg;
use crate::error::{Error, Result, thousands};
use crate::files::{PICTURE, read_all, replace};
use fast_image_resize::images::{Image as Canvas, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::codecs::png::PngEncoder;
use image::metadata::Orientation;
use image::{
    DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder, ImageError, ImageFormat,
    ImageReader, Limits, RgbImage,
};
use std::io::Cursor;
use std::path::Path;

/// The largest picture that is decoded, in pixels; a bigger one is refused by its header, before any allocation.
pub const MAX_PIXELS: u64 = 200_000_000;

/// The most bytes a decoder may allocate for one picture: eight a pixel, enough for 16-bit RGBA.
const MAX_BYTES: u64 = MAX_PIXELS * 8;

/// File name extensions, in lower case, of the pictures that can be decoded.
pub const PICTURE_EXTENSIONS: [&str; 14] = [
    "jpg", "jpeg", "jpe", "jfif", "png", "webp", "bmp", "gif", "tif", "tiff", "ppm", "pgm", "pnm",
    "pbm",
];

/// An error unless `bytes` begin like a picture of a known format; `path` names them.
pub(super) fn require_picture(bytes: &[u8], path: &Path) -> Result<()> {
    match image::guess_format(bytes) {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::dataset(
            path,
            "is not a picture of a known format",
            READABLE,
        )),
    }
}

const READABLE: &str = "It must be one of: JPEG, PNG, WebP, BMP, GIF, TIFF, PNM.";
const BROKEN: &str = "Copy or download it again, or leave it out.";

/// A decoded picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Columns, in pixels.
    pub width: u32,
    /// Rows, in pixels.
    pub height: u32,
    /// RGB, 8 bits each, row by row from the top left; `3 * width * height` bytes.
    pub rgb: Vec<u8>,
}

/// Reads and decodes a picture file. Errors name the file: missing, empty, not a picture, damaged, too large.
pub fn open_picture(path: &Path) -> Result<Picture> {
    let bytes = read_all(path, PICTURE).map_err(Error::io("read", path))?;
    Picture::decode(&bytes, path)
}

/// Writes `picture` to `path` as PNG, which loses nothing.
///
/// # Errors
/// The file cannot be written.
pub fn write_png(path: &Path, picture: &Picture) -> Result<()> {
    replace(path, |out| {
        PngEncoder::new(out)
            .write_image(
                &picture.rgb,
                picture.width,
                picture.height,
                ExtendedColorType::Rgb8,
            )
            .map_err(std::io::Error::other)
    })
}

impl Picture {
    /// Decodes a picture held in memory; `path` only names it in errors. The format is told by the content.
    ///
    /// The EXIF orientation is applied. Alpha is dropped and grey repeated, like Pillow's `convert("RGB")`; deeper
    /// channels are scaled to 8 bits.
    pub fn decode(bytes: &[u8], path: &Path) -> Result<Self> {
        if bytes.is_empty() {
            return Err(Error::dataset(path, "is empty (0 bytes)", BROKEN));
        }
        let mut reader = ImageReader::new(Cursor::new(bytes))
            .with_guessed_format()
            .map_err(Error::io("read", path))?;
        let Some(format) = reader.format() else {
            return Err(Error::dataset(
                path,
                "is not a picture of a known format",
                READABLE,
            ));
        };
        let mut limits = Limits::no_limits();
        limits.max_alloc = Some(MAX_BYTES);
        reader.limits(limits);
        let mut decoder = reader.into_decoder().map_err(|e| unreadable(path, &e))?;
        let (width, height) = decoder.dimensions();
        if u64::from(width) * u64::from(height) > MAX_PIXELS || decoder.total_bytes() > MAX_BYTES {
            let (w, h) = (thousands(u64::from(width)), thousands(u64::from(height)));
            let most = MAX_PIXELS / 1_000_000;
            return Err(Error::dataset(
                path,
                format!("is too large: {w} x {h} pixels, the limit is {most} million"),
                "Make it smaller, or leave it out.",
            ));
        }
        if width == 0 || height == 0 {
            return Err(Error::dataset(path, "has no pixels", BROKEN));
        }
        // The decoder would paint what is missing grey and say nothing.
        if format == ImageFormat::Jpeg && !jpeg_is_complete(bytes) {
            return Err(Error::dataset(
                path,
                "is cut off: the JPEG data ends too early",
                BROKEN,
            ));
        }
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let exact = (format == ImageFormat::Jpeg)
            .then(|| jpeg::decode(bytes))
            .flatten();
        let mut image = match exact.and_then(|rgb| RgbImage::from_raw(width, height, rgb)) {
            Some(rgb) => DynamicImage::ImageRgb8(rgb),
            None => DynamicImage::from_decoder(decoder).map_err(|e| unreadable(path, &e))?,
        };
        image.apply_orientation(orientation);
        let image = image.into_rgb8();
        Ok(Self {
            width: image.width(),
            height: image.height(),
            rgb: image.into_raw(),
        })
    }

    /// The picture made smaller, its longest side at most `side` pixels; a copy if it is that small already.
    #[must_use]
    pub fn thumbnail(&self, side: u32) -> Self {
        let longest = self.width.max(self.height);
        if longest <= side.max(1) {
            return self.clone();
        }
        let scaled = |length: u32| {
            let exact = u64::from(length) * u64::from(side.max(1));
            ((exact + u64::from(longest) / 2) / u64::from(longest)).max(1) as u32
        };
        let (width, height) = (scaled(self.width), scaled(self.height));
        let mut small = Canvas::new(width, height, PixelType::U8x3);
        let options =
            ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom));
        let resized = ImageRef::new(self.width, self.height, &self.rgb, PixelType::U8x3)
            .is_ok_and(|full| Resizer::new().resize(&full, &mut small, &options).is_ok());
        // Only a picture whose buffer does not match its size gets here; it stays as it is.
        if !resized {
            return self.clone();
        }
        Self {
            width,
            height,
            rgb: small.into_vec(),
        }
    }
}

/// Does the file name end like a picture's?
pub fn is_picture_name(path: &Path) -> bool {
    let extension = path
        .extension()
        .and_then(|e| e.to_str())
        .map(str::to_ascii_lowercase);
    extension.is_some_and(|e| PICTURE_EXTENSIONS.contains(&e.as_str()))
}

/// A decoder's error in our words.
fn unreadable(path: &Path, error: &ImageError) -> Error {
    match error {
        ImageError::IoError(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            Error::dataset(path, "is cut off: the picture data ends too early", BROKEN)
        }
        ImageError::Limits(_) => Error::dataset(
            path,
            "needs too much memory to decode",
            "Make it smaller, or leave it out.",
        ),
        ImageError::Unsupported(e) => {
            Error::dataset(path, format!("cannot be decoded: {e}"), READABLE)
        }
        other => Error::dataset(path, format!("is damaged: {other}"), BROKEN),
    }
}

/// Does an end marker follow the last scan? Inside a scan every 0xFF is followed by 0x00 or a restart marker
/// (ITU-T T.81, B.1.1.5), so an end marker there is a real one, never one of an embedded preview.
fn jpeg_is_complete(bytes: &[u8]) -> bool {
    const END: u8 = 0xD9;
    let mut at = 2;
    loop {
        // Entropy-coded data, or padding, up to the next marker.
        let Some(found) = bytes
            .get(at..)
            .and_then(|rest| rest.iter().position(|&b| b == 0xFF))
        else {
            return false;
        };
        at += found + 1;
        let Some(&marker) = bytes.get(at) else {
            return false;
        };
        match marker {
            // A second 0xFF is filler before a marker: look at it again.
            0xFF => {}
            END => return true,
            // Stuffing, restart and other markers that stand alone.
            0x00 | 0x01 | 0xD0..=0xD8 => at += 1,
            _ => {
                let Some(&[high, low]) = bytes.get(at + 1..at + 3) else {
                    return false;
                };
                at += 1 + usize::from(u16::from_be_bytes([high, low]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_jpeg_is_found_after_its_scan_only() {
        let header = [
            0xFF, 0xD8, 0xFF, 0xE1, 0, 4, 0xFF, 0xD9, 0xFF, 0xDA, 0, 3, 1,
        ];
        let scan = [9, 0xFF, 0x00, 0xFF, 0xD0, 7];
        let whole = [&header[..], &scan, &[0xFF, 0xD9]].concat();
        assert!(jpeg_is_complete(&whole));
        for cut in 2..whole.len() {
            assert!(!jpeg_is_complete(&whole[..cut]), "cut at {cut}");
        }
    }
}
