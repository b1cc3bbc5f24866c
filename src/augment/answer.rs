//! A study in plain figures. The keys of its JSON form are a contract.

use super::change::Change;
use super::study::{Study, mean};
use super::words::{headline, remarks};
use crate::learn::{Band, Recalls};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A study in plain figures.
#[derive(Debug, Clone, Serialize)]
pub struct Answer {
    /// Images in all.
    pub images: usize,
    /// Images of the read-out, held-out ones, and those that recall is measured on.
    pub parts: [usize; 3],
    /// The seed of each parting.
    pub seeds: Vec<u64>,
    /// Steps on the magnitudes; 0 where none was learned.
    pub steps: usize,
    /// How far a step moves a magnitude at most at first, as a share of its largest.
    pub rate: f64,
    /// Images of each level in a step.
    pub batch: usize,
    /// Copies of a picture in a step.
    pub copies: usize,
    /// Copies of a picture in an averaged embedding.
    pub draws: usize,
    /// The weight of the read-out's distance from the identity.
    pub ridge: f64,
    /// What cosines are divided by in the loss of held-out pairs.
    pub temperature: f64,
    /// Each change.
    pub changes: Vec<ChangeAnswer>,
    /// Recalls on the images that neither level saw, by encoder.
    pub recall: RecallAnswer,
    /// The averaged embedding's mean of six recalls less the plain one's, paired by seed, with the read-out.
    pub gain: Option<Share>,
    /// The same without the read-out.
    pub gain_as_is: Option<Share>,
    /// Every step of every seed.
    pub history: Vec<HistoryAnswer>,
    /// What the figures mean.
    pub says: String,
    /// What is to be known of them.
    pub notes: Vec<String>,
    /// Seconds of all.
    pub seconds: f64,
}

/// A mean over seeds with half the width of its 95 % band; null for one seed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    /// The mean.
    pub mean: f64,
    /// Half the width.
    pub half_width: Option<f64>,
}

impl From<Band> for Share {
    fn from(band: Band) -> Self {
        Self {
            mean: band.mean,
            half_width: band.half,
        }
    }
}

/// One change.
#[derive(Debug, Clone, Serialize)]
pub struct ChangeAnswer {
    /// Its name.
    pub name: &'static str,
    /// The unit of its magnitudes.
    pub unit: &'static str,
    /// The largest that can be.
    pub most: f64,
    /// Where it began.
    pub start: f64,
    /// After the last step.
    pub end: Option<Share>,
    /// After the last step less the start.
    pub growth: Option<Share>,
    /// "grew", "fell", "`not_settled`", "given" or "`left_out`".
    pub course: &'static str,
}

/// Recalls in per cent, over seeds.
#[derive(Debug, Clone, Serialize)]
pub struct RecallAnswer {
    /// The encoder as it is.
    pub plain: Option<WaysAnswer>,
    /// The averaged embedding as it is.
    pub averaged: Option<WaysAnswer>,
    /// The encoder with the read-out.
    pub plain_read_out: Option<WaysAnswer>,
    /// The averaged embedding with the read-out.
    pub averaged_read_out: Option<WaysAnswer>,
}

/// Recall at 1, 5 and 10 both ways.
#[derive(Debug, Clone, Serialize)]
pub struct WaysAnswer {
    /// Images look for captions.
    pub i2t: [Share; 3],
    /// Captions look for images.
    pub t2i: [Share; 3],
    /// The mean of the six.
    pub mean: Share,
}

/// A step.
#[derive(Debug, Clone, Serialize)]
pub struct HistoryAnswer {
    /// The seed of the parting.
    pub seed: u64,
    /// Steps done before.
    pub step: usize,
    /// The mean squared distance of read-out training pictures to their captions.
    pub inner: f64,
    /// The loss of the held-out pairs.
    pub outer: f64,
    /// Each magnitude that is made or learned.
    pub magnitudes: BTreeMap<&'static str, f64>,
}

impl Answer {
    /// That of `study`.
    pub fn of(study: &Study) -> Self {
        let asked = &study.asked;
        let parts = study.runs.first().map(|run| &run.parts);
        let parts = parts.map_or([0; 3], |parts| {
            [&parts.train, &parts.held, &parts.judged].map(Vec::len)
        });
        let shown = |change: &Change| study.learned.has(*change) || study.start.get(*change) > 0.0;
        let moments = study.runs.iter().flat_map(|run| &run.moments);
        let history = moments.map(|moment| HistoryAnswer {
            seed: moment.seed,
            step: moment.step,
            inner: moment.inner,
            outer: moment.outer,
            magnitudes: Change::ALL
                .into_iter()
                .filter(shown)
                .map(|change| (change.name(), moment.magnitudes.get(change)))
                .collect(),
        });
        let share = |band: Option<Band>| band.map(Share::from);
        Self {
            images: parts.iter().sum(),
            parts,
            seeds: study.runs.iter().map(|run| run.seed).collect(),
            steps: if study.learned.is_empty() {
                0
            } else {
                asked.steps
            },
            rate: asked.rate,
            batch: asked.batch,
            copies: asked.copies,
            draws: asked.draws,
            ridge: asked.weighing.ridge,
            temperature: asked.weighing.temperature,
            changes: Change::ALL
                .into_iter()
                .map(|change| ChangeAnswer {
                    name: change.name(),
                    unit: change.unit(),
                    most: change.most(),
                    start: study.start.get(change),
                    end: share(study.end(change)),
                    growth: share(study.growth(change)),
                    course: study.course(change).name(),
                })
                .collect(),
            recall: RecallAnswer {
                plain: ways(study, |judged| judged.plain[0]),
                averaged: ways(study, |judged| judged.averaged[0]),
                plain_read_out: ways(study, |judged| judged.plain[1]),
                averaged_read_out: ways(study, |judged| judged.averaged[1]),
            },
            gain: share(study.gain(true)),
            gain_as_is: share(study.gain(false)),
            history: history.collect(),
            says: headline(study),
            notes: remarks(study),
            seconds: study.seconds,
        }
    }

    /// Every step as comma-separated values.
    pub fn history_table(&self) -> String {
        // Writing to a string does not fail.
        let mut table = String::from("seed,step,inner,outer");
        for change in Change::ALL {
            let _ = write!(table, ",{}", change.name());
        }
        table.push('\n');
        for step in &self.history {
            let _ = write!(
                table,
                "{},{},{},{}",
                step.seed, step.step, step.inner, step.outer
            );
            for change in Change::ALL {
                let value = step.magnitudes.get(change.name()).copied().unwrap_or(0.0);
                let _ = write!(table, ",{value}");
            }
            table.push('\n');
        }
        table
    }
}

fn ways(study: &Study, of: impl Fn(&super::judge::Judged) -> Recalls) -> Option<WaysAnswer> {
    let share = |value: &dyn Fn(&Recalls) -> f64| -> Option<Share> {
        study.over(|run| value(&of(&run.judged))).map(Share::from)
    };
    let three = |value: &dyn Fn(&Recalls) -> [f64; 3]| -> Option<[Share; 3]> {
        let at = |n: usize| share(&|recalls| value(recalls)[n]);
        Some([at(0)?, at(1)?, at(2)?])
    };
    Some(WaysAnswer {
        i2t: three(&|recalls| recalls.i2t)?,
        t2i: three(&|recalls| recalls.t2i)?,
        mean: share(&mean)?,
    })
}
