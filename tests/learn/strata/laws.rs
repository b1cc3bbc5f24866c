//! What holds for any gradients.

use nearmiss::learn::strata::{
    Allocation, Descent, Form, Gradients, Keeping, LinearHeads, Online, Pairs, Strata, Term,
    descend, factors, objective, peers, redundancies, sampling, variances,
};
use nearmiss::task::Task;
use std::sync::Arc;

/// `pairs` gradients `[outputs, inputs]` of rank 1 or 2 on `images` images, with some structure.
fn made(seed: u64, pairs: usize, images: usize, shape: [usize; 2], rank: usize) -> Gradients {
    let mut random = fastrand::Rng::with_seed(seed);
    let [outputs, inputs] = shape;
    let rows = (0..images * inputs).map(|_| random.f64() - 0.3).collect();
    let terms = (0..rank).map(|_| Term {
        factors: (0..pairs * outputs).map(|_| random.f64() - 0.4).collect(),
        images: (0..pairs).map(|_| random.usize(..images) as u32).collect(),
    });
    let terms = terms.collect();
    Gradients::new(Arc::new(rows), inputs, outputs, terms).unwrap()
}

/// Every case: seed, pairs, images, shape, rank.
fn cases() -> impl Iterator<Item = Gradients> {
    (0..12).map(|seed| {
        let mut random = fastrand::Rng::with_seed(100 + seed);
        let pairs = random.usize(20..160);
        let shape = [random.usize(1..6), random.usize(1..9)];
        made(
            seed,
            pairs,
            random.usize(3..40),
            shape,
            1 + (seed % 2) as usize,
        )
    })
}

/// J as the sum over unordered pairs within a stratum.
fn pairwise(gradients: &Gradients, labels: &[u32]) -> f64 {
    let mut sum = 0.0;
    for i in 0..labels.len() {
        for j in 0..i {
            if labels[i] == labels[j] {
                let squares = gradients.squares()[i] + gradients.squares()[j];
                sum += squares - 2.0 * gradients.inner(i, gradients, j);
            }
        }
    }
    sum
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs()))
}

#[test]
fn the_objective_is_the_sum_over_pairs_of_a_stratum() {
    let task = Task::detached();
    for gradients in cases() {
        for count in [1, 3, 7] {
            let strata = peers::random(gradients.len(), count, 5).unwrap();
            let ours = objective(&gradients, &strata, &task).unwrap();
            assert!(close(ours, pairwise(&gradients, strata.labels())));
            let turned = strata.labels().iter().map(|k| (k + 2) % count as u32);
            let turned = Strata::new(turned.collect(), count).unwrap();
            assert!(close(ours, objective(&gradients, &turned, &task).unwrap()));
        }
    }
}

#[test]
fn a_descent_only_lowers_the_objective_and_ends_where_no_move_does() {
    let task = Task::detached();
    for gradients in cases() {
        let warm = peers::random(gradients.len(), 5, 9).unwrap();
        let before = objective(&gradients, &warm, &task).unwrap();
        let mut last = before;
        for sweeps in [1, 2, 3, 100] {
            let descent = Descent {
                strata: 5,
                sweeps,
                ..Descent::default()
            };
            let found = descend(&gradients, &descent, Some(&warm), &task).unwrap();
            assert!(found.objective <= last * (1.0 + 1e-12));
            assert!(found.strata.sizes().iter().all(|&size| size > 0));
            assert!(close(
                found.objective,
                pairwise(&gradients, found.strata.labels())
            ));
            last = found.objective;
        }
        let descent = Descent {
            strata: 5,
            ..Descent::default()
        };
        let found = descend(&gradients, &descent, Some(&warm), &task).unwrap();
        assert!(found.settled);
        let mut labels = found.strata.labels().to_vec();
        for n in (0..labels.len()).step_by(7) {
            let own = labels[n];
            for other in 0..5 {
                labels[n] = other;
                let moved = pairwise(&gradients, &labels);
                assert!(moved >= found.objective * (1.0 - 1e-9));
            }
            labels[n] = own;
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_strata_on_any_number_of_threads() {
    let gradients = made(3, 1_500, 300, [8, 16], 2);
    let descent = Descent {
        strata: 9,
        restarts: 2,
        seed: 4,
        ..Descent::default()
    };
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| descend(&gradients, &descent, None, &Task::detached()).unwrap())
    };
    let (one, three) = (run(1), run(3));
    assert_eq!(one, three);
    assert_eq!(one.restarts.len(), 2);
    assert_ne!(one.restarts[0], one.restarts[1]);
    assert_eq!(
        one.objective,
        one.restarts.iter().copied().fold(f64::INFINITY, f64::min)
    );
}

#[test]
fn empty_strata_are_filled_and_copies_stay_together() {
    let task = Task::detached();
    let few = made(8, 30, 10, [3, 4], 1);
    let copies: Vec<u32> = (0..90).map(|n| n % 30).collect();
    let copies = few.gather(&copies).unwrap();
    for strata in [30, 40, 90] {
        let descent = Descent {
            strata,
            ..Descent::default()
        };
        let found = descend(&copies, &descent, None, &task).unwrap();
        assert_eq!(found.distinct, 30);
        let all = variances(&copies, &found.strata, &task).unwrap();
        assert!(all.stratified < 1e-12);
    }
    // All pairs in the last of six strata.
    let warm = Strata::new(vec![5; 90], 6).unwrap();
    let descent = Descent {
        strata: 6,
        ..Descent::default()
    };
    let found = descend(&copies, &descent, Some(&warm), &task).unwrap();
    assert!(found.strata.sizes().iter().all(|&size| size > 0));
    let labels = found.strata.labels();
    assert!((0..60).all(|n| labels[n] == labels[n + 30]));
}

#[test]
fn systematic_draws_vary_as_told() {
    let task = Task::detached();
    for (seed, gradients) in (0..).zip(cases()).take(6) {
        let n = gradients.len();
        let mut random = fastrand::Rng::with_seed(seed);
        let labels = (0..n).map(|_| {
            let low = random.usize(..7).min(random.usize(..7));
            low as u32
        });
        let strata = Strata::new(labels.collect(), 7).unwrap();
        let told = variances(&gradients, &strata, &task).unwrap();
        let single = Strata::new((0..n as u32).collect(), n).unwrap();
        let alone = variances(&gradients, &single, &task).unwrap();
        assert!(alone.stratified.abs() < 1e-12 && alone.proportional.abs() < 1e-12);
        let mean = vec![1.0 / n as f64; n];
        let mut errors = Vec::new();
        for _ in 0..4_000 {
            let mut weights: Vec<f64> = mean.iter().map(|v| -v).collect();
            for (at, weight) in sampling::systematic(&strata, 7, &mut random) {
                weights[at as usize] += weight;
            }
            errors.push(length(&gradients, &weights));
        }
        let average = errors.iter().sum::<f64>() / errors.len() as f64;
        let spread = errors.iter().map(|e| (e - average).powi(2)).sum::<f64>();
        let se = spread.sqrt() / errors.len() as f64;
        assert!(
            (average - told.proportional).abs() < 4.0 * se,
            "{average} {} {se}",
            told.proportional
        );
    }
}

/// `|sum of w_n g_n|^2`, from the matrix itself.
fn length(gradients: &Gradients, weights: &[f64]) -> f64 {
    let mut sum = vec![0.0; gradients.parameters()];
    for term in gradients.terms() {
        let factors = term.factors.chunks_exact(gradients.outputs());
        for ((factor, &image), weight) in factors.zip(&term.images).zip(weights) {
            for (to, a) in sum.chunks_exact_mut(gradients.inputs()).zip(factor) {
                for (to, x) in to.iter_mut().zip(gradients.row(image)) {
                    *to += weight * a * x;
                }
            }
        }
    }
    sum.iter().map(|v| v * v).sum()
}

#[test]
fn running_strata_know_their_objective() {
    let task = Task::detached();
    for gradients in cases() {
        let [inputs, outputs] = [gradients.inputs(), gradients.outputs()];
        let mut online = Online::new(4, inputs, outputs, 1.0).unwrap();
        let mut labels = online.take(&gradients).unwrap();
        let mut last = online.objective();
        for _ in 0..20 {
            let moved = online.move_again(&gradients, &mut labels).unwrap();
            let strata = Strata::new(labels.clone(), 4).unwrap();
            let exact = objective(&gradients, &strata, &task).unwrap();
            assert!(close(online.objective(), exact) && exact <= last + 1e-9);
            last = exact;
            if moved == 0 {
                break;
            }
        }
    }
    assert!(Online::new(4, 3, 2, 0.0).is_err());
    let mut online = Online::new(4, 3, 2, 1.0).unwrap();
    assert!(online.take(&made(1, 10, 5, [3, 3], 1)).is_err());
}

#[test]
fn gradients_are_slopes_of_the_loss() {
    let (images, texts, owners) = small();
    let heads = LinearHeads {
        image: noise(41, 3 * 6),
        text: noise(42, 3 * 6),
        inputs: 6,
        outputs: 3,
        bias: false,
    };
    let pairs = Pairs {
        images: &images,
        texts: &texts,
        owners: &owners,
        confirmed: &[(0, 3)],
    };
    let task = Task::detached();
    let at = factors(&heads, &pairs, 0.3, &task).unwrap();
    let exact = at.gradients(Form::Exact).unwrap();
    let signal = at.gradients(Form::Signal).unwrap();
    let count = owners.len();
    for weight in 0..18 {
        let step = 1e-6;
        let [more, less] = [step, -step].map(|step| {
            let mut heads = heads.clone();
            heads.image[weight] += step;
            factors(&heads, &pairs, 0.3, &task).unwrap().losses
        });
        let mut means = [0.0; 2];
        for n in 0..count {
            let mut one = vec![0.0; count];
            one[n] = 1.0;
            let slope = (more[n] - less[n]) / (2.0 * step);
            let ours = entry(&exact, &one, weight);
            assert!((slope - ours).abs() < 1e-5, "pair {n}: {slope} {ours}");
        }
        for (mean, form) in means.iter_mut().zip([&exact, &signal]) {
            *mean = entry(form, &vec![1.0 / count as f64; count], weight);
        }
        assert!(close(means[0], means[1]));
    }
    // Uneven captions: the third of one image alone is a pool without negatives.
    assert_eq!(at.alone, 1);
    assert_eq!(at.losses[count - 1], 0.0);
    // What is confirmed is no negative.
    assert!(
        at.hardest_text
            .iter()
            .zip(&owners)
            .all(|(&c, &i)| (i, c) != (0, 3))
    );
}

/// Entry of the weighted sum.
fn entry(gradients: &Gradients, weights: &[f64], at: usize) -> f64 {
    let (row, column) = (at / gradients.inputs(), at % gradients.inputs());
    let terms = gradients.terms().iter().flat_map(|term| {
        let all = term.images.iter().zip(weights).enumerate();
        all.map(move |(n, (&image, weight))| {
            let factor = term.factors[n * gradients.outputs() + row];
            weight * factor * gradients.row(image)[column]
        })
    });
    terms.sum()
}

fn noise(seed: u64, count: usize) -> Vec<f64> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..count).map(|_| random.f64() - 0.5).collect()
}

/// Eight images with two captions each, the last with three.
fn small() -> (Vec<f32>, Vec<f32>, Vec<u32>) {
    let narrow = |values: Vec<f64>| values.iter().map(|&v| v as f32).collect();
    let mut owners: Vec<u32> = (0..16).map(|n| n / 2).collect();
    owners.push(7);
    (narrow(noise(7, 8 * 6)), narrow(noise(8, 17 * 6)), owners)
}

#[test]
fn kept_pairs_add_up_and_all_of_them_have_no_error() {
    let task = Task::detached();
    for gradients in cases() {
        let strata = peers::random(gradients.len(), 6, 3).unwrap();
        let keeping = Keeping::new(&gradients, &strata, &task).unwrap();
        let mut last = [f64::INFINITY; 2];
        for kept in 6..=gradients.len() {
            for (last, allocation) in last.iter_mut().zip(Allocation::ALL) {
                let counts = keeping.counts(kept, allocation).unwrap();
                assert_eq!(counts.iter().sum::<usize>(), kept);
                let sizes = strata.sizes();
                assert!(
                    counts
                        .iter()
                        .zip(sizes)
                        .all(|(&n, size)| (1..=size).contains(&n))
                );
                *last = keeping.error(&counts).unwrap();
            }
            assert!(last[1] <= last[0] * 1.05 + 1e-9);
            let good = keeping.as_good_at_random(keeping.error_at_random(kept).unwrap());
            assert!((good.unwrap() - kept as f64).abs() < 1e-6);
        }
        assert!(last.iter().all(|error| *error < 1e-9));
        assert!(keeping.counts(5, Allocation::Neyman).is_none());
    }
}

#[test]
fn equal_gradients_are_one_pull_and_cancelling_ones_none() {
    let task = Task::detached();
    let rows = Arc::new(vec![1.0, 2.0]);
    let term = |factors: Vec<f64>| Term {
        images: vec![0; factors.len()],
        factors,
    };
    let gradients = Gradients::new(rows, 2, 1, vec![term(vec![3.0, 3.0, 1.0, -1.0, 0.0])]).unwrap();
    let strata = Strata::new(vec![0, 0, 1, 1, 2], 4).unwrap();
    let keeping = Keeping::new(&gradients, &strata, &task).unwrap();
    assert_eq!(keeping.counts(3, Allocation::Neyman).unwrap(), [1, 1, 1, 0]);
    assert_eq!(keeping.counts(4, Allocation::Neyman).unwrap(), [1, 2, 1, 0]);
    let all = redundancies(&gradients, &strata, None, &task).unwrap();
    assert!(close(all[0].pulls.unwrap(), 1.0) && close(all[0].cosine.unwrap(), 1.0));
    assert!(close(all[0].share.unwrap(), 1.0));
    assert_eq!((all[1].pulls, all[1].cosine), (None, None));
    assert_eq!((all[2].pulls, all[2].nearest()), (None, Some(4)));
    assert_eq!((all[3].pairs, all[3].nearest()), (0, None));
}

#[test]
fn what_cannot_be_is_refused_and_cancelled_work_ends() {
    let gradients = made(1, 20, 5, [2, 3], 1);
    let run = |strata: usize, settled: f64| {
        let descent = Descent {
            strata,
            settled,
            ..Descent::default()
        };
        descend(&gradients, &descent, None, &Task::detached())
    };
    assert!(run(0, 0.0).is_err() && run(21, 0.0).is_err() && run(3, 1.0).is_err());
    assert!(Strata::new(vec![0, 3], 3).is_err());
    let short = Strata::new(vec![0, 1], 2).unwrap();
    assert!(objective(&gradients, &short, &Task::detached()).is_err());
    let task = Task::detached();
    task.cancel();
    let descent = Descent {
        strata: 3,
        ..Descent::default()
    };
    let ended = descend(&gradients, &descent, None, &task);
    assert!(ended.is_err_and(|e| e.is_cancelled()));
    assert!(peers::kmeans(&gradients, 3, 1, 1, &task).is_err_and(|e| e.is_cancelled()));
}
