//! Resize and crop in real numbers: the weights of the 8-bit steps without their rounding, for gradients.

use super::convolve::Weights;
use super::size::Size;
use super::{Filter, Rounding, resize};
use std::ops::Range;

/// A linear map of lines of pixels: each pixel that comes out is a weighted sum of neighbours, or 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    inputs: usize,
    /// First source pixel, and where its weights lie in `values`.
    runs: Vec<(usize, Range<usize>)>,
    values: Vec<f32>,
}

impl Line {
    /// Brings a line of `from` pixels to `to`, then cuts `crop` out of its centre.
    fn new(filter: Filter, from: u32, to: u32, crop: Option<u32>, rounding: Rounding) -> Self {
        let single = |sources: Vec<usize>| {
            let run = |(i, first)| (first, i..i + 1);
            let runs: Vec<_> = sources.into_iter().enumerate().map(run).collect();
            (vec![1.0; runs.len()], runs)
        };
        let (values, mut runs) = if from == to {
            single((0..from as usize).collect())
        } else if filter == Filter::Nearest {
            single(resize::nearest_line(from, to))
        } else {
            let exact = Weights::new(filter, from, to);
            (exact.values.iter().map(|w| *w as f32).collect(), exact.runs)
        };
        if let Some(crop) = crop {
            let (source, target, shared) = resize::overlap(to, crop, rounding);
            let mut cut = vec![(0, 0..0); crop as usize];
            let kept = runs.into_iter().skip(source).take(shared);
            for (place, run) in cut.iter_mut().skip(target).zip(kept) {
                *place = run;
            }
            runs = cut;
        }
        Self {
            inputs: from as usize,
            runs,
            values,
        }
    }

    /// Pixels that go in.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Pixels that come out.
    pub fn outputs(&self) -> usize {
        self.runs.len()
    }

    /// For each pixel that comes out: the first source pixel, and the weights from there on.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &[f32])> {
        self.runs
            .iter()
            .map(|(first, range)| (*first, &self.values[range.clone()]))
    }

    /// What [`Line::iter`] gives, for pixel `i` alone; no weights beyond the end.
    pub fn run(&self, i: usize) -> (usize, &[f32]) {
        match self.runs.get(i) {
            Some((first, range)) => (*first, &self.values[range.clone()]),
            None => (0, &[]),
        }
    }

    /// The map with inputs and outputs exchanged: it takes gradients back.
    #[must_use]
    pub fn transposed(&self) -> Self {
        // The outputs that each input goes into lie next to each other.
        let mut spans: Vec<Option<(usize, usize)>> = vec![None; self.inputs];
        for (i, (first, weights)) in self.iter().enumerate() {
            for span in spans.iter_mut().skip(first).take(weights.len()) {
                *span = Some((span.map_or(i, |(start, _)| start), i + 1));
            }
        }
        let mut total = 0;
        let runs: Vec<_> = spans
            .into_iter()
            .map(|span| {
                let (start, end) = span.unwrap_or_default();
                let begin = total;
                total += end - start;
                (start, begin..total)
            })
            .collect();
        let mut values = vec![0.0; total];
        for (i, (first, weights)) in self.iter().enumerate() {
            for ((start, range), weight) in runs.iter().skip(first).zip(weights) {
                values[range.start + i - start] = *weight;
            }
        }
        Self {
            inputs: self.outputs(),
            runs,
            values,
        }
    }
}

/// Resize and crop of pictures of one size, side by side. The 8-bit steps clip to the range of pixels after each
/// side, so their order counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear {
    /// What becomes of every column.
    pub height: Line,
    /// What becomes of every row.
    pub width: Line,
    /// Is the height changed before the width?
    pub height_first: bool,
}

impl Linear {
    /// From a picture of size `from` to `to`, of which `crop` (height, width) is cut out.
    pub(super) fn new(
        from: Size,
        to: Size,
        crop: Option<(u32, u32)>,
        rounding: Rounding,
        filter: Filter,
    ) -> Self {
        let line = |from, to, crop| Line::new(filter, from, to, crop, rounding);
        Self {
            height: line(from.height, to.height, crop.map(|c| c.0)),
            width: line(from.width, to.width, crop.map(|c| c.1)),
            height_first: resize::height_first(from, to),
        }
    }
}
