//! Datasets that bring features: embeddings or precomputed rows instead of pictures.

pub(super) mod clip_retrieval;
pub(super) mod precomp;
