//! Decisions about pairs, with undo.

use crate::dataset::{Dataset, Decisions, Verdict};
use crate::retrieval::PairSet;
use crate::source::{DecisionsHome, KeptDecisions};
use std::path::PathBuf;

/// A decision that can be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    /// What the pair is kept under.
    key: (String, String),
    before: Option<Verdict>,
    after: Option<Verdict>,
}

/// What was decided about the pairs of the open dataset.
#[derive(Debug, Clone, Default)]
pub struct Decided {
    /// By names, as the file keeps it.
    pub all: Decisions,
    /// The file that holds them; `None` where none is known yet.
    pub place: Option<PathBuf>,
    /// Where they may be kept.
    home: Option<DecisionsHome>,
    /// What the file was last known to hold.
    base: Decisions,
    /// Was the user told that they are not kept beside the data?
    told: bool,
    /// Found right, by rows.
    pub confirmed: PairSet,
    /// Found wrong, by rows.
    pub rejected: PairSet,
    done: Vec<Change>,
    undone: Vec<Change>,
}

impl Decided {
    /// What is kept about this dataset.
    pub fn new(kept: KeptDecisions, home: DecisionsHome, dataset: &Dataset) -> Self {
        let mut decided = Self {
            base: kept.all.clone(),
            all: kept.all,
            place: Some(kept.place),
            home: Some(home),
            told: kept.elsewhere.is_some(),
            ..Self::default()
        };
        decided.find(dataset);
        decided
    }

    /// What was decided since the file was read or saved last, with the file's places; `None` where there is nothing.
    pub fn unsaved(&self) -> Option<(DecisionsHome, Decisions)> {
        let changes = self.all.changes(&self.base);
        let home = self.home.clone().filter(|_| !changes.is_untouched());
        home.map(|home| (home, changes))
    }

    /// Takes up what a save found in the file, where it is about this dataset: how many decisions of others there were,
    /// and whether it is to be told now that they are not kept beside the data.
    pub fn take_saved(
        &mut self,
        home: &DecisionsHome,
        kept: &KeptDecisions,
        dataset: &Dataset,
    ) -> (usize, bool) {
        if self.home.as_ref() != Some(home) {
            return (0, false);
        }
        let mut all = kept.all.clone();
        // Decided while it was being saved.
        all.join(&self.all.changes(&self.base));
        let taken = all.different(&self.all);
        self.all = all;
        self.base = kept.all.clone();
        self.place = Some(kept.place.clone());
        if taken > 0 {
            // What another decided since is not ours to take back.
            let all = &self.all;
            let stands = |c: &Change, verdict| all.get(&c.key.0, &c.key.1) == verdict;
            self.done.retain(|c| stands(c, c.after));
            self.undone.retain(|c| stands(c, c.before));
            self.find(dataset);
        }
        let tell = kept.elsewhere.is_some() && !self.told;
        self.told |= tell;
        (taken, tell)
    }

    /// Looks up the rows of all decisions.
    pub fn find(&mut self, dataset: &Dataset) {
        self.confirmed = self.all.rows(dataset, Verdict::Right);
        self.rejected = self.all.rows(dataset, Verdict::Wrong);
    }

    /// What was decided about image and caption.
    pub fn verdict(&self, dataset: &Dataset, pair: (u32, u32)) -> Option<Verdict> {
        self.all.of(dataset, pair)
    }

    /// Decides; false where that changes nothing.
    pub fn decide(
        &mut self,
        dataset: &Dataset,
        rows: (u32, u32),
        verdict: Option<Verdict>,
    ) -> bool {
        let change = Change {
            key: Decisions::key(dataset, rows),
            before: self.all.of(dataset, rows),
            after: verdict,
        };
        if change.before == verdict {
            return false;
        }
        self.all.decide(dataset, rows, verdict);
        self.find(dataset);
        self.undone.clear();
        self.done.push(change);
        true
    }

    /// Takes the last decision back; false where there is none.
    pub fn undo(&mut self, dataset: &Dataset) -> bool {
        let Some(change) = self.done.pop() else {
            return false;
        };
        self.apply(dataset, &change.key, change.before);
        self.undone.push(change);
        true
    }

    /// Decides again what was taken back last; false where there is none.
    pub fn redo(&mut self, dataset: &Dataset) -> bool {
        let Some(change) = self.undone.pop() else {
            return false;
        };
        self.apply(dataset, &change.key, change.after);
        self.done.push(change);
        true
    }

    /// Is there a decision to take back?
    pub fn can_undo(&self) -> bool {
        !self.done.is_empty()
    }

    fn apply(&mut self, dataset: &Dataset, key: &(String, String), verdict: Option<Verdict>) {
        self.all.set(&key.0, &key.1, verdict);
        self.find(dataset);
    }
}
