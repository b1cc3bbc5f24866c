//! The variance of the gradient estimate along a run.

use super::runs::{ground, setup, trained};
use super::task;
use nearmiss::compute::Cpu;
use nearmiss::compute::train::{Activation, Hidden};
use nearmiss::error::Result;
use nearmiss::learn::strata::{Descent, Form, Strata, descend, peers, variances};
use nearmiss::learn::{Along, AlongPoint, Course, Ground, Paired, Run, Setup, Start, along};
use nearmiss::task::Task;

fn asked(every: usize, strata: usize) -> Along {
    Along {
        every,
        descent: Descent {
            strata,
            settled: 1e-3,
            seed: 3,
            ..Descent::default()
        },
        ..Along::default()
    }
}

fn measured(
    ground: &Ground,
    setup: &Setup,
    asked: &Along,
    task: &Task,
) -> Result<(Run, Vec<AlongPoint>)> {
    let course = Course {
        engine: &Cpu,
        ground,
        setup,
        before: None,
        order: None,
        mined: None,
    };
    let mut seen = Vec::new();
    let start = Start::Random.learned(setup)?;
    let (run, points) = along(course, start, asked, &mut |p| seen.push(p.clone()), task)?;
    assert_eq!(seen, points);
    Ok((run, points))
}

#[test]
fn what_is_measured_along_a_run_is_what_is_measured_by_hand() {
    let (ground, task) = (ground(&[(0, 4)]), task());
    for (loss, form, margin) in [
        ("mh", Form::Signal, None),
        ("infonce", Form::Exact, Some(0.1)),
    ] {
        let setup = setup(loss);
        let asked = Along {
            form,
            margin,
            ..asked(4, 12)
        };
        let (run, points) = measured(&ground, &setup, &asked, &task).unwrap();
        // It is the run that it would have been.
        assert_eq!(run.learned, trained(&ground, &setup).learned);
        let moments: Vec<_> = points.iter().map(|p| (p.step, p.epoch)).collect();
        assert_eq!(moments, [(0, Some(0)), (32, Some(4)), (48, Some(6))]);
        assert_eq!(run.steps(), 48);

        let mut last = peers::random(135, 12, 3).unwrap();
        let random = last.clone();
        let mut first = None;
        let weights = [
            Start::Random.learned(&setup).unwrap().weights,
            run.learned.weights.clone(),
        ];
        for (point, weights) in [&points[0], &points[2]].into_iter().zip(weights) {
            let paired = Paired::of(&ground);
            let margin = margin.unwrap_or(setup.grouping_margin());
            let factors = paired
                .factors(&setup.head, &weights, margin, &task)
                .unwrap();
            let gradients = factors.gradients(form).unwrap();
            assert_eq!(point.loss, factors.mean_loss());
            let of = |strata: &Strata| variances(&gradients, strata, &task).unwrap();
            assert_eq!(point.random, of(&random));
            if point.step == 0 {
                let found = descend(&gradients, &asked.descent, Some(&last), &task).unwrap();
                assert_eq!(point.objective_before, of(&random).objective);
                assert_eq!(point.regrouped, of(&found.strata));
                last = found.strata;
            }
            let first = first.get_or_insert_with(|| last.clone());
            assert_eq!(point.kept, of(first));
        }
    }
}

#[test]
fn regrouping_never_raises_the_objective() {
    let (ground, setup) = (ground(&[]), setup("mh"));
    let (_, points) = measured(&ground, &setup, &asked(1, 16), &task()).unwrap();
    assert_eq!(points.len(), 7);
    for point in &points {
        let (before, now) = (point.objective_before, point.objective);
        // Descents start at the strata of the moment before; rounding is far below a millionth of a millionth.
        assert!(now <= before * (1.0 + 1e-12), "{now} after {before}");
        let off = (point.regrouped.objective - now).abs();
        assert!(off <= 1e-9 * now.max(1e-12));
        for of in [&point.regrouped, &point.kept, &point.random] {
            assert_eq!((of.pairs, of.draws), (135, 16));
            // One table for all: what all pairs say does not depend on the strata but for rounding.
            let off = (of.uniform / point.regrouped.uniform - 1.0).abs();
            assert!(off < 1e-9, "{off}");
        }
        // One pair of a stratum of like gradients tells more than one of a random one.
        assert!(point.regrouped.stratified < point.random.stratified);
    }
    let kept = serde_json::to_string(&points[1]).unwrap();
    let again: AlongPoint = serde_json::from_str(&kept).unwrap();
    assert_eq!((again.step, again.epoch), (points[1].step, points[1].epoch));
}

#[test]
fn the_end_is_measured_wherever_it_is() {
    let ground = ground(&[]);
    let setup = Setup {
        policy: "budget".parse().unwrap(),
        budget: Some(0.2),
        epochs: 1_000,
        ..setup("sh")
    };
    let (run, points) = measured(&ground, &setup, &asked(1_000_000, 8), &task()).unwrap();
    assert_eq!(points.len(), 2);
    assert_eq!(points[1].step, run.steps());
}

#[test]
fn what_cannot_be_measured_is_refused_before_training() {
    let ground = ground(&[]);
    let plain = setup("mh");
    let mut hidden = plain.clone();
    hidden.head.hidden = Some(Hidden {
        width: 4,
        activation: Activation::Gelu,
    });
    let mut shared = plain.clone();
    shared.head.shared = true;
    let refused = |setup: &Setup, asked: &Along| {
        let error = measured(&ground, setup, asked, &task()).unwrap_err();
        error.to_string()
    };
    for heads in [&hidden, &shared] {
        let error = refused(heads, &asked(1, 8));
        assert!(error.contains("one linear head"), "{error}");
    }
    assert!(refused(&plain, &asked(0, 8)).contains("no epochs"));
    assert!(refused(&plain, &asked(1, 500)).contains("500 strata"));

    let cancelled = task();
    cancelled.cancel();
    let ended = measured(&ground, &plain, &asked(1, 8), &cancelled);
    assert!(ended.is_err_and(|error| error.is_cancelled()));
}
