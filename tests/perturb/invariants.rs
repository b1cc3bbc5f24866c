//! What holds for any input, and that the engines agree.

use super::{Case, balls, engines, grid, grids, near};
use nearmiss::compute::{Ball, Band, Bounds, Engine, Grid, Noise, Size};
use proptest::prelude::*;

/// Inside the box to the last bit, and inside the ball as a float64 measure sees it.
fn check_inside(engine: &dyn Engine, case: &Case, ball: Ball, x: &[f32]) {
    let what = format!("{} {ball:?} {:?}", engine.name(), case.grid);
    for (i, x) in x.iter().enumerate() {
        assert!(
            case.lower[i] <= *x && *x <= case.upper[i],
            "{what}: {x} at {i}"
        );
    }
    for row in 0..case.grid.rows {
        let delta = case.delta(x, row);
        let fits = |size: f64, r: f32| size <= f64::from(r) * (1.0 + 1e-7);
        let plane = case.grid.plane();
        let differs = |p: &usize| delta.iter().skip(*p).step_by(plane).any(|d| *d != 0.0);
        let inside = match ball {
            Ball::Box | Ball::Fourier(..) => true,
            Ball::Linf(r) => fits(delta.iter().fold(0.0, |m, d| d.abs().max(m)), r),
            Ball::L2(r) => fits(delta.iter().map(|d| d * d).sum::<f64>().sqrt(), r),
            Ball::L1(r) => fits(delta.iter().map(|d| d.abs()).sum::<f64>(), r),
            Ball::L0(k) => (0..plane).filter(differs).count() <= k as usize,
        };
        assert!(inside, "{what} row {row}");
    }
}

fn project(engine: &dyn Engine, case: &Case, ball: Ball, x: &[f32]) -> Vec<f32> {
    let mut x = x.to_vec();
    engine
        .project(case.grid, ball, case.bounds(), &mut x)
        .expect("projected");
    x
}

fn check(case: &Case, ball: Ball) {
    for engine in engines() {
        let engine = &*engine;
        let once = project(engine, case, ball, &case.x);
        check_inside(engine, case, ball, &once);
        // What is inside does not move, so a second projection changes nothing.
        assert_eq!(
            once,
            project(engine, case, ball, &once),
            "{} {ball:?}",
            engine.name()
        );
        let clean = project(engine, case, ball, &case.clean);
        assert_eq!(clean, case.clean, "{} {ball:?}", engine.name());
        for row in 0..case.grid.rows {
            let alone = case.rows(row, 1);
            let len = case.grid.len();
            let together = &once[row * len..(row + 1) * len];
            assert_eq!(
                together,
                project(engine, &alone, ball, &alone.x),
                "{} {ball:?}",
                engine.name()
            );
        }
    }
}

#[test]
fn projections_end_inside_and_stay() {
    for grid in grids().into_iter().filter(|g| g.plane() < 10_000) {
        for ball in balls(grid) {
            check(&Case::new(grid, 7, 0.3), ball);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn projections_end_inside_for_any_radius(
        (rows, channels, height, width) in (1_usize..4, 1_usize..4, 1_usize..9, 1_usize..40),
        seed in 0_u64..1000,
        spread in prop_oneof![Just(1e-6_f32), Just(0.01), Just(1.0), Just(1e6)],
        radius in prop_oneof![Just(0.0_f32), Just(1e-7), Just(1e-3), Just(0.5), Just(20.0), Just(f32::MAX)],
        pixels in 0_u32..40,
    ) {
        let case = Case::new(grid(rows, channels, height, width), seed, spread);
        for ball in [Ball::Linf(radius), Ball::L2(radius), Ball::L1(radius), Ball::L0(pixels), Ball::Fourier(radius, Band::ALL)] {
            check(&case, ball);
        }
    }
}

#[test]
fn numbers_that_are_none_become_clean_and_infinite_ones_end_inside() {
    let grid = grid(2, 3, 5, 7);
    for engine in engines() {
        for ball in balls(grid) {
            let mut case = Case::new(grid, 8, 0.01);
            case.x[3] = f32::NAN;
            case.x[4] = f32::INFINITY;
            case.x[110] = f32::NEG_INFINITY;
            case.x[111] = -f32::NAN;
            let x = project(&*engine, &case, ball, &case.x);
            check_inside(&*engine, &case, ball, &x);
            if !matches!(ball, Ball::Fourier(..)) {
                assert_eq!((x[3], x[111]), (case.clean[3], case.clean[111]), "{ball:?}");
            }
        }
    }
}

#[test]
fn empty_batches_and_arrays_that_do_not_fit() {
    for engine in engines() {
        for empty in [grid(0, 3, 4, 4), grid(2, 0, 4, 4), grid(2, 3, 0, 4)] {
            let case = Case::new(empty, 1, 0.1);
            for ball in balls(empty) {
                assert!(project(&*engine, &case, ball, &[]).is_empty());
            }
            let keys = vec![1; empty.rows];
            assert!(
                engine
                    .noise(empty, Noise::Normal, 1, 0, &keys)
                    .expect("none")
                    .is_empty()
            );
            let sizes = engine.measure(empty, &[], &[]).expect("none");
            assert_eq!(sizes, vec![Size::default(); empty.rows]);
        }
        let case = Case::new(grid(1, 1, 2, 2), 1, 0.1);
        let mut short = vec![0.0; 3];
        let error = engine.project(case.grid, Ball::Box, case.bounds(), &mut short);
        assert!(error.is_err_and(|e| e.to_string().contains('3')));
        assert!(engine.noise(case.grid, Noise::Sign, 1, 0, &[]).is_err());
    }
}

/// More values, and more rows, than a GPU takes at a time.
#[test]
fn large_batches_are_cut_between_rows() {
    for (grid, from) in [
        (grid(130, 1, 360, 360), 127),
        (grid(70_000, 1, 1, 2), 65_530),
    ] {
        let keys: Vec<u32> = (0..grid.rows as u32).collect();
        let rest = grid.with_rows(grid.rows - from);
        let [cpu, gpu] = [0, 1].map(|e| engines()[e].clone());
        let all = gpu.noise(grid, Noise::Uniform, 3, 0, &keys).expect("noise");
        let last = cpu
            .noise(rest, Noise::Uniform, 3, 0, &keys[from..])
            .expect("noise");
        assert_eq!(all[from * grid.len()..], last);
        let (zeros, lower, upper) = (
            vec![0.0; grid.total()],
            vec![-1.0; grid.total()],
            vec![1.0; grid.total()],
        );
        let bounds = Bounds::new(&zeros, &lower, &upper);
        let mut x = all.clone();
        gpu.project(grid, Ball::Linf(0.25), bounds, &mut x)
            .expect("projected");
        assert!(x.iter().zip(&all).all(|(x, v)| *x == v.clamp(-0.25, 0.25)));
    }
}

/// Engines agree wherever no choice between nearly equal elements is to be made.
#[test]
fn engines_agree() {
    let [cpu, gpu] = [0, 1].map(|e| engines()[e].clone());
    let same = |what: String, a: &[f32], b: &[f32], tolerance: f64| {
        near(
            &what,
            a,
            &b.iter().map(|v| f64::from(*v)).collect::<Vec<_>>(),
            tolerance,
        );
    };
    for grid in grids() {
        let case = Case::new(grid, 9, 0.1);
        let sizes: Vec<f32> = (0..grid.rows).map(|r| 0.05 * (r as f32 - 0.5)).collect();
        for ball in balls(grid) {
            let run = |engine: &dyn Engine| {
                let (mut x, mut before) = (case.clean.clone(), case.x.clone());
                for z in [&mut x, &mut before] {
                    engine
                        .project(grid, ball, case.bounds(), z)
                        .expect("projected");
                }
                for _ in 0..3 {
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
                }
                engine
                    .ascend(
                        grid,
                        ball,
                        case.bounds(),
                        &mut before,
                        &case.gradient,
                        &sizes,
                    )
                    .expect("stepped");
                [x, before]
            };
            let (a, b) = (run(&*cpu), run(&*gpu));
            for (a, b) in a.iter().zip(&b) {
                same(format!("{ball:?} {grid:?}"), a, b, 4e-6);
            }
        }
        let velocity = |engine: &dyn Engine| {
            let mut v = case.x.clone();
            engine
                .accumulate(grid, &mut v, &case.gradient, 0.9)
                .expect("accumulated");
            v
        };
        same("velocity".into(), &velocity(&*cpu), &velocity(&*gpu), 2e-5);
        let measure = |engine: &dyn Engine| {
            engine
                .measure(grid, &case.clean, &case.x)
                .expect("measured")
        };
        for (row, (a, b)) in measure(&*cpu).into_iter().zip(measure(&*gpu)).enumerate() {
            let close = |a: f32, b: f32| (a - b).abs() <= 2e-6 * a.abs().max(b.abs());
            assert!(close(a.l2, b.l2) && close(a.l1, b.l1), "{a:?} {b:?}");
            assert_eq!((a.linf, a.l0), (b.linf, b.l0));
            assert!((a.mean - b.mean).abs() < 1e-6);
            check_size(grid, &case.delta(&case.x, row), a);
        }
    }
}

fn check_size(grid: Grid, delta: &[f64], found: Size) {
    let close = |a: f32, b: f64| (f64::from(a) - b).abs() <= 1e-6 * b.abs() + 1e-7;
    let differs = |p: &usize| {
        delta
            .iter()
            .skip(*p)
            .step_by(grid.plane())
            .any(|d| *d != 0.0)
    };
    assert!(close(
        found.linf,
        delta.iter().fold(0.0, |m, d| d.abs().max(m))
    ));
    assert!(close(
        found.l2,
        delta.iter().map(|d| d * d).sum::<f64>().sqrt()
    ));
    assert!(close(found.l1, delta.iter().map(|d| d.abs()).sum::<f64>()));
    assert_eq!(found.l0 as usize, (0..grid.plane()).filter(differs).count());
    assert!(close(
        found.mean,
        delta.iter().sum::<f64>() / delta.len() as f64
    ));
}
