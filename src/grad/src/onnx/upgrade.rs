//! Brings a graph of an older operator set to the one that rules are written for, and all its floats to float32.

use super::graph::Graph;
use super::node::{self, Attributes, is_default};
use super::{Elem, Tensor};
use crate::error::Result;
use crate::onnx::proto::{GraphProto, NodeProto};
use std::collections::HashSet;

/// The operator set that graphs are brought to; newer ones stay as they are.
pub const OPSET: i64 = 18;

/// Rewrites the operators whose form changed between the operator set of `graph` (7 at least) and [`OPSET`], and makes
/// float16, bfloat16 and float64 values float32, the model's own casts included.
///
/// # Errors
/// The operator set is older than 7.
pub fn upgrade(graph: &mut Graph) -> Result<()> {
    if graph.opset < 7 {
        return Err(super::wrong(format!(
            "its operator set is version {}, older than 7",
            graph.opset
        )));
    }
    let scans = |n: &NodeProto| n.op_type == "Scan" && is_default(&n.domain);
    if graph.opset < 9 && graph.nodes.iter().any(scans) {
        return Err(super::wrong("version 8 of Scan is not known".into()));
    }
    in_float32(graph);
    let from = graph.opset;
    if from >= OPSET {
        return Ok(());
    }
    let shrinks = |t: &Tensor| {
        let scales = if t.elem() == Elem::F32 && t.len() <= 8 {
            t.to_floats()
        } else {
            None
        };
        scales.is_some_and(|list| list.iter().any(|&s| s < 1.0))
    };
    let constants = graph.constants.iter();
    let mut upgrader = Upgrader {
        shrinking: constants
            .filter(|(_, t)| shrinks(t))
            .map(|(name, _)| name.clone())
            .collect(),
        from,
        made: 0,
        constants: Vec::new(),
    };
    graph.nodes = upgrader.nodes(std::mem::take(&mut graph.nodes));
    graph.constants.extend(upgrader.constants);
    graph.opset = OPSET;
    Ok(())
}

struct Upgrader {
    from: i64,
    /// Constants that, as the scales of a `Resize`, make smaller.
    shrinking: HashSet<String>,
    made: usize,
    constants: Vec<(String, Tensor)>,
}

impl Upgrader {
    fn nodes(&mut self, nodes: Vec<NodeProto>) -> Vec<NodeProto> {
        let mut upgraded = Vec::with_capacity(nodes.len());
        for mut node in nodes {
            for attribute in &mut node.attribute {
                for graph in attribute.g.iter_mut().chain(&mut attribute.graphs) {
                    graph.node = self.nodes(std::mem::take(&mut graph.node));
                }
            }
            if is_default(&node.domain) {
                self.node(node, &mut upgraded);
            } else {
                upgraded.push(node);
            }
        }
        upgraded
    }

    fn node(&mut self, mut node: NodeProto, upgraded: &mut Vec<NodeProto>) {
        match node.op_type.as_str() {
            "Softmax" | "LogSoftmax" | "Hardmax" if self.from < 13 => {
                return Self::softmax(node, upgraded);
            }
            "ReduceSum" | "Squeeze" | "Unsqueeze" if self.from < 13 => {
                self.attribute_to_input(&mut node, "axes");
            }
            "Split" => {
                if self.from < 13 {
                    self.attribute_to_input(&mut node, "split");
                }
                if node.input.get(1).is_none_or(String::is_empty) {
                    let count = node.output.len() as i64;
                    node.attribute.push(node::int("num_outputs", count));
                }
            }
            "ReduceMean" | "ReduceMax" | "ReduceMin" | "ReduceProd" | "ReduceL1" | "ReduceL2"
            | "ReduceLogSum" | "ReduceLogSumExp" | "ReduceSumSquare" => {
                self.attribute_to_input(&mut node, "axes");
            }
            "Upsample" => self.upsample(&mut node),
            "Resize" if self.from < 11 => {
                // Resize-10 sampled as Upsample did. Its text leaves open how nearest rounds: ONNX Runtime rounds up
                // where it makes smaller.
                let shrinks = node
                    .input
                    .get(1)
                    .is_some_and(|s| self.shrinking.contains(s));
                sample(&mut node, if shrinks { "ceil" } else { "floor" });
            }
            "Clip" if self.from < 11 => {
                let bounds = ["min", "max"].map(|name| node.attribute(name).map(|a| a.f));
                for bound in bounds {
                    let name = bound.map(|b| self.constant(Tensor::floats(&[], &[b])));
                    node.input.push(name.unwrap_or_default());
                }
                node.attribute
                    .retain(|a| a.name != "min" && a.name != "max");
            }
            "Pad" if self.from < 11 => {
                self.attribute_to_input(&mut node, "pads");
                let value = node.float_or("value", 0.0);
                let value = self.constant(Tensor::floats(&[], &[value]));
                node.input.push(value);
                node.attribute.retain(|a| a.name != "value");
            }
            "Slice" if self.from < 10 => {
                for name in ["starts", "ends", "axes"] {
                    self.attribute_to_input(&mut node, name);
                }
            }
            "TopK" if self.from < 10 => {
                let k = node.int_or("k", 1);
                let k = self.constant(Tensor::ints(&[1], &[k]));
                node.input.push(k);
                node.attribute.retain(|a| a.name != "k");
            }
            "Dropout" if self.from < 12 => node.attribute.retain(|a| a.name != "ratio"),
            "BatchNormalization" if self.from < 14 => {
                node.attribute.retain(|a| a.name != "spatial");
                node.output.truncate(1);
            }
            "Scatter" => node.op_type = "ScatterElements".into(),
            _ => {}
        }
        upgraded.push(node);
    }

    /// Makes the attribute `name` the next input.
    fn attribute_to_input(&mut self, node: &mut NodeProto, name: &str) {
        let values = node.ints(name).map(|v| Tensor::ints(&[v.len()], v));
        if let Some(values) = values {
            let constant = self.constant(values);
            node.input.push(constant);
            node.attribute.retain(|a| a.name != name);
        }
    }

    fn constant(&mut self, value: Tensor) -> String {
        self.made += 1;
        let name = format!("nearmiss/upgrade_{}", self.made);
        self.constants.push((name.clone(), value));
        name
    }

    /// Before version 13 these worked on all dimensions from `axis` on, flattened into one.
    fn softmax(mut node: NodeProto, upgraded: &mut Vec<NodeProto>) {
        let axis = node.int_or("axis", 1);
        let ends = (node.input.first().cloned(), node.output.first().cloned());
        let (Some(input), Some(output), true) = (ends.0, ends.1, axis != -1) else {
            upgraded.push(node);
            return;
        };
        let [flat, soft, shape] =
            ["flat", "soft", "shape"].map(|n| format!("{output}/nearmiss_{n}"));
        let plain = |op: &str, from: Vec<String>, to: &str| NodeProto {
            op_type: op.into(),
            input: from,
            output: vec![to.into()],
            ..NodeProto::default()
        };
        upgraded.push(NodeProto {
            attribute: vec![node::int("axis", axis)],
            ..plain("Flatten", vec![input.clone()], &flat)
        });
        node.attribute = vec![node::int("axis", 1)];
        node.input = vec![flat];
        node.output = vec![soft.clone()];
        upgraded.push(node);
        upgraded.push(plain("Shape", vec![input], &shape));
        upgraded.push(plain("Reshape", vec![soft, shape], &output));
    }

    fn upsample(&mut self, node: &mut NodeProto) {
        node.op_type = "Resize".into();
        if let Some(scales) = node.attribute("scales").map(|a| a.floats.clone()) {
            let scales = self.constant(Tensor::floats(&[scales.len()], &scales));
            node.input.push(scales);
            node.attribute.retain(|a| a.name != "scales");
        }
        sample(node, "floor");
    }
}

/// The inputs and attributes of `Resize` as version 11 has them, for what came before.
fn sample(node: &mut NodeProto, nearest: &str) {
    node.input.insert(node.input.len().min(1), String::new());
    node.attribute
        .push(node::text("coordinate_transformation_mode", "asymmetric"));
    node.attribute.push(node::text("nearest_mode", nearest));
}

/// Every float16, bfloat16 and float64 value becomes float32.
fn in_float32(graph: &mut Graph) {
    for tensor in graph.constants.values_mut() {
        *tensor = tensor.clone().in_float32();
    }
    for port in graph.inputs.iter_mut().chain(graph.declared.values_mut()) {
        port.elem = widened(port.elem);
    }
    nodes_in_float32(&mut graph.nodes);
}

fn widened(elem: Elem) -> Elem {
    if elem.is_float() { Elem::F32 } else { elem }
}

fn nodes_in_float32(nodes: &mut [NodeProto]) {
    for attribute in nodes.iter_mut().flat_map(|n| &mut n.attribute) {
        if matches!(attribute.name.as_str(), "to" | "dtype" | "output_dtype") && attribute.i != 0 {
            attribute.i = i64::from(widened(Elem::from_onnx(attribute.i as i32)).to_onnx());
        }
        for tensor in attribute.t.iter_mut().chain(&mut attribute.tensors) {
            tensor_in_float32(tensor);
        }
        for graph in attribute.g.iter_mut().chain(&mut attribute.graphs) {
            graph_in_float32(graph);
        }
    }
}

fn tensor_in_float32(tensor: &mut crate::onnx::proto::TensorProto) {
    let elem = Elem::from_onnx(tensor.data_type);
    if elem.is_float()
        && elem != Elem::F32
        && let Ok(value) = Tensor::from_proto(tensor, None)
    {
        *tensor = value.in_float32().to_proto(&tensor.name);
    }
}

fn graph_in_float32(graph: &mut GraphProto) {
    for tensor in &mut graph.initializer {
        tensor_in_float32(tensor);
    }
    for value in graph.input.iter_mut().chain(&mut graph.output) {
        if let Some(crate::onnx::proto::type_proto::Value::TensorType(tensor)) =
            value.r#type.as_mut().and_then(|t| t.value.as_mut())
        {
            tensor.elem_type = widened(Elem::from_onnx(tensor.elem_type)).to_onnx();
        }
    }
    nodes_in_float32(&mut graph.node);
}
