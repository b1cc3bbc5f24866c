//! A changed dataset in plain figures.

use super::plain::Plain;
use super::study::{Found, Part};
use super::words::{headline, remarks};
use crate::learn::Band;
use serde::Serialize;

/// Sizes of perturbations from 0 to the farthest; the one to withstand is among them.
const SIZES: usize = 31;

/// A changed dataset in plain figures; what a file of it holds.
#[derive(Debug, Clone, Serialize)]
pub struct Answer {
    /// The norm of the radius and of the perturbations.
    pub norm: &'static str,
    /// How far a row may move.
    pub radius: f64,
    /// The size of perturbations that is to be withstood.
    pub against: f64,
    /// Steps on the rows.
    pub steps: usize,
    /// Share of each group that is held out.
    pub held_out: f64,
    /// The seed of each split.
    pub seeds: Vec<u64>,
    /// Rows trained on, and held-out ones, of a split.
    pub rows: [usize; 2],
    /// How far rows moved.
    pub moved: MovedAnswer,
    /// The loss under attack of the training that rows were moved for, before and after; null where none moved.
    pub loss: Option<[Share; 2]>,
    /// Sizes of perturbations.
    pub epsilon: Vec<f64>,
    /// Every training on every part of the rows.
    pub trainings: Vec<TrainingAnswer>,
    /// What the figures mean.
    pub says: String,
    /// What is to be known of them.
    pub notes: Vec<String>,
    /// Seconds of all.
    pub seconds: f64,
}

/// A mean over seeds with half the width of its 95 % band; null for one seed.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Share {
    /// The mean.
    pub mean: f64,
    /// Half the width.
    pub half_width: Option<f64>,
}

/// How far rows moved, in the norm of the radius.
#[derive(Debug, Clone, Serialize)]
pub struct MovedAnswer {
    /// The row that moved most, of all seeds.
    pub largest: f64,
    /// All rows of all seeds on average.
    pub mean: f64,
}

/// One training on one part of the rows; shares from 0 to 1.
#[derive(Debug, Clone, Serialize)]
pub struct TrainingAnswer {
    /// Its name.
    pub training: &'static str,
    /// "trained" or "`held_out`": which rows, all unchanged, are asked about.
    pub rows: &'static str,
    /// Without a perturbation.
    pub natural: Both,
    /// Under the worst perturbation of the size to withstand.
    pub robust: Both,
    /// At each size, trained on the unchanged set.
    pub before: Vec<Share>,
    /// At each size, trained on the changed one.
    pub after: Vec<Share>,
    /// The difference at each size, paired by seed.
    pub gain: Vec<Share>,
}

/// A share of rows that stay right.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Both {
    /// Trained on the unchanged set.
    pub before: Share,
    /// Trained on the changed one.
    pub after: Share,
    /// The difference, paired by seed.
    pub gain: Share,
}

impl Answer {
    /// That of `found`.
    pub fn of(found: &Found) -> Self {
        let asked = &found.asked;
        let sizes = found.splits.iter().flat_map(|split| &split.moved.sizes);
        let sizes: Vec<f64> = sizes.copied().collect();
        let far = found.farthest();
        let epsilon = (0..SIZES).map(|n| far * n as f64 / (SIZES - 1) as f64);
        let epsilon: Vec<f64> = epsilon.collect();
        let mut trainings = Vec::new();
        for plain in Plain::ALL {
            for part in Part::ALL {
                trainings.extend(told(found, plain, part, &epsilon));
            }
        }
        let ends = |last: bool| {
            let of = found.splits.iter().filter_map(|split| {
                let losses = &split.moved.losses;
                let at = if last { split.moved.best } else { 0 };
                losses.get(at).copied()
            });
            Band::of(&of.collect::<Vec<f64>>()).map(Share::from)
        };
        let places = found.splits.first().map(|split| &split.places);
        Self {
            norm: asked.norm.name(),
            radius: asked.radius,
            against: asked.against(),
            steps: asked.steps,
            held_out: asked.held_out,
            seeds: found.splits.iter().map(|split| split.seed).collect(),
            rows: places.map_or([0; 2], |places| places.each_ref().map(Vec::len)),
            moved: MovedAnswer {
                largest: sizes.iter().copied().fold(0.0, f64::max),
                mean: sizes.iter().sum::<f64>() / sizes.len().max(1) as f64,
            },
            loss: ends(false).zip(ends(true)).map(|(a, b)| [a, b]),
            epsilon,
            trainings,
            says: headline(found),
            notes: remarks(found),
            seconds: found.seconds,
        }
    }
}

impl From<Band> for Share {
    fn from(band: Band) -> Self {
        Self {
            mean: band.mean,
            half_width: band.half,
        }
    }
}

impl From<Share> for Band {
    fn from(share: Share) -> Self {
        Self {
            mean: share.mean,
            half: share.half_width,
        }
    }
}

fn told(found: &Found, plain: Plain, part: Part, epsilon: &[f64]) -> Option<TrainingAnswer> {
    let at = |size: f64| Some(found.at(plain, part, size)?.map(Share::from));
    let all: Vec<[Share; 3]> = epsilon.iter().map(|&e| at(e)).collect::<Option<_>>()?;
    let both = |size: f64| {
        let [before, after, gain] = at(size)?;
        Some(Both {
            before,
            after,
            gain,
        })
    };
    let column = |n: usize| all.iter().map(|shares| shares[n]).collect();
    Some(TrainingAnswer {
        training: plain.name(),
        rows: part.name(),
        natural: both(0.0)?,
        robust: both(found.asked.against())?,
        before: column(0),
        after: column(1),
        gain: column(2),
    })
}
