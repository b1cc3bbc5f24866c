//! Pictures with text files of the same name: `a.jpg` and `a.txt`, one caption a line; folders within too.

use super::gather::{file_name, step};
use crate::dataset::picture::is_picture_name;
use crate::dataset::{Dataset, Image, Problem};
use crate::error::{Error, Result};
use crate::task::Task;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// How deep folders are searched.
const DEPTH: usize = 4;

/// Is there a picture with its text beside it, here or in one of the folders?
pub(super) fn fits(folder: &Path) -> bool {
    let here = |folder: &Path| {
        let files = entries(folder);
        let texts: HashSet<&Path> = files
            .iter()
            .map(PathBuf::as_path)
            .filter(|path| is_text(path))
            .collect();
        files.iter().any(|path| {
            is_picture_name(path) && texts.contains(path.with_extension("txt").as_path())
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
        let text = path.with_extension("txt");
        if !texts.remove(&text) {
            let what = format!("has no caption: there is no {} beside it", file_name(&text));
            problems.push(Problem { place: name, what });
            continue;
        }
        match std::fs::read(&text) {
            Ok(bytes) => {
                let content = String::from_utf8_lossy(&bytes);
                let lines = content
                    .trim_start_matches('\u{FEFF}')
                    .lines()
                    .map(str::trim);
                let captions: Vec<String> =
                    lines.filter(|l| !l.is_empty()).map(str::to_owned).collect();
                if captions.is_empty() {
                    let what = "holds no caption".into();
                    problems.push(Problem {
                        place: shown(folder, &text),
                        what,
                    });
                } else {
                    groups.push((
                        Image {
                            name,
                            path: Some(path),
                        },
                        captions,
                    ));
                }
            }
            Err(e) => {
                let what = format!("cannot be read: {e}");
                problems.push(Problem {
                    place: shown(folder, &text),
                    what,
                });
            }
        }
    }
    let mut alone: Vec<_> = texts.iter().map(|text| shown(folder, text)).collect();
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
    path.extension().is_some_and(|e| e == "txt")
}

/// A path as shown: relative to the folder, with forward slashes.
fn shown(folder: &Path, path: &Path) -> String {
    path.strip_prefix(folder)
        .unwrap_or(path)
        .to_string_lossy()
        .replace('\\', "/")
}
