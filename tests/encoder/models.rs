//! Small ONNX models made on the spot, for what no real encoder does.

use nearmiss::onnx::proto::Message as _;
use nearmiss::onnx::proto::tensor_shape_proto::{Dimension, dimension::Value};
use nearmiss::onnx::proto::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorShapeProto,
    TypeProto, ValueInfoProto, type_proto,
};
use std::path::Path;

/// Element types of `TensorProto`.
pub const FLOAT: i32 = 1;
pub const INT32: i32 = 6;
pub const INT64: i32 = 7;
pub const FLOAT16: i32 = 10;

/// An input or output; a dimension of 0 is the batch.
pub fn port(name: &str, elem_type: i32, dims: &[i64]) -> ValueInfoProto {
    let dim = dims.iter().map(|&size| {
        let value = if size == 0 {
            Value::DimParam("batch".into())
        } else {
            Value::DimValue(size)
        };
        Dimension {
            value: Some(value),
            ..Dimension::default()
        }
    });
    let tensor = type_proto::Tensor {
        elem_type,
        shape: Some(TensorShapeProto { dim: dim.collect() }),
    };
    let kind = TypeProto {
        value: Some(type_proto::Value::TensorType(tensor)),
        ..TypeProto::default()
    };
    ValueInfoProto {
        name: name.into(),
        r#type: Some(kind),
        ..ValueInfoProto::default()
    }
}

/// An input or output whose dimensions have names; a number is fixed, "" is open without a name.
pub fn named(name: &str, elem_type: i32, dims: &[&str]) -> ValueInfoProto {
    let dim = dims.iter().map(|size| Dimension {
        value: match size.parse() {
            Ok(fixed) => Some(Value::DimValue(fixed)),
            Err(_) if size.is_empty() => None,
            Err(_) => Some(Value::DimParam((*size).into())),
        },
        ..Dimension::default()
    });
    let mut made = port(name, elem_type, &[]);
    if let Some(type_proto::Value::TensorType(tensor)) =
        made.r#type.as_mut().and_then(|t| t.value.as_mut())
    {
        tensor.shape = Some(TensorShapeProto { dim: dim.collect() });
    }
    made
}

/// An attribute that is a number.
pub fn float(name: &str, value: f32) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        f: value,
        r#type: 1,
        ..AttributeProto::default()
    }
}

/// A node without attributes.
pub fn node(op: &str, inputs: &[&str], output: &str) -> NodeProto {
    NodeProto {
        op_type: op.into(),
        name: output.into(),
        input: inputs.iter().map(ToString::to_string).collect(),
        output: vec![output.into()],
        ..NodeProto::default()
    }
}

/// An integer attribute.
pub fn integer(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        i: value,
        r#type: 2,
        ..AttributeProto::default()
    }
}

/// `node` with integer and integer-list attributes.
pub fn with(mut node: NodeProto, integers: &[(&str, i64)], lists: &[(&str, &[i64])]) -> NodeProto {
    node.attribute
        .extend(integers.iter().map(|&(name, value)| integer(name, value)));
    node.attribute
        .extend(lists.iter().map(|&(name, values)| AttributeProto {
            name: name.into(),
            ints: values.to_vec(),
            r#type: 7,
            ..AttributeProto::default()
        }));
    node
}

/// Writes a model of operator set 13.
pub fn write(
    path: &Path,
    inputs: Vec<ValueInfoProto>,
    node: Vec<NodeProto>,
    outputs: Vec<ValueInfoProto>,
) {
    let graph = GraphProto {
        name: "g".into(),
        node,
        input: inputs,
        output: outputs,
        ..GraphProto::default()
    };
    let model = ModelProto {
        ir_version: 8,
        opset_import: vec![OperatorSetIdProto {
            domain: String::new(),
            version: 13,
        }],
        graph: Some(graph),
        ..ModelProto::default()
    };
    std::fs::write(path, model.encode_to_vec()).unwrap();
}

/// An image model: the mean of each channel, [batch, 3]; `last` is applied to it, as "Sqrt" or "Identity". `batch`
/// is its batch, 0 for any.
pub fn write_image_means(path: &Path, last: &str, batch: i64) {
    let mean = with(
        node("ReduceMean", &["pixel_values"], "mean"),
        &[("keepdims", 0)],
        &[("axes", &[2, 3])],
    );
    write(
        path,
        vec![port("pixel_values", FLOAT, &[batch, 3, 8, 8])],
        vec![mean, node(last, &["mean"], "image_embeds")],
        vec![port("image_embeds", FLOAT, &[batch, 3])],
    );
}

/// A text model: ids, their squares and their roots, each as a mean over the tokens, [batch, 3].
pub fn write_text_sums(path: &Path) {
    let sum = |from: &str, to: &str| {
        with(
            node("ReduceMean", &[from], to),
            &[("keepdims", 1)],
            &[("axes", &[1])],
        )
    };
    let mut ids = port("input_ids", INT64, &[0, 0]);
    // A batch and a sequence, both open.
    if let Some(type_proto::Value::TensorType(tensor)) =
        ids.r#type.as_mut().and_then(|t| t.value.as_mut())
        && let Some(shape) = &mut tensor.shape
    {
        shape.dim[1].value = Some(Value::DimParam("seq".into()));
    }
    write(
        path,
        vec![ids],
        vec![
            with(node("Cast", &["input_ids"], "x"), &[("to", 1)], &[]),
            node("Mul", &["x", "x"], "xx"),
            node("Sqrt", &["x"], "root"),
            sum("x", "a"),
            sum("xx", "b"),
            sum("root", "c"),
            with(
                node("Concat", &["a", "b", "c"], "text_embeds"),
                &[("axis", 1)],
                &[],
            ),
        ],
        vec![port("text_embeds", FLOAT, &[0, 3])],
    );
}

/// Both towers in one file, in other types: float16 pictures, int32 ids, an attention mask. The image embedding is
/// that of [`write_image_means`], the text's is `[mean id, mean mask, mean mask]`, ids counted under the mask.
pub fn write_both(path: &Path) {
    let mean = |from: &str, to: &str, axes: &[i64], keep: i64| {
        with(
            node("ReduceMean", &[from], to),
            &[("keepdims", keep)],
            &[("axes", axes)],
        )
    };
    let cast = |from: &str, to: &str| with(node("Cast", &[from], to), &[("to", 1)], &[]);
    write(
        path,
        vec![
            port("input_ids", INT32, &[0, 4]),
            port("pixel_values", FLOAT16, &[0, 3, 8, 8]),
            port("attention_mask", INT64, &[0, 4]),
        ],
        vec![
            cast("pixel_values", "p"),
            mean("p", "image_embeds", &[2, 3], 0),
            cast("input_ids", "i"),
            cast("attention_mask", "m"),
            node("Mul", &["i", "m"], "im"),
            mean("im", "a", &[1], 1),
            mean("m", "b", &[1], 1),
            with(
                node("Concat", &["a", "b", "b"], "text_embeds"),
                &[("axis", 1)],
                &[],
            ),
        ],
        vec![
            port("text_embeds", FLOAT, &[0, 3]),
            port("image_embeds", FLOAT, &[0, 3]),
        ],
    );
}

/// `tokenizer.json` and `preprocessor_config.json` for these models: words "one" to "four" are 1 to 4; pictures are
/// 8 x 8, scaled to -1..1.
pub fn write_settings(folder: &Path) {
    let tokenizer = r#"{"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,
        "pre_tokenizer":{"type":"Whitespace"},"post_processor":null,"decoder":null,
        "model":{"type":"WordLevel","vocab":{"<unk>":0,"one":1,"two":2,"three":3,"four":4},"unk_token":"<unk>"}}"#;
    let preprocess = r#"{"do_resize":true,"size":{"height":8,"width":8},"resample":2,"do_rescale":true,
        "rescale_factor":0.00392156862745098,"do_normalize":true,"image_mean":[0.5,0.5,0.5],"image_std":[0.5,0.5,0.5]}"#;
    std::fs::write(folder.join("tokenizer.json"), tokenizer).unwrap();
    std::fs::write(folder.join("preprocessor_config.json"), preprocess).unwrap();
}
