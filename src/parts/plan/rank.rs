//! The plan of ranking: which images against which captions.

use super::embed::check_version;
use crate::compute::{Choice, Measure};
use crate::error::{Error, Result};
use crate::parts::run::{FileMark, Run, Stage};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// The rows of one shard, as embedding left them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    /// Images.
    pub images: usize,
    /// Captions.
    pub texts: usize,
    /// The file that holds them.
    pub file: FileMark,
}

/// Queries drawn from all, each ranked against everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Seed of the draw.
    pub seed: u64,
    /// Images drawn.
    pub images: usize,
    /// Captions drawn.
    pub texts: usize,
    /// Their numbers and rows.
    pub file: FileMark,
}

/// How images are cut, for images and for captions: `images[n]..images[n + 1]` are the images of cut `n`, and the
/// captions of a cut are those of its images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cuts {
    /// For the images of a block.
    pub images: Vec<usize>,
    /// For its captions.
    pub texts: Vec<usize>,
}

/// What bounds a block.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Pace {
    /// Bytes of memory that a task may take.
    pub memory: u64,
    /// Image-text pairs of a block, about.
    pub pairs: f64,
}

/// The plan of ranking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RankPlan {
    /// The program's version.
    pub program: String,
    /// The plan of embedding.
    pub embed: String,
    /// How rows are compared.
    pub similarity: Measure,
    /// Length of a row.
    pub dim: usize,
    /// By dot product the largest norm among all images and among all captions; 1 by cosine.
    pub norms: [f64; 2],
    /// Candidates kept for each query.
    pub k: usize,
    /// Margin of the hinges.
    pub margin: f32,
    /// Where products are computed.
    pub compute: Choice,
    /// Queries drawn from all; `None`: all are queries.
    pub sample: Option<Sample>,
    /// How the set is cut.
    pub cuts: Cuts,
    /// The shards, in order.
    pub shards: Vec<Rows>,
}

/// What a task of ranking compares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// All images and captions are queries: images of a cut, captions of a cut.
    Both(usize, usize),
    /// The drawn images against the captions of a cut.
    Images(usize),
    /// The drawn captions against the images of a cut.
    Texts(usize),
}

impl Cuts {
    /// Cuts a set of so many images and captions with rows of `dim` values for blocks within `pace`.
    pub fn new(images: usize, texts: usize, dim: usize, k: usize, pace: Pace) -> Self {
        // A block holds its rows once as they are read and once as they are compared; each thread of the processor what it
        // has seen of every query. Machines that run tasks are taken for no wider than the one that plans.
        let threads = rayon::current_num_threads().max(4) as f64;
        let seen = (threads + 1.0) * (8.0 * k as f64 + 20.0);
        let bytes = |rows: usize| rows as f64 * (8.0 * dim as f64 + seen + 64.0);
        let room = (pace.memory as f64 - FIXED).max(FIXED);
        // Each side gets a part of the memory that goes with its size.
        let share = bytes(images) + bytes(texts);
        let by_memory = (share / room).ceil().max(1.0);
        let by_pairs = (images as f64 * texts as f64 / pace.pairs).sqrt().ceil();
        let count = by_memory.max(by_pairs).max(1.0) as usize;
        let cut = |count: usize| -> Vec<usize> {
            let count = count.clamp(1, images.max(1));
            (0..=count).map(|n| images * n / count).collect()
        };
        Self {
            images: cut(count),
            texts: cut(count),
        }
    }

    /// Blocks along images and along captions.
    pub fn counts(&self) -> [usize; 2] {
        [self.images.len() - 1, self.texts.len() - 1]
    }
}

/// Bytes that a process takes whatever it does.
const FIXED: f64 = (256 << 20) as f64;

impl RankPlan {
    /// Tasks.
    pub fn tasks(&self) -> usize {
        let [images, texts] = self.cuts.counts();
        match self.sample {
            None => images * texts,
            Some(_) => images + texts,
        }
    }

    /// What a task compares.
    ///
    /// # Errors
    /// There is no such task.
    pub fn way(&self, task: usize) -> Result<Way> {
        if task >= self.tasks() {
            return Err(Error::plan(format!(
                "there is no task {task}: there are {}",
                self.tasks()
            )));
        }
        let [_, texts] = self.cuts.counts();
        Ok(match self.sample {
            None => Way::Both(task / texts, task % texts),
            Some(_) if task < texts => Way::Images(task),
            Some(_) => Way::Texts(task - texts),
        })
    }

    /// Ranges of queries that are merged one by one: those of images, then those of captions.
    pub fn merges(&self) -> usize {
        match self.sample {
            None => self.cuts.counts().iter().sum(),
            Some(_) => 2,
        }
    }

    /// The tasks that say something of the queries of a merge, and whether these are images.
    pub fn merged(&self, merge: usize) -> (bool, Vec<usize>) {
        let [images, texts] = self.cuts.counts();
        match (&self.sample, merge) {
            (Some(_), 0) => (true, (0..texts).collect()),
            (Some(_), _) => (false, (texts..texts + images).collect()),
            (None, a) if a < images => (true, (a * texts..(a + 1) * texts).collect()),
            (None, n) => {
                let b = n - images;
                (false, (0..images).map(|a| a * texts + b).collect())
            }
        }
    }

    /// The images of a cut: for images, or for captions.
    pub fn cut(&self, of_texts: bool, n: usize) -> Range<usize> {
        let cuts = if of_texts {
            &self.cuts.texts
        } else {
            &self.cuts.images
        };
        cuts[n]..cuts[n + 1]
    }

    /// The number of the first image and of the first caption of each shard, and one beyond the last.
    pub fn starts(&self) -> [Vec<usize>; 2] {
        let starts = |of: fn(&Rows) -> usize| {
            let mut next = 0;
            let ends = self.shards.iter().map(|shard| {
                next += of(shard);
                next
            });
            std::iter::once(0).chain(ends).collect()
        };
        [starts(|shard| shard.images), starts(|shard| shard.texts)]
    }

    /// Images in all.
    pub fn images(&self) -> usize {
        self.shards.iter().map(|shard| shard.images).sum()
    }

    /// Captions in all.
    pub fn texts(&self) -> usize {
        self.shards.iter().map(|shard| shard.texts).sum()
    }
}

impl Run {
    /// The plan of ranking, with its hash.
    ///
    /// # Errors
    /// There is none, or one of another version.
    pub fn rank_plan(&self) -> Result<(RankPlan, String)> {
        let (plan, hash) = self.planned::<RankPlan>(Stage::Rank)?;
        check_version(&plan.program)?;
        Ok((plan, hash))
    }
}
