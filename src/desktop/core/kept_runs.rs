//! Runs of the learning laboratory in the data folder: by the embeddings that they were trained on.

use super::Embedded;
use crate::error::Result;
use crate::files::shown;
use crate::learn::{Run, mark};
use crate::paths::data_dir;
use crate::task::Task;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A run, and what it is called in its folder.
#[derive(Debug, Clone)]
pub struct KeptRun {
    /// Its name, which no other run has.
    pub id: String,
    /// The run.
    pub run: Arc<Run>,
}

/// The folder of the runs on embeddings of this mark.
///
/// # Errors
/// There is no data folder.
pub fn home_of_runs(mark: &str) -> Result<PathBuf> {
    Ok(data_dir()?.join("learning").join(mark))
}

/// Reads the runs that were kept for `embedded`, the oldest first, and says in words what could not be read.
///
/// # Errors
/// There is no data folder; cancellation.
pub fn kept_runs(embedded: &Embedded, task: &Task) -> Result<(Vec<KeptRun>, Vec<String>)> {
    let mark = mark(embedded);
    let folder = home_of_runs(&mark)?;
    let mut kept: Vec<KeptRun> = Vec::new();
    let mut problems = Vec::new();
    for path in runs_in(&folder) {
        task.check()?;
        match Run::open(&path) {
            Ok(run) if !run.fits(&mark, embedded) => {
                problems.push(format!("{} is of other embeddings.", shown(&path)));
            }
            Ok(mut run) => {
                // One split is kept once.
                let same = kept.iter().find(|kept| kept.run.split == run.split);
                if let Some(same) = same {
                    run.split = same.run.split.clone();
                }
                kept.push(KeptRun {
                    id: stem(&path),
                    run: Arc::new(run),
                });
            }
            Err(error) => problems.push(error.to_string()),
        }
    }
    Ok((kept, problems))
}

/// The runs in `folder`, the oldest first; none where there is no such folder.
fn runs_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.flatten().map(|entry| entry.path());
    let mut paths: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .collect();
    paths.sort();
    paths
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}
