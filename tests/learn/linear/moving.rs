//! Rows that are moved so that plain training on them is robust.

use super::lab;
use nearmiss::learn::linear::moving::{
    Answer, Asked, Found, Part, Plain, moved, outer, ridge, study,
};
use nearmiss::learn::linear::{Norm, Problem, Shape};
use nearmiss::task::Task;
use proptest::prelude::*;
use std::sync::Arc;

/// Normal rows, moved apart along a direction by `apart` times their label.
fn gaussian(rows: usize, width: usize, apart: f64, seed: u64) -> Problem {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut normal = || {
        let (u, v) = (random.f64(), random.f64());
        (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    };
    let along: Vec<f64> = (0..width).map(|_| normal()).collect();
    let labels: Vec<i8> = (0..rows).map(|i| if i % 2 == 0 { 1 } else { -1 }).collect();
    let values = labels.iter().flat_map(|&y| {
        let own: Vec<f64> = along
            .iter()
            .map(|a| normal() + apart * f64::from(y) * a)
            .collect();
        own
    });
    Problem::new(values.collect(), &labels, Shape::line(width)).unwrap()
}

fn values(problem: &Problem) -> Vec<f64> {
    (0..problem.count())
        .flat_map(|n| problem.row(n).unwrap())
        .collect()
}

fn with(problem: &Problem, values: Vec<f64>) -> Problem {
    Problem::new(values, problem.labels(), problem.fourier().shape()).unwrap()
}

fn asked(norm: Norm, radius: f64) -> Asked {
    Asked {
        norm,
        radius,
        steps: 25,
        ..Asked::default()
    }
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|v| v.to_bits()).collect()
}

/// The share right at the size to withstand: unchanged, changed.
fn at_size(found: &Found, plain: Plain, part: Part) -> [f64; 2] {
    let [before, after, _] = found.at(plain, part, found.asked.against()).unwrap();
    [before.mean, after.mean]
}

#[test]
fn the_slope_in_the_rows_is_that_of_central_differences() {
    // Fewer rows than values, and more.
    for (rows, width, apart) in [(7, 11, 0.4), (14, 5, 0.2)] {
        let unchanged = gaussian(rows, width, apart, 5);
        let mut random = fastrand::Rng::with_seed(9);
        let mut moved = values(&unchanged);
        for value in &mut moved {
            *value += 0.2 * (random.f64() - 0.5);
        }
        for (norm, size) in [(Norm::L2, 1.2), (Norm::Linf, 0.4)] {
            let penalty = 0.05;
            let of = |values: Vec<f64>| {
                let changed = with(&unchanged, values);
                outer(&unchanged, &changed, (norm, size), penalty).unwrap()
            };
            let at = of(moved.clone());
            assert!(at.loss > 0.0);
            let largest = at.slope.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
            assert!(largest > 1e-6, "{norm:?}: no slope");
            let step = 1e-5;
            for n in 0..moved.len() {
                let by = |by: f64| {
                    let mut values = moved.clone();
                    values[n] += by;
                    of(values).loss
                };
                let numeric = (by(step) - by(-step)) / (2.0 * step);
                let off = (numeric - at.slope[n]).abs();
                assert!(
                    off < 1e-6 * largest + 1e-10,
                    "{norm:?} {n}: {numeric} {}",
                    at.slope[n]
                );
            }
        }
    }
}

#[test]
fn plain_training_is_one_function_whose_normal_equations_hold_on_either_set() {
    let task = Task::detached();
    let unchanged = gaussian(12, 20, 0.3, 2);
    let found = moved(&unchanged, &asked(Norm::L2, 0.5), &task).unwrap();
    for set in [&unchanged, &found.problem] {
        let weights = Plain::Ridge.weights(set, found.penalty, &task).unwrap();
        assert_eq!(weights, ridge(set, found.penalty).unwrap());
        // (X'X + n p) w = X'y, written out.
        let (n, d) = (set.count(), set.width());
        let x = values(set);
        for j in 0..d {
            let mut left = n as f64 * found.penalty * weights[j];
            let mut right = 0.0;
            for i in 0..n {
                let row = &x[i * d..(i + 1) * d];
                let score: f64 = row.iter().zip(&weights).map(|(x, w)| x * w).sum();
                left += row[j] * score;
                right += row[j] * f64::from(set.labels()[i]);
            }
            assert!((left - right).abs() < 1e-9 * n as f64, "{left} {right}");
        }
    }
    // The weights that the loss speaks of are those of the same training.
    let loss = outer(&unchanged, &found.problem, (Norm::L2, 0.5), found.penalty).unwrap();
    assert_eq!(loss.weights, ridge(&found.problem, found.penalty).unwrap());
    assert_eq!(loss.loss, found.losses[found.best]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_row_moves_farther_than_the_radius(
        rows in 4_usize..12, width in 2_usize..16, seed in 0_u64..1000, radius in 0.001_f64..3.0, is_l2 in any::<bool>(),
    ) {
        let norm = if is_l2 { Norm::L2 } else { Norm::Linf };
        let problem = gaussian(rows, width, 0.3, seed);
        let found = moved(&problem, &asked(norm, radius), &Task::detached()).unwrap();
        prop_assert_eq!(found.problem.labels(), problem.labels());
        for n in 0..rows {
            let (was, is) = (problem.row(n).unwrap(), found.problem.row(n).unwrap());
            let apart: Vec<f64> = is.iter().zip(&was).map(|(a, b)| a - b).collect();
            let size = match norm {
                Norm::L2 => apart.iter().map(|v| v * v).sum::<f64>().sqrt(),
                _ => apart.iter().fold(0.0, |most: f64, v| most.max(v.abs())),
            };
            prop_assert!(size <= radius * (1.0 + 1e-9) + 1e-14, "{} beyond {}", size, radius);
            prop_assert!((size - found.sizes[n]).abs() < 1e-12);
        }
        // What is kept is the best of what was seen, and no worse than what was there.
        let best = found.losses[found.best];
        prop_assert!(found.losses.iter().all(|loss| *loss >= best));
    }
}

#[test]
fn a_radius_of_0_changes_nothing_to_the_bit() {
    for norm in Asked::NORMS {
        let mut rows = values(&gaussian(10, 6, 0.4, 3));
        // Zeros of either sign.
        rows[0] = -0.0;
        rows[7] = 0.0;
        rows[13] = -0.0;
        let labels: Vec<i8> = (0..10).map(|i| if i % 2 == 0 { 1 } else { -1 }).collect();
        let problem = Problem::new(rows, &labels, Shape::line(6)).unwrap();
        let found = moved(&problem, &asked(norm, 0.0), &Task::detached()).unwrap();
        assert_eq!(bits(&values(&found.problem)), bits(&values(&problem)));
        assert_eq!((found.largest(), found.mean()), (0.0, 0.0));
        let all = study(Arc::new(problem), &asked(norm, 0.0), &Task::detached()).unwrap();
        for compared in &all.splits[0].compared {
            let [before, after] = compared.curves.each_ref().map(|curve| bits(curve.radii()));
            assert_eq!(before, after, "{:?}", compared.plain);
        }
        let answer = Answer::of(&all);
        assert!(answer.loss.is_none() && answer.says.contains("no row moves"));
    }
}

#[test]
fn the_changed_set_withstands_more_on_rows_that_attacks_are_run_on() {
    let task = Task::detached();
    let problem = Arc::new(gaussian(40, 30, 0.12, 8));
    for (norm, radius) in [(Norm::L2, 0.8), (Norm::Linf, 0.2)] {
        let found = study(Arc::clone(&problem), &asked(norm, radius), &task).unwrap();
        let [before, after] = at_size(&found, Plain::Ridge, Part::Trained);
        assert!(after > before, "{norm:?}: {before} {after}");
        // The same by the worst perturbation of each row instead of by the radius in closed form.
        let split = &found.splits[0];
        let weights = ridge(&split.moved.problem, split.moved.penalty).unwrap();
        let right = |n: &&usize| {
            let delta = problem.worst_case(&weights, norm, **n).unwrap();
            let row = problem.row(**n).unwrap();
            let pairs = row.iter().zip(&delta).zip(&weights);
            let score: f64 = pairs.map(|((x, d), w)| (x + radius * d) * w).sum();
            score * f64::from(problem.labels()[**n]) > 0.0
        };
        let places = &split.places[0];
        let share = places.iter().filter(right).count() as f64 / places.len() as f64;
        assert!((share - after).abs() < 1e-12, "{norm:?}: {share} {after}");
        // Held-out rows are others, and as they were.
        assert!(split.places[1].iter().all(|n| !places.contains(n)));
        assert_eq!(places.len() + split.places[1].len(), problem.count());
    }
}

#[test]
fn several_splits_have_bands_and_one_has_none() {
    let problem = Arc::new(gaussian(24, 8, 0.3, 4));
    let task = Task::detached();
    let three = Asked {
        seeds: 3,
        ..asked(Norm::Linf, 0.1)
    };
    let found = study(Arc::clone(&problem), &three, &task).unwrap();
    let answer = Answer::of(&found);
    assert_eq!(answer.seeds, [1, 2, 3]);
    assert_eq!(answer.rows, [18, 6]);
    assert_eq!(answer.trainings.len(), 4);
    assert!((answer.epsilon[10] - 0.1).abs() < 1e-12 && answer.epsilon[0] == 0.0);
    for training in &answer.trainings {
        assert_eq!(training.before.len(), answer.epsilon.len());
        let at = [&training.before, &training.after, &training.gain].map(|all| all[10]);
        assert!((at[1].mean - at[0].mean - at[2].mean).abs() < 1e-12);
        assert!(at.iter().all(|share| share.half_width.is_some()));
        assert!((training.robust.after.mean - at[1].mean).abs() < 1e-12);
    }
    // Each split is what one of its seed alone is.
    let second = Asked {
        seed: 2,
        ..asked(Norm::Linf, 0.1)
    };
    let second = study(problem, &second, &task).unwrap();
    assert_eq!(second.splits[0].compared, found.splits[1].compared);
    let one = Answer::of(&second);
    assert!(one.trainings[0].robust.gain.half_width.is_none());
    assert!(one.says.contains("one split, which settles nothing"));
}

#[test]
fn what_cannot_be_moved_is_refused_and_what_is_cancelled_ends() {
    let problem = gaussian(8, 4, 0.4, 1);
    let task = Task::detached();
    let refused = |change: fn(&mut Asked)| {
        let mut wrong = asked(Norm::L2, 0.1);
        change(&mut wrong);
        moved(&problem, &wrong, &task).is_err()
    };
    assert!(refused(|a| a.norm = Norm::L1));
    assert!(refused(|a| a.radius = -1.0));
    assert!(refused(|a| a.radius = f64::NAN));
    assert!(refused(|a| a.against = Some(0.0)));
    assert!(refused(|a| a.steps = 0));
    assert!(refused(|a| a.held_out = 1.0));
    assert!(refused(|a| a.seeds = 0));
    let large = gaussian(1_026, 1_025, 0.0, 1);
    let error = moved(&large, &asked(Norm::L2, 0.1), &task).err().unwrap();
    assert!(error.to_string().contains("too many"));
    task.cancel();
    let ended = moved(&problem, &asked(Norm::L2, 0.1), &task);
    assert!(ended.is_err_and(|error| error.is_cancelled()));
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn digits_withstand_more_after_rows_were_moved() {
    let problem = Arc::new(lab::problem("digits"));
    for (norm, radius) in [(Norm::Linf, 0.1), (Norm::L2, 1.0)] {
        let wanted = Asked {
            steps: 60,
            ..asked(norm, radius)
        };
        let found = study(Arc::clone(&problem), &wanted, &Task::detached()).unwrap();
        for part in Part::ALL {
            let [before, after] = at_size(&found, Plain::Ridge, part);
            assert!(after >= before, "{norm:?} {part:?}: {before} {after}");
        }
        let [_, after] = at_size(&found, Plain::Ridge, Part::Trained);
        assert!(after > 0.95, "{norm:?} {after}");
    }
}
