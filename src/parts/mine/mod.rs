//! Mining hard negatives in parts: from the merged ranking, or from candidates that an index found, a few queries with their
//! candidates at a time.
//!
//! A task walks the lists that the ranking left (`task.rs`), in a corpus that holds its queries and their candidates alone
//! (`local.rs`). Where lists end before enough is found, merging plans a further round (`open.rs`): its tasks search blocks
//! of the set for these queries alone (`search.rs`); merged again, another round walks down the longer lists; and so on until
//! nothing is open. What costs less than one task would is finished by the merge itself (`here.rs`). With a bound on the uses
//! of a negative a task leaves what its queries may take, and the merge grants it over all of them (`uses.rs`).

mod given;
mod here;
mod kept;
mod lines;
mod local;
mod merge;
mod open;
mod outcome;
mod plan;
mod search;
mod standing;
mod task;
mod uses;

pub use merge::{CandidatesNote, FurtherRound, Merging, MinedReport, finish_mining};
pub use plan::{MineTerms, plan_mining};
pub use task::mine;
