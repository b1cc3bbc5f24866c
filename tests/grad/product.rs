//! Matrix products.

use super::harness::Case;
use nearmiss::onnx::node::{float, int};

#[test]
fn matmul_of_every_rank() {
    let shapes: [(&[usize], &[usize]); 9] = [
        (&[3, 5], &[5, 7]),
        (&[5], &[5]),
        (&[5], &[5, 3]),
        (&[3, 5], &[5]),
        (&[2, 3, 5], &[5, 4]),
        (&[2, 3, 5], &[2, 5, 4]),
        (&[2, 1, 3, 5], &[3, 5, 2]),
        (&[3, 5], &[2, 5, 4]),
        (&[2, 3, 5], &[5]),
    ];
    for (a, b) in shapes {
        Case::new("MatMul").input(a).input(b).check();
    }
}

#[test]
fn gemm_with_every_transposition() {
    for (ta, tb) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let a: &[usize] = if ta == 0 { &[3, 5] } else { &[5, 3] };
        let b: &[usize] = if tb == 0 { &[5, 4] } else { &[4, 5] };
        for c in [&[4][..], &[3, 4], &[3, 1], &[]] {
            Case::new("Gemm")
                .attr(int("transA", ta))
                .attr(int("transB", tb))
                .attr(float("alpha", 0.7))
                .attr(float("beta", 1.3))
                .input(a)
                .input(b)
                .input(c)
                .check();
        }
    }
    Case::new("Gemm").input(&[2, 3]).input(&[3, 2]).check();
}
