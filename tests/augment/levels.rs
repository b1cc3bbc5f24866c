//! Derivatives of the read-out, the loss and both levels against differences.

use super::*;
use nalgebra::DMatrix;
use nearmiss::attack::Network;
use nearmiss::augment::{Batch, Ground, Means, ReadOut, Weighing, contrast, draws, levels, losses};
use nearmiss::compute::{Embeddings, Groups};
use std::sync::Arc;

fn matrix(rows: usize, columns: usize, seed: u64) -> DMatrix<f64> {
    let mut random = fastrand::Rng::with_seed(seed);
    DMatrix::from_fn(rows, columns, |_, _| 2.0 * random.f64() - 1.0)
}

/// The derivative of `of` at 0 by five points.
fn slope(step: f64, of: impl Fn(f64) -> f64) -> f64 {
    (8.0 * (of(step) - of(-step)) - (of(2.0 * step) - of(-2.0 * step))) / (12.0 * step)
}

#[test]
fn the_read_out_is_ridge_regression_towards_the_identity_and_so_is_its_derivative() {
    let (z, t, h, by) = (
        matrix(7, 5, 1),
        matrix(7, 5, 2),
        matrix(4, 5, 3),
        matrix(4, 5, 4),
    );
    let ridge = 0.05;
    let made = ReadOut::fit(&z, &t, ridge).unwrap();
    // By the equations among values.
    let shift = ridge * 7.0 * DMatrix::<f64>::identity(5, 5);
    let gram = z.transpose() * &z + &shift;
    let v = gram.try_inverse().unwrap() * (z.transpose() * &t + &shift);
    assert!((made.read(&h) - &h * &v).norm() < 1e-10);
    assert!((made.loss - (&z * &v - &t).norm_squared() / 7.0).abs() < 1e-10);
    // Towards the identity: with a great ridge nothing moves.
    assert!((ReadOut::fit(&z, &t, 1e9).unwrap().read(&h) - &h).norm() < 1e-6);
    let [by_h, by_z] = made.back(&h, &by);
    let (dh, dz) = (matrix(4, 5, 5), matrix(7, 5, 6));
    let along_h = slope(1e-3, |s| made.read(&(&h + s * &dh)).dot(&by));
    let along_z = slope(1e-3, |s| {
        let z = &z + s * &dz;
        ReadOut::fit(&z, &t, ridge).unwrap().read(&h).dot(&by)
    });
    assert!((by_h.dot(&dh) - along_h).abs() <= 1e-8 * along_h.abs());
    assert!((by_z.dot(&dz) - along_z).abs() <= 1e-8 * along_z.abs());
}

#[test]
fn the_loss_has_its_derivative_and_passes_over_pairs_that_are_alike() {
    let rows = matrix(6, 4, 7);
    let mut texts = matrix(6, 4, 8);
    for mut row in texts.row_iter_mut() {
        row /= row.norm();
    }
    let alike = |i: usize, j: usize| i + j == 3;
    let (loss, by) = contrast(&rows, &texts, &alike, 0.2);
    // By hand, for all rows and columns.
    let score =
        |i: usize, j: usize| (rows.row(i).dot(&texts.row(j)) / rows.row(i).norm() / 0.2).exp();
    let mut wanted = 0.0;
    for i in 0..6 {
        let others = (0..6).filter(|&j| j == i || i + j != 3);
        let (row, column) = others.fold((0.0, 0.0), |(r, c), j| (r + score(i, j), c + score(j, i)));
        wanted -= ((score(i, i) / row).ln() + (score(i, i) / column).ln()) / 12.0;
    }
    assert!((loss - wanted).abs() < 1e-10, "{loss} {wanted}");
    let moved = matrix(6, 4, 9);
    let along = slope(1e-3, |s| {
        contrast(&(&rows + s * &moved), &texts, &alike, 0.2).0
    });
    assert!((by.dot(&moved) - along).abs() <= 1e-8 * along.abs());
}

#[test]
fn means_of_unit_embeddings_have_their_derivative() {
    let values: Vec<f32> = random(3 * 4 * 5, 10).iter().map(|v| v - 0.3).collect();
    let made = Means::of(&values, 4, 5).unwrap();
    for row in made.rows.row_iter() {
        assert!((row.norm() - 1.0).abs() < 1e-12);
    }
    let by = matrix(3, 5, 11);
    let back = made.back(&by);
    let moved: Vec<f32> = random(values.len(), 12).iter().map(|v| v - 0.5).collect();
    let along = slope(1e-2, |s| {
        let values: Vec<f32> = values
            .iter()
            .zip(&moved)
            .map(|(v, m)| v + s as f32 * m)
            .collect();
        Means::of(&values, 4, 5).unwrap().rows.dot(&by)
    });
    let found: f64 = back.iter().zip(&moved).map(|(a, b)| f64::from(a * b)).sum();
    assert!(
        (found - along).abs() <= 1e-3 * along.abs(),
        "{found} {along}"
    );
    assert!(Means::of(&[0.0; 20], 4, 5).is_err());
    assert!(Means::of(&[1.0, 0.0, -1.0, 0.0], 2, 2).is_err());
}

const SIDE: usize = 16;

/// 1 in the middle, flat and 0 at the edges: where a picture is mirrored it does not bend.
fn fading(at: usize) -> f32 {
    let part = (at as f32 + 0.5) / SIDE as f32;
    (std::f32::consts::PI * part).sin().powi(2)
}

/// Smooth pictures with captions at random.
fn ground(count: usize) -> (tempfile::TempDir, Ground) {
    let grid = grid(3, SIDE, SIDE);
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("model.onnx");
    write(&small_model(grid, (24, 10), "Tanh", [4.0, 0.0]), &path);
    let network = Arc::new(Network::open(&path, &[Provider::Cpu], &task()).unwrap());
    let mut random = fastrand::Rng::with_seed(13);
    let mut pixels = Vec::new();
    for _ in 0..count {
        let [a, b, c]: [f32; 3] = std::array::from_fn(|_| random.f32());
        pixels.extend((0..grid.len()).map(|at| {
            let (channel, y, x) = (at / SIDE / SIDE, at / SIDE % SIDE, at % SIDE);
            let wave = (0.3 * a * x as f32 + 0.3 * b * y as f32 + 6.0 * c + channel as f32).sin();
            (255.0 * (0.5 + 0.3 * wave * fading(y) * fading(x))) as u8
        }));
    }
    let texts: Vec<f32> = super::random(count * 10, 14)
        .iter()
        .map(|v| v - 0.4)
        .collect();
    let texts = Arc::new(Embeddings::new(texts, 10).unwrap());
    let words: Vec<String> = (0..count).map(|n| format!("caption {n}")).collect();
    let groups = Arc::new(Groups::uniform(count, 1));
    let ground = Ground::new(network, pixels, (texts, groups), &words).unwrap();
    (home, ground)
}

#[test]
fn both_levels_have_their_derivative() {
    let (_home, ground) = ground(12);
    let layer = layer(ground.grid(), all());
    let magnitudes = Magnitudes([0.05, 0.05, 0.1, 0.06, 0.3, 0.08]);
    let batch = Batch {
        train: vec![0, 2, 4, 6, 8, 10],
        held: vec![1, 3, 5, 7, 9],
        copies: 3,
        draws: draws(&mut fastrand::Rng::with_seed(15), 11, 3),
    };
    let weighing = Weighing::default();
    let here = (&ground, &layer);
    let said = levels(here, &magnitudes, &batch, weighing, &task()).unwrap();
    assert!(said.inner > 0.0 && said.outer > 0.0, "{said:?}");
    let largest = Change::ALL.map(|c| (said.gradient[c.index()] * c.most()).abs());
    let largest = largest.into_iter().fold(0.0, f64::max);
    let slope = |change: Change, step: f64| {
        let (mut product, mut square) = (0.0, 0.0);
        for n in -48..=48 {
            let s = f64::from(n) * step * change.most();
            let mut moved = magnitudes;
            moved.set(change, magnitudes.get(change) + s);
            let loss = losses(here, &moved, &batch, weighing, &task()).unwrap();
            product += s * (loss.outer - said.outer);
            square += s * s;
        }
        product / square * change.most()
    };
    for change in Change::ALL {
        let found = said.gradient[change.index()] * change.most();
        // Interpolation bends where a place passes the middle of a pixel: a line through points that lie so near that few do, and
        // so many that the rounding of float32 cancels. What moves no place bends nowhere.
        let moves = [Change::Rotation, Change::Shift, Change::Scale].contains(&change);
        let wanted = slope(change, if moves { 2.5e-6 } else { 5e-5 });
        println!("{}: {found} {wanted}", change.name());
        let off = (found - wanted).abs();
        assert!(off <= 0.02 * largest, "{}: {found} {wanted}", change.name());
    }
}

#[test]
fn what_cannot_be_learned_is_refused() {
    use nearmiss::augment::{Asked, Given, Parts};
    let (_home, ground) = ground(12);
    let refused = |asked: Asked, word: &str| {
        let error = asked.learned(&ground).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
        assert!(!error.remedy().is_empty());
    };
    let given = |change, magnitude| vec![Given { change, magnitude }];
    let usual = Asked::default();
    refused(
        Asked {
            given: given(Change::Blur, f64::NAN),
            ..usual.clone()
        },
        "NaN",
    );
    refused(
        Asked {
            given: given(Change::Rotation, 0.1),
            only: Some(Changes::from_iter([Change::Rotation])),
            ..usual.clone()
        },
        "both given and to be learned",
    );
    refused(
        Asked {
            rate: 0.0,
            ..usual.clone()
        },
        "no rate",
    );
    refused(
        Asked {
            only: Some(Changes::default()),
            ..usual.clone()
        },
        "no change is named",
    );
    let learned = Asked {
        given: given(Change::Shift, 0.1),
        ..usual
    };
    let of = learned.learned(&ground).unwrap();
    assert!(!of.has(Change::Shift) && of.has(Change::Colour));
    assert_eq!(learned.start(of).get(Change::Shift), 0.1);
    assert!(Parts::drawn(11, 1).is_err_and(|e| e.to_string().contains("too few")));
}
