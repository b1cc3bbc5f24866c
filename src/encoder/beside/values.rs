//! Values of configurations, and what they come to.

use super::stated::Stated;
use crate::encoder::preprocess::{Filter, Preprocess};
use serde_json::Value;

/// Steps, and where each comes from.
pub(super) type Made = (Preprocess, Vec<Stated>);

/// One mean or deviation for all channels is repeated; three equal ones serve a grey picture.
pub(super) fn finish(mut preprocess: Preprocess) -> Result<Preprocess, String> {
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

/// Height and width from a number, `[height, width]`, `{height, width}` or `{shortest_edge}`.
pub(super) fn square_or_sides(value: &Value, key: &str) -> Result<(u32, u32), String> {
    let pair = match value {
        Value::Number(_) => Some((value, value)),
        Value::Array(items) if items.len() <= 2 => {
            items.first().zip(items.get(1).or(items.first()))
        }
        Value::Object(map) if map.len() == 1 => map.get("shortest_edge").map(|edge| (edge, edge)),
        _ => None,
    };
    let (height, width) = pair
        .or(value.get("height").zip(value.get("width")))
        .ok_or_else(|| format!("\"{key}\" is {value}, which is not known here"))?;
    Ok((side(height, key)?, side(width, key)?))
}

/// A length in pixels.
pub(super) fn side(value: &Value, key: &str) -> Result<u32, String> {
    let number = value.as_u64().and_then(|n| u32::try_from(n).ok());
    number.ok_or_else(|| format!("\"{key}\" holds {value}, which is no size"))
}

/// One of Pillow's filters, by its number or name.
pub(super) fn filter(value: &Value) -> Result<Filter, String> {
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

/// A list of numbers, or one.
pub(super) fn numbers(value: &Value, key: &str) -> Result<Vec<f32>, String> {
    let list = match value {
        Value::Array(items) => items.iter().map(Value::as_f64).collect(),
        single => single.as_f64().map(|v| vec![v]),
    };
    let list = list.filter(|l: &Vec<f64>| !l.is_empty());
    let list = list.ok_or_else(|| format!("\"{key}\" is {value}, which is no list of numbers"))?;
    Ok(list.into_iter().map(|v| v as f32).collect())
}

/// A value in words.
pub(super) fn said(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
