//! Places of a list as spans, so that choosing a million of them costs what choosing one does.

use std::ops::Range;

/// A set of places.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spans(
    /// Rising, none empty, none touching the next.
    Vec<Range<usize>>,
);

impl Spans {
    /// Is the place in it?
    pub fn has(&self, at: usize) -> bool {
        let next = self.0.partition_point(|span| span.end <= at);
        self.0.get(next).is_some_and(|span| span.start <= at)
    }

    /// How many places.
    pub fn len(&self) -> usize {
        self.0.iter().map(ExactSizeIterator::len).sum()
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The places, rising.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().cloned().flatten()
    }

    /// Adds all places of `more`.
    pub fn add(&mut self, more: Range<usize>) {
        if more.is_empty() {
            return;
        }
        // Those that overlap it or touch it become one.
        let from = self.0.partition_point(|span| span.end < more.start);
        let to = self.0.partition_point(|span| span.start <= more.end);
        let touched = &self.0[from..to];
        let start = touched
            .first()
            .map_or(more.start, |s| s.start.min(more.start));
        let end = touched.last().map_or(more.end, |s| s.end.max(more.end));
        self.0.splice(from..to, std::iter::once(start..end));
    }

    /// Takes a place away; was it there?
    pub fn remove(&mut self, at: usize) -> bool {
        let n = self.0.partition_point(|span| span.end <= at);
        let Some(span) = self.0.get(n).cloned().filter(|span| span.start <= at) else {
            return false;
        };
        let left = [span.start..at, at + 1..span.end];
        self.0
            .splice(n..=n, left.into_iter().filter(|span| !span.is_empty()));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_holds_what_a_set_of_single_places_holds(
            deeds in proptest::collection::vec((any::<bool>(), 0_usize..30, 0_usize..8), 0..40),
        ) {
            let (mut spans, mut set) = (Spans::default(), BTreeSet::new());
            for (adds, at, long) in deeds {
                if adds {
                    spans.add(at..at + long);
                    set.extend(at..at + long);
                } else {
                    prop_assert_eq!(spans.remove(at), set.remove(&at));
                }
                prop_assert_eq!(spans.iter().collect::<Vec<_>>(), set.iter().copied().collect::<Vec<_>>());
                prop_assert_eq!(spans.len(), set.len());
                prop_assert_eq!(spans.is_empty(), set.is_empty());
                prop_assert!((0..40).all(|at| spans.has(at) == set.contains(&at)));
                prop_assert!(spans.0.windows(2).all(|pair| pair[0].end < pair[1].start));
            }
        }
    }
}
