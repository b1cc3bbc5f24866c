//! Parquet: files that pyarrow wrote, files with pages of every kind, and what can be wrong with them.

use super::{Folder, groups, open, png, problems, refused, says};
use nearmiss::dataset::{Dataset, vectors};
use nearmiss::task::Task;
use parquet::basic::{Compression, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The values and levels of a column in a row group.
pub enum Leaf {
    Bytes(Vec<ByteArray>, Vec<i16>, Vec<i16>),
    Whole(Vec<i64>),
    Floats(Vec<f32>),
}

/// Of an optional column.
pub fn texts(cells: &[Option<&[u8]>]) -> Leaf {
    let values = cells.iter().flatten().map(|&c| ByteArray::from(c.to_vec()));
    let defined = cells.iter().map(|c| i16::from(c.is_some())).collect();
    Leaf::Bytes(values.collect(), defined, Vec::new())
}

/// Of `optional group c (LIST) { repeated group list { optional binary element } }`.
pub fn lists(cells: &[Option<&[Option<&str>]>]) -> Leaf {
    let (mut values, mut defined, mut repeated) = (Vec::new(), Vec::new(), Vec::new());
    for cell in cells {
        match cell {
            None => defined.push(0),
            Some([]) => defined.push(1),
            Some(items) => {
                for (i, item) in items.iter().enumerate() {
                    defined.push(if item.is_some() { 3 } else { 2 });
                    repeated.push(i16::from(i > 0));
                    values.extend(item.map(|text| ByteArray::from(text.as_bytes().to_vec())));
                }
                continue;
            }
        }
        repeated.push(0);
    }
    Leaf::Bytes(values, defined, repeated)
}

/// Writes row groups of `columns`.
pub fn write(path: &Path, columns: &str, groups: Vec<Vec<Leaf>>, properties: WriterProperties) {
    let schema = parse_message_type(&format!("message m {{ {columns} }}")).unwrap();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let file = std::fs::File::create(path).unwrap();
    let mut writer =
        SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties)).unwrap();
    for group in groups {
        let mut out = writer.next_row_group().unwrap();
        for leaf in group {
            let mut column = out.next_column().unwrap().unwrap();
            match (leaf, column.untyped()) {
                (
                    Leaf::Bytes(values, defined, repeated),
                    ColumnWriter::ByteArrayColumnWriter(to),
                ) => {
                    let repeated = (!repeated.is_empty()).then_some(&repeated[..]);
                    to.write_batch(&values, Some(&defined), repeated).unwrap();
                }
                (Leaf::Whole(values), ColumnWriter::Int64ColumnWriter(to)) => {
                    to.write_batch(&values, None, None).unwrap();
                }
                (Leaf::Floats(values), ColumnWriter::FloatColumnWriter(to)) => {
                    to.write_batch(&values, None, None).unwrap();
                }
                _ => panic!("another type"),
            }
            column.close().unwrap();
        }
        out.close().unwrap();
    }
    writer.close().unwrap();
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/parquet")
        .join(name)
}

#[derive(Deserialize)]
struct Row {
    name: String,
    captions: Vec<String>,
    bytes: String,
}

fn agrees(dataset: &Dataset, rows: &[Row]) {
    let expected: Vec<_> = rows
        .iter()
        .filter(|row| !row.captions.is_empty())
        .map(|row| {
            (
                row.name.as_str(),
                row.captions.iter().map(String::as_str).collect(),
            )
        })
        .collect();
    assert_eq!(groups(dataset), expected);
    for image in dataset.images.iter().rev() {
        let row = rows.iter().find(|row| row.name == image.name).unwrap();
        let hex: Vec<String> = image
            .bytes()
            .unwrap()
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        assert_eq!(hex.concat(), row.bytes, "{}", image.name);
        assert_eq!(image.open().unwrap().height, 2);
    }
}

#[test]
fn what_pyarrow_writes_reads_alike() {
    let text = std::fs::read_to_string(fixture("expected.json")).unwrap();
    let expected: BTreeMap<String, Vec<Row>> = serde_json::from_str(&text).unwrap();
    assert_eq!(expected.len(), 5);
    for (name, rows) in &expected {
        let dataset = open(&fixture(name)).unwrap();
        agrees(&dataset, rows);
        assert_eq!(dataset.format, format!("Parquet ({name})"));
    }
    // Both parts of the split, as a folder holds them beside another.
    let folder = Folder::with(&[]);
    for name in expected.keys() {
        let to = name.replace("columns", "train-00000-of-00001");
        if to.starts_with('t') {
            folder.write(&format!("data/{to}"), std::fs::read(fixture(name)).unwrap());
        }
    }
    let dataset = folder.open().unwrap();
    assert_eq!(dataset.format, "Parquet (2 files, split test of 3 files)");
    let rows = expected
        .into_iter()
        .filter(|(name, _)| name.starts_with("test"))
        .flat_map(|(_, rows)| rows);
    agrees(&dataset, &rows.collect::<Vec<_>>());
    // Nulls and empty lists are no captions.
    let listed: Vec<_> = dataset.problems.iter().map(|p| p.place.as_str()).collect();
    assert_eq!(listed, ["000.png", "004.png", "008.png", "009.png"]);
}

pub(super) const CELLS: &str =
    "optional group image { optional binary bytes; optional binary path (UTF8); }";

/// Optional cells in an optional group.
pub fn nested(cells: &[Option<&[u8]>]) -> Leaf {
    let Leaf::Bytes(values, defined, repeated) = texts(cells) else {
        unreachable!()
    };
    let deeper = |level| if level == 1 { 2 } else { 1 };
    Leaf::Bytes(values, defined.into_iter().map(deeper).collect(), repeated)
}

#[test]
fn any_row_of_any_page_reads_from_several_threads() {
    // 300 cells of up to 60 kB in pages of about 100 kB; every seventh is null.
    let cell = |i: usize| (i % 7 != 6).then(|| vec![i as u8; 1000 + i * 997 % 60_000]);
    let cells: Vec<_> = (0..300).map(cell).collect();
    let names: Vec<String> = (0..300).map(|i| format!("{i}")).collect();
    for (dictionary, compression) in [
        (true, Compression::SNAPPY),
        (false, Compression::UNCOMPRESSED),
        (true, Compression::ZSTD(ZstdLevel::default())),
    ] {
        let folder = Folder::with(&[]);
        let properties = WriterProperties::builder()
            .set_compression(compression)
            .set_dictionary_enabled(dictionary)
            .set_data_page_size_limit(100_000)
            .set_write_batch_size(1)
            .build();
        let group = |at: std::ops::Range<usize>| {
            let bytes: Vec<_> = cells[at.clone()].iter().map(Option::as_deref).collect();
            let names: Vec<_> = names[at].iter().map(|n| Some(n.as_bytes())).collect();
            vec![nested(&bytes), nested(&names), texts(&names)]
        };
        write(
            &folder.path("a.parquet"),
            &format!("{CELLS} optional binary caption (UTF8);"),
            vec![group(0..120), group(120..121), group(121..300)],
            properties,
        );
        let dataset = folder.open().unwrap();
        assert_eq!(dataset.images.len(), 300);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (dataset, cells) = (&dataset, &cells);
                scope.spawn(move || {
                    for k in 0..300 {
                        let i = (k * 7 + thread * 71) % 300;
                        match &cells[i] {
                            Some(cell) => assert_eq!(&dataset.images[i].bytes().unwrap(), cell),
                            None => says(
                                &refused(dataset.images[i].bytes()),
                                &[&format!("row {i}"), "null"],
                            ),
                        }
                    }
                });
            }
        });
    }
}

pub(super) fn table(columns: &str, leaves: Vec<Leaf>) -> Folder {
    let folder = Folder::with(&[]);
    write(
        &folder.path("a.parquet"),
        columns,
        vec![leaves],
        WriterProperties::default(),
    );
    folder
}

#[test]
fn empty_cut_and_foreign_files_are_refused_by_name() {
    let columns = format!("{CELLS} optional binary caption (UTF8);");
    let empty = table(&columns, vec![nested(&[]), nested(&[]), texts(&[])]);
    says(&refused(empty.open()), &["holds no rows"]);
    let folder = table(
        &columns,
        vec![
            nested(&[Some(&png())]),
            nested(&[Some(b"a.png")]),
            texts(&[Some(b"one")]),
        ],
    );
    let whole = std::fs::read(folder.path("a.parquet")).unwrap();
    folder.write("a.parquet", &whole[..whole.len() - 9]);
    says(&refused(folder.open()), &["a.parquet", "cut off"]);
    folder.write("a.parquet", "");
    says(
        &refused(folder.open()),
        &["a.parquet", "is empty (0 bytes)"],
    );
    // One good file among them opens, and the rest is listed.
    folder.write("b.parquet", &whole);
    let dataset = folder.open().unwrap();
    assert_eq!(groups(&dataset), [("a.png", vec!["one"])]);
    says(&problems(&dataset)[0], &["a.parquet", "is empty"]);
    // Told by its beginning, whatever it is called.
    folder.write("blob", &whole);
    assert_eq!(groups(&folder.open_file("blob").unwrap()).len(), 1);
    let numbers = table(
        "required int64 a; optional binary b (UTF8);",
        vec![Leaf::Whole(vec![1]), texts(&[Some(b"x")])],
    );
    says(
        &refused(numbers.open()),
        &["no column of captions", "a, b", "caption"],
    );
    folder.write("c.parquet", of_many_columns(&whole));
    says(
        &refused(folder.open_file("c.parquet")),
        &["c.parquet", "its footer says a column of 2147483647 parts"],
    );
    // Damage within a page is an error of its picture.
    let mut bytes = whole.clone();
    bytes[4..60].fill(0xFF);
    folder.write("c.parquet", bytes);
    let damaged = folder.open_file("c.parquet");
    assert!(damaged.is_err() || damaged.unwrap().images[0].open().is_err());
}

#[test]
fn pages_hold_as_many_values_as_their_column() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.parquet");
    let plain = WriterProperties::builder().set_dictionary_enabled(false);
    write(
        &path,
        "required float v0; required float v1;",
        vec![vec![
            Leaf::Floats(vec![1.0, 2.0, 3.0]),
            Leaf::Floats(vec![4.0, 5.0, 6.0]),
        ]],
        plain.build(),
    );
    let read = || vectors::read(&path, &[vectors::EITHER], &Task::detached());
    assert_eq!(read().unwrap().values, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    // The header of the first page: a data page of three values, and then of two.
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(3).position(|w| w == [0x2c, 0x15, 6]).unwrap();
    bytes[at + 2] = 4;
    std::fs::write(&path, bytes).unwrap();
    says(
        &read().unwrap_err().to_string(),
        &["a.parquet", "2 values in its pages, 3 in its column"],
    );
}

/// `whole` with a footer that says 2,147,483,647 columns: a reader that makes room for them ends the process.
fn of_many_columns(whole: &[u8]) -> Vec<u8> {
    let end = whole.len() - 8;
    let size = u32::from_le_bytes(whole[end..end + 4].try_into().unwrap());
    let root = end - size as usize + 4;
    // The name of the schema's root, then how many columns it has.
    assert_eq!(whole[root], 0x48);
    let count = root + 2 + usize::from(whole[root + 1]);
    assert_eq!(whole[count], 0x15);
    let mut bytes = whole[..=count].to_vec();
    bytes.extend([0xFE, 0xFF, 0xFF, 0xFF, 0x0F]);
    bytes.extend(&whole[count + 2..end]);
    bytes.extend((size + 4).to_le_bytes());
    bytes.extend(b"PAR1");
    bytes
}
