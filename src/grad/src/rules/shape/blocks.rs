//! Blocks of pixels that become channels, and channels that become blocks of pixels.

use super::super::first;
use crate::error::Result;
use crate::onnx::node::Attributes;
use crate::onnx::{Builder, Node, Value, wrong};

/// [N, b b C, H, W] to [N, C, b H, b W]; the two modes order the channels differently.
pub(super) fn depth_to_space(
    b: &mut Builder,
    n: &Node,
    g: &[Option<Value>],
) -> Result<Vec<Option<Value>>> {
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

pub(super) fn space_to_depth(
    b: &mut Builder,
    n: &Node,
    g: &[Option<Value>],
) -> Result<Vec<Option<Value>>> {
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
