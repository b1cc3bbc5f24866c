//! Rotary embeddings: pairs of channels turned by an angle that grows with the position.

use super::scaled::size;
use super::unsqueezed;
use crate::error::Result;
use crate::lower::recurrent::split;
use crate::onnx::node::Attributes;
use crate::onnx::{Builder, Node, Value, wrong};

/// `RotaryEmbedding` of the default operator set.
pub(super) fn standard(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    let x = n.input(0)?;
    let [cos, sin] = [1, 2].map(|i| n.input(i).cloned());
    let (mut cos, mut sin) = (cos?, sin?);
    if let Some(positions) = n.maybe(3) {
        (cos, sin) = at(b, &cos, &sin, positions)?;
    }
    let heads = usize::try_from(n.int_or("num_heads", 0)).unwrap_or(0);
    Ok(vec![turn(b, n, x, &cos, &sin, heads)?])
}

/// The rows of two tables at `positions`.
pub(in crate::lower) fn at(
    b: &mut Builder,
    cos: &Value,
    sin: &Value,
    positions: &Value,
) -> Result<(Value, Value)> {
    if cos.rank() != 2 || sin.rank() != 2 {
        return Err(wrong("tables of angles without two dimensions".into()));
    }
    Ok((b.gather(cos, positions, 0), b.gather(sin, positions, 0)))
}

/// `x`, `[batch, length, heads * width]` or `[batch, heads, length, width]`, turned by angles with cosine and sine
/// `[batch or 1, length, pairs]`. Channels beyond the pairs stay.
pub(in crate::lower) fn turn(
    b: &mut Builder,
    n: &Node,
    x: &Value,
    cos: &Value,
    sin: &Value,
    heads: usize,
) -> Result<Value> {
    let pairs = size(cos, 2)?;
    let interleaved = n.int_or("interleaved", 0) != 0;
    let mut apart = x.clone();
    if x.rank() == 3 {
        let (hidden, heads) = (size(x, 2)?, heads.max(1));
        if hidden % heads != 0 {
            return Err(wrong(format!("{hidden} channels cannot be {heads} heads")));
        }
        apart = b.reshape(x, &[x.shape[0], x.shape[1], heads, hidden / heads])?;
    }
    let width = size(&apart, 3)?;
    let rest = width
        .checked_sub(2 * pairs)
        .ok_or_else(|| wrong(format!("{pairs} angles for {width} channels")))?;
    let (turned, kept) = if rest == 0 {
        (apart.clone(), None)
    } else {
        let parts = split(b, &apart, 3, &[2 * pairs, rest])?;
        (parts[0].clone(), parts.get(1).cloned())
    };
    // Heads are beside the length in either layout.
    let axis = if x.rank() == 3 { 2 } else { 1 };
    let minus = b.unary("Neg", sin);
    let by_cos = spread(b, cos, cos, interleaved, axis)?;
    let by_sin = spread(b, &minus, sin, interleaved, axis)?;
    let other = exchanged(b, &turned, pairs, interleaved)?;
    let left = b.mul(&turned, &by_cos)?;
    let right = b.mul(&other, &by_sin)?;
    let mut made = b.add(&left, &right)?;
    if let Some(kept) = kept {
        made = b.concat(&[made, kept], 3)?;
    }
    b.reshape(&made, &x.shape)
}

/// Factors of the first and the second channel of each pair, laid out as the channels are; a dimension for the heads
/// is put in at `axis`.
fn spread(
    b: &mut Builder,
    first: &Value,
    second: &Value,
    interleaved: bool,
    axis: usize,
) -> Result<Value> {
    let joint = if interleaved {
        let (first, second) = (unsqueezed(b, first, 3)?, unsqueezed(b, second, 3)?);
        let both = b.concat(&[first, second], 3)?;
        b.reshape(&both, &[both.shape[0], both.shape[1], 2 * both.shape[2]])?
    } else {
        b.concat(&[first.clone(), second.clone()], 2)?
    };
    unsqueezed(b, &joint, axis)
}

/// The two channels of each pair exchanged.
fn exchanged(b: &mut Builder, x: &Value, pairs: usize, interleaved: bool) -> Result<Value> {
    let parts = if interleaved {
        let mut shape = x.shape.clone();
        shape.truncate(3);
        shape.extend([pairs, 2]);
        let apart = b.reshape(x, &shape)?;
        split(b, &apart, 4, &[1, 1])?
    } else {
        split(b, x, 3, &[pairs, pairs])?
    };
    let last = parts[0].rank().saturating_sub(1);
    let parts: Vec<Value> = parts.into_iter().rev().collect();
    let joint = b.concat(&parts, last)?;
    b.reshape(&joint, &x.shape)
}
