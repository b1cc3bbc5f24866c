//! Padding of every mode.

use super::super::first;
use super::super::slices::collect;
use super::{axes_of, with};
use crate::error::Result;
use crate::onnx::node::Attributes;
use crate::onnx::{Builder, Node, Value, wrong};

/// What was put around is dropped (constant), or goes back to where it was copied from; negative pads had cut off.
pub(super) fn pad(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (g, x) = (first(g)?, n.input(0)?.clone());
    if n.wants(2) {
        return Err(wrong("the value it pads with depends on the input".into()));
    }
    let pads = b.integers(n.input(1)?)?;
    let axes = axes_of(b, &x, n.maybe(3))?.unwrap_or_else(|| (0..x.rank()).collect());
    if pads.len() != 2 * axes.len() || g.rank() != x.rank() {
        return Err(wrong("its pads do not fit its input".into()));
    }
    let mut around = vec![(0_i64, 0_i64); x.rank()];
    for (i, &axis) in axes.iter().enumerate() {
        around[axis] = (pads[i], pads[i + axes.len()]);
    }
    for (axis, &(low, high)) in around.iter().enumerate() {
        if (x.shape[axis] as i64)
            .checked_add(low)
            .and_then(|s| s.checked_add(high))
            != Some(g.shape[axis] as i64)
        {
            return Err(wrong("its pads do not fit its output".into()));
        }
    }
    let mode = n.text_or("mode", "constant");
    if mode == "constant" {
        return Ok(vec![Some(cropped(b, g, &around))]);
    }
    let mut part = g.clone();
    for (axis, &(low, high)) in around.iter().enumerate() {
        if (low, high) != (0, 0) {
            part = folded(b, &part, axis, (low, high), x.shape[axis], mode)?;
        }
    }
    Ok(vec![Some(part)])
}

/// `g` without what lies around: `around[axis]` elements before and after, or zeros put there where negative.
fn cropped(b: &mut Builder, g: &Value, around: &[(i64, i64)]) -> Value {
    let axes: Vec<usize> = (0..g.rank())
        .filter(|&a| around[a].0 > 0 || around[a].1 > 0)
        .collect();
    let part = |v: i64| usize::try_from(v).unwrap_or(0);
    let starts: Vec<usize> = axes
        .iter()
        .map(|&a| part(around[a].0).min(g.shape[a]))
        .collect();
    let ends: Vec<usize> = axes
        .iter()
        .map(|&a| g.shape[a].saturating_sub(part(around[a].1)))
        .collect();
    let kept = b.slice(g, &axes, &starts, &ends, &vec![1; axes.len()]);
    let before: Vec<usize> = around.iter().map(|a| part(-a.0)).collect();
    let after: Vec<usize> = around.iter().map(|a| part(-a.1)).collect();
    b.pad(&kept, &before, &after)
}

/// The cotangent of one axis of `size` elements that was padded by copies of its own.
fn folded(
    b: &mut Builder,
    g: &Value,
    axis: usize,
    (low, high): (i64, i64),
    size: usize,
    mode: &str,
) -> Result<Value> {
    if size == 0 {
        return Err(wrong("an empty axis is padded by copies".into()));
    }
    let count = size as i64;
    let source = |at: i64| -> i64 {
        match mode {
            "edge" => at.clamp(0, count - 1),
            "wrap" => at.rem_euclid(count),
            // Reflection: there and back again, without repeating the ends.
            _ if count == 1 => 0,
            _ => {
                let period = 2 * (count - 1);
                let at = at.rem_euclid(period);
                at.min(period - at)
            }
        }
    };
    let from: Vec<usize> = (-low..count + high).map(|at| source(at) as usize).collect();
    let near = size.saturating_sub(1);
    let small = low >= 0 && high >= 0 && low as usize <= near && high as usize <= near;
    if !small {
        return collect(b, g, axis, &from, &with(&g.shape, axis, size));
    }
    // The middle, plus the few that come from either side.
    let (low, high) = (low as usize, high as usize);
    let shape = with(&g.shape, axis, size);
    let mut total = b.slice(g, &[axis], &[low], &[low + size], &[1]);
    for (start, end) in [(0, low), (low + size, low + size + high)] {
        if start < end {
            let side = b.slice(g, &[axis], &[start], &[end], &[1]);
            let back = if mode == "edge" {
                let sum = b.sum(&side, &[axis], true);
                collect(b, &sum, axis, &from[start..=start], &shape)?
            } else {
                collect(b, &side, axis, &from[start..end], &shape)?
            };
            total = b.add(&total, &back)?;
        }
    }
    Ok(total)
}
