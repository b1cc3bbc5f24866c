//! The figures of a merged ranking, and the files that hold them: `report.json`, `ranks.npy`, `negatives.parquet`.

use super::merge::{self, Range, merged};
use super::plan::{EmbedPlan, RankPlan};
use super::run::{Mark, Run, Stage, to_json};
use super::stage::{Embedded, Item, Ranked, Set, items};
use crate::compute::{Hit, Steps};
use crate::dataset::Account;
use crate::dataset::export::{RankedRow, write_ranked};
use crate::error::{Error, Result, thousands};
use crate::retrieval::{Metrics, Report};
use crate::task::Task;
use npyz::WriterBuilder;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Queries that were drawn from all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SampleNote {
    /// Images that are queries, and all of them.
    pub images: [usize; 2],
    /// Captions that are queries, and all of them.
    pub captions: [usize; 2],
    /// Seed of the draw.
    pub seed: u64,
    /// Standard errors of recall at 1, in points: images, captions.
    pub r1_standard_error: [f64; 2],
}

/// The figures of a run. Its keys are those of `eval`, and `sample` where queries were drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// The figures.
    #[serde(flatten)]
    pub report: Report,
    /// Which queries were drawn.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sample: Option<SampleNote>,
    /// What was found, used and left out.
    pub data: Account,
}

/// One direction of a merged ranking.
#[derive(Default)]
struct Side {
    ranks: Vec<u32>,
    pairs: usize,
    max_hinges: i128,
}

/// Computes the figures of a ranking whose ranges are merged, and writes its files.
///
/// # Errors
/// A range is not merged; a part is missing or damaged; a file cannot be written; cancellation.
pub fn write_report(run: &Run, task: &Task) -> Result<RunReport> {
    let (embed, embed_hash) = run.embed_plan()?;
    let (plan, hash) = run.rank_plan()?;
    let factor = Set::new(run, &plan).factor();
    let sides = if plan.k > 0 {
        negatives(run, &embed, &embed_hash, &plan, &hash, factor, task)?
    } else {
        sides(run, &plan, &hash, task)?
    };
    let account = account(run, &embed, &embed_hash)?;
    let report = figures(run, &plan, &hash, &sides, factor)?;
    let all: Vec<u32> = sides
        .iter()
        .flat_map(|side| side.ranks.iter().copied())
        .collect();
    run.store().write("ranks.npy", &npy(&all)?)?;
    let report = RunReport {
        sample: plan.sample.as_ref().map(|sample| SampleNote {
            images: [sample.images, plan.images()],
            captions: [sample.texts, plan.texts()],
            seed: sample.seed,
            r1_standard_error: [
                standard_error(report.i2t.r1, sample.images),
                standard_error(report.t2i.r1, sample.texts),
            ],
        }),
        report,
        data: account,
    };
    let mark = Mark::of_merge(hash, ());
    let files = [("report.json".to_owned(), to_json(&report)?)];
    run.finish(&merge::end(Stage::Rank), mark, &files)?;
    Ok(report)
}

/// Both directions of a ranking whose ranges are merged.
fn sides(run: &Run, plan: &RankPlan, hash: &str, task: &Task) -> Result<[Side; 2]> {
    let mut sides = [Side::default(), Side::default()];
    task.begin("Reading merged ranges", plan.merges() as u64);
    for n in 0..plan.merges() {
        task.check()?;
        add(&mut sides, &merged(run, hash, n)?)?;
        task.add(1);
    }
    Ok(sides)
}

/// Adds a merged range to its direction.
fn add(sides: &mut [Side; 2], range: &Range) -> Result<()> {
    let side = &mut sides[usize::from(!range.of_images)];
    side.ranks.extend(range.seen.above.iter().map(|n| n + 1));
    side.pairs += range.of.pairs;
    side.max_hinges += number(&range.of.max_hinges)?;
    Ok(())
}

/// The figures of a ranking whose ranges are merged, as [`write_report`] has them.
pub(super) fn ranked(run: &Run, plan: &RankPlan, hash: &str, task: &Task) -> Result<Report> {
    let factor = Set::new(run, plan).factor();
    figures(run, plan, hash, &sides(run, plan, hash, task)?, factor)
}

/// Of a share in per cent over `n` draws, in points.
fn standard_error(percent: f64, n: usize) -> f64 {
    let p = percent / 100.0;
    100.0 * (p * (1.0 - p) / n.max(1) as f64).sqrt()
}

fn number(text: &str) -> Result<i128> {
    text.parse()
        .map_err(|_| Error::plan(format!("{text:?} in a mark is no whole number")))
}

fn figures(
    run: &Run,
    plan: &RankPlan,
    hash: &str,
    [images, texts]: &[Side; 2],
    factor: f32,
) -> Result<Report> {
    let steps = Steps::new(plan.margin / factor);
    let (mut seconds, mut hinges) = (0.0, [0_i128; 2]);
    let (mut engines, mut hosts, mut instructions) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let of_texts = |n: usize| matches!(plan.way(n), Ok(super::plan::Way::Texts(_)));
    for n in 0..plan.tasks() {
        let Some(mark): Option<Mark<Ranked>> = run.mark(Stage::Rank.name(), n, hash)? else {
            continue;
        };
        seconds += mark.seconds;
        hinges[usize::from(of_texts(n))] += number(&mark.of.hinges)?;
        engines.insert(mark.engine);
        hosts.insert(mark.host);
        instructions.insert(mark.instructions);
    }
    let mean = |sum: i128, pairs: usize| steps.value(sum) * f64::from(factor) / pairs.max(1) as f64;
    // Of all pairs both sums are over the same pairs; of drawn queries each is over its own.
    let (loss_sh, loss_mh) = if plan.sample.is_some() {
        (
            mean(hinges[0], images.pairs) + mean(hinges[1], texts.pairs),
            mean(images.max_hinges, images.pairs) + mean(texts.max_hinges, texts.pairs),
        )
    } else {
        (
            mean(hinges[0], texts.pairs),
            mean(images.max_hinges + texts.max_hinges, texts.pairs),
        )
    };
    let (i2t, t2i) = (
        Metrics::from_ranks(&images.ranks),
        Metrics::from_ranks(&texts.ranks),
    );
    let kinds = match instructions.len() {
        0 | 1 => String::new(),
        n => format!(", {n} kinds of instructions: scores agree to 1e-6"),
    };
    let engines: Vec<String> = engines.into_iter().collect();
    let protocol = match &plan.sample {
        None => "full".to_owned(),
        Some(sample) => format!(
            "{} of {} images and {} of {} captions drawn (seed {}), each ranked against all",
            thousands(sample.images as u64),
            thousands(plan.images() as u64),
            thousands(sample.texts as u64),
            thousands(plan.texts() as u64),
            sample.seed
        ),
    };
    Ok(Report {
        images: images.ranks.len(),
        captions: texts.ranks.len(),
        protocol: format!(
            "{protocol}, {}, ties count against the positive",
            plan.similarity.phrase()
        ),
        rsum: i2t.sum() + t2i.sum(),
        i2t,
        t2i,
        loss_sh,
        loss_mh,
        engine: format!(
            "{} in {} part{} on {} machine{}{kinds}",
            engines.join(", "),
            plan.tasks(),
            if plan.tasks() == 1 { "" } else { "s" },
            hosts.len(),
            if hosts.len() == 1 { "" } else { "s" },
        ),
        seconds,
    })
}

/// What was found, used and left out, over all shards.
///
/// # Errors
/// A mark cannot be read.
pub fn account(run: &Run, plan: &EmbedPlan, hash: &str) -> Result<Account> {
    let mut all = plan.about.clone();
    if plan.content.is_some() {
        // What is used and what is found is counted shard by shard; the plan's own counts are those of the whole.
        all.images.found -= all.images.used;
        all.captions.found -= all.captions.used;
        (all.images.used, all.captions.used) = (0, 0);
    }
    for n in 0..plan.shards.len() {
        if let Some(mark) = run.mark::<Embedded>(Stage::Embed.name(), n, hash)? {
            all.add(mark.of.account);
        }
    }
    if plan.content.is_none()
        && let Some(split) = &mut all.split
        && let [(_, count)] = split.all.as_mut_slice()
    {
        *count = all.images.found;
    }
    all.measure = Some(plan.similarity.words().to_owned());
    Ok(all)
}

/// As `.npy`.
fn npy(values: &[u32]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut write = || {
        let options = npyz::WriteOptions::<u32>::new().default_dtype();
        let shape = [values.len() as u64];
        let mut writer = options.shape(&shape).writer(&mut bytes).begin_nd()?;
        writer.extend(values.iter().copied())?;
        writer.finish()
    };
    write().map_err(Error::io("write", "ranks.npy".as_ref()))?;
    Ok(bytes)
}

/// What images and captions are called.
struct Names {
    images: Vec<String>,
    /// The number of the first caption of each image, and one beyond.
    first: Vec<u32>,
}

impl Names {
    /// `None` where only rows are known.
    fn of(run: &Run, plan: &EmbedPlan, hash: &str, task: &Task) -> Result<Option<Self>> {
        if plan.encoder.is_none() {
            return Ok(None);
        }
        let mut names = Self {
            images: Vec::new(),
            first: vec![0],
        };
        task.begin("Reading names", plan.shards.len() as u64);
        for n in 0..plan.shards.len() {
            task.check()?;
            let mark = run.mark::<Embedded>(Stage::Embed.name(), n, hash)?;
            let Some(file) = mark.as_ref().and_then(|mark| mark.files.get(1)) else {
                return Ok(None);
            };
            for Item { name, captions, .. } in items(run, file)? {
                let before = names.first[names.images.len()];
                names.images.push(name);
                names.first.push(before + captions.len() as u32);
            }
            task.add(1);
        }
        Ok(Some(names))
    }

    fn say(&self, image: bool, n: u32) -> String {
        if image {
            return self.images[n as usize].clone();
        }
        let owner = self.first.partition_point(|&first| first <= n) - 1;
        format!("{}#{}", self.images[owner], n - self.first[owner])
    }
}

/// Writes the hardest negatives of every query; both directions, whose ranges are read for it, come with them.
fn negatives(
    run: &Run,
    embed: &EmbedPlan,
    embed_hash: &str,
    plan: &RankPlan,
    hash: &str,
    factor: f32,
    task: &Task,
) -> Result<[Side; 2]> {
    let mut sides = [Side::default(), Side::default()];
    let names = Names::of(run, embed, embed_hash, task)?;
    let say = |image: bool, n: u32| {
        names
            .as_ref()
            .map_or_else(|| n.to_string(), |names| names.say(image, n))
    };
    task.begin("Writing negatives", plan.merges() as u64);
    let row = |range: &Range, q: usize, hit: Hit| {
        let (image, number, positive) = (range.of_images, range.numbers[q], range.positives[q]);
        RankedRow {
            query_kind: if image { "image" } else { "text" },
            query: say(image, number),
            positive: say(!image, positive),
            negative: say(!image, hit.index),
            score_positive: range.best[q] * factor,
            score_negative: hit.score * factor,
            rank: range.seen.above[q] + 1,
            rows: [number, positive, hit.index],
        }
    };
    let mut of_range = |n: usize| -> Result<Vec<RankedRow>> {
        let range = merged(run, hash, n)?;
        add(&mut sides, &range)?;
        task.add(1);
        let queries = 0..range.numbers.len();
        let hits = |q: usize| {
            let hits = range.seen.top.row(q).iter().copied();
            hits.filter(|hit| hit.index != u32::MAX)
                .map(move |hit| (q, hit))
        };
        Ok(queries
            .flat_map(hits)
            .map(|(q, hit)| row(&range, q, hit))
            .collect())
    };
    let rows = (0..plan.merges()).flat_map(|n| match of_range(n) {
        Ok(rows) => rows.into_iter().map(Ok).collect::<Vec<_>>(),
        Err(error) => vec![Err(error)],
    });
    let name = "negatives.parquet";
    if let Some(folder) = run.store().local() {
        write_ranked(&folder.join(name), rows, task)?;
        return Ok(sides);
    }
    let scratch = tempfile::tempdir().map_err(Error::io("create", &std::env::temp_dir()))?;
    let path = scratch.path().join(name);
    write_ranked(&path, rows, task)?;
    run.store().put(name, &path)?;
    Ok(sides)
}

/// Merges everything of the ranking that is not merged yet, and writes the figures.
///
/// # Errors
/// As [`merge::merge_range`] and [`write_report`].
pub fn finish_ranking(run: &Run, task: &Task) -> Result<RunReport> {
    let (plan, hash) = run.rank_plan()?;
    for n in 0..plan.merges() {
        merge::merge_range(run, &plan, &hash, n, task)?;
    }
    write_report(run, task)
}
