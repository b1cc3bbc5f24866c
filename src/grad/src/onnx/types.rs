//! Element types of all values of a graph.

use super::graph::{Graph, Info};
use super::node::Attributes;
use super::{Elem, Tensor};
use crate::onnx::proto::NodeProto;

/// The element type of every value, as far as the file states those of the inputs, by the rules of the operators
/// that change it. Shapes stay as they are.
pub fn infer_types(graph: &mut Graph) {
    for port in &graph.inputs {
        let unknown = Info {
            elem: port.elem,
            shape: Vec::new(),
        };
        graph.infos.entry(port.name.clone()).or_insert(unknown);
    }
    for i in 0..graph.nodes.len() {
        let node = &graph.nodes[i];
        let of = |k: usize| -> Elem {
            let name = node.input.get(k).map_or("", String::as_str);
            let constant = graph.constants.get(name).map(Tensor::elem);
            constant
                .or_else(|| graph.infos.get(name).map(|i| i.elem))
                .unwrap_or(Elem::Other(0))
        };
        let types: Vec<Elem> = (0..node.output.len())
            .map(|k| output_type(node, k, &of))
            .collect();
        for (name, elem) in node.output.clone().into_iter().zip(types) {
            let shape = graph
                .infos
                .get(&name)
                .map(|i| i.shape.clone())
                .unwrap_or_default();
            if !name.is_empty() {
                graph.infos.insert(name, Info { elem, shape });
            }
        }
    }
}

fn output_type(node: &NodeProto, index: usize, of: &dyn Fn(usize) -> Elem) -> Elem {
    let stated = |name: &str, default: Elem| {
        node.int(name)
            .filter(|&n| n != 0)
            .map_or(default, |n| Elem::from_onnx(n as i32))
    };
    match (node.op_type.as_str(), index) {
        ("Shape" | "Size" | "ArgMax" | "ArgMin" | "NonZero" | "NonMaxSuppression", _)
        | ("TopK" | "MaxPool", 1)
        | ("Unique", 1..) => Elem::I64,
        (
            "Equal" | "Less" | "LessOrEqual" | "Greater" | "GreaterOrEqual" | "Not" | "And" | "Or"
            | "Xor" | "IsNaN" | "IsInf",
            _,
        )
        | ("Dropout", 1) => Elem::Bool,
        ("Cast", _) => stated("to", of(0)),
        ("CastLike" | "Where" | "QLinearWhere" | "QLinearConcat", _) => of(1),
        ("ConstantOfShape", _) => node
            .attribute("value")
            .and_then(|a| a.t.as_ref())
            .map_or(Elem::F32, |t| Elem::from_onnx(t.data_type)),
        ("RandomNormal" | "RandomUniform", _) => stated("dtype", Elem::F32),
        ("RandomNormalLike" | "RandomUniformLike" | "EyeLike" | "Bernoulli", _) => {
            stated("dtype", of(0))
        }
        ("Multinomial", _) => stated("dtype", Elem::I32),
        ("QuantizeLinear", _) => match of(2) {
            Elem::Other(0) => stated("output_dtype", Elem::U8),
            zero => zero,
        },
        ("DequantizeLinear", _) => stated("output_dtype", of(1)),
        ("DynamicQuantizeLinear", 1) => Elem::F32,
        ("DynamicQuantizeLinear", _) => Elem::U8,
        ("QLinearMatMul" | "QLinearConv", _) => of(7),
        ("MatMulInteger" | "ConvInteger", _) | ("EmbedLayerNormalization", 1) => Elem::I32,
        (
            "OneHot" | "MatMulIntegerToFloat" | "GatherBlockQuantized" | "EmbedLayerNormalization",
            _,
        ) => of(2),
        ("QAttention", _) => of(3),
        ("QGemm", _) => match of(8) {
            Elem::Other(0) => of(1),
            zero => zero,
        },
        ("If", _) => declared_type(node, "then_branch", index),
        // The first thing a loop's body makes is whether it goes on.
        ("Loop", _) => declared_type(node, "body", index + 1),
        ("Scan", _) => declared_type(node, "body", index),
        (
            "SequenceConstruct" | "SplitToSequence" | "SequenceEmpty" | "SequenceInsert"
            | "Optional",
            _,
        ) => Elem::Other(0),
        _ => of(0),
    }
}

/// What the graph in `attribute` declares its output `index` to be.
fn declared_type(node: &NodeProto, attribute: &str, index: usize) -> Elem {
    let declared = node.graph(attribute).and_then(|g| g.output.get(index));
    declared.map_or(Elem::Other(0), |v| super::Port::from(v).elem)
}
