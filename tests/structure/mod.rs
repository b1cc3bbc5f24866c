//! The structure of the near misses against plain computations and reference values.

mod concepts;
mod figures;
mod matrix;
mod reduce;

use nearmiss::compute::{Choice, Cpu, Embeddings, Engine, choose};
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

fn random(rows: usize, dim: usize, seed: u64) -> Embeddings {
    let mut rng = fastrand::Rng::with_seed(seed);
    let data = (0..rows * dim).map(|_| rng.f32() - 0.5).collect();
    Embeddings::new(data, dim).expect("finite")
}

fn dot(a: &Embeddings, i: usize, b: &Embeddings, j: usize) -> f64 {
    let pairs = a.row(i).iter().zip(b.row(j));
    pairs.map(|(&x, &y)| f64::from(x) * f64::from(y)).sum()
}
