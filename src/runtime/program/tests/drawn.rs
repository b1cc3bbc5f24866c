//! Graphs that are made node by node.

use crate::onnx::proto::{AttributeProto, NodeProto};
use crate::onnx::{Dim, Elem, Graph, Info, Port, Tensor, node};

/// A graph in the making, of two rows.
pub struct Drawn {
    pub graph: Graph,
    random: fastrand::Rng,
}

pub const ROWS: usize = 2;

impl Drawn {
    /// With an input `x` of so many channels and places.
    pub fn new(channels: usize, places: usize, outputs: &[&str]) -> Self {
        let graph = Graph {
            opset: crate::onnx::OPSET,
            inputs: vec![Port {
                name: "x".into(),
                elem: Elem::F32,
                dims: [ROWS, channels, places, places].map(Dim::Fixed).into(),
                has_shape: true,
            }],
            outputs: outputs.iter().map(|&name| name.into()).collect(),
            ..Graph::default()
        };
        let random = fastrand::Rng::with_seed(3);
        Self { graph, random }
    }

    pub fn constant(&mut self, name: &str, tensor: Tensor) {
        self.graph.constants.insert(name.into(), tensor);
    }

    /// A constant of random values between -0.5 and 0.5.
    pub fn weights(&mut self, name: &str, shape: &[usize]) {
        let values: Vec<f32> = (0..shape.iter().product::<usize>())
            .map(|_| self.random.f32() - 0.5)
            .collect();
        self.constant(name, Tensor::floats(shape, &values));
    }

    /// A node; what it makes, each with its shape.
    pub fn node(
        &mut self,
        op: &str,
        reads: &[&str],
        makes: &[(&str, &[usize])],
        attribute: Vec<AttributeProto>,
    ) {
        self.graph.nodes.push(NodeProto {
            op_type: op.into(),
            name: makes[0].0.into(),
            input: reads.iter().map(|&name| name.into()).collect(),
            output: makes.iter().map(|(name, _)| (*name).into()).collect(),
            attribute,
            ..NodeProto::default()
        });
        for (n, (name, shape)) in makes.iter().enumerate() {
            let elem = match (op, n) {
                ("Greater", _) => Elem::Bool,
                ("MaxPool", 1) => Elem::I64,
                _ => Elem::F32,
            };
            let shape = shape.to_vec();
            self.graph
                .infos
                .insert((*name).into(), Info { elem, shape });
        }
    }

    /// The mask of what is above zero, as numbers.
    pub fn mask(&mut self, of: &str, is: &str, mask: &str, shape: &[usize]) {
        self.constant("zero", Tensor::floats(&[], &[0.0]));
        self.node("Greater", &[of, "zero"], &[(is, shape)], vec![]);
        self.node("Cast", &[is], &[(mask, shape)], vec![node::int("to", 1)]);
    }
}

pub fn windows(kernel: i64, stride: i64, pads: [i64; 4]) -> Vec<AttributeProto> {
    vec![
        node::ints("kernel_shape", &[kernel; 2]),
        node::ints("strides", &[stride; 2]),
        node::ints("pads", &pads),
    ]
}
