//! Captions by the number of their words.

use crate::dataset::Dataset;
use crate::error::Result;
use crate::retrieval::words::words;
use crate::task::Task;

/// Four bins by length, as equal as whole lengths allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bins {
    first: usize,
    /// The last length of each bin, rising.
    ends: Vec<usize>,
}

impl Bins {
    /// Of these lengths; no bins of none.
    pub fn of(lengths: &[usize]) -> Self {
        let mut sorted = lengths.to_vec();
        sorted.sort_unstable();
        let Some(&longest) = sorted.last() else {
            return Self {
                first: 0,
                ends: Vec::new(),
            };
        };
        let mut ends: Vec<usize> = (1..4)
            .map(|q| sorted[(q * sorted.len() / 4).saturating_sub(1)])
            .collect();
        ends.push(longest);
        ends.dedup();
        Self {
            first: sorted[0],
            ends,
        }
    }

    /// How many they are.
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// The bin of a length that they were made of.
    pub fn at(&self, length: usize) -> usize {
        self.ends.partition_point(|&end| end < length)
    }

    /// "7 to 9 words".
    pub fn name(&self, at: usize) -> String {
        let first = match at.checked_sub(1) {
            None => self.first,
            Some(before) => self.ends[before] + 1,
        };
        let end = self.ends[at];
        if first >= end {
            format!("{end} word{}", if end == 1 { "" } else { "s" })
        } else {
            format!("{first} to {end} words")
        }
    }
}

/// Words of each caption.
///
/// # Errors
/// Cancellation.
pub fn lengths(dataset: &Dataset, task: &Task) -> Result<Vec<usize>> {
    let mut lengths = Vec::with_capacity(dataset.captions.len());
    for (at, caption) in dataset.captions.iter().enumerate() {
        if at % 1024 == 0 {
            task.check()?;
        }
        lengths.push(words(caption).len());
    }
    Ok(lengths)
}
