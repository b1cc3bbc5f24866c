//! Points that were not laid out, placed among those that were: captions in the images' map, a query, an attacked
//! picture.

use crate::compute::{Embeddings, Engine, Hit};
use crate::error::Result;
use crate::task::Task;

/// Nearest points that a new one is placed by.
pub const PLACED_BY: usize = 5;

/// The place of each row of `queries` in the map whose points are `points` and lie at `map`: the mean of its
/// [`PLACED_BY`] nearest points, weighted by the inverse of their squared distances (Shepard, 1968), so that what is equal
/// to a point lies at it.
///
/// # Errors
/// Rows of another length, a lost device, or cancellation.
pub fn place(
    engine: &dyn Engine,
    queries: &Embeddings,
    points: &Embeddings,
    map: &[[f32; 2]],
    task: &Task,
) -> Result<Vec<[f32; 2]>> {
    let k = PLACED_BY.min(points.rows());
    let top = engine.top_k(queries, points, k, task)?;
    let lies = |hit: &Hit| Some((*map.get(hit.index as usize)?, hit.score));
    let placed = top
        .hits
        .chunks(k.max(1))
        .map(|hits| among(hits.iter().filter_map(lies)).unwrap_or_default());
    Ok(placed.collect())
}

/// The place among points with these places and cosines, weighted as [`place`] does; `None` where there are none.
pub fn among(near: impl Iterator<Item = ([f32; 2], f32)>) -> Option<[f32; 2]> {
    /// Squared distance that float32 cannot tell from none.
    const LEAST: f64 = 1e-6;
    let (mut sum, mut all) = ([0.0_f64; 2], 0.0_f64);
    for (at, cosine) in near {
        let weight = 1.0 / ((2.0 - 2.0 * f64::from(cosine)).max(0.0) + LEAST);
        all += weight;
        sum[0] += weight * f64::from(at[0]);
        sum[1] += weight * f64::from(at[1]);
    }
    (all > 0.0).then(|| sum.map(|v| (v / all) as f32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compute::Cpu;

    #[test]
    fn a_point_among_others_lies_with_the_nearest() {
        let points = vec![
            1.0, 0.0, 0.9, 0.1, 0.0, 1.0, -1.0, 0.0, 0.0, -1.0, -0.7, -0.7,
        ];
        let points = Embeddings::new(points, 2).expect("whole rows");
        let map = [
            [0.0, 0.0],
            [1.0, 0.0],
            [0.0, 50.0],
            [90.0, 0.0],
            [0.0, 90.0],
            [90.0, 90.0],
        ];
        let engine = Cpu;
        let task = Task::detached();
        let query = Embeddings::new(vec![0.96, 0.04], 2).expect("whole rows");
        let at = place(&engine, &query, &points, &map, &task).expect("runs")[0];
        assert!(at[0] > 0.2 && at[0] < 3.0 && at[1] < 6.0, "{at:?}");
        // What is a point itself lies at it.
        let at = place(&engine, &points, &points, &map, &task).expect("runs");
        for (at, right) in at.iter().zip(map) {
            let gap = (at[0] - right[0]).hypot(at[1] - right[1]);
            assert!(gap < 0.02, "{at:?} {right:?}");
        }
        let one = points.slice(0..1);
        let at = place(&engine, &query, &one, &[[4.0, 5.0]], &task).expect("runs");
        assert!((at[0][0] - 4.0).abs() < 1e-5 && (at[0][1] - 5.0).abs() < 1e-5);
    }
}
