//! A run on Parquet: its files are those of one machine, and what has changed since it was planned is refused.

use super::{Images, folder};
use crate::parts::mine::to_the_end;
use crate::parts::named::{embedded, planned_in, ranked, scenes, terms};
use crate::parts::run::same_figures;
use nearmiss::compute::{Cpu, Measure};
use nearmiss::encoder::EncoderOptions;
use nearmiss::error::Error;
use nearmiss::parts::mine::{MineTerms, plan_mining};
use nearmiss::parts::plan::{Pace, Shard};
use nearmiss::parts::stage::{Embedder, Place, embed};
use nearmiss::parts::view::{Finished, Named, Names, Pictures};
use nearmiss::parts::{Run, finish_ranking};
use nearmiss::retrieval::mine::MineOptions;
use nearmiss::retrieval::{EvalOptions, Side, evaluate};
use nearmiss::source::EncoderSource;
use nearmiss::task::Task;
use std::path::Path;
use std::sync::Arc;

/// Ranks, mines and merges an embedded run.
fn finished(run: &Run) -> nearmiss::parts::RunReport {
    let task = Task::detached();
    ranked(run, None);
    let report = finish_ranking(run, &task).unwrap();
    let terms = MineTerms {
        options: MineOptions::default(),
        sides: vec![Side::Image, Side::Text],
        layout: None,
        queries: 11,
        pace: Pace {
            memory: 1 << 33,
            pairs: 1e11,
        },
        candidates: None,
    };
    plan_mining(run, &terms, &task).unwrap();
    to_the_end(run);
    report
}

fn all(run: &Run) -> Vec<usize> {
    (0..run.embed_plan().unwrap().0.shards.len()).collect()
}

#[test]
fn a_run_in_row_groups_is_one_machine_and_one_shard() {
    let images: Images = scenes(0, 24);
    let (front, back) = (images[..15].to_vec(), images[15..].to_vec());
    let (root, path) = folder(&[("0.parquet", &front, 4), ("1.parquet", &back, 3)]);
    let (task, options) = (Task::detached(), EncoderOptions::default());
    let data = path.to_string_lossy().into_owned();
    let encoder = EncoderSource::Demo.open(&options, &task).unwrap();
    let dataset = nearmiss::dataset::open(&path, &task).unwrap();
    let made = encoder
        .embed_by(&dataset, None, Measure::Cosine, &task)
        .unwrap();
    let set = made.embedded;
    let options = EvalOptions {
        k: terms(None).k,
        ..EvalOptions::default()
    };
    let whole = evaluate(&Cpu, &set.images, &set.texts, &set.groups, &options, &task).unwrap();
    let mut written = Vec::new();
    for size in [1, 5, 9, 4096] {
        let place = root.path().join(format!("run-{size}"));
        let run = planned_in(&data, &place.to_string_lossy(), size);
        let (plan, _) = run.embed_plan().unwrap();
        assert!(plan.rows.is_some() && plan.whole.is_none() && plan.content.is_none());
        assert!(
            plan.shards
                .iter()
                .all(|shard| matches!(shard, Shard::Rows(_)))
        );
        embedded(&run, &all(&run));
        let report = finished(&run);
        same_figures(&report, &whole);
        assert_eq!(report.data, {
            let mut expected = dataset.account();
            expected.measure = Some("cosine".into());
            expected
        });
        let read = |name: &str| std::fs::read(place.join(name)).unwrap();
        written.push(["ranks.npy", "negatives.parquet", "mined.jsonl"].map(read));
    }
    let shards = |size: usize| {
        let place = root.path().join(format!("run-{size}"));
        all(&Run::open(&place.to_string_lossy()).unwrap()).len()
    };
    assert_eq!([1, 5, 9, 4096].map(shards), [7, 7, 3, 1]);
    assert!(written.windows(2).all(|pair| pair[0] == pair[1]));
    // Each picture is read alone, by its row.
    let run = Run::open(&root.path().join("run-5").to_string_lossy()).unwrap();
    let finished = Arc::new(Finished::open(&run, &task).unwrap());
    let mut names = Names::new(Arc::clone(&finished));
    let mut pictures = Pictures::new(&finished.embed).unwrap();
    for (n, (name, captions, png)) in images.iter().enumerate() {
        let Named::Image {
            name: found,
            place,
            captions: own,
        } = names.named(true, n as u32).unwrap()
        else {
            panic!("no image {n}");
        };
        assert_eq!((&found, &own), (name, captions));
        let place = place.expect("a place");
        let file = if n < 15 { "0.parquet" } else { "1.parquet" };
        assert_eq!(
            place,
            Place::Cell(file.into(), if n < 15 { n } else { n - 15 } as u64)
        );
        let picture = pictures.open(name, &place).unwrap();
        let expected = image::load_from_memory(png).unwrap().into_rgb8();
        assert_eq!(picture.rgb, expected.into_raw());
    }
    // A file that is another one gives no picture in place of the right one.
    super::file(&path.join("0.parquet"), &back, 4);
    let mut pictures = Pictures::new(&finished.embed).unwrap();
    let error = pictures
        .open("0", &Place::Cell("0.parquet".into(), 0))
        .unwrap_err();
    assert!(error.to_string().contains("is not what it was"), "{error}");
}

/// What embedding shard `n` says.
fn refused(run: &Run, n: usize) -> Error {
    let (plan, hash) = run.embed_plan().unwrap();
    let mut embedder = Embedder::new(&plan, None).unwrap();
    embed(run, &mut embedder, &hash, n, &Task::detached()).unwrap_err()
}

fn planned_on(root: &Path, path: &Path, size: usize) -> Run {
    let place = root.join("run").to_string_lossy().into_owned();
    planned_in(&path.to_string_lossy(), &place, size)
}

#[test]
fn a_file_that_is_another_torn_or_gone_is_refused_by_name_and_others_are_not() {
    let images: Images = scenes(0, 12);
    let (front, back) = (images[..8].to_vec(), images[8..].to_vec());
    let (root, path) = folder(&[("0.parquet", &front, 4), ("1.parquet", &back, 4)]);
    let run = planned_on(root.path(), &path, 4);
    assert_eq!(all(&run).len(), 3);
    let file = path.join("1.parquet");
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let torn = refused(&run, 2);
    super::file(&file, &images[4..8].to_vec(), 4);
    let other = refused(&run, 2);
    std::fs::remove_file(&file).unwrap();
    for error in [torn, other, refused(&run, 2)] {
        assert!(matches!(error, Error::Plan { .. }), "{error}");
        assert!(error.to_string().starts_with("1.parquet of "), "{error}");
    }
    embedded(&run, &[0, 1]);
}

#[test]
fn rows_of_one_image_that_lie_far_apart_are_read_as_a_whole_and_said_so() {
    let mut images: Images = scenes(0, 20);
    let (first, captions, picture) = images[0].clone();
    images.push((first, captions, picture));
    let (root, path) = folder(&[("0.parquet", &images, 2)]);
    let run = planned_on(root.path(), &path, 2);
    let (plan, _) = run.embed_plan().unwrap();
    let why = plan.whole.as_deref().expect("a reason");
    assert!(why.contains("parts of up to 20 images"), "{why}");
    assert!(plan.rows.is_none() && plan.shards[0] == Shard::Images(0, 2));
}

#[test]
fn a_split_that_archives_do_not_have_is_refused_as_by_the_whole() {
    let root = tempfile::tempdir().unwrap();
    crate::parts::named::tars_in(root.path());
    let wanted = nearmiss::dataset::Wanted {
        split: Some("test".into()),
        ..Default::default()
    };
    let whole = nearmiss::dataset::open_wanted(root.path(), &wanted, &Task::detached());
    assert!(whole.unwrap_err().to_string().contains("no split"));
    let parts = nearmiss::dataset::archives(root.path(), &wanted);
    assert!(parts.unwrap_err().to_string().contains("no split"));
    let names = ["a.tar".to_owned(), "b.tar".to_owned()];
    let parts = nearmiss::dataset::archives_among("s3://box", &names, &wanted);
    assert!(parts.unwrap_err().to_string().contains("no split"));
}
