//! `nearmiss map`.

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

fn map(home: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nearmiss"))
        .args(["map", "--dataset", "demo", "--encoder", "demo"])
        .args(arguments)
        .current_dir(home)
        .env("NEARMISS_DATA", home.join("data"))
        .env("NEARMISS_CACHE", home.join("cache"))
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_map_has_its_keys_and_files() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path();
    let arguments = ["--json", "--out", "map.csv", "--picture", "map.svg"];
    let report = json(&map(path, &arguments));
    for key in [
        "method",
        "points",
        "neighbours",
        "seconds",
        "trustworthiness",
        "continuity",
        "knn_recall",
        "gap",
        "engine",
        "data",
    ] {
        assert!(report.get(key).is_some(), "{key}");
    }
    assert_eq!(
        (&report["method"], &report["points"]),
        (&"umap".into(), &1_200.into())
    );
    assert!(report["trustworthiness"].as_f64() > Some(0.9));
    assert!(
        report["gap"]["centroid_distance"].is_number() && report["gap"]["separability"].is_number()
    );
    let csv = std::fs::read_to_string(path.join("map.csv")).unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!((lines[0], lines.len()), ("kind,row,id,x,y", 1_201));
    assert!(lines[1].starts_with("image,0,scenes/000.png,"));
    assert!(lines[301].starts_with("text,0,scenes/000.png#0,"));
    let svg = std::fs::read_to_string(path.join("map.svg")).unwrap();
    assert!(svg.matches("<circle").count() >= 1_200);
    // The same seed, the same map; another one, another.
    map(path, &["--out", "again.csv"]);
    assert_eq!(
        std::fs::read_to_string(path.join("again.csv")).unwrap(),
        csv
    );
    map(path, &["--out", "other.csv", "--seed", "2"]);
    assert_ne!(
        std::fs::read_to_string(path.join("other.csv")).unwrap(),
        csv
    );
    let png = json(&map(
        path,
        &[
            "--json",
            "--method",
            "pca",
            "--picture",
            "map.png",
            "--of",
            "images",
        ],
    ));
    assert_eq!((&png["points"], &png["gap"]), (&300.into(), &Value::Null));
    assert!(png["explained"][0].as_f64() > png["explained"][1].as_f64());
    assert!(image::open(path.join("map.png")).unwrap().width() > 1_000);
}

#[test]
fn what_a_method_does_not_take_is_refused() {
    let home = tempfile::tempdir().unwrap();
    for (arguments, why) in [
        (vec!["--perplexity", "20"], "UMAP has no --perplexity"),
        (
            vec!["--method", "pca", "--spread", "2"],
            "PCA has no --spread",
        ),
        (vec!["--neighbours", "1"], "1 neighbours makes no map"),
        (vec!["--least-distance", "3"], "a least distance of 3"),
        (vec!["--of", "images", "--centre"], "no gap to be closed"),
        (vec!["--out", "map.txt"], "no name of a file of coordinates"),
        (vec!["--picture", "map.gif"], "no picture's name"),
    ] {
        let output = map(home.path(), &arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && said.contains(why),
            "{arguments:?}: {said}"
        );
    }
}
