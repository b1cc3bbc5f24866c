//! What holds of projections and of the steps.

use crate::learn::runs::{ground, setup, trained};
use nearmiss::compute::Cpu;
use nearmiss::compute::train::{Learned, Plan, Train};
use nearmiss::learn::forget::{
    Ascent, Asked, Chosen, Ended, Forgot, Half, Subspace, forget, held_out, similarities,
};
use nearmiss::learn::{Ground, Run, SameImage};
use nearmiss::task::Task;
use proptest::prelude::*;

/// `rows` inputs of `width` values that lie in `rank` directions, but for noise.
fn inputs(seed: u64, [rows, width, rank]: [usize; 3], noise: f32) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mixing: Vec<f32> = (0..rank * width).map(|_| random.f32() - 0.5).collect();
    let mut all = Vec::new();
    for _ in 0..rows {
        let hidden: Vec<f32> = (0..rank).map(|_| random.f32() - 0.3).collect();
        for column in 0..width {
            let parts = hidden.iter().enumerate();
            let value: f32 = parts.map(|(k, h)| h * mixing[k * width + column]).sum();
            all.push(value + noise * (random.f32() - 0.5));
        }
    }
    all
}

fn of(rows: &[f32], width: usize, bias: bool, energy: f64) -> Subspace {
    Subspace::of(&[rows], width, bias, energy, &Task::detached()).unwrap()
}

/// |W x|^2 of each input, with the bias's 1.
fn moved(weights: &[f64], rows: &[f32], width: usize, bias: bool) -> Vec<f64> {
    let columns = width + usize::from(bias);
    let each = rows.chunks(width).map(|row| {
        let wide: Vec<f64> = row
            .iter()
            .map(|&v| f64::from(v))
            .chain(bias.then_some(1.0))
            .collect();
        let outputs = weights.chunks(columns).map(|line| {
            let parts = line.iter().zip(&wide);
            parts.map(|(w, v)| w * v).sum::<f64>().powi(2)
        });
        outputs.sum()
    });
    each.collect()
}

proptest! {
    #[test]
    fn retained_outputs_move_by_no_more_than_the_energy_left_out(
        seed in 0_u64..1_000, rows in 2_usize..40, width in 2_usize..12, rank in 1_usize..6,
        energy in 0.05_f64..1.0, bias: bool,
    ) {
        let rows = inputs(seed, [rows, width, rank], 0.1);
        let space = of(&rows, width, bias, energy);
        let columns = width + usize::from(bias);
        let mut random = fastrand::Rng::with_seed(seed + 7);
        let plain: Vec<f64> = (0..3 * columns).map(|_| random.f64() - 0.5).collect();
        let mut change = plain.clone();
        space.project(&mut change);
        let each = moved(&change, &rows, width, bias);
        let mean = each.iter().sum::<f64>() / each.len() as f64;
        let square: f64 = change.iter().map(|v| v * v).sum();
        prop_assert!(mean <= square * space.left_out + 1e-12, "{mean} over {}", square * space.left_out);
        prop_assert!((space.mean_square(&change) - mean).abs() <= 1e-9 * (1.0 + mean));
        // A projection made twice is made once, and makes nothing longer.
        let mut again = change.clone();
        space.project(&mut again);
        prop_assert!(again.iter().zip(&change).all(|(a, b)| (a - b).abs() < 1e-12));
        prop_assert!(square <= plain.iter().map(|v| v * v).sum::<f64>() + 1e-12);
        // As few directions as keep so much: with one less, less than that would be kept.
        prop_assert!(space.left_out <= (1.0 - energy) * space.energy + 1e-12);
    }

    #[test]
    fn at_an_energy_of_1_retained_outputs_stay(
        seed in 0_u64..1_000, rows in 2_usize..30, rank in 1_usize..5,
    ) {
        let width = 10;
        let rows = inputs(seed, [rows, width, rank], 0.0);
        let space = of(&rows, width, false, 1.0);
        prop_assert!(space.kept <= rank + 4);
        let mut random = fastrand::Rng::with_seed(seed);
        let mut change: Vec<f64> = (0..4 * width).map(|_| random.f64() - 0.5).collect();
        space.project(&mut change);
        let most = moved(&change, &rows, width, false).into_iter().fold(0.0, f64::max);
        prop_assert!(most.sqrt() < 1e-6, "{most}");
    }
}

#[test]
fn directions_are_those_of_most_energy() {
    // Two inputs along one axis and one along another: 8 of 9 of the energy lie along the first.
    let rows = [2.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 1.0, 0.0];
    let space = of(&rows, 3, false, 0.85);
    assert_eq!((space.kept, space.width), (1, 3));
    assert!((space.energy - 3.0).abs() < 1e-12 && (space.left_out - 1.0 / 3.0).abs() < 1e-12);
    let mut change = vec![5.0, 6.0, 7.0];
    space.project(&mut change);
    for (value, right) in change.iter().zip([0.0, 6.0, 7.0]) {
        assert!((value - right).abs() < 1e-12);
    }
    assert_eq!(of(&rows, 3, false, 0.9).kept, 2);
    assert_eq!(of(&rows, 3, false, 1.0).kept, 2);
}

fn forgets(run: &Run, chosen: &Chosen, asked: &Asked) -> Forgot {
    let ascent = Ascent {
        engine: &Cpu,
        setup: &run.setup,
        weights: &run.learned.weights,
        asked,
        seed: 3,
    };
    forget(&ascent, chosen, &Task::detached()).unwrap()
}

/// Loss of the first of `count` pairs of a batch: of their own lines, for each.
fn loss(ground: &Ground, run: &Run, weights: &[f32], batch: &[u32], count: usize) -> f64 {
    let plan = Plan {
        batch: batch.len(),
        ..run.setup.plan()
    };
    let mut trainer = Cpu.trainer(plan, Learned::new(weights.to_vec())).unwrap();
    let rows = ground.batch(batch, run.setup.same_image == SameImage::LeftOut);
    let (cost, _) = trainer.gradient(&rows, &run.setup.step(1.0)).unwrap();
    let own = cost.lines.chunks(batch.len()).flat_map(|way| &way[..count]);
    own.map(|&line| f64::from(line)).sum::<f64>() / count as f64
}

#[test]
fn the_loss_of_the_forgotten_goes_up_and_retained_outputs_move_as_bounded() {
    let ground = ground(&[]);
    for name in ["infonce", "mh", "sh", "siglip"] {
        let run = trained(&ground, &setup(name));
        let chosen = Chosen::of(&ground, &[3, 11, 30]).unwrap();
        assert_eq!(
            (chosen.captions.len(), chosen.retained.pairs.len()),
            (9, 126)
        );
        let asked = Asked {
            energy: 0.8,
            steps: 40,
            ..Asked::default()
        };
        let forgot = forgets(&run, &chosen, &asked);
        assert!(forgot.steps > 0, "{name}: {:?}", forgot.ended);
        let batch = [chosen.captions.as_slice(), &chosen.retained.pairs].concat();
        let [before, after] = [&run.learned.weights, &forgot.weights]
            .map(|weights| loss(&ground, &run, weights, &batch, 9));
        assert!(after > before, "{name}: {before} to {after}");
        for moved in &forgot.moved {
            assert!(moved.change > 0.0 && moved.kept < moved.directions);
            assert!(moved.mean_square <= moved.bound * (1.0 + 1e-9), "{moved:?}");
        }
        // From the weights as they are written, too.
        let range = 0..run.setup.head.parts()[0].first.count();
        let change: Vec<f64> = forgot.weights[range.clone()]
            .iter()
            .zip(&run.learned.weights[range])
            .map(|(now, then)| f64::from(*now) - f64::from(*then))
            .collect();
        let images = ground.embedded.images.gather(&chosen.retained.split.train);
        let each = moved(&change, images.data(), 24, false);
        let mean = each.iter().sum::<f64>() / each.len() as f64;
        assert!((mean - forgot.moved[0].mean_square).abs() < 1e-6 * (1.0 + mean));
        // What is no weight stays.
        let end = run.setup.head.weights();
        assert_eq!(forgot.weights[end..], run.learned.weights[end..]);
    }
}

#[test]
fn at_an_energy_of_1_heads_forget_and_retained_outputs_stay() {
    // As few retained pairs as leave directions: 5 images with 3 captions in 24 directions.
    let split = nearmiss::learn::Split::ranges(0..8, 45..60, 60).unwrap();
    let ground = Ground::new(&crate::learn::runs::embedded(1), split, &[]).unwrap();
    let mut long = setup("infonce");
    long.epochs = 60;
    let run = trained(&ground, &long);
    let chosen = Chosen::of(&ground, &[0, 1, 2]).unwrap();
    let asked = Asked {
        energy: 1.0,
        ..Asked::default()
    };
    let forgot = forgets(&run, &chosen, &asked);
    assert!(forgot.steps > 0);
    assert_eq!(
        forgot.moved.iter().map(|m| m.kept).collect::<Vec<_>>(),
        [5, 15]
    );
    let plan = run.setup.plan();
    let [before, after] = [&run.learned.weights, &forgot.weights].map(|weights| {
        let mut trainer = Cpu.trainer(plan, Learned::new(weights.clone())).unwrap();
        let kept = similarities(&mut *trainer, &ground, &chosen.retained.pairs).unwrap();
        (
            kept,
            similarities(&mut *trainer, &ground, &chosen.captions).unwrap(),
        )
    });
    let off = |a: &[f64], b: &[f64]| {
        a.iter()
            .zip(b)
            .fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()))
    };
    assert!(
        off(&before.0, &after.0) < 1e-6,
        "{}",
        off(&before.0, &after.0)
    );
    assert!(off(&before.1, &after.1) > 1e-2);
}

#[test]
fn forgetting_nothing_changes_nothing() {
    let ground = ground(&[]);
    let run = trained(&ground, &setup("mh"));
    let split = ground.split.clone();
    let nothing = Chosen {
        images: Vec::new(),
        captions: Vec::new(),
        retained: Ground::new(&ground.embedded, split, &[]).unwrap(),
        notes: Vec::new(),
    };
    let forgot = forgets(&run, &nothing, &Asked::default());
    assert_eq!(forgot.weights, run.learned.weights);
    assert_eq!((forgot.steps, forgot.losses), (0, None));
    assert!(forgot.moved.iter().all(|m| m.change == 0.0));
}

#[test]
fn steps_end_where_forgotten_pairs_are_as_those_held_out() {
    let ground = ground(&[]);
    let run = trained(&ground, &setup("infonce"));
    let chosen = Chosen::of(&ground, &[0, 5, 9, 20]).unwrap();
    let asked = Asked {
        energy: 0.5,
        steps: 2_000,
        ..Asked::default()
    };
    let forgot = forgets(&run, &chosen, &asked);
    assert_eq!(forgot.ended, Ended::Reached);
    let mut trainer = Cpu
        .trainer(run.setup.plan(), Learned::new(forgot.weights.clone()))
        .unwrap();
    let mut mean = |captions: &[u32]| {
        let all = similarities(&mut *trainer, &ground, captions).unwrap();
        all.iter().sum::<f64>() / all.len() as f64
    };
    let ends = held_out(&ground, Half::Ends);
    let tests = held_out(&ground, Half::Tests);
    assert!(mean(&chosen.captions) <= mean(&ends) + 1e-6);
    assert!(ends.iter().all(|caption| !tests.contains(caption)));
    assert_eq!(ends.len() + tests.len(), 15 * 3);
}

#[test]
fn work_is_cancelled() {
    let ground = ground(&[]);
    let run = trained(&ground, &setup("mh"));
    let chosen = Chosen::of(&ground, &[3]).unwrap();
    let task = Task::detached();
    task.cancel();
    let ascent = Ascent {
        engine: &Cpu,
        setup: &run.setup,
        weights: &run.learned.weights,
        asked: &Asked::default(),
        seed: 3,
    };
    assert!(forget(&ascent, &chosen, &task).is_err_and(|error| error.is_cancelled()));
}
