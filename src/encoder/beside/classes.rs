//! What the image processors of transformers do where their configuration is silent.

use crate::encoder::preprocess::{
    CLIP_MEAN, CLIP_STD, Filter, IMAGENET_MEAN, IMAGENET_STD, Resize,
};

/// The defaults of one class (transformers 4 and 5, `image_processing_*.py`).
#[derive(Debug, Clone, Copy)]
#[allow(clippy::struct_excessive_bools)] // one for each of the libraries' own switches
pub(super) struct Class {
    /// Its filter; `None` where the two versions differ and the file must say.
    pub filter: Option<Filter>,
    pub mean: [f32; 3],
    pub std: [f32; 3],
    /// Does it normalise at all unless told?
    pub normalises: bool,
    /// The size without a `size`.
    pub size: Resize,
    /// Does a `size` that is one number mean a square, rather than the shortest edge?
    pub square: bool,
    /// The side of the centre that is cut out; `None` where nothing is unless told.
    pub crop: Option<u32>,
    /// The side that a crop has where one is asked for without a size.
    pub crop_side: u32,
    /// The part of a larger picture that is kept, for sizes below 384 (`crop_pct`).
    pub part: Option<f64>,
    /// Are the channels blue, green, red?
    pub flips: bool,
    /// `EfficientNet`'s second division by the deviation.
    pub twice: bool,
    /// Levit: the edge is 256/224 of the size.
    pub enlarges: bool,
}

const CLIP: Class = Class {
    filter: Some(Filter::Bicubic),
    mean: CLIP_MEAN,
    std: CLIP_STD,
    normalises: true,
    size: Resize::ShortestEdge(224),
    square: false,
    crop: Some(224),
    crop_side: 224,
    part: None,
    flips: false,
    twice: false,
    enlarges: false,
};

const fn squashed(side: u32) -> Resize {
    Resize::Exact {
        height: side,
        width: side,
    }
}

const HALF: Class = Class {
    filter: Some(Filter::Bicubic),
    mean: [0.5; 3],
    std: [0.5; 3],
    size: squashed(224),
    square: true,
    crop: None,
    ..CLIP
};

/// The classes that are followed, by the exact stem of their name.
const CLASSES: [(&str, Class); 18] = [
    ("CLIP", CLIP),
    ("ChineseCLIP", CLIP),
    // DINOv2's files say Bit.
    ("Bit", CLIP),
    ("Siglip", HALF),
    (
        "Blip",
        Class {
            mean: CLIP_MEAN,
            std: CLIP_STD,
            size: squashed(384),
            ..HALF
        },
    ),
    (
        "ViT",
        Class {
            filter: Some(Filter::Bilinear),
            ..HALF
        },
    ),
    (
        "ViTHybrid",
        Class {
            mean: CLIP_MEAN,
            std: CLIP_STD,
            ..CLIP
        },
    ),
    (
        "CLIPSeg",
        Class {
            filter: Some(Filter::Bilinear),
            ..HALF
        },
    ),
    (
        "DeiT",
        Class {
            size: squashed(256),
            crop: Some(224),
            ..HALF
        },
    ),
    (
        "ConvNext",
        Class {
            filter: None,
            size: Resize::ShortestEdge(384),
            square: false,
            part: Some(0.875),
            ..HALF
        },
    ),
    (
        "EfficientNet",
        Class {
            filter: None,
            size: squashed(346),
            crop_side: 289,
            twice: true,
            ..HALF
        },
    ),
    (
        "MobileNetV1",
        Class {
            filter: Some(Filter::Bilinear),
            size: Resize::ShortestEdge(256),
            square: false,
            crop: Some(224),
            ..HALF
        },
    ),
    (
        "MobileNetV2",
        Class {
            filter: Some(Filter::Bilinear),
            size: Resize::ShortestEdge(256),
            square: false,
            crop: Some(224),
            ..HALF
        },
    ),
    (
        "MobileViT",
        Class {
            filter: None,
            normalises: false,
            mean: [0.0; 3],
            std: [1.0; 3],
            crop: Some(256),
            crop_side: 256,
            flips: true,
            ..CLIP
        },
    ),
    (
        "Levit",
        Class {
            mean: IMAGENET_MEAN,
            std: IMAGENET_STD,
            enlarges: true,
            ..CLIP
        },
    ),
    (
        "OwlViT",
        Class {
            mean: CLIP_MEAN,
            std: CLIP_STD,
            size: squashed(768),
            crop_side: 768,
            ..HALF
        },
    ),
    (
        "Pvt",
        Class {
            filter: None,
            mean: IMAGENET_MEAN,
            std: IMAGENET_STD,
            ..HALF
        },
    ),
    (
        "Flava",
        Class {
            mean: CLIP_MEAN,
            std: CLIP_STD,
            crop: Some(224),
            ..HALF
        },
    ),
];

/// A class by its name, as `CLIPImageProcessorFast`: the suffixes say which library runs it, not what it does.
pub(super) fn class(name: &str) -> Option<Class> {
    let stem = stem(name);
    let known = CLASSES.iter().find(|(known, _)| *known == stem);
    known.map(|(_, class)| *class)
}

/// `CLIP` of `CLIPImageProcessorFast`.
pub(super) fn stem(name: &str) -> &str {
    let bare = ["Fast", "Pil"]
        .iter()
        .fold(name, |n, end| n.strip_suffix(end).unwrap_or(n));
    ["ImageProcessor", "FeatureExtractor"]
        .iter()
        .fold(bare, |n, end| n.strip_suffix(end).unwrap_or(n))
}
