//! Putting together what the tasks of a stage say, by ranges of queries, so that no machine holds everything.

mod attack;
mod check;
mod rank;
mod whole;

pub use attack::{AttackedSet, merge_attack};
pub use check::{Broken, check};
pub use rank::{Merged, Range, merge_range, merged};
pub use whole::whole_ranking;

use super::run::{Run, Stage};

/// The kind of the marks of a stage's merged ranges.
pub(super) fn kind(stage: Stage) -> String {
    format!("{}-merge", stage.name())
}

/// Nothing of a run is left of an earlier merge of `stage`, so that it is merged again.
///
/// # Errors
/// A mark cannot be deleted.
pub fn forget(run: &Run, stage: Stage, merges: usize) -> crate::error::Result<()> {
    (0..merges).try_for_each(|merge| run.unmark(&kind(stage), merge))
}
