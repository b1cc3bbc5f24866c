//! Operators that pick elements by index, and those that put them back.

mod scatter;

use super::slices::{add_at, axis_of, collect, scatter_add};
use super::{Rule, first};
use crate::error::Result;
use crate::onnx::node::{Attributes, int};
use crate::onnx::{Builder, Elem, Node, Tensor, Value, elements, wrong};

pub(super) const RULES: &[(&str, Rule)] = &[
    ("Gather", gather),
    ("GatherElements", gather_elements),
    ("GatherND", gather_nd),
    ("ScatterElements", scatter::scatter),
    ("ScatterND", scatter::scatter),
    ("TopK", top),
];

fn gather(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (g, x, indices) = (first(g)?, n.input(0)?, n.input(1)?);
    let axis = axis_of(x, n.int_or("axis", 0))?;
    let mut shape = x.shape.clone();
    shape[axis] = indices.count();
    let g = b.reshape(g, &shape)?;
    let part = if let Ok(list) = b.integers(indices) {
        let list = list
            .into_iter()
            .map(|i| place(i, x.shape[axis]))
            .collect::<Result<Vec<_>>>()?;
        collect(b, &g, axis, &list, &x.shape)?
    } else {
        let list = b.reshape(indices, &[indices.count()])?;
        add_at(b, &g, axis, &list, &x.shape)?
    };
    Ok(vec![Some(part)])
}

/// `index`, which may count from the end, into `size` elements.
fn place(index: i64, size: usize) -> Result<usize> {
    let from_start = if index < 0 {
        index.saturating_add(size as i64)
    } else {
        index
    };
    let found = usize::try_from(from_start).ok().filter(|&i| i < size);
    found.ok_or_else(|| wrong(format!("index {index} of {size}")))
}

fn gather_elements(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (x, indices) = (n.input(0)?, n.input(1)?);
    let axis = axis_of(x, n.int_or("axis", 0))?;
    Ok(vec![Some(scatter_add(
        b,
        first(g)?,
        axis,
        indices,
        &x.shape,
    ))])
}

/// As a `Gather` from the dimensions that are indexed, flattened.
fn gather_nd(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (g, x, indices) = (first(g)?, n.input(0)?.clone(), n.input(1)?.clone());
    let batch = usize::try_from(n.int_or("batch_dims", 0)).unwrap_or(usize::MAX);
    let depth = indices.shape.last().copied().unwrap_or(0);
    let reach = batch.saturating_add(depth);
    if depth == 0 || reach > x.rank() || batch >= indices.rank() {
        return Err(wrong("its indices do not fit".into()));
    }
    let (outer, picked, inner) = (&x.shape[..batch], &x.shape[batch..reach], &x.shape[reach..]);
    let too_large = || wrong("its input is too large".into());
    let outer = elements(outer).ok_or_else(too_large)?;
    let within = elements(picked).ok_or_else(too_large)?;
    let inner = elements(inner).ok_or_else(too_large)?;
    let count = indices.count() / depth;
    let places = within.checked_mul(outer).ok_or_else(too_large)?;
    let mut strides = vec![1_i64; depth];
    for i in (0..depth - 1).rev() {
        strides[i] = strides[i + 1].saturating_mul(picked[i + 1] as i64);
    }
    let each = count.checked_div(outer).unwrap_or(0);
    let g = b.reshape(g, &[count, inner])?;
    let flat = if let Ok(list) = b.integers(&indices) {
        let mut flat = Vec::with_capacity(count);
        for (row, index) in list.chunks_exact(depth).enumerate() {
            let mut at = row.checked_div(each).unwrap_or(0) * within;
            for ((&i, &size), &stride) in index.iter().zip(picked).zip(&strides) {
                at += place(i, size)? * stride as usize;
            }
            flat.push(at);
        }
        collect(b, &g, 0, &flat, &[places, inner])?
    } else {
        let list = b.cast(&indices, Elem::I64);
        let list = b.reshape(&list, &[outer, each, depth])?;
        let sizes: Vec<i64> = picked.iter().map(|&d| d as i64).collect();
        let sizes = b.ints(&sizes);
        let list = from_start(b, &list, &sizes)?;
        let strides = b.ints(&strides);
        let list = b.mul(&list, &strides)?;
        let mut list = b.sum(&list, &[2], false);
        if outer > 1 {
            let starts: Vec<i64> = (0..outer).map(|i| (i * within) as i64).collect();
            let starts = b.tensor(Tensor::ints(&[outer, 1], &starts));
            list = b.add(&list, &starts)?;
        }
        let list = b.reshape(&list, &[count])?;
        add_at(b, &g, 0, &list, &[places, inner])?
    };
    Ok(vec![Some(b.reshape(&flat, &x.shape)?)])
}

/// `indices` with the sizes added to those that count from the end.
fn from_start(b: &mut Builder, indices: &Value, sizes: &Value) -> Result<Value> {
    let zero = b.tensor(Tensor::ints(&[], &[0]));
    let negative = b.compare("Less", indices, &zero)?;
    let moved = b.add(indices, sizes)?;
    b.select(&negative, &moved, indices)
}

/// The values go back where they were; no two come from one place.
fn top(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (g, x, y) = (first(g)?, n.input(0)?, n.output(0)?);
    let axis = axis_of(x, n.int_or("axis", -1))?;
    let indices = b.extra_output(y, 1, Elem::I64, &y.shape)?;
    let zeros = b.zeros(&x.shape);
    let along = int("axis", axis as i64);
    Ok(vec![Some(b.node(
        "ScatterElements",
        &[&zeros, &indices, g],
        vec![along],
        g.elem,
        &x.shape,
    ))])
}
