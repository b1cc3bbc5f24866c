//! Writes nodes whose shapes are known: what rules, lowerings and objectives are written with.

mod arithmetic;
mod shape;

pub use arithmetic::broadcast;

use super::graph::{Graph, Info};
use super::node::Attributes;
use super::{Elem, Tensor, elements};
use crate::error::{Error, Result};
use crate::guard::memory;
use crate::onnx::proto::{AttributeProto, NodeProto};
use std::collections::HashMap;
use std::sync::Arc;

/// A value of the graph under construction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// Its name in the graph.
    pub name: Arc<str>,
    /// Dimensions, all known.
    pub shape: Vec<usize>,
    /// Element type.
    pub elem: Elem,
}

impl Value {
    /// Number of dimensions.
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// Number of elements.
    pub fn count(&self) -> usize {
        elements(&self.shape).unwrap_or(usize::MAX)
    }

    /// `axis`, which may count from the end, as an index into the shape (or one past it).
    ///
    /// # Errors
    /// It lies outside.
    pub fn axis(&self, axis: i64) -> Result<usize> {
        let rank = self.rank() as i64;
        usize::try_from(if axis < 0 { axis + rank } else { axis })
            .ok()
            .filter(|&a| a <= self.rank())
            .ok_or_else(|| wrong(format!("axis {axis} of a value with {rank} dimensions")))
    }
}

/// A node of the graph as a rule sees it: attributes (through [`Attributes`]) and the values around it.
#[derive(Debug, Clone)]
pub struct Node {
    /// The protobuf node.
    pub proto: NodeProto,
    /// What it reads; `None` where an optional input is left out.
    pub inputs: Vec<Option<Value>>,
    /// What it makes; `None` where an optional output is left out.
    pub outputs: Vec<Option<Value>>,
    /// Which inputs a cotangent is wanted for.
    pub wanted: Vec<bool>,
}

impl Attributes for Node {
    fn attributes(&self) -> &[AttributeProto] {
        &self.proto.attribute
    }
}

impl Node {
    /// Its operator, without the domain.
    pub fn op(&self) -> &str {
        &self.proto.op_type
    }

    /// Input `i`.
    ///
    /// # Errors
    /// It is left out.
    pub fn input(&self, i: usize) -> Result<&Value> {
        self.maybe(i)
            .ok_or_else(|| wrong(format!("{} without its input {i}", self.op())))
    }

    /// Input `i` where it is given.
    pub fn maybe(&self, i: usize) -> Option<&Value> {
        self.inputs.get(i).and_then(Option::as_ref)
    }

    /// Output `i`.
    ///
    /// # Errors
    /// It is left out.
    pub fn output(&self, i: usize) -> Result<&Value> {
        let value = self.outputs.get(i).and_then(Option::as_ref);
        value.ok_or_else(|| wrong(format!("{} without its output {i}", self.op())))
    }

    /// Is a cotangent of input `i` wanted?
    pub fn wants(&self, i: usize) -> bool {
        self.wanted.get(i).copied().unwrap_or(false)
    }
}

/// Appends nodes to a graph. Every method that makes a value knows its shape; arguments that do not fit are errors.
pub struct Builder {
    graph: Graph,
    made: usize,
    shared: HashMap<Vec<u8>, Value>,
    /// Constants transposed, by name and order: the steps of a loop written out ask for the same.
    flipped: HashMap<(Arc<str>, Vec<usize>), Value>,
    /// The node that was looked for last: the driver goes from the last to the first.
    place: usize,
    walk: Walk,
}

/// What becomes of the nodes that a walk backwards makes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Walk {
    /// They are run.
    #[default]
    Once,
    /// They are differentiated once more, by what the first walk was with respect to.
    Again,
    /// They are differentiated once more, by the cotangent that they start with: they may not depend on its values but
    /// linearly.
    Linear,
}

impl Builder {
    /// Goes on with `graph`, whose values are known (see `bind`).
    pub fn new(graph: Graph) -> Self {
        Self {
            graph,
            made: 0,
            shared: HashMap::new(),
            flipped: HashMap::new(),
            place: usize::MAX,
            walk: Walk::Once,
        }
    }

    /// From here on a walk of this kind makes the nodes.
    pub(crate) fn walk(&mut self, walk: Walk) {
        self.walk = walk;
    }

    /// The kind of walk that makes the nodes.
    pub(crate) fn walking(&self) -> Walk {
        self.walk
    }

    /// The graph so far.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The graph so far, to be changed.
    pub fn graph_mut(&mut self) -> &mut Graph {
        &mut self.graph
    }

    /// The finished graph.
    pub fn into_graph(self) -> Graph {
        self.graph
    }

    /// The value called `name`.
    ///
    /// # Errors
    /// Nothing is known of it.
    pub fn value(&self, name: &str) -> Result<Value> {
        let (elem, shape) = if let Some(tensor) = self.graph.constants.get(name) {
            (tensor.elem(), tensor.shape().to_vec())
        } else if let Some(info) = self.graph.infos.get(name) {
            (info.elem, info.shape.clone())
        } else {
            return Err(wrong(format!("nothing is known of the value \"{name}\"")));
        };
        Ok(Value {
            name: name.into(),
            shape,
            elem,
        })
    }

    /// The constant behind `value`, where it is one.
    pub fn constant(&self, value: &Value) -> Option<&Tensor> {
        self.graph.constants.get(value.name.as_ref())
    }

    /// The integers of the constant behind `value`.
    ///
    /// # Errors
    /// It is not constant once the shapes of the inputs are bound, or not of integers.
    pub fn integers(&self, value: &Value) -> Result<Vec<i64>> {
        self.constant(value)
            .and_then(Tensor::to_ints)
            .ok_or_else(|| wrong(format!("\"{}\" depends on the input's values", value.name)))
    }

    /// A new input of the graph.
    pub fn feed(&mut self, name: &str, elem: Elem, shape: &[usize]) -> Value {
        self.graph
            .inputs
            .push(super::Port::fixed(name, elem, shape));
        self.know(name, elem, shape)
    }

    fn know(&mut self, name: &str, elem: Elem, shape: &[usize]) -> Value {
        let info = Info {
            elem,
            shape: shape.to_vec(),
        };
        self.graph.infos.insert(name.into(), info);
        Value {
            name: name.into(),
            shape: shape.to_vec(),
            elem,
        }
    }

    fn fresh(&mut self, what: &str) -> String {
        loop {
            self.made += 1;
            let name = format!("nearmiss/{what}_{}", self.made);
            if !self.graph.infos.contains_key(&name) && !self.graph.constants.contains_key(&name) {
                return name;
            }
        }
    }

    /// A constant; equal small ones are shared.
    pub fn tensor(&mut self, tensor: Tensor) -> Value {
        let mut key = Vec::new();
        if tensor.bytes().len() <= 64 {
            key.extend(tensor.elem().to_onnx().to_le_bytes());
            key.extend(tensor.shape().iter().flat_map(|d| d.to_le_bytes()));
            key.push(b'|');
            key.extend(tensor.bytes());
            if let Some(value) = self.shared.get(&key) {
                return value.clone();
            }
        }
        let value = Value {
            name: self.fresh("constant").into(),
            shape: tensor.shape().to_vec(),
            elem: tensor.elem(),
        };
        self.graph.constants.insert(value.name.to_string(), tensor);
        if !key.is_empty() {
            self.shared.insert(key, value.clone());
        }
        value
    }

    /// A float32 scalar.
    pub fn scalar(&mut self, value: f32) -> Value {
        self.tensor(Tensor::floats(&[], &[value]))
    }

    /// A vector of int64.
    pub fn ints(&mut self, values: &[i64]) -> Value {
        self.tensor(Tensor::ints(&[values.len()], values))
    }

    /// float32 zeros of `shape`.
    pub fn zeros(&mut self, shape: &[usize]) -> Value {
        // Engines make them so in half the time that `Expand` takes, and scatter into them in place.
        let list: Vec<i64> = shape.iter().map(|&d| d as i64).collect();
        let list = self.ints(&list);
        // tract's zeros are float64 where no value is given.
        let zero = Tensor::floats(&[1], &[0.0]).to_proto("zero");
        let value = vec![super::node::tensor("value", zero)];
        self.node("ConstantOfShape", &[&list], value, Elem::F32, shape)
    }

    /// A node of any operator; `makes` lists type and shape of each output.
    pub fn nodes(
        &mut self,
        op: &str,
        inputs: &[Option<&Value>],
        attributes: Vec<AttributeProto>,
        makes: &[(Elem, &[usize])],
    ) -> Vec<Value> {
        let name = self.fresh(op);
        let outputs: Vec<Value> = makes
            .iter()
            .enumerate()
            .map(|(i, (elem, shape))| {
                let output = if i == 0 {
                    name.clone()
                } else {
                    format!("{name}.{i}")
                };
                self.know(&output, *elem, shape)
            })
            .collect();
        self.graph.nodes.push(NodeProto {
            input: inputs
                .iter()
                .map(|v| v.map_or_else(String::new, |v| v.name.to_string()))
                .collect(),
            output: outputs.iter().map(|v| v.name.to_string()).collect(),
            name,
            op_type: op.into(),
            attribute: attributes,
            ..NodeProto::default()
        });
        outputs
    }

    /// A node with one output of type `elem` and `shape`.
    pub fn node(
        &mut self,
        op: &str,
        inputs: &[&Value],
        attributes: Vec<AttributeProto>,
        elem: Elem,
        shape: &[usize],
    ) -> Value {
        let inputs: Vec<_> = inputs.iter().map(|v| Some(*v)).collect();
        let outputs = self.nodes(op, &inputs, attributes, &[(elem, shape)]);
        outputs
            .into_iter()
            .next()
            .unwrap_or_else(|| unreachable!("one output was asked for"))
    }

    /// The number of the node that makes `name`.
    ///
    /// # Errors
    /// No node does.
    pub fn place_of(&mut self, name: &str) -> Result<usize> {
        let nodes = &self.graph.nodes;
        let makes = |i: &usize| nodes[*i].output.iter().any(|o| o == name);
        let start = self.place.saturating_add(1).min(nodes.len());
        let found = (0..start)
            .rev()
            .find(makes)
            .or_else(|| (start..nodes.len()).find(makes));
        self.place = found.ok_or_else(|| wrong(format!("no node makes \"{name}\"")))?;
        Ok(self.place)
    }

    /// `count` where a constant of as many values may be made; sizes that a model only states are checked so.
    ///
    /// # Errors
    /// There are too many.
    pub fn room(&self, count: Option<usize>) -> Result<usize> {
        let bytes = count.map_or(u64::MAX, |n| (n as u64).saturating_mul(4));
        match (count, memory::fits(bytes, 0)) {
            (Some(count), Ok(())) => Ok(count),
            (_, Err(e)) => Err(wrong(format!("a constant of its gradient {e}"))),
            (None, Ok(())) => Err(wrong("a constant of its gradient is too large".into())),
        }
    }

    /// Makes the forward node that makes `first` also make its optional output `index`.
    ///
    /// # Errors
    /// No node makes `first`.
    pub fn extra_output(
        &mut self,
        first: &Value,
        index: usize,
        elem: Elem,
        shape: &[usize],
    ) -> Result<Value> {
        let name = format!("{}.{index}", first.name);
        let at = self.place_of(&first.name)?;
        let node = &mut self.graph.nodes[at];
        while node.output.len() <= index {
            node.output.push(String::new());
        }
        if node.output[index].is_empty() {
            node.output[index].clone_from(&name);
        }
        let name = node.output[index].clone();
        Ok(self.know(&name, elem, shape))
    }
}

/// What does not fit, inside the transform; the driver adds which node it was.
pub fn wrong(what: String) -> Error {
    Error::Unsupported { path: None, what }
}
