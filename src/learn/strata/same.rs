//! Pairs with the very same gradient.
//!
//! Where there are as many strata as different gradients, each has its own, and J is 0. With fewer strata equal pairs are
//! moved one by one all the same: J is linear in how many of them lie in a stratum, so they gather by themselves, and on the
//! way there find lower J than moved together.

use super::gradients::Gradients;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Groups of equal gradients.
pub(super) struct Same {
    /// The group of each pair, numbered by first pair.
    pub(super) group: Vec<u32>,
    /// Groups.
    pub(super) distinct: usize,
}

/// `gradients` grouped by equal factors and equal images; where a factor is 0 the image does not count.
pub(super) fn same(gradients: &Gradients) -> Same {
    let images = equal_rows(gradients);
    let mut found: HashMap<u64, Vec<u32>> = HashMap::new();
    let mut groups = Vec::with_capacity(gradients.len());
    // The first pair of each.
    let mut first: Vec<usize> = Vec::new();
    for n in 0..gradients.len() {
        let alike = found.entry(mark(key(gradients, &images, n))).or_default();
        let known = alike.iter().copied().find(|&group| {
            key(gradients, &images, first[group as usize]).eq(key(gradients, &images, n))
        });
        let group = known.unwrap_or_else(|| {
            let new = first.len() as u32;
            first.push(n);
            alike.push(new);
            new
        });
        groups.push(group);
    }
    Same {
        group: groups,
        distinct: first.len(),
    }
}

/// What equal gradients have in common.
fn key<'a>(
    gradients: &'a Gradients,
    images: &'a [u32],
    n: usize,
) -> impl Iterator<Item = u64> + 'a {
    gradients.terms().iter().flat_map(move |term| {
        let factor = gradients.factor(term, n);
        let none = factor.iter().all(|&v| v == 0.0);
        let image = images[term.images[n] as usize];
        let head = u64::from(if none { u32::MAX } else { image });
        // Both zeros have one key.
        std::iter::once(head).chain(factor.iter().map(|v| (v + 0.0).to_bits()))
    })
}

/// The first image that has the same row.
fn equal_rows(gradients: &Gradients) -> Vec<u32> {
    let bits = |image: u32| gradients.row(image).iter().map(|v| (v + 0.0).to_bits());
    let mut found: HashMap<u64, Vec<u32>> = HashMap::new();
    let images = 0..gradients.images() as u32;
    let first = images.map(|image| {
        let alike = found.entry(mark(bits(image))).or_default();
        let known = alike.iter().copied().find(|&at| bits(at).eq(bits(image)));
        known.unwrap_or_else(|| {
            alike.push(image);
            image
        })
    });
    first.collect()
}

fn mark(values: impl Iterator<Item = u64>) -> u64 {
    let mut hasher = DefaultHasher::new();
    values.for_each(|value| value.hash(&mut hasher));
    hasher.finish()
}
