//! Runs in the data folder: by the embeddings that they were trained on.

use super::state::Kept;
use super::{Event, Learning, Slot};
use crate::desktop::core::Derived;
use crate::desktop::feature::{Desk, Feature};
use crate::error::{Error, Result};
use crate::files::shown;
use crate::learn::{Run, Setup, mark, rate};
use crate::paths::data_dir;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

impl Learning {
    /// Reads the runs that were kept for these embeddings, once, while the laboratory is shown.
    pub(super) fn load(&mut self, desk: &mut Desk<'_, Self>) {
        let now = desk.session.now();
        let is_seen = desk.session.tab == Self::TAB;
        if !is_seen || self.state.asked.get(now).is_some() {
            return;
        }
        let Some(embedded) = desk.session.embedded().cloned() else {
            return;
        };
        self.state.asked = Derived::new(desk.basis(Slot::Load), ());
        desk.start(Slot::Load, "Reading kept runs", move |task| {
            let mark = mark(&embedded);
            let folder = home(&mark)?;
            let mut kept: Vec<Kept> = Vec::new();
            let mut problems = Vec::new();
            for path in runs_in(&folder) {
                task.check()?;
                match Run::open(&path) {
                    Ok(run) if !run.fits(&mark, &embedded) => {
                        problems.push(format!("{} is of other embeddings.", shown(&path)));
                    }
                    Ok(mut run) => {
                        // One split is kept once.
                        let same = kept.iter().find(|kept| kept.run.split == run.split);
                        if let Some(same) = same {
                            run.split = same.run.split.clone();
                        }
                        kept.push(Kept {
                            id: stem(&path),
                            run: Arc::new(run),
                        });
                    }
                    Err(error) => problems.push(error.to_string()),
                }
            }
            Ok(Event::Loaded(kept, problems))
        });
    }

    /// Takes runs away, from the folder too.
    pub(super) fn delete(&mut self, desk: &mut Desk<'_, Self>, ids: &[String]) {
        let now = desk.session.now();
        let marks = ids.iter().filter_map(|id| {
            let kept = self.state.run(now, id)?;
            Some((kept.run.mark.clone(), id.clone()))
        });
        let marks: Vec<(String, String)> = marks.collect();
        self.state.remove(ids, now);
        desk.start(Slot::Forget, "Taking runs away", move |_| {
            for (mark, id) in marks {
                let folder = home(&mark)?;
                for ending in ["json", "safetensors"] {
                    let path = folder.join(format!("{id}.{ending}"));
                    if path.exists() {
                        std::fs::remove_file(&path).map_err(Error::io("take away", &path))?;
                    }
                }
            }
            Ok(Event::Forgotten)
        });
    }
}

/// The folder of the runs on these embeddings.
pub fn home(mark: &str) -> Result<PathBuf> {
    Ok(data_dir()?.join("learning").join(mark))
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

/// What a new run is called: by time, so that names in order are runs in order.
pub fn name(setup: &Setup) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let count = NEXT.fetch_add(1, Ordering::Relaxed);
    format!(
        "{:010}-{count:04}-{}-{}-{}-seed{}",
        crate::task::now(),
        setup.loss.name(),
        setup.policy.name(),
        rate(setup.optimizer.rate),
        setup.seed
    )
}

/// What the encoder of a run is called: as no other's.
pub fn short(run: &Run, id: &str) -> String {
    let setup = &run.setup;
    let unique: Vec<&str> = id.splitn(3, '-').take(2).collect();
    format!(
        "{}-{}-{}-seed{}-{}",
        setup.loss.name(),
        setup.policy.name(),
        rate(setup.optimizer.rate),
        setup.seed,
        unique.join("-")
    )
}
