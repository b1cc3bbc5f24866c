//! How far attacks get where the optimum is known.

use super::closed::{NORMS, apgd, attack, grey, margin, pgd};
use super::models::{Linear, bent};
use nearmiss::attack::{Apgd, Attack, Fgsm, Loss, MultiEps, Norm, Pgd, Random, WorstCase};
use nearmiss::compute::Cpu;

#[test]
fn linear_optimum_is_reached_in_every_norm() {
    for (seed, norm) in NORMS.into_iter().enumerate() {
        let linear = Linear::new(2, 9.0, seed as u64);
        let (start, dual) = linear.duals(norm)[0];
        // Half of what it would take: nobody is fooled, so that every attack goes on to the end.
        let eps = (0.5 * -start / dual).min(0.3);
        let best = start + eps * dual;
        let space = grey(3, norm, eps as f32);
        let attacks: [&dyn Attack; 6] = [
            &Fgsm { loss: Loss::Margin },
            &Fgsm {
                loss: Loss::CrossEntropy,
            },
            &pgd(60),
            &Pgd {
                decay: Some(1.0),
                ..pgd(60)
            },
            &apgd(Loss::Margin),
            &apgd(Loss::CrossEntropy),
        ];
        for (nth, each) in attacks.into_iter().enumerate() {
            let found = attack(&mut linear.victim(3), &space, each, 7);
            for row in 0..3 {
                let short = best - margin(&found, row);
                assert!(
                    (-1e-5..1e-4).contains(&short),
                    "{norm:?}, attack {nth}: {short} short"
                );
            }
        }
    }
}

#[test]
fn targeted_apgd_finds_the_best_class() {
    for (seed, norm) in NORMS.into_iter().enumerate() {
        let linear = Linear::new(6, 1.0, 10 + seed as u64);
        let duals = linear.duals(norm);
        let eps = duals.iter().map(|(m, d)| 0.5 * -m / d).fold(0.3, f64::min);
        let best = duals
            .iter()
            .map(|(m, d)| m + eps * d)
            .fold(f64::MIN, f64::max);
        let space = grey(2, norm, eps as f32);
        let found = attack(
            &mut linear.victim(2),
            &space,
            &apgd(Loss::TargetedMargin),
            3,
        );
        assert!((best - margin(&found, 1)).abs() < 1e-4, "{norm:?}");
        // The ratio is no linear function, but it is positive where the margin is.
        let threshold = duals.iter().map(|(m, d)| -m / d).fold(f64::MAX, f64::min);
        assert!(threshold < 0.45, "the box must not bind");
        for (share, fooled) in [(1.02, true), (0.98, false)] {
            let space = grey(2, norm, (threshold * share) as f32);
            let ratio = attack(&mut linear.victim(2), &space, &apgd(Loss::TargetedDlr), 3);
            assert_eq!(
                ratio.verdicts[1].fooled, fooled,
                "{norm:?} at {share} of the threshold"
            );
        }
        let one = Apgd {
            targets: 1,
            ..apgd(Loss::TargetedMargin)
        };
        let found = attack(&mut linear.victim(2), &space, &one, 3);
        let first = duals[0].0 + eps * duals[0].1;
        // Along the way to one class another may have scored higher.
        assert!(margin(&found, 0) > first - 1e-4 && margin(&found, 0) < best + 1e-5);
    }
}

#[test]
fn success_sets_in_at_the_threshold() {
    for (seed, norm) in NORMS.into_iter().enumerate() {
        let linear = Linear::new(2, 1.0, 20 + seed as u64);
        let (start, dual) = linear.duals(norm)[0];
        let threshold = -start / dual;
        assert!(threshold < 0.45, "the box must not bind");
        let worst = WorstCase {
            queries: 200,
            ..WorstCase::default()
        };
        let multi = MultiEps::default();
        let attacks: [&dyn Attack; 5] = [
            &Fgsm::default(),
            &pgd(60),
            &apgd(Loss::CrossEntropy),
            &multi,
            &worst,
        ];
        for (nth, each) in attacks.into_iter().enumerate() {
            for (share, fooled) in [(1.001, true), (0.999, false)] {
                let space = grey(2, norm, (threshold * share) as f32);
                let found = attack(&mut linear.victim(2), &space, each, 1);
                let got = found.verdicts.iter().all(|v| v.fooled == fooled);
                assert!(got, "{norm:?}, attack {nth} at {share} of the threshold");
            }
        }
    }
}

#[test]
fn noise_has_the_full_size_and_is_weaker() {
    for norm in NORMS {
        let linear = Linear::new(2, 20.0, 5);
        let space = grey(4, norm, 0.05);
        let noise = attack(&mut linear.victim(4), &space, &Random { draws: 20 }, 2);
        let step = attack(&mut linear.victim(4), &space, &Fgsm::default(), 2);
        let sizes = space.measure(&Cpu, &noise.x).unwrap();
        for row in 0..4 {
            // In l1 a random direction is one element, which may be the right one.
            let less = margin(&noise, row) - margin(&step, row);
            assert!(less < 0.0 || (norm == Norm::L1 && less < 1e-6), "{norm:?}");
            let size = match norm {
                Norm::Linf => sizes[row].linf,
                Norm::L2 => sizes[row].l2,
                Norm::L1 => sizes[row].l1,
                _ => 0.05,
            };
            assert!((size - 0.05).abs() < 1e-5, "{norm:?}: {size}");
        }
        assert_eq!(noise.gradients, [0; 4]);
        assert_eq!(noise.queries, [21; 4]);
    }
}

#[test]
fn stronger_attacks_are_stronger() {
    for norm in [Norm::Linf, Norm::L2] {
        let eps = if norm == Norm::Linf { 0.1 } else { 0.4 };
        let (mut fgsm, mut ten, mut auto, mut noise) = (0.0, 0.0, 0.0, 0.0);
        for seed in 0..20 {
            let space = grey(3, norm, eps);
            let mean = |each: &dyn Attack| {
                let found = attack(&mut bent(3, seed), &space, each, seed);
                (0..3).map(|row| margin(&found, row)).sum::<f64>() / 60.0
            };
            noise += mean(&Random::default());
            fgsm += mean(&Fgsm::default());
            ten += mean(&pgd(100));
            auto += mean(&apgd(Loss::Margin));
        }
        assert!(
            auto >= ten - 1e-6 && ten >= fgsm && fgsm > noise,
            "{auto} {ten} {fgsm} {noise}"
        );
    }
}

#[test]
fn without_gradients_the_worst_case_asks() {
    let linear = Linear::new(2, 1.0, 4);
    let (start, dual) = linear.duals(Norm::Linf)[0];
    let mut victim = linear.victim(2);
    victim.gradient = false;
    let space = grey(2, Norm::Linf, (2.0 * -start / dual) as f32);
    let found = attack(&mut victim, &space, &WorstCase::default(), 0);
    assert!(found.verdicts.iter().all(|v| v.fooled));
    assert_eq!(found.gradients, [0, 0]);
}
