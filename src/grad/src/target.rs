//! What a gradient is taken with respect to.

use super::rules;
use crate::error::{Error, Result};
use crate::onnx::node::{Attributes, inputs_of, is_default};
use crate::onnx::proto::NodeProto;
use crate::onnx::{Elem, Graph, Tensor};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What a gradient is taken with respect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// An input of the model, by name.
    Input(String),
    /// An initializer of floats, by name: a weight.
    Initializer(String),
    /// The output of the table of token embeddings, `[batch, sequence, width]`: for models whose inputs are token ids.
    Tokens,
}

impl Target {
    /// The first input of floats, else the token embeddings.
    ///
    /// # Errors
    /// The model has no input.
    pub fn first_input(graph: &Graph) -> Result<Self> {
        let floats = graph.inputs.iter().find(|p| p.elem.is_float());
        match floats {
            Some(port) => Ok(Self::Input(port.name.clone())),
            None if graph.inputs.is_empty() => Err(nothing("the model has no input")),
            None => Ok(Self::Tokens),
        }
    }

    /// The input or initializer of `graph` that is called `name`.
    ///
    /// # Errors
    /// There is none, or it is of integers.
    pub fn by_name(graph: &Graph, name: &str) -> Result<Self> {
        if graph.inputs.iter().any(|p| p.name == name) {
            let target = Self::Input(name.to_owned());
            let found = target.resolve(graph, &BTreeMap::new()).map(|_| target);
            return found.map_err(|error| error.of_model(&graph.path));
        }
        let found = match graph.constants.get(name) {
            Some(tensor) if tensor.elem().is_float() => Ok(Self::Initializer(name.to_owned())),
            Some(tensor) => Err(nothing(&format!(
                "the initializer {name} is of {}, which has no gradient",
                tensor.elem()
            ))),
            None => Err(Error::request(
                format!("the model has no input and no initializer {name}"),
                "Name an input of floats, or an initializer.",
            )),
        };
        found.map_err(|error| error.of_model(&graph.path))
    }

    /// The name of the initializer, where it is one.
    pub(super) fn initializer(&self) -> Option<&str> {
        match self {
            Self::Initializer(name) => Some(name),
            Self::Input(_) | Self::Tokens => None,
        }
    }

    /// The name of the value in `graph`, of which `weights` are the initializers of floats that may be asked for.
    ///
    /// # Errors
    /// There is no such input, or it is of integers; no table of embeddings is read at the model's integer inputs.
    pub(super) fn resolve(
        &self,
        graph: &Graph,
        weights: &BTreeMap<String, Tensor>,
    ) -> Result<String> {
        match self {
            Self::Initializer(name) if weights.contains_key(name) => Ok(name.clone()),
            Self::Initializer(name) => Err(nothing(&format!(
                "the model has no initializer {name} of floats"
            ))),
            Self::Input(name) => match graph.inputs.iter().find(|p| p.name == *name) {
                Some(port) if port.elem.is_float() || port.elem == Elem::Other(0) => {
                    Ok(name.clone())
                }
                Some(port) => Err(nothing(&format!(
                    "the input {name} is of {}, which has no gradient",
                    port.elem
                ))),
                None => Err(nothing(&format!("the model has no input {name}"))),
            },
            Self::Tokens => embedded(graph)
                .ok_or_else(|| nothing("no table of token embeddings is read at its inputs")),
        }
    }
}

fn nothing(what: &str) -> Error {
    Error::request(
        what,
        "Name an input of floats, or a text model's token embeddings.",
    )
}

/// The output of the `Gather` that looks the token ids up: its data is a constant matrix, its indices come from an
/// input by way of integers alone. Of several (positions and token types come so too) the largest table wins.
fn embedded(graph: &Graph) -> Option<String> {
    let mut fixed: HashMap<&str, usize> = graph
        .constants
        .iter()
        .map(|(name, t)| {
            (
                name.as_str(),
                if t.shape().len() == 2 {
                    t.shape()[0]
                } else {
                    0
                },
            )
        })
        .collect();
    let mut ids: HashSet<&str> = graph
        .inputs
        .iter()
        .filter(|p| !p.elem.is_float())
        .map(|p| p.name.as_str())
        .collect();
    let mut best: Option<(usize, &str)> = None;
    for node in &graph.nodes {
        let Some(output) = node.output.first() else {
            continue;
        };
        let inputs = inputs_of(node);
        let table = node.input.first().and_then(|n| fixed.get(n.as_str()));
        let rows = table.copied().unwrap_or(0);
        if inputs
            .iter()
            .all(|n| n.is_empty() || fixed.contains_key(n.as_str()))
        {
            // Casts, dequantising and the like of a table keep its rows.
            fixed.extend(node.output.iter().map(|o| (o.as_str(), rows)));
            continue;
        }
        let from_ids = node.input.get(1).is_some_and(|n| ids.contains(n.as_str()));
        if node.op_type == "OneHot" && node.input.first().is_some_and(|n| ids.contains(n.as_str()))
        {
            // A bag of words: its table of embeddings is the identity.
            let depth = node.input.get(1).and_then(|n| graph.constants.get(n));
            let depth = depth
                .and_then(Tensor::to_ints)
                .and_then(|d| d.first().copied());
            let rows = depth.map_or(0, |d| d.max(0) as usize);
            let floats = graph.infos.get(output).is_some_and(|i| i.elem.is_float());
            if floats && best.is_none_or(|(most, _)| rows > most) {
                best = Some((rows, output));
            }
            continue;
        }
        let is_lookup = match node.op_type.as_str() {
            "Gather" if is_default(&node.domain) => node.int_or("axis", 0) == 0,
            "GatherBlockQuantized" => node.int_or("gather_axis", 0) == 0,
            _ => false,
        };
        if is_lookup && from_ids && rows > 0 {
            if best.is_none_or(|(most, _)| rows > most) {
                best = Some((rows, output));
            }
        } else if passes_ids(node) && node.input.iter().any(|n| ids.contains(n.as_str())) {
            ids.insert(output);
        }
    }
    let (_, name) = best?;
    // Rows of a quantised table are embeddings once they are floats.
    let dequantises = |n: &&NodeProto| {
        n.op_type == "DequantizeLinear" && n.input.first().is_some_and(|i| i == name)
    };
    let floats = graph.nodes.iter().find(dequantises);
    let floats = floats.and_then(|n| n.output.first());
    Some(floats.map_or(name, String::as_str).to_owned())
}

/// Does `node` make token ids of token ids?
fn passes_ids(node: &NodeProto) -> bool {
    matches!(
        node.op_type.as_str(),
        "Cast"
            | "Reshape"
            | "Identity"
            | "Transpose"
            | "Squeeze"
            | "Unsqueeze"
            | "Flatten"
            | "Clip"
            | "Where"
            | "Concat"
            | "Slice"
            | "Max"
            | "Min"
            | "Expand"
            | "Add"
    ) && !rules::is_straight_through(node)
}
