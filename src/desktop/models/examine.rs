//! Makes the cards of an encoder's models.

use super::layers::listed;
use crate::desktop::core::ModelCard;
use crate::encoder::{Encoder, Tower};
use crate::error::Result;
use crate::grad::{Card, Measured, Sample, examine};
use crate::onnx::Tensor;
use crate::retrieval::Side;
use crate::runtime::{Provider, RuntimeEngine};
use crate::task::Task;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Directions in which each gradient is checked.
pub const DIRECTIONS: usize = 8;

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
    let engine = RuntimeEngine::new(providers);
    let listed = listed(tower, &feeds, &engine, task);
    task.check()?;
    let (size, layers) = match listed {
        Ok((size, layers)) => (Ok(size), layers),
        Err(error) => (Err(error.to_string()), Vec::new()),
    };
    let sample = Sample {
        feeds,
        output: Some(tower.output().to_owned()),
        check: DIRECTIONS,
        ..Sample::default()
    };
    let file = tower.model().path.clone();
    let made: Result<Card> = tower
        .graph()
        .and_then(|graph| Ok(examine(&graph, &sample, &engine, task)?));
    task.check()?;
    Ok(ModelCard {
        side,
        file,
        size,
        layers,
        card: made.map(Arc::new).map_err(|e| e.to_string()),
    })
}

/// How the self-checks ended, in words.
pub fn verdicts(cards: &[ModelCard]) -> String {
    let verdict = |model: &ModelCard| {
        let side = match model.side {
            Side::Image => "image model",
            Side::Text => "text model",
        };
        let check = match &model.card {
            Ok(card) => card.measured.as_ref().and_then(Measured::check),
            Err(_) => None,
        };
        match check {
            Some(check) if check.passed && check.compared => format!("{side}: self-check passed"),
            Some(check) if check.passed => format!("{side}: self-check not compared"),
            Some(_) => format!("{side}: self-check failed"),
            None => format!("{side}: self-check not run"),
        }
    };
    cards.iter().map(verdict).collect::<Vec<_>>().join(", ")
}
