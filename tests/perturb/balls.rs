//! Projections against float64 references.

use super::{Case, engines, flat_balls, grid, grids, near};
use nearmiss::compute::{Ball, Band, Cpu, Engine, Grid, Spectrum};

/// The soft threshold of the l1 projection, by sorting (Duchi et al. 2008, figure 1).
fn duchi(delta: &[f64], r: f64) -> f64 {
    let mut sorted: Vec<f64> = delta.iter().map(|d| d.abs()).collect();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let (mut sum, mut threshold) = (0.0, 0.0);
    for (j, v) in sorted.iter().enumerate() {
        sum += v;
        let candidate = (sum - r) / (j + 1) as f64;
        if v - candidate > 0.0 {
            threshold = candidate;
        }
    }
    threshold
}

/// The projection of one row onto the ball, then the box; `delta` is of `x`.
fn reference(ball: Ball, case: &Case, row: usize, delta: &[f64]) -> Vec<f64> {
    let grid = case.grid;
    let at = |v: &[f32], i: usize| f64::from(v[row * grid.len() + i]);
    let boxed =
        |i: usize, d: f64| (at(&case.clean, i) + d).clamp(at(&case.lower, i), at(&case.upper, i));
    let near: Vec<f64> = match ball {
        Ball::Box | Ball::Fourier(..) => delta.to_vec(),
        Ball::Linf(r) => delta
            .iter()
            .map(|d| d.clamp(-f64::from(r), f64::from(r)))
            .collect(),
        Ball::L2(r) => {
            let norm = delta.iter().map(|d| d * d).sum::<f64>().sqrt();
            let scale = if norm > f64::from(r) {
                f64::from(r) / norm
            } else {
                1.0
            };
            delta.iter().map(|d| d * scale).collect()
        }
        Ball::L1(r) => {
            let sum: f64 = delta.iter().map(|d| d.abs()).sum();
            let t = if sum > f64::from(r) {
                duchi(delta, f64::from(r))
            } else {
                0.0
            };
            delta
                .iter()
                .map(|d| d.signum() * (d.abs() - t).max(0.0))
                .collect()
        }
        Ball::L0(k) => {
            // The distance saved by keeping a pixel, inside the box.
            let plane = grid.plane();
            let gain = |p: usize| {
                let values = (0..grid.channels).map(|c| c * plane + p);
                let saved = values.map(|i| {
                    let x = at(&case.clean, i) + delta[i];
                    delta[i].powi(2) - (x - boxed(i, delta[i])).powi(2)
                });
                saved.sum::<f64>()
            };
            let mut order: Vec<usize> = (0..plane).collect();
            order.sort_by(|a, b| gain(*b).total_cmp(&gain(*a)));
            let kept: std::collections::HashSet<usize> =
                order.into_iter().take(k as usize).collect();
            let keep = |(i, d): (usize, &f64)| if kept.contains(&(i % plane)) { *d } else { 0.0 };
            delta.iter().enumerate().map(keep).collect()
        }
    };
    (0..near.len()).map(|i| boxed(i, near[i])).collect()
}

fn project(engine: &dyn Engine, case: &Case, ball: Ball) -> Vec<f32> {
    let mut x = case.x.clone();
    engine
        .project(case.grid, ball, case.bounds(), &mut x)
        .expect("projected");
    x
}

#[test]
fn projections_are_the_references() {
    for grid in grids() {
        let case = Case::new(grid, 1, 0.3);
        for engine in engines() {
            for ball in flat_balls(grid) {
                // The reference of l0 sorts by a key it computes each time.
                if grid.plane() > 10_000 && matches!(ball, Ball::L0(_)) {
                    continue;
                }
                let x = project(&*engine, &case, ball);
                for row in 0..grid.rows {
                    let expected = reference(ball, &case, row, &case.delta(&case.x, row));
                    let what = format!("{} {ball:?} {grid:?} row {row}", engine.name());
                    let found = &x[row * grid.len()..(row + 1) * grid.len()];
                    near(&what, found, &expected, 2e-6);
                }
            }
        }
    }
}

#[test]
fn l0_keeps_exactly_k_pixels_where_all_tie() {
    let grid = grid(2, 3, 40, 40);
    let mut case = Case::new(grid, 2, 0.0);
    case.clean.fill(0.5);
    case.lower.fill(0.0);
    case.upper.fill(1.0);
    case.x.fill(0.75);
    for engine in engines() {
        for k in [0, 1, 299, 1599, 1600, 5000] {
            let x = project(&*engine, &case, Ball::L0(k));
            let sizes = engine.measure(grid, &case.clean, &x).expect("measured");
            assert_eq!(sizes[1].l0, k.min(1600), "{}", engine.name());
            // Ties go by index.
            let moved = x[..1600].iter().take_while(|v| **v == 0.75).count();
            assert_eq!(moved, k.min(1600) as usize, "{}", engine.name());
        }
    }
}

/// Magnitudes of a row's perturbation by the definition, in float64: `sum x exp(-2 pi i (uy/h + vx/w)) / sqrt(hw)`.
fn magnitudes(grid: Grid, delta: &[f64]) -> Vec<f64> {
    let (h, w) = (grid.height, grid.width);
    let mut found = Vec::new();
    for plane in delta.chunks_exact(h * w) {
        for u in 0..h {
            for v in 0..w {
                let (mut re, mut im) = (0.0, 0.0);
                for y in 0..h {
                    for x in 0..w {
                        let part = (u * y) as f64 / h as f64 + (v * x) as f64 / w as f64;
                        let (s, c) = (std::f64::consts::TAU * part).sin_cos();
                        re += plane[y * w + x] * c;
                        im -= plane[y * w + x] * s;
                    }
                }
                found.push((re * re + im * im).sqrt() / ((h * w) as f64).sqrt());
            }
        }
    }
    found
}

#[test]
fn fourier_magnitudes_stay_in_the_ball_and_values_in_the_box() {
    for (grid, eps) in [
        (grid(1, 1, 1, 1), 0.1),
        (grid(2, 3, 5, 7), 0.05),
        (grid(2, 1, 12, 9), 0.2),
        (grid(1, 2, 1, 30), 1e-4),
        (grid(1, 1, 16, 16), 0.0),
    ] {
        let case = Case::new(grid, 3, 0.3);
        for engine in engines() {
            let x = project(&*engine, &case, Ball::Fourier(eps, Band::ALL));
            for row in 0..grid.rows {
                let peak = magnitudes(grid, &case.delta(&x, row))
                    .into_iter()
                    .fold(0.0, f64::max);
                assert!(
                    peak <= f64::from(eps) * (1.0 + 1e-5),
                    "{} {grid:?}: {peak}",
                    engine.name()
                );
                // Clipping leaves most of a large perturbation, so the ball is not simply emptied.
                assert!(
                    eps < 0.05 || peak > 0.5 * f64::from(eps),
                    "{grid:?}: {peak}"
                );
            }
        }
    }
}

#[test]
fn a_limited_fourier_band_keeps_its_eps_and_most_of_its_band() {
    let grid = grid(1, 1, 16, 16);
    let band = Band {
        low: 0.0,
        high: 0.3,
    };
    let case = Case::new(grid, 4, 0.3);
    for engine in engines() {
        let x = project(&*engine, &case, Ball::Fourier(0.3, band));
        let found = magnitudes(grid, &case.delta(&x, 0));
        let (mut inside, mut outside) = (0.0, 0.0);
        for (i, m) in found.into_iter().enumerate() {
            assert!(m <= 0.3 * (1.0 + 1e-5), "{m}");
            let f = |k: usize| k.min(16 - k) as f64 / 16.0;
            let radius = (2.0 * (f(i / 16).powi(2) + f(i % 16).powi(2))).sqrt();
            *(if radius <= 0.3 {
                &mut inside
            } else {
                &mut outside
            }) += m * m;
        }
        assert!(
            outside < 0.1 * inside,
            "{}: {outside} beside {inside}",
            engine.name()
        );
    }
}

/// The largest magnitude through the engine itself, on sizes too large for the definition.
#[test]
fn fourier_balls_of_whole_pictures() {
    for side in [27, 32, 224, 227] {
        let grid = grid(2, 3, side, side);
        let case = Case::new(grid, 5, 0.2);
        for engine in engines() {
            let eps = 0.3;
            let x = project(&*engine, &case, Ball::Fourier(eps, Band::ALL));
            let delta: Vec<f32> = x.iter().zip(&case.clean).map(|(x, c)| x - c).collect();
            let peak = Cpu.magnitudes(grid, &delta).expect("transformed");
            let peak = peak.into_iter().fold(0.0, f32::max);
            assert!(
                peak <= eps * (1.0 + 1e-5) && peak > 0.9 * eps,
                "{side}: {peak}"
            );
        }
    }
}
