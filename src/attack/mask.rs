//! Which pixels a mask leaves free to be changed.

use crate::compute::Grid;
use crate::dataset::{Picture, open_picture};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

/// A picture that says where may be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mask {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `height x width`, row-major: may the pixel be changed?
    pub free: Arc<Vec<bool>>,
}

impl Mask {
    /// The luma from which a pixel is free, of 0 to 255.
    pub const LIGHT: u8 = 128;

    /// The mask that a picture paints: its light pixels, of luma [`Mask::LIGHT`] or more (ITU-R BT.601, rounded as
    /// Pillow does), are free; its dark ones are not.
    pub fn of(picture: &Picture) -> Self {
        let light = |p: &[u8]| luma([p[0], p[1], p[2]]) >= Self::LIGHT;
        let free = picture.rgb.chunks_exact(3).map(light).collect();
        Self {
            width: picture.width,
            height: picture.height,
            free: Arc::new(free),
        }
    }

    /// The mask of the picture at `path`, as [`Mask::of`].
    ///
    /// # Errors
    /// The picture cannot be read, or has no light pixel.
    pub fn open(path: &Path) -> Result<Self> {
        let mask = Self::of(&open_picture(path)?);
        if mask.free.contains(&true) {
            return Ok(mask);
        }
        Err(Error::dataset(
            path,
            "has no light pixel, so nothing may be changed",
            "Paint white where the attack may go, and black elsewhere.",
        ))
    }

    /// May the pixel in row `y`, column `x` of a picture of `grid`'s size be changed? The mask is brought to that size
    /// by the nearest pixel.
    pub(super) fn frees(&self, grid: Grid, y: usize, x: usize) -> bool {
        let row = y * self.height as usize / grid.height.max(1);
        let column = x * self.width as usize / grid.width.max(1);
        let at = row * self.width as usize + column;
        self.free.get(at).copied().unwrap_or(false)
    }
}

/// Luma of ITU-R BT.601, in 16-bit fixed point.
fn luma([r, g, b]: [u8; 3]) -> u8 {
    let sum = 19_595 * u32::from(r) + 38_470 * u32::from(g) + 7_471 * u32::from(b);
    ((sum + 0x8000) >> 16) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn light_pixels_are_free() {
        let grey = |v: u8| [v, v, v];
        let pixels = [
            (grey(0), false),
            (grey(1), false),
            (grey(127), false),
            (grey(128), true),
            (grey(255), true),
            // Of the primaries only green is light.
            ([255, 0, 0], false),
            ([0, 255, 0], true),
            ([0, 0, 255], false),
        ];
        let picture = Picture {
            width: pixels.len() as u32,
            height: 1,
            rgb: pixels.iter().flat_map(|(p, _)| *p).collect(),
        };
        let expected: Vec<bool> = pixels.iter().map(|(_, free)| *free).collect();
        assert_eq!(Mask::of(&picture).free.as_ref(), &expected);
    }

    #[test]
    fn a_dark_picture_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mask.png");
        let mut picture = Picture {
            width: 2,
            height: 1,
            rgb: vec![127; 6],
        };
        crate::dataset::write_png(&path, &picture).unwrap();
        let refused = Mask::open(&path).unwrap_err().to_string();
        assert!(refused.contains("no light pixel"), "{refused}");
        picture.rgb = vec![0, 0, 0, 255, 255, 255];
        crate::dataset::write_png(&path, &picture).unwrap();
        let mask = Mask::open(&path).unwrap();
        assert_eq!(mask.free.as_ref(), &[false, true]);
        // Stretched to four columns, each pixel frees two.
        let grid = Grid {
            rows: 1,
            channels: 3,
            height: 2,
            width: 4,
        };
        let row: Vec<bool> = (0..4).map(|x| mask.frees(grid, 1, x)).collect();
        assert_eq!(row, [false, false, true, true]);
    }
}
