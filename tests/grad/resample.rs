//! Resizing, sampling at a grid and cropping.

use super::harness::{Case, close};
use nearmiss::onnx::Tensor;
use nearmiss::onnx::node::{float, int, ints, text};

const COORDINATES: [&str; 5] = [
    "half_pixel",
    "half_pixel_symmetric",
    "pytorch_half_pixel",
    "align_corners",
    "asymmetric",
];

fn resize(mode: &str, coordinates: &str, shape: &[usize]) -> Case {
    Case::new("Resize")
        .attr(text("mode", mode))
        .attr(text("coordinate_transformation_mode", coordinates))
        .input(shape)
        .missing()
}

fn floats(values: &[f32]) -> Tensor {
    Tensor::floats(&[values.len()], values)
}

#[test]
fn nearest_neighbours() {
    for coordinates in COORDINATES {
        for rounding in ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"] {
            for scales in [[2.0, 3.0], [1.0, 2.0], [0.6, 1.7], [0.5, 1.0 / 3.0]] {
                resize("nearest", coordinates, &[2, 3, 5, 6])
                    .attr(text("nearest_mode", rounding))
                    .constant(floats(&[1.0, 1.0, scales[0], scales[1]]))
                    .check();
            }
            for sizes in [[10, 12], [5, 18], [7, 3], [1, 1]] {
                resize("nearest", coordinates, &[1, 2, 5, 6])
                    .attr(text("nearest_mode", rounding))
                    .missing()
                    .ints(&[4], &[1, 2, sizes[0], sizes[1]])
                    .check();
            }
        }
    }
    for shape in [&[2, 3, 4][..], &[1, 2, 2, 3, 2], &[3, 4]] {
        let scales: Vec<f32> = shape
            .iter()
            .map(|s| if *s == 2 { 2.0 } else { 1.0 })
            .collect();
        resize("nearest", "asymmetric", shape)
            .attr(text("nearest_mode", "floor"))
            .constant(floats(&scales))
            .check();
        let sizes: Vec<i64> = shape.iter().map(|s| 2 * *s as i64).collect();
        resize("nearest", "half_pixel", shape)
            .missing()
            .ints(&[sizes.len()], &sizes)
            .check();
    }
}

#[test]
fn linear_interpolation() {
    for coordinates in COORDINATES {
        for scales in [[2.0, 3.0], [1.0, 0.5], [0.6, 1.7]] {
            resize("linear", coordinates, &[2, 3, 5, 6])
                .constant(floats(&[1.0, 1.0, scales[0], scales[1]]))
                .check();
        }
        for sizes in [[10, 12], [5, 7], [7, 3], [1, 1]] {
            resize("linear", coordinates, &[1, 2, 5, 6])
                .missing()
                .ints(&[4], &[1, 2, sizes[0], sizes[1]])
                .check();
        }
    }
    resize("linear", "half_pixel", &[2, 3, 5])
        .missing()
        .ints(&[3], &[2, 3, 8])
        .check();
    resize("linear", "align_corners", &[4, 3])
        .missing()
        .ints(&[2], &[3, 5])
        .check();
    resize("linear", "half_pixel", &[1, 2, 3, 4, 2])
        .missing()
        .ints(&[5], &[1, 2, 5, 3, 4])
        .check();
}

#[test]
fn cubic_interpolation() {
    for coordinates in COORDINATES {
        for (a, exclude) in [(-0.75, 0), (-0.5, 1)] {
            for sizes in [[10, 12], [5, 7], [7, 3]] {
                resize("cubic", coordinates, &[1, 2, 5, 6])
                    .attr(float("cubic_coeff_a", a))
                    .attr(int("exclude_outside", exclude))
                    .missing()
                    .ints(&[4], &[1, 2, sizes[0], sizes[1]])
                    .check();
            }
        }
    }
}

#[test]
fn with_antialiasing() {
    for mode in ["linear", "cubic"] {
        for sizes in [[3, 4], [7, 3], [9, 12]] {
            for exclude in [0, 1] {
                resize(mode, "half_pixel", &[1, 2, 7, 9])
                    .attr(int("antialias", 1))
                    .attr(int("exclude_outside", exclude))
                    .missing()
                    .ints(&[4], &[1, 2, sizes[0], sizes[1]])
                    .check();
            }
        }
    }
}

#[test]
fn along_chosen_axes_and_at_one_aspect_ratio() {
    let case = |mode, axes: &[i64], shape: &[usize]| {
        resize(mode, "half_pixel", shape)
            .attr(ints("axes", axes))
            .missing()
    };
    for mode in ["nearest", "linear"] {
        for policy in ["stretch", "not_larger", "not_smaller"] {
            let policy = text("keep_aspect_ratio_policy", policy);
            case(mode, &[2, 3], &[1, 2, 6, 8])
                .attr(policy.clone())
                .ints(&[2], &[9, 12])
                .check();
            case(mode, &[2, 3], &[1, 2, 4, 8])
                .attr(policy.clone())
                .ints(&[2], &[6, 8])
                .check();
        }
        case(mode, &[-2, -1], &[1, 2, 5, 6])
            .ints(&[2], &[7, 9])
            .check();
        case(mode, &[3, 2], &[1, 2, 5, 6])
            .ints(&[2], &[7, 9])
            .check();
        // Channels last.
        case(mode, &[1, 2], &[1, 3, 4, 2])
            .ints(&[2], &[6, 8])
            .check();
    }
    resize("linear", "half_pixel", &[1, 2, 5, 6])
        .attr(ints("axes", &[3]))
        .constant(floats(&[1.5]))
        .check();
}

#[test]
fn a_part_of_the_image() {
    for mode in ["nearest", "linear", "cubic"] {
        for part in [
            [0.2, 0.3, 0.9, 0.8],
            [-0.3, 0.0, 0.5, 1.2],
            [0.9, 0.0, 0.1, 1.0],
        ] {
            Case::new("Resize")
                .attr(text("mode", mode))
                .attr(text("coordinate_transformation_mode", "tf_crop_and_resize"))
                .attr(float("extrapolation_value", 7.0))
                .input(&[1, 2, 5, 6])
                .constant(floats(&[
                    0.0, 0.0, part[0], part[1], 1.0, 1.0, part[2], part[3],
                ]))
                .missing()
                .ints(&[4], &[1, 2, 4, 9])
                .check();
        }
    }
}

#[test]
fn older_forms() {
    Case::new("Resize")
        .opset(10)
        .input(&[1, 2, 3, 4])
        .constant(floats(&[1.0, 1.0, 2.0, 3.0]))
        .check();
    Case::new("Upsample")
        .opset(9)
        .attr(text("mode", "linear"))
        .input(&[1, 2, 3, 4])
        .constant(floats(&[1.0, 1.0, 2.0, 1.5]))
        .check();
}

#[test]
fn points_of_a_grid() {
    for aligned in [0, 1] {
        for padding in ["zeros", "border", "reflection"] {
            for (opset, mode) in [(16, "bilinear"), (20, "linear")] {
                let case = |x: &[usize], grid: &[usize]| {
                    Case::new("GridSample")
                        .opset(opset)
                        .attr(text("mode", mode))
                        .attr(text("padding_mode", padding))
                        .attr(int("align_corners", aligned))
                        .input(x)
                        .within(grid, -1.7, 1.7)
                };
                case(&[2, 3, 4, 5], &[2, 2, 3, 2]).check();
            }
            Case::new("GridSample")
                .attr(text("mode", "nearest"))
                .attr(text("padding_mode", padding))
                .attr(int("align_corners", aligned))
                .input(&[1, 2, 3, 4])
                .constant(Tensor::floats(
                    &[1, 2, 2, 2],
                    &[-0.9, 0.3, 0.1, 0.8, 1.3, -1.2, -0.3, -0.6],
                ))
                .check();
        }
    }
    let (_, _, gradient) = Case::new("GridSample")
        .attr(text("mode", "nearest"))
        .input(&[1, 1, 3, 3])
        .input(&[1, 2, 2, 2])
        .gradient(1);
    close(
        &gradient.to_floats().unwrap(),
        &[0.0; 8],
        0.0,
        "steps have no slope",
    );
}

#[test]
fn grids_sampled_by_cubics() {
    for aligned in [0, 1] {
        for padding in ["zeros", "border", "reflection"] {
            for (opset, mode) in [(16, "bicubic"), (20, "cubic")] {
                let case = Case::new("GridSample")
                    .opset(opset)
                    .attr(text("mode", mode))
                    .attr(text("padding_mode", padding))
                    .attr(int("align_corners", aligned))
                    .input(&[2, 3, 4, 5])
                    .within(&[2, 2, 3, 2], -1.7, 1.7);
                case.agrees().check();
            }
        }
    }
}

#[test]
fn grids_in_three_dimensions() {
    for aligned in [0, 1] {
        for padding in ["zeros", "border", "reflection"] {
            for mode in ["linear", "nearest"] {
                let case = Case::new("GridSample")
                    .opset(20)
                    .attr(text("mode", mode))
                    .attr(text("padding_mode", padding))
                    .attr(int("align_corners", aligned))
                    .input(&[2, 2, 2, 3, 4]);
                let case = if mode == "linear" {
                    case.within(&[2, 1, 2, 2, 3], -1.7, 1.7)
                } else {
                    case.constant(super::harness::spread(&[2, 1, 2, 2, 3], 5))
                };
                case.agrees().check();
            }
        }
    }
    // Engines define it in two dimensions alone.
    let refusal = super::net::Net::new(20)
        .input("x", &[1, 1, 2, 3, 4])
        .weights("grid", &[1, 1, 1, 2, 3])
        .node(
            "GridSample",
            &["x", "grid"],
            &["y"],
            &[text("mode", "cubic")],
        )
        .refusal("x");
    assert!(
        refusal.contains("GridSample") || refusal.contains("4-D"),
        "{refusal}"
    );
}

#[test]
fn grids_of_affine_maps() {
    for aligned in [0, 1] {
        let case = || {
            Case::new("AffineGrid")
                .opset(20)
                .attr(int("align_corners", aligned))
        };
        case().input(&[2, 2, 3]).ints(&[4], &[2, 1, 3, 4]).check();
        case()
            .input(&[1, 3, 4])
            .ints(&[5], &[1, 2, 2, 3, 5])
            .check();
    }
}

#[test]
fn centred_crops() {
    for sizes in [[3, 4], [8, 9], [5, 10], [4, 5]] {
        Case::new("CenterCropPad")
            .attr(ints("axes", &[-2, -1]))
            .input(&[1, 2, 5, 6])
            .ints(&[2], &sizes)
            .check();
    }
}
