//! A survey in plain figures.

use super::found::{AtCount, Survey};
use super::words::{detail, headline};
use crate::learn::strata::{Redundancy, Variances};
use serde::Serialize;
use std::collections::BTreeMap;

/// A survey in plain figures; what a file of it holds.
#[derive(Debug, Clone, Serialize)]
pub struct Answer {
    /// Pairs that were grouped.
    pub pairs: usize,
    /// Images that they belong to.
    pub images: usize,
    /// "signal" or "exact".
    pub form: &'static str,
    /// The heads, in words.
    pub heads: String,
    /// Margin of the hinges.
    pub margin: f64,
    /// Descents from different starts.
    pub restarts: usize,
    /// Seed.
    pub seed: u64,
    /// Mean loss.
    pub loss: f64,
    /// Pairs whose gradient is 0.
    pub still: usize,
    /// How many different pulls all pairs make: mean |g|^2 / |mean g|^2; null where the mean gradient is 0.
    pub pulls: Option<f64>,
    /// |mean gradient|^2, by which variances are normalised.
    pub mean_square: Option<f64>,
    /// For each number of groups, rising.
    pub k: Vec<AtAnswer>,
    /// Seconds of all.
    pub seconds: f64,
    /// What is to be known of the figures.
    pub notes: Vec<String>,
}

/// One number of groups.
#[derive(Debug, Clone, Serialize)]
pub struct AtAnswer {
    /// Groups, and pairs drawn.
    pub k: usize,
    /// J of the groups by gradients.
    pub objective: f64,
    /// J of every descent.
    pub objectives: Vec<f64>,
    /// Did the best descent end because no single move lowers J?
    pub settled: bool,
    /// Variance of the mean gradient from `k` pairs: drawn from all, and one from each group of each way.
    pub variance: BTreeMap<&'static str, f64>,
    /// The same by each way with draws in proportion to the sizes of the groups.
    pub proportional: BTreeMap<&'static str, f64>,
    /// `variance` as a share of |mean gradient|^2; null where that is 0.
    pub normalised: BTreeMap<&'static str, Option<f64>>,
    /// Pairs of the smallest and of the largest group of each way.
    pub sizes: BTreeMap<&'static str, [usize; 2]>,
    /// The groups by gradients, those of the highest redundancy first.
    pub groups: Vec<GroupAnswer>,
    /// What the figures mean, in two sentences.
    pub says: String,
    /// Seconds that grouping by gradients took.
    pub seconds: f64,
}

/// One group by gradients.
#[derive(Debug, Clone, Serialize)]
pub struct GroupAnswer {
    /// Its number.
    pub group: usize,
    /// Words that set it apart; may be empty.
    pub name: String,
    /// Its pairs.
    pub pairs: usize,
    /// How many different pulls they make; null where they cancel out.
    pub pulls: Option<f64>,
    /// Part of the step that they make.
    pub share: Option<f64>,
    /// Mean cosine with their mean.
    pub cosine: Option<f64>,
}

impl Answer {
    /// That of `survey`; `heads` says in words which heads it is of.
    pub fn of(survey: &Survey, heads: impl Into<String>) -> Self {
        let mut images: Vec<u32> = survey.images.to_vec();
        images.sort_unstable();
        images.dedup();
        let first = survey.counts.first();
        Self {
            pairs: survey.pairs(),
            images: images.len(),
            form: survey.asked.form.name(),
            heads: heads.into(),
            margin: survey.asked.margin,
            restarts: survey.asked.restarts,
            seed: survey.asked.seed,
            loss: survey.loss(),
            still: survey.still,
            pulls: survey.pulls(),
            mean_square: first.map(|at| at.gradient().variances.mean_square),
            k: survey.counts.iter().map(AtAnswer::of).collect(),
            seconds: survey.seconds,
            notes: survey.notes.clone(),
        }
    }
}

impl AtAnswer {
    fn of(at: &AtCount) -> Self {
        let own = &at.gradient().variances;
        let mut variance = BTreeMap::from([
            ("uniform", own.uniform),
            ("without_replacement", own.without_replacement),
        ]);
        let each = |of: fn(&Variances) -> f64| -> BTreeMap<&'static str, f64> {
            let all = at.ways.iter();
            all.map(|way| (way.way.name(), of(&way.variances)))
                .collect()
        };
        variance.extend(each(|v| v.stratified));
        Self {
            k: at.count,
            objective: own.objective,
            objectives: at.found.restarts.clone(),
            settled: at.found.settled,
            normalised: variance
                .iter()
                .map(|(&name, &v)| (name, own.normalised(v)))
                .collect(),
            variance,
            proportional: each(|v| v.proportional),
            sizes: at
                .ways
                .iter()
                .map(|way| (way.way.name(), [way.sizes().0, way.sizes().1]))
                .collect(),
            groups: groups(at),
            says: format!("{} {}", headline(at), detail(at))
                .trim_end()
                .to_owned(),
            seconds: at.seconds,
        }
    }
}

fn groups(at: &AtCount) -> Vec<GroupAnswer> {
    let mut order: Vec<&Redundancy> = at.groups.iter().filter(|group| group.pairs > 0).collect();
    let value = |group: &Redundancy| group.redundancy().unwrap_or(0.0);
    order.sort_by(|a, b| {
        value(b)
            .total_cmp(&value(a))
            .then(a.stratum.cmp(&b.stratum))
    });
    order
        .into_iter()
        .map(|group| GroupAnswer {
            group: group.stratum,
            name: at.names[group.stratum].clone(),
            pairs: group.pairs,
            pulls: group.pulls,
            share: group.share,
            cosine: group.cosine,
        })
        .collect()
}
