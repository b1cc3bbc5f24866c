//! Putting together what the tasks of a stage say, by ranges of queries, so that no machine holds everything.

mod attack;
mod check;
mod rank;
mod whole;

pub use attack::{AttackedSet, ShortlistNote, merge_attack};
pub use check::{Broken, check};
pub use rank::{Merged, Range, merge_range, merged};
pub use whole::{ranks_of_images, whole_ranking};

use super::run::Stage;

/// The kind of the marks of a stage's merged ranges.
pub(in crate::parts) fn kind(stage: Stage) -> String {
    format!("{}-merge", stage.name())
}

/// The kind of the mark that a merge of a stage leaves at its end.
pub(in crate::parts) fn end(stage: Stage) -> String {
    match stage {
        Stage::Rank => "rank-report".into(),
        other => kind(other),
    }
}
