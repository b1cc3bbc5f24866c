//! A set that is invariant to rotation alone: bars of which everything but the direction tells captions apart.

use super::*;
use nearmiss::attack::Network;
use nearmiss::augment::{Asked, Course, Ground, Weighing, study};
use nearmiss::compute::{Embeddings, Groups};
use std::f32::consts::TAU;
use std::sync::Arc;

const SIDE: usize = 16;
const DIM: usize = 32;
const BARS: usize = 192;

/// A bar that lies off the middle, at right angles to where it lies: a turn of the picture leaves all else as it is.
struct Bar {
    /// Pixels from the middle.
    off: f32,
    width: f32,
    length: f32,
    /// Pixels over which its edges fade.
    soft: f32,
    colour: [f32; 3],
    /// What is around it.
    ground: f32,
}

impl Bar {
    fn drawn(random: &mut fastrand::Rng) -> Self {
        let mut between = |low: f32, high: f32| low + (high - low) * random.f32();
        Self {
            off: between(0.0, 4.5),
            width: between(1.5, 4.0),
            length: between(4.0, 12.0),
            soft: between(0.2, 1.2),
            colour: std::array::from_fn(|_| between(0.0, 0.5)),
            ground: between(0.05, 0.45),
        }
    }

    /// `[3, 16, 16]`, turned by `angle`.
    fn picture(&self, angle: f32) -> Vec<u8> {
        let (sin, cos) = angle.sin_cos();
        let within = |place: f32, half: f32| 1.0 / (1.0 + ((place.abs() - half) / self.soft).exp());
        let mut all = Vec::with_capacity(3 * SIDE * SIDE);
        for colour in self.colour {
            for at in 0..SIDE * SIDE {
                let middle = SIDE as f32 / 2.0 - 0.5;
                let (x, y) = ((at % SIDE) as f32 - middle, (at / SIDE) as f32 - middle);
                let (across, along) = (cos * x + sin * y - self.off, cos * y - sin * x);
                let there = within(across, self.width / 2.0) * within(along, self.length / 2.0);
                all.push((255.0 * (self.ground + colour * there)) as u8);
            }
        }
        all
    }
}

/// Bars in random directions; the caption of each is the mean embedding over all directions.
fn ground() -> (tempfile::TempDir, Ground) {
    let grid = grid(3, SIDE, SIDE);
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("model.onnx");
    // Waves of every pixel and of the channels' means: no change leaves an embedding as it is.
    write(&small_model(grid, (96, DIM), "Sin", [8.0, 6.0]), &path);
    let network = Network::open(&path, &[Provider::Cpu], &task()).unwrap();
    let mut random = fastrand::Rng::with_seed(21);
    let (mut pixels, mut texts) = (Vec::new(), Vec::new());
    for _ in 0..BARS {
        let bar = Bar::drawn(&mut random);
        let turns = 24;
        let all: Vec<f32> = (0..turns)
            .flat_map(|n| bar.picture(TAU * n as f32 / turns as f32))
            .map(|value| f32::from(value) / 255.0)
            .collect();
        let (values, dim) = network.forward(&all, turns, &task()).unwrap();
        let units = Embeddings::new(values, dim).unwrap();
        let mean = |k: usize| (0..turns).map(|n| units.row(n)[k]).sum::<f32>();
        texts.extend((0..dim).map(mean));
        pixels.extend(bar.picture(TAU * random.f32()));
    }
    let texts = Arc::new(Embeddings::new(texts, DIM).unwrap());
    let words: Vec<String> = (0..BARS).map(|n| format!("bar {n}")).collect();
    let groups = Arc::new(Groups::uniform(BARS, 1));
    let ground = Ground::new(Arc::new(network), pixels, (texts, groups), &words).unwrap();
    (home, ground)
}

#[test]
fn the_magnitude_of_rotation_grows_and_no_other() {
    let (_home, ground) = ground();
    let asked = Asked {
        seeds: 2,
        steps: 60,
        batch: 64,
        draws: 12,
        // Embeddings lie where the captions do: a read-out that hardly moves them, so that no change is of use as noise that keeps
        // it from learning its pictures by heart.
        weighing: Weighing {
            ridge: 0.3,
            ..Weighing::default()
        },
        ..Asked::default()
    };
    let mut seen = 0;
    let mut watch = |moment: &nearmiss::augment::Moment| {
        seen += 1;
        assert!(moment.outer.is_finite());
    };
    let found = study(&ground, &asked, &[Provider::Cpu], &mut watch, &task()).unwrap();
    assert_eq!(seen, 120);
    for run in &found.runs {
        println!("{:?}", run.magnitudes);
        for change in Change::ALL {
            let growth = run.magnitudes.get(change) - found.start.get(change);
            if change == Change::Rotation {
                assert!(run.magnitudes.get(change) > 0.25, "{:?}", run.magnitudes);
            } else {
                assert!(growth <= 0.0, "{}: {:?}", change.name(), run.magnitudes);
            }
        }
    }
    println!("{}", nearmiss::augment::headline(&found));
    println!("{:?} {:?}", found.gain(true), found.gain(false));
    assert_ne!(found.course(Change::Rotation), Course::Fell);
    assert!(found.gain(true).unwrap().mean > 0.0);
    // A cancelled study ends.
    let cancelled = task();
    cancelled.cancel();
    let ended = study(&ground, &asked, &[Provider::Cpu], &mut |_| (), &cancelled);
    assert!(ended.is_err_and(|error| error.is_cancelled()));
}
