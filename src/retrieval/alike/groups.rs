//! Rows that belong together: by a key that they share, or by pairs.

use std::collections::HashMap;
use std::hash::Hash;

/// The rows of each key, rising, in the order of their first rows; `rows` rise.
pub fn by_key<K: Hash + Eq>(rows: impl Iterator<Item = (u32, K)>) -> Vec<Vec<u32>> {
    let mut places = HashMap::new();
    let mut groups: Vec<Vec<u32>> = Vec::new();
    for (row, key) in rows {
        let at = *places.entry(key).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    groups
}

/// Things that pairs join to groups (disjoint sets; Tarjan 1975).
pub struct Joined {
    parent: Vec<usize>,
    /// The largest difference of a pair in the group of each root.
    difference: Vec<f32>,
}

impl Joined {
    /// `count` things, each alone.
    pub fn new(count: usize) -> Self {
        Self {
            parent: (0..count).collect(),
            difference: vec![0.0; count],
        }
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.parent[at] != at {
            self.parent[at] = self.parent[self.parent[at]];
            at = self.parent[at];
        }
        at
    }

    /// `a` and `b` belong together, and differ by so much.
    pub fn join(&mut self, a: usize, b: usize, difference: f32) {
        let (a, b) = (self.root(a), self.root(b));
        // The first of a group is its root.
        let (root, other) = (a.min(b), a.max(b));
        self.parent[other] = root;
        let most = self.difference[other].max(difference);
        self.difference[root] = self.difference[root].max(most);
    }

    /// The groups of two at least, each rising, in the order of their first, with the largest difference of a pair.
    pub fn groups(mut self) -> Vec<(Vec<usize>, f32)> {
        let roots: Vec<(u32, usize)> = (0..self.parent.len())
            .map(|at| (at as u32, self.root(at)))
            .collect();
        let groups = by_key(roots.into_iter()).into_iter();
        groups
            .filter(|group| group.len() > 1)
            .map(|group| {
                let group: Vec<usize> = group.into_iter().map(|at| at as usize).collect();
                let difference = self.difference[group[0]];
                (group, difference)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_join_to_groups_with_their_largest_difference() {
        let mut joined = Joined::new(7);
        for (a, b, difference) in [(4, 2, 0.1), (6, 5, 0.4), (2, 6, 0.3), (1, 3, 0.2)] {
            joined.join(a, b, difference);
        }
        let groups = joined.groups();
        assert_eq!(groups, [(vec![1, 3], 0.2), (vec![2, 4, 5, 6], 0.4)]);
    }
}
