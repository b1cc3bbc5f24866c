//! Ranking: planned once all shards are embedded, then block by block.

use super::against::{Asking, Said, images_against, inside, rows, run_block, texts_against};
use super::embed::Embedded;
use super::gather::{Cut, Set, Want};
use super::sample::{draw, drawn};
use crate::compute::{Block, Choice, Engine, Queries, RankOptions};
use crate::error::{Error, Result};
use crate::parts::plan::embed::version;
use crate::parts::plan::{Cuts, Pace, RankPlan, Rows, Way};
use crate::parts::run::{Mark, Run, Stage, host, instructions, part_name};
use crate::parts::state::Arrays;
use crate::task::Task;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::time::Instant;

/// What is asked of a ranking.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms {
    /// Candidates kept for each query.
    pub k: usize,
    /// Margin of the hinges.
    pub margin: f32,
    /// Where products are computed.
    pub compute: Choice,
    /// Draw so many images and captions as queries, with this seed.
    pub sample: Option<(usize, u64)>,
    /// What bounds a task.
    pub pace: Pace,
}

/// What a mark says of a block besides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranked {
    /// Image-text pairs that were compared.
    pub pairs: u64,
    /// The sum of hinges, in the steps of [`crate::compute::Steps`].
    pub hinges: String,
}

/// Plans the ranking of everything that was embedded.
///
/// # Errors
/// A shard is not embedded yet (the first few are named); there is nothing; files cannot be read or written.
pub fn plan_ranking(run: &Run, terms: &Terms, task: &Task) -> Result<(RankPlan, String)> {
    let mut plan = embedded_set(run, terms, task)?;
    if let Some((count, seed)) = terms.sample {
        plan.sample = Some(draw(run, &plan, count, seed, task)?);
    }
    let hash = run.write_plan(Stage::Rank, &plan)?;
    Ok((plan, hash))
}

/// Everything that was embedded, as a ranking of all of it cuts it.
///
/// # Errors
/// As [`plan_ranking`].
pub(in crate::parts) fn embedded_set(run: &Run, terms: &Terms, task: &Task) -> Result<RankPlan> {
    let (embed, hash) = run.embed_plan()?;
    task.begin("Reading what is embedded", embed.shards.len() as u64);
    let (mut shards, mut missing) = (Vec::new(), Vec::new());
    let (mut dim, mut norms) = (0, [0.0_f64; 2]);
    for n in 0..embed.shards.len() {
        task.check()?;
        let Some(mark) = run.mark::<Embedded>(Stage::Embed.name(), n, &hash)? else {
            missing.push(n);
            continue;
        };
        let Embedded {
            images,
            texts,
            dim: own,
            norms: largest,
            ..
        } = mark.of;
        if images > 0 && dim > 0 && own != dim {
            return Err(Error::plan(format!(
                "shard {n} has rows of {own} values, others of {dim}"
            )));
        }
        dim = dim.max(own);
        norms = [norms[0].max(largest[0]), norms[1].max(largest[1])];
        let Some(file) = mark.files.into_iter().next() else {
            missing.push(n);
            continue;
        };
        shards.push(Rows {
            images,
            texts,
            file,
        });
        task.add(1);
    }
    not_yet(run, "embed", &missing)?;
    let (images, texts) = (
        shards.iter().map(|s| s.images).sum::<usize>(),
        shards.iter().map(|s| s.texts).sum::<usize>(),
    );
    if images == 0 || texts == 0 {
        return Err(Error::request(
            "no image with a caption was embedded: there is nothing to rank",
            "See what was left out: nearmiss part status.",
        ));
    }
    if texts > u32::MAX as usize - 1 {
        return Err(Error::request(
            format!("{texts} captions are more than can be numbered"),
            "Rank them in sets of up to four billion.",
        ));
    }
    Ok(RankPlan {
        program: version(),
        embed: hash,
        similarity: embed.similarity,
        dim,
        norms,
        k: terms.k,
        margin: terms.margin,
        compute: terms.compute,
        sample: None,
        cuts: Cuts::new(images, texts, dim, terms.k, terms.pace),
        shards,
    })
}

/// Refuses to go on where tasks are not done.
pub(in crate::parts) fn not_yet(run: &Run, stage: &str, missing: &[usize]) -> Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    let first: Vec<String> = missing.iter().take(10).map(ToString::to_string).collect();
    let dots = if missing.len() > 10 { ", .." } else { "" };
    Err(Error::request(
        format!(
            "{} of the tasks of {stage} are not done: {}{dots}",
            missing.len(),
            first.join(", ")
        ),
        format!(
            "Run them: nearmiss part run {} --stage {stage} --task {}",
            run.store().place(),
            missing[0]
        ),
    ))
}

/// Ranks block `n` unless its mark says that it is done; true where there was something to do.
///
/// # Errors
/// There is no such task; a shard is missing or damaged; the engine fails; cancellation.
pub fn rank(
    run: &Run,
    plan: &RankPlan,
    hash: &str,
    n: usize,
    engine: &dyn Engine,
    task: &Task,
) -> Result<bool> {
    let way = plan.way(n)?;
    let kind = Stage::Rank.name();
    if run.mark::<Ranked>(kind, n, hash)?.is_some() {
        return Ok(false);
    }
    let start = Instant::now();
    task.begin("Reading rows", 0);
    let set = Set::new(run, plan);
    let found = compare(&set, run, plan, &way, engine, task)?;
    let mut arrays = Arrays::default();
    for (side, seen) in [("images", &found.images), ("texts", &found.texts)] {
        if !seen.above.is_empty() {
            arrays.add_seen(side, seen);
        }
    }
    let mark = Mark {
        plan: hash.to_owned(),
        task: n,
        files: Vec::new(),
        host: host(),
        engine: engine.name(),
        instructions: instructions().into(),
        seconds: start.elapsed().as_secs_f64(),
        of: Ranked {
            pairs: found.pairs,
            hinges: found.hinges.to_string(),
        },
    };
    task.check()?;
    run.finish(
        kind,
        mark,
        &[(part_name(kind, n, "safetensors"), arrays.bytes()?)],
    )?;
    Ok(true)
}

fn compare(
    set: &Set<'_>,
    run: &Run,
    plan: &RankPlan,
    way: &Way,
    engine: &dyn Engine,
    task: &Task,
) -> Result<Said> {
    let options = RankOptions {
        k: plan.k,
        margin: Some(plan.margin),
    };
    let of_cut = |cut: &Cut| cut.first_text..cut.first_text + cut.pairs.len();
    let of_sample = || match &plan.sample {
        Some(sample) => drawn(run, plan, sample),
        None => Err(Error::plan("the plan draws no queries")),
    };
    match *way {
        Way::Both(a, b) => {
            let images = set.load(plan.cut(false, a), Want::Images, task)?;
            let texts = set.load(plan.cut(true, b), Want::Texts, task)?;
            let own: Vec<Range<u32>> = (0..images.images())
                .map(|i| inside(images.texts_of(i), &of_cut(&texts)))
                .collect();
            let block = Block {
                images: rows(&images)?,
                texts: rows(&texts)?,
                own: &own,
                of_images: Some(Queries {
                    scores: &images.pairs,
                    offsets: Some(&images.offsets),
                }),
                of_texts: Some(Queries {
                    scores: &texts.pairs,
                    offsets: None,
                }),
                options,
            };
            let first = [images.first_image, texts.first_text];
            run_block(&block, first, engine, task)
        }
        Way::Images(b) => {
            let drawn = of_sample()?;
            let queries = Asking {
                rows: &drawn.rows[0],
                own: &drawn.own,
                scores: Queries {
                    scores: &drawn.pairs_of_images,
                    offsets: Some(&drawn.offsets),
                },
            };
            images_against((set, plan, b), queries, options, engine, task)
        }
        Way::Texts(a) => {
            let drawn = of_sample()?;
            let own: Vec<Range<u32>> = drawn.owners.iter().map(|&i| i..i + 1).collect();
            let queries = Asking {
                rows: &drawn.rows[1],
                own: &own,
                scores: Queries {
                    scores: &drawn.pairs_of_texts,
                    offsets: None,
                },
            };
            texts_against((set, plan, a), queries, options, engine, task)
        }
    }
}
