//! Token files, Karpathy's and COCO's JSON, JSON lines, pictures with text files.

use super::{Folder, groups, problems, refused, says};

#[test]
fn token_files_keep_ragged_captions_and_list_what_is_wrong() {
    let folder = Folder::with(&["images/a.png", "images/b.png"]);
    folder.write(
        "captions.token.txt",
        "b.png#0\tOne, two .\nb.png#1\tThree\r\n\nno tab here\na.png#0\t Four \ngone.png#0\tFive\ngone.png#1\tSix\n\
         a.png#x\tSeven\nb.png#2\tEight\na.png#1\t \n",
    );
    let dataset = folder.open().unwrap();
    assert_eq!(
        groups(&dataset),
        [
            ("b.png", vec!["One, two .", "Three", "Eight"]),
            ("a.png", vec!["Four"])
        ]
    );
    assert_eq!(
        problems(&dataset),
        [
            "captions.token.txt, line 4: expected name.jpg#0, a tab and a caption",
            "gone.png: is named in captions.token.txt, but there is no such file",
            "captions.token.txt, line 8: expected name.jpg#0, a tab and a caption",
            "captions.token.txt, line 10: the caption is empty",
        ]
    );
}

fn karpathy(folder: &Folder, images: &str) {
    folder.write(
        "dataset_x.json",
        format!(r#"{{"dataset": "x", "images": [{images}]}}"#),
    );
}

#[test]
fn karpathy_keeps_the_test_split_among_several() {
    let folder = Folder::with(&["a.png", "images/b.png", "val2014/c.png"]);
    karpathy(
        &folder,
        r#"{"filename": "a.png", "split": "train", "sentences": [{"raw": "one"}]},
           {"filename": "b.png", "split": "test", "imgid": 1, "sentences": [{"raw": "two"}, {"raw": "three"}]},
           {"filename": "c.png", "filepath": "val2014", "split": "test", "sentences": [{"tokens": ["four", "five"]}]},
           {"filename": "d.png", "split": "test", "sentences": [{"raw": "six"}]},
           {"split": "test", "sentences": []}"#,
    );
    let dataset = folder.open().unwrap();
    assert_eq!(
        groups(&dataset),
        [
            ("b.png", vec!["two", "three"]),
            ("c.png", vec!["four five"])
        ]
    );
    assert_eq!(
        dataset.format,
        "Karpathy JSON (dataset_x.json, split test: 4 of 5 images)"
    );
    says(&problems(&dataset)[0], &["d.png", "no such file"]);
    says(
        &problems(&dataset)[1],
        &["dataset_x.json, image 5", "\"filename\" is missing"],
    );
}

#[test]
fn karpathy_keeps_everything_where_there_is_one_split_or_no_test() {
    let folder = Folder::with(&["a.png", "b.png"]);
    let entry = |name: &str, split: &str| {
        format!(r#"{{"filename": "{name}", "split": "{split}", "sentences": [{{"raw": "one"}}]}}"#)
    };
    for (second, note) in [
        ("train", "split train"),
        ("val", "all splits: none is called test"),
    ] {
        karpathy(
            &folder,
            &format!("{}, {}", entry("a.png", "train"), entry("b.png", second)),
        );
        let dataset = folder.open().unwrap();
        assert_eq!(dataset.images.len(), 2);
        says(&dataset.format, &[note]);
    }
}

#[test]
fn json_with_missing_keys_names_the_key_and_what_was_expected() {
    let folder = Folder::with(&["a.png"]);
    for (content, key) in [
        (r#"{"dataset": "x"}"#, "images"),
        (
            r#"{"images": [{"file": "a.png", "sentences": []}]}"#,
            "filename",
        ),
        (r#"{"images": [{"filename": "a.png"}]}"#, "sentences"),
        (
            r#"{"images": [{"filename": "a.png", "sentences": [{"txt": "one"}]}]}"#,
            "raw",
        ),
    ] {
        folder.write("dataset_x.json", content);
        let message = refused(folder.open_file("dataset_x.json"));
        says(
            &message,
            &[
                "dataset_x.json",
                &format!("key \"{key}\" is missing"),
                r#"Expected {"images""#,
            ],
        );
    }
    for (content, key) in [
        (
            r#"{"annotations": [{"image_id": 1, "caption": "x"}]}"#,
            "images",
        ),
        (
            r#"{"images": [{"id": 1, "file_name": "a.png"}]}"#,
            "annotations",
        ),
        (r#"{"images": [{"id": 1}], "annotations": []}"#, "file_name"),
        (
            r#"{"images": [{"id": 1, "file_name": "a.png"}], "annotations": [{"image_id": 1}]}"#,
            "caption",
        ),
    ] {
        folder.write("captions_x.json", content);
        let message = refused(folder.open_file("captions_x.json"));
        says(
            &message,
            &[
                "captions_x.json",
                &format!("key \"{key}\" is missing"),
                "\"image_id\": 1",
            ],
        );
    }
}

#[test]
fn json_that_is_cut_off_broken_or_of_other_types_is_refused() {
    let folder = Folder::with(&["a.png"]);
    for (content, word) in [
        (r#"{"images": [{"filename": "a.p"#, "cut off"),
        (r#"{"images": [{"filename": "a.png", }]}"#, "not valid JSON"),
        (
            r#"{"images": [{"filename": 3, "sentences": []}]}"#,
            "not a Karpathy dataset",
        ),
        (r#"{"images": []}"#, "holds no picture with a caption"),
    ] {
        folder.write("dataset_x.json", content);
        says(
            &refused(folder.open_file("dataset_x.json")),
            &["dataset_x.json", word],
        );
    }
}

#[test]
fn coco_joins_annotations_to_images_in_the_files_order() {
    let folder = Folder::with(&["val2017/a.jpg", "val2017/b.jpg"]);
    folder.write(
        "annotations/captions_val2017.json",
        r#"{"info": {}, "images": [{"id": 7, "file_name": "b.jpg"}, {"id": 3, "file_name": "a.jpg"},
            {"id": 4, "file_name": "c.jpg"}],
            "annotations": [{"image_id": 3, "id": 1, "caption": "one\n"}, {"image_id": 7, "caption": "two"},
            {"image_id": 3, "caption": "three"}, {"image_id": 4, "caption": "of a missing one"},
            {"image_id": 99, "caption": "of none"}, {"image_id": 3}]}"#,
    );
    for dataset in [
        folder.open().unwrap(),
        folder
            .open_file("annotations/captions_val2017.json")
            .unwrap(),
    ] {
        assert_eq!(
            groups(&dataset),
            [("b.jpg", vec!["two"]), ("a.jpg", vec!["one", "three"])]
        );
        let problems = problems(&dataset);
        assert_eq!(problems.len(), 3, "{problems:?}");
        says(&problems[0], &["c.jpg", "no such file"]);
        says(&problems[1], &["annotation 5", "belongs to no image"]);
        says(&problems[2], &["annotation 6", "\"caption\" is missing"]);
    }
}

#[test]
fn json_lines_take_several_rows_and_lists() {
    let folder = Folder::with(&["x/a.png", "b.png"]);
    folder.write(
        "metadata.jsonl",
        "{\"file_name\": \"x/a.png\", \"text\": \"one, \\\"two\\\"\"}\n\n{\"file_name\": \"b.png\", \"caption\": \
         [\"three\", \"four\"]}\n{broken\n{\"file_name\": \"x/a.png\", \"text\": \"five\"}\n{\"file_name\": \"b.png\"}\n\
         {\"text\": \"six\"}\n[1]\n{\"file_name\": \"b.png\", \"text\": 7}\n",
    );
    let dataset = folder.open().unwrap();
    assert_eq!(
        groups(&dataset),
        [
            ("x/a.png", vec!["one, \"two\"", "five"]),
            ("b.png", vec!["three", "four", "7"])
        ]
    );
    let problems = problems(&dataset);
    assert_eq!(problems.len(), 4, "{problems:?}");
    says(&problems[0], &["metadata.jsonl, line 4", "not valid JSON"]);
    says(&problems[1], &["line 6", "caption", "missing"]);
    says(&problems[2], &["line 7", "file_name", "missing"]);
    says(&problems[3], &["line 8", "not a JSON object"]);
}

#[test]
fn a_json_list_of_captions_opens_too() {
    let folder = Folder::with(&["images/a.jpg"]);
    folder.write(
        "coco_karpathy_test.json",
        r#"[{"image": "a.jpg", "caption": ["one", "two"]}]"#,
    );
    assert_eq!(
        groups(&folder.open().unwrap()),
        [("a.jpg", vec!["one", "two"])]
    );
}

#[test]
fn json_lines_without_a_usable_line_say_the_first_fault() {
    let folder = Folder::with(&["a.png"]);
    folder.write(
        "metadata.jsonl",
        "{\"path\": \"a.png\", \"text\": \"one\"}\n",
    );
    says(
        &refused(folder.open()),
        &["metadata.jsonl", "line 1", "file_name", "Expected"],
    );
}

#[test]
fn pictures_with_text_files_take_a_caption_a_line() {
    let folder = Folder::with(&["b.png", "a.png", "0001/c.png", "d.png", "e.png"]);
    folder.write("b.txt", "one\n\n two \r\n");
    folder.write("a.txt", "\u{FEFF}three");
    folder.write("0001/c.txt", "four\n");
    folder.write("e.txt", "\n");
    folder.write("README.txt", "about");
    let dataset = folder.open().unwrap();
    assert_eq!(
        groups(&dataset),
        [
            ("0001/c.png", vec!["four"]),
            ("a.png", vec!["three"]),
            ("b.png", vec!["one", "two"])
        ]
    );
    assert_eq!(
        problems(&dataset),
        [
            "d.png: has no caption: there is no d.txt beside it",
            "e.txt: holds no caption",
            "README.txt: has no picture of that name beside it",
        ]
    );
}

#[test]
fn an_imagefolder_opens_the_test_split() {
    let folder = Folder::with(&["train/a.png", "test/b.png"]);
    folder.write("train/metadata.csv", "file_name,text\na.png,one\n");
    folder.write("test/metadata.csv", "file_name,text\nb.png,two\n");
    let dataset = folder.open().unwrap();
    assert_eq!(groups(&dataset), [("b.png", vec!["two"])]);
    says(&dataset.format, &["metadata.csv", "not used"]);
    let name = folder.0.path().file_name().unwrap().to_string_lossy();
    assert_eq!(dataset.name, name);
}
