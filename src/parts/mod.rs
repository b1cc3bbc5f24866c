//! The work on a set in parts that any engine can run on any number of machines: planned, run task by task, merged.
//!
//! A run is a folder or a place in object storage ([`Store`]). A plan ([`plan`]) cuts a stage into tasks; a task
//! ([`stage`]) writes its files first and then its [`Mark`], which names the plan and the hash of every file, so that a
//! task that was done is known, one that was stopped is done again, and what was damaged is found. Any machine may run any
//! task, twice if need be: the files are the same. [`merge`] adds up what the tasks say. What a merged run says is what
//! one machine says, to the last bit, whatever the cut: see [`crate::compute::Block`].
//!
//! | stage | a task | its files |
//! |---|---|---|
//! | embed | one shard of the dataset: an archive, row groups of Parquet, or some images of what is read as a whole | rows of both sides, the score of each caption with its own image; names, captions and where the pictures lie |
//! | rank | images of one cut against captions of another | counts, hardest and best negatives of both, sum of hinges |
//! | mine | some queries | lines of their negatives; lists of those that need a second round |
//! | attack | some batches of pictures | where each query of a picture stands before and under what was found |

mod coder;
pub mod merge;
pub mod mine;
pub mod plan;
mod report;
mod run;
pub mod stage;
mod state;
pub mod status;
pub mod store;
pub mod view;

pub use coder::RemoteEncoder;
pub use report::{RunReport, SampleNote, account, finish_ranking, write_report};
pub use run::{Failure, FileMark, Mark, Run, Stage, host};
pub use store::Store;
