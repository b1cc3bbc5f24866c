//! Runs that are kept: read, taken away, named.

use super::{Event, Learning, Slot};
use crate::desktop::core::{Derived, home_of_runs, kept_runs};
use crate::desktop::feature::{Desk, Feature};
use crate::error::Error;
use crate::learn::{Run, Setup, rate};
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
            let (kept, problems) = kept_runs(&embedded, task)?;
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
                let folder = home_of_runs(&mark)?;
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
