//! Ranks, metrics, hard negatives, their structure, and ranking losses of an image-caption retrieval.

pub mod alike;
pub mod compare;
mod compositional;
mod corpus;
mod differing;
mod doubt;
mod evaluate;
pub mod given;
mod metrics;
pub mod mine;
mod near_miss;
mod part;
mod query;
mod read;
pub mod relevance;
pub mod structure;
mod wording;
mod words;

pub use compare::{CompareOptions, Comparison, compare};
pub use compositional::{Category, Compositional, Winoground, compositional};
pub use differing::{Said, differing};
pub use doubt::{Bounds, Doubt, Evidence, MAY_FIT, Reason};
pub use evaluate::{EvalOptions, Evaluation, Report, evaluate};
pub use metrics::{Metrics, histogram, rank_bins, recall, recall_curve};
pub use near_miss::{NearMiss, near_miss};
pub use part::{part, part_by};
pub use query::{Answer, Side, answer};
pub use read::{read_both, read_embeddings, read_matrix, read_side};
pub use relevance::Relevance;
pub use wording::Wording;
pub use words::{STOP_WORDS, is_stop_word, words};

/// Pairs of an image's row and a caption's.
pub type PairSet = std::collections::HashSet<(u32, u32)>;
