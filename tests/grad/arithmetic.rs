//! Elementwise arithmetic.

use super::harness::{Case, close};
use nearmiss::onnx::node::int;

#[test]
fn functions_of_one_input() {
    for op in [
        "Abs", "Neg", "Exp", "Sin", "Cos", "Sinh", "Cosh", "Erf", "Identity", "Atan",
    ] {
        Case::new(op).input(&[2, 3, 5]).check();
    }
    for op in ["Asin", "Acos", "Tan"] {
        Case::new(op).within(&[7], -0.8, 0.8).check();
    }
    for op in ["Sqrt", "Log", "Reciprocal"] {
        Case::new(op).within(&[3, 5], 0.5, 3.0).check();
    }
    Case::new("Cast").attr(int("to", 1)).input(&[4]).check();
    Case::new("Dropout").opset(11).input(&[3, 3]).check();
}

#[test]
fn functions_of_two_inputs_and_their_broadcasts() {
    let shapes: [(&[usize], &[usize]); 6] = [
        (&[3, 5], &[3, 5]),
        (&[2, 3, 5], &[5]),
        (&[1, 5], &[3, 1]),
        (&[], &[2, 3]),
        (&[2, 1, 5], &[3, 1]),
        (&[1], &[1, 1, 1]),
    ];
    for (a, b) in shapes {
        for op in ["Add", "Sub", "Mul", "Max", "Min", "Sum", "Mean"] {
            Case::new(op)
                .within(a, -1.03, 1.0)
                .within(b, -0.9, 1.1)
                .check();
        }
        Case::new("Div").input(a).within(b, 0.6, 1.9).check();
        Case::new("Pow")
            .within(a, 0.5, 2.0)
            .within(b, -1.5, 2.5)
            .check();
    }
    Case::new("Sum")
        .input(&[3])
        .input(&[2, 1])
        .input(&[2, 3])
        .check();
    Case::new("Max")
        .within(&[3], -1.0, 0.9)
        .within(&[2, 1], -0.8, 1.0)
        .floats(&[], &[0.05])
        .check();
    Case::new("Mod")
        .attr(int("fmod", 1))
        .within(&[6], 0.1, 0.9)
        .floats(&[], &[2.0])
        .check();
}

#[test]
fn powers_that_are_constant() {
    for power in [2.0, 3.0, 0.5, -1.0, 1.0] {
        Case::new("Pow")
            .within(&[2, 5], 0.5, 2.0)
            .floats(&[], &[power])
            .check();
    }
    Case::new("Pow").input(&[6]).floats(&[1], &[2.0]).check();
    Case::new("Pow").input(&[6]).ints(&[], &[3]).check();
}

#[test]
fn ties_share_the_cotangent() {
    let (_, cotangent, gradient) = Case::new("Max")
        .values(&[2], &[1.0, 2.0])
        .floats(&[2], &[1.0, 0.0])
        .gradient(0);
    let g = cotangent.to_floats().unwrap();
    close(
        &gradient.to_floats().unwrap(),
        &[g[0] / 2.0, g[1]],
        1e-6,
        "half where they tie",
    );
}

#[test]
fn a_choice_passes_what_was_chosen() {
    let condition = nearmiss::onnx::Tensor::bools(&[3, 1], &[true, false, true]);
    Case::new("Where")
        .constant(condition.clone())
        .input(&[3, 5])
        .input(&[5])
        .check();
    Case::new("Where")
        .constant(condition)
        .input(&[1])
        .input(&[2, 1, 4])
        .check();
}
