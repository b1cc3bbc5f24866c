//! Several steps: both engines go the same way.

use super::*;

#[test]
fn engines_agree_after_steps_of_every_optimizer() {
    let adam = |decoupled| Rule::Adam {
        betas: [0.9, 0.999],
        epsilon: 1e-8,
        decoupled,
    };
    let steps = [
        Step {
            rule: Rule::Sgd { momentum: 0.9 },
            rate: 0.05,
            decay: 0.01,
            ..PLAIN
        },
        Step {
            rule: adam(false),
            rate: 0.003,
            decay: 0.01,
            clip: 0.05,
            ..PLAIN
        },
        Step {
            rule: adam(true),
            rate: 0.003,
            decay: 0.1,
            ..PLAIN
        },
        Step {
            rule: Rule::AmsGrad {
                betas: [0.9, 0.9],
                epsilon: 1e-8,
            },
            rate: 0.003,
            decay: 0.01,
            ..PLAIN
        },
    ];
    for loss in Loss::all() {
        for (step, shape) in steps.iter().zip(shapes(19, 11, 23)) {
            let (plan, start, first) = problem(loss, shape, 37, 5);
            on_both(plan, &start, |[cpu, gpu]| {
                let mut random = fastrand::Rng::with_seed(11);
                let mut batch = first.clone();
                for number in 0..8 {
                    let step = Step {
                        warmth: number as f32 / 7.0,
                        ..*step
                    };
                    for trainer in [&mut *cpu, &mut *gpu] {
                        trainer.step(&batch, &step).expect("a step");
                    }
                    batch = pairs(&plan, &mut random);
                }
                let name = format!("{loss:?} by {:?}", step.rule);
                let [a, b] = [&mut *cpu, &mut *gpu].map(|t| t.losses().expect("losses"));
                assert_eq!(a.len(), 8);
                near_losses(&format!("{name}: losses"), &a, &b, 1e-3);
                let [a, b] = [&mut *cpu, &mut *gpu].map(|t| t.learned().expect("learned"));
                assert_eq!((a.steps, b.steps), (8, 8));
                assert_ne!(a.weights, start.weights);
                near(&format!("{name}: weights"), &a.weights, &b.weights, 1e-3);
                near(&format!("{name}: first"), &a.first, &b.first, 1e-3);
                near(&format!("{name}: second"), &a.second, &b.second, 1e-3);
                near(&format!("{name}: most"), &a.most, &b.most, 1e-3);
                let by_most = matches!(step.rule, Rule::AmsGrad { .. });
                let above = a.most.iter().zip(&a.second);
                assert_eq!(
                    above.filter(|(most, second)| most > second).count() > 0,
                    by_most
                );
                let fixed = !plan.scalars;
                assert!(!fixed || b.weights.ends_with(&[0.0; SCALARS]));
                // What is learned goes on as it would have.
                let engine = &engines()[1];
                let mut goes_on = engine.trainer(plan, start.clone()).expect("a trainer");
                goes_on.put(&b).expect("as it was learned");
                goes_on.step(&batch, step).expect("a step");
                gpu.step(&batch, step).expect("a step");
                assert_eq!(
                    goes_on.learned().expect("learned"),
                    gpu.learned().expect("learned")
                );
            });
        }
    }
}

#[test]
fn a_scale_is_bounded_by_both_engines() {
    let loss = "siglip".parse().expect("a loss");
    let (plan, mut start, batch) = problem(loss, HeadShape::linear(6, 4), 9, 1);
    let count = plan.shape.weights();
    start.weights[count] = 4.7;
    on_both(plan, &start, |[cpu, gpu]| {
        for trainer in [cpu, gpu] {
            trainer
                .step(&batch, &Step { rate: 0.0, ..PLAIN })
                .expect("a step");
            let learned = trainer.learned().expect("learned");
            assert_eq!(learned.weights[count], 100_f32.ln());
            assert_eq!(learned.weights[..count], start.weights[..count]);
        }
    });
}

#[test]
fn no_loss_is_dropped_and_others_may_use_the_device_between_steps() {
    let loss = Loss::default();
    let (plan, start, batch) = problem(loss, HeadShape::linear(6, 4), 5, 2);
    let images = random(40, 8, 1);
    let groups = Groups::uniform(40, 1);
    on_both(plan, &start, |[cpu, gpu]| {
        let count = 2 * KEPT_LOSSES + 7;
        for number in 0..count {
            for trainer in [&mut *cpu, &mut *gpu] {
                trainer
                    .step(
                        &batch,
                        &Step {
                            rate: 0.01,
                            ..PLAIN
                        },
                    )
                    .expect("a step");
            }
            if number % 50 == 0 {
                let options = RankOptions { k: 0, margin: None };
                let ranked =
                    engines()[1].rank(&images, &images, &groups, options, &Task::detached());
                assert!(
                    ranked
                        .expect("ranked")
                        .i2t
                        .ranks
                        .iter()
                        .all(|&rank| rank == 1)
                );
            }
        }
        let [a, b] = [&mut *cpu, &mut *gpu].map(|t| t.losses().expect("losses"));
        assert_eq!(a.len(), count);
        near_losses("many steps", &a, &b, 1e-3);
        assert!(a[count - 1].mean < a[0].mean);
        assert!(gpu.losses().expect("losses").is_empty());
    });
}
