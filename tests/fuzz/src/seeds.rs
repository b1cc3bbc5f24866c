//! Small valid files of every kind, which the fuzzers begin with.

mod models;
mod texts;

pub use models::{encoder, onnx};
pub use texts::{captions_csv, captions_json, preprocessor, tokenizer};

use super::{folder, put};
use nearmiss::dataset::{npy, vectors};
use nearmiss::task::Task;
use std::path::Path;

/// Rows of numbers, without zeros.
fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|i| (i as f32).sin() + 0.1).collect()
}

/// What `write` puts into a file called `name`.
fn written(name: &str, write: impl FnOnce(&Path)) -> Vec<u8> {
    let path = folder().join(name);
    write(&path);
    let bytes = std::fs::read(&path).expect("what was written");
    let _ = std::fs::remove_file(path);
    bytes
}

/// A `.npy` file of any header.
fn with_header(header: &str, version: u8, values: usize) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY".to_vec();
    bytes.extend([version, 0]);
    if version == 1 {
        bytes.extend((header.len() as u16).to_le_bytes());
    } else {
        bytes.extend((header.len() as u32).to_le_bytes());
    }
    bytes.extend(header.as_bytes());
    bytes.extend((0..values).map(|i| (i * 37 % 251) as u8));
    bytes
}

/// Arrays of every type, order and rank.
pub fn npy() -> Vec<Vec<u8>> {
    let mut seeds = vec![written("a.npy", |path| {
        npy::write_array(path, &numbers(12), &[4, 3]).expect("a file");
    })];
    for (kind, order, shape, version, bytes) in [
        ("<f2", "False", "(4, 2)", 1, 16),
        ("<f8", "True", "(4, 3)", 2, 96),
        ("<f4", "False", "(4,)", 3, 16),
        ("<i4", "False", "()", 1, 4),
        ("<i8", "True", "(2, 2, 2)", 1, 64),
        ("|u1", "False", "(4, 5)", 1, 20),
        (">f4", "False", "(4, 3)", 1, 48),
        ("|S8", "False", "(4,)", 1, 32),
    ] {
        let header =
            format!("{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}\n");
        seeds.push(with_header(&header, version, bytes));
    }
    let record =
        "{'descr': [('a', '<f4'), ('b', '|S3', (2,))], 'fortran_order': False, 'shape': (2,), }";
    seeds.push(with_header(record, 1, 20));
    seeds
}

/// One matrix, several, and tensors of all types that are read.
pub fn safetensors() -> Vec<Vec<u8>> {
    let mut seeds = vec![written("a.safetensors", |path| {
        vectors::write(path, vectors::IMAGES, &numbers(12), 3, &Task::detached()).expect("a file");
    })];
    for (kind, width) in [("F16", 2), ("BF16", 2), ("F32", 4), ("F64", 8), ("I64", 8)] {
        let bytes = 6 * width;
        let header = format!(
            r#"{{"__metadata__":{{"format":"pt"}},"image_embeds":{{"dtype":"{kind}","shape":[2,3],"data_offsets":[0,{bytes}]}},"b":{{"dtype":"F32","shape":[4],"data_offsets":[{bytes},{}]}}}}"#,
            bytes + 16
        );
        let mut seed = (header.len() as u64).to_le_bytes().to_vec();
        seed.extend(header.as_bytes());
        seed.extend((0..bytes + 16).map(|i| (i * 37 % 251) as u8));
        seeds.push(seed);
    }
    seeds
}

/// Those of the project's tests, and one that it writes itself.
pub fn parquet() -> Vec<Vec<u8>> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let mut seeds = vec![written("a.parquet", |path| {
        vectors::write(path, vectors::IMAGES, &numbers(12), 3, &Task::detached()).expect("a file");
    })];
    for folder in ["embeddings", "parquet"] {
        let files = std::fs::read_dir(fixtures.join(folder)).expect("the fixtures");
        let mut paths: Vec<_> = files.flatten().map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|e| e == "parquet"));
        paths.sort();
        seeds.extend(
            paths
                .iter()
                .map(|path| std::fs::read(path).expect("a fixture")),
        );
    }
    seeds
}

/// A picture of 3 x 2 pixels.
fn png(shade: u8) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let image = image::RgbImage::from_pixel(3, 2, image::Rgb([shade, 40, 200]));
    image
        .write_to(&mut bytes, image::ImageFormat::Png)
        .expect("a picture");
    bytes.into_inner()
}

/// Puts the pictures that captions name into the folder.
pub fn pictures() {
    for (i, name) in ["a.png", "b.png", "c.png"].into_iter().enumerate() {
        put(name, Some(&png(i as u8 * 50)));
    }
    let _ = std::fs::create_dir(folder().join("images"));
    put("images/d.png", Some(&png(90)));
}

/// Samples with captions as text and JSON, long names, links, two-part endings.
pub fn tar() -> Vec<Vec<u8>> {
    let archive = |files: &[(&str, &[u8])]| {
        let mut out = tar::Builder::new(Vec::new());
        for (name, bytes) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            out.append_data(&mut header, name, *bytes)
                .expect("a member");
        }
        out.into_inner().expect("an archive")
    };
    let (one, two) = (png(10), png(20));
    let long = format!("{}/a.png", "folder".repeat(30));
    let mut seeds = vec![
        archive(&[
            ("0.png", &one),
            ("0.txt", b"a dog"),
            ("1.png", &two),
            ("1.txt", b"a cat"),
        ]),
        archive(&[
            ("0.jpg", &one),
            ("0.json", br#"{"caption": "a dog", "key": "0"}"#),
        ]),
        archive(&[
            ("x/0.a.png", &one),
            ("x/0.txt", b"a dog"),
            ("x/0.cls", b"3"),
        ]),
        archive(&[
            (long.as_str(), &one),
            (long.replace("png", "txt").as_str(), b"a dog"),
        ]),
        archive(&[
            ("0.seg.png", &one),
            ("0.png", &two),
            ("0.caption", b"one\ntwo"),
            ("README", b"x"),
        ]),
    ];
    let mut out = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(tar::EntryType::XHeader);
    let record = b"18 path=0.txt\n18 size=5\n";
    header.set_size(record.len() as u64);
    out.append_data(&mut header, "pax", &record[..])
        .expect("a member");
    let mut header = tar::Header::new_ustar();
    header.set_size(5);
    out.append_data(&mut header, "y", &b"a dog"[..])
        .expect("a member");
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    out.append_link(&mut header, "l.png", "0.png")
        .expect("a link");
    seeds.push(out.into_inner().expect("an archive"));
    seeds
}
