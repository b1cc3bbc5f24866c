//! Captions as `open_clip` prepares them, and Immich, which took over its keys.

use super::{Captions, NO_LIMIT, sidecars};
use crate::encoder::beside::Found;
use crate::encoder::beside::stated::Stated;
use crate::encoder::tokenize::Clean;
use crate::error::{Error, Result};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The context length where the configuration names none.
const CONTEXT: usize = 77;

/// A number of tokens.
fn count(value: &Value, path: &Path, key: &str) -> Result<usize> {
    let number = value.as_u64().filter(|n| (1..NO_LIMIT).contains(n));
    number.map(|n| n as usize).ok_or_else(|| {
        Error::model(
            path,
            format!("\"{key}\" is {value}, which is no number of tokens"),
            "Correct the file.",
        )
    })
}

/// `open_clip`'s `text_cfg`, which Immich's `config.json` holds too.
pub(super) fn open_clip(
    places: &[PathBuf],
    found: &Found,
    within: &'static str,
    immich: bool,
) -> Result<Captions> {
    let library = if immich { "Immich" } else { "open_clip" };
    let path = &found.path;
    let config = found
        .root
        .pointer(&format!("/{}", within.replace('.', "/")))
        .unwrap_or(&Value::Null);
    let at = |key: &str| format!("{within}.{key}");
    let refuse = |key: &str, value: &Value| {
        Error::model(
            path,
            format!("asks for \"{}\": {value}, which is not known here", at(key)),
            "Export a model whose captions are prepared as open_clip does without it.",
        )
    };
    let mut made = sidecars(places)?;
    let length = if let Some(value) = config.get("context_length").filter(|v| !v.is_null()) {
        let length = count(value, path, &at("context_length"))?;
        made.say(Stated::read(
            "tokens per caption",
            length.to_string(),
            path,
            &at("context_length"),
        ));
        length
    } else {
        made.say(Stated::other(
            "tokens per caption",
            CONTEXT.to_string(),
            format!("default of {library}"),
        ));
        CONTEXT
    };
    made.rules.limit = Some(length);
    made.rules.full = true;
    made.rules.whole = true;
    if let Some(mode) = config.get("tokenizer_mode").filter(|v| !v.is_null()) {
        return Err(refuse("tokenizer_mode", mode));
    }
    let named = config
        .get("hf_tokenizer_name")
        .is_some_and(|v| v.as_str().is_some_and(|v| !v.is_empty()));
    let more = config.get("tokenizer_kwargs");
    let more = |key: &str| more.and_then(|m| m.get(key)).filter(|v| !v.is_null());
    for key in ["reduction_mask", "additional_special_tokens", "language"] {
        if let Some(value) = more(key) {
            return Err(refuse(&format!("tokenizer_kwargs.{key}"), value));
        }
    }
    if more("strip_sep_token").and_then(Value::as_bool) == Some(true) {
        made.rules.blank_separator = true;
        made.say(Stated::read(
            "separator",
            "replaced by 0",
            path,
            &at("tokenizer_kwargs.strip_sep_token"),
        ));
    }
    if !named && !immich {
        made.rules.zero_pad = true;
        made.say(Stated::other(
            "padding",
            "0",
            "default of open_clip without hf_tokenizer_name",
        ));
    }
    let clean = more("clean");
    let usual = if named {
        Clean::Whitespace
    } else {
        Clean::Lower
    };
    let asked = clean.and_then(Value::as_str);
    made.rules.clean = match (asked, immich) {
        (Some("canonicalize"), true) => Clean::JoinedCanonical,
        (_, true) => Clean::Joined,
        (Some("canonicalize"), false) => Clean::Canonical,
        (Some("lower"), false) => Clean::Lower,
        (Some("whitespace"), false) => Clean::Whitespace,
        (None, false) if clean.is_none() => usual,
        _ => {
            let value = clean.unwrap_or(&Value::Null);
            return Err(refuse("tokenizer_kwargs.clean", value));
        }
    };
    let title = made.rules.clean.title();
    made.say(match clean {
        Some(_) => Stated::read("captions", title, path, &at("tokenizer_kwargs.clean")),
        None => Stated::other("captions", title, format!("default of {library}")),
    });
    Ok(made)
}
