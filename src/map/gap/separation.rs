//! How well a linear classifier tells two sides apart: linear discriminant analysis in closed form, cross-validated.

use super::discriminant::Moments;
use crate::compute::Embeddings;
use crate::error::Result;
use crate::task::Task;
use rayon::prelude::*;

/// Parts of the groups, each of which is the test once.
const FOLDS: usize = 5;
/// Rows that are looked at, at most, of each side.
const MOST: usize = 10_000;

/// The share of rows, the mean of both sides', that are told rightly, each by a classifier that was trained without its
/// group; and how many rows were. `None` with fewer groups than folds.
///
/// # Errors
/// Cancellation.
pub fn separated(
    images: &Embeddings,
    texts: &Embeddings,
    group: &[u32],
    seed: u64,
    task: &Task,
) -> Result<(Option<f64>, usize)> {
    // Whole groups, until one side has enough.
    let mut of = vec![Vec::new(); images.rows()];
    for (text, &g) in group.iter().enumerate() {
        of[g as usize].push(text as u32);
    }
    let mut order: Vec<u32> = (0..images.rows() as u32).collect();
    fastrand::Rng::with_seed(seed).shuffle(&mut order);
    let mut folds: [[Vec<u32>; 2]; FOLDS] = Default::default();
    let (mut texts_taken, mut taken) = (0, 0);
    for (place, &image) in order.iter().enumerate() {
        let own = &of[image as usize];
        if place >= MOST || (place > FOLDS && texts_taken + own.len() > MOST) {
            break;
        }
        let fold = &mut folds[place % FOLDS];
        fold[0].push(image);
        fold[1].extend(own.iter().take(MOST));
        texts_taken += own.len();
        taken += 1;
    }
    let sides = [images, texts];
    // Each fold is trained on the others, so each side must be in two of them.
    let filled = |side: usize| folds.iter().filter(|fold| !fold[side].is_empty()).count();
    if taken < FOLDS || filled(0) < 2 || filled(1) < 2 {
        return Ok((None, 0));
    }
    let dim = images.dim();
    let sums: Vec<Moments> = folds
        .iter()
        .map(|fold| {
            task.check()?;
            Ok(Moments::of(sides, fold, dim))
        })
        .collect::<Result<_>>()?;
    let right: Vec<[f64; 2]> = (0..FOLDS)
        .into_par_iter()
        .map(|test| {
            let training = (0..FOLDS)
                .filter(|&fold| fold != test)
                .map(|fold| &sums[fold]);
            let classifier = task
                .check()
                .ok()
                .and_then(|()| Moments::all(training, dim).classifier());
            tested(classifier.as_ref(), sides, &folds[test])
        })
        .collect();
    task.check()?;
    let share = |side: usize| {
        let rows: usize = folds.iter().map(|fold| fold[side].len()).sum();
        right.iter().map(|r| r[side]).sum::<f64>() / rows as f64
    };
    let rows = folds.iter().flatten().map(Vec::len).sum();
    Ok((Some(f64::midpoint(share(0), share(1))), rows))
}

/// How many rows of each side of `fold` are told rightly; where there is nothing to tell them by, half.
fn tested(
    classifier: Option<&(Vec<f64>, f64)>,
    sides: [&Embeddings; 2],
    fold: &[Vec<u32>; 2],
) -> [f64; 2] {
    [0, 1].map(|side| {
        let Some((weights, bias)) = classifier else {
            return fold[side].len() as f64 / 2.0;
        };
        let told = |&row: &u32| {
            let row = sides[side].row(row as usize);
            let along: f64 = row
                .iter()
                .zip(weights)
                .map(|(&v, w)| f64::from(v) * w)
                .sum();
            // Above 0: an image.
            let sign = if side == 0 { 1.0 } else { -1.0 };
            let value = sign * (along + bias);
            if value > 0.0 {
                1.0
            } else if value < 0.0 {
                0.0
            } else {
                0.5
            }
        };
        fold[side].iter().map(told).sum()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 200 images and 400 texts of 40 values; only the last tells them apart, by `gap`.
    fn sides(gap: f32) -> (Embeddings, Embeddings, Vec<u32>) {
        let mut random = fastrand::Rng::with_seed(7);
        let mut side = |rows: usize, sign: f32| {
            let mut data = Vec::new();
            for _ in 0..rows {
                data.extend((0..39).map(|_| random.f32() - 0.5));
                data.push(sign * gap + 0.1 * (random.f32() - 0.5));
            }
            Embeddings::new(data, 40).unwrap()
        };
        let (images, texts) = (side(200, 1.0), side(400, -1.0));
        (images, texts, (0..400).map(|t| t / 2).collect())
    }

    #[test]
    fn sides_are_told_apart_as_far_as_they_are() {
        let task = Task::detached();
        let share = |gap: f32| {
            let (images, texts, group) = sides(gap);
            let one = rayon::ThreadPoolBuilder::new()
                .num_threads(1)
                .build()
                .unwrap();
            let found = separated(&images, &texts, &group, 0, &task).unwrap();
            assert_eq!(
                one.install(|| separated(&images, &texts, &group, 0, &task))
                    .unwrap(),
                found
            );
            assert_eq!(found.1, 600);
            found.0.unwrap()
        };
        assert!(share(0.2) > 0.995, "{}", share(0.2));
        let some = share(0.02);
        assert!((0.6..0.95).contains(&some), "{some}");
        // Chance within three deviations; more rows of one side must not tell.
        let chance = share(0.0);
        assert!((chance - 0.5).abs() < 0.075, "{chance}");
    }

    #[test]
    fn groups_are_not_split() {
        // Each image has a direction of its own, and its texts the opposite one: of a group that was not trained on,
        // nothing is known; of one whose other text was, all.
        let side = |count: usize, sign: f32| {
            let mut data = vec![0.0; count * 50];
            (0..count).for_each(|i| data[i * 50 + i * 50 / count] = sign);
            Embeddings::new(data, 50).unwrap()
        };
        let group: Vec<u32> = (0..100).map(|text| text / 2).collect();
        let task = Task::detached();
        let found = separated(&side(50, 1.0), &side(100, -1.0), &group, 0, &task).unwrap();
        assert!((found.0.unwrap() - 0.5).abs() < 1e-9, "{found:?}");
        let wrong: Vec<u32> = (0..100).map(|text| (text * 7 + 3) % 50).collect();
        let found = separated(&side(50, 1.0), &side(100, -1.0), &wrong, 0, &task).unwrap();
        assert!(found.0.unwrap() > 0.8, "{found:?}");
    }

    #[test]
    fn a_cancelled_measurement_ends() {
        let (images, texts, group) = sides(0.1);
        let task = Task::detached();
        task.cancel();
        assert!(separated(&images, &texts, &group, 0, &task).is_err_and(|e| e.is_cancelled()));
    }
}
