//! `Loop` and `Scan` whose number of trips is known, written out: their bodies one after the other.

use super::graph::Graph;
use super::inline::rename_node;
use super::node::{Attributes, is_default};
use super::{NodeMaker, Tensor};
use crate::error::Result;
use crate::onnx::proto::{GraphProto, NodeProto};
use std::collections::HashMap;

/// Trips that are written out at most.
const MOST_TRIPS: usize = 4096;
/// Operators that all trips together may be.
const MOST_NODES: usize = 100_000;

const OPEN: &str = "how often it runs depends on the input's values";
const BREAKS: &str = "whether it goes on depends on values that it makes";
const LONG: &str = "it runs too often to be written out";
const NEVER: &str = "it never runs, and what it would put together has no shape";
const ODD: &str = "its body does not fit its inputs and outputs";

/// How often `node`, a `Loop` or `Scan` of `graph`, runs its body: known where shapes are bound.
///
/// # Errors
/// Why it cannot be written out.
pub(crate) fn trips(graph: &Graph, node: &NodeProto) -> Result<usize, &'static str> {
    let body = node.graph("body").ok_or(ODD)?;
    let count = match node.op_type.as_str() {
        "Loop" => loop_trips(graph, node, body)?,
        _ => scan_trips(graph, node, body)?,
    };
    if count > MOST_TRIPS || count.saturating_mul(body.node.len()) > MOST_NODES {
        return Err(LONG);
    }
    let states = Parts::of(node).states;
    if count == 0 && node.output.iter().skip(states).any(|o| !o.is_empty()) {
        return Err(NEVER);
    }
    Ok(count)
}

fn loop_trips(graph: &Graph, node: &NodeProto, body: &GraphProto) -> Result<usize, &'static str> {
    let states = Parts::of(node).states;
    if body.input.len() != states + 2 || body.output.len() < states + 1 {
        return Err(ODD);
    }
    let given = |i: usize| node.input.get(i).filter(|n| !n.is_empty());
    let number = |name: &String| {
        let values = graph.constants.get(name)?.to_ints()?;
        values.first().copied()
    };
    if let Some(condition) = given(1) {
        match number(condition) {
            Some(0) => return Ok(0),
            Some(_) => {}
            None => return Err(OPEN),
        }
    }
    let count = given(0).and_then(number).ok_or(OPEN)?;
    if !goes_on(graph, body) {
        return Err(BREAKS);
    }
    Ok(usize::try_from(count).unwrap_or(0))
}

/// Is the condition that `body` makes the one that it was given, or true?
fn goes_on(graph: &Graph, body: &GraphProto) -> bool {
    let Some(mut name) = body.output.first().map(|o| o.name.as_str()) else {
        return false;
    };
    for _ in 0..=body.node.len() {
        if body.input.get(1).is_some_and(|i| i.name == name) {
            return true;
        }
        let own = body.initializer.iter().find(|t| t.name == name);
        let own = own.and_then(|t| Tensor::from_proto(t, None).ok());
        if let Some(constant) = own.as_ref().or(graph.constants.get(name)) {
            let values = constant.to_ints().unwrap_or_default();
            return values.first().is_some_and(|&v| v != 0);
        }
        let makes = |n: &&NodeProto| n.output.iter().any(|o| o == name);
        let Some(maker) = body.node.iter().find(makes) else {
            return false;
        };
        match (maker.op_type.as_str(), maker.input.first()) {
            ("Identity" | "Cast", Some(input)) => name = input,
            ("Constant", _) => {
                let value = maker.attribute("value").and_then(|a| a.t.as_ref());
                let value = value.and_then(|t| Tensor::from_proto(t, None).ok()?.to_ints());
                return value.is_some_and(|v| v.first().is_some_and(|&v| v != 0));
            }
            _ => return false,
        }
    }
    false
}

fn scan_trips(graph: &Graph, node: &NodeProto, body: &GraphProto) -> Result<usize, &'static str> {
    let parts = Parts::of(node);
    let fits = parts.scanned > 0
        && body.input.len() == parts.states + parts.scanned
        && body.output.len() >= parts.states
        && node.input.iter().all(|n| !n.is_empty());
    if !fits {
        return Err(ODD);
    }
    let length = |i: usize| {
        let name = node.input.get(parts.states + i)?;
        let constant = graph.constants.get(name).map(Tensor::shape);
        let shape = constant.or_else(|| graph.infos.get(name).map(|i| i.shape.as_slice()))?;
        let axis = listed(node, "scan_input_axes", i);
        let axis = if axis < 0 {
            axis + shape.len() as i64
        } else {
            axis
        };
        shape.get(usize::try_from(axis).ok()?).copied()
    };
    let first = length(0).ok_or(ODD)?;
    let all = (0..parts.scanned).all(|i| length(i) == Some(first));
    if all { Ok(first) } else { Err(ODD) }
}

/// Number `i` of a list of integers, 0 where there is none.
fn listed(node: &NodeProto, name: &str, i: usize) -> i64 {
    node.ints(name).and_then(|l| l.get(i).copied()).unwrap_or(0)
}

/// How inputs and outputs of a node fall into those carried from trip to trip and those taken apart or put together.
struct Parts {
    /// Values that are carried on.
    states: usize,
    /// Inputs of which each trip sees a slice.
    scanned: usize,
}

impl Parts {
    fn of(node: &NodeProto) -> Self {
        let inputs = node.input.len();
        if node.op_type == "Loop" {
            let states = inputs.saturating_sub(2);
            return Self { states, scanned: 0 };
        }
        let scanned = usize::try_from(node.int_or("num_scan_inputs", 0)).unwrap_or(0);
        Self {
            states: inputs.saturating_sub(scanned),
            scanned: scanned.min(inputs),
        }
    }
}

/// The nodes that stand for `node`, a `Loop` or `Scan` that runs `count` times; constants of its body go to `graph`.
pub(super) fn written_out(
    node: &NodeProto,
    count: usize,
    number: usize,
    graph: &mut Graph,
) -> Result<Vec<NodeProto>> {
    let Some(body) = node.graph("body") else {
        return Ok(vec![node.clone()]);
    };
    let parts = Parts::of(node);
    let is_loop = node.op_type == "Loop";
    // A body's constants are the same in every trip.
    let once = format!("/loop{number}");
    let mut names: HashMap<String, String> = HashMap::new();
    let mut nodes = Vec::new();
    for tensor in &body.initializer {
        let name = format!("{}{once}", tensor.name);
        let value = Tensor::from_proto(tensor, None)?;
        graph.constants.insert(name.clone(), value);
        names.insert(tensor.name.clone(), name);
    }
    let is_constant = |n: &&NodeProto| n.op_type == "Constant" && is_default(&n.domain);
    for constant in body.node.iter().filter(is_constant) {
        let mut constant = constant.clone();
        rename_node(&mut constant, &mut names, &once);
        nodes.push(constant);
    }
    let mut make = NodeMaker::new(graph, &format!("nearmiss_loop{number}"));
    let offset = if is_loop { 2 } else { 0 };
    let mut states: Vec<String> = node
        .input
        .iter()
        .skip(offset)
        .take(parts.states)
        .cloned()
        .collect();
    let mut slices: Vec<Vec<String>> = Vec::new();
    for i in 0..parts.scanned {
        let source = &node.input[parts.states + i];
        let axis = listed(node, "scan_input_axes", i);
        let mut apart = sliced(&mut make, &mut nodes, source, axis, count);
        if listed(node, "scan_input_directions", i) != 0 {
            apart.reverse();
        }
        slices.push(apart);
    }
    let mut gathered: Vec<Vec<String>> =
        vec![Vec::new(); node.output.len().saturating_sub(parts.states)];
    for trip in 0..count {
        let mut inner = names.clone();
        let mut given = Vec::with_capacity(body.input.len());
        if is_loop {
            given.push(make.constant(Tensor::ints(&[], &[trip as i64])));
            given.push(make.constant(Tensor::bools(&[], &[true])));
        }
        given.extend(states.iter().cloned());
        given.extend(slices.iter().map(|list| list[trip].clone()));
        let formal = body.input.iter().map(|v| v.name.clone());
        inner.extend(formal.zip(given));
        let suffix = format!("/loop{number}.{trip}");
        for step in body.node.iter().filter(|n| !is_constant(n)) {
            let mut step = step.clone();
            if !step.name.is_empty() {
                step.name.push_str(&suffix);
            }
            rename_node(&mut step, &mut inner, &suffix);
            nodes.push(step);
        }
        let made = body.output.iter().map(|v| {
            let name = inner.get(&v.name).unwrap_or(&v.name);
            name.clone()
        });
        let mut made = made.skip(usize::from(is_loop));
        states = made.by_ref().take(parts.states).collect();
        for (list, name) in gathered.iter_mut().zip(made) {
            list.push(name);
        }
    }
    let outputs = node.output.iter();
    for (state, output) in states.iter().zip(outputs.clone()) {
        if !output.is_empty() {
            nodes.push(copy(state, output));
        }
    }
    for (i, (mut list, output)) in gathered
        .into_iter()
        .zip(outputs.skip(parts.states))
        .enumerate()
    {
        if output.is_empty() {
            continue;
        }
        if listed(node, "scan_output_directions", i) != 0 {
            list.reverse();
        }
        let axis = listed(node, "scan_output_axes", i);
        let whole = joined(&mut make, &mut nodes, &list, axis);
        nodes.push(copy(&whole, output));
    }
    Ok(nodes)
}

fn copy(from: &str, to: &str) -> NodeProto {
    NodeProto {
        op_type: "Identity".into(),
        input: vec![from.to_owned()],
        output: vec![to.to_owned()],
        ..NodeProto::default()
    }
}

/// The slices of `source` along `axis`, without that.
fn sliced(
    make: &mut NodeMaker<'_>,
    nodes: &mut Vec<NodeProto>,
    source: &str,
    axis: i64,
    count: usize,
) -> Vec<String> {
    let axes = make.constant(Tensor::ints(&[1], &[axis]));
    let mut pieces = vec![source.to_owned()];
    if count > 1 {
        let sizes = make.constant(Tensor::ints(&[count], &vec![1; count]));
        let first = make.node(nodes, "Split", &[source, &sizes], &[("axis", &[axis])]);
        pieces = (0..count).map(|i| format!("{first}.{i}")).collect();
        if let Some(split) = nodes.last_mut() {
            split.output.clone_from(&pieces);
        }
    }
    let squeezed = pieces.iter().take(count);
    squeezed
        .map(|piece| make.node(nodes, "Squeeze", &[piece, &axes], &[]))
        .collect()
}

/// `list` side by side along a new `axis`.
fn joined(
    make: &mut NodeMaker<'_>,
    nodes: &mut Vec<NodeProto>,
    list: &[String],
    axis: i64,
) -> String {
    let axes = make.constant(Tensor::ints(&[1], &[axis]));
    let rows: Vec<String> = list
        .iter()
        .map(|name| make.node(nodes, "Unsqueeze", &[name, &axes], &[]))
        .collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    make.node(nodes, "Concat", &rows, &[("axis", &[axis])])
}
