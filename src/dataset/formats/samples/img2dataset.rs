//! What img2dataset downloads: numbered shards as folders of files, as tar archives or as Parquet, with their statistics.

use super::{sidecar, webdataset};
use crate::dataset::formats::split::Wanted;
use crate::dataset::formats::split::shards::in_order;
use crate::dataset::formats::tables::parquet_table;
use crate::dataset::{Dataset, Problem, Reason};
use crate::error::{Result, thousands};
use crate::files::{TEXT, file_name, read_all};
use crate::task::Task;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// `00000_stats.json`.
#[derive(Deserialize)]
struct Stats {
    #[serde(default)]
    count: u64,
    #[serde(default)]
    successes: u64,
    #[serde(default)]
    failed_to_download: u64,
    #[serde(default)]
    failed_to_resize: u64,
}

/// What lies in the folder under the numbers of shards.
#[derive(Default)]
struct Shards {
    folders: Vec<PathBuf>,
    archives: Vec<PathBuf>,
    tables: Vec<PathBuf>,
    stats: Vec<PathBuf>,
}

impl Shards {
    fn of(folder: &Path) -> Self {
        let mut shards = Self::default();
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = file_name(&path);
            let end = name.trim_start_matches(|c: char| c.is_ascii_digit());
            // Five digits or more.
            if name.len() < end.len() + 5 {
                continue;
            }
            match end {
                ".tar" => shards.archives.push(path),
                ".parquet" => shards.tables.push(path),
                "_stats.json" => shards.stats.push(path),
                "" if path.is_dir() => shards.folders.push(path),
                _ => {}
            }
        }
        for list in [
            &mut shards.folders,
            &mut shards.archives,
            &mut shards.tables,
            &mut shards.stats,
        ] {
            list.sort_by(|a, b| in_order(&a.to_string_lossy(), &b.to_string_lossy()));
        }
        shards
    }
}

/// Are there shards with their statistics, or with their tables beside archives or folders?
pub(crate) fn fits(folder: &Path) -> bool {
    let shards = Shards::of(folder);
    let content = shards.archives.len() + shards.folders.len();
    if shards.tables.is_empty() {
        !shards.stats.is_empty() && content > 0
    } else {
        !shards.stats.is_empty() || content > 0
    }
}

/// The archives, where that is how they lie, and the dataset without its samples.
pub(crate) fn archives(folder: &Path) -> Option<(Vec<PathBuf>, Dataset)> {
    let shards = Shards::of(folder);
    let about = Dataset {
        format: called(&shards.archives, "archives") + ")",
        problems: failures(&shards.stats).into_iter().collect(),
        ..Dataset::default()
    };
    (!shards.archives.is_empty()).then_some((shards.archives, about))
}

/// What the format is called, its bracket still open.
fn called(files: &[PathBuf], what: &str) -> String {
    match files {
        [one] => format!("img2dataset ({}", file_name(one)),
        many => format!("img2dataset ({} {what}", thousands(many.len() as u64)),
    }
}

/// Reads the folder; images in the order of the shards.
pub(crate) fn open(folder: &Path, wanted: &Wanted, task: &Task) -> Result<Dataset> {
    let shards = Shards::of(folder);
    let mut dataset = if !shards.archives.is_empty() {
        let format = called(&shards.archives, "archives") + ")";
        webdataset::read(folder, &shards.archives, format, wanted, task)?
    } else if shards.folders.is_empty() {
        let format = called(&shards.tables, "Parquet files");
        parquet_table::read(folder, &shards.tables, &format, wanted, task)?
    } else {
        let mut dataset = sidecar::open(folder, wanted, task)?;
        dataset.format = called(&shards.folders, "folders") + ")";
        dataset
    };
    dataset.problems.extend(failures(&shards.stats));
    Ok(dataset)
}

/// How many links gave no picture.
fn failures(stats: &[PathBuf]) -> Option<Problem> {
    let read = |path: &PathBuf| serde_json::from_slice(&read_all(path, TEXT).ok()?).ok();
    let all: Vec<Stats> = stats.iter().filter_map(read).collect();
    let sum = |of: fn(&Stats) -> u64| all.iter().map(of).sum::<u64>();
    let (count, successes) = (sum(|s| s.count), sum(|s| s.successes));
    let (lost, shrunk) = (sum(|s| s.failed_to_download), sum(|s| s.failed_to_resize));
    (successes < count).then(|| {
        let what = format!(
            "{} of {} links gave no picture: {} were not downloaded, {} not resized",
            thousands(count - successes),
            thousands(count),
            thousands(lost),
            thousands(shrunk)
        );
        Problem::new("img2dataset", what, Reason::NoPicture)
    })
}
