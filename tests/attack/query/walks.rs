//! `SimBA` and `HopSkipJump`, step by step.

use super::linear::{Linear, SMALL, attack, gain, grey};
use nearmiss::attack::{Attack, AttackContext, HopSkipJump, Norm, Simba, StepEvent, Watch};
use nearmiss::compute::{Band, Cpu, Grid};
use nearmiss::task::Task;

#[test]
fn simba_climbs_from_trial_to_trial() {
    struct Rising(Vec<f32>);
    impl Watch for Rising {
        fn step(&mut self, event: &StepEvent<'_>) {
            self.0.push(event.loss[0]);
        }
    }
    let simba = Simba {
        queries: 600,
        ..Simba::default()
    };
    for norm in [Norm::Linf, Norm::L2, Norm::L1, Norm::Fourier(Band::ALL)] {
        let mut victim = Linear::smooth(SMALL, &[-1e3]);
        let space = grey(&victim, norm, 0.05);
        let (task, mut watch) = (Task::detached(), Rising(Vec::new()));
        let mut context =
            AttackContext::new(&mut victim, &space, &Cpu, &mut watch, 3, &task).unwrap();
        simba.run(&mut context).unwrap();
        let outcome = context.finish();
        assert_eq!(watch.0.len(), 600);
        assert!(watch.0.windows(2).all(|w| w[0] <= w[1]), "{norm:?}");
        assert_eq!(*watch.0.last().unwrap(), outcome.verdicts[0].margin());
        assert!(gain(&victim, &outcome) > 0.0, "{norm:?}");
    }
}

#[test]
fn simba_walks_along_the_cosine_basis() {
    // A model that nothing moves: every trial is the clean picture plus or minus a step of one basis picture.
    let mut victim = Linear::new(
        Grid {
            channels: 2,
            height: 6,
            width: 9,
            ..SMALL
        },
        0,
        &[-1.0],
    );
    victim.w.fill(0.0);
    victim.record = true;
    let n = victim.grid.len();
    let (step, space) = (0.25, grey(&victim, Norm::L2, 1.0));
    let simba = Simba {
        queries: 2 * n,
        step,
    };
    attack(&mut victim, &space, &simba);
    let seen = &victim.seen[&0][1..];
    let direction = |x: &Vec<f32>| -> Vec<f64> {
        x.iter()
            .map(|x| (f64::from(*x) - 0.5) / f64::from(step))
            .collect()
    };
    let (height, width, pi) = (6, 9, std::f64::consts::PI);
    let wave = |n: usize, k: usize, i: usize| {
        let scale = if k == 0 { 1.0 } else { 2.0_f64 };
        (scale / n as f64).sqrt() * (pi * (i as f64 + 0.5) * k as f64 / n as f64).cos()
    };
    let mut found = vec![false; n];
    for pair in seen.chunks(2) {
        let (minus, plus) = (direction(&pair[0]), direction(&pair[1]));
        assert!(minus.iter().zip(&plus).all(|(m, p)| (m + p).abs() < 1e-6));
        // Its product with each basis picture of a plain float64 transform: 1 with one, 0 with the others.
        for k in 0..n {
            let (c, v, u) = (k / (height * width), k / width % height, k % width);
            let dot: f64 = (0..height * width)
                .map(|i| {
                    wave(height, v, i / width)
                        * wave(width, u, i % width)
                        * plus[c * height * width + i]
                })
                .sum();
            let is = (dot - 1.0).abs() < 1e-5;
            assert!(is || dot.abs() < 1e-5, "{k}: {dot}");
            assert!(!(is && found[k]), "{k} came twice");
            found[k] |= is;
        }
    }
    assert!(found.iter().all(|f| *f));
}

#[test]
fn hop_skip_jump_finds_the_distance_of_the_boundary() {
    let hop = HopSkipJump::default();
    let mut victim = Linear::new(SMALL, 7, &[-1.0, -0.5]);
    for (norm, p) in [(Norm::L2, 2), (Norm::Linf, 1)] {
        // A ball that holds everything: what comes back is the smallest that was found.
        let space = grey(&victim, norm, 100.0);
        let outcome = attack(&mut victim, &space, &hop);
        let sizes = space.measure(&Cpu, &outcome.x).unwrap();
        for row in 0..2 {
            let true_distance = victim.b[row].abs() / victim.norm(p);
            let size = f64::from(if p == 2 {
                sizes[row].l2
            } else {
                sizes[row].linf
            });
            let most = if p == 2 { 1.1 } else { 1.2 };
            assert!(outcome.verdicts[row].fooled);
            assert!(
                size >= true_distance * 0.999 && size <= true_distance * most,
                "{norm:?}: {size}"
            );
            assert!(outcome.queries[row] <= 5_001);
        }
    }
}

#[test]
fn hop_skip_jump_gives_up_where_no_start_is_found() {
    let mut victim = Linear::new(SMALL, 7, &[-1e9]);
    let space = grey(&victim, Norm::L2, 1.0);
    let outcome = attack(
        &mut victim,
        &space,
        &HopSkipJump {
            starts: 10,
            ..HopSkipJump::default()
        },
    );
    assert_eq!((outcome.queries[0], outcome.x == space.clean()), (11, true));
    assert!(!outcome.verdicts[0].fooled);
}
