//! `nearmiss learn`.

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

pub fn nearmiss(home: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nearmiss"))
        .args(arguments)
        .current_dir(home)
        .env("NEARMISS_DATA", home.join("data"))
        .env("NEARMISS_CACHE", home.join("cache"))
        .output()
        .unwrap()
}

fn learn(home: &Path, arguments: &[&str]) -> Output {
    let start = [
        "learn",
        "--dataset",
        "demo",
        "--encoder",
        "demo",
        "--compute",
        "cpu",
    ];
    nearmiss(home, &[&start, arguments].concat())
}

pub fn json(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

pub fn refused(output: &Output, word: &str) {
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(word), "{said}");
}

#[test]
fn runs_have_their_keys_and_files_and_the_encoder_has_the_recalls() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path();
    let arguments = [
        "--loss", "sh,mh", "--dim", "16", "--batch", "32", "--epochs", "2", "--seeds", "2", "--lr",
        "2e-3", "--train", "0..240", "--valid", "240..300", "--out", "learned", "--json",
    ];
    let report = json(&learn(path, &arguments));
    let runs = report["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 4);
    for run in runs {
        for key in [
            "loss",
            "policy",
            "seed",
            "steps",
            "seconds",
            "epochs",
            "step0_loss",
            "out",
        ] {
            assert!(!run[key].is_null(), "{key}");
        }
        assert_eq!(run["epochs"].as_array().unwrap().len(), 2);
        for epoch in run["epochs"].as_array().unwrap() {
            assert!(epoch["loss"].is_number() && epoch["seconds"].is_number());
            for way in ["i2t", "t2i"] {
                for at in ["r1", "r5", "r10"] {
                    assert!(epoch[way][at].is_number());
                }
            }
        }
        // 720 pairs in batches of 32; what fills no batch is left out.
        let steps = run["steps"].as_u64().unwrap();
        assert!((40..=44).contains(&steps), "{steps}");
    }
    for loss in ["sh", "mh"] {
        assert!(report["step0_loss"][loss].is_number());
        let band = &report["bands"][loss]["i2t"]["r1"];
        assert!(band["mean"].is_number() && band["half_width"].is_number());
    }
    assert_eq!(report["differences"][0]["first"], "mh");
    for loss in ["sh", "mh"] {
        // As the definition says, from the curves of the report itself.
        let of = runs.iter().filter(|run| run["loss"] == loss);
        let needed = of.map(|run| {
            let curve = run["curve"].as_array().unwrap();
            let at = |n: usize| {
                let point = &curve[n];
                [&point["drawn"], &point["i2t"]["r1"]].map(|v| v.as_f64().unwrap())
            };
            let goal = 0.9 * at(curve.len() - 1)[1];
            let n = (0..curve.len()).find(|&n| at(n)[1] >= goal).unwrap();
            let ([a, low], [b, high]) = (at(n.saturating_sub(1)), at(n));
            if n == 0 {
                0.0
            } else {
                a + (b - a) * (goal - low) / (high - low)
            }
        });
        let needed: Vec<f64> = needed.collect();
        let mean = needed.iter().sum::<f64>() / needed.len() as f64;
        let told = report["efficiency"][loss]["i2t"]["pairs_for_90"]["mean"]
            .as_f64()
            .unwrap();
        assert!(
            (told - mean).abs() < 1e-6 * mean.max(1.0),
            "{told} or {mean}"
        );
    }

    // The exported encoder, on all images: as the heads on the same embeddings.
    let folder = path.join(runs[2]["out"].as_str().unwrap());
    assert!(folder.join("heads.safetensors").exists() && folder.join("run.json").exists());
    let csv = std::fs::read_to_string(folder.join("curve.csv")).unwrap();
    assert!(csv.starts_with("loss,policy,optimizer,lr,seed,step,epoch,seconds"));
    let svg = std::fs::read_to_string(path.join("learned/curves.svg")).unwrap();
    assert_eq!(svg.matches("<polyline").count(), 2);
    let encoder = folder.join("encoder");
    let images = held_out(path);
    let shown = json(&nearmiss(
        path,
        &[
            "eval",
            "--dataset",
            &images,
            "--encoder",
            encoder.to_str().unwrap(),
            "--compute",
            "cpu",
            "--json",
        ],
    ));
    let last = &runs[2]["epochs"][1];
    for way in ["i2t", "t2i"] {
        for at in ["r1", "r5", "r10"] {
            let [mine, its] = [&last[way][at], &shown[way][at]].map(|v| v.as_f64().unwrap());
            // A tie may fall otherwise: one caption of 180.
            assert!((mine - its).abs() < 0.6, "{way} {at}: {mine} and {its}");
        }
    }
    // Nothing is overwritten.
    refused(&learn(path, &arguments), "has files already");
}

/// The last 60 images of the demo as a dataset of their own: each has three captions.
fn held_out(home: &Path) -> String {
    let entries = std::fs::read_dir(home.join("data")).unwrap().flatten();
    let demo = entries
        .map(|entry| entry.path())
        .find(|path| path.join("metadata.jsonl").exists());
    let demo = demo.expect("the demo's folder");
    let text = std::fs::read_to_string(demo.join("metadata.jsonl")).unwrap();
    let rows: Vec<&str> = text.lines().skip(3 * 240).collect();
    let to = demo.join("held-out.jsonl");
    std::fs::write(&to, rows.join("\n")).unwrap();
    to.to_str().unwrap().to_owned()
}

#[test]
fn what_would_give_a_false_figure_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path();
    let try_ = |arguments: &[&str], word: &str| refused(&learn(path, arguments), word);
    try_(
        &["--train", "0..200", "--valid", "150..300"],
        "trained on and validated on",
    );
    try_(
        &["--train", "0..200", "--valid", "200..301"],
        "there are 300",
    );
    try_(&["--train", "0..200"], "--valid");
    try_(&["--loss", "hinge"], "no loss");
    try_(&["--loss", "mh,mh"], "named twice");
    try_(&["--temperature", "0.1"], "none of the losses");
    try_(
        &["--loss", "infonce", "--margin", "0.1"],
        "none of the losses",
    );
    try_(&["--budget", "3"], "time budget");
    try_(&["--policy", "budget"], "number of seconds");
    try_(&["--policy", "budget-ranked"], "number of seconds");
    try_(&["--policy", "expand"], "groups of pairs");
    try_(&["--warm-epochs", "3"], "none of the policies");
    try_(&["--friendly-radius", "0.1"], "none of the policies");
    try_(
        &["--policy", "friendly", "--friendly-until", "0"],
        "share of a run",
    );
    try_(&["--groups", "no.npy"], "no.npy");
    try_(&["--groups", "elephant"], "no image is in the group");
    try_(&["--groups", "folder"], "in one group");
    try_(&["--batch", "100000"], "batch");
    try_(&["--residual", "--dim", "3"], "cannot be added");
    try_(
        &["--seeds", "3", "--init", "a", "--order", "b.npy"],
        "same run",
    );
    try_(&["--order", "no.npy"], "no.npy");
}

#[test]
fn images_are_held_out_by_a_seed_where_nothing_is_said() {
    let home = tempfile::tempdir().unwrap();
    let arguments = ["--epochs", "1", "--batch", "64", "--dim", "8"];
    let said = learn(home.path(), &arguments);
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(
        text.contains("60 of 300 images held out by seed 1"),
        "{text}"
    );
}

#[test]
fn splits_of_the_dataset_part_it_by_their_names() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path();
    // Unpacks the demo.
    let said = nearmiss(
        path,
        &[
            "eval",
            "--dataset",
            "demo",
            "--encoder",
            "demo",
            "--compute",
            "cpu",
        ],
    );
    assert!(said.status.success());
    let demo = held_out(path);
    let folder = Path::new(&demo).parent().unwrap();
    let text = std::fs::read_to_string(folder.join("metadata.jsonl")).unwrap();
    let rows = text.lines().enumerate().map(|(n, line)| {
        let mut row: Value = serde_json::from_str(line).unwrap();
        row["split"] = if n < 720 {
            "train".into()
        } else {
            "val".into()
        };
        row.to_string()
    });
    let data = folder.join("parted.jsonl");
    std::fs::write(&data, rows.collect::<Vec<String>>().join("\n")).unwrap();
    let learn = |arguments: &[&str]| {
        let start = [
            "learn",
            "--dataset",
            data.to_str().unwrap(),
            "--encoder",
            "demo",
            "--compute",
            "cpu",
        ];
        let rest = ["--epochs", "1", "--batch", "32", "--dim", "8", "--json"];
        nearmiss(path, &[&start, arguments, &rest].concat())
    };
    let report = json(&learn(&["--train", "train", "--valid", "val"]));
    let counts = ["train_images", "valid_images", "pairs"].map(|key| report[key].as_u64().unwrap());
    assert_eq!(counts, [240, 60, 720]);
    refused(
        &learn(&["--train", "train", "--valid", "test"]),
        "has no split test",
    );
    refused(
        &learn(&["--train", "train", "--valid", "train"]),
        "trained on and validated on",
    );
}

#[test]
fn groups_have_their_recall_and_the_worst_is_below_the_mean() {
    let home = tempfile::tempdir().unwrap();
    let arguments = [
        "--policy",
        "uniform,expand",
        "--groups",
        "circle",
        "--groups",
        "length",
        "--seeds",
        "2",
        "--epochs",
        "3",
        "--warm-epochs",
        "1",
        "--expand-by",
        "50",
        "--batch",
        "16",
        "--dim",
        "8",
        "--lr",
        "2e-3",
        "--json",
    ];
    let report = json(&learn(home.path(), &arguments));
    let groups = report["groups"].as_array().unwrap();
    assert!(groups.len() > 2);
    let total = |key: &str| {
        groups
            .iter()
            .map(|group| group[key].as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!(total("pairs"), report["pairs"].as_u64().unwrap());
    assert_eq!(total("held_out"), 180);
    let name = groups[0]["name"].as_str().unwrap();
    assert!(
        name.starts_with("circle, ") && name.ends_with("words"),
        "{name}"
    );
    for policy in ["mh uniform", "mh expand"] {
        let worst = &report["worst_group"][policy];
        for way in ["i2t", "t2i"] {
            let at = |value: &Value| value[way]["r1"]["mean"].as_f64().unwrap();
            assert!(at(worst) <= at(&report["bands"][policy]));
            assert!(worst[way]["r5"]["half_width"].is_number());
            let named = worst["worst"][way].as_str().unwrap();
            let of = worst["groups"].as_array().unwrap();
            let mean = |group: &Value| group[way]["mean"].as_f64().unwrap();
            let least = of.iter().map(mean).fold(f64::INFINITY, f64::min);
            let named = of.iter().find(|group| group["name"] == named).unwrap();
            assert!((mean(named) - least).abs() < 1e-12);
        }
    }
    assert!(report["differences"][0]["worst_group"]["t2i"]["r1"]["mean"].is_number());
    let run = &report["runs"][3];
    assert_eq!(run["policy"], "expand");
    assert_eq!(run["groups"].as_array().unwrap().len(), groups.len());
    // By equal epochs both took equal steps.
    assert_eq!(run["steps"], report["runs"][0]["steps"]);
}
