//! All pairs of pictures that are nearly equal, without comparing all pairs.

use super::look::{Look, NEAR};
use crate::error::Result;
use crate::task::Task;
use rayon::prelude::*;

/// Pictures whose pairs are held at once.
const STRIDE: usize = 256;

/// Calls `found` with the places in `looks` of each pair that differs by [`NEAR`] or less, and by how much.
///
/// Exact: pictures are sorted by their mean brightness, which differs by no more than the pictures do (root mean
/// square), so that each is compared with those alone whose mean is near its own, by the means of their quarters first.
/// Room is linear in the number of pictures.
///
/// # Errors
/// Cancellation.
pub fn near(looks: &[&Look], task: &Task, mut found: impl FnMut(usize, usize, f32)) -> Result<()> {
    let mut order: Vec<usize> = (0..looks.len()).collect();
    order.sort_by(|&a, &b| looks[a].mean.total_cmp(&looks[b].mean));
    let places: Vec<usize> = (0..order.len()).collect();
    task.begin("Comparing pictures from afar", looks.len() as u64);
    for part in places.chunks(STRIDE) {
        task.check()?;
        let pairs: Vec<Vec<(usize, usize, f32)>> = part
            .par_iter()
            .map(|&at| {
                if task.is_cancelled() {
                    return Vec::new();
                }
                let a = looks[order[at]];
                // The smaller contrast of the two bounds it: that of this one will do.
                let most = NEAR * a.contrast;
                let later = order[at + 1..].iter();
                later
                    .take_while(|&&b| looks[b].mean - a.mean <= most * 1.001)
                    .filter(|&&b| a.can_be_within(looks[b], most))
                    .map(|&b| (order[at], b, a.difference(looks[b])))
                    .filter(|&(.., difference)| difference <= NEAR)
                    .collect()
            })
            .collect();
        for (a, b, difference) in pairs.into_iter().flatten() {
            found(a, b, difference);
        }
        task.add(part.len() as u64);
    }
    task.check()
}

#[cfg(test)]
mod tests {
    use super::super::look::THUMB;
    use super::*;

    /// Looks of random scenes, each with some that differ from it by noise of all sizes.
    fn scenes(count: usize, each: usize, random: &mut fastrand::Rng) -> Vec<Look> {
        let mut all = Vec::new();
        for _ in 0..count {
            let (base, spread) = (random.i32(60..190), random.i32(1..110));
            let scene: Vec<i32> = (0..THUMB)
                .map(|_| base + random.i32(-spread..=spread))
                .collect();
            for _ in 0..each {
                let (noise, shift) = (random.i32(0..7), random.i32(-3..=3));
                let small = std::array::from_fn(|at| {
                    (scene[at] + shift + random.i32(-noise..=noise)).clamp(0, 255) as u8
                });
                all.push(Look::new([0; 32], small));
            }
        }
        all
    }

    #[test]
    fn it_finds_what_comparing_all_pairs_finds() {
        let mut random = fastrand::Rng::with_seed(11);
        let looks = scenes(60, 6, &mut random);
        let refs: Vec<&Look> = looks.iter().collect();
        let mut found = Vec::new();
        near(&refs, &Task::detached(), |a, b, difference| {
            found.push((a.min(b), a.max(b), difference));
        })
        .unwrap();
        found.sort_by_key(|pair| (pair.0, pair.1));
        let pairs = (0..looks.len()).flat_map(|a| (a + 1..looks.len()).map(move |b| (a, b)));
        let plain: Vec<(usize, usize, f32)> = pairs
            .map(|(a, b)| (a, b, looks[a].difference(&looks[b])))
            .filter(|&(.., difference)| difference <= NEAR)
            .collect();
        assert!(plain.len() > 50 && plain.len() < 850, "{}", plain.len());
        assert_eq!(found, plain);
    }

    #[test]
    fn one_that_is_cancelled_ends() {
        let looks = scenes(2, 2, &mut fastrand::Rng::with_seed(1));
        let refs: Vec<&Look> = looks.iter().collect();
        let cancelled = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
        let task = Task::cancelled_by(cancelled);
        assert!(near(&refs, &task, |_, _, _| {}).unwrap_err().is_cancelled());
    }

    /// How long 30,000 pictures take: `--ignored --nocapture`.
    #[test]
    #[ignore = "a measurement"]
    fn thirty_thousand() {
        let looks = scenes(15_000, 2, &mut fastrand::Rng::with_seed(5));
        let refs: Vec<&Look> = looks.iter().collect();
        let since = std::time::Instant::now();
        let mut count = 0;
        near(&refs, &Task::detached(), |_, _, _| count += 1).unwrap();
        println!("{count} pairs of 30,000 in {:?}", since.elapsed());
        assert!(count > 1000);
    }
}
