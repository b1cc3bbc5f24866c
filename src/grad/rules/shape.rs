//! Operators that move elements without changing them.

mod pad;

use super::index::collect;
use super::{Rule, first};
use crate::error::Result;
use crate::onnx::node::{Attributes, int};
use crate::onnx::{Builder, Node, Value, elements, wrong};

pub(super) const RULES: &[(&str, Rule)] = &[
    ("CenterCropPad", centre),
    ("Compress", compress),
    ("Concat", concat),
    ("DepthToSpace", depth_to_space),
    ("Expand", |b, n, g| {
        Ok(vec![Some(b.sum_to(first(g)?, &n.input(0)?.shape)?)])
    }),
    ("Flatten", reshaped),
    ("Pad", pad::pad),
    ("Reshape", reshaped),
    ("ReverseSequence", |b, n, g| {
        // It undoes itself.
        let (g, lengths) = (first(g)?, n.input(1)?);
        Ok(vec![Some(b.node(
            "ReverseSequence",
            &[g, lengths],
            n.proto.attribute.clone(),
            g.elem,
            &g.shape,
        ))])
    }),
    ("Slice", slice),
    ("SpaceToDepth", space_to_depth),
    ("Split", split),
    ("Squeeze", reshaped),
    ("Tile", tile),
    ("Transpose", transpose),
    ("Trilu", |b, n, g| {
        let g = first(g)?;
        let mut inputs = vec![g];
        inputs.extend(n.maybe(1));
        Ok(vec![Some(b.node(
            "Trilu",
            &inputs,
            n.proto.attribute.clone(),
            g.elem,
            &g.shape,
        ))])
    }),
    ("Unsqueeze", reshaped),
];

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

/// The axes that the constant behind `value` lists; `None` where it is left out.
pub(super) fn axes_of(
    b: &Builder,
    of: &Value,
    value: Option<&Value>,
) -> Result<Option<Vec<usize>>> {
    let Some(value) = value else { return Ok(None) };
    let axes = b.integers(value)?.into_iter();
    axes.map(|a| axis_of(of, a))
        .collect::<Result<_>>()
        .map(Some)
}

/// The shape of the input is known, so however the new one was made does not matter.
fn reshaped(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    Ok(vec![Some(b.reshape(first(g)?, &n.input(0)?.shape)?)])
}

fn transpose(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let g = first(g)?;
    let rank = g.rank();
    let order = match n.ints("perm") {
        Some(perm) if !perm.is_empty() => perm
            .iter()
            .map(|&p| axis_of(g, p))
            .collect::<Result<Vec<_>>>()?,
        _ => (0..rank).rev().collect(),
    };
    let mut back = vec![rank; rank];
    for (i, &from) in order.iter().enumerate().take(rank) {
        back[from] = i;
    }
    if back.contains(&rank) {
        return Err(wrong(format!("{order:?} is no order of {rank} dimensions")));
    }
    Ok(vec![Some(b.transpose(g, &back))])
}

fn concat(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let g = first(g)?;
    let axis = axis_of(
        g,
        n.int("axis")
            .ok_or_else(|| wrong("Concat without an axis".into()))?,
    )?;
    let sizes: Vec<usize> = (0..n.inputs.len())
        .map(|i| {
            let size = n.input(i)?.shape.get(axis).copied();
            size.ok_or_else(|| wrong("parts of different ranks".into()))
        })
        .collect::<Result<_>>()?;
    if sizes.iter().try_fold(0_usize, |sum, &s| sum.checked_add(s)) != Some(g.shape[axis]) {
        return Err(wrong("its parts do not add up to its output".into()));
    }
    // One operator where all parts are wanted, else what is.
    if sizes.len() > 1 && (0..sizes.len()).all(|i| n.wants(i)) {
        let list: Vec<i64> = sizes.iter().map(|&s| s as i64).collect();
        let list = b.ints(&list);
        let shapes: Vec<Vec<usize>> = sizes.iter().map(|&s| with(&g.shape, axis, s)).collect();
        let makes: Vec<_> = shapes.iter().map(|s| (g.elem, s.as_slice())).collect();
        let along = int("axis", axis as i64);
        let parts = b.nodes("Split", &[Some(g), Some(&list)], vec![along], &makes);
        return Ok(parts.into_iter().map(Some).collect());
    }
    let mut start = 0;
    let mut parts = Vec::with_capacity(sizes.len());
    for (i, size) in sizes.into_iter().enumerate() {
        let end = start + size;
        parts.push(
            n.wants(i)
                .then(|| b.slice(g, &[axis], &[start], &[end], &[1])),
        );
        start = end;
    }
    Ok(parts)
}

fn split(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let x = n.input(0)?;
    let axis = axis_of(x, n.int_or("axis", 0))?;
    let elem = g.iter().flatten().next().map_or(x.elem, |g| g.elem);
    let mut sizes = Vec::with_capacity(n.outputs.len());
    for (i, output) in n.outputs.iter().enumerate() {
        sizes.push(match output {
            Some(output) => output.shape.get(axis).copied().unwrap_or(0),
            None => unused_part(b, n, i, axis)?,
        });
    }
    let mut used = (0..sizes.len()).filter(|&i| g.get(i).is_some_and(Option::is_some));
    if let (Some(only), None) = (used.next(), used.next()) {
        let before: usize = sizes[..only].iter().sum();
        let around = Spread {
            axis,
            start: before,
            step: 1,
        };
        let part = g[only].as_ref().map(|g| spread(b, g, &[around], &x.shape));
        return Ok(vec![part.transpose()?]);
    }
    let mut parts = Vec::with_capacity(sizes.len());
    for (i, size) in sizes.into_iter().enumerate() {
        parts.push(match g.get(i) {
            Some(Some(g)) => g.clone(),
            _ if size == 0 => continue,
            _ => {
                let mut zeros = b.zeros(&with(&x.shape, axis, size))?;
                zeros = b.cast(&zeros, elem);
                zeros
            }
        });
    }
    Ok(vec![Some(b.concat(&parts, axis)?)])
}

/// The size of part `i` of a `Split`, of which nothing is used.
fn unused_part(b: &Builder, n: &Node, i: usize, axis: usize) -> Result<usize> {
    let whole = n.input(0)?.shape[axis];
    if let Some(sizes) = n.maybe(1) {
        let size = b
            .integers(sizes)?
            .get(i)
            .and_then(|&s| usize::try_from(s).ok());
        return size
            .filter(|&s| s <= whole)
            .ok_or_else(|| wrong("a part has no size".into()));
    }
    let count = usize::try_from(n.int_or("num_outputs", n.outputs.len() as i64)).unwrap_or(1);
    let size = whole.div_ceil(count.max(1));
    Ok(whole.saturating_sub(size.saturating_mul(i)).min(size))
}

fn slice(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
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
        return Ok(vec![Some(b.zeros(&x.shape)?)]);
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

/// Copies of the input lie side by side: their sum.
fn tile(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (g, x) = (first(g)?, n.input(0)?);
    let (mut apart, mut axes) = (Vec::new(), Vec::new());
    for (axis, &size) in x.shape.iter().enumerate() {
        let copies = g
            .shape
            .get(axis)
            .copied()
            .unwrap_or(0)
            .checked_div(size)
            .unwrap_or(1);
        if copies != 1 {
            axes.push(apart.len());
            apart.push(copies);
        }
        apart.push(size);
    }
    let g = b.reshape(g, &apart)?;
    Ok(vec![Some(b.sum(&g, &axes, false))])
}

/// [N, b b C, H, W] to [N, C, b H, b W]; the two modes order the channels differently.
fn depth_to_space(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (g, x) = (first(g)?, n.input(0)?);
    let size = block(n)?;
    let &[batch, depth, height, width] = x.shape.as_slice() else {
        return Err(wrong("it needs four dimensions".into()));
    };
    let apart = b.reshape(
        g,
        &[batch, depth / (size * size), height, size, width, size],
    )?;
    let column_first = n.text_or("mode", "DCR") == "CRD";
    let order = if column_first {
        [0, 1, 3, 5, 2, 4]
    } else {
        [0, 3, 5, 1, 2, 4]
    };
    let moved = b.transpose(&apart, &order);
    Ok(vec![Some(b.reshape(&moved, &x.shape)?)])
}

fn space_to_depth(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (g, x) = (first(g)?, n.input(0)?);
    let size = block(n)?;
    let &[batch, depth, height, width] = x.shape.as_slice() else {
        return Err(wrong("it needs four dimensions".into()));
    };
    let apart = b.reshape(g, &[batch, size, size, depth, height / size, width / size])?;
    let moved = b.transpose(&apart, &[0, 3, 4, 1, 5, 2]);
    Ok(vec![Some(b.reshape(&moved, &x.shape)?)])
}

fn block(n: &Node) -> Result<usize> {
    let size = usize::try_from(n.int_or("blocksize", 0)).ok();
    // Its square is a divisor, hence not zero, nor too large.
    let fits = |s: &usize| *s > 0 && s.checked_mul(*s).is_some();
    size.filter(fits)
        .ok_or_else(|| wrong("its block size is not positive".into()))
}

fn compress(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (g, x) = (first(g)?, n.input(0)?);
    let condition = b.integers(n.input(1)?)?;
    let taken: Vec<usize> = (0..condition.len())
        .filter(|&i| condition[i] != 0)
        .collect();
    let part = match n.int("axis") {
        Some(axis) => collect(b, g, axis_of(x, axis)?, &taken, &x.shape)?,
        None => {
            let flat = collect(b, g, 0, &taken, &[elements(&x.shape).unwrap_or(0)])?;
            b.reshape(&flat, &x.shape)?
        }
    };
    Ok(vec![Some(part)])
}

/// What was cut off is zero, what was put around is dropped.
fn centre(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (g, x) = (first(g)?, n.input(0)?);
    let rank = x.rank();
    if g.rank() != rank {
        return Err(wrong("its output has other dimensions".into()));
    }
    let (mut starts, mut ends, mut before, mut after) =
        (vec![0; rank], g.shape.clone(), vec![0; rank], vec![0; rank]);
    for axis in 0..rank {
        let (from, to) = (x.shape[axis], g.shape[axis]);
        if to > from {
            starts[axis] = (to - from) / 2;
            ends[axis] = starts[axis] + from;
        } else {
            before[axis] = (from - to) / 2;
            after[axis] = from - to - before[axis];
        }
    }
    let all: Vec<usize> = (0..rank).collect();
    let kept = b.slice(g, &all, &starts, &ends, &vec![1; rank]);
    Ok(vec![Some(b.pad(&kept, &before, &after))])
}

/// `shape` with another size along `axis`.
pub(super) fn with(shape: &[usize], axis: usize, size: usize) -> Vec<usize> {
    let mut shape = shape.to_vec();
    shape[axis] = size;
    shape
}
