//! Runs on made embeddings: what must hold of any.

use super::task;
use nearmiss::compute::train::{Activation, HeadShape, Hidden, Loss};
use nearmiss::compute::{Cpu, Embedded, Embeddings, Groups};
use nearmiss::error::Result;
use nearmiss::learn::{
    Course, Finish, Ground, Live, OptimizerKind, Point, Run, SameImage, Schedule, Setup, Split,
    Start, groups, train,
};
use std::sync::Arc;

const DIM: usize = 24;
const IMAGES: usize = 60;
const EACH: usize = 3;

/// Images and captions that say the same six hidden numbers in two ways, with noise: what linear heads can learn.
pub fn embedded(seed: u64) -> Embedded {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut number = move || random.f32() * 2.0 - 1.0;
    let mut mixing = || -> Vec<f32> { (0..6 * DIM).map(|_| number()).collect() };
    let (to_image, to_text) = (mixing(), mixing());
    let mut random = fastrand::Rng::with_seed(seed + 1);
    let mut number = move || random.f32() * 2.0 - 1.0;
    let (mut images, mut texts) = (Vec::new(), Vec::new());
    for _ in 0..IMAGES {
        let hidden: Vec<f32> = (0..6).map(|_| number()).collect();
        let mut row = |mixing: &[f32], noise: f32| -> Vec<f32> {
            let value = |column: usize| {
                let parts = hidden.iter().enumerate();
                parts
                    .map(|(k, h)| h * mixing[k * DIM + column])
                    .sum::<f32>()
            };
            (0..DIM)
                .map(|column| value(column) + noise * number())
                .collect()
        };
        images.extend(row(&to_image, 0.2));
        for _ in 0..EACH {
            texts.extend(row(&to_text, 0.3));
        }
    }
    Embedded::new(
        Embeddings::new(images, DIM).unwrap(),
        Embeddings::new(texts, DIM).unwrap(),
        Groups::uniform(IMAGES, EACH),
    )
    .unwrap()
}

pub fn ground(confirmed: &[(u32, u32)]) -> Ground {
    let split = Split::ranges(0..45, 45..60, IMAGES).unwrap();
    Ground::new(&embedded(1), split, confirmed).unwrap()
}

pub fn setup(loss: &str) -> Setup {
    let mut setup = Setup::new(loss.parse().unwrap(), DIM, 8);
    setup.batch = 16;
    setup.epochs = 6;
    setup.optimizer.rate = 0.01;
    setup
}

fn course<'a>(ground: &'a Ground, setup: &'a Setup) -> Course<'a> {
    Course {
        engine: &Cpu,
        ground,
        setup,
        before: None,
        order: None,
        mined: None,
    }
}

pub fn trained(ground: &Ground, setup: &Setup) -> Run {
    let start = Start::Random.learned(setup).unwrap();
    train(course(ground, setup), start, &mut |_| true, &task()).unwrap()
}

pub fn r5(run: &Run, point: usize) -> f64 {
    run.points[point].valid.t2i[1]
}

#[test]
fn every_loss_learns_what_is_there() {
    let ground = ground(&[]);
    for loss in Loss::all() {
        let mut setup = setup(loss.name());
        setup.epochs = 20;
        let run = trained(&ground, &setup);
        let (before, after) = (r5(&run, 0), r5(&run, run.points.len() - 1));
        // Chance is a third: 5 of 15 images.
        assert!(
            after > before + 15.0 && after > 60.0,
            "{loss:?}: {before} to {after}"
        );
        assert_eq!(run.finish, Finish::Finished);
        assert_eq!(run.epochs().count(), 20);
        let last = run.last().unwrap();
        assert_eq!(last.step, run.learned.steps);
        assert_eq!(last.ranks.clone().map(|ranks| ranks.len()), [15, 45]);
        assert!(!last.hard.is_empty() && last.active.is_some());
    }
}

#[test]
fn heads_of_every_shape_learn() {
    let ground = ground(&[]);
    for residual in [false, true] {
        for hidden in [None, Some(Activation::Relu), Some(Activation::Gelu)] {
            let mut setup = setup("infonce");
            setup.epochs = 20;
            setup.head = HeadShape {
                outputs: if residual { DIM } else { 8 },
                hidden: hidden.map(|activation| Hidden {
                    width: 16,
                    activation,
                }),
                bias: hidden.is_some(),
                residual,
                ..setup.head
            };
            let run = trained(&ground, &setup);
            let after = r5(&run, run.points.len() - 1);
            assert!(after > 60.0, "{residual} {hidden:?}: {after}");
        }
    }
}

#[test]
fn a_residual_starts_with_the_embeddings_as_they_are() {
    let ground = ground(&[]);
    let mut setup = setup("mh");
    setup.epochs = 1;
    setup.head = HeadShape {
        outputs: DIM,
        residual: true,
        ..setup.head
    };
    let run = trained(&ground, &setup);
    let (images, texts, groups) = ground.part(&ground.split.valid);
    let options = nearmiss::compute::RankOptions { k: 0, margin: None };
    use nearmiss::compute::Engine;
    let ranking = Cpu
        .rank(&images, &texts, &groups, options, &task())
        .unwrap();
    assert_eq!(run.points[0].ranks, [ranking.i2t.ranks, ranking.t2i.ranks]);
}

#[test]
fn a_seed_gives_one_run_and_going_on_is_training_through() {
    let ground = ground(&[]);
    let whole = setup("mh");
    let through = trained(&ground, &whole);
    assert_eq!(through.learned, trained(&ground, &whole).learned);
    let other = Setup {
        seed: 2,
        ..whole.clone()
    };
    assert_ne!(through.learned, trained(&ground, &other).learned);

    let half = Setup {
        epochs: 3,
        ..whole.clone()
    };
    let first = trained(&ground, &half);
    let on = Course {
        before: Some(&first),
        ..course(&ground, &whole)
    };
    let second = train(on, first.learned.clone(), &mut |_| true, &task()).unwrap();
    assert_eq!(second.learned, through.learned);
    let recalls = |run: &Run| {
        run.points
            .iter()
            .map(|p| (p.step, p.valid))
            .collect::<Vec<_>>()
    };
    assert_eq!(recalls(&second), recalls(&through));
}

#[test]
fn going_on_otherwise_than_trained_through_is_told_and_kept_apart() {
    let ground = ground(&[]);
    let half = Setup {
        schedule: Schedule::Cosine,
        epochs: 3,
        ..setup("mh")
    };
    let whole = Setup {
        epochs: 6,
        ..half.clone()
    };
    let first = trained(&ground, &half);
    let on = Course {
        before: Some(&first),
        ..course(&ground, &whole)
    };
    let second = train(on, first.learned.clone(), &mut |_| true, &task()).unwrap();
    assert_eq!(second.legs, [first.steps()]);
    assert!(second.notes.iter().any(|note| note.contains("schedule")));
    // It is in no band with a run that was trained through, though their setups are equal.
    let through = trained(&ground, &whole);
    assert_eq!(second.setup, through.setup);
    assert!(!second.is_like(&through));
}

#[test]
fn runs_are_together_only_where_their_figures_can_be() {
    let plain = Arc::new(trained(&ground(&[]), &setup("mh")));
    // Other pairs were confirmed: other negatives.
    let confirmed = trained(&ground(&[(0, 4)]), &setup("mh"));
    assert!(!plain.is_like(&confirmed));
    // One run under two seeds' names has no band.
    let mut twin = (*plain).clone();
    twin.setup.seed = 2;
    let found = groups(&[Arc::clone(&plain), Arc::new(twin)]);
    let recall = |point: &Point| Some(point.valid.i2t[0]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].last(&recall).unwrap().half, None);
    // What a loss does not read tells no runs apart.
    let mut odd = setup("sh");
    odd.temperature = 0.5;
    assert_eq!(odd.clone().normalised(), setup("sh"));
    assert_ne!(odd, setup("sh"));
}

#[test]
fn a_run_that_is_stopped_ends_at_a_measured_moment() {
    let ground = ground(&[]);
    let setup = setup("sh");
    let start = Start::Random.learned(&setup).unwrap();
    let mut points = 0;
    let mut watch = |live: Live<'_>| {
        points += usize::from(matches!(live, Live::Point(_)));
        points < 4
    };
    let run = train(course(&ground, &setup), start, &mut watch, &task()).unwrap();
    assert_eq!(run.finish, Finish::Stopped);
    assert_eq!(run.last().unwrap().step, run.learned.steps);
    assert!(run.steps() > 0 && run.epochs().count() < 6);

    let cancelled = task();
    cancelled.cancel();
    let start = Start::Random.learned(&setup).unwrap();
    let ended = train(course(&ground, &setup), start, &mut |_| true, &cancelled);
    assert!(ended.is_err_and(|error| error.is_cancelled()));
}

#[test]
fn confirmed_pairs_and_captions_of_one_image_are_no_negatives() {
    // Caption 4 (image 1) is right for image 0 too.
    let ground = ground(&[(0, 4)]);
    let captions = [0, 1, 4, 30];
    let batch = ground.batch(&captions, true);
    // Rows 0 and 1 are captions 0 and 1 of image 0: each other's, and caption 4 in column 2.
    assert_eq!(batch.left_out, [1, 2, 4, 6]);
    assert_eq!(ground.batch(&captions, false).left_out, [2, 6]);
    assert_eq!(batch.images[..DIM], batch.images[DIM..2 * DIM]);

    // It is so in training: with the pair as a negative the first loss is another one.
    let mut setup = setup("sh");
    setup.batch = 4;
    setup.epochs = 1;
    setup.same_image = SameImage::LeftOut;
    let order = [captions.to_vec()];
    let first_loss = |ground: &Ground, setup: &Setup| {
        let start = Start::Random.learned(setup).unwrap();
        let course = Course {
            order: Some(&order),
            ..course(ground, setup)
        };
        let run = train(course, start, &mut |_| true, &task()).unwrap();
        run.first_loss.unwrap()
    };
    let with = first_loss(&ground, &setup);
    let without = first_loss(&self::ground(&[]), &setup);
    assert!(with < without, "{with} and {without}");
}

#[test]
fn an_order_that_does_not_fit_is_refused() {
    let ground = ground(&[]);
    let mut setup = setup("mh");
    setup.batch = 2;
    let run = |order: &[Vec<u32>], epochs: usize| -> Result<Run> {
        let setup = Setup {
            epochs,
            ..setup.clone()
        };
        let course = Course {
            order: Some(order),
            ..course(&ground, &setup)
        };
        train(
            course,
            Start::Random.learned(&setup)?,
            &mut |_| true,
            &task(),
        )
    };
    assert_eq!(run(&[vec![0, 3], vec![6, 9]], 2).unwrap().steps(), 2);
    assert!(run(&[vec![0, 3], vec![6, 9], vec![1, 4]], 2).is_err());
    assert!(run(&[vec![0, 3, 6]], 1).is_err());
    // Caption 150 is of an image that is held out; 900 is none.
    assert!(run(&[vec![0, 150]], 1).is_err());
    assert!(run(&[vec![0, 900]], 1).is_err());
    assert!(run(&[], 1).is_err());
}

#[test]
fn a_run_that_diverges_is_told_and_ends_at_figures_that_hold() {
    let ground = ground(&[]);
    // Hinges of what is no number are 0, which must not be taken for a loss.
    for loss in ["infonce", "mh", "sh", "siglip"] {
        let mut setup = setup(loss);
        setup.optimizer.kind = OptimizerKind::AdamW;
        setup.optimizer.rate = 1e6;
        setup.optimizer.decay = 10.0;
        setup.epochs = 30;
        let run = trained(&ground, &setup);
        assert_eq!(run.finish, Finish::Diverged, "{loss}");
        assert!(run.notes.iter().any(|note| note.contains("rate")));
        assert!(run.points.iter().all(|p| p.loss.is_none_or(f64::is_finite)));
        assert!(run.learned.weights.iter().all(|w| w.is_finite()));
    }
}

#[test]
fn a_kept_run_is_the_same_and_no_other_is_taken_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let ground = ground(&[]);
    let run = trained(&ground, &setup("mh"));
    let path = folder.path().join("a.json");
    run.save(&path).unwrap();
    let again = Run::open(&path).unwrap();
    assert_eq!((&again.setup, &again.learned), (&run.setup, &run.learned));
    assert_eq!((&again.split, again.finish), (&run.split, run.finish));
    for (a, b) in again.points.iter().zip(&run.points) {
        assert_eq!((a.step, a.epoch, &a.ranks), (b.step, b.epoch, &b.ranks));
        let pairs = a.valid.all().into_iter().zip(b.valid.all());
        let off = pairs.map(|(a, b)| (a - b).abs());
        assert!(off.fold(0.0, f64::max) < 1e-12);
    }
    let other = trained(&ground, &setup("sh"));
    let second = folder.path().join("b.json");
    other.save(&second).unwrap();
    std::fs::copy(
        folder.path().join("b.safetensors"),
        folder.path().join("a.safetensors"),
    )
    .unwrap();
    let error = Run::open(&path).unwrap_err();
    assert!(error.to_string().contains("not of one run"), "{error}");
    std::fs::write(&path, "{}").unwrap();
    assert!(Run::open(&path).is_err());
}

#[test]
fn images_that_are_in_both_parts_by_content_are_told() {
    let set = embedded(1);
    let mut images = set.images.data().to_vec();
    images.copy_within(0..DIM, 50 * DIM);
    let twice = Embedded::new(
        Embeddings::new(images, DIM).unwrap(),
        (*set.texts).clone(),
        Groups::uniform(IMAGES, EACH),
    )
    .unwrap();
    let split = Split::ranges(0..45, 45..60, IMAGES).unwrap();
    let ground = Ground::new(&twice, split, &[]).unwrap();
    assert!(
        ground.notes[0].starts_with("1 of the 15 images held out"),
        "{:?}",
        ground.notes
    );
    assert!(self::ground(&[]).notes.is_empty());
}
