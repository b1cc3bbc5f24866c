//! Names are bytes: those that are no text work everywhere, and show with a mark in their place.

use super::{Scratch, rows};
use serde_json::Value;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

fn odd(ending: &str) -> OsString {
    let mut name = OsStr::from_bytes(b"n\xff").to_os_string();
    name.push(ending);
    name
}

fn words<'a>(text: &'a str, more: &'a [OsString]) -> Vec<&'a OsStr> {
    let words = text.split(' ').map(OsStr::new);
    words.chain(more.iter().map(OsString::as_os_str)).collect()
}

#[test]
fn commands_write_under_names_that_are_no_text() {
    let scratch = Scratch::new();
    let embed = scratch.run(words(
        "embed --dataset demo --encoder demo --json --out",
        &[odd("")],
    ));
    let embed: Value = serde_json::from_str(&embed).unwrap();
    assert_eq!(embed["out"], "n\u{fffd}");
    assert!(scratch.path(odd("")).join("order.json").is_file());

    let converted = scratch.run(words("convert demo --json", &[odd("cv")]));
    assert!(converted.contains("\"out\""));
    assert!(scratch.path(odd("cv")).join("metadata.jsonl").is_file());

    rows(&scratch.path("i.npy"), 4, 1);
    rows(&scratch.path("t.npy"), 8, 2);
    scratch.run(words(
        "mine --image-embeds i.npy --text-embeds t.npy --captions-per-image 2 --compute cpu --json --out",
        &[odd(".jsonl")],
    ));
    assert!(scratch.path(odd(".jsonl")).is_file());
    scratch.run(words("convert i.npy --json", &[odd(".npy")]));
    assert!(scratch.path(odd(".npy")).is_file());
}

#[test]
fn folders_of_the_program_may_be_called_so_too() {
    let scratch = Scratch::new();
    let output = scratch
        .nearmiss(["doctor", "--json"])
        .env("NEARMISS_DATA", scratch.path(odd("")))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", super::said(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        report["data"]["path"]
            .as_str()
            .unwrap()
            .ends_with("n\u{fffd}")
    );
}

#[test]
fn an_attack_takes_an_encoder_and_a_folder_of_such_names() {
    let scratch = Scratch::new();
    scratch.run(["convert", "demo", "few", "--images", "0,1"]);
    let encoder = scratch.path(odd("encoder"));
    std::fs::create_dir(&encoder).unwrap();
    let mut data = std::fs::read_dir(scratch.path("data")).unwrap().flatten();
    let demo = data.find(|e| e.file_name().to_string_lossy().starts_with("demo"));
    for file in std::fs::read_dir(demo.unwrap().path().join("encoder")).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), encoder.join(file.file_name())).unwrap();
    }
    let mut arguments = words(
        "attack pairs --dataset few --attack fgsm --json --encoder",
        &[],
    );
    let save = odd("saved");
    arguments.extend([encoder.as_os_str(), OsStr::new("--save"), &save]);
    scratch.run(arguments);
    assert!(scratch.path(save).join("report.json").is_file());
}

#[test]
fn a_dataset_in_a_folder_of_such_a_name_opens_and_its_faults_are_told() {
    let scratch = Scratch::new();
    scratch.run(["convert", "demo", "few", "--images", "0,1"]);
    let folder = scratch.path(odd(""));
    std::fs::rename(scratch.path("few"), &folder).unwrap();
    let eval = |data: &Path| {
        let data = data.as_os_str().to_os_string();
        let line = "eval --encoder demo --json --dataset";
        scratch.nearmiss(words(line, &[data])).output().unwrap()
    };
    let report: Value = serde_json::from_slice(&eval(&folder).stdout).unwrap();
    assert_eq!(report["images"], 2);
    let file = report["data"]["file"].as_str().unwrap();
    assert!(file.ends_with("n\u{fffd}/metadata.jsonl"), "{file}");

    let output = eval(&folder.join("none"));
    assert_eq!(output.status.code(), Some(1));
    let fault: Value = serde_json::from_slice(&output.stdout).unwrap();
    let file = fault["file"].as_str().unwrap();
    assert!(file.ends_with("n\u{fffd}/none"), "{file}");
    let cause = fault["cause"].as_str().unwrap();
    assert!(cause.starts_with("cannot open it: "), "{cause}");
}
