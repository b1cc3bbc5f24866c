//! Operators that move elements without changing them.

mod blocks;
mod pad;
mod slice;

use super::slices::{Spread, axis_of, collect, spread};
use super::{Rule, first};
use crate::error::Result;
use crate::onnx::node::{Attributes, int};
use crate::onnx::{Builder, Node, Value, elements, wrong};

pub(super) const RULES: &[(&str, Rule)] = &[
    ("CenterCropPad", centre),
    ("Compress", compress),
    ("Concat", concat),
    ("DepthToSpace", blocks::depth_to_space),
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
    ("Slice", slice::slice),
    ("SpaceToDepth", blocks::space_to_depth),
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
    let size = |i: usize| Ok(n.output(i)?.shape.get(axis).copied().unwrap_or(0));
    let sizes: Vec<usize> = (0..n.outputs.len()).map(size).collect::<Result<_>>()?;
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
            _ => b.zeros(&with(&x.shape, axis, size)),
        });
    }
    Ok(vec![Some(b.concat(&parts, axis)?)])
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

fn compress(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (g, x) = (first(g)?, n.input(0)?);
    let condition = b.integers(n.input(1)?)?;
    let taken: Vec<usize> = (0..condition.len())
        .filter(|&i| condition[i] != 0)
        .collect();
    let part = if let Some(axis) = n.int("axis") {
        collect(b, g, axis_of(x, axis)?, &taken, &x.shape)?
    } else {
        let flat = collect(b, g, 0, &taken, &[elements(&x.shape).unwrap_or(0)])?;
        b.reshape(&flat, &x.shape)?
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
