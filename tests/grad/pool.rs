//! Pooling.

use super::harness::{Case, close};
use nearmiss::onnx::Elem;
use nearmiss::onnx::node::{int, ints, text};

/// A pooling with each of many windows, over one to three axes.
fn windows(op: &str, more: impl Fn(Case) -> Case) {
    let case = |shape: &[usize], kernel: &[i64]| {
        more(
            Case::new(op)
                .within(shape, -8.0, 8.0)
                .attr(ints("kernel_shape", kernel)),
        )
    };
    case(&[2, 3, 7], &[3]).check();
    case(&[1, 3, 8], &[2]).attr(ints("strides", &[2])).check();
    for size in [5, 8, 9] {
        case(&[1, 2, size], &[2])
            .attr(ints("strides", &[3]))
            .attr(int("ceil_mode", 1))
            .check();
        case(&[1, 2, size], &[3])
            .attr(ints("strides", &[3]))
            .attr(ints("pads", &[1, 1]))
            .attr(int("ceil_mode", 1))
            .check();
    }
    case(&[1, 2, 5, 4, 6], &[2, 3, 2])
        .attr(ints("strides", &[2, 1, 2]))
        .check();
    case(&[1, 2, 5, 4, 6], &[2, 2, 3])
        .attr(ints("strides", &[2, 2, 3]))
        .check();
    case(&[1, 1, 4, 4, 3], &[3, 3, 3])
        .attr(ints("pads", &[1; 6]))
        .check();
    for size in [[7, 8], [9, 11], [10, 5]] {
        for (kernel, stride, pads) in [
            ([3, 3], [2, 2], [1, 1, 1, 1]),
            ([3, 3], [1, 1], [1, 1, 1, 1]),
            ([3, 2], [1, 1], [0, 1, 2, 0]),
            ([2, 2], [2, 2], [0, 0, 0, 0]),
            ([3, 2], [3, 2], [0, 0, 0, 0]),
            ([2, 3], [2, 3], [1, 1, 0, 1]),
            ([5, 4], [1, 3], [2, 1, 2, 0]),
            ([1, 1], [2, 3], [0, 0, 0, 0]),
            ([2, 2], [3, 3], [0, 0, 0, 0]),
        ] {
            // ONNX Runtime contradicts itself on the shape where a window would start in the padding at the end
            // along one axis, and along another one more window is needed.
            let odd = kernel[0] < stride[0] || (kernel == [2, 3] && size == [10, 5]);
            for ceil in 0..=i64::from(!odd) {
                case(&[2, 3, size[0], size[1]], &kernel)
                    .attr(ints("strides", &stride))
                    .attr(ints("pads", &pads))
                    .attr(int("ceil_mode", ceil))
                    .check();
            }
        }
        for auto in ["SAME_UPPER", "SAME_LOWER", "VALID"] {
            for (kernel, stride) in [([3, 2], [1, 2]), ([2, 2], [2, 2]), ([4, 3], [3, 1])] {
                case(&[1, 2, size[0], size[1]], &kernel)
                    .attr(ints("strides", &stride))
                    .attr(text("auto_pad", auto))
                    .check();
            }
        }
    }
}

fn dilated(op: &str, opset: i64, more: impl Fn(Case) -> Case) {
    for (dilations, strides) in [([2, 1], [1, 1]), ([2, 3], [2, 2])] {
        let case = Case::new(op).opset(opset).within(&[1, 2, 9, 11], -8.0, 8.0);
        more(case)
            .attr(ints("kernel_shape", &[3, 2]))
            .attr(ints("dilations", &dilations))
            .attr(ints("strides", &strides))
            .attr(ints("pads", &[1, 0, 1, 1]))
            .check();
    }
}

#[test]
fn maxima() {
    windows("MaxPool", |c| c);
    dilated("MaxPool", 18, |c| c);
    for order in [0, 1] {
        Case::new("MaxPool")
            .attr(int("storage_order", order))
            .attr(ints("kernel_shape", &[3, 3]))
            .within(&[2, 2, 5, 6], -8.0, 8.0)
            .outputs(&[Elem::F32, Elem::I64])
            .check();
    }
}

#[test]
fn the_first_of_several_maxima_gets_it_all() {
    let values = [0.0, 2.0, 2.0, 0.0, 2.0, 0.0, 1.0, 1.0, 1.0];
    let case = Case::new("MaxPool")
        .attr(ints("kernel_shape", &[2, 2]))
        .values(&[1, 1, 3, 3], &values);
    let (_, g, gradient) = case.gradient(0);
    let g = g.to_floats().unwrap();
    // Windows, by rows: [0 2 0 2], [2 2 2 0], [0 2 1 1], [2 0 1 1].
    let want = [0.0, g[0] + g[1], 0.0, 0.0, g[2] + g[3], 0.0, 0.0, 0.0, 0.0];
    close(
        &gradient.to_floats().unwrap(),
        &want,
        1e-6,
        "windows that overlap",
    );
    let case = Case::new("MaxPool")
        .attr(ints("kernel_shape", &[2]))
        .attr(ints("strides", &[2]));
    let (_, g, gradient) = case.values(&[1, 1, 4], &[1.0, 1.0, 0.0, 3.0]).gradient(0);
    let g = g.to_floats().unwrap();
    close(
        &gradient.to_floats().unwrap(),
        &[g[0], 0.0, 0.0, g[1]],
        1e-6,
        "windows side by side",
    );
    let (_, g, gradient) = Case::new("GlobalMaxPool")
        .values(&[1, 1, 2, 2], &[0.0, 5.0, 5.0, 5.0])
        .gradient(0);
    close(
        &gradient.to_floats().unwrap(),
        &[0.0, g.to_floats().unwrap()[0], 0.0, 0.0],
        1e-6,
        "all",
    );
}

#[test]
fn averages() {
    for counts in [0, 1] {
        windows("AveragePool", |c| c.attr(int("count_include_pad", counts)));
        dilated("AveragePool", 19, |c| {
            c.attr(int("count_include_pad", counts))
        });
    }
}

#[test]
fn averages_of_a_long_signal() {
    Case::new("AveragePool")
        .attr(ints("kernel_shape", &[5]))
        .attr(ints("strides", &[2]))
        .attr(ints("pads", &[2, 1]))
        .within(&[1, 2, 2101], -8.0, 8.0)
        .check();
}

#[test]
fn norms() {
    windows("LpPool", |c| c);
    for p in [1, 2, 3, 4] {
        dilated("LpPool", 18, |c| c.attr(int("p", p)));
        let case = |op| {
            Case::new(op)
                .attr(int("p", p))
                .within(&[2, 3, 5, 4], -1.0, 1.0)
        };
        case("GlobalLpPool")
            .not_on_tract("it divides by the number of elements")
            .check();
        case("LpPool").attr(ints("kernel_shape", &[2, 3])).check();
    }
    let (_, _, gradient) = Case::new("GlobalLpPool")
        .values(&[1, 1, 3], &[0.0; 3])
        .gradient(0);
    close(
        &gradient.to_floats().unwrap(),
        &[0.0; 3],
        0.0,
        "no slope where all are zero",
    );
}

#[test]
fn whole_images() {
    for shape in [
        &[2, 3, 5][..],
        &[2, 3, 4, 5],
        &[1, 2, 3, 2, 4],
        &[2, 3, 1, 1],
    ] {
        for op in ["GlobalAveragePool", "GlobalMaxPool"] {
            Case::new(op).input(shape).check();
        }
    }
}

#[test]
fn maxima_put_back() {
    let case = || {
        Case::new("MaxUnpool")
            .attr(ints("kernel_shape", &[2, 2]))
            .attr(ints("strides", &[2, 2]))
            .input(&[1, 1, 2, 2])
            .ints(&[1, 1, 2, 2], &[5, 7, 8, 15])
    };
    case().check();
    case().ints(&[4], &[1, 1, 5, 5]).check();
}
