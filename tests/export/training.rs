//! Training files: the columns and rows of sentence-transformers' `mine_hard_negatives`, in three containers.

use super::task;
use nearmiss::dataset::export::{Example, Layout, Rows, write_training};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::{Value, json};
use std::fs::File;
use std::path::Path;

/// Two positives of one anchor that share a negative, a pair with one negative, and one with none.
fn examples() -> Vec<Example> {
    let example = |anchor: &str, positive: &str, score, negatives: &[(&str, f32)]| Example {
        anchor: anchor.to_owned(),
        positive: positive.to_owned(),
        score_positive: score,
        negatives: negatives.iter().map(|&(t, s)| (t.to_owned(), s)).collect(),
    };
    vec![
        example(
            "q, 1",
            "right\none",
            0.75,
            &[("wrong \"a\"", 0.5), ("wrong b", 0.1), ("c", 0.0)],
        ),
        example(
            "q, 1",
            "also right",
            0.7,
            &[("wrong \"a\"", 0.5), ("d", -0.25)],
        ),
        example("q2", "p2", 0.3, &[("wrong é", 0.2)]),
        example("q3", "p3", -0.5, &[]),
    ]
}

/// The rows as they must come back, as `mine_hard_negatives` builds them from the same pairs.
fn expected(layout: Layout) -> (Vec<Value>, u64) {
    let pair = |anchor: &str, text: &str, label: u8| json!({"anchor": anchor, "positive": text, "label": label});
    match layout {
        Layout::Triplet => {
            let triplet = |anchor: &str, positive: &str, negative: &str| json!({"anchor": anchor, "positive": positive, "negative": negative});
            let rows = vec![
                triplet("q, 1", "right\none", "wrong \"a\""),
                triplet("q, 1", "right\none", "wrong b"),
                triplet("q, 1", "right\none", "c"),
                triplet("q, 1", "also right", "wrong \"a\""),
                triplet("q, 1", "also right", "d"),
                triplet("q2", "p2", "wrong é"),
            ];
            (rows, 1)
        }
        Layout::NTuple => (
            vec![
                json!({"anchor": "q, 1", "positive": "right\none", "negative_1": "wrong \"a\"", "negative_2": "wrong b"}),
                json!({"anchor": "q, 1", "positive": "also right", "negative_1": "wrong \"a\"", "negative_2": "d"}),
            ],
            2,
        ),
        Layout::NTupleScores => {
            let (mut rows, skipped) = expected(Layout::NTuple);
            rows[0]["scores"] = json!([0.75, 0.5, 0.1]);
            rows[1]["scores"] = json!([0.7, 0.5, -0.25]);
            (rows, skipped)
        }
        Layout::LabeledPair => (
            vec![
                pair("q, 1", "right\none", 1),
                pair("q, 1", "also right", 1),
                pair("q, 1", "wrong \"a\"", 0),
                pair("q, 1", "wrong b", 0),
                pair("q, 1", "c", 0),
                pair("q, 1", "d", 0),
                pair("q2", "p2", 1),
                pair("q2", "wrong é", 0),
                pair("q3", "p3", 1),
            ],
            0,
        ),
        Layout::LabeledList => (
            vec![
                json!({"anchor": "q, 1", "positive": ["right\none", "wrong \"a\"", "wrong b", "c"], "labels": [1, 0, 0, 0]}),
                json!({"anchor": "q, 1", "positive": ["also right", "wrong \"a\"", "d"], "labels": [1, 0, 0]}),
                json!({"anchor": "q2", "positive": ["p2", "wrong é"], "labels": [1, 0]}),
            ],
            1,
        ),
    }
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A CSV: cells that are lists or numbers stand as JSON.
fn table(path: &Path) -> Vec<Value> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let names = reader.headers().unwrap().clone();
    let row = |record: csv::StringRecord| {
        let cells = names.iter().zip(&record).map(|(name, cell)| {
            let structured = ["scores", "labels", "label"].contains(&name)
                || name == "positive" && cell.starts_with('[');
            let value = if structured {
                serde_json::from_str(cell).unwrap()
            } else {
                Value::from(cell)
            };
            (name.to_owned(), value)
        });
        Value::Object(cells.collect())
    };
    reader.records().map(|r| row(r.unwrap())).collect()
}

fn field(value: &Field) -> Value {
    match value {
        Field::Str(text) => text.as_str().into(),
        Field::Long(number) => (*number).into(),
        // As the shortest decimal, as in the other containers.
        Field::Float(number) => serde_json::from_str(&format!("{number:?}")).unwrap(),
        Field::ListInternal(list) => list.elements().iter().map(field).collect(),
        other => panic!("{other:?}"),
    }
}

fn columns(path: &Path) -> Vec<Value> {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    reader
        .get_row_iter(None)
        .unwrap()
        .map(|row| {
            let row = row.unwrap();
            let cells = row.get_column_iter();
            Value::Object(cells.map(|(n, v)| (n.clone(), field(v))).collect())
        })
        .collect()
}

#[test]
fn every_layout_comes_back_from_every_container() {
    let folder = tempfile::tempdir().unwrap();
    for layout in Layout::ALL {
        let (rows, skipped) = expected(layout);
        for (extension, read) in [
            ("jsonl", lines as fn(&Path) -> Vec<Value>),
            ("csv", table),
            ("parquet", columns),
        ] {
            let path = folder.path().join(layout.name()).with_extension(extension);
            let written =
                write_training(&path, layout, 2, examples().into_iter(), &task()).unwrap();
            let name = format!("{} in {extension}", layout.name());
            assert_eq!(read(&path), rows, "{name}");
            let rows = rows.len() as u64;
            assert_eq!(written, Rows { rows, skipped }, "{name}");
        }
        assert_eq!(layout.name().parse(), Ok(layout));
    }
    assert!(
        "pairs"
            .parse::<Layout>()
            .unwrap_err()
            .contains("labeled-pair")
    );
}

#[test]
fn columns_stand_in_the_order_that_trainers_expect() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    write_training(
        &path,
        Layout::NTupleScores,
        2,
        examples().into_iter(),
        &task(),
    )
    .unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let first = text.lines().next().unwrap();
    let places: Vec<usize> = ["anchor", "positive", "negative_1", "negative_2", "scores"]
        .iter()
        .map(|key| first.find(&format!("\"{key}\":")).unwrap())
        .collect();
    assert!(places.is_sorted(), "{first}");
}

#[test]
fn many_rows_become_several_row_groups() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.parquet");
    let anchor = |i: usize| format!("{i:0>200}");
    let examples = (0..100_000).map(|i| Example {
        anchor: anchor(i),
        positive: "p".into(),
        score_positive: i as f32,
        negatives: vec![("n".into(), 0.5)],
    });
    let written = write_training(&path, Layout::NTupleScores, 1, examples, &task()).unwrap();
    assert_eq!((written.rows, written.skipped), (100_000, 0));
    let reader = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
    assert!(reader.num_row_groups() > 1);
    for (i, row) in reader.get_row_iter(None).unwrap().enumerate() {
        let cells: Vec<Value> = row
            .unwrap()
            .get_column_iter()
            .map(|(_, v)| field(v))
            .collect();
        assert_eq!(cells[0], anchor(i));
        assert_eq!(cells[3], json!([i as f64, 0.5]));
    }
}

#[test]
fn what_cannot_be_written_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    std::fs::write(&path, "old").unwrap();
    let cancelled = task();
    cancelled.cancel();
    let all = || examples().into_iter();
    let error = write_training(&path, Layout::Triplet, 2, all(), &cancelled).unwrap_err();
    assert!(error.is_cancelled());
    assert!(write_training(&path, Layout::NTuple, 0, all(), &task()).is_err());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
    let error = write_training(
        &folder.path().join("a.txt"),
        Layout::Triplet,
        2,
        all(),
        &task(),
    );
    assert!(error.unwrap_err().remedy().contains(".jsonl"));
    assert_eq!(super::listing(folder.path()), ["a.csv"]);
}
