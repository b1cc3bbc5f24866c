//! Normalisations.

use super::harness::{Case, close};
use nearmiss::onnx::node::{float, int, ints};
use nearmiss::onnx::{Elem, Tensor};

#[test]
fn batch_normalization_with_the_statistics_of_training() {
    for shape in [&[2, 3][..], &[2, 3, 5], &[1, 3, 4, 5], &[2, 3, 2, 2, 3]] {
        Case::new("BatchNormalization")
            .attr(float("epsilon", 0.01))
            .input(shape)
            .floats(&[3], &[0.7, -1.2, 2.0])
            .floats(&[3], &[0.1, 0.2, 0.3])
            .floats(&[3], &[0.5, -0.5, 0.0])
            .floats(&[3], &[1.5, 0.4, 2.0])
            .check();
    }
    Case::new("BatchNormalization")
        .input(&[2, 3, 4])
        .input(&[3])
        .input(&[3])
        .input(&[3])
        .within(&[3], 0.5, 2.0)
        .not_on_tract("parameters have to be constant")
        .check();
    Case::new("BatchNormalization")
        .opset(9)
        .input(&[2, 3, 4])
        .floats(&[3], &[1.0; 3])
        .floats(&[3], &[0.0; 3])
        .floats(&[3], &[0.5, -0.5, 0.0])
        .floats(&[3], &[1.5, 0.4, 2.0])
        .check();
}

#[test]
fn layer_normalization_over_any_dimensions() {
    for axis in [-1, 2, 1, 0, -2] {
        let shape: &[usize] = &[2, 3, 5];
        let from = if axis < 0 { 3 + axis } else { axis } as usize;
        Case::new("LayerNormalization")
            .attr(int("axis", axis))
            .attr(float("epsilon", 0.01))
            .within(shape, -2.0, 2.0)
            .input(&shape[from..])
            .input(&shape[from..])
            .check();
    }
    Case::new("LayerNormalization")
        .input(&[4, 7])
        .within(&[7], 0.5, 1.5)
        .check();
    Case::new("LayerNormalization")
        .input(&[4, 7])
        .floats(&[7], &[1.0; 7])
        .floats(&[7], &[0.1; 7])
        .check();
    // The mean is there already under another name.
    Case::new("LayerNormalization")
        .outputs(&[Elem::F32, Elem::I64, Elem::I64])
        .input(&[2, 5])
        .within(&[5], 0.5, 1.5)
        .check();
}

#[test]
fn instance_normalization() {
    for shape in [&[2, 3, 5][..], &[1, 3, 4, 5], &[2, 3, 2, 2, 3]] {
        Case::new("InstanceNormalization")
            .within(shape, -2.0, 2.0)
            .input(&[3])
            .input(&[3])
            .check();
        Case::new("InstanceNormalization")
            .attr(float("epsilon", 0.1))
            .input(shape)
            .floats(&[3], &[1.0; 3])
            .floats(&[3], &[0.0; 3])
            .check();
    }
}

#[test]
fn group_normalization_of_both_kinds() {
    for (opset, parameters) in [(18, 2), (21, 6), (23, 6)] {
        for shape in [&[2, 6, 5][..], &[1, 6, 3, 2]] {
            Case::new("GroupNormalization")
                .opset(opset)
                .attr(int("num_groups", 2))
                .attr(float("epsilon", 0.02))
                .input(shape)
                .within(&[parameters], 0.5, 1.5)
                .input(&[parameters])
                .check();
        }
    }
}

#[test]
fn root_mean_square_normalization() {
    for axis in [-1, 1] {
        let scale: &[usize] = if axis == 1 { &[3, 5] } else { &[5] };
        Case::new("RMSNormalization")
            .opset(23)
            .attr(int("axis", axis))
            .input(&[2, 3, 5])
            .input(scale)
            .check();
    }
    Case::new("RMSNormalization")
        .opset(23)
        .input(&[2, 6])
        .floats(&[6], &[1.0; 6])
        .check();
}

#[test]
fn division_by_a_norm() {
    for p in [1, 2] {
        for axis in [0, 1, -1] {
            Case::new("LpNormalization")
                .attr(int("p", p))
                .attr(int("axis", axis))
                .within(&[3, 4, 3], -1.0, 1.2)
                .check();
        }
        let (_, _, gradient) = Case::new("LpNormalization")
            .attr(int("p", p))
            .values(&[2, 2], &[0.0, 0.0, 1.0, 2.0])
            .not_on_tract("it divides by zero")
            .gradient(0);
        let gradient = gradient.to_floats().unwrap();
        close(&gradient[..2], &[0.0, 0.0], 0.0, "zero vector");
        assert!(gradient[2].abs() > 0.0 && gradient.iter().all(|v| v.is_finite()));
    }
}

#[test]
fn mean_variance_normalization() {
    Case::new("MeanVarianceNormalization")
        .input(&[2, 3, 4, 2])
        .check();
    Case::new("MeanVarianceNormalization")
        .attr(ints("axes", &[2, 3]))
        .input(&[2, 3, 4, 2])
        .check();
    Case::new("MeanVarianceNormalization")
        .attr(ints("axes", &[1]))
        .input(&[2, 5])
        .check();
}

#[test]
fn local_response_normalization() {
    for size in [1, 3, 5] {
        Case::new("LRN")
            .attr(int("size", size))
            .attr(float("alpha", 0.9))
            .attr(float("beta", 0.6))
            .attr(float("bias", 1.3))
            .within(&[1, 4, 3, 2], -2.0, 2.0)
            .check();
    }
}

#[test]
fn training_mode_is_refused() {
    let ones = Tensor::floats(&[3], &[1.0; 3]);
    let refused = std::panic::catch_unwind(|| {
        Case::new("BatchNormalization")
            .attr(int("training_mode", 1))
            .outputs(&[Elem::F32, Elem::F32, Elem::F32])
            .input(&[2, 3, 4])
            .constant(ones.clone())
            .constant(ones.clone())
            .constant(ones.clone())
            .constant(ones.clone())
            .gradient(0)
    });
    let said = *refused.unwrap_err().downcast::<String>().unwrap();
    assert!(said.contains("training"), "{said}");
}
