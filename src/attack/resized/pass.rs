//! One axis of a resize and crop as a linear map, and its transpose.

use crate::encoder::Line;
use rayon::prelude::*;

/// Beyond the range of pixels by less than this is rounding, not overshoot.
const SLACK: f32 = 1e-5;

/// The axis of a picture that a pass changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    Height,
    Width,
}

/// The linear map of one axis and its transpose.
pub(super) struct Pass {
    pub axis: Axis,
    pub there: Line,
    pub back: Line,
}

impl Pass {
    /// Applies `line` along the pass's axis to planes of `width` columns.
    pub fn apply(&self, line: &Line, planes: &[f32], width: usize) -> Vec<f32> {
        let (inputs, outputs) = (line.inputs().max(1), line.outputs().max(1));
        let lines = planes.len() / width.max(1);
        match self.axis {
            Axis::Width => {
                let mut out = vec![0.0; lines * outputs];
                let rows = out
                    .par_chunks_exact_mut(outputs)
                    .zip(planes.par_chunks_exact(inputs));
                rows.with_min_len(8).for_each(|(out, row)| {
                    for (to, (first, weights)) in out.iter_mut().zip(line.iter()) {
                        let terms = row.iter().skip(first).zip(weights);
                        *to = terms.map(|(v, w)| v * w).sum();
                    }
                });
                out
            }
            Axis::Height => {
                let mut out = vec![0.0; lines / inputs * outputs * width];
                let rows = out.par_chunks_exact_mut(width.max(1)).enumerate();
                rows.with_min_len(8).for_each(|(at, out)| {
                    let (first, weights) = line.run(at % outputs);
                    let from = at / outputs * inputs + first;
                    let sources = planes.chunks_exact(width.max(1)).skip(from);
                    for (source, w) in sources.zip(weights) {
                        for (to, v) in out.iter_mut().zip(source) {
                            *to += v * w;
                        }
                    }
                });
                out
            }
        }
    }
}

/// `values` clipped to [0, 1].
pub(super) fn clipped(values: &[f32]) -> Vec<f32> {
    values.par_iter().map(|v| v.clamp(0.0, 1.0)).collect()
}

/// `gradient`, 0 where `values` were clipped.
pub(super) fn stopped(gradient: &[f32], values: &[f32]) -> Vec<f32> {
    let inside = |v: &f32| (-SLACK..=1.0 + SLACK).contains(v);
    let one = |(g, v): (&f32, &f32)| if inside(v) { *g } else { 0.0 };
    gradient.par_iter().zip(values).map(one).collect()
}
