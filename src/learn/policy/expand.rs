//! A balanced part of the pairs first, then ever more of them (progressive data expansion, arXiv 2306.04949).
//!
//! Warm-up: from each group as many pairs as the smallest has, drawn once by the seed. Then every J epochs m pairs more,
//! "attempting to draw a similar number of examples from each group" (the paper's page): groups give one pair in turn, so
//! that what they gave in all differs by one at most, and one that has none left gives no more; the others go on until m
//! were given or all are in. Two choices are of this program. An epoch draws as many pairs as there are to train on, going
//! over its part as often as it takes, as other policies here do: runs of as many epochs take as many steps. And the
//! optimizer's moments are kept from one part to the next.

use super::{Description, Making, Sampler};
use crate::error::{Error, Result};
use crate::learn::expansion::Expansion;

/// Progressive data expansion.
pub const POLICY: Description = Description {
    name: "expand",
    title: "Expansion",
    about: "needs groups: at first from each group as many pairs as the smallest has, then pairs are added, evenly over the \
            groups that have some left; as many draws an epoch as there are pairs",
    by_seconds: false,
    by_gradients: false,
    by_groups: true,
    eases: false,
    follows: true,
    note: None,
    make,
};

fn make<'a>(making: &Making<'a>) -> Result<Box<dyn Sampler + 'a>> {
    let ground = making.ground;
    let Some(groups) = &ground.groups else {
        return Err(Error::request(
            "the policy \"expand\" draws from groups of pairs, and there are none",
            "Say how captions are grouped (--groups), or choose another policy.",
        ));
    };
    let mut members = vec![Vec::new(); groups.strata.count()];
    for &caption in &ground.pairs {
        members[groups.strata.labels()[caption as usize] as usize].push(caption);
    }
    let names = &groups.about.names;
    let smallest = members.iter().zip(names).min_by_key(|(own, _)| own.len());
    let (least, name) = smallest.map_or((0, ""), |(own, name)| (own.len(), name.as_str()));
    if least * members.len() < making.batch {
        return Err(Error::request(
            format!(
                "{least} pairs to train on are in the group {name:?}: a balanced start of {} groups has {} pairs, fewer than \
                 a batch of {}",
                members.len(),
                least * members.len(),
                making.batch
            ),
            "Make fewer or larger groups, or a smaller batch.",
        ));
    }
    let mut random = fastrand::Rng::with_seed(making.seed ^ 0x00e7_9a2d);
    for own in &mut members {
        random.shuffle(own);
    }
    Ok(Box::new(Expand {
        members,
        least,
        expansion: making.expansion,
        all: ground.pairs.len(),
    }))
}

struct Expand {
    /// The pairs of each group, in the order in which they come in.
    members: Vec<Vec<u32>>,
    /// Pairs of the smallest group.
    least: usize,
    expansion: Expansion,
    /// Pairs in all.
    all: usize,
}

impl Expand {
    /// Pairs of each group that are in at epoch `epoch`.
    fn counts(&self, epoch: usize) -> Vec<usize> {
        let sizes: Vec<usize> = self.members.iter().map(Vec::len).collect();
        let given = self
            .expansion
            .before(epoch)
            .saturating_mul(self.expansion.by);
        filled(&sizes, self.least, given)
    }
}

/// `least` of each group of these sizes, and `more` of them in turn as far as there are any.
fn filled(sizes: &[usize], least: usize, more: usize) -> Vec<usize> {
    let mut counts = vec![least; sizes.len()];
    let mut left = more;
    loop {
        let open: Vec<usize> = (0..sizes.len()).filter(|&g| counts[g] < sizes[g]).collect();
        if open.is_empty() || left == 0 {
            return counts;
        }
        // Whole turns, until the first group has none left.
        let room = open
            .iter()
            .map(|&g| sizes[g] - counts[g])
            .min()
            .unwrap_or(0);
        let turns = room.min(left / open.len());
        for &group in &open {
            counts[group] += turns;
        }
        left -= turns * open.len();
        if turns == 0 {
            // Fewer than there are groups: the first ones give.
            for &group in open.iter().take(left) {
                counts[group] += 1;
            }
            return counts;
        }
    }
}

impl Sampler for Expand {
    fn epoch(&mut self, epoch: usize, _: &[f32], random: &mut fastrand::Rng) -> Result<Vec<u32>> {
        let counts = self.counts(epoch);
        let parts = self.members.iter().zip(&counts);
        let mut part: Vec<u32> = parts
            .flat_map(|(own, &count)| own[..count].iter().copied())
            .collect();
        part.sort_unstable();
        let mut drawn = Vec::with_capacity(self.all);
        while drawn.len() < self.all {
            let mut once = part.clone();
            random.shuffle(&mut once);
            once.truncate(self.all - drawn.len());
            drawn.extend(once);
        }
        Ok(drawn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn groups_give_in_turn_and_stop_when_they_have_none_left() {
        let sizes = [10, 3, 5];
        assert_eq!(filled(&sizes, 3, 0), [3, 3, 3]);
        // The second gave all at the start.
        assert_eq!(filled(&sizes, 3, 1), [4, 3, 3]);
        assert_eq!(filled(&sizes, 3, 3), [5, 3, 4]);
        assert_eq!(filled(&sizes, 3, 4), [5, 3, 5]);
        assert_eq!(filled(&sizes, 3, 6), [7, 3, 5]);
        assert_eq!(filled(&sizes, 3, 9), sizes);
        assert_eq!(filled(&sizes, 3, 1_000), sizes);
    }

    proptest! {
        #[test]
        fn what_is_given_is_even_and_exact(
            sizes in proptest::collection::vec(1_usize..50, 2..9), more in 0_usize..400,
        ) {
            let least = sizes.iter().copied().min().unwrap();
            let counts = filled(&sizes, least, more);
            let all: usize = sizes.iter().sum();
            let wanted = (least * sizes.len() + more).min(all);
            prop_assert_eq!(counts.iter().sum::<usize>(), wanted);
            let open = (0..sizes.len()).filter(|&g| counts[g] < sizes[g]).map(|g| counts[g]);
            let open: Vec<usize> = open.collect();
            for (g, &count) in counts.iter().enumerate() {
                prop_assert!(count >= least && count <= sizes[g]);
                // None has more than one that could still give, but for the turn under way.
                prop_assert!(open.iter().all(|&other| count <= other + 1));
            }
            let next = filled(&sizes, least, more + 1);
            prop_assert!(counts.iter().zip(&next).all(|(a, b)| a <= b));
        }
    }
}
