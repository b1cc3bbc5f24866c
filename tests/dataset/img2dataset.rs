//! img2dataset's folders: files, archives, tables.

use super::archives::tar;
use super::parquet::{texts, write};
use super::{Folder, groups, png, problems};
use parquet::file::properties::WriterProperties;

#[test]
fn img2dataset_files_take_the_caption_that_the_json_has_whole() {
    let folder = Folder::with(&[
        "00000/000000000.jpg",
        "00000/000000002.jpg",
        "00001/000010000.jpg",
    ]);
    folder.write("00000/000000000.txt", "two lines\nof one caption");
    folder.write(
        "00000/000000000.json",
        r#"{"caption": "two lines\nof one caption", "url": "http://x/a"}"#,
    );
    folder.write(
        "00000/000000002.json",
        r#"{"caption": "from json", "status": "success"}"#,
    );
    folder.write("00001/000010000.txt", "three");
    for shard in ["00000", "00001"] {
        folder.write(
            &format!("{shard}_stats.json"),
            r#"{"count": 10, "successes": 8, "failed_to_download": 1, "failed_to_resize": 1}"#,
        );
        folder.write(&format!("{shard}.parquet"), "not needed");
    }
    let dataset = folder.open().unwrap();
    assert_eq!(
        groups(&dataset),
        [
            ("00000/000000000.jpg", vec!["two lines of one caption"]),
            ("00000/000000002.jpg", vec!["from json"]),
            ("00001/000010000.jpg", vec!["three"])
        ]
    );
    assert_eq!(dataset.format, "img2dataset (2 folders)");
    assert_eq!(
        problems(&dataset),
        ["img2dataset: 4 of 20 links gave no picture: 2 were not downloaded, 2 not resized"]
    );
}

#[test]
fn img2dataset_archives_go_before_their_tables() {
    let folder = Folder::with(&[]);
    for shard in 0..2 {
        let key = format!("{:09}", shard * 10_000);
        let caption = format!("caption {shard}");
        let files: [(&str, &[u8]); 2] = [
            (&format!("{key}.jpg"), &png()),
            (&format!("{key}.txt"), caption.as_bytes()),
        ];
        folder.write(&format!("{shard:05}.tar"), tar(&files));
        folder.write(&format!("{shard:05}.parquet"), "not needed");
    }
    let dataset = folder.open().unwrap();
    assert_eq!(dataset.format, "img2dataset (2 archives)");
    let expected = [
        ("00000/000000000.jpg", vec!["caption 0"]),
        ("00001/000010000.jpg", vec!["caption 1"]),
    ];
    assert_eq!(groups(&dataset), expected);
}

#[test]
fn img2dataset_tables_hold_their_pictures() {
    let folder = Folder::with(&[]);
    for shard in ["00000", "00001"] {
        write(
            &folder.path(&format!("{shard}.parquet")),
            "optional binary caption (UTF8); optional binary url (UTF8); optional binary key (UTF8); optional binary jpg;",
            vec![vec![
                texts(&[Some(b"one"), None]),
                texts(&[Some(b"http://x/a"), Some(b"http://x/b")]),
                texts(&[
                    Some(format!("{shard}0000").as_bytes()),
                    Some(format!("{shard}0001").as_bytes()),
                ]),
                texts(&[Some(&png()), Some(&png())]),
            ]],
            WriterProperties::default(),
        );
        folder.write(
            &format!("{shard}_stats.json"),
            r#"{"count": 2, "successes": 2}"#,
        );
    }
    let dataset = folder.open().unwrap();
    assert_eq!(
        groups(&dataset),
        [("000000000", vec!["one"]), ("000010000", vec!["one"])]
    );
    assert_eq!(dataset.format, "img2dataset (2 Parquet files)");
    assert_eq!(dataset.images[1].open().unwrap().width, 3);
}
