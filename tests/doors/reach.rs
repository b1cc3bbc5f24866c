//! No file through data: names and links reach pictures below the dataset's own folder, or one that is named.

use super::{Scratch, png};
use std::os::unix::fs::symlink;
use std::path::Path;

/// Every file below a folder, as bytes.
fn everything(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.file_type().unwrap().is_dir() {
            bytes.extend(everything(&entry.path()));
        } else {
            bytes.extend(std::fs::read(entry.path()).unwrap());
        }
    }
    bytes
}

fn holds(folder: &Path, secret: &[u8]) -> bool {
    everything(folder)
        .windows(secret.len())
        .any(|part| part == secret)
}

#[test]
fn a_name_that_leads_out_is_refused_and_copies_nothing() {
    let scratch = Scratch::new();
    let secret = b"TOP SECRET WORDS";
    std::fs::write(scratch.path("secret"), secret).unwrap();
    png(&scratch.path("private/p.png"), 9);
    let absolute = scratch.path("secret").display().to_string();
    let private = scratch.path("private/p.png").display().to_string();
    let home = scratch.dataset(
        "set",
        &[
            "a.png",
            "../secret",
            &absolute,
            &private,
            "../private/p.png",
            "link.png",
            "x/p.png",
            "note.png",
            "/dev/zero",
        ],
    );
    png(&home.join("a.png"), 1);
    symlink("../secret", home.join("link.png")).unwrap();
    symlink("../private", home.join("x")).unwrap();
    std::fs::write(home.join("note.png"), secret).unwrap();
    let answer = scratch.run(["convert", "set", "out", "--json"]);
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["images"], 1, "{answer}");
    // The caption file names the secret's place, and nothing more of it.
    assert!(!holds(&scratch.path("out"), secret));
    // Everything is accounted for, with the reason.
    let account = answer["data"].to_string();
    assert!(
        account.contains("leads out of") && account.contains("--images"),
        "{account}"
    );
    assert!(
        answer["changed"].to_string().contains("not a picture"),
        "{answer}"
    );
}

#[test]
fn a_named_root_allows_what_lies_below_it() {
    let scratch = Scratch::new();
    png(&scratch.path("shelf/deep/p.png"), 9);
    png(&scratch.path("shelf/q.png"), 8);
    let absolute = scratch.path("shelf/deep/p.png").display().to_string();
    let home = scratch.dataset("set", &["a.png", &absolute, "link.png"]);
    png(&home.join("a.png"), 1);
    symlink("../shelf/q.png", home.join("link.png")).unwrap();
    let count = |arguments: &[&str]| {
        let answer: serde_json::Value = serde_json::from_str(&scratch.run(arguments)).unwrap();
        answer["images"].as_u64().unwrap()
    };
    assert_eq!(count(&["convert", "set", "one", "--json"]), 1);
    assert_eq!(
        count(&["convert", "set", "three", "--json", "--images", "shelf"]),
        3
    );
}

#[test]
fn the_pictures_of_the_same_dataset_are_reached_from_beside() {
    let scratch = Scratch::new();
    png(&scratch.path("coco/val2017/p.png"), 9);
    scratch.dataset("coco/annotations", &["../val2017/p.png", "p.png"]);
    let answer = scratch.run(["convert", "coco/annotations", "out", "--json"]);
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["images"], 2, "{answer}");
}

#[test]
fn texts_beside_pictures_are_no_links_or_fifos() {
    let scratch = Scratch::new();
    std::fs::write(scratch.path("secret"), "TOP SECRET WORDS").unwrap();
    for name in ["a", "b", "c"] {
        png(&scratch.path(format!("set/{name}.png")), 1);
    }
    std::fs::write(scratch.path("set/a.txt"), "plain words").unwrap();
    symlink("../secret", scratch.path("set/b.txt")).unwrap();
    let fifo = scratch.path("set/c.txt");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    let answer = scratch.run(["convert", "set", "out", "--json"]);
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["images"], 1, "{answer}");
    assert!(!holds(&scratch.path("out"), b"SECRET"));
    assert!(
        answer["data"].to_string().contains("no regular file"),
        "{answer}"
    );
}
