//! Where the path of a gradient is cut: operators whose slope is zero everywhere, and those that draw at random.
//!
//! A choice cuts nothing: what a comparison, an index or a size picks is passed by its exact derivative, which holds
//! almost everywhere. What is cut is a path on which the *values* go on: a sign, a one-hot row, whole numbers.

use super::operands::{elem_of, is_place, is_type, reads_shape_alone, told};
use super::rules;
use super::steps::Steps;
use crate::onnx::node::{Attributes, is_default};
use crate::onnx::proto::NodeProto;
use crate::onnx::{Elem, Graph, Tensor};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

const FLAT: &str = "its slope is zero everywhere: no gradient passes it";
const INTEGERS: &str = "the integers that it makes cut the path";
const RANDOM: &str = "it drops values at random in training mode";
const TRAINS: &str = "it is in training mode, where pictures of a batch depend on each other";

/// The nodes that cut the path from `active` values to `output`, by their place in `graph`, and why. `mask` says which
/// nodes a cotangent has to pass.
pub(super) fn cuts(
    graph: &Graph,
    active: &HashSet<String>,
    mask: &[bool],
    output: &str,
) -> BTreeMap<usize, Cow<'static, str>> {
    let steps = Steps::of(graph, active);
    let valued = valued(graph, &steps, output);
    let mut found = BTreeMap::new();
    for (i, node) in graph.nodes.iter().enumerate() {
        let passes = mask.get(i).copied().unwrap_or(false);
        let flat = || passes.then(|| flat(graph, &steps, node)).flatten();
        if let Some(why) = severed(graph, active, &valued, node).or_else(flat) {
            found.insert(i, why);
        }
    }
    if found.is_empty() && !active.contains(output) {
        return ends(graph, active, output);
    }
    found
}

/// Why nothing passes `node`, which lies on the path.
fn flat(graph: &Graph, steps: &Steps<'_>, node: &NodeProto) -> Option<Cow<'static, str>> {
    if !is_default(&node.domain) {
        return None;
    }
    match node.op_type.as_str() {
        "Hardmax" => Some(FLAT.into()),
        "Sign" => (!steps.is_factor(node)).then(|| FLAT.into()),
        "Dropout" => drops(graph, node).then(|| RANDOM.into()),
        "BatchNormalization" => (node.int_or("training_mode", 0) != 0).then(|| TRAINS.into()),
        _ => None,
    }
}

/// Is `node`, a `Dropout`, known to drop values?
pub(super) fn drops(graph: &Graph, node: &NodeProto) -> bool {
    let constant = |i: usize| node.input.get(i).and_then(|n| graph.constants.get(n));
    let on = |t: &Tensor| t.to_ints().is_some_and(|v| v.iter().any(|&v| v != 0));
    let trains = node.int_or("training_mode", 0) != 0 || constant(2).is_some_and(on);
    let none = |t: &Tensor| t.to_floats().is_some_and(|v| v.iter().all(|&v| v == 0.0));
    trains && !constant(1).is_some_and(none)
}

/// Names whose values go on to `output` through whatever operators: not by way of masks, indices, sizes and shapes.
fn valued<'a>(graph: &'a Graph, steps: &Steps<'_>, output: &'a str) -> HashSet<&'a str> {
    let mut valued = HashSet::from([output]);
    for node in graph.nodes.iter().rev() {
        let tells = |o: &String| valued.contains(o.as_str()) && elem_of(graph, o) != Elem::Bool;
        if reads_shape_alone(node) || !node.output.iter().any(tells) {
            continue;
        }
        let stop = steps.stop(node);
        for (i, name) in node.input.iter().enumerate() {
            if !is_place(node, i) && !is_type(node, i) && stop != Some(i) {
                valued.insert(name);
            }
        }
    }
    valued
}

/// Why a path ends at `node`: it makes something of active values that goes on to the output, but carries no cotangent.
fn severed(
    graph: &Graph,
    active: &HashSet<String>,
    valued: &HashSet<&str>,
    node: &NodeProto,
) -> Option<Cow<'static, str>> {
    if rules::is_straight_through(node) || reads_shape_alone(node) {
        return None;
    }
    let reads = |(i, name): (usize, &String)| {
        active.contains(name) && !is_place(node, i) && !is_type(node, i)
    };
    if !node.input.iter().enumerate().any(reads) {
        return None;
    }
    let ends = |name: &&String| {
        let elem = elem_of(graph, name);
        valued.contains(name.as_str())
            && !active.contains(*name)
            && !matches!(elem, Elem::Bool | Elem::Other(0))
    };
    let name = node.output.iter().find(ends)?;
    Some(why(node, elem_of(graph, name)))
}

/// Why no gradient passes `node`, which makes values of `elem`.
fn why(node: &NodeProto, elem: Elem) -> Cow<'static, str> {
    if !is_default(&node.domain) {
        return INTEGERS.into();
    }
    match node.op_type.as_str() {
        "Cast" | "CastLike" if is_integer(elem) => "the cast to integers cuts the path".into(),
        "Cast" | "CastLike" if elem != Elem::Bool => {
            format!("the cast to {elem} cuts the path").into()
        }
        "Multinomial" | "Bernoulli" => "it draws at random".into(),
        _ => FLAT.into(),
    }
}

fn is_integer(elem: Elem) -> bool {
    matches!(
        elem,
        Elem::I32 | Elem::I64 | Elem::U8 | Elem::Other(3..=5 | 12 | 13 | 21 | 22 | 25 | 26)
    )
}

/// Where the influence of active values on `output` changes into one that carries no cotangent: for outputs that
/// depend on them by masks, indices and the like alone.
fn ends(
    graph: &Graph,
    active: &HashSet<String>,
    output: &str,
) -> BTreeMap<usize, Cow<'static, str>> {
    let mut leads: HashSet<String> = HashSet::from([output.to_owned()]);
    let mut found = BTreeMap::new();
    for (i, node) in graph.nodes.iter().enumerate().rev() {
        let Some(name) = node.output.iter().find(|o| leads.contains(*o)) else {
            continue;
        };
        let inputs = told(node);
        let reads = inputs.iter().any(|n| active.contains(n));
        if reads && !node.output.iter().any(|o| active.contains(o)) {
            found.insert(i, why(node, elem_of(graph, name)));
        }
        leads.extend(inputs);
    }
    found
}
