//! Reading and writing the attributes of nodes.

use crate::onnx::proto::attribute_proto::AttributeType;
use crate::onnx::proto::{AttributeProto, GraphProto, NodeProto, TensorProto};

/// Is this the default operator set?
pub fn is_default(domain: &str) -> bool {
    domain.is_empty() || domain == "ai.onnx"
}

/// The operator's name, with its domain where that is not the default one, as `com.microsoft.FusedGelu`.
pub fn full_name(node: &NodeProto) -> String {
    if is_default(&node.domain) {
        node.op_type.clone()
    } else {
        format!("{}.{}", node.domain, node.op_type)
    }
}

/// How messages call a node: its name, else the name of what it makes.
pub fn label(node: &NodeProto) -> String {
    if node.name.is_empty() {
        node.output.first().cloned().unwrap_or_default()
    } else {
        node.name.clone()
    }
}

/// The attributes of a node, by name.
pub trait Attributes {
    /// All of them.
    fn attributes(&self) -> &[AttributeProto];

    /// The attribute called `name`.
    fn attribute(&self, name: &str) -> Option<&AttributeProto> {
        self.attributes().iter().find(|a| a.name == name)
    }

    /// An integer.
    fn int(&self, name: &str) -> Option<i64> {
        self.attribute(name).map(|a| a.i)
    }

    /// An integer, or `default`.
    fn int_or(&self, name: &str, default: i64) -> i64 {
        self.int(name).unwrap_or(default)
    }

    /// A number, or `default`.
    fn float_or(&self, name: &str, default: f32) -> f32 {
        self.attribute(name).map_or(default, |a| a.f)
    }

    /// Integers.
    fn ints(&self, name: &str) -> Option<&[i64]> {
        self.attribute(name).map(|a| a.ints.as_slice())
    }

    /// Text, or `default`.
    fn text_or<'a>(&'a self, name: &str, default: &'a str) -> &'a str {
        self.attribute(name)
            .and_then(|a| std::str::from_utf8(&a.s).ok())
            .unwrap_or(default)
    }

    /// A subgraph.
    fn graph(&self, name: &str) -> Option<&GraphProto> {
        self.attribute(name).and_then(|a| a.g.as_ref())
    }
}

impl Attributes for NodeProto {
    fn attributes(&self) -> &[AttributeProto] {
        &self.attribute
    }
}

/// An attribute with one integer.
pub fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        i: value,
        ..typed(name, AttributeType::Int)
    }
}

/// An attribute with integers.
pub fn ints(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto {
        ints: values.to_vec(),
        ..typed(name, AttributeType::Ints)
    }
}

/// An attribute with one number.
pub fn float(name: &str, value: f32) -> AttributeProto {
    AttributeProto {
        f: value,
        ..typed(name, AttributeType::Float)
    }
}

/// An attribute with text.
pub fn text(name: &str, value: &str) -> AttributeProto {
    AttributeProto {
        s: value.as_bytes().to_vec(),
        ..typed(name, AttributeType::String)
    }
}

/// An attribute with a tensor.
pub fn tensor(name: &str, value: TensorProto) -> AttributeProto {
    AttributeProto {
        t: Some(value),
        ..typed(name, AttributeType::Tensor)
    }
}

fn typed(name: &str, kind: AttributeType) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        r#type: kind as i32,
        ..AttributeProto::default()
    }
}

/// The names that `graph` takes from the graphs around it.
pub fn captured(graph: &GraphProto) -> Vec<String> {
    let mut own: std::collections::HashSet<&str> = graph
        .input
        .iter()
        .map(|v| v.name.as_str())
        .chain(graph.initializer.iter().map(|t| t.name.as_str()))
        .collect();
    let mut found = Vec::new();
    for node in &graph.node {
        for name in inputs_of(node) {
            if !name.is_empty() && !own.contains(name.as_str()) && !found.contains(&name) {
                found.push(name);
            }
        }
        own.extend(node.output.iter().map(String::as_str));
    }
    for output in &graph.output {
        if !own.contains(output.name.as_str()) && !found.contains(&output.name) {
            found.push(output.name.clone());
        }
    }
    found
}

/// Everything that `node` reads, what its subgraphs take from outside included; `""` for what is left out.
pub fn inputs_of(node: &NodeProto) -> Vec<String> {
    let mut names = node.input.clone();
    for attribute in &node.attribute {
        for graph in attribute.g.iter().chain(&attribute.graphs) {
            names.extend(captured(graph));
        }
    }
    names
}

/// Does `node` make other values on each run?
pub(crate) fn is_random(node: &NodeProto) -> bool {
    matches!(
        node.op_type.as_str(),
        "RandomNormal"
            | "RandomUniform"
            | "RandomNormalLike"
            | "RandomUniformLike"
            | "Bernoulli"
            | "Multinomial"
    )
}
