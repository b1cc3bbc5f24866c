//! Mining hard negatives in parts: from the merged ranking, a few queries with their candidates at a time.
//!
//! A task walks the lists that the ranking left, in a corpus that holds its queries and their candidates alone
//! (`local.rs`). Queries whose filters pass too few wait for a second round (`further.rs`), which searches the whole set
//! for them and is done when everything is merged (`merge.rs`).

mod further;
mod local;
mod merge;
mod pick;
mod plan;
mod standing;
mod task;
mod whole;

pub use merge::{MinedReport, finish_mining};
pub use plan::{MineTerms, plan_mining};
pub use task::mine;
