//! The policy that makes pairs easier at first.

use super::runs::{ground, setup, trained};
use nearmiss::compute::Cpu;
use nearmiss::compute::train::{Batch, HeadShape, LEFT_OUT, Loss, Step, Train, Trainer};
use nearmiss::learn::{Friendly, Setup, Start, ease};
use proptest::prelude::*;

const PAIRS: usize = 9;

/// Heads as they start, and a batch of random rows of which one pair is left out.
fn made(loss: &str, change: fn(&mut HeadShape), seed: u64) -> (Setup, Batch) {
    let mut setup = setup(loss);
    setup.batch = PAIRS;
    change(&mut setup.head);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut rows = || -> Vec<f32> {
        let count = PAIRS * setup.head.inputs;
        (0..count).map(|_| random.f32() * 2.0 - 1.0).collect()
    };
    let batch = Batch {
        images: rows(),
        texts: rows(),
        left_out: vec![1],
    };
    (setup, batch)
}

fn trainer(setup: &Setup) -> Box<dyn Trainer> {
    let start = Start::Random.learned(setup).unwrap();
    Cpu.trainer(setup.plan(), start).unwrap()
}

fn step(setup: &Setup) -> Step {
    setup.step(0.1)
}

fn shapes() -> [fn(&mut HeadShape); 4] {
    use nearmiss::compute::train::{Activation, Hidden};
    [
        |_| (),
        |shape| shape.bias = true,
        |shape| {
            shape.outputs = shape.inputs;
            shape.residual = true;
        },
        |shape| {
            shape.hidden = Some(Hidden {
                width: 7,
                activation: Activation::Gelu,
            });
            shape.bias = true;
            shape.shared = true;
        },
    ]
}

#[test]
fn slopes_in_the_rows_are_those_of_central_differences() {
    // Losses without corners; the others share all but the line's cost, which is checked by itself.
    for loss in ["infonce", "siglip"] {
        for (n, change) in shapes().into_iter().enumerate() {
            let (setup, batch) = made(loss, change, 3);
            let mut trainer = trainer(&setup);
            let found = trainer.by_rows(&batch, &step(&setup)).unwrap();
            let (same, _) = trainer.gradient(&batch, &step(&setup)).unwrap();
            assert_eq!(found.loss, same);
            assert_eq!(found.scores, trainer.scores(&batch).unwrap());
            let mut cost = |batch: &Batch| {
                let (loss, _) = trainer.gradient(batch, &step(&setup)).unwrap();
                f64::from(loss.mean)
            };
            // Along random directions of all rows of a side, so that rounding stays small.
            let mut random = fastrand::Rng::with_seed(7);
            for side in 0..2 {
                for _ in 0..4 {
                    let slopes = &found.slopes[side];
                    let along: Vec<f32> = slopes.iter().map(|_| random.f32() - 0.5).collect();
                    let by = 4e-3_f32;
                    let mut moved = |sign: f32| {
                        let mut batch = batch.clone();
                        let rows = if side == 0 {
                            &mut batch.images
                        } else {
                            &mut batch.texts
                        };
                        rows.iter_mut()
                            .zip(&along)
                            .for_each(|(v, a)| *v += sign * by * a);
                        cost(&batch)
                    };
                    let numeric = (moved(1.0) - moved(-1.0)) / f64::from(2.0 * by);
                    let pairs = slopes.iter().zip(&along);
                    let own: f64 = pairs.map(|(s, a)| f64::from(*s) * f64::from(*a)).sum();
                    let off = (numeric - own).abs();
                    let size = own.abs().max(0.05);
                    assert!(off < 0.02 * size, "{loss} {n} {side}: {numeric} {own}");
                }
            }
        }
    }
}

#[test]
fn a_small_move_does_not_raise_the_loss() {
    // Semi-hard's jumps where a negative overtakes the positive: no step is small enough for it.
    for loss in Loss::all().filter(|loss| loss.name() != "semi-hard") {
        let (setup, batch) = made(loss.name(), |_| (), 5);
        let mut trainer = trainer(&setup);
        let before = trainer.by_rows(&batch, &step(&setup)).unwrap().loss.mean;
        let moved = ease(&mut *trainer, batch.clone(), (0.02, 1), &step(&setup)).unwrap();
        assert_ne!(moved, batch, "{loss:?}");
        let after = trainer.by_rows(&moved, &step(&setup)).unwrap().loss.mean;
        assert!(after < before, "{loss:?}: {before} {after}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn moved_rows_stay_within_the_radius_and_easy_pairs_where_they_are(
        seed in 0_u64..500, radius in 0.01_f32..2.0, steps in 1_usize..6,
    ) {
        let (setup, batch) = made("mh", |_| (), seed);
        let mut trainer = trainer(&setup);
        let scores = trainer.scores(&batch).unwrap();
        let moved = ease(&mut *trainer, batch.clone(), (radius, steps), &step(&setup)).unwrap();
        prop_assert_eq!(&moved.left_out, &batch.left_out);
        let width = setup.head.inputs;
        // Pairs that are found first in both directions from the start on.
        let easy = |own: usize| (0..PAIRS).filter(|&n| n != own).all(|n| {
            let beside = [scores[own * PAIRS + n], scores[n * PAIRS + own]];
            beside.iter().all(|&s| s == LEFT_OUT || s < scores[own * PAIRS + own])
        });
        let mut any = false;
        for (was, is) in [(&batch.images, &moved.images), (&batch.texts, &moved.texts)] {
            for (n, (was, is)) in was.chunks(width).zip(is.chunks(width)).enumerate() {
                let away: f32 = was.iter().zip(is).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt();
                prop_assert!(away <= radius * (1.0 + 1e-3) + 1e-6, "{} beyond {}", away, radius);
                any |= away > 0.0;
                if steps == 1 && easy(n) {
                    prop_assert_eq!(was, is);
                }
            }
        }
        prop_assert!(any || (0..PAIRS).all(easy));
    }
}

#[test]
fn a_radius_of_0_is_the_uniform_run_to_the_bit_and_another_is_not() {
    let ground = ground(&[]);
    for loss in ["mh", "infonce"] {
        let mut setup = setup(loss);
        let plain = trained(&ground, &setup);
        setup.policy = "friendly".parse().unwrap();
        setup.friendly.radius = 0.0;
        let same = trained(&ground, &setup);
        assert_eq!(plain.learned, same.learned, "{loss}");
        for (a, b) in plain.points.iter().zip(&same.points) {
            assert_eq!((a.loss, &a.valid, &a.ranks), (b.loss, &b.valid, &b.ranks));
        }
        setup.friendly.radius = 0.5;
        let moved = trained(&ground, &setup);
        assert_ne!(moved.learned.weights, plain.learned.weights, "{loss}");
        // At equal epochs the steps are as many.
        assert_eq!(moved.steps(), plain.steps());
        assert!(moved.notes.iter().any(|note| note.contains("made easier")));
        // It began with the same heads, and batches that cost less.
        assert_eq!(moved.points[0].valid, plain.points[0].valid);
        assert!(
            moved.first_loss.unwrap() < plain.first_loss.unwrap(),
            "{loss}"
        );
    }
}

#[test]
fn the_last_part_of_a_run_sees_the_embeddings_as_they_are() {
    let mut setup = setup("infonce");
    setup.policy = "friendly".parse().unwrap();
    setup.friendly = Friendly {
        radius: 0.5,
        steps: 2,
        until: 0.5,
    };
    let (_, batch) = made("infonce", |_| (), 1);
    setup.batch = PAIRS;
    let mut own = trainer(&setup);
    for (done, moves) in [(0.0, true), (0.3, true), (0.5, false), (0.9, false)] {
        let eased = nearmiss::learn::eased(&mut *own, batch.clone(), &setup, done).unwrap();
        assert_eq!(eased != batch, moves, "{done}");
    }
    // Another policy moves nothing, whatever the radius.
    setup.policy = "uniform".parse().unwrap();
    let eased = nearmiss::learn::eased(&mut *own, batch.clone(), &setup, 0.0).unwrap();
    assert_eq!(eased, batch);
    // Two setups that train the same are the same.
    assert_eq!(setup.clone().normalised().friendly, Friendly::default());
}
