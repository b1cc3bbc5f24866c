//! The decision boundary's normal, estimated from decisions.

use super::super::BATCH;
use super::MOST_SAMPLES;
use super::trail::{Measure, Trail};
use crate::attack::AttackContext;
use crate::compute::Noise;
use crate::error::Result;

/// The direction of each row's boundary, towards the goal: `1 / (B - 1) sum (phi_b - mean phi) u_b` (eq. 16).
pub(super) fn normals(
    context: &mut AttackContext<'_>,
    measure: Measure,
    trails: &mut [Trail],
    on: &[usize],
    probes: &[usize],
    round: usize,
) -> Result<Vec<Vec<f64>>> {
    let space = context.space;
    let keys: Vec<u32> = on.iter().map(|&at| space.keys()[trails[at].row]).collect();
    let (grid, len) = (space.grid.with_rows(on.len()), space.len());
    let kind = match measure {
        Measure::L2 => Noise::Normal,
        Measure::Linf => Noise::Uniform,
    };
    // Sums of u over the probes that reach the goal, and over the others.
    let mut sums = vec![[vec![0.0_f64; len], vec![0.0_f64; len]]; on.len()];
    let mut reached = vec![0_usize; on.len()];
    let (mut waiting, mut x) = (Vec::new(), Vec::new());
    let most = probes.iter().max().copied().unwrap_or_default();
    for b in 0..most {
        let stream = (round * MOST_SAMPLES + b) as u32;
        let noise = context
            .engine
            .noise(grid, kind, context.seed, stream, &keys)?;
        for (i, &at) in on.iter().enumerate().filter(|(i, _)| b < probes[*i]) {
            let trail = &mut trails[at];
            trail.left -= 1;
            let u = &noise[i * len..(i + 1) * len];
            waiting.push((i, trail.probe(space, u, round == 1, &mut x)));
        }
        if waiting.len() < BATCH && b + 1 < most {
            continue;
        }
        for (waiting, x) in waiting.chunks(BATCH).zip(x.chunks(BATCH * len)) {
            let rows: Vec<usize> = waiting.iter().map(|(i, _)| trails[on[*i]].row).collect();
            let verdicts = context.predict(&rows, x)?;
            for ((i, u), verdict) in waiting.iter().zip(&verdicts) {
                reached[*i] += usize::from(verdict.fooled);
                let sum = &mut sums[*i][usize::from(verdict.fooled)];
                sum.iter_mut().zip(u).for_each(|(s, u)| *s += f64::from(*u));
            }
        }
        waiting.clear();
        x.clear();
    }
    let normal = |((sums, probes), reached): (([Vec<f64>; 2], &usize), usize)| {
        let [others, goal] = sums;
        // With phi = 1 or -1, phi - mean phi is 2 (1 - share) or -2 share; where all agree, phi itself.
        let share = reached as f64 / (*probes).max(1) as f64;
        let (to, from) = match share {
            s if s <= 0.0 => (0.0, 1.0),
            s if s >= 1.0 => (1.0, 0.0),
            s => (1.0 - s, s),
        };
        goal.iter()
            .zip(&others)
            .map(|(g, o)| to * g - from * o)
            .collect()
    };
    let all = sums.into_iter().zip(probes).zip(reached);
    Ok(all.map(normal).map(|n| measure.direction(n)).collect())
}
