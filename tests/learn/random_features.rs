//! Random-feature heads: what must hold of them.

use super::runs::{embedded, ground};
use super::task;
use nearmiss::compute::{Cpu, Embedded, Embeddings, Groups};
use nearmiss::learn::random_features::{Fitted, RandomFeatures, fit};
use nearmiss::learn::{Ground, Split};

const ASKED: RandomFeatures = RandomFeatures {
    features: 40,
    ridge: 1e-3,
};

fn fitted(ground: &Ground, seed: u64) -> Fitted {
    fit(&ASKED, &Cpu, ground, seed, &task()).unwrap()
}

/// Solves the symmetric `a x = b` in float64 by elimination with pivots.
fn solved(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs()));
        let pivot = pivot.unwrap();
        a.swap(k, pivot);
        b.swap(k, pivot);
        for i in k + 1..n {
            let factor = a[i][k] / a[k][k];
            let (above, below) = a.split_at_mut(i);
            for (value, up) in below[0][k..].iter_mut().zip(&above[k][k..]) {
                *value -= factor * up;
            }
            b[i] -= factor * b[k];
        }
    }
    for k in (0..n).rev() {
        let known: f64 = (k + 1..n).map(|j| a[k][j] * b[j]).sum();
        b[k] = (b[k] - known) / a[k][k];
    }
    b
}

#[test]
fn the_read_out_solves_the_normal_equations_of_its_pairs() {
    let ground = ground(&[]);
    let found = fitted(&ground, 3);
    assert_eq!(found.pairs, ground.pairs.len());
    let (images, texts) = (&ground.embedded.images, &ground.embedded.texts);
    let dim = images.dim();
    let [image, text] = found.shape.parts();
    for (part, is_image) in [(image, true), (text, false)] {
        let first = part.first.of(&found.weights);
        let second = part.second.unwrap().of(&found.weights);
        let rows: Vec<(Vec<f64>, Vec<f64>)> = ground
            .pairs
            .iter()
            .map(|&caption| {
                let x = images.row(ground.owners[caption as usize] as usize);
                let t = texts.row(caption as usize);
                let own = if is_image { x } else { t };
                let features = first.chunks_exact(dim + 1).map(|line| {
                    let sum: f64 = line.iter().zip(own).map(|(w, v)| f64::from(w * v)).sum();
                    (sum + f64::from(line[dim])).max(0.0)
                });
                let mean = x.iter().zip(t).map(|(x, t)| 0.5 * f64::from(x + t));
                (features.collect(), mean.collect())
            })
            .collect();
        let n = rows.len() as f64;
        let gram: Vec<Vec<f64>> = (0..40)
            .map(|i| {
                let entry = |j: usize| rows.iter().map(|(phi, _)| phi[i] * phi[j]).sum::<f64>();
                let ridge = |j: usize| if i == j { ASKED.ridge * n } else { 0.0 };
                (0..40).map(|j| entry(j) + ridge(j)).collect()
            })
            .collect();
        for output in [0, 7, dim - 1] {
            let cross = (0..40).map(|i| rows.iter().map(|(phi, y)| phi[i] * y[output]).sum());
            let wanted = solved(gram.clone(), cross.collect());
            let read_out = &second[output * 40..][..40];
            for (a, b) in wanted.iter().zip(read_out) {
                assert!((a - f64::from(*b)).abs() < 1e-4, "{a} and {b}");
            }
        }
        // Features are of squared norm 1 on average over layers: |phi|^2 of 40 of them is near it.
        let squares = rows
            .iter()
            .map(|(phi, _)| phi.iter().map(|v| v * v).sum::<f64>());
        let mean = squares.sum::<f64>() / n;
        assert!((0.5..2.0).contains(&mean), "{mean}");
    }
}

#[test]
fn they_learn_from_their_pairs_alone_and_a_seed_gives_one_fit() {
    let whole = ground(&[]);
    let found = fitted(&whole, 1);
    // Chance is a third: 5 of 15 images.
    assert!(found.valid.t2i[1] > 60.0, "{:?}", found.valid);
    assert_eq!(found.weights, fitted(&whole, 1).weights);
    assert_ne!(found.weights, fitted(&whole, 2).weights);
    // Of a part of the pairs, other embeddings than those of the part are not read.
    let mut part = ground(&[]);
    part.pairs.truncate(60);
    let of_part = fitted(&part, 1);
    assert_eq!(of_part.pairs, 60);
    assert_ne!(of_part.weights, found.weights);
    let set = embedded(1);
    let mut texts = set.texts.data().to_vec();
    texts[60 * 24..135 * 24].fill(0.7);
    let changed = of(set.images.data().to_vec(), texts);
    let mut changed = Ground::new(&changed, split(), &[]).unwrap();
    assert_ne!(fitted(&changed, 1).weights, found.weights);
    changed.pairs.truncate(60);
    assert_eq!(fitted(&changed, 1).weights, of_part.weights);
}

fn split() -> Split {
    Split::ranges(0..45, 45..60, 60).unwrap()
}

fn of(images: Vec<f32>, texts: Vec<f32>) -> Embedded {
    Embedded::new(
        Embeddings::new(images, 24).unwrap(),
        Embeddings::new(texts, 24).unwrap(),
        Groups::uniform(60, 3),
    )
    .unwrap()
}

#[test]
fn what_nothing_can_be_regressed_on_is_refused() {
    let refused = |ground: &Ground, asked: RandomFeatures, word: &str| {
        let error = fit(&asked, &Cpu, ground, 1, &task()).expect_err(word);
        assert!(error.to_string().contains(word), "{error}");
        assert!(!error.remedy().is_empty());
    };
    let set = embedded(1);
    let (images, texts) = (set.images.data().to_vec(), set.texts.data().to_vec());
    let mut same = images.clone();
    for row in same.chunks_exact_mut(24) {
        row.copy_from_slice(&images[..24]);
    }
    let ground = Ground::new(&of(same, texts.clone()), split(), &[]).unwrap();
    refused(
        &ground,
        ASKED,
        "the images that are trained on all have one embedding",
    );
    let mut broken = texts.clone();
    broken[5 * 24 + 3] = f32::NAN;
    // Such rows may not get as far as that.
    if let Ok(set) = Embeddings::new(broken, 24)
        && let Ok(set) = Embedded::new(
            Embeddings::new(images, 24).unwrap(),
            set,
            Groups::uniform(60, 3),
        )
        && let Ok(ground) = Ground::new(&set, split(), &[])
    {
        refused(&ground, ASKED, "not finite");
    }
    let ground = self::ground(&[]);
    for features in [0, 5_000] {
        refused(
            &ground,
            RandomFeatures { features, ..ASKED },
            "random features",
        );
    }
    for ridge in [0.0, -1.0, f64::NAN] {
        refused(&ground, RandomFeatures { ridge, ..ASKED }, "ridge");
    }
    let cancelled = task();
    cancelled.cancel();
    let ended = fit(&ASKED, &Cpu, &ground, 1, &cancelled);
    assert!(ended.is_err_and(|error| error.is_cancelled()));
}
