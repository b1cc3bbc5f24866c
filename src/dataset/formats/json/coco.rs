//! COCO's captions: `captions_val2017.json` and its like.

use crate::dataset::formats::builder::DatasetBuilder;
use crate::dataset::formats::names::{split_extension, step};
use crate::dataset::formats::split::{Rule, Scan, Wanted};
use crate::dataset::formats::text::{TextFile, missing_key, parse_json};
use crate::dataset::{Dataset, Reason};
use crate::error::{Result, thousands};
use crate::files::file_name;
use crate::task::Task;
use serde::Deserialize;
use std::collections::HashMap;
use std::path::Path;

const KIND: &str = "a COCO caption file";
const EXPECTED: &str = r#"{"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": [{"image_id": 1, "caption": "a caption"}]}"#;

#[derive(Deserialize)]
struct File {
    images: Option<Vec<Entry>>,
    annotations: Option<Vec<Annotation>>,
}

#[derive(Deserialize)]
struct Entry {
    id: Option<Id>,
    file_name: Option<String>,
    split: Option<String>,
}

#[derive(Deserialize)]
struct Annotation {
    image_id: Option<Id>,
    caption: Option<String>,
}

#[derive(Deserialize, PartialEq, Eq, Hash)]
#[serde(untagged)]
enum Id {
    Number(i64),
    Text(String),
}

/// `captions_*.json`.
pub(crate) fn named(name: &str) -> bool {
    matches!(split_extension(name), (stem, "json") if stem.starts_with("captions_"))
}

/// An object with COCO's keys.
pub(crate) fn begins(head: &str) -> bool {
    let has = |key: &str| head.contains(key);
    head.trim_start().starts_with('{')
        && (has("\"image_id\"") || has("\"file_name\""))
        && (has("\"images\"") || has("\"annotations\""))
}

/// Reads the file; images in its own order.
pub(crate) fn open(path: &Path, wanted: &Wanted, task: &Task) -> Result<Dataset> {
    task.begin("Reading captions", 0);
    let source = TextFile::open(path)?;
    let file: File = parse_json(path, &source.text, KIND, EXPECTED)?;
    task.check()?;
    let lacks = |key| missing_key(path, KIND, key, EXPECTED);
    let images = file.images.ok_or_else(|| lacks("images"))?;
    let annotations = file.annotations.ok_or_else(|| lacks("annotations"))?;
    for (key, lacking) in [
        (
            "id",
            !images.is_empty() && images.iter().all(|e| e.id.is_none()),
        ),
        (
            "file_name",
            !images.is_empty() && images.iter().all(|e| e.file_name.is_none()),
        ),
        (
            "image_id",
            !annotations.is_empty() && annotations.iter().all(|a| a.image_id.is_none()),
        ),
        (
            "caption",
            !annotations.is_empty() && annotations.iter().all(|a| a.caption.is_none()),
        ),
    ] {
        if lacking {
            return Err(lacks(key));
        }
    }
    let key = images.iter().any(|e| e.split.is_some());
    let mut scan = Scan::new(key.then(|| "split".to_owned()));
    for entry in &images {
        if let Some(name) = &entry.file_name {
            scan.add(entry.split.as_deref(), name);
        }
    }
    let chosen = scan.decide(path, wanted, Rule::Usual)?;
    let mut builder = DatasetBuilder::new(path).reaching(wanted);
    source.note(&mut builder);
    let mut groups = HashMap::with_capacity(images.len());
    task.begin(
        "Reading captions",
        (images.len() + annotations.len()) as u64,
    );
    for (number, entry) in (1u64..).zip(images) {
        step(task, number)?;
        let place = || format!("{}, image {}", file_name(path), thousands(number));
        let (Some(id), Some(name)) = (entry.id, entry.file_name) else {
            let what = "the key \"id\" or \"file_name\" is missing";
            builder.lost(place(), what, Reason::Malformed, 1, 0);
            continue;
        };
        let split = chosen.of(entry.split.as_deref(), &name);
        if builder.elsewhere(&chosen, split.clone(), &name, 0) {
            groups.insert(id, Err((split, name)));
            continue;
        }
        if builder.known(name.trim()).is_some() {
            let what =
                "is there under several ids: it counts as one image with all of their captions";
            builder.note(Reason::Duplicate, what, name.clone());
        }
        if groups.insert(id, Ok(builder.image(&name, &[]))).is_some() {
            builder.note(Reason::Duplicate, "has the id of another image", place());
        }
    }
    for (number, annotation) in (1u64..).zip(annotations) {
        step(task, number)?;
        let place = || format!("{}, annotation {}", file_name(path), thousands(number));
        let (Some(id), Some(caption)) = (annotation.image_id, annotation.caption) else {
            let what = "the key \"image_id\" or \"caption\" is missing";
            builder.lost(place(), what, Reason::Malformed, 0, 1);
            continue;
        };
        match groups.get(&id) {
            Some(Ok(group)) => builder.caption(*group, &caption, place),
            Some(Err((split, name))) => {
                builder.elsewhere(&chosen, split.clone(), name, 1);
            }
            None => {
                let what = "belongs to no image of the file";
                builder.lost(place(), what, Reason::NoPicture, 0, 1);
            }
        }
    }
    builder.finish_split(format!("COCO captions ({})", file_name(path)), &chosen)
}
