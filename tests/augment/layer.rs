//! Each change against a picture made by hand, and its derivative against differences.

use super::*;
use nearmiss::augment::{CHANGES, draws};

const SIDE: usize = 8;

/// Channel by channel, `value(channel, y, x)`.
fn made(grid: Grid, value: impl Fn(usize, usize, usize) -> f32) -> Vec<f32> {
    let (h, w) = (grid.height, grid.width);
    let all = (0..grid.len()).map(|at| value(at / (h * w), at / w % h, at % w));
    all.collect()
}

#[test]
fn magnitudes_of_0_change_nothing() {
    for grid in [grid(3, 16, 16), grid(1, 28, 28), grid(3, 12, 20)] {
        let pixels = random(2 * grid.len(), 1);
        let noise = draws(&mut fastrand::Rng::with_seed(2), 1, 2);
        let layer = layer(grid, all());
        let copies = layer.copies(&pixels, &noise, &Magnitudes::default(), &task());
        assert!(apart(&copies.unwrap(), &pixels) <= 1e-6, "{grid:?}");
        let hardly = Magnitudes([1e-9; CHANGES]);
        let copies = layer.copies(&pixels, &noise, &hardly, &task());
        let off = apart(&copies.unwrap(), &pixels);
        assert!(off <= 5e-6, "{grid:?}: {off:e}");
        let none = super::layer(grid, Changes::default());
        let magnitudes = only(Change::Blur, 0.1);
        assert_eq!(
            none.copies(&pixels, &noise, &magnitudes, &task()).unwrap(),
            pixels
        );
    }
}

#[test]
fn quarter_and_half_turns_go_clockwise() {
    let grid = grid(3, SIDE, SIDE);
    let pixels = random(grid.len(), 3);
    let at = |c: usize, y: usize, x: usize| pixels[(c * SIDE + y) * SIDE + x];
    let last = SIDE - 1;
    let quarter = copy(grid, &pixels, &only(Change::Rotation, 0.25), &[(0, 1.0)]);
    let wanted = made(grid, |c, y, x| at(c, last - x, y));
    assert!(apart(&quarter, &wanted) < 1e-5);
    let half = copy(grid, &pixels, &only(Change::Rotation, 0.5), &[(0, -1.0)]);
    let wanted = made(grid, |c, y, x| at(c, last - y, last - x));
    assert!(apart(&half, &wanted) < 1e-5);
}

#[test]
fn moves_go_right_and_down_and_mirror_at_the_edges() {
    let grid = grid(1, 4, SIDE);
    let pixels = random(grid.len(), 4);
    let at = |y: usize, x: usize| pixels[y * SIDE + x];
    // A quarter of the width is 2 pixels, a quarter of the height 1.
    let moved = copy(grid, &pixels, &only(Change::Shift, 0.5), &[(1, 0.5)]);
    let wanted = made(grid, |_, y, x| at(y, if x < 2 { 1 - x } else { x - 2 }));
    assert!(apart(&moved, &wanted) < 1e-5);
    let moved = copy(grid, &pixels, &only(Change::Shift, 0.25), &[(2, -1.0)]);
    let wanted = made(grid, |_, y, x| at(if y == 3 { 3 } else { y + 1 }, x));
    assert!(apart(&moved, &wanted) < 1e-5);
}

#[test]
fn planes_stay_planes_where_they_are_turned_moved_and_scaled() {
    let grid = grid(1, 11, 15);
    let (cy, cx) = (5.0, 7.0);
    let plane = |y: f32, x: f32| 0.5 + 0.02 * x - 0.03 * y;
    let pixels = made(grid, |_, y, x| plane(y as f32 - cy, x as f32 - cx));
    let mut magnitudes = Magnitudes::default();
    for (change, magnitude) in [
        (Change::Rotation, 0.1),
        (Change::Shift, 0.1),
        (Change::Scale, 0.3),
    ] {
        magnitudes.set(change, magnitude);
    }
    let drawn = [(0, 0.7), (1, 0.5), (2, -0.4), (3, 0.8)];
    let made = copy(grid, &pixels, &magnitudes, &drawn);
    let (sin, cos) = (0.07 * std::f32::consts::TAU).sin_cos();
    let factor = (-0.24_f32).exp();
    for y in 3..8 {
        for x in 4..11 {
            let (px, py) = (x as f32 - cx - 0.05 * 15.0, y as f32 - cy + 0.04 * 11.0);
            let (sx, sy) = (
                (cos * px + sin * py) * factor,
                (cos * py - sin * px) * factor,
            );
            let wanted = plane(sy, sx);
            let found = made[y * 15 + x];
            assert!((found - wanted).abs() < 1e-5, "{y} {x}: {found} {wanted}");
        }
    }
}

#[test]
fn colour_goes_to_grey_and_brightness_is_cut() {
    let grid = grid(3, 4, 4);
    let pixels = random(grid.len(), 5);
    let grey = copy(grid, &pixels, &only(Change::Colour, 1.0), &[(5, -1.0)]);
    let mean = |p: usize| (pixels[p] + pixels[16 + p] + pixels[32 + p]) / 3.0;
    assert!(apart(&grey, &(0..48).map(|at| mean(at % 16)).collect::<Vec<_>>()) < 1e-6);
    let more = copy(grid, &pixels, &only(Change::Colour, 0.5), &[(5, 1.0)]);
    for (at, value) in more.iter().enumerate() {
        let grey = mean(at % 16);
        let wanted = (grey + 1.5 * (pixels[at] - grey)).clamp(0.0, 1.0);
        assert!((value - wanted).abs() < 1e-6);
    }
    let bright = copy(grid, &pixels, &only(Change::Brightness, 0.4), &[(4, 0.5)]);
    let wanted: Vec<f32> = pixels.iter().map(|v| (v + 0.2).min(1.0)).collect();
    assert!(apart(&bright, &wanted) < 1e-6);
}

#[test]
fn a_blur_is_gaussian_and_leaves_what_is_even() {
    let grid = grid(1, 9, 9);
    let even = vec![0.3; 81];
    let blurred = only(Change::Blur, 0.2);
    assert!(apart(&copy(grid, &even, &blurred, &[(6, 0.6)]), &even) < 1e-6);
    let mut point = vec![0.0; 81];
    point[4 * 9 + 4] = 1.0;
    // A width of 0.2 x 0.6 x 9 pixels; both signs are the same.
    let sigma = 0.2 * 0.6 * 9.0_f64;
    let far = |i: usize, of: usize| {
        let square = (i.abs_diff(of) as f64).powi(2);
        (-square / (2.0 * sigma * sigma + 1e-4)).exp()
    };
    let weight = |at: usize, of: usize| far(at, of) / (0..9).map(|i| far(i, of)).sum::<f64>();
    for sign in [1.0, -1.0] {
        let made = copy(grid, &point, &blurred, &[(6, 0.6 * sign)]);
        for y in 0..9 {
            for x in 0..9 {
                let wanted = weight(4, y) * weight(4, x);
                assert!(
                    (f64::from(made[y * 9 + x]) - wanted).abs() < 1e-5,
                    "{y} {x}"
                );
            }
        }
    }
}

/// Smooth pictures, far from black and white.
fn smooth(grid: Grid, count: usize) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(6);
    let mut all = Vec::new();
    for _ in 0..count {
        let waves: [[f32; 3]; 9] = std::array::from_fn(|_| {
            [
                random.f32() * 0.8 - 0.4,
                random.f32() * 0.8 - 0.4,
                random.f32() * 6.0,
            ]
        });
        all.extend(made(grid, |c, y, x| {
            let of = |w: &[f32; 3]| (w[0] * x as f32 + w[1] * y as f32 + w[2]).sin();
            0.5 + 0.06 * waves[3 * c..3 * c + 3].iter().map(of).sum::<f32>()
        }));
    }
    all
}

#[test]
fn derivatives_are_those_of_differences() {
    let grid = grid(3, 14, 18);
    let rows = 5;
    let pixels = smooth(grid, rows);
    let noise = draws(&mut fastrand::Rng::with_seed(7), rows, 1);
    let cotangents: Vec<f32> = smooth(grid, rows).iter().rev().map(|v| v - 0.5).collect();
    let layer = layer(grid, all());
    let magnitudes = Magnitudes([0.06, 0.05, 0.12, 0.06, 0.3, 0.08]);
    let found = layer
        .gradient((&pixels, &noise), &magnitudes, &cotangents, &task())
        .unwrap();
    for change in Change::ALL {
        let at = |step: f64| {
            let mut moved = magnitudes;
            moved.set(change, magnitudes.get(change) + step);
            let copies = layer.copies(&pixels, &noise, &moved, &task()).unwrap();
            let pairs = copies.iter().zip(&cotangents);
            pairs
                .map(|(a, b)| f64::from(*a) * f64::from(*b))
                .sum::<f64>()
        };
        let step = 2e-3 * change.most();
        let wanted = (at(step) - at(-step)) / (2.0 * step);
        let found = found[change.index()];
        println!("{}: {found} {wanted}", change.name());
        assert!(
            (found - wanted).abs() <= 0.02 * wanted.abs().max(0.02),
            "{}: {found} {wanted}",
            change.name()
        );
    }
    assert_eq!(found.len(), CHANGES);
}
