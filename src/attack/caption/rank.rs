//! Which exchanges of one word are worth asking the model about.

use super::candidates::CandidateWords;
use super::guide::{Guide, dot};
use super::importance::embed;
use super::ranked_pair::{RankedPair, Scene};
use super::words::{Word, columns, split, without};
use crate::compute::Embeddings;
use crate::error::Result;
use crate::task::Task;

/// One word in the place of another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Swap {
    /// The caption's word.
    pub word: usize,
    /// The candidate's place among the candidates.
    pub candidate: usize,
    /// What it is expected to bring; larger is better.
    pub gain: f32,
}

impl Swap {
    /// Larger gains first, then in the order of words and candidates.
    pub(super) fn best_first(a: &Self, b: &Self) -> std::cmp::Ordering {
        let places = (a.word, a.candidate).cmp(&(b.word, b.candidate));
        b.gain.total_cmp(&a.gain).then(places)
    }
}

/// A caption whose words are to be exchanged.
pub(super) struct Start<'a> {
    pub text: &'a str,
    /// Its words.
    pub words: &'a [Word],
    /// The words of the caption as it was: they say what may come in.
    pub original: &'a [Word],
    /// Its single row.
    pub row: &'a Embeddings,
    /// The words that may be exchanged.
    pub open: Vec<usize>,
}

/// All exchanges, best first, by first order (`HotFlip`, arXiv 1712.06751, section 3.1): the margin over each of the
/// `negatives` hardest negatives changes by `(E[v] - E[w]) . dL/dE[w]` for word `w` in favour of `v`, and the least of these
/// margins counts. A word of several tokens loses what each of them contributes, and `v` takes the place of the first.
/// Yields the exchanges and the runs of the gradient.
///
/// # Errors
/// As [`Guide::slopes`].
pub(super) fn by_gradient(
    scene: &Scene<'_>,
    guide: &Guide,
    pair: &RankedPair<'_>,
    start: &Start<'_>,
    candidates: &CandidateWords<'_>,
    negatives: usize,
    task: &Task,
) -> Result<(Vec<Swap>, usize)> {
    let margins = pair.margins(start.row, 0, negatives);
    let vectors: Vec<&[f32]> = margins.iter().map(|(a, _)| a.as_slice()).collect();
    let slopes = guide.slopes(scene.encoder, start.text, &vectors, task)?;
    let columns = columns(start.words, &scene.encoder.tokenizer().spans(start.text)?);
    let mut places = Vec::new();
    for &word in &start.open {
        let tokens = columns.get(word).map_or(&[][..], Vec::as_slice);
        if let Some(&first) = tokens.first() {
            places.push((word, first, tokens));
        }
    }
    let each = margins.len();
    let mut gradients = Vec::with_capacity(places.len() * each);
    let mut kept = Vec::with_capacity(places.len() * each);
    for &(_, first, tokens) in &places {
        for (k, (_, margin)) in margins.iter().enumerate() {
            let given_up = tokens
                .iter()
                .map(|&c| dot(slopes.at(k, c), slopes.embedding(c)));
            kept.push(margin - given_up.sum::<f32>());
            gradients.push(slopes.at(k, first));
        }
    }
    let ids: Vec<i64> = candidates.all.iter().map(|c| c.id).collect();
    let products = guide.products(scene.encoder, &ids, &gradients, task)?;
    let mut swaps = Vec::new();
    for (v, row) in products.chunks_exact(gradients.len().max(1)).enumerate() {
        let of_places = row
            .chunks_exact(each)
            .zip(kept.chunks_exact(each))
            .zip(&places);
        for ((product, kept), &(word, ..)) in of_places {
            if !allowed(start, candidates, word, v) {
                continue;
            }
            let margin = product
                .iter()
                .zip(kept)
                .map(|(p, k)| p + k)
                .fold(f32::INFINITY, f32::min);
            swaps.push(Swap {
                word,
                candidate: v,
                gain: pair.aim.sign() * margin,
            });
        }
    }
    swaps.retain(|swap| swap.gain.is_finite());
    swaps.sort_by(Swap::best_first);
    Ok((swaps, slopes.runs))
}

/// May candidate `v` stand in the place of word `word`?
fn allowed(start: &Start<'_>, candidates: &CandidateWords<'_>, word: usize, v: usize) -> bool {
    let pair = start.original.get(word).zip(candidates.all.get(v));
    pair.is_some_and(|(word, candidate)| candidates.allows(word, candidate))
}

/// At most `most` exchanges without a gradient: all where there are no more. Otherwise the words take turns, those first
/// whose absence serves the aim best, each with the next of its candidates in their order. Yields them, and how many
/// captions were embedded to tell.
///
/// # Errors
/// The model fails, or the task was cancelled.
pub(super) fn by_turns(
    scene: &Scene<'_>,
    pair: &RankedPair<'_>,
    start: &Start<'_>,
    candidates: &CandidateWords<'_>,
    most: usize,
    task: &Task,
) -> Result<(Vec<Swap>, usize)> {
    let mut turns: Vec<(usize, Vec<usize>)> = Vec::new();
    for &word in &start.open {
        let all = (0..candidates.all.len()).filter(|&v| allowed(start, candidates, word, v));
        turns.push((word, all.collect()));
    }
    let count: usize = turns.iter().map(|(_, all)| all.len()).sum();
    let mut queries = 0;
    if count > most {
        let shorter: Vec<String> = turns
            .iter()
            .map(|(w, _)| without(start.text, start.words, *w))
            .collect();
        if shorter.iter().all(|text| !split(text).is_empty()) {
            let standings = pair.standings(&embed(scene, &shorter, task)?);
            queries = shorter.len();
            let gains = standings.iter().map(|s| pair.gain(s));
            let mut ordered: Vec<_> = gains.zip(turns).collect();
            ordered.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.0.cmp(&b.1.0)));
            turns = ordered.into_iter().map(|(_, turn)| turn).collect();
        }
    }
    let mut swaps = Vec::with_capacity(count.min(most));
    let rounds = turns.iter().map(|(_, all)| all.len()).max().unwrap_or(0);
    'full: for round in 0..rounds {
        for (word, all) in &turns {
            if swaps.len() == most {
                break 'full;
            }
            if let Some(&candidate) = all.get(round) {
                swaps.push(Swap {
                    word: *word,
                    candidate,
                    gain: 0.0,
                });
            }
        }
    }
    Ok((swaps, queries))
}
