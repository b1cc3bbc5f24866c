//! Ranks, hardest negatives, best candidates and hinge sums: both engines against a plain float64 computation.

use nearmiss::compute::{
    Choice, Cpu, Direction, Embeddings, Engine, Groups, Hit, RankOptions, Search, TIE, choose,
};
use nearmiss::retrieval::{EvalOptions, Metrics, evaluate};
use nearmiss::task::Task;
use proptest::prelude::*;
use std::sync::{Arc, OnceLock};

/// Both engines; the GPU engine on whatever adapter there is, a software one included.
fn engines() -> Vec<Arc<dyn Engine>> {
    static ENGINES: OnceLock<Vec<Arc<dyn Engine>>> = OnceLock::new();
    let all = || {
        let gpu = choose(Choice::Gpu).expect("a Vulkan adapter (Debian: mesa-vulkan-drivers)");
        vec![Arc::new(Cpu) as Arc<dyn Engine>, gpu]
    };
    ENGINES.get_or_init(all).clone()
}

fn random(rows: usize, dim: usize, seed: u64) -> Embeddings {
    let mut rng = fastrand::Rng::with_seed(seed);
    let data = (0..rows * dim).map(|_| rng.f32() - 0.5).collect();
    Embeddings::new(data, dim).expect("finite")
}

/// The same figures from a full float64 matrix.
struct Plain {
    ranks: [Vec<u32>; 2],
    hardest: [Vec<f64>; 2],
    best: [Vec<Vec<f64>>; 2],
    sum: f64,
    max: f64,
}

fn plain(images: &Embeddings, texts: &Embeddings, groups: &Groups, margin: f64) -> Plain {
    let dot = |i: usize, j: usize| -> f64 {
        images
            .row(i)
            .iter()
            .zip(texts.row(j))
            .map(|(&a, &b)| f64::from(a) * f64::from(b))
            .sum()
    };
    let (n, m) = (images.rows(), texts.rows());
    let s: Vec<Vec<f64>> = (0..n)
        .map(|i| (0..m).map(|j| dot(i, j)).collect())
        .collect();
    let owner = groups.owners();
    let mut out = Plain {
        ranks: [vec![], vec![]],
        hardest: [vec![], vec![]],
        best: [vec![], vec![]],
        sum: 0.0,
        max: 0.0,
    };
    let tie = f64::from(TIE);
    let sorted = |mut v: Vec<f64>| {
        v.sort_by(|a, b| b.total_cmp(a));
        v
    };
    for i in 0..n {
        let positive = groups
            .range(i)
            .map(|j| s[i][j])
            .fold(f64::NEG_INFINITY, f64::max);
        let negatives: Vec<f64> = (0..m)
            .filter(|&j| owner[j] as usize != i)
            .map(|j| s[i][j])
            .collect();
        out.ranks[0].push(1 + negatives.iter().filter(|&&v| v >= positive - tie).count() as u32);
        out.hardest[0].push(negatives.iter().copied().fold(f64::NEG_INFINITY, f64::max));
        out.best[0].push(sorted(negatives));
    }
    for j in 0..m {
        let i = owner[j] as usize;
        let negatives: Vec<f64> = (0..n).filter(|&k| k != i).map(|k| s[k][j]).collect();
        out.ranks[1].push(1 + negatives.iter().filter(|&&v| v >= s[i][j] - tie).count() as u32);
        out.hardest[1].push(negatives.iter().copied().fold(f64::NEG_INFINITY, f64::max));
        out.best[1].push(sorted(negatives.clone()));
        let hinge = |v: f64| (margin + v - s[i][j]).max(0.0);
        let others = (0..m).filter(|&c| owner[c] as usize != i).map(|c| s[i][c]);
        out.sum +=
            others.map(hinge).sum::<f64>() + negatives.iter().map(|&v| hinge(v)).sum::<f64>();
        out.max += hinge(out.hardest[0][i]) + hinge(out.hardest[1][j]);
    }
    out
}

fn check_side(name: &str, side: &Direction, plain: &Plain, which: usize, k: usize) {
    let differing = side
        .ranks
        .iter()
        .zip(&plain.ranks[which])
        .filter(|(a, b)| a != b)
        .count();
    // A score within rounding of the tie tolerance may fall on either side of it.
    assert!(
        differing <= side.ranks.len() / 200,
        "{name}: {differing} ranks differ"
    );
    for (q, hit) in side.hardest.iter().enumerate() {
        let expected = plain.hardest[which][q];
        if expected.is_finite() {
            assert!(
                (f64::from(hit.score) - expected).abs() < 2e-6,
                "{name}: hardest of {q}"
            );
        } else {
            assert_eq!(*hit, Hit::NONE, "{name}: no negative for {q}");
        }
    }
    for q in 0..side.ranks.len() {
        let row = side.negatives.row(q);
        let real = k.min(plain.best[which][q].len());
        assert!(row.len() >= real);
        assert!(row[real..].iter().all(|&hit| hit == Hit::NONE), "{name}");
        let row = &row[..real];
        for (hit, expected) in row.iter().zip(&plain.best[which][q]) {
            assert!(
                (f64::from(hit.score) - expected).abs() < 2e-6,
                "{name}: negatives of {q}"
            );
        }
        assert!(
            row.windows(2).all(|w| w[0].beats(w[1])),
            "{name}: order of {q}"
        );
    }
}

fn check(images: &Embeddings, texts: &Embeddings, groups: &Groups, k: usize) {
    let plain = plain(images, texts, groups, 0.2);
    for engine in engines() {
        let options = RankOptions {
            k,
            margin: Some(0.2),
        };
        let ranking = engine
            .rank(images, texts, groups, options, &Task::detached())
            .expect("ranked");
        let name = engine.name();
        check_side(&format!("{name} I->T"), &ranking.i2t, &plain, 0, k);
        check_side(&format!("{name} T->I"), &ranking.t2i, &plain, 1, k);
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-4 * (1.0 + b.abs());
        assert!(
            near(ranking.sum_of_hinges, plain.sum),
            "{name}: {} {}",
            ranking.sum_of_hinges,
            plain.sum
        );
        if plain.max.is_finite() {
            assert!(
                near(ranking.max_of_hinges, plain.max),
                "{name}: {} {}",
                ranking.max_of_hinges,
                plain.max
            );
        }
    }
}

#[test]
fn sizes_off_the_tile() {
    for (n, each, dim, k) in [
        (1, 2, 3, 5),
        (7, 3, 5, 4),
        (65, 5, 17, 10),
        (300, 2, 33, 3),
        (513, 1, 16, 1),
    ] {
        check(
            &random(n, dim, 1),
            &random(n * each, dim, 2),
            &Groups::uniform(n, each),
            k,
        );
    }
}

#[test]
fn ragged_captions_across_tile_borders() {
    let mut rng = fastrand::Rng::with_seed(3);
    let mut offsets = vec![0];
    for _ in 0..290 {
        offsets.push(offsets[offsets.len() - 1] + rng.u32(1..9));
    }
    let groups = Groups::new(offsets).expect("rising");
    check(
        &random(groups.images(), 24, 4),
        &random(groups.texts(), 24, 5),
        &groups,
        7,
    );
}

#[test]
fn ties_count_against_the_positive() {
    // Three equal images and three equal captions: everything scores 1.
    let same = Embeddings::new([1.0, 2.0, 2.0].repeat(3), 3).expect("finite");
    for engine in engines() {
        let options = RankOptions { k: 3, margin: None };
        let ranking = engine
            .rank(
                &same,
                &same,
                &Groups::uniform(3, 1),
                options,
                &Task::detached(),
            )
            .expect("ranked");
        assert_eq!(ranking.i2t.ranks, [3, 3, 3], "{}", engine.name());
        assert_eq!(ranking.t2i.ranks, [3, 3, 3]);
        let hits = ranking.i2t.negatives.row(2);
        let first: Vec<u32> = hits.iter().map(|h| h.index).collect();
        assert_eq!(
            first,
            [0, 1, u32::MAX],
            "equal scores keep the order of the rows; the positive is left out"
        );
    }
}

#[test]
fn duplicates_tie_wherever_they_lie() {
    // A duplicate of each image far away in another tile must tie, whatever the order of summation.
    let half = random(400, 96, 8);
    let images = Embeddings::new([half.data(), half.data()].concat(), 96).expect("finite");
    let texts = random(800, 96, 9);
    for engine in engines() {
        let options = RankOptions { k: 0, margin: None };
        let ranking = engine
            .rank(
                &images,
                &texts,
                &Groups::uniform(800, 1),
                options,
                &Task::detached(),
            )
            .expect("ranked");
        assert!(
            ranking.t2i.ranks.iter().all(|&r| r >= 2),
            "{}",
            engine.name()
        );
        assert!(
            ranking
                .t2i
                .ranks
                .iter()
                .zip(&ranking.t2i.hardest)
                .all(|(r, h)| *r > 2 || h.score > -1.0)
        );
    }
}

#[test]
fn zero_vectors_and_k_larger_than_the_set() {
    let mut data = random(6, 8, 10).data().to_vec();
    data[8..24].fill(0.0);
    let images = Embeddings::new(data, 8).expect("finite");
    let texts = random(12, 8, 11);
    check(&images, &texts, &Groups::uniform(6, 2), 50);
    for engine in engines() {
        let top = engine
            .top_k(&images, &texts, 50, &Task::detached())
            .expect("searched");
        assert_eq!(top.k, 12);
        assert!(
            top.hits.iter().all(|h| h.index < 12),
            "{}: every candidate once",
            engine.name()
        );
    }
}

#[test]
fn engines_agree_on_a_search() {
    let (queries, candidates) = (random(70, 40, 12), random(1500, 40, 13));
    let [cpu, gpu] = [0, 1].map(|e| {
        engines()[e]
            .top_k(&queries, &candidates, 20, &Task::detached())
            .expect("searched")
    });
    for (a, b) in cpu.hits.iter().zip(&gpu.hits) {
        assert!((a.score - b.score).abs() < 2e-6);
    }
}

#[test]
fn a_search_leaves_out_what_it_is_told_to() {
    let (queries, candidates) = (random(37, 24, 16), random(3000, 24, 17));
    let without: Vec<_> = (0..37).map(|q| 70 * q..70 * q + q).collect();
    let at_most: Vec<f32> = (0..37)
        .map(|q| {
            if q % 5 == 0 {
                2.0
            } else {
                0.02 * q as f32 - 0.1
            }
        })
        .collect();
    let search = Search {
        k: 9,
        without: &without,
        at_most: &at_most,
    };
    for engine in engines() {
        let found = engine
            .search(&queries, &candidates, &search, &Task::detached())
            .expect("searched");
        for q in 0..37 {
            let mut all: Vec<f32> = (0..3000)
                .filter(|j| !without[q].contains(j))
                .map(|j| queries.dot(q, &candidates, j))
                .filter(|&s| s <= at_most[q])
                .collect();
            all.sort_by(|a, b| b.total_cmp(a));
            for (hit, score) in found.row(q).iter().zip(&all) {
                assert!((hit.score - score).abs() < 2e-6, "{}: {q}", engine.name());
                assert!(!without[q].contains(&(hit.index as usize)));
            }
        }
    }
    let short = Search {
        at_most: &at_most[1..],
        ..search
    };
    for engine in engines() {
        let refused = engine.search(&queries, &candidates, &short, &Task::detached());
        assert!(refused.is_err(), "{}", engine.name());
    }
}

#[test]
fn long_lists_lose_nothing() {
    let (queries, candidates) = (random(5, 16, 18), random(1000, 16, 19));
    for engine in engines() {
        let found = engine
            .top_k(&queries, &candidates, 700, &Task::detached())
            .expect("searched");
        for q in 0..5 {
            let mut all: Vec<f32> = (0..1000).map(|j| queries.dot(q, &candidates, j)).collect();
            all.sort_by(|a, b| b.total_cmp(a));
            for (hit, score) in found.row(q).iter().zip(&all) {
                assert!((hit.score - score).abs() < 2e-6, "{}: {q}", engine.name());
            }
        }
    }
}

#[test]
fn one_image_has_no_negative_caption() {
    let (images, texts) = (random(1, 4, 14), random(3, 4, 15));
    for engine in engines() {
        let options = RankOptions { k: 2, margin: None };
        let ranking = engine
            .rank(
                &images,
                &texts,
                &Groups::uniform(1, 3),
                options,
                &Task::detached(),
            )
            .expect("ranked");
        assert_eq!(
            (ranking.i2t.ranks[0], ranking.i2t.hardest[0]),
            (1, Hit::NONE)
        );
    }
}

#[test]
fn a_cancelled_task_ends_with_cancelled() {
    let (images, texts) = (random(600, 64, 16), random(3000, 64, 17));
    for engine in engines() {
        let task = Task::detached();
        task.cancel();
        let options = RankOptions { k: 1, margin: None };
        let error = engine
            .rank(&images, &texts, &Groups::uniform(600, 5), options, &task)
            .expect_err("cancelled");
        assert!(error.is_cancelled(), "{}", engine.name());
    }
}

#[test]
fn shapes_that_do_not_fit_are_refused() {
    let options = RankOptions { k: 1, margin: None };
    for engine in engines() {
        let task = Task::detached();
        let error = engine.rank(
            &random(4, 8, 1),
            &random(8, 9, 2),
            &Groups::uniform(4, 2),
            options,
            &task,
        );
        assert!(error.is_err_and(|e| e.to_string().contains('9')));
        let error = engine.rank(
            &random(4, 8, 1),
            &random(9, 8, 2),
            &Groups::uniform(4, 2),
            options,
            &task,
        );
        assert!(error.is_err_and(|e| e.to_string().contains('9')));
    }
    let nan = Embeddings::new(vec![0.5, 0.5, f32::NAN, 1.0], 2).expect_err("not a number");
    assert!(nan.to_string().contains("row 1"), "{nan}");
}

#[test]
fn folds_are_contiguous_slices_averaged() {
    let (images, texts) = (random(90, 12, 20), random(180, 12, 21));
    let groups = Groups::uniform(90, 2);
    let options = EvalOptions {
        fold: Some(40),
        ..EvalOptions::default()
    };
    let folded =
        evaluate(&Cpu, &images, &texts, &groups, &options, &Task::detached()).expect("evaluated");
    let single = |from: usize| {
        let part = evaluate(
            &Cpu,
            &images.slice(from..from + 40),
            &texts.slice(2 * from..2 * from + 80),
            &Groups::uniform(40, 2),
            &EvalOptions::default(),
            &Task::detached(),
        );
        part.expect("evaluated").report
    };
    let (a, b) = (single(0), single(40));
    assert_eq!((folded.report.images, folded.report.captions), (80, 160));
    assert!((folded.report.rsum - f64::midpoint(a.rsum, b.rsum)).abs() < 1e-9);
    assert_eq!(folded.report.i2t, Metrics::mean(&[a.i2t, b.i2t]));
    let few = EvalOptions {
        fold: Some(1000),
        ..EvalOptions::default()
    };
    let error =
        evaluate(&Cpu, &images, &texts, &groups, &few, &Task::detached()).expect_err("too few");
    assert!(error.to_string().contains("90"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ranks_lie_between_one_and_the_candidates(n in 1_usize..40, each in 1_usize..4, dim in 1_usize..20, seed in 0_u64..1000) {
        let (images, texts) = (random(n, dim, seed), random(n * each, dim, seed + 1));
        let options = RankOptions { k: 3, margin: Some(0.2) };
        let ranking = Cpu.rank(&images, &texts, &Groups::uniform(n, each), options, &Task::detached()).expect("ranked");
        prop_assert!(ranking.i2t.ranks.iter().all(|&r| r >= 1 && r as usize <= n * each));
        prop_assert!(ranking.t2i.ranks.iter().all(|&r| r >= 1 && r as usize <= n));
        for (q, rank) in ranking.i2t.ranks.iter().enumerate() {
            // Rank 1 exactly when the best positive beats the hardest negative by more than a tie.
            let ahead = ranking.i2t.positive[q] - ranking.i2t.hardest[q].score > TIE;
            prop_assert_eq!(*rank == 1, ahead);
        }
    }
}
