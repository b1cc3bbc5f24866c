//! Small copies of pictures, to be put inside a page.

use crate::dataset::{Image, Picture};
use crate::error::Result;
use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;

/// The longest side of a small copy, in pixels.
pub const SIDE: u32 = 160;

/// JPEG quality: no visible blocks at this size.
const QUALITY: u8 = 82;

/// A small copy of a picture as JPEG.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thumbnail {
    /// Width, in pixels.
    pub width: u32,
    /// Height, in pixels.
    pub height: u32,
    /// The encoded picture.
    pub jpeg: Vec<u8>,
}

impl Thumbnail {
    /// Of an image of a dataset; `None` where it cannot be read.
    ///
    /// # Errors
    /// The archive that held it has changed.
    pub fn of(image: &Image) -> Result<Option<Self>> {
        match image.open() {
            Ok(picture) => Ok(Self::from_picture(&picture)),
            Err(error) if error.ends_all() => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// Of a picture; `None` where it cannot be encoded.
    pub fn from_picture(picture: &Picture) -> Option<Self> {
        let small = picture.thumbnail(SIDE);
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, QUALITY)
            .encode(
                &small.rgb,
                small.width,
                small.height,
                ExtendedColorType::Rgb8,
            )
            .ok()?;
        Some(Self {
            width: small.width,
            height: small.height,
            jpeg,
        })
    }
}
