//! The two hinge losses of a line, of which others are mixed.

use super::Line;

/// Adds `weight` times the sum of hinges; returns it.
pub fn add_sum(line: &Line<'_>, weight: f32, gradient: &mut [f32]) -> f32 {
    let threshold = line.positive() - line.margin;
    let own = line.own;
    let mut sums = [0.0, 0.0];
    let mut part = |scores: &[f32], gradient: &mut [f32]| {
        for (g, &score) in gradient.iter_mut().zip(scores) {
            let hinge = (score - threshold).max(0.0);
            let on = if hinge > 0.0 { 1.0 } else { 0.0 };
            sums[0] += hinge;
            sums[1] += on;
            *g += weight * on;
        }
    };
    part(&line.scores[..own], &mut gradient[..own]);
    part(&line.scores[own + 1..], &mut gradient[own + 1..]);
    gradient[own] -= weight * sums[1];
    weight * sums[0]
}

/// Adds `weight` times the hinge of candidate `worst`; returns it.
pub fn add_one(line: &Line<'_>, worst: Option<usize>, weight: f32, gradient: &mut [f32]) -> f32 {
    let Some(worst) = worst else { return 0.0 };
    let hinge = line.margin + line.scores[worst] - line.positive();
    if hinge <= 0.0 {
        return 0.0;
    }
    gradient[worst] += weight;
    gradient[line.own] -= weight;
    weight * hinge
}

/// The best-scoring candidate that is no positive and scores below `below`; the first of equals.
pub fn hardest(line: &Line<'_>, below: f32) -> Option<usize> {
    let mut best = None;
    let mut most = f32::NEG_INFINITY;
    for (j, &score) in line.scores.iter().enumerate() {
        if score > most && score < below && j != line.own {
            (best, most) = (Some(j), score);
        }
    }
    best
}
