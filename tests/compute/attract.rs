//! Layouts by attraction: both engines do the same.

use super::*;
use nearmiss::compute::{Attraction, Curve, Edges};

/// Rings of points, each joined to the next ones.
fn joined(points: usize) -> (Vec<usize>, Vec<u32>, Vec<f32>) {
    let starts = (0..=points).map(|i| 4 * i).collect();
    let around = |i: usize| [1, 2, points - 2, points - 1].map(|by| ((i + by) % points) as u32);
    let shares = [1.0, 0.4, 0.4, 1.0].repeat(points);
    (starts, (0..points).flat_map(around).collect(), shares)
}

#[test]
fn engines_agree_on_the_passes_of_a_layout() {
    let points = 700;
    let (starts, targets, shares) = joined(points);
    let mut random = fastrand::Rng::with_seed(5);
    let start: Vec<[f32; 2]> = (0..points)
        .map(|_| [random.f32() * 20.0, random.f32() * 20.0])
        .collect();
    for (epochs, near) in [(1, 1e-4), (3, 1e-3)] {
        let problem = Attraction {
            edges: Edges {
                starts: &starts,
                targets: &targets,
                shares: &shares,
            },
            curve: Curve { a: 1.577, b: 0.895 },
            epochs,
            rate: 1.0,
            negatives: 5.0,
            seed: 11,
        };
        let [cpu, gpu] = [0, 1].map(|e| {
            let mut seen = 0;
            let task = Task::detached();
            let laid = engines()[e]
                .attract(&problem, start.clone(), &mut |_| seen += 1, &task)
                .expect("laid out");
            assert_eq!(seen, epochs);
            laid
        });
        assert_ne!(cpu, start);
        for (a, b) in cpu.iter().zip(&gpu) {
            assert!(
                (a[0] - b[0]).abs() < near && (a[1] - b[1]).abs() < near,
                "{a:?} {b:?}"
            );
        }
    }
}

#[test]
fn edges_of_other_points_are_refused_and_cancelling_is_heard() {
    let (starts, targets, shares) = joined(40);
    let problem = Attraction {
        edges: Edges {
            starts: &starts,
            targets: &targets,
            shares: &shares,
        },
        curve: Curve { a: 1.577, b: 0.895 },
        epochs: 50,
        rate: 1.0,
        negatives: 5.0,
        seed: 1,
    };
    for engine in engines() {
        let task = Task::detached();
        let short = engine.attract(&problem, vec![[0.0; 2]; 39], &mut |_| {}, &task);
        assert!(
            short
                .expect_err("refused")
                .to_string()
                .contains("39 points")
        );
        task.cancel();
        let stopped = engine.attract(&problem, vec![[0.0; 2]; 40], &mut |_| {}, &task);
        assert!(stopped.is_err_and(|e| e.is_cancelled()));
    }
}
