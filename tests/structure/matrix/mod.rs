//! The picture of the similarity: order, tiles, what is seen.

mod tiles;

use super::{dot, engines, random};
use nearmiss::compute::{Cpu, Direction, Embeddings, Groups, Hit, TopK};
use nearmiss::retrieval::structure::matrix::{
    ALL, Arrangement, Pyramid, SAMPLES, SIDE, Tile, TileKey, Viewport, clusters, make_tile, plan,
    range_of_scores, range_of_tiles,
};
use nearmiss::task::Task;
use proptest::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;

/// Images with 0 to 4 captions.
fn ragged(images: usize) -> Groups {
    let mut offsets = vec![0];
    for i in 0..images {
        offsets.push(offsets[i] + (i * 7 % 5) as u32);
    }
    Groups::new(offsets).expect("groups")
}

#[test]
fn captions_follow_their_image() {
    let groups = ragged(6); // 0, 2, 4, 1, 3, 0 captions
    let arrangement = Arrangement::new(vec![4, 0, 2, 5, 1, 3], &groups, Vec::new());
    assert_eq!(arrangement.size(), [6, 10]);
    let captions: Vec<u32> = (0..10).map(|c| arrangement.caption(c)).collect();
    assert_eq!(captions, [7, 8, 9, 2, 3, 4, 5, 0, 1, 6]);
    let rows: Vec<usize> = (0..10).map(|c| arrangement.row_at(c)).collect();
    assert_eq!(rows, [0, 0, 0, 2, 2, 2, 2, 4, 4, 5]);
    for image in 0..6 {
        let row = arrangement.row_of(image).expect("there");
        assert_eq!(arrangement.image(row) as usize, image);
        assert_eq!(arrangement.columns(row).len(), groups.range(image).len());
    }
    assert_eq!(arrangement.row_of(6), None);
}

#[test]
fn the_worst_come_first() {
    let hit = |score| Hit { score, index: 0 };
    let direction = Direction {
        ranks: vec![1, 9, 3, 9, 1],
        positive: vec![0.5; 5],
        hardest: [0.1, 0.7, 0.6, 0.8, 0.4].map(hit).to_vec(),
        negatives: TopK::default(),
    };
    let arrangement = Arrangement::by_rank(&direction, &Groups::uniform(5, 2));
    let order: Vec<u32> = (0..5).map(|row| arrangement.image(row)).collect();
    assert_eq!(order, [3, 1, 2, 4, 0]);
}

/// Points around `count` far apart directions, shuffled; with the direction of each.
fn clouds(count: usize, each: usize, dim: usize) -> (Embeddings, Vec<usize>) {
    let mut rng = fastrand::Rng::with_seed(5);
    let mut of: Vec<usize> = (0..count * each).map(|i| i % count).collect();
    rng.shuffle(&mut of);
    let mut data = Vec::new();
    for &cloud in &of {
        data.extend((0..dim).map(|d| f32::from(u8::from(d == cloud)) + 0.08 * (rng.f32() - 0.5)));
    }
    (Embeddings::new(data, dim).expect("finite"), of)
}

#[test]
fn clusters_are_found_again_and_lie_together() {
    let (points, of) = clouds(6, 40, 12);
    for engine in engines() {
        let found = clusters(&*engine, &points, Some(6), &Task::detached()).expect("clustered");
        let mut named = HashMap::new();
        for (i, &cloud) in of.iter().enumerate() {
            assert_eq!(
                *named.entry(cloud).or_insert(found.of[i]),
                found.of[i],
                "one cluster a cloud"
            );
            assert!(found.closeness[i] > 0.95);
        }
        assert_eq!(named.len(), 6);
        let again = clusters(&*engine, &points, Some(6), &Task::detached()).expect("clustered");
        assert_eq!(again, found, "the seed is fixed");
    }
    // Five clusters for 200 points: one of four clouds is divided, and its parts are neighbours.
    let (points, of) = clouds(4, 50, 12);
    let groups = Groups::uniform(200, 1);
    let arrangement =
        Arrangement::by_cluster(&Cpu, &points, &groups, &Task::detached()).expect("ordered");
    let mut images: Vec<u32> = (0..200).map(|row| arrangement.image(row)).collect();
    // No cloud is torn apart: as many changes as clouds, less one.
    let changes = images
        .windows(2)
        .filter(|w| of[w[0] as usize] != of[w[1] as usize])
        .count();
    assert_eq!(changes, 3);
    assert!(!arrangement.bounds.is_empty());
    images.sort_unstable();
    assert_eq!(images, (0..200).collect::<Vec<u32>>());
}

#[test]
fn similar_clusters_are_neighbours() {
    // Directions along a half circle: the order must go along it, one way or the other.
    let mut data = Vec::new();
    for n in [3, 0, 5, 1, 4, 2_u8] {
        let angle = f32::from(n) * std::f32::consts::PI / 6.0;
        for shift in [-0.01, 0.0, 0.01] {
            data.extend([(angle + shift).cos(), (angle + shift).sin()]);
        }
    }
    let points = Embeddings::new(data, 2).expect("finite");
    let found = clusters(&Cpu, &points, Some(6), &Task::detached()).expect("clustered");
    let along = [3, 0, 5, 1, 4, 2];
    let mut order = [0; 6];
    for (n, &place) in along.iter().enumerate() {
        order[place] = found.of[3 * n];
    }
    let forth: Vec<u32> = (0..6).collect();
    let back: Vec<u32> = (0..6).rev().collect();
    assert!(order[..] == forth[..] || order[..] == back[..], "{order:?}");
}

#[test]
fn as_many_clusters_as_points_are_possible() {
    let points = random(3, 4, 1);
    let found = clusters(&Cpu, &points, Some(9), &Task::detached()).expect("clustered");
    assert_eq!(found.count, 3);
    let same = Embeddings::new([1.0, 0.0].repeat(8), 2).expect("finite");
    let found = clusters(&Cpu, &same, Some(3), &Task::detached()).expect("clustered");
    assert!(found.closeness.iter().all(|&c| c > 0.999));
}

/// Every cell of a tile from all pairs in float64.
fn check_tile(
    images: &Embeddings,
    texts: &Embeddings,
    groups: &Groups,
    arrangement: &Arrangement,
    key: TileKey,
) {
    for engine in engines() {
        let tile = make_tile(
            &*engine,
            images,
            texts,
            arrangement,
            key,
            ALL,
            &Task::detached(),
        );
        let tile = tile.expect("made");
        let size = arrangement.size();
        let (rows, columns) = (key.span(0, size[0]), key.span(1, size[1]));
        assert_eq!(tile.one_in, 1);
        assert_eq!(tile.cells.rows, rows.len().div_ceil(1 << key.level[0]));
        assert_eq!(
            tile.cells.columns,
            columns.len().div_ceil(1 << key.level[1])
        );
        let mut high = vec![f64::NEG_INFINITY; tile.cells.high.len()];
        let mut right = vec![false; high.len()];
        let (mut sum, mut count) = (vec![0.0; high.len()], vec![0; high.len()]);
        for row in rows.clone() {
            for column in columns.clone() {
                let (i, j) = (
                    arrangement.image(row) as usize,
                    arrangement.caption(column) as usize,
                );
                let cell = ((row - rows.start) >> key.level[0]) * tile.cells.columns
                    + ((column - columns.start) >> key.level[1]);
                let score = dot(images, i, texts, j);
                high[cell] = high[cell].max(score);
                sum[cell] += score;
                count[cell] += 1;
                right[cell] |= groups.owner(j) == i;
            }
        }
        assert_eq!(tile.positive, right, "{}", engine.name());
        for cell in 0..high.len() {
            assert!((f64::from(tile.cells.high[cell]) - high[cell]).abs() < 2e-6);
            let mean = sum[cell] / f64::from(count[cell]);
            assert!((f64::from(tile.cells.mean[cell]) - mean).abs() < 2e-6);
        }
    }
}

#[test]
fn tiles_show_every_pair() {
    let groups = ragged(700);
    let (images, texts) = (random(700, 8, 1), random(groups.texts(), 8, 2));
    let mut order: Vec<u32> = (0..700).collect();
    fastrand::Rng::with_seed(3).shuffle(&mut order);
    let arrangement = Arrangement::new(order, &groups, Vec::new());
    let key = |level, at| TileKey { level, at };
    // A whole tile of pairs, one at the far corner, and two from farther off.
    check_tile(&images, &texts, &groups, &arrangement, key([0, 0], [1, 2]));
    check_tile(&images, &texts, &groups, &arrangement, key([0, 0], [2, 5]));
    check_tile(&images, &texts, &groups, &arrangement, key([1, 3], [1, 0]));
    check_tile(&images, &texts, &groups, &arrangement, key([5, 2], [0, 1]));
}

#[test]
fn samples_are_bounded_by_the_whole_and_grow_to_it() {
    let groups = Groups::uniform(900, 3);
    let (images, texts) = (random(900, 8, 4), random(2700, 8, 5));
    let arrangement = Arrangement::dataset(&groups);
    let key = TileKey {
        level: [4, 6],
        at: [0, 0],
    };
    let make = |samples| {
        make_tile(
            &Cpu,
            &images,
            &texts,
            &arrangement,
            key,
            samples,
            &Task::detached(),
        )
        .expect("made")
    };
    let whole = make(ALL);
    let mut before: Option<Tile> = None;
    for samples in SAMPLES {
        let tile = make(samples);
        assert_eq!(tile.one_in, (16 / samples.min(16) * (64 / samples)) as u64);
        assert_eq!(
            tile.positive, whole.positive,
            "right pairs are never sampled"
        );
        let pairs = tile.cells.high.iter().zip(&whole.cells.high);
        assert!(pairs.clone().all(|(a, b)| *a <= b + 1e-6), "a lower bound");
        // Finer samples hold the coarser ones.
        if let Some(before) = before {
            let pairs = tile.cells.high.iter().zip(&before.cells.high);
            assert!(pairs.clone().all(|(a, b)| *a >= b - 1e-6));
        }
        before = Some(tile);
    }
    let far = |tile: &Tile| -> f64 {
        let pairs = tile.cells.mean.iter().zip(&whole.cells.mean);
        pairs.map(|(a, b)| f64::from((a - b).abs())).sum()
    };
    assert!(far(&make(16)) < far(&make(1)) / 4.0, "means come nearer");
}

#[test]
fn work_grows_with_what_is_looked_at() {
    let size = [100_000, 500_000];
    let key = TileKey {
        level: [7, 9],
        at: [0, 0],
    };
    assert_eq!(key.pairs(1, size), 256 * 256);
    assert_eq!(key.pairs(16, size), 4096 * 4096);
    assert_eq!(key.pairs(ALL, size), 32_768 * 131_072);
    assert!(!key.is_exact(16) && key.is_exact(ALL));
    let last = TileKey {
        level: [0, 0],
        at: [390, 1953],
    };
    assert_eq!(
        (last.span(0, size[0]), last.span(1, size[1])),
        (99_840..100_000, 499_968..500_000)
    );
    assert!(last.is_exact(1));
}

#[test]
fn a_viewport_sees_the_tiles_under_it() {
    let size = [1000, 5000];
    let seen = Viewport {
        first: [0.0, 0.0],
        scale: [1000.0 / 600.0, 5.0],
        pixels: [600.0, 1000.0],
    };
    assert_eq!(seen.level(), [1, 3]);
    let mut keys = seen.tiles(size);
    assert_eq!(keys.len(), 2 * 3);
    assert_eq!(keys[0].at[1], 1, "the middle first");
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 6);
    let close = Viewport {
        first: [255.0, 511.5],
        scale: [1.0 / 44.0; 2],
        pixels: [88.0, 44.0],
    };
    assert_eq!(close.level(), [0, 0]);
    let mut at: Vec<[u32; 2]> = close.tiles(size).iter().map(|k| k.at).collect();
    at.sort_unstable();
    assert_eq!(at, [[0, 1], [0, 2], [1, 1], [1, 2]]);
}

#[test]
fn the_plan_goes_from_coarse_to_fine_as_far_as_the_budget() {
    let size = [100_000, 500_000];
    let seen = Viewport {
        first: [0.0, 0.0],
        scale: [128.0, 512.0],
        pixels: [700.0, 900.0],
    };
    let keys = seen.tiles(size);
    let all = plan(&keys, size, u64::MAX, |_| None);
    assert_eq!(all.len(), keys.len() * 4);
    let stages: Vec<usize> = all.iter().map(|p| p.1).collect();
    assert!(stages.is_sorted(), "every tile coarsely before any finely");
    let cheap = plan(&keys, size, 40_000_000, |_| None);
    assert_eq!(cheap.iter().map(|p| p.1).max(), Some(4));
    // What is there is not made again.
    let rest = plan(&keys, size, u64::MAX, |key| (key == keys[0]).then_some(16));
    assert_eq!(
        rest.iter()
            .filter(|p| p.0 == keys[0])
            .map(|p| p.1)
            .collect::<Vec<_>>(),
        [ALL]
    );
    // Single pairs need one look.
    let close = Viewport {
        first: [10.0, 10.0],
        scale: [0.1, 0.1],
        pixels: [700.0, 900.0],
    };
    let keys = close.tiles(size);
    assert_eq!(plan(&keys, size, 0, |_| None).len(), keys.len());
    assert!(plan(&keys, size, u64::MAX, |_| Some(1)).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn the_tiles_seen_cover_what_is_seen(
        rows in 1_usize..5000, columns in 1_usize..9000,
        first in (-50.0_f64..5000.0, -50.0_f64..9000.0), scale in (0.02_f64..40.0, 0.02_f64..40.0),
    ) {
        let size = [rows, columns];
        let seen = Viewport { first: [first.0, first.1], scale: [scale.0, scale.1], pixels: [300.0, 500.0] };
        let keys = seen.tiles(size);
        for side in [0, 1] {
            let span = seen.span(side, size[side]);
            prop_assert!(keys.is_empty() == (seen.span(0, rows).is_empty() || seen.span(1, columns).is_empty()));
            for at in [span.start, span.end.saturating_sub(1)] {
                let covered = keys.iter().any(|k| k.span(side, size[side]).contains(&at));
                prop_assert!(keys.is_empty() || covered);
            }
        }
        // A cell takes at least a pixel.
        for (level, scale) in seen.level().into_iter().zip(seen.scale) {
            prop_assert!(f64::from(1_u32 << level) >= scale && f64::from(1_u32 << level) < 2.0 * scale.max(1.0));
        }
    }
}
