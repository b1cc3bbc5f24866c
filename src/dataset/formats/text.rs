//! Caption files as text and as JSON.

use super::builder::DatasetBuilder;
use crate::dataset::archive::Archive;
use crate::dataset::{Reason, Stored};
use crate::error::{Error, Result};
use crate::files::{TEXT, file_name, read_all};
use serde_json::{Map, Value};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Names of the column or key that holds the captions, in order of preference.
pub(super) const CAPTION_KEYS: [&str; 9] = [
    "caption",
    "text",
    "comment",
    "captions",
    "texts",
    "title",
    "sentences",
    "sentence",
    "raw",
];

const RENEW: &str = "Copy or download it again.";

/// A caption file as text.
pub(super) struct TextFile {
    pub text: String,
    path: Arc<Archive>,
    /// Where the text begins in the file; `None` where it was decoded, and places in it are none in the file.
    begins: Option<u64>,
    /// Some bytes of it are no UTF-8.
    damaged: bool,
}

impl TextFile {
    /// Reads it: UTF-8 with or without a mark, UTF-16 with one.
    ///
    /// # Errors
    /// It cannot be read, is empty or no text.
    pub fn open(path: &Path) -> Result<Self> {
        let archive = Archive::new(path)?;
        let bytes = read_all(path, TEXT).map_err(Error::io("read", path))?;
        if bytes.is_empty() {
            return Err(Error::dataset(path, "is empty (0 bytes)", RENEW));
        }
        let length = bytes.len();
        let wide = bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]);
        let valid = std::str::from_utf8(&bytes).is_ok();
        let text = decode(bytes).ok_or_else(|| {
            Error::dataset(
                path,
                "is not a text file",
                "Choose a caption file, or its folder.",
            )
        })?;
        Ok(Self {
            begins: (valid && !wide).then(|| (length - text.len()) as u64),
            damaged: !valid && !wide,
            path: Arc::new(archive),
            text,
        })
    }

    /// The part `range` of the text, as something stored.
    pub fn stored(&self, range: Range<usize>) -> Stored {
        match self.begins {
            Some(begins) => Stored::Span {
                archive: Arc::clone(&self.path),
                offset: begins + range.start as u64,
                length: range.len() as u64,
            },
            None => Stored::Text(self.text.get(range).unwrap_or_default().into()),
        }
    }

    /// Notes bytes that are no UTF-8.
    pub fn note(&self, builder: &mut DatasetBuilder) {
        if self.damaged {
            let what =
                "holds bytes that are no UTF-8 (Latin-1?): they became \u{FFFD}; save it as UTF-8";
            builder.note(Reason::Encoding, what, file_name(&self.path));
        }
    }
}

/// Reads a caption file as text: UTF-8 with or without a mark, UTF-16 with one.
pub(in crate::dataset) fn read_text(path: &Path) -> Result<String> {
    Ok(TextFile::open(path)?.text)
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
pub(in crate::dataset) fn parse_json<'a, T: serde::Deserialize<'a>>(
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

/// The error for captions in several languages, of which none was chosen.
pub(super) fn languages(path: &Path, names: &[String]) -> Error {
    Error::dataset(
        path,
        format!(
            "holds captions in {} languages: {}",
            names.len(),
            names.join(", ")
        ),
        "Choose one with --language.",
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

/// The captions of a cell of a table, which may hold a list of them as JSON, or as Python writes one.
pub(super) fn listed(text: &str) -> Vec<String> {
    let trimmed = text.trim();
    let list = trimmed.starts_with('[') && trimmed.ends_with(']');
    let read = |text: &str| serde_json::from_str(text).ok();
    list.then(|| read(trimmed).or_else(|| python_list(trimmed)))
        .flatten()
        .unwrap_or_else(|| vec![text.to_owned()])
}

/// The texts of a list as Python writes it: `['one', "it's"]`; `None` where it is something else.
fn python_list(text: &str) -> Option<Vec<String>> {
    let mut rest = text.strip_prefix('[')?.strip_suffix(']')?.trim();
    let mut texts = Vec::new();
    while !rest.is_empty() {
        let quote = rest.chars().next().filter(|c| ['\'', '"'].contains(c))?;
        let (mut text, mut end) = (String::new(), None);
        let mut chars = rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => match chars.next()?.1 {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    other => text.push(other),
                },
                c if c == quote => {
                    end = Some(at + 1);
                    break;
                }
                c => text.push(c),
            }
        }
        texts.push(text);
        rest = rest.get(end?..)?.trim_start();
        rest = match rest.strip_prefix(',') {
            Some(more) => more.trim_start(),
            None if rest.is_empty() => rest,
            None => return None,
        };
    }
    (!texts.is_empty()).then_some(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_as_json_and_python_write_them() {
        assert_eq!(listed(r#"["a, b", "c"]"#), ["a, b", "c"]);
        assert_eq!(listed("['a', \"it's\"]"), ["a", "it's"]);
        assert_eq!(listed(r"['it\'s', 'b',]"), ["it's", "b"]);
        for plain in ["[sic] a dog", "['a' dog]", "['a", "[]x", "[a, b]"] {
            assert_eq!(listed(plain), [plain]);
        }
    }
}
