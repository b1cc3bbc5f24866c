//! Convolutions and their transposes.

use super::harness::Case;
use nearmiss::onnx::node::{int, ints, text};

fn conv(x: &[usize], w: &[usize]) -> Case {
    Case::new("Conv").input(x).input(w)
}

#[test]
fn convolutions_along_one_to_three_axes() {
    conv(&[2, 3, 9], &[4, 3, 3]).input(&[4]).check();
    conv(&[2, 3, 9], &[4, 3, 3])
        .attr(ints("strides", &[2]))
        .attr(ints("pads", &[2, 0]))
        .check();
    conv(&[2, 3, 7, 5], &[4, 3, 3, 2]).input(&[4]).check();
    conv(&[1, 2, 5, 6, 4], &[3, 2, 3, 2, 1])
        .attr(ints("pads", &[1, 0, 0, 1, 2, 0]))
        .input(&[3])
        .check();
    conv(&[2, 2, 5, 6, 4], &[4, 1, 3, 2, 2])
        .attr(ints("strides", &[2, 1, 3]))
        .attr(int("group", 2))
        .check();
    conv(&[2, 3, 5, 4], &[6, 3, 1, 1]).check();
}

#[test]
fn strides_pads_dilations_and_groups() {
    for size in [[7, 8], [8, 9], [10, 7], [11, 13]] {
        let x = [2, 4, size[0], size[1]];
        for stride in [1, 2, 3] {
            for (kernel, pads, dilations) in [
                ([3, 3], [1, 1, 1, 1], [1, 1]),
                ([3, 2], [0, 1, 2, 0], [1, 2]),
                ([2, 3], [3, 0, 1, 4], [2, 1]),
                ([1, 1], [0, 0, 0, 0], [1, 1]),
                ([1, 1], [1, 2, 0, 1], [1, 1]),
                ([5, 4], [2, 2, 2, 1], [1, 1]),
            ] {
                let case = |w: &[usize], group: i64| {
                    conv(&x, w)
                        .attr(ints("strides", &[stride, stride]))
                        .attr(ints("pads", &pads))
                        .attr(ints("dilations", &dilations))
                        .attr(int("group", group))
                };
                case(&[6, 2, kernel[0], kernel[1]], 2).check();
                if size[0] != 10 {
                    case(&[4, 1, kernel[0], kernel[1]], 4).check();
                    case(&[3, 4, kernel[0], kernel[1]], 1).check();
                }
            }
        }
    }
}

#[test]
fn patches_and_windows_as_large_as_the_image() {
    for size in [8, 9, 11] {
        conv(&[2, 3, size, size], &[5, 3, 4, 4])
            .attr(ints("strides", &[4, 4]))
            .input(&[5])
            .check();
        conv(&[1, 3, size, size], &[5, 3, size, size]).check();
        conv(&[1, 3, size, 5], &[2, 3, 1, 2])
            .attr(ints("strides", &[3, 5]))
            .check();
    }
}

#[test]
fn padding_is_found_as_the_engine_finds_it() {
    for auto in ["SAME_UPPER", "SAME_LOWER", "VALID"] {
        for size in [5, 6, 9] {
            for (stride, kernel) in [(1, 3), (2, 3), (2, 2), (3, 4), (3, 1)] {
                conv(&[1, 2, size, size + 1], &[3, 2, kernel, kernel])
                    .attr(text("auto_pad", auto))
                    .attr(ints("strides", &[stride, stride]))
                    .check();
            }
        }
    }
}

#[test]
fn weights_may_be_constant_or_missing_a_bias() {
    Case::new("Conv")
        .input(&[1, 2, 5, 5])
        .floats(&[1, 2, 2, 2], &[0.3; 8])
        .missing()
        .check();
    Case::new("Conv")
        .floats(&[1, 1, 3, 3], &[0.5; 9])
        .input(&[2, 1, 2, 2])
        .check();
}

#[test]
fn transposed_convolutions() {
    for size in [[3, 4], [5, 2]] {
        for stride in [1, 2, 3] {
            for (kernel, pads, dilations, more) in [
                ([3, 3], [1, 1, 1, 1], [1, 1], [0, 0]),
                ([3, 2], [0, 1, 1, 0], [1, 2], [1, 0]),
                ([4, 4], [1, 1, 1, 1], [1, 1], [0, 1]),
                ([1, 2], [0, 0, 0, 0], [1, 1], [1, 1]),
                ([2, 2], [0, 0, 0, 0], [3, 3], [2, 1]),
            ] {
                if more.iter().any(|&m| m >= stride) {
                    continue;
                }
                for (group, w) in [(1, [4, 3]), (2, [4, 3]), (4, [4, 1])] {
                    Case::new("ConvTranspose")
                        .attr(ints("strides", &[stride, stride]))
                        .attr(ints("pads", &pads))
                        .attr(ints("dilations", &dilations))
                        .attr(ints("output_padding", &more))
                        .attr(int("group", group))
                        .input(&[2, 4, size[0], size[1]])
                        .input(&[w[0], w[1], kernel[0], kernel[1]])
                        .check();
                }
            }
        }
    }
    Case::new("ConvTranspose")
        .input(&[2, 3, 5])
        .input(&[3, 2, 3])
        .input(&[2])
        .check();
    Case::new("ConvTranspose")
        .attr(ints("strides", &[2, 1, 2]))
        .input(&[1, 2, 2, 3, 2])
        .input(&[2, 2, 2, 3, 3])
        .check();
}

#[test]
fn transposed_convolutions_to_a_given_shape() {
    let case = || {
        Case::new("ConvTranspose")
            .input(&[1, 2, 4, 3])
            .input(&[2, 3, 3, 3])
    };
    for auto in ["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"] {
        for stride in [1, 2, 3] {
            case()
                .attr(text("auto_pad", auto))
                .attr(ints("strides", &[stride, stride]))
                .check();
            case()
                .attr(text("auto_pad", auto))
                .attr(ints("strides", &[stride, stride]))
                .attr(ints("output_shape", &[4 * stride, 3 * stride - 1]))
                .check();
        }
    }
    case()
        .attr(ints("strides", &[3, 2]))
        .attr(ints("output_shape", &[10, 8]))
        .check();
    case()
        .attr(ints("strides", &[3, 2]))
        .attr(ints("output_padding", &[1, 1]))
        .attr(ints("output_shape", &[10, 7]))
        .check();
}

#[test]
fn blocks_laid_over_an_image() {
    Case::new("Col2Im")
        .input(&[2, 3 * 6, 4 * 4])
        .ints(&[2], &[5, 6])
        .ints(&[2], &[2, 3])
        .check();
    Case::new("Col2Im")
        .attr(ints("strides", &[2, 1]))
        .attr(ints("pads", &[0, 1, 1, 0]))
        .attr(ints("dilations", &[1, 2]))
        .input(&[1, 2 * 4, 3 * 6])
        .ints(&[2], &[5, 7])
        .ints(&[2], &[2, 2])
        .check();
}

#[test]
fn deformed_convolutions() {
    let strided = || {
        Case::new("DeformConv")
            .attr(ints("kernel_shape", &[2, 3]))
            .attr(ints("strides", &[2, 1]))
            .attr(ints("pads", &[1, 0, 0, 2]))
            .attr(ints("dilations", &[1, 2]))
            .attr(int("group", 2))
            .attr(int("offset_group", 2))
            // Windows of 2 x 3 taps at 3 x 3 places, two numbers for each tap.
            .input(&[1, 4, 5, 5])
            .input(&[2, 2, 2, 3])
            .within(&[1, 24, 3, 3], 0.1, 0.9)
            .not_on_tract("has no such operator")
    };
    for opset in [19, 22] {
        let plain = Case::new("DeformConv")
            .opset(opset)
            .input(&[2, 2, 3, 4])
            .input(&[3, 2, 2, 2])
            .within(&[2, 8, 2, 3], -1.3, 1.3)
            .not_on_tract("has no such operator");
        plain.agrees().check();
        strided().opset(opset).agrees().check();
        let whole = strided()
            .opset(opset)
            .input(&[2])
            .within(&[1, 12, 3, 3], 0.2, 1.0);
        whole.agrees().check();
    }
}
