//! Pictures as the image processors of transformers prepare them.

use super::classes::{Class, class, stem};
use super::keys::Keys;
use super::stated::Stated;
use super::values::{Made, filter, finish, numbers, said, side, square_or_sides};
use crate::encoder::preprocess::{Filter, Preprocess, Resize, Rounding};
use serde_json::Value;

/// `preprocessor_config.json` of transformers.
pub(super) fn hugging_face(keys: &Keys<'_>) -> Result<Made, String> {
    let named = keys.first(&["image_processor_type", "feature_extractor_type"]);
    let name = named.and_then(|(_, v)| v.as_str()).unwrap_or_default();
    if stem(name) == "Siglip2" {
        return Err(
            "Siglip2ImageProcessor cuts pictures into patches of any aspect ratio, which this encoder's input is not; \
             export a model of fixed resolution"
                .into(),
        );
    }
    let usual = class(name);
    let mut stated = Vec::new();
    let flag = |key: &'static str, default: bool| keys.flag(key).map(|v| v.unwrap_or(default));
    for step in ["do_pad", "do_align_long_axis", "do_thumbnail"] {
        if flag(step, false)? {
            return Err(format!(
                "it asks for \"{step}\", a step that is not known here"
            ));
        }
    }

    let (mut resize, mut crop) = sizes(keys, usual.as_ref(), name, &mut stated)?;
    if let Some((part, edge, place)) = kept_part(keys, usual.as_ref(), resize)? {
        // ConvNextImageProcessor: small inputs are cut from a larger picture, large ones squashed.
        if edge >= 384 {
            resize = Resize::Exact {
                height: edge,
                width: edge,
            };
        } else {
            resize = Resize::ShortestEdge((f64::from(edge) / part) as u32);
            crop = Some((edge, edge));
            stated.push(Stated {
                value: format!("{edge} x {edge}"),
                ..place
            });
        }
        for stated in stated.iter_mut().filter(|s| s.what == "resize") {
            stated.value = words(resize);
        }
    }
    let filter = resampling(keys, usual.as_ref(), name, resize, &mut stated)?;
    let (rescale, mean, std) = arithmetic(keys, usual.as_ref(), name, &mut stated)?;
    let grey = flag("do_convert_grayscale", false)? || flag("do_grayscale", false)?;
    let listed = keys.get("image_mean").and_then(Value::as_array);
    let channels = keys.get("num_channels").and_then(Value::as_u64);
    let single = grey || listed.is_some_and(|m| m.len() == 1);
    let bgr = flag("do_flip_channel_order", usual.is_some_and(|c| c.flips))?;
    if bgr {
        stated.push(match keys.get("do_flip_channel_order") {
            Some(_) => keys.stated("channels", "blue, green, red", "do_flip_channel_order"),
            None => Stated::other("channels", "blue, green, red", format!("default of {name}")),
        });
    }
    let preprocess = finish(Preprocess {
        resize,
        crop,
        rounding: Rounding::Floor,
        fill: 0,
        filter,
        rescale,
        mean,
        std,
        channels: channels.map_or(if single { 1 } else { 3 }, |n| n as usize),
        bgr,
    })?;
    Ok((preprocess, stated))
}

/// The filter of an image processor.
fn resampling(
    keys: &Keys<'_>,
    usual: Option<&Class>,
    name: &str,
    resize: Resize,
    stated: &mut Vec<Stated>,
) -> Result<Filter, String> {
    match (keys.get("resample"), usual.map(|class| class.filter)) {
        (Some(value), _) => {
            let filter = filter(value)?;
            stated.push(keys.stated("filter", filter.name(), "resample"));
            Ok(filter)
        }
        (None, _) if resize == Resize::None => Ok(Filter::Bicubic),
        (None, Some(None)) => Err(format!(
            "\"resample\" is missing, and what {name} does without it differs between versions of transformers"
        )),
        (None, Some(Some(usual))) => {
            let from = format!("default of {name}");
            stated.push(Stated::other("filter", usual.name(), from));
            Ok(usual)
        }
        (None, None) => Err(missing("resample", name)),
    }
}

/// A resize in words.
fn words(resize: Resize) -> String {
    match resize {
        Resize::ShortestEdge(edge) => format!("shortest edge to {edge}"),
        Resize::Exact { height, width } => format!("squashed to {height} x {width}"),
        Resize::Within { height, width } => format!("within {height} x {width}"),
        Resize::Cover { height, width } => format!("over {height} x {width}"),
        Resize::None => "none".into(),
    }
}

/// Why `key` is needed.
fn missing(key: &str, name: &str) -> String {
    if name.is_empty() {
        format!("\"{key}\" is missing, and no class says what is usual")
    } else {
        format!("\"{key}\" is missing, and what {name} does without it is not known here")
    }
}

/// What follows the resizing: factor, mean and deviation.
fn arithmetic(
    keys: &Keys<'_>,
    usual: Option<&Class>,
    name: &str,
    stated: &mut Vec<Stated>,
) -> Result<(f32, Vec<f32>, Vec<f32>), String> {
    let from = format!("default of {name}");
    let flag = |key: &'static str, default: bool| keys.flag(key).map(|v| v.unwrap_or(default));
    let factor = keys.get("rescale_factor").and_then(Value::as_f64);
    let mut rescale = factor.unwrap_or(1.0 / 255.0) as f32;
    if !flag("do_rescale", true)? {
        rescale = 1.0;
        stated.push(keys.stated("scale", "none", "do_rescale"));
    } else if factor.is_some() {
        let usual = (f64::from(rescale) * 255.0 - 1.0).abs() < 1e-6;
        let words = if usual {
            "1/255".to_owned()
        } else {
            rescale.to_string()
        };
        stated.push(keys.stated("scale", words, "rescale_factor"));
    }
    let normalises = flag("do_normalize", usual.is_none_or(|c| c.normalises))?;
    let mut values =
        |what, key: &'static str, default: Option<[f32; 3]>| match (keys.get(key), default) {
            (Some(value), _) => {
                stated.push(keys.stated(what, said(value), key));
                numbers(value, key)
            }
            (None, Some(default)) => {
                stated.push(Stated::other(what, format!("{default:?}"), &from));
                Ok(default.to_vec())
            }
            (None, None) => Err(missing(key, name)),
        };
    let twice = usual.is_some_and(|c| c.twice);
    let top = flag("include_top", twice)?;
    if top && !twice {
        return Err("it asks for \"include_top\", a step that is not known here".into());
    }
    let (mut mean, mut std) = (vec![0.0], vec![1.0]);
    if normalises {
        mean = values("mean", "image_mean", usual.map(|c| c.mean))?;
    } else {
        keys.get("image_mean");
    }
    if normalises || top {
        std = values("deviation", "image_std", usual.map(|c| c.std))?;
    } else {
        keys.get("image_std");
    }
    if normalises && top {
        // EfficientNetImageProcessor divides once more for the models whose classifier's top is included.
        for v in &mut std {
            *v *= *v;
        }
        let twice = "divided by it twice";
        stated.push(match keys.get("include_top") {
            Some(_) => keys.stated("deviation", twice, "include_top"),
            None => Stated::other("deviation", twice, &from),
        });
    }
    if flag("rescale_offset", false)? {
        for v in &mut mean {
            *v += 1.0;
        }
        stated.push(keys.stated("scale", "-1 to 1", "rescale_offset"));
    }
    Ok((rescale, mean, std))
}

/// Resize and crop of an image processor.
fn sizes(
    keys: &Keys<'_>,
    usual: Option<&Class>,
    name: &str,
    stated: &mut Vec<Stated>,
) -> Result<(Resize, Option<(u32, u32)>), String> {
    let (size, crop_size) = (keys.get("size"), keys.get("crop_size"));
    let default = || Stated::other("crop", "", format!("default of {name}"));
    let crops = match (keys.flag("do_center_crop")?, usual) {
        (Some(said), _) => said,
        (None, Some(class)) => class.crop.is_some(),
        (None, None) => crop_size.is_some(),
    };
    let mut crop = None;
    if crops {
        let (sides, place) = match (crop_size, usual) {
            (Some(value), _) => (
                square_or_sides(value, "crop_size")?,
                keys.stated("crop", "", "crop_size"),
            ),
            (None, Some(class)) => ((class.crop_side, class.crop_side), default()),
            (None, None) => match size {
                Some(value) => (
                    square_or_sides(value, "size")?,
                    keys.stated("crop", "", "size"),
                ),
                None => return Err("\"crop_size\" is missing".into()),
            },
        };
        stated.push(Stated {
            value: format!("{} x {}", sides.0, sides.1),
            ..place
        });
        crop = Some(sides);
    }
    let squares = keys.flag("use_square_size")?.unwrap_or(false);
    if !keys.flag("do_resize")?.unwrap_or(true) {
        stated.push(keys.stated("resize", "none", "do_resize"));
        return Ok((Resize::None, crop));
    }
    let square = usual.map_or(crop.is_none(), |f| f.square);
    let (mut resize, place) = match (size, usual) {
        (Some(value), _) => (resize_to(value, square)?, keys.stated("resize", "", "size")),
        (None, Some(class)) => (class.size, default()),
        (None, None) => return Err("\"size\" is missing".into()),
    };
    match resize {
        Resize::ShortestEdge(edge) if squares => {
            resize = Resize::Exact {
                height: edge,
                width: edge,
            };
        }
        // LevitImageProcessor resizes to what 224 is cut from.
        Resize::ShortestEdge(edge) if usual.is_some_and(|c| c.enlarges) => {
            resize = Resize::ShortestEdge((256.0 / 224.0 * f64::from(edge)) as u32);
        }
        _ => {}
    }
    stated.push(Stated {
        what: "resize",
        value: words(resize),
        ..place
    });
    Ok((resize, crop))
}

/// The part of a picture that a crop keeps, of a class or a file that says so, with the edge that it is of.
fn kept_part(
    keys: &Keys<'_>,
    usual: Option<&Class>,
    resize: Resize,
) -> Result<Option<(f64, u32, Stated)>, String> {
    let given = keys.get("crop_pct");
    let part = match given {
        Some(value) => Some(
            value
                .as_f64()
                .filter(|p| *p > 0.0)
                .ok_or_else(|| format!("\"crop_pct\" is {value}, which is no part"))?,
        ),
        None => usual.and_then(|c| c.part),
    };
    let (Some(part), Resize::ShortestEdge(edge)) = (part, resize) else {
        return match given {
            Some(value) => Err(format!(
                "\"crop_pct\" is {value} beside a size that is not a shortest edge"
            )),
            None => Ok(None),
        };
    };
    let place = match given {
        Some(_) => keys.stated("crop", part.to_string(), "crop_pct"),
        None => Stated::other("crop", part.to_string(), "default of the class"),
    };
    Ok(Some((part, edge, place)))
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
