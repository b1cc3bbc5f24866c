//! The curve by which UMAP turns a distance on the map into a membership.

use crate::compute::Curve;
use crate::error::{Error, Result};

/// Distances, from 0 to three times the spread, at which the curve is fitted.
const SAMPLES: usize = 300;
/// Steps of the fit, at most; it takes about ten.
const STEPS: usize = 200;

/// The curve nearest (least squares) to 1 within `min_dist` and `exp(-(d - min_dist) / spread)` beyond, by
/// Levenberg and Marquardt's method.
///
/// # Errors
/// `spread` is not above 0, `min_dist` is below 0 or above three times the spread.
pub fn fitted(min_dist: f32, spread: f32) -> Result<Curve> {
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
    Ok(Curve {
        a: at[0].exp() as f32,
        b: at[1].exp() as f32,
    })
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
            let curve = fitted(min_dist, spread).unwrap();
            assert!(
                (curve.a - a).abs() < 1e-4 && (curve.b - b).abs() < 1e-4,
                "{curve:?}"
            );
        }
        for (min_dist, spread) in [(0.1, 0.0), (-0.1, 1.0), (4.0, 1.0), (f32::NAN, 1.0)] {
            assert!(fitted(min_dist, spread).is_err());
        }
    }
}
