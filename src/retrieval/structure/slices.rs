//! Recall by slice: the queries with a word, of a length, from a folder.

use super::concepts::Concepts;
use super::lengths::{Bins, lengths};
use crate::compute::Direction;
use crate::dataset::Dataset;
use crate::error::Result;
use crate::retrieval::Side;
use crate::task::Task;

/// Queries that a slice needs for its figures to say much.
pub const MANY: usize = 30;
/// Slices by word, at most: the most frequent words.
const WORDS: usize = 2000;
/// The normal distribution's 97.5 % point.
const Z: f64 = 1.959_963_984_540_054;

/// What the queries of a slice share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SliceKind {
    /// A word of the caption; of any caption of the image.
    Word,
    /// The number of words of the caption; the mean over the captions of the image.
    Length,
    /// The folder in the image's name.
    Folder,
}

/// Recall of some of the queries.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice {
    /// What they share.
    pub kind: SliceKind,
    /// Its value, in words.
    pub name: String,
    /// How many they are.
    pub count: usize,
    /// R@1, R@5 and R@10, in per cent.
    pub recall: [f64; 3],
    /// Wilson's 95 % interval of R@1, in per cent.
    pub interval: [f64; 2],
    /// R@1 less that of all queries, in percentage points.
    pub difference: f64,
}

impl Slice {
    /// Does the interval leave out the R@1 of all queries?
    pub fn stands_out(&self) -> bool {
        let whole = self.recall[0] - self.difference;
        whole < self.interval[0] || whole > self.interval[1]
    }
}

/// Are `count` queries too few for their figures to say much?
pub fn few(count: usize) -> bool {
    count < MANY
}

/// Wilson's score interval at 95 % for `hits` of `count` (Wilson 1927), as shares; `[0, 1]` for none.
pub fn wilson(hits: usize, count: usize) -> [f64; 2] {
    if count == 0 {
        return [0.0, 1.0];
    }
    let (n, share) = (count as f64, hits as f64 / count as f64);
    let shrink = 1.0 + Z * Z / n;
    let centre = (share + Z * Z / (2.0 * n)) / shrink;
    let half = Z / shrink * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    // At 0 and all hits the ends are exact; rounding must not move them.
    [
        if hits == 0 {
            0.0
        } else {
            (centre - half).max(0.0)
        },
        if hits == count {
            1.0
        } else {
            (centre + half).min(1.0)
        },
    ]
}

/// Counts of ranks up to 1, 5 and 10.
#[derive(Clone, Copy, Default)]
struct Counter {
    count: usize,
    hits: [usize; 3],
}

impl Counter {
    fn add(&mut self, rank: u32) {
        self.count += 1;
        for (hits, k) in self.hits.iter_mut().zip([1, 5, 10]) {
            *hits += usize::from(rank <= k);
        }
    }

    fn recall(&self) -> [f64; 3] {
        self.hits
            .map(|hits| 100.0 * hits as f64 / self.count.max(1) as f64)
    }

    fn slice(&self, kind: SliceKind, name: String, whole: f64) -> Slice {
        let recall = self.recall();
        Slice {
            kind,
            name,
            count: self.count,
            recall,
            interval: wilson(self.hits[0], self.count).map(|share| 100.0 * share),
            difference: recall[0] - whole,
        }
    }
}

/// Recall of one side's queries by word (`words`, one item per caption), by length and by folder (`folders`, one item
/// per image). Slices by word hold at least `least` queries.
///
/// # Errors
/// Cancellation.
pub fn recall_slices(
    dataset: &Dataset,
    words: &Concepts,
    folders: &Concepts,
    side: Side,
    direction: &Direction,
    least: usize,
    task: &Task,
) -> Result<Vec<Slice>> {
    let mut whole = Counter::default();
    direction.ranks.iter().for_each(|&rank| whole.add(rank));
    let whole = whole.recall()[0];
    let mut by_word = vec![Counter::default(); words.names.len().min(WORDS)];
    let mut by_folder = vec![Counter::default(); folders.names.len()];
    for i in 0..dataset.images.len() {
        if i % 1024 == 0 {
            task.check()?;
        }
        let captions = dataset.captions_of(i);
        let mut add = |rank: u32, ids: &[u32]| {
            for &id in ids {
                if let Some(counter) = by_word.get_mut(id as usize) {
                    counter.add(rank);
                }
            }
            if let Some(&folder) = folders.of(i).first() {
                by_folder[folder as usize].add(rank);
            }
        };
        match side {
            Side::Text => captions.for_each(|j| add(direction.ranks[j], words.of(j))),
            Side::Image => {
                let mut ids: Vec<u32> = captions.flat_map(|j| words.of(j)).copied().collect();
                ids.sort_unstable();
                ids.dedup();
                add(direction.ranks[i], &ids);
            }
        }
    }
    let mut slices = by_length(dataset, side, direction, whole, task)?;
    let named = |counters: &[Counter], names: &[String], kind, least: usize| -> Vec<Slice> {
        let pairs = counters
            .iter()
            .zip(names)
            .filter(|(c, _)| c.count >= least.max(1));
        pairs
            .map(|(c, name)| c.slice(kind, name.clone(), whole))
            .collect()
    };
    if folders.names.len() > 1 {
        slices.extend(named(&by_folder, &folders.names, SliceKind::Folder, 1));
    }
    slices.extend(named(&by_word, &words.names, SliceKind::Word, least));
    Ok(slices)
}

/// The slices by length.
fn by_length(
    dataset: &Dataset,
    side: Side,
    direction: &Direction,
    whole: f64,
    task: &Task,
) -> Result<Vec<Slice>> {
    let mut lengths = lengths(dataset, task)?;
    if side == Side::Image {
        let mean = |i: usize| {
            let own = dataset.captions_of(i);
            let (sum, n) = (lengths[own.clone()].iter().sum::<usize>(), own.len().max(1));
            (sum + n / 2) / n
        };
        lengths = (0..dataset.images.len()).map(mean).collect();
    }
    let bins = Bins::of(&lengths);
    let mut counters = vec![Counter::default(); bins.count()];
    for (&length, &rank) in lengths.iter().zip(&direction.ranks) {
        counters[bins.at(length)].add(rank);
    }
    let slices = counters.iter().enumerate().filter(|(_, c)| c.count > 0);
    Ok(slices
        .map(|(at, c)| c.slice(SliceKind::Length, bins.name(at), whole))
        .collect())
}
