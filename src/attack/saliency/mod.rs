//! Maps of where a score comes from: gradients by the pixels, plain, averaged over noise, or along a path.

mod gradients;

use super::victim::{AscentLoss, Victim};
use crate::compute::{Engine, Grid, Noise, View, pixel_norm};
use crate::error::{Error, Result};
use crate::task::Task;
use gradients::RowGradients;
use serde::{Deserialize, Serialize};

/// Where [`SaliencyKind::Integrated`] starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Baseline {
    /// A black picture.
    #[default]
    Black,
    /// A picture of one colour, the mean of the picture's own.
    Mean,
}

/// Kinds of maps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SaliencyKind {
    /// The gradient (Simonyan et al., arXiv 1312.6034).
    Gradient,
    /// The mean gradient around the picture (`SmoothGrad`, Smilkov et al., arXiv 1706.03825): normal noise, not
    /// clipped, the same for every picture.
    Smooth {
        /// Noisy pictures.
        samples: u32,
        /// Deviation of the noise, as a part of the picture's range (largest value less the smallest).
        sigma: f32,
        /// Seed of the noise.
        seed: u64,
    },
    /// `(x - b)` times the mean gradient on the straight way from a baseline `b` to the picture (integrated
    /// gradients, Sundararajan et al., arXiv 1703.01365), by the midpoint rule.
    Integrated {
        /// Points on the line.
        steps: u32,
        /// Its start.
        baseline: Baseline,
    },
}

impl SaliencyKind {
    /// Every kind, with the parameters of its paper (the steps: 32).
    pub const ALL: [Self; 3] = [
        Self::Gradient,
        Self::Smooth {
            samples: 25,
            sigma: 0.15,
            seed: 0,
        },
        Self::Integrated {
            steps: 32,
            baseline: Baseline::Mean,
        },
    ];

    /// The name in menus.
    pub fn title(self) -> &'static str {
        match self {
            Self::Gradient => "Gradient",
            Self::Smooth { .. } => "SmoothGrad",
            Self::Integrated { .. } => "Integrated gradients",
        }
    }

    /// How many gradients it takes.
    fn cost(self) -> u64 {
        match self {
            Self::Gradient => 1,
            Self::Smooth { samples, .. } => 1 + u64::from(samples),
            Self::Integrated { steps, .. } => 2 + u64::from(steps),
        }
    }

    fn check(self) -> Result<()> {
        let what = match self {
            Self::Smooth { samples: 0, .. } => "an average over no samples".to_owned(),
            Self::Integrated { steps: 0, .. } => "a way of no steps".to_owned(),
            Self::Smooth { sigma, .. } if !(0.0..=1e3).contains(&sigma) => {
                format!("noise of {sigma} times the picture's range")
            }
            _ => return Ok(()),
        };
        Err(Error::request(
            what,
            "Usual are 25 samples with noise of 0.15, and 32 steps.",
        ))
    }
}

/// A map of where a score comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Saliency {
    /// How it was made.
    pub kind: SaliencyKind,
    /// Shape of `values`; `rows` is 1.
    pub grid: Grid,
    /// `[channels, height, width]`: gradients, or with [`SaliencyKind::Integrated`] shares of the score.
    pub values: Vec<f32>,
    /// Sums over the channels, `[height, width]`: positive where more of the pixel raises the score.
    pub signed: View,
    /// The score at the picture.
    pub score: f32,
    /// The score at the baseline of [`SaliencyKind::Integrated`].
    pub baseline: Option<f32>,
}

impl Saliency {
    fn new(
        kind: SaliencyKind,
        grid: Grid,
        values: Vec<f32>,
        score: f32,
        baseline: Option<f32>,
    ) -> Self {
        let signed = over_channels(grid, &values, 0.0, |sum, v| sum + f64::from(v));
        Self {
            kind,
            grid,
            values,
            signed,
            score,
            baseline,
        }
    }

    /// `sqrt(sum_c v^2)` at each pixel, `[height, width]`.
    pub fn norm(&self) -> View {
        View::new(pixel_norm(self.grid, &self.values))
    }

    /// `max_c |v|` at each pixel (arXiv 1312.6034, section 3.1), `[height, width]`.
    pub fn strongest(&self) -> View {
        over_channels(self.grid, &self.values, 0.0, |m, v| {
            m.max(f64::from(v.abs()))
        })
    }

    /// The sum of all values less the difference of the scores that it should be (completeness, arXiv 1703.01365,
    /// proposition 1); only of [`SaliencyKind::Integrated`].
    pub fn gap(&self) -> Option<f32> {
        let sum: f64 = self.values.iter().map(|v| f64::from(*v)).sum();
        let start = self.baseline?;
        Some((sum - (f64::from(self.score) - f64::from(start))) as f32)
    }
}

/// Where the `ascent` of row `row` of `victim` comes from at `x`, the values of that one row. Classes of
/// [`AscentLoss::TargetedMargin`] and [`AscentLoss::TargetedDlr`] are one number, for this row.
///
/// # Errors
/// There is no gradient; `row`, `x` or the parameters of `kind` make no sense; the model fails; or `task` was
/// cancelled.
pub fn saliency(
    victim: &mut dyn Victim,
    row: usize,
    x: &[f32],
    kind: SaliencyKind,
    ascent: AscentLoss<'_>,
    engine: &dyn Engine,
    task: &Task,
) -> Result<Saliency> {
    kind.check()?;
    let batch = victim.grid();
    if row >= batch.rows || x.len() != batch.len() || x.is_empty() {
        return Err(Error::request(
            format!("row {row} with {} values is none of {batch:?}", x.len()),
            "Give the values of one row.",
        ));
    }
    if !victim.has_gradient() {
        return Err(Error::request(
            "no gradient passes this model, and a saliency map is made of gradients",
            "Attacks by queries alone work on it.",
        ));
    }
    task.begin(kind.title(), kind.cost());
    let grid = batch.with_rows(1);
    let mut points = RowGradients {
        victim,
        row,
        ascent,
        task,
    };
    let here = points.value_and_gradient(x, x)?;
    let score = here.loss.first().copied().unwrap_or(f32::NAN);
    let (values, baseline) = match kind {
        SaliencyKind::Gradient => (here.gradient, None),
        SaliencyKind::Smooth {
            samples,
            sigma,
            seed,
        } => {
            let (low, high) = x
                .iter()
                .fold((f32::MAX, f32::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
            let deviation = sigma * (high - low);
            let mean = points.mean(grid, samples, |keys| {
                let grid = grid.with_rows(keys.len());
                let mut points = engine.noise(grid, Noise::Normal, seed, STREAM, keys)?;
                for points in points.chunks_exact_mut(x.len()) {
                    for (p, v) in points.iter_mut().zip(x) {
                        *p = v + deviation * *p;
                    }
                }
                Ok((x.to_vec(), points))
            })?;
            (mean.into_iter().map(|v| v as f32).collect(), None)
        }
        SaliencyKind::Integrated { steps, baseline } => {
            let start = baseline.of(grid, x);
            let first = points.value_and_gradient(&start, &start)?;
            let at = |share: f64| -> Vec<f32> {
                let between = |(b, v): (&f32, &f32)| {
                    (f64::from(*b) + share * (f64::from(*v) - f64::from(*b))) as f32
                };
                start.iter().zip(x).map(between).collect()
            };
            let mean = points.mean(grid, steps, |keys| {
                let share = |k: f64| (k + 0.5) / f64::from(steps);
                let points = keys.iter().flat_map(|&k| at(share(f64::from(k)))).collect();
                let middle =
                    keys.iter().map(|&k| f64::from(k)).sum::<f64>() / keys.len().max(1) as f64;
                Ok((at(share(middle)), points))
            })?;
            let part =
                |((v, b), g): ((&f32, &f32), f64)| ((f64::from(*v) - f64::from(*b)) * g) as f32;
            let values = x.iter().zip(&start).zip(mean).map(part).collect();
            (
                values,
                Some(first.loss.first().copied().unwrap_or(f32::NAN)),
            )
        }
    };
    Ok(Saliency::new(kind, grid, values, score, baseline))
}

/// Names the random numbers of this file.
const STREAM: u32 = 0x5a11;
impl Baseline {
    fn of(self, grid: Grid, x: &[f32]) -> Vec<f32> {
        let colour = |plane: &[f32]| match self {
            Self::Black => 0.0,
            Self::Mean => {
                let sum: f64 = plane.iter().map(|v| f64::from(*v)).sum();
                (sum / plane.len().max(1) as f64) as f32
            }
        };
        x.chunks(grid.plane().max(1))
            .flat_map(|plane| std::iter::repeat_n(colour(plane), plane.len()))
            .collect()
    }
}

/// `values`, `[channels, height, width]`, folded over the channels.
fn over_channels(grid: Grid, values: &[f32], start: f64, fold: impl Fn(f64, f32) -> f64) -> View {
    let mut out = vec![start; grid.plane()];
    for plane in values.chunks(grid.plane().max(1)) {
        for (to, v) in out.iter_mut().zip(plane) {
            *to = fold(*to, *v);
        }
    }
    View::new(out.into_iter().map(|v| v as f32).collect())
}
