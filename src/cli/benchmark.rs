//! Benchmarks with given negatives, as `nearmiss eval` scores them.

use super::common::{EncoderArgs, VectorArgs};
use super::material::skipped;
use super::output::{counted, emit, warn, watched};
use crate::compute::Embeddings;
use crate::dataset::trials::Trials;
use crate::error::{Error, Result};
use crate::retrieval::{Compositional, compositional};
use crate::task::{Task, scratch};
use std::fmt::Write;

/// Images that are cut out at a time: a bound on the disk they need.
const PART: usize = 2048;

/// Embeds `trials`, or takes the embeddings that are given, scores them and prints the figures.
pub fn score(
    trials: &Trials,
    encoder: &EncoderArgs,
    vectors: &VectorArgs,
    json: bool,
) -> Result<()> {
    let report = watched(|task| {
        if let Some((images, texts)) = vectors.open(task)? {
            skipped(&trials.dataset);
            return compositional(trials, &images, &texts);
        }
        let (trials, images, texts) = embed(trials, encoder, task)?;
        skipped(&trials.dataset);
        compositional(&trials, &images, &texts)
    })?;
    emit(&report, json, || describe(&report))
}

/// Both sides, and the trials of which everything could be read.
fn embed(
    trials: &Trials,
    arguments: &EncoderArgs,
    task: &Task,
) -> Result<(Trials, Embeddings, Embeddings)> {
    let encoder = arguments.open(task)?;
    let cache = arguments.cache();
    let count = trials.dataset.images.len();
    let whole = trials.crops.iter().all(Option::is_none);
    let size = if whole { count } else { PART };
    let mut kept = vec![false; count];
    let (mut images, mut texts, mut problems) = (Rows::default(), Rows::default(), Vec::new());
    let temporary = std::env::temp_dir();
    scratch::sweep(&temporary);
    for start in (0..count).step_by(size.max(1)) {
        let folder = tempfile::Builder::new()
            .prefix(&scratch::prefix(".nearmiss-"))
            .tempdir_in(&temporary)
            .map_err(Error::io("create", &temporary))?;
        let part = trials.part(start..(start + size).min(count), folder.path(), task)?;
        let embedded = encoder.embed_dataset(&part, cache.as_ref(), task)?;
        embedded.warnings.iter().for_each(warn);
        let mut left = embedded.dataset.images.iter().peekable();
        for (place, image) in part.images.iter().enumerate() {
            kept[start + place] = left.next_if_eq(&image).is_some();
        }
        images.add(&embedded.images);
        texts.add(&embedded.texts);
        problems.extend(embedded.dataset.problems);
    }
    let mut trials = trials.retain(|i| kept[i]);
    trials.dataset.problems.extend(problems);
    Ok((trials, images.embeddings()?, texts.embeddings()?))
}

/// Embeddings that come in parts.
#[derive(Default)]
struct Rows {
    values: Vec<f32>,
    dim: usize,
}

impl Rows {
    fn add(&mut self, part: &Embeddings) {
        self.dim = part.dim();
        self.values.extend_from_slice(part.data());
    }

    fn embeddings(self) -> Result<Embeddings> {
        Embeddings::new(self.values, self.dim)
    }
}

fn describe(report: &Compositional) -> String {
    let mut text = format!(
        "{}: {} of {} and {}, ties count as wrong\n\n",
        report.benchmark.name(),
        counted(report.trials, "trial"),
        counted(report.images, "image"),
        counted(report.captions, "caption")
    );
    if let Some(scores) = report.scores {
        let _ = writeln!(
            text,
            "text {:.2} %, image {:.2} %, group {:.2} % (chance 25, 25 and 16.67)\n",
            scores.text, scores.image, scores.group
        );
    } else {
        let _ = writeln!(
            text,
            "accuracy {:.2} % (mean of the categories; of all trials {:.2} %; chance {:.2} %)\n",
            report.accuracy, report.micro, report.chance
        );
    }
    let _ = writeln!(
        text,
        "{:<40}{:>8}{:>10}{:>18}",
        "category", "trials", "right %", "95 % interval"
    );
    for category in &report.categories {
        let interval = format!("{:.1} to {:.1}", category.low, category.high);
        let _ = writeln!(
            text,
            "{:<40}{:>8}{:>10.2}{interval:>18}",
            category.name, category.trials, category.accuracy
        );
    }
    text
}
