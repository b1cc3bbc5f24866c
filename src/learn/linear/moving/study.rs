//! Both sets compared.

use super::asked::Asked;
use super::plain::Plain;
use super::split::{only, split};
use super::steps::{Moved, moved};
use crate::error::Result;
use crate::learn::Band;
use crate::learn::linear::{Problem, RobustCurve};
use crate::task::Task;
use std::sync::Arc;
use std::time::Instant;

/// Robust accuracy is told up to this multiple of the size to withstand.
const FARTHEST: f64 = 3.0;

/// Which rows, all of them unchanged, a classifier is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Those that it was trained on, as they were.
    Trained,
    /// Those held out.
    HeldOut,
}

impl Part {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Trained, Self::HeldOut];

    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trained => "trained",
            Self::HeldOut => "held_out",
        }
    }

    /// The same in words.
    pub fn title(self) -> &'static str {
        match self {
            Self::Trained => "rows trained on",
            Self::HeldOut => "held-out rows",
        }
    }
}

/// What one training withstands on one part of the rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// The training.
    pub plain: Plain,
    /// The rows.
    pub part: Part,
    /// Trained on the unchanged set, then on the changed one: robust accuracy of the unchanged rows, exact.
    pub curves: [RobustCurve; 2],
}

/// One split.
pub struct Split {
    /// Its seed.
    pub seed: u64,
    /// Places of the rows trained on, and of those held out.
    pub places: [Vec<usize>; 2],
    /// The rows trained on, moved.
    pub moved: Moved,
    /// Every training on every part that has rows.
    pub compared: Vec<Compared>,
}

/// A changed dataset, and what came of it.
pub struct Found {
    /// What was asked for.
    pub asked: Asked,
    /// The rows.
    pub problem: Arc<Problem>,
    /// One for each seed; one at least.
    pub splits: Vec<Split>,
    /// Seconds of all.
    pub seconds: f64,
}

impl Found {
    /// One training on one part of the rows, of each split that has such rows.
    pub fn compared(&self, plain: Plain, part: Part) -> impl Iterator<Item = &Compared> {
        let all = self.splits.iter().flat_map(|split| &split.compared);
        all.filter(move |compared| (compared.plain, compared.part) == (plain, part))
    }

    /// The share of rows that stay right under perturbations of `size`: before, after and the difference; `None` without rows.
    pub fn at(&self, plain: Plain, part: Part, size: f64) -> Option<[Band; 3]> {
        let of = |compared: &Compared| compared.curves.each_ref().map(|c| c.accuracy(size));
        let pairs: Vec<[f64; 2]> = self.compared(plain, part).map(of).collect();
        let band =
            |of: &dyn Fn(&[f64; 2]) -> f64| Band::of(&pairs.iter().map(of).collect::<Vec<f64>>());
        Some([
            band(&|pair| pair[0])?,
            band(&|pair| pair[1])?,
            band(&|pair| pair[1] - pair[0])?,
        ])
    }

    /// How far robust accuracy is told: three times the size to withstand, or up to the largest distance without one.
    pub fn farthest(&self) -> f64 {
        let against = self.asked.against();
        if against > 0.0 {
            return FARTHEST * against;
        }
        let curves = self.splits.iter().flat_map(|split| &split.compared);
        let radii = curves.flat_map(|compared| &compared.curves);
        let most = radii.filter_map(|curve| curve.radii().last());
        most.fold(0.0, |far: f64, radius| far.max(*radius))
    }
}

/// Moves rows, and compares what plain trainings on both sets withstand. Held-out rows take no part in anything else.
///
/// # Errors
/// As [`moved`] and the trainings; cancellation.
pub fn study(problem: Arc<Problem>, asked: &Asked, task: &Task) -> Result<Found> {
    let began = Instant::now();
    asked.check_of(&problem)?;
    let mut splits = Vec::with_capacity(asked.seeds);
    for seed in (asked.seed..).take(asked.seeds) {
        splits.push(one(&problem, asked, seed, task)?);
    }
    Ok(Found {
        asked: asked.clone(),
        problem,
        splits,
        seconds: began.elapsed().as_secs_f64(),
    })
}

fn one(problem: &Problem, asked: &Asked, seed: u64, task: &Task) -> Result<Split> {
    let places = split(problem.labels(), asked.held_out, seed);
    let trained = only(problem, &places[0])?;
    // A group of one row has none to hold out.
    let held = only(problem, &places[1]).ok();
    let moved = moved(&trained, asked, task)?;
    let mut compared = Vec::new();
    for plain in Plain::ALL {
        task.check()?;
        let weights = [&trained, &moved.problem].map(|set| plain.weights(set, moved.penalty, task));
        let [before, after] = weights;
        let weights = [before?, after?];
        for part in Part::ALL {
            let rows = match part {
                Part::Trained => Some(&trained),
                Part::HeldOut => held.as_ref(),
            };
            let Some(rows) = rows else {
                continue;
            };
            let [before, after] = weights
                .each_ref()
                .map(|weights| RobustCurve::new(rows, weights, asked.norm));
            compared.push(Compared {
                plain,
                part,
                curves: [before?, after?],
            });
        }
    }
    Ok(Split {
        seed,
        places,
        moved,
        compared,
    })
}
