//! Ranks and hardest negatives: sizes, ties, edge cases, folds.

use super::{check, engines, random};
use nearmiss::compute::{Cpu, Embeddings, Engine, Groups, Hit, RankOptions, TIE};
use nearmiss::retrieval::{EvalOptions, Metrics, evaluate};
use nearmiss::task::Task;
use proptest::prelude::*;

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
fn many_captions_of_few_images() {
    let mut offsets = vec![0, 700, 701, 701];
    offsets.extend([1100, 1900, 1903]);
    let groups = Groups::new(offsets).expect("rising");
    check(
        &random(groups.images(), 6, 14),
        &random(groups.texts(), 6, 15),
        &groups,
        4,
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
