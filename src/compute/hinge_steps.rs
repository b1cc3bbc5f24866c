//! Hinges in whole steps, so that their sum does not depend on the order of its terms.

/// Scores looked at together.
const CHUNK: usize = 64;
/// Running sums of a chunk. Each takes `CHUNK / LANES` hinges, below 2^28 steps each: a sum fits 32 bits.
const LANES: usize = 16;
/// From how many positives on a query's hinges are counted by search rather than one by one.
const MANY: usize = 6;

/// Hinges [margin + s - positive]+ of products of stored rows, counted in steps of a power of two so small that the
/// largest possible hinge is just below 2^28 of them: at a margin of 0.2 a step is 2^-26, less than the rounding of a
/// float32 score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Steps {
    margin: f32,
    /// Steps in 1.
    scale: f32,
    /// A score below all whose hinge is above 0.
    least: f32,
}

impl Steps {
    /// For this margin, in the units of the products of stored rows.
    pub fn new(margin: f32) -> Self {
        // Products of stored rows are in [-1, 1] but for rounding.
        let largest = f64::from(margin.abs()) + 2.1;
        let bits = (f64::from(1 << 28) / largest).log2().floor();
        Self {
            margin,
            scale: bits.exp2() as f32,
            least: -(1.5 + margin.abs()),
        }
    }

    /// A score.
    pub fn score(self, score: f32) -> i32 {
        (score.max(self.least) * self.scale) as i32
    }

    /// What a negative's score must exceed for a hinge: the positive's less the margin.
    pub fn threshold(self, positive: f32) -> i32 {
        ((positive - self.margin) * self.scale) as i32
    }

    /// The hinge of a negative with a positive.
    pub fn hinge(self, negative: f32, positive: f32) -> i64 {
        i64::from((self.score(negative) - self.threshold(positive)).max(0))
    }

    /// So many steps in the units of the products of stored rows.
    pub fn value(self, steps: i128) -> f64 {
        steps as f64 / f64::from(self.scale)
    }

    /// The steps nearest to a sum of hinges in the units of the products of stored rows.
    pub fn nearest(self, sum: f64) -> i128 {
        (sum * f64::from(self.scale)).round() as i128
    }
}

/// The thresholds of a query's positives, rising, with their running sums.
#[derive(Debug, Clone, Default)]
pub(super) struct Thresholds {
    rising: Vec<i32>,
    /// `sums[n]`: the first `n` together.
    sums: Vec<i64>,
}

impl Thresholds {
    /// Of these positives.
    pub fn fill(&mut self, steps: Steps, positives: impl Iterator<Item = f32>) {
        self.rising.clear();
        self.rising.extend(positives.map(|p| steps.threshold(p)));
        self.rising.sort_unstable();
        self.sums.clear();
        self.sums.push(0);
        let mut sum = 0;
        self.sums.extend(self.rising.iter().map(|&t| {
            sum += i64::from(t);
            sum
        }));
    }

    /// Hinges of a chunk of scores with every positive: by search in the logarithm of their number.
    fn add(&self, scores: &[i32; CHUNK]) -> i64 {
        let Some(&lowest) = self.rising.first() else {
            return 0;
        };
        if scores.iter().all(|&s| s <= lowest) {
            return 0;
        }
        if self.rising.len() < MANY {
            return self.rising.iter().map(|&t| against_one(scores, t)).sum();
        }
        let of = |&s: &i32| {
            let n = self.rising.partition_point(|&t| t < s);
            n as i64 * i64::from(s) - self.sums[n]
        };
        scores.iter().map(of).sum()
    }
}

fn against_one(scores: &[i32; CHUNK], threshold: i32) -> i64 {
    let mut lanes = [0_u32; LANES];
    for block in scores.chunks_exact(LANES) {
        for (lane, s) in lanes.iter_mut().zip(block) {
            *lane += (s - threshold).max(0) as u32;
        }
    }
    lanes.iter().map(|&sum| i64::from(sum)).sum()
}

fn against_each(scores: &[i32; CHUNK], thresholds: &[i32]) -> i64 {
    let mut lanes = [0_u32; LANES];
    let pairs = scores.chunks_exact(LANES).zip(thresholds.chunks(LANES));
    for (block, thresholds) in pairs {
        for ((lane, s), t) in lanes.iter_mut().zip(block).zip(thresholds) {
            *lane += (s - t).max(0) as u32;
        }
    }
    lanes.iter().map(|&sum| i64::from(sum)).sum()
}

/// The hinges of a row of scores: with each of the row's positives, and (where there are thresholds of the columns)
/// with each column's own. Scores of negative infinity have none.
pub(super) fn of_row(
    steps: Steps,
    scores: &[f32],
    row: Option<&Thresholds>,
    columns: Option<&[i32]>,
) -> i64 {
    let mut sum = 0;
    for (at, chunk) in scores.chunks(CHUNK).enumerate() {
        let mut whole = [steps.score(f32::NEG_INFINITY); CHUNK];
        for (to, &from) in whole.iter_mut().zip(chunk) {
            *to = steps.score(from);
        }
        if let Some(columns) = columns {
            let from = at * CHUNK;
            sum += against_each(&whole, &columns[from..from + chunk.len()]);
        }
        if let Some(row) = row {
            sum += row.add(&whole);
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_fine_and_their_sums_fit() {
        for margin in [0.0, 0.2, 1.0, 37.5, 1e6] {
            let steps = Steps::new(margin);
            let largest = steps.hinge(1.0, -1.0);
            assert!(
                largest < 1 << 28 && largest > 1 << 26,
                "{margin}: {largest}"
            );
            let value = steps.value(i128::from(largest));
            assert!((value - f64::from(margin) - 2.0).abs() < 1e-6 * (2.0 + f64::from(margin)));
            assert_eq!(steps.hinge(f32::NEG_INFINITY, -1.0), 0);
        }
    }

    #[test]
    fn many_positives_are_counted_as_one_by_one() {
        let mut rng = fastrand::Rng::with_seed(3);
        let steps = Steps::new(0.2);
        for count in [0, 1, 2, MANY - 1, MANY, 40] {
            let positives: Vec<f32> = (0..count).map(|_| rng.f32() * 2.0 - 1.0).collect();
            let scores: Vec<f32> = (0..150).map(|_| rng.f32() * 2.0 - 1.0).collect();
            let mut row = Thresholds::default();
            row.fill(steps, positives.iter().copied());
            let plain: i64 = positives
                .iter()
                .flat_map(|&p| scores.iter().map(move |&s| steps.hinge(s, p)))
                .sum();
            assert_eq!(of_row(steps, &scores, Some(&row), None), plain, "{count}");
        }
    }
}
