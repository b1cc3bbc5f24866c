//! Reads the files that describe preprocessing: Hugging Face's `preprocessor_config.json` and `open_clip`'s
//! configuration.

use super::{CLIP_MEAN, CLIP_STD, Filter, IMAGENET_MEAN, IMAGENET_STD, Preprocess, Resize};
use crate::error::{Error, Result};
use serde_json::Value;
use std::path::Path;

const REMEDY: &str = "Correct the file, or choose the preprocessing: clip, siglip or imagenet.";

/// See [`Preprocess::open`].
pub(super) fn open(path: &Path) -> Result<Preprocess> {
    let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
    let fault = |what: String| Error::model(path, what, REMEDY);
    let root: Value =
        serde_json::from_str(&text).map_err(|e| fault(format!("is not JSON: {e}")))?;
    if !root.is_object() {
        return Err(fault(
            "is not a preprocessing configuration: it holds no keys".into(),
        ));
    }
    let read = if root.get("preprocess_cfg").is_some() {
        open_clip(&root)
    } else if root.get("filter").is_some() {
        serde_json::from_value(root).map_err(|e| e.to_string())
    } else {
        hugging_face(root.get("image_processor").unwrap_or(&root))
    };
    let checked = read.and_then(|preprocess| preprocess.check().map(|()| preprocess));
    checked.map_err(|what| fault(format!("cannot be followed: {what}")))
}

/// What a class of transformers does where its configuration is silent.
struct Family {
    filter: Filter,
    mean: [f32; 3],
    std: [f32; 3],
    /// Does a `size` that is one number mean a square, rather than the shortest edge?
    square: bool,
    crop: bool,
}

impl Family {
    fn of(class: &str) -> Option<Self> {
        let class = class.to_ascii_lowercase();
        let family = |filter, (mean, std), square, crop| Self {
            filter,
            mean,
            std,
            square,
            crop,
        };
        let (clip, imagenet) = ((CLIP_MEAN, CLIP_STD), (IMAGENET_MEAN, IMAGENET_STD));
        let half = ([0.5; 3], [0.5; 3]);
        // The first that is part of the class's name.
        let table = [
            ("convnext", family(Filter::Bilinear, imagenet, false, false)),
            ("siglip", family(Filter::Bicubic, half, true, false)),
            ("blip", family(Filter::Bicubic, clip, true, false)),
            ("clipseg", family(Filter::Bilinear, half, true, false)),
            ("clip", family(Filter::Bicubic, clip, false, true)),
            ("deit", family(Filter::Bicubic, imagenet, true, true)),
            ("mobilenet", family(Filter::Bilinear, half, false, true)),
            ("vitimage", family(Filter::Bilinear, half, true, false)),
            ("vitfeature", family(Filter::Bilinear, half, true, false)),
        ];
        table
            .into_iter()
            .find(|(name, _)| class.contains(name))
            .map(|(_, family)| family)
    }
}

/// `preprocessor_config.json` of transformers.
fn hugging_face(config: &Value) -> Result<Preprocess, String> {
    let text = |key: &str| config.get(key).and_then(Value::as_str);
    let class = text("image_processor_type")
        .or(text("feature_extractor_type"))
        .unwrap_or_default();
    let family = Family::of(class);
    let flag = |key: &str| config.get(key).and_then(Value::as_bool);
    let present = |key: &str| config.get(key).filter(|v| !v.is_null());
    for step in [
        "do_pad",
        "do_flip_channel_order",
        "do_align_long_axis",
        "do_thumbnail",
        "include_top",
    ] {
        if flag(step) == Some(true) {
            return Err(format!(
                "it asks for \"{step}\", a step that is not known here"
            ));
        }
    }
    let needs = |key: &str| format!("\"{key}\" is missing");

    let mut crop = None;
    if flag("do_center_crop").unwrap_or(
        family
            .as_ref()
            .map_or(present("crop_size").is_some(), |f| f.crop),
    ) {
        let size = present("crop_size")
            .or(present("size"))
            .ok_or_else(|| needs("crop_size"))?;
        crop = Some(square_or_sides(size, "crop_size")?);
    }
    let mut resize = Resize::None;
    if flag("do_resize").unwrap_or(true) {
        let size = present("size").ok_or_else(|| needs("size"))?;
        let square = family.as_ref().map_or(crop.is_none(), |f| f.square);
        resize = resize_to(size, square)?;
        let part = present("crop_pct").and_then(Value::as_f64);
        let part = part.or(class
            .to_ascii_lowercase()
            .contains("convnext")
            .then_some(0.875));
        if let (Some(part), Resize::ShortestEdge(edge)) = (part, resize) {
            // ConvNextImageProcessor: small inputs are cut from a larger picture, large ones squashed.
            if edge >= 384 {
                resize = Resize::Exact {
                    height: edge,
                    width: edge,
                };
            } else {
                resize = Resize::ShortestEdge((f64::from(edge) / part) as u32);
                crop = Some((edge, edge));
            }
        }
    }
    let filter = match (present("resample"), &family) {
        _ if resize == Resize::None => Filter::Bicubic,
        (Some(value), _) => filter(value)?,
        (None, Some(family)) => family.filter,
        (None, None) => return Err(needs("resample")),
    };

    let factor = present("rescale_factor")
        .and_then(Value::as_f64)
        .unwrap_or(1.0 / 255.0);
    let rescale = if flag("do_rescale").unwrap_or(true) {
        factor as f32
    } else {
        1.0
    };
    let (mut mean, mut std) = (vec![0.0], vec![1.0]);
    if flag("do_normalize").unwrap_or(true) {
        let stated = |key: &str, default: Option<[f32; 3]>| match (present(key), default) {
            (Some(value), _) => numbers(value, key),
            (None, Some(default)) => Ok(default.to_vec()),
            (None, None) => Err(needs(key)),
        };
        mean = stated("image_mean", family.as_ref().map(|f| f.mean))?;
        std = stated("image_std", family.as_ref().map(|f| f.std))?;
    }
    if flag("rescale_offset") == Some(true) {
        for value in &mut mean {
            *value += 1.0;
        }
    }
    let grey = flag("do_convert_grayscale").or(flag("do_grayscale")) == Some(true);
    let listed = present("image_mean")
        .and_then(Value::as_array)
        .is_some_and(|m| m.len() == 1);
    let channels = present("num_channels")
        .and_then(Value::as_u64)
        .map(|n| n as usize);
    let channels = channels.unwrap_or(if grey || listed { 1 } else { 3 });
    finish(Preprocess {
        resize,
        crop,
        filter,
        rescale,
        mean,
        std,
        channels,
    })
}

/// `open_clip_config.json`; defaults and modes of `open_clip.transform`.
fn open_clip(root: &Value) -> Result<Preprocess, String> {
    let config = &root["preprocess_cfg"];
    let present = |key: &str| config.get(key).filter(|v| !v.is_null());
    let size = present("size").or(root.pointer("/model_cfg/vision_cfg/image_size"));
    let (height, width) = square_or_sides(size.ok_or("\"size\" is missing")?, "size")?;
    let mode = present("resize_mode")
        .and_then(Value::as_str)
        .unwrap_or("shortest");
    let (resize, crop) = match mode {
        "squash" => (Resize::Exact { height, width }, None),
        "shortest" if height == width => (Resize::ShortestEdge(height), Some((height, width))),
        _ => {
            return Err(format!(
                "\"resize_mode\" is \"{mode}\" for {height} x {width}, which is not known here"
            ));
        }
    };
    let filter = present("interpolation").map_or(Ok(Filter::Bicubic), filter)?;
    let mean = present("mean").map_or(Ok(CLIP_MEAN.to_vec()), |v| numbers(v, "mean"))?;
    let std = present("std").map_or(Ok(CLIP_STD.to_vec()), |v| numbers(v, "std"))?;
    finish(Preprocess {
        resize,
        crop,
        filter,
        rescale: 1.0 / 255.0,
        mean,
        std,
        channels: 3,
    })
}

/// One mean or deviation for all channels is repeated; three equal ones serve a grey picture.
fn finish(mut preprocess: Preprocess) -> Result<Preprocess, String> {
    let channels = preprocess.channels;
    for values in [&mut preprocess.mean, &mut preprocess.std] {
        if let [first, rest @ ..] = values.as_slice()
            && rest.iter().all(|v| v == first)
        {
            *values = vec![*first; channels.min(3)];
        }
    }
    preprocess.check()?;
    Ok(preprocess)
}

fn resize_to(size: &Value, square: bool) -> Result<Resize, String> {
    if let Some(edge) = size
        .get("shortest_edge")
        .filter(|_| size.get("longest_edge").is_none())
    {
        return side(edge, "size").map(Resize::ShortestEdge);
    }
    if size.is_number() && !square {
        return side(size, "size").map(Resize::ShortestEdge);
    }
    let (height, width) = square_or_sides(size, "size")?;
    Ok(Resize::Exact { height, width })
}

/// Height and width from a number, `[height, width]`, `{height, width}` or `{shortest_edge}`.
fn square_or_sides(value: &Value, key: &str) -> Result<(u32, u32), String> {
    let pair = match value {
        Value::Number(_) => Some((value, value)),
        Value::Array(items) => items.first().zip(items.get(1).or(items.first())),
        Value::Object(map) if map.len() == 1 => map.get("shortest_edge").map(|edge| (edge, edge)),
        _ => None,
    };
    let (height, width) = pair
        .or(value.get("height").zip(value.get("width")))
        .ok_or_else(|| format!("\"{key}\" is {value}, which is not known here"))?;
    Ok((side(height, key)?, side(width, key)?))
}

fn side(value: &Value, key: &str) -> Result<u32, String> {
    let number = value.as_u64().and_then(|n| u32::try_from(n).ok());
    number.ok_or_else(|| format!("\"{key}\" holds {value}, which is no size"))
}

fn filter(value: &Value) -> Result<Filter, String> {
    let name = value.as_str().map(str::to_ascii_lowercase);
    match (value.as_u64(), name.as_deref()) {
        (Some(0), _) | (_, Some("nearest")) => Ok(Filter::Nearest),
        (Some(1), _) | (_, Some("lanczos")) => Ok(Filter::Lanczos),
        (Some(2), _) | (_, Some("bilinear")) => Ok(Filter::Bilinear),
        (Some(3), _) | (_, Some("bicubic")) => Ok(Filter::Bicubic),
        (Some(4), _) | (_, Some("box")) => Ok(Filter::Box),
        (Some(5), _) | (_, Some("hamming")) => Ok(Filter::Hamming),
        _ => Err(format!(
            "the resizing filter {value} is not one of Pillow's"
        )),
    }
}

fn numbers(value: &Value, key: &str) -> Result<Vec<f32>, String> {
    let list = match value {
        Value::Array(items) => items.iter().map(Value::as_f64).collect(),
        single => single.as_f64().map(|v| vec![v]),
    };
    let list = list.filter(|l: &Vec<f64>| !l.is_empty());
    let list = list.ok_or_else(|| format!("\"{key}\" is {value}, which is no list of numbers"))?;
    Ok(list.into_iter().map(|v| v as f32).collect())
}
