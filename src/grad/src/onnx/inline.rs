//! Functions of a model replaced by their bodies, and branches whose condition is known by what they hold.

use super::Tensor;
use super::graph::{Graph, damaged};
use super::node::is_default;
use crate::error::Result;
use crate::onnx::proto::{AttributeProto, FunctionProto, GraphProto, NodeProto};
use prost::Message as _;
use std::collections::HashMap;

/// A model that unfolds into more nodes than this is not one that anybody made to run.
const MAX_NODES: usize = 1_000_000;
/// Nor one that unfolds into more bytes: the constants in a function's body are copied with each call.
const MAX_BYTES: usize = 512 << 20;
/// Functions that call functions, at most.
const MAX_DEPTH: usize = 64;

/// `nodes` with every call of one of `functions` replaced by its body; their operator sets are added to `graph`.
pub(super) fn functions(
    nodes: Vec<NodeProto>,
    functions: &[FunctionProto],
    graph: &mut Graph,
) -> Result<Vec<NodeProto>> {
    if functions.is_empty() {
        return Ok(nodes);
    }
    let table: HashMap<(&str, &str), &FunctionProto> = functions
        .iter()
        .map(|f| {
            (
                (
                    domain_of(f.domain.as_deref().unwrap_or("")),
                    f.name.as_deref().unwrap_or(""),
                ),
                f,
            )
        })
        .collect();
    let mut inliner = Inliner {
        table,
        made: 0,
        calls: 0,
        bytes: 0,
    };
    let mut flat = Vec::new();
    inliner.nodes(nodes, &mut flat, 0)?;
    for function in functions {
        for import in &function.opset_import {
            if is_default(&import.domain) {
                graph.opset = graph.opset.max(import.version);
            } else {
                let version = graph.domains.entry(import.domain.clone()).or_default();
                *version = import.version.max(*version);
            }
        }
        graph
            .domains
            .remove(function.domain.as_deref().unwrap_or(""));
    }
    Ok(flat)
}

struct Inliner<'a> {
    table: HashMap<(&'a str, &'a str), &'a FunctionProto>,
    made: usize,
    calls: usize,
    /// Bytes of the bodies that were copied.
    bytes: usize,
}

impl Inliner<'_> {
    fn nodes(
        &mut self,
        nodes: Vec<NodeProto>,
        flat: &mut Vec<NodeProto>,
        depth: usize,
    ) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(damaged("its functions call each other without end".into()));
        }
        for mut node in nodes {
            self.made += 1;
            if self.made > MAX_NODES {
                return Err(damaged(format!(
                    "its functions unfold into over {MAX_NODES} operators"
                )));
            }
            let key = (domain_of(&node.domain), node.op_type.as_str());
            let Some(&function) = self.table.get(&key) else {
                for attribute in &mut node.attribute {
                    for graph in attribute.g.iter_mut().chain(&mut attribute.graphs) {
                        let mut inner = Vec::new();
                        self.nodes(std::mem::take(&mut graph.node), &mut inner, depth + 1)?;
                        graph.node = inner;
                    }
                }
                flat.push(node);
                continue;
            };
            self.calls += 1;
            let body = body(function, &node, self.calls);
            let copied = body.iter().map(NodeProto::encoded_len).sum();
            self.bytes = self.bytes.saturating_add(copied);
            if self.bytes > MAX_BYTES {
                return Err(damaged(format!(
                    "its functions unfold into over {} MiB",
                    MAX_BYTES >> 20
                )));
            }
            self.nodes(body, flat, depth + 1)?;
        }
        Ok(())
    }
}

fn domain_of(domain: &str) -> &str {
    if is_default(domain) { "" } else { domain }
}

/// The body of `function` as `call` has it: formal names replaced by actual ones, inner names made unique.
fn body(function: &FunctionProto, call: &NodeProto, number: usize) -> Vec<NodeProto> {
    let mut names: HashMap<String, String> = HashMap::new();
    for (i, formal) in function.input.iter().enumerate() {
        names.insert(
            formal.clone(),
            call.input.get(i).cloned().unwrap_or_default(),
        );
    }
    let mut copies = Vec::new();
    for (i, formal) in function.output.iter().enumerate() {
        let actual = call.output.get(i).filter(|n| !n.is_empty());
        let actual = actual
            .cloned()
            .unwrap_or_else(|| format!("{formal}/call{number}"));
        // An output that is an input passed through needs a node of its own.
        if let Some(source) = names.get(formal) {
            copies.push(NodeProto {
                op_type: "Identity".into(),
                input: vec![source.clone()],
                output: vec![actual],
                ..NodeProto::default()
            });
        } else {
            names.insert(formal.clone(), actual);
        }
    }
    let prefix = if call.name.is_empty() {
        format!("{}/call{number}", function.name.as_deref().unwrap_or(""))
    } else {
        call.name.clone()
    };
    let mut nodes: Vec<NodeProto> = function.node.clone();
    for node in &mut nodes {
        if !node.name.is_empty() {
            node.name = format!("{prefix}/{}", node.name);
        }
        rename_node(node, &mut names, &format!("/call{number}"));
        node.attribute
            .retain_mut(|attribute| resolve(attribute, call));
        for attribute in &mut node.attribute {
            for graph in attribute.g.iter_mut().chain(&mut attribute.graphs) {
                resolve_within(graph, call);
            }
        }
    }
    nodes.extend(copies);
    nodes
}

/// Puts the call's own attribute in place of a reference to it; says whether the attribute stays.
fn resolve(attribute: &mut AttributeProto, call: &NodeProto) -> bool {
    if attribute.ref_attr_name.is_empty() {
        return true;
    }
    let wanted = std::mem::take(&mut attribute.ref_attr_name);
    let Some(actual) = call.attribute.iter().find(|a| a.name == wanted) else {
        return false;
    };
    *attribute = AttributeProto {
        name: std::mem::take(&mut attribute.name),
        ..actual.clone()
    };
    true
}

fn resolve_within(graph: &mut GraphProto, call: &NodeProto) {
    for node in &mut graph.node {
        node.attribute
            .retain_mut(|attribute| resolve(attribute, call));
        for attribute in &mut node.attribute {
            for inner in attribute.g.iter_mut().chain(&mut attribute.graphs) {
                resolve_within(inner, call);
            }
        }
    }
}

/// Renames what `node` reads and makes: known names by `names`, new ones with `suffix`, which then become known.
pub(super) fn rename_node(node: &mut NodeProto, names: &mut HashMap<String, String>, suffix: &str) {
    for name in &mut node.input {
        if let Some(actual) = names.get(name) {
            name.clone_from(actual);
        }
    }
    for attribute in &mut node.attribute {
        for graph in attribute.g.iter_mut().chain(&mut attribute.graphs) {
            rename_graph(graph, &mut names.clone(), suffix);
        }
    }
    for name in node.output.iter_mut().filter(|n| !n.is_empty()) {
        let fresh = names
            .entry(name.clone())
            .or_insert_with(|| format!("{name}{suffix}"));
        name.clone_from(fresh);
    }
}

fn rename_graph(graph: &mut GraphProto, names: &mut HashMap<String, String>, suffix: &str) {
    let own = graph.input.iter().map(|v| v.name.clone());
    let own: Vec<String> = own
        .chain(graph.initializer.iter().map(|t| t.name.clone()))
        .collect();
    for name in own {
        let fresh = format!("{name}{suffix}");
        names.insert(name, fresh);
    }
    let new = |name: &mut String, names: &HashMap<String, String>| {
        if let Some(actual) = names.get(name.as_str()) {
            name.clone_from(actual);
        }
    };
    for value in &mut graph.input {
        new(&mut value.name, names);
    }
    for tensor in &mut graph.initializer {
        new(&mut tensor.name, names);
    }
    for node in &mut graph.node {
        rename_node(node, names, suffix);
    }
    for value in &mut graph.output {
        new(&mut value.name, names);
    }
}

/// The nodes that stand for `node`, an `If` of which the branch `taken` is known; inner constants go to `graph`.
pub(super) fn branch(
    node: &NodeProto,
    taken: &GraphProto,
    number: usize,
    graph: &mut Graph,
) -> Result<Vec<NodeProto>> {
    let mut names = HashMap::new();
    let mut taken = taken.clone();
    rename_graph(&mut taken, &mut names, &format!("/if{number}"));
    for tensor in &taken.initializer {
        graph
            .constants
            .insert(tensor.name.clone(), Tensor::from_proto(tensor, None)?);
    }
    let mut nodes = taken.node;
    for (inner, outer) in taken.output.iter().zip(&node.output) {
        nodes.push(NodeProto {
            op_type: "Identity".into(),
            input: vec![inner.name.clone()],
            output: vec![outer.clone()],
            ..NodeProto::default()
        });
    }
    Ok(nodes)
}
