//! What each step of a program does with its values.

#![expect(
    clippy::inline_always,
    reason = "loops are compiled for the vectors of the processor only inside the dispatch"
)]

use super::curves::{erf, exp, sigmoid, tanh};
use super::program::Op;

/// Makes `into` of what `op` reads: of its n-th operand as many values as `into` has.
#[inline(always)]
pub fn apply<'a>(op: Op, into: &mut [f32], read: impl Fn(usize) -> &'a [f32]) {
    let truth = |is: bool| if is { 1.0 } else { 0.0 };
    match op {
        Op::Add => two(into, read(0), read(1), |a, b| a + b),
        Op::Sub => two(into, read(0), read(1), |a, b| a - b),
        Op::Mul => two(into, read(0), read(1), |a, b| a * b),
        Op::Div => two(into, read(0), read(1), |a, b| a / b),
        // What is no number stays so, as ONNX Runtime has it.
        Op::Min => two(into, read(0), read(1), |a, b| {
            if b < a || b.is_nan() { b } else { a }
        }),
        Op::Max => two(into, read(0), read(1), |a, b| {
            if b > a || b.is_nan() { b } else { a }
        }),
        Op::Greater => two(into, read(0), read(1), |a, b| truth(a > b)),
        Op::GreaterOrEqual => two(into, read(0), read(1), |a, b| truth(a >= b)),
        Op::Less => two(into, read(0), read(1), |a, b| truth(a < b)),
        Op::LessOrEqual => two(into, read(0), read(1), |a, b| truth(a <= b)),
        Op::Equal => two(into, read(0), read(1), |a, b| truth(a == b)),
        Op::And => two(into, read(0), read(1), |a, b| a * b),
        Op::Or => two(into, read(0), read(1), |a, b| if b > a { b } else { a }),
        Op::Not => one(into, read(0), |a| 1.0 - a),
        Op::Neg => one(into, read(0), |a| -a),
        Op::Abs => one(into, read(0), f32::abs),
        Op::Sqrt => one(into, read(0), f32::sqrt),
        Op::Reciprocal => one(into, read(0), |a| 1.0 / a),
        Op::Truth => one(into, read(0), |a| truth(a != 0.0)),
        Op::Same => into.copy_from_slice(read(0)),
        Op::Exp => one(into, read(0), exp),
        Op::Erf => one(into, read(0), erf),
        Op::Sigmoid => one(into, read(0), sigmoid),
        Op::Tanh => one(into, read(0), tanh),
        Op::Where => three(into, [read(0), read(1), read(2)], |is, a, b| {
            if is == 0.0 { b } else { a }
        }),
        Op::Clip => three(into, [read(0), read(1), read(2)], |x, low, high| {
            let x = if x < low { low } else { x };
            if x > high { high } else { x }
        }),
        Op::HardSigmoid => three(into, [read(0), read(1), read(2)], |x, slope, at| {
            let x = x * slope + at;
            let x = if x < 0.0 { 0.0 } else { x };
            if x > 1.0 { 1.0 } else { x }
        }),
    }
}

#[inline(always)]
fn one(into: &mut [f32], a: &[f32], f: impl Fn(f32) -> f32) {
    for (into, a) in into.iter_mut().zip(a) {
        *into = f(*a);
    }
}

#[inline(always)]
fn two(into: &mut [f32], a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) {
    for ((into, a), b) in into.iter_mut().zip(a).zip(b) {
        *into = f(*a, *b);
    }
}

#[inline(always)]
fn three(into: &mut [f32], [a, b, c]: [&[f32]; 3], f: impl Fn(f32, f32, f32) -> f32) {
    for (((into, a), b), c) in into.iter_mut().zip(a).zip(b).zip(c) {
        *into = f(*a, *b, *c);
    }
}
