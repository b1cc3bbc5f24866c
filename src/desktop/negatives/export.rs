//! Writes the pairs shown.

use super::state::NegativeSet;
use crate::compute::{Groups, Hit};
use crate::dataset::Dataset;
use crate::dataset::export::{Layout, write_training};
use crate::error::Result;
use crate::files::{chosen, replace, with_ending};
use crate::retrieval::PairSet;
use crate::retrieval::mine::{Examples, Row, Unit};
use crate::task::Task;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The endings of files of lines, and of files to train on.
const ENDINGS: [&str; 3] = ["jsonl", "csv", "parquet"];

/// The file that is written where a dialog confirmed the place `path`: lines go into `.jsonl`, examples into a file of
/// the kind that the name says, or else into `.jsonl` too.
///
/// # Errors
/// A file is there already that the dialog did not ask about.
pub fn place(path: &Path, layout: Option<Layout>) -> Result<PathBuf> {
    let known = if layout.is_some() {
        &ENDINGS[..]
    } else {
        &ENDINGS[..1]
    };
    let ending = known.iter().find(|e| with_ending(path, e) == path);
    let [path] = chosen(path, [*ending.unwrap_or(&ENDINGS[0])])?;
    Ok(path)
}

/// The pairs shown, without those confirmed as right.
pub struct Shown<'a> {
    pub set: &'a NegativeSet,
    pub dataset: &'a Dataset,
    pub groups: &'a Groups,
    /// Score of each caption with its own image.
    pub pairs: &'a [f32],
    pub confirmed: &'a PairSet,
}

impl Shown<'_> {
    /// Writes one JSON object a line.
    ///
    /// # Errors
    /// The file cannot be written; cancellation.
    pub fn lines(&self, path: &Path, task: &Task) -> Result<()> {
        let side = self.set.plan.side;
        task.begin("Exporting", self.set.pairs.len() as u64);
        replace(path, |out| {
            for pair in &self.set.pairs {
                task.check().map_err(io::Error::other)?;
                task.add(1);
                if !self.confirmed.contains(&pair.rows(side)) {
                    serde_json::to_writer(&mut *out, &Row::new(pair, side, Some(self.dataset)))?;
                    out.write_all(b"\n")?;
                }
            }
            Ok(())
        })
    }

    /// Writes examples to train on; the kind of file by its ending.
    ///
    /// # Errors
    /// The file cannot be written, or its ending is not known; cancellation.
    pub fn examples(&self, path: &Path, layout: Layout, task: &Task) -> Result<()> {
        let plan = &self.set.plan;
        let mut units = BTreeMap::<(u32, u32), (f32, Vec<Hit>)>::new();
        for pair in &self.set.pairs {
            if !self.confirmed.contains(&pair.rows(plan.side)) {
                let unit = units.entry((pair.query, pair.positive));
                let unit = unit.or_insert_with(|| (pair.scores[0], Vec::new()));
                unit.1.push(Hit {
                    score: pair.scores[1],
                    index: pair.negative,
                });
            }
        }
        let examples = Examples {
            side: plan.side,
            measured: plan.options.measured,
            groups: self.groups,
            pairs: self.pairs,
            dataset: Some(self.dataset),
        };
        task.begin("Exporting", units.len() as u64);
        let each = units
            .into_iter()
            .flat_map(|((query, positive), (score, mut hits))| {
                hits.sort_by(Hit::order);
                let unit = Unit {
                    query,
                    positive,
                    score,
                };
                examples.of(unit, &hits)
            });
        write_training(path, layout, plan.options.k, each, task)?;
        Ok(())
    }
}
