//! x times a gate that is a function of x: GELU (by `Erf` and by `Tanh`), swish (`SiLU`), hard swish, mish.

use super::{Net, is, near, replaced};
use crate::onnx::node::{Attributes, float, text};
use crate::onnx::proto::{AttributeProto, NodeProto};
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_PI};

/// How deep products and polynomials are followed.
const DEPTH: usize = 6;

pub(super) fn gather(net: &mut Net<'_>) {
    for i in 0..net.graph.nodes.len() {
        let found = match net.graph.nodes[i].op_type.as_str() {
            "Mul" => {
                gated(net, &net.graph.nodes[i]).or_else(|| hard_sigmoid(net, &net.graph.nodes[i]))
            }
            _ => None,
        };
        if let Some(new) = found {
            net.graph.nodes[i] = new;
        }
    }
}

/// The operator that the product `node` is the last part of.
fn gated(net: &Net<'_>, node: &NodeProto) -> Option<NodeProto> {
    if !is(node, "Mul") {
        return None;
    }
    let product = node.output.first()?;
    let mut names = Vec::new();
    factors(net, product, &[], DEPTH, &mut |name| names.push(name))?;
    names.sort_unstable();
    names.dedup();
    for gate in &names {
        for x in names.iter().filter(|x| *x != gate) {
            let Some((op, coefficient, attributes)) = gate_of(net, gate, x) else {
                continue;
            };
            // Nothing but the two, times what the gate lacks.
            let mut others = false;
            let mut counts = [0, 0];
            let rest = factors(net, product, &[gate, x], DEPTH, &mut |name| {
                if name == *gate {
                    counts[0] += 1;
                } else if name == *x {
                    counts[1] += 1;
                } else {
                    others |= net.pair(name, "Mul").is_none();
                }
            });
            let fits = net.shape(x).is_some() && net.shape(x) == net.shape(product);
            let near = |rest| near(rest, coefficient);
            if counts == [1, 1] && !others && fits && rest.is_some_and(near) {
                let mut new = replaced(node, op, vec![(*x).to_owned()]);
                new.attribute = attributes;
                return Some(new);
            }
        }
    }
    None
}

/// Visits what is multiplied to make `name`, products included, down to `stop`; the product of the scalar constants
/// among it. `None` where that goes too deep.
fn factors<'n>(
    net: &'n Net<'_>,
    name: &'n str,
    stop: &[&str],
    depth: usize,
    visit: &mut impl FnMut(&'n str),
) -> Option<f64> {
    if let Some(value) = net.scalar(name) {
        return Some(f64::from(value));
    }
    visit(name);
    match net.pair(name, "Mul") {
        Some((a, b)) if !stop.contains(&name) => {
            let depth = depth.checked_sub(1)?;
            Some(factors(net, a, stop, depth, visit)? * factors(net, b, stop, depth, visit)?)
        }
        _ => Some(1.0),
    }
}

/// The operator that x times `gate` is, if `gate` is a function of `x`, and what the product has to be multiplied by.
fn gate_of(net: &Net<'_>, gate: &str, x: &str) -> Option<(&'static str, f64, Vec<AttributeProto>)> {
    let of = |name: &str| polynomial(net, name, x, DEPTH);
    if let Some(t) = net.single(gate, "Sigmoid") {
        let [c0, c1, c2, c3] = of(t)?;
        let plain = c0 == 0.0 && c1 != 0.0 && c2 == 0.0 && c3 == 0.0;
        return plain.then(|| ("Swish", 1.0, vec![float("alpha", c1 as f32)]));
    }
    if let Some(node) = net.made(gate, "HardSigmoid") {
        let (alpha, beta) = (node.float_or("alpha", 0.2), node.float_or("beta", 0.5));
        let hard = near(f64::from(alpha), 1.0 / 6.0) && beta == 0.5 && node.input.first()? == x;
        return hard.then(|| ("HardSwish", 1.0, vec![]));
    }
    if let Some(t) = relu6(net, gate) {
        return (of(t)? == [3.0, 1.0, 0.0, 0.0]).then(|| ("HardSwish", 1.0 / 6.0, vec![]));
    }
    if let Some(t) = net.single(gate, "Tanh") {
        return (softplus(net, t)? == x).then(|| ("Mish", 1.0, vec![]));
    }
    // 1 + f, or (1 + f) / 2.
    let (a, b) = net.pair(gate, "Add")?;
    let (one, rest) = match (net.scalar(a), net.scalar(b)) {
        (Some(one), None) => (one, b),
        (None, Some(one)) => (one, a),
        _ => return None,
    };
    let (scale, function) = match net.pair(rest, "Mul") {
        Some((a, b)) => match (net.scalar(a), net.scalar(b)) {
            (Some(scale), None) => (scale, b),
            (None, Some(scale)) => (scale, a),
            _ => return None,
        },
        None => (1.0, rest),
    };
    if one != scale || one == 0.0 {
        return None;
    }
    let coefficient = 0.5 / f64::from(one);
    if let Some(t) = net.single(function, "Erf") {
        let [c0, c1, c2, c3] = of(t)?;
        let exact = c0 == 0.0 && near(c1, FRAC_1_SQRT_2) && c2 == 0.0 && c3 == 0.0;
        return exact.then(|| ("Gelu", coefficient, vec![]));
    }
    let [c0, c1, c2, c3] = of(net.single(function, "Tanh")?)?;
    let first = FRAC_2_PI.sqrt();
    let about = c0 == 0.0 && near(c1, first) && c2 == 0.0 && near(c3, first * 0.044_715);
    about.then(|| ("Gelu", coefficient, vec![text("approximate", "tanh")]))
}

/// What goes into the clip to [0, 6] that makes `name`.
fn relu6<'n>(net: &'n Net<'_>, name: &str) -> Option<&'n str> {
    let node = net.made(name, "Clip")?;
    let bound = |i: usize| node.input.get(i).and_then(|n| net.scalar(n));
    (bound(1) == Some(0.0) && bound(2) == Some(6.0)).then(|| node.input[0].as_str())
}

/// What goes into the softplus that makes `name`, be it one node or `log(1 + e^x)`.
fn softplus<'n>(net: &'n Net<'_>, name: &str) -> Option<&'n str> {
    if let Some(x) = net.single(name, "Softplus") {
        return Some(x);
    }
    let (a, b) = net.pair(net.single(name, "Log")?, "Add")?;
    let power = if net.scalar(a) == Some(1.0) { b } else { a };
    let other = if power == a { b } else { a };
    (net.scalar(other) == Some(1.0))
        .then(|| net.single(power, "Exp"))
        .flatten()
}

/// `clip(a x + b, 0, 6) / 6`, which is one operator.
fn hard_sigmoid(net: &Net<'_>, node: &NodeProto) -> Option<NodeProto> {
    let (a, b) = super::two(node)?;
    let (clipped, sixth) = if net.scalar(b).is_some() {
        (a, b)
    } else {
        (b, a)
    };
    let inner = relu6(net, clipped)?;
    let (x, offset) = match net.pair(inner, "Add") {
        Some((x, offset)) if net.scalar(offset).is_some() => (x, net.scalar(offset)?),
        Some((offset, x)) if net.scalar(offset).is_some() => (x, net.scalar(offset)?),
        _ => return None,
    };
    if !near(f64::from(net.scalar(sixth)?), 1.0 / 6.0)
        || net.shape(x) != net.shape(node.output.first()?)
    {
        return None;
    }
    let mut new = replaced(node, "HardSigmoid", vec![x.to_owned()]);
    new.attribute = vec![float("alpha", 1.0 / 6.0), float("beta", offset / 6.0)];
    Some(new)
}

/// `name` as a polynomial of degree 3 at most in the value `x`.
fn polynomial(net: &Net<'_>, name: &str, x: &str, depth: usize) -> Option<[f64; 4]> {
    if name == x {
        return Some([0.0, 1.0, 0.0, 0.0]);
    }
    if let Some(value) = net.scalar(name) {
        return Some([f64::from(value), 0.0, 0.0, 0.0]);
    }
    let depth = depth.checked_sub(1)?;
    let of = |name: &str| polynomial(net, name, x, depth);
    if let Some((a, b)) = net.pair(name, "Add") {
        let (a, b) = (of(a)?, of(b)?);
        return Some(std::array::from_fn(|i| a[i] + b[i]));
    }
    if let Some((a, b)) = net.pair(name, "Mul") {
        return times(of(a)?, of(b)?);
    }
    let (a, power) = net.pair(name, "Pow")?;
    if net.scalar(power).or_else(|| integer(net, power))? != 3.0 {
        return None;
    }
    let a = of(a)?;
    times(times(a, a)?, a)
}

fn integer(net: &Net<'_>, name: &str) -> Option<f32> {
    match net.graph.constants.get(name)?.to_ints()?.as_slice() {
        [value] => Some(*value as f32),
        _ => None,
    }
}

fn times(a: [f64; 4], b: [f64; 4]) -> Option<[f64; 4]> {
    let mut product = [0.0; 7];
    for (i, a) in a.iter().enumerate() {
        for (j, b) in b.iter().enumerate() {
            product[i + j] += a * b;
        }
    }
    let [c0, c1, c2, c3, rest @ ..] = product;
    rest.iter().all(|&c| c == 0.0).then_some([c0, c1, c2, c3])
}
