//! Micro-benchmarks: ranking and attack steps on each engine, and the preprocessing of one picture.

use criterion::{Criterion, Throughput};
use nearmiss::compute::{
    Ball, Choice, Embeddings, Grid, Groups, Noise, RankOptions, ResidentBounds, choose,
};
use nearmiss::dataset::Picture;
use nearmiss::encoder::Preprocess;
use nearmiss::error::Result;
use nearmiss::map::{Area, Layer, Plane};
use nearmiss::task::Task;
use std::hint::black_box;

const IMAGES: usize = 1_000;
const TEXTS: usize = 5_000;
const DIM: usize = 256;

fn random(rows: usize, seed: u64) -> Result<Embeddings> {
    let mut rng = fastrand::Rng::with_seed(seed);
    Embeddings::new((0..rows * DIM).map(|_| rng.f32() - 0.5).collect(), DIM)
}

fn rank(criterion: &mut Criterion) -> Result<()> {
    let (images, texts) = (random(IMAGES, 1)?, random(TEXTS, 2)?);
    let groups = Groups::uniform(IMAGES, TEXTS / IMAGES);
    let options = RankOptions {
        k: 10,
        margin: Some(0.2),
    };
    let mut group = criterion.benchmark_group("rank 1000 x 5000 x 256");
    group
        .throughput(Throughput::Elements((IMAGES * TEXTS) as u64))
        .sample_size(10);
    for (name, choice) in [("cpu", Choice::Cpu), ("gpu", Choice::Gpu)] {
        // A machine without an adapter measures the CPU alone.
        let Ok(engine) = choose(choice) else { continue };
        let task = Task::detached();
        engine.rank(&images, &texts, &groups, options, &task)?;
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(engine.rank(&images, &texts, &groups, options, &task)));
        });
    }
    group.finish();
    Ok(())
}

/// PGD's and APGD's steps on 32 pictures of 224 x 224.
fn step(criterion: &mut Criterion) -> Result<()> {
    let grid = Grid {
        rows: 32,
        channels: 3,
        height: 224,
        width: 224,
    };
    let (lower, upper) = (vec![0.0; grid.total()], vec![1.0; grid.total()]);
    let clean = vec![0.5; grid.total()];
    // As an attack keeps them.
    let kept = ResidentBounds::new(clean.clone(), lower, upper);
    let bounds = kept.view();
    let keys: Vec<u32> = (0..32).collect();
    let mut group = criterion.benchmark_group("step 32 x 3 x 224 x 224");
    group
        .throughput(Throughput::Elements(grid.total() as u64))
        .sample_size(20);
    for (name, choice) in [("cpu", Choice::Cpu), ("gpu", Choice::Gpu)] {
        // A machine without an adapter measures the CPU alone.
        let Ok(engine) = choose(choice) else { continue };
        let gradient = engine.noise(grid, Noise::Normal, 4, 0, &keys)?;
        for (norm, ball, size) in [
            ("linf", Ball::Linf(8.0 / 255.0), 16.0 / 255.0),
            ("l2", Ball::L2(3.0), 6.0),
        ] {
            let (mut x, mut before) = (clean.clone(), clean.clone());
            let sizes = [size; 32];
            group.bench_function(format!("PGD {norm} {name}"), |bencher| {
                bencher.iter(|| {
                    black_box(engine.ascend(grid, ball, bounds, &mut x, &gradient, &sizes))
                });
            });
            group.bench_function(format!("APGD {norm} {name}"), |bencher| {
                bencher.iter(|| {
                    black_box(engine.momentum_step(
                        grid,
                        ball,
                        bounds,
                        &mut x,
                        &mut before,
                        &gradient,
                        &sizes,
                        0.75,
                    ))
                });
            });
        }
    }
    group.finish();
    Ok(())
}

fn preprocess(criterion: &mut Criterion) {
    let mut rng = fastrand::Rng::with_seed(3);
    let rgb = (0..640 * 480 * 3).map(|_| rng.u8(..)).collect();
    let picture = Picture {
        width: 640,
        height: 480,
        rgb,
    };
    let mut group = criterion.benchmark_group("preprocess 640 x 480");
    for name in ["clip", "siglip", "imagenet"] {
        let Some(preprocess) = Preprocess::named(name, 224) else {
            continue;
        };
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(preprocess.apply(black_box(&picture))));
        });
    }
    group.finish();
}

/// What a frame of a map of a million points asks: what is under the pointer, and what is to be drawn.
fn plane(criterion: &mut Criterion) {
    let mut random = fastrand::Rng::with_seed(4);
    let points: Vec<[f64; 2]> = (0..1_000_000)
        .map(|n| [random.f64() + f64::from(n % 7), random.f64() * random.f64()])
        .collect();
    let plane = Plane::new(&points, 100_000);
    let mut group = criterion.benchmark_group("map of 1,000,000 points");
    group.bench_function("pick", |bencher| {
        bencher.iter(|| plane.nearest([random.f64() - 0.5, random.f64() * 0.2], 0.01));
    });
    let area = Area {
        least: [-0.4, -0.2],
        most: [0.5, 0.2],
    };
    group.bench_function("what is drawn", |bencher| {
        bencher.iter(|| black_box(plane.seen(Layer::Texts, &area, usize::MAX)));
    });
    group.bench_function("what is drawn, at most 40,000", |bencher| {
        bencher.iter(|| black_box(plane.seen(Layer::Texts, &area, 40_000)));
    });
    group.finish();
}

fn main() -> Result<()> {
    let mut criterion = Criterion::default().configure_from_args();
    rank(&mut criterion)?;
    step(&mut criterion)?;
    preprocess(&mut criterion);
    plane(&mut criterion);
    criterion.final_summary();
    Ok(())
}
