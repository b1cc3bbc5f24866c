//! The table of rules: which function makes the cotangents of an operator's inputs out of those of its outputs.
//!
//! A rule gets the builder, the forward node with the values around it, and one cotangent per output (`None` where
//! nothing of the loss depends on that output; at least one is there). It appends nodes and returns one cotangent
//! per input, `None` for inputs that have none or are not wanted ([`Node::wants`]); missing ones at the end may be
//! left out. Each has the shape of its primal, or size 1 along dimensions where it is the same: the driver checks that,
//! and sums the contributions of several nodes. Cotangents are float32, those of quantised integers too: a rule takes
//! the element type from the cotangent, never from the primal.
//!
//! A new operator is one line in its family's table. This is the whole rule of `Neg`:
//!
//! ```text
//! ("Neg", |b, _, g| Ok(vec![Some(b.unary("Neg", first(g)?))])),
//! ```

mod activation;
mod arithmetic;
mod convolve;
mod index;
mod normalise;
mod pool;
mod product;
mod quantise;
mod reduce;
mod resample;
mod shape;
mod slices;

pub(super) use activation::write_out;

use crate::error::Result;
use crate::onnx::node::is_default;
use crate::onnx::proto::NodeProto;
use crate::onnx::{Builder, Node, Value, wrong};
use std::collections::HashMap;
use std::sync::OnceLock;

/// Makes cotangents of inputs out of those of outputs.
pub(super) type Rule = fn(&mut Builder, &Node, &[Option<Value>]) -> Result<Vec<Option<Value>>>;

/// The rules of one family of operators.
type Family = &'static [(&'static str, Rule)];

const FAMILIES: &[Family] = &[
    activation::RULES,
    arithmetic::RULES,
    convolve::RULES,
    index::RULES,
    normalise::RULES,
    pool::RULES,
    product::RULES,
    quantise::RULES,
    reduce::RULES,
    resample::RULES,
    shape::RULES,
];

/// The rule for `node`.
pub(super) fn find(node: &NodeProto) -> Option<Rule> {
    static TABLE: OnceLock<HashMap<&'static str, Rule>> = OnceLock::new();
    let table = TABLE.get_or_init(|| FAMILIES.iter().flat_map(|f| f.iter().copied()).collect());
    is_default(&node.domain)
        .then(|| table.get(node.op_type.as_str()).copied())
        .flatten()
}

/// The names of all operators that have a rule.
pub(super) fn names() -> Vec<&'static str> {
    FAMILIES
        .iter()
        .flat_map(|f| f.iter().map(|(name, _)| *name))
        .collect()
}

/// Is the cotangent of `node` passed through a rounding as if that were the identity?
pub(super) fn is_straight_through(node: &NodeProto) -> bool {
    quantise::is_straight_through(node)
}

/// Is output `index` of `node` constant almost everywhere, so that no cotangent passes it?
pub(super) fn is_flat(node: &NodeProto, index: usize) -> bool {
    matches!(
        (node.op_type.as_str(), index),
        (
            "Shape" | "Size" | "EyeLike" | "ArgMax" | "ArgMin" | "NonZero",
            _
        ) | ("DynamicQuantizeLinear", 1..)
    )
}

/// The cotangent of the first output.
fn first(output_cotangents: &[Option<Value>]) -> Result<&Value> {
    output_cotangents
        .first()
        .and_then(Option::as_ref)
        .ok_or_else(|| wrong("only an optional output of it is used".into()))
}
