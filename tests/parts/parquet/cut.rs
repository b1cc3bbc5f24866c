//! Where a table is cut, and where it is not.

use super::{Images, agree, cut, file, folder, opened, tried};
use crate::dataset::parquet::{Leaf, texts, write};
use nearmiss::dataset::{Wanted, open_wanted};
use nearmiss::task::Task;
use parquet::file::properties::WriterProperties;
use proptest::prelude::*;
use std::path::Path;

/// One caption a row: an image's rows may lie anywhere.
const ROWS: &str = "optional binary image; optional binary file_name (UTF8); optional binary key (UTF8); \
                    optional binary split (UTF8); optional binary caption (UTF8);";

/// A row: its picture, two names, its split, its caption.
#[derive(Debug, Clone, Default)]
struct Row {
    picture: Vec<u8>,
    name: Option<String>,
    key: Option<String>,
    split: Option<String>,
    caption: Option<String>,
}

fn leaves(rows: &[Row]) -> Vec<Leaf> {
    let column =
        |of: &dyn Fn(&Row) -> Option<&[u8]>| texts(&rows.iter().map(of).collect::<Vec<_>>());
    vec![
        column(&|r| Some(&r.picture)),
        column(&|r| r.name.as_deref().map(str::as_bytes)),
        column(&|r| r.key.as_deref().map(str::as_bytes)),
        column(&|r| r.split.as_deref().map(str::as_bytes)),
        column(&|r| r.caption.as_deref().map(str::as_bytes)),
    ]
}

/// Writes rows in files that end at `files`, in row groups that end at `groups`.
fn rows_in(root: &Path, rows: &[Row], files: &[usize], rng: &mut fastrand::Rng) {
    for (n, ends) in files.windows(2).enumerate() {
        let mut groups = Vec::new();
        let mut at = ends[0];
        while at < ends[1] {
            let to = (at + rng.usize(1..9)).min(ends[1]);
            groups.push(leaves(&rows[at..to]));
            at = to;
        }
        let path = root.join(format!("part-{n}.parquet"));
        write(&path, ROWS, groups, WriterProperties::default());
    }
}

/// A table of any kind that people have.
fn any_rows(rng: &mut fastrand::Rng) -> Vec<Row> {
    let (images, splits) = (rng.usize(3..40), rng.bool());
    let (named, spread, alike) = (rng.u8(..4) > 0, rng.u8(..3) == 0, rng.u8(..4) == 0);
    let mut rows = Vec::new();
    for i in 0..images {
        let split = ["train", "test", "val"][rng.usize(..3)];
        for c in 0..rng.usize(1..4) {
            let name = match rng.u8(..12) {
                0 => None,
                // As rows without a name are called.
                1 => Some(format!("row {}", rng.usize(..9))),
                2 => Some(format!(" {i}.png")),
                _ if alike => Some("image.png".into()),
                _ => Some(format!("./{i}.png")),
            };
            rows.push(Row {
                picture: vec![i as u8; 20],
                name: name.filter(|_| named),
                key: (rng.u8(..9) > 0).then(|| format!("k{i}")),
                // Now and then an image is in two.
                split: splits.then(|| if rng.u8(..20) == 0 { "train" } else { split }.to_owned()),
                caption: (rng.u8(..10) > 0).then(|| match rng.u8(..9) {
                    0 => " ".into(),
                    1 => format!("[\"{i} one\", \"{c} two\"]"),
                    _ => format!("caption {c} of {i}"),
                }),
            });
        }
    }
    if spread {
        for _ in 0..rng.usize(1..6) {
            let (a, b) = (rng.usize(..rows.len()), rng.usize(..rows.len()));
            rows.swap(a, b);
        }
    }
    rows
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn parts_of_any_cut_are_the_table(seed in any::<u64>()) {
        let mut rng = fastrand::Rng::with_seed(seed);
        let rows = any_rows(&mut rng);
        let root = tempfile::tempdir().unwrap();
        let several = rng.usize(1..4);
        let mut files: Vec<usize> = (0..several - 1).map(|_| rng.usize(1..rows.len())).collect();
        files.extend([0, rows.len()]);
        files.sort_unstable();
        files.dedup();
        rows_in(root.path(), &rows, &files, &mut rng);
        let split = [None, Some("all"), Some("train")][rng.usize(..3)];
        let wanted = Wanted { split: split.map(str::to_owned), ..Wanted::default() };
        let whole = open_wanted(root.path(), &wanted, &Task::detached());
        for size in [1, 4, 1000] {
            let (_, files, outcome) = tried(root.path(), &wanted, size);
            match (&whole, outcome) {
                (Ok(whole), Ok(Ok(cut))) => {
                    agree(whole, &opened(root.path(), &files, &cut), &cut.about);
                }
                // A split that is not there is told by both.
                (Err(one), Err(other)) => prop_assert_eq!(one.to_string(), other.to_string()),
                // Without any caption in use there is nothing to merge.
                (Err(one), Ok(Ok(cut))) => {
                    prop_assert!(one.to_string().contains("no picture with a caption"), "{}", one);
                    let images = opened(root.path(), &files, &cut);
                    prop_assert!(images.iter().all(|part| part.images.is_empty()));
                }
                (_, Ok(Err(why))) => prop_assert!(false, "{why}"),
                (Ok(_), Err(error)) => prop_assert!(false, "{error}"),
            }
        }
    }
}

fn images(from: usize, to: usize) -> Images {
    let image = |i: usize| {
        (
            format!("{i}.png"),
            vec![format!("caption of {i}")],
            vec![i as u8; 30],
        )
    };
    (from..to).map(image).collect()
}

#[test]
fn a_part_takes_row_groups_of_several_files_and_no_image_is_in_two() {
    let (all, more) = (images(0, 20), images(20, 31));
    let (_root, path) = folder(&[("a.parquet", &all, 3), ("b.parquet", &more, 2)]);
    let sizes = |size: usize| {
        let (_, files, cut) = cut(&path, &Wanted::default(), size);
        let parts = opened(&path, &files, &cut);
        parts
            .iter()
            .map(|part| part.images.len())
            .collect::<Vec<_>>()
    };
    assert_eq!(sizes(1), [3, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2, 1]);
    assert_eq!(sizes(7), [6, 6, 6, 6, 7]);
    assert_eq!(sizes(100), [31]);
    // The first image again in the last row: all that lies between is one part.
    let mut again = more.clone();
    again.push((all[0].0.clone(), vec!["once more".into()], all[0].2.clone()));
    file(&path.join("b.parquet"), &again, 2);
    assert_eq!(sizes(3), [31]);
    let (_, _, found) = cut(&path, &Wanted::default(), 3);
    assert!(
        found
            .too_coarse(3)
            .expect("too coarse")
            .contains("up to 31 images")
    );
    assert!(found.too_coarse(8).is_none());
}

#[test]
fn columns_may_differ_between_files_and_splits_be_files() {
    let root = tempfile::tempdir().unwrap();
    file(&root.path().join("train-0.parquet"), &images(0, 4), 2);
    file(&root.path().join("test-0.parquet"), &images(4, 9), 2);
    let row = |i: usize| Row {
        picture: vec![i as u8; 9],
        name: Some(format!("{i}.png")),
        caption: Some(format!("caption of {i}")),
        ..Row::default()
    };
    let rows: Vec<Row> = (9..12).map(row).collect();
    let path = root.path().join("test-1.parquet");
    write(
        &path,
        ROWS,
        vec![leaves(&rows)],
        WriterProperties::default(),
    );
    for split in [None, Some("train"), Some("all")] {
        let wanted = Wanted {
            split: split.map(str::to_owned),
            ..Wanted::default()
        };
        let whole = open_wanted(root.path(), &wanted, &Task::detached());
        let (_, files, outcome) = tried(root.path(), &wanted, 3);
        match whole {
            Ok(whole) => {
                let cut = outcome.unwrap().unwrap();
                assert!(cut.parts.len() > 1);
                agree(&whole, &opened(root.path(), &files, &cut), &cut.about);
            }
            Err(error) => assert_eq!(outcome.err().unwrap().to_string(), error.to_string()),
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_is_told_as_the_whole_tells_it() {
    let (_root, path) = folder(&[
        ("a.parquet", &images(0, 6), 2),
        ("c.parquet", &images(6, 9), 2),
    ]);
    std::fs::write(path.join("b.parquet"), b"PAR1 torn").unwrap();
    let wanted = Wanted::default();
    let whole = open_wanted(&path, &wanted, &Task::detached()).unwrap();
    let (tables, files, cut) = cut(&path, &wanted, 2);
    assert_eq!(tables.names, ["a.parquet", "b.parquet", "c.parquet"]);
    assert_eq!(cut.about.problems[0].place, "b.parquet");
    agree(&whole, &opened(&path, &files, &cut), &cut.about);
}

#[test]
fn what_does_not_hold_its_pictures_is_not_cut() {
    let root = tempfile::tempdir().unwrap();
    let columns = "optional binary file_name (UTF8); optional binary caption (UTF8);";
    let cells = || vec![texts(&[Some(b"a.png")]), texts(&[Some(b"a caption")])];
    let path = root.path().join("a.parquet");
    write(
        &path,
        columns,
        vec![cells(), cells()],
        WriterProperties::default(),
    );
    let why = tried(&path, &Wanted::default(), 1)
        .2
        .unwrap()
        .err()
        .unwrap();
    assert!(why.contains("a.parquet names pictures"), "{why}");
    // Rows without a picture in a row group of their own: they may be found beside the file.
    let row = |name: &str| (name.to_owned(), vec!["a caption".to_owned()], vec![1; 9]);
    let full = super::group(&[row("b.png")]);
    let mut bare = super::group(&[row("c.png")]);
    bare[0] = Leaf::Bytes(Vec::new(), vec![1], Vec::new());
    write(
        &path,
        super::LISTS,
        vec![full, bare],
        WriterProperties::default(),
    );
    let why = tried(&path, &Wanted::default(), 1)
        .2
        .unwrap()
        .err()
        .unwrap();
    assert!(
        why.contains("row group 1 of a.parquet holds no picture"),
        "{why}"
    );
}
