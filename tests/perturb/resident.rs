//! Bounds that an attack keeps: uploaded once, never stale, and the same numbers as without.

use super::{Case, engines, flat_balls, grid};
use nearmiss::compute::{Ball, Engine, Gpu, Grid, Perturb, ResidentBounds, Square};
use std::sync::Arc;

/// A GPU engine of one's own, so that nobody else counts on it.
fn gpu() -> Gpu {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: wgpu::Backends::PRIMARY,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let request = wgpu::RequestAdapterOptions::default();
    let adapter = pollster::block_on(instance.request_adapter(&request)).expect("an adapter");
    Gpu::new(&adapter).expect("a device")
}

fn kept(case: &Case) -> Arc<ResidentBounds> {
    let (clean, lower, upper) = (case.clean.clone(), case.lower.clone(), case.upper.clone());
    Arc::new(ResidentBounds::new(clean, lower, upper))
}

/// Three steps of PGD and one of APGD.
fn steps(
    engine: &dyn Engine,
    case: &Case,
    ball: Ball,
    bounds: &dyn Fn() -> Option<Arc<ResidentBounds>>,
) -> Vec<f32> {
    let (mut x, mut before) = (case.clean.clone(), case.clean.clone());
    let sizes = vec![0.05; case.grid.rows];
    for _ in 0..3 {
        let owner = bounds();
        let view = owner.as_ref().map_or(case.bounds(), |owner| owner.view());
        engine
            .ascend(case.grid, ball, view, &mut x, &case.gradient, &sizes)
            .expect("stepped");
    }
    let owner = bounds();
    let view = owner.as_ref().map_or(case.bounds(), |owner| owner.view());
    engine
        .momentum_step(
            case.grid,
            ball,
            view,
            &mut x,
            &mut before,
            &case.gradient,
            &sizes,
            0.75,
        )
        .expect("stepped");
    x
}

fn cases() -> Vec<Grid> {
    vec![grid(3, 3, 5, 7), grid(5, 1, 1, 784), grid(2, 3, 64, 64)]
}

#[test]
fn kept_bounds_change_no_bit() {
    for grid in cases() {
        let case = Case::new(grid, 21, 0.0);
        for ball in flat_balls(grid) {
            for engine in engines() {
                let owner = kept(&case);
                let without = steps(&*engine, &case, ball, &|| None);
                let with = steps(&*engine, &case, ball, &|| Some(owner.clone()));
                assert_eq!(without, with, "{} {ball:?} {grid:?}", engine.name());
            }
        }
    }
}

#[test]
fn bounds_are_uploaded_once() {
    let (gpu, grid) = (gpu(), grid(4, 3, 32, 32));
    let case = Case::new(grid, 22, 0.1);
    let array = 4 * grid.total() as u64;
    let upload = |owner: &ResidentBounds| {
        let before = gpu.uploaded_bytes();
        let mut x = case.x.clone();
        gpu.ascend(
            grid,
            Ball::L2(3.0),
            owner.view(),
            &mut x,
            &case.gradient,
            &[0.1; 4],
        )
        .expect("stepped");
        // What is left beside whole arrays: parameters and the state of the rows.
        let bytes = gpu.uploaded_bytes() - before;
        assert!(bytes % array < 1024, "{bytes}");
        bytes / array
    };
    let owner = kept(&case);
    // The bounds, x and the gradient; then x and the gradient alone.
    assert_eq!([upload(&owner), upload(&owner), upload(&owner)], [5, 2, 2]);
    // Others than these are uploaded anew, and those of another engine too.
    assert_eq!(upload(&kept(&case)), 5);
    let other = self::gpu();
    let before = other.uploaded_bytes();
    let mut x = case.x.clone();
    other
        .project(grid, Ball::Box, owner.view(), &mut x)
        .expect("projected");
    assert!(other.uploaded_bytes() - before >= 4 * array);
}

#[test]
fn picked_rows_are_copied_on_the_device() {
    let (gpu, grid) = (gpu(), grid(6, 3, 16, 16));
    let case = Case::new(grid, 23, 0.3);
    let owner = kept(&case);
    let mut x = case.x.clone();
    gpu.project(grid, Ball::Linf(0.1), owner.view(), &mut x)
        .expect("projected");
    // Some rows, one of them twice, and a pick of a pick.
    let rows = [4, 1, 2, 3, 3, 0];
    let picked = owner.pick(grid.len(), &rows);
    let again = picked.pick(grid.len(), &[2, 5]);
    for (bounds, rows) in [(picked, rows.to_vec()), (again, vec![2, 0])] {
        let part = grid.with_rows(rows.len());
        let take = |values: &[f32]| nearmiss::compute::pick_rows(values, grid.len(), &rows);
        let before = gpu.uploaded_bytes();
        let mut found = take(&case.x);
        gpu.project(part, Ball::Linf(0.1), bounds.view(), &mut found)
            .expect("projected");
        assert_eq!(found, take(&x));
        let bytes = gpu.uploaded_bytes() - before;
        // The points alone.
        assert_eq!(bytes / (4 * part.total() as u64), 1, "{bytes}");
    }
}

#[test]
fn arrays_put_in_place_of_the_owners_count() {
    let grid = grid(2, 1, 4, 4);
    let case = Case::new(grid, 24, 0.3);
    let owner = kept(&case);
    let narrow = case.clean.clone();
    for engine in engines() {
        let mut x = case.x.clone();
        engine
            .project(grid, Ball::Box, owner.view(), &mut x)
            .expect("projected");
        let mut bounds = owner.view();
        (bounds.lower, bounds.upper) = (&narrow, &narrow);
        engine
            .project(grid, Ball::Box, bounds, &mut x)
            .expect("projected");
        assert_eq!(x, case.clean, "{}", engine.name());
    }
}

#[test]
fn squares_take_the_kept_bounds() {
    let grid = grid(2, 3, 8, 8);
    let case = Case::new(grid, 25, 0.0);
    let owner = kept(&case);
    let square = Square {
        top: 1,
        left: 2,
        height: 4,
        width: 3,
    };
    for engine in engines() {
        let paint = |bounds| {
            let mut x = case.x.clone();
            engine
                .paint_squares(grid, bounds, &mut x, 0.3, &[square; 2], &[5, 2])
                .expect("painted");
            x
        };
        assert_eq!(
            paint(case.bounds()),
            paint(owner.view()),
            "{}",
            engine.name()
        );
    }
}
