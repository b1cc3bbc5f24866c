//! A head behind an embedding, in operators of the model's own set.

use crate::compute::train::{Activation, Block, HeadShape, Part};
use crate::encoder::Apart;
use crate::onnx::node::{self, inputs_of};
use crate::onnx::proto::NodeProto;
use crate::onnx::{Dim, Elem, Graph, NodeMaker, Port, Tensor};

/// Added to a row's sum of squares: keeps a row of zeros so, and is lost in the rounding of any other.
const LEAST: f32 = 1e-30;
/// sqrt(2 / pi) and the factor of the cube in GELU's tanh form, as the heads are trained with.
const ROOT: f32 = 0.797_884_6;
const CUBE: f32 = 0.044_715;
/// The operator set from which `ReduceSum` takes its axes as an input.
const AXES_FED: i64 = 13;

/// Puts the head at `part` of `weights` behind the embedding of `apart`: unit norm, head, unit norm. The only output of
/// the graph is that, float32 `[rows, shape.outputs]`, under the first of `names` that can be had.
pub(super) fn behind(
    apart: Apart,
    shape: &HeadShape,
    part: Part,
    weights: &[f32],
    names: [&str; 2],
) -> Graph {
    let Apart {
        mut graph,
        mut embedding,
        rows,
    } = apart;
    let name = vacated(&mut graph, names, &mut embedding);
    let opset = graph.opset;
    let mut layers = Layers {
        make: NodeMaker::new(&mut graph, "nearmiss_head"),
        nodes: Vec::new(),
        opset,
    };
    let given = layers.unit(&embedding);
    let mut made = layers.layer(&given, part.first.of(weights), part.first, shape.bias);
    if let (Some(second), Some(hidden)) = (part.second, shape.hidden) {
        let active = layers.active(hidden.activation, &made);
        made = layers.layer(&active, second.of(weights), second, false);
    }
    if shape.residual {
        made = layers.op("Add", &[&given, &made]);
    }
    layers.unit(&made);
    let nodes = layers.nodes;
    ended(graph, nodes, name, vec![rows, Dim::Fixed(shape.outputs)])
}

/// The graph of `apart` with its embedding, `dim` values a row, as its only output, under the first of `names` that can be had.
pub fn alone(apart: Apart, dim: usize, names: [&str; 2]) -> Graph {
    let Apart {
        mut graph,
        mut embedding,
        rows,
    } = apart;
    let name = vacated(&mut graph, names, &mut embedding);
    let mut nodes = Vec::new();
    let mut make = NodeMaker::new(&mut graph, "nearmiss_output");
    make.node(&mut nodes, "Identity", &[&embedding], &[]);
    ended(graph, nodes, name, vec![rows, Dim::Fixed(dim)])
}

/// `graph` with `nodes` behind it, the last of which makes the only output, `name` of `dims`.
fn ended(mut graph: Graph, mut nodes: Vec<NodeProto>, name: String, dims: Vec<Dim>) -> Graph {
    if let Some(last) = nodes.last_mut() {
        last.output = vec![name.clone()];
    }
    graph.nodes.append(&mut nodes);
    graph.outputs = vec![name.clone()];
    graph.infos.clear();
    let port = Port {
        name: name.clone(),
        elem: Elem::F32,
        dims,
        has_shape: true,
    };
    graph.declared = [(name, port)].into();
    graph
}

/// The operators of a head, in the order in which they run.
struct Layers<'a> {
    make: NodeMaker<'a>,
    nodes: Vec<NodeProto>,
    opset: i64,
}

impl Layers<'_> {
    fn op(&mut self, op: &str, inputs: &[&str]) -> String {
        self.make.node(&mut self.nodes, op, inputs, &[])
    }

    fn number(&mut self, value: f32) -> String {
        self.make.constant(Tensor::floats(&[], &[value]))
    }

    /// Rows of unit norm; zeros stay zeros.
    fn unit(&mut self, rows: &str) -> String {
        let squares = self.op("Mul", &[rows, rows]);
        let sum = if self.opset < AXES_FED {
            let sum = self.op("ReduceSum", &[&squares]);
            if let Some(node) = self.nodes.last_mut() {
                node.attribute.push(node::ints("axes", &[1]));
            }
            sum
        } else {
            let axes = self.make.constant(Tensor::ints(&[1], &[1]));
            self.op("ReduceSum", &[&squares, &axes])
        };
        if let Some(node) = self.nodes.last_mut() {
            node.attribute.push(node::int("keepdims", 1));
        }
        let least = self.number(LEAST);
        let sum = self.op("Add", &[&sum, &least]);
        let norm = self.op("Sqrt", &[&sum]);
        self.op("Div", &[rows, &norm])
    }

    /// `rows` times `values`, the matrix of `block`, transposed; its last column is a bias where there is one.
    fn layer(&mut self, rows: &str, values: &[f32], block: Block, bias: bool) -> String {
        let columns = block.columns - usize::from(bias);
        let column = |at: usize| values.iter().skip(at).step_by(block.columns).copied();
        let turned: Vec<f32> = (0..columns).flat_map(column).collect();
        let matrix = Tensor::floats(&[columns, block.rows], &turned);
        let matrix = self.make.constant(matrix);
        let product = self.op("MatMul", &[rows, &matrix]);
        if !bias {
            return product;
        }
        let added: Vec<f32> = column(columns).collect();
        let added = self.make.constant(Tensor::floats(&[block.rows], &added));
        self.op("Add", &[&product, &added])
    }

    fn active(&mut self, activation: Activation, x: &str) -> String {
        if activation == Activation::Relu {
            return self.op("Relu", &[x]);
        }
        let [root, cube, half, one] = [ROOT, CUBE, 0.5, 1.0].map(|value| self.number(value));
        let square = self.op("Mul", &[x, x]);
        let third = self.op("Mul", &[&square, x]);
        let third = self.op("Mul", &[&third, &cube]);
        let inner = self.op("Add", &[x, &third]);
        let inner = self.op("Mul", &[&inner, &root]);
        let bent = self.op("Tanh", &[&inner]);
        let bent = self.op("Add", &[&bent, &one]);
        let halved = self.op("Mul", &[x, &half]);
        self.op("Mul", &[&halved, &bent])
    }
}

/// The first of `names` for the output: what an operator makes under it already gets another name, unless a graph within
/// the graph reads it. `embedding` is renamed too.
fn vacated(graph: &mut Graph, names: [&str; 2], embedding: &mut String) -> String {
    let taken = |graph: &Graph, name: &str| {
        graph.inputs.iter().any(|p| p.name == name) || graph.constants.contains_key(name)
    };
    let made = |graph: &Graph, name: &str| {
        let mut outputs = graph.nodes.iter().flat_map(|n| &n.output);
        outputs.any(|o| o == name)
    };
    let within = |graph: &Graph, name: &str| {
        let mut nodes = graph.nodes.iter();
        nodes.any(|n| inputs_of(n)[n.input.len()..].iter().any(|i| i == name))
    };
    for name in names {
        if taken(graph, name) || within(graph, name) {
            continue;
        }
        if made(graph, name) {
            let mut other = format!("{name}/given");
            while made(graph, &other) || taken(graph, &other) {
                other.push('_');
            }
            graph.rename(name, &other);
            if embedding == name {
                *embedding = other;
            }
        }
        return name.to_owned();
    }
    let mut name = names[0].to_owned();
    while taken(graph, &name) || made(graph, &name) || within(graph, &name) {
        name.push('_');
    }
    name
}
