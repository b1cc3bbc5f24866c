//! What is asked of a query, and what comes of it.

use crate::compute::Hit;
use crate::retrieval::mine::{List, Unit};

/// A query with what is known of its candidates, by their numbers in all.
pub(super) enum Asked {
    /// The negatives that a search of the whole set kept, in true units.
    Hits(u32, Vec<Hit>),
    /// Candidates that were given.
    Given(u32, Vec<u32>),
    /// Further down: a unit and its list. Scores are exact.
    Unit(Waiting),
}

/// A unit of which a longer list, or a longer walk down its list, may find more.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub unit: Unit,
    pub list: List,
    /// Must the list be longer?
    pub short: bool,
}

impl Asked {
    /// The query's number.
    pub fn query(&self) -> u32 {
        match self {
            Self::Hits(query, _) | Self::Given(query, _) => *query,
            Self::Unit(waiting) => waiting.unit.query,
        }
    }

    /// The numbers of its candidates.
    pub fn candidates(&self) -> Vec<u32> {
        let hits = match self {
            Self::Given(_, candidates) => return candidates.clone(),
            Self::Hits(_, hits) => hits,
            Self::Unit(waiting) => &waiting.list.hits,
        };
        let known = hits.iter().map(|hit| hit.index);
        known.filter(|&n| n != u32::MAX).collect()
    }
}

/// What became of a unit.
#[derive(Debug, Clone, Default)]
pub(super) struct Became {
    /// Its lines: of what it takes; with a bound on the uses of a negative, of what it may take.
    pub lines: Vec<u8>,
    /// What waits of it.
    pub waits: Option<Waiting>,
    /// With such a bound: what it may take, in order of preference.
    pub claims: Vec<Claim>,
}

/// A negative that a unit may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claim {
    /// What units and candidates prefer by, the smaller the better.
    pub key: u64,
    /// Its place among the unit's lines.
    pub place: u32,
    /// Its number in all.
    pub candidate: u32,
}

/// A measure as a whole number that is ordered as it is.
pub(super) fn key(measure: f64) -> u64 {
    let bits = measure.to_bits();
    bits ^ if bits >> 63 == 1 { u64::MAX } else { 1 << 63 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_ordered_as_measures_are() {
        let measures = [
            f64::NEG_INFINITY,
            -2.5,
            -1e-300,
            -0.0,
            0.0,
            1e-300,
            0.1,
            7e9,
        ];
        let keys = measures.map(key);
        assert!(keys.is_sorted() && measures.is_sorted_by(|a, b| a.total_cmp(b).is_lt()));
        assert!(keys.windows(2).all(|k| k[0] < k[1]));
    }
}
