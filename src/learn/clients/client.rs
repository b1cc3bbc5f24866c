//! A client: the pairs that it holds, and the order in which it goes through them.

use crate::learn::batches::Batches;
use crate::learn::resume::mixed;

/// A client.
pub struct Client {
    /// Its pairs, rising.
    pub pairs: Vec<u32>,
    /// Pairs of its batches.
    pub batch: usize,
    seed: u64,
    /// The pass over its pairs that it is in, with its batches.
    pass: Option<(u64, Vec<Vec<u32>>)>,
}

impl Client {
    /// Client `number`, from 0, of a run of seed `seed`. The first one draws what a run without clients draws.
    pub fn new(number: usize, pairs: Vec<u32>, batch: usize, seed: u64) -> Self {
        Self {
            batch: batch.min(pairs.len()),
            pairs,
            seed: seed ^ (number as u64).wrapping_mul(0xd6e8_feb8_6659_fd93),
            pass: None,
        }
    }

    /// The captions of its step `step`, from 0: as it goes over all its pairs again and again, each time in another order.
    /// What it draws hangs on the step alone, so that a run that goes on draws what it would have drawn.
    pub fn batch(&mut self, step: u64, owners: &[u32]) -> &[u32] {
        let each = (self.pairs.len() / self.batch) as u64;
        let number = step / each;
        if self.pass.as_ref().is_none_or(|(known, _)| *known != number) {
            let mut drawn = self.pairs.clone();
            fastrand::Rng::with_seed(mixed(self.seed, number)).shuffle(&mut drawn);
            let batches = Batches::new(drawn, owners, self.batch).collect();
            self.pass = Some((number, batches));
        }
        let batches = self.pass.as_ref().map(|(_, batches)| batches);
        batches
            .and_then(|batches| batches.get((step % each) as usize))
            .map_or(&[], Vec::as_slice)
    }
}
