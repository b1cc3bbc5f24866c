//! One integration binary: the library, the command line and the real window, on real input.

// In tests a failed unwrap is the failure, and plain loops over indices are the reference.
#![allow(
    clippy::unwrap_used,
    clippy::needless_range_loop,
    clippy::items_after_statements
)]

mod architecture;
mod attack;
mod augment;
mod bounds;
mod commands;
mod compare;
mod compositional;
mod compute;
mod dataset;
mod doors;
mod encoder;
mod export;
mod given;
mod grad;
mod learn;
mod map;
mod mine;
mod onnx;
mod parts;
mod perturb;
mod preprocess;
mod relevance;
mod report;
mod shaders;
mod spectrum;
mod structure;
mod tokenize;
mod variant;
mod window;
