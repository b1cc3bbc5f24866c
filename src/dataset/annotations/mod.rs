//! Annotations of COCO that say what else is right: ECCV Caption (Chun et al. 2022) and Crisscrossed Captions (Parekh
//! et al. 2021). They name images and captions by COCO's ids; [`Ids`] finds those of an open dataset.

mod cxc;
mod eccv;
mod ids;

pub use ids::Ids;

use super::Problem;
use crate::error::{Error, Result};
use crate::task::Task;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Folders of the published packages that hold the files.
const FOLDERS: [&str; 2] = ["data", "eccv_caption/data"];

/// The right candidates of each query, all by COCO's ids.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Annotations {
    /// `eccv`, `cxc`, `human_verified`, `pm` or `original`: the key of its figures.
    pub name: String,
    /// The captions that are right for an image.
    pub image_to_captions: BTreeMap<u64, Vec<u64>>,
    /// The images that are right for a caption.
    pub caption_to_images: BTreeMap<u64, Vec<u64>>,
    /// Raters' scores of pairs, where there are any.
    pub ratings: Ratings,
    /// Lines that were skipped, and why.
    pub problems: Vec<Problem>,
}

/// Similarity as people rate it, from 0 to 5.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ratings {
    /// Caption, image, score.
    pub sits: Vec<(u64, u64, f32)>,
    /// Image, image, score.
    pub sis: Vec<(u64, u64, f32)>,
    /// Caption, caption, score.
    pub sts: Vec<(u64, u64, f32)>,
}

/// Opens the annotations at `path`: one file, or all files of a folder. Of a pair of JSON files either may be named.
///
/// # Errors
/// Nothing known lies there; a file cannot be read or is not what its name says; cancellation.
pub fn open(path: &Path, task: &Task) -> Result<Vec<Annotations>> {
    task.begin("Reading annotations", 0);
    let kind = std::fs::metadata(path).map_err(Error::io("open", path))?;
    let files = if kind.is_dir() {
        let mut files = listed(path)?;
        for folder in FOLDERS.map(|name| path.join(name)) {
            if folder.is_dir() {
                files.extend(listed(&folder)?);
            }
        }
        files
    } else {
        vec![path.to_path_buf()]
    };
    let mut found = Vec::new();
    let tables: Vec<&Path> = files
        .iter()
        .map(PathBuf::as_path)
        .filter(|file| cxc::is_table(&lower_name(file)))
        .collect();
    if !tables.is_empty() {
        found.push(cxc::open(&tables, task)?);
    }
    for name in eccv::NAMES {
        let of_name = |file: &&PathBuf| eccv::name_of(&lower_name(file)) == Some(name);
        // The scores themselves, where they are there, say more than the pairs made of them.
        let known = found.iter().any(|a: &Annotations| a.name == name);
        if let Some(file) = files.iter().find(of_name).filter(|_| !known) {
            found.push(eccv::open(file, name, task)?);
        }
    }
    if found.is_empty() {
        return Err(Error::dataset(
            path,
            "holds no annotations that are known",
            "Known: eccv_image_to_caption.json with eccv_caption_to_image.json (the package eccv_caption), and \
             sits_test.csv, sis_test.csv, sts_test.csv (Crisscrossed Captions).",
        ));
    }
    Ok(found)
}

/// The files of a folder, sorted.
fn listed(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).map_err(Error::io("read", folder))?;
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|file| file.is_file())
        .collect();
    files.sort();
    Ok(files)
}

fn lower_name(file: &Path) -> String {
    crate::files::file_name(file).to_lowercase()
}
