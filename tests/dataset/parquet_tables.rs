//! Which columns of a Parquet table hold what: names, captions, splits, pictures by name.

use super::parquet::{CELLS, Leaf, lists, nested, table, texts, write};
use super::{Folder, groups, png, problems, refused, says};
use parquet::file::properties::WriterProperties;

const LIST: &str =
    "optional group captions (LIST) { repeated group list { optional binary element (UTF8); } }";

#[test]
fn null_captions_and_lists_are_listed_and_lose_nothing() {
    let picture = png();
    let fifty: Vec<String> = (0..50).map(|i| format!("caption, {i}")).collect();
    let fifty: Vec<Option<&str>> = fifty.iter().map(|c| Some(c.as_str())).collect();
    let folder = table(
        &format!("optional binary image; optional binary file_name (UTF8); {LIST}"),
        vec![
            texts(&[Some(&picture[..]); 5]),
            texts(&[
                Some(b"a.png"),
                Some(b"../../b.png"),
                Some(b"/etc/c.png"),
                None,
                Some(b"e\xFF.png"),
            ]),
            lists(&[
                None,
                Some(&[]),
                Some(&fifty),
                Some(&[None, Some("tab\there"), Some(" ")]),
                Some(&[Some("e")]),
            ]),
        ],
    );
    let dataset = folder.open().unwrap();
    let names: Vec<_> = groups(&dataset)
        .into_iter()
        .map(|(name, captions)| (name.to_owned(), captions.len()))
        .collect();
    let expected =
        [("etc/c.png", 50), ("row 3", 1), ("e\u{FFFD}.png", 1)].map(|(n, c)| (n.to_owned(), c));
    assert_eq!(names, expected);
    assert_eq!(dataset.captions[49], "caption, 49");
    let problems = problems(&dataset).join("\n");
    says(
        &problems,
        &[
            "a.png: has no caption",
            "b.png: has no caption",
            "row 3: the caption is empty",
        ],
    );
    assert_eq!(dataset.images[0].bytes().unwrap(), picture);
}

#[test]
fn rows_of_one_name_are_one_image_unless_their_pictures_differ() {
    let (picture, other) = (png(), [&png()[..], b"x"].concat());
    let captions = [Some(&b"one"[..]), Some(b"two"), Some(b"three")];
    let columns = "optional binary image; required int64 image_id; optional binary text (UTF8);";
    let leaves = |second: &[u8]| {
        vec![
            texts(&[Some(&picture), Some(second), Some(&other)]),
            Leaf::Whole(vec![7, 7, 8]),
            texts(&captions),
        ]
    };
    let same = table(columns, leaves(&picture)).open().unwrap();
    assert_eq!(
        groups(&same),
        [("7", vec!["one", "two"]), ("8", vec!["three"])]
    );
    let unlike = table(columns, leaves(&other)).open().unwrap();
    assert_eq!(
        groups(&unlike),
        [
            ("row 0", vec!["one"]),
            ("row 1", vec!["two"]),
            ("row 2", vec!["three"])
        ]
    );
}

#[test]
fn paths_that_are_all_alike_give_way_to_ids() {
    let (picture, other) = (png(), [&png()[..], b"x"].concat());
    let folder = table(
        &format!("{CELLS} required int64 image_id; optional binary text (UTF8);"),
        vec![
            nested(&[Some(&picture), Some(&picture), Some(&other)]),
            nested(&[Some(&b"image.png"[..]); 3]),
            Leaf::Whole(vec![7, 7, 8]),
            texts(&[Some(b"one"), Some(b"two"), Some(b"three")]),
        ],
    );
    let dataset = folder.open().unwrap();
    assert_eq!(
        groups(&dataset),
        [("7", vec!["one", "two"]), ("8", vec!["three"])]
    );
    assert_eq!(dataset.images[1].bytes().unwrap(), other);
}

#[test]
fn columns_that_are_not_said_to_be_text_read_too() {
    let folder = table(
        "optional binary image; optional binary key; optional binary caption;",
        vec![
            texts(&[Some(&png())]),
            texts(&[Some(b"a")]),
            texts(&[Some("caf\u{e9}".as_bytes())]),
        ],
    );
    let dataset = folder.open().unwrap();
    assert_eq!(dataset.captions, ["caf\u{e9}"]);
    assert_eq!(dataset.images[0].bytes().unwrap(), png());
    let alone = table(
        "optional binary image (UTF8); optional binary caption;",
        vec![texts(&[Some(&[b'A'; 9000])]), texts(&[Some(b"one")])],
    );
    let dataset = alone.open().unwrap();
    assert_eq!(groups(&dataset), [("row 0", vec!["one"])]);
    assert!(!dataset.has_pictures());
}

#[test]
fn rows_of_several_pictures_are_refused() {
    let folder = table(
        "optional binary image_0; optional binary image_1; optional binary caption_0 (UTF8);",
        vec![
            texts(&[Some(b"x")]),
            texts(&[Some(b"y")]),
            texts(&[Some(b"one")]),
        ],
    );
    says(
        &refused(folder.open()),
        &["several pictures", "image_0, image_1"],
    );
}

#[test]
fn pictures_may_be_named_and_splits_be_a_column() {
    let folder = Folder::with(&["images/a.png", "val2014/b.png"]);
    let columns = "optional binary filename (UTF8); optional binary filepath (UTF8); optional binary split (UTF8); \
                   optional binary sentences (UTF8);";
    let cells =
        |texts: [&'static str; 4]| super::parquet::texts(&texts.map(|t| Some(t.as_bytes())));
    write(
        &folder.path("a.parquet"),
        columns,
        vec![vec![
            cells(["a.png", "b.png", "c.png", "/home/me/a.png"]),
            cells(["x", "val2014", "y", "z"]),
            cells(["test", "test", "test", "train"]),
            cells(["one, [1]", "[\"two\", \"three\"]", "four", "five"]),
        ]],
        WriterProperties::default(),
    );
    let dataset = folder.open().unwrap();
    assert_eq!(
        groups(&dataset),
        [("a.png", vec!["one, [1]"]), ("b.png", vec!["two", "three"])]
    );
    assert_eq!(dataset.format, "Parquet (a.parquet, split test of 4 rows)");
    says(&problems(&dataset)[0], &["c.png", "no such file"]);
}

#[test]
fn links_alone_open_as_captions() {
    let folder = table(
        "optional binary url (UTF8); optional binary caption (UTF8);",
        vec![
            texts(&[Some(b"https://x.org/a.jpg"), Some(b"https://x.org/b.jpg")]),
            texts(&[Some(b"one"), Some(b"two")]),
        ],
    );
    let dataset = folder.open().unwrap();
    assert_eq!(
        groups(&dataset),
        [
            ("https://x.org/a.jpg", vec!["one"]),
            ("https://x.org/b.jpg", vec!["two"])
        ]
    );
    assert!(!dataset.has_pictures());
    says(
        &problems(&dataset)[0],
        &["no picture was found", "captions only"],
    );
}
