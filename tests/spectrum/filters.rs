//! Clipping and flattening, measured in float64.

use super::{BIG, each_plane, engines, exact, grid, inside, random};
use nearmiss::compute::Band;
use rustfft::num_complex::Complex64;

#[test]
fn clipped_magnitudes_stay_within_eps() {
    for (n, (height, width)) in BIG
        .into_iter()
        .chain([(1, 1300), (5, 7), (1, 1), (2, 1)])
        .enumerate()
    {
        let g = grid(1, 2, height, width);
        for (eps, size) in [
            (1e-4, 0.1),
            (0.03, 0.05),
            (1.0, 1.0),
            (10.0, 3.0),
            (10.0, 1e4),
            (1e-4, 1e3),
        ] {
            for kind in 0..3 {
                let mut values = random(g, size, n as u64);
                match kind {
                    // A lone pixel: every magnitude alike, all in step.
                    1 => values.iter_mut().skip(1).for_each(|v| *v = 0.0),
                    // A large mean.
                    2 => values.iter_mut().for_each(|v| *v += 20.0 * size),
                    _ => {}
                }
                let band = if kind == 0 {
                    Band::ALL
                } else {
                    Band {
                        low: 0.0,
                        high: 0.6,
                    }
                };
                for (name, engine) in engines() {
                    let mut clipped = values.clone();
                    engine.clip(g, eps, band, &mut clipped).unwrap();
                    let before: Vec<_> = each_plane(g, &values).collect();
                    for ((_, after), (plane, before)) in each_plane(g, &clipped).zip(before) {
                        let energy: f64 = plane.iter().map(|&v| f64::from(v).powi(2)).sum();
                        let noise = 1e-5 * (energy / plane.len() as f64).sqrt();
                        for (i, (a, b)) in after.iter().zip(&before).enumerate() {
                            assert!(
                                a.norm() <= f64::from(eps),
                                "{name} {g:?} {kind}: {} of {eps}",
                                a.norm()
                            );
                            let want = if !inside(i, g, band) {
                                Complex64::ZERO
                            } else if b.norm() > f64::from(eps) {
                                b / b.norm() * f64::from(eps)
                            } else {
                                *b
                            };
                            // Where a magnitude is small beside the plane's, its phase is known less well.
                            let slack = 1e-5 * f64::from(eps)
                                + (2.0 * noise).min(f64::from(eps) * 2.0 * noise / b.norm());
                            assert!(
                                (a - want).norm() <= slack,
                                "{name} {g:?} {kind} eps {eps}: {a} for {want}"
                            );
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn flattened_magnitudes_are_one_over_the_band() {
    let bands = [
        Band::ALL,
        Band {
            low: 0.1,
            high: 0.3,
        },
        Band {
            low: 0.0,
            high: 0.0,
        },
        Band {
            low: 1.0,
            high: 1.0,
        },
        Band {
            low: 0.6,
            high: 0.4,
        },
    ];
    for (height, width) in [(32, 32), (27, 40), (224, 224), (227, 227), (1, 9), (6, 10)] {
        let g = grid(1, 2, height, width);
        for (band, size) in bands.into_iter().zip([1.0, 1e-12, 1e-30, 1e20, 1.0]) {
            let values = random(g, size, 3);
            for (name, engine) in engines() {
                let mut flat = values.clone();
                engine.flatten(g, band, &mut flat).unwrap();
                for ((_, after), (plane, before)) in
                    each_plane(g, &flat).zip(each_plane(g, &values))
                {
                    let energy: f64 = plane.iter().map(|&v| f64::from(v).powi(2)).sum();
                    let rms = (energy / plane.len() as f64).sqrt();
                    for (i, (a, b)) in after.iter().zip(&before).enumerate() {
                        let want = if inside(i, g, band) {
                            b / b.norm()
                        } else {
                            Complex64::ZERO
                        };
                        // Below 1e-5 of the mean a magnitude counts as 0.
                        if b.norm() > 2e-5 * rms || !inside(i, g, band) {
                            let slack = 1e-5 + 6e-6 * rms / b.norm();
                            assert!(
                                (a - want).norm() < slack,
                                "{name} {g:?} {band:?} {i}: {a} for {want}"
                            );
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn only_what_is_there_is_flattened() {
    let g = grid(1, 1, 30, 224);
    // A constant and one wave: their frequencies alone.
    let wave: Vec<f32> = (0..g.total())
        .map(|i| {
            let (y, x) = (i / 224, i % 224);
            (0.5 + 0.25
                * (std::f64::consts::TAU * (3.0 * y as f64 / 30.0 + 17.0 * x as f64 / 224.0)).cos())
                as f32
        })
        .collect();
    for (name, engine) in engines() {
        let mut flat = wave.clone();
        engine.flatten(g, Band::ALL, &mut flat).unwrap();
        for (i, z) in exact(&flat, 30, 224).iter().enumerate() {
            let there = [0, 3 * 224 + 17, 27 * 224 + 207].contains(&i);
            let want = if there { 1.0 } else { 0.0 };
            assert!((z.norm() - want).abs() < 1e-5, "{name} {i}: {z}");
        }
        // Zeros stay zeros.
        let mut none = vec![0.0; g.total()];
        engine.flatten(g, Band::ALL, &mut none).unwrap();
        assert!(none.iter().all(|&v| v == 0.0), "{name}");
    }
}

#[test]
fn a_row_with_nan_gives_zeros_and_leaves_the_others() {
    let g = grid(3, 2, 6, 10);
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e38] {
        let mut values = random(g, 1.0, 5);
        let good = values.clone();
        values[g.len() + 7] = bad;
        for (name, engine) in engines() {
            for flatten in [true, false] {
                let run = |values: &[f32]| {
                    let mut out = values.to_vec();
                    if flatten {
                        engine.flatten(g, Band::ALL, &mut out).unwrap();
                    } else {
                        engine.clip(g, 0.5, Band::ALL, &mut out).unwrap();
                    }
                    out
                };
                let (out, want) = (run(&values), run(&good));
                let row = g.len()..2 * g.len();
                assert!(out[row.clone()].iter().all(|&v| v == 0.0), "{name} {bad}");
                assert_eq!(out[..row.start], want[..row.start], "{name}");
                assert_eq!(out[row.end..], want[row.end..], "{name}");
            }
        }
    }
}
