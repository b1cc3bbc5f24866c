//! The engines that compute on embeddings and pixels: one trait, [`Engine`], in two forms, [`Cpu`] (`gemm`, rayon) and
//! [`Gpu`] (wgpu, `shaders/`).
//!
//! Both compute the similarity of images and texts tile by tile, read each tile at once and keep only the running state
//! of the queries: memory is the embeddings plus a tile, never images x texts. The bounds of an attack stay on the
//! device between its steps ([`ResidentBounds`]).
//!
//! # To add a kernel
//!
//! 1. `shaders/NAME.wgsl`, with what it shares with others in a file of `shaders/prelude/`.
//! 2. Its line in `gpu/kernels.rs`: files, bindings, workgroup.
//! 3. A file here with a trait of what it computes, the trait for [`Cpu`] and for [`Gpu`] (`Gpu::turn` for the device,
//!    `Commands` to run kernels), and the test that both agree.
//! 4. In this file: that file's `mod` and the trait among those that [`Engine`] asks for.
//!
//! `tests/shaders.rs` checks the table against the shaders, and that no two files define the same.

mod attraction;
mod block;
mod bounds;
pub mod check;
mod choose;
mod cpu;
mod embedded;
mod embeddings;
mod fourier;
mod gpu;
mod groups;
mod hinge_steps;
mod hinges;
mod measure;
mod paint;
mod pairs;
mod perturb;
mod product;
mod reduce;
mod scan;
mod steps;
mod topk;
pub mod train;

pub use attraction::{Attract, Attraction, Curve, Edges, mixed};
pub use block::{Block, Found, Queries, Seen};
pub use bounds::{Bounds, ResidentBounds, pick_rows};
pub use choose::{Adapter, Choice, adapters, choose, choose_on};
pub use cpu::Cpu;
pub use embedded::Embedded;
pub use embeddings::{Embeddings, cosine, unit_of};
pub use fourier::mask as band_mask;
pub use gpu::{Binding, ENTRY_POINT, Gpu, HeatPainter, Kernel};
pub use groups::Groups;
pub use hinge_steps::Steps;
pub use hinges::{steps_of_hinges, sum_of_hinges};
pub use measure::{Measure, Norms};
pub use paint::{View, channel_mean, log_spectrum, pixel_norm};
pub use pairs::scores as own_scores;
pub use perturb::{Ball, Band, Colours, Grid, Noise, Paint, Perturb, Size, Spectrum, Square};
pub use product::{Factor, add_gram, multiply, product};
pub use reduce::{Cells, Reduce};
pub use steps::philox::philox;
pub use topk::{Hit, TopK};

use crate::error::Result;
use crate::task::Task;
use std::ops::Range;
use train::Train;

/// Scores closer than this are a tie, and a tie counts against the positive: about the rounding of a cosine in
/// float32, so that both engines and any tiling agree on what is equal. By dot product: [`Embeddings::tie`].
pub const TIE: f32 = 1e-6;

/// What [`Engine::rank`] is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankOptions {
    /// Hardest negatives kept per query; 0 for none.
    pub k: usize,
    /// Margin a of the hinge losses; `None` leaves the sum of hinges out.
    pub margin: Option<f32>,
}

/// What [`Engine::search`] is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Search<'a> {
    /// Candidates kept per query.
    pub k: usize,
    /// Candidates that are left out, one range per query; empty to leave out none.
    pub without: &'a [Range<usize>],
    /// The highest score that counts, one per query; empty for any.
    pub at_most: &'a [f32],
}

/// One direction of [`Engine::rank`]; every vector has one entry per query.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Direction {
    /// Rank of the best positive, from 1: one more than the negatives that score at least as high ([`TIE`]).
    pub ranks: Vec<u32>,
    /// Score of the best positive.
    pub positive: Vec<f32>,
    /// The hardest negative: the best-scoring candidate that is no positive. Index `u32::MAX` where there is none.
    pub hardest: Vec<Hit>,
    /// The hardest negatives, hardest first; `k = 0` where not asked for.
    pub negatives: TopK,
}

impl Direction {
    /// Score of the best positive of query `q` less that of its hardest negative; infinite where there is none.
    pub fn margin(&self, q: usize) -> f32 {
        self.positive[q] - self.hardest[q].score
    }
}

/// What one pass over the similarity yields, both directions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ranking {
    /// Queries are images, candidates texts.
    pub i2t: Direction,
    /// Queries are texts, candidates images.
    pub t2i: Direction,
    /// Score of each text with its own image.
    pub pairs: Vec<f32>,
    /// Sum of hinges over all pairs and both directions (VSE++ eq. 3); 0 without a margin.
    pub sum_of_hinges: f64,
    /// Sum over the pairs of the maximal hinge in each direction (VSE++ eq. 4); 0 without a margin.
    pub max_of_hinges: f64,
}

/// An engine: rankings and searches here, all else in the traits that it asks for.
pub trait Engine: Perturb + Spectrum + Paint + Reduce + Attract + Train + Send + Sync {
    /// Name for a chip in the window and for reports, as "CPU (gemm, 2 threads)".
    fn name(&self) -> String;

    /// Names of the kernels that it has used so far; none where it has no device.
    fn kernels(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// Ranks, hardest negatives and hinge sums of `images` against `texts`, both directions, in
    /// one pass. Text rows `groups.range(i)` are the positives of image `i`. Reports progress in image-text pairs.
    ///
    /// # Errors
    /// Shapes that do not fit, a lost device, or cancellation.
    fn rank(
        &self,
        images: &Embeddings,
        texts: &Embeddings,
        groups: &Groups,
        options: RankOptions,
        task: &Task,
    ) -> Result<Ranking> {
        pairs::check(images, texts, groups)?;
        let scores = pairs::scores(images, texts, groups);
        let own: Vec<Range<u32>> = groups
            .offsets()
            .windows(2)
            .map(|ends| ends[0]..ends[1])
            .collect();
        let block = Block {
            images,
            texts,
            own: &own,
            of_images: Some(Queries {
                scores: &scores,
                offsets: Some(groups.offsets()),
            }),
            of_texts: Some(Queries {
                scores: &scores,
                offsets: None,
            }),
            options,
        };
        task.begin("Ranking", (images.rows() * texts.rows()) as u64);
        let (found, steps) = (self.block(&block, task)?, block.steps());
        let factor = images.factor(texts);
        Ok(pairs::ranking(found, scores, groups, steps, factor))
    }

    /// What a part of the similarity says of its queries. Reports progress in image-text pairs.
    ///
    /// # Errors
    /// Parts that do not fit together, a lost device, or cancellation.
    fn block(&self, block: &Block<'_>, task: &Task) -> Result<Found>;

    /// The best candidates of each query, best first, ties by index.
    ///
    /// # Errors
    /// Shapes that do not fit, a lost device, or cancellation.
    fn search(
        &self,
        queries: &Embeddings,
        candidates: &Embeddings,
        search: &Search<'_>,
        task: &Task,
    ) -> Result<TopK>;

    /// The `k` best candidates of each query, whatever they are.
    ///
    /// # Errors
    /// As [`Engine::search`].
    fn top_k(
        &self,
        queries: &Embeddings,
        candidates: &Embeddings,
        k: usize,
        task: &Task,
    ) -> Result<TopK> {
        let search = Search {
            k,
            ..Search::default()
        };
        self.search(queries, candidates, &search, task)
    }
}
