//! Which pairs each client holds.

use super::dirichlet::shares;
use crate::error::{Error, Result};
use crate::learn::federation::{ClientsBy, Federation};
use crate::learn::ground::Ground;
use crate::learn::strata::peers;
use crate::task::Task;
use std::collections::BTreeMap;

/// Pairs of a client at least: of one alone none is a negative.
const LEAST: usize = 2;
/// Clusters of the images whose pairs are dealt by a Dirichlet distribution, where captions are not grouped.
const CLUSTERS: usize = 10;
/// Times that shares are drawn until each client has enough pairs.
const TRIES: usize = 100;

/// Captions that stay together: those of one image in one group.
type Unit = Vec<u32>;

/// The pairs of each client, rising: all pairs to train on, each once. Captions of an image stay together as far as they
/// are in one group. The same seed deals the same.
///
/// # Errors
/// A client with fewer than two pairs; fewer groups than clients, or none where groups are dealt; cancellation.
pub fn deal(
    ground: &Ground,
    federation: &Federation,
    seed: u64,
    task: &Task,
) -> Result<Vec<Vec<u32>>> {
    let count = federation.clients;
    if count * LEAST > ground.pairs.len() {
        return Err(Error::request(
            format!(
                "{count} clients share {} pairs to train on: some would have fewer than {LEAST}",
                ground.pairs.len()
            ),
            "Choose fewer clients, or more images.",
        ));
    }
    let mut random = fastrand::Rng::with_seed(seed ^ 0x00c1_1e27);
    let mut dealt = match federation.by {
        ClientsBy::Random => {
            let mut units: Vec<Unit> = units(ground, &|_| 0).into_values().flatten().collect();
            random.shuffle(&mut units);
            let mut dealt = vec![Vec::new(); count];
            for (n, unit) in units.into_iter().enumerate() {
                dealt[n % count].extend(unit);
            }
            dealt
        }
        ClientsBy::Groups => by_groups(ground, count)?,
        ClientsBy::Dirichlet(alpha) => by_shares(ground, count, alpha, &mut random, task)?,
    };
    for (n, own) in dealt.iter_mut().enumerate() {
        if own.len() < LEAST {
            return Err(Error::request(
                format!(
                    "client {} of {count} has {} pairs: it takes two for one to be a negative of the other",
                    n + 1,
                    own.len()
                ),
                "Choose fewer clients, more images, or deal the pairs otherwise.",
            ));
        }
        own.sort_unstable();
    }
    Ok(dealt)
}

/// The units of each label, in the order of their images.
fn units(ground: &Ground, label: &dyn Fn(u32) -> u32) -> BTreeMap<u32, Vec<Unit>> {
    let mut all: BTreeMap<(u32, u32), Unit> = BTreeMap::new();
    for &caption in &ground.pairs {
        let image = ground.owners[caption as usize];
        all.entry((label(caption), image))
            .or_default()
            .push(caption);
    }
    let mut by_label: BTreeMap<u32, Vec<Unit>> = BTreeMap::new();
    for ((label, _), unit) in all {
        by_label.entry(label).or_default().push(unit);
    }
    by_label
}

/// Whole groups, the largest first, each to the client that has least so far.
fn by_groups(ground: &Ground, count: usize) -> Result<Vec<Vec<u32>>> {
    let Some(groups) = &ground.groups else {
        return Err(Error::request(
            "clients are to hold groups of captions, and there are none",
            "Say how captions are grouped (--groups), or deal the pairs otherwise.",
        ));
    };
    let labels = groups.strata.labels();
    let found = units(ground, &|caption| labels[caption as usize]);
    if found.len() < count {
        return Err(Error::request(
            format!(
                "{} groups of captions are trained on, and there are {count} clients",
                found.len()
            ),
            "Choose as many clients as there are groups, or fewer.",
        ));
    }
    let mut whole: Vec<Vec<u32>> = found.into_values().map(|units| units.concat()).collect();
    whole.sort_by_key(|group| std::cmp::Reverse(group.len()));
    let mut dealt = vec![Vec::new(); count];
    for group in whole {
        let least = dealt.iter_mut().min_by_key(|own: &&mut Vec<u32>| own.len());
        if let Some(own) = least {
            own.extend(&group);
        }
    }
    Ok(dealt)
}

/// Each label's units in shares drawn for it alone; drawn again until each client has enough.
fn by_shares(
    ground: &Ground,
    count: usize,
    alpha: f64,
    random: &mut fastrand::Rng,
    task: &Task,
) -> Result<Vec<Vec<u32>>> {
    let by_label = match &ground.groups {
        Some(groups) => units(ground, &|caption| groups.strata.labels()[caption as usize]),
        None => clustered(ground, random.u64(..), task)?,
    };
    for _ in 0..TRIES {
        task.check()?;
        let mut dealt = vec![Vec::new(); count];
        for units in by_label.values() {
            let mut units = units.clone();
            random.shuffle(&mut units);
            let shares = shares(count, alpha, random);
            let (mut sum, mut from) = (0.0, 0);
            for (own, share) in dealt.iter_mut().zip(shares) {
                sum += share;
                let to = ((sum * units.len() as f64).round() as usize).clamp(from, units.len());
                own.extend(units[from..to].iter().flatten());
                from = to;
            }
            // Shares sum to 1 but for rounding.
            dealt[count - 1].extend(units[from..].iter().flatten());
        }
        if dealt.iter().all(|own| own.len() >= LEAST) {
            return Ok(dealt);
        }
    }
    Err(Error::request(
        format!(
            "in {TRIES} draws from a Dirichlet distribution of concentration {alpha} one of {count} clients always had fewer \
             than {LEAST} pairs"
        ),
        "Choose a larger concentration, or fewer clients.",
    ))
}

/// The units of each cluster of the images that are trained on (k-means on their embeddings).
fn clustered(ground: &Ground, seed: u64, task: &Task) -> Result<BTreeMap<u32, Vec<Unit>>> {
    let (images, rows) = (&ground.split.train, &ground.embedded.images);
    let points = peers::by_image(rows.data(), rows.dim(), images)?;
    let found = peers::kmeans(&points, CLUSTERS.min(images.len()), 1, seed, &task.quiet())?;
    let of: BTreeMap<u32, u32> = images
        .iter()
        .copied()
        .zip(found.labels().iter().copied())
        .collect();
    let label = |caption: u32| {
        let image = ground.owners[caption as usize];
        of.get(&image).copied().unwrap_or(0)
    };
    Ok(units(ground, &label))
}
