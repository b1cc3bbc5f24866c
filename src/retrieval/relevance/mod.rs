//! Relevance beyond the pairs: for each query a set of right candidates, many-to-many.

mod annotated;
mod confirmed;
mod metrics;

pub use annotated::{Annotated, AnnotatedReport, Correlation};
pub use confirmed::{Confirmed, confirmed, ranks_with};
pub use metrics::{RelevanceMetrics, RelevanceReport, relevance_metrics};

use super::Side;
use crate::compute::Groups;
use std::collections::BTreeMap;

/// The queries of one direction that were judged, each with its right candidates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judged {
    queries: Vec<u32>,
    offsets: Vec<usize>,
    right: Vec<u32>,
}

impl Judged {
    /// From the right candidates of each query, in any order, repeated or not. A query without any is left out.
    pub fn new(sets: BTreeMap<u32, Vec<u32>>) -> Self {
        let mut judged = Self {
            offsets: vec![0],
            ..Self::default()
        };
        for (query, mut right) in sets {
            right.sort_unstable();
            right.dedup();
            if !right.is_empty() {
                judged.queries.push(query);
                judged.right.extend(right);
                judged.offsets.push(judged.right.len());
            }
        }
        judged
    }

    /// Rows of the judged queries, rising.
    pub fn queries(&self) -> &[u32] {
        &self.queries
    }

    /// The right candidates of the `n`-th judged query, rising and distinct.
    pub fn right(&self, n: usize) -> &[u32] {
        &self.right[self.offsets[n]..self.offsets[n + 1]]
    }

    /// The right candidates of the query in row `query`; none where it was not judged.
    pub fn of(&self, query: u32) -> &[u32] {
        self.queries
            .binary_search(&query)
            .map_or(&[], |n| self.right(n))
    }

    /// Judged pairs in all.
    pub fn pairs(&self) -> usize {
        self.right.len()
    }
}

/// Which candidates are right, for the queries of both directions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Relevance {
    /// Queries are images, candidates captions.
    pub i2t: Judged,
    /// Queries are captions, candidates images.
    pub t2i: Judged,
}

impl Relevance {
    /// The dataset's own pairs and `extra` ones, each an image and a caption that is right for it after all.
    pub fn with_pairs(groups: &Groups, extra: &[(u32, u32)]) -> Self {
        let own =
            (0..groups.images()).flat_map(|i| groups.range(i).map(move |j| (i as u32, j as u32)));
        Self::from_pairs(own.chain(extra.iter().copied()))
    }

    /// From pairs of an image and a caption alone: each makes the one right for the other.
    pub fn from_pairs(pairs: impl Iterator<Item = (u32, u32)>) -> Self {
        let (mut i2t, mut t2i) = (
            BTreeMap::<u32, Vec<u32>>::new(),
            BTreeMap::<u32, Vec<u32>>::new(),
        );
        for (image, caption) in pairs {
            i2t.entry(image).or_default().push(caption);
            t2i.entry(caption).or_default().push(image);
        }
        Self {
            i2t: Judged::new(i2t),
            t2i: Judged::new(t2i),
        }
    }

    /// The direction of one side's queries.
    pub fn direction(&self, side: Side) -> &Judged {
        match side {
            Side::Image => &self.i2t,
            Side::Text => &self.t2i,
        }
    }
}
