//! `nearmiss grad` with `--wrt`, `--forward` and `--hessian`.

use super::super::harness::{close, spread};
use super::super::net::Net;
use super::{net, run};
use nearmiss::dataset::npy::{read_array, write_array};
use nearmiss::grad::{COTANGENT, HESSIAN_PRODUCT, JACOBIAN_PRODUCT, TANGENT};
use nearmiss::onnx::Graph;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

fn command(model: &Path, arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_nearmiss"));
    program.arg("grad").arg(model).args(arguments);
    program.output().unwrap()
}

fn written(folder: &Path) -> (std::path::PathBuf, Net) {
    let net = net(false);
    let model = folder.join("net.onnx");
    std::fs::write(&model, net.bytes()).unwrap();
    (model, net)
}

#[test]
fn the_command_takes_targets_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let (model, _) = written(folder.path());
    let [arrays, graph] = ["g.npz", "g.onnx"].map(|n| folder.path().join(n).display().to_string());
    let output = command(
        &model,
        &[
            "--wrt",
            "w",
            "--wrt",
            "x",
            "--wrt",
            "apart",
            "--check",
            "4",
            "--save-grad",
            &arrays,
            "--save-graph",
            &graph,
            "--json",
        ],
    );
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("The output does not depend on apart: that gradient is zero."),
        "{said}"
    );
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["gradient"]["values"], 12 + 6 + 5);
    let targets = report["targets"].as_array().unwrap();
    let field = |key: &str| targets.iter().map(|t| t[key].clone()).collect::<Vec<_>>();
    assert_eq!(field("name"), ["w", "x", "apart"]);
    assert_eq!(
        field("shape"),
        [
            serde_json::json!([3, 4]),
            serde_json::json!([2, 3]),
            serde_json::json!([5])
        ]
    );
    assert_eq!(field("depends"), [true, true, false]);
    assert_eq!(field("zero"), [false, false, true]);
    for target in &targets[..2] {
        assert_eq!(target["check"]["passed"], true, "{target}");
        assert!(target["norm"].as_f64().unwrap() > 0.0);
    }
    // The worst of them.
    assert_eq!(report["check"]["passed"], false);
    let saved = Graph::open(Path::new(&graph)).unwrap();
    let gradients = [
        "nearmiss_gradient/w",
        "nearmiss_gradient/x",
        "nearmiss_gradient/apart",
    ];
    assert_eq!(saved.outputs[2..], gradients);
    let file = std::fs::File::open(&arrays).unwrap();
    let mut archive = zip::ZipArchive::new(file).unwrap();
    let members: Vec<String> = archive.file_names().map(str::to_owned).collect();
    assert_eq!(members, ["w.npy", "x.npy", "apart.npy"]);
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut archive.by_name("w.npy").unwrap(), &mut bytes).unwrap();
    let array = npyz::NpyFile::new(bytes.as_slice()).unwrap();
    assert_eq!(array.shape(), [3, 4]);
    let norm: f64 = array
        .into_vec::<f32>()
        .unwrap()
        .iter()
        .map(|v| f64::from(*v).powi(2))
        .sum();
    assert!((norm.sqrt() - targets[0]["norm"].as_f64().unwrap()).abs() < 1e-5);
}

#[test]
fn targets_that_cannot_be_are_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let (model, _) = written(folder.path());
    let array = folder.path().join("g.npy").display().to_string();
    let v = folder.path().join("v.npy");
    write_array(&v, &[1.0; 4], &[2, 2]).unwrap();
    let v = v.display().to_string();
    let cases: [(&[&str], &str); 8] = [
        (&["--wrt", "nothing"], "no input and no initializer nothing"),
        (
            &["--wrt", "order"],
            "order is of int64, which has no gradient",
        ),
        (
            &["--wrt", "counts"],
            "counts is of int64, which has no gradient",
        ),
        (&["--wrt", "x", "--wrt", "x"], "named twice"),
        (
            &["--wrt", "x", "--wrt", "w", "--save-grad", &array],
            "OUT.npz",
        ),
        (
            &["--forward", "--tangent", &v],
            "has the shape [2, 2], the target x has [2, 3]",
        ),
        (
            &["--hessian", "--tangent", &v, "--tangent", &v],
            "2 tangents are given for 1 target",
        ),
        (&["--tangent", &v], "--forward"),
    ];
    for (arguments, word) in cases {
        let output = command(&model, arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && said.contains(word),
            "{arguments:?}: {said}"
        );
    }
}

#[test]
fn the_command_multiplies_with_jacobian_and_hessian() {
    let folder = tempfile::tempdir().unwrap();
    let (model, net) = written(folder.path());
    let path = |name: &str| folder.path().join(name).display().to_string();
    let [input, tangent] = ["x.npy", "v.npy"].map(path);
    let x = &net.feeds()["x"];
    write_array(Path::new(&input), &x.to_floats().unwrap(), &[2, 3]).unwrap();
    let v = spread(&[2, 3], 99);
    write_array(Path::new(&tangent), &v.to_floats().unwrap(), &[2, 3]).unwrap();
    for (flag, of, shape) in [
        ("--forward", "jacobian", [2, 4]),
        ("--hessian", "hessian", [2, 3]),
    ] {
        let [product, graph] = ["p.npy", "p.onnx"].map(path);
        let output = command(
            &model,
            &[
                flag,
                "--input",
                &input,
                "--tangent",
                &tangent,
                "--save-product",
                &product,
                "--save-graph",
                &graph,
                "--json",
            ],
        );
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && said.is_empty(), "{said}");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let found = &report["product"];
        assert_eq!((&found["of"], &found["zero"]), (&of.into(), &false.into()));
        assert_eq!(found["shapes"], serde_json::json!([shape]));
        assert!(found["mismatch"].as_f64().unwrap() < 1e-4, "{found}");
        assert!(found["ms"].as_f64().unwrap() > 0.0);
        let (values, has) = read_array(Path::new(&product)).unwrap();
        assert_eq!(has, shape);
        let norm: f64 = values.iter().map(|v| f64::from(*v).powi(2)).sum();
        assert!((norm.sqrt() - found["norm"].as_f64().unwrap()).abs() < 1e-5);
        // The saved graph yields the same.
        let saved = Graph::open(Path::new(&graph)).unwrap();
        let name = if of == "jacobian" {
            JACOBIAN_PRODUCT
        } else {
            HESSIAN_PRODUCT
        };
        let mut feeds = nearmiss::onnx::sample_feeds(&net.read().unwrap(), &BTreeMap::new(), 0);
        feeds.insert("x".into(), x.clone());
        feeds.insert(TANGENT.into(), v.clone());
        feeds.insert(
            COTANGENT.into(),
            nearmiss::grad::seeded_cotangent(&[2, 4], 1),
        );
        close(
            &run(&saved, &feeds)[name].to_floats().unwrap(),
            &values,
            1e-5,
            of,
        );
        let text = command(&model, &[flag, "--input", &input]);
        let text = String::from_utf8_lossy(&text.stdout).into_owned();
        assert!(text.contains("fits the gradients to"), "{text}");
    }
}
