//! The demo's encoder with another image model: the same files, its graph edited.

use nearmiss::dataset::demo::unpack;
use nearmiss::onnx::proto::Message;
use nearmiss::onnx::proto::{
    AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, attribute_proto::AttributeType,
};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A copy of the demo's encoder whose image model `edit` has changed.
pub fn variant(edit: impl FnOnce(&mut GraphProto)) -> TempDir {
    let data = std::env::temp_dir().join("nearmiss-variant");
    let demo = unpack(&data).expect("the demo").join("encoder");
    let folder = tempfile::tempdir().expect("a folder");
    copy(&demo, folder.path());
    let path = find(folder.path(), "vision_model.onnx");
    let bytes = std::fs::read(&path).expect("read");
    let mut model = ModelProto::decode(bytes.as_slice()).expect("a model");
    edit(model.graph.as_mut().expect("a graph"));
    std::fs::write(&path, model.encode_to_vec()).expect("written");
    folder
}

/// A copy whose pixels first go through operators, one after the other; `Mul` and `Add` take their number
/// as the other operand, `Cast` as the type to cast to.
pub fn behind(operators: &[(&str, f32)]) -> TempDir {
    variant(|graph| {
        let input = graph.input[0].name.clone();
        for name in graph.node.iter_mut().flat_map(|n| &mut n.input) {
            if *name == input {
                *name = "changed".into();
            }
        }
        let mut made = Vec::new();
        let mut last = input;
        for (at, &(op, number)) in operators.iter().enumerate() {
            let output = if at + 1 == operators.len() {
                "changed".to_owned()
            } else {
                format!("step {at}")
            };
            let mut inputs = vec![last.clone()];
            let mut attributes = Vec::new();
            match op {
                "Mul" | "Add" => {
                    let name = format!("operand {at}");
                    graph
                        .initializer
                        .push(constant(&name, &[], 1, vec![number], Vec::new()));
                    inputs.push(name);
                }
                "Cast" => attributes.push(whole("to", number as i64)),
                _ => {}
            }
            let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
            made.push(node(op, &inputs, &output, attributes));
            last = output;
        }
        made.append(&mut graph.node);
        graph.node = made;
    })
}

/// A node called "made" and what it makes.
pub fn node(op: &str, inputs: &[&str], output: &str, attribute: Vec<AttributeProto>) -> NodeProto {
    NodeProto {
        op_type: op.into(),
        name: format!("made {output}"),
        input: inputs.iter().map(ToString::to_string).collect(),
        output: vec![output.into()],
        attribute,
        ..NodeProto::default()
    }
}

/// An attribute that is an integer.
pub fn whole(name: &str, i: i64) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        r#type: AttributeType::Int as i32,
        i,
        ..AttributeProto::default()
    }
}

/// A constant of type `data_type`: 1 for floats, 7 for 64-bit integers.
pub fn constant(
    name: &str,
    dims: &[i64],
    data_type: i32,
    floats: Vec<f32>,
    ints: Vec<i64>,
) -> TensorProto {
    TensorProto {
        name: name.into(),
        dims: dims.to_vec(),
        data_type,
        float_data: floats,
        int64_data: ints,
        ..TensorProto::default()
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("created");
    for entry in std::fs::read_dir(from).expect("read") {
        let entry = entry.expect("an entry").path();
        let target = to.join(entry.file_name().expect("a name"));
        if entry.is_dir() {
            copy(&entry, &target);
        } else {
            std::fs::copy(&entry, &target).expect("copied");
        }
    }
}

fn find(folder: &Path, name: &str) -> PathBuf {
    let direct = folder.join(name);
    if direct.exists() {
        direct
    } else {
        folder.join("onnx").join(name)
    }
}
