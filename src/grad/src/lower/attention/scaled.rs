//! Scaled dot-product attention, `softmax(scale Q K^T + bias) V`, in two matrix products.

use crate::error::Result;
use crate::onnx::{Builder, Elem, Tensor, Value, wrong};

/// As good as -inf in a softmax, without its arithmetic.
const LOW: f32 = -1e30;

/// What goes into it: values `[batch, heads, length, width]`, where keys and values may have fewer heads (each serves
/// a group of queries' heads).
pub(in crate::lower) struct Product {
    q: Value,
    k: Value,
    v: Value,
    pub scale: f32,
    pub softcap: Option<f32>,
    /// Added to the scores, broadcast to `[batch, heads, queries, keys]`.
    bias: Option<Value>,
    /// Whether a query may look at any key, `[.., queries, 1]`; else its output is zero.
    alive: Option<Value>,
}

/// What comes out.
pub(in crate::lower) struct Made {
    pub output: Value,
    /// Scores, `[batch, heads, queries, keys]`: as multiplied, ...
    pub product: Value,
    /// ... capped, ...
    pub capped: Value,
    /// ... with the bias added, ...
    pub biased: Value,
    /// ... and after the softmax.
    pub weights: Value,
}

impl Product {
    pub fn new(q: Value, k: Value, v: Value) -> Self {
        Self {
            q,
            k,
            v,
            scale: 1.0,
            softcap: None,
            bias: None,
            alive: None,
        }
    }

    /// Adds `part` to what is added to the scores.
    pub fn add_bias(&mut self, b: &mut Builder, part: &Value) -> Result<()> {
        self.bias = Some(match &self.bias {
            Some(bias) => b.add(bias, part)?,
            None => part.clone(),
        });
        Ok(())
    }

    /// Makes a bias that may be -inf harmless: a query without any key gets zero, as the operator's definition has
    /// it, instead of 0 / 0. With `sure` there is no such query.
    pub fn guard(&mut self, b: &mut Builder, sure: bool) -> Result<()> {
        let Some(bias) = self.bias.take() else {
            return Ok(());
        };
        if !sure {
            let last = bias.rank().saturating_sub(1);
            // Not the largest compared with the lowest number: some engines begin a maximum at that.
            let lowest = b.scalar(f32::MIN);
            let open = b.compare("GreaterOrEqual", &bias, &lowest)?;
            let open = b.cast(&open, bias.elem);
            let any = b.reduce("ReduceMax", &open, &[last], true);
            self.alive = Some(b.cast(&any, Elem::Bool));
        }
        let low = b.scalar(LOW);
        self.bias = Some(b.binary("Max", &bias, &low)?);
        Ok(())
    }

    pub fn run(self, b: &mut Builder) -> Result<Made> {
        let (&[batch, heads, rows, width], &[_, groups, keys, _]) =
            (self.q.shape.as_slice(), self.k.shape.as_slice())
        else {
            return Err(wrong("queries or keys without four dimensions".into()));
        };
        if groups == 0 || heads % groups != 0 || self.v.rank() != 4 {
            return Err(wrong(format!(
                "{heads} heads of queries share {groups} of keys"
            )));
        }
        // The queries of all heads that share a key are rows of one matrix.
        let shared = heads / groups * rows;
        let q = b.scale(&self.q, self.scale);
        let q = b.reshape(&q, &[batch, groups, shared, width])?;
        let k = b.flip_last(&self.k);
        let product = b.matmul(&q, &k)?;
        let product = b.reshape(&product, &[batch, heads, rows, keys])?;
        let capped = match self.softcap {
            Some(cap) => {
                let small = b.scale(&product, 1.0 / cap);
                let tanh = b.unary("Tanh", &small);
                b.scale(&tanh, cap)
            }
            None => product.clone(),
        };
        let biased = match &self.bias {
            Some(bias) => b.add(&capped, bias)?,
            None => capped.clone(),
        };
        let weights = b.softmax(&biased, 3);
        let grouped = b.reshape(&weights, &[batch, groups, shared, keys])?;
        let output = b.matmul(&grouped, &self.v)?;
        let mut output = b.reshape(&output, &[batch, heads, rows, size(&self.v, 3)?])?;
        let mut weights = weights;
        if let Some(alive) = &self.alive {
            output = b.keep_where(alive, &output)?;
            weights = b.keep_where(alive, &weights)?;
        }
        Ok(Made {
            output,
            product,
            capped,
            biased,
            weights,
        })
    }
}

/// 0 where `allowed` holds, else -inf.
pub(in crate::lower) fn banned(b: &mut Builder, allowed: &Value) -> Result<Value> {
    let zero = b.scalar(0.0);
    let low = b.scalar(f32::NEG_INFINITY);
    b.select(allowed, &zero, &low)
}

/// 0 where key j is not after query i, which `past` keys precede, else -inf; `[rows, columns]`.
pub(in crate::lower) fn causal(
    b: &mut Builder,
    rows: usize,
    columns: usize,
    past: usize,
) -> Result<Value> {
    b.room(rows.checked_mul(columns))?;
    let at = |i: usize, j: usize| {
        if j <= i + past {
            0.0
        } else {
            f32::NEG_INFINITY
        }
    };
    let values: Vec<f32> = (0..rows)
        .flat_map(|i| (0..columns).map(move |j| at(i, j)))
        .collect();
    Ok(b.tensor(Tensor::floats(&[rows, columns], &values)))
}

/// `[batch, length, heads * width]` as `[batch, heads, length, width]`.
pub(in crate::lower) fn heads(b: &mut Builder, x: &Value, count: usize) -> Result<Value> {
    let &[batch, length, hidden] = x.shape.as_slice() else {
        return Err(wrong(format!("{:?} has not three dimensions", x.shape)));
    };
    if count == 0 || hidden % count != 0 {
        return Err(wrong(format!("{hidden} channels cannot be {count} heads")));
    }
    let apart = b.reshape(x, &[batch, length, count, hidden / count])?;
    Ok(b.transpose(&apart, &[0, 2, 1, 3]))
}

/// `[batch, heads, length, width]` as `[batch, length, heads * width]`.
pub(in crate::lower) fn merged(b: &mut Builder, x: &Value) -> Result<Value> {
    let &[batch, heads, length, width] = x.shape.as_slice() else {
        return Err(wrong(format!("{:?} has not four dimensions", x.shape)));
    };
    let back = b.transpose(x, &[0, 2, 1, 3]);
    b.reshape(&back, &[batch, length, heads * width])
}

/// The size of `x` along `axis`.
pub(in crate::lower) fn size(x: &Value, axis: usize) -> Result<usize> {
    let size = x.shape.get(axis).copied();
    size.ok_or_else(|| wrong(format!("{:?} has too few dimensions", x.shape)))
}
