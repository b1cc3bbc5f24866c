//! Pictures as `open_clip` prepares them, and those who took over its keys: Jina and Immich.

use super::keys::Keys;
use super::values::{Made, filter, finish, numbers, said, square_or_sides};
use crate::encoder::preprocess::{CLIP_MEAN, CLIP_STD, Filter, Preprocess, Resize, Rounding};
use serde_json::Value;

/// Whose reading of the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// `open_clip.transform` and Jina's processor: torchvision's centre crop.
    OpenClip,
    /// Immich, which cuts the crop's start off to a whole number and takes one size for both sides.
    Immich,
}

/// What `open_clip.transform.image_transform` makes of `preprocess_cfg` for evaluation; `image_size` is the model's
/// own, for a configuration without `size`.
pub(super) fn open_clip(
    keys: &Keys<'_>,
    reader: Reader,
    image_size: Option<(&Value, super::Stated)>,
) -> Result<Made, String> {
    let mut stated = Vec::new();
    let (size, place) = match (keys.get("size"), image_size) {
        (Some(size), _) => (size, keys.stated("size", said(size), "size")),
        (None, Some(found)) => found,
        (None, None) => return Err("\"size\" is missing".into()),
    };
    let (height, mut width) = square_or_sides(size, "size")?;
    if reader == Reader::Immich {
        width = height;
    }
    stated.push(super::Stated {
        what: "size",
        value: format!("{height} x {width}"),
        ..place
    });
    let mode = keys.text("resize_mode");
    stated.push(match mode {
        Some(mode) => keys.stated("resize", mode, "resize_mode"),
        None => super::Stated::other("resize", "shortest", "default of open_clip"),
    });
    let mode = mode.unwrap_or("shortest");
    let fill = match keys.get("fill_color") {
        None => 0,
        Some(value) => {
            stated.push(keys.stated("fill", said(value), "fill_color"));
            fill_of(value)?
        }
    };
    let named = keys.get("interpolation");
    let mut resize_filter = resampling(named, reader)?;
    let (resize, crop) = match mode {
        "squash" => (Resize::Exact { height, width }, None),
        "shortest" if height == width => (Resize::ShortestEdge(height), Some((height, width))),
        "shortest" => {
            // `ResizeKeepRatio` is made without the filter there, and its own is bicubic.
            resize_filter = Filter::Bicubic;
            (Resize::Cover { height, width }, Some((height, width)))
        }
        "longest" if reader == Reader::OpenClip => {
            (Resize::Within { height, width }, Some((height, width)))
        }
        _ => {
            return Err(format!(
                "\"resize_mode\" is \"{mode}\" for {height} x {width}, which is not known here"
            ));
        }
    };
    stated.push(match named {
        Some(_) if !matches!(resize, Resize::Cover { .. }) => {
            keys.stated("filter", resize_filter.name(), "interpolation")
        }
        _ => super::Stated::other("filter", resize_filter.name(), "default of open_clip"),
    });
    let mut channel = |what: &'static str, key: &str, usual: [f32; 3]| match keys.get(key) {
        Some(value) => {
            stated.push(keys.stated(what, said(value), key));
            numbers(value, key)
        }
        None if reader == Reader::Immich => Err(format!("\"{key}\" is missing")),
        None => {
            stated.push(super::Stated::other(
                what,
                format!("{usual:?}"),
                "default of open_clip",
            ));
            Ok(usual.to_vec())
        }
    };
    let (mean, std) = (
        channel("mean", "mean", CLIP_MEAN)?,
        channel("deviation", "std", CLIP_STD)?,
    );
    if let Some(mode) = keys.text("mode").filter(|m| *m != "RGB") {
        return Err(format!("\"mode\" is \"{mode}\"; only RGB is known here"));
    }
    let rounding = match reader {
        Reader::OpenClip => Rounding::HalfEven,
        Reader::Immich => Rounding::Floor,
    };
    let preprocess = finish(Preprocess {
        resize,
        crop,
        rounding,
        fill,
        filter: resize_filter,
        rescale: 1.0 / 255.0,
        mean,
        std,
        channels: 3,
        bgr: false,
    })?;
    Ok((preprocess, stated))
}

/// The filter that is named, as the library in question reads it.
fn resampling(named: Option<&Value>, reader: Reader) -> Result<Filter, String> {
    let Some(value) = named else {
        return Ok(Filter::Bicubic);
    };
    match value.as_str() {
        // Of its two filters "random" means this one in evaluation.
        Some("random") => Ok(Filter::Bicubic),
        Some("bicubic" | "bilinear") => filter(value),
        Some(_) if reader == Reader::Immich => filter(value),
        _ => Err(format!(
            "\"interpolation\" is {}, which open_clip does not know",
            said(value)
        )),
    }
}

/// One value for all channels: a number, or equal numbers.
fn fill_of(value: &Value) -> Result<u8, String> {
    let values = numbers(value, "fill_color")?;
    let first = values[0];
    let fits = first.fract() == 0.0 && (0.0..=255.0).contains(&first);
    if fits && values.iter().all(|v| *v == first) {
        Ok(first as u8)
    } else {
        Err(format!(
            "\"fill_color\" is {value}; one value from 0 to 255 for all channels is known here"
        ))
    }
}
