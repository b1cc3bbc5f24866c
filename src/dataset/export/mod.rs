//! Datasets and training files written.
//!
//! [`write`] puts a selection of a dataset into any [`Format`]: a caption file by its name, which goes where the
//! pictures already are, or a folder with copies of the pictures. Each format is one file here and one line in
//! [`Format`]; what it writes, `dataset::open` reads back equal.

mod captions;
pub(crate) mod columns;
mod coordinates;
mod format;
mod names;
mod packed;
mod ranked;
mod sheet;
mod training;

use super::picture::require_picture;
use super::{Dataset, Image, Problem, Reason};
use crate::error::{Error, Result};
use crate::files::{SCRATCH, as_shown, folder_of, step};
use crate::task::{Task, scratch};
pub use coordinates::{CoordinateRow, write_coordinates};
pub use format::Format;
use names::Names;
pub use ranked::{RankedRow, write_ranked};
use serde::Serialize;
use std::path::{Path, PathBuf};
pub use training::{Example, Layout, Rows, write_training};

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Written {
    /// The file or folder.
    #[serde(serialize_with = "as_shown")]
    pub out: PathBuf,
    /// [`Format::name`].
    pub format: &'static str,
    /// Images with their captions.
    pub images: usize,
    /// Captions.
    pub captions: usize,
    /// Pictures copied or packed.
    pub pictures: usize,
    /// Bytes of those pictures.
    pub picture_bytes: u64,
    /// What was written otherwise than it was, or left out.
    #[serde(serialize_with = "places")]
    pub changed: Vec<Problem>,
}

fn places<S: serde::Serializer>(problems: &[Problem], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(
        problems
            .iter()
            .map(|p| serde_json::json!({ "place": p.place, "what": p.what })),
    )
}

/// One image on its way into a file.
struct Item<'a> {
    image: &'a Image,
    /// What it is called there.
    name: String,
    captions: &'a [String],
}

/// What is to be written, and the account of it.
struct Export<'a> {
    items: Vec<Item<'a>>,
    dataset: &'a Dataset,
    task: &'a Task,
    written: Written,
}

impl Export<'_> {
    /// Lists a change.
    fn changed(&mut self, place: &str, what: impl Into<String>) {
        let change = Problem::new(place, what, Reason::Other);
        self.written.changed.push(change);
    }

    /// The picture of item `i` as it is stored; one that cannot be read, or is none, is listed, and its image left out.
    ///
    /// # Errors
    /// The archive that held it has changed.
    fn picture(&mut self, i: usize) -> Result<Option<Vec<u8>>> {
        let item = &self.items[i];
        // Only what begins like a picture goes into another dataset, whatever a name made of it.
        let bytes = item.image.bytes().and_then(|bytes| {
            require_picture(&bytes, &item.image.place())?;
            Ok(bytes)
        });
        Ok(match bytes {
            Ok(bytes) => {
                self.written.pictures += 1;
                self.written.picture_bytes += bytes.len() as u64;
                Some(bytes)
            }
            Err(error) if error.ends_all() => return Err(error),
            Err(error) => {
                let place = item.image.name.clone();
                self.changed(&place, format!("was left out: {error}"));
                None
            }
        })
    }

    /// Leaves out the items that are not `good`.
    fn keep(&mut self, good: &[bool]) {
        let mut good = good.iter();
        self.items.retain(|_| good.next().is_some_and(|&g| g));
    }

    /// The captions of item `i` for a format of lines: a line break becomes a space, and is listed.
    fn lines(&mut self, i: usize) -> Vec<String> {
        let captions = self.items[i].captions;
        let one_line = |caption: &String| caption.contains(['\n', '\r']);
        if captions.iter().any(one_line) {
            let place = self.items[i].image.name.clone();
            self.changed(
                &place,
                "has a line break in a caption, which this format cannot hold: a space stands for it",
            );
        }
        let joined = |caption: &String| {
            let parts = caption.split(['\n', '\r']).map(str::trim);
            parts
                .filter(|p| !p.is_empty())
                .collect::<Vec<_>>()
                .join(" ")
        };
        captions
            .iter()
            .map(|c| if one_line(c) { joined(c) } else { c.clone() })
            .collect()
    }

    /// The dataset's name as part of a file name.
    fn slug(&self) -> String {
        let plain = |c: char| if c.is_alphanumeric() { c } else { '_' };
        let slug: String = self.dataset.name.chars().map(plain).collect();
        if slug.is_empty() {
            "dataset".into()
        } else {
            slug
        }
    }
}

/// Writes images `selection` of `dataset`, in that order, as a dataset folder with its pictures: `metadata.jsonl`
/// and the pictures beside it. As [`write`].
pub fn folder(dataset: &Dataset, selection: &[usize], out: &Path, task: &Task) -> Result<Written> {
    write(dataset, selection, out, Format::ImageFolder, task)
}

/// Writes images `selection` of `dataset`, in that order and each once, to `out` in `format`.
///
/// Where `out` ends like a file of the format it becomes that one file: captions with the pictures' names as they
/// are, or an archive with the pictures in it. Else it becomes a folder, which must be new or empty and appears
/// whole or not at all, with copies of the pictures' stored bytes; names that clash, or lead out of the folder, are
/// changed, which [`Written::changed`] lists. Pictures that cannot be read are left out and listed.
///
/// # Errors
/// Nothing is selected or left, a row is not in the dataset, the folder holds something, it cannot be written, or
/// cancellation.
pub fn write(
    dataset: &Dataset,
    selection: &[usize],
    out: &Path,
    format: Format,
    task: &Task,
) -> Result<Written> {
    let as_file = format.is_file(out);
    let copied = !as_file || matches!(format, Format::WebDataset | Format::Parquet);
    let mut export = Export {
        items: Vec::with_capacity(selection.len()),
        dataset,
        task,
        written: Written {
            out: out.to_path_buf(),
            format: format.name(),
            images: 0,
            captions: 0,
            pictures: 0,
            picture_bytes: 0,
            changed: Vec::new(),
        },
    };
    let mut names = Names::new(matches!(format, Format::Sidecar | Format::WebDataset));
    let mut seen = vec![false; dataset.images.len()];
    for &i in selection {
        let Some(seen) = seen.get_mut(i) else {
            return Err(Error::request(
                format!("there is no image {i}"),
                format!(
                    "Images are numbered 0 to {}.",
                    dataset.images.len().saturating_sub(1)
                ),
            ));
        };
        if std::mem::replace(seen, true) {
            continue;
        }
        let image = &dataset.images[i];
        let name = if copied {
            names.name(image, format == Format::WebDataset)
        } else {
            if names.is_taken(&image.name) {
                let what = "shares its name with another image: readers take them for one";
                export.changed(&image.name, what);
            }
            image.name.clone()
        };
        if name != image.name {
            export.changed(&image.name, format!("is called {name} there"));
        }
        let captions = &dataset.captions[dataset.captions_of(i)];
        export.items.push(Item {
            image,
            name,
            captions,
        });
    }
    task.begin("Writing the dataset", export.items.len() as u64);
    match format {
        Format::WebDataset if as_file => packed::shard(&mut export, out)?,
        Format::Parquet if as_file => packed::parquet(&mut export, out)?,
        _ if as_file => captions::write(&mut export, format, out)?,
        _ => whole(out, |folder| {
            match format {
                Format::WebDataset => packed::shards(&mut export, folder)?,
                Format::Parquet => {
                    let file = folder.join(format!("{}.parquet", export.slug()));
                    packed::parquet(&mut export, &file)?;
                }
                Format::Sidecar => {
                    captions::copy(&mut export, folder)?;
                    captions::sidecars(&mut export, folder)?;
                }
                other => {
                    captions::copy(&mut export, &folder.join(other.pictures()))?;
                    let file = folder.join(captions::file_name(other, &export.slug()));
                    captions::write(&mut export, other, &file)?;
                }
            }
            Ok(())
        })?,
    }
    export.written.images = export.items.len();
    export.written.captions = export.items.iter().map(|item| item.captions.len()).sum();
    Ok(export.written)
}

/// An error where nothing is left to write.
fn require_items(export: &Export<'_>) -> Result<()> {
    if !export.items.is_empty() {
        return Ok(());
    }
    let why = export.written.changed.first();
    Err(Error::request(
        match why {
            Some(problem) => format!("no image is left: {} {}", problem.place, problem.what),
            None => "no image is selected".into(),
        },
        "Select images whose pictures are there; a caption file such as captions.csv needs none.",
    ))
}

/// Fills a new folder and gives it the name `out` once it is whole.
fn whole(out: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let occupied = std::fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some());
    if occupied || out.symlink_metadata().is_ok_and(|about| !about.is_dir()) {
        return Err(Error::dataset(
            out,
            if occupied {
                "holds files already"
            } else {
                "is no folder"
            },
            "Name a new or an empty folder.",
        ));
    }
    let parent = folder_of(out);
    std::fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
    scratch::sweep(parent);
    let scratch = tempfile::Builder::new()
        .prefix(&scratch::prefix(parent, SCRATCH))
        .tempdir_in(parent)
        .map_err(Error::io("create", parent))?;
    // Made inside, so that it has the permissions of any other new folder.
    let fresh = scratch.path().join("dataset");
    std::fs::create_dir(&fresh).map_err(Error::io("create", &fresh))?;
    fill(&fresh)?;
    step("rename")?;
    if out.is_dir() {
        std::fs::remove_dir(out).map_err(Error::io("replace", out))?;
    }
    std::fs::rename(&fresh, out).map_err(Error::io("create", out))?;
    step("renamed")
}
