//! What is looked at, and which tiles that takes.

use super::tile::{ALL, SAMPLES, SIDE, TileKey};

/// A part of the picture and the pixels it is shown on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Viewport {
    /// First row and column seen; may lie outside.
    pub first: [f64; 2],
    /// Rows and columns per pixel; above 0.
    pub scale: [f64; 2],
    /// Pixels from top to bottom and from left to right.
    pub pixels: [f64; 2],
}

impl Viewport {
    /// The levels at which a cell takes at least a pixel, and less than two, where the rows are that dense.
    pub fn level(&self) -> [u8; 2] {
        self.scale
            .map(|scale| scale.max(1.0).log2().ceil().min(40.0) as u8)
    }

    /// Rows (`side` 0) or columns (1) seen, cut to those there are.
    pub fn span(&self, side: usize, total: usize) -> std::ops::Range<usize> {
        let start = self.first[side].max(0.0).floor() as usize;
        let end = (self.first[side] + self.scale[side] * self.pixels[side])
            .max(0.0)
            .ceil() as usize;
        start.min(total)..end.min(total)
    }

    /// The tiles seen, of `size` rows and columns, those in the middle first.
    pub fn tiles(&self, size: [usize; 2]) -> Vec<TileKey> {
        let level = self.level();
        let numbers = |side: usize| {
            let span = self.span(side, size[side]);
            let wide = SIDE << level[side];
            let end = if span.is_empty() {
                0
            } else {
                (span.end - 1) / wide + 1
            };
            (span.start / wide).min(end)..end
        };
        let middle = |side: usize| {
            let middle = self.first[side] + self.scale[side] * self.pixels[side] / 2.0;
            middle / (SIDE << level[side]) as f64 - 0.5
        };
        let away = |key: &TileKey| {
            let off = [0, 1].map(|side| f64::from(key.at[side]) - middle(side));
            off[0] * off[0] + off[1] * off[1]
        };
        let mut keys: Vec<TileKey> = numbers(0)
            .flat_map(|row| {
                numbers(1).map(move |column| TileKey {
                    level,
                    at: [row as u32, column as u32],
                })
            })
            .collect();
        keys.sort_by(|a, b| away(a).total_cmp(&away(b)).then(a.cmp(b)));
        keys
    }
}

/// What is to be made next of the tiles `keys`, of `size` rows and columns: first all from the fewest samples, then all
/// from more, as long as such a stage takes at most `budget` pairs over all tiles; `have` says from how many samples a
/// tile is. With `budget` `u64::MAX` the last stage is always exact.
pub fn plan(
    keys: &[TileKey],
    size: [usize; 2],
    budget: u64,
    have: impl Fn(TileKey) -> Option<usize>,
) -> Vec<(TileKey, usize)> {
    let mut wanted = Vec::new();
    let mut before = None;
    for samples in SAMPLES.into_iter().chain([ALL]) {
        // Where the stage before was exact already, there is nothing to gain.
        let gains = |key: &TileKey| before.is_none_or(|b| !key.is_exact(b));
        let cost: u64 = keys
            .iter()
            .filter(|k| gains(k))
            .map(|k| k.pairs(samples, size))
            .sum();
        if before.is_some() && cost > budget {
            break;
        }
        let lacks =
            |key: &TileKey| have(*key).is_none_or(|old| old < samples && !key.is_exact(old));
        wanted.extend(
            keys.iter()
                .filter(|k| gains(k) && lacks(k))
                .map(|&key| (key, samples)),
        );
        before = Some(samples);
    }
    wanted
}
