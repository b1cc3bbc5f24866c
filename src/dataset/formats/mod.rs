//! The table of formats, and the one door to them: [`open`].
//!
//! A new format is one file here with `open`, and one line in `FORMATS`: how its files are named, how they begin.
//! Rows go through `Gather`, which finds the pictures, groups captions and lists what is skipped.

pub(super) mod aro;
mod clip_retrieval;
mod coco;
mod finder;
mod flickr_tokens;
mod gather;
mod given;
mod img2dataset;
mod karpathy;
mod metadata_jsonl;
mod parquet_layout;
mod parquet_table;
mod precomp;
mod sample;
mod shards;
mod sidecar;
pub(super) mod sugarcrepe;
mod table;
mod text;
mod webdataset;
pub(super) mod winoground;

pub use clip_retrieval::Vectors;

use super::picture::is_picture_name;
use super::{Dataset, Problem};
use crate::error::{Error, Result};
use crate::task::Task;
use finder::holds_pictures;
use gather::{file_name, split_extension};
use std::io::Read;
use std::path::{Path, PathBuf};

/// One line of the table.
struct Format {
    /// What it is called.
    name: &'static str,
    /// What its files are called.
    files: &'static str,
    source: Source,
    open: fn(&Path, &Task) -> Result<Dataset>,
}

/// How a format is recognised.
enum Source {
    /// One file: by its name in lower case, and by how it begins.
    File {
        named: fn(&str) -> bool,
        begins: fn(&str) -> bool,
    },
    /// A folder as a whole.
    Folder { fits: fn(&Path) -> bool },
    /// A folder that is this and nothing else, whatever files lie in it.
    Whole { fits: fn(&Path) -> bool },
    /// One file, or a folder of them as a whole.
    Parts {
        named: fn(&str) -> bool,
        begins: fn(&str) -> bool,
        fits: fn(&Path) -> bool,
    },
}

impl Source {
    /// Does this name, in lower case, or this beginning say that a file is of the format? `None`: either may.
    fn fits_file(&self, name: Option<&str>, head: Option<&str>) -> bool {
        match self {
            Self::File { named, begins } | Self::Parts { named, begins, .. } => {
                name.is_none_or(named) && head.is_none_or(begins)
            }
            Self::Folder { .. } | Self::Whole { .. } => false,
        }
    }
}

const fn file(named: fn(&str) -> bool, begins: fn(&str) -> bool) -> Source {
    Source::File { named, begins }
}

/// In order of preference, where a folder holds several.
#[rustfmt::skip]
const FORMATS: [Format; 13] = [
    Format { name: "clip-retrieval", files: "img_emb/*.npy, text_emb/*.npy and metadata/*.parquet", source: Source::Whole { fits: clip_retrieval::fits }, open: clip_retrieval::open },
    Format { name: "img2dataset", files: "00000/, 00000.tar or 00000.parquet", source: Source::Whole { fits: img2dataset::fits }, open: img2dataset::open },
    Format { name: "Hugging Face JSON lines", files: "metadata.jsonl", source: file(metadata_jsonl::named, metadata_jsonl::begins), open: metadata_jsonl::open },
    Format { name: "Hugging Face table", files: "metadata.csv", source: file(table::named_metadata, table::begins), open: table::open },
    Format { name: "Flickr tokens", files: "*.token.txt", source: file(flickr_tokens::named, flickr_tokens::begins), open: flickr_tokens::open },
    Format { name: "Karpathy JSON", files: "dataset_*.json", source: file(karpathy::named, karpathy::begins), open: karpathy::open },
    Format { name: "COCO captions", files: "captions_*.json", source: file(coco::named, coco::begins), open: coco::open },
    Format { name: "Caption table", files: "captions.txt, .csv or .tsv", source: file(table::named_captions, table::begins), open: table::open },
    Format { name: "Flickr30k results", files: "results.csv", source: file(table::named_results, table::begins), open: table::open },
    Format { name: "Precomputed features", files: "*_caps.txt with *_ims.npy", source: Source::Parts { named: precomp::named, begins: precomp::begins, fits: precomp::fits }, open: precomp::open },
    Format { name: "Pictures with text files", files: "a.jpg and a.txt", source: Source::Folder { fits: sidecar::fits }, open: sidecar::open },
    Format { name: "WebDataset", files: "*.tar", source: Source::Parts { named: webdataset::named, begins: webdataset::begins, fits: webdataset::fits }, open: webdataset::open },
    Format { name: "Parquet", files: "*.parquet", source: Source::Parts { named: parquet_table::named, begins: parquet_table::begins, fits: parquet_table::fits }, open: parquet_table::open },
];

/// Folders of a dataset that hold caption files, where it has none itself.
const CAPTION_FOLDERS: [&str; 4] = ["annotations", "captions", "text", "flickr8k_text"];

/// How much of a file is read to recognise it.
const HEAD: u64 = 64 * 1024;

/// The formats that can be opened, each with what its files are called.
pub fn known() -> impl Iterator<Item = (&'static str, &'static str)> {
    FORMATS.iter().map(|format| (format.name, format.files))
}

/// Opens a caption file, or a folder that holds one, recognised by itself.
///
/// Missing pictures and malformed lines are listed in [`Dataset::problems`] and skipped; where no picture is found at
/// all, the captions open without. It is an error only where nothing remains. Pictures themselves are not read.
pub fn open(path: &Path, task: &Task) -> Result<Dataset> {
    let kind = std::fs::metadata(path).map_err(Error::io("open", path))?;
    if kind.is_dir() {
        open_folder(path, task)
    } else {
        open_file(path, task)
    }
}

/// As [`open`], with the embeddings that the dataset brings, if it does: those of clip-retrieval.
pub fn open_with_vectors(path: &Path, task: &Task) -> Result<(Dataset, Option<Vectors>)> {
    if path.is_dir() && clip_retrieval::fits(path) {
        clip_retrieval::open_with_vectors(path, task)
    } else {
        open(path, task).map(|dataset| (dataset, None))
    }
}

fn open_file(path: &Path, task: &Task) -> Result<Dataset> {
    let head = head(path)?;
    if head.is_empty() {
        return Err(Error::dataset(
            path,
            "is empty (0 bytes)",
            "Copy or download it again.",
        ));
    }
    let name = file_name(path).to_lowercase();
    let fitting = |name: Option<&str>, head: Option<&str>| {
        let mut formats = FORMATS.iter();
        formats.find(|format| format.source.fits_file(name, head))
    };
    // No text begins like an archive or a table of bytes.
    let (by_name, by_head) = (Some(name.as_str()), Some(head.as_str()));
    let binary = webdataset::named(&name) || parquet_table::named(&name);
    match fitting(by_name, by_head)
        .or_else(|| fitting(by_name, None).filter(|_| binary))
        .or_else(|| fitting(None, by_head))
        .or_else(|| fitting(by_name, None))
    {
        Some(format) => (format.open)(path, task),
        None => Err(unknown_file(path, &name)),
    }
}

fn open_folder(folder: &Path, task: &Task) -> Result<Dataset> {
    let candidates = candidates(folder)?;
    let mut passed: Vec<Problem> = Vec::new();
    let mut first_error = None;
    // The first that opened, though without pictures.
    let mut captions_only = None;
    for (i, (format, path)) in candidates.iter().enumerate() {
        let passing = |what: &str| Problem {
            place: file_name(path),
            what: format!("passed over: {what}"),
        };
        match (format.open)(path, task) {
            // The next caption file may fit the pictures that are there; what was passed over is listed.
            Ok(dataset) if !dataset.has_pictures() => {
                passed.push(passing("the pictures it names are missing"));
                captions_only.get_or_insert((dataset, i));
            }
            Ok(dataset) => {
                return Ok(chosen(dataset, &candidates[i + 1..], folder, passed));
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
            Ok(chosen(dataset, &candidates[i + 1..], folder, passed))
        }
        (None, Some(error)) => Err(error),
        (None, None) => Err(no_captions(folder)),
    }
}

/// The dataset with what was `passed` over before it, and a word on the `others` that were not needed.
fn chosen(
    mut dataset: Dataset,
    others: &[(&Format, PathBuf)],
    folder: &Path,
    passed: Vec<Problem>,
) -> Dataset {
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
    for format in &FORMATS {
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

/// The first bytes of a file as text.
fn head(path: &Path) -> Result<String> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(Error::io("open", path))?;
    file.take(HEAD)
        .read_to_end(&mut bytes)
        .map_err(Error::io("read", path))?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.strip_prefix('\u{FEFF}').unwrap_or(&text).to_owned())
}

fn file_names() -> String {
    known()
        .map(|(_, files)| files)
        .collect::<Vec<_>>()
        .join("; ")
}

fn unknown_file(path: &Path, name: &str) -> Error {
    if is_picture_name(path) {
        return Error::dataset(
            path,
            "is a picture, not a dataset",
            "Open its folder, or a caption file that names it.",
        );
    }
    if ["gz", "tgz", "zip", "xz", "zst", "bz2"].contains(&split_extension(name).1) {
        return Error::dataset(
            path,
            "is a compressed archive: pictures cannot be read in place there",
            "Unpack it first; of a .tar.gz a plain .tar is enough.",
        );
    }
    let what = if ["json", "jsonl"].contains(&split_extension(name).1) {
        "is JSON, but none of the known caption files: it lacks the keys of Karpathy (\"images\" with \"filename\" \
         and \"sentences\"), of COCO (\"images\" and \"annotations\") and of metadata.jsonl (\"file_name\" and \"text\")"
    } else {
        "is not a known caption file"
    };
    Error::dataset(path, what, format!("Known files: {}.", file_names()))
}

fn no_captions(folder: &Path) -> Error {
    if !holds_pictures(folder) {
        return Error::dataset(
            folder,
            "holds no pictures and no caption file",
            format!("Open a folder with pictures and one of: {}.", file_names()),
        );
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
    let remedy = match captions {
        Some((above, file)) => format!("Open {} instead, which holds {file}.", above.display()),
        None => format!("Add one of: {}.", file_names()),
    };
    Error::dataset(folder, "holds pictures, but no captions", remedy)
}
