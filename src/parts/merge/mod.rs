//! Putting together what the tasks of a stage say, by ranges of queries, so that no machine holds everything.

mod check;
mod rank;

pub use check::{Broken, check};
pub use rank::{Merged, Range, merge_range, merged};

use super::run::{Run, Stage};

/// The kind of the marks of a stage's merged ranges.
pub(in crate::parts) fn kind(stage: Stage) -> String {
    format!("{}-merge", stage.name())
}

/// Nothing of a run is left of an earlier merge of `stage`, so that it is merged again.
///
/// # Errors
/// A mark cannot be deleted.
pub fn forget(run: &Run, stage: Stage, merges: usize) -> crate::error::Result<()> {
    (0..merges).try_for_each(|merge| run.unmark(&kind(stage), merge))
}
