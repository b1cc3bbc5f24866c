//! What a folder can be opened as, and which of it is.

use super::split::{Wanted, canonical, choose};
use super::{FORMATS, Format, Source, file_names, found, head};
use crate::dataset::formats::builder::holds_pictures;
use crate::dataset::formats::split::shards::split_of;
use crate::dataset::{Dataset, Problem, Reason, Split, vectors};
use crate::error::{Error, Result};
use crate::files::file_name;
use crate::task::Task;
use std::path::{Path, PathBuf};

/// Folders of a dataset that hold caption files, where it has none itself.
const CAPTION_FOLDERS: [&str; 8] = [
    "annotations",
    "captions",
    "text",
    "flickr8k_text",
    // An imagefolder's splits, the one to open first.
    "test",
    "validation",
    "val",
    "train",
];

/// Opens the first of the formats in `folder` that has its pictures, else the first with captions alone.
pub(super) fn open(folder: &Path, wanted: &Wanted, task: &Task) -> Result<Dataset> {
    let (candidates, split) = of_split(folder, candidates(folder)?, wanted);
    // Files of their own say the split: their rows are asked for none.
    let rows = Wanted {
        split: wanted.split.clone().filter(|_| split.is_none()),
        ..wanted.clone()
    };
    let own = |path: &Path| split.as_ref().and_then(|_| split_of(folder, path));
    let mut passed: Vec<Problem> = Vec::new();
    let mut first_error = None;
    // The first that opened, though without pictures.
    let mut captions_only = None;
    for (i, (format, path)) in candidates.iter().enumerate() {
        let passing = |what: &str| {
            let what = format!("passed over: {what}");
            Problem::new(file_name(path), what, Reason::NotUsed)
        };
        match (format.open)(path, &rows, task) {
            // The next caption file may fit the pictures that are there; what was passed over is listed.
            Ok(dataset) if !dataset.has_pictures() => {
                passed.push(passing("the pictures it names are missing"));
                captions_only.get_or_insert((dataset, i));
            }
            Ok(dataset) => {
                let split = own(path);
                return Ok(chosen(dataset, &candidates[i + 1..], folder, passed, split));
            }
            Err(error) => {
                let Error::Dataset { what, .. } = &error else {
                    return Err(error);
                };
                passed.push(passing(what));
                first_error.get_or_insert(error);
            }
        }
    }
    match (captions_only, first_error) {
        (Some((dataset, i)), _) => {
            // It was not passed over after all, and others without pictures are as good.
            passed.truncate(i);
            let split = own(&candidates[i].1);
            Ok(chosen(dataset, &candidates[i + 1..], folder, passed, split))
        }
        (None, Some(error)) => Err(error),
        (None, None) => Err(no_captions(folder)),
    }
}

/// The candidates of one split first, where the files of the first format are of several: that which is wanted, else
/// test, else validation; and its name.
fn of_split(
    folder: &Path,
    mut candidates: Vec<(&'static Format, PathBuf)>,
    wanted: &Wanted,
) -> (Vec<(&'static Format, PathBuf)>, Option<String>) {
    let first = candidates.first().map(|(format, _)| format.name);
    let splits: Vec<Option<String>> = candidates
        .iter()
        .map(|(format, path)| {
            let own = Some(format.name) == first && path != folder;
            split_of(folder, path).filter(|_| own)
        })
        .collect();
    let mut names: Vec<&str> = splits.iter().flatten().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let asked = wanted.split.as_deref().map(canonical);
    let split = match asked {
        Some(asked) => Some(asked).filter(|asked| names.contains(&asked.as_str())),
        None => choose(names.iter().copied()).map(str::to_owned),
    };
    if split.is_some() {
        let mut order: Vec<_> = candidates.into_iter().zip(splits).collect();
        order.sort_by_key(|(_, own)| *own != split);
        candidates = order.into_iter().map(|(candidate, _)| candidate).collect();
    }
    (candidates, split)
}

/// The dataset with what was `passed` over before it, and a word on the `others` that were not needed.
fn chosen(
    mut dataset: Dataset,
    others: &[(&Format, PathBuf)],
    folder: &Path,
    passed: Vec<Problem>,
    split: Option<String>,
) -> Dataset {
    if let (Some(split), None) = (split, &dataset.origin.split) {
        let images = dataset.origin.found.images;
        dataset.origin.split = Some(Split {
            all: vec![(split.clone(), images)],
            by: "the folder or file name".into(),
            name: split,
        });
    }
    for (format, path) in others {
        let name = if *path == folder {
            format.files.to_owned()
        } else {
            let within = path.strip_prefix(folder).unwrap_or(path);
            within.to_string_lossy().replace('\\', "/")
        };
        let what = "can be opened too, and is not used";
        dataset.origin.note(Reason::NotUsed, what, name);
    }
    if let [next, more @ ..] = others {
        let others = if more.is_empty() {
            String::new()
        } else {
            format!(" and {} more", more.len())
        };
        let next = if next.1 == folder {
            next.0.files.to_owned()
        } else {
            file_name(&next.1)
        };
        dataset.format = format!("{}; {next}{others} not used", dataset.format);
    }
    dataset.problems.splice(0..0, passed);
    dataset
}

/// The dataset in `folder`, read as the first of what that can be opened as, with a word on the others.
pub(super) fn with_others(dataset: Dataset, folder: &Path) -> Dataset {
    match candidates(folder).as_deref() {
        Ok([_, others @ ..]) => chosen(dataset, others, folder, Vec::new(), None),
        _ => dataset,
    }
}

/// Does anything in a folder look like a dataset with captions?
pub(super) fn is_captioned(folder: &Path) -> Result<bool> {
    Ok(!candidates(folder)?.is_empty())
}

/// The name of the format that a folder is opened as first, where that is the folder as a whole.
pub(super) fn first(folder: &Path) -> Option<&'static str> {
    let found = candidates(folder).ok()?;
    let (format, path) = found.first()?;
    (path == folder).then_some(format.name)
}

/// What a folder can be opened as: by name, else by how its files begin.
fn candidates(folder: &Path) -> Result<Vec<(&'static Format, PathBuf)>> {
    let whole = FORMATS.iter().find(|format| match format.source {
        Source::Whole { fits } => fits(folder),
        _ => false,
    });
    if let Some(format) = whole {
        return Ok(vec![(format, folder.to_path_buf())]);
    }
    let mut files = files_of(folder)?;
    let mut found = by_name(folder, &files);
    if found.iter().all(|(_, path)| path == folder) {
        for sub in CAPTION_FOLDERS.map(|name| folder.join(name)) {
            if sub.is_dir() {
                files.extend(files_of(&sub)?);
            }
        }
        found = by_name(folder, &files);
    }
    if found.is_empty() {
        let structured = |path: &PathBuf| {
            path.extension().is_some_and(|e| {
                ["json", "jsonl", "csv", "tsv", "txt"]
                    .iter()
                    .any(|&k| e == k)
            })
        };
        for path in files.into_iter().filter(structured).take(64) {
            let Ok(head) = head(&path) else { continue };
            let mut formats = FORMATS.iter();
            let fitting = formats.find(|format| format.source.fits_file(None, Some(&head)));
            found.extend(fitting.map(|format| (format, path)));
        }
    }
    Ok(found)
}

fn by_name(folder: &Path, files: &[PathBuf]) -> Vec<(&'static Format, PathBuf)> {
    let mut found = Vec::new();
    for format in FORMATS {
        match format.source {
            Source::File { named, .. } => {
                let fits = files
                    .iter()
                    .filter(|path| named(&file_name(path).to_lowercase()));
                found.extend(fits.map(|path| (format, path.clone())));
            }
            Source::Folder { fits } | Source::Parts { fits, .. } if fits(folder) => {
                found.push((format, folder.to_path_buf()));
            }
            Source::Folder { .. } | Source::Parts { .. } | Source::Whole { .. } => {}
        }
    }
    found
}

/// The files of a folder, sorted, without hidden ones.
fn files_of(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)
        .map_err(Error::io("read", folder))?
        .flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|e| e.path())
        .filter(|p| !file_name(p).starts_with('.') && !p.is_dir())
        .collect();
    files.sort();
    Ok(files)
}

/// Folders that are looked into for one that can be opened.
const LOOKED: usize = 64;

/// Says what a folder without pictures and captions holds instead.
fn nothing(folder: &Path) -> Error {
    let files = files_of(folder).unwrap_or_default();
    let vectors = files.iter().find(|path| vectors::is_embeddings(path));
    let remedy = if let Some((below, file)) = below(folder) {
        format!("Open {} instead, which holds {file}.", below.display())
    } else if let Some(file) = vectors {
        format!(
            "{} holds embeddings: give both sides with --image-embeds and --text-embeds.",
            file_name(file)
        )
    } else {
        format!("Open a folder with pictures and one of: {}.", file_names())
    };
    let what = match found::describe(files.iter().map(PathBuf::as_path)) {
        Some(holds) => {
            format!("holds no pictures and no caption file that can be read: {holds}")
        }
        None => "holds no pictures and no caption file".to_owned(),
    };
    Error::dataset(folder, what, remedy)
}

/// The first folder in this one, or in one of its folders, that can be opened, and what it holds.
fn below(folder: &Path) -> Option<(PathBuf, String)> {
    let mut level = folders_of(folder);
    for _ in 0..2 {
        for below in &level {
            let found = candidates(below).ok()?;
            if let Some((format, path)) = found.first() {
                let name = if path == below {
                    format.files.to_owned()
                } else {
                    file_name(path)
                };
                return Some((below.clone(), name));
            }
        }
        level = level.iter().flat_map(|path| folders_of(path)).collect();
        level.truncate(LOOKED);
    }
    None
}

/// The folders in a folder, sorted, without hidden ones and links.
fn folders_of(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries
        .filter(|e| e.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|e| e.path())
        .filter(|path| !file_name(path).starts_with('.'))
        .collect();
    folders.sort();
    folders.truncate(LOOKED);
    folders
}

fn no_captions(folder: &Path) -> Error {
    if !holds_pictures(folder) {
        return nothing(folder);
    }
    let above = std::path::absolute(folder)
        .ok()
        .and_then(|f| f.parent().map(Path::to_path_buf));
    let captions = above.and_then(|above| {
        let (_, path) = candidates(&above)
            .ok()?
            .into_iter()
            .find(|(_, path)| *path != above)?;
        Some((above, file_name(&path)))
    });
    let files = files_of(folder).unwrap_or_default();
    let holds = found::describe(files.iter().map(PathBuf::as_path));
    let captions = captions.or_else(|| below(folder));
    let remedy = match captions {
        Some((above, file)) => format!("Open {} instead, which holds {file}.", above.display()),
        None if holds.is_some() => {
            "Name the picture's column or key file_name, and the caption's text; or image and caption.".into()
        }
        None => format!("Add one of: {}.", file_names()),
    };
    let what = match holds {
        Some(holds) => format!("holds pictures, but no captions that can be read: {holds}"),
        None => "holds pictures, but no captions".to_owned(),
    };
    Error::dataset(folder, what, remedy)
}
