//! Decisions about pairs, with undo.

use crate::dataset::{Dataset, Decisions, Verdict};
use crate::retrieval::Pairs;
use std::path::PathBuf;

/// A decision that can be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    image: String,
    caption: String,
    before: Option<Verdict>,
    after: Option<Verdict>,
}

/// What was decided about the pairs of the open dataset.
#[derive(Debug, Clone, Default)]
pub struct Decided {
    /// By names, as the file keeps it.
    pub all: Decisions,
    /// Where the file lies; `None` where there is no place beside the data.
    pub place: Option<PathBuf>,
    /// Found right, by rows.
    pub confirmed: Pairs,
    /// Found wrong, by rows.
    pub rejected: Pairs,
    done: Vec<Change>,
    undone: Vec<Change>,
}

impl Decided {
    /// What the file of this dataset holds.
    pub fn new(all: Decisions, place: Option<PathBuf>, dataset: &Dataset) -> Self {
        let mut decided = Self {
            all,
            place,
            ..Self::default()
        };
        decided.find(dataset);
        decided
    }

    /// Looks up the rows of all decisions.
    pub fn find(&mut self, dataset: &Dataset) {
        self.confirmed = self.all.rows(dataset, Verdict::Right);
        self.rejected = self.all.rows(dataset, Verdict::Wrong);
    }

    /// What was decided about image and caption.
    pub fn verdict(&self, dataset: &Dataset, (image, caption): (u32, u32)) -> Option<Verdict> {
        self.all.get(
            &dataset.images[image as usize].name,
            &dataset.captions[caption as usize],
        )
    }

    /// Decides; false where that changes nothing.
    pub fn decide(
        &mut self,
        dataset: &Dataset,
        (image, caption): (u32, u32),
        verdict: Option<Verdict>,
    ) -> bool {
        let mut change = Change {
            image: dataset.images[image as usize].name.clone(),
            caption: dataset.captions[caption as usize].clone(),
            before: None,
            after: verdict,
        };
        change.before = self.all.get(&change.image, &change.caption);
        if change.before == verdict {
            return false;
        }
        self.apply(dataset, &change.image, &change.caption, verdict);
        self.undone.clear();
        self.done.push(change);
        true
    }

    /// Takes the last decision back; false where there is none.
    pub fn undo(&mut self, dataset: &Dataset) -> bool {
        let Some(change) = self.done.pop() else {
            return false;
        };
        self.apply(dataset, &change.image, &change.caption, change.before);
        self.undone.push(change);
        true
    }

    /// Decides again what was taken back last; false where there is none.
    pub fn redo(&mut self, dataset: &Dataset) -> bool {
        let Some(change) = self.undone.pop() else {
            return false;
        };
        self.apply(dataset, &change.image, &change.caption, change.after);
        self.done.push(change);
        true
    }

    /// Is there a decision to take back?
    pub fn can_undo(&self) -> bool {
        !self.done.is_empty()
    }

    fn apply(&mut self, dataset: &Dataset, image: &str, caption: &str, verdict: Option<Verdict>) {
        self.all.set(image, caption, verdict);
        self.find(dataset);
    }
}
