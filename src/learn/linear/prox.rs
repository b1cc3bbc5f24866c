//! What a penalty on the dual norm of weights does to them in one step, in the coordinates of a [`Basis`].

use super::basis::Basis;
use super::norm::{Norm, largest, length};

/// `|w|_dual` of coordinates.
pub(super) fn dual(basis: &Basis<'_>, norm: Norm, w: &[f64]) -> f64 {
    match norm {
        Norm::L2 => length(w),
        Norm::Linf => w.iter().map(|v| v.abs()).sum(),
        Norm::L1 => largest(w),
        Norm::FourierLinf => {
            let groups = basis.groups.iter();
            // The amplitude once for each of the frequencies that a group stands for.
            groups.map(|g| g.amplitude(w) * g.scale * g.scale).sum()
        }
    }
}

/// The norm of coordinates, to which [`dual`] is dual.
pub(super) fn size(basis: &Basis<'_>, norm: Norm, delta: &[f64]) -> f64 {
    match norm {
        Norm::L2 => length(delta),
        Norm::Linf => largest(delta),
        Norm::L1 => delta.iter().map(|v| v.abs()).sum(),
        Norm::FourierLinf => {
            let amplitudes = basis.groups.iter().map(|g| g.amplitude(delta));
            amplitudes.fold(0.0, f64::max)
        }
    }
}

/// Replaces `w` by the minimiser of `by |v|_dual + |v - w|^2 / 2`.
pub(super) fn shrink(basis: &Basis<'_>, norm: Norm, w: &mut [f64], by: f64) {
    match norm {
        Norm::L2 => shorten(w, by),
        Norm::Linf => {
            for v in w {
                *v = soft(*v, by);
            }
        }
        // Moreau: what is left when the projection onto the l1 ball of size `by` is taken away, which cuts off at a level.
        Norm::L1 => {
            let level = level(w, by);
            for v in w {
                *v = v.clamp(-level, level);
            }
        }
        Norm::FourierLinf => {
            for group in &basis.groups {
                shorten(
                    &mut w[group.start..group.start + group.width],
                    by * group.scale,
                );
            }
        }
    }
}

fn soft(value: f64, by: f64) -> f64 {
    value.signum() * (value.abs() - by).max(0.0)
}

fn shorten(values: &mut [f64], by: f64) {
    let length = match &*values {
        [one] => one.abs(),
        many => many.iter().map(|v| v * v).sum::<f64>().sqrt(),
    };
    let factor = if length > by { 1.0 - by / length } else { 0.0 };
    for value in values {
        *value *= factor;
    }
}

/// The level above which the sizes of values have the sum `by` in all; 0 where they do not have as much.
fn level(values: &[f64], by: f64) -> f64 {
    let mut sizes: Vec<f64> = values.iter().map(|v| v.abs()).collect();
    if sizes.iter().sum::<f64>() <= by {
        return 0.0;
    }
    sizes.sort_unstable_by(|a, b| b.total_cmp(a));
    let (mut sum, mut level) = (0.0, 0.0);
    for (count, size) in sizes.iter().enumerate() {
        sum += size;
        let next = (sum - by) / (count + 1) as f64;
        if next >= *size {
            break;
        }
        level = next;
    }
    level
}
