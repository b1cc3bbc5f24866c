//! Colour tables as Chebyshev series in `t = entry / 255`, one per channel, in units of a level.
//!
//! viridis and magma are fitted to matplotlib's tables (CC0) to 2 levels. The signed map runs through `OKLab` from
//! white to blue (hue 260 degrees) and red (hue 25 degrees), equally light on both sides at equal magnitude:
//! lightness `1 - 0.52 s`, chroma 0.185 s and 0.195 s, with `s = 2 t / (1 + t)`, four times as steep at zero as at the
//! ends so that small values show.

use super::{ENTRIES, Table};
use crate::compute::Colours;

/// Coefficients of red, green and blue.
type Series = [&'static [f64]; 3];

const VIRIDIS: Series = [
    &[
        104.2, 76.1, 65.0, 20.5, -8.5, -5.0, -0.4, 1.7, 0.6, -1.3, -0.3,
    ],
    &[
        132.3, 115.9, -14.6, -1.2, -2.2, 0.2, 0.6, 0.2, -0.1, 0.0, 0.1,
    ],
    &[95.8, -37.4, -43.5, 5.4, 3.8, 7.3, 3.8, 1.3, 1.1, 0.4, -0.6],
];
const MAGMA: Series = [
    &[
        150.7, 140.6, -30.2, -15.8, 4.2, 2.0, 1.9, -1.4, -1.0, 0.6, 0.4,
    ],
    &[
        94.3, 122.4, 36.7, 5.2, -5.0, -1.9, -0.9, 2.0, 1.1, -2.3, 0.3,
    ],
    &[
        105.6, 62.7, -11.1, 39.0, 1.6, -6.9, 0.3, -2.0, 2.0, 1.9, -1.1,
    ],
];
const BLUE: Series = [
    &[115.9, -115.6, 17.7, -5.2, 0.2, -0.4, -0.1, -0.1],
    &[156.5, -82.4, 13.0, -2.5, 0.4, -0.1],
    &[222.1, -29.8, 3.1, -0.1],
];
const RED: Series = [
    &[214.3, -39.2, 2.2, 0.4, -0.2, 0.1],
    &[120.0, -118.7, 9.5, -7.5, -1.5, -1.3, -0.7, -0.6, 0.2],
    &[121.4, -109.5, 18.9, -4.5, 0.5, -0.2],
];
const NAN: [u8; 4] = [128, 128, 128, 255];

/// The table of `colours`. Maps from 0 give numbers below it zero's colour.
pub fn make(colours: Colours) -> Table {
    let colour: [fn(usize) -> [u8; 4]; 2] = match colours {
        Colours::Signed => [|i| rgba(RED, i), |i| rgba(BLUE, i)],
        Colours::Viridis => [|i| rgba(VIRIDIS, i), |_| rgba(VIRIDIS, 0)],
        Colours::Magma => [|i| rgba(MAGMA, i), |_| rgba(MAGMA, 0)],
        Colours::Grey => [|i| [i as u8, i as u8, i as u8, 255], |_| [0, 0, 0, 255]],
    };
    let mut table = [NAN; ENTRIES];
    for (n, entry) in table.iter_mut().take(ENTRIES - 1).enumerate() {
        *entry = colour[n / 256](n % 256);
    }
    table
}

fn rgba(series: Series, i: usize) -> [u8; 4] {
    let x = 2.0 * i as f64 / 255.0 - 1.0;
    let [r, g, b] = series.map(|s| chebyshev(s, x).round().clamp(0.0, 255.0) as u8);
    [r, g, b, 255]
}

/// `sum_k c_k T_k(x)` by Clenshaw's recurrence.
fn chebyshev(coefficients: &[f64], x: f64) -> f64 {
    let Some((first, rest)) = coefficients.split_first() else {
        return 0.0;
    };
    let step = |(a, b): (f64, f64), c: &f64| (c + 2.0 * x * a - b, a);
    let (a, b) = rest.iter().rev().fold((0.0, 0.0), step);
    first + x * a - b
}
