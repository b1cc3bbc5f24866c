//! Ranks, hardest negatives, best candidates and hinge sums: both engines against a plain float64 computation.

mod attract;
mod check;
mod rank;
mod search;
mod train;

use nearmiss::compute::{
    Choice, Cpu, Direction, Embeddings, Engine, Groups, Hit, RankOptions, TIE, choose,
};
use nearmiss::task::Task;
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

/// The same figures from a full float64 matrix.
struct Plain {
    ranks: [Vec<u32>; 2],
    hardest: [Vec<f64>; 2],
    best: [Vec<Vec<f64>>; 2],
    sum: f64,
    max: f64,
}

fn plain(images: &Embeddings, texts: &Embeddings, groups: &Groups, margin: f64) -> Plain {
    let dot = |i: usize, j: usize| -> f64 {
        images
            .row(i)
            .iter()
            .zip(texts.row(j))
            .map(|(&a, &b)| f64::from(a) * f64::from(b))
            .sum()
    };
    let (n, m) = (images.rows(), texts.rows());
    let s: Vec<Vec<f64>> = (0..n)
        .map(|i| (0..m).map(|j| dot(i, j)).collect())
        .collect();
    let owner = groups.owners();
    let mut out = Plain {
        ranks: [vec![], vec![]],
        hardest: [vec![], vec![]],
        best: [vec![], vec![]],
        sum: 0.0,
        max: 0.0,
    };
    let tie = f64::from(TIE);
    let sorted = |mut v: Vec<f64>| {
        v.sort_by(|a, b| b.total_cmp(a));
        v
    };
    for i in 0..n {
        let positive = groups
            .range(i)
            .map(|j| s[i][j])
            .fold(f64::NEG_INFINITY, f64::max);
        let negatives: Vec<f64> = (0..m)
            .filter(|&j| owner[j] as usize != i)
            .map(|j| s[i][j])
            .collect();
        out.ranks[0].push(1 + negatives.iter().filter(|&&v| v >= positive - tie).count() as u32);
        out.hardest[0].push(negatives.iter().copied().fold(f64::NEG_INFINITY, f64::max));
        out.best[0].push(sorted(negatives));
    }
    for j in 0..m {
        let i = owner[j] as usize;
        let negatives: Vec<f64> = (0..n).filter(|&k| k != i).map(|k| s[k][j]).collect();
        out.ranks[1].push(1 + negatives.iter().filter(|&&v| v >= s[i][j] - tie).count() as u32);
        out.hardest[1].push(negatives.iter().copied().fold(f64::NEG_INFINITY, f64::max));
        out.best[1].push(sorted(negatives.clone()));
        let hinge = |v: f64| (margin + v - s[i][j]).max(0.0);
        let others = (0..m).filter(|&c| owner[c] as usize != i).map(|c| s[i][c]);
        out.sum +=
            others.map(hinge).sum::<f64>() + negatives.iter().map(|&v| hinge(v)).sum::<f64>();
        out.max += hinge(out.hardest[0][i]) + hinge(out.hardest[1][j]);
    }
    out
}

fn check_direction(name: &str, found: &Direction, plain: &Plain, which: usize, k: usize) {
    let differing = found
        .ranks
        .iter()
        .zip(&plain.ranks[which])
        .filter(|(a, b)| a != b)
        .count();
    // A score within rounding of the tie tolerance may fall on either side of it.
    assert!(
        differing <= found.ranks.len() / 200,
        "{name}: {differing} ranks differ"
    );
    for (q, hit) in found.hardest.iter().enumerate() {
        let expected = plain.hardest[which][q];
        if expected.is_finite() {
            assert!(
                (f64::from(hit.score) - expected).abs() < 2e-6,
                "{name}: hardest of {q}"
            );
        } else {
            assert_eq!(*hit, Hit::NONE, "{name}: no negative for {q}");
        }
    }
    for q in 0..found.ranks.len() {
        let row = found.negatives.row(q);
        let real = k.min(plain.best[which][q].len());
        assert!(row.len() >= real);
        assert!(row[real..].iter().all(|&hit| hit == Hit::NONE), "{name}");
        let row = &row[..real];
        for (hit, expected) in row.iter().zip(&plain.best[which][q]) {
            assert!(
                (f64::from(hit.score) - expected).abs() < 2e-6,
                "{name}: negatives of {q}"
            );
        }
        assert!(
            row.windows(2).all(|w| w[0].beats(w[1])),
            "{name}: order of {q}"
        );
    }
}

fn check(images: &Embeddings, texts: &Embeddings, groups: &Groups, k: usize) {
    let plain = plain(images, texts, groups, 0.2);
    for engine in engines() {
        let options = RankOptions {
            k,
            margin: Some(0.2),
        };
        let ranking = engine
            .rank(images, texts, groups, options, &Task::detached())
            .expect("ranked");
        let name = engine.name();
        check_direction(&format!("{name} I->T"), &ranking.i2t, &plain, 0, k);
        check_direction(&format!("{name} T->I"), &ranking.t2i, &plain, 1, k);
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-4 * (1.0 + b.abs());
        assert!(
            near(ranking.sum_of_hinges, plain.sum),
            "{name}: {} {}",
            ranking.sum_of_hinges,
            plain.sum
        );
        if plain.max.is_finite() {
            assert!(
                near(ranking.max_of_hinges, plain.max),
                "{name}: {} {}",
                ranking.max_of_hinges,
                plain.max
            );
        }
    }
}
