//! What every caption file needs: the pictures it names, its captions grouped, and what was skipped.

mod finder;
mod reach;
mod tell;

pub(crate) use finder::{Finder, holds_pictures};
pub(crate) use reach::Reach;

use super::names::place;
use super::split::{Chosen, Splits, Wanted, is_split};
use crate::dataset::{Dataset, Image, Origin, Problem, Reason, Stored};
use crate::error::Result;
use crate::files::{file_name, folder_of};
use std::cell::OnceCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Names of the column or key that holds the picture's file name, in order of preference.
pub(crate) const IMAGE_KEYS: [&str; 7] = [
    "file_name",
    "filename",
    "filepath",
    "image_path",
    "image_name",
    "image",
    "file_path",
];

/// Names of the column or key that holds the picture itself, in order of preference.
pub(crate) const PICTURE_KEYS: [&str; 8] = [
    "img",
    "picture",
    "image_base64",
    "img_base64",
    "image_b64",
    "base64",
    "image_data",
    "image_bytes",
];

/// Collects the captions of a file under their pictures.
///
/// Everything that comes in is counted as found; [`DatasetBuilder::finish`] says what of it is in use, and why the rest is not.
pub(crate) struct DatasetBuilder {
    source: PathBuf,
    finder: OnceCell<Finder>,
    /// A folder that the user named, below which pictures may lie.
    root: Option<PathBuf>,
    /// Where the captions of a name go.
    known: HashMap<String, usize>,
    groups: Vec<(Image, Vec<String>)>,
    problems: Vec<Problem>,
    /// Which of the problems are pictures that were not found, each with its group.
    missing: Vec<(usize, usize)>,
    origin: Origin,
    /// The file of each picture, with the group that has it.
    files: HashMap<PathBuf, usize>,
    splits: Splits,
}

impl DatasetBuilder {
    /// For the caption file, or the folder of them, `source`.
    pub(crate) fn new(source: &Path) -> Self {
        Self {
            source: source.to_path_buf(),
            finder: OnceCell::new(),
            root: None,
            known: HashMap::new(),
            groups: Vec::new(),
            problems: Vec::new(),
            missing: Vec::new(),
            origin: Origin::default(),
            files: HashMap::new(),
            splits: Splits::default(),
        }
    }

    /// Looks for pictures below the folder that is `wanted` too.
    #[must_use]
    pub(crate) fn reaching(mut self, wanted: &Wanted) -> Self {
        self.root.clone_from(&wanted.images);
        self
    }

    /// The group of the picture called `name`, which is looked up beside the file; a missing one is listed at its first
    /// mention. `also` are other paths to try, before `name` itself.
    pub(crate) fn image(&mut self, name: &str, also: &[String]) -> usize {
        let name = name.trim();
        let key = also.first().map_or(name, String::as_str);
        if let Some(&group) = self.known.get(key) {
            return group;
        }
        let finder = self
            .finder
            .get_or_init(|| Finder::new(home(&self.source), self.root.as_deref()));
        let mut names = also.iter().map(String::as_str).chain([name]);
        let found = names.find_map(|n| finder.find(n));
        match &found {
            None => {
                self.missing.push((self.problems.len(), self.groups.len()));
                let why = finder.why_not(key);
                let what = format!("is named in {}, {why}", file_name(&self.source));
                self.problem(name, what, Reason::NoPicture);
            }
            Some(path) => self.say_of_file(name, path),
        }
        self.add(key, name, found.map(Stored::File))
    }

    /// Notes a picture that is called otherwise than it is, or in two ways.
    fn say_of_file(&mut self, name: &str, path: &Path) {
        let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let file = file_name(path);
        if file != last && file.to_lowercase() == last.to_lowercase() {
            let what = "is there in other letter case";
            self.note(Reason::LetterCase, what, name);
        }
        match self.files.get(path) {
            Some(&first) => {
                let first = self
                    .groups
                    .get(first)
                    .map_or("", |(image, _)| image.name.as_str());
                let both = format!("{first}, {name}");
                let what = "two names for one picture: it counts as two images";
                self.note(Reason::Duplicate, what, both);
            }
            None => {
                self.files.insert(path.to_path_buf(), self.groups.len());
            }
        }
    }

    /// The group of an image whose picture is where the file says, or is known to be nowhere; `true` where the name
    /// was there before, whose picture then counts.
    pub(crate) fn stored(&mut self, name: &str, picture: Option<Stored>) -> (usize, bool) {
        self.stored_as(name, name, picture)
    }

    /// As [`DatasetBuilder::stored`], for an image that is known by `key` and called `name`.
    pub(crate) fn stored_as(
        &mut self,
        key: &str,
        name: &str,
        picture: Option<Stored>,
    ) -> (usize, bool) {
        match self.known.get(key) {
            Some(&group) => (group, true),
            None => (self.add(key, name, picture), false),
        }
    }

    /// Counts a row with so many captions for its split; `true` where that is another than the one in use, and the row
    /// is to be passed over.
    pub(crate) fn elsewhere(
        &mut self,
        chosen: &Chosen,
        split: Option<String>,
        name: &str,
        captions: usize,
    ) -> bool {
        let Some(split) = split else { return false };
        let kept = chosen.keeps(Some(&split));
        let captions = if kept { 0 } else { captions as u64 };
        self.splits.add(split, name, captions);
        !kept
    }

    /// The group of a name that was added.
    pub(crate) fn known(&self, name: &str) -> Option<usize> {
        self.known.get(name).copied()
    }

    /// Is nothing there yet?
    pub(crate) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Has any image a caption yet?
    pub(crate) fn has_captions(&self) -> bool {
        self.groups.iter().any(|(_, captions)| !captions.is_empty())
    }

    /// What the image of a group is called.
    pub(crate) fn name(&self, group: usize) -> &str {
        self.groups.get(group).map_or("", |(image, _)| &image.name)
    }

    /// The picture of a group.
    pub(crate) fn picture(&self, group: usize) -> Option<&Stored> {
        self.groups.get(group)?.0.picture.as_ref()
    }

    fn add(&mut self, key: &str, name: &str, picture: Option<Stored>) -> usize {
        let name = name.to_owned();
        self.origin.found.images += 1;
        self.groups.push((Image { name, picture }, Vec::new()));
        self.known.insert(key.to_owned(), self.groups.len() - 1);
        self.groups.len() - 1
    }

    /// Adds a caption to a group; an empty one is listed under `place`.
    pub(crate) fn caption(&mut self, group: usize, caption: &str, place: impl FnOnce() -> String) {
        let caption = caption.trim();
        if caption.is_empty() {
            self.lost(place(), "the caption is empty", Reason::EmptyCaption, 0, 1);
        } else if let Some((_, captions)) = self.groups.get_mut(group) {
            self.origin.found.captions += 1;
            captions.push(caption.to_owned());
        }
    }

    /// Adds a caption from a line of the file.
    pub(crate) fn row(&mut self, line: u64, name: &str, caption: &str) {
        if name.trim().is_empty() {
            self.line_problem(line, "the file name is empty");
        } else {
            let group = self.image(name, &[]);
            if caption.trim().is_empty() {
                let place = place(&self.source, line);
                self.lost(place, "the caption is empty", Reason::EmptyCaption, 0, 1);
            } else {
                self.caption(group, caption, String::new);
            }
        }
    }

    /// Lists a line, which is a caption, as skipped.
    pub(crate) fn line_problem(&mut self, line: u64, what: impl Into<String>) {
        let place = place(&self.source, line);
        self.lost(place, what, Reason::Malformed, 0, 1);
    }

    /// Lists something that costs no image and no caption by itself.
    pub(crate) fn problem(
        &mut self,
        place: impl Into<String>,
        what: impl Into<String>,
        reason: Reason,
    ) {
        self.problems.push(Problem::new(place, what, reason));
    }

    /// Lists so many images and captions, which are nowhere else counted, as left out.
    pub(crate) fn lost(
        &mut self,
        place: impl Into<String>,
        what: impl Into<String>,
        reason: Reason,
        images: u64,
        captions: u64,
    ) {
        self.origin.found.images += images;
        self.origin.found.captions += captions;
        let problem = Problem::new(place, what, reason);
        self.problems.push(problem.costing(images, captions));
    }

    /// Says whether an entry's captions are given by language.
    pub(crate) fn by_language(&mut self, languages: bool) {
        self.origin.languages |= languages;
    }

    /// Notes something that is used, but not as it stands, or is there and not used.
    pub(crate) fn note(&mut self, reason: Reason, what: &str, name: impl Into<String>) {
        self.origin.note(reason, what, name);
    }

    /// The dataset. Images whose picture is missing are left out with their captions, but where all are missing there
    /// are captions without pictures, and a problem says so.
    ///
    /// # Errors
    /// No image with a caption is left: what was wrong, and the remedy.
    pub(crate) fn finish(self, format: impl Into<String>) -> Result<Dataset> {
        self.finish_split(format, &Chosen::default())
    }

    /// As [`DatasetBuilder::finish`], of the split that was chosen.
    pub(crate) fn finish_split(
        mut self,
        format: impl Into<String>,
        chosen: &Chosen,
    ) -> Result<Dataset> {
        let mut format = format.into();
        self.say_split(chosen);
        if self.groups.iter().any(|(image, _)| image.picture.is_some()) {
            self.say_unnamed();
            self.leave_out_unseen();
        } else if !self.groups.is_empty() {
            self.say_captions_only();
            format += ", captions only";
        }
        if !self.has_captions() {
            return Err(self.no_captions());
        }
        Ok(self.into_dataset(format))
    }

    /// The dataset of a part of what there is: it may be empty. What its rows say of other splits than the chosen one is
    /// counted.
    pub(crate) fn finish_part_of(mut self, chosen: &Chosen) -> Dataset {
        self.say_split(chosen);
        self.into_dataset(String::new())
    }

    /// As [`DatasetBuilder::finish_part_of`], without splits.
    pub(crate) fn finish_part(self) -> Dataset {
        self.into_dataset(String::new())
    }

    fn into_dataset(mut self, format: String) -> Dataset {
        let source = &self.source;
        let mut dataset =
            Dataset::from_groups(dataset_name(source), format, self.groups, self.problems);
        let notes = std::mem::take(&mut dataset.origin.notes);
        self.origin.notes.extend(notes);
        self.origin.file = source.display().to_string();
        dataset.origin = self.origin;
        dataset
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

/// A dataset is called after the folder of its caption file, or the one above where that only says "annotations" or a split.
fn dataset_name(source: &Path) -> String {
    let folder = home(source);
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    let name = file_name(&folder);
    let lower = name.to_lowercase();
    let plain =
        ["annotations", "captions", "text", "data"].contains(&lower.as_str()) || is_split(&lower);
    folder
        .parent()
        .filter(|_| plain)
        .and_then(Path::file_name)
        .map_or(name, |n| n.to_string_lossy().into_owned())
}
