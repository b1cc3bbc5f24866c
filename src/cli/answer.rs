//! One query against the other side of a dataset.

use super::output::counted;
use crate::compute::Embeddings;
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::retrieval::Side;
use rayon::prelude::*;
use serde::Serialize;
use std::fmt::Write;
use std::ops::Range;

/// One query.
pub struct Query {
    /// Its single row.
    pub vector: Embeddings,
    /// What it is called in the answer.
    pub words: String,
    /// What it is.
    pub from: Side,
    /// What it looks for.
    pub to: Side,
    /// Rows of the right answers, where it has some.
    pub right: Option<Range<usize>>,
    /// Its own row among the candidates, which is left out.
    pub itself: Option<usize>,
}

/// The ranked other side of a query.
#[derive(Debug, Serialize)]
pub struct Answer {
    query: String,
    direction: &'static str,
    /// From 1, the best of the right answers; null for a query that has none.
    right_rank: Option<usize>,
    /// Score of the best right answer less that of the hardest wrong one.
    margin: Option<f32>,
    results: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    rank: usize,
    index: usize,
    score: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    right: Option<bool>,
}

/// Ranks `candidates`, a side of `dataset`, for `query`; keeps the `k` best.
pub fn answer(
    query: &Query,
    candidates: &Embeddings,
    dataset: &Dataset,
    k: usize,
) -> Result<Answer> {
    if query.vector.dim() != candidates.dim() {
        return Err(Error::request(
            format!(
                "the query has {} values, the dataset {}",
                query.vector.dim(),
                candidates.dim()
            ),
            "Use the encoder that embedded the dataset.",
        ));
    }
    let scores: Vec<f32> = (0..candidates.rows())
        .into_par_iter()
        .map(|j| query.vector.dot(0, candidates, j))
        .collect();
    let mut order: Vec<usize> = (0..scores.len())
        .filter(|&row| query.itself != Some(row))
        .collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
    let (right_rank, margin) = query.right.as_ref().map_or((None, None), |r| {
        standing(&scores, r, query.vector.tie(0, candidates))
    });
    let results = order.iter().take(k).enumerate().map(|(n, &index)| Row {
        rank: n + 1,
        index,
        score: scores[index],
        text: (query.to == Side::Text).then(|| dataset.captions[index].clone()),
        image: (query.to == Side::Image).then(|| dataset.images[index].name.clone()),
        right: query.right.as_ref().map(|right| right.contains(&index)),
    });
    Ok(Answer {
        query: query.words.clone(),
        direction: match (query.from, query.to) {
            (Side::Image, Side::Text) => "i2t",
            (Side::Text, Side::Image) => "t2i",
            (Side::Image, Side::Image) => "i2i",
            (Side::Text, Side::Text) => "t2t",
        },
        right_rank,
        margin,
        results: results.collect(),
    })
}

/// Rank from 1 of the best right answer, a tie counting against it, and its margin to the hardest wrong one.
fn standing(scores: &[f32], right: &Range<usize>, tie: f32) -> (Option<usize>, Option<f32>) {
    let Some(best) = scores[right.clone()].iter().copied().max_by(f32::total_cmp) else {
        return (None, None);
    };
    let wrong = || {
        scores[..right.start]
            .iter()
            .chain(&scores[right.end..])
            .copied()
    };
    let above = wrong().filter(|&score| score >= best - tie).count();
    (
        Some(above + 1),
        wrong().max_by(f32::total_cmp).map(|hardest| best - hardest),
    )
}

impl Answer {
    /// In words; `candidates` is how many were ranked.
    pub fn describe(&self, candidates: usize) -> String {
        let sides = if self.direction.ends_with('t') {
            "caption"
        } else {
            "image"
        };
        let mut text = format!("{}\n", self.query);
        if let Some(rank) = self.right_rank {
            let _ = write!(
                text,
                "right answer at rank {rank} of {}",
                counted(candidates, sides)
            );
            if let Some(margin) = self.margin {
                let _ = write!(text, ", {margin:+.4} to its hardest negative");
            }
            text.push('\n');
        }
        text.push('\n');
        for row in &self.results {
            let mark = if row.right == Some(true) { '*' } else { ' ' };
            let name = row
                .text
                .as_ref()
                .or(row.image.as_ref())
                .map_or("", String::as_str);
            let _ = writeln!(text, "{:>4} {mark} {:>8.4}  {name}", row.rank, row.score);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compute::TIE;

    #[test]
    fn a_tie_counts_against_the_right_answer() {
        let scores = [0.9, 0.5, 0.5, 0.1];
        assert_eq!(standing(&scores, &(1..2), TIE).0, Some(3));
        assert_eq!(standing(&scores, &(0..1), TIE), (Some(1), Some(0.9 - 0.5)));
        assert_eq!(standing(&scores, &(2..4), TIE).0, Some(3));
        assert_eq!(standing(&scores, &(0..4), TIE), (Some(1), None));
    }
}
