//! Benchmarks in which each picture or caption comes with the wrong answers that it is to be told from.

pub(in crate::dataset) mod aro;
pub(in crate::dataset) mod sugarcrepe;
mod supplied;
pub(in crate::dataset) mod winoground;
