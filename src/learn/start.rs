//! Where a run starts.

use super::setup::Setup;
use crate::compute::train::{Block, Learned};
use crate::error::{Error, Result};

/// Where a run starts.
#[derive(Debug, Clone, Default)]
pub enum Start {
    /// With random weights by the setup's seed.
    #[default]
    Random,
    /// With these weights of linear heads, `[outputs, inputs]` of the images and of the captions.
    Given([Vec<f32>; 2]),
}

impl Start {
    /// The weights: uniform in +-sqrt(6 / (in + out)) (Glorot and Bengio 2010, eq. 16), biases 0; the last layer 0 where
    /// the input is added.
    ///
    /// # Errors
    /// Given weights that do not fit the heads.
    pub fn learned(&self, setup: &Setup) -> Result<Learned> {
        let shape = setup.head;
        let mut weights = vec![0.0; shape.count()];
        let end = shape.weights();
        weights[end..].copy_from_slice(&setup.scalars());
        let parts = shape.parts();
        match self {
            Self::Random => {
                let mut random = fastrand::Rng::with_seed(setup.seed);
                for part in parts.iter().take(if shape.shared { 1 } else { 2 }) {
                    let last = part.second.unwrap_or(part.first);
                    for block in [Some(part.first), part.second].into_iter().flatten() {
                        if shape.residual && block == last {
                            continue;
                        }
                        let bias = shape.bias && block == part.first;
                        fill(block, bias, block.of_mut(&mut weights), &mut random);
                    }
                }
            }
            Self::Given(sides) => {
                if shape.hidden.is_some() || shape.bias {
                    return Err(Error::request(
                        "given weights are those of linear heads without bias",
                        "Leave out the hidden layer and the bias, or the given weights.",
                    ));
                }
                if shape.shared && sides[0] != sides[1] {
                    return Err(Error::request(
                        "the given weights of both sides differ, and the head is to be shared",
                        "Train one head per side, or give the same weights for both.",
                    ));
                }
                for (part, given) in parts.iter().zip(sides) {
                    if given.len() != part.first.count() {
                        return Err(Error::request(
                            format!(
                                "{} given weights do not fit heads of {} to {} values",
                                given.len(),
                                shape.inputs,
                                shape.outputs
                            ),
                            "Give weights of shape [outputs, inputs].",
                        ));
                    }
                    part.first.of_mut(&mut weights).copy_from_slice(given);
                }
            }
        }
        Ok(Learned::new(weights))
    }
}

fn fill(block: Block, bias: bool, weights: &mut [f32], random: &mut fastrand::Rng) {
    let inputs = block.columns - usize::from(bias);
    let most = (6.0 / (inputs + block.rows) as f32).sqrt();
    for row in weights.chunks_exact_mut(block.columns) {
        for weight in &mut row[..inputs] {
            *weight = (2.0 * random.f32() - 1.0) * most;
        }
    }
}
