//! Attention and rotary embeddings.

use super::harness::Case;
use nearmiss::onnx::node::{float, int};
use nearmiss::onnx::{Elem, Tensor};

const FOUR: [Elem; 4] = [Elem::F32; 4];

fn attention(opset: i64) -> Case {
    Case::new("Attention").opset(opset)
}

#[test]
fn of_heads_apart() {
    for opset in [23, 24] {
        attention(opset)
            .input(&[2, 3, 4, 5])
            .input(&[2, 3, 6, 5])
            .input(&[2, 3, 6, 7])
            .agrees()
            .check();
        for attribute in [
            float("scale", 0.3),
            int("is_causal", 1),
            float("softcap", 0.6),
        ] {
            attention(opset)
                .attr(attribute)
                .input(&[1, 2, 3, 5])
                .input(&[1, 2, 4, 5])
                .input(&[1, 2, 4, 5])
                .agrees()
                .check();
        }
    }
}

#[test]
fn of_heads_in_one_dimension() {
    for (q, kv) in [(2, 2), (4, 2), (4, 1)] {
        attention(23)
            .attr(int("q_num_heads", q))
            .attr(int("kv_num_heads", kv))
            .input(&[2, 3, 3 * q as usize])
            .input(&[2, 5, 3 * kv as usize])
            .input(&[2, 5, 2 * kv as usize])
            .agrees()
            .check();
    }
}

#[test]
fn keys_are_shared() {
    attention(23)
        .input(&[2, 4, 3, 5])
        .input(&[2, 2, 4, 5])
        .input(&[2, 2, 4, 3])
        .agrees()
        .check();
}

#[test]
fn masks() {
    let own = |case: Case| {
        case.input(&[2, 2, 3, 4])
            .input(&[2, 2, 5, 4])
            .input(&[2, 2, 5, 4])
    };
    for shape in [&[3, 5][..], &[2, 1, 3, 5], &[2, 2, 3, 5], &[2, 3, 5]] {
        own(attention(23)).input(shape).agrees().check();
        let count: usize = shape.iter().product();
        let bits: Vec<bool> = (0..count).map(|i| i % 3 != 1).collect();
        own(attention(23))
            .constant(Tensor::bools(shape, &bits))
            .agrees()
            .check();
        own(attention(23).attr(int("is_causal", 1)))
            .fed(Tensor::bools(shape, &bits))
            .agrees()
            .check();
    }
}

#[test]
fn a_query_without_keys_yields_zero() {
    let open = [true, false, true, true, false];
    let bits: Vec<bool> = [open, [false; 5], open].concat();
    let low = |bits: &[bool]| -> Vec<f32> {
        bits.iter()
            .map(|&b| if b { 0.5 } else { f32::NEG_INFINITY })
            .collect()
    };
    let own = || {
        attention(23)
            .input(&[1, 2, 3, 4])
            .input(&[1, 2, 5, 4])
            .input(&[1, 2, 5, 4])
    };
    own()
        .constant(Tensor::bools(&[3, 5], &bits))
        .agrees()
        .check();
    own().fed(Tensor::bools(&[3, 5], &bits)).agrees().check();
    own()
        .constant(Tensor::floats(&[3, 5], &low(&bits)))
        .agrees()
        .check();
    own()
        .fed(Tensor::floats(&[3, 5], &low(&bits)))
        .agrees()
        .check();
}

#[test]
fn keys_of_the_past() {
    for causal in [0, 1] {
        attention(23)
            .attr(int("is_causal", causal))
            .input(&[1, 2, 3, 4])
            .input(&[1, 2, 3, 4])
            .input(&[1, 2, 3, 5])
            .missing()
            .input(&[1, 2, 2, 4])
            .input(&[1, 2, 2, 5])
            .outputs(&[Elem::F32; 3])
            .agrees()
            .check();
    }
}

#[test]
fn scores_of_every_kind() {
    for mode in 0..4 {
        attention(23)
            .attr(int("qk_matmul_output_mode", mode))
            .attr(float("softcap", 0.8))
            .input(&[1, 2, 3, 4])
            .input(&[1, 2, 5, 4])
            .input(&[1, 2, 5, 4])
            .input(&[3, 5])
            .missing()
            .missing()
            .outputs(&FOUR)
            .agrees()
            .check();
    }
}

#[test]
fn lengths_of_sequences() {
    for causal in [0, 1] {
        for lengths in [[3, 5], [1, 4]] {
            let case = attention(24)
                .attr(int("is_causal", causal))
                .input(&[2, 2, 3, 4])
                .input(&[2, 2, 5, 4])
                .input(&[2, 2, 5, 4])
                .missing()
                .missing()
                .missing()
                .fed(Tensor::ints(&[2], &lengths));
            case.agrees().check();
        }
    }
}

#[test]
fn rotary_embeddings() {
    for interleaved in [0, 1] {
        let new = || {
            Case::new("RotaryEmbedding")
                .opset(23)
                .attr(int("interleaved", interleaved))
        };
        new()
            .input(&[2, 3, 4, 6])
            .input(&[2, 4, 3])
            .input(&[2, 4, 3])
            .agrees()
            .check();
        new()
            .input(&[2, 3, 4, 6])
            .input(&[9, 3])
            .input(&[9, 3])
            .ints(&[2, 4], &[0, 3, 1, 8, 2, 2, 5, 7])
            .agrees()
            .check();
        new()
            .attr(int("num_heads", 2))
            .input(&[2, 4, 12])
            .input(&[2, 4, 3])
            .input(&[2, 4, 3])
            .agrees()
            .check();
        new()
            .attr(int("num_heads", 2))
            .attr(int("rotary_embedding_dim", 4))
            .input(&[2, 3, 12])
            .input(&[5, 2])
            .input(&[5, 2])
            .ints(&[2, 3], &[0, 3, 1, 4, 2, 2])
            .agrees()
            .check();
    }
}
