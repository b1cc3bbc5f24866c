//! Colours of numbers: the tables and the rule that both engines share, and the CPU's form.
//!
//! A magnitude m below the scale gets entry `floor(m * (256 / scale))` of 256, as matplotlib does it; one
//! multiplication is the only rounding, so that every device agrees to the byte.

mod tables;
mod views;

pub use views::{View, channel_mean, log_spectrum, pixel_norm};

use super::{Colours, Cpu, Paint};
use crate::error::Result;
use rayon::prelude::*;
use std::sync::LazyLock;

/// Entries for numbers from zero to the scale, from zero to minus the scale, and NaN's.
pub(super) const ENTRIES: usize = 513;
/// Scales below count as 0: their reciprocal is out of range.
const SMALLEST: f32 = 1e-30;
/// Numbers of one piece of work.
const BLOCK: usize = 1 << 14;

/// RGBA of every entry.
pub(super) type Table = [[u8; 4]; ENTRIES];

/// The table of `colours`.
pub(super) fn table(colours: Colours) -> &'static Table {
    static TABLES: LazyLock<[Table; 4]> = LazyLock::new(|| ALL.map(tables::make));
    &TABLES[index(colours)]
}

/// Every kind of colours, in the order of [`index`].
pub(super) const ALL: [Colours; 4] = [
    Colours::Signed,
    Colours::Viridis,
    Colours::Magma,
    Colours::Grey,
];

/// The place of `colours` in [`ALL`].
pub(super) fn index(colours: Colours) -> usize {
    match colours {
        Colours::Signed => 0,
        Colours::Viridis => 1,
        Colours::Magma => 2,
        Colours::Grey => 3,
    }
}

/// From numbers to entries.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    /// Bits of the magnitude from which the end's colour is taken.
    pub full: u32,
    /// Entries per unit.
    pub factor: f32,
}

impl Scale {
    /// A scale that is NaN, below 1e-30 or negative counts as 0: zero's colour for 0, the end's for all else.
    pub fn new(scale: f32) -> Self {
        if scale >= SMALLEST {
            Self {
                full: scale.to_bits(),
                factor: 256.0 / scale,
            }
        } else {
            Self {
                full: 1,
                factor: 0.0,
            }
        }
    }

    /// The entry of `value`; `shaders/heatmap.wgsl` has the same lines.
    fn entry(self, value: f32) -> usize {
        let bits = value.to_bits();
        let size = bits & 0x7fff_ffff;
        if size > 0x7f80_0000 {
            return ENTRIES - 1;
        }
        let i = if size < self.full {
            ((f32::from_bits(size) * self.factor) as usize).min(255)
        } else {
            255
        };
        i + if bits > 0x8000_0000 { 256 } else { 0 }
    }
}

impl Paint for Cpu {
    fn colour(&self, values: &[f32], colours: Colours, scale: f32) -> Result<Vec<u8>> {
        let (table, scale) = (table(colours), Scale::new(scale));
        let mut pixels = vec![0; values.len() * 4];
        pixels
            .par_chunks_mut(4 * BLOCK)
            .zip(values.par_chunks(BLOCK))
            .for_each(|(pixels, values)| {
                for (pixel, &value) in pixels.chunks_exact_mut(4).zip(values) {
                    pixel.copy_from_slice(&table[scale.entry(value)]);
                }
            });
        Ok(pixels)
    }
}
