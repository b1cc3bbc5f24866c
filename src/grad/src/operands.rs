//! What the inputs of an operator are to it: values, places, sizes, types.

use crate::onnx::node::{inputs_of, is_default};
use crate::onnx::proto::NodeProto;
use crate::onnx::{Elem, Graph, Tensor};

/// Does input `index` of `node` say where or how much, rather than what: an index, a condition, a size?
pub(super) fn is_place(node: &NodeProto, index: usize) -> bool {
    if !is_default(&node.domain) {
        return matches!(
            (node.op_type.as_str(), index),
            ("QLinearWhere", 0)
                | ("GatherBlockQuantized" | "RotaryEmbedding", 1)
                | ("Attention", 3)
                | ("MultiHeadAttention", 4)
                | ("QAttention", 5)
                | ("EmbedLayerNormalization", 0 | 1 | 7 | 8)
        );
    }
    match node.op_type.as_str() {
        "Where" | "If" | "OneHot" | "ConstantOfShape" => index == 0,
        "Loop" => index < 2,
        "Slice" | "Resize" | "MaxUnpool" | "CenterCropPad" => index > 0,
        "Pad" => index == 1 || index == 3,
        "GRU" | "LSTM" | "RNN" => index == 4,
        "RotaryEmbedding" => index == 3,
        "Gather" | "GatherElements" | "GatherND" | "ScatterElements" | "ScatterND" | "Compress"
        | "TopK" | "Reshape" | "Expand" | "Tile" | "Squeeze" | "Unsqueeze" | "Split" | "Range"
        | "CumSum" | "ReverseSequence" | "Trilu" | "AffineGrid" => index == 1,
        op => op.starts_with("Reduce") && index == 1,
    }
}

/// Does `node` take but a type from its input `index`?
pub(super) fn is_type(node: &NodeProto, index: usize) -> bool {
    index == 1 && node.op_type == "CastLike" && is_default(&node.domain)
}

/// What the values that `node` makes may depend on, what its subgraphs take from outside included.
pub(super) fn told(node: &NodeProto) -> Vec<String> {
    if reads_shape_alone(node) {
        return Vec::new();
    }
    let inputs = inputs_of(node).into_iter().enumerate();
    let inputs = inputs.filter(|(i, _)| !is_type(node, *i));
    inputs.map(|(_, name)| name).collect()
}

/// Does what `node` makes depend on the shape of its input alone, not on its values?
pub(super) fn reads_shape_alone(node: &NodeProto) -> bool {
    is_default(&node.domain) && matches!(node.op_type.as_str(), "Shape" | "Size" | "EyeLike")
}

/// The type of the value `name`, as far as it is known.
pub(super) fn elem_of(graph: &Graph, name: &str) -> Elem {
    let constant = graph.constants.get(name).map(Tensor::elem);
    let known = constant.or_else(|| graph.infos.get(name).map(|i| i.elem));
    known.unwrap_or(Elem::Other(0))
}
