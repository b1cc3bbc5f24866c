//! Pairs by how much they cost when they were seen last (online batch selection, arXiv 1511.06343).

use super::{Description, Making, Sampler};
use crate::error::Result;

/// Hardest first.
pub const POLICY: Description = Description {
    name: "hardest",
    title: "Hardest first",
    about: "pairs are drawn in proportion to what they cost when they were seen last, a tenth of the mean added; as many \
            draws an epoch as there are pairs",
    by_seconds: false,
    by_gradients: false,
    note: None,
    make,
};

/// What is added to each loss, as a share of their mean: a pair that cost nothing is seen again.
const FLOOR: f64 = 0.1;

#[expect(clippy::unnecessary_wraps, reason = "other policies can fail")]
fn make<'a>(making: &Making<'a>) -> Result<Box<dyn Sampler + 'a>> {
    let pairs = making.ground.pairs.clone();
    let mut places = vec![u32::MAX; making.ground.owners.len()];
    for (place, &caption) in pairs.iter().enumerate() {
        places[caption as usize] = place as u32;
    }
    Ok(Box::new(Hardest {
        losses: vec![f32::NAN; pairs.len()],
        pairs,
        places,
    }))
}

struct Hardest {
    pairs: Vec<u32>,
    /// By caption: its place among the pairs.
    places: Vec<u32>,
    /// What each pair cost last; NaN where it was not seen.
    losses: Vec<f32>,
}

impl Sampler for Hardest {
    fn epoch(&mut self, _: usize, _: &[f32], random: &mut fastrand::Rng) -> Result<Vec<u32>> {
        let known = self.losses.iter().filter(|loss| !loss.is_nan());
        let (count, sum) = known.fold((0_usize, 0.0), |(n, sum), &loss| {
            (n + 1, sum + f64::from(loss))
        });
        if count == 0 {
            let mut drawn = self.pairs.clone();
            random.shuffle(&mut drawn);
            return Ok(drawn);
        }
        let mean = (sum / count as f64).max(f64::MIN_POSITIVE);
        let mut total = 0.0;
        let up_to: Vec<f64> = self
            .losses
            .iter()
            .map(|&loss| {
                // Those not seen yet count as usual ones.
                let loss = if loss.is_nan() { mean } else { f64::from(loss) };
                total += loss + FLOOR * mean;
                total
            })
            .collect();
        let mut draw = || {
            let at = random.f64() * total;
            let place = up_to.partition_point(|&sum| sum <= at);
            self.pairs[place.min(self.pairs.len() - 1)]
        };
        Ok((0..up_to.len()).map(|_| draw()).collect())
    }

    fn saw(&mut self, captions: &[u32], losses: &[f32]) {
        let (rows, columns) = losses.split_at(captions.len().min(losses.len()));
        for ((&caption, row), column) in captions.iter().zip(rows).zip(columns) {
            if let Some(loss) = self.losses.get_mut(self.places[caption as usize] as usize) {
                *loss = (row + column).max(0.0);
            }
        }
    }
}
