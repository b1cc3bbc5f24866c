//! What is estimated from strata, in batches and by draws, against independent results.

use super::lab::{COUNTS, Lab, expected, float, labels, off};
use nearmiss::learn::strata::{
    Allocation, Form, Gradients, Keeping, Online, Strata, objective, redundancies, sampling,
    variances,
};
use nearmiss::task::Task;

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn estimates_are_unbiased_and_vary_as_told() {
    let (lab, task) = (Lab::new(), Task::detached());
    let gradients = lab.factors("initial").gradients(Form::Signal).unwrap();
    let count = 64;
    for kind in ["gradient", "kmeans_image"] {
        let given = labels(&format!("strata_K{count}_{kind}.npy"));
        let strata = Strata::new(given, count).unwrap();
        let told = variances(&gradients, &strata, &task).unwrap();
        let members = strata.members();
        let mut random = fastrand::Rng::with_seed(3);
        let mean = mean(&gradients);
        // A direction to see a bias in: the mean gradient itself.
        let ahead: Vec<f64> = products(&gradients, &mean);
        let square: f64 = mean.iter().map(|v| v * v).sum();
        let ways: [(&str, f64, Draws); 3] = [
            (
                "uniform",
                told.uniform,
                Box::new(|r| sampling::uniform(4_000, count, r)),
            ),
            (
                "stratified",
                told.stratified,
                Box::new(|r| sampling::stratified(&members, r)),
            ),
            (
                "proportional",
                told.proportional,
                Box::new(|r| sampling::systematic(&strata, count, r)),
            ),
        ];
        for (name, variance, mut draw) in ways {
            let (mut errors, mut along) = (Vec::new(), Vec::new());
            for _ in 0..3_000 {
                let draws = draw(&mut random);
                let weight: f64 = draws.iter().map(|d| d.1).sum();
                assert!(name == "uniform" || (weight - 1.0).abs() < 1e-9);
                let first: f64 = draws.iter().map(|&(n, w)| w * ahead[n as usize]).sum();
                along.push(first - square);
                errors.push(norm(&gradients, &draws) - 2.0 * first + square);
            }
            let (error, spread) = band(&errors);
            let (bias, wide) = band(&along);
            println!(
                "{kind} {name}: variance {variance:.5}, drawn {error:.5} ({:+.2} se), bias {:+.2} se",
                (error - variance) / spread,
                bias / wide
            );
            assert!((error - variance).abs() < 4.0 * spread);
            assert!(bias.abs() < 4.0 * wide);
        }
    }
}

type Draws<'a> = Box<dyn FnMut(&mut fastrand::Rng) -> Vec<sampling::Draw> + 'a>;

/// Mean and its standard error.
fn band(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let square: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    (mean, (square / (n - 1.0) / n).sqrt())
}

/// The mean gradient, from its definition.
fn mean(gradients: &Gradients) -> Vec<f64> {
    let mut mean = vec![0.0; gradients.parameters()];
    for term in gradients.terms() {
        for (factor, &image) in term
            .factors
            .chunks_exact(gradients.outputs())
            .zip(&term.images)
        {
            for (to, a) in mean.chunks_exact_mut(gradients.inputs()).zip(factor) {
                for (to, x) in to.iter_mut().zip(gradients.row(image)) {
                    *to += a * x / gradients.len() as f64;
                }
            }
        }
    }
    mean
}

/// `<g_n, matrix>` of every pair.
fn products(gradients: &Gradients, matrix: &[f64]) -> Vec<f64> {
    let one = |n: usize| {
        let terms = gradients.terms().iter().map(|term| {
            let factor = &term.factors[n * gradients.outputs()..][..gradients.outputs()];
            let row = gradients.row(term.images[n]);
            let lines = matrix.chunks_exact(gradients.inputs()).zip(factor);
            let along = |line: &[f64]| -> f64 { line.iter().zip(row).map(|(a, b)| a * b).sum() };
            lines.map(|(line, a)| a * along(line)).sum::<f64>()
        });
        terms.sum()
    };
    (0..gradients.len()).map(one).collect()
}

/// `|sum of w_n g_n|^2`.
fn norm(gradients: &Gradients, draws: &[sampling::Draw]) -> f64 {
    let all = draws.iter().flat_map(|a| draws.iter().map(move |b| (a, b)));
    all.map(|(a, b)| a.1 * b.1 * gradients.inner(a.0 as usize, gradients, b.0 as usize))
        .sum()
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn running_strata_come_close() {
    let (lab, expected) = (Lab::new(), expected());
    let gradients = lab.factors("initial").gradients(Form::Signal).unwrap();
    let mut order: Vec<u32> = (0..4_000).collect();
    fastrand::Rng::with_seed(2).shuffle(&mut order);
    for count in COUNTS {
        let told = &expected["initial"]["signal_strata"][format!("K{count}")];
        let best = float(&told["gradient_objective_restarts"]["best"]);
        let mut online = Online::new(count, 256, 64, 1.0).unwrap();
        let mut strata = vec![0; 4_000];
        let mut quality = Vec::new();
        for pass in 0..5 {
            for pairs in order.chunks(128) {
                let batch = gradients.gather(pairs).unwrap();
                let labels = if pass == 0 {
                    online.take(&batch).unwrap()
                } else {
                    let mut labels: Vec<u32> = pairs.iter().map(|&n| strata[n as usize]).collect();
                    online.move_again(&batch, &mut labels).unwrap();
                    labels
                };
                for (&n, label) in pairs.iter().zip(labels) {
                    strata[n as usize] = label;
                }
            }
            let found = Strata::new(strata.clone(), count).unwrap();
            let exact = objective(&gradients, &found, &Task::detached()).unwrap();
            assert!(off(online.objective(), exact) < 1e-9);
            quality.push(exact / best);
        }
        println!("online K {count}: {quality:.4?} of the best, by pass");
        let uniform = float(&told["uniform_with_replacement"]) * 1.6e7;
        assert!(quality[0] * best < uniform);
        assert!(*quality.last().unwrap() < 1.01);
    }
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn redundancy_is_that_of_the_reference() {
    let (lab, task) = (Lab::new(), Task::detached());
    let factors = lab.factors("initial");
    let gradients = factors.gradients(Form::Signal).unwrap();
    let strata = Strata::new(labels("strata_K64_gradient.npy"), 64).unwrap();
    let all = redundancies(&gradients, &strata, Some(&factors), &task).unwrap();
    let total: f64 = all.iter().filter_map(|s| s.share).sum();
    assert!((total - 1.0).abs() < 1e-9);
    // The stratum of the surfers, by an independent computation.
    let surf = &all[44];
    println!("{surf:?}");
    assert_eq!(surf.pairs, 74);
    assert!((surf.pulls.unwrap() - 3.417).abs() < 1e-3);
    assert!((surf.redundancy().unwrap() - 21.658).abs() < 1e-2);
    assert!((surf.share.unwrap() - 0.040).abs() < 5e-4);
    assert!((surf.cosine.unwrap() - 0.546).abs() < 5e-4);
    assert_eq!(surf.opposed[0].pairs, 27);
    let keeping = Keeping::new(&gradients, &strata, &task).unwrap();
    let random = keeping.error_at_random(1_000).unwrap();
    let counts = keeping.counts(1_000, Allocation::Neyman).unwrap();
    let neyman = keeping.error(&counts).unwrap();
    let even = keeping.counts(1_000, Allocation::Proportional).unwrap();
    assert_eq!(even.iter().sum::<usize>(), 1_000);
    let even = keeping.error(&even).unwrap();
    let good = keeping.as_good_at_random(neyman).unwrap();
    println!("random {random:.5}, by share {even:.5}, by spread {neyman:.5}: as {good:.0}");
    assert_eq!(counts.iter().sum::<usize>(), 1_000);
    assert_eq!(counts[44], 15);
    assert!((random - 0.370_46).abs() < 1e-4);
    assert!((even - 0.355_97).abs() < 5e-4 && (neyman - 0.344_65).abs() < 5e-4);
    assert!((good - 1_112.0).abs() < 2.0);
}
