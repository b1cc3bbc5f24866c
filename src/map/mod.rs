//! Maps: both sides of the joint embedding space in one plane, with how far each map can be trusted.
//!
//! [`make`] gathers the rows of both sides ([`Rows`]), finds their nearest neighbours with the engine in use
//! ([`Neighbours`]), lays them out ([`pca`], [`tsne`], [`umap`]) and measures the layout against the space that it shows
//! ([`Quality`]). Points are numbered images first, then captions. Maps are of directions: embeddings that are compared
//! by dot product are brought to unit norm first.

mod area;
mod centre;
mod clusters;
mod gap;
mod graph;
mod make;
mod nearest;
mod neighbours;
mod options;
mod place;
mod plane;
mod rows;
mod tree;
mod tsne;
mod umap;

pub mod pca;
pub mod picture;
pub mod quality;

pub use area::Area;
pub use clusters::{NamedCluster, NamedClusters, clusters};
pub use gap::Gap;
pub use make::{Map, Preview, imported, make};
pub use nearest::nearest;
pub use neighbours::Neighbours;
pub use options::{MapOptions, Of, Projection};
pub use place::{PLACED_BY, among, place};
pub use plane::{Layer, Plane};
pub use quality::Quality;
pub use rows::Rows;

/// Nearest neighbours that quality is measured by: the figure after trustworthiness@.
pub const NEAR: usize = 15;
