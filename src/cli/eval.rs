//! `nearmiss eval`: the figures of a retrieval paper's table.

use super::benchmark::score;
use super::common::{EngineArgs, positive};
use super::material::{SourceArgs, material};
use super::output::{counted, emit_with};
use super::progress::watched;
use super::skipped::list;
use crate::compute::{Embedded, Embeddings, Engine};
use crate::dataset::annotations::{self, Annotations, Ids};
use crate::dataset::{Reason, trials};
use crate::error::{Error, Result};
use crate::retrieval::given::Zeros;
use crate::retrieval::relevance::{Annotated, AnnotatedReport};
use crate::retrieval::{EvalOptions, Report, evaluate};
use crate::source::is_demo;
use crate::task::Task;
use clap::{ArgGroup, Args};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Images in a fold of the COCO 1K protocol.
const FOLD: usize = 1_000;

/// Arguments of `eval`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("source").args(["encoder", "image_model", "image_embeds"])))]
pub struct Eval {
    /// Dataset file or folder, or `demo`; also a benchmark with given negatives: Winoground, ARO or `SugarCrepe`
    #[arg(
        long,
        value_name = "PATH|demo",
        required_unless_present = "image_embeds"
    )]
    dataset: Option<PathBuf>,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    engine: EngineArgs,
    /// Captions of each image, in order; for embeddings without a dataset
    #[arg(long, value_name = "N", value_parser = positive)]
    captions_per_image: Option<usize>,
    /// Average over the first N contiguous slices of 1,000 images (5: the COCO 1K protocol)
    #[arg(long, value_name = "N", value_parser = positive)]
    folds: Option<usize>,
    /// Margin of the ranking losses
    #[arg(long, value_name = "A", default_value_t = 0.2)]
    margin: f32,
    /// What else is right: annotations of ECCV Caption or Crisscrossed Captions, a file or their folder
    #[arg(
        long,
        value_name = "FILE|DIR",
        requires = "dataset",
        conflicts_with = "folds"
    )]
    relevance: Option<PathBuf>,
}

/// What `eval` prints: the report, and a key for each set of annotations.
#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    report: Report,
    #[serde(flatten)]
    relevance: BTreeMap<String, AnnotatedReport>,
}

impl Eval {
    /// Runs the command.
    pub fn run(&self, json: bool) -> Result<()> {
        if !self.margin.is_finite() || self.margin < 0.0 {
            return Err(Error::request(
                format!("a margin of {} makes no hinge", self.margin),
                "Give a margin from 0, such as 0.2.",
            ));
        }
        if let Some(path) = self.dataset.as_deref().filter(|path| !is_demo(path))
            && let Some(trials) =
                watched(|task| trials::open_wanted(path, &self.source.data.wanted(), task))?
        {
            if self.folds.or(self.captions_per_image).is_some() {
                return Err(Error::request(
                    format!("{} has no folds and groups", trials.benchmark.name()),
                    "Leave out --folds and --captions-per-image.",
                ));
            }
            self.source.data.part.refuse(trials.benchmark.name())?;
            return score(trials, &self.source.encoder, &self.source.vectors, json);
        }
        let engine = self.engine.open()?;
        // Before the costly part: a wrong path is told at once.
        let annotated = match &self.relevance {
            Some(path) => watched(|task| known(path, task))?,
            None => Vec::new(),
        };
        let ask = self.source.ask(
            self.dataset.as_deref(),
            self.captions_per_image,
            Zeros::LeaveOut,
        );
        let mut material = material(&ask, |images| enough(images, self.folds))?;
        let options = EvalOptions {
            fold: self.folds.map(|_| FOLD),
            folds: self.folds,
            margin: self.margin,
            k: 0,
        };
        let Embedded {
            images,
            texts,
            groups,
            ..
        } = &material.embedded;
        let answer = watched(|task| {
            let report = evaluate(&*engine, images, texts, groups, &options, task)?.report;
            let relevance = match (&material.dataset, &self.dataset) {
                (Some(dataset), Some(source)) if !annotated.is_empty() => {
                    let ids = Ids::of(dataset, source, task)?;
                    figures(&annotated, &ids, &*engine, images, texts, task)?
                }
                _ => BTreeMap::new(),
            };
            Ok::<_, Error>(Answer { report, relevance })
        })?;
        let left = groups.images() - answer.report.images.min(groups.images());
        if let (Some(_), 1..) = (self.folds, left) {
            let what = "after the last fold, and in no figure";
            let captions = groups.texts() - answer.report.captions;
            let account = &mut material.account;
            account.leave_out(Reason::OutsideFolds, what, left, captions);
        }
        emit_with(&answer, &material.account, json, || {
            describe(&answer.report) + &describe_relevance(&answer.relevance)
        })
    }
}

/// Opens annotations; what they list as skipped goes to standard error.
fn known(path: &Path, task: &Task) -> Result<Vec<Annotations>> {
    let found = annotations::open(path, task)?;
    for annotations in &found {
        list("skipped", &annotations.problems);
    }
    Ok(found)
}

fn figures(
    found: &[Annotations],
    ids: &Ids,
    engine: &dyn Engine,
    images: &Embeddings,
    texts: &Embeddings,
    task: &Task,
) -> Result<BTreeMap<String, AnnotatedReport>> {
    found
        .iter()
        .map(|one| {
            let report = Annotated::report(one, ids, engine, images, texts, task)?;
            Ok((one.name.clone(), report))
        })
        .collect()
}

fn enough(images: usize, folds: Option<usize>) -> Result<()> {
    let Some(folds) = folds else { return Ok(()) };
    let wanted = folds.saturating_mul(FOLD);
    if images >= wanted {
        return Ok(());
    }
    Err(Error::request(
        format!("{folds} folds of 1,000 images need {wanted} images; there are {images}"),
        match images / FOLD {
            0 => "Leave out --folds to rank all of them at once.".into(),
            n => format!("Use --folds {n}, or leave it out to rank all of them at once."),
        },
    ))
}

fn describe(report: &Report) -> String {
    format!(
        "{}, {} ({}), ranked in {:.2} s on {}\n\n{}",
        counted(report.images, "image"),
        counted(report.captions, "caption"),
        report.protocol,
        report.seconds,
        report.engine,
        table(report)
    )
}

/// The figures of both directions, and the losses.
pub fn table(report: &Report) -> String {
    let mut text = format!(
        "{:<14}{:>7}{:>8}{:>8}{:>8}{:>9}\n",
        "", "R@1 %", "R@5 %", "R@10 %", "MedR", "MeanR"
    );
    for (name, m) in [
        ("image to text", &report.i2t),
        ("text to image", &report.t2i),
    ] {
        // Ranks among millions are wider than their columns, and stay apart.
        let _ = writeln!(
            text,
            "{name:<14}{:>7.2} {:>7.2} {:>7.2} {:>7.1} {:>8.2}",
            m.r1, m.r5, m.r10, m.medr, m.meanr
        );
    }
    let _ = writeln!(
        text,
        "\nrsum {:.1}, sum of hinges {:.4}, max of hinges {:.4} (mean per pair)",
        report.rsum, report.loss_sh, report.loss_mh
    );
    text
}

fn describe_relevance(relevance: &BTreeMap<String, AnnotatedReport>) -> String {
    let mut text = String::new();
    for (name, report) in relevance {
        let _ = writeln!(
            text,
            "\n{name:<14}{:>7}{:>8}{:>8}{:>8}{:>8}{:>9}",
            "R-P %", "mAP@R", "R@1 %", "R@5 %", "R@10 %", "queries"
        );
        let metrics = &report.metrics;
        for (way, m) in [
            ("image to text", &metrics.i2t),
            ("text to image", &metrics.t2i),
        ] {
            let _ = writeln!(
                text,
                "{way:<14}{:>7.2}{:>8.2}{:>8.2}{:>8.2}{:>8.2}{:>9}",
                m.r_precision, m.map_at_r, m.r1, m.r5, m.r10, m.queries
            );
        }
        for (kind, c) in &report.correlation {
            let _ = writeln!(
                text,
                "{kind}: Spearman {:.4} over {}",
                c.spearman,
                counted(c.pairs, "rated pair")
            );
        }
        if report.missing_queries + report.missing_positives > 0 {
            let _ = writeln!(
                text,
                "not in the dataset: {} and {} of others",
                counted(report.missing_queries, "annotated row"),
                counted(report.missing_positives, "right candidate")
            );
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_need_their_images() {
        assert!(enough(10, None).is_ok());
        assert!(enough(5_000, Some(5)).is_ok());
        let error = enough(2_500, Some(5)).unwrap_err();
        assert!(error.to_string().contains("5000") && error.remedy().contains("--folds 2"));
        assert!(
            enough(300, Some(1))
                .unwrap_err()
                .remedy()
                .contains("Leave out")
        );
    }
}
