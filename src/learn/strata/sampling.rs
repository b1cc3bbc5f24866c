//! Draws of pairs with weights, so that the weighted sum of their gradients estimates the mean gradient without bias.

use super::labels::Strata;

/// A pair and its weight.
pub type Draw = (u32, f64);

/// `draws` of `pairs` pairs with replacement.
pub fn uniform(pairs: usize, draws: usize, random: &mut fastrand::Rng) -> Vec<Draw> {
    let weight = 1.0 / draws.max(1) as f64;
    (0..draws)
        .map(|_| (random.usize(..pairs) as u32, weight))
        .collect()
}

/// One pair of each stratum that has any, of weight `N_k / N`. `members` are those of [`Strata::members`].
pub fn stratified(members: &[Vec<u32>], random: &mut fastrand::Rng) -> Vec<Draw> {
    let total: usize = members.iter().map(Vec::len).sum();
    let one = |members: &Vec<u32>| {
        let weight = members.len() as f64 / total as f64;
        (members[random.usize(..members.len())], weight)
    };
    members.iter().filter(|m| !m.is_empty()).map(one).collect()
}

/// `draws` pairs in proportion to the sizes of the strata: pairs lie stratum after stratum, in random order within each,
/// and every (N / draws)-th is taken from a random start on. No pair is drawn twice; each stratum gives the floor or the
/// ceiling of its share; all pairs are as likely. As many draws as there are pairs, at most.
pub fn systematic(strata: &Strata, draws: usize, random: &mut fastrand::Rng) -> Vec<Draw> {
    let mut line = Vec::with_capacity(strata.labels().len());
    for mut members in strata.members() {
        random.shuffle(&mut members);
        line.extend(members);
    }
    let draws = draws.min(line.len());
    let (start, step) = (random.f64(), line.len() as f64 / draws.max(1) as f64);
    let last = line.len().saturating_sub(1);
    let at = |t: usize| ((((t as f64) + start) * step) as usize).min(last);
    let weight = 1.0 / draws.max(1) as f64;
    (0..draws).map(|t| (line[at(t)], weight)).collect()
}
