//! Words that set groups of captions apart, as their names.

use super::concepts::Concepts;
use std::collections::BTreeMap;

/// Words of a name at most.
const WORDS: usize = 2;

/// The name of each of `count` groups: up to two words that its captions have more often than all captions do, by
/// `n ln(share here / share everywhere)`. `captions` are captions with their group; a word counts where at least `least`
/// captions of the group and a `share` of them have it. Empty where no word sets the group apart.
pub fn group_names(
    concepts: &Concepts,
    captions: &[(usize, u32)],
    count: usize,
    least: usize,
    share: f64,
) -> Vec<String> {
    let mut sizes = vec![0_usize; count];
    let mut counts = vec![BTreeMap::<u32, usize>::new(); count];
    let mut all = vec![0_usize; concepts.names.len()];
    for &(caption, group) in captions.iter().filter(|(j, _)| *j < concepts.items()) {
        sizes[group as usize] += 1;
        for &word in concepts.of(caption) {
            *counts[group as usize].entry(word).or_default() += 1;
            all[word as usize] += 1;
        }
    }
    let total = captions.len().max(1) as f64;
    let name = |(counts, &size): (&BTreeMap<u32, usize>, &usize)| {
        let score = |(&word, &n): (&u32, &usize)| {
            let (here, everywhere) = (n as f64 / size as f64, all[word as usize] as f64 / total);
            let counts = n >= least && here > everywhere && here >= share;
            counts.then(|| (n as f64 * (here / everywhere).ln(), word))
        };
        let mut scored: Vec<(f64, u32)> = counts.iter().filter_map(score).collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut words: Vec<&str> = Vec::new();
        for (_, word) in scored {
            let word: &str = &concepts.names[word as usize];
            // "dog · dogs" says one thing twice.
            let same = |other: &&str| other.starts_with(word) || word.starts_with(other);
            if words.len() < WORDS && !words.iter().any(same) {
                words.push(word);
            }
        }
        words.join(" · ")
    };
    counts.iter().zip(&sizes).map(name).collect()
}
