//! What every caption file needs: its text, the pictures it names, its captions grouped, and what was skipped.

use super::finder::{Finder, holds_pictures};
use crate::dataset::{Dataset, Image, Problem};
use crate::error::{Error, Result, thousands};
use crate::task::Task;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Names of the column or key that holds the picture's file name, in order of preference.
pub(super) const IMAGE_KEYS: [&str; 7] = [
    "file_name",
    "filename",
    "filepath",
    "image_path",
    "image_name",
    "image",
    "file_path",
];

/// Names of the column or key that holds the caption, in order of preference.
pub(super) const CAPTION_KEYS: [&str; 6] =
    ["caption", "text", "comment", "captions", "texts", "title"];

const RENEW: &str = "Copy or download it again.";

/// Reads a caption file as text: UTF-8 with or without a mark, UTF-16 with one.
pub(super) fn read_text(path: &Path) -> Result<String> {
    let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
    if bytes.is_empty() {
        return Err(Error::dataset(path, "is empty (0 bytes)", RENEW));
    }
    let utf16 = |pair: fn([u8; 2]) -> u16| {
        let units = bytes.as_chunks::<2>().0.iter().skip(1).map(|&b| pair(b));
        char::decode_utf16(units)
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    };
    match bytes.as_slice() {
        [0xFF, 0xFE, ..] => return Ok(utf16(u16::from_le_bytes)),
        [0xFE, 0xFF, ..] => return Ok(utf16(u16::from_be_bytes)),
        _ => {}
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(e) if e.as_bytes().contains(&0) => {
            return Err(Error::dataset(
                path,
                "is not a text file",
                "Choose a caption file, or its folder.",
            ));
        }
        // Old Latin-1 files: a lost accent is better than a lost dataset.
        Err(e) => String::from_utf8_lossy(e.as_bytes()).into_owned(),
    };
    Ok(text
        .strip_prefix('\u{FEFF}')
        .map(str::to_owned)
        .unwrap_or(text))
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

/// Counts entry `number` (from 1) of a long loop, and stops it once cancelled.
pub(super) fn step(task: &Task, number: u64) -> Result<()> {
    const EVERY: u64 = 1024;
    if number.is_multiple_of(EVERY) {
        task.check()?;
        task.add(EVERY);
    }
    Ok(())
}

/// Collects the captions of a file under their pictures.
pub(super) struct Gather {
    source: PathBuf,
    finder: Finder,
    /// Where the captions of a name go; `None` where its picture is missing.
    known: HashMap<String, Option<usize>>,
    groups: Vec<(Image, Vec<String>)>,
    problems: Vec<Problem>,
    missing: usize,
}

impl Gather {
    /// For the caption file `source`.
    pub(super) fn new(source: &Path) -> Self {
        Self {
            source: source.to_path_buf(),
            finder: Finder::new(folder_of(source)),
            known: HashMap::new(),
            groups: Vec::new(),
            problems: Vec::new(),
            missing: 0,
        }
    }

    /// The group of the picture called `name`; a missing one is listed at its first mention. `also` are other paths
    /// to try, before `name` itself.
    pub(super) fn image(&mut self, name: &str, also: &[String]) -> Option<usize> {
        let name = name.trim();
        let key = also.first().map_or(name, String::as_str);
        if let Some(&group) = self.known.get(key) {
            return group;
        }
        let found = also
            .iter()
            .map(String::as_str)
            .chain([name])
            .find_map(|n| self.finder.find(n));
        let group = if let Some(path) = found {
            self.groups.push((
                Image {
                    name: name.to_owned(),
                    path: Some(path),
                },
                Vec::new(),
            ));
            Some(self.groups.len() - 1)
        } else {
            self.missing += 1;
            let what = format!(
                "is named in {}, but there is no such file",
                file_name(&self.source)
            );
            self.problems.push(Problem {
                place: name.to_owned(),
                what,
            });
            None
        };
        self.known.insert(key.to_owned(), group);
        group
    }

    /// Adds a caption to a picture that [`Gather::image`] found; an empty one is listed under `place`.
    pub(super) fn caption(&mut self, group: usize, caption: &str, place: impl FnOnce() -> String) {
        let caption = caption.trim();
        if caption.is_empty() {
            self.problem(place(), "the caption is empty");
        } else if let Some((_, captions)) = self.groups.get_mut(group) {
            captions.push(caption.to_owned());
        }
    }

    /// Adds a caption from a line of the file.
    pub(super) fn row(&mut self, line: u64, name: &str, caption: &str) {
        if name.trim().is_empty() {
            self.line_problem(line, "the file name is empty");
        } else if caption.trim().is_empty() {
            self.line_problem(line, "the caption is empty");
        } else if let Some(group) = self.image(name, &[]) {
            self.caption(group, caption, String::new);
        }
    }

    /// Lists a line as skipped.
    pub(super) fn line_problem(&mut self, line: u64, what: impl Into<String>) {
        let place = place(&self.source, line);
        self.problem(place, what);
    }

    /// Lists something as skipped.
    pub(super) fn problem(&mut self, place: String, what: impl Into<String>) {
        self.problems.push(Problem {
            place,
            what: what.into(),
        });
    }

    /// The dataset; an error where no picture with a caption is left, that says what was missing and the remedy.
    pub(super) fn finish(self, format: impl Into<String>) -> Result<Dataset> {
        let source = &self.source;
        let named = self.known.len();
        if self.groups.iter().all(|(_, captions)| captions.is_empty()) {
            let folder = folder_of(source);
            if named > 0 && self.missing == named {
                let all = if named == 1 {
                    "the one picture".into()
                } else {
                    format!("all {} pictures", thousands(named as u64))
                };
                let hint = if holds_pictures(folder) {
                    "its pictures have other names"
                } else {
                    "no pictures are beside it"
                };
                return Err(Error::dataset(
                    source,
                    format!("{all} it names are missing: {hint}"),
                    "Put the pictures in a folder images/ beside it, or open the folder that holds them with their caption file.",
                ));
            }
            let detail = match self.problems.as_slice() {
                [] => String::new(),
                [one] => format!(" ({}: {})", one.place, one.what),
                [first, ..] => {
                    let count = thousands(self.problems.len() as u64);
                    format!(
                        " ({count} problems; the first: {}: {})",
                        first.place, first.what
                    )
                }
            };
            return Err(Error::dataset(
                source,
                format!("holds no picture with a caption{detail}"),
                "Check that each line names a picture and its caption.",
            ));
        }
        Ok(Dataset::from_groups(
            dataset_name(source),
            format,
            self.groups,
            self.problems,
        ))
    }
}

/// The folder a file lies in.
pub(super) fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// A file name's stem and extension.
pub(super) fn split_extension(name: &str) -> (&str, &str) {
    name.rsplit_once('.').unwrap_or((name, ""))
}

/// A path's last part, for messages.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

/// A file and line, for the list of problems.
pub(super) fn place(file: &Path, line: u64) -> String {
    format!("{}, line {}", file_name(file), thousands(line))
}

/// A dataset is called after the folder of its caption file, or the one above where that only says "annotations".
fn dataset_name(source: &Path) -> String {
    let folder = folder_of(source);
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    let name = file_name(&folder);
    let plain = ["annotations", "captions", "text"].contains(&name.to_lowercase().as_str());
    folder
        .parent()
        .filter(|_| plain)
        .and_then(Path::file_name)
        .map_or(name, |n| n.to_string_lossy().into_owned())
}
