//! Normalisations.

use crate::error::Result;
use crate::onnx::node::{Attributes, float, int};
use crate::onnx::{Builder, Node, Value};

/// What ONNX Runtime takes where a node says nothing.
const EPSILON: f32 = 1e-12;

/// Of `x + skip + bias`: the normalised value, mean, inverse deviation, and that sum.
pub(super) fn skip(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    let sum = sum(b, n, 4)?;
    let epsilon = n.float_or("epsilon", EPSILON);
    let mut inputs = vec![Some(&sum), Some(n.input(2)?)];
    inputs.extend(n.maybe(3).map(Some));
    let attributes = vec![int("axis", -1), float("epsilon", epsilon)];
    let mut one = sum.shape.clone();
    if let Some(last) = one.last_mut() {
        *last = 1;
    }
    // The statistics only where something reads them: engines run the operator faster without.
    let statistics = [1, 2].iter().any(|&i| n.output(i).is_ok());
    let all = [
        (sum.elem, sum.shape.as_slice()),
        (sum.elem, one.as_slice()),
        (sum.elem, one.as_slice()),
    ];
    let makes = if statistics { &all[..] } else { &all[..1] };
    let mut made = b.nodes("LayerNormalization", &inputs, attributes, makes);
    made.resize(3, sum.clone());
    made.push(sum);
    Ok(made)
}

/// The same without mean and bias: x over its root mean square.
pub(super) fn skip_simplified(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    let sum = sum(b, n, 3)?;
    let last = sum.rank().saturating_sub(1);
    let [y, inverse] =
        root_mean_square(b, &sum, n.input(2)?, last, n.float_or("epsilon", EPSILON))?;
    Ok(vec![y, inverse.clone(), inverse, sum])
}

pub(super) fn simplified(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    let x = n.input(0)?;
    let axis = x.axis(n.int_or("axis", -1))?;
    Ok(root_mean_square(b, x, n.input(1)?, axis, n.float_or("epsilon", 1e-5))?.to_vec())
}

fn sum(b: &mut Builder, n: &Node, bias: usize) -> Result<Value> {
    let (mut x, mut skip) = (n.input(0)?.clone(), n.input(1)?.clone());
    // The smaller ones first: they may be constant.
    if let Some(bias) = n.maybe(bias) {
        let constant = b.constant(&skip).is_some();
        let with = if constant || skip.count() < x.count() {
            &mut skip
        } else {
            &mut x
        };
        *with = b.add(with, bias)?;
    }
    b.add(&x, &skip)
}

/// `x` times one over its root mean square from `axis` on, times `scale`; and that inverse.
fn root_mean_square(
    b: &mut Builder,
    x: &Value,
    scale: &Value,
    axis: usize,
    epsilon: f32,
) -> Result<[Value; 2]> {
    let axes: Vec<usize> = (axis..x.rank()).collect();
    let square = b.mul(x, x)?;
    let mean = b.mean(&square, &axes, true);
    let mean = b.shift(&mean, epsilon);
    let root = b.unary("Sqrt", &mean);
    let inverse = b.unary("Reciprocal", &root);
    let normal = b.mul(x, &inverse)?;
    Ok([b.mul(&normal, scale)?, inverse])
}
