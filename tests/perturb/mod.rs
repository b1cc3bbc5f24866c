//! Steps, projections, noise and sizes of perturbations: both engines against plain float64 computations.

mod balls;
mod invariants;
mod noise;
mod resident;
mod steps;

use nearmiss::compute::{Ball, Band, Bounds, Choice, Cpu, Engine, Grid, choose};
use std::sync::{Arc, OnceLock};

/// Both engines; the GPU engine on whatever adapter there is, a software one included.
fn engines() -> Vec<Arc<dyn Engine>> {
    static ENGINES: OnceLock<Vec<Arc<dyn Engine>>> = OnceLock::new();
    let all = || {
        let gpu = choose(Choice::Gpu).expect("a Vulkan adapter (Debian: mesa-vulkan-drivers)");
        vec![Arc::new(Cpu) as Arc<dyn Engine>, gpu]
    };
    ENGINES.get_or_init(all).clone()
}

fn grid(rows: usize, channels: usize, height: usize, width: usize) -> Grid {
    Grid {
        rows,
        channels,
        height,
        width,
    }
}

/// Sizes on and off the workgroups and blocks.
fn grids() -> Vec<Grid> {
    vec![
        grid(3, 1, 1, 1),
        grid(1, 1, 1, 7),
        grid(17, 3, 5, 7),
        grid(3, 1, 1, 784),
        grid(2, 3, 224, 224),
    ]
}

fn normal(rng: &mut fastrand::Rng) -> f32 {
    let radius = (-2.0 * (1.0 - rng.f64()).ln()).sqrt();
    (radius * (std::f64::consts::TAU * rng.f64()).cos()) as f32
}

/// A batch of random pictures: some elements fixed, some at the box's edge.
struct Case {
    grid: Grid,
    clean: Vec<f32>,
    lower: Vec<f32>,
    upper: Vec<f32>,
    x: Vec<f32>,
    gradient: Vec<f32>,
}

impl Case {
    /// `spread`: standard deviation of `x - clean`.
    fn new(grid: Grid, seed: u64, spread: f32) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut case = Self {
            grid,
            clean: vec![],
            lower: vec![],
            upper: vec![],
            x: vec![],
            gradient: vec![],
        };
        for _ in 0..grid.total() {
            let clean = if rng.f32() < 0.1 {
                f32::from(rng.bool())
            } else {
                rng.f32()
            };
            let fixed = rng.f32() < 0.05;
            case.clean.push(clean);
            case.lower.push(if fixed { clean } else { 0.0 });
            case.upper.push(if fixed { clean } else { 1.0 });
            let delta = if rng.f32() < 0.2 {
                0.0
            } else {
                spread * normal(&mut rng)
            };
            case.x.push(clean + delta);
            let zero = rng.f32() < 0.1;
            case.gradient
                .push(if zero { 0.0 } else { 1e-3 * normal(&mut rng) });
        }
        case
    }

    fn bounds(&self) -> Bounds<'_> {
        Bounds::new(&self.clean, &self.lower, &self.upper)
    }

    /// The arrays of rows `first..first + count` alone.
    fn rows(&self, first: usize, count: usize) -> Self {
        let cut =
            |v: &[f32]| v[first * self.grid.len()..(first + count) * self.grid.len()].to_vec();
        Self {
            grid: self.grid.with_rows(count),
            clean: cut(&self.clean),
            lower: cut(&self.lower),
            upper: cut(&self.upper),
            x: cut(&self.x),
            gradient: cut(&self.gradient),
        }
    }

    /// `x - clean` of a row in float64.
    fn delta(&self, x: &[f32], row: usize) -> Vec<f64> {
        let range = row * self.grid.len()..(row + 1) * self.grid.len();
        let pairs = x[range.clone()].iter().zip(&self.clean[range]);
        pairs.map(|(x, c)| f64::from(*x) - f64::from(*c)).collect()
    }
}

/// Every ball but the Fourier one, with radii that bind for a spread of 0.3.
fn flat_balls(grid: Grid) -> Vec<Ball> {
    let n = grid.len() as f32;
    vec![
        Ball::Box,
        Ball::Linf(8.0 / 255.0),
        Ball::L2(0.1 * n.sqrt()),
        Ball::L1(0.05 * n),
        Ball::L0((grid.plane() as u32).div_ceil(3)),
    ]
}

fn balls(grid: Grid) -> Vec<Ball> {
    let mut all = flat_balls(grid);
    all.push(Ball::Fourier(0.2, Band::ALL));
    all
}

/// Asserts that `a` and `b` differ by at most `tolerance` everywhere.
fn near(what: &str, a: &[f32], b: &[f64], tolerance: f64) {
    assert_eq!(a.len(), b.len(), "{what}");
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        assert!(
            (f64::from(*a) - b).abs() <= tolerance,
            "{what}: {a} for {b} at {i}"
        );
    }
}
