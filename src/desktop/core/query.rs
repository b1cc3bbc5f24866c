//! Queries, their answers, and the cards of models.

use crate::compute::Hit;
use crate::dataset::Picture;
use crate::encoder::Unread;
use crate::grad::Card;
use crate::retrieval::Side;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// What is asked of the other side.
#[derive(Debug, Clone)]
pub enum Query {
    /// A row of the dataset.
    Row(Side, usize),
    /// Words typed.
    Text(String),
    /// A picture dropped or opened.
    Picture {
        /// Its file name.
        name: String,
        /// The picture itself.
        picture: Arc<Picture>,
    },
}

impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Row(a, i), Self::Row(b, j)) => a == b && i == j,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Picture { picture: a, .. }, Self::Picture { picture: b, .. }) => {
                Arc::ptr_eq(a, b)
            }
            _ => false,
        }
    }
}

impl Query {
    /// The side that the query is on; the answers are on the other.
    pub fn side(&self) -> Side {
        match self {
            Self::Row(side, _) => *side,
            Self::Text(_) => Side::Text,
            Self::Picture { .. } => Side::Image,
        }
    }
}

/// What a wrong candidate must reach to count as above the best right one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    /// Score of the best right one.
    pub best: f32,
    /// Scores closer to it than this are a tie, and a tie counts against the right one.
    pub tie: f32,
}

/// Why a wrong candidate counts as above the best right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Above {
    /// It scores higher.
    Higher,
    /// It does not, but as good as the same.
    Tied,
}

/// A query's answer, ready to draw.
#[derive(Debug, Clone)]
pub struct AnswerView {
    /// The query it answers.
    pub query: Query,
    /// The side of the candidates: the other one than the query's, or images where there are no captions.
    pub of: Side,
    /// Best candidates, best first.
    pub hits: Vec<Hit>,
    /// Candidates in all.
    pub candidates: usize,
    /// Rows of the right ones; empty for a free query.
    pub positives: Range<usize>,
    /// Rank of the best right one.
    pub rank: Option<u32>,
    /// Score of the best right one less that of the hardest negative.
    pub margin: Option<f32>,
    /// Right ones that are not among `hits`, with their scores.
    pub below: Vec<Hit>,
    /// What wrong ones must reach to count as above the best right one; `None` where none is known to be right.
    pub bar: Option<Bar>,
    /// Wrong ones among `hits`, rising, that say the same as a right caption: captions with its words, or images that
    /// have a caption with the words of the query.
    pub same_text: Vec<u32>,
    /// What of the query's text the encoder does not know; `None` where it has no text, or knows all of it.
    pub unread: Option<Unread>,
}

impl AnswerView {
    /// Is this candidate right?
    pub fn is_right(&self, hit: &Hit) -> bool {
        self.positives.contains(&(hit.index as usize))
    }

    /// Why this candidate counts as above the best right one, though it is wrong; `None` where it does not. As ranks are
    /// counted: [`crate::compute::Direction::ranks`].
    pub fn above(&self, hit: &Hit) -> Option<Above> {
        let bar = self.bar.filter(|_| !self.is_right(hit))?;
        if hit.score > bar.best {
            return Some(Above::Higher);
        }
        (hit.score >= bar.best - bar.tie).then_some(Above::Tied)
    }

    /// Does this candidate say the same as a right one, though it is wrong?
    pub fn says_the_same(&self, hit: &Hit) -> bool {
        self.same_text.binary_search(&hit.index).is_ok()
    }
}

/// The card of one of the encoder's models.
#[derive(Debug, Clone)]
pub struct ModelCard {
    /// Which side it embeds.
    pub side: Side,
    /// Its file.
    pub file: PathBuf,
    /// The size of its graph; why it is not known where its file cannot be read.
    pub size: Result<GraphSize, String>,
    /// The nodes of its file, in an order in which they can run.
    pub layers: Vec<Layer>,
    /// What was found; the error's text where it could not be examined.
    pub card: Result<Arc<Card>, String>,
}

/// How large a model's graph is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphSize {
    /// Nodes, with functions unfolded and constants left out.
    pub nodes: usize,
    /// Numbers that its file holds as floats.
    pub parameters: usize,
    /// Bytes of all its constants.
    pub constants: u64,
    /// Bytes of its files.
    pub files: u64,
    /// Version of the default operator set.
    pub opset: i64,
    /// The exporter; empty where the file names none.
    pub producer: String,
}

/// A node of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// Its name; that of its first output where it has none.
    pub name: String,
    /// Its operator, with the domain where that is not the default one.
    pub operator: String,
    /// Type and shape of its first output for one input; `None` where it is not known.
    pub makes: Option<String>,
}
