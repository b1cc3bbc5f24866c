//! `nearmiss forget`.

use crate::learn::command::{json, nearmiss, refused};
use std::path::Path;
use std::process::Output;

fn forget(home: &Path, arguments: &[&str]) -> Output {
    let start = [
        "forget",
        "--dataset",
        "demo",
        "--encoder",
        "demo",
        "--compute",
        "cpu",
        "--train",
        "0..240",
        "--valid",
        "240..300",
    ];
    nearmiss(home, &[&start, arguments].concat())
}

/// Few and short runs.
const SHORT: [&str; 12] = [
    "--loss", "infonce", "--dim", "8", "--batch", "32", "--epochs", "2", "--lr", "2e-3", "--seeds",
    "2",
];

#[test]
fn answers_have_their_keys_and_what_is_written_forgets_again() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path();
    let arguments = [
        "--forget",
        "10..20",
        "--energy",
        "0.9",
        "--forget-steps",
        "5",
        "--out",
        "forgot",
        "--json",
    ];
    let report = json(&forget(path, &[&SHORT[..], &arguments].concat()));
    assert_eq!(report["images"], 10);
    assert_eq!(report["pairs"], 30);
    assert_eq!(report["retained_images"], 230);
    assert_eq!(report["valid_images"], 60);
    for key in ["before", "forgotten", "without"] {
        let figures = report["bands"][key].as_object().unwrap();
        assert_eq!(figures.len(), 25);
        for (name, band) in figures {
            assert!(
                band["mean"].is_number() && band["half_width"].is_number(),
                "{name}"
            );
            assert!(report["runs"][1][key][name].is_number(), "{name}");
        }
    }
    for key in ["before_less_without", "forgotten_less_without"] {
        assert!(report["differences"][key]["membership"]["mean"].is_number());
    }
    assert!(report["says"].as_str().unwrap().contains("forgotten pairs"));
    for run in report["runs"].as_array().unwrap() {
        assert!(run["steps"].as_u64().unwrap() <= 5);
        for head in run["heads"].as_array().unwrap() {
            let of = |key: &str| head[key].as_f64().unwrap();
            assert!(of("mean_square") <= of("bound") * (1.0 + 1e-9), "{head}");
            assert!(of("left_out") <= 0.1 + 1e-9);
        }
        let folder = path.join(run["out"].as_str().unwrap());
        for file in [
            "heads.safetensors",
            "forget.json",
            "before/run.json",
            "before/heads.safetensors",
            "without/run.json",
        ] {
            assert!(folder.join(file).exists(), "{file}");
        }
        assert!(folder.join("encoder").is_dir());
    }
    // The same from the runs that were written, without training them anew.
    let runs = "forgot/infonce-seed1/before,forgot/infonce-seed2/before";
    let given = [
        "forget",
        "--dataset",
        "demo",
        "--encoder",
        "demo",
        "--compute",
        "cpu",
        "--run",
        runs,
        "--forget",
        "10..20",
        "--energy",
        "0.9",
        "--forget-steps",
        "5",
        "--json",
    ];
    let again = json(&nearmiss(path, &given));
    for key in ["bands", "differences", "says"] {
        assert_eq!(report[key], again[key], "{key}");
    }
    refused(
        &forget(path, &[&SHORT[..], &arguments].concat()),
        "has files already",
    );
}

#[test]
fn images_are_named_in_several_ways() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path();
    std::fs::write(path.join("list.txt"), "3\n5\n9\n").unwrap();
    let count = |which: &str| {
        let end = [
            "--forget",
            which,
            "--forget-steps",
            "1",
            "--seeds",
            "1",
            "--epochs",
            "1",
            "--dim",
            "4",
            "--json",
        ];
        json(&forget(path, &end))["images"].as_u64().unwrap()
    };
    assert_eq!(count("3,5,9,5"), 3);
    assert_eq!(count("list.txt"), 3);
    assert_eq!(count("@list.txt"), 3);
    let words = count("red circle");
    assert!((1..240).contains(&words), "{words}");
}

#[test]
fn what_cannot_be_forgotten_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path();
    let try_ = |arguments: &[&str], word: &str| refused(&forget(path, arguments), word);
    try_(&["--forget", "230..250"], "not among the 240");
    try_(&["--forget", "0..240"], "would be retained");
    try_(&["--forget", "0..900"], "there are 300");
    try_(&["--forget", "9..3"], "no range");
    try_(
        &["--forget", "unheard-of words"],
        "no image is in the group",
    );
    try_(&["--forget", "0..5", "--loss", "order"], "order embeddings");
    try_(&["--forget", "0..5", "--hidden", "8"], "hidden layer");
    try_(
        &["--forget", "0..5", "--loss", "mh,sh"],
        "one kind at a time",
    );
    try_(&["--forget", "0..5", "--energy", "1.5"], "no share");
    try_(
        &["--forget", "0..5", "--forget-rate", "0"],
        "forget nothing",
    );
    try_(
        &["--forget", "0..5", "--run", "nowhere"],
        "cannot be used with",
    );
    try_(&["--forget", "0..5", "--init", "a"], "--init");
    try_(&[], "--forget");
}
