//! The orthonormal discrete Fourier transform of rows: as complex numbers, and as real coordinates.

use super::shape::Shape;
use crate::error::Result;
use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};
use std::f64::consts::SQRT_2;
use std::sync::Arc;

/// A frequency of the half of a real row's spectrum that says the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bin {
    /// Its place in the whole spectrum.
    at: usize,
    /// The place of the opposite frequency, which has the conjugate value; its own where the value is real.
    opposite: usize,
}

impl Bin {
    /// Does it have two real coordinates?
    pub fn is_pair(self) -> bool {
        self.at != self.opposite
    }

    /// Its real coordinates.
    pub fn width(self) -> usize {
        1 + usize::from(self.is_pair())
    }
}

/// The transform of rows of one shape, channel by channel; it keeps the length (Parseval).
pub struct Fourier {
    shape: Shape,
    /// Along the width and along the height, forward.
    forward: [Arc<dyn Fft<f64>>; 2],
    /// The same, back.
    back: [Arc<dyn Fft<f64>>; 2],
    bins: Vec<Bin>,
}

impl Fourier {
    /// The transform of rows of `shape`.
    ///
    /// # Errors
    /// A side of `shape` is 0.
    pub fn new(shape: Shape) -> Result<Self> {
        shape.values()?;
        let mut planner = FftPlanner::new();
        let sides = [shape.width, shape.height];
        Ok(Self {
            shape,
            forward: sides.map(|side| planner.plan_fft_forward(side)),
            back: sides.map(|side| planner.plan_fft_inverse(side)),
            bins: bins(shape),
        })
    }

    /// The shape of its rows.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The frequencies of the real coordinates, in their order.
    pub(super) fn bins(&self) -> &[Bin] {
        &self.bins
    }

    /// The spectrum of `row`: as many complex numbers as it has values.
    pub fn spectrum(&self, row: &[f64]) -> Vec<Complex<f64>> {
        let mut values: Vec<_> = row.iter().map(|&v| Complex::new(v, 0.0)).collect();
        self.run(&self.forward, &mut values);
        values
    }

    /// The real part of what has this spectrum.
    pub fn row(&self, mut spectrum: Vec<Complex<f64>>) -> Vec<f64> {
        self.run(&self.back, &mut spectrum);
        spectrum.iter().map(|v| v.re).collect()
    }

    /// `row` in real coordinates, which keep lengths and inner products: for each of the frequencies of half the spectrum
    /// its real and imaginary part times sqrt 2, or the value alone where it is real.
    pub(super) fn pack(&self, row: &[f64]) -> Vec<f64> {
        let spectrum = self.spectrum(row);
        let mut packed = Vec::with_capacity(row.len());
        for bin in &self.bins {
            let value = spectrum[bin.at];
            if bin.is_pair() {
                packed.extend([value.re * SQRT_2, value.im * SQRT_2]);
            } else {
                packed.push(value.re);
            }
        }
        packed
    }

    /// The row with these real coordinates.
    pub(super) fn unpack(&self, packed: &[f64]) -> Vec<f64> {
        let mut spectrum = vec![Complex::default(); packed.len()];
        let mut from = 0;
        for bin in &self.bins {
            let own = &packed[from..from + bin.width()];
            from += bin.width();
            match own {
                [re, im] => {
                    let value = Complex::new(re / SQRT_2, im / SQRT_2);
                    spectrum[bin.at] = value;
                    spectrum[bin.opposite] = value.conj();
                }
                _ => spectrum[bin.at] = Complex::new(own[0], 0.0),
            }
        }
        self.row(spectrum)
    }

    fn run(&self, [across, down]: &[Arc<dyn Fft<f64>>; 2], values: &mut [Complex<f64>]) {
        let Shape { height, width, .. } = self.shape;
        let scale = 1.0 / ((height * width) as f64).sqrt();
        let mut column = vec![Complex::default(); height];
        for channel in values.chunks_exact_mut(height * width) {
            across.process(channel);
            if height > 1 {
                for x in 0..width {
                    for (y, value) in column.iter_mut().enumerate() {
                        *value = channel[y * width + x];
                    }
                    down.process(&mut column);
                    for (y, value) in column.iter().enumerate() {
                        channel[y * width + x] = *value;
                    }
                }
            }
            for value in channel {
                *value *= scale;
            }
        }
    }
}

/// The first of every two opposite frequencies, in the order of the spectrum.
fn bins(shape: Shape) -> Vec<Bin> {
    let Shape {
        channels,
        height,
        width,
    } = shape;
    let mut bins = Vec::new();
    for channel in 0..channels {
        for y in 0..height {
            for x in 0..width {
                let place = |y: usize, x: usize| (channel * height + y) * width + x;
                let (at, opposite) = (
                    place(y, x),
                    place((height - y) % height, (width - x) % width),
                );
                if at <= opposite {
                    bins.push(Bin { at, opposite });
                }
            }
        }
    }
    bins
}
