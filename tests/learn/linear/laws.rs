//! What holds for any two groups.

use super::lab::{apart, off};
use nearmiss::error::Result;
use nearmiss::learn::linear::{
    Fourier, Method, Norm, Penalised, Problem, RobustCurve, Separability, Shape, Training,
    classifier, max_margin, penalised, separability, soft_margin, train,
};
use nearmiss::onnx::Graph;
use nearmiss::task::Task;
use proptest::prelude::*;
use std::path::Path;

fn task() -> Task {
    Task::detached()
}

fn shapes() -> impl Strategy<Value = Shape> {
    prop_oneof![
        (1_usize..24).prop_map(Shape::line),
        (1_usize..6, 1_usize..7).prop_map(|(h, w)| Shape::plane(h, w)),
        (1_usize..4, 1_usize..5, 1_usize..5).prop_map(|(c, h, w)| Shape::picture(c, h, w)),
    ]
}

/// A shape with two rows of it.
fn rows() -> impl Strategy<Value = (Shape, Vec<f64>, Vec<f64>)> {
    shapes().prop_flat_map(|shape| {
        let row = || prop::collection::vec(-4.0..4.0_f64, shape.values().unwrap());
        (Just(shape), row(), row())
    })
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs()))
}

/// Normal rows around two means that lie `apart` in every value.
fn made(seed: u64, count: usize, shape: Shape, apart: f64) -> Problem {
    let mut random = fastrand::Rng::with_seed(seed);
    let labels: Vec<i8> = (0..count)
        .map(|i| if i % 2 == 0 { 1 } else { -1 })
        .collect();
    let width = shape.values().unwrap();
    let mut rows = Vec::new();
    for label in &labels {
        for _ in 0..width {
            let noise: f64 = (0..6).map(|_| random.f64() - 0.5).sum();
            rows.push(noise + f64::from(*label) * apart);
        }
    }
    Problem::new(rows, &labels, shape).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_transform_keeps_lengths_and_comes_back((shape, row, other) in rows()) {
        let fourier = Fourier::new(shape).unwrap();
        let spectrum = fourier.spectrum(&row);
        let energy: f64 = spectrum.iter().map(rustfft::num_complex::Complex::norm_sqr).sum();
        prop_assert!(close(energy, dot(&row, &row)));
        let pairs = spectrum.iter().zip(fourier.spectrum(&other));
        let inner: f64 = pairs.map(|(a, b)| (a * b.conj()).re).sum();
        prop_assert!(close(inner, dot(&row, &other)));
        prop_assert!(apart(&fourier.row(spectrum), &row) < 1e-12);
    }

    #[test]
    fn the_worst_perturbation_is_of_size_one_and_reaches_the_dual_norm((shape, w, other) in rows()) {
        let fourier = Fourier::new(shape).unwrap();
        for norm in Norm::ALL {
            let delta = norm.worst(&w, &fourier);
            let dual = norm.dual(&w, &fourier);
            prop_assert!(close(-dot(&delta, &w), dual));
            prop_assert!(close(norm.size(&delta, &fourier), 1.0) || dual == 0.0);
            // No perturbation does more, by Hoelder's inequality.
            let size = norm.size(&other, &fourier);
            prop_assert!(dot(&other, &w).abs() <= dual * size * (1.0 + 1e-12));
        }
    }

    #[test]
    fn the_dual_of_the_dual_is_the_norm((shape, delta, _other) in rows()) {
        let fourier = Fourier::new(shape).unwrap();
        // The weights of dual norm 1 that a perturbation moves most: the worst of the dual norm.
        let dual = [Norm::L2, Norm::L1, Norm::Linf];
        for (norm, other) in [Norm::L2, Norm::Linf, Norm::L1].into_iter().zip(dual) {
            let w = other.worst(&delta, &fourier);
            prop_assert!(close(norm.dual(&w, &fourier), 1.0) || norm.size(&delta, &fourier) == 0.0);
            prop_assert!(close(-dot(&w, &delta), norm.size(&delta, &fourier)));
        }
        // One frequency with its opposite, at the largest amplitude.
        let spectrum = fourier.spectrum(&delta);
        let size = Norm::FourierLinf.size(&delta, &fourier);
        let at = spectrum.iter().position(|v| v.norm() == size).unwrap();
        let mut one = vec![spectrum[at] * 0.0; spectrum.len()];
        one[at] = spectrum[at] / size.max(1e-300);
        let w = fourier.row(one);
        prop_assert!(Norm::FourierLinf.dual(&w, &fourier) <= 1.0 + 1e-9);
        prop_assert!(close(dot(&w, &delta), size));
    }

    #[test]
    fn certificates_bound_every_margin(seed in 0_u64..1000, count in 4_usize..12, shape in shapes()) {
        let problem = made(seed, count, shape, 1.0);
        let random = made(seed + 1, 2, shape, 0.3);
        let any = random.worst_case(&vec![1.0; problem.width()], Norm::L2, 0).unwrap();
        for norm in Norm::ALL {
            let Some(found) = max_margin(&problem, norm, &task()).unwrap() else {
                let mixed = separability(&problem, &task()).unwrap();
                let is_mixed = matches!(mixed, Separability::Mixed { .. });
                prop_assert!(is_mixed);
                continue;
            };
            prop_assert!(found.gap < 1e-7 * found.upper, "{norm:?} {found:?}");
            prop_assert!(problem.margin(&any, norm).unwrap() <= found.upper * (1.0 + 1e-12));
            prop_assert!(found.alpha.iter().all(|a| *a >= 0.0));
            prop_assert!(close(found.alpha.iter().sum(), 1.0));
            let curve = RobustCurve::new(&problem, &found.weights, norm).unwrap();
            prop_assert_eq!(curve.accuracy(found.lower * (1.0 - 1e-9)), 1.0);
            prop_assert!(curve.accuracy(found.lower * (1.0 + 1e-9)) < 1.0);
        }
    }
}

/// Rows `apart` times as long as the margin, which is 1: all have 1 in the first value, and around that they cancel out.
#[test]
fn a_margin_far_shorter_than_its_rows_is_known_all_the_same() {
    for (apart, within) in [(1e2, 1e-12), (1e4, 1e-10), (1e6, 1e-8)] {
        let labels = [1_i8, -1, 1, -1, 1];
        let rows = labels.iter().enumerate().flat_map(|(at, &y)| {
            let turn = std::f64::consts::TAU * at as f64 / labels.len() as f64;
            [1.0, apart * turn.cos(), apart * turn.sin()].map(|value| value * f64::from(y))
        });
        let problem = Problem::new(rows.collect(), &labels, Shape::line(3)).unwrap();
        let found = max_margin(&problem, Norm::L2, &task()).unwrap().unwrap();
        println!("{apart:e}: {found:?}");
        assert!(found.gap.abs() < within && (found.value - 1.0).abs() < within);
        assert!(matches!(
            separability(&problem, &task()).unwrap(),
            Separability::Apart { margin, .. } if (margin - 1.0).abs() < within
        ));
    }
}

#[test]
fn margins_stay_below_the_maximal_one_and_grow_towards_it() {
    let problem = made(4, 20, Shape::plane(6, 7), 0.3);
    for method in Method::ALL {
        let norm = method.norm();
        let most = max_margin(&problem, norm, &task()).unwrap().unwrap();
        let training = Training {
            steps: 4000,
            ..Training::of(method)
        };
        let mut seen = Vec::new();
        let mut watch = |moment: &_, w: &[f64]| seen.push((Clone::clone(moment), w.to_vec()));
        let trained = train(&problem, &training, &mut watch, &task()).unwrap();
        assert_eq!(seen.len(), trained.history.len());
        for (moment, w) in &seen {
            for norm in Norm::ALL {
                let margin = problem.margin(w, norm).unwrap();
                assert!((margin - moment.margins[norm.index()]).abs() < 1e-8);
            }
            assert!(moment.margins[norm.index()] <= most.upper * (1.0 + 1e-9));
        }
        let last = trained.last().unwrap();
        let fraction = last.margins[norm.index()] / most.value;
        println!("{method:?}: {fraction:.4}, log loss {:.4e}", last.log_loss);
        assert_eq!(last.step, 4000);
        assert!(fraction > 0.9, "{method:?} {fraction}");
        let again = train(&problem, &training, &mut |_, _| (), &task()).unwrap();
        assert_eq!(again, trained);
    }
}

#[test]
fn mixed_groups_have_no_margin_but_a_soft_one() {
    // Each row is there with both labels.
    let rows = [
        [1.0, 0.0, 2.0],
        [1.0, 0.0, 2.0],
        [0.0, 1.0, 0.5],
        [0.3, 1.0, 0.5],
    ]
    .concat();
    let problem = Problem::new(rows, &[1, -1, 1, 1], Shape::line(3)).unwrap();
    for norm in Norm::ALL {
        assert_eq!(max_margin(&problem, norm, &task()).unwrap(), None);
    }
    let Separability::Mixed { alpha, length } = separability(&problem, &task()).unwrap() else {
        panic!("they cannot be told apart");
    };
    println!("{alpha:?} {length:e}");
    assert!(length < 1e-5 && close(alpha.iter().sum(), 1.0));
    let soft = soft_margin(&problem, &task()).unwrap();
    println!("{soft:?}");
    assert!(soft.gap.abs() < 1e-6 && soft.right >= 0.5);
    // The two rows that contradict each other lose at least 1 each on average.
    assert!(soft.hinge >= 0.5 - 1e-9 && soft.hinge < 0.51);
    let apart = made(1, 8, Shape::line(20), 2.0);
    assert!(matches!(
        separability(&apart, &task()).unwrap(),
        Separability::Apart { margin, .. } if margin > 0.0
    ));
    assert_eq!(soft_margin(&apart, &task()).unwrap().right, 1.0);
}

#[test]
fn a_penalty_shrinks_weights_to_nothing_in_the_end() {
    let problem = made(2, 14, Shape::picture(2, 3, 4), 0.4);
    let solve =
        |norm, penalty| -> Penalised { penalised(&problem, norm, penalty, None, &task()).unwrap() };
    for norm in Norm::ALL {
        let zero = solve(norm, 1e3);
        assert!(zero.weights.iter().all(|w| *w == 0.0));
        assert!(off(zero.objective, 2_f64.ln()) < 1e-12);
        let mut last = 0.0;
        for penalty in [1.0, 0.1, 0.01, 1e-3] {
            let found = solve(norm, penalty);
            let dual = norm.dual(&found.weights, problem.fourier());
            assert!(found.objective - found.bound < 1e-9);
            assert!(close(found.loss + penalty * dual, found.objective));
            assert!(dual >= last - 1e-6, "{norm:?} {penalty}");
            last = dual;
        }
    }
}

#[test]
fn the_model_file_says_what_the_classifier_says() {
    let problem = made(7, 6, Shape::picture(3, 2, 4), 0.5);
    let w = max_margin(&problem, Norm::L2, &task())
        .unwrap()
        .unwrap()
        .weights;
    let bytes = classifier(&w, 0.0, Shape::picture(3, 2, 4)).unwrap();
    let graph = Graph::decode(&bytes, Path::new("linear.onnx")).unwrap();
    assert_eq!(
        graph.inputs[0].to_string(),
        "pixels: float32 [batch, 3, 2, 4]"
    );
    assert_eq!(
        graph.ports_out()[0].to_string(),
        "logits: float32 [batch, 2]"
    );
    assert_eq!(graph.opset, 17);
    let weights = graph
        .constants
        .values()
        .next()
        .unwrap()
        .to_floats()
        .unwrap();
    for (pair, w) in weights.chunks(2).zip(&w) {
        assert!((f64::from(pair[1] - pair[0]) - w).abs() < 1e-6);
    }
    assert!(classifier(&w, 0.0, Shape::line(3)).is_err());
    assert!(classifier(&[0.0; 3], 0.0, Shape::line(3)).is_err());
}

fn refused<T>(outcome: Result<T>) {
    let error = outcome.err().expect("it is refused");
    println!("{error} {}", error.remedy());
    assert!(!error.remedy().is_empty());
}

#[test]
fn bad_input_is_refused() {
    let line = Shape::line(2);
    refused(Problem::new(vec![1.0; 4], &[1, 1], line));
    refused(Problem::new(vec![1.0; 4], &[1, 0], line));
    refused(Problem::new(vec![1.0; 5], &[1, -1], line));
    refused(Problem::new(vec![0.0; 4], &[1, -1], line));
    refused(Problem::new(vec![1.0, f64::NAN, 0.0, 1.0], &[1, -1], line));
    refused(Problem::new(vec![1.0, 1e200, 0.0, 1.0], &[1, -1], line));
    refused(Problem::new(Vec::new(), &[], line));
    refused(Problem::new(vec![1.0; 4], &[1, -1], Shape::line(0)));
    refused(Problem::new(
        vec![1.0; 4],
        &[1, -1],
        Shape::picture(usize::MAX, 2, 2),
    ));
    let problem = made(1, 4, line, 1.0);
    refused(problem.margin(&[1.0], Norm::L1));
    refused(problem.margin(&[1.0, f64::INFINITY], Norm::L1));
    refused(problem.worst_case(&[1.0, 1.0], Norm::L1, 4));
    refused(penalised(&problem, Norm::L2, 0.0, None, &task()));
    refused(penalised(&problem, Norm::L2, 1.0, Some(&[1.0]), &task()));
    let usual = Training::of(Method::Conv2);
    let bad = [
        Training {
            steps: 0,
            ..usual.clone()
        },
        Training {
            rate: Some(-1.0),
            ..usual.clone()
        },
        Training {
            decay: f64::NAN,
            ..usual.clone()
        },
        Training {
            start: Some(vec![0.0; 3]),
            ..usual
        },
        Training {
            hidden: 0,
            ..Training::of(Method::Fc2)
        },
        // Steps that are far too long.
        Training {
            rate: Some(1e308),
            ..Training::of(Method::Gd)
        },
    ];
    for training in bad {
        refused(train(&problem, &training, &mut |_, _| (), &task()));
    }
    // Nothing changes a classifier of zeros, and it is right about no row.
    assert_eq!(problem.radii(&[0.0, 0.0], Norm::L2).unwrap(), vec![0.0; 4]);
    let cancelled = task();
    cancelled.cancel();
    assert!(max_margin(&problem, Norm::Linf, &cancelled).is_err_and(|e| e.is_cancelled()));
    assert!(
        train(
            &problem,
            &Training::of(Method::Gd),
            &mut |_, _| (),
            &cancelled
        )
        .is_err_and(|e| e.is_cancelled())
    );
}

#[test]
fn the_curve_steps_down_at_the_distances_of_the_rows() {
    let problem = Problem::new(
        vec![1.0, 0.0, 3.0, 0.0, -2.0, 0.0, 1.0, 0.0],
        &[1, 1, -1, -1],
        Shape::line(2),
    )
    .unwrap();
    let curve = RobustCurve::new(&problem, &[2.0, 0.0], Norm::L2).unwrap();
    assert_eq!(curve.radii(), &[-1.0, 1.0, 2.0, 3.0]);
    let shares = [0.0, 0.5, 1.0, 2.5, 3.0].map(|budget| curve.accuracy(budget));
    assert_eq!(shares, [0.75, 0.75, 0.5, 0.25, 0.0]);
    let corners = curve.corners();
    assert_eq!(corners.len(), 7);
    assert_eq!((corners[0], corners[6]), ([0.0, 0.75], [3.0, 0.0]));
}
