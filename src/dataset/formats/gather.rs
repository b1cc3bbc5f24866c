//! What every caption file needs: the pictures it names, its captions grouped, and what was skipped.

use super::finder::{Finder, holds_pictures};
use super::shards::SPLITS;
use crate::dataset::archive::inside;
use crate::dataset::{Dataset, Image, Problem, Stored};
use crate::error::{Error, Result, thousands};
use crate::task::Task;
use std::cell::OnceCell;
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
    finder: OnceCell<Finder>,
    /// Where the captions of a name go.
    known: HashMap<String, usize>,
    groups: Vec<(Image, Vec<String>)>,
    problems: Vec<Problem>,
    /// Which of the problems are pictures that were not found.
    missing: Vec<usize>,
}

impl Gather {
    /// For the caption file, or the folder of them, `source`.
    pub(super) fn new(source: &Path) -> Self {
        Self {
            source: source.to_path_buf(),
            finder: OnceCell::new(),
            known: HashMap::new(),
            groups: Vec::new(),
            problems: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// The group of the picture called `name`, which is looked up beside the file; a missing one is listed at its first
    /// mention. `also` are other paths to try, before `name` itself.
    pub(super) fn image(&mut self, name: &str, also: &[String]) -> usize {
        let name = name.trim();
        let key = also.first().map_or(name, String::as_str);
        if let Some(&group) = self.known.get(key) {
            return group;
        }
        let finder = self.finder.get_or_init(|| Finder::new(home(&self.source)));
        let mut names = also.iter().map(String::as_str).chain([name]);
        let found = names.find_map(|n| finder.find(n)).map(Stored::File);
        if found.is_none() {
            self.missing.push(self.problems.len());
            let what = format!(
                "is named in {}, but there is no such file",
                file_name(&self.source)
            );
            self.problem(name.to_owned(), what);
        }
        self.add(key, name, found)
    }

    /// The group of an image whose picture is where the file says, or is known to be nowhere; `true` where the name
    /// was there before, whose picture then counts.
    pub(super) fn stored(&mut self, name: &str, picture: Option<Stored>) -> (usize, bool) {
        match self.known.get(name) {
            Some(&group) => (group, true),
            None => (self.add(name, name, picture), false),
        }
    }

    /// Is nothing there yet?
    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Has any image a caption yet?
    pub(super) fn has_captions(&self) -> bool {
        self.groups.iter().any(|(_, captions)| !captions.is_empty())
    }

    /// The picture of a group.
    pub(super) fn picture(&self, group: usize) -> Option<&Stored> {
        self.groups.get(group)?.0.picture.as_ref()
    }

    fn add(&mut self, key: &str, name: &str, picture: Option<Stored>) -> usize {
        let name = name.to_owned();
        self.groups.push((Image { name, picture }, Vec::new()));
        self.known.insert(key.to_owned(), self.groups.len() - 1);
        self.groups.len() - 1
    }

    /// Adds a caption to a group; an empty one is listed under `place`.
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
        } else {
            let group = self.image(name, &[]);
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

    /// The dataset. Images whose picture is missing are left out, but where all are missing there are captions without
    /// pictures, and a problem says so.
    ///
    /// # Errors
    /// No image with a caption is left: what was wrong, and the remedy.
    pub(super) fn finish(mut self, format: impl Into<String>) -> Result<Dataset> {
        let mut format = format.into();
        if self.groups.iter().any(|(image, _)| image.picture.is_some()) {
            self.groups.retain(|(image, _)| image.picture.is_some());
        } else if !self.groups.is_empty() {
            self.say_captions_only();
            format += ", captions only";
        }
        let source = &self.source;
        if !self.has_captions() {
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

    /// One problem instead of one for each picture.
    fn say_captions_only(&mut self) {
        let mut missing = std::mem::take(&mut self.missing).into_iter().peekable();
        let named = missing.peek().is_some();
        let mut number = 0;
        self.problems.retain(|_| {
            number += 1;
            missing.next_if_eq(&(number - 1)).is_none()
        });
        let why = if !named {
            "it holds and names none"
        } else if holds_pictures(home(&self.source)) {
            "those beside it have other names"
        } else {
            "put them in a folder images/ beside it"
        };
        let problem = Problem {
            place: format!("the pictures of {}", file_name(&self.source)),
            what: format!("no picture was found ({why}); captions only"),
        };
        self.problems.insert(0, problem);
    }
}

/// The folder that `source` is or lies in.
fn home(source: &Path) -> &Path {
    if source.is_dir() {
        source
    } else {
        folder_of(source)
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

/// A name from an archive or a table without anything that leads elsewhere; a link stays as it is, and is never looked up.
pub(super) fn harmless(name: &str) -> String {
    if name.contains("://") {
        name.to_owned()
    } else {
        inside(name)
    }
}

/// A file and line, for the list of problems.
pub(super) fn place(file: &Path, line: u64) -> String {
    format!("{}, line {}", file_name(file), thousands(line))
}

/// A dataset is called after the folder of its caption file, or the one above where that only says "annotations" or a split.
fn dataset_name(source: &Path) -> String {
    let folder = home(source);
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    let name = file_name(&folder);
    let lower = name.to_lowercase();
    let plain = ["annotations", "captions", "text", "data"].contains(&lower.as_str())
        || SPLITS.contains(&lower.as_str());
    folder
        .parent()
        .filter(|_| plain)
        .and_then(Path::file_name)
        .map_or(name, |n| n.to_string_lossy().into_owned())
}
