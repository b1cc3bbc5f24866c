//! Passes of a layout in which joined points attract each other and random others are pushed away: UMAP's (arXiv
//! 1802.03426). Every point moves itself only, by the places of the pass before, so that the result is the same whatever
//! the number of threads, and a pass is one thread per point of a GPU.

mod cpu;
mod power;

use crate::error::{Error, Result};
use crate::task::Task;

/// Random points move no point farther in an epoch.
pub(super) const LONGEST: f32 = 4.0;
/// Random points drawn for one point in an epoch, at most; they count for as many as there should be.
pub(super) const DRAWN: f32 = 64.0;
/// Squared distances below this are taken for it.
pub(super) const LEAST: f32 = 1e-12;
/// 2^32 over the golden ratio: counters that it multiplies differ in many bits.
pub(super) const STRIDE: u32 = 0x9e37_79b9;
/// Repulsion in the first tenth of the passes; in the second tenth it rises to 1. Clusters pass each other before they
/// harden.
const GENTLE: f32 = 0.2;

/// Membership `1 / (1 + a d^(2b))` of two points that are `d` apart on the map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    /// Height of the fall.
    pub a: f32,
    /// Its steepness.
    pub b: f32,
}

/// Which points attract each other, in compressed rows.
#[derive(Debug, Clone, Copy)]
pub struct Edges<'a> {
    /// The edges of point `i` are `starts[i]..starts[i + 1]`.
    pub starts: &'a [usize],
    /// The other end of each.
    pub targets: &'a [u32],
    /// How often each is sampled, in (0, 1].
    pub shares: &'a [f32],
}

impl<'a> Edges<'a> {
    /// The targets and shares of `point`.
    pub fn of(&self, point: usize) -> (&'a [u32], &'a [f32]) {
        let range = self.starts[point]..self.starts[point + 1];
        (&self.targets[range.clone()], &self.shares[range])
    }
}

/// What is laid out, and how.
#[derive(Debug, Clone, Copy)]
pub struct Attraction<'a> {
    /// Which points attract each other.
    pub edges: Edges<'a>,
    /// How a distance becomes a membership.
    pub curve: Curve,
    /// Passes.
    pub epochs: usize,
    /// Step of the first pass; it falls to 0.
    pub rate: f32,
    /// Random points that repel, per sample of an edge that attracts.
    pub negatives: f32,
    /// What random numbers follow from.
    pub seed: u32,
}

/// One pass.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pass {
    /// Its step.
    pub rate: f32,
    /// What repulsion is multiplied by.
    pub repulsion: f32,
    /// What its random points follow from.
    pub seed: u32,
}

impl Attraction<'_> {
    /// The pass `epoch`.
    pub(super) fn pass(&self, epoch: usize) -> Pass {
        let passed = epoch as f32 / self.epochs as f32;
        Pass {
            rate: self.rate * (1.0 - passed),
            repulsion: (GENTLE + (1.0 - GENTLE) * (passed * 10.0 - 1.0)).clamp(GENTLE, 1.0),
            seed: mixed(self.seed ^ mixed(epoch as u32)),
        }
    }

    /// Is the layout shown after pass `epoch`? About fifty are.
    pub(super) fn is_seen(&self, epoch: usize) -> bool {
        epoch.is_multiple_of(self.epochs.div_ceil(50))
    }

    /// Refuses edges that are not those of `points` points.
    pub(super) fn check(&self, points: usize) -> Result<()> {
        let Edges {
            starts,
            targets,
            shares,
        } = self.edges;
        let rising = starts.windows(2).all(|pair| pair[0] <= pair[1]);
        let ends = starts.last().copied() == Some(targets.len()) && shares.len() == targets.len();
        let inside = targets.iter().all(|&t| (t as usize) < points);
        if starts.len() == points + 1 && rising && ends && inside {
            return Ok(());
        }
        Err(Error::request(
            format!("the edges are not those of {points} points"),
            "Compute the nearest neighbours of these points again.",
        ))
    }
}

/// Layouts by attraction; see [`Engine`](super::Engine).
pub trait Attract {
    /// Moves the points from `start` on. `watch` sees them now and then. Adds the passes to the progress of `task`, without
    /// beginning a stage.
    ///
    /// # Errors
    /// Edges of other points, a lost device, or cancellation.
    fn attract(
        &self,
        problem: &Attraction<'_>,
        start: Vec<[f32; 2]>,
        watch: &mut dyn FnMut(&[[f32; 2]]),
        task: &Task,
    ) -> Result<Vec<[f32; 2]>>;
}

/// A well mixed number for each counter (Chris Wellons's lowbias32), of 32-bit steps that a shader has.
pub fn mixed(counter: u32) -> u32 {
    let a = (counter ^ (counter >> 16)).wrapping_mul(0x7feb_352d);
    let b = (a ^ (a >> 15)).wrapping_mul(0x846c_a68b);
    b ^ (b >> 16)
}
