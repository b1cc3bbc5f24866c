//! What pairs cost when they were seen.

use crate::learn::ground::Ground;

/// What each pair of a ground cost, as far as it was seen: a running mean of its losses.
pub struct Costs {
    /// By caption of the whole set: its place among the pairs.
    places: Vec<u32>,
    /// By pair; NaN where it was not seen.
    known: Vec<f32>,
    /// What the mean so far counts for beside a new loss, 0 (the last loss alone) to 1.
    keeps: f32,
}

impl Costs {
    /// Of the pairs of `ground`, none of them seen.
    pub fn of(ground: &Ground, keeps: f32) -> Self {
        let mut places = vec![u32::MAX; ground.owners.len()];
        for (place, &caption) in ground.pairs.iter().enumerate() {
            places[caption as usize] = place as u32;
        }
        Self {
            places,
            known: vec![f32::NAN; ground.pairs.len()],
            keeps,
        }
    }

    /// Takes in the losses of a batch: all rows, then all columns. A pair costs both of its own.
    pub fn saw(&mut self, captions: &[u32], losses: &[f32]) {
        let (rows, columns) = losses.split_at(captions.len().min(losses.len()));
        for ((&caption, row), column) in captions.iter().zip(rows).zip(columns) {
            if let Some(known) = self.known.get_mut(self.places[caption as usize] as usize) {
                let new = (row + column).max(0.0);
                *known = if known.is_nan() {
                    new
                } else {
                    self.keeps * *known + (1.0 - self.keeps) * new
                };
            }
        }
    }

    /// The cost of each pair, those that were not seen at the mean of the others; `None` where none was seen.
    pub fn all(&self) -> Option<Vec<f64>> {
        let known = self.known.iter().filter(|loss| !loss.is_nan());
        let (count, sum) = known.fold((0_usize, 0.0), |(n, sum), &loss| {
            (n + 1, sum + f64::from(loss))
        });
        if count == 0 {
            return None;
        }
        let mean = sum / count as f64;
        let all = self.known.iter();
        let cost = |&loss: &f32| if loss.is_nan() { mean } else { f64::from(loss) };
        Some(all.map(cost).collect())
    }
}
