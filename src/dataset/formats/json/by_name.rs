//! One JSON object for a whole dataset: `{"a.jpg": ["a caption", ..]}`, or `CLIP_benchmark`'s lists of paths and captions,
//! `{"image_paths": ["a.jpg"], "annotations": ["a caption"]}`.

use crate::dataset::formats::builder::DatasetBuilder;
use crate::dataset::formats::names::step;
use crate::dataset::formats::split::{Rule, Scan, Wanted};
use crate::dataset::formats::text::{TextFile, captions_in, parse_json};
use crate::dataset::picture::is_picture_name;
use crate::dataset::{Dataset, Reason};
use crate::error::{Error, Result};
use crate::files::file_name;
use crate::task::Task;
use serde_json::{Map, Value};
use std::path::Path;

const EXPECTED: &str =
    r#"{"a.jpg": ["a caption"]} or {"image_paths": ["a.jpg"], "annotations": ["a caption"]}"#;

/// No name says so.
pub(crate) fn named(_: &str) -> bool {
    false
}

/// An object that begins with a picture's name, or with lists of paths and captions.
pub(crate) fn begins(head: &str) -> bool {
    let head = head.trim_start();
    let Some(rest) = head.strip_prefix('{') else {
        return false;
    };
    if head.contains("\"image_paths\"") {
        return true;
    }
    let mut parts = rest.trim_start().split('"');
    let key = parts.nth(1).unwrap_or_default();
    is_picture_name(Path::new(key)) && parts.next().is_some_and(|p| p.trim().starts_with(':'))
}

/// Reads the file; images in its own order.
pub(crate) fn open(path: &Path, wanted: &Wanted, task: &Task) -> Result<Dataset> {
    task.begin("Reading captions", 0);
    let file = TextFile::open(path)?;
    let object: Map<String, Value> = parse_json(path, &file.text, "captions by name", EXPECTED)?;
    let mut builder = DatasetBuilder::new(path).reaching(wanted);
    file.note(&mut builder);
    let rows = match object.get("image_paths").and_then(Value::as_array) {
        Some(paths) => paired(path, paths, object.get("annotations"))?,
        None => object
            .iter()
            .map(|(name, value)| (name.as_str(), value))
            .collect(),
    };
    let mut scan = Scan::default();
    for (name, _) in &rows {
        scan.add(None, name);
    }
    let chosen = scan.decide(path, wanted, Rule::Usual)?;
    task.begin("Reading captions", rows.len() as u64);
    for (number, (name, value)) in (1u64..).zip(rows) {
        step(task, number)?;
        let place = || format!("{}, {name}", file_name(path));
        let captions = captions_in(value);
        let split = chosen.of(None, name);
        if builder.elsewhere(&chosen, split, name, captions.len()) {
            continue;
        }
        if !is_picture_name(Path::new(name)) && captions.is_empty() {
            let what = "is no picture with captions";
            builder.note(Reason::NotUsed, what, format!("key {name}"));
            continue;
        }
        let group = builder.image(name, &[]);
        for caption in captions {
            builder.caption(group, &caption, place);
        }
    }
    builder.finish_split(format!("Captions by name ({})", file_name(path)), &chosen)
}

/// The captions at the places of their paths.
fn paired<'a>(
    path: &Path,
    paths: &'a [Value],
    captions: Option<&'a Value>,
) -> Result<Vec<(&'a str, &'a Value)>> {
    let wrong = |what: String| Err(Error::dataset(path, what, format!("Expected {EXPECTED}.")));
    let Some(Value::Array(captions)) = captions else {
        return wrong("has \"image_paths\", but no list \"annotations\"".into());
    };
    if paths.len() != captions.len() {
        return wrong(format!(
            "has {} paths, but {} annotations",
            paths.len(),
            captions.len()
        ));
    }
    let names: Option<Vec<&str>> = paths.iter().map(Value::as_str).collect();
    match names {
        Some(names) => Ok(names.into_iter().zip(captions).collect()),
        None => wrong("has a path that is not a text".into()),
    }
}
