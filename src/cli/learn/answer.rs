//! What `learn` prints.

use super::baseline::BaselineAnswer;
use super::by_clients::{ClientsAnswer, ExchangeAnswer};
use super::figures::{BandAnswer, BandsAnswer, Measured, six};
use super::grouped::{GroupAnswer, GroupRecall, WorstAnswer, groups as pair_groups, recalls};
use crate::compute::Engine;
use crate::files::shown;
use crate::learn::{Band, Figure, Finish, Friendly, Ground, Group, Point, Run, Way, groups, rate};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// All runs, and what they say together.
#[derive(Serialize)]
pub struct Answer {
    pub runs: Vec<RunAnswer>,
    /// By loss (with more than one policy or rate: by all of them): loss of the first batch of the first seed.
    pub step0_loss: BTreeMap<String, f64>,
    /// By the same keys: recalls over seeds, in per cent.
    pub bands: BTreeMap<String, BandsAnswer>,
    /// Each kind of run less each that stands before it, paired by seed.
    pub differences: Vec<Difference>,
    /// By the same keys: what the pairs drawn brought.
    pub efficiency: BTreeMap<String, EfficiencyAnswer>,
    /// Heads of random features, where they were asked for.
    pub random_features: Option<BaselineAnswer>,
    /// The groups of captions that were asked for.
    pub groups: Vec<GroupAnswer>,
    /// By the same keys: recall of the worst of them, and of each.
    pub worst_group: BTreeMap<String, WorstAnswer>,
    pub split: String,
    pub train_images: usize,
    pub valid_images: usize,
    /// Pairs of an image and a caption to train on.
    pub pairs: usize,
    /// Images that recall in training was measured on: as many as are held out, where there are.
    pub train_ranked: usize,
    pub engine: String,
    pub notes: Vec<String>,
    pub out: Option<String>,
}

#[derive(Serialize)]
pub struct RunAnswer {
    pub loss: &'static str,
    pub policy: &'static str,
    /// How far embeddings were moved; of the policy that makes pairs easier.
    pub friendly: Option<Friendly>,
    pub optimizer: &'static str,
    pub lr: f32,
    pub seed: u64,
    /// Of each client, where there are some.
    pub steps: u64,
    #[serde(flatten)]
    pub clients: ClientsAnswer,
    /// Seconds of training, without those of measuring.
    pub seconds: f64,
    /// "finished" or "diverged".
    pub finish: Finish,
    pub step0_loss: Option<f64>,
    /// Recall before training.
    pub start: Option<Measured>,
    pub epochs: Vec<EpochAnswer>,
    /// Recall against the share of the pairs seen: the start, parts of the first epoch, every epoch.
    pub curve: Vec<CurveAnswer>,
    /// On images that are trained on, at the end.
    pub train: Option<Measured>,
    /// Of the groups of captions, at the end.
    pub groups: Vec<GroupRecall>,
    pub notes: Vec<String>,
    /// Its folder.
    pub out: Option<String>,
    #[serde(skip)]
    pub key: String,
}

#[derive(Serialize)]
pub struct EpochAnswer {
    /// Mean over the epoch's steps.
    loss: Option<f64>,
    #[serde(flatten)]
    recall: Measured,
    train: Measured,
    /// Seconds of training so far.
    seconds: f64,
}

#[derive(Serialize)]
pub struct CurveAnswer {
    step: u64,
    seconds: f64,
    /// Pairs drawn.
    drawn: u64,
    /// Share of the pairs seen, 0 to 1.
    seen: f64,
    #[serde(flatten)]
    exchange: ExchangeAnswer,
    #[serde(flatten)]
    recall: Measured,
}

/// Recall at 1 against the pairs drawn, over seeds.
#[derive(Serialize)]
pub struct EfficiencyAnswer {
    pub i2t: OfPairs,
    pub t2i: OfPairs,
}

#[derive(Serialize)]
pub struct OfPairs {
    /// Its mean over the pairs drawn, in per cent: the area under the curve as a part of the width.
    pub area: BandAnswer,
    /// Pairs drawn when it first was nine tenths of what it is at the end.
    pub pairs_for_90: BandAnswer,
}

impl EfficiencyAnswer {
    fn of(group: &Group) -> Option<Self> {
        let of = |way| {
            let figure = Figure { way, at: 0 };
            let [area, needed] = group.efficiency(&figure.valid())?;
            Some(OfPairs {
                area: area.into(),
                pairs_for_90: needed.into(),
            })
        };
        Some(Self {
            i2t: of(Way::ImageToText)?,
            t2i: of(Way::TextToImage)?,
        })
    }
}

#[derive(Serialize)]
pub struct Difference {
    pub first: String,
    pub less: String,
    #[serde(flatten)]
    pub bands: BandsAnswer,
    /// The worst group of the one less the worst of the other, where there are groups.
    pub worst_group: Option<BandsAnswer>,
    #[serde(skip)]
    pub raw: [Band; 6],
    #[serde(skip)]
    pub raw_worst: Option<[Band; 6]>,
}

impl RunAnswer {
    fn of(run: &Run, key: String) -> Self {
        let setup = &run.setup;
        let curve = |point: &Point| CurveAnswer {
            step: point.step,
            seconds: point.seconds,
            drawn: point.drawn,
            seen: point.seen,
            exchange: ExchangeAnswer::of(run, point.exchange),
            recall: (&point.valid).into(),
        };
        let epoch = |point: &Point| EpochAnswer {
            loss: point.loss,
            recall: (&point.valid).into(),
            train: (&point.train).into(),
            seconds: point.seconds,
        };
        Self {
            loss: setup.loss.name(),
            policy: setup.policy.name(),
            friendly: setup.policy.description().eases.then_some(setup.friendly),
            optimizer: setup.optimizer.kind.name(),
            lr: setup.optimizer.rate,
            seed: setup.seed,
            steps: run.steps(),
            clients: ClientsAnswer::of(run),
            seconds: run.seconds(),
            finish: run.finish,
            step0_loss: run.first_loss,
            start: run.points.first().map(|point| (&point.valid).into()),
            epochs: run.epochs().map(epoch).collect(),
            curve: run.points.iter().map(curve).collect(),
            train: run.last().map(|point| (&point.train).into()),
            groups: recalls(run),
            notes: run.notes.clone(),
            out: None,
            key,
        }
    }
}

impl Answer {
    /// Of these runs.
    pub fn of(runs: &[Arc<Run>], ground: &Ground, engine: &dyn Engine) -> Self {
        let several = |of: fn(&Run) -> String| runs.iter().any(|run| of(run) != of(&runs[0]));
        let policies = several(|run| run.setup.policy.name().into());
        let rates = several(|run| rate(run.setup.optimizer.rate));
        let clients = several(|run| run.setup.federation.clients.to_string());
        let rounds = several(|run| run.setup.federation.sync.to_string());
        let key = |run: &Run| {
            let mut key = run.setup.loss.name().to_owned();
            if policies {
                key = format!("{key} {}", run.setup.policy.name());
            }
            if rates {
                key = format!("{key} {}", rate(run.setup.optimizer.rate));
            }
            let federation = &run.setup.federation;
            if clients {
                key = format!("{key} N={}", federation.clients);
            }
            if rounds {
                key = format!("{key} R={}", federation.sync);
            }
            key
        };
        let mut notes = ground.notes.clone();
        let unfinished = runs.iter().filter(|run| run.finish != Finish::Finished);
        notes.extend(unfinished.map(|run| {
            format!(
                "{}, seed {}, did not end (it diverged): it is in no band and no difference.",
                key(run),
                run.setup.seed
            )
        }));
        let mut kinds = groups(runs);
        kinds.retain(|group| group.first().finish == Finish::Finished);
        let mut differences = Vec::new();
        for (n, first) in kinds.iter().enumerate() {
            for less in &kinds[..n] {
                let bands = six(|figure| first.less(less, &figure.valid()));
                let raw_worst = six(|figure| first.less(less, &figure.worst()));
                let seeds = first.shared_seeds(less);
                differences.extend(bands.map(|raw| Difference {
                    first: key(first.first()),
                    less: key(less.first()),
                    bands: BandsAnswer::new(&raw, seeds),
                    worst_group: raw_worst.map(|raw| BandsAnswer::new(&raw, seeds)),
                    raw,
                    raw_worst,
                }));
            }
        }
        let mut step0_loss = BTreeMap::new();
        for run in runs {
            if let Some(loss) = run.first_loss {
                step0_loss.entry(key(run)).or_insert(loss);
            }
        }
        Self {
            bands: kinds
                .iter()
                .filter_map(|group: &Group| {
                    let bands = six(|figure| group.last(&figure.valid()))?;
                    let answer = BandsAnswer::new(&bands, group.runs.len());
                    Some((key(group.first()), answer))
                })
                .collect(),
            runs: runs
                .iter()
                .map(|run| RunAnswer::of(run, key(run)))
                .collect(),
            efficiency: kinds
                .iter()
                .filter_map(|group| Some((key(group.first()), EfficiencyAnswer::of(group)?)))
                .collect(),
            worst_group: kinds
                .iter()
                .filter_map(|group| Some((key(group.first()), WorstAnswer::of(group)?)))
                .collect(),
            random_features: None,
            groups: pair_groups(ground),
            step0_loss,
            differences,
            split: ground.split.told.clone(),
            train_images: ground.split.train.len(),
            valid_images: ground.split.valid.len(),
            pairs: ground.pairs.len(),
            train_ranked: runs.first().map_or(0, |run| run.train_images),
            engine: engine.name(),
            notes,
            out: None,
        }
    }

    /// What was learned lies in `out`, that of each run in one of `folders`, with what was not written and why.
    pub fn written(&mut self, out: &Path, folders: &[(PathBuf, Option<String>)]) {
        self.out = Some(shown(out));
        for (run, (folder, note)) in self.runs.iter_mut().zip(folders) {
            run.out = Some(shown(folder));
            run.notes.extend(note.clone());
        }
    }
}
