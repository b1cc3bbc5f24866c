//! Samples by the names of their files, in folders and in archives: a picture, and captions in files that are called like it.

pub(super) mod img2dataset;
mod members;
pub(super) mod pictures;
mod sample;
pub(super) mod sidecar;
pub(super) mod webdataset;
