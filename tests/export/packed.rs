//! Archives with pictures and captions, read by the plain readers of their formats.

use super::datasets::{BROKEN, LINES, all, traps};
use super::{groups, listing, made, open, png, task};
use nearmiss::dataset::Dataset;
use nearmiss::dataset::export::{self, Format};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::RowAccessor;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Names and contents of an archive's members.
fn members(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut archive = tar::Archive::new(File::open(path).unwrap());
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (entry.path().unwrap().display().to_string(), bytes)
    });
    entries.collect()
}

#[test]
fn shards_hold_pictures_captions_and_names() {
    let scratch = tempfile::tempdir().unwrap();
    let dataset = made(
        scratch.path(),
        &[
            ("v1.0/a.b.png", &["one", "two, too"]),
            ("a.png", &BROKEN),
            ("a.jpg", &LINES),
        ],
    );
    let out = scratch.path().join("shards");
    let written = export::write(&dataset, &[0, 1, 2], &out, Format::WebDataset, &task()).unwrap();
    assert_eq!(
        (written.images, written.pictures, written.captions),
        (3, 3, 13)
    );
    assert_eq!(listing(&out), ["made-000000.tar"]);
    let found: BTreeMap<String, Vec<u8>> =
        members(&out.join("made-000000.tar")).into_iter().collect();
    let names: Vec<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "a-2.jpg",
            "a-2.json",
            "a-2.txt",
            "a.json",
            "a.png",
            "v1.0/a_b.json",
            "v1.0/a_b.png",
            "v1.0/a_b.txt",
        ]
    );
    assert_eq!(found["v1.0/a_b.txt"], b"one\ntwo, too");
    for (i, picture) in ["v1.0/a_b.png", "a.png", "a-2.jpg"].iter().enumerate() {
        assert_eq!(found[*picture], png(i as u8));
        let about = Path::new(picture)
            .with_extension("json")
            .display()
            .to_string();
        let about: serde_json::Value = serde_json::from_slice(&found[&about]).unwrap();
        let (name, captions) = &groups(&dataset)[i];
        assert_eq!(about["file_name"], name.as_str());
        assert_eq!(about["captions"], serde_json::json!(captions));
    }
    let single = scratch.path().join("one.tar");
    export::write(&dataset, &[1], &single, Format::WebDataset, &task()).unwrap();
    assert_eq!(members(&single).len(), 2);
}

#[test]
fn parquet_holds_pictures_and_captions() {
    let scratch = tempfile::tempdir().unwrap();
    let dataset = traps(scratch.path());
    let out = scratch.path().join("set.parquet");
    let written = export::write(&dataset, &all(&dataset), &out, Format::Parquet, &task()).unwrap();
    assert_eq!((written.images, written.changed.len()), (4, 0));
    let reader = SerializedFileReader::new(File::open(&out).unwrap()).unwrap();
    let back: Vec<(String, Vec<String>, Vec<u8>)> = reader
        .get_row_iter(None)
        .unwrap()
        .map(|row| {
            let row = row.unwrap();
            let image = row.get_group(0).unwrap();
            let list = row.get_list(1).unwrap().elements().iter();
            let captions = list.map(|field| match field {
                parquet::record::Field::Str(text) => text.clone(),
                other => panic!("{other:?}"),
            });
            (
                image.get_string(1).unwrap().clone(),
                captions.collect(),
                image.get_bytes(0).unwrap().data().to_vec(),
            )
        })
        .collect();
    let expected: Vec<_> = groups(&dataset)
        .into_iter()
        .zip(&dataset.images)
        .map(|((name, captions), image)| (name, captions, image.bytes().unwrap()))
        .collect();
    assert_eq!(back, expected);
}

#[test]
fn archives_are_read_back_equal_with_their_pictures() {
    let scratch = tempfile::tempdir().unwrap();
    let dataset = {
        let plain = traps(scratch.path());
        let other = tempfile::tempdir_in(&scratch).unwrap();
        let broken = made(&other.keep(), &[("z.png", &BROKEN)]);
        let all = plain.images.iter().chain(&broken.images).cloned();
        let captions = groups(&plain).into_iter().chain(groups(&broken));
        let pairs = all.zip(captions.map(|(_, captions)| captions)).collect();
        Dataset::from_groups("made", "made", pairs, Vec::new())
    };
    for (name, format) in [
        ("one.tar", Format::WebDataset),
        ("shards", Format::WebDataset),
        ("one.parquet", Format::Parquet),
        ("folder", Format::Parquet),
    ] {
        let out = scratch.path().join("out").join(name);
        let written = export::write(&dataset, &all(&dataset), &out, format, &task()).unwrap();
        assert_eq!(written.changed, [], "{name}");
        let back = open(&out);
        assert_eq!(groups(&back), groups(&dataset), "{name}");
        for (a, b) in back.images.iter().zip(&dataset.images) {
            assert_eq!(a.bytes().unwrap(), b.bytes().unwrap(), "{name}: {}", a.name);
        }
        // From the archive on to a folder.
        let folder = scratch.path().join("out").join(format!("{name}-folder"));
        let written = export::folder(&back, &all(&back), &folder, &task()).unwrap();
        assert_eq!(written.changed, [], "{name}");
        let back = open(&folder);
        assert_eq!(groups(&back), groups(&dataset), "{name}");
        for (a, b) in back.images.iter().zip(&dataset.images) {
            assert_eq!(a.bytes().unwrap(), b.bytes().unwrap(), "{name}: {}", a.name);
        }
    }
}
