//! Padding.

use super::harness::Case;
use nearmiss::onnx::node::{ints, text};

#[test]
fn pads_of_every_mode() {
    for mode in ["constant", "reflect", "edge"] {
        for pads in [
            [0, 0, 1, 2, 0, 0, 3, 0],
            [1, 0, 0, 1, 0, 1, 0, 1],
            [0, 0, 2, 2, 0, 0, 2, 2],
        ] {
            Case::new("Pad")
                .attr(text("mode", mode))
                .input(&[2, 2, 5, 4])
                .ints(&[8], &pads)
                .check();
        }
    }
    for pads in [[0, 1, 0, 3], [2, 0, 2, 0], [1, 2, 2, 0]] {
        Case::new("Pad")
            .opset(19)
            .attr(text("mode", "wrap"))
            .input(&[4, 5])
            .ints(&[4], &pads)
            .check();
    }
    // Larger than the axis itself.
    Case::new("Pad")
        .opset(19)
        .attr(text("mode", "wrap"))
        .input(&[1, 2])
        .ints(&[4], &[0, 5, 0, 3])
        .check();
    Case::new("Pad")
        .attr(text("mode", "edge"))
        .input(&[2, 2])
        .ints(&[4], &[0, 5, 3, 3])
        .check();
    Case::new("Pad")
        .attr(text("mode", "edge"))
        .input(&[1])
        .ints(&[2], &[2, 2])
        .check();
}

#[test]
fn pads_with_values_axes_and_cuts() {
    let pads: [i64; 4] = [-1, 2, 1, -2];
    Case::new("Pad")
        .input(&[4, 5])
        .ints(&[4], &pads)
        .floats(&[], &[0.3])
        .not_on_tract("it does not cut")
        .check();
    let case = |mode| {
        Case::new("Pad")
            .attr(text("mode", mode))
            .input(&[3, 4, 5])
            .ints(&[2], &[2, 1])
            .missing()
    };
    case("constant").ints(&[1], &[-1]).check();
    case("reflect").ints(&[1], &[1]).check();
    Case::new("Pad")
        .opset(9)
        .attr(ints("pads", &[0, 1, 2, 0]))
        .input(&[3, 4])
        .check();
}
