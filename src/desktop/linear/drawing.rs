//! Weights, spectra and changes as pictures.

use crate::compute::{Colours, Cpu, Paint};
use crate::error::Result;
use crate::learn::linear::{Fourier, Shape};
use egui::{Color32, ColorImage};

/// Decades that a spectrum shows.
const DECADES: f32 = 3.0;

/// Rows of the picture of `shape`: a line is drawn as a strip.
fn size(shape: Shape) -> [usize; 2] {
    [shape.width, shape.height]
}

/// The mean over channels of each place.
fn plane(values: &[f64], shape: Shape) -> Vec<f32> {
    let place = shape.width * shape.height;
    (0..place)
        .map(|at| {
            let channels = (0..shape.channels).map(|c| values[c * place + at]);
            (channels.sum::<f64>() / shape.channels as f64) as f32
        })
        .collect()
}

/// `values` in the colours of signs: zero dark, the largest size full.
///
/// # Errors
/// None of the CPU.
pub fn signed(values: &[f64], shape: Shape) -> Result<ColorImage> {
    let plane = plane(values, shape);
    let scale = plane.iter().fold(0.0, |most: f32, v| most.max(v.abs()));
    coloured(&plane, shape, Colours::Signed, scale)
}

/// The amplitudes of the spectrum of `values`, frequency 0 in the middle, in decades below the largest.
///
/// # Errors
/// None of the CPU.
pub fn spectrum(values: &[f64], fourier: &Fourier) -> Result<ColorImage> {
    let shape = fourier.shape();
    let amplitudes: Vec<f64> = fourier.spectrum(values).iter().map(|c| c.norm()).collect();
    let plane = plane(&amplitudes, shape);
    let most = plane.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let [wide, tall] = size(shape);
    let mut shifted = vec![0.0; plane.len()];
    for y in 0..tall {
        for x in 0..wide {
            let to = (y + tall / 2) % tall * wide + (x + wide / 2) % wide;
            let below = (plane[y * wide + x] / most).max(1e-30).log10();
            shifted[to] = (1.0 + below / DECADES).max(0.0);
        }
    }
    coloured(&shifted, shape, Colours::Magma, 1.0)
}

/// `values` from 0 to 1 as a picture, cut off there; three channels are red, green and blue.
pub fn pixels(values: &[f64], shape: Shape) -> ColorImage {
    let place = shape.width * shape.height;
    let byte = |v: f64| (v.clamp(0.0, 1.0) * 255.0).round() as u8;
    let at = |n: usize| {
        let of = |c: usize| byte(values[(c % shape.channels) * place + n]);
        Color32::from_rgb(of(0), of(1), of(2))
    };
    ColorImage::new(size(shape), (0..place).map(at).collect())
}

fn coloured(plane: &[f32], shape: Shape, colours: Colours, scale: f32) -> Result<ColorImage> {
    let bytes = Cpu.colour(plane, colours, scale)?;
    Ok(ColorImage::from_rgba_unmultiplied(size(shape), &bytes))
}
