//! `.safetensors`: embeddings.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nearmiss::retrieval::given::{Reading, given};
use nearmiss_fuzz::{datasets, put, seeds, start};

fuzz_target!(
    init: start(seeds::safetensors),
    |data: &[u8]| {
        let path = put("rows.safetensors", Some(data));
        if let Some(matrix) = datasets::matrix(&path) {
            let _ = given(matrix.clone(), matrix, None, &Reading::default());
        }
    }
);
