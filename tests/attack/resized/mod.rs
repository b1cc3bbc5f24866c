//! Attacks at the picture's own resolution: the real-valued resize against the 8-bit one, its transpose, gradients.

mod demo;

use nearmiss::attack::pictures::pixels;
use nearmiss::attack::{AscentLoss, Resized, ValueAndGradient, Verdict, Victim};
use nearmiss::compute::Grid;
use nearmiss::dataset::{Picture, open_picture};
use nearmiss::encoder::{Filter, Line, Preprocess, Resize};
use nearmiss::error::Result;
use nearmiss::task::Task;
use proptest::prelude::*;
use std::path::PathBuf;

/// Scores `sum_i slope_i x_i + curve_i x_i^2 / 2` against 0.
pub struct Quadratic {
    pub grid: Grid,
    pub slope: Vec<f32>,
    pub curve: Vec<f32>,
}

impl Quadratic {
    pub fn flat(grid: Grid) -> Self {
        let zeros = vec![0.0; grid.len()];
        Self {
            grid,
            slope: zeros.clone(),
            curve: zeros,
        }
    }
}

impl Victim for Quadratic {
    fn grid(&self) -> Grid {
        self.grid
    }

    fn has_gradient(&self) -> bool {
        true
    }

    fn predict(&mut self, _: &[usize], x: &[f32], task: &Task) -> Result<Vec<Verdict>> {
        task.check()?;
        let score = |x: &[f32]| -> f64 {
            let terms = x.iter().zip(&self.slope).zip(&self.curve);
            terms
                .map(|((x, s), c)| {
                    f64::from(*x) * (f64::from(*s) + 0.5 * f64::from(*c) * f64::from(*x))
                })
                .sum()
        };
        let verdict = |x: &[f32]| Verdict {
            right: 0.0,
            wrong: score(x) as f32,
            fooled: score(x) > 0.0,
        };
        Ok(x.chunks_exact(self.grid.len()).map(verdict).collect())
    }

    fn value_and_gradient(
        &mut self,
        rows: &[usize],
        x: &[f32],
        _: AscentLoss<'_>,
        task: &Task,
    ) -> Result<ValueAndGradient> {
        let verdicts = self.predict(rows, x, task)?;
        let n = self.grid.len();
        Ok(ValueAndGradient {
            loss: verdicts.iter().map(Verdict::margin).collect(),
            verdicts,
            gradient: (0..x.len())
                .map(|i| self.slope[i % n] + self.curve[i % n] * x[i])
                .collect(),
        })
    }

    fn runner_ups(
        &mut self,
        rows: &[usize],
        _: &[f32],
        _: usize,
        _: &Task,
    ) -> Result<Vec<Vec<u32>>> {
        Ok(vec![Vec::new(); rows.len()])
    }
}

fn recipe(resize: Resize, crop: Option<(u32, u32)>, filter: Filter, channels: usize) -> Preprocess {
    Preprocess {
        resize,
        crop,
        filter,
        rescale: 1.0 / 255.0,
        mean: vec![0.5; channels],
        std: vec![0.5; channels],
        channels,
        ..Preprocess::named("clip", 8).unwrap()
    }
}

/// A wrapper around a victim that takes whatever `preprocess` makes of pictures of this size.
fn wrapped(preprocess: &Preprocess, height: u32, width: u32) -> Resized<Quadratic> {
    let linear = preprocess.linear(height, width).unwrap();
    let grid = Grid {
        rows: 1,
        channels: preprocess.channels,
        height: linear.height.outputs(),
        width: linear.width.outputs(),
    };
    Resized::new(
        Quadratic::flat(grid),
        preprocess,
        height as usize,
        width as usize,
    )
    .unwrap()
}

fn random_picture(width: u32, height: u32, seed: u64) -> Picture {
    let mut random = fastrand::Rng::with_seed(seed);
    Picture {
        width,
        height,
        rgb: (0..width * height * 3).map(|_| random.u8(..)).collect(),
    }
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .map(|(a, b)| f64::from(*a) * f64::from(*b))
        .sum()
}

fn norm(a: &[f32]) -> f64 {
    dot(a, a).sqrt()
}

fn random(len: usize, low: f32, high: f32, seed: u64) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..len)
        .map(|_| low + (high - low) * random.f32())
        .collect()
}

const FILTERS: [Filter; 6] = [
    Filter::Nearest,
    Filter::Box,
    Filter::Bilinear,
    Filter::Hamming,
    Filter::Bicubic,
    Filter::Lanczos,
];

#[test]
fn the_real_valued_resize_is_the_8_bit_one_but_for_its_rounding() {
    let named = |name: &str, side| Preprocess::named(name, side).unwrap();
    let exact = |height, width| Resize::Exact { height, width };
    let mut recipes = vec![
        named("clip", 32),
        named("clip", 150),
        named("siglip", 24),
        named("siglip", 140),
        named("imagenet", 32),
        recipe(Resize::None, None, Filter::Bicubic, 3),
        recipe(Resize::None, None, Filter::Bicubic, 1),
        recipe(Resize::None, Some((150, 30)), Filter::Bicubic, 3),
        recipe(Resize::ShortestEdge(20), Some((41, 37)), Filter::Lanczos, 1),
        recipe(exact(9, 60), Some((12, 11)), Filter::Bicubic, 3),
    ];
    recipes.extend(FILTERS.map(|filter| recipe(exact(19, 23), None, filter, 3)));
    recipes.extend(FILTERS.map(|filter| recipe(exact(61, 160), None, filter, 3)));
    let fixture = |name: &str| {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pillow");
        open_picture(&folder.join(name)).unwrap()
    };
    let mut pictures: Vec<Picture> = ["97x61", "40x90", "13x17", "128x128"]
        .map(|size| fixture(&format!("source-{size}.png")))
        .to_vec();
    pictures.extend([
        random_picture(50, 37, 1),
        random_picture(17, 80, 2),
        random_picture(1, 1, 3),
    ]);
    let task = Task::detached();
    for preprocess in &recipes {
        for picture in &pictures {
            let (height, width) = (picture.height, picture.width);
            let victim = wrapped(preprocess, height, width);
            let x = victim.pixels(picture).unwrap();
            let real = victim.seen(&x, &task).unwrap();
            let eight = pixels(preprocess, picture).unwrap();
            assert_eq!(real.len(), eight.len());
            // Each pass rounds by half a level at most, and the second multiplies the first's by its weights.
            let linear = preprocess.linear(height, width).unwrap();
            let second = if linear.height_first {
                &linear.width
            } else {
                &linear.height
            };
            let size = |weights: &[f32]| weights.iter().map(|w| w.abs()).sum::<f32>();
            let grows = second.iter().map(|(_, w)| size(w)).fold(1.0, f32::max);
            let bound = 0.5 + 0.5 * grows + 1e-3;
            assert!(bound < 1.35, "{preprocess:?}");
            let off = |(a, b): (&f32, &f32)| (a - b).abs() * 255.0;
            let all: Vec<f32> = real.iter().zip(&eight).map(off).collect();
            let worst = all.iter().copied().fold(0.0, f32::max);
            let beyond = all.iter().filter(|v| **v > 1.001).count();
            let still = preprocess.resize == Resize::None || preprocess.filter == Filter::Nearest;
            assert!(
                worst <= if still { 1e-4 } else { bound },
                "{worst} levels: {preprocess:?}, {width} x {height}"
            );
            assert!(
                beyond * 300 <= all.len(),
                "{beyond} of {}: {preprocess:?}",
                all.len()
            );
        }
    }
}

/// The map as a full matrix, `[outputs][inputs]`.
fn dense(line: &Line) -> Vec<Vec<f32>> {
    let full = |(first, weights): (usize, &[f32])| {
        let mut row = vec![0.0; line.inputs()];
        row[first..first + weights.len()].copy_from_slice(weights);
        row
    };
    line.iter().map(full).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_way_back_is_the_transpose(
        (height, width) in (1_u32..40, 1_u32..40),
        (to_height, to_width) in (1_u32..40, 1_u32..40),
        kind in 0..3,
        crop in proptest::option::of((1_u32..50, 1_u32..50)),
        filter in 0..FILTERS.len(),
        channels in prop_oneof![Just(1_usize), Just(3)],
        seed in any::<u64>(),
    ) {
        let resize = match kind {
            0 => Resize::None,
            1 => Resize::ShortestEdge(to_height),
            _ => Resize::Exact { height: to_height, width: to_width },
        };
        let preprocess = recipe(resize, crop, FILTERS[filter], channels);
        let linear = preprocess.linear(height, width).unwrap();
        for line in [&linear.height, &linear.width] {
            let (there, back) = (dense(line), dense(&line.transposed()));
            prop_assert_eq!((there.len(), back.len()), (line.outputs(), line.inputs()));
            for (i, row) in there.iter().enumerate() {
                for (j, weight) in row.iter().enumerate() {
                    prop_assert_eq!(*weight, back[j][i]);
                }
            }
        }
        let (victim, task) = (wrapped(&preprocess, height, width), Task::detached());
        // Far enough from black and white that nothing is clipped.
        let x = random(victim.grid().len(), 0.4, 0.6, seed);
        let seen = victim.seen(&x, &task).unwrap();
        let y = random(seen.len(), -1.0, 1.0, seed ^ 1);
        let back = victim.back(&x, &y, &task).unwrap();
        let (a, b) = (dot(&seen, &y), dot(&x, &back));
        let scale = norm(&seen) * norm(&y) + norm(&x) * norm(&back);
        prop_assert!((a - b).abs() <= 1e-5 * scale, "{a} and {b}");
        // And it is the product with the matrices, whichever side comes first.
        let (down, across) = (dense(&linear.height), dense(&linear.width));
        let plane = (height * width) as usize;
        for (c, plane) in x.chunks_exact(plane).enumerate() {
            for (i, down) in down.iter().enumerate() {
                for (j, across) in across.iter().enumerate() {
                    let row = |(y, d): (usize, &f32)| {
                        let row = &plane[y * width as usize..(y + 1) * width as usize];
                        f64::from(*d) * dot(row, across)
                    };
                    let sum: f64 = down.iter().enumerate().map(row).sum();
                    let found = seen[(c * linear.height.outputs() + i) * linear.width.outputs() + j];
                    prop_assert!((sum - f64::from(found)).abs() < 1e-5);
                }
            }
        }
    }
}

#[test]
fn no_gradient_passes_where_overshoot_is_clipped() {
    let task = Task::detached();
    for (filter, (height, width)) in [(Filter::Bicubic, (40, 47)), (Filter::Lanczos, (11, 60))] {
        let preprocess = recipe(Resize::Exact { height, width }, None, filter, 3);
        let victim = wrapped(&preprocess, 21, 18);
        let mut x = random(victim.grid().len(), 0.0, 1.0, 7);
        for v in &mut x {
            *v = if *v < 0.5 { 0.02 } else { 0.98 };
        }
        let seen = victim.seen(&x, &task).unwrap();
        let ends = seen.iter().filter(|v| **v == 0.0 || **v == 1.0).count();
        assert!(ends > seen.len() / 20, "some is clipped");
        let y = random(seen.len(), -1.0, 1.0, 8);
        let back = victim.back(&x, &y, &task).unwrap();
        for seed in 0..5 {
            let d = random(x.len(), -1.0, 1.0, 100 + seed);
            let at = |h: f32| {
                let moved: Vec<f32> = x.iter().zip(&d).map(|(x, d)| x + h * d).collect();
                dot(&victim.seen(&moved, &task).unwrap(), &y)
            };
            let central = (at(5e-4) - at(-5e-4)) / 1e-3;
            let wanted = dot(&back, &d);
            assert!(
                (central - wanted).abs() < 0.01 * norm(&back) * norm(&d),
                "{central}, {wanted}"
            );
        }
    }
    // White all over: sums of weights are 1 but for rounding, which is no overshoot.
    let preprocess = Preprocess::named("clip", 13).unwrap();
    let victim = wrapped(&preprocess, 37, 37);
    let white = vec![1.0; victim.grid().len()];
    let back = victim.back(&white, &[1.0; 3 * 13 * 13], &task).unwrap();
    assert!((back.iter().sum::<f32>() - 3.0 * 169.0).abs() < 1e-2);
}

#[test]
fn what_does_not_fit_is_refused() {
    let task = Task::detached();
    let preprocess = Preprocess::named("siglip", 8).unwrap();
    let grid = Grid {
        rows: 1,
        channels: 3,
        height: 8,
        width: 9,
    };
    assert!(Resized::new(Quadratic::flat(grid), &preprocess, 20, 20).is_err());
    assert!(
        Resized::new(
            Quadratic::flat(Grid { width: 8, ..grid }),
            &preprocess,
            0,
            20
        )
        .is_err()
    );
    let mut victim = wrapped(&preprocess, 5, 6);
    assert!(victim.pixels(&random_picture(5, 6, 1)).is_err());
    assert!(victim.predict(&[0], &[0.5; 89], &task).is_err());
    assert!(victim.predict_saved(&[0], &[0.5; 91], &task).is_err());
    assert!(victim.back(&[0.5; 90], &[0.0; 191], &task).is_err());
    task.cancel();
    assert!(
        victim
            .predict(&[0], &[0.5; 90], &task)
            .is_err_and(|e| e.is_cancelled())
    );
}
