//! Reductions, softmax and cumulative sums.

use super::harness::{Case, close};
use nearmiss::onnx::node::int;

const ALL: [&str; 10] = [
    "ReduceSum",
    "ReduceMean",
    "ReduceMax",
    "ReduceMin",
    "ReduceProd",
    "ReduceL1",
    "ReduceL2",
    "ReduceLogSum",
    "ReduceLogSumExp",
    "ReduceSumSquare",
];

#[test]
fn reductions_over_any_axes() {
    for op in ALL {
        for axes in [&[1_i64][..], &[-1], &[0, 2], &[-2, 0], &[0, 1, 2]] {
            for keep in [0, 1] {
                Case::new(op)
                    .attr(int("keepdims", keep))
                    .within(&[2, 2, 3], 0.3, 1.9)
                    .ints(&[axes.len()], axes)
                    .check();
            }
        }
        Case::new(op).within(&[3, 4], 0.3, 1.9).check();
        Case::new(op)
            .attr(int("keepdims", 0))
            .within(&[3, 4], 0.3, 1.9)
            .check();
        Case::new(op)
            .within(&[3, 4], 0.3, 1.9)
            .ints(&[0], &[])
            .check();
        Case::new(op)
            .opset(11)
            .within(&[3, 4], 0.3, 1.9)
            .attr(nearmiss::onnx::node::ints("axes", &[1]))
            .check();
    }
    for op in [
        "ReduceSum",
        "ReduceMean",
        "ReduceMax",
        "ReduceL1",
        "ReduceL2",
        "ReduceSumSquare",
    ] {
        Case::new(op)
            .within(&[2, 3, 5], -1.0, 1.03)
            .ints(&[1], &[1])
            .check();
    }
}

#[test]
fn reductions_of_nothing_and_of_a_scalar() {
    for op in ALL {
        Case::new(op).values(&[], &[0.7]).check();
        Case::new(op)
            .attr(int("noop_with_empty_axes", 1))
            .within(&[2, 3], 0.3, 1.9)
            .ints(&[0], &[])
            .not_on_tract("it reduces over all axes")
            .check();
    }
}

#[test]
fn equal_extremes_share_the_cotangent() {
    for op in ["ReduceMax", "ReduceMin"] {
        let (_, cotangent, gradient) = Case::new(op)
            .values(&[2, 3], &[2.0, 2.0, 2.0, 1.0, 3.0, 3.0])
            .ints(&[1], &[1])
            .gradient(0);
        let g = cotangent.to_floats().unwrap();
        let third = g[0] / 3.0;
        let wanted = if op == "ReduceMax" {
            [third, third, third, 0.0, g[1] / 2.0, g[1] / 2.0]
        } else {
            [third, third, third, g[1], 0.0, 0.0]
        };
        close(&gradient.to_floats().unwrap(), &wanted, 1e-6, op);
    }
}

#[test]
fn products_with_zeros() {
    Case::new("ReduceProd")
        .values(&[3, 3], &[0.0, 2.0, 3.0, 0.0, 4.0, 0.0, 1.5, -2.0, 0.5])
        .ints(&[1], &[1])
        .check();
}

#[test]
fn the_norm_of_the_zero_vector_has_no_slope() {
    let (_, _, gradient) = Case::new("ReduceL2")
        .values(&[2, 2], &[0.0, 0.0, 3.0, 4.0])
        .ints(&[1], &[1])
        .gradient(0);
    let gradient = gradient.to_floats().unwrap();
    close(&gradient[..2], &[0.0, 0.0], 0.0, "zero vector");
    close(
        &[gradient[2] / gradient[3]],
        &[0.75],
        1e-6,
        "another vector",
    );
}

#[test]
fn softmax_along_any_axis() {
    for op in ["Softmax", "LogSoftmax"] {
        for axis in [0, 1, 2, -1, -2] {
            Case::new(op)
                .attr(int("axis", axis))
                .within(&[2, 3, 5], -3.0, 3.0)
                .check();
        }
        Case::new(op).within(&[7], -3.0, 3.0).check();
        Case::new(op)
            .opset(11)
            .within(&[2, 3, 5], -3.0, 3.0)
            .check();
        Case::new(op)
            .opset(11)
            .attr(int("axis", -1))
            .within(&[2, 3, 5], -3.0, 3.0)
            .check();
        let (_, _, gradient) = Case::new(op).values(&[3], &[50.0, -50.0, 49.0]).gradient(0);
        assert!(gradient.to_floats().unwrap().iter().all(|v| v.is_finite()));
    }
}

#[test]
fn cumulative_sums_both_ways() {
    for (exclusive, reverse) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        for axis in [0, 1, -1] {
            Case::new("CumSum")
                .attr(int("exclusive", exclusive))
                .attr(int("reverse", reverse))
                .input(&[3, 5])
                .ints(&[], &[axis])
                .check();
        }
    }
}
