//! Caption files as text and as JSON.

use crate::error::{Error, Result};
use serde_json::{Map, Value};
use std::path::Path;

/// Names of the column or key that holds the captions, in order of preference.
pub(super) const CAPTION_KEYS: [&str; 6] =
    ["caption", "text", "comment", "captions", "texts", "title"];

const RENEW: &str = "Copy or download it again.";

/// Reads a caption file as text: UTF-8 with or without a mark, UTF-16 with one.
pub(super) fn read_text(path: &Path) -> Result<String> {
    let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
    if bytes.is_empty() {
        return Err(Error::dataset(path, "is empty (0 bytes)", RENEW));
    }
    decode(bytes).ok_or_else(|| {
        Error::dataset(
            path,
            "is not a text file",
            "Choose a caption file, or its folder.",
        )
    })
}

/// Bytes as text: UTF-8 with or without a mark, UTF-16 with one; `None` where they are no text.
pub(super) fn decode(bytes: Vec<u8>) -> Option<String> {
    let utf16 = |pair: fn([u8; 2]) -> u16| {
        let units = bytes.as_chunks::<2>().0.iter().skip(1).map(|&b| pair(b));
        char::decode_utf16(units)
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    };
    match bytes.as_slice() {
        [0xFF, 0xFE, ..] => return Some(utf16(u16::from_le_bytes)),
        [0xFE, 0xFF, ..] => return Some(utf16(u16::from_be_bytes)),
        _ => {}
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(e) if e.as_bytes().contains(&0) => return None,
        // Old Latin-1 files: a lost accent is better than a lost dataset.
        Err(e) => String::from_utf8_lossy(e.as_bytes()).into_owned(),
    };
    let unmarked = text.strip_prefix('\u{FEFF}').map(str::to_owned);
    Some(unmarked.unwrap_or(text))
}

/// Parses a JSON text; `kind` and `expected` say in the error what the file should have been.
pub(super) fn parse_json<'a, T: serde::Deserialize<'a>>(
    path: &Path,
    text: &'a str,
    kind: &str,
    expected: &str,
) -> Result<T> {
    serde_json::from_str(text).map_err(|e| {
        if e.is_data() {
            let what = format!("is not {kind}: {e}");
            Error::dataset(path, what, format!("Expected {expected}."))
        } else if e.is_eof() {
            Error::dataset(
                path,
                format!("is cut off: the JSON ends too early ({e})"),
                RENEW,
            )
        } else {
            Error::dataset(path, format!("is not valid JSON: {e}"), RENEW)
        }
    })
}

/// The error for a file in which every entry, or the whole, lacks `key`.
pub(super) fn missing_key(path: &Path, kind: &str, key: &str, expected: &str) -> Error {
    Error::dataset(
        path,
        format!("is not {kind}: the key \"{key}\" is missing"),
        format!("Expected {expected}."),
    )
}

/// The value of the first of the keys that is there.
pub(super) fn value<'a>(object: &'a Map<String, Value>, keys: &[&str]) -> Option<&'a Value> {
    keys.iter()
        .find_map(|&key| object.get(key).filter(|value| !value.is_null()))
}

/// The captions in a JSON value: a text, a list of such, or an object that has them under one of the usual keys.
pub(super) fn captions_in(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(several) => several.iter().flat_map(captions_in).collect(),
        Value::Object(object) => self::value(object, &CAPTION_KEYS)
            .or_else(|| self::value(object, &["sentences", "raw"]))
            .map(captions_in)
            .unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// The captions of a cell of a table, which may hold a list of them as JSON.
pub(super) fn listed(text: &str) -> Vec<String> {
    let list = text.trim_start().starts_with('[');
    let list = list.then(|| serde_json::from_str(text).ok()).flatten();
    list.unwrap_or_else(|| vec![text.to_owned()])
}
