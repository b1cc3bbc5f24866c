//! Features that were computed beforehand, as VSE++ and SCAN have them: `test_ims.npy` and `test_caps.txt`.
//!
//! The features are those of a convolutional network or of regions, not a dual encoder's embeddings: what opens are the
//! captions, grouped by image.

use crate::dataset::formats::builder::DatasetBuilder;
use crate::dataset::formats::names::step;
use crate::dataset::formats::split::Wanted;
use crate::dataset::formats::text::TextFile;
use crate::dataset::npy::NpyRows;
use crate::dataset::runs::equal_runs;
use crate::dataset::{Dataset, Problem, Reason, Split};
use crate::error::{Error, Result};
use crate::files::{file_name, folder_of};
use crate::task::Task;
use std::path::{Path, PathBuf};

/// How the captions' files end.
const CAPTIONS: &str = "_caps.txt";

/// Splits, the one to open first.
const SPLITS: [&str; 5] = ["test", "testall", "dev", "val", "train"];

/// Rows from the first on that are compared, one after the other, to tell how often one is repeated.
const FIRST: usize = 500;

/// Groups of rows all over the file that are compared then.
const COMPARED: usize = 50;

/// `test_caps.txt`.
pub(crate) fn named(name: &str) -> bool {
    name.ends_with(CAPTIONS)
}

/// Captions alone look like any text.
pub(crate) fn begins(_: &str) -> bool {
    false
}

/// Are there captions with their features?
pub(crate) fn fits(folder: &Path) -> bool {
    !splits(folder).is_empty()
}

/// Reads a split, of a folder the test split.
pub(crate) fn open(path: &Path, wanted: &Wanted, task: &Task) -> Result<Dataset> {
    let mut note = String::new();
    let mut others = Vec::new();
    let captions = if path.is_dir() {
        let splits = splits(path);
        let split_of = |file: &PathBuf| {
            let name = file_name(file);
            name.strip_suffix(CAPTIONS).unwrap_or_default().to_owned()
        };
        let wants = wanted.split.as_deref().filter(|split| *split != "all");
        let rank = |file: &&PathBuf| {
            let split = split_of(file);
            let place = SPLITS.iter().position(|s| *s == split);
            // One that is asked for goes first.
            (
                wants.is_some_and(|wants| wants != split),
                place.unwrap_or(SPLITS.len()),
            )
        };
        if splits.len() > 1 {
            note = format!(" of {} splits", splits.len());
        }
        let chosen = splits.iter().min_by_key(rank).cloned();
        let chosen = chosen.unwrap_or_else(|| path.to_path_buf());
        if let Some(wants) = wants.filter(|wants| *wants != split_of(&chosen)) {
            let there: Vec<String> = splits.iter().map(split_of).collect();
            return Err(Error::dataset(
                path,
                format!("has no split {wants}; it has: {}", there.join(", ")),
                "Name one that is there with --split.",
            ));
        }
        others = splits.into_iter().filter(|file| *file != chosen).collect();
        chosen
    } else {
        path.to_path_buf()
    };
    let features = beside(&captions);
    let source = TextFile::open(&captions)?;
    let text = &source.text;
    let count = text.lines().count();
    if !features.is_file() {
        return Err(Error::dataset(
            &captions,
            format!(
                "lacks {} beside it, whose rows say how many captions an image has",
                file_name(&features)
            ),
            "Put both into one folder.",
        ));
    }
    let each = captions_each(&features, count)?;
    task.begin("Reading captions", count as u64);
    let mut builder = DatasetBuilder::new(&captions).reaching(wanted);
    source.note(&mut builder);
    for (row, line) in text.lines().enumerate() {
        step(task, row as u64 + 1)?;
        let (group, _) = builder.stored(&format!("image {}", row / each + 1), None);
        let place = || format!("{}, line {}", file_name(&captions), row + 1);
        builder.caption(group, line, place);
    }
    let format = format!(
        "Precomputed features ({}{note}, {each} captions an image)",
        file_name(&captions)
    );
    let mut dataset = builder.finish(format)?;
    dataset.problems.insert(
        0,
        Problem::new(
            file_name(&features),
            "holds features of a network, not embeddings of an encoder: they are not used",
            Reason::NotUsed,
        ),
    );
    let name = file_name(&captions);
    let split = name.strip_suffix(CAPTIONS).unwrap_or(&name).to_owned();
    for other in others {
        let what = "holds another split, and was not read";
        let origin = &mut dataset.origin;
        origin.note(Reason::OtherSplit, what, file_name(&other));
    }
    dataset.origin.split = Some(Split {
        all: vec![(split.clone(), dataset.origin.found.images)],
        by: "the file name".into(),
        name: split,
    });
    Ok(dataset)
}

/// The files of captions that have their features beside them.
fn splits(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = files
        .map(|entry| entry.path())
        .filter(|path| named(&file_name(path)) && beside(path).is_file())
        .collect();
    found.sort();
    found
}

/// The features of a file of captions.
fn beside(captions: &Path) -> PathBuf {
    let name = file_name(captions);
    let split = name.strip_suffix(CAPTIONS).unwrap_or(&name);
    folder_of(captions).join(format!("{split}_ims.npy"))
}

/// Captions of each image: rows are images, or images repeated for each caption.
fn captions_each(features: &Path, captions: usize) -> Result<usize> {
    let rows = NpyRows::open(features)?;
    let images = rows.count();
    if images == 0 || captions == 0 || !captions.is_multiple_of(images) {
        return Err(Error::dataset(
            features,
            format!("has {images} rows, which {captions} captions do not divide into"),
            "Give the captions of these features: as many for each row.",
        ));
    }
    if images < captions {
        return Ok(captions / images);
    }
    let looked = images.min(FIRST);
    let same = |row: usize| Ok(rows.row(row)? == rows.row(row - 1)?);
    let run = equal_runs(looked, looked == images, same)?;
    let fits = images.is_multiple_of(run);
    let groups = if fits { images / run } else { 0 };
    for group in (0..groups).step_by(groups.div_ceil(COMPARED).max(1)) {
        if rows.row(group * run)? != rows.row(group * run + run - 1)? {
            return Ok(1);
        }
    }
    Ok(if fits { run } else { 1 })
}
