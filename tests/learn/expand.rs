//! Groups of captions: what is drawn from them, and recall of each.

use super::policies::sampler_of;
use super::runs::{embedded, ground, setup, trained};
use super::task;
use nearmiss::compute::Cpu;
use nearmiss::dataset::npy::write_array;
use nearmiss::error::Result;
use nearmiss::learn::{
    Course, Expansion, Figure, Ground, Grouping, MOST_GROUPS, Point, Run, Setup, Split, Start, Way,
    train,
};
use std::collections::BTreeSet;
use std::path::PathBuf;
use tempfile::TempDir;

/// Captions of the made embeddings; the first 135 are trained on.
const CAPTIONS: usize = 180;
const TRAINED: usize = 135;

/// Files of labels.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn labels(&self, name: &str, labels: &[usize]) -> Grouping {
        let path: PathBuf = self.0.path().join(format!("{name}.npy"));
        let values: Vec<f32> = labels.iter().map(|&label| label as f32).collect();
        write_array(&path, &values, &[labels.len()]).unwrap();
        Grouping::File(path)
    }
}

fn by(ground: Ground, labels: &[usize]) -> Result<Ground> {
    let files = Files::new();
    ground.grouped(&[files.labels("kind", labels)], None, &task())
}

/// Three groups of equal size, each with one caption of every image.
pub fn equal() -> Ground {
    let labels: Vec<usize> = (0..CAPTIONS).map(|caption| caption % 3).collect();
    by(ground(&[]), &labels).unwrap()
}

/// Groups of whole images: 5, 15 and 25 are trained on, with three captions each.
fn unequal_labels() -> Vec<usize> {
    let of = |caption: usize| match caption / 3 % 9 {
        0 => 0,
        1..=3 => 1,
        _ => 2,
    };
    (0..CAPTIONS).map(of).collect()
}

fn expand(expansion: Expansion) -> Setup {
    Setup {
        policy: "expand".parse().unwrap(),
        expansion,
        ..setup("mh")
    }
}

fn course<'a>(ground: &'a Ground, setup: &'a Setup, before: Option<&'a Run>) -> Course<'a> {
    Course {
        engine: &Cpu,
        ground,
        setup,
        before,
        order: None,
        mined: None,
    }
}

fn refused(ground: &Ground, setup: &Setup, word: &str) {
    let start = Start::Random.learned(setup).unwrap();
    let ended = train(course(ground, setup, None), start, &mut |_| true, &task());
    let error = ended.expect_err(word);
    assert!(error.to_string().contains(word), "{error}");
    assert!(!error.remedy().is_empty());
}

#[test]
fn at_full_balance_expansion_is_uniform_sampling_to_the_bit() {
    let ground = equal();
    let expanded = trained(&ground, &expand(Expansion::default()));
    let uniform = trained(&ground, &setup("mh"));
    assert_eq!(expanded.learned, uniform.learned);
    let ranks = |run: &Run| -> Vec<_> { run.points.iter().map(|p| p.ranks.clone()).collect() };
    assert_eq!(ranks(&expanded), ranks(&uniform));
    // Groups of other sizes draw otherwise, and as many.
    let unequal = by(super::runs::ground(&[]), &unequal_labels()).unwrap();
    let other = trained(&unequal, &expand(Expansion::default()));
    assert_ne!(other.learned, uniform.learned);
    assert_eq!(other.steps(), uniform.steps());
}

#[test]
fn each_epoch_draws_from_as_many_of_each_group_as_it_says() {
    let labels = unequal_labels();
    let ground = by(ground(&[]), &labels).unwrap();
    let expansion = Expansion {
        warm: 2,
        by: 20,
        every: 2,
    };
    let task = task();
    let mut policy = sampler_of(&ground, &task, "expand", 0.0, expansion).unwrap();
    let mut random = fastrand::Rng::with_seed(4);
    let mut before = BTreeSet::new();
    // 15 of each; then 20 more every second epoch from the two that have some left, until those of the second are in.
    let wanted = [
        [15, 15, 15],
        [15, 15, 15],
        [15, 25, 25],
        [15, 25, 25],
        [15, 35, 35],
        [15, 35, 35],
        [15, 45, 45],
        [15, 45, 45],
        [15, 45, 65],
        [15, 45, 65],
        [15, 45, 75],
        [15, 45, 75],
        [15, 45, 75],
    ];
    for (epoch, wanted) in wanted.into_iter().enumerate() {
        let drawn = policy.epoch(epoch, &[], &mut random).unwrap();
        // As many draws as there are pairs; none a second time before all of the part were drawn.
        assert_eq!(drawn.len(), TRAINED);
        let part: BTreeSet<u32> = drawn.iter().copied().collect();
        let first: BTreeSet<u32> = drawn[..part.len()].iter().copied().collect();
        assert_eq!(first, part);
        let mut counts = [0; 3];
        for &caption in &part {
            assert!(ground.pairs.binary_search(&caption).is_ok());
            counts[labels[caption as usize]] += 1;
        }
        assert_eq!(counts, wanted, "epoch {epoch}");
        // What is in stays in; nothing comes before its turn.
        assert!(before.is_subset(&part));
        before = part;
    }
    // Asked for an epoch alone, as by a run that goes on, it draws from the same part.
    let mut again = sampler_of(&ground, &task, "expand", 0.0, expansion).unwrap();
    let drawn = again.epoch(8, &[], &mut random).unwrap();
    let part: BTreeSet<u32> = drawn.into_iter().collect();
    assert!(part.is_subset(&before) && part.len() == 125);
    for zero in [
        Expansion {
            warm: 0,
            ..expansion
        },
        Expansion { by: 0, ..expansion },
        Expansion {
            every: 0,
            ..expansion
        },
    ] {
        assert!(expand(zero).check().is_err());
    }
}

/// Recall at 1 of the captions held out of one group, from the ranks alone.
fn counted(point: &Point, labels: &[usize], group: usize) -> f64 {
    let own = labels[TRAINED..].iter().zip(&point.ranks[1]);
    let own: Vec<u32> = own.filter(|(l, _)| **l == group).map(|(_, r)| *r).collect();
    100.0 * own.iter().filter(|&&rank| rank == 1).count() as f64 / own.len() as f64
}

#[test]
fn recall_of_groups_is_that_of_their_queries_and_adds_up_to_the_whole() {
    let crosswise: Vec<usize> = (0..CAPTIONS).map(|c| usize::from(c % 3 > 0)).collect();
    for labels in [unequal_labels(), crosswise] {
        let ground = by(ground(&[]), &labels).unwrap();
        let run = trained(&ground, &setup("infonce"));
        let about = run.grouped.as_ref().unwrap();
        let size = |group: usize| labels[TRAINED..].iter().filter(|l| **l == group).count();
        for point in &run.points {
            let groups = point.by_group.len();
            assert_eq!(groups, about.names.len());
            for figure in Figure::all() {
                let all: Vec<f64> = (0..groups)
                    .map(|group| figure.of_group(group)(point).unwrap())
                    .collect();
                let sum: f64 = all
                    .iter()
                    .zip(&about.valid)
                    .map(|(r, &n)| r * n as f64)
                    .sum();
                // Every image has three captions: weights are alike both ways.
                let mean = sum / about.valid.iter().sum::<usize>() as f64;
                let whole = figure.valid()(point).unwrap();
                assert!((mean - whole).abs() < 1e-9, "{figure:?}: {mean}, {whole}");
                let worst = figure.worst()(point).unwrap();
                assert!(worst <= whole + 1e-9);
                assert!(all.iter().all(|recall| worst <= *recall) && all.contains(&worst));
            }
            for group in 0..groups {
                assert_eq!(about.valid[group], size(group));
                let figure = Figure {
                    way: Way::TextToImage,
                    at: 0,
                };
                let told = figure.of_group(group)(point).unwrap();
                assert!((told - counted(point, &labels, group)).abs() < 1e-9);
            }
        }
    }
}

#[test]
fn a_group_of_which_nothing_is_held_out_is_told_and_is_not_the_worst() {
    let mut labels = unequal_labels();
    for label in &mut labels[TRAINED..] {
        *label = (*label).max(1);
    }
    let ground = by(ground(&[]), &labels).unwrap();
    let run = trained(&ground, &setup("mh"));
    let said = |note: &String| note.contains("kind 0") && note.contains("not known");
    assert!(run.notes.iter().any(said), "{:?}", run.notes);
    let last = run.last().unwrap();
    assert_eq!(last.by_group[0], None);
    let least = [1, 2].map(|g| last.by_group[g].unwrap().t2i[0]);
    let figure = Figure {
        way: Way::TextToImage,
        at: 0,
    };
    assert_eq!(figure.worst()(last), Some(least[0].min(least[1])));
    // Kept and read, it is the same.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.json");
    run.save(&path).unwrap();
    let again = Run::open(&path).unwrap();
    assert_eq!(again.grouped, run.grouped);
    let told = |run: &Run| figure.worst()(run.last().unwrap()).unwrap();
    assert!((told(&again) - told(&run)).abs() < 1e-12);
    assert_eq!(again.last().unwrap().by_group[0], None);
}

#[test]
fn groups_that_cannot_be_drawn_from_are_refused_with_the_reason() {
    let plain = ground(&[]);
    let setup = expand(Expansion::default());
    refused(&plain, &setup, "there are none");
    // One pair in the smallest group: three at the start, and a batch has 16.
    let mut labels: Vec<usize> = (0..CAPTIONS).map(|c| 1 + c % 2).collect();
    labels[7] = 0;
    let tiny = by(ground(&[]), &labels).unwrap();
    refused(&tiny, &setup, "\"kind 0\"");
    // None of it is trained on.
    labels[7] = 1;
    labels[TRAINED + 1] = 0;
    let held = by(ground(&[]), &labels).unwrap();
    refused(
        &held,
        &setup,
        "0 pairs to train on are in the group \"kind 0\"",
    );

    let wrong = |labels: &[usize], word: &str| {
        let error = by(ground(&[]), labels).err().expect(word).to_string();
        assert!(error.contains(word), "{error}");
    };
    wrong(&[0; CAPTIONS], "in one group");
    wrong(&[0, 1, 0], "of 3 captions; there are 180");
    let many: Vec<usize> = (0..CAPTIONS).map(|c| c % (MOST_GROUPS + 1)).collect();
    wrong(&many, "65 groups");
    let gap: Vec<usize> = (0..CAPTIONS).map(|c| 2 * (c % 2)).collect();
    wrong(&gap, "no pair of label 1");
    let words = Grouping::Length;
    let error = ground(&[]).grouped(&[words], None, &task()).err().unwrap();
    assert!(error.to_string().contains("embeddings alone"), "{error}");
}

#[test]
fn ways_to_group_are_crossed_and_empty_crossings_are_no_groups() {
    let files = Files::new();
    let halves: Vec<usize> = (0..CAPTIONS).map(|c| c % 2).collect();
    // Group 2 has odd captions alone.
    let thirds: Vec<usize> = (0..CAPTIONS)
        .map(|c| if c % 4 == 1 { 2 } else { c / 2 % 2 })
        .collect();
    let by = [
        files.labels("half", &halves),
        files.labels("third", &thirds),
    ];
    let ground = ground(&[]).grouped(&by, None, &task()).unwrap();
    let groups = ground.groups.unwrap();
    let pairs: BTreeSet<(usize, usize)> =
        halves.iter().copied().zip(thirds.iter().copied()).collect();
    let names: Vec<String> = pairs
        .iter()
        .map(|(half, third)| format!("half {half}, third {third}"))
        .collect();
    assert_eq!(groups.about.names, names);
    for caption in 0..CAPTIONS {
        let name = format!("half {}, third {}", halves[caption], thirds[caption]);
        let label = groups.strata.labels()[caption];
        assert_eq!(groups.about.names[label as usize], name);
    }
    let all = groups.about.train.iter().sum::<usize>();
    assert_eq!(all, TRAINED);
}

#[test]
fn a_run_by_groups_goes_on_as_trained_through_and_with_its_own_groups_alone() {
    let ground = by(ground(&[]), &unequal_labels()).unwrap();
    let whole = expand(Expansion {
        warm: 2,
        by: 30,
        every: 1,
    });
    let half = Setup {
        epochs: 3,
        ..whole.clone()
    };
    let through = trained(&ground, &whole);
    let first = trained(&ground, &half);
    let start = first.learned.clone();
    let on = course(&ground, &whole, Some(&first));
    let second = train(on, start.clone(), &mut |_| true, &task()).unwrap();
    assert_eq!(second.learned, through.learned);
    assert!(second.legs.is_empty(), "{:?}", second.notes);
    let other = equal();
    let on = course(&other, &whole, Some(&first));
    let error = train(on, start, &mut |_| true, &task()).unwrap_err();
    assert!(error.to_string().contains("groups"), "{error}");
    // Runs of other groups are in no band together.
    assert!(!through.is_like(&trained(&other, &whole)));
    let split = Split::ranges(0..45, 45..60, 60).unwrap();
    let plain = Ground::new(&embedded(1), split, &[]).unwrap();
    let uniform = trained(&plain, &setup("mh"));
    assert!(!uniform.is_like(&trained(&ground, &setup("mh"))));
}
