//! What hard negatives are mined in.

use super::{PairSet, Wording};
use crate::compute::Embedded;

/// What is mined in.
#[derive(Debug, Clone, Copy)]
pub struct Corpus<'a> {
    /// Images and captions.
    pub embedded: &'a Embedded,
    /// What the captions say, where that is known.
    pub wording: Option<&'a Wording>,
    /// Pairs of image and caption that were found right after all: never negatives.
    pub confirmed: &'a PairSet,
    /// Pairs that were looked at and are wrong: never doubtful.
    pub rejected: &'a PairSet,
}
