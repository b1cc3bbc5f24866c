//! Reverse-mode differentiation of a graph: activity, the walk backwards, and the sums of contributions.

use super::operands::{elem_of, is_place, is_type};
use super::rules;
use super::steps::Steps;
use crate::error::{Blocking, Result, refuse};
use crate::monitor::Monitor;
use crate::onnx::node::{full_name, inputs_of, label};
use crate::onnx::proto::NodeProto;
use crate::onnx::{Builder, Elem, Graph, Node, Value, broadcast, wrong};
use std::collections::{HashMap, HashSet};

/// Which values change when those in `from` do, through operators that carry a cotangent.
pub(super) fn reached(graph: &Graph, from: &[&str]) -> HashSet<String> {
    let mut active: HashSet<String> = from.iter().map(|&n| n.to_owned()).collect();
    for node in &graph.nodes {
        if carrying(graph, &active, node).is_empty() {
            continue;
        }
        for (i, name) in node.output.iter().enumerate() {
            // What is not known, as the output of a loop, may well be floats.
            let elem = graph.infos.get(name).map_or(Elem::F32, |i| match i.elem {
                Elem::Other(0) => Elem::F32,
                known => known,
            });
            let integer_input = || {
                carrying(graph, &active, node)
                    .iter()
                    .any(|(_, n)| graph.infos.get(n).is_some_and(|i| !i.elem.is_float()))
            };
            let carries = elem.is_float() || rules::is_straight_through(node) || integer_input();
            if !name.is_empty() && carries && elem != Elem::Bool && !rules::is_flat(node, i) {
                active.insert(name.clone());
            }
        }
    }
    active
}

/// What `node` reads, with its place among the inputs, that may carry a cotangent: active values, but for integers that
/// only say where or how much. What subgraphs take from outside comes last.
fn carrying(graph: &Graph, active: &HashSet<String>, node: &NodeProto) -> Vec<(usize, String)> {
    let chosen = |(i, name): &(usize, String)| {
        active.contains(name)
            && !is_type(node, *i)
            && (elem_of(graph, name).is_float() || !is_place(node, *i))
    };
    let inputs = inputs_of(node).into_iter().enumerate();
    inputs.filter(chosen).collect()
}

/// The nodes on a path from an active value to one of `to`, as a mask.
pub(super) fn on_path(graph: &Graph, active: &HashSet<String>, to: &[&str]) -> Vec<bool> {
    let steps = Steps::of(graph, active);
    let mut needed: HashSet<String> = to.iter().map(|&n| n.to_owned()).collect();
    let mut mask = vec![false; graph.nodes.len()];
    for (i, node) in graph.nodes.iter().enumerate().rev() {
        let leads_on = node
            .output
            .iter()
            .any(|o| needed.contains(o) && active.contains(o));
        if !leads_on {
            continue;
        }
        // The node that makes the very first active value is not on the path from it.
        let stop = steps.stop(node);
        for (at, name) in carrying(graph, active, node) {
            mask[i] = true;
            if stop != Some(at) {
                needed.insert(name);
            }
        }
    }
    mask
}

/// Appends to `builder` the nodes that make the cotangents of `wrt`, one for each, out of `seeds`: values and their
/// cotangents.
///
/// # Errors
/// An operator on the way has no rule, or its rule does not cover how it is used; all such are named.
pub(super) fn backward(
    builder: &mut Builder,
    seeds: &[(Value, Value)],
    wrt: &[Value],
    monitor: &dyn Monitor,
) -> Result<Vec<Value>> {
    let targets: Vec<&str> = wrt.iter().map(|v| v.name.as_ref()).collect();
    let ends: Vec<&str> = seeds.iter().map(|(of, _)| of.name.as_ref()).collect();
    let active = reached(builder.graph(), &targets);
    let mask = on_path(builder.graph(), &active, &ends);
    let steps = Steps::of(builder.graph(), &active);
    let nodes = builder.graph().nodes.iter();
    let stops: Vec<Option<usize>> = nodes.map(|n| steps.stop(n)).collect();
    let mut cotangents: HashMap<String, Vec<Value>> = HashMap::new();
    for (of, seed) in seeds {
        let parts = cotangents.entry(of.name.to_string()).or_default();
        parts.push(seed.clone());
    }
    // Of targets on the way to others.
    let mut passed: HashMap<String, Value> = HashMap::new();
    let mut blocking: Vec<Blocking> = Vec::new();
    for i in (0..mask.len()).rev() {
        if !mask[i] {
            continue;
        }
        monitor.check()?;
        let proto = builder.graph().nodes[i].clone();
        let mut output_cotangents = Vec::with_capacity(proto.output.len());
        for name in &proto.output {
            let sum = match cotangents.remove(name) {
                Some(parts) => Some(total(builder, parts, name)?),
                None => None,
            };
            if let Some(sum) = sum.clone().filter(|_| targets.contains(&name.as_str())) {
                passed.insert(name.clone(), sum);
            }
            output_cotangents.push(sum);
        }
        if output_cotangents.iter().all(Option::is_none) {
            continue;
        }
        match partials(builder, &proto, &active, stops[i], &output_cotangents) {
            Ok(parts) => {
                for (name, part) in parts {
                    cotangents.entry(name).or_default().push(part);
                }
            }
            Err(error) if error.is_cancelled() => return Err(error),
            Err(error) => blocking.push(Blocking {
                op: full_name(&proto),
                node: label(&proto),
                why: error.to_string(),
            }),
        }
    }
    refuse(&builder.graph().path, blocking)?;
    let mut found = Vec::with_capacity(wrt.len());
    for value in wrt {
        let name = value.name.as_ref();
        found.push(match (passed.remove(name), cotangents.remove(name)) {
            (Some(sum), _) => sum,
            (None, Some(parts)) => total(builder, parts, name)?,
            // Nothing of the output depends on it.
            (None, None) => builder.zeros(&value.shape),
        });
    }
    Ok(found)
}

/// The cotangents that `proto` passes on to its active inputs but `stop`, by name, each checked against its primal's
/// shape. One that is the same along a dimension may have size 1 there.
fn partials(
    builder: &mut Builder,
    proto: &NodeProto,
    active: &HashSet<String>,
    stop: Option<usize>,
    output_cotangents: &[Option<Value>],
) -> Result<Vec<(String, Value)>> {
    let Some(rule) = rules::find(proto) else {
        return Err(wrong("it has no gradient rule".into()));
    };
    let mut node = view(builder, proto, active)?;
    if let Some(wanted) = stop.and_then(|i| node.wanted.get_mut(i)) {
        *wanted = false;
    }
    let parts = rule(builder, &node, output_cotangents)?;
    let mut named = Vec::new();
    for (i, part) in parts.into_iter().enumerate() {
        let (Some(part), Some(primal)) = (part, node.maybe(i)) else {
            continue;
        };
        if !node.wants(i) {
            continue;
        }
        let fits = part.rank() == primal.rank()
            && broadcast(&part.shape, &primal.shape).is_ok_and(|shape| shape == primal.shape);
        if !fits {
            return Err(wrong(format!(
                "its rule made a cotangent of {:?} for input {i} of {:?}",
                part.shape, primal.shape
            )));
        }
        named.push((primal.name.to_string(), part));
    }
    Ok(named)
}

/// `proto` with the values around it.
pub(super) fn view(builder: &Builder, proto: &NodeProto, active: &HashSet<String>) -> Result<Node> {
    let values = |names: &[String]| -> Result<Vec<Option<Value>>> {
        let value = |name: &String| {
            if name.is_empty() {
                Ok(None)
            } else {
                builder.value(name).map(Some)
            }
        };
        names.iter().map(value).collect()
    };
    Ok(Node {
        inputs: values(&proto.input)?,
        outputs: values(&proto.output)?,
        wanted: proto.input.iter().map(|n| active.contains(n)).collect(),
        proto: proto.clone(),
    })
}

/// The sum of all contributions to the cotangent of the value called `name`, in its shape.
fn total(builder: &mut Builder, parts: Vec<Value>, name: &str) -> Result<Value> {
    let shape = builder.value(name)?.shape;
    let mut parts = parts.into_iter();
    let first = parts.next().ok_or_else(|| wrong("nothing to sum".into()))?;
    let sum = parts.try_fold(first, |sum, part| builder.add(&sum, &part))?;
    builder.expand(&sum, &shape)
}
