//! What gradient clustering says of the pairs to train on (arXiv 2007.04532, chapter 3 of the thesis): which pull the same
//! way, what a step loses or gains in variance by each way to group, and what a share of the pairs would cost.
//!
//! [`survey`] makes a [`Survey`] of some [`Ground`](super::Ground) under linear heads: an [`AtCount`] for each number of
//! groups. [`Answer`] is the same in plain figures, [`words`] in sentences, [`files`] on disk.

mod answer;
mod asked;
pub mod files;
mod found;
mod kept;
mod make;
mod way;
pub mod words;

pub use answer::Answer;
pub use asked::Asked;
pub use found::{AtCount, Grouped, Survey};
pub use kept::{KeepPoint, KeptPair, curve, kept_pairs};
pub use make::survey;
pub use way::Way;
