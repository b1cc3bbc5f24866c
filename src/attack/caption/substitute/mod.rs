//! The exchange of one or two words that most changes a ranking.

mod search;

use super::guide::Guide;
use super::ranked_pair::{Aim, PairRank, Scene};
use super::synonyms::Synonyms;
use crate::error::Result;
use crate::task::Task;
use search::Search;
use serde::Serialize;
use std::time::Instant;

/// How exchanges are found.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// What they are for.
    pub aim: Aim,
    /// Words exchanged, at most; from 1.
    pub words: usize,
    /// Exchanges, best by the gradient, that are asked of the model for each caption they start from.
    pub top: usize,
    /// Captions with one exchange from which a second is looked for, and so on.
    pub beam: usize,
    /// Rounds in which they are asked: after each but the last the gradient is taken at the best edits too.
    pub rounds: usize,
    /// Negatives whose margins the gradient looks at.
    pub negatives: usize,
    /// Exchanges asked of the model without a gradient, at most, for each number of exchanged words.
    pub most: usize,
    /// Edits in the result.
    pub shown: usize,
    /// The words that may come in; `None` for all of the tokenizer's, or those of `synonyms`.
    pub vocabulary: Option<Vec<String>>,
    /// What may stand for what; `None` for anything.
    pub synonyms: Option<Synonyms>,
    /// Words that neither go nor come, as [`STOP_WORDS`](crate::retrieval::STOP_WORDS).
    pub keep: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            aim: Aim::default(),
            words: 1,
            top: 64,
            rounds: 4,
            beam: 8,
            negatives: 4,
            most: 10_000,
            shown: 10,
            vocabulary: None,
            synonyms: None,
            keep: Vec::new(),
        }
    }
}

/// What led the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SearchMethod {
    /// First order, then the model.
    Gradient,
    /// The model alone.
    Queries,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Substitution {
    /// The caption as it was.
    pub caption: String,
    /// The image's row.
    pub image: usize,
    /// What the edits are for.
    pub aim: Aim,
    /// How the caption stood.
    pub before: PairRank,
    /// The edits, best first: those whose margin serves the aim best. What they report is of the edited text itself,
    /// tokenized anew. The first may still be worse than the caption as it was.
    pub edits: Vec<Edit>,
    /// What led the search.
    pub method: SearchMethod,
    /// Why there was no gradient, where there was none.
    pub no_gradient: Option<String>,
    /// Words that might come in.
    pub candidates: usize,
    /// Distinct captions that were embedded.
    pub queries: usize,
    /// Runs of the gradient.
    pub gradients: usize,
    /// Time it took.
    pub seconds: f64,
}

/// A caption with other words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Edit {
    /// The whole text.
    pub text: String,
    /// What was exchanged, in the order of the caption.
    pub changes: Vec<Change>,
    /// How it stands.
    pub after: PairRank,
    /// Is the aim reached?
    pub reached: bool,
}

/// A word for another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The word's number in the caption, from 0.
    pub word: usize,
    /// Its first byte in the caption as it was.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
    /// As it was.
    pub from: String,
    /// What stands there now.
    pub to: String,
}

/// Looks for the exchange of at most `options.words` words of `text` that serves `options.aim` best, for `image`, a row
/// of the scene. `caption` is the row of `text`, where it is one of the scene's. Exchanges are ranked to first order by
/// `guide`, the best of them asked of the model, and the best of those edited further (`HotFlip`, Ebrahimi et al. 2018,
/// arXiv 1712.06751). Without a guide, or where the model has no gradient, the model alone is asked.
///
/// # Errors
/// No word may be exchanged; there is no such image; the model fails, or gives NaN for an edit; cancellation.
pub fn substitute(
    scene: &Scene<'_>,
    text: &str,
    caption: Option<usize>,
    image: usize,
    options: &Options,
    guide: Option<&Guide>,
    task: &Task,
) -> Result<Substitution> {
    let begun = Instant::now();
    let place = (text, caption, image);
    let mut search = Search::new(scene, place, options, guide, task)?;
    let (before, found) = search.run(text)?;
    Ok(Substitution {
        caption: text.to_owned(),
        image,
        aim: options.aim,
        before,
        edits: found,
        method: if search.guide.is_some() {
            SearchMethod::Gradient
        } else {
            SearchMethod::Queries
        },
        no_gradient: search.no_gradient,
        candidates: search.candidates.all.len(),
        queries: search.queries,
        gradients: search.gradients,
        seconds: begun.elapsed().as_secs_f64(),
    })
}
