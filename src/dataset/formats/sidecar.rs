//! Pictures with text files of the same name: `a.jpg` and `a.txt`, one caption a line, or `a.json`; folders within too.

use super::gather::{file_name, split_extension, step};
use super::sample::{ENDINGS, Texts};
use crate::dataset::picture::is_picture_name;
use crate::dataset::{Dataset, Image, Problem};
use crate::error::{Error, Result};
use crate::task::Task;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// How deep folders are searched.
const DEPTH: usize = 4;

/// Is there a picture with its text beside it, here or in one of the folders? JSON alone may be anything.
pub(super) fn fits(folder: &Path) -> bool {
    let here = |folder: &Path| {
        let files = entries(folder);
        let texts: HashSet<&Path> = files
            .iter()
            .map(PathBuf::as_path)
            .filter(|path| is_text(path))
            .collect();
        let beside =
            |path: &Path, ending: &str| texts.contains(path.with_extension(ending).as_path());
        files.iter().any(|path| {
            is_picture_name(path) && ENDINGS.iter().any(|e| *e != "json" && beside(path, e))
        })
    };
    here(folder)
        || entries(folder)
            .iter()
            .any(|path| path.is_dir() && here(path))
}

/// Reads the folder; images in order of their paths.
pub(super) fn open(folder: &Path, task: &Task) -> Result<Dataset> {
    task.begin("Looking for pictures", 0);
    let mut files = Vec::new();
    walk(folder, DEPTH, task, &mut files)?;
    let (pictures, mut texts): (Vec<PathBuf>, HashSet<PathBuf>) = (
        files
            .iter()
            .filter(|path| is_picture_name(path))
            .cloned()
            .collect(),
        files.into_iter().filter(|path| is_text(path)).collect(),
    );
    if pictures.is_empty() {
        return Err(Error::dataset(
            folder,
            "holds no pictures",
            "Open the folder that holds them.",
        ));
    }
    task.begin("Reading captions", pictures.len() as u64);
    let (mut groups, mut problems) = (Vec::new(), Vec::new());
    for (number, path) in (1u64..).zip(pictures) {
        step(task, number)?;
        let name = shown(folder, &path);
        match captions_beside(&path, &mut texts) {
            Ok(captions) => groups.push((Image::file(name, path), captions)),
            Err((place, what)) => {
                let place = place.map_or(name, |place| shown(folder, &place));
                problems.push(Problem { place, what });
            }
        }
    }
    // A JSON file without a picture is one about the dataset.
    let alone = texts.iter().filter(|text| ending(text) != "json");
    let mut alone: Vec<_> = alone.map(|text| shown(folder, text)).collect();
    alone.sort();
    let what = "has no picture of that name beside it";
    problems.extend(alone.into_iter().map(|place| Problem {
        place,
        what: what.into(),
    }));
    if groups.is_empty() {
        return Err(Error::dataset(
            folder,
            "holds pictures, but no captions",
            "Put a text file of the same name beside each picture, one caption a line, or a captions.csv \
             with the columns image,caption.",
        ));
    }
    let name = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    Ok(Dataset::from_groups(
        file_name(&name),
        "Pictures with text files",
        groups,
        problems,
    ))
}

/// The captions in the text files of a picture, which are taken from `texts`; else what is wrong, and with which of
/// them.
fn captions_beside(
    picture: &Path,
    texts: &mut HashSet<PathBuf>,
) -> Result<Vec<String>, (Option<PathBuf>, String)> {
    let mut found = Texts::default();
    let mut first = None;
    for ending in ENDINGS {
        let text = picture.with_extension(ending);
        if !texts.remove(&text) || (ending == "json" && !found.wants_json()) {
            continue;
        }
        let content = std::fs::read(&text).map_err(|e| format!("cannot be read: {e}"));
        if let Err(what) = content.and_then(|content| found.add(ending, content)) {
            return Err((Some(text), what));
        }
        first.get_or_insert(text);
    }
    let captions = found.captions(&[]);
    if !captions.is_empty() {
        return Ok(captions);
    }
    let Some(text) = first else {
        let text = file_name(&picture.with_extension("txt"));
        let what = format!("has no caption: there is no {text} beside it");
        return Err((None, what));
    };
    Err((Some(text), "holds no caption".into()))
}

/// Collects the files below `folder` in order of their paths; links to folders are not followed.
fn walk(folder: &Path, depth: usize, task: &Task, files: &mut Vec<PathBuf>) -> Result<()> {
    task.check()?;
    for path in entries(folder) {
        let kind = path.symlink_metadata().map(|meta| meta.file_type());
        if kind.is_ok_and(|kind| kind.is_dir()) {
            if depth > 0 {
                walk(&path, depth - 1, task, files)?;
            }
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// What lies in a folder, sorted, without hidden entries; nothing where it cannot be read.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let listed = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = listed
        .filter(|e| !e.file_name().to_string_lossy().starts_with('.'))
        .map(|e| e.path())
        .collect();
    paths.sort();
    paths
}

fn is_text(path: &Path) -> bool {
    ENDINGS.contains(&ending(path).as_str())
}

fn ending(path: &Path) -> String {
    split_extension(&file_name(path)).1.to_owned()
}

/// A path as shown: relative to the folder, with forward slashes.
fn shown(folder: &Path, path: &Path) -> String {
    path.strip_prefix(folder)
        .unwrap_or(path)
        .to_string_lossy()
        .replace('\\', "/")
}
