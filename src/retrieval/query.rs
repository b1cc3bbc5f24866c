//! One query against the other side.

use crate::compute::{Embeddings, Engine, Hit};
use crate::error::Result;
use crate::task::Task;
use serde::{Deserialize, Serialize};

/// Which side a query is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// An image looks for captions (I->T).
    #[default]
    Image,
    /// A caption looks for images (T->I).
    Text,
}

impl Side {
    /// The other side.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Image => Self::Text,
            Self::Text => Self::Image,
        }
    }
}

/// The ranked other side of one query.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// The best candidates, best first.
    pub hits: Vec<Hit>,
    /// Candidates in all.
    pub candidates: usize,
}

/// Ranks `candidates` for the single row `query`, keeping the `k` best.
///
/// # Errors
/// Embeddings of different lengths, a lost device, or cancellation.
pub fn answer(
    engine: &dyn Engine,
    query: &Embeddings,
    candidates: &Embeddings,
    k: usize,
    task: &Task,
) -> Result<Answer> {
    let top = engine.top_k(query, candidates, k, task)?;
    Ok(Answer {
        hits: top.hits,
        candidates: candidates.rows(),
    })
}
