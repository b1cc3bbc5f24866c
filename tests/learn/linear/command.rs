//! `nearmiss linear` on rows made here, and on the demo.

use super::lab::float;
use nearmiss::dataset::npy::{write_array, write_doubles};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

const NORMS: [&str; 4] = ["l2", "linf", "l1", "flinf"];
const ROWS: usize = 20;
const WIDTH: usize = 12;

fn nearmiss(home: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nearmiss"))
        .arg("linear")
        .args(arguments)
        .current_dir(home)
        .env("NEARMISS_DATA", home.join("data"))
        .env("NEARMISS_CACHE", home.join("cache"))
        .output()
        .unwrap()
}

fn json(home: &Path, arguments: &[&str]) -> Value {
    let output = nearmiss(home, &[arguments, &["--json"]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Each is refused with a word of the reason, and with a remedy.
fn refused(home: &Path, arguments: &[&str], word: &str) {
    let output = nearmiss(home, arguments);
    assert!(!output.status.success(), "{arguments:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(word), "{arguments:?}: {said}");
    assert!(said.trim_end().lines().count() > 1, "{said}");
}

/// Normal rows, moved apart along a direction by `apart`, with their labels.
fn gaussian(apart: f64) -> (Vec<f64>, Vec<f64>) {
    let mut random = fastrand::Rng::with_seed(3);
    let mut normal = || {
        let (u, v) = (random.f64(), random.f64());
        (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    };
    let along: Vec<f64> = (0..WIDTH).map(|_| normal()).collect();
    let (mut rows, mut labels) = (Vec::new(), Vec::new());
    for i in 0..ROWS {
        let label = if i % 2 == 0 { 1.0 } else { -1.0 };
        rows.extend(along.iter().map(|a| normal() + apart * label * a));
        labels.push(label);
    }
    (rows, labels)
}

/// Writes x.npy and y.npy; the folder.
fn written(apart: f64) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let (rows, labels) = gaussian(apart);
    write_doubles(&home.path().join("x.npy"), &rows, &[ROWS, WIDTH]).unwrap();
    write_doubles(&home.path().join("y.npy"), &labels, &[ROWS]).unwrap();
    home
}

const GIVEN: [&str; 4] = ["--x", "x.npy", "--y", "y.npy"];

#[test]
fn each_way_of_training_is_the_best_in_its_own_norm() {
    let home = written(0.5);
    let more = ["--steps", "3000", "--penalties", "0.1", "--out", "out"];
    let report = json(home.path(), &[&GIVEN[..], &more].concat());
    assert_eq!(report["separable"], true);
    assert_eq!(report["rows"], serde_json::json!([10, 10]));
    assert_eq!(report["shape"], serde_json::json!([1, 1, WIDTH]));
    assert!(report["soft_margin"].is_null() && report["data"].is_null());
    for norm in NORMS {
        let best = &report["max_margin"][norm];
        let (value, gap) = (float(&best["value"]), float(&best["gap"]));
        assert!(value > 0.0 && gap.abs() <= 1e-8 * value, "{norm}: {best}");
        assert!(best["seconds"].is_number());
    }
    let runs = report["runs"].as_array().unwrap();
    let names: Vec<&str> = runs
        .iter()
        .map(|run| run["optimizer"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["gd", "sign", "cd", "fc2", "conv2"]);
    for norm in NORMS {
        let best = runs.iter().max_by(|a, b| {
            let of = |run: &Value| float(&run["fraction"][norm]);
            of(a).total_cmp(&of(b))
        });
        assert_eq!(best.unwrap()["norm"], norm);
        for run in runs {
            assert!(float(&run["fraction"][norm]) <= 1.0 + 1e-6);
            let robust = &run["robust_accuracy"][norm];
            assert_eq!(robust["epsilon"][0], 0.0);
            assert_eq!(robust["accuracy"][0], 1.0);
            let of = |key: &str| robust[key].as_array().unwrap().len();
            assert_eq!(of("epsilon"), of("accuracy"));
        }
    }
    assert_eq!(report["penalties"].as_array().unwrap().len(), 4);
    let out = home.path().join("out");
    let files = [
        "linear.json",
        "curves.csv",
        "history.csv",
        "linear.svg",
        "weights.npy",
        "gd.onnx",
        "sign.onnx",
        "cd.onnx",
        "fc2.onnx",
        "conv2.onnx",
    ];
    for name in files {
        assert!(out.join(name).is_file(), "{name}");
    }
    // The weights are the classifiers that the figures are of.
    let bytes = std::fs::read(out.join("weights.npy")).unwrap();
    let file = npyz::NpyFile::new(&bytes[..]).unwrap();
    assert_eq!(file.shape(), [5, WIDTH as u64]);
    let weights: Vec<f64> = file.into_vec().unwrap();
    let (rows, labels) = gaussian(0.5);
    for (w, run) in weights.chunks(WIDTH).zip(runs) {
        let dot = |x: &[f64]| x.iter().zip(w).map(|(x, w)| x * w).sum::<f64>();
        let length = dot(w).sqrt();
        let margins = rows.chunks(WIDTH).zip(&labels);
        let margin = margins.fold(f64::INFINITY, |m, (x, y)| m.min(y * dot(x) / length));
        assert!((margin - float(&run["margin"]["l2"])).abs() < 1e-9);
    }
    refused(
        home.path(),
        &[&GIVEN[..], &more].concat(),
        "has files already",
    );
    // As text, with the own norm marked.
    let output = nearmiss(
        home.path(),
        &[&GIVEN[..], &["--optimizers", "gd,cd", "--steps", "300"]].concat(),
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text
        .lines()
        .find(|line| line.starts_with("Gradient descent"));
    let cells: Vec<&str> = line.unwrap().split_whitespace().skip(2).collect();
    assert!(
        cells[0].ends_with('*') && !cells[1].ends_with('*'),
        "{text}"
    );
}

#[test]
fn groups_that_no_classifier_tells_apart_have_a_soft_margin_and_no_fractions() {
    let home = written(0.5);
    let (mut rows, labels) = gaussian(0.5);
    // The same row in both groups.
    let first = rows[..WIDTH].to_vec();
    rows[WIDTH..2 * WIDTH].copy_from_slice(&first);
    write_doubles(&home.path().join("x.npy"), &rows, &[ROWS, 3, 4]).unwrap();
    let labels: Vec<f32> = labels
        .iter()
        .map(|&y| if y > 0.0 { 1.0 } else { 0.0 })
        .collect();
    write_array(&home.path().join("y.npy"), &labels, &[ROWS]).unwrap();
    let more = ["--optimizers", "gd,conv2", "--steps", "200"];
    let report = json(home.path(), &[&GIVEN[..], &more].concat());
    assert_eq!(report["separable"], false);
    assert_eq!(report["shape"], serde_json::json!([1, 3, 4]));
    assert_eq!(report["groups"], serde_json::json!(["1", "0"]));
    assert!(
        report["notes"][0]
            .as_str()
            .unwrap()
            .contains("taken for +1")
    );
    assert!(float(&report["soft_margin"]["right"]) < 1.0);
    for norm in NORMS {
        assert!(report["max_margin"][norm].is_null());
        for run in report["runs"].as_array().unwrap() {
            assert!(run["fraction"][norm].is_null());
            assert!(float(&run["robust_accuracy"][norm]["accuracy"][0]) < 1.0);
        }
    }
}

#[test]
fn bytes_are_divided_and_shapes_are_taken() {
    let home = written(0.5);
    let (rows, _) = gaussian(0.5);
    let bytes: Vec<u8> = rows.iter().map(|v| (128.0 + 20.0 * v) as u8).collect();
    let mut file = Vec::new();
    {
        use npyz::WriterBuilder as _;
        let options = npyz::WriteOptions::new().default_dtype();
        let shape = [ROWS as u64, WIDTH as u64];
        let mut writer = options.shape(&shape).writer(&mut file).begin_nd().unwrap();
        writer.extend(bytes).unwrap();
        writer.finish().unwrap();
    }
    std::fs::write(home.path().join("x.npy"), file).unwrap();
    let more = ["--optimizers", "gd", "--steps", "10", "--shape", "3x2x2"];
    let report = json(home.path(), &[&GIVEN[..], &more].concat());
    assert_eq!(report["shape"], serde_json::json!([3, 2, 2]));
    assert!(
        report["notes"][0]
            .as_str()
            .unwrap()
            .contains("divided by 255")
    );
}

const DEMO: [&str; 8] = [
    "--dataset",
    "demo",
    "--first",
    "circle",
    "--second",
    "square",
    "--most",
    "16",
];

#[test]
fn groups_of_the_demo_are_studied_on_pixels_and_on_embeddings() {
    let home = tempfile::tempdir().unwrap();
    let short = ["--optimizers", "gd,cd", "--steps", "100"];
    let pixels = json(
        home.path(),
        &[&DEMO[..], &short, &["--on", "pixels:12"]].concat(),
    );
    assert_eq!(pixels["groups"], serde_json::json!(["circle", "square"]));
    assert_eq!(pixels["rows"], serde_json::json!([16, 16]));
    assert_eq!(pixels["shape"], serde_json::json!([1, 12, 12]));
    assert!(pixels["data"].is_object() && pixels["zero_shot"].is_null());
    let notes = pixels["notes"].as_array().unwrap();
    let left_out = |note: &Value| note.as_str().unwrap().contains("in both groups");
    assert!(notes.iter().any(left_out), "{notes:?}");
    let more = ["--on", "embeddings", "--encoder", "demo", "--zero-shot"];
    let embedded = json(home.path(), &[&DEMO[..], &short, &more].concat());
    assert!(embedded["data"].is_object());
    let captions = &embedded["zero_shot"];
    let accuracy = float(&captions["accuracy"]);
    assert!((0.5..=1.0).contains(&accuracy), "{accuracy}");
    for norm in NORMS {
        let at_zero = float(&captions["robust_accuracy"][norm]["accuracy"][0]);
        assert!((at_zero - accuracy).abs() < 1e-12);
        assert!(captions["margin"][norm].is_number());
        let fraction = &captions["fraction"][norm];
        assert_eq!(fraction.is_null(), embedded["separable"] == false);
    }
    // The embedding is a tensor too, not normalised.
    let more = ["--on", "layer:image_embeds", "--encoder", "demo"];
    let layer = json(home.path(), &[&DEMO[..], &short, &more].concat());
    assert_eq!(layer["columns"], embedded["columns"]);
    assert_eq!(layer["on"], "layer image_embeds");
    // Groups by index, and by a file of names.
    std::fs::write(home.path().join("some.txt"), "scenes/003.png\n4\n").unwrap();
    let listed = [
        "--dataset",
        "demo",
        "--first",
        "0,1,2",
        "--second",
        "@some.txt",
        "--on",
        "pixels:8:colour",
    ];
    let listed = json(home.path(), &[&listed[..], &short].concat());
    assert_eq!(listed["rows"], serde_json::json!([3, 2]));
    assert_eq!(listed["shape"], serde_json::json!([3, 8, 8]));
    assert_eq!(listed["groups"][1], "some.txt");
}

#[test]
fn rows_are_moved_and_can_be_studied_again() {
    let home = written(0.1);
    let short = ["--optimizers", "gd", "--steps", "50"];
    let more = [
        "--robust-dataset",
        "0.3",
        "--robust-norm",
        "l2",
        "--robust-steps",
        "20",
        "--robust-seeds",
        "2",
        "--out",
        "out",
    ];
    let report = json(home.path(), &[&GIVEN[..], &short, &more].concat());
    let found = &report["robust_dataset"];
    assert_eq!(found["rows"], serde_json::json!([14, 6]));
    assert_eq!(found["seeds"], serde_json::json!([1, 2]));
    let [most, mean] = ["largest", "mean"].map(|key| float(&found["moved"][key]));
    assert!(most <= 0.3 + 1e-9 && mean <= most && mean > 0.0);
    let loss = |n: usize| float(&found["loss"][n]["mean"]);
    assert!(loss(1) < loss(0), "{}", found["loss"]);
    assert_eq!(found["trainings"].as_array().unwrap().len(), 4);
    assert!(found["trainings"][0]["robust"]["gain"]["half_width"].is_number());
    // The rows that were moved, beside those that they were.
    let npy = |name: &str| -> Vec<f64> {
        let bytes = std::fs::read(home.path().join("out").join(name)).unwrap();
        npyz::NpyFile::new(&bytes[..]).unwrap().into_vec().unwrap()
    };
    let (rows, labels) = gaussian(0.1);
    let (moved, signs, places) = (
        npy("robust_x.npy"),
        npy("robust_y.npy"),
        npy("robust_rows.npy"),
    );
    let mut farthest: f64 = 0.0;
    for (n, place) in places.iter().map(|&place| place as usize).enumerate() {
        assert_eq!(signs[n], labels[place]);
        let pairs = rows[place * WIDTH..][..WIDTH]
            .iter()
            .zip(&moved[n * WIDTH..]);
        farthest = farthest.max(pairs.map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt());
    }
    assert!(farthest > 0.1 && farthest <= 0.3 + 1e-9, "{farthest}");
    assert!(home.path().join("out/robust.csv").is_file());
    let again = ["--x", "out/robust_x.npy", "--y", "out/robust_y.npy"];
    let again = json(home.path(), &[&again[..], &short].concat());
    assert_eq!(again["rows"], serde_json::json!([7, 7]));
    assert!(again["robust_dataset"].is_null());
    let with = |more: &[&'static str]| [&GIVEN[..], more].concat();
    let at = home.path();
    refused(at, &with(&["--robust-dataset=-1"]), "no radius");
    refused(at, &with(&["--robust-against", "1"]), "there is none");
    let norm = ["--robust-dataset", "1", "--robust-norm", "l1"];
    refused(at, &with(&norm), "cannot be moved");
}

#[test]
fn what_cannot_be_studied_is_refused_with_a_remedy() {
    let home = written(0.5);
    let at = home.path();
    refused(at, &[], "there are no groups");
    refused(at, &["--x", "x.npy"], "there are no labels");
    refused(at, &["--y", "y.npy"], "there are no rows");
    let with = |more: &[&'static str]| [&GIVEN[..], more].concat();
    refused(at, &with(&["--dataset", "demo"]), "not from both");
    refused(at, &with(&["--optimizers", "adam"]), "there is no method");
    refused(at, &with(&["--zero-shot"]), "needs captions");
    refused(at, &with(&["--penalties", "0"]), "no weight of a penalty");
    refused(at, &with(&["--shape", "5x5"]), "25 values");
    refused(at, &["--x", "nowhere.npy", "--y", "y.npy"], "nowhere.npy");
    refused(at, &["--dataset", "demo"], "there are no two groups");
    let demo = |more: &[&'static str]| [&["--dataset", "demo"], more].concat();
    let same = demo(&["--first", "circle", "--second", "Circle "]);
    refused(at, &same, "both groups");
    let none = demo(&["--first", "circle", "--second", "zeppelin"]);
    refused(at, &none, "no image is in the group");
    refused(at, &["--first", "a", "--second", "b"], "no dataset");
    refused(
        at,
        &[&DEMO[..], &["--zero-shot"]].concat(),
        "--on embeddings",
    );
    refused(
        at,
        &[&DEMO[..], &["--on", "words"]].concat(),
        "rows can hold",
    );
    let layer = ["--on", "layer:image_embed", "--encoder", "demo"];
    refused(at, &[&DEMO[..], &layer].concat(), "such as image_embeds");
    refused(at, &[&DEMO[..], &layer[..2]].concat(), "no encoder");
    let (mut rows, mut labels) = gaussian(0.5);
    labels.fill(1.0);
    write_doubles(&at.join("y.npy"), &labels, &[ROWS]).unwrap();
    refused(at, &GIVEN, "the label 1 for every row");
    labels.truncate(3);
    write_doubles(&at.join("y.npy"), &labels, &[3]).unwrap();
    refused(at, &GIVEN, "there are 20 rows");
    rows[5 * WIDTH + 2] = f64::NAN;
    write_doubles(&at.join("x.npy"), &rows, &[ROWS, WIDTH]).unwrap();
    refused(at, &GIVEN, "in row 5");
}
