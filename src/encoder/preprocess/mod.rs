//! From a picture to the numbers an image model takes, as Pillow and Hugging Face make them.

mod convolve;
mod linear;
mod resize;
mod size;

pub use linear::{Line, Linear};

use crate::dataset::Picture;
use crate::error::{Error, Result};
use resize::{centre_crop, luma};
use serde::{Deserialize, Serialize};
use size::{MAX_SIDE, Size};
use std::borrow::Cow;

/// Channel means of OpenAI's CLIP (`OPENAI_CLIP_MEAN` of transformers and `open_clip`).
pub(super) const CLIP_MEAN: [f32; 3] = [0.481_454_66, 0.457_827_5, 0.408_210_73];
/// Channel deviations of OpenAI's CLIP (`OPENAI_CLIP_STD`).
pub(super) const CLIP_STD: [f32; 3] = [0.268_629_54, 0.261_302_6, 0.275_777_1];
/// Channel means of ImageNet (torchvision's reference recipes).
pub(super) const IMAGENET_MEAN: [f32; 3] = [0.485, 0.456, 0.406];
/// Channel deviations of ImageNet.
pub(super) const IMAGENET_STD: [f32; 3] = [0.229, 0.224, 0.225];

/// How the picture is brought to size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resize {
    /// To exactly this size, whatever the aspect ratio.
    Exact {
        /// Rows.
        height: u32,
        /// Columns.
        width: u32,
    },
    /// The shorter edge to this length; the other to `floor(length * long / short)` (Hugging Face, torchvision).
    ShortestEdge(u32),
    /// As large as fits into this size, the aspect ratio kept; what is left is `fill` (`open_clip`'s "longest").
    Within {
        /// Rows.
        height: u32,
        /// Columns.
        width: u32,
    },
    /// As small as covers this size, the aspect ratio kept (`open_clip`'s "shortest" for a size that is no square).
    Cover {
        /// Rows.
        height: u32,
        /// Columns.
        width: u32,
    },
    /// Not at all.
    None,
}

/// Where a centre crop starts when what is left over is odd.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// At `floor(rest / 2)` (Hugging Face); beside a smaller picture the larger half comes first.
    #[default]
    Floor,
    /// At `rest / 2`, half to even (torchvision); beside a smaller picture the smaller half comes first.
    HalfEven,
}

/// How a resized pixel is computed: Pillow's filters, antialiased when shrinking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    /// The nearest pixel (Pillow's 0).
    Nearest,
    /// Equal weights (4).
    Box,
    /// Linear interpolation (2).
    Bilinear,
    /// Hamming window (5).
    Hamming,
    /// Cubic, a = -0.5 (3).
    Bicubic,
    /// Lanczos, three lobes (1).
    Lanczos,
}

impl Filter {
    /// What Pillow calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nearest => "nearest",
            Self::Box => "box",
            Self::Bilinear => "bilinear",
            Self::Hamming => "hamming",
            Self::Bicubic => "bicubic",
            Self::Lanczos => "lanczos",
        }
    }
}

/// The steps from a picture to a model's input: resize and centre crop in 8 bits, then
/// `(value * rescale - mean) / std` per channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preprocess {
    /// How the picture is brought to size.
    pub resize: Resize,
    /// Height and width of the centre that is cut out; where the picture is smaller, `fill` surrounds it.
    pub crop: Option<(u32, u32)>,
    /// Where the crop starts.
    #[serde(default)]
    pub rounding: Rounding,
    /// The value around a picture that is smaller than the crop, 0 to 255 in every channel.
    #[serde(default)]
    pub fill: u8,
    /// The resizing filter.
    pub filter: Filter,
    /// Factor on the 8-bit values, most often 1/255.
    pub rescale: f32,
    /// Subtracted per channel after `rescale`; length `channels`.
    pub mean: Vec<f32>,
    /// Divisor per channel; length `channels`, none zero.
    pub std: Vec<f32>,
    /// 3 (RGB) or 1 (grey).
    pub channels: usize,
    /// Does the model take blue, green, red? It is turned where it is fed: what [`Preprocess::apply`] gives is in the
    /// usual order.
    #[serde(default)]
    pub bgr: bool,
}

impl Preprocess {
    /// A well-known recipe for square inputs of `side` pixels: "clip" (shortest edge and crop, bicubic), "siglip"
    /// (squashed to the square, bicubic, -1 to 1) or "imagenet" (shortest edge to `side` / 0.875, crop, bilinear).
    pub fn named(name: &str, side: u32) -> Option<Self> {
        let crop = Some((side, side));
        let (resize, crop, filter, mean, std) = match name.to_ascii_lowercase().as_str() {
            "clip" => (
                Resize::ShortestEdge(side),
                crop,
                Filter::Bicubic,
                CLIP_MEAN,
                CLIP_STD,
            ),
            "siglip" => {
                let square = Resize::Exact {
                    height: side,
                    width: side,
                };
                (square, None, Filter::Bicubic, [0.5; 3], [0.5; 3])
            }
            "imagenet" => {
                let edge = (f64::from(side) / 0.875) as u32;
                (
                    Resize::ShortestEdge(edge),
                    crop,
                    Filter::Bilinear,
                    IMAGENET_MEAN,
                    IMAGENET_STD,
                )
            }
            _ => return None,
        };
        let (mean, std) = (mean.to_vec(), std.to_vec());
        Some(Self {
            resize,
            crop,
            rounding: Rounding::Floor,
            fill: 0,
            filter,
            rescale: 1.0 / 255.0,
            mean,
            std,
            channels: 3,
            bgr: false,
        })
    }

    /// Height and width that come out, where they do not depend on the picture.
    pub fn output_size(&self) -> Option<(u32, u32)> {
        match self.resize {
            _ if self.crop.is_some() => self.crop,
            Resize::Exact { height, width } => Some((height, width)),
            Resize::ShortestEdge(_)
            | Resize::Within { .. }
            | Resize::Cover { .. }
            | Resize::None => None,
        }
    }

    /// The model's input for `picture`: channels x height x width, row-major.
    ///
    /// # Errors
    /// [`Error::Request`] for a picture without pixels, or so long and thin that resizing it would take gigabytes.
    pub fn apply(&self, picture: &Picture) -> Result<Vec<f32>> {
        let (pixels, size) = self.pixels(picture)?;
        let area = size.area();
        let mut out = vec![0.0; area * self.channels];
        for (channel, plane) in out.chunks_exact_mut(area).enumerate() {
            let (mean, std) = (self.mean[channel], self.std[channel]);
            let value = |v: usize| ((v as f64 * f64::from(self.rescale)) as f32 - mean) / std;
            let table: [f32; 256] = std::array::from_fn(value);
            for (to, pixel) in plane.iter_mut().zip(pixels.chunks_exact(self.channels)) {
                *to = table[usize::from(pixel[channel])];
            }
        }
        Ok(out)
    }

    /// What full opacity is for a model that takes a fourth channel: mean and deviation are those of the colours.
    pub(super) fn of_full(&self) -> f32 {
        255.0 * self.rescale
    }

    /// The same steps for a model that takes bytes: what follows the resizing is inside it.
    #[must_use]
    pub(super) fn in_bytes(self) -> Self {
        Self {
            rescale: 1.0,
            mean: vec![0.0; self.channels],
            std: vec![1.0; self.channels],
            ..self
        }
    }

    /// The 8-bit picture after resizing and cropping, before any arithmetic: what the model sees. Grey is shown as
    /// three equal channels.
    ///
    /// # Errors
    /// As [`Preprocess::apply`].
    pub fn resized(&self, picture: &Picture) -> Result<Picture> {
        let (pixels, size) = self.pixels(picture)?;
        let rgb = match self.channels {
            1 => pixels.iter().flat_map(|&v| [v; 3]).collect(),
            _ => pixels.into_owned(),
        };
        Ok(Picture {
            width: size.width,
            height: size.height,
            rgb,
        })
    }

    /// A text that two preprocessings share exactly when they make the same numbers; part of the cache's key.
    pub fn fingerprint(&self) -> String {
        // The number goes up when the arithmetic changes.
        format!(
            "preprocess 2 {}",
            serde_json::to_string(self).unwrap_or_else(|_| format!("{self:?}"))
        )
    }

    /// Resize and crop of a picture of this size as a linear map, without the rounding.
    ///
    /// # Errors
    /// As [`Preprocess::apply`].
    pub fn linear(&self, height: u32, width: u32) -> Result<Linear> {
        let from = self.admit(Size { height, width })?;
        Ok(Linear::new(
            from,
            from.resized(self.resize)?,
            self.crop,
            self.rounding,
            self.filter,
        ))
    }

    /// Resized and cropped, `channels` bytes a pixel.
    fn pixels<'a>(&self, picture: &'a Picture) -> Result<(Cow<'a, [u8]>, Size)> {
        let from = self.admit(Size {
            height: picture.height,
            width: picture.width,
        })?;
        if picture.rgb.len() != from.area() * 3 {
            return Err(no_pixels());
        }
        let mut pixels = match self.channels {
            1 => Cow::Owned(luma(&picture.rgb)),
            _ => Cow::Borrowed(picture.rgb.as_slice()),
        };
        let mut size = from.resized(self.resize)?;
        pixels = resize::resize(pixels, self.channels, from, size, self.filter);
        if let Some((height, width)) = self.crop {
            let to = Size { height, width };
            pixels = centre_crop(pixels, self.channels, size, to, self.rounding, self.fill);
            size = to;
        }
        Ok((pixels, size))
    }

    /// Refuses fields that do not fit together, and pictures of no size.
    fn admit(&self, from: Size) -> Result<Size> {
        self.check().map_err(|what| {
            Error::request(
                what,
                "Correct the preprocessing, or choose clip, siglip or imagenet.",
            )
        })?;
        if from.area() == 0 {
            return Err(no_pixels());
        }
        Ok(from)
    }

    /// Do the fields fit together? They may come from a file that a person edited.
    pub(super) fn check(&self) -> Result<(), String> {
        let sizes = match self.resize {
            Resize::Exact { height, width }
            | Resize::Within { height, width }
            | Resize::Cover { height, width } => vec![height, width],
            Resize::ShortestEdge(edge) => vec![edge],
            Resize::None => vec![],
        };
        let mut sizes = sizes
            .into_iter()
            .chain(self.crop.into_iter().flat_map(|(h, w)| [h, w]));
        if let Some(size) = sizes.find(|s| !(1..=MAX_SIDE).contains(s)) {
            return Err(format!(
                "a picture size of {size} is not between 1 and {MAX_SIDE}"
            ));
        }
        if !matches!(self.channels, 1 | 3) {
            return Err(format!("{} channels are neither 1 nor 3", self.channels));
        }
        if self.mean.len() != self.channels || self.std.len() != self.channels {
            return Err(format!(
                "mean and std must have {} numbers each",
                self.channels
            ));
        }
        let finite = self.rescale.is_finite() && self.mean.iter().all(|v| v.is_finite());
        if !finite || !self.std.iter().all(|v| v.is_finite() && *v != 0.0) {
            return Err("mean, std and rescale must be finite, and std not zero".into());
        }
        Ok(())
    }
}

fn no_pixels() -> Error {
    Error::request("the picture has no pixels", "Leave it out.")
}
