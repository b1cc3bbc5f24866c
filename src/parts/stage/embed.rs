//! Embedding one shard.

use super::dataset::Shards;
use super::given;
use super::items::{self, Lies};
use super::rows::ShardRows;
use crate::compute::{Embedded as Both, Measure};
use crate::dataset::{Account, Dataset};
use crate::encoder::{Cache, Encoder};
use crate::error::{Error, Result};
use crate::parts::plan::{Coder, Data, EmbedPlan, Shard};
use crate::parts::run::{Mark, Run, Stage, host, instructions, part_name};
use crate::retrieval::given::{Reading, Zeros};
use crate::source::of_encoder;
use crate::task::Task;
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// What embedding says of a shard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Embedded {
    /// Images.
    pub images: usize,
    /// Captions.
    pub texts: usize,
    /// Length of a row; 0 without images.
    pub dim: usize,
    /// The largest norm of an image row and of a caption row; 1 by cosine.
    pub norms: [f64; 2],
    /// What was found, used and left out.
    pub account: Account,
}

/// What embeds the shards of a plan, one after the other.
pub struct Embedder<'a> {
    plan: &'a EmbedPlan,
    shards: Option<Shards>,
    encoder: Option<Encoder>,
    cache: Option<Cache>,
}

impl<'a> Embedder<'a> {
    /// For this plan. `cache` holds what was embedded before.
    ///
    /// # Errors
    /// The dataset's place is none that can be opened.
    pub fn new(plan: &'a EmbedPlan, cache: Option<Cache>) -> Result<Self> {
        Ok(Self {
            plan,
            shards: Shards::of(plan)?,
            encoder: None,
            cache,
        })
    }

    /// Both sides of shard `n`, the dataset behind it, and what was found.
    fn made(&mut self, n: usize, task: &Task) -> Result<(Both, Option<Dataset>, Account, String)> {
        let (plan, shard) = (self.plan, &self.plan.shards[n]);
        let Some(shards) = &mut self.shards else {
            let (
                Data::Rows {
                    images,
                    texts,
                    each,
                },
                Shard::Images(from, to),
            ) = (&plan.data, shard)
            else {
                return Err(Error::plan("the plan mixes rows and files"));
            };
            let (files, known) = ([images.as_path(), texts], plan.content.as_deref());
            let given = given::piece(files, *each, known, (*from, *to), plan.similarity, task)?;
            let account = given.account(String::new());
            return Ok((given.embedded, None, account, "rows that were given".into()));
        };
        let dataset = shards.open(shard, task)?;
        let encoder = match &mut self.encoder {
            Some(encoder) => encoder,
            empty => empty.insert(open(plan.encoder.as_ref(), task)?),
        };
        let made = encoder.embed_part(&dataset, self.cache.as_ref(), plan.similarity, task)?;
        let engine = encoder.describe().image_provider.clone();
        if made.dataset.images.is_empty() {
            let account = made.dataset.account();
            return Ok((made.embedded, Some(made.dataset), account, engine));
        }
        let reading = Reading {
            measure: plan.similarity,
            each: None,
            zeros: Zeros::LeaveOut,
        };
        let given = of_encoder(made, &reading)?;
        let account = given.account(String::new());
        Ok((given.embedded, given.dataset, account, engine))
    }
}

/// Opens the encoder of a plan, and checks that it is the one that was planned with.
pub(super) fn open(coder: Option<&Coder>, task: &Task) -> Result<Encoder> {
    let Some(coder) = coder else {
        return Err(Error::plan("the plan names no encoder"));
    };
    coder.open(task)
}

/// Embeds shard `n` unless its mark says that it is done; true where there was something to do.
///
/// # Errors
/// What was planned with has changed; a file cannot be read or written; a model fails; cancellation.
pub fn embed(
    run: &Run,
    embedder: &mut Embedder<'_>,
    hash: &str,
    n: usize,
    task: &Task,
) -> Result<bool> {
    let plan = embedder.plan;
    if n >= plan.shards.len() {
        return Err(Error::plan(format!(
            "there is no task {n}: there are {}",
            plan.shards.len()
        )));
    }
    let kind = Stage::Embed.name();
    if run.mark::<Embedded>(kind, n, hash)?.is_some() {
        return Ok(false);
    }
    let start = Instant::now();
    let (both, dataset, account, engine) = embedder.made(n, task)?;
    task.check()?;
    let made = Made {
        both,
        dataset,
        account,
        engine,
        seconds: start.elapsed().as_secs_f64(),
    };
    write_shard(run, plan, hash, n, &made)?;
    Ok(true)
}

/// A shard that was embedded.
pub struct Made {
    /// Both sides.
    pub both: Both,
    /// Names and captions, where they are known.
    pub dataset: Option<Dataset>,
    /// What was found, used and left out.
    pub account: Account,
    /// What embedded.
    pub engine: String,
    /// Seconds that it took.
    pub seconds: f64,
}

/// Writes what was embedded of shard `n`, then its mark.
///
/// # Errors
/// A file cannot be written.
pub fn write_shard(run: &Run, plan: &EmbedPlan, hash: &str, n: usize, made: &Made) -> Result<()> {
    let kind = Stage::Embed.name();
    let rows = ShardRows::of(&made.both);
    let norms = match plan.similarity {
        Measure::Cosine => [1.0; 2],
        Measure::Dot => [
            made.both.images.largest_norm(),
            made.both.texts.largest_norm(),
        ],
    };
    let mut files = Vec::new();
    let mut lines = Vec::new();
    if let Some(dataset) = &made.dataset {
        let (items, starts) = items::lines(dataset, &Lies::of(plan, n)?)?;
        files.push((part_name(kind, n, "jsonl"), items));
        lines = starts;
    }
    files.insert(0, (part_name(kind, n, "safetensors"), rows.bytes(&lines)?));
    let mark = Mark {
        plan: hash.to_owned(),
        task: n,
        files: Vec::new(),
        host: host(),
        engine: made.engine.clone(),
        instructions: instructions().into(),
        seconds: made.seconds,
        of: Embedded {
            images: rows.image_count(),
            texts: rows.pairs.len(),
            dim: rows.dim,
            norms,
            account: made.account.clone(),
        },
    };
    run.finish(kind, mark, &files)
}
