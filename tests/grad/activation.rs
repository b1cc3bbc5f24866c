//! Activation functions.

use super::harness::{Case, close};
use nearmiss::onnx::node::{float, text};

const SMOOTH: [&str; 10] = [
    "Sigmoid",
    "Tanh",
    "Softplus",
    "Softsign",
    "Mish",
    "Asinh",
    "Elu",
    "Celu",
    "Selu",
    "HardSwish",
];

#[test]
fn functions_without_attributes() {
    for op in SMOOTH {
        // An even number of values, evenly spread: none is near zero.
        Case::new(op).within(&[2, 3, 4], -2.5, 2.5).check();
        Case::new(op).within(&[], 0.3, 0.9).check();
    }
    for op in ["Relu", "LeakyRelu", "HardSigmoid"] {
        Case::new(op).within(&[2, 3, 4], -2.0, 2.0).check();
    }
    Case::new("Atanh").within(&[2, 4], -0.8, 0.8).check();
    Case::new("Acosh").within(&[2, 4], 1.5, 4.0).check();
}

#[test]
fn functions_with_attributes() {
    for alpha in [0.3, 1.0, 2.5, -0.4] {
        for op in ["Elu", "LeakyRelu", "Celu"] {
            if op == "Celu" && alpha < 0.0 {
                continue;
            }
            Case::new(op)
                .attr(float("alpha", alpha))
                .within(&[3, 4], -2.0, 2.0)
                .check();
        }
        Case::new("ThresholdedRelu")
            .attr(float("alpha", alpha))
            .within(&[3, 5], -3.0, 3.2)
            .check();
    }
    for (alpha, gamma) in [(1.2, 0.7), (0.5, 2.0), (-0.5, 2.0)] {
        Case::new("Selu")
            .attr(float("alpha", alpha))
            .attr(float("gamma", gamma))
            .within(&[3, 4], -2.0, 2.0)
            .check();
    }
    Case::new("HardSigmoid")
        .attr(float("alpha", 0.4))
        .attr(float("beta", 0.45))
        .within(&[3, 4], -3.0, 3.05)
        .check();
    for bias in [0.0, 0.3] {
        Case::new("Shrink")
            .attr(float("lambd", 0.7))
            .attr(float("bias", bias))
            .within(&[3, 4], -2.0, 2.0)
            .check();
    }
}

#[test]
fn prelu_with_every_broadcast_of_its_slope() {
    for shape in [&[][..], &[1], &[3, 1, 1], &[5], &[2, 3, 4, 5], &[4, 1]] {
        Case::new("PRelu")
            .within(&[2, 3, 4, 5], -1.0, 1.0)
            .within(shape, -0.5, 1.5)
            .not_on_tract("its slope is fed")
            .check();
        let slope = vec![0.25; shape.iter().product()];
        Case::new("PRelu")
            .within(&[2, 3, 4, 5], -1.0, 1.0)
            .floats(shape, &slope)
            .check();
    }
}

#[test]
fn gelu_swish_and_mish() {
    for approximate in ["none", "tanh"] {
        Case::new("Gelu")
            .opset(20)
            .attr(text("approximate", approximate))
            .within(&[3, 8], -3.0, 3.0)
            .check();
    }
    Case::new("Gelu").opset(20).input(&[5]).check();
    for alpha in [1.0, 1.702, -0.5] {
        Case::new("Swish")
            .opset(24)
            .attr(float("alpha", alpha))
            .within(&[3, 8], -3.0, 3.0)
            .check();
    }
    Case::new("Mish").within(&[3, 8], -6.0, 6.0).check();
}

#[test]
fn clip_with_any_of_its_bounds() {
    let input = |case: Case| case.within(&[3, 4], -2.0, 2.05);
    input(Case::new("Clip")).check();
    input(Case::new("Clip")).floats(&[], &[-0.6]).check();
    input(Case::new("Clip"))
        .missing()
        .floats(&[], &[0.9])
        .check();
    input(Case::new("Clip"))
        .floats(&[], &[-0.6])
        .floats(&[], &[0.9])
        .check();
    Case::new("Clip")
        .within(&[3, 8], -4.0, 9.0)
        .floats(&[], &[0.0])
        .floats(&[], &[6.0])
        .check();
    Case::new("Clip")
        .opset(7)
        .attr(float("min", -0.5))
        .attr(float("max", 0.5))
        .within(&[3, 4], -1.0, 1.0)
        .check();
    input(Case::new("Clip"))
        .values(&[], &[-0.6])
        .values(&[], &[0.9])
        .not_on_tract("bounds have to be constant")
        .check();
}

#[test]
fn the_conventions_at_kinks_are_those_of_pytorch() {
    let slope = |case: Case| {
        let (_, cotangent, gradient) = case.gradient(0);
        let (g, d) = (
            cotangent.to_floats().unwrap(),
            gradient.to_floats().unwrap(),
        );
        d.iter().zip(&g).map(|(d, g)| d / g).collect::<Vec<f32>>()
    };
    close(
        &slope(Case::new("Relu").values(&[2], &[0.0, -0.0])),
        &[0.0, 0.0],
        0.0,
        "Relu",
    );
    close(
        &slope(
            Case::new("LeakyRelu")
                .attr(float("alpha", 0.2))
                .values(&[1], &[0.0]),
        ),
        &[0.2],
        1e-6,
        "LeakyRelu",
    );
    close(
        &slope(Case::new("PRelu").values(&[1], &[0.0]).floats(&[1], &[0.3])),
        &[0.3],
        1e-6,
        "PRelu",
    );
    close(
        &slope(
            Case::new("Elu")
                .attr(float("alpha", 0.5))
                .values(&[1], &[0.0]),
        ),
        &[0.5],
        1e-6,
        "Elu",
    );
    let bounds = |low: f32, high: f32| {
        Case::new("Clip")
            .values(&[2], &[low, high])
            .floats(&[], &[low])
            .floats(&[], &[high])
    };
    close(&slope(bounds(-1.0, 1.0)), &[1.0, 1.0], 0.0, "clamp");
    close(&slope(bounds(0.0, 6.0)), &[0.0, 0.0], 0.0, "relu6");
    let hard = Case::new("HardSigmoid")
        .attr(float("alpha", 0.25))
        .attr(float("beta", 0.5));
    close(
        &slope(hard.values(&[2], &[-2.0, 2.0])),
        &[0.0, 0.0],
        0.0,
        "HardSigmoid",
    );
    close(
        &slope(Case::new("Shrink").values(&[2], &[-0.5, 0.5])),
        &[0.0, 0.0],
        0.0,
        "Shrink",
    );
}

#[test]
fn far_from_zero_slopes_are_what_they_tend_to() {
    let flat = ["Sigmoid", "Tanh", "HardSigmoid"];
    let steep = [
        "Softplus",
        "Mish",
        "Relu",
        "Elu",
        "Celu",
        "HardSwish",
        "Gelu",
        "Swish",
    ];
    for (ops, right) in [(&flat[..], 0.0), (&steep, 1.0)] {
        for op in ops {
            for (approximate, far) in [
                ("none", 50.0),
                ("none", 500.0),
                ("tanh", 50.0),
                ("tanh", 500.0),
            ] {
                let mut case = match *op {
                    "Gelu" => Case::new(op)
                        .opset(20)
                        .attr(text("approximate", approximate)),
                    "Swish" => Case::new(op).opset(24),
                    _ => Case::new(op),
                };
                if far > 50.0 || approximate == "tanh" {
                    case =
                        case.not_on_tract("its sigmoid ends at 1e-8, of which x and x^3 make much");
                }
                let (_, cotangent, gradient) = case.values(&[2], &[-far, far]).gradient(0);
                let g = cotangent.to_floats().unwrap();
                close(
                    &gradient.to_floats().unwrap(),
                    &[0.0, g[1] * right],
                    1e-6,
                    op,
                );
            }
        }
    }
}
