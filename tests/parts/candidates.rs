//! Mining from candidates that an index found: what is taken is exact, and what is not known is not said.

use super::blocks::{cuts, ragged, rows};
use super::mine::{named, options, to_the_end, whole};
use super::run::embedded_with;
use nearmiss::compute::{Embedded, Measure};
use nearmiss::dataset::Dataset;
use nearmiss::parts::Run;
use nearmiss::parts::mine::{MineTerms, MinedReport, plan_mining};
use nearmiss::parts::plan::Pace;
use nearmiss::retrieval::Side;
use nearmiss::retrieval::mine::MineOptions;
use nearmiss::task::Task;
use parquet::column::writer::ColumnWriter;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// As `numpy.save` writes `array.astype(kind)`.
fn npy(path: &Path, kind: &str, bytes: &[u8], shape: [usize; 2]) {
    let [rows, columns] = shape;
    let mut header =
        format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    while !(10 + header.len() + 1).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(bytes);
    std::fs::write(path, file).unwrap();
}

/// What `index.search` of FAISS gives.
fn faiss(path: &Path, rows: &[Vec<i64>]) {
    let bytes: Vec<u8> = rows.concat().iter().flat_map(|n| n.to_le_bytes()).collect();
    npy(path, "<i8", &bytes, [rows.len(), rows[0].len()]);
}

/// Pairs in row groups of 100; `None` is null.
fn pairs(path: &Path, names: [&str; 2], pairs: &[(i64, Option<i64>)]) {
    let [query, candidate] = names;
    let schema = format!("message m {{ required int64 {query}; optional int64 {candidate}; }}");
    let schema = Arc::new(parse_message_type(&schema).unwrap());
    let file = std::fs::File::create(path).unwrap();
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer = SerializedFileWriter::new(file, schema, properties).unwrap();
    for group in pairs.chunks(100) {
        let mut out = writer.next_row_group().unwrap();
        for candidates in [false, true] {
            let mut column = out.next_column().unwrap().unwrap();
            let ColumnWriter::Int64ColumnWriter(to) = column.untyped() else {
                panic!("another type");
            };
            if candidates {
                let values: Vec<i64> = group.iter().filter_map(|pair| pair.1).collect();
                let defined: Vec<i16> = group.iter().map(|p| i16::from(p.1.is_some())).collect();
                to.write_batch(&values, Some(&defined), None).unwrap();
            } else {
                let values: Vec<i64> = group.iter().map(|pair| pair.0).collect();
                to.write_batch(&values, None, None).unwrap();
            }
            column.close().unwrap();
        }
        out.close().unwrap();
    }
    writer.close().unwrap();
}

fn terms(file: &Path, side: Side, options: MineOptions, queries: usize) -> MineTerms {
    MineTerms {
        options,
        sides: vec![side],
        layout: None,
        queries,
        pace: Pace {
            memory: 1 << 20,
            pairs: 100.0,
        },
        candidates: Some(file.to_owned()),
    }
}

fn mined(run: &Run, terms: &MineTerms) -> (MinedReport, Vec<Value>) {
    plan_mining(run, terms, &Task::detached()).unwrap();
    let (report, _) = to_the_end(run);
    let text = std::fs::read_to_string(Path::new(run.store().place()).join("mined.jsonl"));
    let lines = text
        .unwrap()
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    (report, lines)
}

fn set(seed: u64, count: usize, dim: usize, measure: Measure) -> (Embedded, Dataset) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let groups = ragged(count, 4, &mut rng);
    let texts = rows(groups.texts(), dim, measure, &mut rng);
    let set = Embedded::new(rows(count, dim, measure, &mut rng), texts, groups).unwrap();
    let dataset = named(&set, &mut rng);
    (set, dataset)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn all_pairs_as_candidates_give_what_exact_mining_gives(seed in any::<u64>()) {
        let mut rng = fastrand::Rng::with_seed(seed);
        let measure = if rng.bool() { Measure::Cosine } else { Measure::Dot };
        let (set, dataset) = set(seed, rng.usize(2..30), rng.usize(2..16), measure);
        let options = options(&mut rng);
        prop_assume!(options.check().is_ok());
        let folder = tempfile::tempdir().unwrap();
        let ends = cuts(set.images.rows(), &mut rng);
        let run = embedded_with(folder.path(), &set, &ends, Some(&dataset));
        let side = if rng.bool() { Side::Image } else { Side::Text };
        let mut size = [set.images.rows(), set.texts.rows()];
        if side == Side::Text {
            size.reverse();
        }
        let [queries, candidates] = size;
        let file = if rng.bool() {
            let file = folder.path().join("index.npy");
            let row = |_| {
                let mut row: Vec<i64> = (0..candidates as i64).collect();
                rng.shuffle(&mut row);
                row
            };
            faiss(&file, &(0..queries).map(row).collect::<Vec<_>>());
            file
        } else {
            let file = folder.path().join("index.parquet");
            let of = |q: usize| (0..candidates).map(move |c| (q as i64, Some(c as i64)));
            let mut all: Vec<_> = (0..queries).flat_map(of).collect();
            rng.shuffle(&mut all);
            pairs(&file, ["query", "candidate"], &all);
            file
        };
        let (report, found) = mined(&run, &terms(&file, side, options, rng.usize(1..40)));
        let exact: Vec<Value> = whole(&set, &dataset, &options, &[], &[side])
            .lines()
            .map(|line| {
                let mut line: Value = serde_json::from_str(line).unwrap();
                line["rank"] = Value::Null;
                line["evidence"]["reciprocal"] = Value::Null;
                line
            })
            .collect();
        prop_assert_eq!(found, exact);
        let note = report.candidates.unwrap();
        prop_assert_eq!(note.found.pairs, (queries * candidates) as u64);
        prop_assert_eq!(note.positives, set.texts.rows() as u64);
    }
}

#[test]
fn what_is_taken_of_some_candidates_is_exact_and_what_is_left_out_is_counted() {
    for side in [Side::Image, Side::Text] {
        let (set, dataset) = set(8, 40, 10, Measure::Cosine);
        let folder = tempfile::tempdir().unwrap();
        let run = embedded_with(folder.path(), &set, &[0, 13, 40], Some(&dataset));
        let mut rng = fastrand::Rng::with_seed(3);
        let [queries, candidates] = match side {
            Side::Image => [set.images.rows(), set.texts.rows()],
            Side::Text => [set.texts.rows(), set.images.rows()],
        };
        let positive = |q: usize, c: usize| match side {
            Side::Image => set.groups.owner(c) == q,
            Side::Text => set.groups.owner(q) == c,
        };
        // Five of each query, some twice, some missing; one query has none.
        let mut file: Vec<Vec<i64>> = Vec::new();
        for q in 0..queries {
            let mut row: Vec<i64> = (0..5).map(|_| rng.i64(0..candidates as i64)).collect();
            row[4] = if q % 3 == 0 { row[0] } else { -1 };
            file.push(if q == 7 { vec![-1; 5] } else { row });
        }
        let path = folder.path().join("index.npy");
        faiss(&path, &file);
        let options = MineOptions {
            k: 3,
            distinct: nearmiss::retrieval::mine::Distinct::All,
            max_score: Some(0.7),
            ..MineOptions::default()
        };
        let (report, lines) = mined(&run, &terms(&path, side, options, 9));
        let name = |side: Side, n: usize| match side {
            Side::Image => dataset.images[n].name.clone(),
            Side::Text => {
                let image = dataset.image_of(n);
                let own = n - dataset.captions_of(image).start;
                format!("{}#{own}", dataset.images[image].name)
            }
        };
        let score = |q: usize, c: usize| match side {
            Side::Image => set.images.dot(q, &set.texts, c),
            Side::Text => set.images.dot(c, &set.texts, q),
        };
        let mut found: BTreeMap<String, Vec<(String, f32)>> = BTreeMap::new();
        for line in &lines {
            assert_eq!(line["rank"], Value::Null);
            assert_eq!(line["evidence"]["reciprocal"], Value::Null);
            let word = |key: &str| line[key].as_str().unwrap().to_owned();
            let score = line["score_negative"].as_f64().unwrap() as f32;
            found
                .entry(word("query"))
                .or_default()
                .push((word("negative"), score));
        }
        let (mut twice, mut right, mut none, mut different) = (0, 0, 0, 0);
        for (q, row) in file.iter().enumerate() {
            none += row.iter().filter(|&&c| c == -1).count() as u64;
            let real: Vec<usize> = row.iter().filter_map(|&c| c.try_into().ok()).collect();
            let own: BTreeSet<usize> = real.iter().copied().collect();
            different += own.len() as u64;
            twice += (real.len() - own.len()) as u64;
            right += own.iter().filter(|&&c| positive(q, c)).count() as u64;
            let mut negatives: Vec<(f32, usize)> = own
                .into_iter()
                .filter(|&c| !positive(q, c) && score(q, c) <= 0.7)
                .map(|c| (score(q, c), c))
                .collect();
            negatives.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            let expected: Vec<(String, f32)> = negatives
                .into_iter()
                .take(3)
                .map(|(score, c)| (name(side.other(), c), score))
                .collect();
            let own = found.remove(&name(side, q)).unwrap_or_default();
            assert_eq!(own, expected, "query {q}");
        }
        assert!(found.is_empty());
        let note = report.candidates.unwrap();
        assert_eq!(
            (
                note.found.pairs,
                note.found.duplicates,
                note.found.none,
                note.positives
            ),
            (different, twice, none, right)
        );
        assert_eq!(note.found.queries_without, 1);
        assert!(twice > 0 && right > 0);
        assert!(note.note.contains("harder ones may be missing"));
    }
}

#[test]
fn candidates_that_do_not_fit_are_refused_with_the_reason() {
    let (set, dataset) = set(2, 20, 6, Measure::Cosine);
    let folder = tempfile::tempdir().unwrap();
    let run = embedded_with(folder.path(), &set, &[0, 20], Some(&dataset));
    let (images, texts) = (set.images.rows() as i64, set.texts.rows() as i64);
    let path = |name: &str| folder.path().join(name);
    let refused = |file: &Path, sides: &[Side]| {
        let terms = MineTerms {
            sides: sides.to_vec(),
            ..terms(file, Side::Image, MineOptions::default(), 8)
        };
        let error = plan_mining(&run, &terms, &Task::detached()).unwrap_err();
        format!("{error} {}", error.remedy())
    };
    let says = |file: &str, words: &str| {
        let said = refused(&path(file), &[Side::Image]);
        assert!(said.contains(words), "{said}");
    };
    let good = |q: i64| vec![q % texts, -1];
    faiss(
        &path("good.npy"),
        &(0..images).map(good).collect::<Vec<_>>(),
    );
    let said = refused(&path("good.npy"), &[Side::Image, Side::Text]);
    assert!(said.contains("--direction"), "{said}");
    let said = refused(&path("good.npy"), &[Side::Text]);
    assert!(
        said.contains(&format!("has {images} rows")) && said.contains("captions"),
        "{said}"
    );
    let mut high: Vec<Vec<i64>> = (0..images).map(good).collect();
    high[3][1] = texts;
    faiss(&path("high.npy"), &high);
    says("high.npy", &format!("candidate {texts} of query 3"));
    high[3][1] = -2;
    faiss(&path("low.npy"), &high);
    says("low.npy", "candidate -2 of query 3");
    faiss(&path("none.npy"), &vec![vec![-1]; images as usize]);
    says("none.npy", "no candidate");
    npy(
        &path("real.npy"),
        "<f4",
        &vec![0; 4 * images as usize],
        [images as usize, 1],
    );
    says("real.npy", "floating-point");
    pairs(
        &path("far.parquet"),
        ["query", "candidate"],
        &[(images, Some(0))],
    );
    says("far.parquet", &format!("query {images}"));
    pairs(
        &path("other.parquet"),
        ["query", "neighbour"],
        &[(0, Some(0))],
    );
    says("other.parquet", "no column candidate");
    std::fs::write(path("index.faiss"), b"IxPQ").unwrap();
    says("index.faiss", "no file of candidates");
    says("missing.npy", "missing.npy");
    // A null is none, and nothing of all this has left a plan behind.
    pairs(
        &path("null.parquet"),
        ["query", "candidate"],
        &[(0, None), (1, Some(texts - 1))],
    );
    let options = MineOptions::default();
    let (report, lines) = mined(&run, &terms(&path("null.parquet"), Side::Image, options, 8));
    let found = report.candidates.unwrap().found;
    assert_eq!((found.pairs, found.none, found.queries_without), (1, 1, 19));
    assert_eq!(lines.len(), 1);
}
