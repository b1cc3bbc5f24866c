//! A run in a folder: planned, run task by task, merged, and what is broken in it.

use super::blocks::{cuts, ragged, rows};
use nearmiss::compute::{Choice, Cpu, Embedded, Measure};
use nearmiss::dataset::{Account, Dataset};
use nearmiss::error::Error;
use nearmiss::parts::merge::{check, merge_range, merged};
use nearmiss::parts::plan::{Cuts, Data, EmbedPlan, Pace, RankPlan, Shard};
use nearmiss::parts::stage::{Made, Terms, plan_ranking, rank, write_shard};
use nearmiss::parts::status::status;
use nearmiss::parts::{Run, RunReport, Stage, finish_ranking};
use nearmiss::retrieval::{EvalOptions, Evaluation, evaluate};
use nearmiss::task::Task;
use proptest::prelude::*;
use std::path::Path;

pub fn terms(pairs: f64) -> Terms {
    Terms {
        k: 6,
        margin: 0.2,
        compute: Choice::Cpu,
        sample: None,
        pace: Pace {
            memory: 8 << 30,
            pairs,
        },
    }
}

/// A run of this set in shards that end at `ends`, embedded.
fn embedded(folder: &Path, set: &Embedded, ends: &[usize]) -> Run {
    embedded_with(folder, set, ends, None)
}

/// As [`embedded`], with names and captions.
pub fn embedded_with(
    folder: &Path,
    set: &Embedded,
    ends: &[usize],
    dataset: Option<&Dataset>,
) -> Run {
    let run = Run::open(&folder.to_string_lossy()).expect("a folder");
    let plan = EmbedPlan {
        program: env!("CARGO_PKG_VERSION").into(),
        data: Data::Rows {
            images: folder.join("rows/images.npy"),
            texts: folder.join("rows/texts.npy"),
            each: None,
        },
        encoder: None,
        similarity: set.measure(),
        content: None,
        rows: None,
        whole: None,
        later: nearmiss::parts::plan::Later::default(),
        about: Account::default(),
        shards: ends.windows(2).map(|w| Shard::Images(w[0], w[1])).collect(),
    };
    let hash = run.write_plan(Stage::Embed, &plan).expect("written");
    for (n, end) in ends.windows(2).enumerate() {
        let groups = &set.groups;
        let texts = groups.offsets()[end[0]] as usize..groups.offsets()[end[1]] as usize;
        let made = Made {
            both: Embedded::new(
                // What an encoder gives for these alone: by dot product brought to a unit of their own.
                again(&set.images.slice(end[0]..end[1])),
                again(&set.texts.slice(texts.clone())),
                groups.slice(end[0]..end[1]),
            )
            .expect("a shard"),
            dataset: dataset.map(|whole| whole.retain(|i| (end[0]..end[1]).contains(&i))),
            account: Account::of_embeddings("a".into(), end[1] - end[0], texts.len()),
            engine: "test".into(),
            seconds: 0.0,
        };
        write_shard(&run, &plan, &hash, n, &made).expect("written");
    }
    run
}

fn again(rows: &nearmiss::compute::Embeddings) -> nearmiss::compute::Embeddings {
    use nearmiss::compute::Embeddings;
    let made = match rows.measure() {
        Measure::Cosine => Embeddings::part_by_cosine(rows.values().into_owned(), rows.dim()),
        Measure::Dot => Embeddings::measured(rows.values().into_owned(), rows.dim(), Measure::Dot),
    };
    made.expect("rows")
}

pub fn all_tasks(run: &Run) -> (RankPlan, String) {
    let (plan, hash) = run.rank_plan().expect("planned");
    for n in 0..plan.tasks() {
        rank(run, &plan, &hash, n, &Cpu, &Task::detached()).expect("ranked");
    }
    (plan, hash)
}

fn whole(set: &Embedded) -> Evaluation {
    let options = EvalOptions {
        k: 6,
        ..EvalOptions::default()
    };
    let (images, texts, groups) = (&set.images, &set.texts, &set.groups);
    evaluate(&Cpu, images, texts, groups, &options, &Task::detached()).expect("evaluated")
}

/// All but what tells how it was computed.
pub fn same_figures(found: &RunReport, whole: &Evaluation) {
    let mut report = found.report.clone();
    report.engine.clone_from(&whole.report.engine);
    report.seconds = whole.report.seconds;
    assert_eq!(
        serde_json::to_string(&report).unwrap(),
        serde_json::to_string(&whole.report).unwrap()
    );
}

fn set(images: usize, dim: usize, measure: Measure, seed: u64) -> Embedded {
    let mut rng = fastrand::Rng::with_seed(seed);
    let groups = ragged(images, 5, &mut rng);
    let texts = rows(groups.texts(), dim, measure, &mut rng);
    Embedded::new(rows(images, dim, measure, &mut rng), texts, groups).expect("a set")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_merged_run_has_the_figures_of_the_whole(seed in any::<u64>()) {
        let mut rng = fastrand::Rng::with_seed(seed);
        let measure = if rng.bool() { Measure::Cosine } else { Measure::Dot };
        let set = set(rng.usize(1..60), rng.usize(1..24), measure, seed);
        let folder = tempfile::tempdir().unwrap();
        let run = embedded(folder.path(), &set, &cuts(set.images.rows(), &mut rng));
        plan_ranking(&run, &terms(f64::from(rng.u16(1..4000))), &Task::detached()).expect("planned");
        all_tasks(&run);
        let found = finish_ranking(&run, &Task::detached()).expect("merged");
        let whole = whole(&set);
        same_figures(&found, &whole);
        let ranks = nearmiss::dataset::npy::read_array(&folder.path().join("ranks.npy")).unwrap().0;
        let expected: Vec<f32> = whole.ranking.i2t.ranks.iter().chain(&whole.ranking.t2i.ranks)
            .map(|&rank| rank as f32).collect();
        prop_assert_eq!(ranks, expected);
    }
}

#[test]
fn two_runs_of_a_task_write_equal_bytes_and_a_mark_ends_it_at_once() {
    let set = set(40, 12, Measure::Cosine, 7);
    let folder = tempfile::tempdir().unwrap();
    let run = embedded(folder.path(), &set, &[0, 15, 40]);
    let (plan, hash) = plan_ranking(&run, &terms(900.0), &Task::detached()).unwrap();
    assert!(plan.tasks() > 4);
    let file = folder.path().join("parts/rank/00001.safetensors");
    let task = Task::detached();
    assert!(rank(&run, &plan, &hash, 1, &Cpu, &task).unwrap());
    let first = std::fs::read(&file).unwrap();
    assert!(!rank(&run, &plan, &hash, 1, &Cpu, &task).unwrap());
    run.unmark("rank", 1, &hash).unwrap();
    assert!(rank(&run, &plan, &hash, 1, &Cpu, &task).unwrap());
    assert_eq!(first, std::fs::read(&file).unwrap());
}

#[test]
fn a_flipped_byte_a_missing_part_and_a_torn_mark_are_found_named_and_redone() {
    let set = set(50, 8, Measure::Cosine, 9);
    let folder = tempfile::tempdir().unwrap();
    let run = embedded(folder.path(), &set, &[0, 50]);
    plan_ranking(&run, &terms(1500.0), &Task::detached()).unwrap();
    let (plan, hash) = all_tasks(&run);
    assert!(plan.tasks() >= 4);
    let part = |n: usize| folder.path().join(format!("parts/rank/{n:05}.safetensors"));
    let mut bytes = std::fs::read(part(0)).unwrap();
    let at = bytes.len() - 3;
    bytes[at] ^= 1;
    std::fs::write(part(0), bytes).unwrap();
    std::fs::remove_file(part(1)).unwrap();
    let mark = folder
        .path()
        .join(format!("done/rank/00002.{}.json", &hash[..16]));
    let torn = std::fs::read(&mark).unwrap();
    std::fs::write(&mark, &torn[..torn.len() / 2]).unwrap();
    let task = Task::detached();
    // Merging alone finds them too, and says which.
    let error = finish_ranking(&run, &task).unwrap_err();
    assert!(
        error.to_string().contains("00000") || error.to_string().contains("not done"),
        "{error}"
    );
    let broken = check(&run, Stage::Rank, &hash, 0..plan.tasks(), &task).unwrap();
    let numbers: Vec<usize> = broken.iter().map(|b| b.task).collect();
    assert_eq!(numbers, [0, 1, 2]);
    assert!(broken[0].why.contains("damaged") && broken[1].why.contains("missing"));
    assert!(broken[2].why.contains("torn"));
    let stage = status(&run)
        .unwrap()
        .stages
        .into_iter()
        .find(|s| s.stage == Stage::Rank)
        .unwrap();
    // A mark that is torn is taken away, so that its task counts as missing.
    assert_eq!(stage.missing, [0, 1, 2]);
    assert_eq!(stage.missing_ranges, [[0, 3]]);
    all_tasks(&run);
    assert!(
        check(&run, Stage::Rank, &hash, 0..plan.tasks(), &task)
            .unwrap()
            .is_empty()
    );
    same_figures(&finish_ranking(&run, &task).unwrap(), &whole(&set));
    // A merged range that is damaged is merged again.
    let range = folder.path().join("merged/rank/00001.safetensors");
    let mut bytes = std::fs::read(&range).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 8;
    std::fs::write(&range, bytes).unwrap();
    same_figures(&finish_ranking(&run, &task).unwrap(), &whole(&set));
    // A damaged part of the stage before is named with the stage that mends it.
    let rows = folder.path().join("parts/embed/00000.safetensors");
    let bytes = std::fs::read(&rows).unwrap();
    std::fs::write(&rows, &bytes[1..]).unwrap();
    run.unmark("rank", 0, &hash).unwrap();
    let error = rank(&run, &plan, &hash, 0, &Cpu, &task).unwrap_err();
    assert!(
        error.remedy().contains("--stage embed"),
        "{}",
        error.remedy()
    );
}

#[test]
fn all_that_is_missing_is_told_and_marks_and_failures_of_another_plan_do_not_count() {
    let set = set(60, 4, Measure::Cosine, 3);
    let folder = tempfile::tempdir().unwrap();
    let run = embedded(folder.path(), &set, &[0, 60]);
    let (plan, hash) = plan_ranking(&run, &terms(40.0), &Task::detached()).unwrap();
    let tasks = plan.tasks();
    assert!(tasks > 130);
    for n in [1, 2, 120] {
        rank(&run, &plan, &hash, n, &Cpu, &Task::detached()).unwrap();
    }
    let failure = |task| nearmiss::parts::Failure {
        task,
        message: "broken".into(),
        remedy: String::new(),
        host: "a".into(),
        at: 0,
    };
    run.fail("rank", &failure(7)).unwrap();
    let stage = || status(&run).unwrap().stages.remove(1);
    let before = stage();
    assert_eq!(before.missing_ranges, [[0, 1], [3, 120], [121, tasks]]);
    assert_eq!(
        (before.missing.len(), before.done, before.failed.len()),
        (100, 3, 1)
    );
    // Another plan, whose marks and failures are older, newer or both.
    std::thread::sleep(std::time::Duration::from_millis(20));
    std::fs::remove_file(folder.path().join("plan-rank.json")).unwrap();
    let other = RankPlan {
        margin: 0.3,
        ..plan.clone()
    };
    let new = run.write_plan(Stage::Rank, &other).unwrap();
    rank(&run, &plan, &hash, 5, &Cpu, &Task::detached()).unwrap();
    rank(&run, &other, &new, 9, &Cpu, &Task::detached()).unwrap();
    let after = stage();
    assert_eq!((after.done, after.failed.len()), (1, 0));
    assert_eq!(after.missing_ranges, [[0, 9], [10, tasks]]);
}

#[test]
fn a_drawn_query_has_its_exact_rank() {
    for measure in [Measure::Cosine, Measure::Dot] {
        let set = set(80, 10, measure, 21);
        let folder = tempfile::tempdir().unwrap();
        let run = embedded(folder.path(), &set, &[0, 30, 80]);
        let terms = Terms {
            sample: Some((25, 3)),
            ..terms(1200.0)
        };
        plan_ranking(&run, &terms, &Task::detached()).unwrap();
        let (plan, hash) = all_tasks(&run);
        let found = finish_ranking(&run, &Task::detached()).unwrap();
        let whole = whole(&set);
        for n in 0..plan.merges() {
            let range = merged(&run, &hash, n).unwrap();
            let direction = if range.of_images {
                &whole.ranking.i2t
            } else {
                &whole.ranking.t2i
            };
            assert_eq!(range.numbers.len(), 25);
            for (q, &number) in range.numbers.iter().enumerate() {
                assert_eq!(range.seen.above[q] + 1, direction.ranks[number as usize]);
                let hardest = range.seen.hardest[q];
                assert_eq!(hardest.index, direction.hardest[number as usize].index);
            }
        }
        let sample = found.sample.unwrap();
        assert_eq!((sample.images, sample.seed), ([25, 80], 3));
        assert!(found.report.protocol.contains("25 of 80 images"));
    }
}

#[test]
fn another_plan_is_told_and_not_tried_again() {
    let set = set(10, 4, Measure::Cosine, 2);
    let folder = tempfile::tempdir().unwrap();
    let run = embedded(folder.path(), &set, &[0, 10]);
    plan_ranking(&run, &terms(50.0), &Task::detached()).unwrap();
    let error = plan_ranking(&run, &terms(5.0), &Task::detached()).unwrap_err();
    assert!(error.to_string().contains("another plan"), "{error}");
    let (plan, hash) = run.rank_plan().unwrap();
    let error = rank(&run, &plan, &hash, plan.tasks(), &Cpu, &Task::detached()).unwrap_err();
    assert!(matches!(error, Error::Plan { .. }), "{error}");
    // A range is not merged before its tasks are done, and the first of them is named.
    let error = merge_range(&run, &plan, &hash, 0, &Task::detached()).unwrap_err();
    assert!(error.remedy().contains("--task 0"), "{}", error.remedy());
}

#[test]
fn blocks_keep_within_the_memory_that_is_told() {
    let pace = Pace {
        memory: 1 << 30,
        pairs: 1e11,
    };
    let cuts = Cuts::new(200_000, 1_000_000, 512, 10, pace);
    let [images, texts] = cuts.counts();
    let bytes = |rows: usize| rows as u64 * (512 * 4 * 2 + 5 * 100 + 64);
    assert!(bytes(200_000 / images + 1) + bytes(1_000_000 / texts + 5) < 1 << 30);
}

#[test]
fn parts_of_two_engines_agree_but_for_the_last_digits() {
    let gpu = nearmiss::compute::choose(Choice::Gpu).expect("a Vulkan adapter");
    // Without ties by hand: what is a tie to one engine must be one to the other.
    let mut rng = fastrand::Rng::with_seed(4);
    let mut random = |count: usize| {
        let values = (0..count * 48).map(|_| rng.f32() - 0.5).collect();
        nearmiss::compute::Embeddings::new(values, 48).expect("rows")
    };
    let groups = nearmiss::compute::Groups::uniform(60, 3);
    let set = Embedded::new(random(60), random(180), groups).expect("a set");
    let folder = tempfile::tempdir().unwrap();
    let run = embedded(folder.path(), &set, &[0, 60]);
    plan_ranking(&run, &terms(1800.0), &Task::detached()).unwrap();
    let (plan, hash) = run.rank_plan().unwrap();
    for n in 0..plan.tasks() {
        let engine: &dyn nearmiss::compute::Engine = if n % 2 == 0 { &Cpu } else { &*gpu };
        rank(&run, &plan, &hash, n, engine, &Task::detached()).unwrap();
    }
    let found = finish_ranking(&run, &Task::detached()).unwrap().report;
    let whole = whole(&set).report;
    assert_eq!((found.i2t, found.t2i), (whole.i2t, whole.t2i));
    assert!((found.loss_sh - whole.loss_sh).abs() < 1e-6 * whole.loss_sh);
    assert!((found.loss_mh - whole.loss_mh).abs() < 1e-6);
    assert!(
        found.engine.contains("CPU") && found.engine.contains("GPU"),
        "{}",
        found.engine
    );
}
