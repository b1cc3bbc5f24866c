//! The account of a dataset adds up, and readers lose nothing in silence: a case for each kind of loss.

mod command;

use super::archives::tar;
use super::{Folder, balanced, groups, png, refused, says};
use nearmiss::dataset::{Dataset, Reason, Wanted, open_wanted};
use nearmiss::error::Result;
use nearmiss::task::Task;
use std::fmt::Write as _;

/// `(reason, images, captions)` of everything that is left out.
fn left(dataset: &Dataset) -> Vec<(Reason, u64, u64)> {
    let account = dataset.account();
    let mut all: Vec<(Reason, u64, u64)> = Vec::new();
    for (side, tally) in [&account.images, &account.captions].into_iter().enumerate() {
        for left in &tally.left_out {
            if !all.iter().any(|(reason, ..)| *reason == left.reason) {
                all.push((left.reason, 0, 0));
            }
            for entry in &mut all {
                if entry.0 == left.reason {
                    let count = if side == 0 {
                        &mut entry.1
                    } else {
                        &mut entry.2
                    };
                    *count += left.count;
                }
            }
        }
    }
    all
}

fn noted(dataset: &Dataset, reason: Reason) -> Vec<String> {
    let notes = dataset.account().notes;
    let of = notes.into_iter().filter(|note| note.reason == reason);
    of.flat_map(|note| note.names).collect()
}

fn split(folder: &Folder, split: &str) -> Result<Dataset> {
    let wanted = Wanted {
        split: Some(split.into()),
        language: None,
        ..Wanted::default()
    };
    let dataset = open_wanted(folder.0.path(), &wanted, &Task::detached())?;
    balanced(&dataset);
    Ok(dataset)
}

fn names(dataset: &Dataset) -> Vec<&str> {
    dataset.images.iter().map(|i| i.name.as_str()).collect()
}

/// Twelve pictures, of which 3, 5 and 10 are of the test split, as the column `key` says.
fn column(key: &str) -> Folder {
    let pictures: Vec<String> = (0..12).map(|i| format!("images/p{i}.png")).collect();
    let folder = Folder::with(&pictures.iter().map(String::as_str).collect::<Vec<_>>());
    let mut table = format!("image,caption,{key}\n");
    for i in 0..12 {
        let split = match i {
            3 | 5 | 10 => "Test",
            1 | 7 => "val",
            2 | 8 => "restval",
            _ => "train",
        };
        let _ = writeln!(table, "p{i}.png,caption {i},{split}");
    }
    folder.write("captions.csv", table);
    folder
}

#[test]
fn of_a_column_of_splits_the_test_split_opens_and_the_rest_is_counted() {
    for key in [
        "split",
        "subset",
        "Partition",
        "fold",
        "set",
        "dataset_split",
        "part of",
    ] {
        let folder = column(key);
        let dataset = folder.open().unwrap();
        assert_eq!(names(&dataset), ["p3.png", "p5.png", "p10.png"], "{key}");
        assert_eq!(left(&dataset), [(Reason::OtherSplit, 9, 9)]);
        let account = dataset.account();
        let of = account.split.as_ref().unwrap();
        assert_eq!(of.name, "test");
        let all: Vec<(&str, u64)> = of.all.iter().map(|(n, c)| (n.as_str(), *c)).collect();
        assert_eq!(all, [("restval", 2), ("test", 3), ("train", 5), ("val", 2)]);
        let lower = key.to_lowercase();
        assert_eq!(
            account.describe(),
            format!(
                "3 of 12 images (split test, by the column {lower} of captions.csv), 3 of 12 captions\n\
                 left out: 9 images of other splits (restval 2, train 5, val 2)"
            )
        );
    }
    let folder = column("split");
    assert_eq!(split(&folder, "train").unwrap().images.len(), 5);
    assert_eq!(split(&folder, "all").unwrap().images.len(), 12);
    says(
        &refused(split(&folder, "dev")),
        &["no split dev", "restval, test, train, val", "--split"],
    );
    // A column of that name that holds something else is said not to be used.
    let folder = Folder::with(&["a.png", "b.png"]);
    folder.write(
        "captions.csv",
        "image,caption,set\na.png,one,7\nb.png,two,test\n",
    );
    let dataset = folder.open().unwrap();
    assert_eq!(dataset.images.len(), 2);
    assert_eq!(noted(&dataset, Reason::NotUsed), ["column set"]);
    says(&refused(split(&folder, "test")), &["no splits", "test"]);
}

#[test]
fn keys_of_lines_and_folders_of_names_are_splits_too() {
    let folder = Folder::with(&["train/a.png", "test/b.png"]);
    let lines = |key: &str| {
        format!(
            "{{\"file_name\": \"train/a.png\", \"text\": \"one\"{}}}\n{{\"file_name\": \"test/b.png\", \"text\": \"two\"{}}}\n",
            key.replace('*', "train"),
            key.replace('*', "test")
        )
    };
    for key in [
        "",
        ", \"split\": \"*\"",
        ", \"Partition\": \"*\"",
        ", \"part of\": \"*\", \"set\": 7",
    ] {
        folder.write("metadata.jsonl", lines(key));
        let dataset = folder.open().unwrap();
        assert_eq!(groups(&dataset), [("test/b.png", vec!["two"])], "{key}");
        assert_eq!(left(&dataset), [(Reason::OtherSplit, 1, 1)]);
    }
    std::fs::remove_file(folder.path("metadata.jsonl")).unwrap();
    folder.write("train/a.txt", "one\nmore\n");
    folder.write("test/b.txt", "two\n");
    let dataset = folder.open().unwrap();
    assert_eq!(groups(&dataset), [("test/b.png", vec!["two"])]);
    assert_eq!(left(&dataset), [(Reason::OtherSplit, 1, 2)]);
    assert_eq!(split(&folder, "train").unwrap().captions.len(), 2);
    // A file for each split.
    let folder = Folder::with(&["images/a.png", "images/b.png"]);
    folder.write("captions_dev.csv", "image,caption\na.png,one\n");
    folder.write("captions_test.csv", "image,caption\nb.png,two\n");
    let dataset = folder.open().unwrap();
    assert_eq!(names(&dataset), ["b.png"]);
    assert_eq!(dataset.origin.split.as_ref().unwrap().name, "test");
    assert_eq!(noted(&dataset, Reason::NotUsed), ["captions_dev.csv"]);
    assert_eq!(names(&split(&folder, "dev").unwrap()), ["a.png"]);
}

#[test]
fn captions_go_with_their_missing_picture_and_pictures_without_a_row_are_counted() {
    let folder = Folder::with(&["images/p0.png", "images/q.png", "images/sub/r.png"]);
    folder.write(
        "captions.csv",
        "image,caption\np0.png,a\np1.png,b\np1.png,c\np1.png,d\np1.png,e\np1.png,f\np0.png, \nbad\n",
    );
    let dataset = folder.open().unwrap();
    assert_eq!(
        left(&dataset),
        [
            (Reason::NoRow, 2, 0),
            (Reason::NoPicture, 1, 5),
            (Reason::EmptyCaption, 0, 1),
            (Reason::Malformed, 0, 1),
        ]
    );
    assert_eq!(
        dataset.account().images.left_out[0].names,
        ["q.png", "r.png"]
    );
}

#[test]
fn pictures_named_from_the_folder_above_are_found() {
    for name in [
        "train/p.png",
        "Images/train/p.png",
        "../train/p.png",
        "./train/p.png",
    ] {
        let folder = Folder::with(&["Images/train/p.png", "Images/train/q.png"]);
        let line = format!("{{\"file_name\": \"{name}\", \"text\": \"one\"}}\n");
        folder.write("Images/train/metadata.jsonl", line);
        for place in ["Images", "Images/train"] {
            let dataset = super::open(&folder.path(place)).unwrap();
            assert!(dataset.has_pictures(), "{name} in {place}");
            assert_eq!(left(&dataset), [(Reason::NoRow, 1, 0)]);
        }
    }
}

#[test]
fn what_is_used_otherwise_than_it_stands_is_noted() {
    let folder = Folder::with(&["images/K0.PNG", "images/k1.png"]);
    folder.write(
        "captions.csv",
        b"image,caption,text\nk0.png,a dog,x\nk0.png,a dog,x\n/x/a/k1.png,caf\xE9,x\n/x/b/k1.png,\"open,x\n",
    );
    let dataset = folder.open().unwrap();
    assert_eq!(dataset.captions.len(), 4);
    assert_eq!(noted(&dataset, Reason::LetterCase), ["k0.png"]);
    assert_eq!(noted(&dataset, Reason::Encoding), ["captions.csv"]);
    assert_eq!(noted(&dataset, Reason::NotUsed), ["column text"]);
    assert_eq!(noted(&dataset, Reason::OpenQuote), ["captions.csv, line 5"]);
    assert_eq!(
        noted(&dataset, Reason::Duplicate),
        ["/x/a/k1.png, /x/b/k1.png", "k0.png"]
    );
}

#[test]
fn captions_that_begin_with_a_quote_stay_as_they_stand() {
    let folder = Folder::with(&["k0.png", "k1.png", "k2.png", "k3.png", "k4.png"]);
    folder.write(
        "captions.txt",
        "image,caption\nk0.png,\"Stop\" sign, near a road .\nk1.png,\"Hello\" says a boy\nk2.png,\"a man, at dusk\"\n\
         k3.png,\"he said \"\"hi\"\", twice\"\nk4.png,\"Stop\", says the sign\n",
    );
    let dataset = folder.open().unwrap();
    assert_eq!(
        dataset.captions,
        [
            "\"Stop\" sign, near a road .",
            "\"Hello\" says a boy",
            "a man, at dusk",
            "he said \"hi\", twice",
            "\"Stop\", says the sign",
        ]
    );
    assert!(left(&dataset).is_empty() && dataset.origin.notes.is_empty());
}

#[test]
fn archives_list_each_picture_and_text_that_is_not_used() {
    let picture = png();
    let folder = Folder::with(&[]);
    let files: [(&str, &[u8]); 19] = [
        ("Track 2.0 (a).png", &picture),
        ("Track 2.0 (a).txt", b"a guitar"),
        ("22.0/1.1.png", &picture),
        ("22.0/1.1.txt", b"a green door"),
        ("22.0/1.2.png", &picture),
        ("22.0/1.2.txt", b"a blue door"),
        ("0.png", &picture),
        ("0.seg.png", &picture),
        ("0.caption.txt", b"two parts"),
        ("1.0.png", &picture),
        ("1.1.png", &picture),
        ("1.txt", b"two pictures"),
        ("2.png", &picture),
        ("lonely.txt", b"x"),
        ("odd.heic", b"abc"),
        ("odd.txt", b"a heic"),
        ("noext", &picture),
        ("0.captions.json", b"{\"caption\": \"more\"}"),
        ("a/.hid.png", &picture),
    ];
    folder.write("a.tar", tar(&files));
    let dataset = folder.open().unwrap();
    assert_eq!(
        groups(&dataset),
        [
            ("Track 2.0 (a).png", vec!["a guitar"]),
            ("22.0/1.1.png", vec!["a green door"]),
            ("22.0/1.2.png", vec!["a blue door"]),
            ("0.png", vec!["two parts"]),
            ("1.0.png", vec!["two pictures"]),
        ]
    );
    assert_eq!(
        left(&dataset),
        [
            (Reason::SecondOfSample, 1, 0),
            (Reason::UnknownEnding, 1, 0),
            (Reason::NoCaption, 1, 0),
            (Reason::NoPicture, 0, 2),
        ]
    );
    assert_eq!(
        noted(&dataset, Reason::UnknownEnding),
        ["a.tar: 0.seg.png", "a.tar: noext"]
    );
    assert_eq!(noted(&dataset, Reason::NotUsed), ["a.tar: a/.hid.png"]);
    // The same files in a folder give the same samples.
    let unpacked = Folder::with(&[]);
    for (name, content) in files {
        unpacked.write(name, content);
    }
    let same = unpacked.open().unwrap();
    let sorted = |dataset: &Dataset| {
        let mut all: Vec<String> = groups(dataset).iter().map(|g| format!("{g:?}")).collect();
        all.sort();
        all
    };
    assert_eq!(sorted(&same), sorted(&dataset));
    assert_eq!(left(&same), left(&dataset));
}
