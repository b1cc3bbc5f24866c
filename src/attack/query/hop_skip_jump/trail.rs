//! A row that walks along the boundary, and how its distance is measured.

use super::super::unit;
use crate::attack::space::Space;
use crate::attack::victim::Verdict;
use crate::compute::Ball;
use crate::error::{Error, Result};

/// The norm that is minimised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    /// l2.
    L2,
    /// l-inf; in half the box's width for [`Ball::Box`].
    Linf,
}

impl Measure {
    /// The norm of a space.
    pub fn of(space: &Space) -> Result<Self> {
        match space.ball {
            Ball::L2(_) => Ok(Self::L2),
            Ball::Linf(_) | Ball::Box => Ok(Self::Linf),
            Ball::L1(_) | Ball::L0(_) | Ball::Fourier(..) => Err(Error::request(
                "HopSkipJump measures perturbations in l-inf or l2",
                "Choose one of these norms, or none with a region, or attack with Square.",
            )),
        }
    }

    /// The unit step along `normal`: its sign for l-inf.
    pub fn direction(self, mut normal: Vec<f64>) -> Vec<f64> {
        match self {
            Self::L2 => {
                let size = normal.iter().map(|n| n * n).sum::<f64>().sqrt();
                if size > 0.0 {
                    for n in &mut normal {
                        *n /= size;
                    }
                }
            }
            Self::Linf => normal
                .iter_mut()
                .filter(|n| **n != 0.0)
                .for_each(|n| *n = n.signum()),
        }
        normal
    }

    /// The size of `x - clean` of a row, in float64.
    fn distance(self, space: &Space, row: usize, x: &[f32]) -> f64 {
        let start = row * x.len();
        let each = x.iter().enumerate().map(|(i, x)| {
            let difference = f64::from(*x) - f64::from(space.clean()[start + i]);
            match f64::from(unit(space, start + i)) {
                u if u > 0.0 => (difference / u).abs(),
                _ => 0.0,
            }
        });
        match self {
            Self::L2 => each.map(|d| d * d).sum::<f64>().sqrt(),
            Self::Linf => each.fold(0.0, f64::max),
        }
    }
}

/// Bisections at most: what float32 can tell apart.
const BISECTIONS: usize = 20;
/// The least change of a value that a probe is to make on average, so that float32 holds it.
const LEAST: f64 = 2e-5;

/// A row, at a point that reaches the goal.
pub(super) struct Trail {
    pub row: usize,
    pub x: Vec<f32>,
    pub verdict: Verdict,
    /// From the clean row.
    pub distance: f64,
    /// Queries left.
    pub left: usize,
    /// Bisections to the precision that the paper asks for.
    pub bisections: usize,
    /// Distance of the point that was kept.
    pub kept: Option<f64>,
    /// Values that may change.
    free: f64,
}

impl Trail {
    /// A row at its start, `left` queries before its end.
    pub fn new(
        space: &Space,
        measure: Measure,
        row: usize,
        x: Vec<f32>,
        verdict: Verdict,
        left: usize,
    ) -> Self {
        let values = row * x.len()..(row + 1) * x.len();
        let sides = space.lower()[values.clone()]
            .iter()
            .zip(&space.upper()[values]);
        let free = sides.filter(|(l, u)| l < u).count().max(1) as f64;
        // theta is d^-3/2 for l2 and d^-2 for l-inf (the paper, section 4.1).
        let theta_inverse = match measure {
            Measure::L2 => free.powf(1.5),
            Measure::Linf => free.powi(2),
        };
        Self {
            row,
            distance: measure.distance(space, row, &x),
            x,
            verdict,
            left,
            bisections: (theta_inverse.log2().ceil() as usize).clamp(8, BISECTIONS),
            kept: None,
            free,
        }
    }

    /// Where it stands: point and distance.
    pub fn place(&self) -> (Vec<f32>, f64) {
        (self.x.clone(), self.distance)
    }

    /// Goes to `x`, which reaches the goal.
    pub fn arrive(&mut self, space: &Space, measure: Measure, x: &[f32], verdict: Verdict) {
        self.x.copy_from_slice(x);
        self.verdict = verdict;
        self.distance = measure.distance(space, self.row, x);
    }

    /// The point `size` along `direction`, in the box.
    pub fn moved(&self, space: &Space, direction: &[f64], size: f64) -> Vec<f32> {
        let start = self.row * self.x.len();
        let values = self.x.iter().zip(direction).enumerate();
        values
            .map(|(i, (x, d))| {
                let at = start + i;
                let x = f64::from(*x) + size * d * f64::from(unit(space, at));
                (x as f32).clamp(space.lower()[at], space.upper()[at])
            })
            .collect()
    }

    /// The point at `share` of the way from the clean row to `far` (l2), or `far` clipped to that share of its
    /// distance (l-inf).
    pub fn between(
        &self,
        space: &Space,
        measure: Measure,
        far: &(Vec<f32>, f64),
        share: f64,
    ) -> Vec<f32> {
        let start = self.row * self.x.len();
        let values = far.0.iter().enumerate();
        values
            .map(|(i, x)| {
                let at = start + i;
                let clean = f64::from(space.clean()[at]);
                let difference = f64::from(*x) - clean;
                let difference = match measure {
                    Measure::L2 => difference * share,
                    Measure::Linf => {
                        let most = share * far.1 * f64::from(unit(space, at));
                        difference.clamp(-most, most)
                    }
                };
                ((clean + difference) as f32).clamp(space.lower()[at], space.upper()[at])
            })
            .collect()
    }

    /// Appends a probe along `noise` to `probes`: it is a d-th of the distance away, a tenth in the first round (the
    /// paper, section 4.1; in l2, whichever norm is minimised). The result is the way there, as far as the box let
    /// it, over its length.
    pub fn probe(
        &self,
        space: &Space,
        noise: &[f32],
        first: bool,
        probes: &mut Vec<f32>,
    ) -> Vec<f32> {
        let start = self.row * self.x.len();
        let way = if first {
            0.1
        } else {
            (self.distance / self.free).max(LEAST * self.free.sqrt())
        };
        let inside = |i: usize| space.lower()[start + i] < space.upper()[start + i];
        let square = |(i, n): (usize, &f32)| {
            if inside(i) {
                f64::from(*n).powi(2)
            } else {
                0.0
            }
        };
        let size = noise.iter().enumerate().map(square).sum::<f64>().sqrt();
        let scale = if size > 0.0 { way / size } else { 0.0 };
        let noise: Vec<f64> = noise.iter().map(|n| f64::from(*n)).collect();
        let moved = self.moved(space, &noise, scale);
        let direction = moved.iter().zip(&self.x).enumerate().map(|(i, (m, x))| {
            let unit = unit(space, start + i);
            if unit > 0.0 {
                (m - x) / unit / way as f32
            } else {
                0.0
            }
        });
        let direction = direction.collect();
        probes.extend(moved);
        direction
    }
}
