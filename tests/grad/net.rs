//! Small models of several operators, written by hand, through the bytes of a file as real ones come.

use super::harness::{At, close, engine, on_tract, spread};
use nearmiss::grad::{COTANGENT, Gradient, Objective, Request, Result, Target, differentiate};
use nearmiss::onnx::proto::Message;
use nearmiss::onnx::proto::{
    AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto,
    TensorShapeProto, TypeProto, ValueInfoProto, tensor_shape_proto::Dimension,
    tensor_shape_proto::dimension, type_proto,
};
use nearmiss::onnx::{Effort, Elem, Graph, GraphEngine, Tensor};
use nearmiss::task::Task;
use std::collections::BTreeMap;
use std::path::Path;

/// A node; the name of what it makes is its name.
pub fn node(
    op: &str,
    inputs: &[&str],
    outputs: &[&str],
    attributes: &[AttributeProto],
) -> NodeProto {
    let (domain, op) = op.rsplit_once('.').unwrap_or(("", op));
    NodeProto {
        op_type: op.into(),
        domain: domain.into(),
        name: outputs
            .first()
            .map(|o| format!("the {o}"))
            .unwrap_or_default(),
        input: inputs.iter().map(|&i| i.into()).collect(),
        output: outputs.iter().map(|&o| o.into()).collect(),
        attribute: attributes.to_vec(),
        ..NodeProto::default()
    }
}

/// A declared value; `elem` 0 leaves the type out.
pub fn value(name: &str, elem: Elem, shape: Option<&[usize]>) -> ValueInfoProto {
    let dim = |&d: &usize| Dimension {
        value: Some(dimension::Value::DimValue(d as i64)),
        ..Dimension::default()
    };
    let tensor = type_proto::Tensor {
        elem_type: elem.to_onnx(),
        shape: shape.map(|s| TensorShapeProto {
            dim: s.iter().map(dim).collect(),
        }),
    };
    ValueInfoProto {
        name: name.into(),
        r#type: Some(TypeProto {
            value: Some(type_proto::Value::TensorType(tensor)),
            ..TypeProto::default()
        }),
        ..ValueInfoProto::default()
    }
}

/// A graph that stands in an attribute, of nodes alone.
pub fn subgraph(inputs: &[&str], nodes: &[NodeProto], outputs: &[&str]) -> GraphProto {
    GraphProto {
        name: "inner".into(),
        input: inputs.iter().map(|i| value(i, Elem::F32, None)).collect(),
        node: nodes.to_vec(),
        output: outputs.iter().map(|o| value(o, Elem::F32, None)).collect(),
        ..GraphProto::default()
    }
}

/// A subgraph as an attribute.
pub fn graph(name: &str, graph: GraphProto) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        r#type: 5,
        g: Some(graph),
        ..AttributeProto::default()
    }
}

/// An attribute of a function's node that takes its value from the call.
pub fn reference(name: &str, to: &str, kind: i32) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        ref_attr_name: to.into(),
        r#type: kind,
        ..AttributeProto::default()
    }
}

/// A model of one output, `y`.
#[derive(Default)]
pub struct Net {
    proto: ModelProto,
    feeds: BTreeMap<String, Tensor>,
}

impl Net {
    /// Of this version of the default operator set.
    pub fn new(opset: i64) -> Self {
        let graph = GraphProto {
            name: "net".into(),
            output: vec![value("y", Elem::F32, None)],
            ..GraphProto::default()
        };
        let mut net = Self::default();
        net.proto.ir_version = 10;
        net.proto.graph = Some(graph);
        net.domain("", opset)
    }

    /// The output is of `elem`, not of float32.
    pub fn makes(mut self, elem: Elem) -> Self {
        self.graph().output = vec![value("y", elem, None)];
        self
    }

    pub fn domain(mut self, domain: &str, version: i64) -> Self {
        self.proto.opset_import.push(OperatorSetIdProto {
            domain: domain.into(),
            version,
        });
        self
    }

    fn graph(&mut self) -> &mut GraphProto {
        self.proto.graph.as_mut().unwrap()
    }

    /// An input with its value.
    pub fn feed(mut self, name: &str, tensor: Tensor) -> Self {
        self.graph()
            .input
            .push(value(name, tensor.elem(), Some(tensor.shape())));
        self.feeds.insert(name.into(), tensor);
        self
    }

    /// An input of float32 with seeded values.
    pub fn input(self, name: &str, shape: &[usize]) -> Self {
        let seed = 11 + self.feeds.len() as u64;
        self.feed(name, spread(shape, seed))
    }

    pub fn constant(mut self, name: &str, tensor: &Tensor) -> Self {
        self.graph().initializer.push(tensor.to_proto(name));
        self
    }

    /// A constant of float32 with seeded values.
    pub fn weights(self, name: &str, shape: &[usize]) -> Self {
        let seed = name.bytes().map(u64::from).sum();
        self.constant(name, &spread(shape, seed))
    }

    pub fn node(
        mut self,
        op: &str,
        inputs: &[&str],
        outputs: &[&str],
        attributes: &[AttributeProto],
    ) -> Self {
        self.graph()
            .node
            .push(node(op, inputs, outputs, attributes));
        self
    }

    /// A function of the domain "local".
    pub fn function(
        mut self,
        name: &str,
        inputs: &[&str],
        nodes: &[NodeProto],
        outputs: &[&str],
    ) -> Self {
        let strings = |list: &[&str]| list.iter().map(|&s| s.to_owned()).collect();
        let opset = |domain: &str, version| OperatorSetIdProto {
            domain: domain.into(),
            version,
        };
        let version = self.proto.opset_import[0].version;
        self.proto.functions.push(FunctionProto {
            name: Some(name.into()),
            domain: Some("local".into()),
            input: strings(inputs),
            output: strings(outputs),
            node: nodes.to_vec(),
            opset_import: vec![opset("", version), opset("local", 1)],
            ..FunctionProto::default()
        });
        self
    }

    /// The last function takes these attributes.
    pub fn taking(mut self, attributes: &[&str]) -> Self {
        let function = self.proto.functions.last_mut().unwrap();
        function.attribute = attributes.iter().map(|&a| a.to_owned()).collect();
        self
    }

    /// No node has a name any more.
    pub fn forget_names(&mut self) {
        for node in &mut self.graph().node {
            node.name.clear();
        }
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.proto.encode_to_vec()
    }

    /// The model as it is read.
    pub fn read(&self) -> Result<Graph> {
        Graph::decode(&self.bytes(), Path::new("net.onnx"))
    }

    pub fn feeds(&self) -> &BTreeMap<String, Tensor> {
        &self.feeds
    }

    /// The transform with respect to input `wrt`.
    pub fn differentiate(&self, wrt: &str) -> Result<Gradient> {
        let request = Request::new(
            self.feeds.clone(),
            Target::Input(wrt.into()),
            Objective::Vjp,
        );
        differentiate(&self.read()?, &request, &engine(), &Task::detached())
    }

    /// What the refusal says.
    pub fn refusal(&self, wrt: &str) -> String {
        match self.differentiate(wrt) {
            Ok(_) => panic!("it is not refused"),
            Err(error) => error.to_string(),
        }
    }

    /// The output, and the gradient with respect to input `wrt` for the seeded cotangent.
    pub fn gradient(&self, wrt: &str) -> (Tensor, Tensor) {
        let made = self.differentiate(wrt).unwrap();
        assert!(
            made.graph.domains.is_empty(),
            "only standard operators come out"
        );
        let cotangent = spread(&made.graph.infos["y"].shape, 77);
        let mut fed: Vec<(&str, &Tensor)> =
            self.feeds.iter().map(|(n, t)| (n.as_str(), t)).collect();
        fed.push((COTANGENT, &cotangent));
        fed.retain(|(n, _)| made.graph.inputs.iter().any(|p| p.name == *n));
        let mut program = engine().load(&made.graph, Effort::Often).unwrap();
        let results = program.run(&fed, &Task::detached()).unwrap();
        let [_, output, gradient] = <[Tensor; 3]>::try_from(results).unwrap();
        (output, gradient)
    }

    /// As [`Net::gradient`] with respect to `x`, where the feeds are float32 whatever the model says.
    pub fn gradient_of(&self, x: &Tensor) -> (Tensor, Tensor) {
        let mut net = Self {
            proto: self.proto.clone(),
            feeds: self.feeds.clone(),
        };
        net.feeds.insert("x".into(), x.clone());
        net.gradient("x")
    }

    /// The output of the model itself on `feeds`, as the engine has it without any change.
    pub fn run(&self, feeds: &BTreeMap<String, Tensor>) -> Tensor {
        let graph = self.read().unwrap();
        run(&graph, feeds)
    }

    /// The gradient of input `wrt` against central differences, and the output against that of the model itself.
    pub fn check(&self, wrt: &str) {
        let (output, gradient) = self.gradient(wrt);
        let graph = self.read().unwrap();
        let plain = run(&graph, &self.feeds).to_floats().unwrap();
        close(&output.to_floats().unwrap(), &plain, 1e-5, "the output");
        let weights = spread(output.shape(), 77).to_floats().unwrap();
        let base = &self.feeds[wrt];
        let x = base.to_floats().unwrap();
        let step = 1.0_f32 / 64.0;
        let mut program = engine().load(&graph, Effort::Once).unwrap();
        let mut at = |i: usize, by: f32| -> f64 {
            let mut moved = x.clone();
            moved[i] += by;
            let moved = Tensor::floats(base.shape(), &moved);
            let value = |n: &String| {
                if n == wrt {
                    moved.clone()
                } else {
                    self.feeds[n].clone()
                }
            };
            let fed: Vec<(String, Tensor)> = graph
                .inputs
                .iter()
                .map(|p| (p.name.clone(), value(&p.name)))
                .collect();
            let fed: Vec<(&str, &Tensor)> = fed.iter().map(|(n, t)| (n.as_str(), t)).collect();
            let y = program.run(&fed, &Task::detached()).unwrap()[0]
                .to_floats()
                .unwrap();
            y.iter()
                .zip(&weights)
                .map(|(y, w)| f64::from(*y) * f64::from(*w))
                .sum()
        };
        let floats = self.feeds.values().all(|t| t.elem() == Elem::F32);
        let fed: Vec<(&str, &Tensor)> = self.feeds.iter().map(|(n, t)| (n.as_str(), t)).collect();
        if floats && on_tract(&graph, &fed).is_ok() {
            let made = self.differentiate(wrt).unwrap();
            let cotangent = spread(output.shape(), 77);
            let mut fed = fed.clone();
            fed.push((COTANGENT, &cotangent));
            let results = on_tract(&made.graph, &fed)
                .unwrap_or_else(|e| panic!("tract runs it, but not its gradient: {e}"));
            close(
                &results[2],
                &gradient.to_floats().unwrap(),
                1e-4,
                "tract's gradient",
            );
        }
        let at_here = At {
            graph: &graph,
            feeds: &self.feeds,
            target: Target::Input(wrt.into()),
            cotangent: &spread(output.shape(), 77),
            gradient: &gradient,
            what: "the net",
        };
        if floats {
            at_here.jacobian(true);
            at_here.hessian();
        }
        let slopes: Vec<f32> = (0..x.len())
            .map(|i| ((at(i, step) - at(i, -step)) / (2.0 * f64::from(step))) as f32)
            .collect();
        close(
            &gradient.to_floats().unwrap(),
            &slopes,
            2e-3,
            "the gradient",
        );
    }
}

/// The first output of `graph` on `feeds`.
pub fn run(graph: &Graph, feeds: &BTreeMap<String, Tensor>) -> Tensor {
    let mut program = engine().load(graph, Effort::Once).unwrap();
    let fed: Vec<(&str, &Tensor)> = graph
        .inputs
        .iter()
        .map(|p| (p.name.as_str(), &feeds[&p.name]))
        .collect();
    program.run(&fed, &Task::detached()).unwrap().remove(0)
}
