//! Decisions about pairs.

use crate::dataset::{Dataset, Decisions, Verdict};
use crate::desktop::core::Decision;
use crate::retrieval::PairSet;
use crate::source::{DecisionsHome, KeptDecisions};
use std::path::PathBuf;

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

    /// Decides; `None` where that changes nothing.
    pub fn decide(
        &mut self,
        dataset: &Dataset,
        rows: (u32, u32),
        verdict: Option<Verdict>,
    ) -> Option<Decision> {
        let decision = Decision {
            key: Decisions::key(dataset, rows),
            before: self.all.of(dataset, rows),
            after: verdict,
        };
        if decision.before == verdict {
            return None;
        }
        self.all.decide(dataset, rows, verdict);
        self.follow(dataset, &decision.key);
        Some(decision)
    }

    /// Decides again what was taken back, or takes it back: from one verdict to another. False where the first does not
    /// stand any more, since others decided otherwise.
    pub fn change(
        &mut self,
        dataset: &Dataset,
        key: &(String, String),
        [from, to]: [Option<Verdict>; 2],
    ) -> bool {
        if self.all.get(&key.0, &key.1) != from {
            return false;
        }
        self.all.set(&key.0, &key.1, to);
        self.follow(dataset, key);
        true
    }

    /// Looks up the rows of one decision that changed.
    fn follow(&mut self, dataset: &Dataset, key: &(String, String)) {
        for pair in Decisions::rows_of(dataset, key) {
            self.confirmed.remove(&pair);
            self.rejected.remove(&pair);
            match self.all.of(dataset, pair) {
                Some(Verdict::Right) => self.confirmed.insert(pair),
                Some(Verdict::Wrong) => self.rejected.insert(pair),
                None => false,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Image;
    use proptest::prelude::*;

    /// Six images with three captions each, of few texts and names: many rows have the same.
    fn dataset() -> Dataset {
        let groups = (0..6).map(|i| {
            let image = Image::unseen(format!("{}.png", i % 4));
            let texts = (0..3).map(|c| format!("text {}", (i + 2 * c) % 5));
            (image, texts.collect())
        });
        Dataset::from_groups("t", "t", groups.collect(), Vec::new())
    }

    proptest! {
        #[test]
        fn one_change_leaves_what_a_search_for_all_finds(
            deeds in proptest::collection::vec((0_u32..6, 0_u32..18, 0_usize..3), 1..20),
        ) {
            let dataset = dataset();
            let mut decided = Decided::default();
            for (image, caption, verdict) in deeds {
                let verdict = [None, Some(Verdict::Right), Some(Verdict::Wrong)][verdict];
                let deed = decided.decide(&dataset, (image, caption), verdict);
                let mut anew = decided.clone();
                anew.find(&dataset);
                prop_assert_eq!(&decided.confirmed, &anew.confirmed);
                prop_assert_eq!(&decided.rejected, &anew.rejected);
                // Taken back, all is as before.
                if let Some(deed) = deed {
                    let mut back = decided.clone();
                    prop_assert!(back.change(&dataset, &deed.key, [deed.after, deed.before]));
                    anew.change(&dataset, &deed.key, [deed.after, deed.before]);
                    anew.find(&dataset);
                    prop_assert_eq!(&back.confirmed, &anew.confirmed);
                    prop_assert_eq!(&back.rejected, &anew.rejected);
                }
            }
        }
    }
}
