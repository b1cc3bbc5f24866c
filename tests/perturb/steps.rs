//! Directions, momentum, accumulation and squares against float64 references.

use super::{Case, balls, engines, flat_balls, grid, grids, near};
use nearmiss::compute::{Ball, Band, Bounds, Grid, Square};

/// The direction of steepest ascent of one row, by sorting; `up` tells which way the step goes.
fn direction(ball: Ball, case: &Case, x: &[f32], row: usize, up: bool) -> Vec<f64> {
    let (grid, len) = (case.grid, case.grid.len());
    let at = |v: &[f32], i: usize| f64::from(v[row * len + i]);
    let fixed = |i: usize| at(&case.lower, i) == at(&case.upper, i);
    let free = |i: usize| if fixed(i) { 0.0 } else { at(&case.gradient, i) };
    let g: Vec<f64> = (0..len).map(free).collect();
    let sign = |v: f64| if v == 0.0 { 0.0 } else { v.signum() };
    let largest = |key: &dyn Fn(usize) -> f64, count: usize, k: usize| {
        let mut order: Vec<usize> = (0..count).filter(|i| key(*i) > 0.0).collect();
        order.sort_by(|a, b| key(*b).total_cmp(&key(*a)));
        order.truncate(k);
        order
    };
    match ball {
        Ball::Linf(_) => g.iter().map(|v| sign(*v)).collect(),
        Ball::Box => {
            let half = |i: usize| 0.5 * (at(&case.upper, i) - at(&case.lower, i));
            g.iter()
                .enumerate()
                .map(|(i, v)| sign(*v) * half(i))
                .collect()
        }
        Ball::L2(_) => {
            let norm = g.iter().map(|v| v * v).sum::<f64>().sqrt();
            g.iter()
                .map(|v| if norm > 0.0 { v / norm } else { 0.0 })
                .collect()
        }
        Ball::L1(_) => {
            let open = |i: usize| {
                let rising = (g[i] > 0.0) == up;
                let stopped = if rising {
                    at(x, i) >= at(&case.upper, i)
                } else {
                    at(x, i) <= at(&case.lower, i)
                };
                if stopped { 0.0 } else { g[i].abs() }
            };
            let chosen = largest(&open, len, len.div_ceil(100));
            let mut d = vec![0.0; len];
            for i in &chosen {
                d[*i] = sign(g[*i]) / chosen.len() as f64;
            }
            d
        }
        Ball::L0(k) => {
            let plane = grid.plane();
            let key = |p: usize| g.iter().skip(p).step_by(plane).map(|v| v.abs()).sum();
            let chosen: std::collections::HashSet<usize> =
                largest(&key, plane, k as usize).into_iter().collect();
            let one = |(i, v): (usize, &f64)| {
                if chosen.contains(&(i % plane)) {
                    sign(*v)
                } else {
                    0.0
                }
            };
            g.iter().enumerate().map(one).collect()
        }
        Ball::Fourier(..) => Vec::new(),
    }
}

/// Balls so large that a step from the middle of a wide box is the step alone.
fn wide(grid: Grid) -> Vec<Ball> {
    let wide = |ball: Ball| match ball {
        Ball::Linf(_) => Ball::Linf(1e6),
        Ball::L2(_) => Ball::L2(1e6),
        Ball::L1(_) => Ball::L1(1e6),
        other => other,
    };
    flat_balls(grid).into_iter().map(wide).collect()
}

#[test]
fn directions_are_the_references() {
    for grid in grids() {
        let mut case = Case::new(grid, 11, 0.0);
        // A box that stops nothing but what is at its edge and told to leave it.
        let sizes: Vec<f32> = (0..grid.rows)
            .map(|r| if r % 2 == 0 { 0.01 } else { -0.02 })
            .collect();
        for i in 0..grid.total() {
            if case.lower[i] < case.upper[i] {
                case.clean[i] = [0.0, 0.25, 0.5, 0.75, 1.0][i % 5];
            }
        }
        case.x.clone_from(&case.clean);
        for engine in engines() {
            for ball in wide(grid) {
                if grid.plane() > 10_000 && matches!(ball, Ball::L0(_)) {
                    continue;
                }
                let mut x = case.x.clone();
                engine
                    .ascend(grid, ball, case.bounds(), &mut x, &case.gradient, &sizes)
                    .expect("stepped");
                for row in 0..grid.rows {
                    let d = direction(ball, &case, &case.x, row, sizes[row] > 0.0);
                    let range = row * grid.len()..(row + 1) * grid.len();
                    let to = |(i, d): (usize, &f64)| {
                        let at = range.start + i;
                        let x = f64::from(case.x[at]) + f64::from(sizes[row]) * d;
                        x.clamp(f64::from(case.lower[at]), f64::from(case.upper[at]))
                    };
                    let expected: Vec<f64> = d.iter().enumerate().map(to).collect();
                    near(
                        &format!("{} {ball:?} {grid:?}", engine.name()),
                        &x[range],
                        &expected,
                        1e-6,
                    );
                }
            }
        }
    }
}

#[test]
fn a_fourier_step_has_magnitude_one_everywhere() {
    let grid = grid(1, 2, 9, 8);
    let mut case = Case::new(grid, 12, 0.0);
    case.lower.fill(-100.0);
    case.upper.fill(100.0);
    for engine in engines() {
        let mut x = case.clean.clone();
        engine
            .ascend(
                grid,
                Ball::Fourier(10.0, Band::ALL),
                case.bounds(),
                &mut x,
                &case.gradient,
                &[0.5],
            )
            .expect("stepped");
        let delta: Vec<f32> = x.iter().zip(&case.clean).map(|(x, c)| x - c).collect();
        for m in engine.magnitudes(grid, &delta).expect("transformed") {
            assert!((m - 0.5).abs() < 1e-5, "{}: {m}", engine.name());
        }
        let gain: f32 = delta.iter().zip(&case.gradient).map(|(d, g)| d * g).sum();
        assert!(gain > 0.0);
    }
}

#[test]
fn gradients_without_direction_do_nothing() {
    let grid = grid(4, 3, 5, 7);
    let mut case = Case::new(grid, 13, 0.01);
    let len = grid.len();
    case.gradient[..len].fill(0.0);
    case.gradient[len + 5] = f32::NAN;
    case.gradient[2 * len + 50] = f32::INFINITY;
    // Row 3 has its NaN where nothing may move.
    case.gradient[3 * len] = f32::NAN;
    (case.lower[3 * len], case.upper[3 * len]) = (case.clean[3 * len], case.clean[3 * len]);
    case.lower[5 + len] = 0.0;
    case.upper[5 + len] = 1.0;
    case.lower[50 + 2 * len] = 0.0;
    case.upper[50 + 2 * len] = 1.0;
    for engine in engines() {
        for ball in balls(grid) {
            let mut start = case.x.clone();
            engine
                .project(grid, ball, case.bounds(), &mut start)
                .expect("projected");
            let mut x = start.clone();
            engine
                .ascend(grid, ball, case.bounds(), &mut x, &case.gradient, &[0.1; 4])
                .expect("stepped");
            assert_eq!(x[..3 * len], start[..3 * len], "{} {ball:?}", engine.name());
            assert_ne!(x[3 * len..], start[3 * len..], "{} {ball:?}", engine.name());
            assert!(x.iter().all(|v| v.is_finite()));
        }
        let mut velocity = vec![1.0; grid.total()];
        engine
            .accumulate(grid, &mut velocity, &case.gradient, 0.5)
            .expect("accumulated");
        assert!(
            velocity[..3 * len].iter().all(|v| *v == 0.5),
            "{}",
            engine.name()
        );
    }
}

#[test]
fn momentum_is_its_definition() {
    for grid in [grid(2, 3, 5, 7), grid(3, 1, 1, 784)] {
        let case = Case::new(grid, 14, 0.05);
        let sizes = vec![0.03; grid.rows];
        for engine in engines() {
            for ball in balls(grid) {
                let (mut x, mut before) = (case.x.clone(), case.clean.clone());
                engine
                    .project(grid, ball, case.bounds(), &mut x)
                    .expect("projected");
                let start = x.clone();
                let mut z = x.clone();
                engine
                    .ascend(grid, ball, case.bounds(), &mut z, &case.gradient, &sizes)
                    .expect("stepped");
                let mut aim: Vec<f32> = (0..grid.total())
                    .map(|i| start[i] + 0.75 * (z[i] - start[i]) + 0.25 * (start[i] - before[i]))
                    .collect();
                engine
                    .project(grid, ball, case.bounds(), &mut aim)
                    .expect("projected");
                engine
                    .momentum_step(
                        grid,
                        ball,
                        case.bounds(),
                        &mut x,
                        &mut before,
                        &case.gradient,
                        &sizes,
                        0.75,
                    )
                    .expect("stepped");
                assert_eq!(before, start, "{} {ball:?}", engine.name());
                let aim: Vec<f64> = aim.into_iter().map(f64::from).collect();
                near(&format!("{} {ball:?}", engine.name()), &x, &aim, 1e-6);
            }
        }
    }
}

#[test]
fn accumulation_divides_by_the_mean() {
    for grid in grids() {
        let case = Case::new(grid, 15, 0.0);
        for engine in engines() {
            let mut velocity = case.clean.clone();
            engine
                .accumulate(grid, &mut velocity, &case.gradient, 0.5)
                .expect("accumulated");
            for row in 0..grid.rows {
                let range = row * grid.len()..(row + 1) * grid.len();
                let g: Vec<f64> = case.gradient[range.clone()]
                    .iter()
                    .map(|g| f64::from(*g))
                    .collect();
                let mean = g.iter().map(|g| g.abs()).sum::<f64>() / g.len() as f64;
                let add = |g: f64| if mean > 0.0 { g / mean } else { 0.0 };
                let old = &case.clean[range.clone()];
                let expected: Vec<f64> = old
                    .iter()
                    .zip(&g)
                    .map(|(v, g)| 0.5 * f64::from(*v) + add(*g))
                    .collect();
                near(&engine.name(), &velocity[range], &expected, 1e-5);
            }
        }
    }
}

#[test]
fn squares_are_painted_inside_the_box() {
    let grid = grid(3, 3, 6, 8);
    let case = Case::new(grid, 16, 0.2);
    let mut start = case.x.clone();
    engines()[0]
        .project(grid, Ball::Box, case.bounds(), &mut start)
        .expect("projected");
    let square = |top, left, height, width| Square {
        top,
        left,
        height,
        width,
    };
    // The second leaves the picture, the third is empty.
    let squares = [
        square(1, 2, 3, 4),
        square(4, 5, u32::MAX, 100),
        square(9, 0, 2, 0),
    ];
    let signs = [0b101_u32, 0b010, 0b111];
    let bounds: Bounds<'_> = case.bounds();
    for engine in engines() {
        let mut x = start.clone();
        engine
            .paint_squares(grid, bounds, &mut x, 0.25, &squares, &signs)
            .expect("painted");
        for i in 0..grid.total() {
            let (row, rest) = (i / grid.len(), i % grid.len());
            let (c, y, w) = (rest / 48, rest % 48 / 8, rest % 8);
            let s = squares[row];
            let inside = |at: usize, first: u32, count: u32| {
                at as u64 >= u64::from(first) && (at as u64) < u64::from(first) + u64::from(count)
            };
            let expected = if inside(y, s.top, s.height) && inside(w, s.left, s.width) {
                let to = case.clean[i]
                    + if signs[row] >> c & 1 == 1 {
                        0.25
                    } else {
                        -0.25
                    };
                to.clamp(case.lower[i], case.upper[i])
            } else {
                start[i]
            };
            assert!((x[i] - expected).abs() < 1e-6, "{} at {i}", engine.name());
            assert!(
                (x[i] - case.clean[i]).abs() <= 0.25 || x[i] == start[i],
                "{}",
                engine.name()
            );
            assert!(case.lower[i] <= x[i] && x[i] <= case.upper[i]);
        }
    }
}
