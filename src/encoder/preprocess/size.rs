//! Sizes of pictures, and where resizing leads.

use super::Resize;
use crate::dataset::MAX_PIXELS;
use crate::error::{Error, Result};

/// No model takes pictures larger than this; a configuration that asks for it is wrong.
pub(super) const MAX_SIDE: u32 = 4096;

/// A picture's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    pub height: u32,
    pub width: u32,
}

impl Size {
    /// Pixels in all.
    pub fn area(self) -> usize {
        self.height as usize * self.width as usize
    }

    /// The size `resize` leads to; refused where the result would not fit in memory.
    pub fn resized(self, resize: Resize) -> Result<Self> {
        let [height, width] = match resize {
            Resize::None => [self.height, self.width].map(u64::from),
            Resize::Exact { height, width } => [height, width].map(u64::from),
            Resize::ShortestEdge(edge) => {
                let (long, short) = (self.height.max(self.width), self.height.min(self.width));
                let edge = u64::from(edge);
                let long = edge * u64::from(long) / u64::from(short);
                if self.width <= self.height {
                    [long, edge]
                } else {
                    [edge, long]
                }
            }
            Resize::Within { height, width } => self.scaled(height, width, f64::max),
            Resize::Cover { height, width } => self.scaled(height, width, f64::min),
        };
        if height.saturating_mul(width) > MAX_PIXELS {
            return Err(Error::request(
                format!(
                    "a picture of {} x {} pixels is too thin: brought to size it has {width} x {height}",
                    self.width, self.height
                ),
                "Leave it out, or cut it to a more usual shape.",
            ));
        }
        Ok(Self {
            height: height as u32,
            width: width as u32,
        })
    }

    /// Both sides divided by one ratio to the size asked for, rounded half to even (`open_clip`'s `ResizeKeepRatio`).
    fn scaled(self, height: u32, width: u32, choose: fn(f64, f64) -> f64) -> [u64; 2] {
        let (from, to) = (
            [self.height, self.width].map(f64::from),
            [height, width].map(f64::from),
        );
        let ratio = choose(from[0] / to[0], from[1] / to[1]);
        from.map(|side| (side / ratio).round_ties_even().max(1.0) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_long_edge_is_cut_to_a_whole_number() {
        let size = |w, h, edge| {
            let size = Size {
                height: h,
                width: w,
            }
            .resized(Resize::ShortestEdge(edge))
            .expect("a usual size");
            (size.width, size.height)
        };
        assert_eq!(size(500, 333, 224), (336, 224));
        assert_eq!(size(333, 500, 224), (224, 336));
        assert_eq!(size(97, 61, 32), (50, 32));
        assert_eq!(size(64, 64, 224), (224, 224));
    }
}
