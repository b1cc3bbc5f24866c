//! Where in a row there is something to change.

use crate::attack::space::Space;
use crate::compute::Ball;

/// A row's values as a picture `[channels, height, width]`, and the rectangle of it that holds all that may change.
///
/// A row that is a line (a raw tensor of shape `[1, 1, values]`) is seen as a square picture with 1, 3 or 4 channels
/// where its length allows; that is a guess, and only where proposals are made does it matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    /// Channels of the picture.
    pub channels: usize,
    /// Rows of pixels of the picture.
    pub height: usize,
    /// Columns of pixels of the picture.
    pub width: usize,
    /// First row of the rectangle.
    pub top: usize,
    /// First column of the rectangle.
    pub left: usize,
    /// Rows of the rectangle; 0 where nothing may change.
    pub rows: usize,
    /// Columns of the rectangle.
    pub columns: usize,
    /// Are the rows lines, whose shape as a picture is a guess at best?
    pub is_line: bool,
}

impl Frame {
    /// The frame of row `row`.
    pub fn of(space: &Space, row: usize) -> Self {
        let grid = space.grid;
        let is_line = grid.height <= 1 || grid.width <= 1;
        let (channels, height, width) = if is_line {
            as_picture(grid.len())
        } else {
            (grid.channels, grid.height, grid.width)
        };
        let mut frame = Self {
            channels,
            height,
            width,
            top: 0,
            left: 0,
            rows: 0,
            columns: 0,
            is_line,
        };
        if space.radius() <= 0.0 || matches!(space.ball, Ball::L0(0)) {
            return frame;
        }
        let (mut bottom, mut right) = (0, 0);
        (frame.top, frame.left) = (height, width);
        let values = row * grid.len()..(row + 1) * grid.len();
        let sides = space.lower()[values.clone()]
            .iter()
            .zip(&space.upper()[values]);
        for (at, _) in sides.enumerate().filter(|(_, (l, u))| l < u) {
            let (y, x) = (at / width % height, at % width);
            (frame.top, frame.left) = (frame.top.min(y), frame.left.min(x));
            (bottom, right) = (bottom.max(y + 1), right.max(x + 1));
        }
        frame.rows = bottom.saturating_sub(frame.top);
        frame.columns = right.saturating_sub(frame.left);
        frame
    }

    /// May nothing change?
    pub fn is_empty(&self) -> bool {
        self.rows == 0 || self.columns == 0
    }

    /// Pixels of the rectangle.
    pub fn area(&self) -> usize {
        self.rows * self.columns
    }

    /// Where the value of `channel` at row `y` and column `x` of the picture lies in the row.
    pub fn at(&self, channel: usize, y: usize, x: usize) -> usize {
        (channel * self.height + y) * self.width + x
    }
}

/// Channels, height and width that a line of `len` values may have as a picture; one line where there is no guess.
fn as_picture(len: usize) -> (usize, usize, usize) {
    let side = |channels: usize| ((len / channels) as f64).sqrt().round() as usize;
    let fits = |&channels: &usize| side(channels) >= 8 && channels * side(channels).pow(2) == len;
    match [3, 1, 4].into_iter().find(fits) {
        Some(channels) => (channels, side(channels), side(channels)),
        None => (1, 1, len),
    }
}

/// The rows of `rows` in which something may change.
pub(super) fn changeable(space: &Space, rows: Vec<usize>) -> Vec<usize> {
    rows.into_iter()
        .filter(|&r| !Frame::of(space, r).is_empty())
        .collect()
}
