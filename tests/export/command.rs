//! `nearmiss convert` as a user runs it.

use super::{fixture, groups, open, task};
use nearmiss::dataset::vectors::{self, EITHER};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

fn convert(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nearmiss"))
        .arg("convert")
        .args(arguments)
        .env(
            "NEARMISS_DATA",
            std::env::temp_dir().join("nearmiss-export-data"),
        )
        .output()
        .unwrap()
}

fn json(arguments: &[&str]) -> Value {
    let output = convert(&[arguments, &["--json"]].concat());
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {error}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn a_part_of_the_demo_goes_round_through_every_folder() {
    let scratch = tempfile::tempdir().unwrap();
    let list = scratch.path().join("wanted.txt");
    std::fs::write(&list, "\u{FEFF}scenes/003.png\r\n\r\n001.png\n7\n").unwrap();
    let first = text(&scratch.path().join("first"));
    let answer = json(&["demo", &first, "--images", &text(&list)]);
    assert_eq!(answer["format"], "imagefolder");
    assert_eq!(
        (&answer["images"], &answer["pictures"]),
        (&3.into(), &3.into())
    );
    assert_eq!(answer["changed"], serde_json::json!([]));
    let original = groups(&open(Path::new(&first)));
    let names: Vec<&str> = original.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["scenes/003.png", "scenes/001.png", "scenes/007.png"]
    );
    let mut last = first;
    for format in ["karpathy", "coco", "flickr", "csv", "imagefolder"] {
        let out = text(&scratch.path().join(format));
        assert_eq!(json(&[&last, &out, "--format", format])["format"], format);
        last = out;
    }
    assert_eq!(groups(&open(Path::new(&last))), original);
    let two = text(&scratch.path().join("two.csv"));
    assert_eq!(json(&[&last, &two, "--images", "2,0"])["images"], 2);
    let output = convert(&[
        "demo",
        &text(&scratch.path().join("a.tar")),
        "--images",
        "0",
    ]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains("1 image") && said.contains("(webdataset)"),
        "{said}"
    );
}

#[test]
fn embeddings_change_their_container() {
    let scratch = tempfile::tempdir().unwrap();
    let original = vectors::read(&fixture("list.parquet"), &[EITHER], &task()).unwrap();
    let mut last = text(&fixture("fixed.parquet"));
    for name in ["a.npy", "b.safetensors", "c.parquet", "d.npy"] {
        let out = text(&scratch.path().join(name));
        let answer = json(&[&last, &out]);
        assert_eq!((&answer["rows"], &answer["dim"]), (&3.into(), &4.into()));
        last = out;
    }
    let back = vectors::read(Path::new(&last), &[EITHER], &task()).unwrap();
    assert_eq!(back, original);
    let part = text(&scratch.path().join("part.npy"));
    json(&[&last, &part, "--images", "2,0"]);
    let back = vectors::read(Path::new(&part), &[EITHER], &task()).unwrap();
    assert_eq!(
        back.values,
        [&original.values[8..12], &original.values[..4]].concat()
    );
}

#[test]
fn what_does_not_fit_is_refused_with_a_remedy() {
    let scratch = tempfile::tempdir().unwrap();
    let out = |name: &str| text(&scratch.path().join(name));
    for (arguments, part) in [
        (vec!["demo".to_owned(), out("a.npy")], "nearmiss embed"),
        (vec!["demo".to_owned(), out("a.xyz")], "--format"),
        (
            vec![
                "demo".to_owned(),
                out("a.csv"),
                "--images".into(),
                "99999".into(),
            ],
            "no 99999",
        ),
        (
            vec![text(&fixture("both.parquet")), out("a.csv")],
            ".safetensors",
        ),
        (vec![out("gone.npy"), out("a.parquet")], "gone.npy"),
    ] {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = convert(&arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(part), "{said:?} does not say {part:?}");
    }
    assert_eq!(super::listing(scratch.path()), [""; 0]);
}
