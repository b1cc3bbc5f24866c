//! Where slices lie along axes: spread to their places, and added up at them.

use crate::error::Result;
use crate::onnx::node::{int, text};
use crate::onnx::{Builder, Tensor, Value, wrong};

/// The whole of an axis may be summed up from a table that is this many times larger than what was picked.
const WASTE: usize = 4;

/// `axis`, which may count from the end, as an index into the shape of `value`.
pub(super) fn axis_of(value: &Value, axis: i64) -> Result<usize> {
    let found = value.axis(axis)?;
    if found < value.rank() {
        Ok(found)
    } else {
        Err(wrong(format!(
            "axis {axis} of a value with {} dimensions",
            value.rank()
        )))
    }
}

/// Where elements along one axis go: to `start`, `start + step`, ...
pub(super) struct Spread {
    pub(super) axis: usize,
    pub(super) start: usize,
    pub(super) step: usize,
}

/// The elements of `g` at their places in zeros of `shape`: one `Pad`, steps included. An axis occurs once.
pub(super) fn spread(
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

/// Zeros of `shape`, with each slice of `g` along `axis` added at its place in `indices`: the opposite of `Gather`
/// with constant indices.
pub(super) fn collect(
    b: &mut Builder,
    g: &Value,
    axis: usize,
    indices: &[usize],
    shape: &[usize],
) -> Result<Value> {
    let size = shape[axis];
    if indices.is_empty() || size == 0 {
        return Ok(b.zeros(shape));
    }
    if indices.iter().any(|&i| i >= size) || indices.len() != g.shape[axis] {
        return Err(wrong("its indices do not fit".into()));
    }
    if let Some((start, step)) = progression(indices) {
        return spread(b, g, &[Spread { axis, start, step }], shape);
    }
    let backwards: Vec<usize> = indices.iter().rev().copied().collect();
    if let Some((start, step)) = progression(&backwards) {
        let g = b.reverse(g, &[axis]);
        return spread(b, &g, &[Spread { axis, start, step }], shape);
    }
    // For each place the slices that were taken from it; `indices.len()` stands for a slice of zeros.
    let mut takers: Vec<Vec<usize>> = vec![Vec::new(); size];
    for (at, &i) in indices.iter().enumerate() {
        takers[i].push(at);
    }
    let most = takers.iter().map(Vec::len).max().unwrap_or(0);
    if size.saturating_mul(most) > WASTE * (size + indices.len()) {
        let list: Vec<i64> = indices.iter().map(|&i| i as i64).collect();
        let list = b.ints(&list);
        return add_at(b, g, axis, &list, shape);
    }
    let padded = if takers.iter().all(|t| t.len() == most) {
        g.clone()
    } else {
        let mut after = vec![0; g.rank()];
        after[axis] = 1;
        b.pad(g, &vec![0; g.rank()], &after)
    };
    // The table lies with its repetitions outside, so that what is summed are whole slices.
    let row = |r: usize| {
        takers
            .iter()
            .map(move |t| t.get(r).copied().unwrap_or(indices.len()) as i64)
    };
    let table: Vec<i64> = (0..most).flat_map(row).collect();
    let table = if most == 1 {
        b.ints(&table)
    } else {
        b.tensor(Tensor::ints(&[most, size], &table))
    };
    let taken = b.gather(&padded, &table, axis);
    Ok(if most == 1 {
        taken
    } else {
        b.sum(&taken, &[axis], false)
    })
}

/// Start and step, where `indices` rise evenly.
fn progression(indices: &[usize]) -> Option<(usize, usize)> {
    let start = *indices.first()?;
    let step = match indices.get(1) {
        Some(second) => second.checked_sub(start).filter(|&s| s > 0)?,
        None => 1,
    };
    indices
        .windows(2)
        .all(|w| w[1].checked_sub(w[0]) == Some(step))
        .then_some((start, step))
}

/// As [`collect`], with `indices` (a vector) that may be known at run time alone.
pub(super) fn add_at(
    b: &mut Builder,
    g: &Value,
    axis: usize,
    indices: &Value,
    shape: &[usize],
) -> Result<Value> {
    let mut along = vec![1; g.rank()];
    along[axis] = indices.count();
    let indices = b.reshape(indices, &along)?;
    let indices = b.expand(&indices, &g.shape)?;
    Ok(scatter_add(b, g, axis, &indices, shape))
}

/// Zeros of `shape` with `g` added along `axis` at `indices`, which have its shape.
pub(super) fn scatter_add(
    b: &mut Builder,
    g: &Value,
    axis: usize,
    indices: &Value,
    shape: &[usize],
) -> Value {
    let zeros = b.zeros(shape);
    let attributes = vec![int("axis", axis as i64), text("reduction", "add")];
    b.node(
        "ScatterElements",
        &[&zeros, indices, g],
        attributes,
        g.elem,
        shape,
    )
}
