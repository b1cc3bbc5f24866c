//! Attention as the tools for transformers fuse it.

use super::super::harness::Case;
use super::{case, integers};
use nearmiss::onnx::Elem;
use nearmiss::onnx::node::{float, int, ints};

#[test]
fn attention_with_merged_weights() {
    let new = || {
        case("Attention")
            .attr(int("num_heads", 2))
            .input(&[2, 3, 5])
            .input(&[5, 12])
    };
    new().input(&[12]).agrees().check();
    new()
        .attr(float("scale", 0.7))
        .attr(int("unidirectional", 1))
        .input(&[12])
        .agrees()
        .check();
    new()
        .attr(ints("qkv_hidden_sizes", &[2, 2, 8]))
        .input(&[12])
        .agrees()
        .check();
    new()
        .input(&[12])
        .missing()
        .missing()
        .input(&[2, 2, 3, 3])
        .agrees()
        .check();
    new()
        .input(&[12])
        .missing()
        .missing()
        .input(&[1, 2, 3, 3])
        .agrees()
        .check();
    let masks = [
        integers(&[2], &[3, 2]),
        integers(&[4], &[3, 2, 1, 0]),
        integers(&[2, 3], &[1, 1, 0, 0, 1, 1]),
        integers(
            &[2, 3, 3],
            &[1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0, 1, 0],
        ),
    ];
    for mask in masks {
        for causal in [0, 1] {
            let new = || new().attr(int("unidirectional", causal)).input(&[12]);
            new().constant(mask.clone()).agrees().check();
            new().fed(mask.clone()).agrees().check();
            new()
                .attr(float("mask_filter_value", -2.0))
                .constant(mask.clone())
                .agrees()
                .check();
        }
    }
    new().input(&[12]).outputs(&[Elem::F32; 2]).agrees().check();
}

#[test]
fn attention_of_what_is_projected() {
    let new = || case("MultiHeadAttention").attr(int("num_heads", 2));
    let apart = || new().input(&[2, 3, 4]).input(&[2, 5, 4]).input(&[2, 5, 6]);
    apart().agrees().check();
    apart().input(&[14]).agrees().check();
    apart()
        .attr(float("scale", 0.4))
        .missing()
        .constant(integers(&[2, 5], &[1, 1, 0, 1, 1, 1, 0, 0, 0, 0]))
        .agrees()
        .check();
    apart()
        .missing()
        .missing()
        .input(&[1, 1, 3, 5])
        .agrees()
        .check();
    apart()
        .missing()
        .missing()
        .input(&[2, 2, 3, 5])
        .agrees()
        .check();
    new()
        .attr(int("unidirectional", 1))
        .input(&[2, 3, 4])
        .input(&[2, 3, 4])
        .input(&[2, 3, 4])
        .agrees()
        .check();
    // Keys and values of a cross attention, split into heads already.
    new()
        .input(&[2, 3, 4])
        .input(&[2, 2, 5, 2])
        .input(&[2, 2, 5, 2])
        .agrees()
        .check();
    new()
        .input(&[2, 3, 4])
        .input(&[2, 3, 4])
        .input(&[2, 3, 4])
        .missing()
        .missing()
        .missing()
        .input(&[2, 2, 4, 2])
        .input(&[2, 2, 4, 2])
        .outputs(&[Elem::F32; 3])
        .agrees()
        .check();
}

#[test]
fn rotary_embeddings() {
    for interleaved in [0, 1] {
        let new = || case("RotaryEmbedding").attr(int("interleaved", interleaved));
        let tables = |case: Case, pairs: usize| case.input(&[9, pairs]).input(&[9, pairs]);
        tables(new().input(&[2, 3, 12]).ints(&[1], &[4]), 3)
            .agrees()
            .check();
        tables(
            new().input(&[2, 3, 12]).ints(&[2, 3], &[4, 0, 8, 1, 1, 2]),
            3,
        )
        .agrees()
        .check();
        tables(new().input(&[2, 2, 3, 6]).ints(&[1], &[2]), 3)
            .agrees()
            .check();
        let partial = new()
            .attr(int("num_heads", 2))
            .attr(int("rotary_embedding_dim", 4));
        tables(partial.input(&[2, 3, 12]).ints(&[1], &[0]), 2)
            .agrees()
            .check();
    }
}
