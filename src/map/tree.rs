//! A balanced tree over points of the plane: leaves are ranges of one order, so that all of a branch is one range too.

use super::area::Area;
use std::ops::Range;

/// Points of a leaf, at most.
const LEAF: usize = 512;

/// A tree over points.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// The points, those of a leaf together, in a random order among themselves.
    order: Vec<u32>,
    /// Nodes as in a heap: those below `n` are `2 n + 1` and `2 n + 2`.
    nodes: Vec<Node>,
}

#[derive(Debug, Clone)]
struct Node {
    area: Area,
    range: Range<u32>,
}

impl Tree {
    /// The tree of the points of `numbers`, which lie at `points`.
    pub fn new(points: &[[f64; 2]], numbers: Range<u32>) -> Self {
        let mut order: Vec<u32> = numbers.collect();
        fastrand::Rng::with_seed(7).shuffle(&mut order);
        let leaves = order.len().div_ceil(LEAF).next_power_of_two();
        let mut nodes: Vec<Node> = Vec::with_capacity(2 * leaves - 1);
        if order.is_empty() {
            return Self { order, nodes };
        }
        for n in 0..2 * leaves - 1 {
            let range = match n {
                0 => 0..order.len() as u32,
                n => {
                    let above = nodes[(n - 1) / 2].range.clone();
                    let middle = above.start + (above.end - above.start) / 2;
                    if n % 2 == 1 {
                        above.start..middle
                    } else {
                        middle..above.end
                    }
                }
            };
            let part = &mut order[range.start as usize..range.end as usize];
            let own = part.iter().map(|&p| points[p as usize]);
            let area = Area::around(own).unwrap_or(Area {
                least: [f64::INFINITY; 2],
                most: [f64::NEG_INFINITY; 2],
            });
            if 2 * n + 2 < 2 * leaves - 1 && part.len() > 1 {
                // Split along the longer side.
                let span = |axis: usize| area.most[axis] - area.least[axis];
                let axis = usize::from(span(1) > span(0));
                let by = |&p: &u32| points[p as usize][axis];
                let middle = part.len() / 2;
                part.select_nth_unstable_by(middle, |a, b| by(a).total_cmp(&by(b)).then(a.cmp(b)));
            }
            nodes.push(Node { area, range });
        }
        // The split sorts in part; a part of a leaf is to be a random one.
        let mut random = fastrand::Rng::with_seed(11);
        for node in &nodes[leaves - 1..] {
            random.shuffle(&mut order[node.range.start as usize..node.range.end as usize]);
        }
        Self { order, nodes }
    }

    /// The points in the order of the leaves.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// Calls `look` with every point of the leaves that meet `area`, until it returns false.
    pub fn visit(&self, area: &Area, look: &mut dyn FnMut(u32) -> bool) {
        let mut next = vec![0];
        while let Some(n) = next.pop() {
            let Some(node) = self.nodes.get(n).filter(|node| node.area.meets(area)) else {
                continue;
            };
            if 2 * n + 2 < self.nodes.len() {
                next.extend([2 * n + 2, 2 * n + 1]);
                continue;
            }
            for &point in &self.order[node.range.start as usize..node.range.end as usize] {
                if !look(point) {
                    return;
                }
            }
        }
    }

    /// Looks for a point nearer to `at` than `best`, a squared distance with its point; of equal ones the lowest counts.
    pub fn nearest(
        &self,
        points: &[[f64; 2]],
        at: [f64; 2],
        mut best: (f64, Option<u32>),
    ) -> (f64, Option<u32>) {
        let gap = |n: usize| self.nodes[n].area.gap(at);
        let mut next = if self.nodes.is_empty() {
            vec![]
        } else {
            vec![0]
        };
        while let Some(n) = next.pop() {
            if gap(n) > best.0 {
                continue;
            }
            let (left, right) = (2 * n + 1, 2 * n + 2);
            if right < self.nodes.len() {
                // The nearer one is looked at first: it makes most of the other one needless.
                let both = if gap(left) < gap(right) {
                    [right, left]
                } else {
                    [left, right]
                };
                next.extend(both);
                continue;
            }
            let range = &self.nodes[n].range;
            for &point in &self.order[range.start as usize..range.end as usize] {
                let place = points[point as usize];
                let gap = (place[0] - at[0]).powi(2) + (place[1] - at[1]).powi(2);
                let first = best.1.is_none_or(|before| point < before);
                if gap < best.0 || (gap == best.0 && first) {
                    best = (gap, Some(point));
                }
            }
        }
        best
    }

    /// The ranges of the order that meet `area`, rising and put together; of each leaf a random part where they have more
    /// than `most` points. With the points of the ranges, and those of the leaves.
    pub fn seen(&self, area: &Area, most: usize) -> (Vec<Range<u32>>, usize, usize) {
        let (mut found, mut next) = (Vec::<Range<u32>>::new(), vec![0]);
        while let Some(n) = next.pop() {
            let Some(node) = self.nodes.get(n).filter(|node| node.area.meets(area)) else {
                continue;
            };
            let leaf = 2 * n + 2 >= self.nodes.len();
            if !leaf && !area.covers(&node.area) {
                next.extend([2 * n + 2, 2 * n + 1]);
                continue;
            }
            match found.last_mut() {
                Some(last) if last.end == node.range.start => last.end = node.range.end,
                _ => found.push(node.range.clone()),
            }
        }
        let there: usize = found.iter().map(ExactSizeIterator::len).sum();
        if there <= most {
            return (found, there, there);
        }
        let share = most as f64 / there as f64;
        let first_leaf = self.nodes.len() / 2;
        let leaves = self.nodes[first_leaf..].iter().filter(|leaf| {
            let inside = |range: &Range<u32>| range.contains(&leaf.range.start);
            let at = found.partition_point(|r| r.end <= leaf.range.start);
            found.get(at).is_some_and(inside)
        });
        let part = |leaf: &Node| {
            let count = (leaf.range.len() as f64 * share).round().max(1.0) as u32;
            leaf.range.start..(leaf.range.start + count).min(leaf.range.end)
        };
        let parts: Vec<Range<u32>> = leaves.map(part).collect();
        let drawn = parts.iter().map(ExactSizeIterator::len).sum();
        (parts, drawn, there)
    }
}
