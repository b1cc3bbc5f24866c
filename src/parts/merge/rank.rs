//! The ranking of one range of queries, from all blocks that met them.

use super::kind;
use crate::compute::{Queries, Seen, Steps};
use crate::error::{Error, Result};
use crate::parts::plan::RankPlan;
use crate::parts::run::{FileMark, Mark, Run, Stage, host, instructions};
use crate::parts::stage::{Cut, Drawn, Ranked, Set, Want, drawn, not_yet};
use crate::parts::state::{Arrays, Read};
use crate::task::Task;
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// What a mark says of a merged range besides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged {
    /// `image` or `text`.
    pub kind: String,
    /// The number of the first query; of drawn queries 0.
    pub first: usize,
    /// Queries.
    pub queries: usize,
    /// Positives of these queries.
    pub pairs: usize,
    /// The sum of the maximal hinge of each positive, in steps.
    pub max_hinges: String,
}

/// Merges range `n` of the queries unless it is merged, its file as it was written; true where there was something to do.
///
/// # Errors
/// A task is not done (it is named); a part is missing or damaged; cancellation.
pub fn merge_range(run: &Run, plan: &RankPlan, hash: &str, n: usize, task: &Task) -> Result<bool> {
    if n >= plan.merges() {
        return Err(Error::plan(format!(
            "there is no range {n} to merge: there are {}",
            plan.merges()
        )));
    }
    let kind = kind(Stage::Rank);
    if let Some(mark) = run.mark::<Merged>(&kind, n, hash)?
        && mark.files.iter().all(|file| run.read(file).is_ok())
    {
        return Ok(false);
    }
    let start = Instant::now();
    let (of_images, tasks) = plan.merged(n);
    task.begin("Merging", tasks.len() as u64);
    let mut all: Option<Seen> = None;
    let mut missing = Vec::new();
    for n in tasks {
        task.check()?;
        let Some(mark) = run.mark::<Ranked>(Stage::Rank.name(), n, hash)? else {
            missing.push(n);
            continue;
        };
        let file = file_of(&mark)?;
        let bytes = run.read(file)?;
        let seen = Read::of(file, &bytes)?.seen(if of_images { "images" } else { "texts" })?;
        match &mut all {
            None => all = Some(seen),
            Some(all) => all.merge(&seen),
        }
        task.add(1);
    }
    not_yet(run, Stage::Rank.name(), &missing)?;
    let seen = all.unwrap_or_default();
    let known = Known::of(run, plan, of_images, n, task)?;
    let (positive, best) = known.positives(&seen)?;
    let steps = Steps::new(plan.margin / Set::new(run, plan).factor());
    let max: i128 = (0..seen.above.len())
        .flat_map(|q| known.queries().of(q).iter().map(move |&p| (q, p)))
        .map(|(q, p)| i128::from(steps.hinge(seen.hardest[q].score, p)))
        .sum();
    let mut arrays = Arrays::default();
    arrays.add_seen("queries", &seen);
    arrays.add("positives", &positive, 1);
    arrays.add("positive.scores", &best, 1);
    if let Some(numbers) = known.numbers() {
        arrays.add("numbers", &numbers, 1);
    }
    let mark = Mark {
        plan: hash.to_owned(),
        task: n,
        files: Vec::new(),
        host: host(),
        engine: "merge".into(),
        instructions: instructions().into(),
        seconds: start.elapsed().as_secs_f64(),
        of: Merged {
            kind: if of_images { "image" } else { "text" }.into(),
            first: known.first,
            queries: seen.above.len(),
            pairs: known.pairs.len(),
            max_hinges: max.to_string(),
        },
    };
    let name = format!("merged/rank/{n:05}.safetensors");
    run.finish(&kind, mark, &[(name, arrays.bytes()?)])?;
    Ok(true)
}

fn file_of<T>(mark: &Mark<T>) -> Result<&FileMark> {
    mark.files
        .first()
        .ok_or_else(|| Error::plan(format!("the mark of task {} names no file", mark.task)))
}

/// Queries with their positives.
struct Known {
    first: usize,
    pairs: Vec<f32>,
    /// `None` where each query has one positive.
    offsets: Option<Vec<u32>>,
    /// The number of the first positive of each query; `None` where it is known from the query's own.
    positives: Vec<u32>,
    /// The numbers of drawn queries.
    numbers: Option<Vec<u32>>,
}

impl Known {
    fn of(run: &Run, plan: &RankPlan, of_images: bool, n: usize, task: &Task) -> Result<Self> {
        if let Some(sample) = &plan.sample {
            return Ok(Self::of_drawn(drawn(run, plan, sample)?, of_images));
        }
        let [images, _] = plan.cuts.counts();
        let range = if of_images {
            plan.cut(false, n)
        } else {
            plan.cut(true, n - images)
        };
        let cut = Set::new(run, plan).load(range, Want::Neither, task)?;
        Ok(Self::of_cut(cut, of_images))
    }

    fn of_cut(cut: Cut, of_images: bool) -> Self {
        let images = 0..cut.images();
        if of_images {
            return Self {
                first: cut.first_image,
                positives: images.map(|i| cut.texts_of(i).start as u32).collect(),
                offsets: Some(cut.offsets),
                pairs: cut.pairs,
                numbers: None,
            };
        }
        let owner = |i: usize| cut.texts_of(i).map(move |_| i);
        Self {
            first: cut.first_text,
            positives: images
                .flat_map(owner)
                .map(|i| (cut.first_image + i) as u32)
                .collect(),
            offsets: None,
            pairs: cut.pairs,
            numbers: None,
        }
    }

    fn of_drawn(drawn: Drawn, of_images: bool) -> Self {
        if of_images {
            return Self {
                first: 0,
                positives: drawn.own.iter().map(|own| own.start).collect(),
                offsets: Some(drawn.offsets),
                pairs: drawn.pairs_of_images,
                numbers: Some(drawn.images),
            };
        }
        Self {
            first: 0,
            positives: drawn.owners,
            offsets: None,
            pairs: drawn.pairs_of_texts,
            numbers: Some(drawn.texts),
        }
    }

    fn queries(&self) -> Queries<'_> {
        Queries {
            scores: &self.pairs,
            offsets: self.offsets.as_deref(),
        }
    }

    fn numbers(&self) -> Option<Vec<u32>> {
        self.numbers.clone()
    }

    /// The number of the best positive of each query, the first of equal ones, and its score.
    fn positives(&self, seen: &Seen) -> Result<(Vec<u32>, Vec<f32>)> {
        let queries = self.queries();
        if queries.len() != seen.above.len() {
            return Err(Error::plan(format!(
                "{} queries were ranked where there are {}",
                seen.above.len(),
                queries.len()
            )));
        }
        let best = queries.best();
        let number = |q: usize| {
            let of = queries.of(q);
            let at = of.iter().position(|&p| p == best[q]).unwrap_or(0);
            self.positives[q] + at as u32
        };
        Ok(((0..best.len()).map(number).collect(), best))
    }
}

/// A merged range of queries, as it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    /// Are the queries images?
    pub of_images: bool,
    /// The numbers of the queries.
    pub numbers: Vec<u32>,
    /// What was seen of them, candidates by their numbers.
    pub seen: Seen,
    /// The number of the best positive of each.
    pub positives: Vec<u32>,
    /// Its score, as the product of stored rows.
    pub best: Vec<f32>,
    /// What the mark says besides.
    pub of: Merged,
}

/// Reads merged range `n`.
///
/// # Errors
/// It is not merged yet, missing or damaged.
pub fn merged(run: &Run, hash: &str, n: usize) -> Result<Range> {
    let Some(mark) = run.mark::<Merged>(&kind(Stage::Rank), n, hash)? else {
        return Err(Error::request(
            format!("range {n} of the queries is not merged"),
            format!(
                "Merge it: nearmiss part merge {} --task {n}",
                run.store().place()
            ),
        ));
    };
    let file = file_of(&mark)?;
    let bytes = run.read(file)?;
    let read = Read::of(file, &bytes)?;
    let numbers = match read.get::<u32>("numbers") {
        Ok((numbers, _)) => numbers,
        Err(_) => (0..mark.of.queries)
            .map(|q| (mark.of.first + q) as u32)
            .collect(),
    };
    Ok(Range {
        of_images: mark.of.kind == "image",
        numbers,
        seen: read.seen("queries")?,
        positives: read.get("positives")?.0,
        best: read.get("positive.scores")?.0,
        of: mark.of.clone(),
    })
}
