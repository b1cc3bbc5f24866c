//! Operators that move elements.

use super::arithmetic::broadcast;
use super::{Builder, Value, wrong};
use crate::error::Result;
use crate::onnx::{elements, node};

impl Builder {
    /// The same elements under another shape.
    ///
    /// # Errors
    /// The number of elements differs.
    pub fn reshape(&mut self, x: &Value, shape: &[usize]) -> Result<Value> {
        if x.shape == shape {
            return Ok(x.clone());
        }
        if elements(shape) != Some(x.count()) {
            return Err(wrong(format!("{:?} cannot become {shape:?}", x.shape)));
        }
        if let Some(tensor) = self.constant(x).cloned().and_then(|t| t.reshaped(shape)) {
            return Ok(self.tensor(tensor));
        }
        let list: Vec<i64> = shape.iter().map(|&d| d as i64).collect();
        let list = self.ints(&list);
        // A size of 0 is meant as such, not as "copy it from the input".
        let zeros = shape.contains(&0).then(|| node::int("allowzero", 1));
        Ok(self.node(
            "Reshape",
            &[x, &list],
            zeros.into_iter().collect(),
            x.elem,
            shape,
        ))
    }

    /// Dimension `i` of the result is dimension `order[i]` of `x`.
    pub fn transpose(&mut self, x: &Value, order: &[usize]) -> Value {
        if order.iter().enumerate().all(|(i, &o)| i == o) {
            return x.clone();
        }
        let key = (x.name.clone(), order.to_vec());
        if let Some(value) = self.flipped.get(&key) {
            return value.clone();
        }
        let shape: Vec<usize> = order.iter().map(|&o| x.shape[o]).collect();
        let list: Vec<i64> = order.iter().map(|&o| o as i64).collect();
        let value = self.node(
            "Transpose",
            &[x],
            vec![node::ints("perm", &list)],
            x.elem,
            &shape,
        );
        if self.constant(x).is_some() {
            self.flipped.insert(key, value.clone());
        }
        value
    }

    /// `x` with its last two dimensions exchanged; it has at least two.
    pub fn flip_last(&mut self, x: &Value) -> Value {
        let mut order: Vec<usize> = (0..x.rank()).collect();
        let last = x.rank().saturating_sub(1);
        order.swap(last, last.saturating_sub(1));
        self.transpose(x, &order)
    }

    /// `x` broadcast to `shape`.
    ///
    /// # Errors
    /// It does not broadcast to it.
    pub fn expand(&mut self, x: &Value, shape: &[usize]) -> Result<Value> {
        if x.shape == shape {
            return Ok(x.clone());
        }
        if broadcast(&x.shape, shape)? != shape {
            return Err(wrong(format!("{:?} does not expand to {shape:?}", x.shape)));
        }
        let list: Vec<i64> = shape.iter().map(|&d| d as i64).collect();
        let list = self.ints(&list);
        Ok(self.node("Expand", &[x, &list], vec![], x.elem, shape))
    }

    /// `parts` one after the other along `axis`.
    ///
    /// # Errors
    /// There are none, or they differ elsewhere.
    pub fn concat(&mut self, parts: &[Value], axis: usize) -> Result<Value> {
        let Some(first) = parts.first() else {
            return Err(wrong("nothing to concatenate".into()));
        };
        if parts.len() == 1 {
            return Ok(first.clone());
        }
        let mut shape = first.shape.clone();
        let fits = |v: &Value| {
            v.rank() == first.rank()
                && (0..v.rank()).all(|i| i == axis || v.shape[i] == first.shape[i])
        };
        if axis >= shape.len() || !parts.iter().all(fits) {
            return Err(wrong(
                "parts of different shapes cannot be concatenated".into(),
            ));
        }
        shape[axis] = parts.iter().map(|p| p.shape[axis]).sum();
        let inputs: Vec<&Value> = parts.iter().collect();
        Ok(self.node(
            "Concat",
            &inputs,
            vec![node::int("axis", axis as i64)],
            first.elem,
            &shape,
        ))
    }

    /// Elements `start..end` in steps of `step` along each of `axes`, all non-negative and within bounds.
    pub fn slice(
        &mut self,
        x: &Value,
        axes: &[usize],
        starts: &[usize],
        ends: &[usize],
        steps: &[usize],
    ) -> Value {
        let mut shape = x.shape.clone();
        for (i, &axis) in axes.iter().enumerate() {
            shape[axis] = ends[i].saturating_sub(starts[i]).div_ceil(steps[i].max(1));
        }
        if shape == x.shape {
            return x.clone();
        }
        let [starts, ends, axes, steps] = [starts, ends, axes, steps].map(|list| {
            let list: Vec<i64> = list.iter().map(|&v| v as i64).collect();
            self.ints(&list)
        });
        self.node(
            "Slice",
            &[x, &starts, &ends, &axes, &steps],
            vec![],
            x.elem,
            &shape,
        )
    }

    /// The elements of `x` in reverse order along each of `axes`.
    pub fn reverse(&mut self, x: &Value, axes: &[usize]) -> Value {
        let axes: Vec<usize> = axes.iter().copied().filter(|&a| x.shape[a] > 1).collect();
        if axes.is_empty() {
            return x.clone();
        }
        let fill = |v: i64| vec![v; axes.len()];
        let starts = self.ints(&fill(-1));
        let ends = self.ints(&fill(i64::MIN + 1));
        let steps = self.ints(&fill(-1));
        let list: Vec<i64> = axes.iter().map(|&a| a as i64).collect();
        let list = self.ints(&list);
        self.node(
            "Slice",
            &[x, &starts, &ends, &list, &steps],
            vec![],
            x.elem,
            &x.shape,
        )
    }

    /// Zeros around `x`: `before[i]` and `after[i]` along dimension `i`.
    pub fn pad(&mut self, x: &Value, before: &[usize], after: &[usize]) -> Value {
        if before.iter().chain(after).all(|&p| p == 0) {
            return x.clone();
        }
        let sizes = x.shape.iter().enumerate();
        let shape: Vec<usize> = sizes.map(|(i, d)| before[i] + d + after[i]).collect();
        let list: Vec<i64> = before.iter().chain(after).map(|&p| p as i64).collect();
        let list = self.ints(&list);
        self.node("Pad", &[x, &list], vec![], x.elem, &shape)
    }

    /// Slices of `x` along `axis` at `indices` (ONNX's `Gather`).
    pub fn gather(&mut self, x: &Value, indices: &Value, axis: usize) -> Value {
        let mut shape = x.shape[..axis].to_vec();
        shape.extend(&indices.shape);
        shape.extend(&x.shape[axis + 1..]);
        self.node(
            "Gather",
            &[x, indices],
            vec![node::int("axis", axis as i64)],
            x.elem,
            &shape,
        )
    }

    /// Softmax along `axis`.
    pub fn softmax(&mut self, x: &Value, axis: usize) -> Value {
        self.node(
            "Softmax",
            &[x],
            vec![node::int("axis", axis as i64)],
            x.elem,
            &x.shape,
        )
    }
}
