//! How far a map keeps the neighbourhoods of the embeddings: trustworthiness and continuity of Venna and Kaski (ICANN
//! 2001), and the share of nearest neighbours that stay nearest.
//!
//! The definitions are those of `sklearn.manifold.trustworthiness`, by Euclidean distance; continuity exchanges the two
//! spaces. Where other points are equally far, they count at their mean rank, and which of them are nearest is drawn by
//! a hash of the row: neither depends on the order of the rows, which often is that of the contents.

mod ranks;
mod spaces;

use crate::compute::Embeddings;
use crate::error::{Error, Result};
use crate::task::Task;
use rayon::prelude::*;
use spaces::{Spaces, Sums};

/// Points up to which every one is measured.
const ALL: usize = 20_000;
/// Points that are measured, against all others, where there are more.
const SAMPLE: usize = 2_000;
/// Scores that a block holds, at most: 16 MiB.
const BLOCK: usize = 1 << 22;

/// How well a map keeps neighbourhoods: 1 is best; [`floor`] says what a random map has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quality {
    /// Are the neighbours on the map neighbours in truth? 1 less the ranks by which the false ones are beyond `k`.
    pub trustworthiness: f64,
    /// Are the true neighbours neighbours on the map?
    pub continuity: f64,
    /// Mean share of the `k` nearest neighbours that are among the `k` nearest on the map.
    pub knn_recall: f64,
    /// Neighbours counted: as asked, or the most for which the measures are defined (fewer than half of the points).
    pub k: usize,
    /// Points that were drawn and measured against all others; `None` where all were.
    pub sampled: Option<usize>,
}

/// The neighbours that are counted among `points` points where `k` are asked for; `None` where none can be.
fn counted(points: usize, k: usize) -> Option<usize> {
    let k = k.min(points.saturating_sub(1) / 2);
    (k > 0).then_some(k)
}

/// What a map of random places has, on average, by formula: each true rank is equally likely at each rank on the map.
/// `None` for fewer than three points.
pub fn floor(points: usize, k: usize) -> Option<Quality> {
    let k = counted(points, k)?;
    let (n, of) = (points as f64, k as f64);
    // A random other point has rank r in 1..n-1, and r - k beyond k, on average (n-1-k)(n-k) / (2 (n-1)).
    let beyond = (n - 1.0 - of) * (n - of) / (2.0 * (n - 1.0));
    let kept = kept(points, k, 1, beyond * of);
    Some(Quality {
        trustworthiness: kept,
        continuity: kept,
        knn_recall: of / (n - 1.0),
        k,
        sampled: None,
    })
}

/// 1 less the sum of `ranks` beyond `k` of `measured` among `points` points, over the largest that it can be.
fn kept(points: usize, k: usize, measured: usize, ranks: f64) -> f64 {
    let (n, k) = (points as f64, k as f64);
    1.0 - 2.0 * ranks / (measured as f64 * k * (2.0 * n - 3.0 * k - 1.0))
}

/// Measures `map`, the places of the rows of `points`, by the `k` nearest neighbours. Above 20,000 points for 2,000 that
/// `seed` draws, against all others. `None` for fewer than three points, where nothing is defined.
///
/// # Errors
/// As many places as points there are not, a place that is no number, or cancellation.
pub fn measure(
    points: &Embeddings,
    map: &[[f32; 2]],
    k: usize,
    seed: u64,
    task: &Task,
) -> Result<Option<Quality>> {
    let n = points.rows();
    if map.len() != n || map.iter().flatten().any(|v| !v.is_finite()) {
        return Err(Error::request(
            format!(
                "the map of {n} points has {} places, or some that are no numbers",
                map.len()
            ),
            "Lay out the map again.",
        ));
    }
    let Some(k) = counted(n, k) else {
        return Ok(None);
    };
    let drawn = drawn(n, seed);
    let spaces = Spaces::new(points, map, k);
    task.begin("Measuring the map", drawn.len() as u64);
    let tall = (BLOCK / n).clamp(1, 64);
    let parts: Vec<Option<Sums>> = drawn
        .par_chunks(tall)
        .map(|rows| {
            task.check().ok()?;
            let sums = spaces.block(rows);
            task.add(rows.len() as u64);
            Some(sums)
        })
        .collect();
    task.check()?;
    let mut sums = Sums::default();
    for part in parts.into_iter().flatten() {
        sums.add(part);
    }
    let measured = drawn.len();
    Ok(Some(Quality {
        trustworthiness: kept(n, k, measured, sums.false_ranks),
        continuity: kept(n, k, measured, sums.lost_ranks),
        knn_recall: sums.kept as f64 / (measured * k) as f64,
        k,
        sampled: (measured < n).then_some(measured),
    }))
}

/// The rows to measure: all, or a sample in ascending order.
fn drawn(points: usize, seed: u64) -> Vec<u32> {
    let mut rows: Vec<u32> = (0..points as u32).collect();
    if points > ALL {
        let mut random = fastrand::Rng::with_seed(seed);
        for i in 0..SAMPLE {
            rows.swap(i, random.usize(i..points));
        }
        rows.truncate(SAMPLE);
        rows.sort_unstable();
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random(rows: usize, seed: u64) -> (Embeddings, Vec<[f32; 2]>) {
        let mut random = fastrand::Rng::with_seed(seed);
        let data: Vec<f32> = (0..rows * 5).map(|_| random.f32() - 0.5).collect();
        let map = data
            .chunks(5)
            .map(|row| [row[0] + 0.3 * random.f32(), row[1] + 0.3 * random.f32()])
            .collect();
        (Embeddings::new(data, 5).unwrap(), map)
    }

    /// Ranks of all others for each point, from squared distances in float64.
    fn ranks(rows: &[Vec<f64>]) -> Vec<Vec<usize>> {
        let square =
            |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum() };
        let ranked = |i: usize| {
            let mut order: Vec<usize> = (0..rows.len()).filter(|&j| j != i).collect();
            order.sort_by(|&a, &b| {
                square(&rows[i], &rows[a]).total_cmp(&square(&rows[i], &rows[b]))
            });
            let mut ranks = vec![0; rows.len()];
            for (rank, &j) in order.iter().enumerate() {
                ranks[j] = rank + 1;
            }
            ranks
        };
        (0..rows.len()).map(ranked).collect()
    }

    /// Trustworthiness, continuity and recall by their definitions.
    fn defined(points: &Embeddings, map: &[[f32; 2]], k: usize) -> [f64; 3] {
        let n = points.rows();
        let wide = |row: &[f32]| row.iter().map(|&v| f64::from(v)).collect::<Vec<_>>();
        let truth = ranks(&(0..n).map(|i| wide(points.row(i))).collect::<Vec<_>>());
        let shown = ranks(&map.iter().map(|p| wide(p)).collect::<Vec<_>>());
        let (mut sums, mut both) = ([0, 0], 0);
        for (i, j) in (0..n * n).map(|p| (p / n, p % n)).filter(|(i, j)| i != j) {
            let (a, b) = (truth[i][j], shown[i][j]);
            if b <= k {
                sums[0] += a.saturating_sub(k);
                both += usize::from(a <= k);
            }
            if a <= k {
                sums[1] += b.saturating_sub(k);
            }
        }
        let worst = (n * k * (2 * n - 3 * k - 1)) as f64;
        let [t, c] = sums.map(|sum| 1.0 - 2.0 * sum as f64 / worst);
        [t, c, both as f64 / (n * k) as f64]
    }

    fn measured(points: &Embeddings, map: &[[f32; 2]], k: usize) -> Quality {
        measure(points, map, k, 0, &Task::detached())
            .unwrap()
            .unwrap()
    }

    #[test]
    fn the_measures_are_those_of_their_definition() {
        let (points, map) = random(400, 1);
        for k in [1, 5, 15] {
            let got = measured(&points, &map, k);
            let right = defined(&points, &map, k);
            let got = [got.trustworthiness, got.continuity, got.knn_recall];
            for (got, right) in got.into_iter().zip(right) {
                assert!((got - right).abs() < 1e-9, "{k}: {got} {right}");
            }
        }
    }

    #[test]
    fn a_sample_agrees_with_all_and_threads_change_nothing() {
        let (points, map) = random(ALL + 1, 2);
        let some = measured(&points, &map, 15);
        assert_eq!(some.sampled, Some(SAMPLE));
        let one = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .build()
            .unwrap();
        assert_eq!(one.install(|| measured(&points, &map, 15)), some);
        let (points, map) = (points.data()[..ALL * 5].to_vec(), &map[..ALL]);
        let all = measured(&Embeddings::new(points, 5).unwrap(), map, 15);
        assert_eq!(all.sampled, None);
        assert!(
            (all.trustworthiness - some.trustworthiness).abs() < 0.01,
            "{all:?} {some:?}"
        );
        assert!((all.continuity - some.continuity).abs() < 0.01);
        assert!((all.knn_recall - some.knn_recall).abs() < 0.01);
    }

    #[test]
    fn a_random_map_has_the_floor_and_so_has_one_of_equal_places() {
        let (points, _) = random(2000, 3);
        let mut random = fastrand::Rng::with_seed(9);
        let map: Vec<[f32; 2]> = (0..2000).map(|_| [random.f32(), random.f32()]).collect();
        let least = floor(2000, 15).unwrap();
        for got in [
            measured(&points, &map, 15),
            measured(&points, &[[1.0; 2]; 2000], 15),
        ] {
            assert!(
                (got.trustworthiness - least.trustworthiness).abs() < 0.01,
                "{got:?}"
            );
            assert!((got.continuity - least.continuity).abs() < 0.01, "{got:?}");
            assert!((got.knn_recall - least.knn_recall).abs() < 0.005, "{got:?}");
        }
    }

    #[test]
    fn few_and_equal_points_are_no_fault() {
        for n in 0..8 {
            let points = Embeddings::new(vec![1.0; n * 2], 2).unwrap();
            let map: Vec<[f32; 2]> = (0..n).map(|i| [i as f32, 0.0]).collect();
            let got = measure(&points, &map, 15, 0, &Task::detached()).unwrap();
            assert_eq!(got.is_some(), n > 2);
            assert_eq!(got.map(|q| q.k), floor(n, 15).map(|q| q.k));
            assert!(
                got.is_none_or(|q| (0.0..=1.0).contains(&q.trustworthiness)),
                "{got:?}"
            );
            assert!(measure(&points, &[[f32::NAN; 2]], 15, 0, &Task::detached()).is_err());
        }
    }

    #[test]
    fn a_cancelled_measurement_ends() {
        let (points, map) = random(100, 4);
        let task = Task::detached();
        task.cancel();
        assert!(measure(&points, &map, 15, 0, &task).is_err_and(|e| e.is_cancelled()));
    }
}
