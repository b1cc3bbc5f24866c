//! Slices, and how what they took goes back.

use super::super::first;
use super::axes_of;
use crate::error::Result;
use crate::onnx::{Builder, Node, Value, wrong};

pub(super) fn slice(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (g, x) = (first(g)?, n.input(0)?);
    let starts = b.integers(n.input(1)?)?;
    let axes = match axes_of(b, x, n.maybe(3))? {
        Some(axes) => axes,
        None => (0..starts.len()).collect(),
    };
    let steps = match n.maybe(4) {
        Some(steps) => b.integers(steps)?,
        None => vec![1; starts.len()],
    };
    if axes.len() != starts.len() || steps.len() != starts.len() || g.rank() != x.rank() {
        return Err(wrong("starts, axes and steps of different lengths".into()));
    }
    if g.count() == 0 {
        return Ok(vec![Some(b.zeros(&x.shape))]);
    }
    let (mut spreads, mut reversed) = (Vec::new(), Vec::new());
    for ((axis, start), step) in axes.into_iter().zip(starts).zip(steps) {
        let size = *x
            .shape
            .get(axis)
            .ok_or_else(|| wrong("more starts than dimensions".into()))? as i64;
        let start = if start < 0 {
            start.saturating_add(size)
        } else {
            start
        };
        let taken = g.shape[axis] as i64;
        let stride = step.unsigned_abs() as usize;
        // What is taken backwards is the same set, read from its low end, in reverse.
        let low = if step < 0 {
            reversed.push(axis);
            let back = step.unsigned_abs().saturating_mul(taken as u64 - 1);
            start.min(size - 1).saturating_sub_unsigned(back)
        } else {
            start
        };
        spreads.push(Spread {
            axis,
            start: low.clamp(0, size) as usize,
            step: stride,
        });
    }
    let g = b.reverse(g, &reversed);
    Ok(vec![Some(spread(b, &g, &spreads, &x.shape)?)])
}

/// Where elements along one axis go: to `start`, `start + step`, ...
pub(in crate::rules) struct Spread {
    pub(in crate::rules) axis: usize,
    pub(in crate::rules) start: usize,
    pub(in crate::rules) step: usize,
}

/// The elements of `g` at their places in zeros of `shape`: one `Pad`, steps included. An axis occurs once.
pub(in crate::rules) fn spread(
    b: &mut Builder,
    g: &Value,
    spreads: &[Spread],
    shape: &[usize],
) -> Result<Value> {
    if g.rank() != shape.len() || spreads.iter().any(|s| s.axis >= shape.len()) {
        return Err(wrong("its output has another number of dimensions".into()));
    }
    if g.count() == 0 {
        return Ok(b.zeros(shape));
    }
    // A step makes of its axis two, the inner one as long as the step: index i is at (i / step, i % step).
    let mut inner = vec![1_usize; g.rank()];
    let mut starts = vec![0_usize; g.rank()];
    for s in spreads {
        let last = g.shape[s.axis]
            .checked_sub(1)
            .and_then(|n| n.checked_mul(s.step)?.checked_add(s.start));
        if s.step == 0 || last.is_none_or(|last| last >= shape[s.axis]) {
            return Err(wrong("it takes elements beyond the end".into()));
        }
        inner[s.axis] = if g.shape[s.axis] == 1 { 1 } else { s.step };
        starts[s.axis] = s.start;
    }
    let (mut split, mut before, mut after, mut joined) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for axis in 0..g.rank() {
        let (taken, step) = (g.shape[axis], inner[axis]);
        let blocks = shape[axis].div_ceil(step);
        let (block, within) = (starts[axis] / step, starts[axis] % step);
        split.push(taken);
        before.push(block);
        after.push(blocks - block - taken);
        if step > 1 {
            split.push(1);
            before.push(within);
            after.push(step - 1 - within);
        }
        joined.push(blocks * step);
    }
    let apart = b.reshape(g, &split)?;
    let padded = b.pad(&apart, &before, &after);
    let whole = b.reshape(&padded, &joined)?;
    let over: Vec<usize> = (0..g.rank()).filter(|&a| joined[a] > shape[a]).collect();
    let ends: Vec<usize> = over.iter().map(|&a| shape[a]).collect();
    let fill = |v| vec![v; over.len()];
    Ok(b.slice(&whole, &over, &fill(0), &ends, &fill(1)))
}
