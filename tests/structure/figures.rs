//! Hubness, margins and intervals.

use super::{dot, engines, random};
use nearmiss::compute::{Cpu, Direction, Engine, Groups, Hit, RankOptions, TopK};
use nearmiss::retrieval::structure::{
    Hub, hubs, lost_to, margins, neighbours, occurrence, skewness, wilson,
};
use nearmiss::task::Task;
use proptest::prelude::*;
use serde_json::Value;

fn reference() -> Value {
    serde_json::from_str(include_str!("../fixtures/structure.json")).expect("JSON")
}

#[test]
fn intervals_are_wilsons() {
    for line in reference()["wilson"].as_array().expect("a list") {
        let number = |at: usize| line[at].as_f64().expect("a number");
        let [low, high] = wilson(number(0) as usize, number(1) as usize);
        assert!(
            (low - number(2)).abs() < 1e-12 && (high - number(3)).abs() < 1e-12,
            "{line}"
        );
    }
    // Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    for (hits, count, low, high) in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ] {
        let found = wilson(hits, count).map(|v| (v * 1e4).round() / 1e4);
        assert_eq!(found, [low, high], "{hits} of {count}");
    }
    assert_eq!(wilson(0, 0), [0.0, 1.0]);
}

proptest! {
    #[test]
    fn intervals_hold_the_share_and_stay_inside(count in 1_usize..5000, part in 0.0_f64..=1.0) {
        let hits = (part * count as f64).round() as usize;
        let [low, high] = wilson(hits, count);
        let share = hits as f64 / count as f64;
        prop_assert!(0.0 <= low && low <= share && share <= high && high <= 1.0);
        // The mirror image.
        let [other, _] = wilson(count - hits, count);
        prop_assert!((1.0 - high - other).abs() < 1e-9);
    }
}

#[test]
fn skewness_is_scipys() {
    for case in reference()["skewness"].as_array().expect("a list") {
        let counts: Vec<u32> = serde_json::from_value(case["counts"].clone()).expect("counts");
        let expected = case["skewness"].as_f64().expect("a number");
        assert!((skewness(&counts) - expected).abs() < 1e-9, "{expected}");
    }
    assert_eq!(skewness(&[3, 3, 3]), 0.0);
    assert_eq!(skewness(&[]), 0.0);
}

#[test]
fn occurrences_are_counted() {
    let hit = |index| Hit { score: 0.5, index };
    let top = TopK {
        k: 2,
        hits: [0, 3, 3, 1, 3, 0, 3, u32::MAX].map(hit).to_vec(),
    };
    let found = occurrence(&top, 5);
    assert_eq!(found.counts, [2, 1, 0, 4, 0]);
    assert_eq!((found.anti_hubs, found.most, found.mean), (2, 4, 1.4));
    assert_eq!((found.bin_width, found.bins), (1, vec![2, 1, 1, 0, 1]));
    // By hand: mean 1.4, second and third moment 2.24 and 2.448.
    assert!(
        (found.skewness - 2.448 / 2.24_f64.powf(1.5)).abs() < 1e-12,
        "{}",
        found.skewness
    );
}

#[test]
fn neighbours_are_those_of_a_plain_search() {
    let (images, texts) = (random(40, 12, 1), random(90, 12, 2));
    let groups = Groups::new((0..=40).map(|i| (i * 90 / 40) as u32).collect()).expect("groups");
    let k = 7;
    let mut expected = [vec![0_u32; 90], vec![0_u32; 40]];
    for i in 0..40 {
        let mut order: Vec<usize> = (0..90).collect();
        order.sort_by(|&a, &b| dot(&images, i, &texts, b).total_cmp(&dot(&images, i, &texts, a)));
        order[..k].iter().for_each(|&j| expected[0][j] += 1);
    }
    for j in 0..90 {
        let mut order: Vec<usize> = (0..40).collect();
        order.sort_by(|&a, &b| dot(&images, b, &texts, j).total_cmp(&dot(&images, a, &texts, j)));
        order[..k].iter().for_each(|&i| expected[1][i] += 1);
    }
    for engine in engines() {
        let found = neighbours(&*engine, &images, &texts, &groups, k, &Task::detached());
        let found = found.expect("counted");
        assert_eq!(found.texts.counts, expected[0], "{}", engine.name());
        assert_eq!(found.images.counts, expected[1], "{}", engine.name());
        assert_eq!(found.texts.counts.iter().sum::<u32>() as usize, 40 * k);
    }
}

/// Scores of the right ones and the hardest negatives: item and score.
fn direction(queries: &[(f32, u32, f32)]) -> Direction {
    Direction {
        ranks: queries
            .iter()
            .map(|q| if q.2 >= q.0 - 1e-6 { 2 } else { 1 })
            .collect(),
        positive: queries.iter().map(|q| q.0).collect(),
        hardest: queries
            .iter()
            .map(|q| Hit {
                score: q.2,
                index: q.1,
            })
            .collect(),
        negatives: TopK::default(),
    }
}

#[test]
fn hubs_are_counted_by_what_they_win() {
    let direction = direction(&[
        (0.5, 2, 0.6),   // lost to 2
        (0.5, 2, 0.5),   // a tie: lost to 2
        (0.5, 2, 0.495), // nearly
        (0.5, 1, 0.9),   // lost to 1
        (0.5, 1, 0.1),   // far from it
        (0.5, 0, 0.49),  // nearly
        (0.5, 3, 0.2),   // far from it
        (0.5, u32::MAX, f32::NEG_INFINITY),
    ]);
    let hub = |item, wins, near, hardest| Hub {
        item,
        wins,
        near,
        hardest,
    };
    let expected = [hub(2, 2, 1, 3), hub(1, 1, 0, 2), hub(0, 0, 1, 1)];
    assert_eq!(hubs(&direction, 5, 0.02), expected);
    assert_eq!(lost_to(&direction, 2), [0, 1]);
    assert_eq!(lost_to(&direction, 0), [0_u32; 0]);
}

#[test]
fn margins_fall_into_bins_with_an_edge_at_zero() {
    let direction = direction(&[
        (0.5, 0, 0.6),
        (0.5, 0, 0.5),
        (0.5, 0, 0.49),
        (0.5, 0, 0.2),
        (0.5, 0, 0.505),
        (0.5, u32::MAX, f32::NEG_INFINITY),
    ]);
    let found = margins(&direction, 0.02);
    assert_eq!(
        (found.wrong, found.nearly_right, found.nearly_wrong),
        (3, 2, 1)
    );
    assert_eq!(found.none, 1);
    assert!(found.median.abs() < 1e-6);
    // The reach of 0.3 in at most 60 bins a side: 0.005.
    assert!((found.width - 0.005).abs() < 1e-12 && (found.low + 0.1).abs() < 0.0051);
    assert_eq!(found.counts.iter().sum::<usize>(), 5);
    let edge = found.low / found.width;
    assert!((edge - edge.round()).abs() < 1e-9, "0 is an edge");
}

proptest! {
    #[test]
    fn every_margin_is_in_its_bin(scores in prop::collection::vec((-1.0_f32..1.0, -1.0_f32..1.0), 1..60)) {
        let queries: Vec<(f32, u32, f32)> = scores.iter().map(|s| (s.0, 0, s.1)).collect();
        let direction = direction(&queries);
        let found = margins(&direction, 0.1);
        let mut counts = vec![0; found.counts.len()];
        for q in 0..queries.len() {
            let at = (f64::from(direction.margin(q)) / found.width).floor() - (found.low / found.width).round();
            counts[at as usize] += 1;
        }
        prop_assert_eq!(counts, found.counts);
        let near = (0..queries.len()).filter(|&q| direction.margin(q).abs() < 0.1).count();
        prop_assert_eq!(found.nearly_right + found.nearly_wrong, near);
    }
}

#[test]
fn a_whole_ranking_has_the_hubs_of_a_plain_count() {
    let (images, texts) = (random(30, 8, 3), random(60, 8, 4));
    let groups = Groups::uniform(30, 2);
    let options = RankOptions { k: 0, margin: None };
    let ranking = Cpu
        .rank(&images, &texts, &groups, options, &Task::detached())
        .expect("ranked");
    let mut wins = vec![0; 60];
    for i in 0..30 {
        let score = |j: usize| dot(&images, i, &texts, j);
        let right = score(2 * i).max(score(2 * i + 1));
        let hardest = (0..60)
            .filter(|j| j / 2 != i)
            .max_by(|&a, &b| score(a).total_cmp(&score(b)));
        let hardest = hardest.expect("one");
        wins[hardest] += usize::from(score(hardest) >= right);
    }
    let mut found = vec![0; 60];
    for hub in hubs(&ranking.i2t, 60, 0.0) {
        found[hub.item as usize] = hub.wins as usize;
    }
    assert_eq!(found, wins);
    assert!(wins.iter().sum::<usize>() > 5);
}
