//! Some pictures of a set whose ranking is known: what one machine of several does.

use super::checkpoint::{Cost, RowDone};
use super::{SetRequest, batch, targets, warm};
use crate::compute::Ranking;
use crate::error::{Error, Result};
use crate::task::Task;
use serde::{Deserialize, Serialize};

/// Some pictures of a set, attacked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PieceDone {
    /// The pictures, in the order in which they were attacked.
    pub rows: Vec<RowDone>,
    /// What each figure cost: one per figure; one in all for goals without.
    pub costs: Vec<Cost>,
}

impl PieceDone {
    /// Adds the pictures of another piece.
    pub fn add(&mut self, other: Self) {
        self.costs.resize(other.costs.len(), Cost::default());
        for (sum, cost) in self.costs.iter_mut().zip(&other.costs) {
            sum.add(cost);
        }
        self.rows.extend(other.rows);
    }
}

/// `images` in the order in which a set is attacked, from the rank of each of its pictures: those that are right first.
/// By themselves those that are wrong already, which need no attack, do not thin the batches out.
pub fn attack_order(images: &[usize], ranks: &[u32]) -> Vec<usize> {
    let mut order = images.to_vec();
    order.sort_by_key(|&image| ranks[image] > 1);
    order
}

/// Attacks the pictures of `request` batch by batch, in the order in which it names them, where `clean` says how the
/// set stands without perturbation. What comes out for a picture depends on its batch at most, in the last digits.
///
/// # Errors
/// An attack with one perturbation for all pictures; and as [`super::attack_set`].
pub fn attack_piece(request: &SetRequest, clean: &Ranking, task: &Task) -> Result<PieceDone> {
    let request = &request.settled()?;
    if request.settings.method.is_shared() {
        return Err(Error::request(
            format!(
                "{} learns one perturbation from all pictures of the set together",
                request.settings.method.title()
            ),
            "Run it on one machine (nearmiss attack pairs), or choose another attack.",
        ));
    }
    let targets = targets(request, &clean.i2t);
    warm(request, &targets, task)?;
    task.begin(
        format!(
            "{} on {} pictures",
            request.settings.method.title(),
            request.images.len()
        ),
        request.images.len() as u64,
    );
    let (mut done, together) = (PieceDone::default(), request.batch.max(1));
    for (images, targets) in request
        .images
        .chunks(together)
        .zip(targets.chunks(together))
    {
        let made = batch::attack(request, (images, targets), clean, &[], task)?;
        done.add(PieceDone {
            rows: made.rows,
            costs: made.costs,
        });
        task.add(images.len() as u64);
    }
    Ok(done)
}
