//! Benchmarks with given negatives, as `nearmiss eval` scores them.

use super::common::VectorArgs;
use super::encoder::EncoderArgs;
use super::output::{counted, emit_with, warn};
use super::progress::watched;
use super::skipped::skipped;
use crate::compute::{Embeddings, Measure};
use crate::dataset::trials::Trials;
use crate::dataset::{Account, Reason};
use crate::error::{Error, Result, thousands};
use crate::retrieval::given::{Notes, given_side, refuse_zeros};
use crate::retrieval::{Compositional, Side, compositional};
use crate::task::{Task, scratch};
use std::fmt::Write;

/// Images that are cut out at a time: a bound on the disk they need.
const PART: usize = 2048;

/// Embeds `trials`, or takes the embeddings that are given, scores them and prints the figures.
pub fn score(
    mut trials: Trials,
    encoder: &EncoderArgs,
    vectors: &VectorArgs,
    json: bool,
) -> Result<()> {
    let measure = vectors.similarity;
    let (report, account) = watched(|task| {
        if let Some([images, texts]) = vectors.open(task)? {
            skipped(&trials.dataset);
            let mut notes = Notes::default();
            let images = given_side(Side::Image, images, measure, &mut notes)?;
            let texts = given_side(Side::Text, texts, measure, &mut notes)?;
            notes.sentences().iter().for_each(warn);
            notes.put_into(&mut trials.dataset.origin, measure);
            return scored(&trials, &images, &texts);
        }
        let (trials, images, texts) = embed(&trials, encoder, measure, task)?;
        skipped(&trials.dataset);
        scored(&trials, &images, &texts)
    })?;
    emit_with(&report, &account, json, || describe(&report, measure))
}

fn scored(
    trials: &Trials,
    images: &Embeddings,
    texts: &Embeddings,
) -> Result<(Compositional, Account)> {
    refuse_zeros(images, texts, images.measure(), Some(&trials.dataset))?;
    let report = compositional(trials, images, texts)?;
    Ok((report, trials.dataset.account()))
}

/// Both sides, and the trials of which everything could be read.
fn embed(
    trials: &Trials,
    arguments: &EncoderArgs,
    measure: Measure,
    task: &Task,
) -> Result<(Trials, Embeddings, Embeddings)> {
    let encoder = arguments.open(task)?;
    let cache = arguments.cache();
    let count = trials.dataset.images.len();
    let whole = trials.crops.iter().all(Option::is_none);
    let size = if whole { count } else { PART };
    let mut kept = vec![false; count];
    let (mut images, mut texts, mut problems) = (Rows::default(), Rows::default(), Vec::new());
    for start in (0..count).step_by(size.max(1)) {
        let folder = scratch::folder().map_err(Error::io("create", &std::env::temp_dir()))?;
        let part = trials.part(start..(start + size).min(count), folder.path(), task)?;
        let made = encoder.embed_by(&part, cache.as_ref(), measure, task)?;
        made.warnings.iter().for_each(warn);
        let mut left = made.dataset.images.iter().peekable();
        for (place, image) in part.images.iter().enumerate() {
            kept[start + place] = left.next_if_eq(&image).is_some();
        }
        images.add(&made.embedded.images);
        texts.add(&made.embedded.texts);
        problems.extend(made.dataset.problems);
    }
    let before = trials;
    let mut trials = before.retain(|i| kept[i]);
    trials.dataset.problems.extend(problems);
    if let Some(lost @ 1..) = before.trials.len().checked_sub(trials.trials.len()) {
        let what = format!(
            "{} left out: a picture of each cannot be read",
            counted(lost, "trial")
        );
        let name = trials.benchmark.name();
        let origin = &mut trials.dataset.origin;
        origin.note(Reason::NotDecoded, &what, name);
    }
    Notes::default().put_into(&mut trials.dataset.origin, measure);
    let (images, texts) = (images.embeddings(measure)?, texts.embeddings(measure)?);
    Ok((trials, images, texts))
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
        self.values.extend_from_slice(&part.values());
    }

    fn embeddings(self, measure: Measure) -> Result<Embeddings> {
        Embeddings::measured(self.values, self.dim, measure)
    }
}

fn describe(report: &Compositional, measure: Measure) -> String {
    let mut text = format!(
        "{}: {} of {} and {}, {}; {} wrong for a tie alone\n\n",
        report.benchmark.name(),
        counted(report.trials, "trial"),
        counted(report.images, "image"),
        counted(report.captions, "caption"),
        measure.phrase(),
        match report.ties {
            0 => "none is".into(),
            1 => "1 is".into(),
            ties => format!("{} are", thousands(ties as u64)),
        }
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
        "{:<40}{:>8}{:>10}{:>18}{:>7}",
        "category", "trials", "right %", "95 % interval", "ties"
    );
    for category in &report.categories {
        let interval = format!("{:.1} to {:.1}", category.low, category.high);
        let _ = writeln!(
            text,
            "{:<40}{:>8}{:>10.2}{interval:>18}{:>7}",
            category.name, category.trials, category.accuracy, category.ties
        );
    }
    text
}
