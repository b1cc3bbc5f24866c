//! Powers and roots, and slopes that are infinite at some places.

use super::super::first;
use super::both;
use crate::error::Result;
use crate::onnx::node::is_default;
use crate::onnx::proto::NodeProto;
use crate::onnx::{Builder, Elem, Graph, Node, Tensor, Value, Walk};

/// How far a value is followed back.
const DEPTH: usize = 8;

/// `part`, which is the cotangent `g` times a slope that may be infinite, with zeros where a mask made `g` zero: what
/// is cut off or not chosen has no part in the output, however steep it is.
pub(super) fn steep(b: &mut Builder, g: &Value, part: &Value) -> Result<Value> {
    if !is_masked(b.graph(), &g.name) {
        return Ok(part.clone());
    }
    let zero = b.scalar(0.0);
    if b.walking() == Walk::Linear {
        return match mask_of(b, &g.name)? {
            Some(kept) => b.select(&kept, part, &zero),
            None => Ok(part.clone()),
        };
    }
    let gone = b.compare("Equal", g, &zero)?;
    b.select(&gone, &zero, part)
}

/// Is `name` the product with a mask, or one of two?
fn is_masked(graph: &Graph, name: &str) -> bool {
    let Some(node) = maker(graph, name) else {
        return false;
    };
    let is_mask = |n: &String| maker(graph, n).is_some_and(|m| m.op_type == "Cast");
    match node.op_type.as_str() {
        "Where" => true,
        "Mul" => node.input.iter().any(is_mask),
        _ => false,
    }
}

/// The mask that `name` was multiplied with, where that is made of truth values.
fn mask_of(b: &Builder, name: &str) -> Result<Option<Value>> {
    let graph = b.graph();
    let factors = maker(graph, name).filter(|n| n.op_type == "Mul");
    let casts = factors.iter().flat_map(|n| &n.input);
    let casts = casts.filter_map(|n| maker(graph, n).filter(|m| m.op_type == "Cast"));
    for source in casts.filter_map(|n| n.input.first()) {
        let value = b.value(source)?;
        if value.elem == Elem::Bool {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

fn maker<'a>(graph: &'a Graph, name: &str) -> Option<&'a NodeProto> {
    let makes = |n: &&NodeProto| n.output.iter().any(|o| o == name);
    graph.nodes.iter().rev().find(makes)
}

/// 1 / (2 sqrt x). At zero that is infinite, except where what is under the root cannot be less: there the slope is
/// exactly 0 where it stays zero around (behind a closed `Relu`), else 0 is the subgradient of least norm, as `PyTorch`
/// has it for norms.
pub(super) fn sqrt(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (g, x, y) = (first(g)?, n.input(0)?, n.output(0)?);
    let half = b.scale(g, 0.5);
    let part = b.div(&half, y)?;
    Ok(vec![Some(if ends_at_zero(b.graph(), &x.name, DEPTH) {
        let zero = b.scalar(0.0);
        let positive = b.compare("Greater", y, &zero)?;
        b.keep_where(&positive, &part)?
    } else {
        steep(b, g, &part)?
    })])
}

/// x^p: p x^(p-1) and x^p log x. As `PyTorch` has it, the former is 0 where p is, and the latter where x is 0 and p is
/// not negative.
pub(super) fn pow(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let g = first(g)?;
    let (x, p) = (n.input(0)?.clone(), n.input(1)?.clone());
    let powers = b.constant(&p).and_then(Tensor::to_floats);
    both(b, n, |b, i| {
        let part = match powers.as_deref() {
            _ if i == 1 => by_exponent(b, g, &x, n.output(0)?)?,
            Some(&[p]) => by_base(b, g, &x, p)?,
            known => {
                let slope = slopes(b, &x, &p, known)?;
                let part = b.mul(g, &slope)?;
                steep(b, g, &part)?
            }
        };
        Ok(Some(part))
    })
}

fn by_exponent(b: &mut Builder, g: &Value, x: &Value, y: &Value) -> Result<Value> {
    let (zero, one) = (b.scalar(0.0), b.scalar(1.0));
    let vanishes = b.compare("Equal", x, &zero)?;
    let safe = b.select(&vanishes, &one, x)?;
    let log = b.unary("Log", &safe);
    let slope = b.mul(y, &log)?;
    b.mul(g, &slope)
}

/// `g` times the slope of x to the power of a number.
fn by_base(b: &mut Builder, g: &Value, x: &Value, power: f32) -> Result<Value> {
    if power == 0.0 {
        return Ok(b.zeros(&g.shape));
    }
    if power == 1.0 {
        return Ok(g.clone());
    }
    let slope = if power == 2.0 {
        b.scale(x, 2.0)
    } else if power == 3.0 {
        let square = b.mul(x, x)?;
        b.scale(&square, 3.0)
    } else {
        let exponent = b.scalar(power - 1.0);
        let lower = b.binary("Pow", x, &exponent)?;
        b.scale(&lower, power)
    };
    let part = b.mul(g, &slope)?;
    if power > 1.0 {
        Ok(part)
    } else if power > 0.0 && ends_at_zero(b.graph(), &x.name, DEPTH) {
        let zero = b.scalar(0.0);
        let positive = b.compare("Greater", x, &zero)?;
        b.keep_where(&positive, &part)
    } else {
        steep(b, g, &part)
    }
}

/// The slope of each element to its own power; `known` are those, where they are constant.
fn slopes(b: &mut Builder, x: &Value, p: &Value, known: Option<&[f32]>) -> Result<Value> {
    let p = b.cast(p, x.elem);
    let exponent = b.shift(&p, -1.0);
    let lower = b.binary("Pow", x, &exponent)?;
    let mut slope = b.mul(&p, &lower)?;
    let may = |fits: fn(f32) -> bool| known.is_none_or(|list| list.iter().any(|&p| fits(p)));
    let zero = b.scalar(0.0);
    if may(|p| p == 0.0) {
        let level = b.compare("Equal", &p, &zero)?;
        slope = b.select(&level, &zero, &slope)?;
    }
    if may(|p| p > 0.0 && p < 1.0) && ends_at_zero(b.graph(), &x.name, DEPTH) {
        let one = b.scalar(1.0);
        let rises = b.compare("Greater", &p, &zero)?;
        let slows = b.compare("Less", &p, &one)?;
        let root = b.binary("And", &rises, &slows)?;
        let vanishes = b.compare("Equal", x, &zero)?;
        let corner = b.binary("And", &root, &vanishes)?;
        slope = b.select(&corner, &zero, &slope)?;
    }
    Ok(slope)
}

/// Can `name` not be negative, because of the operator that makes it? Where it is zero, that operator's own slope is
/// then zero, or vanishes as fast as the value.
fn ends_at_zero(graph: &Graph, name: &str, depth: usize) -> bool {
    if let Some(constant) = graph.constants.get(name) {
        let positive = |v: Vec<f32>| v.iter().all(|&v| v >= 0.0);
        return constant.to_floats().is_some_and(positive);
    }
    let Some(node) = maker(graph, name).filter(|n| depth > 0 && is_default(&n.domain)) else {
        return false;
    };
    let input = |i: usize| node.input.get(i).filter(|n| !n.is_empty());
    let of = |i: usize| input(i).is_some_and(|n| ends_at_zero(graph, n, depth - 1));
    let numbers = |i: usize| {
        let constant = input(i).and_then(|n| graph.constants.get(n));
        constant.and_then(Tensor::to_floats)
    };
    match node.op_type.as_str() {
        "Relu" | "Abs" | "ReduceL1" | "ReduceL2" | "ReduceSumSquare" | "LpPool"
        | "GlobalLpPool" | "Softmax" | "Exp" | "Sigmoid" | "HardSigmoid" | "Softplus" => true,
        "Clip" => numbers(1).is_some_and(|low| low.iter().all(|&v| v >= 0.0)),
        "Max" => (0..node.input.len()).any(of),
        "Mul" if node.input.first() == node.input.get(1) => true,
        "Add" | "Sum" | "Mean" | "Concat" | "Min" | "Mul" | "Div" | "MatMul" => {
            (0..node.input.len()).all(of)
        }
        "Conv" => of(0) && of(1) && (input(2).is_none() || of(2)),
        "Where" => of(1) && of(2),
        "Pow" => {
            let even = |p: &f32| *p > 0.0 && p % 2.0 == 0.0;
            let rises = |p: &f32| *p > 0.0;
            numbers(1).is_some_and(|p| p.iter().all(even) || (p.iter().all(rises) && of(0)))
        }
        "Sqrt" | "Identity" | "Cast" | "Dropout" | "Reshape" | "Flatten" | "Squeeze"
        | "Unsqueeze" | "Transpose" | "Expand" | "Tile" | "Slice" | "Split" | "Gather"
        | "ReduceSum" | "ReduceMean" | "ReduceMax" | "ReduceMin" | "AveragePool"
        | "GlobalAveragePool" | "MaxPool" | "GlobalMaxPool" => of(0),
        _ => false,
    }
}
