//! What was mined, as examples to train on.

use super::{Id, Measured, Unit};
use crate::compute::{Groups, Hit};
use crate::dataset::Dataset;
use crate::dataset::export::Example;
use crate::retrieval::Side;

/// Makes training examples: texts for captions, names for images, rows where only embeddings are known.
#[derive(Clone, Copy)]
pub struct Examples<'a> {
    /// The side of the queries.
    pub side: Side,
    /// How margins were measured. Negatives mined for a query as a whole go with each of its positives, as
    /// sentence-transformers has it; those mined for a pair go with that pair.
    pub measured: Measured,
    /// Captions of each image.
    pub groups: &'a Groups,
    /// Score of each caption with its own image.
    pub pairs: &'a [f32],
    /// Names and captions, where they are known.
    pub dataset: Option<&'a Dataset>,
}

impl Examples<'_> {
    /// The examples of a unit with these negatives.
    pub fn of(&self, unit: Unit, negatives: &[Hit]) -> Vec<Example> {
        let other = self.side.other();
        let named: Vec<(String, f32)> = negatives
            .iter()
            .map(|hit| (self.say(other, hit.index), hit.score))
            .collect();
        let example = |positive: u32, score: f32| Example {
            anchor: self.say(self.side, unit.query),
            positive: self.say(other, positive),
            score_positive: score,
            negatives: named.clone(),
        };
        if self.side == Side::Text || self.measured == Measured::Each {
            return vec![example(unit.positive, unit.score)];
        }
        let own = self.groups.range(unit.query as usize);
        own.map(|j| example(j as u32, self.pairs[j])).collect()
    }

    fn say(&self, side: Side, row: u32) -> String {
        match (self.dataset, side) {
            (Some(dataset), Side::Text) => dataset.captions[row as usize].clone(),
            _ => Id::new(self.dataset, side, row).to_string(),
        }
    }
}
