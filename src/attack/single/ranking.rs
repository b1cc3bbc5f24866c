//! How all captions rank for a picture.

use crate::attack::victim::Verdict;
use crate::compute::{Embeddings, Hit, TIE};
use rayon::prelude::*;
use serde::Serialize;
use std::ops::Range;

/// Where a picture stands among all captions.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CaptionRanking {
    /// The best captions, best first.
    pub hits: Vec<Hit>,
    /// Rank of the best right caption, from 1; 0 where it has none.
    pub rank: u32,
    /// The best right caption.
    pub right: Option<Hit>,
    /// The hardest wrong caption.
    pub wrong: Option<Hit>,
    /// The caption that is to win, and its rank.
    pub target: Option<(Hit, u32)>,
    /// What the victim says.
    pub verdict: Verdict,
}

/// Captions kept in a [`CaptionRanking`].
const SHOWN: usize = 50;

/// Score of each caption with row `image` of `images`.
pub fn scores(images: &Embeddings, image: usize, texts: &Embeddings) -> Vec<f32> {
    (0..texts.rows())
        .into_par_iter()
        .map(|j| images.dot(image, texts, j))
        .collect()
}

impl CaptionRanking {
    /// From the score of each caption; `own` are the right ones.
    pub fn of(scores: &[f32], own: &Range<usize>, target: Option<usize>, verdict: Verdict) -> Self {
        let hit = |j: usize| Hit {
            score: scores[j],
            index: j as u32,
        };
        let mut request: Vec<usize> = (0..scores.len()).collect();
        request.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
        let right = request.iter().find(|j| own.contains(j)).map(|&j| hit(j));
        let wrong = request.iter().find(|j| !own.contains(j)).map(|&j| hit(j));
        let above = |score: f32, among: &dyn Fn(usize) -> bool| {
            let reach = |j: &usize| among(*j) && scores[*j] >= score - TIE;
            1 + (0..scores.len()).filter(reach).count() as u32
        };
        Self {
            rank: right.map_or(0, |r| above(r.score, &|j| !own.contains(&j))),
            right,
            wrong,
            target: target.map(|t| (hit(t), above(scores[t], &|j| j != t))),
            hits: request.iter().take(SHOWN).map(|&j| hit(j)).collect(),
            verdict,
        }
    }
}
