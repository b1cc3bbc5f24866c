//! The table of formats, and the one door to them: [`open`].
//!
//! A new format is one file in the room of its kind, with `open` and its test, its `mod` in the room's `mod.rs`, and one
//! line in `FORMATS`: how its files are named, how they begin. Rows go through `DatasetBuilder`, which finds the pictures,
//! groups captions and lists what is skipped.

mod archives;
pub(super) mod builder;
mod features;
mod folder;
mod found;
mod json;
pub(super) mod names;
mod row_groups;
mod samples;
pub(super) mod split;
mod tables;
pub(super) mod text;
mod two_files;

pub use archives::{Archives, archives, archives_among, open_archive};
pub use features::clip_retrieval::Vectors;
pub use row_groups::{Tables, open_row_groups, tables, tables_among};
pub use split::Wanted;
pub use tables::parquet_cut::{Groups, RowCut, RowReading};
pub use tables::parquet_part::TableFile;

use super::picture::is_picture_name;
use super::vectors::Matrix;
use super::{Dataset, Reason};
use crate::error::{Error, Result};
use crate::files::{file_name, open_regular};
use crate::task::Task;
use names::split_extension;
use std::io::Read;
use std::path::Path;

/// One line of the table.
struct Format {
    /// What it is called.
    name: &'static str,
    /// What its files are called.
    files: &'static str,
    source: Source,
    open: fn(&Path, &Wanted, &Task) -> Result<Dataset>,
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
const FORMATS: &[Format] = &[
    Format { name: "clip-retrieval", files: "img_emb/*.npy, text_emb/*.npy and metadata/*.parquet", source: Source::Whole { fits: features::clip_retrieval::fits }, open: features::clip_retrieval::open },
    Format { name: "img2dataset", files: "00000/, 00000.tar or 00000.parquet", source: Source::Whole { fits: samples::img2dataset::fits }, open: samples::img2dataset::open },
    Format { name: "Hugging Face JSON lines", files: "metadata.jsonl", source: file(json::metadata_jsonl::named, json::metadata_jsonl::begins), open: json::metadata_jsonl::open },
    Format { name: "Hugging Face table", files: "metadata.csv", source: file(tables::table::named_metadata, tables::table::begins), open: tables::table::open },
    Format { name: "Flickr tokens", files: "*.token.txt", source: file(tables::flickr_tokens::named, tables::flickr_tokens::begins), open: tables::flickr_tokens::open },
    Format { name: "Karpathy JSON", files: "dataset_*.json", source: file(json::karpathy::named, json::karpathy::begins), open: json::karpathy::open },
    Format { name: "COCO captions", files: "captions_*.json", source: file(json::coco::named, json::coco::begins), open: json::coco::open },
    Format { name: "Caption table", files: "captions.txt, .csv or .tsv", source: file(tables::table::named_captions, tables::table::begins), open: tables::table::open },
    Format { name: "Flickr30k results", files: "results.csv", source: file(tables::table::named_results, tables::table::begins), open: tables::table::open },
    Format { name: "Precomputed features", files: "*_caps.txt with *_ims.npy", source: Source::Parts { named: features::precomp::named, begins: features::precomp::begins, fits: features::precomp::fits }, open: features::precomp::open },
    Format { name: "Chinese-CLIP", files: "*_imgs.tsv with *_texts.jsonl", source: Source::Parts { named: two_files::chinese_clip::named, begins: two_files::chinese_clip::begins, fits: two_files::chinese_clip::fits }, open: two_files::chinese_clip::open },
    Format { name: "XTD", files: "test_image_names.txt with test_1kcaptions_*.txt", source: Source::Parts { named: two_files::xtd::named, begins: two_files::xtd::begins, fits: two_files::xtd::fits }, open: two_files::xtd::open },
    Format { name: "Captions by name", files: "a .json of {\"a.jpg\": [\"a caption\"]} or image_paths and annotations", source: file(json::by_name::named, json::by_name::begins), open: json::by_name::open },
    Format { name: "Pictures with text files", files: "a.jpg and a.txt", source: Source::Folder { fits: samples::sidecar::fits }, open: samples::sidecar::open },
    Format { name: "WebDataset", files: "*.tar", source: Source::Parts { named: samples::webdataset::named, begins: samples::webdataset::begins, fits: samples::webdataset::fits }, open: samples::webdataset::open },
    Format { name: "Parquet", files: "*.parquet", source: Source::Parts { named: tables::parquet_table::named, begins: tables::parquet_table::begins, fits: tables::parquet_table::fits }, open: tables::parquet_table::open },
];

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
    open_wanted(path, &Wanted::default(), task)
}

/// As [`open`], of the split and the language that are wanted.
///
/// # Errors
/// As [`open`]; the dataset has no such split.
pub fn open_wanted(path: &Path, wanted: &Wanted, task: &Task) -> Result<Dataset> {
    let kind = std::fs::metadata(path).map_err(Error::io("open", path))?;
    let dataset = if kind.is_dir() {
        folder::open(path, wanted, task)?
    } else {
        open_file(path, wanted, task)?
    };
    check_split(path, dataset, wanted)
}

/// As [`open_wanted`], with the embeddings that the dataset brings, if it does: those of clip-retrieval.
///
/// # Errors
/// As [`open_wanted`].
pub fn open_with_vectors(
    path: &Path,
    wanted: &Wanted,
    task: &Task,
) -> Result<(Dataset, Option<Vectors>)> {
    if path.is_dir() && features::clip_retrieval::fits(path) {
        let (dataset, vectors) = features::clip_retrieval::open_with_vectors(path, wanted, task)?;
        Ok((check_split(path, dataset, wanted)?, vectors))
    } else {
        open_wanted(path, wanted, task).map(|dataset| (dataset, None))
    }
}

/// Images without captions, with their embeddings where `path` brings them: a folder of pictures, or clip-retrieval's
/// without its texts. `None` where `path` is neither, or holds what looks like captions; asked where [`open`] found no
/// caption.
///
/// # Errors
/// A folder or its embeddings that cannot be read; cancellation.
pub fn images_alone(
    path: &Path,
    wanted: &Wanted,
    task: &Task,
) -> Result<Option<(Dataset, Option<Matrix>)>> {
    if !path.is_dir() {
        return Ok(None);
    }
    let found = if features::clip_retrieval::fits(path) {
        let found = features::clip_retrieval::images_alone(path, wanted, task)?;
        found.map(|(dataset, rows)| (dataset, Some(rows)))
    } else if folder::is_captioned(path)? {
        // What is wrong with its captions has been said.
        None
    } else {
        samples::pictures::open(path, wanted, task)?.map(|dataset| (dataset, None))
    };
    let checked = |(dataset, rows)| Ok((check_split(path, dataset, wanted)?, rows));
    found.map(checked).transpose()
}

/// Does anything in the folder look like a dataset with captions? Pictures alone do not.
pub fn is_captioned(folder: &Path) -> bool {
    folder::is_captioned(folder).unwrap_or(false)
}

/// The split that is asked for is the one in use.
fn check_split(path: &Path, mut dataset: Dataset, wanted: &Wanted) -> Result<Dataset> {
    if dataset.origin.file.is_empty() {
        dataset.origin.file = path.display().to_string();
    }
    if let (Some(language), false) = (&wanted.language, dataset.origin.languages) {
        let what = "is not used: the captions are not given by language";
        let asked = format!("--language {language}");
        dataset.origin.note(Reason::NotUsed, what, asked);
    }
    let used = dataset
        .origin
        .split
        .as_ref()
        .map(|split| split.name.as_str());
    match &wanted.split {
        Some(asked) if asked != "all" && used != Some(&split::canonical(asked)) => {
            let there = used.map_or("names no splits".to_owned(), |used| format!("has: {used}"));
            Err(Error::dataset(
                path,
                format!("has no split {asked}; it {there}"),
                "Name one that is there with --split, or leave it out.",
            ))
        }
        _ => Ok(dataset),
    }
}

fn open_file(path: &Path, wanted: &Wanted, task: &Task) -> Result<Dataset> {
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
    let binary = samples::webdataset::named(&name) || tables::parquet_table::named(&name);
    match fitting(by_name, by_head)
        .or_else(|| fitting(by_name, None).filter(|_| binary))
        .or_else(|| fitting(None, by_head))
        .or_else(|| fitting(by_name, None))
    {
        Some(format) => (format.open)(path, wanted, task),
        None => Err(unknown_file(path, &name)),
    }
}

/// The first bytes of a file as text.
fn head(path: &Path) -> Result<String> {
    let mut bytes = Vec::new();
    let file = open_regular(path).map_err(Error::io("open", path))?;
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
    let holds = found::holds(path).map_or_else(String::new, |holds| format!("; it holds {holds}"));
    let what = if ["json", "jsonl"].contains(&split_extension(name).1) {
        "is JSON, but none of the known caption files: it lacks the keys of Karpathy (\"images\" with \"filename\" \
         and \"sentences\"), of COCO (\"images\" and \"annotations\") and of metadata.jsonl (\"file_name\" and \"text\")"
    } else {
        "is not a known caption file"
    };
    let remedy = format!(
        "Write objects such as {{\"file_name\": \"a.png\", \"text\": \"a caption\"}}, or a table with the columns \
         image,caption. Known files: {}.",
        file_names()
    );
    Error::dataset(path, format!("{what}{holds}"), remedy)
}
