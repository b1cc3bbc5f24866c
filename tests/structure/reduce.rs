//! Blocks of the similarity: both engines against float64.

use super::{dot, engines, random};
use nearmiss::compute::{Cells, Embeddings};
use nearmiss::task::Task;
use proptest::prelude::*;

/// The largest and the mean score of each block from all of them in float64.
fn plain(a: &Embeddings, b: &Embeddings, block: (usize, usize)) -> (Vec<f64>, Vec<f64>) {
    let (mut high, mut mean) = (Vec::new(), Vec::new());
    for top in (0..a.rows()).step_by(block.0) {
        for left in (0..b.rows()).step_by(block.1) {
            let rows = top..(top + block.0).min(a.rows());
            let columns = left..(left + block.1).min(b.rows());
            let mut scores = Vec::new();
            for i in rows {
                for j in columns.clone() {
                    scores.push(dot(a, i, b, j));
                }
            }
            high.push(scores.iter().copied().fold(f64::NEG_INFINITY, f64::max));
            mean.push(scores.iter().sum::<f64>() / scores.len() as f64);
        }
    }
    (high, mean)
}

fn check(a: &Embeddings, b: &Embeddings, block: (usize, usize)) {
    let (high, mean) = plain(a, b, block);
    for engine in engines() {
        let task = Task::detached();
        task.begin("reduce", (a.rows() * b.rows()) as u64);
        let cells: Cells = engine.reduce(a, b, block, &task).expect("reduced");
        let name = engine.name();
        let shape = (a.rows().div_ceil(block.0), b.rows().div_ceil(block.1));
        assert_eq!((cells.rows, cells.columns), shape, "{name}");
        assert_eq!(
            (cells.high.len(), cells.mean.len()),
            (high.len(), mean.len()),
            "{name}"
        );
        for at in 0..high.len() {
            let off = (f64::from(cells.high[at]) - high[at]).abs();
            assert!(
                off < 2e-6,
                "{name}: largest of cell {at} of {block:?} is off by {off}"
            );
            let off = (f64::from(cells.mean[at]) - mean[at]).abs();
            assert!(
                off < 2e-6,
                "{name}: mean of cell {at} of {block:?} is off by {off}"
            );
        }
        assert_eq!(task.progress().done, (a.rows() * b.rows()) as u64, "{name}");
    }
}

#[test]
fn blocks_are_reduced_exactly() {
    let (a, b) = (random(67, 24, 1), random(301, 24, 2));
    for block in [
        (1, 1),
        (1, 7),
        (5, 1),
        (2, 8),
        (16, 64),
        (67, 301),
        (100, 1000),
    ] {
        check(&a, &b, block);
    }
}

#[test]
fn blocks_that_no_tile_holds_are_put_together() {
    // Tiles of either engine end inside these blocks.
    let (a, b) = (random(600, 16, 3), random(1300, 16, 4));
    for block in [(300, 700), (600, 1300), (7, 1300), (600, 3)] {
        check(&a, &b, block);
    }
}

#[test]
fn what_cannot_be_reduced_is_refused() {
    let (a, b) = (random(4, 8, 5), random(5, 8, 6));
    for engine in engines() {
        let task = Task::detached();
        let error = engine
            .reduce(&a, &b, (0, 1), &task)
            .expect_err("an empty block");
        assert!(error.to_string().contains("block"), "{error}");
        let other = random(5, 9, 7);
        assert!(engine.reduce(&a, &other, (1, 1), &task).is_err());
        task.cancel();
        let error = engine.reduce(&a, &b, (1, 1), &task).expect_err("cancelled");
        assert!(error.is_cancelled());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_shape_is_reduced(
        rows in 1_usize..40, columns in 1_usize..60, dim in 1_usize..20,
        tall in 1_usize..45, wide in 1_usize..65, seed in 0_u64..1000,
    ) {
        check(&random(rows, dim, seed), &random(columns, dim, seed + 1), (tall, wide));
    }
}
