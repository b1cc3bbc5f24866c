//! Operators that move elements.

use super::harness::{Case, close};
use super::net::Net;
use nearmiss::onnx::node::{int, ints, text};
use nearmiss::onnx::{Elem, Tensor};

#[test]
fn reshapes_go_back() {
    for target in [&[15, 2][..], &[0, -1], &[5, 3, 2], &[-1], &[1, 30, 1]] {
        Case::new("Reshape")
            .input(&[3, 5, 2])
            .ints(&[target.len()], target)
            .check();
    }
    Case::new("Reshape")
        .attr(int("allowzero", 1))
        .input(&[3, 4])
        .ints(&[2], &[4, -1])
        .check();
    Case::new("Reshape").input(&[1]).ints(&[0], &[]).check();
    for axis in [0, 1, 2, 3, -1, -3] {
        Case::new("Flatten")
            .attr(int("axis", axis))
            .input(&[2, 3, 5])
            .check();
    }
    Case::new("Flatten").input(&[2, 3, 5]).check();
    Case::new("Squeeze")
        .input(&[1, 3, 1, 2])
        .ints(&[1], &[-2])
        .check();
    Case::new("Squeeze").input(&[1, 3, 1, 2]).check();
    Case::new("Squeeze")
        .opset(11)
        .attr(ints("axes", &[0, 2]))
        .input(&[1, 3, 1, 2])
        .check();
    Case::new("Unsqueeze")
        .input(&[3, 2])
        .ints(&[2], &[-1, 0])
        .check();
    Case::new("Unsqueeze")
        .opset(11)
        .attr(ints("axes", &[1]))
        .input(&[3, 2])
        .check();
}

#[test]
fn transpositions() {
    Case::new("Transpose").input(&[2, 3, 5]).check();
    for perm in [[1, 2, 0, 3], [3, 2, 1, 0], [0, 1, 3, 2], [2, 0, 3, 1]] {
        Case::new("Transpose")
            .attr(ints("perm", &perm))
            .input(&[2, 3, 4, 5])
            .check();
    }
}

#[test]
fn copies_are_summed() {
    for (from, to) in [
        (&[3, 1][..], &[2, 3, 4][..]),
        (&[1], &[3, 5]),
        (&[], &[4]),
        (&[2, 3], &[2, 1]),
        (&[5], &[5]),
    ] {
        Case::new("Expand")
            .input(from)
            .ints(&[to.len()], to)
            .check();
    }
    for repeats in [[1, 1, 1], [2, 1, 3], [1, 4, 1], [2, 2, 2]] {
        Case::new("Tile")
            .input(&[2, 3, 2])
            .ints(&[3], &repeats)
            .check();
    }
}

#[test]
fn concatenations() {
    for axis in [0, 1, -1] {
        let mut shapes = [[2, 3, 5], [2, 3, 5], [2, 3, 5]];
        let at = if axis < 0 { 2 } else { axis as usize };
        shapes[1][at] = 1;
        shapes[2][at] = 4;
        let mut all = Case::new("Concat").attr(int("axis", axis));
        for shape in &shapes {
            all = all.input(shape);
        }
        all.check();
        let token = Tensor::floats(&shapes[1], &vec![0.5; shapes[1].iter().product()]);
        Case::new("Concat")
            .attr(int("axis", axis))
            .constant(token)
            .input(&shapes[0])
            .input(&shapes[2])
            .check();
    }
    Case::new("Concat").attr(int("axis", 0)).input(&[2]).check();
}

#[test]
fn splits() {
    let three = [Elem::F32; 3];
    Case::new("Split")
        .attr(int("axis", 1))
        .input(&[2, 7])
        .ints(&[3], &[2, 4, 1])
        .outputs(&three)
        .check();
    Case::new("Split")
        .attr(int("axis", -1))
        .attr(int("num_outputs", 3))
        .input(&[2, 7])
        .outputs(&three)
        .check();
    Case::new("Split")
        .attr(int("num_outputs", 3))
        .input(&[6, 2])
        .outputs(&three)
        .check();
    Case::new("Split")
        .opset(11)
        .attr(ints("split", &[1, 2, 3]))
        .input(&[6, 2])
        .outputs(&three)
        .check();
    Case::new("Split")
        .opset(13)
        .attr(int("axis", 2))
        .input(&[2, 1, 6])
        .outputs(&three)
        .check();
    Case::new("Split")
        .opset(7)
        .attr(int("axis", 1))
        .input(&[2, 6])
        .outputs(&three)
        .check();
}

#[test]
fn parts_that_nothing_uses() {
    let net = || {
        Net::new(18)
            .input("x", &[2, 7])
            .constant("sizes", &Tensor::ints(&[3], &[2, 4, 1]))
    };
    let along = [int("axis", -1)];
    net()
        .node("Split", &["x", "sizes"], &["a", "y", "c"], &along)
        .check("x");
    net()
        .node("Split", &["x", "sizes"], &["a", "b", "c"], &along)
        .node("Concat", &["c", "a", "c"], &["y"], &along)
        .check("x");
    net()
        .node(
            "Split",
            &["x"],
            &["a", "b", "c"],
            &[int("axis", 1), int("num_outputs", 3)],
        )
        .node("Concat", &["c", "a"], &["y"], &along)
        .check("x");
}

#[test]
fn slices() {
    let far = i64::from(i32::MAX);
    // starts, ends, axes, steps
    let cases: [[&[i64]; 4]; 12] = [
        [&[1], &[4], &[0], &[1]],
        [&[-3, 0], &[-1, far], &[0, 2], &[1, 1]],
        [&[0], &[i64::MAX], &[1], &[2]],
        [&[1], &[far], &[-1], &[2]],
        [&[1, 2], &[far, far], &[0, 1], &[3, 4]],
        [&[-1], &[i64::MIN], &[0], &[-1]],
        [&[far], &[-far], &[1], &[-2]],
        [&[4, 6], &[0, 1], &[0, 1], &[-2, -3]],
        [&[5], &[6], &[1], &[9]],
        [&[-2], &[-9], &[1], &[-3]],
        [&[0, 0, 0], &[5, 7, 3], &[0, 1, 2], &[1, 1, 1]],
        [&[2], &[3], &[2], &[1]],
    ];
    for [starts, ends, axes, steps] in cases {
        let count = [starts.len()];
        Case::new("Slice")
            .input(&[5, 7, 3])
            .ints(&count, starts)
            .ints(&count, ends)
            .ints(&count, axes)
            .ints(&count, steps)
            .check();
    }
    Case::new("Slice")
        .input(&[5, 7])
        .ints(&[2], &[1, -4])
        .ints(&[2], &[3, 100])
        .check();
    Case::new("Slice")
        .input(&[5, 7])
        .ints(&[1], &[1])
        .ints(&[1], &[3])
        .missing()
        .ints(&[1], &[2])
        .check();
    Case::new("Slice")
        .opset(9)
        .attr(ints("starts", &[1]))
        .attr(ints("ends", &[-1]))
        .input(&[5, 2])
        .check();
}

#[test]
fn blocks_of_depth_and_space() {
    for mode in ["DCR", "CRD"] {
        Case::new("DepthToSpace")
            .attr(int("blocksize", 2))
            .attr(text("mode", mode))
            .input(&[2, 12, 3, 2])
            .check();
    }
    Case::new("SpaceToDepth")
        .attr(int("blocksize", 3))
        .input(&[1, 2, 6, 9])
        .check();
}

#[test]
fn triangles() {
    for upper in [0, 1] {
        let case = || {
            Case::new("Trilu")
                .attr(int("upper", upper))
                .input(&[2, 4, 5])
        };
        case().check();
        for k in [-2, 0, 1, 7] {
            case().ints(&[], &[k]).check();
        }
    }
}

#[test]
fn sequences_reversed() {
    Case::new("ReverseSequence")
        .input(&[4, 3, 2])
        .ints(&[3], &[4, 1, 3])
        .check();
    Case::new("ReverseSequence")
        .attr(int("time_axis", 1))
        .attr(int("batch_axis", 0))
        .input(&[3, 4])
        .ints(&[3], &[2, 4, 3])
        .check();
}

#[test]
fn elements_kept_by_a_constant_condition() {
    let keep = |list: &[bool]| Tensor::bools(&[list.len()], list);
    Case::new("Compress")
        .attr(int("axis", 1))
        .input(&[2, 4])
        .constant(keep(&[true, false, false, true]))
        .check();
    Case::new("Compress")
        .attr(int("axis", -2))
        .input(&[3, 2])
        .constant(keep(&[true, true]))
        .check();
    Case::new("Compress")
        .input(&[2, 3])
        .constant(keep(&[false, true, true, false, true]))
        .check();
}

#[test]
fn centred_crops_and_pads() {
    for (shape, axes) in [
        ([4_i64, 9], None),
        ([7, 2], None),
        ([2, 8], Some([1_i64, 0])),
    ] {
        let mut case = Case::new("CenterCropPad").input(&[5, 5]).ints(&[2], &shape);
        if let Some(axes) = axes {
            case = case.attr(ints("axes", &axes));
        }
        case.check();
    }
}

#[test]
fn what_nothing_uses_is_zero() {
    let (_, _, gradient) = Case::new("Slice")
        .input(&[3])
        .ints(&[1], &[1])
        .ints(&[1], &[2])
        .gradient(0);
    let values = gradient.to_floats().unwrap();
    close(
        &[values[0], values[2]],
        &[0.0, 0.0],
        0.0,
        "outside the slice",
    );
}
