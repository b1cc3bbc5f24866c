//! The best candidates of each query.

use super::{check, engines, random};
use nearmiss::compute::{Embeddings, Groups, Search};
use nearmiss::task::Task;

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
