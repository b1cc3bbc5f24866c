//! `EmbedLayerNormalization`: three tables, their sum and its normalisation.

use crate::onnx::node::{Attributes, float, int};
use crate::onnx::proto::NodeProto;
use crate::onnx::{Elem, Graph, Tensor, integers_as};

/// Writes out the embeddings of words, positions and segments, so that what is looked up in the table of words is a
/// value of its own that a gradient can be taken with respect to. No shape has to be known.
pub(crate) fn write_out(graph: &mut Graph) {
    let mut nodes = Vec::with_capacity(graph.nodes.len());
    for node in std::mem::take(&mut graph.nodes) {
        if node.op_type == "EmbedLayerNormalization" && node.domain == "com.microsoft" {
            let mut writer = Writer {
                name: node.output.first().cloned().unwrap_or_default(),
                nodes: &mut nodes,
                graph,
            };
            writer.write(&node);
        } else {
            nodes.push(node);
        }
    }
    graph.nodes = nodes;
}

struct Writer<'a> {
    name: String,
    nodes: &'a mut Vec<NodeProto>,
    graph: &'a mut Graph,
}

impl Writer<'_> {
    fn write(&mut self, node: &NodeProto) {
        let input = |i: usize| node.input.get(i).map_or("", String::as_str);
        let output = |i: usize| node.output.get(i).filter(|o| !o.is_empty()).cloned();
        let ids = input(0);
        let words = self.add("Gather", &[input(2), ids], None, "words");
        let positions = if input(8).is_empty() {
            let zero = self.constant("zero", Tensor::ints(&[1], &[0]));
            let shape = self.add("Shape", &[ids], None, "length");
            self.attribute(int("start", 1));
            self.attribute(int("end", 2));
            self.add(
                "Slice",
                &[input(3), &zero, &shape, &zero],
                None,
                "positions",
            )
        } else {
            self.add("Gather", &[input(3), input(8)], None, "positions")
        };
        let segments = [input(4), input(1)];
        let sum_name = output(2);
        let sum = if segments.iter().any(|s| s.is_empty()) {
            self.add("Add", &[&words, &positions], sum_name, "sum")
        } else {
            let places = self.add("Add", &[&words, &positions], None, "places");
            let kinds = self.add("Gather", &segments, None, "segments");
            self.add("Add", &[&places, &kinds], sum_name, "sum")
        };
        self.add(
            "LayerNormalization",
            &[&sum, input(5), input(6)],
            output(0),
            "output",
        );
        self.attribute(float("epsilon", node.float_or("epsilon", 1e-12)));
        if let Some(lengths) = output(1) {
            self.lengths(ids, input(7), lengths);
        }
    }

    /// The number of words in each row: ones of the mask, or zero where there is none.
    fn lengths(&mut self, ids: &str, mask: &str, output: String) {
        if mask.is_empty() {
            let shape = self.add("Shape", &[ids], None, "batch");
            self.attribute(int("end", 1));
            self.add("ConstantOfShape", &[&shape], Some(output), "lengths");
            let zero = integers_as(Elem::I32, &[1], &[0]).to_proto("");
            self.attribute(crate::onnx::node::tensor("value", zero));
        } else {
            let one = self.constant("one", Tensor::ints(&[1], &[1]));
            self.add("ReduceSum", &[mask, &one], Some(output), "lengths");
            self.attribute(int("keepdims", 0));
        }
    }

    /// A node that makes `output`, or a value named after `what`.
    fn add(&mut self, op: &str, inputs: &[&str], output: Option<String>, what: &str) -> String {
        let output = output.unwrap_or_else(|| self.fresh(what));
        self.nodes.push(NodeProto {
            op_type: op.into(),
            name: self.fresh(what),
            input: inputs.iter().map(|&i| i.to_owned()).collect(),
            output: vec![output.clone()],
            ..NodeProto::default()
        });
        output
    }

    /// Gives the last node an attribute.
    fn attribute(&mut self, attribute: crate::onnx::proto::AttributeProto) {
        if let Some(node) = self.nodes.last_mut() {
            node.attribute.push(attribute);
        }
    }

    fn constant(&mut self, what: &str, value: Tensor) -> String {
        let name = self.fresh(what);
        self.graph.constants.insert(name.clone(), value);
        name
    }

    fn fresh(&self, what: &str) -> String {
        format!("{}/nearmiss_{what}", self.name)
    }
}
