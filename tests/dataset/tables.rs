//! Tables of captions: separators, quotes, headers.

use super::{Folder, groups, problems, refused, says};
use nearmiss::dataset::Reason;

fn table(name: &str, content: &str) -> nearmiss::dataset::Dataset {
    let folder = Folder::with(&["a.png", "b.png"]);
    folder.write(name, content);
    folder.open().unwrap()
}

#[test]
fn captions_with_commas_read_quoted_or_not() {
    let dataset = table(
        "captions.txt",
        "image,caption\na.png,\"A dog, a cat\"\na.png,A dog, a cat, and more ,\n\nb.png,A sign says \"stop, now\"\n\
         b.png,\"Say \"\"hi\"\", twice\"\n",
    );
    assert_eq!(
        groups(&dataset),
        [
            ("a.png", vec!["A dog, a cat", "A dog, a cat, and more"]),
            (
                "b.png",
                vec!["A sign says \"stop, now\"", "Say \"hi\", twice"]
            ),
        ]
    );
    assert!(dataset.problems.is_empty());
}

#[test]
fn columns_are_found_by_name_in_any_order() {
    for header in [
        "caption,image",
        "text,file_name",
        "comment,image_name",
        "title,filepath",
        "captions,image_path",
    ] {
        let dataset = table(
            "captions.csv",
            &format!("{header}\nA dog, running,a.png\nTwo,b.png\n"),
        );
        assert_eq!(
            groups(&dataset),
            [("a.png", vec!["A dog, running"]), ("b.png", vec!["Two"])]
        );
    }
    let dataset = table(
        "captions.csv",
        "\u{FEFF}id,Caption,Image,split\n1,One, two,a.png,test\n2,\"Three\",b.png,test\n",
    );
    assert_eq!(
        groups(&dataset),
        [("a.png", vec!["One, two"]), ("b.png", vec!["Three"])]
    );
    let dataset = table("metadata.csv", "file_name,text,caption\na.png,label,One\n");
    assert_eq!(groups(&dataset), [("a.png", vec!["One"])]);
}

#[test]
fn bars_and_tabs_separate_too() {
    let dataset = table(
        "results.csv",
        "image_name| comment_number| comment\na.png| 0| Two \"young guys\" , outside .\n\
         a.png| 4   A dog runs across the grass .\nb.png| 0|\"One\nb.png| no number\nb.png| 7\n",
    );
    // The row without its second bar is one that Flickr30k has.
    assert_eq!(
        groups(&dataset),
        [
            (
                "a.png",
                vec![
                    "Two \"young guys\" , outside .",
                    "A dog runs across the grass ."
                ]
            ),
            ("b.png", vec!["\"One"])
        ]
    );
    assert_eq!(
        problems(&dataset),
        [
            "results.csv, line 5: expected 3 columns, found 2",
            "results.csv, line 6: expected 3 columns, found 2"
        ]
    );
    let dataset = table(
        "captions.tsv",
        "filepath\ttitle\na.png\tOne, two\nb.png\tThree\n",
    );
    assert_eq!(
        groups(&dataset),
        [("a.png", vec!["One, two"]), ("b.png", vec!["Three"])]
    );
}

#[test]
fn a_table_without_a_header_begins_with_a_picture() {
    let dataset = table("captions.txt", "a.png,One, two\nb.png,Three\n");
    assert_eq!(
        groups(&dataset),
        [("a.png", vec!["One, two"]), ("b.png", vec!["Three"])]
    );
    let dataset = table("captions.txt", "a.png\tOne\nb.png\tTwo\n");
    assert_eq!(
        groups(&dataset),
        [("a.png", vec!["One"]), ("b.png", vec!["Two"])]
    );
}

#[test]
fn a_caption_may_span_lines_but_an_open_quote_swallows_no_rows() {
    let dataset = table(
        "captions.csv",
        "image,caption\na.png,\"One\ntwo\"\nbad\nb.png,Three\n",
    );
    assert_eq!(
        groups(&dataset),
        [("a.png", vec!["One\ntwo"]), ("b.png", vec!["Three"])]
    );
    assert_eq!(
        problems(&dataset),
        ["captions.csv, line 4: expected 2 columns, found 1"]
    );
    let dataset = table(
        "captions.csv",
        "image,caption\n\na.png,\"One\nb.png,\"Two, three\"\nb.png,Four\n,Five\n",
    );
    assert_eq!(
        groups(&dataset),
        [
            ("a.png", vec!["\"One"]),
            ("b.png", vec!["Two, three", "Four"])
        ]
    );
    assert_eq!(
        problems(&dataset),
        ["captions.csv, line 6: the file name is empty"]
    );
    let open = &dataset.origin.notes[0];
    assert_eq!(open.reason, Reason::OpenQuote);
    assert_eq!(open.names, ["captions.csv, line 3"]);
}

#[test]
fn other_encodings_and_lists_of_captions_read() {
    let folder = Folder::with(&["a.png"]);
    let utf16 = |text: &str| -> Vec<u8> {
        "\u{FEFF}"
            .chars()
            .chain(text.chars())
            .flat_map(|c| (c as u16).to_le_bytes())
            .collect()
    };
    folder.write("captions.csv", utf16("image,caption\na.png,caf\u{e9}\n"));
    assert_eq!(
        groups(&folder.open().unwrap()),
        [("a.png", vec!["caf\u{e9}"])]
    );
    folder.write("captions.csv", b"image,caption\na.png,caf\xE9\n");
    assert_eq!(
        groups(&folder.open().unwrap()),
        [("a.png", vec!["caf\u{FFFD}"])]
    );
    folder.write(
        "captions.csv",
        "image,captions\na.png,\"[\"\"one\"\", \"\"two\"\"]\"\n",
    );
    assert_eq!(
        groups(&folder.open().unwrap()),
        [("a.png", vec!["one", "two"])]
    );
}

#[test]
fn unknown_columns_are_refused_with_the_known_ones() {
    let folder = Folder::with(&["a.png"]);
    folder.write("captions.csv", "photo;words\na.png;one\n");
    says(
        &refused(folder.open()),
        &["captions.csv", "photo;words", "image,caption", "file_name"],
    );
    folder.write("captions.csv", "image,caption\n");
    says(
        &refused(folder.open()),
        &["captions.csv", "holds no picture with a caption"],
    );
}
