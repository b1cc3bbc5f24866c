//! Mined negatives as lines for files and terminals.

use super::Mined;
use crate::compute::{Direction, Hit};
use crate::dataset::Dataset;
use crate::retrieval::{Doubt, Evidence, Reason, Side};
use serde::Serialize;

/// One query with one of its negatives. The keys of its JSON form are a contract.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The query: an image's name, a caption's `name#number`, or a row where only embeddings are known.
    pub query: Id,
    /// `image` or `text`.
    pub query_kind: &'static str,
    /// The positive that the margin is measured from, on the other side.
    pub positive: Id,
    /// The negative, on the other side.
    pub negative: Id,
    /// Score of the positive.
    pub score_positive: f32,
    /// Score of the negative.
    pub score_negative: f32,
    /// Score of the positive less that of the negative.
    pub margin: f32,
    /// Rank of the query's best positive, from 1; `None` where the set was not ranked.
    pub rank: Option<u32>,
    /// May the negative fit after all? There is a reason to check.
    pub possible_false_negative: bool,
    /// Why it is.
    pub reasons: Vec<Reason>,
    /// What was looked at to tell.
    pub evidence: Evidence,
    /// Words of the query, where it is a caption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_text: Option<String>,
    /// Words of the positive, where it is a caption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub positive_text: Option<String>,
    /// Words of the negative, where it is a caption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub negative_text: Option<String>,
}

/// What an image or caption is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Id {
    /// Its row; nothing else is known.
    Row(u32),
    /// An image's name, or a caption's: the name of its image, `#`, its number among the image's captions.
    Name(String),
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Row(row) => write!(f, "{row}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// A query with one of its negatives.
#[derive(Debug, Clone, PartialEq)]
pub struct MinedPair {
    /// Row of the query.
    pub query: u32,
    /// Row of the positive, on the other side.
    pub positive: u32,
    /// Row of the negative, on the other side.
    pub negative: u32,
    /// Scores of positive and negative.
    pub scores: [f32; 2],
    /// Rank of the query's best positive, from 1; 0 where the set was not ranked.
    pub rank: u32,
    /// What speaks for the negative.
    pub evidence: Evidence,
    /// What of it counts.
    pub reasons: Vec<Reason>,
}

impl MinedPair {
    /// Score of the positive less that of the negative.
    pub fn margin(&self) -> f32 {
        self.scores[0] - self.scores[1]
    }

    /// Rows of the image and caption that are no pair of the dataset; `side` is that of the query.
    pub fn rows(&self, side: Side) -> (u32, u32) {
        match side {
            Side::Image => (self.query, self.negative),
            Side::Text => (self.negative, self.query),
        }
    }
}

impl Row {
    /// The line of a pair, whose query is on `side`.
    pub fn new(pair: &MinedPair, side: Side, dataset: Option<&Dataset>) -> Self {
        let text = |side: Side, row: u32| {
            let dataset = dataset.filter(|_| side == Side::Text)?;
            dataset.captions.get(row as usize).cloned()
        };
        Self {
            query: Id::new(dataset, side, pair.query),
            query_kind: kind(side),
            positive: Id::new(dataset, side.other(), pair.positive),
            negative: Id::new(dataset, side.other(), pair.negative),
            score_positive: pair.scores[0],
            score_negative: pair.scores[1],
            margin: pair.margin(),
            rank: (pair.rank > 0).then_some(pair.rank),
            possible_false_negative: !pair.reasons.is_empty(),
            reasons: pair.reasons.clone(),
            evidence: pair.evidence,
            query_text: text(side, pair.query),
            positive_text: text(side.other(), pair.positive),
            negative_text: text(side.other(), pair.negative),
        }
    }
}

impl Id {
    /// What the row on `side` is called.
    pub fn new(dataset: Option<&Dataset>, side: Side, row: u32) -> Self {
        match (dataset, side) {
            (None, _) => Self::Row(row),
            (Some(dataset), Side::Image) => Self::Name(dataset.images[row as usize].name.clone()),
            (Some(dataset), Side::Text) => {
                let image = dataset.image_of(row as usize);
                let number = row as usize - dataset.captions_of(image).start;
                Self::Name(format!("{}#{number}", dataset.images[image].name))
            }
        }
    }
}

/// Makes pairs of what was mined.
#[derive(Debug, Clone, Copy)]
pub struct Pairing<'a> {
    /// What was mined.
    pub mined: &'a Mined,
    /// The ranking of its queries.
    pub direction: &'a Direction,
    /// Weighs the negatives.
    pub doubt: &'a Doubt<'a>,
}

impl Pairing<'_> {
    /// Unit `u` with one of its negatives.
    pub fn pair(&self, u: usize, hit: Hit) -> MinedPair {
        let unit = self.mined.units[u];
        let mut pair = MinedPair {
            query: unit.query,
            positive: unit.positive,
            negative: hit.index,
            scores: [unit.score, hit.score],
            rank: self
                .direction
                .ranks
                .get(unit.query as usize)
                .copied()
                .unwrap_or(0),
            evidence: Evidence::default(),
            reasons: Vec::new(),
        };
        let (image, caption) = pair.rows(self.mined.side);
        pair.evidence = self.doubt.evidence(image, caption);
        if !self.doubt.corpus.rejected.contains(&(image, caption)) {
            pair.reasons = self.doubt.weigh(&pair.evidence);
        }
        pair
    }
}

fn kind(side: Side) -> &'static str {
    match side {
        Side::Image => "image",
        Side::Text => "text",
    }
}
