//! The figures of heads before forgetting, after it, and of heads that were trained without.

use crate::learn::Recalls;
use serde::ser::{Serialize, SerializeMap, Serializer};

/// A figure.
#[derive(Debug, PartialEq, Eq)]
pub struct Figure {
    /// Its key in JSON.
    pub key: &'static str,
    /// What it is, in words.
    pub title: &'static str,
    /// Digits after the point.
    pub digits: usize,
}

const fn recall(key: &'static str, title: &'static str) -> Figure {
    Figure {
        key,
        title,
        digits: 1,
    }
}

const fn share(key: &'static str, title: &'static str) -> Figure {
    Figure {
        key,
        title,
        digits: 3,
    }
}

/// Every figure, in the order of tables: recalls in per cent, the others from 0 (cosines: -1) to 1.
pub static FIGURES: [Figure; 25] = [
    recall("forgotten_i2t_r1", "Forgotten, I→T R@1"),
    recall("forgotten_i2t_r5", "Forgotten, I→T R@5"),
    recall("forgotten_i2t_r10", "Forgotten, I→T R@10"),
    recall("forgotten_t2i_r1", "Forgotten, T→I R@1"),
    recall("forgotten_t2i_r5", "Forgotten, T→I R@5"),
    recall("forgotten_t2i_r10", "Forgotten, T→I R@10"),
    recall("retained_i2t_r1", "Retained, I→T R@1"),
    recall("retained_i2t_r5", "Retained, I→T R@5"),
    recall("retained_i2t_r10", "Retained, I→T R@10"),
    recall("retained_t2i_r1", "Retained, T→I R@1"),
    recall("retained_t2i_r5", "Retained, T→I R@5"),
    recall("retained_t2i_r10", "Retained, T→I R@10"),
    recall("valid_i2t_r1", "Held out, I→T R@1"),
    recall("valid_i2t_r5", "Held out, I→T R@5"),
    recall("valid_i2t_r10", "Held out, I→T R@10"),
    recall("valid_t2i_r1", "Held out, T→I R@1"),
    recall("valid_t2i_r5", "Held out, T→I R@5"),
    recall("valid_t2i_r10", "Held out, T→I R@10"),
    share("membership", "Membership, AUC"),
    share("cosine_forgotten", "Mean cosine, forgotten"),
    share("cosine_valid", "Mean cosine, held out"),
    share(
        "overlap_forgotten_i2t",
        "Ranked as without them, forgotten, I→T",
    ),
    share(
        "overlap_forgotten_t2i",
        "Ranked as without them, forgotten, T→I",
    ),
    share(
        "overlap_retained_i2t",
        "Ranked as without them, retained, I→T",
    ),
    share(
        "overlap_retained_t2i",
        "Ranked as without them, retained, T→I",
    ),
];

/// The figures of one state of the heads, in the order of [`FIGURES`].
#[derive(Debug, Clone, PartialEq)]
pub struct State([f64; FIGURES.len()]);

impl State {
    /// Of the recalls of forgotten, retained and held-out images, the membership's AUC, the mean cosines of forgotten and
    /// held-out pairs, and the overlaps with the heads trained without: of forgotten queries, then retained.
    pub fn of(
        recalls: &[Recalls; 3],
        membership: f64,
        cosines: [f64; 2],
        overlaps: [[f64; 2]; 2],
    ) -> Self {
        let mut values = recalls
            .iter()
            .flat_map(Recalls::all)
            .chain([membership])
            .chain(cosines)
            .chain(overlaps.concat());
        Self(std::array::from_fn(|_| values.next().unwrap_or(f64::NAN)))
    }

    /// All figures, in the order of [`FIGURES`].
    pub fn values(&self) -> &[f64] {
        &self.0
    }

    /// The figure of this key.
    pub fn get(&self, key: &str) -> Option<f64> {
        let at = FIGURES.iter().position(|figure| figure.key == key)?;
        Some(self.0[at])
    }
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(FIGURES.len()))?;
        for (figure, value) in FIGURES.iter().zip(&self.0) {
            map.serialize_entry(figure.key, value)?;
        }
        map.end()
    }
}
