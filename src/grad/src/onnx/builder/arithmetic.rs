//! Elementwise operators, products and reductions.

use super::{Builder, Value, wrong};
use crate::error::Result;
use crate::onnx::{Elem, node};

impl Builder {
    /// `op` of each element; the type stays.
    pub fn unary(&mut self, op: &str, x: &Value) -> Value {
        self.node(op, &[x], vec![], x.elem, &x.shape)
    }

    /// `op` of each pair of elements, broadcast; the type is that of `a`.
    ///
    /// # Errors
    /// The shapes do not broadcast.
    pub fn binary(&mut self, op: &str, a: &Value, b: &Value) -> Result<Value> {
        let shape = broadcast(&a.shape, &b.shape)?;
        Ok(self.node(op, &[a, b], vec![], a.elem, &shape))
    }

    /// `a + b`, broadcast.
    ///
    /// # Errors
    /// As [`Builder::binary`].
    pub fn add(&mut self, a: &Value, b: &Value) -> Result<Value> {
        self.binary("Add", a, b)
    }

    /// `a - b`, broadcast.
    ///
    /// # Errors
    /// As [`Builder::binary`].
    pub fn sub(&mut self, a: &Value, b: &Value) -> Result<Value> {
        self.binary("Sub", a, b)
    }

    /// `a * b`, broadcast.
    ///
    /// # Errors
    /// As [`Builder::binary`].
    pub fn mul(&mut self, a: &Value, b: &Value) -> Result<Value> {
        self.binary("Mul", a, b)
    }

    /// `a / b`, broadcast.
    ///
    /// # Errors
    /// As [`Builder::binary`].
    pub fn div(&mut self, a: &Value, b: &Value) -> Result<Value> {
        self.binary("Div", a, b)
    }

    /// `x * factor`.
    pub fn scale(&mut self, x: &Value, factor: f32) -> Value {
        let factor = self.scalar(factor);
        self.node("Mul", &[x, &factor], vec![], x.elem, &x.shape)
    }

    /// `x + offset`.
    pub fn shift(&mut self, x: &Value, offset: f32) -> Value {
        let offset = self.scalar(offset);
        self.node("Add", &[x, &offset], vec![], x.elem, &x.shape)
    }

    /// A comparison (`Equal`, `Greater`, `GreaterOrEqual`, `Less`, `LessOrEqual`), broadcast.
    ///
    /// # Errors
    /// As [`Builder::binary`].
    pub fn compare(&mut self, op: &str, a: &Value, b: &Value) -> Result<Value> {
        let shape = broadcast(&a.shape, &b.shape)?;
        Ok(self.node(op, &[a, b], vec![], Elem::Bool, &shape))
    }

    /// `yes` where `condition` holds, else `no`, broadcast.
    ///
    /// # Errors
    /// As [`Builder::binary`].
    pub fn select(&mut self, condition: &Value, yes: &Value, no: &Value) -> Result<Value> {
        let shape = broadcast(&broadcast(&condition.shape, &yes.shape)?, &no.shape)?;
        Ok(self.node("Where", &[condition, yes, no], vec![], yes.elem, &shape))
    }

    /// `x` where `condition` holds, else zero, broadcast.
    ///
    /// # Errors
    /// As [`Builder::binary`].
    pub fn keep_where(&mut self, condition: &Value, x: &Value) -> Result<Value> {
        let zero = self.scalar(0.0);
        self.select(condition, x, &zero)
    }

    /// `x` as another element type.
    pub fn cast(&mut self, x: &Value, elem: Elem) -> Value {
        if x.elem == elem {
            return x.clone();
        }
        let to = node::int("to", i64::from(elem.to_onnx()));
        self.node("Cast", &[x], vec![to], elem, &x.shape)
    }

    /// Matrix product as ONNX's `MatMul`: leading dimensions broadcast, vectors allowed.
    ///
    /// # Errors
    /// The shapes do not fit.
    pub fn matmul(&mut self, a: &Value, b: &Value) -> Result<Value> {
        let shape = matmul_shape(&a.shape, &b.shape)?;
        Ok(self.node("MatMul", &[a, b], vec![], a.elem, &shape))
    }

    /// A reduction (`ReduceSum`, `ReduceMean`, `ReduceMax`, ...) over `axes`; `keep` leaves them with size 1. Over no
    /// axes it is `x` itself.
    pub fn reduce(&mut self, op: &str, x: &Value, axes: &[usize], keep: bool) -> Value {
        if axes.is_empty() {
            return x.clone();
        }
        let sizes = x.shape.iter().enumerate();
        let shape: Vec<usize> = if keep {
            sizes
                .map(|(i, &d)| if axes.contains(&i) { 1 } else { d })
                .collect()
        } else {
            sizes
                .filter(|(i, _)| !axes.contains(i))
                .map(|(_, &d)| d)
                .collect()
        };
        let keepdims = node::int("keepdims", i64::from(keep));
        let list: Vec<i64> = axes.iter().map(|&a| a as i64).collect();
        let list = self.ints(&list);
        self.node(op, &[x, &list], vec![keepdims], x.elem, &shape)
    }

    /// Sum over `axes`.
    pub fn sum(&mut self, x: &Value, axes: &[usize], keep: bool) -> Value {
        self.reduce("ReduceSum", x, axes, keep)
    }

    /// Mean over `axes`.
    pub fn mean(&mut self, x: &Value, axes: &[usize], keep: bool) -> Value {
        self.reduce("ReduceMean", x, axes, keep)
    }

    /// The opposite of broadcasting: `x`, whose shape is what `shape` broadcast to, summed back to `shape`.
    ///
    /// # Errors
    /// `shape` does not broadcast to that of `x`.
    pub fn sum_to(&mut self, x: &Value, shape: &[usize]) -> Result<Value> {
        if x.shape == shape {
            return Ok(x.clone());
        }
        if broadcast(&x.shape, shape)? != x.shape {
            return Err(wrong(format!(
                "{:?} cannot be summed to {shape:?}",
                x.shape
            )));
        }
        let extra = x.rank() - shape.len();
        let axes: Vec<usize> = (0..x.rank())
            .filter(|&i| i < extra || (shape[i - extra] == 1 && x.shape[i] != 1))
            .collect();
        let summed = self.sum(x, &axes, true);
        self.reshape(&summed, shape)
    }
}

/// The shape that `a` and `b` broadcast to (ONNX, "Broadcasting": NumPy's rule).
///
/// # Errors
/// They do not.
pub fn broadcast(a: &[usize], b: &[usize]) -> Result<Vec<usize>> {
    let rank = a.len().max(b.len());
    let size = |shape: &[usize], i: usize| {
        (i + shape.len())
            .checked_sub(rank)
            .map_or(1, |at| shape[at])
    };
    (0..rank)
        .map(|i| match (size(a, i), size(b, i)) {
            (x, y) if x == y => Ok(x),
            (1, y) => Ok(y),
            (x, 1) => Ok(x),
            _ => Err(wrong(format!("{a:?} and {b:?} do not broadcast"))),
        })
        .collect()
}

fn matmul_shape(a: &[usize], b: &[usize]) -> Result<Vec<usize>> {
    let misfit = || wrong(format!("{a:?} and {b:?} cannot be multiplied"));
    let (Some(&inner), false) = (a.last(), b.is_empty()) else {
        return Err(misfit());
    };
    let rows = (a.len() > 1).then(|| a[a.len() - 2]);
    let (other, columns) = if b.len() == 1 {
        (b[0], None)
    } else {
        (b[b.len() - 2], b.last().copied())
    };
    if inner != other {
        return Err(misfit());
    }
    let lead = |s: &[usize]| s[..s.len().saturating_sub(2)].to_vec();
    let mut shape = broadcast(&lead(a), &lead(b))?;
    shape.extend(rows);
    shape.extend(columns);
    Ok(shape)
}
