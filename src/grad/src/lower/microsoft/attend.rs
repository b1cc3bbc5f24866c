//! Attention as fused by the tools for transformers.

use crate::error::Result;
use crate::lower::attention::rotary::{at, turn};
use crate::lower::attention::scaled::{Product, causal, heads, merged, size};
use crate::lower::recurrent::split;
use crate::onnx::node::Attributes;
use crate::onnx::{Builder, Elem, Node, Tensor, Value, integers_as, wrong};

/// `Attention`: queries, keys and values are made inside, by one matrix of weights.
pub(super) fn merged_weights(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    if n.maybe(4).is_some() || n.int_or("past_present_share_buffer", 0) != 0 {
        return Err(wrong("it goes on from keys and values of the past".into()));
    }
    if n.int_or("do_rotary", 0) != 0 {
        return Err(wrong(
            "it turns queries and keys by their position itself".into(),
        ));
    }
    let mut all = b.matmul(n.input(0)?, n.input(1)?)?;
    if let Some(bias) = n.maybe(2) {
        all = b.add(&all, bias)?;
    }
    let width = size(&all, 2)?;
    let sizes: Vec<usize> = match n.ints("qkv_hidden_sizes") {
        Some(listed) if !listed.is_empty() => listed
            .iter()
            .map(|&s| usize::try_from(s).unwrap_or(0))
            .collect(),
        _ => vec![width / 3; 3],
    };
    if sizes.len() != 3 {
        return Err(wrong(format!("qkv_hidden_sizes {sizes:?}")));
    }
    let count = head_count(n)?;
    let mut parts = Vec::with_capacity(3);
    for part in split(b, &all, 2, &sizes)? {
        parts.push(heads(b, &part, count)?);
    }
    let [q, k, v] = three(parts)?;
    let present = if n.output(1).is_ok() {
        Some((k.clone(), v.clone()))
    } else {
        None
    };
    let made = attend(b, n, [q, k, v], n.maybe(3), n.maybe(5))?;
    let mut outputs = vec![made.0];
    if let Some((k, v)) = present {
        let mut shape = vec![1];
        shape.extend(&k.shape);
        let k = b.reshape(&k, &shape)?;
        shape.truncate(1);
        shape.extend(&v.shape);
        let v = b.reshape(&v, &shape)?;
        outputs.push(b.concat(&[k, v], 0)?);
    }
    Ok(outputs)
}

/// `MultiHeadAttention`: of queries, keys and values that are made outside.
pub(super) fn projected(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    if n.maybe(8).is_some() || n.maybe(9).is_some() {
        return Err(wrong("it shares a buffer with the past".into()));
    }
    let count = head_count(n)?;
    let (Some(k), Some(v)) = (n.maybe(1), n.maybe(2)) else {
        return Err(wrong(
            "its queries, keys and values are side by side in one value".into(),
        ));
    };
    let apart = [n.input(0)?.clone(), k.clone(), v.clone()];
    let [q, mut k, mut v] = biased(b, n, apart, count)?;
    if let (Some(past), Some(values)) = (n.maybe(6), n.maybe(7)) {
        k = b.concat(&[past.clone(), k], 2)?;
        v = b.concat(&[values.clone(), v], 2)?;
    }
    let (y, scores) = attend(b, n, [q, k.clone(), v.clone()], n.maybe(4), n.maybe(5))?;
    Ok(vec![y, k, v, scores])
}

fn head_count(n: &Node) -> Result<usize> {
    let count = usize::try_from(n.int_or("num_heads", 0))
        .ok()
        .filter(|&c| c > 0);
    count.ok_or_else(|| wrong("num_heads is missing".into()))
}

fn three(parts: Vec<Value>) -> Result<[Value; 3]> {
    parts
        .try_into()
        .map_err(|_| wrong("queries, keys and values are not three".into()))
}

/// The three with their parts of the bias, as `[batch, heads, length, width]`; what has that shape already has its
/// bias too.
fn biased(b: &mut Builder, n: &Node, parts: [Value; 3], count: usize) -> Result<[Value; 3]> {
    let hidden = |x: &Value| {
        if x.rank() == 4 {
            x.shape[1] * x.shape[3]
        } else {
            x.shape.last().copied().unwrap_or(0)
        }
    };
    let sizes: Vec<usize> = parts.iter().map(hidden).collect();
    let biases = match n.maybe(3) {
        Some(bias) => split(b, bias, 0, &sizes)?,
        None => Vec::new(),
    };
    let mut made = Vec::with_capacity(3);
    for (i, part) in parts.into_iter().enumerate() {
        if part.rank() == 4 {
            made.push(part);
            continue;
        }
        let part = match biases.get(i) {
            Some(bias) => b.add(&part, bias)?,
            None => part,
        };
        made.push(heads(b, &part, count)?);
    }
    three(made)
}

/// The output, `[batch, length, hidden]`, and the weights of the keys.
fn attend(
    b: &mut Builder,
    n: &Node,
    [q, k, v]: [Value; 3],
    mask: Option<&Value>,
    bias: Option<&Value>,
) -> Result<(Value, Value)> {
    let (batch, rows, width, columns) = (size(&q, 0)?, size(&q, 2)?, size(&q, 3)?, size(&k, 2)?);
    let mut product = Product::new(q, k, v);
    let scale = Some(n.float_or("scale", 0.0)).filter(|&s| s != 0.0);
    product.scale = scale.unwrap_or(1.0 / (width as f32).sqrt());
    if let Some(mask) = mask {
        let part = masked(b, n, mask, batch, columns)?;
        product.add_bias(b, &part)?;
    }
    if n.int_or("unidirectional", 0) != 0 {
        let past = columns
            .checked_sub(rows)
            .ok_or_else(|| wrong("fewer keys than queries".into()))?;
        let part = causal(b, rows, columns, past)?;
        product.add_bias(b, &part)?;
        product.guard(b, true)?;
    }
    if let Some(bias) = bias {
        product.add_bias(b, bias)?;
    }
    let made = product.run(b)?;
    Ok((merged(b, &made.output)?, made.weights))
}

/// What a mask of integers adds to the scores: `mask_filter_value` for keys that are out. It is one of truth values
/// per key `[batch, keys]` or per query and key `[batch, queries, keys]`; or the number of keys `[batch]`, where
/// `[2 * batch]` are ends and then starts.
fn masked(b: &mut Builder, n: &Node, mask: &Value, batch: usize, columns: usize) -> Result<Value> {
    let allowed = match *mask.shape.as_slice() {
        [length] if length == batch || length == 2 * batch => {
            let places: Vec<i64> = (0..columns as i64).collect();
            let places = b.tensor(Tensor::ints(&[1, 1, 1, columns], &places));
            let mask = b.cast(mask, Elem::I64);
            let ends = b.slice(&mask, &[0], &[0], &[batch], &[1]);
            let ends = b.reshape(&ends, &[batch, 1, 1, 1])?;
            let before = b.compare("Greater", &ends, &places)?;
            if length == batch {
                before
            } else {
                let starts = b.slice(&mask, &[0], &[batch], &[length], &[1]);
                let starts = b.reshape(&starts, &[batch, 1, 1, 1])?;
                let after = b.compare("LessOrEqual", &starts, &places)?;
                b.binary("And", &before, &after)?
            }
        }
        [first, keys] if first == batch && keys == columns => {
            per_key(b, mask, &[batch, 1, 1, columns])?
        }
        [first, queries, keys] if first == batch && keys == columns => {
            per_key(b, mask, &[batch, 1, queries, columns])?
        }
        _ => return Err(wrong(format!("a mask of shape {:?}", mask.shape))),
    };
    let zero = b.scalar(0.0);
    let low = b.scalar(n.float_or("mask_filter_value", -10000.0));
    b.select(&allowed, &zero, &low)
}

fn per_key(b: &mut Builder, mask: &Value, shape: &[usize]) -> Result<Value> {
    let mask = b.reshape(mask, shape)?;
    if mask.elem == Elem::Bool {
        return Ok(mask);
    }
    let zero = b.tensor(integers_as(mask.elem, &[], &[0]));
    b.compare("Greater", &mask, &zero)
}

/// `RotaryEmbedding`, whose positions may be one offset for all.
pub(super) fn rotary(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    if n.int_or("is_packed_batching", 0) != 0 {
        return Err(wrong("its sequences are packed without padding".into()));
    }
    let (x, positions) = (n.input(0)?, n.input(1)?);
    let length = size(x, if x.rank() == 4 { 2 } else { 1 })?;
    let positions = if positions.shape == [1] {
        let steps: Vec<i64> = (0..length as i64).collect();
        let steps = b.tensor(Tensor::ints(&[1, length], &steps));
        let start = b.cast(positions, Elem::I64);
        b.add(&steps, &start)?
    } else {
        positions.clone()
    };
    let (cos, sin) = at(b, n.input(2)?, n.input(3)?, &positions)?;
    let stated = usize::try_from(n.int_or("num_heads", 0))
        .ok()
        .filter(|&c| c > 0);
    let count = match stated {
        Some(count) => count,
        // Heads are as wide as their pairs then.
        None => x.shape.last().copied().unwrap_or(0) / (2 * size(&cos, 2)?).max(1),
    };
    let scale = n.float_or("scale", 1.0);
    let y = turn(b, n, x, &cos, &sin, count)?;
    Ok(vec![if scale == 1.0 { y } else { b.scale(&y, scale) }])
}
