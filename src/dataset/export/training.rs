//! Files to train on, from mined negatives: the columns of sentence-transformers' `mine_hard_negatives`, which its
//! `SentenceTransformerTrainer` takes as they are.
//!
//! | layout | columns | a row for |
//! |---|---|---|
//! | triplet | `anchor` `positive` `negative` | each negative |
//! | n-tuple | `anchor` `positive` `negative_1` .. `negative_n` | each pair with n negatives |
//! | n-tuple-scores | the same and `scores`: of the positive, then of the negatives | each pair with n negatives |
//! | labeled-pair | `anchor` `positive` `label` (1 or 0) | each positive, then each negative, of an anchor |
//! | labeled-list | `anchor` `positive` (a list, the positive first) `labels` | each pair with a negative |
//!
//! As there, a pair with fewer than n negatives is left out of n-tuples, and one without any out of triplets and
//! labelled lists; labelled pairs keep its positive.

use super::columns::{Cell, Kind};
use super::sheet::{Container, Sheet};
use crate::error::{Error, Result};
use crate::files::replace_with;
use crate::task::Task;
use std::path::Path;
use std::str::FromStr;

/// A pair with its mined negatives.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Example {
    /// The query: a caption, or the name of an image.
    pub anchor: String,
    /// What it should find.
    pub positive: String,
    /// Cosine of the two.
    pub score_positive: f32,
    /// What it should not find, each with its cosine to the anchor; hardest first.
    pub negatives: Vec<(String, f32)>,
}

/// How examples become rows: see the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// A row for each negative.
    Triplet,
    /// A column for each negative.
    NTuple,
    /// A column for each negative, and their scores.
    NTupleScores,
    /// A row for each text, right or wrong.
    LabeledPair,
    /// A list of the right text and the wrong ones.
    LabeledList,
}

impl Layout {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Triplet,
        Self::NTuple,
        Self::NTupleScores,
        Self::LabeledPair,
        Self::LabeledList,
    ];

    /// Its name on the command line and in sentence-transformers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Triplet => "triplet",
            Self::NTuple => "n-tuple",
            Self::NTupleScores => "n-tuple-scores",
            Self::LabeledPair => "labeled-pair",
            Self::LabeledList => "labeled-list",
        }
    }

    /// Names and kinds of the columns, with `negatives` columns of negatives in a tuple.
    fn columns(self, negatives: usize) -> Vec<(String, Kind)> {
        let text = |name: &str| (name.to_owned(), Kind::Text);
        let mut columns = vec![text("anchor")];
        match self {
            Self::Triplet => columns.extend([text("positive"), text("negative")]),
            Self::NTuple | Self::NTupleScores => {
                columns.push(text("positive"));
                columns.extend((1..=negatives).map(|i| text(&format!("negative_{i}"))));
                if self == Self::NTupleScores {
                    columns.push(("scores".into(), Kind::Floats));
                }
            }
            Self::LabeledPair => {
                columns.extend([text("positive"), ("label".into(), Kind::Integer)]);
            }
            Self::LabeledList => columns.extend([
                ("positive".into(), Kind::Texts),
                ("labels".into(), Kind::Integers),
            ]),
        }
        columns
    }
}

impl FromStr for Layout {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|layout| layout.name() == text);
        found.ok_or_else(|| format!("one of {} is needed", Self::ALL.map(Self::name).join(", ")))
    }
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Rows {
    /// Rows of the file.
    pub rows: u64,
    /// Examples left out, since they had too few negatives.
    pub skipped: u64,
}

/// Writes `examples` to `path` in `layout`; `.jsonl`, `.csv` or `.parquet` by its extension. Tuples have `negatives`
/// columns of negatives, the first ones of each example. Lists are JSON in the cells of a CSV. Rows are written as
/// they come; examples of one anchor follow one another, which labelled pairs put together: its positives, then its
/// negatives, each once.
///
/// # Errors
/// Another extension, a tuple of no negatives, the file cannot be written, or cancellation: `path` then stays as it
/// was.
pub fn write_training(
    path: &Path,
    layout: Layout,
    negatives: usize,
    examples: impl Iterator<Item = Example>,
    task: &Task,
) -> Result<Rows> {
    if negatives == 0 && matches!(layout, Layout::NTuple | Layout::NTupleScores) {
        return Err(Error::request(
            "an n-tuple needs at least one negative",
            "Ask for one or more negatives.",
        ));
    }
    let columns = layout.columns(negatives);
    let container = Container::of(path)?;
    replace_with(path, |out| {
        let mut sheet = Sheet::new(path, container, &columns, out)?;
        let mut counts = Rows::default();
        let mut write = |cells: Vec<Cell>, counts: &mut Rows| {
            counts.rows += 1;
            sheet.row(&columns, cells)
        };
        let mut anchor: Vec<Example> = Vec::new();
        for (number, example) in examples.enumerate() {
            if number.is_multiple_of(1024) {
                task.check()?;
            }
            task.add(1);
            if layout == Layout::LabeledPair {
                if anchor.first().is_some_and(|e| e.anchor != example.anchor) {
                    for cells in labeled_pairs(&anchor) {
                        write(cells, &mut counts)?;
                    }
                    anchor.clear();
                }
                anchor.push(example);
                continue;
            }
            let rows = rows(layout, negatives, example);
            counts.skipped += u64::from(rows.is_empty());
            for cells in rows {
                write(cells, &mut counts)?;
            }
        }
        for cells in labeled_pairs(&anchor) {
            write(cells, &mut counts)?;
        }
        sheet.close()?;
        Ok(counts)
    })
}

/// The rows of one example; none where it has too few negatives.
fn rows(layout: Layout, negatives: usize, example: Example) -> Vec<Vec<Cell>> {
    let Example {
        anchor,
        positive,
        score_positive,
        negatives: found,
    } = example;
    match layout {
        Layout::Triplet => {
            let row = |(negative, _)| {
                vec![
                    Cell::Text(anchor.clone()),
                    Cell::Text(positive.clone()),
                    Cell::Text(negative),
                ]
            };
            found.into_iter().map(row).collect()
        }
        Layout::NTuple | Layout::NTupleScores => {
            if found.len() < negatives {
                return Vec::new();
            }
            let mut scores = vec![score_positive];
            let mut cells = vec![Cell::Text(anchor), Cell::Text(positive)];
            for (negative, score) in found.into_iter().take(negatives) {
                cells.push(Cell::Text(negative));
                scores.push(score);
            }
            if layout == Layout::NTupleScores {
                cells.push(Cell::Floats(scores));
            }
            vec![cells]
        }
        Layout::LabeledList => {
            if found.is_empty() {
                return Vec::new();
            }
            let mut labels = vec![0; found.len() + 1];
            labels[0] = 1;
            let texts = std::iter::once(positive).chain(found.into_iter().map(|(text, _)| text));
            vec![vec![
                Cell::Text(anchor),
                Cell::Texts(texts.collect()),
                Cell::Integers(labels),
            ]]
        }
        Layout::LabeledPair => labeled_pairs(std::slice::from_ref(&Example {
            anchor,
            positive,
            score_positive,
            negatives: found,
        })),
    }
}

/// The positives of one anchor, then its negatives, each once.
fn labeled_pairs(examples: &[Example]) -> Vec<Vec<Cell>> {
    let row = |anchor: &str, text: &str, label| {
        vec![
            Cell::Text(anchor.to_owned()),
            Cell::Text(text.to_owned()),
            Cell::Integer(label),
        ]
    };
    let mut rows: Vec<_> = examples
        .iter()
        .map(|e| row(&e.anchor, &e.positive, 1))
        .collect();
    let mut seen: Vec<&str> = Vec::new();
    for example in examples {
        for (negative, _) in &example.negatives {
            if !seen.contains(&negative.as_str()) {
                seen.push(negative);
                rows.push(row(&example.anchor, negative, 0));
            }
        }
    }
    rows
}
