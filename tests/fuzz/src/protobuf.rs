//! Models mutated as what they are: nodes, edges, attributes, weights and shapes.

use fastrand::Rng;
use nearmiss::onnx::proto::tensor_shape_proto::dimension::Value;
use nearmiss::onnx::proto::type_proto::Value as Kind;
use nearmiss::onnx::proto::{
    AttributeProto, GraphProto, Message as _, ModelProto, NodeProto, TensorProto, ValueInfoProto,
};

/// Numbers at the edges of what sizes and axes may be.
const ODD: [i64; 12] = [
    i64::MIN,
    i64::MAX,
    -2,
    -1,
    0,
    1,
    2,
    3,
    4,
    7,
    1 << 40,
    -(1 << 33),
];
/// Names of attributes that say sizes, axes and kinds.
const NAMES: [&str; 24] = [
    "axis",
    "axes",
    "group",
    "perm",
    "kernel_shape",
    "strides",
    "pads",
    "dilations",
    "blocksize",
    "keepdims",
    "split",
    "num_outputs",
    "to",
    "transA",
    "transB",
    "output_shape",
    "batch_dims",
    "noop_with_empty_axes",
    "ceil_mode",
    "hidden_size",
    "num_heads",
    "largest",
    "start",
    "end",
];

/// `bytes` with a few changes; `None` where they are no model.
pub fn mutated(bytes: &[u8], random: &mut Rng) -> Option<Vec<u8>> {
    let mut model = ModelProto::decode(bytes).ok()?;
    for _ in 0..random.usize(1..4) {
        if random.u8(..20) == 0 {
            for import in &mut model.opset_import {
                import.version = random.i64(-1..30);
            }
        }
        graph(model.graph.as_mut()?, random);
    }
    Some(model.encode_to_vec())
}

fn odd(random: &mut Rng) -> i64 {
    ODD[random.usize(..ODD.len())]
}

fn graph(graph: &mut GraphProto, random: &mut Rng) {
    match random.u8(..12) {
        0..7 if !graph.node.is_empty() => {
            let n = random.usize(..graph.node.len());
            nodes(graph, n, random);
        }
        7 if !graph.input.is_empty() => {
            let i = random.usize(..graph.input.len());
            shape(&mut graph.input[i], random);
        }
        8 if !graph.initializer.is_empty() => {
            let i = random.usize(..graph.initializer.len());
            tensor(&mut graph.initializer[i], random);
        }
        9 => {
            let mut values = graph.input.iter_mut().chain(&mut graph.output);
            if let Some(value) = values.next() {
                value.name = if random.bool() {
                    "x".into()
                } else {
                    "y".into()
                };
            }
        }
        10 if !graph.initializer.is_empty() => {
            let copy = graph.initializer[0].clone();
            let name = format!("w{}", random.u8(..4));
            graph.initializer.push(TensorProto { name, ..copy });
        }
        _ => {
            for node in &mut graph.node {
                for inner in node.attribute.iter_mut().filter_map(|a| a.g.as_mut()) {
                    self::graph(inner, random);
                }
            }
        }
    }
}

fn nodes(graph: &mut GraphProto, n: usize, random: &mut Rng) {
    let other = graph.node[random.usize(..graph.node.len())].clone();
    match random.u8(..12) {
        0 => {
            graph.node.remove(n);
        }
        1 => graph.node.insert(
            n,
            NodeProto {
                output: vec![format!("v{}", random.u8(..8))],
                ..other
            },
        ),
        2 => graph.node.swap(n, 0),
        _ => node(&mut graph.node[n], &other, random),
    }
}

fn node(node: &mut NodeProto, other: &NodeProto, random: &mut Rng) {
    match random.u8(..8) {
        0 => {
            let known = nearmiss::grad::operators();
            let op = known[random.usize(..known.len())];
            let (domain, name) = op.rsplit_once('.').unwrap_or(("", op));
            node.op_type = name.into();
            node.domain = domain.into();
        }
        1 => {
            node.input.pop();
        }
        2 => {
            let from = if random.bool() {
                &other.output
            } else {
                &other.input
            };
            node.input.push(from.first().cloned().unwrap_or_default());
        }
        3 => {
            if let Some(name) = node.input.first_mut() {
                other
                    .output
                    .first()
                    .unwrap_or(&String::new())
                    .clone_into(name);
            }
        }
        4 => node.output.push(format!("v{}", random.u8(..8))),
        5 => node.attribute.clear(),
        _ => attribute(node, random),
    }
}

fn attribute(node: &mut NodeProto, random: &mut Rng) {
    let count = node.attribute.len();
    if count > 0 && random.bool() {
        let attribute = &mut node.attribute[random.usize(..count)];
        attribute.i = odd(random);
        for value in &mut attribute.ints {
            *value = odd(random);
        }
        if random.bool() {
            attribute.ints.push(odd(random));
        }
        if let Some(own) = &mut attribute.t {
            tensor(own, random);
        }
        return;
    }
    let list = random.bool();
    node.attribute.push(AttributeProto {
        name: NAMES[random.usize(..NAMES.len())].into(),
        i: odd(random),
        ints: if list {
            (0..random.usize(..5)).map(|_| odd(random)).collect()
        } else {
            Vec::new()
        },
        r#type: if list { 7 } else { 2 },
        ..AttributeProto::default()
    });
}

fn tensor(tensor: &mut TensorProto, random: &mut Rng) {
    match random.u8(..6) {
        0 => tensor.dims.clear(),
        1 => tensor.dims.push(odd(random)),
        2 => tensor.data_type = random.i32(..24),
        3 => tensor.raw_data.truncate(random.usize(..9)),
        4 => tensor.int64_data = (0..random.usize(..5)).map(|_| odd(random)).collect(),
        _ => {
            if let Some(dim) = tensor.dims.first_mut() {
                *dim = odd(random);
            }
        }
    }
}

fn shape(value: &mut ValueInfoProto, random: &mut Rng) {
    let kind = value.r#type.as_mut().and_then(|kind| kind.value.as_mut());
    let Some(Kind::TensorType(tensor)) = kind else {
        return;
    };
    if random.u8(..4) == 0 {
        tensor.elem_type = random.i32(..24);
    }
    let Some(shape) = &mut tensor.shape else {
        return;
    };
    if random.bool() {
        shape.dim.pop();
    } else if let Some(dim) = shape.dim.first_mut() {
        dim.value = Some(Value::DimValue(odd(random)));
    }
}
