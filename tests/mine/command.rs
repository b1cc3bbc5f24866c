//! `nearmiss mine`.

use nearmiss::dataset::RowKeys;
use serde_json::Value;
use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_nearmiss"))
        .arg("mine")
        .args(arguments)
        .env("NEARMISS_DATA", folder.path().join("data"))
        .env("NEARMISS_CACHE", folder.path().join("cache"))
        .output()
        .unwrap()
}

/// The negatives, without the account of the data, which is the last line.
fn lines(output: &Output) -> Vec<Value> {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let mut rows: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let account = rows.pop().unwrap();
    for side in ["images", "captions"] {
        let tally = &account["data"][side];
        assert!(
            tally["found"].is_u64() && tally["found"] == tally["used"],
            "{account}"
        );
    }
    rows
}

const DEMO: [&str; 4] = ["--dataset", "demo", "--encoder", "demo"];

#[test]
fn json_is_one_object_a_line_with_the_promised_keys() {
    let rows = lines(&run(&[&DEMO[..], &["--k", "2", "--json"]].concat()));
    let kinds: Vec<&str> = rows
        .iter()
        .map(|row| row["query_kind"].as_str().unwrap())
        .collect();
    assert!(kinds.contains(&"image") && kinds.contains(&"text"));
    for row in &rows {
        for key in ["query", "positive", "negative"] {
            assert!(row[key].is_string(), "{row}");
        }
        let number = |key: &str| row[key].as_f64().unwrap();
        let margin = number("score_positive") - number("score_negative");
        assert!((margin - number("margin")).abs() < 1e-6);
        assert!(row["rank"].as_u64().unwrap() >= 1);
        let reasons = row["reasons"].as_array().unwrap();
        assert_eq!(row["possible_false_negative"], !reasons.is_empty());
        if row["query_kind"] == "image" {
            assert!(row["negative_text"].is_string() && row["query_text"].is_null());
        }
    }
}

#[test]
fn a_file_holds_what_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("negatives.jsonl");
    let written = run(&[
        &DEMO[..],
        &["--direction", "i2t", "--out", path.to_str().unwrap()],
    ]
    .concat());
    assert!(written.status.success());
    let printed = run(&[&DEMO[..], &["--direction", "i2t", "--json"]].concat());
    let written = std::fs::read(&path).unwrap();
    let account = printed.stdout.strip_prefix(&written[..]).unwrap();
    assert!(account.starts_with(b"{\"data\":"));
}

#[test]
fn embeddings_alone_are_named_by_row() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, values: &[f32]| {
        let path = folder.path().join(name);
        nearmiss::dataset::npy::write_array(&path, values, &[values.len() / 2, 2]).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let images = write("i.npy", &[1.0, 0.0, 0.0, 1.0]);
    let texts = write("t.npy", &[1.0, 0.1, 0.9, 0.5, 0.8, 0.9, 0.1, 1.0]);
    let arguments = [
        "--image-embeds",
        &images,
        "--text-embeds",
        &texts,
        "--captions-per-image",
        "2",
    ];
    let rows = lines(&run(
        &[&arguments[..], &["--direction", "i2t", "--json"]].concat()
    ));
    let found: Vec<[u64; 3]> = rows
        .iter()
        .map(|row| ["query", "positive", "negative"].map(|key| row[key].as_u64().unwrap()))
        .collect();
    assert_eq!(found, [[0, 0, 2], [1, 3, 1]]);
}

/// What was decided in the window about rows without names, which go by their content.
#[test]
fn decisions_about_rows_alone_are_held_to() {
    let folder = tempfile::tempdir().unwrap();
    let (images, texts) = (
        [1.0, 0.0, 0.0, 1.0],
        [1.0, 0.1, 0.9, 0.5, 0.8, 0.9, 0.1, 1.0],
    );
    let write = |name: &str, values: &[f32]| {
        let path = folder.path().join(name);
        nearmiss::dataset::npy::write_array(&path, values, &[values.len() / 2, 2]).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let [i, t] = [("i.npy", &images[..]), ("t.npy", &texts)].map(|(name, v)| write(name, v));
    let key = |rows: &[f32], row: usize| format!("blake3:{:032x}", RowKeys::of(rows, 2)[row]);
    let decisions = serde_json::json!({"version": 1, "decisions": [
        {"image": key(&images, 0), "caption": key(&texts, 2), "verdict": "right"},
        {"image": "another.png", "caption": "of a dataset in this folder", "verdict": "wrong"},
    ]});
    let kept = folder.path().join("nearmiss-decisions.json");
    std::fs::write(&kept, decisions.to_string()).unwrap();
    let arguments = [
        "--image-embeds",
        &i,
        "--text-embeds",
        &t,
        "--captions-per-image",
        "2",
    ];
    let rows = lines(&run(
        &[&arguments[..], &["--direction", "i2t", "--json"]].concat()
    ));
    let negatives: Vec<u64> = rows
        .iter()
        .map(|row| row["negative"].as_u64().unwrap())
        .collect();
    assert_eq!(negatives, [3, 1], "caption 2 is right for image 0");
    let out = folder.path().join("n.jsonl");
    let out = out.to_str().unwrap();
    let report = run(&[&arguments[..], &["--out", out, "--json"]].concat()).stdout;
    let report: Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(report["decisions"]["confirmed"], 1);
    assert_eq!(report["decisions"]["rejected"], 0);
    let told = run(&[&arguments[..], &["--out", out]].concat());
    assert!(String::from_utf8_lossy(&told.stdout).contains("decided: 1 confirmed"));
}

#[test]
fn what_nothing_can_satisfy_is_refused() {
    for (arguments, says) in [
        (vec!["--range-min", "5", "--range-max", "3"], "do not fit"),
        (vec!["--min-score", "0.5", "--max-score", "0.2"], "no score"),
        (vec!["--relative-margin", "5"], "no part of a score"),
        (vec!["--out", "negatives.docx"], "no known kind"),
    ] {
        let output = run(&[&DEMO[..], &arguments].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(says), "{said}");
    }
}
