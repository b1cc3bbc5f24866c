//! Saliency maps against closed forms, completeness, and what stays the same whatever the batching.

use super::resized::Quadratic;
use super::victims::{Demo, demo};
use nearmiss::attack::{
    AscentLoss, Baseline, Goal, Pairs, Saliency, SaliencyKind, Victim, saliency,
};
use nearmiss::compute::{Choice, Engine, Grid, choose};
use nearmiss::task::Task;
use std::sync::Arc;

const GRID: Grid = Grid {
    rows: 2,
    channels: 3,
    height: 4,
    width: 5,
};

fn cpu() -> Arc<dyn Engine> {
    choose(Choice::Cpu).unwrap()
}

fn random(len: usize, low: f32, high: f32, seed: u64) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..len)
        .map(|_| low + (high - low) * random.f32())
        .collect()
}

fn quadratic(curved: bool) -> Quadratic {
    let n = GRID.len();
    Quadratic {
        grid: GRID,
        slope: random(n, -1.0, 1.0, 1),
        curve: if curved {
            random(n, -2.0, 2.0, 2)
        } else {
            vec![0.0; n]
        },
    }
}

fn map(victim: &mut dyn Victim, row: usize, x: &[f32], kind: SaliencyKind) -> Saliency {
    let task = Task::detached();
    let map = saliency(
        victim,
        row,
        x,
        kind,
        AscentLoss::Margin,
        cpu().as_ref(),
        &task,
    )
    .unwrap();
    let progress = task.progress();
    assert_eq!((progress.done, progress.total > 0), (progress.total, true));
    map
}

fn close(a: &[f32], b: &[f32], bound: f32) {
    assert_eq!(a.len(), b.len());
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        assert!((a - b).abs() <= bound, "value {i}: {a} and {b}");
    }
}

fn integrated(steps: u32, baseline: Baseline) -> SaliencyKind {
    SaliencyKind::Integrated { steps, baseline }
}

fn smooth(samples: u32, sigma: f32, seed: u64) -> SaliencyKind {
    SaliencyKind::Smooth {
        samples,
        sigma,
        seed,
    }
}

#[test]
fn of_a_linear_score_every_map_is_its_weights() {
    let mut victim = quadratic(false);
    let w = victim.slope.clone();
    let x = random(GRID.len(), 0.0, 1.0, 3);
    let gradient = map(&mut victim, 1, &x, SaliencyKind::Gradient);
    assert_eq!(gradient.values, w);
    assert_eq!((gradient.baseline, gradient.gap()), (None, None));
    close(
        &map(&mut victim, 0, &x, smooth(25, 0.15, 9)).values,
        &w,
        1e-6,
    );

    let black = map(&mut victim, 0, &x, integrated(32, Baseline::Black));
    let wanted: Vec<f32> = w.iter().zip(&x).map(|(w, x)| w * x).collect();
    close(&black.values, &wanted, 1e-6);
    let sum: f64 = wanted.iter().map(|v| f64::from(*v)).sum();
    assert!((f64::from(black.score) - sum).abs() < 1e-5);
    assert_eq!(black.baseline, Some(0.0));
    assert!(black.gap().unwrap().abs() < 1e-5);

    let mean = map(&mut victim, 0, &x, integrated(3, Baseline::Mean));
    let plane = GRID.plane();
    let colour: Vec<f32> = x
        .chunks(plane)
        .map(|c| c.iter().sum::<f32>() / plane as f32)
        .collect();
    let wanted: Vec<f32> = (0..x.len())
        .map(|i| w[i] * (x[i] - colour[i / plane]))
        .collect();
    close(&mean.values, &wanted, 1e-6);
    assert!(mean.gap().unwrap().abs() < 1e-5);
}

#[test]
fn channels_are_put_together() {
    let mut victim = quadratic(true);
    let x = random(GRID.len(), 0.0, 1.0, 3);
    let found = map(&mut victim, 0, &x, SaliencyKind::Gradient);
    let plane = GRID.plane();
    let (signed, norm, strongest) = (&found.signed, found.norm(), found.strongest());
    for p in 0..plane {
        let g: Vec<f32> = (0..3).map(|c| found.values[c * plane + p]).collect();
        assert!((signed.values[p] - g.iter().sum::<f32>()).abs() < 1e-6);
        assert!((norm.values[p] - g.iter().map(|v| v * v).sum::<f32>().sqrt()).abs() < 1e-6);
        let most = g.iter().fold(0.0_f32, |m, v| m.max(v.abs()));
        assert_eq!(strongest.values[p], most);
    }
    let least = signed.values.iter().copied().fold(f32::MAX, f32::min);
    let most = signed.values.iter().copied().fold(f32::MIN, f32::max);
    assert_eq!((signed.low, signed.high), (least, most));
    assert_eq!((signed.values.len(), found.grid.len()), (plane, GRID.len()));
}

#[test]
fn of_a_quadratic_score_the_path_integral_is_exact() {
    // The gradient is linear along the way, which the midpoint rule integrates without error.
    let mut victim = quadratic(true);
    let x = random(GRID.len(), 0.0, 1.0, 3);
    let wanted: Vec<f32> = (0..x.len())
        .map(|i| victim.slope[i] * x[i] + 0.5 * victim.curve[i] * x[i] * x[i])
        .collect();
    for steps in [1, 7, 8, 32, 33] {
        let found = map(&mut victim, 0, &x, integrated(steps, Baseline::Black));
        close(&found.values, &wanted, 2e-6);
        assert!(found.gap().unwrap().abs() < 1e-5);
    }
}

#[test]
fn smoothing_is_the_mean_over_noise_of_the_picture_s_range() {
    let mut victim = quadratic(true);
    let x = random(GRID.len(), 0.2, 0.7, 3);
    let range =
        x.iter().copied().fold(f32::MIN, f32::max) - x.iter().copied().fold(f32::MAX, f32::min);
    // Of a quadratic the mean gradient is that at the mean of the noisy pictures, and it spreads as the noise does.
    let (samples, sigma) = (4000, 0.15);
    let found = map(&mut victim, 0, &x, smooth(samples, sigma, 5));
    let away: Vec<f32> = (0..x.len())
        .map(|i| (found.values[i] - victim.slope[i]) / victim.curve[i] - x[i])
        .collect();
    let deviation = sigma * range / (samples as f32).sqrt();
    let root = (away.iter().map(|v| v * v).sum::<f32>() / away.len() as f32).sqrt();
    assert!(
        (root / deviation - 1.0).abs() < 0.35,
        "{root} and {deviation}"
    );

    // And sample by sample, whatever piece it falls in: the noise of one more than the first n samples.
    let sum = |n: u32, victim: &mut Quadratic| -> Vec<f32> {
        let found = map(victim, 0, &x, smooth(n, sigma, 5));
        found.values.iter().map(|v| v * n as f32).collect()
    };
    let (eleven, twelve) = (sum(11, &mut victim), sum(12, &mut victim));
    let last: Vec<f32> = (0..x.len())
        .map(|i| {
            ((twelve[i] - eleven[i] - victim.slope[i]) / victim.curve[i] - x[i]) / (sigma * range)
        })
        .collect();
    // A standard normal sample of 60 values.
    let root = (last.iter().map(|v| v * v).sum::<f32>() / last.len() as f32).sqrt();
    assert!((0.7..1.35).contains(&root), "{root}");
}

#[test]
fn the_same_seed_gives_the_same_map() {
    let mut victim = quadratic(true);
    let x = random(GRID.len(), 0.0, 1.0, 3);
    let first = map(&mut victim, 0, &x, smooth(10, 0.15, 1));
    assert_eq!(first, map(&mut victim, 0, &x, smooth(10, 0.15, 1)));
    // The row's place in the batch does not matter either.
    assert_eq!(
        first.values,
        map(&mut victim, 1, &x, smooth(10, 0.15, 1)).values
    );
    assert_ne!(
        first.values,
        map(&mut victim, 0, &x, smooth(10, 0.15, 2)).values
    );
}

#[test]
fn what_makes_no_sense_is_refused() {
    struct GradientDefects(Quadratic);
    impl Victim for GradientDefects {
        fn grid(&self) -> Grid {
            self.0.grid
        }
        fn has_gradient(&self) -> bool {
            false
        }
        fn predict(
            &mut self,
            rows: &[usize],
            x: &[f32],
            task: &Task,
        ) -> nearmiss::error::Result<Vec<nearmiss::attack::Verdict>> {
            self.0.predict(rows, x, task)
        }
        fn value_and_gradient(
            &mut self,
            _: &[usize],
            _: &[f32],
            _: AscentLoss<'_>,
            _: &Task,
        ) -> nearmiss::error::Result<nearmiss::attack::ValueAndGradient> {
            panic!("it has no gradient")
        }
        fn runner_ups(
            &mut self,
            rows: &[usize],
            x: &[f32],
            k: usize,
            task: &Task,
        ) -> nearmiss::error::Result<Vec<Vec<u32>>> {
            self.0.runner_ups(rows, x, k, task)
        }
    }
    let x = vec![0.5; GRID.len()];
    let task = Task::detached();
    let attempt = |victim: &mut dyn Victim, row, x: &[f32], kind| {
        saliency(
            victim,
            row,
            x,
            kind,
            AscentLoss::Margin,
            cpu().as_ref(),
            &task,
        )
    };
    let mut victim = quadratic(true);
    for kind in [
        smooth(0, 0.15, 0),
        smooth(5, -0.1, 0),
        smooth(5, f32::NAN, 0),
        integrated(0, Baseline::Black),
    ] {
        assert!(attempt(&mut victim, 0, &x, kind).is_err(), "{kind:?}");
    }
    assert!(attempt(&mut victim, 2, &x, SaliencyKind::Gradient).is_err());
    assert!(attempt(&mut victim, 0, &x[1..], SaliencyKind::Gradient).is_err());
    assert!(
        attempt(
            &mut GradientDefects(quadratic(true)),
            0,
            &x,
            SaliencyKind::Gradient
        )
        .is_err()
    );
    task.cancel();
    let cancelled = attempt(&mut victim, 0, &x, SaliencyKind::Gradient);
    assert!(cancelled.is_err_and(|e| e.is_cancelled()));
}

/// Pictures of the demo for [`Goal::Lose`], and their pixels.
fn losing(demo: &Demo, images: &[usize]) -> (Pairs, Vec<f32>) {
    let pairs = Pairs::new(&demo.set, Goal::Lose, images, &[]).unwrap();
    (pairs, demo.pixels(images))
}

#[test]
fn shares_of_the_demo_s_margin_add_up() {
    let demo = demo();
    // The hardest caption changes often near black: the midpoint rule needs more points there.
    for (baseline, steps) in [(Baseline::Mean, 32), (Baseline::Black, 128)] {
        for image in [3, 8, 21, 40] {
            let (mut pairs, x) = losing(demo, &[image]);
            let found = map(&mut pairs, 0, &x, integrated(steps, baseline));
            let change = (found.score - found.baseline.unwrap()).abs();
            assert!(change > 0.05, "image {image}: {change}");
            let gap = found.gap().unwrap().abs();
            assert!(
                gap < 0.05 * change,
                "{baseline:?}, image {image}: gap {gap} of {change}"
            );
            let margin = pairs.predict(&[0], &x, &Task::detached()).unwrap()[0].margin();
            assert!((found.score - margin).abs() < 2e-5);
        }
    }
}

#[test]
fn without_noise_smoothing_is_the_gradient() {
    let (mut pairs, x) = losing(demo(), &[3, 8]);
    let x = &x[x.len() / 2..];
    let gradient = map(&mut pairs, 1, x, SaliencyKind::Gradient);
    let largest = gradient.values.iter().fold(0.0_f32, |m, v| m.max(v.abs()));
    assert!(largest > 0.0);
    let found = map(&mut pairs, 1, x, smooth(5, 0.0, 0));
    close(&found.values, &gradient.values, 1e-4 * largest);
    // With noise it is another, and the same again.
    let noisy = map(&mut pairs, 1, x, smooth(9, 0.1, 4));
    assert_ne!(noisy.values, gradient.values);
    assert_eq!(noisy, map(&mut pairs, 1, x, smooth(9, 0.1, 4)));
}

#[test]
fn a_row_may_stand_in_a_batch_more_than_once() {
    let (mut pairs, x) = losing(demo(), &[3, 8]);
    let len = pairs.grid().len();
    let task = Task::detached();
    // Four points close by, so that the hardest captions are the same for all.
    let points: Vec<f32> = (0..4)
        .flat_map(|k| x[len..].iter().map(move |v| v * (1.0 - 0.002 * k as f32)))
        .collect();
    let together = pairs
        .value_and_gradient(&[1; 4], &points, AscentLoss::Margin, &task)
        .unwrap();
    let judged = pairs.predict(&[1; 4], &points, &task).unwrap();
    for (k, point) in points.chunks_exact(len).enumerate() {
        let alone = pairs
            .value_and_gradient(&[1], point, AscentLoss::Margin, &task)
            .unwrap();
        assert!((alone.loss[0] - together.loss[k]).abs() < 2e-5);
        assert!((judged[k].margin() - together.loss[k]).abs() < 2e-5);
        let largest = alone.gradient.iter().fold(0.0_f32, |m, v| m.max(v.abs()));
        close(
            &together.gradient[k * len..(k + 1) * len],
            &alone.gradient,
            1e-3 * largest,
        );
    }
    assert!(
        (together.loss[0] - together.loss[3]).abs() > 1e-6,
        "the points differ"
    );
}
