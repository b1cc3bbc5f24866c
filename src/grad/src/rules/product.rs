//! Matrix products.

use super::{Rule, first};
use crate::error::Result;
use crate::onnx::node::{Attributes, float, int};
use crate::onnx::{Builder, Node, Value, wrong};

pub(super) const RULES: &[(&str, Rule)] = &[("Gemm", gemm), ("MatMul", matmul)];

/// Y = A B: dA = dY B^T and dB = A^T dY, leading dimensions summed where they were broadcast.
fn matmul(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (x, y) = (n.input(0)?.clone(), n.input(1)?.clone());
    if x.rank() == 0 || y.rank() == 0 {
        return Err(wrong("MatMul of a scalar".into()));
    }
    // Vectors become matrices of one row or one column, and the cotangent with them.
    let mut rows = x.shape.clone();
    let mut columns = y.shape.clone();
    if x.rank() == 1 {
        rows.insert(0, 1);
    }
    if y.rank() == 1 {
        columns.push(1);
    }
    let left = b.reshape(&x, &rows)?;
    let right = b.reshape(&y, &columns)?;
    let mut full = crate::onnx::broadcast(&rows[..rows.len() - 2], &columns[..columns.len() - 2])?;
    full.extend([rows[rows.len() - 2], columns[columns.len() - 1]]);
    let g = b.reshape(first(g)?, &full)?;
    let mut parts = vec![None, None];
    if n.wants(0) {
        let other = b.flip_last(&right);
        let part = b.matmul(&g, &other)?;
        let part = b.sum_to(&part, &rows)?;
        parts[0] = Some(b.reshape(&part, &x.shape)?);
    }
    if n.wants(1) {
        // One matrix for all of a batch: the sum over the batch is part of one product.
        let part = if columns.len() == 2 && rows.len() > 2 {
            let k = rows[rows.len() - 1];
            let flat = b.reshape(&left, &[left.count() / k.max(1), k])?;
            let m = columns[1];
            let g = b.reshape(&g, &[g.count() / m.max(1), m])?;
            let flat = b.flip_last(&flat);
            b.matmul(&flat, &g)?
        } else {
            let other = b.flip_last(&left);
            b.matmul(&other, &g)?
        };
        let part = b.sum_to(&part, &columns)?;
        parts[1] = Some(b.reshape(&part, &y.shape)?);
    }
    Ok(parts)
}

/// Y = alpha A' B' + beta C, where ' may transpose.
fn gemm(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let g = first(g)?;
    let (alpha, beta) = (n.float_or("alpha", 1.0), n.float_or("beta", 1.0));
    let (ta, tb) = (n.int_or("transA", 0) != 0, n.int_or("transB", 0) != 0);
    let (x, y) = (n.input(0)?.clone(), n.input(1)?.clone());
    if x.rank() != 2 || y.rank() != 2 {
        return Err(wrong("Gemm of what is no matrix".into()));
    }
    let mut parts = vec![None, None, None];
    let product = |b: &mut Builder, l: &Value, r: &Value, tl: bool, tr: bool, shape: &[usize]| {
        let attributes = vec![
            float("alpha", alpha),
            int("transA", i64::from(tl)),
            int("transB", i64::from(tr)),
        ];
        b.node("Gemm", &[l, r], attributes, g.elem, shape)
    };
    if n.wants(0) {
        parts[0] = Some(if ta {
            product(b, &y, g, tb, true, &x.shape)
        } else {
            product(b, g, &y, false, !tb, &x.shape)
        });
    }
    if n.wants(1) {
        parts[1] = Some(if tb {
            product(b, g, &x, true, ta, &y.shape)
        } else if !ta && y.shape[1] > 1 && b.constant(&x).is_some() {
            // Engines multiply by a transposed first factor at half the speed; a constant one is turned once.
            let turned = b.flip_last(&x);
            product(b, &turned, g, false, false, &y.shape)
        } else {
            product(b, &x, g, !ta, false, &y.shape)
        });
    }
    if n.wants(2) {
        let part = if beta == 1.0 {
            g.clone()
        } else {
            b.scale(g, beta)
        };
        parts[2] = Some(b.sum_to(&part, &n.input(2)?.shape)?);
    }
    Ok(parts)
}
