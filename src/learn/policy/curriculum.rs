//! Easy pairs first (curriculum learning, Bengio et al. 2009), by their margin before training.

use super::{Description, Making, Sampler};
use crate::compute::RankOptions;
use crate::error::Result;

/// Curriculum.
pub const POLICY: Description = Description {
    name: "curriculum",
    title: "Curriculum",
    about: "the fifth of the pairs with the largest margins before training first, all from half way on; as many draws an \
            epoch as there are pairs",
    by_seconds: false,
    by_gradients: false,
    by_groups: false,
    eases: false,
    follows: false,
    note: None,
    make,
};

/// Share of the pairs that the first epoch draws from.
const FIRST: f64 = 0.2;

/// Images ranked together: margins are those among so many.
const TOGETHER: usize = 5_000;

fn make<'a>(making: &Making<'a>) -> Result<Box<dyn Sampler + 'a>> {
    let ground = making.ground;
    let mut margins: Vec<(f32, u32)> = Vec::with_capacity(ground.pairs.len());
    let options = RankOptions { k: 0, margin: None };
    // Even parts: margins are those among as many images in each.
    let all = ground.split.train.len();
    let each = all.div_ceil(all.div_ceil(TOGETHER));
    for images in ground.split.train.chunks(each) {
        let (rows, texts, groups) = ground.part(images);
        let ranking = making
            .engine
            .rank(&rows, &texts, &groups, options, making.task)?;
        let captions = ground.captions(images).enumerate();
        margins.extend(captions.map(|(q, caption)| (ranking.t2i.margin(q), caption)));
    }
    margins.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    Ok(Box::new(Curriculum {
        easiest: margins.into_iter().map(|(_, caption)| caption).collect(),
        epochs: making.epochs,
    }))
}

struct Curriculum {
    easiest: Vec<u32>,
    epochs: usize,
}

impl Sampler for Curriculum {
    fn epoch(&mut self, epoch: usize, _: &[f32], random: &mut fastrand::Rng) -> Result<Vec<u32>> {
        let half = (self.epochs as f64 / 2.0).max(1.0);
        let share = (FIRST + (1.0 - FIRST) * epoch as f64 / half).min(1.0);
        let all = self.easiest.len();
        let count = ((all as f64 * share).ceil() as usize).clamp(1, all);
        let mut drawn = Vec::with_capacity(all);
        while drawn.len() < all {
            let mut once = self.easiest[..count].to_vec();
            random.shuffle(&mut once);
            once.truncate(all - drawn.len());
            drawn.extend(once);
        }
        Ok(drawn)
    }
}
