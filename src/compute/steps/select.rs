//! The elements with the largest keys. Keys are the bits of floats that are not negative: their order is the floats'.

/// Which elements were chosen: those whose key is above `threshold`, and those equal to it with an index below `cutoff`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selection {
    threshold: u32,
    cutoff: usize,
    /// How many.
    pub chosen: usize,
}

impl Selection {
    /// The `k` largest of `keys`, ties by index; an element of key 0 is never chosen.
    pub fn of(keys: &[u32], k: usize) -> Self {
        let mut order: Vec<u32> = keys.iter().copied().filter(|&key| key > 0).collect();
        if order.len() <= k {
            return Self {
                threshold: 0,
                cutoff: 0,
                chosen: order.len(),
            };
        }
        if k == 0 {
            return Self {
                threshold: u32::MAX,
                cutoff: 0,
                chosen: 0,
            };
        }
        let (above, &mut threshold, _) = order.select_nth_unstable_by(k - 1, |a, b| b.cmp(a));
        let above = above.iter().filter(|&&key| key > threshold).count();
        let ties = keys
            .iter()
            .enumerate()
            .filter(|(_, key)| **key == threshold);
        let last = ties.map(|(i, _)| i).nth(k - above - 1);
        Self {
            threshold,
            cutoff: last.map_or(0, |i| i + 1),
            chosen: k,
        }
    }

    /// Is element `i` of this key chosen?
    pub fn has(&self, key: u32, i: usize) -> bool {
        key > self.threshold || (key == self.threshold && i < self.cutoff)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picked(keys: &[u32], k: usize) -> Vec<usize> {
        let selection = Selection::of(keys, k);
        let picked: Vec<usize> = (0..keys.len())
            .filter(|&i| selection.has(keys[i], i))
            .collect();
        assert_eq!(picked.len(), selection.chosen);
        picked
    }

    #[test]
    fn ties_go_by_index_and_zeros_are_left() {
        assert_eq!(picked(&[5, 7, 5, 5, 9], 3), [0, 1, 4]);
        assert_eq!(picked(&[5, 7, 5, 5, 9], 4), [0, 1, 2, 4]);
        assert_eq!(picked(&[0, 3, 0, 3], 3), [1, 3]);
        assert_eq!(picked(&[1, 1, 1], 0), [0; 0]);
        assert_eq!(picked(&[], 2), [0; 0]);
        assert_eq!(picked(&[u32::MAX; 3], 1), [0]);
    }
}
