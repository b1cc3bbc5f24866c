//! Sums of gradients over strata.

use super::block::{Block, SIZE};
use super::gradients::Gradients;
use super::labels::Strata;
use crate::error::Result;
use crate::task::Task;
use rayon::prelude::*;

/// The sum of `pairs`, `[outputs, inputs]`.
pub(super) fn sum(gradients: &Gradients, pairs: &[u32]) -> Vec<f64> {
    let mut sum = vec![0.0; gradients.parameters()];
    for part in pairs.chunks(SIZE) {
        Block::new(gradients, part).add_to(&vec![1.0; part.len()], &mut sum);
    }
    sum
}

/// The sum of each stratum, `[strata, outputs x inputs]`.
///
/// # Errors
/// Cancellation.
pub(super) fn sums(gradients: &Gradients, strata: &Strata, task: &Task) -> Result<Vec<f64>> {
    let members = strata.members();
    let mut all = vec![0.0; strata.count() * gradients.parameters()];
    let parts = all.par_chunks_mut(gradients.parameters());
    parts.zip(&members).try_for_each(|(out, members)| {
        task.check()?;
        out.copy_from_slice(&sum(gradients, members));
        Ok::<(), crate::error::Error>(())
    })?;
    Ok(all)
}
