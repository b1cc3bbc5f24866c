//! What a run is given.

use super::choices::SameImage;
use super::ground::Ground;
use super::mined::Mined;
use super::run::Run;
use super::setup::Setup;
use crate::compute::Engine;
use crate::compute::train::Batch;

/// What a run is given.
#[derive(Clone, Copy)]
pub struct Course<'a> {
    /// What ranks and trains.
    pub engine: &'a dyn Engine,
    /// What it is trained on.
    pub ground: &'a Ground,
    /// How it goes.
    pub setup: &'a Setup,
    /// The run that goes on; `None` for a new one.
    pub before: Option<&'a Run>,
    /// The captions of every step, instead of those that the policy draws.
    pub order: Option<&'a [Vec<u32>]>,
    /// Hard negatives of the pairs; where it is `None`, a run that mixes them in mines them itself.
    pub mined: Option<&'a Mined>,
}

impl Course<'_> {
    /// The pairs of these captions as a batch; other captions of an image are to it what the setup says.
    pub fn batch(&self, captions: &[u32]) -> Batch {
        let left_out = self.setup.same_image == SameImage::LeftOut;
        self.ground.batch(captions, left_out)
    }
}
