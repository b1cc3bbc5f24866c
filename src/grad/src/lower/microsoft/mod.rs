//! The operators that ONNX Runtime writes when it saves an optimised model, and its tools for transformers.
//!
//! Definitions: ONNX Runtime, `docs/ContribOperators.md`. Those that only its GPU providers run are left out.

mod attend;
mod embed;
mod norms;
mod packed;
mod products;

pub(crate) use embed::write_out;

use super::Lowering;
use crate::error::Result;
use crate::onnx::node::{Attributes, float, text};
use crate::onnx::proto::NodeProto;
use crate::onnx::{Builder, Node, Value, wrong};

pub(super) const LOWERINGS: &[(&str, Lowering)] = &[
    ("SimplifiedLayerNormalization", norms::simplified),
    ("com.microsoft.Attention", attend::merged_weights),
    ("com.microsoft.BiasGelu", biased_gelu),
    ("com.microsoft.CDist", distances),
    ("com.microsoft.FastGelu", fast_gelu),
    ("com.microsoft.FusedConv", products::conv),
    ("com.microsoft.FusedGemm", products::gemm),
    ("com.microsoft.FusedMatMul", products::matmul),
    ("com.microsoft.Gelu", biased_gelu),
    ("com.microsoft.MatMulNBits", packed::matmul),
    ("com.microsoft.MultiHeadAttention", attend::projected),
    ("com.microsoft.QuickGelu", quick_gelu),
    ("com.microsoft.RotaryEmbedding", attend::rotary),
    ("com.microsoft.SkipLayerNormalization", norms::skip),
    (
        "com.microsoft.SkipSimplifiedLayerNormalization",
        norms::skip_simplified,
    ),
    ("com.microsoft.TransposeMatMul", products::matmul),
];

/// Why `node` is not lowered, where there is more to say than that it is unknown.
pub(crate) fn why_not(node: &NodeProto) -> Option<&'static str> {
    match (node.domain.as_str(), node.op_type.as_str()) {
        ("com.microsoft.nchwc", _) => Some(
            "it was saved by ONNX Runtime at its highest optimisation level, for one kind of machine: save it at the \
             extended level",
        ),
        ("com.microsoft", "PackedAttention" | "PackedMultiHeadAttention") => {
            Some("its sequences are packed without padding")
        }
        ("com.microsoft", "GroupQueryAttention" | "DecoderMaskedMultiHeadAttention") => {
            Some("it is attention over a cache, of models that write text")
        }
        _ => None,
    }
}

/// The sum of the inputs, where there are two.
fn biased(b: &mut Builder, n: &Node) -> Result<Value> {
    match n.maybe(1) {
        Some(bias) => b.add(n.input(0)?, bias),
        None => Ok(n.input(0)?.clone()),
    }
}

fn biased_gelu(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    let x = biased(b, n)?;
    Ok(vec![b.unary("Gelu", &x)])
}

fn fast_gelu(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    let x = biased(b, n)?;
    let approximate = vec![text("approximate", "tanh")];
    Ok(vec![b.node("Gelu", &[&x], approximate, x.elem, &x.shape)])
}

fn quick_gelu(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    let x = n.input(0)?;
    let alpha = vec![float("alpha", n.float_or("alpha", 1.702))];
    Ok(vec![b.node("Swish", &[x], alpha, x.elem, &x.shape)])
}

/// Distances of every row of one matrix to every row of the other: `|a|^2 + |b|^2 - 2 a b`.
fn distances(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    let (left, right) = (n.input(0)?.clone(), n.input(1)?.clone());
    if left.rank() != 2 || right.rank() != 2 {
        return Err(wrong("it takes two matrices".into()));
    }
    let other = b.flip_last(&right);
    let product = b.matmul(&left, &other)?;
    let squares = |b: &mut Builder, x: &Value| -> Result<Value> {
        let square = b.mul(x, x)?;
        Ok(b.sum(&square, &[1], true))
    };
    let (rows, columns) = (squares(b, &left)?, squares(b, &right)?);
    let columns = b.flip_last(&columns);
    let both = b.add(&rows, &columns)?;
    let product = b.scale(&product, -2.0);
    let square = b.add(&both, &product)?;
    match n.text_or("metric", "sqeuclidean") {
        "sqeuclidean" => Ok(vec![square]),
        "euclidean" => {
            let positive = b.unary("Relu", &square);
            Ok(vec![b.unary("Sqrt", &positive)])
        }
        other => Err(wrong(format!("the metric \"{other}\" is not known"))),
    }
}
