//! `.npy`: embeddings alone and in pairs, and precomputed features beside captions.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nearmiss::dataset::npy::read_array;
use nearmiss::retrieval::given::{Reading, given};
use nearmiss_fuzz::{datasets, put, seeds, start};

fuzz_target!(
    init: start(seeds::npy),
    |data: &[u8]| {
        let path = put("test_ims.npy", Some(data));
        let captions = put("test_caps.txt", Some(b"one\ntwo\nthree\nfour\n"));
        if let Ok((values, shape)) = read_array(&path) {
            assert_eq!(values.len(), shape.iter().product::<usize>());
        }
        if let Some(matrix) = datasets::matrix(&path) {
            let _ = given(matrix.clone(), matrix, None, &Reading::default());
        }
        datasets::open(&captions, &datasets::wanted(0));
    }
);
