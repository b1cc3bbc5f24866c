//! One JSON object a line, or a list of them: Hugging Face's `metadata.jsonl`, and files like BLIP's
//! `coco_karpathy_test.json`. A picture may have several rows, or a list of captions.

use super::entry::{self, Fault};
use crate::dataset::encoded::{is_picture, key_of};
use crate::dataset::formats::builder::DatasetBuilder;
use crate::dataset::formats::names::{place, step};
use crate::dataset::formats::split::{Chosen, Rule, Scan, Wanted};
use crate::dataset::formats::text::{TextFile, languages, parse_json};
use crate::dataset::picture::PICTURE_EXTENSIONS;
use crate::dataset::{Dataset, Reason, Stored};
use crate::error::{Error, Result, thousands};
use crate::files::file_name;
use crate::task::Task;
use serde_json::Value;
use std::borrow::Cow;
use std::path::Path;

const EXPECTED: &str = r#"{"file_name": "a.png", "text": "a caption"}"#;

/// `metadata.jsonl`.
pub(crate) fn named(name: &str) -> bool {
    name == "metadata.jsonl"
}

/// The first line is an object, or the file a list, that names a picture.
pub(crate) fn begins(head: &str) -> bool {
    let head = head.trim_start();
    let line = head.lines().next().unwrap_or_default();
    let has = |key: &str| head.contains(&format!("\"{key}\""));
    match serde_json::from_str::<Value>(line) {
        Ok(Value::Object(object)) => entry::is_entry(&object),
        // A picture as text makes a line longer than what is looked at.
        Err(_) if head.starts_with('{') && !head.trim_end().contains('\n') => {
            let others = ["images", "annotations", "sentences", "image_paths"];
            entry::keys().any(has) && !others.into_iter().any(has)
        }
        _ => head.starts_with('[') && entry::keys().any(has),
    }
}

/// Reads the file.
pub(crate) fn open(path: &Path, wanted: &Wanted, task: &Task) -> Result<Dataset> {
    task.begin("Reading captions", 0);
    let file = TextFile::open(path)?;
    let text = file.text.as_str();
    let mut scan = Scan::default();
    let mut take = |value: &Value| {
        if let Value::Object(object) = value
            && let Ok(entry) = entry::read(object, wanted.language.as_deref())
        {
            scan.add_object(object, entry.name);
        }
    };
    let list: Option<Vec<Value>> = if text.trim_start().starts_with('[') {
        let expected = format!("a list of {EXPECTED}");
        Some(parse_json(path, text, "a list of captions", &expected)?)
    } else {
        None
    };
    match &list {
        Some(list) => list.iter().for_each(&mut take),
        None => text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .for_each(|value| take(&value)),
    }
    let mut rows = Rows {
        path,
        chosen: scan.decide(path, wanted, Rule::Usual)?,
        file: &file,
        language: wanted.language.as_deref(),
        builder: DatasetBuilder::new(path).reaching(wanted),
        good: 0,
        first_bad: None,
        at: 0,
        escaped: false,
    };
    file.note(&mut rows.builder);
    if let Some(objects) = list {
        task.begin("Reading captions", objects.len() as u64);
        for (number, object) in (1u64..).zip(&objects) {
            step(task, number)?;
            let place = || format!("{}, entry {}", file_name(path), thousands(number));
            rows.add(place, object)?;
        }
        return rows.finish(&objects);
    }
    task.begin("Reading captions", text.lines().count() as u64);
    let mut first = Vec::new();
    for (number, line) in (1u64..).zip(text.lines()) {
        step(task, number)?;
        if line.trim().is_empty() {
            continue;
        }
        rows.at = line.as_ptr() as usize - text.as_ptr() as usize;
        match serde_json::from_str(line) {
            Ok(object) => {
                rows.add(|| place(path, number), &object)?;
                if first.is_empty() {
                    first.push(object);
                }
            }
            Err(e) => rows.bad(place(path, number), format!("is not valid JSON: {e}")),
        }
    }
    rows.finish(&first)
}

struct Rows<'a> {
    path: &'a Path,
    chosen: Chosen,
    file: &'a TextFile,
    language: Option<&'a str>,
    builder: DatasetBuilder,
    good: usize,
    first_bad: Option<String>,
    /// From where in the text the entry's own texts are looked for.
    at: usize,
    /// They are written with escapes, and not to be found.
    escaped: bool,
}

impl Rows<'_> {
    fn add(&mut self, place: impl Fn() -> String, row: &Value) -> Result<()> {
        let Value::Object(object) = row else {
            self.bad(place(), "is not a JSON object".into());
            return Ok(());
        };
        let entry = match entry::read(object, self.language) {
            Ok(entry) => entry,
            Err(Fault::Languages(names)) => return Err(languages(self.path, &names)),
            Err(Fault::NoCaption(name, what)) => {
                self.first_bad
                    .get_or_insert_with(|| format!("{}: {what}", place()));
                let split = self.chosen.of_object(object, name);
                if !self.builder.elsewhere(&self.chosen, split, &known(name), 0) {
                    self.builder.problem(place(), what, Reason::NoCaption);
                    self.image(name, false, &place);
                }
                return Ok(());
            }
            Err(Fault::Other(what)) => {
                self.bad(place(), what);
                return Ok(());
            }
        };
        self.good += 1;
        self.builder.by_language(entry.languages);
        let split = self.chosen.of_object(object, entry.name);
        let count = entry.captions.len() + entry.odd;
        let known = known(entry.name);
        if self.builder.elsewhere(&self.chosen, split, &known, count) {
            return Ok(());
        }
        let group = self.image(entry.name, entry.stem, &place);
        for caption in &entry.captions {
            self.builder.caption(group, caption, &place);
        }
        for _ in 0..entry.odd {
            let what = "the caption is not a text";
            self.builder.lost(place(), what, Reason::Malformed, 0, 1);
        }
        Ok(())
    }

    /// The group of a picture that is named, or held as text.
    fn image(&mut self, name: &str, stem: bool, place: &impl Fn() -> String) -> usize {
        if is_picture(name) {
            let find = || self.file.text[self.at..].find(name);
            let found = if self.escaped { None } else { find() };
            self.escaped = found.is_none();
            let stored = match found {
                Some(from) => {
                    let from = self.at + from;
                    self.at = from + name.len();
                    self.file.stored(from..from + name.len())
                }
                // Written with escapes.
                None => Stored::Text(name.into()),
            };
            let key = key_of(name);
            let stored = Stored::Base64(Box::new(stored));
            // "line 7" of the place.
            let place = place();
            let name = place.rsplit(", ").next().unwrap_or(&place);
            return self.builder.stored_as(&key, name, Some(stored)).0;
        }
        let also: Vec<String> = if stem {
            PICTURE_EXTENSIONS
                .iter()
                .map(|extension| format!("{name}.{extension}"))
                .collect()
        } else {
            Vec::new()
        };
        self.builder.image(name, &also)
    }

    fn bad(&mut self, place: String, what: String) {
        self.first_bad
            .get_or_insert_with(|| format!("{place}: {what}"));
        self.builder.lost(place, what, Reason::Malformed, 0, 1);
    }

    /// `objects` are some of those that were read.
    fn finish(self, objects: &[Value]) -> Result<Dataset> {
        if let (0, Some(bad)) = (self.good, self.first_bad) {
            let holds = found_keys(objects).map_or_else(String::new, |keys| format!("; {keys}"));
            let what = format!("no line of it can be used ({bad}){holds}");
            return Err(Error::dataset(
                self.path,
                what,
                format!("Expected lines like {EXPECTED}."),
            ));
        }
        let format = format!("JSON lines ({})", file_name(self.path));
        self.builder.finish_split(format, &self.chosen)
    }
}

/// What a picture is known by: its name, or what its text comes to.
fn known(name: &str) -> Cow<'_, str> {
    if is_picture(name) {
        Cow::Owned(key_of(name))
    } else {
        Cow::Borrowed(name)
    }
}

/// "its objects have the keys a, b, c".
fn found_keys(objects: &[Value]) -> Option<String> {
    let first = objects.iter().find_map(Value::as_object)?;
    let keys: Vec<&str> = first.keys().map(String::as_str).take(20).collect();
    Some(format!("its objects have the keys {}", keys.join(", ")))
}
