//! Rectangles of the plane.

/// A rectangle of the plane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// The corner with the least coordinates.
    pub least: [f64; 2],
    /// The corner with the largest.
    pub most: [f64; 2],
}

impl Area {
    /// All of the plane, with a margin.
    pub const ALL: Self = Self {
        least: [-1.1; 2],
        most: [1.1; 2],
    };

    /// Is `at` in it?
    pub fn holds(&self, at: [f64; 2]) -> bool {
        (0..2).all(|axis| (self.least[axis]..=self.most[axis]).contains(&at[axis]))
    }

    /// Have both a point in common?
    pub fn meets(&self, other: &Self) -> bool {
        (0..2).all(|a| self.least[a] <= other.most[a] && other.least[a] <= self.most[a])
    }

    /// Is all of `other` in it?
    pub fn covers(&self, other: &Self) -> bool {
        self.holds(other.least) && self.holds(other.most)
    }

    /// Squared distance of `at` from it; 0 inside.
    pub fn gap(&self, at: [f64; 2]) -> f64 {
        let off = |axis: usize| {
            (self.least[axis] - at[axis])
                .max(at[axis] - self.most[axis])
                .max(0.0)
        };
        off(0).powi(2) + off(1).powi(2)
    }

    /// The smallest that holds all `points`; `None` where there are none.
    pub fn around(points: impl IntoIterator<Item = [f64; 2]>) -> Option<Self> {
        points.into_iter().fold(None, |found, at| {
            let mut area = found.unwrap_or(Self {
                least: at,
                most: at,
            });
            for (axis, v) in at.into_iter().enumerate() {
                area.least[axis] = area.least[axis].min(v);
                area.most[axis] = area.most[axis].max(v);
            }
            Some(area)
        })
    }
}
