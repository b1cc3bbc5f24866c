//! The CPU's passes: each point moves itself, in parallel.

use super::power::power;
use super::{Attract, Attraction, Curve, DRAWN, Edges, LEAST, LONGEST, STRIDE, mixed};
use crate::compute::Cpu;
use crate::error::Result;
use crate::task::Task;
use rayon::prelude::*;

/// Points that one task moves.
const CHUNK: usize = 128;

/// Forces computed at once: loops of this length become vectors.
const LANES: usize = 8;

impl Attract for Cpu {
    fn attract(
        &self,
        problem: &Attraction<'_>,
        start: Vec<[f32; 2]>,
        watch: &mut dyn FnMut(&[[f32; 2]]),
        task: &Task,
    ) -> Result<Vec<[f32; 2]>> {
        problem.check(start.len())?;
        let mut places = start;
        let mut next = places.clone();
        for epoch in 0..problem.epochs {
            task.check()?;
            let pass = problem.pass(epoch);
            let step = Step {
                curve: problem.curve,
                edges: problem.edges,
                old: &places,
                rate: pass.rate,
                repulsion: pass.repulsion,
                negatives: problem.negatives,
                seed: pass.seed,
            };
            next.par_chunks_mut(CHUNK)
                .enumerate()
                .for_each(|(chunk, own)| {
                    for (i, place) in own.iter_mut().enumerate() {
                        *place = step.moved(chunk * CHUNK + i);
                    }
                });
            std::mem::swap(&mut places, &mut next);
            task.add(1);
            if problem.is_seen(epoch) {
                watch(&places);
            }
        }
        Ok(places)
    }
}

/// One epoch.
struct Step<'a> {
    /// The memberships of the map.
    pub curve: Curve,
    /// Which points attract each other, by shares.
    pub edges: Edges<'a>,
    /// Where the points were at the end of the epoch before.
    pub old: &'a [[f32; 2]],
    /// Step of this epoch.
    pub rate: f32,
    /// What repulsion is multiplied by in this epoch.
    pub repulsion: f32,
    /// Random points per sample of an edge.
    pub negatives: f32,
    /// What the random points follow from.
    pub seed: u32,
}

impl Step<'_> {
    /// The new place of `point`.
    pub fn moved(&self, point: usize) -> [f32; 2] {
        let (pull, pulled, sampled) = self.attracted(point);
        // Both ends of an edge sample it, and umap-learn moves both each time.
        let pulled = 2.0 * self.rate * pulled;
        let nearer = 2.0 * self.rate / pulled.max(1.0);
        let push = self.repelled(point, sampled * self.negatives);
        let length = (push[0] * push[0] + push[1] * push[1]).sqrt();
        let farther = self.rate * self.repulsion;
        let farther = farther.min(LONGEST / length.max(f32::MIN_POSITIVE));
        let own = self.old[point];
        [0, 1].map(|a| own[a] + farther * push[a] - nearer * pull[a])
    }

    /// The sum of the ways from the neighbours of `point`, each times its force; the sum of the forces; that of the shares.
    fn attracted(&self, point: usize) -> ([f32; 2], f32, f32) {
        let own = self.old[point];
        let (targets, shares) = self.edges.of(point);
        let (mut x, mut y) = ([0.0_f32; LANES], [0.0_f32; LANES]);
        let (mut forces, mut sampled) = ([0.0_f32; LANES], 0.0);
        for (targets, given) in targets.chunks(LANES).zip(shares.chunks(LANES)) {
            let mut off = [[0.0_f32; LANES]; 2];
            // Without a neighbour the share is 0.
            let mut shares = [0.0_f32; LANES];
            for (lane, (&target, &share)) in targets.iter().zip(given).enumerate() {
                let other = self.old[target as usize];
                off[0][lane] = own[0] - other[0];
                off[1][lane] = own[1] - other[1];
                shares[lane] = share;
                sampled += share;
            }
            for lane in 0..LANES {
                let (dx, dy) = (off[0][lane], off[1][lane]);
                let force = shares[lane] * attraction(dx * dx + dy * dy, self.curve);
                forces[lane] += force;
                x[lane] += force * dx;
                y[lane] += force * dy;
            }
        }
        ([x, y].map(|v| v.iter().sum()), forces.iter().sum(), sampled)
    }

    /// How strongly, and where to, `count` random points move `point`.
    fn repelled(&self, point: usize, count: f32) -> [f32; 2] {
        let own = self.old[point];
        let drawn = count.min(DRAWN).ceil();
        let seed = mixed(self.seed ^ mixed(point as u32));
        let (mut x, mut y) = ([0.0_f32; LANES], [0.0_f32; LANES]);
        for first in (0..drawn as u32).step_by(LANES) {
            let mut off = [[0.0_f32; LANES], [0.0_f32; LANES]];
            let lanes = LANES.min((drawn as u32 - first) as usize);
            let [across, down] = &mut off;
            for (lane, (x, y)) in across.iter_mut().zip(down).take(lanes).enumerate() {
                let random = mixed(seed.wrapping_add((first + lane as u32).wrapping_mul(STRIDE)));
                // A point drawn for itself is at no distance, and moves nothing.
                let other = (u64::from(random) * self.old.len() as u64) >> 32;
                let other = self.old[other as usize];
                (*x, *y) = (own[0] - other[0], own[1] - other[1]);
            }
            for lane in 0..LANES {
                let (dx, dy) = (off[0][lane], off[1][lane]);
                let force = repulsion(dx * dx + dy * dy, self.curve);
                x[lane] += (force * dx).clamp(-LONGEST, LONGEST);
                y[lane] += (force * dy).clamp(-LONGEST, LONGEST);
            }
        }
        let each = count / drawn.max(1.0);
        [x, y].map(|v| v.iter().sum::<f32>() * each)
    }
}

/// The slope of `-ln(membership)` by the distance, divided by the distance, at the squared distance `square`.
#[inline]
fn attraction(square: f32, Curve { a, b }: Curve) -> f32 {
    let square = square.max(LEAST);
    let raised = power(square, b);
    2.0 * a * b * raised / (square * (1.0 + a * raised))
}

/// The slope of `ln(1 - membership)` by the distance, divided by the distance, at the squared distance `square`; bounded
/// near 0.
#[inline]
fn repulsion(square: f32, Curve { a, b }: Curve) -> f32 {
    let square = square.max(LEAST);
    2.0 * b / ((0.001 + square) * (1.0 + a * power(square, b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forces_are_the_slopes_of_the_cross_entropy() {
        let curve = Curve { a: 1.577, b: 0.895 };
        let membership = |d: f64| {
            let (a, b) = (f64::from(curve.a), f64::from(curve.b));
            1.0 / (1.0 + a * d.powf(2.0 * b))
        };
        for d in [0.2_f64, 0.7, 1.5, 4.0, 11.0] {
            let step = 1e-6 * d;
            let slope = |f: &dyn Fn(f64) -> f64| (f(d + step) - f(d - step)) / (2.0 * step);
            let pull = slope(&|d| -membership(d).ln());
            let push = slope(&|d| (1.0 - membership(d)).ln());
            let square = (d * d) as f32;
            let got = f64::from(attraction(square, curve)) * d;
            assert!((got / pull - 1.0).abs() < 1e-4, "{d}: {got} {pull}");
            // The bound near 0 is part of the force.
            let bound = d * d / (0.001 + d * d);
            let got = f64::from(repulsion(square, curve)) * d;
            assert!(
                (got / (push * bound) - 1.0).abs() < 1e-4,
                "{d}: {got} {push}"
            );
        }
        assert!(attraction(0.0, curve).is_finite() && repulsion(0.0, curve).is_finite());
    }

    #[test]
    fn a_step_towards_neighbours_ends_at_their_mean_at_most() {
        let (starts, targets, shares) = ([0, 2, 3, 4], [1, 2, 0, 0], [1.0; 4]);
        let edges = Edges {
            starts: &starts,
            targets: &targets,
            shares: &shares,
        };
        let old = [[0.0, 0.0], [1.0, 0.5], [1.0, -0.5]];
        let mut step = Step {
            curve: Curve { a: 1.577, b: 0.895 },
            edges,
            old: &old,
            rate: 1.0,
            repulsion: 1.0,
            negatives: 0.0,
            seed: 1,
        };
        let place = step.moved(0);
        assert!(
            (place[0] - 1.0).abs() < 1e-6 && place[1].abs() < 1e-6,
            "{place:?}"
        );
        step.rate = 1e-3;
        let place = step.moved(0);
        let right = 4e-3 * attraction(1.25, step.curve);
        assert!((place[0] - right).abs() < 1e-6, "{place:?} {right}");
    }

    #[test]
    fn random_points_push_away_and_nobody_farther_than_the_bound() {
        let (starts, targets, shares) = ([0, 1, 2], [1, 0], [1.0; 2]);
        let edges = Edges {
            starts: &starts,
            targets: &targets,
            shares: &shares,
        };
        let old = [[0.0, 0.0], [0.02, 0.0]];
        let step = Step {
            curve: Curve { a: 1.577, b: 0.895 },
            edges,
            old: &old,
            rate: 1.0,
            repulsion: 1.0,
            negatives: 50.0,
            seed: 1,
        };
        let place = step.moved(0);
        assert!((-LONGEST..-1.0).contains(&(place[0] - 0.02)), "{place:?}");
        let drawn: std::collections::HashSet<u32> = (0..10_000).map(mixed).collect();
        assert_eq!(drawn.len(), 10_000);
    }
}
