//! Pairs that are still too hard are made easier at first (friendly training, arXiv 2106.10974).
//!
//! The paper alters inputs by some steps down the loss of the network as it is, for examples that are not classified yet, by a
//! plan that fades out over the run until the data are as they are; in its plan the number of steps falls with the square of
//! what is left. Only its outline could be read, and the rest is a choice of this program: what is moved are the embeddings that go
//! into the heads and not pixels; a pair is too hard where it is not found first in its batch, in both directions; the number of
//! steps stays, and the radius falls with the square; each batch is moved anew. Pairs are drawn as the policy "uniform" does.

use super::{Description, Making, Sampler, uniform};
use crate::error::Result;

/// Friendly training.
pub const POLICY: Description = Description {
    name: "friendly",
    title: "Friendly",
    about: "every pair once an epoch; embeddings of pairs that are not found first in their batch are moved down the loss before the \
            heads' step, within a radius that falls to 0 over the run",
    by_seconds: false,
    by_gradients: false,
    by_groups: false,
    eases: true,
    follows: false,
    note: Some(
        "Embeddings of hard pairs were made easier at first: the loss of those steps is that of the moved embeddings. Recall is always \
         of the embeddings as they are.",
    ),
    make,
};

fn make<'a>(making: &Making<'a>) -> Result<Box<dyn Sampler + 'a>> {
    (uniform::POLICY.make)(making)
}
