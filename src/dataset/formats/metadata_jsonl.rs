//! One JSON object a line, or a list of them: Hugging Face's `metadata.jsonl`, and files like BLIP's
//! `coco_karpathy_test.json`. A picture may have several rows, or a list of captions.

use super::gather::{Gather, IMAGE_KEYS, file_name, place, step};
use super::text::{CAPTION_KEYS, parse_json, read_text, value};
use crate::dataset::Dataset;
use crate::error::{Error, Result, thousands};
use crate::task::Task;
use serde_json::Value;
use std::path::Path;

const EXPECTED: &str = r#"{"file_name": "a.png", "text": "a caption"}"#;

/// `metadata.jsonl`.
pub(super) fn named(name: &str) -> bool {
    name == "metadata.jsonl"
}

/// The first line is an object, or the file a list, that names a picture.
pub(super) fn begins(head: &str) -> bool {
    let head = head.trim_start();
    let line = head.lines().next().unwrap_or_default();
    match serde_json::from_str::<Value>(line) {
        Ok(Value::Object(object)) => value(&object, &IMAGE_KEYS).is_some(),
        _ => {
            head.starts_with('[')
                && IMAGE_KEYS
                    .iter()
                    .any(|key| head.contains(&format!("\"{key}\"")))
        }
    }
}

/// Reads the file.
pub(super) fn open(path: &Path, task: &Task) -> Result<Dataset> {
    task.begin("Reading captions", 0);
    let text = read_text(path)?;
    let mut rows = Rows {
        path,
        gather: Gather::new(path),
        good: 0,
        first_bad: None,
    };
    if text.trim_start().starts_with('[') {
        let expected = format!("a list of {EXPECTED}");
        let objects: Vec<Value> = parse_json(path, &text, "a list of captions", &expected)?;
        task.begin("Reading captions", objects.len() as u64);
        for (number, object) in (1u64..).zip(&objects) {
            step(task, number)?;
            rows.add(
                || format!("{}, entry {}", file_name(path), thousands(number)),
                object,
            );
        }
    } else {
        task.begin("Reading captions", text.lines().count() as u64);
        for (number, line) in (1u64..).zip(text.lines()) {
            step(task, number)?;
            if line.trim().is_empty() {
                continue;
            }
            match serde_json::from_str(line) {
                Ok(object) => rows.add(|| place(path, number), &object),
                Err(e) => rows.bad(place(path, number), format!("is not valid JSON: {e}")),
            }
        }
    }
    rows.finish()
}

struct Rows<'a> {
    path: &'a Path,
    gather: Gather,
    good: usize,
    first_bad: Option<String>,
}

impl Rows<'_> {
    fn add(&mut self, place: impl Fn() -> String, row: &Value) {
        let Value::Object(object) = row else {
            return self.bad(place(), "is not a JSON object".into());
        };
        let (name, captions) = match (value(object, &IMAGE_KEYS), value(object, &CAPTION_KEYS)) {
            (Some(Value::String(name)), Some(captions)) => (name, captions),
            (Some(Value::String(_)), None) => {
                return self.bad(
                    place(),
                    format!("the key \"{}\" is missing", CAPTION_KEYS.join("\" or \"")),
                );
            }
            (None, _) => {
                return self.bad(
                    place(),
                    format!("the key \"{}\" is missing", IMAGE_KEYS.join("\" or \"")),
                );
            }
            _ => return self.bad(place(), "the file name is not a text".into()),
        };
        self.good += 1;
        let group = self.gather.image(name, &[]);
        let several = match captions {
            Value::Array(several) => several.as_slice(),
            one => std::slice::from_ref(one),
        };
        for caption in several {
            match caption {
                Value::String(text) => self.gather.caption(group, text, &place),
                // A class label, as in {"text": 7}.
                Value::Number(number) => self.gather.caption(group, &number.to_string(), &place),
                _ => self.gather.problem(place(), "the caption is not a text"),
            }
        }
    }

    fn bad(&mut self, place: String, what: String) {
        self.first_bad
            .get_or_insert_with(|| format!("{place}: {what}"));
        self.gather.problem(place, what);
    }

    fn finish(self) -> Result<Dataset> {
        if let (0, Some(bad)) = (self.good, self.first_bad) {
            let what = format!("no line of it can be used ({bad})");
            return Err(Error::dataset(
                self.path,
                what,
                format!("Expected lines like {EXPECTED}."),
            ));
        }
        self.gather
            .finish(format!("JSON lines ({})", file_name(self.path)))
    }
}
