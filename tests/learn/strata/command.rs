//! `nearmiss strata` on the demo.

use serde_json::Value;
use std::collections::HashSet;
use std::path::Path;
use std::process::{Command, Output};

fn nearmiss(home: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nearmiss"))
        .args(arguments)
        .args(["--dataset", "demo", "--encoder", "demo", "--compute", "cpu"])
        .current_dir(home)
        .env("NEARMISS_DATA", home.join("data"))
        .env("NEARMISS_CACHE", home.join("cache"))
        .output()
        .unwrap()
}

/// Small, for a program that is not optimized.
const SMALL: [&str; 12] = [
    "strata",
    "--k",
    "6,12",
    "--dim",
    "8",
    "--restarts",
    "2",
    "--train",
    "0..120",
    "--valid",
    "120..160",
    "--json",
];

fn json(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refused(home: &Path, arguments: &[&str], word: &str) {
    let output = nearmiss(home, arguments);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(word), "{said}");
}

#[test]
fn strata_has_its_keys_and_figures_that_fit_together() {
    let home = tempfile::tempdir().unwrap();
    let report = json(&nearmiss(home.path(), &SMALL));
    let pairs = report["pairs"].as_f64().unwrap();
    assert_eq!(pairs, 360.0);
    assert_eq!(report["form"], "signal");
    let counts = report["k"].as_array().unwrap();
    assert_eq!(counts.len(), 2);
    for (at, k) in counts.iter().zip([6.0, 12.0]) {
        assert_eq!(at["k"].as_f64().unwrap(), k);
        let variance = |name: &str| at["variance"][name].as_f64().unwrap();
        let uniform = variance("uniform");
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-12 * b.abs();
        let without = uniform * (pairs - k) / (pairs - 1.0);
        assert!(close(variance("without_replacement"), without));
        let objective = at["objective"].as_f64().unwrap();
        assert!(close(variance("gradient"), objective / (pairs * pairs)));
        assert!(variance("gradient") < uniform);
        let names = [
            "random",
            "kmeans-image",
            "kmeans-caption",
            "kmeans-pair",
            "kmeans-gradient",
        ];
        for name in names {
            assert!(variance(name) >= variance("gradient"), "{name}");
            assert!(at["proportional"][name].is_number());
            assert!(at["normalised"][name].is_number());
        }
        assert!(at["seconds"].is_number() && at["objectives"].as_array().unwrap().len() == 2);
        let groups = at["groups"].as_array().unwrap();
        let of = |key: &str| groups.iter().map(|g| g[key].as_f64().unwrap()).sum::<f64>();
        assert_eq!(of("pairs"), pairs);
        assert!((of("share") - 1.0).abs() < 1e-9);
    }
    // Uniform draws of twice as many have half the variance.
    let [a, b] = [0, 1].map(|n| counts[n]["variance"]["uniform"].as_f64().unwrap());
    assert!((a / b - 2.0).abs() < 1e-12);
    // The same seed gives the same groups.
    let again = json(&nearmiss(home.path(), &SMALL));
    for (a, b) in counts.iter().zip(again["k"].as_array().unwrap()) {
        assert_eq!(a["variance"], b["variance"]);
        assert_eq!(a["groups"], b["groups"]);
    }
}

#[test]
fn files_hold_weights_that_add_up_and_a_set_that_can_be_read() {
    let home = tempfile::tempdir().unwrap();
    let more = ["--by", "gradient", "--out", "out", "--keep", "0.3"];
    let report = json(&nearmiss(home.path(), &[&SMALL[..], &more].concat()));
    let folder = home.path().join("out/k12");
    let rows = |name: &str| -> Vec<csv::StringRecord> {
        let mut reader = csv::Reader::from_path(folder.join(name)).unwrap();
        reader.records().map(Result::unwrap).collect()
    };
    let strata = rows("strata.csv");
    assert_eq!(strata.len(), 360);
    // Draws of one pair from each group: the weights of a draw add up to 1.
    let mut seen = HashSet::new();
    let once = strata.iter().filter(|row| seen.insert(row[4].to_owned()));
    let total: f64 = once.map(|row| row[8].parse::<f64>().unwrap()).sum();
    assert!((total - 1.0).abs() < 1e-12);
    let kept = rows("kept.csv");
    assert_eq!(kept.len(), 108);
    let total: f64 = kept.iter().map(|row| row[5].parse::<f64>().unwrap()).sum();
    assert!((total - 1.0).abs() < 1e-12);
    assert_eq!(report["out"]["kept"][1]["pairs"], 108);
    let error = |key: &str| report["out"]["kept"][1][key].as_f64().unwrap();
    assert!(error("error") < error("error_at_random"));
    // The reduced set holds just these captions.
    let lines = std::fs::read_to_string(folder.join("kept.jsonl")).unwrap();
    let texts: Vec<String> = lines
        .lines()
        .flat_map(|line| {
            let row: Value = serde_json::from_str(line).unwrap();
            let all = row["captions"].as_array().unwrap().clone();
            all.into_iter()
                .map(|text| text.as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        })
        .collect();
    let expected: Vec<&str> = kept.iter().map(|row| &row[3]).collect();
    assert_eq!(texts, expected);
    for name in ["groups.csv", "strata.svg"] {
        assert!(folder.join(name).is_file(), "{name}");
    }
    // Nothing is overwritten.
    refused(
        home.path(),
        &[&SMALL[..], &more].concat(),
        "has files already",
    );
}

#[test]
fn heads_of_a_run_are_taken_and_measured_along() {
    let home = tempfile::tempdir().unwrap();
    let learned = nearmiss(
        home.path(),
        &[
            "learn", "--dim", "8", "--batch", "32", "--epochs", "2", "--train", "0..120",
            "--valid", "120..160", "--out", "learned", "--json",
        ],
    );
    let report = json(&learned);
    let folder = report["runs"][0]["out"].as_str().unwrap();
    let small = [
        "strata",
        "--k",
        "8",
        "--restarts",
        "1",
        "--by",
        "gradient",
        "--train",
        "0..120",
        "--valid",
        "120..160",
        "--json",
        "--heads",
        folder,
        "--along",
        folder,
    ];
    let report = json(&nearmiss(home.path(), &small));
    let points = report["along"]["points"].as_array().unwrap();
    let steps: Vec<u64> = points.iter().map(|p| p["step"].as_u64().unwrap()).collect();
    assert_eq!(steps.len(), 3);
    assert!(steps[0] == 0 && steps[1] < steps[2]);
    assert_eq!(report["along"]["notes"].as_array().unwrap().len(), 0);
    // At its end the heads are those that it learned.
    let here = report["k"][0]["variance"]["uniform"].as_f64().unwrap();
    let there = points[2]["variance"]["uniform"].as_f64().unwrap();
    assert!((here / there - 1.0).abs() < 1e-5, "{here} {there}");
    refused(
        home.path(),
        &["strata", "--heads", "learned"],
        "It holds 1 folders of runs",
    );
}

#[test]
fn what_cannot_be_grouped_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let with = |more: &[&'static str]| [&["strata"], more].concat();
    refused(home.path(), &with(&["--k", "100000"]), "cannot be parted");
    refused(
        home.path(),
        &with(&["--by", "given"]),
        "no labels are given",
    );
    refused(home.path(), &with(&["--margin", "nan"]), "margin");
    refused(home.path(), &with(&["--restarts", "0"]), "descents");
    refused(
        home.path(),
        &with(&["--out", "x", "--keep", "0"]),
        "cannot be kept",
    );
    refused(home.path(), &with(&["--heads", "nowhere"]), "nowhere");
}
