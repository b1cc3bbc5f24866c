//! `nearmiss grad` as a user runs it.

use super::harness::{close, engine};
use super::models::stored_models;
use nearmiss::grad::COTANGENT;
use nearmiss::onnx::{Effort, Graph, GraphEngine, Tensor};
use nearmiss::task::Task;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nearmiss"))
        .args(arguments)
        .output()
        .unwrap()
}

fn stored(name: &str, folder: &Path) -> PathBuf {
    let models = stored_models();
    let (_, bytes) = models.iter().find(|(n, _)| n == name).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn array(path: &Path) -> Tensor {
    let (values, shape) = nearmiss::dataset::npy::read_array(path).unwrap();
    Tensor::floats(&shape, &values)
}

#[test]
fn the_report_has_its_keys_and_the_saved_graph_runs() {
    let folder = tempfile::tempdir().unwrap();
    let model = stored("resnet.dynamo.onnx", folder.path());
    let [grad, graph] = ["g.npy", "grad.onnx"].map(|n| folder.path().join(n).display().to_string());
    let model = model.display().to_string();
    let arguments = [
        "grad",
        &model,
        "--check",
        "8",
        "--save-grad",
        &grad,
        "--save-graph",
        &graph,
        "--json",
    ];
    let output = run(&arguments);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let keys: BTreeSet<&str> = report
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let wanted = [
        "approximate",
        "blocking",
        "check",
        "engine",
        "forward_ms",
        "gradient",
        "gradient_ms",
        "ops",
        "product",
        "supported",
        "targets",
    ];
    assert_eq!(keys, BTreeSet::from(wanted));
    assert_eq!(report["supported"], true);
    assert!(report["ops"]["Conv"].as_u64().unwrap() > 5);
    let check = &report["check"];
    assert_eq!(check["samples"], 8);
    assert_eq!(
        (&check["passed"], &check["compared"]),
        (&true.into(), &true.into())
    );
    assert_eq!(report["gradient"]["not_finite"], 0);
    assert_eq!(report["gradient"]["zero"], false);
    assert!(check["cosine"].as_f64().unwrap() > 0.9999, "{check}");
    assert!(check["max_rel_error"].as_f64().unwrap() < 1e-2, "{check}");

    // The same run again, by the saved graph alone.
    let saved = Graph::open(Path::new(&graph)).unwrap();
    let gradient = array(Path::new(&grad));
    let task = Task::detached();
    let names: Vec<&str> = saved.inputs.iter().map(|p| p.name.as_str()).collect();
    assert!(names.contains(&COTANGENT));
    assert_eq!(saved.outputs.len(), 3);
    let sample = nearmiss::onnx::sample_feeds(
        &Graph::open(Path::new(&model)).unwrap(),
        &[("batch".to_owned(), 1)].into(),
        0,
    );
    let shape: Vec<usize> = saved
        .inputs
        .iter()
        .find(|p| p.name == COTANGENT)
        .unwrap()
        .dims
        .iter()
        .map(|d| d.to_string().parse().unwrap())
        .collect();
    let cotangent = nearmiss::grad::seeded_cotangent(&shape, 1);
    let feeds: Vec<(&str, &Tensor)> = names
        .iter()
        .map(|n| {
            (
                *n,
                if *n == COTANGENT {
                    &cotangent
                } else {
                    &sample[*n]
                },
            )
        })
        .collect();
    let results = engine()
        .load(&saved, Effort::Often)
        .unwrap()
        .run(&feeds, &task)
        .unwrap();
    close(
        &results[2].to_floats().unwrap(),
        &gradient.to_floats().unwrap(),
        1e-5,
        "the saved graph",
    );
}

#[test]
fn a_branch_whose_condition_the_shapes_decide_does_not_block() {
    let folder = tempfile::tempdir().unwrap();
    let model = stored("gru-text.classic.onnx", folder.path());
    let output = run(&[
        "grad",
        &model.display().to_string(),
        "--batch",
        "3",
        "--json",
    ]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&report["supported"], &report["ops"]["If"]),
        (&true.into(), &1.into()),
        "{report}"
    );
    assert_eq!(report["blocking"].as_array().unwrap().len(), 0);
}

#[test]
fn the_built_in_engine_gives_gradients_too() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "resnet.dynamo.onnx",
        "vit.classic.onnx",
        "gru-text.dynamo.onnx",
    ] {
        let model = stored(name, folder.path()).display().to_string();
        let output = Command::new(env!("CARGO_BIN_EXE_nearmiss"))
            .args(["grad", &model, "--check", "4", "--json"])
            .env("NEARMISS_ENGINE", "tract")
            .output()
            .unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["supported"], true, "{name}: {report}");
        assert!(
            report["engine"].as_str().unwrap().contains("tract"),
            "{report}"
        );
        assert!(
            report["check"]["cosine"].as_f64().unwrap() > 0.999,
            "{name}: {report}"
        );
    }
}

#[test]
fn wrong_input_is_refused_with_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let model = stored("resnet.dynamo.onnx", folder.path())
        .display()
        .to_string();
    let bad = folder.path().join("bad.npy").display().to_string();
    std::fs::write(&bad, b"not numpy").unwrap();
    let odd = stored("clip-vit.classic.onnx", folder.path())
        .display()
        .to_string();
    let cases: [(&[&str], &str); 5] = [
        (&["grad", &odd], "--dim NAME=SIZE"),
        (&["grad", &model, "--input", &bad], "not a NumPy"),
        (&["grad", "missing.onnx"], "missing.onnx"),
        (&["grad", &bad], "not an ONNX model"),
        (&["grad", &model, "--output", "nope"], "no output nope"),
    ];
    for (arguments, word) in cases {
        let output = run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && said.contains(word),
            "{arguments:?}: {said}"
        );
    }
}
