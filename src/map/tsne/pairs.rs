//! The repulsion of t-SNE pair by pair.

use rayon::prelude::*;

/// Pairs computed at once: loops of this length become vectors.
const LANES: usize = 8;
/// The sum of all similarities is at least this part of the number of points, so that one over it stays a number.
pub(super) const SUM: f64 = 1e-3;

/// As [`super::field::Field::repulsions`], exactly: for few points.
pub(super) fn pairs(places: &[[f32; 2]], forces: &mut [[f32; 2]]) -> f64 {
    let sums: Vec<f64> = forces
        .par_iter_mut()
        .zip(places)
        .with_min_len(16)
        .map(|(force, own)| {
            let mut sums = [[0.0_f32; LANES]; 3];
            for others in places.chunks(LANES) {
                for (lane, other) in others.iter().enumerate() {
                    let (x, y) = (own[0] - other[0], own[1] - other[1]);
                    let similarity = 1.0 / (1.0 + x * x + y * y);
                    sums[0][lane] += x * similarity * similarity;
                    sums[1][lane] += y * similarity * similarity;
                    sums[2][lane] += similarity;
                }
            }
            let [x, y, total] = sums.map(|lanes| lanes.iter().map(|&v| f64::from(v)).sum::<f64>());
            *force = [x as f32, y as f32];
            // Itself is among them.
            total - 1.0
        })
        .collect();
    sums.iter().sum::<f64>().max(SUM * places.len() as f64)
}

/// The force on `point` and its similarities, in float64, for tests.
#[cfg(test)]
pub(super) fn exact(places: &[[f32; 2]], point: usize) -> ([f64; 2], f64) {
    let (mut force, mut total) = ([0.0; 2], 0.0);
    for other in (0..places.len()).filter(|&j| j != point) {
        let off = [0, 1].map(|a| f64::from(places[point][a]) - f64::from(places[other][a]));
        let similarity = 1.0 / (1.0 + off[0] * off[0] + off[1] * off[1]);
        total += similarity;
        (0..2).for_each(|a| force[a] += off[a] * similarity * similarity);
    }
    (force, total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_points_have_the_sums_over_all_pairs() {
        let places = spread();
        let mut forces = vec![[0.0; 2]; 50];
        let total = pairs(&places, &mut forces);
        let mut right = 0.0;
        for (i, got) in forces.iter().enumerate() {
            let (force, sum) = exact(&places, i);
            right += sum;
            assert!((0..2).all(|a| (f64::from(got[a]) - force[a]).abs() < 1e-5));
        }
        assert!((total / right - 1.0).abs() < 1e-5);
    }

    fn spread() -> Vec<[f32; 2]> {
        let mut random = fastrand::Rng::with_seed(6);
        (0..50)
            .map(|_| [20.0 * random.f32(), 9.0 * random.f32()])
            .collect()
    }
}
