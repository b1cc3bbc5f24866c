//! Embeddings that normalise.

use super::super::harness::{close, engine, port, spread};
use super::integers;
use nearmiss::grad::{Objective, Request, Target, differentiate};
use nearmiss::onnx::node::int;
use nearmiss::onnx::proto::NodeProto;
use nearmiss::onnx::{Effort, Elem, Graph, GraphEngine, Tensor};
use nearmiss::task::Task;

/// Ids through tables to normalised embeddings, and what is left of them: `output` is what the graph yields.
fn embeddings(segments: bool, mask: bool, positions: bool, output: &str) -> Graph {
    let mut graph = Graph {
        opset: 18,
        ..Graph::default()
    };
    graph.domains.insert("com.microsoft".into(), 1);
    for name in ["ids", "segments", "mask", "places"] {
        let mut port = port(name, &[2, 3]);
        port.elem = Elem::I32;
        graph.inputs.push(port);
    }
    graph.inputs.retain(|p| match p.name.as_str() {
        "segments" => segments,
        "mask" => mask,
        "places" => positions,
        _ => true,
    });
    for (name, shape) in [
        ("words", &[20, 4][..]),
        ("positions", &[5, 4]),
        ("kinds", &[2, 4]),
        ("gamma", &[4]),
        ("beta", &[4]),
    ] {
        graph
            .constants
            .insert(name.into(), spread(shape, shape[0] as u64));
    }
    let optional = |given: bool, name: &str| {
        if given {
            name.to_owned()
        } else {
            String::new()
        }
    };
    graph.nodes.push(NodeProto {
        op_type: "EmbedLayerNormalization".into(),
        domain: "com.microsoft".into(),
        input: vec![
            "ids".into(),
            optional(segments, "segments"),
            "words".into(),
            "positions".into(),
            optional(segments, "kinds"),
            "gamma".into(),
            "beta".into(),
            optional(mask, "mask"),
            optional(positions, "places"),
        ],
        output: vec!["normal".into(), "lengths".into(), "sum".into()],
        ..NodeProto::default()
    });
    graph.nodes.push(NodeProto {
        op_type: "Attention".into(),
        domain: "com.microsoft".into(),
        input: ["normal", "weights", "bias", "lengths"]
            .map(String::from)
            .to_vec(),
        output: vec!["attended".into()],
        attribute: vec![int("num_heads", 2)],
        ..NodeProto::default()
    });
    graph
        .constants
        .insert("weights".into(), spread(&[4, 12], 3));
    graph.constants.insert("bias".into(), spread(&[12], 4));
    graph.outputs = vec![output.into()];
    graph
}

#[test]
fn tokens_behind_an_embedding_that_normalises() {
    let engine = engine();
    let task = Task::detached();
    for output in ["normal", "attended", "sum"] {
        for bits in 0..8 {
            let [segments, mask, positions] = [1, 2, 4].map(|bit| bits & bit != 0);
            let graph = embeddings(segments, mask || output == "attended", positions, output);
            let all = [
                ("ids", [7, 19, 0, 3, 3, 11]),
                ("segments", [0, 0, 1, 0, 1, 1]),
                ("mask", [1, 1, 0, 1, 1, 1]),
                ("places", [0, 1, 2, 2, 4, 3]),
            ];
            let fed = all
                .iter()
                .filter(|(n, _)| graph.inputs.iter().any(|p| p.name == *n));
            let feeds: std::collections::BTreeMap<String, Tensor> = fed
                .map(|(n, v)| ((*n).to_owned(), integers(&[2, 3], v)))
                .collect();
            let request = Request::new(feeds.clone(), Target::Tokens, Objective::Vjp);
            let made = differentiate(&graph, &request, &engine, &task).unwrap();
            assert!(made.graph.domains.is_empty());
            let run = |graph: &Graph, cotangent: Option<&Tensor>| {
                let mut given: Vec<(&str, &Tensor)> =
                    feeds.iter().map(|(n, t)| (n.as_str(), t)).collect();
                given.extend(cotangent.map(|c| (nearmiss::grad::COTANGENT, c)));
                given.retain(|(n, _)| graph.inputs.iter().any(|p| p.name == *n));
                engine
                    .load(graph, Effort::Once)
                    .unwrap()
                    .run(&given, &task)
                    .unwrap()
            };
            let own = run(&graph, None)[0].to_floats().unwrap();
            let results = run(&made.graph, Some(&spread(&[2, 3, 4], 5)));
            close(&results[1].to_floats().unwrap(), &own, 1e-5, output);
            assert_eq!(results[2].shape(), [2, 3, 4]);
            if output == "sum" {
                close(
                    &results[2].to_floats().unwrap(),
                    &spread(&[2, 3, 4], 5).to_floats().unwrap(),
                    1e-6,
                    "sum",
                );
            }
        }
    }
}
