//! Ranks, metrics, hard negatives and ranking losses of an image-caption retrieval.

pub mod compare;
mod evaluate;
mod metrics;
mod query;
mod read;
pub mod relevance;

pub use compare::{CompareOptions, Comparison, compare};
pub use evaluate::{EvalOptions, Evaluation, Report, evaluate};
pub use metrics::{Metrics, histogram, rank_bins};
pub use query::{Answer, Side, answer};
pub use read::read_embeddings;
pub use relevance::Relevance;
