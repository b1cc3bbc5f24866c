//! Karpathy's JSON: `dataset_coco.json`, `dataset_flickr30k.json`, `dataset_flickr8k.json`.

use super::gather::{Gather, file_name, split_extension, step};
use super::text::{missing_key, parse_json, read_text};
use crate::dataset::Dataset;
use crate::error::{Result, thousands};
use crate::task::Task;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

const KIND: &str = "a Karpathy dataset";
const EXPECTED: &str =
    r#"{"images": [{"filename": "a.jpg", "split": "test", "sentences": [{"raw": "a caption"}]}]}"#;

#[derive(Deserialize)]
struct File {
    images: Option<Vec<Entry>>,
}

#[derive(Deserialize)]
struct Entry {
    filename: Option<String>,
    /// A folder, as in `val2014`.
    filepath: Option<String>,
    split: Option<String>,
    sentences: Option<Vec<Sentence>>,
}

#[derive(Deserialize)]
struct Sentence {
    raw: Option<String>,
    tokens: Option<Vec<String>>,
}

/// `dataset_*.json`.
pub(super) fn named(name: &str) -> bool {
    matches!(split_extension(name), (stem, "json") if stem.starts_with("dataset_"))
}

/// An object whose images carry `sentences`.
pub(super) fn begins(head: &str) -> bool {
    head.trim_start().starts_with('{') && head.contains("\"sentences\"")
}

/// Reads the file: the split `test` where there are several, everything where there is one.
pub(super) fn open(path: &Path, task: &Task) -> Result<Dataset> {
    task.begin("Reading captions", 0);
    let text = read_text(path)?;
    let file: File = parse_json(path, &text, KIND, EXPECTED)?;
    task.check()?;
    let entries = file
        .images
        .ok_or_else(|| missing_key(path, KIND, "images", EXPECTED))?;
    for (key, lacking) in [
        ("filename", entries.iter().all(|e| e.filename.is_none())),
        ("sentences", entries.iter().all(|e| e.sentences.is_none())),
        (
            "raw",
            entries
                .iter()
                .flat_map(sentences)
                .all(|s| s.raw.is_none() && s.tokens.is_none()),
        ),
    ] {
        if lacking && !entries.is_empty() {
            return Err(missing_key(path, KIND, key, EXPECTED));
        }
    }
    let (split, note) = choose_split(&entries);
    let mut gather = Gather::new(path);
    task.begin("Reading captions", entries.len() as u64);
    for (number, entry) in (1u64..).zip(&entries) {
        step(task, number)?;
        if split.is_some() && entry.split != split {
            continue;
        }
        let place = || format!("{}, image {}", file_name(path), thousands(number));
        let (Some(name), Some(_)) = (&entry.filename, &entry.sentences) else {
            let key = if entry.filename.is_none() {
                "filename"
            } else {
                "sentences"
            };
            gather.problem(place(), format!("the key \"{key}\" is missing"));
            continue;
        };
        let within: Vec<String> = entry
            .filepath
            .iter()
            .map(|folder| format!("{folder}/{name}"))
            .collect();
        let group = gather.image(name, &within);
        for sentence in sentences(entry) {
            match (&sentence.raw, &sentence.tokens) {
                (Some(raw), _) => gather.caption(group, raw, place),
                (None, Some(tokens)) => gather.caption(group, &tokens.join(" "), place),
                (None, None) => gather.problem(place(), "a sentence lacks the key \"raw\""),
            }
        }
    }
    gather.finish(format!("Karpathy JSON ({}{note})", file_name(path)))
}

fn sentences(entry: &Entry) -> impl Iterator<Item = &Sentence> {
    entry.sentences.iter().flatten()
}

/// The split to keep (`None`: all) and how to say so.
fn choose_split(entries: &[Entry]) -> (Option<String>, String) {
    let mut counts = BTreeMap::<&str, u64>::new();
    for split in entries.iter().filter_map(|e| e.split.as_deref()) {
        *counts.entry(split).or_default() += 1;
    }
    if counts.len() < 2 {
        let note = counts.keys().next().map(|split| format!(", split {split}"));
        return (None, note.unwrap_or_default());
    }
    match counts.get("test") {
        Some(&count) => {
            let (part, all) = (thousands(count), thousands(entries.len() as u64));
            (
                Some("test".into()),
                format!(", split test: {part} of {all} images"),
            )
        }
        None => (None, ", all splits: none is called test".into()),
    }
}
