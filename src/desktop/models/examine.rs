//! Makes the cards of an encoder's models.

use crate::desktop::core::ModelCard;
use crate::encoder::{Encoder, Tower};
use crate::error::Result;
use crate::grad::{Card, Sample, examine};
use crate::onnx::Tensor;
use crate::retrieval::Side;
use crate::runtime::{Provider, RuntimeEngine};
use crate::task::Task;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Directions in which each gradient is checked.
const DIRECTIONS: usize = 8;

/// The cards of both models. A model that cannot be examined gets a card that says why.
///
/// # Errors
/// The tokenizer failed, or the task was cancelled.
pub fn cards(encoder: &Encoder, providers: &[Provider], task: &Task) -> Result<Vec<ModelCard>> {
    let image = encoder.image_tower();
    let mut random = fastrand::Rng::with_seed(1);
    let pixels: Vec<f32> = (0..image.picture_len()).map(|_| random.f32()).collect();
    let tokens = encoder
        .tokenizer()
        .encode(&["a photo of a dog on the beach"])?;
    let text = encoder.text_tower();
    Ok(vec![
        card(
            Side::Image,
            image,
            image.inputs(Some((&pixels, 1)), None),
            providers,
            task,
        )?,
        card(
            Side::Text,
            text,
            text.inputs(None, Some(&tokens)),
            providers,
            task,
        )?,
    ])
}

fn card(
    side: Side,
    tower: &Tower,
    feeds: BTreeMap<String, Tensor>,
    providers: &[Provider],
    task: &Task,
) -> Result<ModelCard> {
    let sample = Sample {
        feeds,
        cotangent: None,
        output: Some(tower.output().to_owned()),
        check: DIRECTIONS,
    };
    let file = tower.model().path.clone();
    let engine = RuntimeEngine::new(providers);
    let made: Result<Card> = tower
        .graph()
        .and_then(|graph| Ok(examine(&graph, &sample, &engine, task)?));
    task.check()?;
    Ok(ModelCard {
        side,
        file,
        card: made.map(Arc::new).map_err(|e| e.to_string()),
    })
}
