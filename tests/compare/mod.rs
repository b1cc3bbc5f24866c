//! Two encoders on the same data, against `SciPy` (`fixtures/compare/make.py`) and by what must hold.

pub mod command;

use nearmiss::compute::{Direction, Groups, Hit, Ranking};
use nearmiss::retrieval::compare::{Agreement, mcnemar, shift_bins, spearman};
use nearmiss::retrieval::{CompareOptions, Comparison, Evaluation, Metrics, Report, Side, compare};
use nearmiss::task::Task;
use proptest::prelude::*;
use serde_json::Value;

fn reference() -> Value {
    serde_json::from_str(include_str!("../fixtures/compare/reference.json")).unwrap()
}

fn ranks(value: &Value) -> Vec<u32> {
    let list = value.as_array().unwrap();
    list.iter().map(|r| r.as_u64().unwrap() as u32).collect()
}

fn direction(ranks: &[u32]) -> Direction {
    Direction {
        ranks: ranks.to_vec(),
        positive: vec![0.5; ranks.len()],
        // A hardest negative that depends on the rank alone: equal ranks, equal negatives.
        hardest: ranks
            .iter()
            .map(|&r| Hit {
                score: 0.4,
                index: r,
            })
            .collect(),
        ..Direction::default()
    }
}

fn evaluation(i2t: &[u32], t2i: &[u32]) -> Evaluation {
    let zero = Metrics::default();
    Evaluation {
        report: Report {
            images: i2t.len(),
            captions: t2i.len(),
            protocol: String::new(),
            i2t: zero,
            t2i: zero,
            rsum: 0.0,
            loss_sh: 0.0,
            loss_mh: 0.0,
            engine: String::new(),
            seconds: 0.0,
        },
        ranking: Ranking {
            i2t: direction(i2t),
            t2i: direction(t2i),
            ..Ranking::default()
        },
        tie: 1e-6,
    }
}

/// Compares captions' ranks; each image has `each` captions and ranks as its first.
fn compared(a: &[u32], b: &[u32], each: usize) -> Comparison {
    let of_images = |r: &[u32]| r.iter().step_by(each).copied().collect::<Vec<_>>();
    let (one, two) = (evaluation(&of_images(a), a), evaluation(&of_images(b), b));
    let groups = Groups::uniform(a.len() / each, each);
    let options = CompareOptions::default();
    compare(&one, &two, &groups, &options, &Task::detached()).unwrap()
}

fn close(have: f64, want: f64, within: f64) {
    assert!((have - want).abs() <= within, "{have} is not {want}");
}

#[test]
fn agreement_and_correlation_are_scipy_s() {
    for case in reference()["cases"].as_array().unwrap() {
        let (a, b) = (ranks(&case["a"]), ranks(&case["b"]));
        let found = compared(&a, &b, 5).t2i;
        assert_eq!(found.queries, a.len());
        assert_eq!(
            (found.a, found.b),
            (Metrics::from_ranks(&a), Metrics::from_ranks(&b))
        );
        close(
            found.spearman.unwrap(),
            case["spearman"].as_f64().unwrap(),
            1e-12,
        );
        for (at, want) in found.at.iter().zip(case["at"].as_array().unwrap()) {
            let table = [at.both, at.only_a, at.only_b, at.neither];
            let want_table: Vec<usize> = serde_json::from_value(want["table"].clone()).unwrap();
            assert_eq!(table.as_slice(), want_table);
            let p = want["p"].as_f64().unwrap();
            close(at.p_value, p, 1e-10 * p.max(1e-3));
            close(at.agreement, want["agreement"].as_f64().unwrap(), 1e-9);
            match want["kappa"].as_f64() {
                Some(kappa) => close(at.kappa.unwrap(), kappa, 1e-12),
                None => assert_eq!(at.kappa, None),
            }
        }
    }
}

#[test]
fn mcnemar_s_test_is_exact_for_few_and_many() {
    for case in reference()["mcnemar"].as_array().unwrap() {
        let count = |i: usize| case[i].as_u64().unwrap() as usize;
        let want = case[2].as_f64().unwrap();
        close(mcnemar(count(0), count(1)) / want, 1.0, 1e-8);
    }
    assert_eq!(mcnemar(0, 0), 1.0);
    // Far beyond the smallest float: no NaN.
    assert_eq!(mcnemar(0, 5_000), 0.0);
}

#[test]
fn the_interval_is_as_wide_as_the_error_of_whole_images_says() {
    for case in reference()["cases"].as_array().unwrap() {
        let interval = compared(&ranks(&case["a"]), &ranks(&case["b"]), 5)
            .t2i
            .r1_difference;
        let (difference, error) = (
            case["difference"].as_f64().unwrap(),
            case["error"].as_f64().unwrap(),
        );
        close(interval.difference, difference, 1e-9);
        // The normal approximation, loosely: few images make a lopsided distribution.
        for (end, want) in [
            (interval.low, difference - 1.96 * error),
            (interval.high, difference + 1.96 * error),
        ] {
            close(end, want, 0.35 * error);
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_interval_and_another_one_another() {
    let case = &reference()["cases"][1];
    let (a, b) = (ranks(&case["a"]), ranks(&case["b"]));
    let groups = Groups::uniform(100, 5);
    let of_images = |r: &[u32]| r.iter().step_by(5).copied().collect::<Vec<_>>();
    let (one, two) = (
        evaluation(&of_images(&a), &a),
        evaluation(&of_images(&b), &b),
    );
    let interval = |seed| {
        let options = CompareOptions {
            seed,
            ..CompareOptions::default()
        };
        let found = compare(&one, &two, &groups, &options, &Task::detached()).unwrap();
        found.t2i.r1_difference
    };
    assert_eq!(interval(3), interval(3));
    assert_ne!(interval(3), interval(4));
}

#[test]
fn the_largest_shifts_are_listed_with_both_negatives() {
    let found = compared(&[1, 1, 30, 2], &[1, 9, 3, 2], 1).i2t;
    let listed: Vec<_> = found
        .largest
        .iter()
        .map(|s| {
            (
                s.query,
                s.rank_a,
                s.rank_b,
                s.shift,
                s.hardest_a.index,
                s.hardest_b.index,
            )
        })
        .collect();
    assert_eq!(
        listed,
        [
            (2, 30, 3, -27, 30, 3),
            (1, 1, 9, 8, 1, 9),
            (0, 1, 1, 0, 1, 1),
            (3, 2, 2, 0, 2, 2)
        ]
    );
    assert_eq!((found.better, found.worse, found.same), (1, 1, 2));
    assert_eq!(found.same_hardest, 50.0);
}

#[test]
fn evaluations_of_other_data_and_cancelled_ones_are_refused() {
    let groups = Groups::uniform(2, 1);
    let options = CompareOptions::default();
    let (two, three) = (
        evaluation(&[1, 2], &[1, 1]),
        evaluation(&[1, 2, 3], &[1, 1, 1]),
    );
    let error = compare(&two, &three, &groups, &options, &Task::detached()).unwrap_err();
    assert!(error.to_string().contains("2 and 3"), "{error}");
    assert!(error.remedy().contains("same images"));
    let task = Task::detached();
    task.cancel();
    let error = compare(&two, &two, &groups, &options, &task).unwrap_err();
    assert!(error.is_cancelled());
}

#[test]
fn constant_ranks_have_no_correlation() {
    assert_eq!(spearman(&[1.0, 1.0], &[1.0, 2.0]), None);
    assert_eq!(spearman(&[], &[]), None);
    assert_eq!(Agreement::of(&[1, 1], &[1, 1], 1).kappa, None);
}

proptest! {
    #[test]
    fn both_ways_round_say_the_same(pairs in prop::collection::vec((1_u32..40, 1_u32..40), 1..60)) {
        let (a, b): (Vec<u32>, Vec<u32>) = pairs.into_iter().unzip();
        let (there, back) = (compared(&a, &b, 1).i2t, compared(&b, &a, 1).i2t);
        for (x, y) in there.at.iter().zip(&back.at) {
            prop_assert_eq!((x.both, x.only_a, x.only_b, x.neither), (y.both, y.only_b, y.only_a, y.neither));
            prop_assert_eq!(x.both + x.only_a + x.only_b + x.neither, a.len());
            prop_assert!((x.p_value - y.p_value).abs() < 1e-12 && (0.0..=1.0).contains(&x.p_value));
        }
        prop_assert_eq!(there.r1_difference.difference, -back.r1_difference.difference);
        prop_assert!(there.r1_difference.low <= there.r1_difference.high);
        let turned: Vec<_> = back.shifts.iter().rev().map(|s| (-s.to, -s.from, s.queries)).collect();
        prop_assert_eq!(there.shifts.iter().map(|s| (s.from, s.to, s.queries)).collect::<Vec<_>>(), turned);
    }

    #[test]
    fn an_encoder_agrees_with_itself(ranks in prop::collection::vec(1_u32..40, 1..60)) {
        let same = compared(&ranks, &ranks, 1);
        for side in [Side::Image, Side::Text] {
            let found = same.direction(side);
            prop_assert!(found.at.iter().all(|at| at.agreement == 100.0 && at.p_value == 1.0));
            prop_assert_eq!((found.same, found.same_hardest), (ranks.len(), 100.0));
            prop_assert_eq!(found.r1_difference.low, 0.0);
            prop_assert_eq!(found.r1_difference.high, 0.0);
        }
    }

    #[test]
    fn every_shift_lies_in_one_bin(shifts in prop::collection::vec(-30_000_i64..30_000, 0..80)) {
        let bins = shift_bins(shifts.iter().copied());
        prop_assert!(bins.windows(2).all(|w| w[0].to + 1 == w[1].from));
        for bin in bins {
            let inside = shifts.iter().filter(|s| (bin.from..=bin.to).contains(s)).count();
            prop_assert_eq!(bin.queries, inside);
        }
    }
}
