//! The decision boundary near a point, taken for a plane: the nearest point of it inside the box, in each norm.

use crate::attack::space::Space;
use crate::compute::{Ball, Bounds};
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Gaps come in float32: one that the box closes but for this share of it is closed by the box's corner.
const ROUNDING: f64 = 1e-6;

/// The norm in which a perturbation is made small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Metric {
    /// Largest change.
    Linf,
    /// Euclidean norm.
    L2,
    /// Sum of absolute changes.
    L1,
    /// Largest change in units of half the box's width, element by element.
    Share,
}

impl Metric {
    /// The norm of a ball. [`Ball::L0`] has no gradient: l1 stands for it, its convex hull; for [`Ball::Fourier`]
    /// stands l2, which bounds every coefficient (Parseval).
    pub(super) fn of(ball: Ball) -> Self {
        match ball {
            Ball::Linf(_) => Self::Linf,
            Ball::L2(_) | Ball::Fourier(..) => Self::L2,
            Ball::L1(_) | Ball::L0(_) => Self::L1,
            Ball::Box => Self::Share,
        }
    }

    /// The radius of the space's ball in this norm; for balls without one, the largest that a point of the ball inside
    /// [0, 1] can have. In shares of half a width that is 2, from one side to the other.
    pub(super) fn radius(space: &Space) -> f64 {
        match space.ball {
            Ball::Linf(r) | Ball::L2(r) | Ball::L1(r) => f64::from(r),
            Ball::L0(pixels) => f64::from(pixels) * space.grid.channels as f64,
            Ball::Fourier(r, _) => f64::from(r) * (space.len() as f64).sqrt(),
            Ball::Box => 2.0,
        }
    }

    /// The size of a change `d` of one row, whose bounds these are. A share of a width of 0 counts as 0.
    pub(super) fn norm(self, bounds: Bounds<'_>, d: &[f64]) -> f64 {
        let sizes = d.iter().map(|d| d.abs());
        match self {
            Self::Linf => sizes.fold(0.0, f64::max),
            Self::L2 => d.iter().map(|d| d * d).sum::<f64>().sqrt(),
            Self::L1 => sizes.sum(),
            Self::Share => sizes
                .enumerate()
                .map(|(i, d)| d / half(bounds, i))
                .filter(|share| share.is_finite())
                .fold(0.0, f64::max),
        }
    }

    /// The size of `x - clean`.
    pub(super) fn size(self, bounds: Bounds<'_>, x: &[f32]) -> f64 {
        let change = |(&c, &x): (&f32, &f32)| f64::from(x) - f64::from(c);
        let d: Vec<f64> = bounds.clean.iter().zip(x).map(change).collect();
        self.norm(bounds, &d)
    }

    /// Noise as a change in the units of this norm; none of elements that cannot move.
    pub(super) fn scaled(self, bounds: Bounds<'_>, noise: &[f32]) -> Vec<f64> {
        let change = |(i, &n): (usize, &f32)| match (half(bounds, i), self) {
            (width, _) if width <= 0.0 => 0.0,
            (width, Self::Share) => width * f64::from(n),
            _ => f64::from(n),
        };
        noise.iter().enumerate().map(change).collect()
    }

    /// How far the plane through gradient `w` is that a step raising the score by 1 reaches, the box aside:
    /// `1 / ||w||` in the dual norm. Elements that cannot move do not count; infinite where none can.
    pub(super) fn distance(self, bounds: Bounds<'_>, w: &[f32]) -> f64 {
        let free = |&(i, _): &(usize, &f32)| half(bounds, i) > 0.0;
        let w = w.iter().enumerate().filter(free);
        let w = w.map(|(i, &w)| (i, f64::from(w).abs()));
        let dual: f64 = match self {
            Self::Linf => w.map(|(_, w)| w).sum(),
            Self::L2 => w.map(|(_, w)| w * w).sum::<f64>().sqrt(),
            Self::L1 => w.map(|(_, w)| w).fold(0.0, f64::max),
            Self::Share => w.map(|(i, w)| w * half(bounds, i)).sum(),
        };
        1.0 / dual
    }

    /// The smallest `d` with `w . d = rise` and `from + d` inside the box of one row, in float64. Where the box does
    /// not reach that far, [`Metric::step`] instead; zeros where `w` or `rise` is not finite.
    ///
    /// With `a = |w|` and room `u` on the side that `w` points to, `e = |d|` is `min(t s, u)` with `s = 1` (l-inf),
    /// `a` (l2) or half the width (shares): `t` solves a concave, piecewise linear equation, found by fixing all
    /// elements that the current `t` stops, until none is left to fix (Newton from below, which is exact and takes a
    /// handful of passes). For l1 the elements with the largest `a` go as far as they can.
    pub(super) fn nearest(
        self,
        bounds: Bounds<'_>,
        from: &[f32],
        w: &[f32],
        rise: f64,
    ) -> Vec<f64> {
        let free = self.free(bounds, from, w, rise);
        let reach: f64 = free.iter().map(|f| f.weight * f.room).sum();
        let mut d = vec![0.0; from.len()];
        if self == Self::L1 {
            steepest_first(free, rise.abs(), &mut d);
        } else {
            let beyond = reach < rise.abs() * (1.0 - ROUNDING);
            let passes = if beyond { 1 } else { usize::MAX };
            together(free, rise.abs(), passes, &mut d);
        }
        d
    }

    /// The smallest `d` with `w . d = rise` of those elements that the box does not stop at once, cut off at the box:
    /// it falls short of the plane where the box is in the way.
    pub(super) fn step(self, bounds: Bounds<'_>, from: &[f32], w: &[f32], rise: f64) -> Vec<f64> {
        let free = self.free(bounds, from, w, rise);
        let mut d = vec![0.0; from.len()];
        if self == Self::L1 {
            steepest_first(free, rise.abs(), &mut d);
        } else {
            together(free, rise.abs(), 1, &mut d);
        }
        d
    }

    /// The elements that can move towards `rise` along `w`.
    fn free(self, bounds: Bounds<'_>, from: &[f32], w: &[f32], rise: f64) -> Vec<Free> {
        if rise == 0.0 || !rise.is_finite() || !w.iter().all(|w| w.is_finite()) {
            return Vec::new();
        }
        let element = |(i, (&x, &w)): (usize, (&f32, &f32))| {
            let up = (w > 0.0) == (rise > 0.0);
            let room = if up {
                f64::from(bounds.upper[i]) - f64::from(x)
            } else {
                f64::from(x) - f64::from(bounds.lower[i])
            };
            let weight = f64::from(w).abs();
            let speed = match self {
                Self::Linf | Self::L1 => 1.0,
                Self::L2 => weight,
                Self::Share => half(bounds, i),
            };
            let free = Free {
                at: i,
                weight,
                room,
                speed,
                sign: if up { 1.0 } else { -1.0 },
            };
            (weight > 0.0 && room > 0.0).then_some(free)
        };
        from.iter().zip(w).enumerate().filter_map(element).collect()
    }
}

/// Half the box's width at element `i`.
fn half(bounds: Bounds<'_>, i: usize) -> f64 {
    (f64::from(bounds.upper[i]) - f64::from(bounds.lower[i])) * 0.5
}

/// An element that can move in the wanted direction.
struct Free {
    at: usize,
    /// Gained per unit.
    weight: f64,
    /// Units until the box, above 0.
    room: f64,
    /// Units per unit of the common step.
    speed: f64,
    sign: f64,
}

/// `e = min(t s, u)` with `sum a e = rise`, after at most `passes` over the elements.
fn together(mut free: Vec<Free>, mut rise: f64, passes: usize, d: &mut [f64]) {
    let mut t = 0.0;
    for _ in 0..passes {
        t = rise / free.iter().map(|f| f.weight * f.speed).sum::<f64>();
        let before = free.len();
        free.retain(|f| {
            let goes_on = f.room > t * f.speed;
            if !goes_on {
                d[f.at] = f.sign * f.room;
                rise -= f.weight * f.room;
            }
            goes_on
        });
        // Nothing stopped: exact. Rounding may also leave nothing for the rest to rise.
        if free.len() == before || rise <= 0.0 {
            break;
        }
    }
    for f in free {
        d[f.at] = f.sign * (t * f.speed).min(f.room);
    }
}

/// Elements by falling weight, each as far as it can, until `rise` is reached.
fn steepest_first(free: Vec<Free>, mut rise: f64, d: &mut [f64]) {
    let mut heap: BinaryHeap<Steepest> = free.into_iter().map(Steepest).collect();
    while let Some(Steepest(f)) = heap.pop() {
        let step = (rise / f.weight).min(f.room);
        d[f.at] = f.sign * step;
        rise -= step * f.weight;
        if step < f.room || rise <= 0.0 {
            break;
        }
    }
}

/// Ordered by weight, then by place, so that ties do not depend on the heap.
struct Steepest(Free);

impl Ord for Steepest {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_weight = self.0.weight.total_cmp(&other.0.weight);
        by_weight.then(other.0.at.cmp(&self.0.at))
    }
}

impl PartialOrd for Steepest {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Steepest {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Steepest {}
