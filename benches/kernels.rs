//! Micro-benchmarks: ranking on each engine, and the preprocessing of one picture.

use criterion::{Criterion, Throughput};
use nearmiss::compute::{Choice, Embeddings, Groups, RankOptions, choose};
use nearmiss::dataset::Picture;
use nearmiss::encoder::Preprocess;
use nearmiss::error::Result;
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

fn main() -> Result<()> {
    let mut criterion = Criterion::default().configure_from_args();
    rank(&mut criterion)?;
    preprocess(&mut criterion);
    criterion.final_summary();
    Ok(())
}
