//! The page of one evaluation.

use super::{Page, histograms, lengths, metrics, now, pairs};
use crate::dataset::Dataset;
use crate::error::{Result, thousands};
use crate::retrieval::{Evaluation, Side};
use crate::task::Task;

/// What was evaluated with what.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    /// The images and captions.
    pub dataset: &'a Dataset,
    /// The ranking of all of them.
    pub evaluation: &'a Evaluation,
    /// Where the dataset was read from.
    pub source: String,
    /// What the encoder is called.
    pub encoder: String,
    /// Where its files lie, or those of the embeddings.
    pub files: String,
    /// What ran it; empty where embeddings were given.
    pub runs: String,
    /// Margin of the losses in the evaluation.
    pub margin: f32,
    /// Title of the page; `None` for the names of dataset and encoder.
    pub title: Option<String>,
    /// Hardest pairs shown of each direction.
    pub pairs: usize,
}

impl Subject<'_> {
    /// Makes the page.
    ///
    /// # Errors
    /// Cancellation.
    pub fn page(&self, task: &Task) -> Result<Page> {
        let (dataset, found) = (self.dataset, self.evaluation);
        let hardest = |side| pairs(dataset, found, side, self.pairs, task);
        let title = self.title.clone();
        Ok(Page {
            title: title.unwrap_or_else(|| format!("{} · {}", dataset.name, self.encoder)),
            facts: self.facts(),
            sections: vec![
                metrics(&found.report, self.margin),
                histograms(found),
                lengths(dataset, found),
                hardest(Side::Image)?,
                hardest(Side::Text)?,
            ],
        })
    }

    fn facts(&self) -> Vec<(String, String)> {
        let dataset = self.dataset;
        let count = |n: usize| thousands(n as u64);
        let account = dataset.account();
        let size = format!(
            "{} images, {} captions",
            count(dataset.images.len()),
            count(dataset.captions.len())
        );
        // The first line says how many of how many; the others what is left out, and what is noted.
        let told = account.describe();
        let (used, skipped) = told.split_once('\n').unwrap_or((&told, ""));
        let facts = [
            ("Dataset", format!("{} ({})", dataset.name, dataset.format)),
            ("Size", size),
            ("Used", used.to_owned()),
            (
                "Left out",
                skipped.replace('\n', "; ").replace("left out: ", ""),
            ),
            ("Read from", self.source.clone()),
            ("Encoder", self.encoder.clone()),
            ("Its files", self.files.clone()),
            ("Embedded by", self.runs.clone()),
            ("Ranked by", self.evaluation.report.engine.clone()),
            ("Date", now()),
        ];
        let told = facts.into_iter().filter(|(_, value)| !value.is_empty());
        told.map(|(name, value)| (name.to_owned(), value)).collect()
    }
}
