//! Ranks and nearest ones among distances, equal ones treated fairly.

/// Distances that are compared with the limit at once.
const PART: usize = 16;

/// The rank of `other` by ascending `distances`, less `k`; among equal ones the mean of their ranks.
pub(super) fn beyond(distances: &[f32], other: u32, k: usize) -> f64 {
    let own = distances[other as usize];
    // In counters of 32 bits, which the compiler turns into vectors.
    let (mut nearer, mut equal) = (0_u32, 0_u32);
    for &distance in distances {
        nearer += u32::from(distance < own);
        equal += u32::from(distance == own);
    }
    let rank = f64::from(nearer) + f64::from(equal + 1) / 2.0;
    (rank - k as f64).max(0.0)
}

/// Finds the `k` nearest in rows of distances.
pub(super) struct Nearest {
    k: usize,
    found: Vec<(f32, u32, u32)>,
    rows: Vec<u32>,
}

impl Nearest {
    /// Of rows that have `k` distances or more.
    pub fn new(k: usize) -> Self {
        Self {
            k,
            found: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// The `k` smallest of `distances`; which of equal ones, a hash of the row draws.
    pub fn find(&mut self, distances: &[f32]) -> &[u32] {
        let order =
            |a: &(f32, u32, u32), b: &(f32, u32, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
        let (k, room) = (self.k, 4 * self.k + 64);
        self.found.clear();
        let mut limit = f32::INFINITY;
        for (part, values) in distances.chunks(PART).enumerate() {
            if values.iter().fold(f32::INFINITY, |least, &v| least.min(v)) > limit {
                continue;
            }
            for (i, &distance) in values.iter().enumerate() {
                if distance <= limit {
                    let row = (part * PART + i) as u32;
                    self.found.push((distance, scatter(row), row));
                }
            }
            if self.found.len() > room {
                self.found.select_nth_unstable_by(k - 1, order);
                self.found.truncate(k);
                limit = self.found[k - 1].0;
            }
        }
        self.found.select_nth_unstable_by(k - 1, order);
        self.rows.clear();
        self.rows.extend(self.found[..k].iter().map(|f| f.2));
        &self.rows
    }
}

/// A number for each row, different for each, in no order (the last steps of `MurmurHash3`).
fn scatter(row: u32) -> u32 {
    let a = (row ^ (row >> 16)).wrapping_mul(0x85eb_ca6b);
    let b = (a ^ (a >> 13)).wrapping_mul(0xc2b2_ae35);
    b ^ (b >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_distances_have_their_mean_rank() {
        let distances = [0.5, 0.1, 0.5, 0.5, 0.9];
        assert_eq!(beyond(&distances, 1, 0), 1.0);
        assert_eq!(beyond(&distances, 2, 0), 3.0);
        assert_eq!(beyond(&distances, 4, 2), 3.0);
        assert_eq!(beyond(&distances, 1, 2), 0.0);
    }

    #[test]
    fn the_nearest_are_those_of_a_sort() {
        let mut random = fastrand::Rng::with_seed(5);
        let mut nearest = Nearest::new(15);
        for rows in [16, 100, 3000] {
            let distances: Vec<f32> = (0..rows).map(|_| random.f32()).collect();
            let mut order: Vec<u32> = (0..rows).collect();
            order.sort_by(|&a, &b| distances[a as usize].total_cmp(&distances[b as usize]));
            order.truncate(15);
            let mut found = nearest.find(&distances).to_vec();
            found.sort_unstable();
            order.sort_unstable();
            assert_eq!(found, order);
        }
    }

    #[test]
    fn equal_ones_are_not_drawn_by_their_order() {
        let mut nearest = Nearest::new(15);
        let found = nearest.find(&[0.5; 1000]);
        assert_eq!(found.len(), 15);
        assert!(
            found.iter().filter(|&&row| row < 500).count() < 14,
            "{found:?}"
        );
        assert!(found.iter().any(|&row| row >= 500));
    }
}
