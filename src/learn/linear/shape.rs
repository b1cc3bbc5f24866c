//! How the values of a row lie: as a line, or as the channels of a picture.

use crate::error::{Error, Result};

/// The places of a row's values, row-major: `[channels, height, width]`. Fourier transforms run over each channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Channels, each of them transformed alone.
    pub channels: usize,
    /// Values of a channel from top to bottom; 1 for a line.
    pub height: usize,
    /// Values of a channel from left to right.
    pub width: usize,
}

impl Shape {
    /// A line of `length` values: one channel, transformed in one dimension.
    pub fn line(length: usize) -> Self {
        Self::picture(1, 1, length)
    }

    /// One channel of `height` x `width` values.
    pub fn plane(height: usize, width: usize) -> Self {
        Self::picture(1, height, width)
    }

    /// `channels` of `height` x `width` values.
    pub fn picture(channels: usize, height: usize, width: usize) -> Self {
        Self {
            channels,
            height,
            width,
        }
    }

    /// Values in all.
    ///
    /// # Errors
    /// A side is 0, or there are more values than can be counted.
    pub fn values(self) -> Result<usize> {
        let count = self.height.checked_mul(self.width);
        let count = count.and_then(|plane| plane.checked_mul(self.channels));
        count.filter(|&count| count > 0).ok_or_else(|| {
            Error::request(
                format!(
                    "no row has the shape {} x {} x {}",
                    self.channels, self.height, self.width
                ),
                "Give a shape with sides of at least 1.",
            )
        })
    }
}
