//! How much each word of a caption matters for its score.

use super::guide::{Guide, TokenGradients, dot, unguided};
use super::ranked_pair::{Aim, PairRank, RankedPair, Scene};
use super::words::{Word, columns, split, without};
use crate::compute::Embeddings;
use crate::error::{Error, Result};
use crate::task::Task;
use serde::Serialize;

/// A caption's words, weighed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Importance {
    /// The caption.
    pub caption: String,
    /// The image's row.
    pub image: usize,
    /// How the caption stands for the image, among the captions of other images.
    pub standing: PairRank,
    /// The words, in their order.
    pub words: Vec<Weight>,
    /// Why there are no gradients, where there are none.
    pub no_gradient: Option<String>,
    /// Captions that were embedded.
    pub queries: usize,
}

/// One word.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Weight {
    /// As it is written.
    pub text: String,
    /// Its first byte in the caption.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
    /// Tokens that stand for it; 0 where the model cuts the caption before it.
    pub tokens: usize,
    /// Gradient x embedding, summed over its tokens (Shrikumar et al. 2016, arXiv 1605.01713): to first order, how far
    /// the score falls when they become zero. Positive where the word speaks for the image.
    pub gradient: Option<f32>,
    /// L2 norm of the score's gradient at its tokens: how far it can be moved there.
    pub norm: Option<f32>,
    /// The caption without it (Li et al. 2016, arXiv 1612.08220); `None` where nothing would be left.
    pub without: Option<Without>,
}

/// A caption that lacks one word.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Without {
    /// Its score less that of the whole caption: negative where the word speaks for the image.
    pub change: f32,
    /// How it stands.
    pub standing: PairRank,
}

/// Weighs the words of `text` for its cosine with `image`, a row of the scene. `caption` is the row of `text`, where it
/// is one of the scene's. Without a guide, or where the model has no gradient, words are left out one by one alone.
///
/// # Errors
/// There is no word, or no such image; the model fails, or gives NaN for a caption; cancellation.
pub fn importance(
    scene: &Scene<'_>,
    text: &str,
    caption: Option<usize>,
    image: usize,
    guide: Option<&Guide>,
    task: &Task,
) -> Result<Importance> {
    let pair = RankedPair::new(scene, caption, image, Aim::CaptionLoses)?;
    let words = words_of(text)?;
    task.begin("Weighing words", 0);
    let (slopes, no_gradient) = match guide {
        None => (None, Some("no gradient was asked for".to_owned())),
        Some(guide) => match guide.slopes(
            scene.encoder,
            text,
            &[scene.embedded.images.row(image)],
            task,
        ) {
            Ok(slopes) => (Some(slopes), None),
            Err(error) => (None, Some(unguided(error)?)),
        },
    };
    let spans = scene.encoder.tokenizer().spans(text)?;
    let columns = columns(&words, &spans);

    let mut texts = vec![text.to_owned()];
    texts.extend((0..words.len()).map(|i| without(text, &words, i)));
    // Punctuation alone is no caption.
    let kept: Vec<bool> = texts.iter().map(|t| !split(t).is_empty()).collect();
    let asked: Vec<String> = texts
        .into_iter()
        .zip(&kept)
        .filter(|(_, k)| **k)
        .map(|(t, _)| t)
        .collect();
    let embedded = embed(scene, &asked, task)?;
    let mut standings = pair.standings(&embedded).into_iter();
    let whole = standings.next().ok_or_else(nothing)?;
    let weighed = words.into_iter().zip(columns).zip(kept.into_iter().skip(1));
    let words = weighed.map(|((word, columns), kept)| Weight {
        gradient: slopes.as_ref().map(|s| contribution(s, &columns)),
        norm: slopes.as_ref().map(|s| norm(s, &columns)),
        without: if kept { standings.next() } else { None }.map(|standing| Without {
            change: standing.score - whole.score,
            standing,
        }),
        tokens: columns.len(),
        start: word.span.start,
        end: word.span.end,
        text: word.text,
    });
    Ok(Importance {
        caption: text.to_owned(),
        image,
        standing: whole,
        words: words.collect(),
        no_gradient,
        queries: asked.len(),
    })
}

fn contribution(slopes: &TokenGradients, columns: &[usize]) -> f32 {
    columns
        .iter()
        .map(|&c| dot(slopes.at(0, c), slopes.embedding(c)))
        .sum()
}

fn norm(slopes: &TokenGradients, columns: &[usize]) -> f32 {
    let squares = columns
        .iter()
        .map(|&c| dot(slopes.at(0, c), slopes.at(0, c)));
    squares.sum::<f32>().sqrt()
}

/// The words of `text`.
///
/// # Errors
/// There is none.
pub(super) fn words_of(text: &str) -> Result<Vec<Word>> {
    let words = split(text);
    if words.is_empty() {
        Err(nothing())
    } else {
        Ok(words)
    }
}

fn nothing() -> Error {
    Error::request(
        "the caption has no word",
        "Choose a caption with at least one word.",
    )
}

/// Embeds `texts` and checks that the scene was embedded alike.
///
/// # Errors
/// The model fails or gives NaN; its embeddings are not as long as the scene's; cancellation.
pub(super) fn embed(scene: &Scene<'_>, texts: &[String], task: &Task) -> Result<Embeddings> {
    let embedded = scene.encoder.embed_texts(texts, None, task)?;
    if embedded.dim() == scene.embedded.images.dim() {
        return Ok(embedded);
    }
    Err(Error::request(
        format!(
            "the encoder's embeddings have {} values, the dataset's {}",
            embedded.dim(),
            scene.embedded.images.dim()
        ),
        "Use the encoder that embedded the dataset.",
    ))
}
