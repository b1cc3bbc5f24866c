//! The points of a map as they are looked at: coordinates in a square from -1 to 1, and trees that find what is in a
//! rectangle, near a place or inside an outline without a look at every point.

use super::area::Area;
use super::tree::Tree;
use std::ops::Range;

/// The points of a map: images first, then captions.
#[derive(Debug, Clone, Default)]
pub struct Plane {
    points: Vec<[f64; 2]>,
    images: usize,
    trees: [Tree; 2],
    /// The middle of the map, and what its coordinates are multiplied by.
    middle: [f64; 2],
    scale: f64,
}

/// The points of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// Images.
    Images,
    /// Captions.
    Texts,
}

impl Layer {
    /// Captions, and images that are drawn over them.
    pub const ALL: [Self; 2] = [Self::Texts, Self::Images];
}

impl Plane {
    /// The plane of `points`, the first `images` of which are images.
    pub fn new(points: &[[f64; 2]], images: usize) -> Self {
        let area = Area::around(points.iter().copied()).unwrap_or(Area::ALL);
        let middle = [0, 1].map(|axis| f64::midpoint(area.least[axis], area.most[axis]));
        let span = (0..2)
            .map(|axis| area.most[axis] - area.least[axis])
            .fold(0.0, f64::max);
        let scale = if span > 0.0 { 2.0 / span } else { 1.0 };
        let points: Vec<[f64; 2]> = points
            .iter()
            .map(|at| [0, 1].map(|axis| (at[axis] - middle[axis]) * scale))
            .collect();
        let images = images.min(points.len());
        let trees = [
            Tree::new(&points, 0..images as u32),
            Tree::new(&points, images as u32..points.len() as u32),
        ];
        Self {
            points,
            images,
            trees,
            middle,
            scale,
        }
    }

    /// Points in all.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Images among the points.
    pub fn images(&self) -> usize {
        self.images
    }

    /// Where a point lies; `None` where there is no such point.
    pub fn point(&self, point: u32) -> Option<[f64; 2]> {
        self.points.get(point as usize).copied()
    }

    /// Where a place of the map's own coordinates lies.
    pub fn at(&self, place: [f32; 2]) -> [f64; 2] {
        [0, 1].map(|axis| (f64::from(place[axis]) - self.middle[axis]) * self.scale)
    }

    fn tree(&self, layer: Layer) -> &Tree {
        &self.trees[usize::from(layer == Layer::Texts)]
    }

    /// The points of a layer in the order in which they are drawn: near ones together, at random among themselves.
    pub fn order(&self, layer: Layer) -> &[u32] {
        self.tree(layer).order()
    }

    /// What is drawn of a layer where `area` is seen: ranges of [`Plane::order`] with at most about `most` points, a
    /// random part of what is there where it is more; with the points drawn, and those there are.
    pub fn seen(&self, layer: Layer, area: &Area, most: usize) -> (Vec<Range<u32>>, usize, usize) {
        self.tree(layer).seen(area, most)
    }

    /// Points in `area`, `most` at most, of one layer.
    pub fn within(&self, layer: Layer, area: &Area, most: usize) -> Vec<u32> {
        let mut found = Vec::new();
        self.tree(layer).visit(area, &mut |point| {
            if area.holds(self.points[point as usize]) {
                found.push(point);
            }
            found.len() < most
        });
        found
    }

    /// The point nearest to `at`, no farther than `radius`; images before captions at the same distance.
    pub fn nearest(&self, at: [f64; 2], radius: f64) -> Option<u32> {
        let mut best = (radius * radius, None);
        for layer in [Layer::Images, Layer::Texts] {
            best = self.tree(layer).nearest(&self.points, at, best);
        }
        best.1
    }

    /// The points inside `outline`, a closed polygon (by the even-odd rule), rising.
    pub fn inside(&self, outline: &[[f64; 2]]) -> Vec<u32> {
        let Some(area) = Area::around(outline.iter().copied()) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for layer in Layer::ALL {
            self.tree(layer).visit(&area, &mut |point| {
                if holds(outline, self.points[point as usize]) {
                    found.push(point);
                }
                true
            });
        }
        found.sort_unstable();
        found
    }
}

/// Is `at` inside the polygon?
fn holds(outline: &[[f64; 2]], at: [f64; 2]) -> bool {
    let mut inside = false;
    let mut before = outline.len() - 1;
    for (n, corner) in outline.iter().enumerate() {
        let last = outline[before];
        if (corner[1] > at[1]) != (last[1] > at[1]) {
            let share = (at[1] - corner[1]) / (last[1] - corner[1]);
            if at[0] < corner[0] + share * (last[0] - corner[0]) {
                inside = !inside;
            }
        }
        before = n;
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(count: usize, images: usize, seed: u64) -> Plane {
        let mut random = fastrand::Rng::with_seed(seed);
        // Most of them in a small heap, a few far off.
        let mut at = |n: usize| {
            let size = if n.is_multiple_of(50) { 1_000.0 } else { 3.0 };
            [random.f64() * size - 7.0, random.f64() * size]
        };
        let points: Vec<_> = (0..count).map(&mut at).collect();
        Plane::new(&points, images)
    }

    #[test]
    fn queries_find_what_a_look_at_every_point_finds() {
        let plane = plane(9_000, 2_000, 4);
        let all = || (0..9_000_u32).map(|p| (p, plane.point(p).expect("a point")));
        assert!(all().all(|(_, at)| {
            Area {
                least: [-1.0; 2],
                most: [1.0; 2],
            }
            .holds(at)
        }));
        let mut random = fastrand::Rng::with_seed(9);
        for _ in 0..60 {
            let (_, at) = all().nth(random.usize(..9_000)).expect("a point");
            let at = at.map(|v| v + random.f64() * 1e-3);
            let radius = random.f64() * 0.01;
            let gap = |place: [f64; 2]| (place[0] - at[0]).powi(2) + (place[1] - at[1]).powi(2);
            let right = all()
                .min_by(|a, b| gap(a.1).total_cmp(&gap(b.1)))
                .expect("some");
            let right = (gap(right.1) < radius * radius).then_some(right.0);
            assert_eq!(plane.nearest(at, radius), right);
            let area = Area {
                least: at.map(|v| v - radius),
                most: at.map(|v| v + 2.0 * radius),
            };
            let mut found = plane.within(Layer::Texts, &area, usize::MAX);
            found.sort_unstable();
            let right: Vec<u32> = all()
                .filter(|(p, at)| *p >= 2_000 && area.holds(*at))
                .map(|(p, _)| p)
                .collect();
            assert_eq!(found, right);
            // A triangle of the same place.
            let outline = [area.least, [area.most[0], area.least[1]], area.most];
            let right: Vec<u32> = all()
                .filter(|(_, at)| holds(&outline, *at))
                .map(|(p, _)| p)
                .collect();
            assert_eq!(plane.inside(&outline), right);
        }
    }

    #[test]
    fn all_that_is_seen_is_drawn_or_a_random_part_of_it() {
        let plane = plane(9_000, 0, 8);
        let (ranges, drawn, there) = plane.seen(Layer::Texts, &Area::ALL, usize::MAX);
        assert_eq!(
            (ranges.as_slice(), drawn, there),
            (std::slice::from_ref(&(0..9_000)), 9_000, 9_000)
        );
        let (ranges, drawn, there) = plane.seen(Layer::Texts, &Area::ALL, 900);
        assert_eq!(
            (
                ranges.iter().map(ExactSizeIterator::len).sum::<usize>(),
                there
            ),
            (drawn, 9_000)
        );
        assert!((800..=1_000).contains(&drawn), "{drawn}");
        // What is out of sight is not drawn.
        let corner = Area {
            least: [0.5; 2],
            most: [1.0; 2],
        };
        let (ranges, _, there) = plane.seen(Layer::Texts, &corner, usize::MAX);
        let drawn: Vec<u32> = ranges
            .iter()
            .flat_map(|r| &plane.order(Layer::Texts)[r.start as usize..r.end as usize])
            .copied()
            .collect();
        for point in plane.within(Layer::Texts, &corner, usize::MAX) {
            assert!(drawn.contains(&point));
        }
        assert!(there < 3_000, "{there}");
        let mut order = plane.order(Layer::Texts).to_vec();
        order.sort_unstable();
        assert_eq!(order, (0..9_000).collect::<Vec<_>>());
    }

    #[test]
    fn near_points_stay_apart_and_equal_ones_are_no_trouble() {
        // Two points a millionth apart, in a map of size 2,000.
        let plane = Plane::new(&[[1000.0, 0.0], [1_000.000_001, 0.0], [-1000.0, 0.0]], 3);
        let gap = plane.point(1).expect("a point")[0] - plane.point(0).expect("a point")[0];
        assert!((gap - 1e-9).abs() < 1e-12, "{gap:e}");
        let same = Plane::new(&vec![[4.0, 4.0]; 3_000], 1_000);
        assert_eq!(same.nearest([0.0; 2], 0.1), Some(0));
        assert_eq!(
            same.inside(&[[-1.0, -1.0], [1.0, -1.0], [0.0, 1.0]]).len(),
            3_000
        );
        assert!(Plane::new(&[], 0).nearest([0.0; 2], 1.0).is_none());
    }
}
