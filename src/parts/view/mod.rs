//! Looking at a run that was merged: its figures, where its hard negatives lie, names, captions and pictures of single
//! images. Only files are read, and no more of them than is asked for: never the rows.
//!
//! What is told is of this run as it is planned now: what a merge of another plan left, and figures that are not those of
//! the merged ranges, are refused with the reason.

mod figures;
mod finished;
mod look;
mod names;
mod pictures;
mod survey;

pub use figures::figures;
pub use finished::{Finished, Negative, RangeOfQueries};
pub use look::{Look, is_url, look};
pub use names::{Named, Names};
pub use pictures::Pictures;
pub use survey::{Extent, Hub, MOST_QUERIES, SMALLEST, SideSurvey, Survey, survey};
