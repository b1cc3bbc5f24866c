//! What an ONNX file says about itself, and the files that are refused.

use nearmiss::onnx::proto::Message as _;
use nearmiss::onnx::proto::tensor_shape_proto::{Dimension, dimension::Value};
use nearmiss::onnx::proto::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto,
    TensorProto, TensorShapeProto, TypeProto, ValueInfoProto, type_proto,
};
use nearmiss::onnx::{Dim, Elem, ModelInfo};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn value(name: &str, elem_type: i32, dims: &[Option<Value>]) -> ValueInfoProto {
    let dim = dims
        .iter()
        .map(|value| Dimension {
            value: value.clone(),
            ..Dimension::default()
        })
        .collect();
    let tensor = type_proto::Tensor {
        elem_type,
        shape: Some(TensorShapeProto { dim }),
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

fn node(op: &str, domain: &str) -> NodeProto {
    NodeProto {
        op_type: op.into(),
        domain: domain.into(),
        ..NodeProto::default()
    }
}

/// A weight of 4 bytes at `location`.
fn weight(name: &str, location: &str) -> TensorProto {
    let entries = [("location", location), ("offset", "2"), ("length", "4")];
    let entry = |(key, value): (&str, &str)| StringStringEntryProto {
        key: key.into(),
        value: value.into(),
    };
    let external_data = entries.into_iter().map(entry).collect();
    TensorProto {
        name: name.into(),
        data_location: Some(1),
        external_data,
        ..TensorProto::default()
    }
}

/// A small model: one input, one weight listed as input too, a subgraph.
fn model(weights: Vec<TensorProto>) -> ModelProto {
    let body = GraphProto {
        node: vec![node("Relu", "")],
        ..GraphProto::default()
    };
    let branch = AttributeProto {
        g: Some(body),
        ..AttributeProto::default()
    };
    let mut condition = node("If", "");
    condition.attribute.push(branch);
    let pixels = [
        Some(Value::DimParam("batch".into())),
        Some(Value::DimValue(3)),
        Some(Value::DimValue(-1)),
        Some(Value::DimParam(String::new())),
    ];
    let mut untyped = value("raw", 0, &[]);
    untyped.r#type = None;
    let graph = GraphProto {
        node: vec![
            node("Relu", "ai.onnx"),
            condition,
            node("FusedGelu", "com.microsoft"),
        ],
        input: vec![
            value("pixel_values", 1, &pixels),
            value("w", 1, &[Some(Value::DimValue(1))]),
        ],
        output: vec![
            value("image_embeds", 10, &[None, Some(Value::DimValue(8))]),
            untyped,
        ],
        initializer: weights,
        ..GraphProto::default()
    };
    ModelProto {
        producer_name: "nobody".into(),
        producer_version: "1.2".into(),
        opset_import: vec![
            OperatorSetIdProto {
                domain: "com.microsoft".into(),
                version: 1,
            },
            OperatorSetIdProto {
                domain: String::new(),
                version: 18,
            },
        ],
        graph: Some(graph),
        ..ModelProto::default()
    }
}

fn written(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("model.onnx");
    std::fs::write(&path, bytes).expect("written");
    (folder, path)
}

fn complaint(path: &Path) -> String {
    ModelInfo::open(path)
        .expect_err("it is refused")
        .to_string()
}

#[test]
fn ports_operators_and_producer_are_read() {
    let (_folder, path) = written(
        &model(vec![TensorProto {
            name: "w".into(),
            ..TensorProto::default()
        }])
        .encode_to_vec(),
    );
    let info = ModelInfo::open(&path).expect("opens");
    assert_eq!(info.inputs.len(), 1);
    let pixels = &info.inputs[0];
    assert_eq!(
        (pixels.name.as_str(), pixels.elem),
        ("pixel_values", Elem::F32)
    );
    let dims = [
        Dim::Named("batch".into()),
        Dim::Fixed(3),
        Dim::Unknown,
        Dim::Unknown,
    ];
    assert_eq!(pixels.dims, dims);
    assert_eq!(pixels.to_string(), "pixel_values: float32 [batch, 3, ?, ?]");
    assert_eq!(
        (info.outputs[0].elem, info.outputs[0].has_shape),
        (Elem::F16, true)
    );
    assert_eq!(
        (info.outputs[1].elem, info.outputs[1].has_shape),
        (Elem::Other(0), false)
    );
    assert_eq!((info.opset, info.producer.as_str()), (18, "nobody 1.2"));
    assert_eq!(
        (
            info.ops["Relu"],
            info.ops["If"],
            info.ops["com.microsoft.FusedGelu"]
        ),
        (2, 1, 1)
    );
    assert!(info.external.is_empty());
}

#[test]
fn files_that_are_no_model_are_refused() {
    let whole = model(vec![]).encode_to_vec();
    for (bytes, word) in [
        (&b""[..], "is empty (0 bytes)"),
        (
            &b"\xff\xd8\xff\xe0 a picture, not a model"[..],
            "is not an ONNX model",
        ),
        (
            &b"version https://git-lfs.github.com/spec/v1\n"[..],
            "Git LFS",
        ),
        (&whole[..whole.len() / 2], "is not an ONNX model"),
        (&ModelProto::default().encode_to_vec()[..], "is empty"),
        (
            &ModelProto {
                ir_version: 8,
                ..ModelProto::default()
            }
            .encode_to_vec()[..],
            "no graph",
        ),
        (&[0; 64][..], "is not an ONNX model"),
    ] {
        let (_folder, path) = written(bytes);
        let complaint = complaint(&path);
        assert!(
            complaint.contains(word) && complaint.contains("model.onnx"),
            "{complaint}"
        );
    }
    assert!(ModelInfo::open(Path::new("nowhere/model.onnx")).is_err());
}

#[test]
fn external_data_is_found_beside_the_model() {
    let weights = vec![
        weight("w", "model.onnx_data"),
        weight("v", "model.onnx_data"),
        weight("u", "sub/more.bin"),
    ];
    let (folder, path) = written(&model(weights).encode_to_vec());
    assert!(complaint(&path).contains("\"model.onnx_data\" is missing"));
    std::fs::create_dir(folder.path().join("sub")).expect("made");
    std::fs::write(folder.path().join("sub/more.bin"), [0; 6]).expect("written");
    std::fs::write(folder.path().join("model.onnx_data"), [0; 5]).expect("written");
    assert!(complaint(&path).contains("shorter"));
    std::fs::write(folder.path().join("model.onnx_data"), [0; 6]).expect("written");
    let info = ModelInfo::open(&path).expect("opens");
    let real = folder.path().canonicalize().expect("exists");
    assert_eq!(
        info.external,
        [real.join("model.onnx_data"), real.join("sub/more.bin")]
    );
    assert!(info.inputs.iter().all(|i| i.name != "w"));
}

#[test]
fn external_data_outside_the_folder_is_refused() {
    let (folder, path) = written(b"");
    std::fs::write(folder.path().join("secret"), [0; 64]).expect("written");
    let inner = folder.path().join("inner");
    std::fs::create_dir(&inner).expect("made");
    let inside = inner.join("model.onnx");
    let absolute = folder.path().join("secret");
    for location in [
        "../secret",
        "a/../../secret",
        "..\\secret",
        "",
        &absolute.to_string_lossy(),
    ] {
        std::fs::write(&inside, model(vec![weight("w", location)]).encode_to_vec())
            .expect("written");
        assert!(
            complaint(&inside).contains("outside its own folder"),
            "{location}"
        );
    }
    // Hidden in the constant of a subgraph.
    let mut nested = model(vec![]);
    let constant = AttributeProto {
        t: Some(weight("c", "../secret")),
        ..AttributeProto::default()
    };
    if let Some(graph) = &mut nested.graph
        && let Some(body) = &mut graph.node[1].attribute[0].g
    {
        body.node[0].attribute.push(constant);
    }
    std::fs::write(&inside, nested.encode_to_vec()).expect("written");
    assert!(complaint(&inside).contains("outside its own folder"));
    assert!(path.exists());
}

#[cfg(unix)]
#[test]
fn links_may_lead_to_a_cache_but_not_elsewhere() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (blobs, named) = (folder.path().join("blobs"), folder.path().join("named"));
    for place in [&blobs, &named] {
        std::fs::create_dir(place).expect("made");
    }
    std::fs::write(
        blobs.join("1"),
        model(vec![weight("w", "data")]).encode_to_vec(),
    )
    .expect("written");
    std::fs::write(blobs.join("2"), [0; 6]).expect("written");
    std::fs::write(folder.path().join("secret"), [0; 6]).expect("written");
    let link =
        |to: &Path, at: &str| std::os::unix::fs::symlink(to, named.join(at)).expect("linked");
    link(&blobs.join("1"), "model.onnx");
    link(&blobs.join("2"), "data");
    let info = ModelInfo::open(&named.join("model.onnx")).expect("opens");
    assert_eq!(
        info.external,
        [blobs.join("2").canonicalize().expect("exists")]
    );
    std::fs::remove_file(named.join("data")).expect("removed");
    link(&folder.path().join("secret"), "data");
    assert!(complaint(&named.join("model.onnx")).contains("outside its own folder"));
}

fn material(path: &str) -> PathBuf {
    PathBuf::from(
        std::env::var_os("NEARMISS_MATERIAL").expect("NEARMISS_MATERIAL names the folder"),
    )
    .join(path)
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn real_encoders_open() {
    let mut ranks = Vec::new();
    for model in [
        "flickr8k-cca/vision_model",
        "flickr8k-cca/text_model",
        "digits-vit/vision_model",
        "digits-vit/text_model",
    ] {
        let info = ModelInfo::open(&material(&format!("encoders/{model}.onnx"))).expect(model);
        assert_eq!(
            (info.inputs.is_empty(), info.outputs.is_empty()),
            (false, false),
            "{model}"
        );
        assert!(info.opset > 0 && !info.ops.is_empty(), "{model}");
        assert!(info.outputs[0].elem.is_float(), "{model}");
        ranks.push((info.inputs[0].name.clone(), info.inputs[0].dims.len()));
        println!(
            "{model}: {} {} -> {}",
            info.producer, info.inputs[0], info.outputs[0]
        );
    }
    let expected = [
        ("pixel_values", 4),
        ("input_ids", 2),
        ("pixel_values", 4),
        ("input_ids", 1),
    ];
    assert_eq!(ranks, expected.map(|(name, rank)| (name.to_owned(), rank)));
}
