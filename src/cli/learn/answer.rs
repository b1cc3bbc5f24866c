//! What `learn` prints.

use crate::compute::Engine;
use crate::files::shown;
use crate::learn::{Band, Figure, Finish, Ground, Group, Point, Recalls, Run, groups, rate};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// All runs, and what they say together.
#[derive(Serialize)]
pub struct Answer {
    runs: Vec<RunAnswer>,
    /// By loss (with more than one policy or rate: by all of them): loss of the first batch of the first seed.
    step0_loss: BTreeMap<String, f64>,
    /// By the same keys: recalls over seeds, in per cent.
    bands: BTreeMap<String, BandsAnswer>,
    /// Each kind of run less each that stands before it, paired by seed.
    differences: Vec<Difference>,
    split: String,
    train_images: usize,
    valid_images: usize,
    /// Pairs of an image and a caption to train on.
    pairs: usize,
    /// Images that recall in training was measured on: as many as are held out, where there are.
    train_ranked: usize,
    engine: String,
    notes: Vec<String>,
    out: Option<String>,
}

#[derive(Serialize)]
struct RunAnswer {
    loss: &'static str,
    policy: &'static str,
    optimizer: &'static str,
    lr: f32,
    seed: u64,
    steps: u64,
    /// Seconds of training, without those of measuring.
    seconds: f64,
    /// "finished" or "diverged".
    finish: Finish,
    step0_loss: Option<f64>,
    /// Recall before training.
    start: Option<Measured>,
    epochs: Vec<EpochAnswer>,
    /// Recall against the share of the pairs seen: the start, parts of the first epoch, every epoch.
    curve: Vec<CurveAnswer>,
    /// On images that are trained on, at the end.
    train: Option<Measured>,
    notes: Vec<String>,
    /// Its folder.
    out: Option<String>,
    #[serde(skip)]
    key: String,
}

#[derive(Serialize)]
struct EpochAnswer {
    /// Mean over the epoch's steps.
    loss: Option<f64>,
    #[serde(flatten)]
    recall: Measured,
    train: Measured,
    /// Seconds of training so far.
    seconds: f64,
}

#[derive(Serialize)]
struct CurveAnswer {
    step: u64,
    seconds: f64,
    /// Pairs drawn.
    drawn: u64,
    /// Share of the pairs seen, 0 to 1.
    seen: f64,
    #[serde(flatten)]
    recall: Measured,
}

/// Recall in per cent.
#[derive(Serialize)]
struct Measured {
    i2t: At<f64>,
    t2i: At<f64>,
}

#[derive(Serialize)]
struct At<T> {
    r1: T,
    r5: T,
    r10: T,
}

#[derive(Serialize)]
struct BandsAnswer {
    i2t: At<BandAnswer>,
    t2i: At<BandAnswer>,
    seeds: usize,
}

#[derive(Serialize)]
struct BandAnswer {
    mean: f64,
    /// Half the width of the 95 % band of the mean; null with one seed.
    half_width: Option<f64>,
}

#[derive(Serialize)]
struct Difference {
    first: String,
    less: String,
    #[serde(flatten)]
    bands: BandsAnswer,
    #[serde(skip)]
    raw: [Band; 6],
}

impl From<&Recalls> for Measured {
    fn from(recalls: &Recalls) -> Self {
        let at = |[r1, r5, r10]: [f64; 3]| At { r1, r5, r10 };
        Self {
            i2t: at(recalls.i2t),
            t2i: at(recalls.t2i),
        }
    }
}

impl BandsAnswer {
    fn new(bands: &[Band; 6], seeds: usize) -> Self {
        let band = |k: usize| BandAnswer {
            mean: bands[k].mean,
            half_width: bands[k].half,
        };
        let at = |k: usize| At {
            r1: band(k),
            r5: band(k + 1),
            r10: band(k + 2),
        };
        Self {
            i2t: at(0),
            t2i: at(3),
            seeds,
        }
    }
}

impl RunAnswer {
    fn of(run: &Run, key: String) -> Self {
        let setup = &run.setup;
        let curve = |point: &Point| CurveAnswer {
            step: point.step,
            seconds: point.seconds,
            drawn: point.drawn,
            seen: point.seen,
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
            optimizer: setup.optimizer.kind.name(),
            lr: setup.optimizer.rate,
            seed: setup.seed,
            steps: run.steps(),
            seconds: run.seconds(),
            finish: run.finish,
            step0_loss: run.first_loss,
            start: run.points.first().map(|point| (&point.valid).into()),
            epochs: run.epochs().map(epoch).collect(),
            curve: run.points.iter().map(curve).collect(),
            train: run.last().map(|point| (&point.train).into()),
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
        let key = |run: &Run| {
            let mut key = run.setup.loss.name().to_owned();
            if policies {
                key = format!("{key} {}", run.setup.policy.name());
            }
            if rates {
                key = format!("{key} {}", rate(run.setup.optimizer.rate));
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
                differences.extend(bands.map(|raw| Difference {
                    first: key(first.first()),
                    less: key(less.first()),
                    bands: BandsAnswer::new(&raw, first.shared_seeds(less)),
                    raw,
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

/// The bands of all six recalls; `None` where one has none.
fn six(of: impl Fn(Figure) -> Option<Band>) -> Option<[Band; 6]> {
    let bands: Option<Vec<Band>> = Figure::all().into_iter().map(of).collect();
    bands?.try_into().ok()
}

/// The answer as text.
pub fn describe(answer: &Answer) -> String {
    let mut text = format!(
        "{}: {} pairs, recall on {} images held out, {}\n\n",
        answer.split, answer.pairs, answer.valid_images, answer.engine
    );
    // Writing to a string does not fail.
    let _ = writeln!(
        text,
        "{:<22}{:>15}{:>15}{:>15}{:>15}{:>9}{:>10}",
        "validation, %", "i2t R@1", "i2t R@5", "t2i R@1", "t2i R@5", "in train", "ms a step"
    );
    for (key, bands) in &answer.bands {
        let told = |band: &BandAnswer| {
            Band {
                mean: band.mean,
                half: band.half_width,
            }
            .told()
        };
        let own: Vec<&RunAnswer> = answer.runs.iter().filter(|run| run.key == *key).collect();
        let mean = |of: &dyn Fn(&RunAnswer) -> f64| {
            own.iter().map(|run| of(run)).sum::<f64>() / own.len().max(1) as f64
        };
        let _ = writeln!(
            text,
            "{key:<22}{:>15}{:>15}{:>15}{:>15}{:>9.1}{:>10.3}",
            told(&bands.i2t.r1),
            told(&bands.i2t.r5),
            told(&bands.t2i.r1),
            told(&bands.t2i.r5),
            mean(&|run| run.train.as_ref().map_or(0.0, |train| train.i2t.r1)),
            mean(&|run| 1e3 * run.seconds / run.steps.max(1) as f64),
        );
    }
    if answer.runs.len() > answer.bands.len() {
        text.push_str("± is half the width of the 95 % band of the mean over seeds.\n");
    }
    for difference in &answer.differences {
        let said = |k: usize| {
            let band = difference.raw[k];
            let settled = match band.half {
                None => "one seed settles nothing",
                Some(_) if band.is_settled() => "settled",
                Some(_) => "not settled by these seeds",
            };
            format!(
                "{:+.1}{} ({settled})",
                band.mean,
                band.half.map_or_else(String::new, |h| format!(" ± {h:.1}"))
            )
        };
        let _ = writeln!(
            text,
            "{} less {}: i2t R@1 {}, t2i R@1 {}",
            difference.first,
            difference.less,
            said(0),
            said(3)
        );
    }
    let notes = answer.runs.iter().flat_map(|run| &run.notes);
    let unique: BTreeSet<&String> = answer.notes.iter().chain(notes).collect();
    for note in unique {
        let _ = writeln!(text, "{note}");
    }
    if let Some(out) = &answer.out {
        let _ = writeln!(text, "Written to {out}");
    }
    text
}
