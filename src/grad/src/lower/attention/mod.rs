//! `Attention` (versions 23 and 24) and `RotaryEmbedding`.

pub(super) mod rotary;
pub(super) mod scaled;

use super::Lowering;
use crate::error::Result;
use crate::onnx::node::Attributes;
use crate::onnx::{Builder, Elem, Node, Tensor, Value, wrong};
use scaled::{Product, heads, merged, size};

pub(super) const LOWERINGS: &[(&str, Lowering)] = &[
    ("Attention", attention),
    ("RotaryEmbedding", rotary::standard),
];

fn attention(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    let (q, k, v) = (
        n.input(0)?.clone(),
        n.input(1)?.clone(),
        n.input(2)?.clone(),
    );
    let flat = q.rank() == 3;
    let count = |name: &str, value: &Value| -> Result<usize> {
        if flat {
            usize::try_from(n.int_or(name, 0))
                .map_err(|_| wrong("a negative number of heads".into()))
        } else {
            size(value, 1)
        }
    };
    let (of_q, of_k) = (count("q_num_heads", &q)?, count("kv_num_heads", &k)?);
    let apart = |b: &mut Builder, x: &Value, count: usize| {
        if flat {
            heads(b, x, count)
        } else {
            Ok(x.clone())
        }
    };
    let q = apart(b, &q, of_q)?;
    let k = apart(b, &k, of_k)?;
    let v = apart(b, &v, of_k)?;
    let joined = |b: &mut Builder, i: usize, new: Value| match n.maybe(i) {
        Some(past) => b.concat(&[past.clone(), new], 2),
        None => Ok(new),
    };
    let (k, v) = (joined(b, 4, k)?, joined(b, 5, v)?);
    let (rows, columns) = (size(&q, 2)?, size(&k, 2)?);
    let default = 1.0 / (size(&q, 3)? as f32).sqrt();
    let mut product = Product::new(q.clone(), k.clone(), v.clone());
    product.scale = Some(n.float_or("scale", 0.0))
        .filter(|&s| s != 0.0)
        .unwrap_or(default);
    product.softcap = Some(n.float_or("softcap", 0.0)).filter(|&c| c > 0.0);
    let past = columns - size(n.input(1)?, if flat { 1 } else { 2 })?;
    let allowed = Allowed {
        rows,
        columns,
        past,
    };
    let parts = allowed.parts(b, n, size(&q, 0)?)?;
    for part in &parts {
        product.add_bias(b, part)?;
    }
    if !parts.is_empty() && !n.wants(3) {
        let sure = n.maybe(6).is_none() && allowed.sure(b, n);
        product.guard(b, sure)?;
    }
    let made = product.run(b)?;
    let output = if flat {
        merged(b, &made.output)?
    } else {
        made.output
    };
    let shown = match n.int_or("qk_matmul_output_mode", 0) {
        0 => made.product,
        1 => made.capped,
        2 => made.biased,
        3 => made.weights,
        other => return Err(wrong(format!("qk_matmul_output_mode {other} is not known"))),
    };
    Ok(vec![output, k, v, shown])
}

/// Which keys a query may look at.
struct Allowed {
    rows: usize,
    columns: usize,
    /// Keys that come before those of the queries.
    past: usize,
}

impl Allowed {
    /// What is added to the scores: the mask, and -inf where a key may not be looked at.
    fn parts(&self, b: &mut Builder, n: &Node, batch: usize) -> Result<Vec<Value>> {
        let mut parts = Vec::new();
        if let Some(mask) = n.maybe(3) {
            let mask = if mask.elem == Elem::Bool {
                scaled::banned(b, mask)?
            } else {
                mask.clone()
            };
            parts.push(self.as_wide(b, &mask)?);
        }
        let causal = n.int_or("is_causal", 0) != 0;
        let Some(lengths) = n.maybe(6) else {
            if causal {
                parts.push(scaled::causal(b, self.rows, self.columns, self.past)?);
            }
            return Ok(parts);
        };
        let lengths = b.cast(lengths, Elem::I64);
        let lengths = b.reshape(&lengths, &[batch, 1, 1, 1])?;
        let keys: Vec<i64> = (0..self.columns as i64).collect();
        let keys = b.tensor(Tensor::ints(&[1, 1, 1, self.columns], &keys));
        let own = b.compare("Greater", &lengths, &keys)?;
        parts.push(scaled::banned(b, &own)?);
        if causal {
            // Query i comes after the keys but for as many as there are queries: j <= i + length - rows.
            let (rows, columns) = (self.rows as i64, self.columns as i64);
            let ahead: Vec<i64> = (0..rows)
                .flat_map(|i| (0..columns).map(move |j| j - i + rows))
                .collect();
            let ahead = b.tensor(Tensor::ints(&[1, 1, self.rows, self.columns], &ahead));
            let before = b.compare("GreaterOrEqual", &lengths, &ahead)?;
            parts.push(scaled::banned(b, &before)?);
        }
        Ok(parts)
    }

    /// Keys that `mask` says nothing of are not looked at.
    fn as_wide(&self, b: &mut Builder, mask: &Value) -> Result<Value> {
        let own = mask.shape.last().copied().unwrap_or(1);
        if own == 1 || own >= self.columns {
            return Ok(mask.clone());
        }
        let mut shape = mask.shape.clone();
        let last = shape.len() - 1;
        shape[last] = self.columns - own;
        let count = b.room(crate::onnx::elements(&shape))?;
        let rest = b.tensor(Tensor::floats(&shape, &vec![f32::NEG_INFINITY; count]));
        b.concat(&[mask.clone(), rest], last)
    }

    /// Is it known that every query may look at some key?
    fn sure(&self, b: &Builder, n: &Node) -> bool {
        let causal = n.int_or("is_causal", 0) != 0;
        let Some(mask) = n.maybe(3) else {
            return true;
        };
        let Some(values) = b.constant(mask).filter(|t| t.len() <= 1 << 22) else {
            return false;
        };
        let width = mask.shape.last().copied().unwrap_or(1).max(1);
        let height = if mask.rank() < 2 {
            1
        } else {
            mask.shape[mask.rank() - 2]
        };
        let open = |v: &f32| {
            if mask.elem == Elem::Bool {
                *v != 0.0
            } else {
                *v > f32::NEG_INFINITY
            }
        };
        let Some(values) = values.to_floats() else {
            return false;
        };
        values.chunks(width).enumerate().all(|(r, row)| {
            // A row that stands for all queries is seen least by the first.
            let i = if height == 1 { 0 } else { r % height };
            let seen = if causal && width > 1 {
                row.len().min(i + self.past + 1)
            } else {
                row.len()
            };
            row[..seen].iter().any(open)
        })
    }
}

/// `x` with a dimension of 1 put in before `axis`.
fn unsqueezed(b: &mut Builder, x: &Value, axis: usize) -> Result<Value> {
    let mut shape = x.shape.clone();
    if axis > shape.len() {
        return Err(wrong(format!("{:?} has too few dimensions", x.shape)));
    }
    shape.insert(axis, 1);
    b.reshape(x, &shape)
}
