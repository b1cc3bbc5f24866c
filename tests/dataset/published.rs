//! Layouts that people publish: pictures as base64 text, lists of JSON, conversations, captions in several languages.

use super::parquet::{table, texts};
use super::{Folder, balanced, groups, png, refused, says};
use nearmiss::dataset::{Dataset, Wanted, open_wanted};
use nearmiss::error::Result;
use nearmiss::task::Task;

/// Base64 of [`png`], by the standard alphabet.
fn encoded() -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in png().chunks(3) {
        let bits = (0..3).fold(0u32, |bits, i| {
            bits << 8 | u32::from(*chunk.get(i).unwrap_or(&0))
        });
        for i in 0..4 {
            let index = bits >> (18 - 6 * i) & 63;
            let there = i <= chunk.len();
            text.push(if there {
                char::from(ALPHABET[index as usize])
            } else {
                '='
            });
        }
    }
    text
}

fn language(folder: &Folder, language: &str) -> Result<Dataset> {
    let wanted = Wanted {
        split: None,
        language: Some(language.into()),
        ..Wanted::default()
    };
    let dataset = open_wanted(folder.0.path(), &wanted, &Task::detached())?;
    balanced(&dataset);
    Ok(dataset)
}

/// Every image holds the picture, whatever it is written as.
fn shows(dataset: &Dataset, captions: &[&str]) {
    assert_eq!(dataset.captions, captions);
    for image in &dataset.images {
        assert_eq!(image.bytes().unwrap(), png(), "{}", image.name);
        assert!(image.name.len() < 40, "{}", image.name);
    }
}

#[test]
fn pictures_as_base64_text_are_read_where_they_stand() {
    let (plain, folder) = (encoded(), Folder::with(&[]));
    let safe = plain.replace('+', "-").replace('/', "_").replace('=', "");
    let url = format!("data:image/png;base64,{plain}");
    for text in [&plain, &safe, &url] {
        let files = [
            (
                "metadata.jsonl",
                format!(
                    "\u{FEFF}{{\"image\": \"{text}\", \"text\": \"one\"}}\n{{\"image\": \"{text}\", \"text\": \"two\"}}\n"
                ),
            ),
            (
                "metadata.jsonl",
                format!(
                    "{{\"image\": \"{}\", \"text\": [\"one\", \"two\"]}}\n",
                    text.replace('/', "\\/")
                ),
            ),
            (
                "list.json",
                format!(
                    "[{{\"img\": \"{text}\", \"caption\": \"one\"}}, {{\"img\": \"{text}\", \"caption\": \"two\"}}]"
                ),
            ),
            (
                "captions.tsv",
                format!("image\tcaption\n{text}\tone\n{text}\ttwo\n"),
            ),
            (
                "captions.csv",
                format!("image_base64,caption\n\"{text}\",one\n\"{text}\",two\n"),
            ),
        ];
        for (name, content) in files {
            let folder = Folder::with(&[]);
            folder.write(name, content);
            let dataset = folder.open().unwrap();
            shows(&dataset, &["one", "two"]);
            // One picture, whose rows are one image's.
            assert_eq!(dataset.images.len(), 1, "{name}");
        }
        let cells: [Option<&[u8]>; 2] = [Some(text.as_bytes()), Some(text.as_bytes())];
        for kind in [
            "binary image (UTF8)",
            "binary image",
            "binary img_base64 (UTF8)",
            "binary b (UTF8)",
        ] {
            let columns = format!("optional {kind}; optional binary caption (UTF8);");
            let captions = texts(&[Some(b"one"), Some(b"two")]);
            let folder = table(&columns, vec![texts(&cells), captions]);
            shows(&folder.open().unwrap(), &["one", "two"]);
        }
    }
    folder.write("test_imgs.tsv", format!("7\t{plain}\n8\t{safe}\n"));
    folder.write(
        "test_texts.jsonl",
        "{\"text_id\": 0, \"text\": \"one\", \"image_ids\": [7]}\n{\"text_id\": 1, \"text\": \"two\", \"image_ids\": [8]}\n",
    );
    let dataset = folder.open().unwrap();
    shows(&dataset, &["one", "two"]);
    assert_eq!(dataset.origin.split.as_ref().unwrap().name, "test");
    // One that is damaged says what it is.
    folder.write("test_imgs.tsv", format!("7\t{plain}\n8\t*{safe}\n"));
    let dataset = super::dataset::open(folder.0.path(), &Task::detached()).unwrap();
    says(&refused(dataset.images[1].bytes()), &["base64", "damaged"]);
}

#[test]
fn lists_of_json_open_whatever_their_keys_are_called() {
    let two = [("a.png", vec!["one", "two"]), ("b.png", vec!["three"])];
    for (name, content) in [
        (
            "captions.json",
            r#"{"a.png": ["one", "two"], "b.png": "three"}"#,
        ),
        (
            "xtd-de.json",
            r#"{"image_paths": ["a.png", "b.png"], "annotations": [["one", "two"], "three"]}"#,
        ),
        (
            "all.json",
            r#"[{"image_path": "a.png", "captions": ["one", "two"]}, {"filename": "b.png", "sentences": [{"raw": "three"}]}]"#,
        ),
        (
            "captions.csv",
            "raw,sentids,split,filename,img_id\n\"[\"\"one\"\", \"\"two\"\"]\",\"[0, 1]\",test,a.png,0\n\"['three']\",[2],test,b.png,1\n",
        ),
        (
            "llava.json",
            r#"[{"id": "0", "image": "a.png", "conversations": [{"from": "human", "value": "<image>"}, {"from": "gpt", "value": "one"}]},
                {"image": "a.png", "messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "two"}]},
                {"images": ["b.png"], "messages": [{"role": "assistant", "content": "<image>\nthree"}]}]"#,
        ),
    ] {
        let folder = Folder::with(&["images/a.png", "images/b.png"]);
        folder.write(name, content);
        assert_eq!(groups(&folder.open().unwrap()), two, "{name}");
    }
    let folder = Folder::with(&["a.png"]);
    folder.write(
        "xtd-de.json",
        r#"{"image_paths": ["a.png", "b.png"], "annotations": ["one"]}"#,
    );
    says(&refused(folder.open()), &["2 paths", "1 annotations"]);
}

#[test]
fn of_captions_in_several_languages_one_is_asked_for() {
    let folder = Folder::with(&["images/00.png", "images/01.png"]);
    let line = |key: &str, de: &str| {
        format!(
            "{{\"image/key\": \"{key}\", \"image/locale\": \"en\", \"en\": {{\"caption\": [\"a {key}\"]}}, \"de\": {{\"caption\": [{de}]}}}}\n"
        )
    };
    folder.write(
        "captions.jsonl",
        line("00", "\"ein\", \"eins\"") + &line("01", "\"zwei\""),
    );
    says(
        &refused(folder.open()),
        &["2 languages: de, en", "--language"],
    );
    let dataset = language(&folder, "de").unwrap();
    assert_eq!(
        groups(&dataset),
        [("00", vec!["ein", "eins"]), ("01", vec!["zwei"])]
    );
    assert!(dataset.has_pictures() && dataset.origin.notes.is_empty());
    // Asked for where there is none to choose, it is said not to be used.
    let plain = Folder::with(&["a.png"]);
    plain.write("captions.csv", "image,caption\na.png,one\n");
    let note = &language(&plain, "de").unwrap().origin.notes[0];
    assert_eq!(note.names, ["--language de"]);
    let folder = Folder::with(&["images/a.png", "images/b.png"]);
    folder.write("test_image_names.txt", "a.png\nb.png\n");
    folder.write("test_1kcaptions_de.txt", "eins\nzwei\n");
    assert_eq!(folder.open().unwrap().captions, ["eins", "zwei"]);
    folder.write("test_1kcaptions_fr.txt", "un\n");
    says(
        &refused(folder.open()),
        &["2 languages: de, fr", "--language"],
    );
    assert_eq!(language(&folder, "de").unwrap().captions, ["eins", "zwei"]);
    says(&refused(language(&folder, "fr")), &["1 lines", "2"]);
}

#[test]
fn refusals_begin_with_what_was_found() {
    let folder = Folder::with(&["a.png"]);
    folder.write(
        "captions.json",
        r#"[{"pic": "a.png", "sent": "one"}, {"pic": "b.png", "sent": "two"}]"#,
    );
    folder.write("labels.csv", "name;descr\na.png;one\n");
    says(
        &refused(folder.open()),
        &[
            "captions.json holds a list of 2 objects with the keys pic, sent",
            "labels.csv holds a table with the columns name, descr",
        ],
    );
    says(
        &refused(folder.open_file("captions.json")),
        &["a list of 2 objects with the keys pic, sent", "file_name"],
    );
    says(
        &refused(folder.open_file("labels.csv")),
        &["a table with the columns name, descr", "image,caption"],
    );
}

#[test]
fn a_folder_of_folders_points_to_the_one_that_opens() {
    let folder = Folder::with(&["set/Images/train/a.png"]);
    folder.write(
        "set/Images/train/captions.csv",
        "image,caption\na.png,one\n",
    );
    let inner = folder.path("set/Images").display().to_string();
    says(
        &refused(folder.open()),
        &["holds no pictures", &inner, "captions.csv"],
    );
    let folder = Folder::with(&["ann/x.bin", "pics/a.png"]);
    folder.write("ann/captions.csv", "image,caption\na.png,one\n");
    let inner = folder.path("ann").display().to_string();
    says(&refused(folder.open()), &["holds pictures", &inner]);
    let folder = Folder::with(&[]);
    folder.write("i.npy", b"x");
    folder.write("all.tsv", "a dog\thttp://x/1.jpg\n");
    says(
        &refused(folder.open()),
        &[
            "a table with the columns a dog, http://x/1.jpg",
            "i.npy",
            "--image-embeds",
        ],
    );
}
