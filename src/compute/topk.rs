//! The best candidates of a query, kept while the scores stream by.

use bytemuck::{Pod, Zeroable};

/// A candidate and its score. The layout is the shaders' `Hit`.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable, serde::Serialize)]
#[repr(C)]
pub struct Hit {
    /// Cosine in [-1, 1], or dot product; negative infinity where there is no candidate.
    pub score: f32,
    /// Row of the candidate; `u32::MAX` where there is none.
    pub index: u32,
}

impl Hit {
    /// No candidate yet.
    pub const NONE: Self = Self {
        score: f32::NEG_INFINITY,
        index: u32::MAX,
    };

    /// The order in which hits are listed: higher scores first, equal ones by index.
    pub fn order(&self, other: &Self) -> std::cmp::Ordering {
        other
            .score
            .total_cmp(&self.score)
            .then_with(|| self.index.cmp(&other.index))
    }

    /// Does `self` come before `other`: a higher score, or the same and a lower index?
    pub fn beats(self, other: Self) -> bool {
        self.score > other.score || (self.score == other.score && self.index < other.index)
    }
}

impl Default for Hit {
    fn default() -> Self {
        Self::NONE
    }
}

/// The `k` best candidates of each query, best first, ties by index; shape `[queries, k]`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TopK {
    /// Candidates kept per query.
    pub k: usize,
    /// Row-major hits.
    pub hits: Vec<Hit>,
}

impl TopK {
    /// Nothing seen yet.
    pub fn empty(queries: usize, k: usize) -> Self {
        Self {
            k,
            hits: vec![Hit::NONE; queries * k],
        }
    }

    /// The hits of query `q`.
    pub fn row(&self, q: usize) -> &[Hit] {
        &self.hits[q * self.k..(q + 1) * self.k]
    }

    /// The hits of query `q`, to insert into.
    pub fn row_mut(&mut self, q: usize) -> &mut [Hit] {
        &mut self.hits[q * self.k..(q + 1) * self.k]
    }

    /// Every score times `factor`, above 0.
    pub(super) fn scale(&mut self, factor: f32) {
        self.hits.iter_mut().for_each(|hit| hit.score *= factor);
    }

    /// Inserts `hit` into the list of query `q`; false if it is not good enough.
    pub fn offer(&mut self, q: usize, hit: Hit) -> bool {
        self.k > 0 && insert(self.row_mut(q), hit)
    }

    /// Inserts every hit of `other`, which saw other candidates for the same queries.
    pub fn merge(&mut self, other: &Self) {
        if self.k == 0 {
            return;
        }
        for (mine, theirs) in self
            .hits
            .chunks_exact_mut(self.k)
            .zip(other.hits.chunks_exact(self.k))
        {
            for &hit in theirs {
                if !insert(mine, hit) {
                    break;
                }
            }
        }
    }
}

/// Inserts `hit` into a sorted list, dropping its last; false if it is not good enough, or scores negative infinity:
/// such a candidate is left out.
pub fn insert(list: &mut [Hit], hit: Hit) -> bool {
    let last = list.len() - 1;
    if hit.score == f32::NEG_INFINITY || !hit.beats(list[last]) {
        return false;
    }
    let at = list.partition_point(|&kept| kept.beats(hit));
    list.copy_within(at..last, at + 1);
    list[at] = hit;
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_best_with_ties_by_index() {
        let mut list = vec![Hit::NONE; 3];
        for (score, index) in [(0.5, 4), (0.9, 7), (0.5, 2), (0.1, 0), (0.9, 8)] {
            insert(&mut list, Hit { score, index });
        }
        assert_eq!(list.iter().map(|h| h.index).collect::<Vec<_>>(), [7, 8, 2]);
    }
}
