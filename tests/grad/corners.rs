//! Slopes at the points where a formula breaks down: 0 to the power of 0, roots of zero, products with zeros, norms of
//! the zero vector. The values are `PyTorch`'s where it has one.

use super::harness::{Case, close, spread};
use super::net::Net;
use super::quantise::scalar;
use nearmiss::onnx::Tensor;
use nearmiss::onnx::node::{int, ints, text};

/// The slope of each element with respect to input `wrt`, of an operator that works element by element.
fn slopes(case: &Case, wrt: usize) -> Vec<f32> {
    let (_, cotangent, gradient) = case.gradient(wrt);
    let (g, d) = (
        cotangent.to_floats().unwrap(),
        gradient.to_floats().unwrap(),
    );
    d.iter().zip(&g).map(|(d, g)| d / g).collect()
}

/// As [`slopes`], of a model from `x` to `y`.
fn net_slopes(net: &Net) -> Vec<f32> {
    let (output, gradient) = net.gradient("x");
    let g = spread(output.shape(), 77).to_floats().unwrap();
    let d = gradient.to_floats().unwrap();
    d.iter().zip(&g).map(|(d, g)| d / g).collect()
}

#[test]
fn powers_at_zero() {
    let x = [0.0, 2.0, -0.0, -1.5];
    for (power, wanted) in [
        (0.0, [0.0; 4]),
        (1.0, [1.0; 4]),
        (2.0, [0.0, 4.0, 0.0, -3.0]),
        (3.0, [0.0, 12.0, 0.0, 6.75]),
        (4.0, [0.0, 32.0, 0.0, -13.5]),
    ] {
        let one = Case::new("Pow").values(&[4], &x).floats(&[], &[power]);
        close(&slopes(&one, 0), &wanted, 1e-6, "one exponent");
        let each = Case::new("Pow").values(&[4], &x).floats(&[4], &[power; 4]);
        close(&slopes(&each, 0), &wanted, 1e-6, "one each");
        let fed = Case::new("Pow").values(&[4], &x).values(&[4], &[power; 4]);
        close(&slopes(&fed, 0), &wanted, 1e-6, "fed");
    }
    let mixed = Case::new("Pow")
        .values(&[4], &[0.0, 0.0, 0.0, 3.0])
        .values(&[4], &[0.0, 1.0, 2.0, 0.0]);
    close(&slopes(&mixed, 0), &[0.0, 1.0, 0.0, 0.0], 1e-6, "mixed");
    let by_exponent = slopes(&mixed, 1);
    close(
        &by_exponent,
        &[0.0, 0.0, 0.0, 3.0_f32.ln()],
        1e-6,
        "by the exponent",
    );
    // A root of a value that may be negative is steep there.
    let root = Case::new("Pow").values(&[1], &[0.0]).floats(&[], &[0.5]);
    for steep in [root, Case::new("Sqrt").values(&[1], &[0.0])] {
        let steep = steep.not_on_tract("infinities");
        assert!(slopes(&steep, 0)[0].is_infinite());
    }
}

#[test]
fn roots_of_what_cannot_be_negative() {
    let x = [-1.0, 0.0, 4.0, -0.25];
    let open = [0.0, 0.0, 0.25, 0.0];
    let size = [-0.5, 0.0, 0.25, -1.0];
    let net = || {
        Net::new(18)
            .feed("x", Tensor::floats(&[4], &x))
            .constant("zero", &scalar(0.0))
            .constant("two", &scalar(2.0))
    };
    let made: [(Net, [f32; 4]); 6] = [
        (net().node("Relu", &["x"], &["a"], &[]), open),
        (net().node("Clip", &["x", "zero"], &["a"], &[]), open),
        (net().node("Max", &["x", "zero"], &["a"], &[]), open),
        (net().node("Abs", &["x"], &["a"], &[]), size),
        (
            net().node("Mul", &["x", "x"], &["a"], &[]),
            [-1.0, 0.0, 1.0, -1.0],
        ),
        (
            net().node("Pow", &["x", "two"], &["a"], &[]),
            [-1.0, 0.0, 1.0, -1.0],
        ),
    ];
    for (i, (net, wanted)) in made.into_iter().enumerate() {
        let root = net.node("Sqrt", &["a"], &["y"], &[]);
        close(&net_slopes(&root), &wanted, 1e-6, &format!("{i}"));
    }
    // Powers below one: of one exponent, and of one each.
    for powers in [&[0.3][..], &[0.3, 0.3, 0.3, 0.3]] {
        let net = net()
            .constant("p", &Tensor::floats(&[powers.len()], powers))
            .node("Relu", &["x"], &["a"], &[])
            .node("Pow", &["a", "p"], &["y"], &[]);
        let wanted = [0.0, 0.0, 0.3 * 4.0_f32.powf(-0.7), 0.0];
        close(&net_slopes(&net), &wanted, 1e-6, "a power");
    }
    // Root after root, moved and summed in between.
    let net = net()
        .constant("shape", &Tensor::ints(&[2], &[2, 2]))
        .constant("flat", &Tensor::ints(&[1], &[4]))
        .node("Relu", &["x"], &["a"], &[])
        .node("Add", &["a", "a"], &["b"], &[])
        .node("Reshape", &["b", "shape"], &["c"], &[])
        .node("Sqrt", &["c"], &["d"], &[])
        .node("Reshape", &["d", "flat"], &["e"], &[])
        .node("Sqrt", &["e"], &["y"], &[]);
    let wanted = 8.0_f32.powf(-0.75) / 2.0;
    close(
        &net_slopes(&net),
        &[0.0, 0.0, wanted, 0.0],
        1e-6,
        "root after root",
    );
}

#[test]
fn what_is_cut_off_is_not_steep() {
    // Black pixels through a logarithm and a bound: the output does not move there.
    let net = |op: &str| {
        Net::new(18)
            .feed("x", Tensor::floats(&[3], &[0.0, 0.5, 2.0]))
            .constant("low", &scalar(-5.0))
            .constant("high", &scalar(5.0))
            .node(op, &["x"], &["l"], &[])
            .node("Clip", &["l", "low", "high"], &["y"], &[])
    };
    close(&net_slopes(&net("Log")), &[0.0, 2.0, 0.5], 1e-6, "Log");
    close(
        &net_slopes(&net("Reciprocal")),
        &[0.0, -4.0, -0.25],
        1e-6,
        "Reciprocal",
    );
    // A root that is chosen where it is one.
    let net = Net::new(18)
        .feed("x", Tensor::floats(&[3], &[-1.0, 0.0, 4.0]))
        .constant("zero", &scalar(0.0))
        .node("Greater", &["x", "zero"], &["m"], &[])
        .node("Sqrt", &["x"], &["r"], &[])
        .node("Where", &["m", "r", "x"], &["y"], &[]);
    close(&net_slopes(&net), &[1.0, 1.0, 0.25], 1e-6, "Where");
}

#[test]
fn norms_written_out() {
    let net = Net::new(18)
        .feed("x", Tensor::floats(&[2, 2], &[0.0, 0.0, 3.0, -4.0]))
        .constant("axis", &Tensor::ints(&[1], &[1]))
        .node("Mul", &["x", "x"], &["s"], &[])
        .node("ReduceSum", &["s", "axis"], &["n"], &[])
        .node("Sqrt", &["n"], &["y"], &[]);
    let (output, gradient) = net.gradient("x");
    let g = spread(output.shape(), 77).to_floats().unwrap();
    let wanted = [0.0, 0.0, 0.6 * g[1], -0.8 * g[1]];
    close(
        &gradient.to_floats().unwrap(),
        &wanted,
        1e-6,
        "a root of squares",
    );
}

#[test]
fn norms_of_the_zero_vector() {
    for op in ["ReduceL1", "ReduceL2"] {
        let case = Case::new(op)
            .values(&[2, 2], &[0.0, 0.0, 3.0, 4.0])
            .ints(&[1], &[1]);
        let (_, _, gradient) = case.gradient(0);
        let found = gradient.to_floats().unwrap();
        close(&found[..2], &[0.0, 0.0], 0.0, op);
        assert!(found[2] != 0.0 && found[3] != 0.0);
    }
    for p in [1, 2, 3] {
        let x = [0.0, 0.0, 1.0, -2.0];
        for op in ["LpPool", "GlobalLpPool"] {
            let mut case = Case::new(op).attr(int("p", p)).values(&[1, 1, 4], &x);
            if op == "LpPool" {
                case = case
                    .attr(ints("kernel_shape", &[2]))
                    .attr(ints("strides", &[2]));
            }
            let (_, _, gradient) = case.not_on_tract("norms of zero").gradient(0);
            let found = gradient.to_floats().unwrap();
            close(&found[..2], &[0.0, 0.0], 0.0, op);
            assert!(
                found[2] != 0.0 && found.iter().all(|v| v.is_finite()),
                "{found:?}"
            );
        }
    }
}

#[test]
fn distances_of_equal_rows() {
    let case = Case::new("CDist")
        .domain("com.microsoft")
        .attr(text("metric", "euclidean"))
        .values(&[2, 2], &[1.0, 2.0, 4.0, 6.0])
        .floats(&[1, 2], &[1.0, 2.0]);
    let (_, cotangent, gradient) = case.gradient(0);
    let g = cotangent.to_floats().unwrap();
    let wanted = [0.0, 0.0, 0.6 * g[1], 0.8 * g[1]];
    close(
        &gradient.to_floats().unwrap(),
        &wanted,
        1e-5,
        "0 where they are equal",
    );
}

#[test]
fn products_with_zeros_put_into_place() {
    // Two updates to each of two places of data; the last row is left alone.
    let case = Case::new("ScatterElements")
        .attr(text("reduction", "mul"))
        .values(
            &[3, 4],
            &[2.0, 3.0, 0.0, 5.0, 2.0, 0.0, 3.0, 4.0, 1.0, 1.0, 1.0, 1.0],
        )
        .ints(&[3, 4], &[0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1])
        .values(
            &[3, 4],
            &[0.0, 0.0, 7.0, 2.0, 4.0, 0.0, 5.0, 3.0, 0.0, 6.0, 0.0, 1.5],
        );
    case.check();
    let (_, cotangent, gradient) = case.gradient(2);
    let g = cotangent.to_floats().unwrap();
    let products = [8.0, 0.0, 0.0, 15.0, 0.0, 0.0, 0.0, 10.0, 2.0, 0.0, 3.0, 4.0];
    let wanted: Vec<f32> = (0..12)
        .map(|i| products[i] * g[if i < 8 { i % 4 } else { i - 4 }])
        .collect();
    close(
        &gradient.to_floats().unwrap(),
        &wanted,
        1e-6,
        "the product of all others",
    );
    Case::new("ScatterND")
        .attr(text("reduction", "mul"))
        .values(&[3], &[2.0, 0.0, 3.0])
        .ints(&[3, 1], &[0, 0, 1])
        .values(&[3], &[0.0, 4.0, 5.0])
        .check();
}

#[test]
fn sums_of_nothing_have_no_slope() {
    let none = f32::NEG_INFINITY;
    let case = Case::new("ReduceLogSumExp")
        .values(&[2, 3], &[none, none, none, none, 0.0, 0.0])
        .ints(&[1], &[1])
        .not_on_tract("infinities");
    let (_, cotangent, gradient) = case.gradient(0);
    let g = cotangent.to_floats().unwrap();
    let wanted = [0.0, 0.0, 0.0, 0.0, g[1] / 2.0, g[1] / 2.0];
    close(
        &gradient.to_floats().unwrap(),
        &wanted,
        1e-6,
        "ReduceLogSumExp",
    );
    for op in ["Softmax", "LogSoftmax"] {
        let case = Case::new(op)
            .values(&[1, 3], &[none, 1.0, 1.0])
            .not_on_tract("infinities");
        let (_, _, gradient) = case.gradient(0);
        let found = gradient.to_floats().unwrap();
        assert!(found.iter().all(|v| v.is_finite()), "{op}: {found:?}");
    }
}
