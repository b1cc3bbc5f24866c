//! Operators that pick and put elements by index.

use super::harness::Case;
use super::net::Net;
use nearmiss::onnx::node::{int, text};
use nearmiss::onnx::{Elem, Tensor};

#[test]
fn gathers() {
    let cases: [(i64, &[usize], &[i64]); 11] = [
        (0, &[], &[0]),
        (1, &[], &[-1]),
        (1, &[1], &[3]),
        (1, &[3], &[2, 3, 4]),
        (-1, &[2], &[0, 2]),
        (1, &[5], &[4, 3, 2, 1, 0]),
        (1, &[5], &[3, 0, 4, 1, 2]),
        (1, &[3], &[3, 0, 2]),
        (1, &[2, 3], &[0, 0, 1, 3, 3, -1]),
        (0, &[7], &[0, 0, 0, 0, 0, 0, 1]),
        (2, &[2, 2], &[1, 1, 1, 1]),
    ];
    for (axis, shape, indices) in cases {
        Case::new("Gather")
            .attr(int("axis", axis))
            .input(&[2, 5, 3])
            .ints(shape, indices)
            .check();
    }
    // One place that many take from, of many: no table for all.
    let mut indices = vec![7; 40];
    indices[3] = 2;
    Case::new("Gather")
        .input(&[30, 2])
        .ints(&[40], &indices)
        .check();
}

#[test]
fn elements_gathered() {
    Case::new("GatherElements")
        .input(&[3, 4])
        .ints(&[2, 4], &[0, 2, 1, -1, 0, 0, 1, 2])
        .check();
    Case::new("GatherElements")
        .attr(int("axis", -1))
        .input(&[2, 3])
        .ints(&[2, 4], &[0, 0, 1, 2, -1, 2, 2, 0])
        .check();
}

#[test]
fn places_gathered() {
    Case::new("GatherND")
        .input(&[3, 4])
        .ints(&[2, 2], &[0, 1, 2, -1])
        .check();
    Case::new("GatherND")
        .input(&[3, 4])
        .ints(&[2, 1], &[2, 2])
        .check();
    Case::new("GatherND")
        .input(&[2, 3, 4])
        .ints(&[2, 2, 2], &[0, 1, 1, 2, 0, 1, 1, 0])
        .check();
    Case::new("GatherND")
        .attr(int("batch_dims", 1))
        .input(&[2, 3, 4])
        .ints(&[2, 1], &[1, -1])
        .check();
    Case::new("GatherND")
        .attr(int("batch_dims", 1))
        .input(&[2, 3, 2])
        .ints(&[2, 2, 2], &[0, 0, 2, 1, 1, 1, 1, 1])
        .check();
}

#[test]
fn scatters() {
    for (reduction, updates) in [("none", 1), ("add", 2), ("mul", 2), ("max", 2), ("min", 2)] {
        // Two updates of one place have no order where the last one wins.
        let indices: &[i64] = if updates == 1 {
            &[0, 2, 1, 0, 1, 0, 0, -1]
        } else {
            &[0, 2, 1, 0, 0, 2, 0, -1]
        };
        Case::new("ScatterElements")
            .attr(text("reduction", reduction))
            .within(&[3, 4], 0.5, 1.5)
            .ints(&[2, 4], indices)
            .within(&[2, 4], 0.53, 1.55)
            .check();
        let indices: &[i64] = if updates == 1 { &[2, 0] } else { &[2, 2] };
        Case::new("ScatterND")
            .attr(text("reduction", reduction))
            .within(&[3, 4], 0.5, 1.5)
            .ints(&[2, 1], indices)
            .within(&[2, 4], 0.53, 1.55)
            .check();
    }
    Case::new("ScatterElements")
        .attr(int("axis", 1))
        .input(&[2, 3])
        .ints(&[2, 1], &[2, -3])
        .input(&[2, 1])
        .check();
    Case::new("ScatterND")
        .input(&[2, 3, 2])
        .ints(&[2, 2], &[0, 1, 1, 2])
        .input(&[2, 2])
        .check();
}

#[test]
fn largest_values() {
    let both = [Elem::F32, Elem::I64];
    Case::new("TopK")
        .input(&[3, 5])
        .ints(&[1], &[2])
        .outputs(&both)
        .check();
    Case::new("TopK")
        .attr(int("axis", 0))
        .attr(int("largest", 0))
        .input(&[5, 2])
        .ints(&[1], &[3])
        .outputs(&both)
        .check();
    Case::new("TopK")
        .opset(9)
        .attr(int("k", 2))
        .input(&[2, 4])
        .outputs(&both)
        .check();
}

#[test]
fn positions_that_the_input_decides() {
    let net = || {
        Net::new(18)
            .input("x", &[2, 5, 3])
            .input("ids", &[2, 5])
            .node(
                "ArgMax",
                &["ids"],
                &["at"],
                &[int("axis", 1), int("keepdims", 0)],
            )
    };
    // As CLIP's text models pick the last token, in three exporters' ways.
    net()
        .constant("rows", &Tensor::ints(&[2], &[0, 1]))
        .constant("axis", &Tensor::ints(&[1], &[1]))
        .node("Unsqueeze", &["at", "axis"], &["column"], &[])
        .node("Unsqueeze", &["rows", "axis"], &["row"], &[])
        .node("Concat", &["row", "column"], &["place"], &[int("axis", 1)])
        .node("GatherND", &["x", "place"], &["y"], &[])
        .check("x");
    net()
        .constant("flat", &Tensor::ints(&[2], &[-1, 3]))
        .constant("starts", &Tensor::ints(&[2], &[0, 5]))
        .node("Reshape", &["x", "flat"], &["rows"], &[])
        .node("Add", &["at", "starts"], &["place"], &[])
        .node("Gather", &["rows", "place"], &["y"], &[])
        .check("x");
    net()
        .constant("axes", &Tensor::ints(&[2], &[1, 2]))
        .constant("wide", &Tensor::ints(&[3], &[1, 1, 3]))
        .node("Unsqueeze", &["at", "axes"], &["apart"], &[])
        .node("Expand", &["apart", "wide"], &["place"], &[])
        .node("GatherElements", &["x", "place"], &["y"], &[int("axis", 1)])
        .check("x");
    net()
        .constant("last", &Tensor::ints(&[1], &[1]))
        .node("Unsqueeze", &["at", "last"], &["place"], &[])
        .node("GatherND", &["x", "place"], &["y"], &[int("batch_dims", 1)])
        .check("x");
    net()
        .constant("minus", &Tensor::ints(&[], &[-5]))
        .node("Add", &["at", "minus"], &["fromend"], &[])
        .node("Gather", &["x", "fromend"], &["y"], &[int("axis", 1)])
        .check("x");
}
