//! Slices, and how what they took goes back.

use super::super::first;
use super::super::slices::{Spread, spread};
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
