//! Batches that hold the share of each stratum of like gradients.

use super::policies::sampler;
use super::runs::{ground, setup, trained};
use super::task;
use nearmiss::compute::Cpu;
use nearmiss::compute::train::{Activation, Hidden};
use nearmiss::learn::strata::{Descent, Form, descend};
use nearmiss::learn::{Course, Finish, Paired, Setup, Start, train};
use std::collections::HashSet;
use std::time::Instant;

fn strata(loss: &str) -> Setup {
    Setup {
        policy: "strata".parse().unwrap(),
        ..setup(loss)
    }
}

#[test]
fn every_pair_comes_once_an_epoch_and_each_batch_has_its_share_of_the_strata() {
    let (ground, task, setup) = (ground(&[]), task(), strata("mh"));
    let paired = Paired::of(&ground);
    let mut policy = sampler(&ground, &task, "strata", 0.0);
    let mut random = fastrand::Rng::with_seed(7);
    let mut last = None;
    let mut met = 0;
    for seed in 0..5 {
        // Other heads at each epoch, as in training.
        let start = Start::Random.learned(&Setup {
            seed: seed + 1,
            ..setup.clone()
        });
        let weights = start.unwrap().weights;
        let mut same = random.clone();
        let drawn = policy.epoch(seed as usize, &weights, &mut random).unwrap();
        let mut sorted = drawn.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, ground.pairs);

        let descent = Descent {
            strata: 16,
            sweeps: 10,
            settled: 1e-3,
            seed: same.u64(..),
            ..Descent::default()
        };
        let factors = paired.factors(&setup.head, &weights, 0.2, &task).unwrap();
        let gradients = factors.gradients(Form::Signal).unwrap();
        let found = descend(&gradients, &descent, last.as_ref(), &task).unwrap();
        let labels = found.strata.labels();
        let pair = |caption: &u32| ground.pairs.binary_search(caption).unwrap();
        for batch in drawn.chunks_exact(16) {
            let mut held = [0_usize; 16];
            for caption in batch {
                held[labels[pair(caption)] as usize] += 1;
            }
            for (held, size) in held.into_iter().zip(found.strata.sizes()) {
                let share = size * 16;
                assert!((share / 135..=share.div_ceil(135)).contains(&held));
            }
            let images: HashSet<u32> = batch.iter().map(|&c| ground.owners[c as usize]).collect();
            met += batch.len() - images.len();
        }
        last = Some(found.strata);
    }
    // Of 640 pairs. At random about a tenth would meet another of their image.
    assert!(met < 20, "{met} pairs met their image");
}

#[test]
fn a_seed_gives_one_stratified_run() {
    let ground = ground(&[]);
    for loss in ["mh", "infonce"] {
        let run = trained(&ground, &strata(loss));
        assert_eq!(run.learned, trained(&ground, &strata(loss)).learned);
        assert_ne!(run.learned, trained(&ground, &setup(loss)).learned);
        assert_eq!(run.finish, Finish::Finished);
        // 135 pairs: 128 of them in each of six epochs.
        assert_eq!(run.last().unwrap().drawn, 6 * 128);
        let about = run.notes.iter().filter(|note| note.contains("MH"));
        assert_eq!(about.count(), 1, "{:?}", run.notes);
    }
    // Strata are fewer than pairs of a batch where there are not two pairs for each.
    let wide = Setup {
        batch: 100,
        ..strata("mh")
    };
    assert_eq!(trained(&ground, &wide).steps(), 6);
}

#[test]
fn a_stratified_run_that_goes_on_tells_that_strata_began_anew() {
    let ground = ground(&[]);
    let (half, whole) = (
        Setup {
            epochs: 3,
            ..strata("mh")
        },
        strata("mh"),
    );
    let first = trained(&ground, &half);
    let on = Course {
        engine: &Cpu,
        ground: &ground,
        setup: &whole,
        before: Some(&first),
        order: None,
        mined: None,
    };
    let second = train(on, first.learned.clone(), &mut |_| true, &task()).unwrap();
    assert_eq!(second.legs, [first.steps()]);
    let anew = second.notes.iter().filter(|note| note.contains("anew"));
    let about = second.notes.iter().filter(|note| note.contains("MH"));
    assert_eq!((anew.count(), about.count()), (1, 1), "{:?}", second.notes);
}

#[test]
fn heads_without_such_gradients_are_refused_before_training() {
    let mut hidden = strata("mh");
    hidden.head.hidden = Some(Hidden {
        width: 4,
        activation: Activation::Relu,
    });
    let mut shared = strata("mh");
    shared.head.shared = true;
    let mut biased = strata("mh");
    biased.head.bias = true;
    biased.epochs = 1;
    for refused in [&hidden, &shared] {
        let error = refused.check().unwrap_err().to_string();
        assert!(error.contains("one linear head for each side"), "{error}");
    }
    assert_eq!(trained(&ground(&[]), &biased).finish, Finish::Finished);
}

#[test]
fn grouping_ends_when_it_is_cancelled() {
    let (ground, task, setup) = (ground(&[]), task(), strata("mh"));
    let weights = Start::Random.learned(&setup).unwrap().weights;
    let mut policy = sampler(&ground, &task, "strata", 0.0);
    task.cancel();
    let start = Instant::now();
    let ended = policy.epoch(0, &weights, &mut fastrand::Rng::with_seed(1));
    assert!(ended.is_err_and(|error| error.is_cancelled()));
    assert!(start.elapsed().as_secs_f64() < 1.0);
}

#[test]
fn what_was_confirmed_is_no_negative_of_a_pair() {
    let (setup, task) = (strata("mh"), task());
    let weights = Start::Random.learned(&setup).unwrap().weights;
    let hardest = |confirmed: &[(u32, u32)]| {
        let paired = Paired::of(&ground(confirmed));
        let factors = paired.factors(&setup.head, &weights, 0.2, &task).unwrap();
        (factors.hardest_text, factors.images)
    };
    let (texts, images) = hardest(&[]);
    // Captions and pairs have the same numbers here: all captions of the first images are trained on.
    let confirmed = [(images[10], texts[10])];
    assert_ne!(hardest(&confirmed).0[10], texts[10]);
}
