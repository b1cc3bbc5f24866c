//! One perturbation for many rows, and balls that shrink.

use super::closed::{Closed, GRID, apgd, attack, grey, margin, pictures, within};
use super::models::Linear;
use nearmiss::attack::{
    Apgd, AscentLoss, Loss, MultiEps, Norm, SharedDelta, Space, Threat, Universal, Victim,
};
use nearmiss::compute::{Cpu, Grid};
use nearmiss::task::Task;

#[test]
fn one_perturbation_serves_all() {
    let linear = Linear::new(2, 6.0, 3);
    let (start, dual) = linear.duals(Norm::Linf)[0];
    let space = grey(4, Norm::Linf, 0.1);
    let found = attack(&mut linear.victim(4), &space, &Universal::default(), 0);
    let len = GRID.len();
    for row in 0..4 {
        assert_eq!(found.x[row * len..(row + 1) * len], found.x[..len]);
        assert!((margin(&found, row) - (start + 0.1 * dual)).abs() < 1e-5);
    }
    // Shared where each row's own best is another one: class 0's rows and class 1's pull apart.
    let mut victim = linear.victim(2);
    victim.labels[1] = 1;
    let space = pictures(2, &Threat::linf(0.05));
    let found = attack(&mut victim, &space, &Universal::default(), 0);
    let delta = |i: usize| found.x[i] - space.clean()[i];
    for i in 0..len {
        let free = |at: usize| space.clean()[at] >= 0.05 && space.clean()[at] <= 0.95;
        if free(i) && free(len + i) && !found.verdicts.iter().any(|v| v.fooled) {
            assert!((delta(i) - delta(len + i)).abs() < 1e-6);
        }
    }
}

#[test]
fn shared_delta_learns_from_batches() {
    let linear = Linear::new(2, 6.0, 3);
    let (start, dual) = linear.duals(Norm::L2)[0];
    let task = Task::detached();
    let batches = [grey(3, Norm::L2, 0.2), grey(1, Norm::L2, 0.2)];
    let mut delta = SharedDelta::new(&batches[0]);
    assert_eq!(delta.values(), vec![0.0; GRID.len()]);
    for _ in 0..20 {
        for space in &batches {
            let rows: Vec<usize> = (0..space.rows()).collect();
            let x = delta.apply(&Cpu, space).unwrap();
            let mut victim = linear.victim(space.rows());
            let slope = victim
                .value_and_gradient(&rows, &x, AscentLoss::Margin, &task)
                .unwrap();
            delta.step(&Cpu, space, &slope, 0.25).unwrap();
        }
    }
    let x = delta.apply(&Cpu, &batches[1]).unwrap();
    let verdict = linear.victim(1).predict(&[0], &x, &task).unwrap()[0];
    assert!((f64::from(verdict.margin()) - (start + 0.2 * dual)).abs() < 1e-4);
}

#[test]
fn shrinking_balls_find_what_lies_behind_a_rise() {
    // Two planes: nearly everywhere in the ball the flatter one is on top and leads away from the corner `t` where
    // the steeper one, alone, is positive.
    let eps = 0.02;
    let grid = Grid {
        rows: 8,
        channels: 1,
        height: 8,
        width: 8,
    };
    let len = grid.len() as f64;
    let side = |i: usize| {
        if (i * 7 + i / 8).is_multiple_of(3) {
            1.0
        } else {
            -1.0
        }
    };
    let model = move |x: &[f64]| {
        let d: Vec<f64> = x.iter().map(|x| (x - 0.5) / eps / len).collect();
        let flat = -0.5 + 0.1 * d.iter().sum::<f64>();
        let steep = -4.5 + 5.0 * d.iter().enumerate().map(|(i, d)| d * side(i)).sum::<f64>();
        let slope = |i: usize| if flat >= steep { 0.1 } else { 5.0 * side(i) };
        let row = (0..d.len()).map(|i| slope(i) / eps / len).collect();
        (vec![0.0, flat.max(steep)], vec![vec![0.0; d.len()], row])
    };
    let threat = Threat::linf(eps as f32);
    let clean = vec![0.5; grid.total()];
    let space = Space::pictures(grid, clean, &threat, (0..8).collect()).unwrap();
    let boxed = {
        let bound = |side: f32| vec![0.5 + side * eps as f32; grid.total()];
        Space::boxed(grid, bound(-1.0), bound(1.0), (0..8).collect()).unwrap()
    };
    for space in [space, boxed] {
        for runner_ups in [true, false] {
            let mut victim = Closed::new(grid, vec![0; 8], Box::new(model));
            victim.runner_ups = runner_ups;
            let ten = Apgd {
                restarts: 10,
                ..apgd(Loss::TargetedMargin)
            };
            let found = attack(&mut victim, &space, &ten, 0);
            assert_eq!(found.verdicts.iter().filter(|v| v.fooled).count(), 0);
            let multi = MultiEps {
                restarts: 20,
                ..MultiEps::default()
            };
            let found = attack(&mut victim, &space, &multi, 0);
            assert_eq!(found.verdicts.iter().filter(|v| v.fooled).count(), 8);
            for (row, x) in found.x.chunks_exact(space.len()).enumerate() {
                within(&space, row, x);
                assert!(x.iter().all(|v| (v - 0.5).abs() <= eps as f32 + 1e-7));
            }
        }
    }
}
