//! Karpathy's JSON: `dataset_coco.json`, `dataset_flickr30k.json`, `dataset_flickr8k.json`.

use crate::dataset::formats::builder::DatasetBuilder;
use crate::dataset::formats::names::{split_extension, step};
use crate::dataset::formats::split::{Chosen, Rule, Wanted, canonical};
use crate::dataset::formats::text::{TextFile, missing_key, parse_json};
use crate::dataset::{Dataset, Reason};
use crate::error::{Result, thousands};
use crate::files::file_name;
use crate::task::Task;
use serde::Deserialize;
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
pub(crate) fn named(name: &str) -> bool {
    matches!(split_extension(name), (stem, "json") if stem.starts_with("dataset_"))
}

/// An object whose images carry `sentences`.
pub(crate) fn begins(head: &str) -> bool {
    head.trim_start().starts_with('{') && head.contains("\"sentences\"")
}

/// Reads the file: the split `test` where there are several, everything where there is one.
pub(crate) fn open(path: &Path, wanted: &Wanted, task: &Task) -> Result<Dataset> {
    task.begin("Reading captions", 0);
    let source = TextFile::open(path)?;
    let file: File = parse_json(path, &source.text, KIND, EXPECTED)?;
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
    let chosen = choose(path, &entries, wanted)?;
    let note = note(&entries, &chosen);
    let mut builder = DatasetBuilder::new(path).reaching(wanted);
    source.note(&mut builder);
    task.begin("Reading captions", entries.len() as u64);
    for (number, entry) in (1u64..).zip(&entries) {
        step(task, number)?;
        let place = || format!("{}, image {}", file_name(path), thousands(number));
        let name = entry.filename.as_deref();
        let within = entry.filepath.as_deref().zip(name);
        let within = within.map(|(folder, name)| format!("{folder}/{name}"));
        let known = within.as_deref().or(name).map_or_else(place, str::to_owned);
        let split = chosen.of(Some(entry.split.as_deref().unwrap_or(NO_SPLIT)), &known);
        let count = sentences(entry).count();
        if builder.elsewhere(&chosen, split, &known, count) {
            continue;
        }
        let (Some(name), Some(_)) = (name, &entry.sentences) else {
            let key = if name.is_none() {
                "filename"
            } else {
                "sentences"
            };
            let what = format!("the key \"{key}\" is missing");
            builder.lost(place(), what, Reason::Malformed, 1, count as u64);
            continue;
        };
        let within: Vec<String> = within.into_iter().collect();
        let group = builder.image(name, &within);
        for sentence in sentences(entry) {
            match (&sentence.raw, &sentence.tokens) {
                (Some(raw), _) => builder.caption(group, raw, place),
                (None, Some(tokens)) => builder.caption(group, &tokens.join(" "), place),
                (None, None) => {
                    let what = "a sentence lacks the key \"raw\"";
                    builder.lost(place(), what, Reason::Malformed, 0, 1);
                }
            }
        }
    }
    let format = format!("Karpathy JSON ({}{note})", file_name(path));
    builder.finish_split(format, &chosen)
}

fn sentences(entry: &Entry) -> impl Iterator<Item = &Sentence> {
    entry.sentences.iter().flatten()
}

/// What an image without a split counts as.
const NO_SPLIT: &str = "(none)";

/// The split to keep: test where there are several, else all. Any name counts here: the format has the key.
fn choose(path: &Path, entries: &[Entry], wanted: &Wanted) -> Result<Chosen> {
    let mut names: Vec<String> = entries
        .iter()
        .filter_map(|e| e.split.as_deref())
        .map(canonical)
        .collect();
    names.sort();
    names.dedup();
    Chosen::by_key(path, "split", names, wanted, Rule::TestOrAll)
}

/// How the split is said in the name of the format.
fn note(entries: &[Entry], chosen: &Chosen) -> String {
    let of = |split: &str| {
        let own = entries.iter().filter_map(|e| e.split.as_deref());
        own.filter(|own| canonical(own) == split).count() as u64
    };
    match (&chosen.keep, chosen.names.as_slice()) {
        (_, []) => String::new(),
        (_, [one]) => format!(", split {one}"),
        (Some(split), _) => {
            let (part, all) = (thousands(of(split)), thousands(entries.len() as u64));
            format!(", split {split}: {part} of {all} images")
        }
        (None, names) if names.iter().any(|name| name == "test") => ", all splits".into(),
        (None, _) => ", all splits: none is called test".into(),
    }
}
