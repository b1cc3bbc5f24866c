//! Pictures: decoded from files to RGB8, upright, with hostile or broken files refused by name.

mod raw;

use super::jpeg;
use crate::error::{Error, Result, thousands};
use crate::files::replace;
use crate::task::contained;
use crate::task::memory::{self, Held};
use fast_image_resize::images::{Image as Canvas, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::codecs::png::PngEncoder;
use image::metadata::Orientation;
use image::{
    DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder, ImageError, ImageFormat,
    ImageReader, Limits, RgbImage,
};
use std::io::{Cursor, Write};
use std::path::Path;

/// The largest picture that is decoded, in pixels; a bigger one is refused by its header, before any allocation.
pub const MAX_PIXELS: u64 = 200_000_000;

/// The largest picture file that is read, in bytes.
pub(super) const MAX_FILE: u64 = 512 << 20;

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
const SMALLER: &str = "Make it smaller, or leave it out.";

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
    let bytes = super::Stored::File(path.to_path_buf()).bytes()?;
    Picture::decode(&bytes, path)
}

/// Writes `picture` to `path` as PNG, which loses nothing.
///
/// # Errors
/// The file cannot be written.
pub fn write_png(path: &Path, picture: &Picture) -> Result<()> {
    replace(path, |out| encode(picture, out))
}

fn encode(picture: &Picture, out: impl Write) -> std::io::Result<()> {
    let (width, height) = (picture.width, picture.height);
    PngEncoder::new(out)
        .write_image(&picture.rgb, width, height, ExtendedColorType::Rgb8)
        .map_err(std::io::Error::other)
}

impl Picture {
    /// The picture as it is read again from the PNG file that [`write_png`] makes of it, without a file.
    ///
    /// # Errors
    /// It has no pixels, or its size is not that of its bytes.
    pub fn written_and_read(&self) -> Result<Self> {
        let name = Path::new("picture.png");
        let mut bytes = Vec::new();
        encode(self, &mut bytes).map_err(Error::io("write", name))?;
        Self::decode(&bytes, name)
    }

    /// Decodes a picture held in memory; `path` only names it in errors. The format is told by the content.
    ///
    /// The EXIF orientation is applied. Alpha is dropped and grey repeated, like Pillow's `convert("RGB")`; deeper
    /// channels are scaled to 8 bits.
    ///
    /// # Errors
    /// `bytes` are no picture, or a damaged one; it has more than [`MAX_PIXELS`], or decoding takes more memory than
    /// may be held ([`memory`]).
    pub fn decode(bytes: &[u8], path: &Path) -> Result<Self> {
        Ok(Self::decode_held(bytes, path)?.0)
    }

    /// As [`Picture::decode`]; what the picture takes stays held, for a thread that goes on to work on it beside others.
    pub fn decode_held(bytes: &[u8], path: &Path) -> Result<(Self, Held)> {
        contained(|| Self::decoded(bytes, path)).unwrap_or_else(|why| {
            let what = format!("is damaged: the decoder stopped ({why})");
            Err(Error::dataset(path, what, BROKEN))
        })
    }

    fn decoded(bytes: &[u8], path: &Path) -> Result<(Self, Held)> {
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
        limits.max_alloc = Some(memory::MOST);
        reader.limits(limits);
        let mut decoder = reader.into_decoder().map_err(|e| unreadable(path, &e))?;
        let (width, height) = decoder.dimensions();
        let pixels = u64::from(width) * u64::from(height);
        let size = || {
            let (w, h) = (thousands(u64::from(width)), thousands(u64::from(height)));
            format!("is too large: {w} x {h} pixels")
        };
        if pixels > MAX_PIXELS {
            let most = MAX_PIXELS / 1_000_000;
            let what = format!("{}, the limit is {most} million", size());
            return Err(Error::dataset(path, what, SMALLER));
        }
        if width == 0 || height == 0 {
            return Err(Error::dataset(path, "has no pixels", BROKEN));
        }
        // The decoder would paint what is missing grey and say nothing.
        if format == ImageFormat::Jpeg && !jpeg::is_complete(bytes) {
            return Err(Error::dataset(
                path,
                "is cut off: the JPEG data ends too early",
                BROKEN,
            ));
        }
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let too_much =
            |e: memory::TooMuch| Error::dataset(path, format!("{}, which {e}", size()), SMALLER);
        // What is decoded, what it is turned into, and what libjpeg keeps of a picture that comes in several scans.
        let copies = u64::from(!raw::narrows(decoder.color_type()))
            + u64::from(orientation != Orientation::NoTransforms);
        let scans = format == ImageFormat::Jpeg && jpeg::is_progressive(bytes);
        let needed = bytes.len() as u64
            + decoder.total_bytes()
            + pixels * (3 * copies + if scans { 6 } else { 0 });
        let mut held = memory::hold(needed).map_err(too_much)?;
        let exact = (format == ImageFormat::Jpeg)
            .then(|| jpeg::decode(bytes))
            .flatten();
        let mut image = match exact.and_then(|rgb| RgbImage::from_raw(width, height, rgb)) {
            Some(rgb) => DynamicImage::ImageRgb8(rgb),
            None if raw::narrows(decoder.color_type()) => {
                let colour = decoder.color_type();
                let mut raw = memory::room(decoder.total_bytes() as usize).map_err(too_much)?;
                raw.resize(decoder.total_bytes() as usize, 0);
                decoder
                    .read_image(&mut raw)
                    .map_err(|e| unreadable(path, &e))?;
                raw::narrow(&mut raw, colour);
                RgbImage::from_raw(width, height, raw)
                    .map(DynamicImage::ImageRgb8)
                    .ok_or_else(|| Error::dataset(path, "is damaged: pixels lack", BROKEN))?
            }
            None => DynamicImage::from_decoder(decoder).map_err(|e| unreadable(path, &e))?,
        };
        image.apply_orientation(orientation);
        let image = image.into_rgb8();
        held.shrink(3 * pixels);
        let picture = Self {
            width: image.width(),
            height: image.height(),
            rgb: image.into_raw(),
        };
        Ok((picture, held))
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
        self.scaled(width, height, FilterType::CatmullRom)
    }

    /// The picture scaled to `width` x `height`, whatever its own shape; each pixel is the mean of what it covers.
    #[must_use]
    pub fn scaled_by_area(&self, width: u32, height: u32) -> Self {
        self.scaled(width, height, FilterType::Box)
    }

    fn scaled(&self, width: u32, height: u32, filter: FilterType) -> Self {
        let mut small = Canvas::new(width, height, PixelType::U8x3);
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter));
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
        ImageError::Limits(_) => Error::dataset(path, "needs too much memory to decode", SMALLER),
        ImageError::Unsupported(e) => {
            Error::dataset(path, format!("cannot be decoded: {e}"), READABLE)
        }
        other => Error::dataset(path, format!("is damaged: {other}"), BROKEN),
    }
}
