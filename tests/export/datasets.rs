//! Datasets written in every format and read back: names, order, captions, and the pictures' stored bytes.

use super::{groups, listing, made, open, png, task};
use nearmiss::dataset::export::{self, Format};
use nearmiss::dataset::{self, Dataset, Image};
use std::collections::BTreeMap;
use std::path::Path;

/// Fifty captions.
fn many() -> Vec<String> {
    (0..50).map(|i| format!("caption {i}, of 50")).collect()
}

/// What one line holds: commas, quotes, tabs, bars, hashes, other scripts, JSON, rows of other files.
pub(super) const LINES: [&str; 8] = [
    "a dog, a cat, and \"two\" mice",
    "tab\there\tand there",
    "a|b;c",
    "name.jpg#0",
    "[\"looks\", \"like a list\"]",
    "{\"caption\": \"an object\"}",
    "Ein Häuschen 写真 🐈",
    "'single', \\back\\slash",
];

/// Line breaks, one of them before what looks like a row.
pub(super) const BROKEN: [&str; 3] = ["two\nlines", "first\nother.png, and more", "old\r\nstyle"];

pub(super) fn traps(folder: &Path) -> Dataset {
    let many = many();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    made(
        folder,
        &[
            ("a, b.png", &LINES),
            ("c#1.png", &many),
            ("none.png", &[]),
            ("sub/d.png", &["one"]),
            ("sub/e é.png", &["one", "the same", "the same"]),
        ],
    )
}

pub(super) fn all(dataset: &Dataset) -> Vec<usize> {
    (0..dataset.images.len()).collect()
}

/// Formats that become a folder which `open` reads.
const FOLDERS: [Format; 6] = [
    Format::ImageFolder,
    Format::Karpathy,
    Format::Coco,
    Format::FlickrTokens,
    Format::Csv,
    Format::Sidecar,
];

#[test]
fn every_folder_is_read_back_equal_with_its_pictures() {
    let scratch = tempfile::tempdir().unwrap();
    let dataset = traps(scratch.path());
    assert_eq!(dataset.problems.len(), 1, "the image without a caption");
    for format in FOLDERS {
        let out = scratch.path().join(format.name());
        let written = export::write(&dataset, &all(&dataset), &out, format, &task()).unwrap();
        assert_eq!(written.changed, [], "{}", format.name());
        assert_eq!((written.images, written.captions), (4, 8 + 50 + 1 + 3));
        let back = open(&out);
        assert_eq!(groups(&back), groups(&dataset), "{}", format.name());
        for (a, b) in back.images.iter().zip(&dataset.images) {
            assert_eq!(a.bytes().unwrap(), b.bytes().unwrap(), "{}", a.name);
        }
        assert_eq!(
            listing(scratch.path())
                .iter()
                .filter(|n| n.starts_with('.'))
                .count(),
            0
        );
    }
}

#[test]
fn line_breaks_survive_or_are_listed() {
    let scratch = tempfile::tempdir().unwrap();
    let dataset = made(scratch.path(), &[("a.png", &BROKEN), ("b.png", &["one"])]);
    let spaces = ["two lines", "first other.png, and more", "old style"];
    for format in FOLDERS {
        let out = scratch.path().join(format.name());
        let written = export::write(&dataset, &[0, 1], &out, format, &task()).unwrap();
        let back = groups(&open(&out));
        if [Format::FlickrTokens, Format::Sidecar].contains(&format) {
            assert_eq!(back[0].1, spaces, "{}", format.name());
            assert_eq!(written.changed.len(), 1);
            assert_eq!(written.changed[0].place, "a.png");
            assert!(written.changed[0].what.contains("line break"));
        } else {
            assert_eq!(back, groups(&dataset), "{}", format.name());
            assert_eq!(written.changed, []);
        }
    }
}

#[test]
fn caption_files_go_where_the_pictures_are() {
    let scratch = tempfile::tempdir().unwrap();
    let dataset = made(
        scratch.path(),
        &[("stored-1.png", &["one"]), ("stored-0.png", &LINES)],
    );
    for name in [
        "metadata.jsonl",
        "dataset_x.json",
        "captions_x.json",
        "x.token.txt",
        "captions.txt",
        "captions.csv",
    ] {
        let out = scratch.path().join(name);
        let format = Format::of(&out).unwrap();
        let written = export::write(&dataset, &[1, 0, 1], &out, format, &task()).unwrap();
        assert_eq!((written.images, written.pictures), (2, 0), "{name}");
        let back = groups(&open(&out));
        let expected = groups(&dataset);
        assert_eq!(back, [expected[1].clone(), expected[0].clone()], "{name}");
        std::fs::remove_file(out).unwrap();
    }
}

#[test]
fn names_that_clash_or_lead_outside_are_changed_and_listed() {
    let scratch = tempfile::tempdir().unwrap();
    let dataset = made(
        scratch.path(),
        &[
            ("a.png", &["first"]),
            ("../../a.png", &["second"]),
            ("/etc/b.png", &["third"]),
            ("A.png", &["fourth"]),
            ("no extension", &["fifth"]),
        ],
    );
    for format in FOLDERS {
        let out = scratch.path().join(format.name());
        let written = export::write(&dataset, &all(&dataset), &out, format, &task()).unwrap();
        let changed: BTreeMap<&str, &str> = written
            .changed
            .iter()
            .map(|p| (p.place.as_str(), p.what.as_str()))
            .collect();
        assert_eq!(changed["../../a.png"], "is called a-2.png there");
        assert_eq!(changed["/etc/b.png"], "is called etc/b.png there");
        assert_eq!(changed["A.png"], "is called A-3.png there");
        assert_eq!(changed["no extension"], "is called no extension.png there");
        let back = open(&out);
        for (i, caption) in ["first", "second", "third", "fourth", "fifth"]
            .iter()
            .enumerate()
        {
            let at = back.captions.iter().position(|c| c == caption).unwrap();
            assert_eq!(back.images[at].bytes().unwrap(), png(i as u8), "{caption}");
        }
    }
    // Without pictures, nothing tells images of one name apart.
    let twins = made(
        scratch.path(),
        &[("a.png", &["first"]), ("a.png", &["second"])],
    );
    let out = scratch.path().join("captions.csv");
    let written = export::write(&twins, &[0, 1], &out, Format::Csv, &task()).unwrap();
    assert!(written.changed[0].what.contains("shares its name"));
}

#[test]
fn a_folder_appears_whole_or_not_at_all() {
    let scratch = tempfile::tempdir().unwrap();
    let source = scratch.path().join("source");
    std::fs::create_dir(&source).unwrap();
    let dataset = made(&source, &[("a.png", &["one"]), ("b.png", &["two"])]);
    let out = scratch.path().join("out");
    let cancelled = task();
    cancelled.cancel();
    assert!(
        export::folder(&dataset, &[0], &out, &cancelled)
            .unwrap_err()
            .is_cancelled()
    );
    assert!(export::folder(&dataset, &[7], &out, &task()).is_err());
    assert!(export::folder(&dataset, &[], &out, &task()).is_err());
    assert_eq!(listing(scratch.path()), ["source"]);

    std::fs::create_dir(&out).unwrap();
    std::fs::write(out.join("mine.txt"), "kept").unwrap();
    let error = export::folder(&dataset, &[0], &out, &task()).unwrap_err();
    assert!(error.to_string().contains("holds files already"), "{error}");
    assert_eq!(listing(&out), ["mine.txt"]);
    std::fs::remove_file(out.join("mine.txt")).unwrap();

    // An empty folder is taken; a picture that is gone is left out.
    std::fs::remove_file(source.join("stored-0.png")).unwrap();
    let written = export::folder(&dataset, &[0, 1], &out, &task()).unwrap();
    assert_eq!(
        (written.images, written.captions, written.pictures),
        (1, 1, 1)
    );
    assert_eq!(written.changed[0].place, "a.png");
    assert_eq!(listing(&out), ["b.png", "metadata.jsonl"]);
    assert_eq!(
        groups(&open(&out)),
        [("b.png".to_owned(), vec!["two".to_owned()])]
    );
}

#[test]
fn marks_line_ends_and_other_encodings_are_gone_after_a_conversion() {
    let scratch = tempfile::tempdir().unwrap();
    let source = scratch.path().join("captions.csv");
    std::fs::write(scratch.path().join("a.png"), png(1)).unwrap();
    let mut bytes = b"\xEF\xBB\xBFimage,caption\r\na.png,\"one, two\"\r\na.png,caf".to_vec();
    bytes.extend(b"\xE9 noir\r\n");
    std::fs::write(&source, bytes).unwrap();
    let dataset = dataset::open(&source, &task()).unwrap();
    assert_eq!(dataset.captions, ["one, two", "caf\u{FFFD} noir"]);
    for format in FOLDERS {
        let out = scratch.path().join(format.name());
        export::write(&dataset, &[0], &out, format, &task()).unwrap();
        assert_eq!(groups(&open(&out)), groups(&dataset), "{}", format.name());
    }
}

#[test]
fn images_without_pictures_have_captions_alone() {
    let scratch = tempfile::tempdir().unwrap();
    let image = Image::file("a.png", scratch.path().join("gone.png"));
    let dataset = Dataset::from_groups("x", "made", vec![(image, vec!["one".into()])], Vec::new());
    let error = export::folder(&dataset, &[0], &scratch.path().join("out"), &task()).unwrap_err();
    assert!(error.to_string().contains("a.png was left out"), "{error}");
    let file = scratch.path().join("captions.csv");
    export::write(&dataset, &[0], &file, Format::Csv, &task()).unwrap();
    assert_eq!(
        std::fs::read_to_string(file).unwrap(),
        "image,caption\na.png,one\n"
    );
}
