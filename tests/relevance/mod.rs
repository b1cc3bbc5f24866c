//! Relevance beyond the pairs, against brute force in Python (`fixtures/relevance/make.py`), and the annotations of
//! COCO.

mod annotations;

use nearmiss::compute::{Cpu, Embeddings, Engine, Groups, RankOptions};
use nearmiss::retrieval::Metrics;
use nearmiss::retrieval::Relevance;
use nearmiss::retrieval::relevance::{
    Judged, RelevanceMetrics, confirmed, ranks_with, relevance_metrics,
};
use nearmiss::task::Task;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;

struct Case {
    images: Embeddings,
    texts: Embeddings,
    groups: Groups,
    extra: Vec<(u32, u32)>,
    value: Value,
}

fn embeddings(rows: &[Vec<f32>]) -> Embeddings {
    Embeddings::new(rows.concat(), rows[0].len()).unwrap()
}

fn cases() -> Vec<Case> {
    let all: Value =
        serde_json::from_str(include_str!("../fixtures/relevance/reference.json")).unwrap();
    let rows = |v: &Value| serde_json::from_value::<Vec<Vec<f32>>>(v.clone()).unwrap();
    let case = |value: &Value| {
        let images = embeddings(&rows(&value["images"]));
        let each = value["each"].as_u64().unwrap() as usize;
        Case {
            groups: Groups::uniform(images.rows(), each),
            images,
            texts: embeddings(&rows(&value["texts"])),
            extra: serde_json::from_value(value["extra"].clone()).unwrap(),
            value: value.clone(),
        }
    };
    all["cases"].as_array().unwrap().iter().map(case).collect()
}

/// Every `n`-th query alone.
fn some(judged: &Judged, n: u32) -> Judged {
    let sets = judged.queries().iter().filter(|q| *q % n == 0);
    Judged::new(sets.map(|&q| (q, judged.of(q).to_vec())).collect())
}

#[test]
fn precision_and_recall_are_those_of_explicit_rankings() {
    for case in cases() {
        let all = Relevance::with_pairs(&case.groups, &case.extra);
        let judged = Relevance {
            i2t: some(&all.i2t, 2),
            t2i: some(&all.t2i, 3),
        };
        let task = Task::detached();
        let found = relevance_metrics(&Cpu, &case.images, &case.texts, &judged, &task).unwrap();
        let check = |have: &RelevanceMetrics, want: &Value, judged: &Judged| {
            let want: Vec<f64> = serde_json::from_value(want.clone()).unwrap();
            let have_all = [have.r_precision, have.map_at_r, have.r1, have.r5, have.r10];
            for (have, want) in have_all.iter().zip(&want) {
                assert!((have - want).abs() < 1e-9, "{have_all:?} are not {want:?}");
            }
            assert_eq!(
                (have.queries, have.positives),
                (judged.queries().len(), judged.pairs())
            );
        };
        check(&found.i2t, &case.value["i2t"], &judged.i2t);
        check(&found.t2i, &case.value["t2i"], &judged.t2i);
    }
}

#[test]
fn with_the_pairs_alone_recall_is_eval_s() {
    for case in cases() {
        let task = Task::detached();
        let pairs = Relevance::with_pairs(&case.groups, &[]);
        let found = relevance_metrics(&Cpu, &case.images, &case.texts, &pairs, &task).unwrap();
        let ranking = rank(&case);
        for (have, direction) in [(found.i2t, &ranking.i2t), (found.t2i, &ranking.t2i)] {
            let want = Metrics::from_ranks(&direction.ranks);
            for (a, b) in [(have.r1, want.r1), (have.r5, want.r5), (have.r10, want.r10)] {
                assert!((a - b).abs() < 1e-9, "{have:?} is not {want:?}");
            }
        }
    }
}

fn rank(case: &Case) -> nearmiss::compute::Ranking {
    let options = RankOptions { k: 0, margin: None };
    Cpu.rank(
        &case.images,
        &case.texts,
        &case.groups,
        options,
        &Task::detached(),
    )
    .unwrap()
}

#[test]
fn confirmed_pairs_no_longer_count_as_wrong() {
    for case in cases() {
        let task = Task::detached();
        let ranking = rank(&case);
        let all = Relevance::with_pairs(&case.groups, &case.extra);
        let ranks = |v: &Value| serde_json::from_value::<Vec<u32>>(v.clone()).unwrap();
        let (want_i, want_t) = (
            ranks(&case.value["ranks_i2t"]),
            ranks(&case.value["ranks_t2i"]),
        );
        let i = ranks_with(
            &Cpu,
            &case.images,
            &case.texts,
            &ranking.i2t,
            &all.i2t,
            &task,
        )
        .unwrap();
        let t = ranks_with(
            &Cpu,
            &case.texts,
            &case.images,
            &ranking.t2i,
            &all.t2i,
            &task,
        )
        .unwrap();
        assert_eq!((&i, &t), (&want_i, &want_t));
        // Repeated pairs, the dataset's own and ones from elsewhere change nothing.
        let mut pairs = case.extra.clone();
        pairs.extend([case.extra[0], (0, 0), (900, 0), (0, 90_000)]);
        let found = confirmed(
            &Cpu,
            &case.images,
            &case.texts,
            &case.groups,
            &ranking,
            &pairs,
            &task,
        )
        .unwrap();
        assert_eq!(found.pairs, case.extra.len());
        assert_eq!(found.i2t, Metrics::from_ranks(&want_i));
        assert_eq!(found.t2i, Metrics::from_ranks(&want_t));
        assert!(found.i2t.r1 >= Metrics::from_ranks(&ranking.i2t.ranks).r1);
    }
}

#[test]
fn a_query_with_many_wrong_ones_before_it_is_counted_in_full() {
    // 300 captions score higher than the confirmed one: more than are looked at first.
    let angle = |i: usize| vec![(i as f32 * 0.004).cos(), (i as f32 * 0.004).sin()];
    let texts: Vec<Vec<f32>> = (0..400).map(angle).collect();
    let images = embeddings(&[angle(0), angle(0)]);
    let case = Case {
        images,
        texts: embeddings(&texts),
        // Image 0 owns the last 100 captions by way of image 1 owning none but the first 300.
        groups: Groups::new(vec![0, 300, 400]).unwrap(),
        extra: vec![(1, 250)],
        value: Value::Null,
    };
    let ranking = rank(&case);
    assert_eq!(ranking.i2t.ranks, [1, 301]);
    let all = Relevance::with_pairs(&case.groups, &case.extra);
    let task = Task::detached();
    let ranks = ranks_with(
        &Cpu,
        &case.images,
        &case.texts,
        &ranking.i2t,
        &all.i2t,
        &task,
    )
    .unwrap();
    assert_eq!(ranks, [1, 251]);
}

#[test]
fn rows_that_do_not_exist_are_refused() {
    let two = embeddings(&[vec![1.0, 0.0], vec![0.0, 1.0]]);
    let judged = |query, right| Relevance {
        i2t: Judged::new(BTreeMap::from([(query, vec![right])])),
        t2i: Judged::default(),
    };
    let task = Task::detached();
    for wrong in [judged(2, 0), judged(0, 2)] {
        let error = relevance_metrics(&Cpu, &two, &two, &wrong, &task).unwrap_err();
        assert!(error.to_string().contains("rows"), "{error}");
    }
    let found = relevance_metrics(&Cpu, &two, &two, &judged(0, 0), &task).unwrap();
    assert_eq!((found.i2t.r1, found.i2t.queries), (100.0, 1));
    assert_eq!(found.t2i, RelevanceMetrics::default());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// More right candidates never make a rank worse, and never change that of other queries.
    #[test]
    fn ranks_only_improve(
        values in prop::collection::vec(-2_i8..3, 3 * (8 + 24)),
        extra in prop::collection::vec((0_u32..8, 0_u32..24), 0..20),
    ) {
        let mut rows: Vec<Vec<f32>> = values.chunks(3).map(|c| c.iter().map(|&v| f32::from(v)).collect()).collect();
        rows.iter_mut().filter(|r| r.iter().all(|&v| v == 0.0)).for_each(|r| r[0] = 1.0);
        let case = Case {
            images: embeddings(&rows[..8]),
            texts: embeddings(&rows[8..]),
            groups: Groups::uniform(8, 3),
            extra,
            value: Value::Null,
        };
        let ranking = rank(&case);
        let all = Relevance::with_pairs(&case.groups, &case.extra);
        let task = Task::detached();
        let new = ranks_with(&Cpu, &case.images, &case.texts, &ranking.i2t, &all.i2t, &task).unwrap();
        for q in 0..8_usize {
            prop_assert!(new[q] <= ranking.i2t.ranks[q]);
            let own = |j: &u32| case.groups.range(q).contains(&(*j as usize));
            if all.i2t.of(q as u32).iter().all(own) {
                prop_assert_eq!(new[q], ranking.i2t.ranks[q]);
            }
        }
    }
}
