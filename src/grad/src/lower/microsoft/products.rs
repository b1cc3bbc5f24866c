//! Convolutions and matrix products with what was fused into them.

use crate::error::Result;
use crate::onnx::node::{Attributes, float};
use crate::onnx::{Builder, Node, Value, wrong};

/// Convolution, plus what is left to be added, through an activation.
pub(super) fn conv(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    let mut y = bare(b, n, "Conv")?;
    if let Some(rest) = n.maybe(3) {
        y = b.add(&y, rest)?;
    }
    let parameters = n
        .attribute("activation_params")
        .map(|a| a.floats.clone())
        .unwrap_or_default();
    Ok(vec![activated(b, n, y, &parameters)?])
}

/// `Gemm` through an activation.
pub(super) fn gemm(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    let y = bare(b, n, "Gemm")?;
    let attributes =
        ["activation_alpha", "activation_beta"].map(|name| n.attribute(name).map(|a| a.f));
    let parameters: Vec<f32> = attributes.into_iter().map_while(|p| p).collect();
    Ok(vec![activated(b, n, y, &parameters)?])
}

/// The operator `op` of two factors and a bias, with the attributes of `n` but for those of its activation.
fn bare(b: &mut Builder, n: &Node, op: &str) -> Result<Value> {
    let mut inputs = vec![n.input(0)?, n.input(1)?];
    inputs.extend(n.maybe(2));
    let own = n.proto.attribute.iter();
    let own = own.filter(|a| !a.name.starts_with("activation"));
    let output = n.output(0)?;
    Ok(b.node(
        op,
        &inputs,
        own.cloned().collect(),
        output.elem,
        &output.shape,
    ))
}

/// The attribute `activation` with its parameters in the order of its operator's attributes.
fn activated(b: &mut Builder, n: &Node, x: Value, parameters: &[f32]) -> Result<Value> {
    let op = n.text_or("activation", "");
    let names: &[&str] = match op {
        "" => return Ok(x),
        "Relu" | "Tanh" | "Sigmoid" | "HardSwish" | "Softplus" | "Softsign" => &[],
        "LeakyRelu" | "Elu" | "ThresholdedRelu" => &["alpha"],
        "HardSigmoid" => &["alpha", "beta"],
        "Clip" => {
            let low = b.scalar(parameters.first().copied().unwrap_or(f32::MIN));
            let high = b.scalar(parameters.get(1).copied().unwrap_or(f32::MAX));
            return Ok(b.node("Clip", &[&x, &low, &high], vec![], x.elem, &x.shape));
        }
        other => return Err(wrong(format!("the activation \"{other}\" is not known"))),
    };
    let attributes = names
        .iter()
        .zip(parameters)
        .map(|(name, &value)| float(name, value))
        .collect();
    Ok(b.node(op, &[&x], attributes, x.elem, &x.shape))
}

/// `alpha A B`, each with its last two dimensions exchanged or its first brought behind the others but the last.
pub(super) fn matmul(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    let mut sides = Vec::with_capacity(2);
    for (i, side) in ["A", "B"].into_iter().enumerate() {
        let x = n.input(i)?.clone();
        let rank = x.rank();
        let mut order: Vec<usize> = (0..rank).collect();
        if rank > 2 && n.int_or(&format!("transBatch{side}"), 0) != 0 {
            order = (1..rank - 1).chain([0, rank - 1]).collect();
        }
        if rank > 1 && n.int_or(&format!("trans{side}"), 0) != 0 {
            order.swap(rank - 1, rank - 2);
        }
        sides.push(b.transpose(&x, &order));
    }
    let alpha = n.float_or("alpha", 1.0);
    if alpha != 1.0 {
        // Of the two and their product, the smallest is scaled; a constant costs nothing.
        let cost = |x: &Value| {
            if b.constant(x).is_some() {
                0
            } else {
                x.count()
            }
        };
        let at = usize::from(cost(&sides[1]) < cost(&sides[0]));
        if cost(&sides[at]) > n.output(0)?.count() {
            let product = b.matmul(&sides[0], &sides[1])?;
            return Ok(vec![b.scale(&product, alpha)]);
        }
        sides[at] = b.scale(&sides[at], alpha);
    }
    Ok(vec![b.matmul(&sides[0], &sides[1])?])
}
