//! Decisions on their way into their files. What could not be saved stays here and is tried again with the next save,
//! whatever is open then.

use crate::dataset::Decisions;
use crate::desktop::core::{DecisionsHome, KeptDecisions};
use crate::error::Error;
use crate::task::{Task, lock};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;

/// Changes that are not saved yet, by the file beside their dataset.
#[derive(Default)]
pub struct Outbox {
    waiting: Mutex<BTreeMap<PathBuf, (DecisionsHome, Decisions)>>,
    /// Held by who saves.
    writing: Mutex<()>,
}

/// What a save did.
pub struct SavedDecisions {
    /// Where, and what is there now.
    pub saved: Vec<(DecisionsHome, KeptDecisions)>,
    /// What went wrong.
    pub failed: Vec<Error>,
}

impl Outbox {
    /// Adds what is to be saved.
    pub fn put(&self, home: DecisionsHome, changes: &Decisions) {
        let mut waiting = lock(&self.waiting);
        let place = home.beside().to_path_buf();
        let entry = waiting.entry(place);
        entry
            .or_insert((home, Decisions::default()))
            .1
            .join(changes);
    }

    /// Is there nothing to save?
    pub fn is_empty(&self) -> bool {
        lock(&self.waiting).is_empty()
    }

    /// Saves all that waits; what fails waits on. A save that is outdated leaves the rest to the newer one.
    pub fn save(&self, task: &Task) -> SavedDecisions {
        let _one = lock(&self.writing);
        let mut done = SavedDecisions {
            saved: Vec::new(),
            failed: Vec::new(),
        };
        let mut failed = Vec::new();
        while !task.is_cancelled() {
            let Some((_, (home, changes))) = lock(&self.waiting).pop_first() else {
                break;
            };
            match home.save(&changes) {
                Ok(kept) => done.saved.push((home, kept)),
                Err(error) => {
                    done.failed.push(error);
                    failed.push((home, changes));
                }
            }
        }
        for (home, changes) in failed {
            self.put(home, &changes);
        }
        done
    }
}
