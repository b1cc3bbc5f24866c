//! The curve by which UMAP turns a distance on the map into a membership, and a power that is the same on every machine.

use crate::error::{Error, Result};

/// Membership `1 / (1 + a d^(2b))` of two points that are `d` apart on the map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    /// Height of the fall.
    pub a: f32,
    /// Its steepness.
    pub b: f32,
}

/// Distances, from 0 to three times the spread, at which the curve is fitted.
const SAMPLES: usize = 300;
/// Steps of the fit, at most; it takes about ten.
const STEPS: usize = 200;

impl Curve {
    /// The curve nearest (least squares) to 1 within `min_dist` and `exp(-(d - min_dist) / spread)` beyond, by
    /// Levenberg and Marquardt's method.
    ///
    /// # Errors
    /// `spread` is not above 0, `min_dist` is below 0 or above three times the spread.
    pub fn fitted(min_dist: f32, spread: f32) -> Result<Self> {
        let fits = spread.is_finite() && spread > 0.0 && (0.0..=3.0 * spread).contains(&min_dist);
        if !fits {
            return Err(Error::request(
                format!("no map has a minimum distance of {min_dist} and a spread of {spread}"),
                "Give a spread above 0 and a minimum distance from 0 to three times the spread.",
            ));
        }
        let (near, scale) = (f64::from(min_dist), f64::from(spread));
        let samples: Vec<(f64, f64)> = (0..SAMPLES)
            .map(|i| 3.0 * scale * i as f64 / (SAMPLES - 1) as f64)
            .map(|d| {
                (
                    d,
                    if d < near {
                        1.0
                    } else {
                        (-(d - near) / scale).exp()
                    },
                )
            })
            .collect();
        // By logarithms: both stay above 0, whatever the step.
        let mut at = [0.0, 0.0];
        let (mut damping, mut error) = (1e-3, residual(&samples, at));
        for _ in 0..STEPS {
            let (normal, slope) = slopes(&samples, at);
            let (p, q) = (normal[0] * (1.0 + damping), normal[2] * (1.0 + damping));
            let determinant = p * q - normal[1] * normal[1];
            if determinant.abs() < f64::MIN_POSITIVE {
                break;
            }
            let step = [
                (q * slope[0] - normal[1] * slope[1]) / determinant,
                (p * slope[1] - normal[1] * slope[0]) / determinant,
            ];
            let tried = [at[0] - step[0], at[1] - step[1]];
            let new = residual(&samples, tried);
            if new < error {
                let gained = error - new;
                (at, error) = (tried, new);
                damping *= 0.3;
                if gained < 1e-14 * error {
                    break;
                }
            } else {
                damping *= 4.0;
                if damping > 1e12 {
                    break;
                }
            }
        }
        Ok(Self {
            a: at[0].exp() as f32,
            b: at[1].exp() as f32,
        })
    }
}

/// The curve with the logarithms of `a` and `b` at `d`, and what it changes by with each.
fn value(d: f64, [log_a, log_b]: [f64; 2]) -> (f64, [f64; 2]) {
    if d <= 0.0 {
        return (1.0, [0.0; 2]);
    }
    let (a, b) = (log_a.exp(), log_b.exp());
    let raised = a * d.powf(2.0 * b);
    let value = 1.0 / (1.0 + raised);
    let slope = -raised * value * value;
    (value, [slope, slope * 2.0 * b * d.ln()])
}

fn residual(samples: &[(f64, f64)], at: [f64; 2]) -> f64 {
    let each = samples
        .iter()
        .map(|&(d, aim)| (value(d, at).0 - aim).powi(2));
    each.sum()
}

/// The normal matrix (both diagonal entries around the other one) and the slope of half the squared error.
fn slopes(samples: &[(f64, f64)], at: [f64; 2]) -> ([f64; 3], [f64; 2]) {
    let (mut normal, mut slope) = ([0.0; 3], [0.0; 2]);
    for &(d, aim) in samples {
        let (value, by) = value(d, at);
        let off = value - aim;
        normal[0] += by[0] * by[0];
        normal[1] += by[0] * by[1];
        normal[2] += by[1] * by[1];
        slope[0] += by[0] * off;
        slope[1] += by[1] * off;
    }
    (normal, slope)
}

/// 1.5 * 2^23.
const ROUND: f32 = 12_582_912.0;

/// `base` to the power of `exponent`, for normal numbers above 0, to a relative error of 1e-5: by polynomials, as the
/// systems' libraries differ in the last bits, and a layout enlarges any difference.
#[inline]
pub fn power(base: f32, exponent: f32) -> f32 {
    let bits = base.to_bits() as i32;
    // base = m 2^e with m in [sqrt(1/2), sqrt(2)).
    let e = (bits - 0x3f35_04f3) >> 23;
    let m = f32::from_bits((bits - (e << 23)) as u32);
    // ln(m) = 2 artanh(s).
    let s = (m - 1.0) / (m + 1.0);
    let z = s * s;
    let log = s * (2.885_39 + z * (0.961_796_7 + z * (0.577_078 + z * 0.412_198_6)));
    let aim = (exponent * (e as f32 + log)).clamp(-126.0, 126.0);
    // Rounds to a whole number: there are no fractions beyond 2^23.
    let whole = (aim + ROUND) - ROUND;
    let part = aim - whole;
    let raised = 1.0
        + part
            * (std::f32::consts::LN_2
                + part
                    * (0.240_226_5
                        + part * (0.055_504_11 + part * (0.009_618_13 + part * 0.001_333_56))));
    raised * f32::from_bits(((whole as i32 + 127) << 23) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_is_that_of_umap_learn() {
        // umap.umap_.find_ab_params(spread, min_dist) of umap-learn 0.5.12.
        for (min_dist, spread, a, b) in [
            (0.1, 1.0, 1.576_943_5, 0.895_060_9),
            (0.5, 1.0, 0.583_030_02, 1.334_167_1),
            (0.0, 1.0, 1.932_808_4, 0.790_495),
        ] {
            let curve = Curve::fitted(min_dist, spread).unwrap();
            assert!(
                (curve.a - a).abs() < 1e-4 && (curve.b - b).abs() < 1e-4,
                "{curve:?}"
            );
        }
        for (min_dist, spread) in [(0.1, 0.0), (-0.1, 1.0), (4.0, 1.0), (f32::NAN, 1.0)] {
            assert!(Curve::fitted(min_dist, spread).is_err());
        }
    }

    #[test]
    fn powers_are_near_the_library_s() {
        for i in 0..4000 {
            let base = (f64::from(i) * 0.02 - 40.0).exp() as f32;
            for exponent in [0.3, 0.79, 0.895, 1.0, 1.7] {
                let right = f64::from(base).powf(f64::from(exponent));
                let off = (f64::from(power(base, exponent)) / right - 1.0).abs();
                assert!(off < 1e-5, "{base} to {exponent}: {off}");
            }
        }
    }
}
