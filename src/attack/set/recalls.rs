//! Recall by figure, and how much an attack took from it.

use super::SetRequest;
use super::asked::Asked;
use super::checkpoint::UnitDone;
use super::figure::{Figure, direction};
use crate::retrieval::Side;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// Recalls in per cent by figure: those that were attacked for, and no others. In JSON as in `eval`: `i2t` and `t2i` with
/// `r1`, `r5`, .. and `rsum` where all six are there.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recalls {
    /// Pictures that were attacked.
    pub images: usize,
    /// Their captions.
    pub captions: usize,
    /// What the recalls are of.
    pub protocol: String,
    /// Each figure and its value.
    pub values: Vec<(Figure, f64)>,
}

impl Recalls {
    /// Recall at `k` of one direction; `None` where it was not attacked for.
    pub fn get(&self, side: Side, k: usize) -> Option<f64> {
        let wanted = Figure { side, k };
        let found = self.values.iter().find(|(figure, _)| *figure == wanted);
        found.map(|(_, value)| *value)
    }

    /// The sum of R@1, R@5 and R@10 of both directions; `None` where one of them was not attacked for.
    pub fn rsum(&self) -> Option<f64> {
        let all = SetRequest::SIDES
            .into_iter()
            .flat_map(|side| SetRequest::AT.map(|k| self.get(side, k)));
        all.sum()
    }
}

/// One direction of [`Recalls`].
struct Direction<'a>(&'a Recalls, Side);

impl Serialize for Direction<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (figure, value) in self.0.values.iter().filter(|(f, _)| f.side == self.1) {
            map.serialize_entry(&format!("r{}", figure.k), value)?;
        }
        map.end()
    }
}

impl Serialize for Recalls {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("images", &self.images)?;
        map.serialize_entry("captions", &self.captions)?;
        map.serialize_entry("protocol", &self.protocol)?;
        for side in SetRequest::SIDES {
            if self.values.iter().any(|(f, _)| f.side == side) {
                let name = direction(side);
                map.serialize_entry(name, &Direction(self, side))?;
            }
        }
        if let Some(rsum) = self.rsum() {
            map.serialize_entry("rsum", &rsum)?;
        }
        map.end()
    }
}

/// How successful an attack on one figure was, by both names that papers use.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Success {
    /// `i2t` or `t2i`.
    pub direction: &'static str,
    /// The rank.
    pub k: usize,
    /// Of the queries right before, the share that is wrong now, 0 to 1 (Set-level Guidance Attack, arXiv 2307.14061).
    /// `None` where none was right.
    pub of_right: Option<f64>,
    /// Clean less attacked recall, in per cent of all queries (Co-Attack, arXiv 2206.09391).
    pub drop: f64,
}

/// Recall of each figure that is `asked` for over `units`, where `lost` says which of them are not found.
pub(super) fn recalls(
    asked: &Asked<'_>,
    units: &[&UnitDone],
    lost: impl Fn(&UnitDone, usize) -> bool,
) -> Recalls {
    let ks = asked.ks();
    let value = |figure: Figure| {
        let nth = ks.iter().position(|&k| k == figure.k).unwrap_or(0);
        let of_side = || units.iter().filter(|u| u.side() == figure.side);
        let all = of_side().count().max(1) as f64;
        let kept = of_side().filter(|u| !lost(u, nth)).count() as f64;
        (figure, 100.0 * kept / all)
    };
    let captions = asked.images.iter().map(|&i| asked.groups.range(i).len());
    let groups = asked.groups;
    let among = if asked.images.len() < groups.images() {
        format!(
            "{} of {} images ranked among all",
            asked.images.len(),
            groups.images()
        )
    } else {
        "full".to_owned()
    };
    Recalls {
        images: asked.images.len(),
        captions: captions.sum(),
        protocol: format!(
            "{among}; each recall after an attack on that recall, its picture alone perturbed; ties count against the \
             positive"
        ),
        values: asked.figures().into_iter().map(value).collect(),
    }
}

/// Success by figure, and the rate of the first rank of image to text (of the goal, where it is another).
pub(super) fn success(
    asked: &Asked<'_>,
    units: &[&UnitDone],
    before: impl Fn(&UnitDone, usize) -> bool,
    after: impl Fn(&UnitDone, usize) -> bool,
) -> (Vec<Success>, Option<f64>) {
    let ks = asked.ks();
    let count = |side: Side, nth: usize| {
        let of_side: Vec<_> = units.iter().filter(|u| u.side() == side).collect();
        let right = of_side.iter().filter(|u| !before(u, nth)).count();
        let newly = of_side
            .iter()
            .filter(|u| !before(u, nth) && after(u, nth))
            .count();
        let kept = of_side.iter().filter(|u| !after(u, nth)).count();
        let share = (right > 0).then(|| newly as f64 / right as f64);
        let drop = 100.0 * (right as f64 - kept as f64) / of_side.len().max(1) as f64;
        (share, drop)
    };
    let of = |figure: Figure| {
        let nth = ks.iter().position(|&k| k == figure.k).unwrap_or(0);
        let (of_right, drop) = count(figure.side, nth);
        Success {
            direction: figure.direction(),
            k: figure.k,
            of_right,
            drop,
        }
    };
    let all: Vec<Success> = asked.figures().into_iter().map(of).collect();
    let first = ks.iter().position(|&k| k == 1);
    let first = first.filter(|_| asked.kinds().contains(&Side::Image));
    (all, first.and_then(|nth| count(Side::Image, nth).0))
}
