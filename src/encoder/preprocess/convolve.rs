//! One pass of Pillow's resampling, to the bit: weights of 22 binary digits, sums in 32-bit integers, each result
//! rounded and clipped to 8 bits.
//!
//! The project's SIMD resizer keeps 16 bits per weight. Over two passes that is off by two levels for the cubic and
//! Lanczos filters, which is why thumbnails use it and models do not.

use super::Filter;
use super::size::Size;

/// Binary digits of a weight after the point (Pillow's `PRECISION_BITS`).
const DIGITS: u32 = 22;
/// One half, so that the final shift rounds.
const HALF: i32 = 1 << (DIGITS - 1);

/// What each pixel of a line is made of: runs of source pixels and their weights.
pub(super) struct Weights<T> {
    /// First source pixel, and where its weights lie in `values`.
    pub runs: Vec<(usize, std::ops::Range<usize>)>,
    pub values: Vec<T>,
}

impl Weights<f64> {
    /// The weights that bring a line of `from` pixels to `to`.
    pub fn new(filter: Filter, from: u32, to: u32) -> Self {
        let step = f64::from(from) / f64::from(to);
        let scale = step.max(1.0);
        let reach = support(filter) * scale;
        let mut weights = Self {
            runs: Vec::with_capacity(to as usize),
            values: Vec::new(),
        };
        for i in 0..to {
            let centre = (f64::from(i) + 0.5) * step;
            let first = (centre - reach + 0.5).max(0.0) as usize;
            let end = ((centre + reach + 0.5) as usize).min(from as usize);
            let line = (first..end).map(|x| value(filter, (x as f64 - centre + 0.5) / scale));
            let total: f64 = line.clone().sum();
            let begin = weights.values.len();
            let shared = |w| if total == 0.0 { w } else { w / total };
            weights.values.extend(line.map(shared));
            weights.runs.push((first, begin..weights.values.len()));
        }
        weights
    }
}

impl Weights<i32> {
    /// The same in fixed point.
    fn fixed(filter: Filter, from: u32, to: u32) -> Self {
        let Weights { runs, values } = Weights::new(filter, from, to);
        let rounded = |w: f64| (w * f64::from(1 << DIGITS) + 0.5_f64.copysign(w)) as i32;
        Self {
            runs,
            values: values.into_iter().map(rounded).collect(),
        }
    }

    /// For each pixel that comes out: the first source pixel, and the weights from there on.
    fn iter(&self) -> impl Iterator<Item = (usize, &[i32])> {
        self.runs
            .iter()
            .map(|(first, range)| (*first, &self.values[range.clone()]))
    }
}

/// Brings every row of `pixels`, `C` bytes each, to `width` pixels.
pub(super) fn horizontal<const C: usize>(
    pixels: &[u8],
    from: Size,
    width: u32,
    filter: Filter,
) -> Vec<u8> {
    let weights = Weights::fixed(filter, from.width, width);
    let mut out = Vec::with_capacity(from.height as usize * width as usize * C);
    for row in pixels.chunks_exact(from.width as usize * C) {
        for (first, weights) in weights.iter() {
            let mut sums = [HALF; C];
            for (pixel, weight) in row[first * C..].chunks_exact(C).zip(weights) {
                for (sum, value) in sums.iter_mut().zip(pixel) {
                    *sum += i32::from(*value) * weight;
                }
            }
            out.extend_from_slice(&sums.map(clip));
        }
    }
    out
}

/// Brings every column of `pixels`, rows of `row` bytes, from `from` to `height` pixels.
pub(super) fn vertical(
    pixels: &[u8],
    row: usize,
    from: u32,
    height: u32,
    filter: Filter,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(height as usize * row);
    let mut sums = vec![HALF; row];
    for (first, weights) in Weights::fixed(filter, from, height).iter() {
        sums.fill(HALF);
        for (line, weight) in pixels[first * row..].chunks_exact(row).zip(weights) {
            for (sum, value) in sums.iter_mut().zip(line) {
                *sum += i32::from(*value) * weight;
            }
        }
        out.extend(sums.iter().copied().map(clip));
    }
    out
}

fn clip(sum: i32) -> u8 {
    (sum >> DIGITS).clamp(0, 255) as u8
}

/// How far a filter reaches, in pixels of the coarser side.
fn support(filter: Filter) -> f64 {
    match filter {
        Filter::Nearest | Filter::Box => 0.5,
        Filter::Bilinear | Filter::Hamming => 1.0,
        Filter::Bicubic => 2.0,
        Filter::Lanczos => 3.0,
    }
}

/// A filter's value at `x`.
fn value(filter: Filter, x: f64) -> f64 {
    const A: f64 = -0.5;
    let sinc = |x: f64| {
        if x == 0.0 {
            1.0
        } else {
            (x * std::f64::consts::PI).sin() / (x * std::f64::consts::PI)
        }
    };
    let far = x.abs();
    match filter {
        Filter::Nearest | Filter::Box => f64::from(x > -0.5 && x <= 0.5),
        Filter::Bilinear => (1.0 - far).max(0.0),
        Filter::Hamming if far >= 1.0 => 0.0,
        Filter::Hamming => sinc(far) * (0.54 + 0.46 * (far * std::f64::consts::PI).cos()),
        Filter::Bicubic if far < 1.0 => ((A + 2.0) * far - (A + 3.0)) * far * far + 1.0,
        Filter::Bicubic if far < 2.0 => (((far - 5.0) * far + 8.0) * far - 4.0) * A,
        Filter::Lanczos if (-3.0..3.0).contains(&x) => sinc(x) * sinc(x / 3.0),
        Filter::Bicubic | Filter::Lanczos => 0.0,
    }
}
