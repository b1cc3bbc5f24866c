//! Squares between which the perturbation's norm moves: l2 and l1.

use super::Row;
use crate::attack::query::frame::Frame;
use crate::compute::{Ball, Square};
use fastrand::Rng;

/// The exponent of the ball's norm, and its radius.
fn norm(row: &Row<'_>) -> (i32, f64) {
    match row.space.ball {
        Ball::L1(r) => (1, f64::from(r)),
        _ => (2, f64::from(row.space.radius())),
    }
}

/// The p-th power of the p-norm.
fn power(values: impl Iterator<Item = f64>, p: i32) -> f64 {
    values.map(|v| v.abs().powi(p)).sum()
}

/// The p-norm from its p-th power.
fn root(power: f64, p: i32) -> f64 {
    if p == 1 { power } else { power.sqrt() }
}

/// Scales `values` to a p-norm of `to`; zeros stay.
fn rescale(values: &mut [f64], to: f64, p: i32) {
    let size = root(power(values.iter().copied(), p), p);
    if size > 0.0 {
        for v in values.iter_mut() {
            *v *= to / size;
        }
    }
}

/// A bump of `height x width`: eta of eq. 2, `sum_k=0..M 1 / (n + 1 - k)^2`, `M = n - max(|r - h/2|, |s - w/2|)`.
fn bump(height: usize, width: usize) -> Vec<f64> {
    let n = height.max(width) / 2;
    let value = |y: usize, x: usize| -> f64 {
        let far = y.abs_diff(height / 2).max(x.abs_diff(width / 2));
        let term = |k: usize| 1.0 / ((n + 1 - k) as f64).powi(2);
        (0..=n.saturating_sub(far)).map(term).sum()
    };
    (0..height)
        .flat_map(|y| (0..width).map(move |x| (y, x)))
        .map(|(y, x)| value(y, x))
        .collect()
}

/// Two bumps of opposite sign side by side, or one above the other; a single one where there is no room.
fn two_bumps(height: usize, width: usize, rng: &mut Rng) -> Vec<f64> {
    let upright = rng.bool();
    if height * width == 1 {
        return bump(1, 1);
    }
    if width == 1 || (upright && height > 1) {
        let mut both = bump(height / 2, width);
        both.extend(bump(height - height / 2, width).iter().map(|v| -v));
        return both;
    }
    let (first, second) = (bump(height, width / 2), bump(height, width - width / 2));
    let rows = first
        .chunks(width / 2)
        .zip(second.chunks(width - width / 2));
    rows.flat_map(|(a, b)| a.iter().copied().chain(b.iter().map(|v| -v)))
        .collect()
}

/// Where the values of channel `c` of a square lie in the row.
fn places(frame: &Frame, square: Square, c: usize) -> Vec<usize> {
    let (top, left) = (square.top as usize, square.left as usize);
    (top..top + square.height as usize)
        .flat_map(|y| (left..left + square.width as usize).map(move |x| (y, x)))
        .map(|(y, x)| frame.at(c, y, x))
        .collect()
}

/// The row's perturbation.
fn perturbation(row: &Row<'_>, values: &[f32]) -> Vec<f64> {
    let clean = &row.space.clean()[row.start..row.start + values.len()];
    let difference = |(x, c): (&f32, &f32)| f64::from(*x) - f64::from(*c);
    values.iter().zip(clean).map(difference).collect()
}

/// The row with the perturbation `delta`.
fn perturb(row: &Row<'_>, values: &mut [f32], delta: &[f64]) {
    let clean = &row.space.clean()[row.start..row.start + values.len()];
    for ((x, c), d) in values.iter_mut().zip(clean).zip(delta) {
        *x = (f64::from(*c) + d) as f32;
    }
}

/// A tiling by 5 x 5 bumps with random signs, of the ball's full size (the paper, section 4.3).
pub(super) fn tiles(row: &Row<'_>, rng: &mut Rng, values: &mut [f32]) {
    let (frame, (p, radius)) = (&row.frame, norm(row));
    let (height, width) = (frame.rows.div_ceil(5), frame.columns.div_ceil(5));
    let mut delta = vec![0.0; values.len()];
    for top in (0..frame.rows).step_by(height) {
        for left in (0..frame.columns).step_by(width) {
            let square = Square {
                top: (frame.top + top) as u32,
                left: (frame.left + left) as u32,
                height: height.min(frame.rows - top) as u32,
                width: width.min(frame.columns - left) as u32,
            };
            let shape = bump(square.height as usize, square.width as usize);
            for c in 0..frame.channels {
                let sign = if rng.bool() { 1.0 } else { -1.0 };
                for (at, v) in places(frame, square, c).into_iter().zip(&shape) {
                    delta[at] = sign * v;
                }
            }
        }
    }
    rescale(&mut delta, radius, p);
    perturb(row, values, &delta);
}

/// Moves the norm of one random square to another, and gives it what the ball has left (algorithm 3).
pub(super) fn shift(row: &Row<'_>, rng: &mut Rng, values: &mut [f32], share: f64) {
    let (frame, (p, radius)) = (&row.frame, norm(row));
    let area = share * frame.area() as f64;
    // An odd side of at least 3, where the frame has room.
    let side = |length: f64, room: usize| ((length.round() as usize).max(3) | 1).min(room);
    let height = side(area.sqrt(), frame.rows);
    let width = side(area / height as f64, frame.columns);
    let mut draw = || Square {
        top: (frame.top + rng.usize(0..=frame.rows - height)) as u32,
        left: (frame.left + rng.usize(0..=frame.columns - width)) as u32,
        height: height as u32,
        width: width as u32,
    };
    let (to, from) = (draw(), draw());
    let mut shape = two_bumps(height, width, rng);
    rescale(&mut shape, 1.0, p);
    let mut delta = perturbation(row, values);
    let unused = (radius.powi(p) - power(delta.iter().copied(), p)).max(0.0);
    for c in 0..frame.channels {
        let (to, from) = (places(frame, to, c), places(frame, from, c));
        let within: Vec<f64> = to.iter().map(|&at| delta[at]).collect();
        for &at in &to {
            delta[at] = 0.0;
        }
        let elsewhere = power(from.iter().map(|&at| delta[at]), p);
        for &at in &from {
            delta[at] = 0.0;
        }
        let here = power(within.iter().copied(), p);
        let available = root(here + elsewhere + unused / frame.channels as f64, p);
        let sign = if rng.bool() { 1.0 } else { -1.0 };
        let mut fresh = within;
        rescale(&mut fresh, 1.0, p);
        for (v, s) in fresh.iter_mut().zip(&shape) {
            *v += sign * s;
        }
        rescale(&mut fresh, available, p);
        for (&at, v) in to.iter().zip(fresh) {
            delta[at] = v;
        }
    }
    perturb(row, values, &delta);
}
