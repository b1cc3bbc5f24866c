//! Pairs dealt over batches, so that every batch holds each stratum's share.

use super::labels::Strata;
use super::sampling::systematic;
use std::collections::{HashMap, HashSet};

/// Pairs of a stratum that are looked at for one that has to leave its batch: the work stays in proportion.
const LOOKED_AT: usize = 64;

/// All pairs in batches of `size`, and last those that fill none, if any. Each batch, the last too, holds the floor or
/// the ceiling of each stratum's share of it; each pair is as likely in every batch, so that the plain mean over a batch
/// estimates that over all pairs without bias.
///
/// `owners` names the image of each pair. A pair whose image is in its batch already changes places with one of its own
/// stratum, which leaves the shares as they are; where no such one is found it stays, and no batch is tried at all where
/// there are fewer images than pairs in a batch.
pub fn deal(
    strata: &Strata,
    owners: &[u32],
    size: usize,
    random: &mut fastrand::Rng,
) -> Vec<Vec<u32>> {
    let total = strata.labels().len();
    let size = size.max(1);
    let count = total / size;
    // What is left over is drawn first, in proportion; the others fill the batches without a rest.
    let left = systematic(strata, total % size, random);
    let mut left: Vec<u32> = left.into_iter().map(|(pair, _)| pair).collect();
    let mut is_left = vec![false; total];
    for &pair in &left {
        is_left[pair as usize] = true;
    }
    // Pairs lie stratum after stratum and every batch takes each `count`-th: as many of a stratum as of any run of
    // neighbours, the floor or the ceiling of its share. What is left of a stratum of n pairs is n size count / total,
    // down or up to a whole number: a `count`-th of that has no other floor and no other ceiling than n size / total.
    let mut line = Vec::with_capacity(total);
    for mut members in strata.members() {
        members.retain(|&pair| !is_left[pair as usize]);
        random.shuffle(&mut members);
        line.extend(members);
    }
    let mut table = Table {
        batches: vec![Vec::with_capacity(size); count],
        places: vec![(0, 0); total],
        held: HashMap::new(),
        owners,
    };
    for (at, &pair) in line.iter().enumerate() {
        table.add(at % count, pair);
    }
    let images: HashSet<u32> = owners.iter().copied().collect();
    if images.len() >= size {
        table.part(strata, &line, random);
    }
    let mut batches = table.batches;
    // After the exchanges: no batch is another than the rest.
    random.shuffle(&mut batches);
    for batch in &mut batches {
        random.shuffle(batch);
    }
    if !left.is_empty() {
        random.shuffle(&mut left);
        batches.push(left);
    }
    batches
}

/// Batches while pairs are exchanged between them.
struct Table<'a> {
    batches: Vec<Vec<u32>>,
    /// Of each pair: its batch, and its place there.
    places: Vec<(usize, usize)>,
    /// Pairs of a batch with an image.
    held: HashMap<(usize, u32), u32>,
    owners: &'a [u32],
}

impl Table<'_> {
    fn add(&mut self, batch: usize, pair: u32) {
        self.places[pair as usize] = (batch, self.batches[batch].len());
        self.batches[batch].push(pair);
        *self.held.entry((batch, self.image(pair))).or_default() += 1;
    }

    fn image(&self, pair: u32) -> u32 {
        self.owners[pair as usize]
    }

    fn holds(&self, batch: usize, image: u32) -> u32 {
        self.held.get(&(batch, image)).copied().unwrap_or(0)
    }

    /// Takes images that meet in a batch apart. `line` has the pairs of each stratum together.
    fn part(&mut self, strata: &Strata, line: &[u32], random: &mut fastrand::Rng) {
        let label = |pair: u32| strata.labels()[pair as usize];
        let mut start = 0;
        for stratum in line.chunk_by(|&a, &b| label(a) == label(b)) {
            // Each exchange lowers the number of pairs that meet their image: one look at every pair is enough.
            for at in 0..stratum.len() {
                let pair = line[start + at];
                let (batch, _) = self.places[pair as usize];
                if self.holds(batch, self.image(pair)) < 2 {
                    continue;
                }
                let first = random.usize(..stratum.len());
                let others = (0..stratum.len().min(LOOKED_AT))
                    .map(|step| stratum[(first + step) % stratum.len()]);
                let fits = |&other: &u32| {
                    let (theirs, _) = self.places[other as usize];
                    self.holds(batch, self.image(other)) == 0
                        && self.holds(theirs, self.image(pair)) == 0
                };
                if let Some(other) = others.clone().find(fits) {
                    self.exchange(pair, other);
                }
            }
            start += stratum.len();
        }
    }

    fn exchange(&mut self, a: u32, b: u32) {
        let [at_a, at_b] = [a, b].map(|pair| self.places[pair as usize]);
        for (pair, from, to) in [(a, at_a, at_b), (b, at_b, at_a)] {
            let image = self.image(pair);
            if let Some(count) = self.held.get_mut(&(from.0, image)) {
                *count -= 1;
            }
            *self.held.entry((to.0, image)).or_default() += 1;
            self.batches[to.0][to.1] = pair;
            self.places[pair as usize] = to;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_batch_holds_each_strata_share(
            seed in 0_u64..10_000, images in 1_u32..40, each in 1_u32..6, size in 1_usize..12, count in 1_usize..9,
        ) {
            let mut random = fastrand::Rng::with_seed(seed);
            let total = (images * each) as usize;
            let owners: Vec<u32> = (0..images * each).map(|n| n / each).collect();
            // Strata of all sizes, some empty.
            let labels = (0..total).map(|_| random.usize(..=random.clone().usize(..count)) as u32);
            let strata = Strata::new(labels.collect(), count).unwrap();
            let batches = deal(&strata, &owners, size, &mut random);
            let mut all: Vec<u32> = batches.iter().flatten().copied().collect();
            all.sort_unstable();
            prop_assert!(all.into_iter().eq(0..total as u32));
            for (n, batch) in batches.iter().enumerate() {
                prop_assert_eq!(batch.len(), if n < total / size { size } else { total % size });
                for (k, members) in strata.sizes().into_iter().enumerate() {
                    let held = batch.iter().filter(|&&n| strata.labels()[n as usize] as usize == k);
                    let held = held.count();
                    let share = members * batch.len();
                    prop_assert!((share / total..=share.div_ceil(total)).contains(&held));
                }
            }
        }
    }

    #[test]
    fn images_do_not_meet_where_strata_have_others() {
        let owners: Vec<u32> = (0..500).map(|n| n / 5).collect();
        let labels: Vec<u32> = (0..500).map(|n| (n * 7 / 3) % 10).collect();
        let strata = Strata::new(labels, 10).unwrap();
        for seed in 0..20 {
            let mut random = fastrand::Rng::with_seed(seed);
            for batch in deal(&strata, &owners, 20, &mut random) {
                let images: HashSet<u32> = batch.iter().map(|&n| owners[n as usize]).collect();
                assert_eq!(images.len(), 20);
            }
        }
    }

    #[test]
    fn every_pair_is_as_likely_in_every_batch() {
        // 23 pairs in batches of 5, in strata of 11, 7, 4 and 1; three are left over.
        let owners: Vec<u32> = (0..23).map(|n| n / 3).collect();
        let labels = (0..23).map(|n| [11, 18, 22].map(|start| u32::from(n >= start)).iter().sum());
        let strata = Strata::new(labels.collect(), 4).unwrap();
        let mut random = fastrand::Rng::with_seed(1);
        let mut counts = vec![[0_u32; 5]; 23];
        let rounds = 20_000;
        for _ in 0..rounds {
            for (at, batch) in deal(&strata, &owners, 5, &mut random).iter().enumerate() {
                for &pair in batch {
                    counts[pair as usize][at] += 1;
                }
            }
        }
        for (pair, counts) in counts.iter().enumerate() {
            for (at, &count) in counts.iter().enumerate() {
                let wanted = if at < 4 { 5.0 / 23.0 } else { 3.0 / 23.0 };
                let share = f64::from(count) / f64::from(rounds);
                // Five deviations.
                assert!((share - wanted).abs() < 0.015, "{pair} in {at}: {share}");
            }
        }
    }

    #[test]
    fn one_image_with_many_captions_costs_no_more_than_its_pairs() {
        let owners: Vec<u32> = (0..50_000).map(|n: u32| n.saturating_sub(49_990)).collect();
        let strata = Strata::new((0..50_000).map(|n| n % 4).collect(), 4).unwrap();
        let mut random = fastrand::Rng::with_seed(1);
        assert_eq!(deal(&strata, &owners, 8, &mut random).len(), 50_000 / 8);
    }
}
