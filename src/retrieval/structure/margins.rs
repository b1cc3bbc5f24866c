//! How far the right ones are ahead of the hardest negatives, or behind.

use crate::compute::Direction;

/// Bins on either side of 0, at most.
const BINS: usize = 60;

/// A histogram of margins with an edge at 0, and who is near it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Margins {
    /// Lower edge of the first bin: a whole number of widths.
    pub low: f64,
    /// Width of a bin: 1, 2 or 5 times a power of ten.
    pub width: f64,
    /// Queries of each bin.
    pub counts: Vec<usize>,
    /// Queries without a margin: they have no negative, or no positive.
    pub none: usize,
    /// The band around 0.
    pub band: f32,
    /// Queries that are wrong.
    pub wrong: usize,
    /// Wrong queries whose margin is within the band: the near misses.
    pub nearly_right: usize,
    /// Right queries whose margin is within the band.
    pub nearly_wrong: usize,
    /// Median margin.
    pub median: f64,
}

/// Equally wide bins of margins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MarginBins {
    /// Widths from 0 to the first bin.
    first: i64,
    /// Width of a bin.
    width: f64,
    /// How many there are.
    count: usize,
}

impl MarginBins {
    /// The bin that a margin lies in; `None` where it is none or lies outside.
    pub fn place(&self, margin: f32) -> Option<usize> {
        let at = step(margin, self.width).checked_sub(self.first)?;
        let at = usize::try_from(at).ok()?;
        (margin.is_finite() && at < self.count).then_some(at)
    }

    /// The lower edge of bin `n`, which is the upper one of the bin before.
    pub fn edge(&self, n: usize) -> f64 {
        (self.first + n as i64) as f64 * self.width
    }
}

/// In which bin of this width a margin lies, counted from 0.
fn step(margin: f32, width: f64) -> i64 {
    (f64::from(margin) / width).floor() as i64
}

impl Margins {
    /// The bins that are counted.
    pub fn bins(&self) -> MarginBins {
        MarginBins {
            first: (self.low / self.width).round() as i64,
            width: self.width,
            count: self.counts.len(),
        }
    }
}

/// The margins of `direction`; those nearer to 0 than `band` are near misses. A tie counts as wrong, as in the ranks.
pub fn margins(direction: &Direction, band: f32) -> Margins {
    let mut values: Vec<f32> = Vec::with_capacity(direction.ranks.len());
    let mut out = Margins {
        band,
        ..Margins::default()
    };
    for q in 0..direction.ranks.len() {
        let margin = direction.margin(q);
        let wrong = direction.ranks[q] > 1;
        out.wrong += usize::from(wrong);
        if !margin.is_finite() {
            out.none += 1;
            continue;
        }
        if margin.abs() < band {
            out.nearly_right += usize::from(wrong);
            out.nearly_wrong += usize::from(!wrong);
        }
        values.push(margin);
    }
    values.sort_by(f32::total_cmp);
    let (Some(&low), Some(&high)) = (values.first(), values.last()) else {
        return out;
    };
    let at = |i: usize| f64::from(values[i]);
    out.median = f64::midpoint(at((values.len() - 1) / 2), at(values.len() / 2));
    let reach = f64::from(low.abs().max(high.abs())).max(1e-6);
    out.width = round_up(reach / BINS as f64);
    let bin = |margin: f32| step(margin, out.width);
    let first = bin(low);
    out.low = first as f64 * out.width;
    out.counts = vec![0; (bin(high) - first + 1) as usize];
    for &margin in &values {
        out.counts[(bin(margin) - first) as usize] += 1;
    }
    out
}

/// The next 1, 2 or 5 times a power of ten.
fn round_up(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    let step = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|s| s * power >= value * 0.999_999);
    step.unwrap_or(10.0) * power
}
