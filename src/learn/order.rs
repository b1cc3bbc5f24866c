//! Orders of pairs that were made elsewhere.

use super::ground::Ground;
use super::setup::Setup;
use crate::error::{Error, Result};

/// Is `order` one batch of the pairs to train on for each step of whole epochs?
///
/// # Errors
/// It is not.
pub fn check_order(order: &[Vec<u32>], ground: &Ground, setup: &Setup) -> Result<()> {
    let unknown = order
        .iter()
        .flatten()
        .find(|caption| ground.pairs.binary_search(caption).is_err());
    let (what, remedy) = if order.is_empty() || !order.len().is_multiple_of(setup.epochs) {
        (
            format!(
                "an order of {} steps is no whole number of steps for each of {} epochs",
                order.len(),
                setup.epochs
            ),
            "Give the number of epochs that it was made for.",
        )
    } else if order.iter().any(|batch| batch.len() != setup.batch) {
        (
            format!("an order of other batches than of {}", setup.batch),
            "Give the batch that it was made for.",
        )
    } else if let Some(caption) = unknown {
        (
            format!("the order has caption {caption}, which is not trained on"),
            "Choose the images to train on that it was made for.",
        )
    } else {
        return Ok(());
    };
    Err(Error::request(what, remedy))
}
