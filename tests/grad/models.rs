//! Whole architectures with random weights, as both of `PyTorch`'s exporters write them: the gradient against
//! `PyTorch`'s autograd in float64 (`tests/fixtures/make_models.py` made and stored both).

use super::harness::{At, engine};
use nearmiss::grad::{COTANGENT, Objective, Request, Taken, Target, check, differentiate};
use nearmiss::onnx::{Effort, Elem, Graph, GraphEngine, Tensor, integers_as, upgrade};
use nearmiss::task::Task;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::Path;
use zip::ZipArchive;

type Archive = ZipArchive<Cursor<Vec<u8>>>;

fn fixtures() -> Archive {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/models.zip");
    ZipArchive::new(Cursor::new(std::fs::read(path).unwrap())).unwrap()
}

fn member(archive: &mut Archive, name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    archive
        .by_name(name)
        .unwrap()
        .read_to_end(&mut bytes)
        .unwrap();
    bytes
}

/// Every stored model, by file name.
pub fn stored_models() -> Vec<(String, Vec<u8>)> {
    let mut archive = fixtures();
    let names: Vec<String> = archive.file_names().map(str::to_owned).collect();
    let models = names
        .into_iter()
        .filter(|n| Path::new(n).extension().is_some_and(|e| e == "onnx"));
    models
        .map(|n| (n.clone(), member(&mut archive, &n)))
        .collect()
}

/// The arrays of a `.npz`, by name.
fn arrays(bytes: Vec<u8>) -> BTreeMap<String, Tensor> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let names: Vec<String> = archive.file_names().map(str::to_owned).collect();
    names
        .into_iter()
        .map(|file| {
            let bytes = member(&mut archive, &file);
            let npy = npyz::NpyFile::new(bytes.as_slice()).unwrap();
            let shape: Vec<usize> = npy.shape().iter().map(|&d| d as usize).collect();
            let tensor = match npy.dtype().descr().as_str() {
                "'<f4'" => Tensor::floats(&shape, &npy.into_vec::<f32>().unwrap()),
                "'<i8'" => Tensor::ints(&shape, &npy.into_vec::<i64>().unwrap()),
                other => panic!("{file}: {other}"),
            };
            (file.trim_end_matches(".npy").to_owned(), tensor)
        })
        .collect()
}

/// Cosine and relative L2 error of `a` against `b`.
pub fn agreement(a: &[f32], b: &[f32]) -> (f64, f64) {
    assert_eq!(a.len(), b.len());
    let dot = |x: &[f32], y: &[f32]| {
        x.iter()
            .zip(y)
            .map(|(x, y)| f64::from(*x) * f64::from(*y))
            .sum::<f64>()
    };
    let gap: f64 = a
        .iter()
        .zip(b)
        .map(|(x, y)| (f64::from(*x) - f64::from(*y)).powi(2))
        .sum();
    (
        dot(a, b) / (dot(a, a) * dot(b, b)).sqrt(),
        (gap / dot(b, b)).sqrt(),
    )
}

/// One file of a model, with what it is fed.
struct Given {
    graph: Graph,
    request: Request,
    data: BTreeMap<String, Tensor>,
}

fn given(archive: &mut Archive, model: &Value, file: &Value) -> Result<Given, String> {
    let text = |v: &Value, key: &str| v[key].as_str().unwrap().to_owned();
    let data = arrays(member(archive, &text(model, "data")));
    let bytes = member(archive, &text(file, "file"));
    let graph = Graph::decode(&bytes, Path::new(&text(file, "file"))).map_err(|e| e.to_string())?;
    let mut feeds = BTreeMap::new();
    for port in &graph.inputs {
        let value = &data[&format!("input_{}", port.name)];
        let value = match port.elem {
            Elem::F32 | Elem::I64 => value.clone(),
            other => integers_as(other, value.shape(), &value.to_ints().unwrap()),
        };
        feeds.insert(port.name.clone(), value);
    }
    let target = Target::first_input(&graph).map_err(|e| e.to_string())?;
    let mut request = Request::new(feeds, target, Objective::Vjp);
    request.output = Some(text(file, "output"));
    Ok(Given {
        graph,
        request,
        data,
    })
}

/// Architectures of which the second derivatives are looked at too: whatever bends in them is an activation, a
/// normalisation or attention.
const SMOOTH: [&str; 5] = [
    "vit.dynamo.onnx",
    "clip-vit.classic.onnx",
    "swin.dynamo.onnx",
    "convnext-v2.classic.onnx",
    "siglip.dynamo.onnx",
];

fn text_of(file: &Value) -> String {
    file["file"].as_str().unwrap().to_owned()
}

/// Whether the gradient of one file agrees, and what the self-check finds; the cosine and error, or why there is none.
fn compare(archive: &mut Archive, model: &Value, file: &Value) -> Result<(f64, f64), String> {
    let Given {
        graph,
        request,
        data,
    } = given(archive, model, file)?;
    let mut feeds = request.feeds.clone();
    let task = Task::detached();
    let engine = engine();
    let made = differentiate(&graph, &request, &engine, &task).map_err(|e| e.to_string())?;
    feeds.insert(COTANGENT.into(), data["cotangent"].clone());
    let fed: Vec<(&str, &Tensor)> = made
        .graph
        .inputs
        .iter()
        .map(|p| (p.name.as_str(), &feeds[&p.name]))
        .collect();
    let mut program = engine
        .load(&made.graph, Effort::Often)
        .map_err(|e| e.to_string())?;
    let results = program.run(&fed, &task).map_err(|e| e.to_string())?;
    let (cosine, error) = agreement(
        &results[1].to_floats().unwrap(),
        &data["output"].to_floats().unwrap(),
    );
    if cosine < 0.99999 || error > 1e-3 {
        return Err(format!("its output is off: cosine {cosine}, error {error}"));
    }
    if results[2].shape() != data["gradient"].shape() {
        return Err(format!(
            "its gradient has the shape {:?}",
            results[2].shape()
        ));
    }
    if !made.survey.approximate.is_empty() {
        return Err(format!("approximate: {:?}", made.survey.approximate));
    }
    let mut one = graph.clone();
    one.outputs = vec![made.output.clone()];
    let at = At {
        graph: &one,
        feeds: &request.feeds,
        target: request.targets[0].clone(),
        cotangent: &data["cotangent"],
        gradient: &results[2],
        what: &text_of(file),
    };
    at.jacobian(false);
    if SMOOTH.contains(&text_of(file).as_str()) {
        at.hessian();
    }
    let mut forward = graph;
    upgrade(&mut forward).map_err(|e| e.to_string())?;
    forward.outputs = vec![made.output.clone()];
    forward.prune();
    let taken = Taken {
        feeds: &request.feeds,
        cotangent: &data["cotangent"],
        wrt: &made.wrt[0],
        gradient: &results[2],
    };
    let found = check(&forward, &made, &taken, 4, &engine, &task).map_err(|e| e.to_string())?;
    println!("{found:?}");
    if !(found.passed && found.compared) {
        return Err(format!("the self-check fails: {found:?}"));
    }
    Ok(agreement(
        &results[2].to_floats().unwrap(),
        &data["gradient"].to_floats().unwrap(),
    ))
}

#[test]
fn real_architectures_agree_with_pytorch() {
    let mut archive = fixtures();
    let list: Vec<Value> = serde_json::from_slice(&member(&mut archive, "models.json")).unwrap();
    assert!(list.len() >= 28);
    let mut wrong = Vec::new();
    let mut files = 0;
    for model in &list {
        for (exporter, file) in model["files"].as_object().unwrap() {
            let name = format!(
                "{} ({exporter}, opset {})",
                model["name"].as_str().unwrap(),
                file["opset"]
            );
            files += 1;
            match compare(&mut archive, model, file) {
                Ok((cosine, error)) if cosine > 0.9999 && error < 1e-3 => {
                    println!("{name}: cosine {cosine:.8}, error {error:.1e}");
                }
                Ok((cosine, error)) => {
                    wrong.push(format!("{name}: cosine {cosine:.8}, error {error:.1e}"));
                }
                Err(why) => wrong.push(format!("{name}: {why}")),
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {files} files:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
